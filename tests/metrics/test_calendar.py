"""The days and years of a company: time zones and fiscal years, in Python and in the engine."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.metrics import Calendar, PeriodError, compute, find_metric, parse_period, rows_behind
from septima.metrics.definition import Request
from septima.metrics.period import Period

from .conftest import canonical

MOSCOW, NEW_YORK, BERLIN = (Calendar(zone) for zone in ("Europe/Moscow", "America/New_York", "Europe/Berlin"))
# Half hours, an hour put forward at midnight, a lost day, a saving in winter, zones without a change.
ZONES = (
    "Europe/Moscow", "America/New_York", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe",
    "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu", "Asia/Tokyo", "UTC",
)  # fmt: skip
INSTANTS = st.datetimes(datetime(1990, 1, 2), datetime(2039, 12, 30))  # noqa: DTZ001 - naive UTC


def order(at: str, revenue: int = 1, **more: Any) -> dict[str, Any]:
    return {"order_id": at, "ordered_at": at, "revenue": revenue, **more}


def revenue(calendar: Calendar, grain: Any, *moments: str, **options: Any) -> pd.DataFrame:
    """Revenue of orders of 1, 10, 100 … at these moments of UTC."""
    tables = canonical({"orders": [order(at, 10**n) for n, at in enumerate(moments)]})
    return compute([find_metric("revenue")], tables, grain=grain, calendar=calendar, **options)["revenue"].frame


def as_shown(frame: pd.DataFrame) -> list[tuple[str, float]]:
    return [(f"{row.period:%Y-%m-%d}", row.value) for row in frame.itertuples()]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("calendar", "day", "year"),
    [
        (Calendar(), "2025-12-31", "2025-01-01"),
        (MOSCOW, "2026-01-01", "2026-01-01"),
        (NEW_YORK, "2025-12-31", "2025-01-01"),
    ],
)
def test_an_hour_before_midnight_of_new_year(calendar: Calendar, day: str, year: str) -> None:
    at = "2025-12-31T23:30"
    assert as_shown(revenue(calendar, "day", at)) == [(day, 1)]
    assert as_shown(revenue(calendar, "year", at)) == [(year, 1)]
    assert as_shown(revenue(calendar, "all", at)) == [(day, 1)]


def test_bounds_are_days_of_the_company() -> None:
    # In New York 1 January lasts from 05:00 of UTC to 05:00 of the next day.
    moments = ("2026-01-01T04:59", "2026-01-01T05:00", "2026-01-02T04:59", "2026-01-02T05:00")
    bounds: Any = {"start": date(2026, 1, 1), "end": date(2026, 1, 2)}
    assert as_shown(revenue(NEW_YORK, "day", *moments, **bounds)) == [("2026-01-01", 110)]
    assert as_shown(revenue(NEW_YORK, "all", *moments, **bounds)) == [("2026-01-01", 110)]
    tables = canonical({"orders": [order(at) for at in moments]})
    behind = rows_behind(find_metric("revenue"), tables, calendar=NEW_YORK, **bounds)
    assert isinstance(behind, ir.Table)
    assert sorted(behind.to_pandas()["order_id"]) == ["2026-01-01T05:00", "2026-01-02T04:59"]


def test_days_on_which_the_clocks_change() -> None:
    # Berlin puts the clocks forward on 31 March 2024 (23 hours: 23:00 to 22:00 of UTC) and back on 27 October.
    spring = ("2024-03-30T22:59:59", "2024-03-30T23:00:00", "2024-03-31T21:59:59", "2024-03-31T22:00:00")
    assert as_shown(revenue(BERLIN, "day", *spring)) == [("2024-03-30", 1), ("2024-03-31", 110), ("2024-04-01", 1000)]
    autumn = ("2024-10-26T21:59:59", "2024-10-26T22:00:00", "2024-10-27T22:59:59", "2024-10-27T23:00:00")
    assert as_shown(revenue(BERLIN, "day", *autumn)) == [("2024-10-26", 1), ("2024-10-27", 110), ("2024-10-28", 1000)]


@settings(deadline=None)
@given(st.sampled_from(ZONES), INSTANTS)
def test_clocks_are_those_of_the_database_of_time_zones(zone: str, moment: datetime) -> None:
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert Calendar(zone).local(moment) == local
    assert Calendar(zone).local(moment.replace(tzinfo=UTC)) == local


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(1990, 1, 3), date(2039, 12, 29)))
def test_a_day_begins_at_its_local_midnight(zone: str, day: date) -> None:
    local = datetime.combine(day, datetime.min.time(), ZoneInfo(zone))
    assert Calendar(zone).moment(day) == local.astimezone(UTC).replace(tzinfo=None)


def expressions(backend: Any, table: ir.Table, calendar: Calendar) -> pd.DataFrame:
    request = Request(lambda _: table, "day", (), {}, calendar=calendar)
    columns = {"day": request.period(table["at"]), "begins": request.beginning(table["date"])}  # type: ignore[arg-type]
    frame: pd.DataFrame = backend.to_pandas(table.select("position", **columns).order_by("position"))
    return frame


def instants(calendar: Calendar) -> Sequence[datetime]:
    """Moments on both sides of every change of the clocks, and at the ends of the calendar."""
    found = [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)]  # noqa: DTZ001
    for moment in calendar.offsets.moments:
        found += [moment + timedelta(seconds=seconds) for seconds in (-1, 0, 1, 40_000)]
    return found


def table_of(calendar: Calendar) -> pa.Table:
    moments = instants(calendar)
    return pa.table(
        {
            "position": pa.array(range(len(moments) + 1)),
            "at": pa.array([*moments, None], pa.timestamp("us")),
            "date": pa.array([*(moment.date() for moment in moments), None], pa.date32()),
        }
    )


@pytest.mark.parametrize("zone", ZONES)
def test_expressions_are_the_same_clocks(zone: str) -> None:
    calendar = Calendar(zone)
    backend = ibis.duckdb.connect()
    backend.con.register("moments", table_of(calendar))
    frame = expressions(backend, backend.table("moments"), calendar)
    moments = instants(calendar)
    assert [stamp.date() for stamp in frame["day"][:-1]] == [calendar.local(moment).date() for moment in moments]
    assert list(frame["begins"][:-1]) == [calendar.moment(moment.date()) for moment in moments]
    assert frame.iloc[-1].isna()[["day", "begins"]].all()


@settings(max_examples=8, deadline=None)
@given(st.lists(INSTANTS, min_size=1, max_size=40, unique=True))
def test_orders_at_random_moments_fall_in_the_day_of_berlin(moments: list[datetime]) -> None:
    tables = canonical({"orders": [order(str(at)) for at in moments]})
    bounds: Any = {"start": date(1990, 1, 1), "end": date(2041, 1, 1)}
    frame = compute([find_metric("revenue")], tables, grain="day", calendar=BERLIN, **bounds)["revenue"].frame
    days = [at.replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/Berlin")).date() for at in moments]
    counted = {stamp.date(): value for stamp, value in zip(frame["period"], frame["value"], strict=True) if value > 0}
    assert counted == {day: days.count(day) for day in days}


def test_the_default_calendar_adds_nothing_to_an_expression() -> None:
    at = ibis.table({"at": "timestamp", "date": "date"}, name="t")
    request = Request(lambda _: at, "month", (), {})
    assert request.period(at["at"]).equals(at["at"].truncate("M").date())
    assert request.beginning(at["date"]).equals(at["date"].cast("timestamp"))


@pytest.mark.parametrize("start", range(1, 13))
@pytest.mark.parametrize("grain", ["quarter", "year"])
def test_fiscal_periods_tile_the_line(start: int, grain: Any) -> None:
    calendar = Calendar(fiscal_year_start=start)
    period = calendar.period_of(date(2000, 1, 31), grain)
    for _ in range(20):
        following = period.shift(1)
        assert following.start == period.end
        assert calendar.parse(period.id) == period
        assert (period.start.month - start) % (3 if grain == "quarter" else 12) == 0
        assert following.shift(-1) == period
        period = following


@settings(deadline=None)
@given(st.integers(1, 12), st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.sampled_from(["quarter", "year"]))
def test_a_fiscal_period_holds_its_day_in_python_and_in_the_engine(start: int, day: date, grain: Any) -> None:
    calendar = Calendar(fiscal_year_start=start)
    period = calendar.period_of(day, grain)
    assert period.start <= day < period.end
    request = Request(lambda _: None, grain, (), {}, calendar=calendar)  # type: ignore[arg-type, return-value]
    moment = ibis.literal(datetime.combine(day, datetime.min.time()))
    assert request.period(moment).to_pyarrow().as_py() == period.start


def test_a_fiscal_year_is_called_after_the_year_in_which_it_ends() -> None:
    april = Calendar(fiscal_year_start=4)
    year = april.parse("FY2026")
    assert (year.start, year.end, year.id) == (date(2025, 4, 1), date(2026, 4, 1), "FY2026")
    assert (year.label.en, year.label.ru) == (
        "FY2026 (April\u00a02025\u00a0– March\u00a02026)",
        "2026\u00a0финансовый год (апрель\u00a02025\u00a0– март\u00a02026)",
    )
    quarter = april.parse("fy2026-q1")
    assert (quarter.start, quarter.end, quarter.id) == (date(2025, 4, 1), date(2025, 7, 1), "FY2026-Q1")
    assert quarter.label.en == "Q1\u00a0FY2026 (April\u00a0– June\u00a02025)"
    assert quarter.label.ru == "1-й\u00a0квартал 2026\u00a0финансового года (апрель\u00a0– июнь\u00a02025)"
    assert (quarter.shift(-1).id, quarter.shift(4).id) == ("FY2025-Q4", "FY2027-Q1")
    assert april.parse("2025-07").id == "2025-07"
    # The United States' year begins in October.
    assert Calendar(fiscal_year_start=10).parse("FY2026-Q2").start == date(2026, 1, 1)
    assert parse_period("FY2026") == Period(date(2026, 1, 1), date(2027, 1, 1), "year")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("2026", r"write FY2026 \(April 2025 – March 2026\) or FY2027 \(April 2026 – March 2027\)"),
        ("2026-Q3", r"write FY2026-Q3 \(October – December 2025\) or FY2027-Q2 \(July – September 2026\)"),
        ("26", "write it as FY2026, FY2026-Q3, 2026-07"),
    ],
)
def test_a_plain_year_is_refused_where_it_could_mean_either(text: str, remedy: str) -> None:
    with pytest.raises(PeriodError, match=remedy):
        Calendar(fiscal_year_start=4).parse(text)


def test_figures_by_fiscal_quarter_and_year() -> None:
    april = Calendar(fiscal_year_start=4)
    moments = ("2025-03-31T23:59", "2025-04-01T00:00", "2025-06-30T23:59", "2025-12-31T12:00")
    assert as_shown(revenue(april, "quarter", *moments)) == [
        ("2025-01-01", 1), ("2025-04-01", 110), ("2025-07-01", 0), ("2025-10-01", 1000)
    ]  # fmt: skip
    assert as_shown(revenue(april, "year", *moments)) == [("2024-04-01", 1), ("2025-04-01", 1110)]
    february = Calendar(fiscal_year_start=2)
    assert as_shown(revenue(february, "quarter", *moments)) == [
        ("2025-02-01", 11), ("2025-05-01", 100), ("2025-08-01", 0), ("2025-11-01", 1000)
    ]  # fmt: skip
    bounds: Any = {"start": date(2025, 5, 15), "end": date(2025, 5, 16)}
    assert as_shown(revenue(april, "year", *moments, **bounds)) == [("2025-04-01", 1110)]


def test_weeks_stay_those_of_the_standard() -> None:
    # 2020 had 53 weeks: the last ended on Sunday 3 January 2021.
    moments = ("2020-12-28T00:00", "2021-01-03T23:59", "2021-01-04T00:00")
    april = Calendar(fiscal_year_start=4)
    assert as_shown(revenue(april, "week", *moments)) == [("2020-12-28", 11), ("2021-01-04", 100)]
    assert april.period_of(date(2021, 1, 3), "week").id == "2020-W53"


@pytest.mark.parametrize(
    ("calendar", "now", "complete"),
    [
        (Calendar(), "2026-03-31T23:59", [True, True, False]),
        (Calendar(), "2026-04-01T00:00", [True, True, True]),
        (MOSCOW, "2026-03-31T20:59", [True, True, False]),
        (MOSCOW, "2026-03-31T21:00", [True, True, True]),
        (NEW_YORK, "2026-04-01T03:59", [True, True, False]),
    ],
)
def test_a_period_is_complete_once_it_is_over_where_the_company_is(
    calendar: Calendar, now: str, complete: list[bool]
) -> None:
    moments = ("2026-01-15", "2026-02-15", "2026-03-15")
    frame = revenue(calendar, "month", *moments, now=datetime.fromisoformat(now))
    assert frame["complete"].tolist() == complete
    assert frame["complete"].dtype == bool
    aware = datetime.fromisoformat(now).replace(tzinfo=UTC).astimezone(ZoneInfo("Asia/Tokyo"))
    assert revenue(calendar, "month", *moments, now=aware)["complete"].tolist() == complete


def test_all_time_is_complete_unless_its_end_lies_ahead() -> None:
    now = datetime.fromisoformat("2026-02-01")
    at = "2026-01-15"
    assert revenue(Calendar(), "all", at, now=now)["complete"].tolist() == [True]
    ahead: Any = {"start": date(2026, 1, 1), "end": date(2026, 3, 1)}
    assert revenue(Calendar(), "all", at, now=now, **ahead)["complete"].tolist() == [False]


@pytest.mark.parametrize(
    ("zone", "near"),
    [("Europe/Moskow", "Europe/Moscow"), ("yekaterinburg", "Asia/Yekaterinburg"), ("MSK+3", "write an IANA name")],
)
def test_an_unknown_time_zone_names_near_ones(zone: str, near: str) -> None:
    with pytest.raises(PeriodError, match=near):
        Calendar(zone)


@pytest.mark.parametrize("month", [0, 13])
def test_there_are_twelve_months(month: int) -> None:
    with pytest.raises(PeriodError, match="1 to 12"):
        Calendar(fiscal_year_start=month)


@pytest.mark.spark
def test_spark_keeps_the_same_clocks_and_years(spark_session: Any, tmp_path: Path) -> None:
    calendar = Calendar("America/New_York", fiscal_year_start=2)
    moments = table_of(calendar)
    embedded = ibis.duckdb.connect()
    embedded.con.register("moments", moments)
    pq.write_table(moments, tmp_path / "moments.parquet")
    spark_session.read.parquet(str(tmp_path / "moments.parquet")).createOrReplaceTempView("moments")
    spark = ibis.pyspark.connect(spark_session)
    between = (datetime(1970, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001
    tables = [backend.table("moments") for backend in (embedded, spark)]
    tables = [table.filter(table["at"].between(*between)) for table in tables]
    one, other = (expressions(b, t, calendar) for b, t in zip((embedded, spark), tables, strict=True))
    assert len(one) == 400  # a hundred changes, four moments about each
    pd.testing.assert_frame_equal(one, other, check_dtype=False)
    for grain in ("quarter", "year", "week"):
        request = Request(lambda _: tables[0], grain, (), {}, calendar=calendar)  # type: ignore[arg-type]
        starts = [
            [str(day)[:10] for day in backend.to_pandas(request.period(table["at"]).name("day")).sort_values()]
            for backend, table in zip((embedded, spark), tables, strict=True)
        ]
        assert starts[0] == starts[1]
