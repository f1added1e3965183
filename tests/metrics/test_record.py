"""The history of figures: what is computed again, what is written, and what was known when."""

import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from septima.lake.figures import newest_computations
from septima.lake.tables import COMPUTATIONS, FIGURES
from septima.metrics import Calendar, Metric, find_metric
from septima.metrics.definition import Request, Source
from septima.metrics.record import Update, update
from septima.metrics.recorded import RecordError, recorded_figures
from septima.metrics.series import Series, series_of

from .small_lake import SmallLake

NOW = datetime(2026, 6, 20, tzinfo=UTC)
REVENUE = find_metric("revenue")


def order(number: int | str, at: str, revenue: float, **more: Any) -> dict[str, Any]:
    return {"order_id": f"o{number}", "ordered_at": at, "revenue": revenue, "currency": "EUR", **more}


@pytest.fixture
def shop(tmp_path: Path) -> SmallLake:
    made = SmallLake.create(tmp_path)
    made.load(
        {
            "orders": [
                order(1, "2026-02-03", 10, channel="web", customer_id="a"),
                order(2, "2026-03-04", 20, channel="web", customer_id="b"),
                order(3, "2026-04-05", 30, channel="store", customer_id="a"),
                order(4, "2026-05-06", 40, channel="web", customer_id="c"),
            ],
        }
    )
    return made


def run(shop: SmallLake, *series: Series, now: datetime = NOW, **options: Any) -> Update:
    version = shop.lake.version
    return update(shop.lake, shop.tables(version), series, version=version, author="anna", now=now, **options)


def monthly(metric: Metric = REVENUE, by: Sequence[str] = (), **given: Any) -> Series:
    return series_of(metric, "month", by, given)


def values(shop: SmallLake, series: Series, **options: Any) -> dict[str, float]:
    frame: Any = recorded_figures(shop.lake, series, now=NOW, **options).frame
    labels = frame["period"].dt.strftime("%Y-%m") + frame[list(series.by)].fillna("—").agg("".join, axis=1)
    return dict(zip(labels, frame["value"], strict=True))


def counts(made: Update) -> list[tuple[int, int, int, int]]:
    return [(one.new, one.changed, one.gone, one.unchanged) for one in made.series]


def test_figures_are_recorded_with_all_that_a_reader_needs(shop: SmallLake) -> None:
    made = run(shop, monthly())
    assert counts(made) == [(4, 0, 0, 0)]
    assert (made.data_version, made.version, made.failures) == (1, 2, ())
    assert values(shop, monthly()) == {"2026-02": 10, "2026-03": 20, "2026-04": 30, "2026-05": 40}
    (first, *_) = pd.read_parquet(shop.lake.files(FIGURES.name)).sort_values("period").to_dict("records")
    assert (first["metric"], first["definition"], first["grain"], first["slices"]) == (
        "revenue",
        REVENUE.passport.definition,
        "month",
        "{}",
    )
    assert first["settings"] == '{"currency":null,"fiscal_year_start":1,"parameters":{},"time_zone":"UTC"}'
    assert (first["period"], first["value"], first["n"]) == (date(2026, 2, 1), 10.0, 1.0)
    assert (first["complete"], first["data_version"], first["author"]) == (True, 1, "anna")


def test_a_second_run_has_nothing_to_do(shop: SmallLake) -> None:
    version = run(shop, monthly(), monthly(by=["channel"])).version
    again = run(shop, monthly(), monthly(by=["channel"]))
    assert [one.computed for one in again.series] == [False, False]
    assert (again.version, shop.lake.version) == (version, version)


def test_what_concerns_other_tables_changes_nothing(shop: SmallLake) -> None:
    run(shop, monthly())
    shop.load({"complaints": [{"complaint_id": "p1", "opened_at": "2026-03-01"}]})
    assert not run(shop, monthly()).series[0].computed


def test_a_new_day_computes_from_the_last_that_was_known(shop: SmallLake) -> None:
    run(shop, monthly())
    shop.load({"orders": [order(5, "2026-06-01", 50)]})
    made = run(shop, monthly())
    assert made.series[0].since == date(2026, 5, 1)
    assert counts(made) == [(1, 0, 0, 1)]
    assert values(shop, monthly())["2026-06"] == 50


def test_a_late_record_makes_a_new_snapshot_and_the_old_one_stays(shop: SmallLake) -> None:
    run(shop, monthly())
    before = datetime.now(UTC)
    shop.load({"orders": [order("late", "2026-03-31", 7)]})
    made = run(shop, monthly())
    assert made.series[0].since == date(2026, 3, 1)
    assert counts(made) == [(0, 1, 0, 2)]
    assert values(shop, monthly())["2026-03"] == 27
    assert values(shop, monthly(), as_of=before)["2026-03"] == 20
    stored = pd.read_parquet(shop.lake.files(FIGURES.name))
    march = stored[stored["period"] == date(2026, 3, 1)].sort_values("computed_at")
    assert list(march["value"]) == [20, 27]
    assert list(march["data_version"]) == [1, 3]


def test_a_record_that_moves_leaves_its_old_period(shop: SmallLake) -> None:
    run(shop, monthly())
    shop.load({"orders": [order(4, "2026-03-20", 40)]})
    # The newest order is now of April: there is no May any more.
    made = run(shop, monthly())
    assert counts(made) == [(0, 1, 1, 1)]
    assert values(shop, monthly()) == {"2026-02": 10, "2026-03": 60, "2026-04": 30}


def test_the_whole_of_a_history_can_go(shop: SmallLake) -> None:
    run(shop, monthly())
    shop.load({"orders": [order(number, f"2026-0{number + 1}-03", 1, status="cancelled") for number in (1, 2, 3, 4)]})
    run(shop, monthly())
    # Nothing was sold; of the last month that the data know of that is told.
    assert values(shop, monthly()) == {"2026-05": 0}
    shop.load({"orders": [order(5, "2026-01-01", 5)]})
    run(shop, monthly())
    assert values(shop, monthly()) == {"2026-01": 5, "2026-02": 0, "2026-03": 0, "2026-04": 0, "2026-05": 0}


def test_all_series_reach_as_far_as_the_data_do(shop: SmallLake) -> None:
    shop.load({"complaints": [{"complaint_id": f"p{day}", "opened_at": f"2026-04-0{day}"} for day in (1, 2)]})
    cci = monthly(find_metric("cci"))
    run(shop, cci)
    # No complaint came in May, of which there is an order: a fall of all two.
    assert values(shop, cci)["2026-05"] == 1
    shop.load({"orders": [order(5, "2026-06-02", 5)]})
    assert run(shop, cci).series[0].since == date(2026, 6, 1)
    assert pd.isna(values(shop, cci)["2026-06"])


def test_a_slice_that_comes_or_goes_has_figures_for_all_periods_or_none(shop: SmallLake) -> None:
    series = monthly(by=["channel"])
    run(shop, series)
    assert values(shop, series)["2026-02store"] == 0
    shop.load({"orders": [order(5, "2026-05-07", 5, channel="app")]})
    assert run(shop, series).series[0].since is None
    assert values(shop, series)["2026-02app"] == 0
    assert values(shop, series)["2026-05app"] == 5
    shop.load({"orders": [order(5, "2026-05-07", 5, channel="web")]})
    made = run(shop, series)
    assert counts(made) == [(0, 1, 4, 7)]
    assert set(values(shop, series)) == {f"2026-0{month}{name}" for month in (2, 3, 4, 5) for name in ("web", "store")}


def test_slices_without_a_new_record_keep_their_figures(shop: SmallLake) -> None:
    series = monthly(by=["channel"])
    run(shop, series)
    shop.load({"orders": [order(5, "2026-06-07", 5, channel="web")]})
    made = run(shop, series)
    assert made.series[0].since == date(2026, 5, 1)
    assert counts(made) == [(2, 0, 0, 2)]
    assert values(shop, series)["2026-06store"] == 0


def test_an_attribute_of_a_customer_moves_all_that_he_bought(shop: SmallLake) -> None:
    shop.load({"customers": [{"customer_id": name, "created_at": "2026-02-01", "region": "north"} for name in "abc"]})
    series = monthly(by=["region"])
    run(shop, series)
    shop.load({"customers": [{"customer_id": "b", "region": "south"}]})
    run(shop, series)
    figures = values(shop, series)
    assert (figures["2026-03north"], figures["2026-03south"], figures["2026-02north"]) == (0, 20, 10)


def test_merged_customers_are_counted_as_one(shop: SmallLake) -> None:
    series = monthly(find_metric("repeat_rate"))
    run(shop, series)
    assert values(shop, series)["2026-05"] == 0
    merge = {"customer_id": "c", "master_id": "a", "linked_id": "a", "rule": "by_hand", "recorded_at": "2026-06-01"}
    shop.load({"merges": [merge]})
    assert run(shop, series).series[0].computed
    # Who bought as c in May had bought as a in February.
    assert values(shop, series)["2026-05"] == 1


def test_another_definition_is_another_history(shop: SmallLake) -> None:
    run(shop, monthly())
    newer = replace(REVENUE, passport=replace(REVENUE.passport, version=REVENUE.passport.version + 1))
    assert counts(run(shop, monthly(newer))) == [(4, 0, 0, 0)]
    assert run(shop, monthly()).series[0].computed is False


@pytest.mark.parametrize(
    "other",
    [
        series_of(find_metric("active_customers"), "month", (), {"active_days": 10}),
        series_of(find_metric("active_customers"), "month", calendar=Calendar("Europe/Moscow")),
        series_of(find_metric("active_customers"), "month", calendar=Calendar(fiscal_year_start=4)),
        series_of(find_metric("active_customers"), "month", currency="EUR"),
        series_of(find_metric("active_customers"), "month", ["channel"]),
        series_of(find_metric("active_customers"), "quarter"),
    ],
)
def test_other_settings_are_another_history(shop: SmallLake, other: Series) -> None:
    run(shop, monthly(find_metric("active_customers")))
    assert run(shop, other).series[0].since is None
    assert run(shop, other).series[0].computed is False
    assert len(newest_computations(shop.lake)) == 2


def test_parameters_of_the_passport_need_not_be_named(shop: SmallLake) -> None:
    active = find_metric("active_customers")
    days = active.passport.parameters["active_days"]
    assert monthly(active).id == monthly(active, active_days=days).id


def test_a_raised_parameter_settles_that_much_later() -> None:
    late = find_metric("incremental_revenue")
    usual = monthly(late).settles_days
    assert usual is not None
    assert monthly(late, days=late.passport.parameters["days"] + 10).settles_days == usual + 10
    assert monthly(late, days=1).settles_days == usual


def test_a_period_that_is_over_is_said_to_be(shop: SmallLake) -> None:
    shop.load({"orders": [order(5, "2026-06-02", 5)]})
    run(shop, monthly())
    stored = recorded_figures(shop.lake, monthly(), now=NOW).frame
    assert list(stored["complete"]) == [True, True, True, True, False]
    later = datetime(2026, 7, 1, tzinfo=UTC)
    made = run(shop, monthly(), now=later)
    assert (made.series[0].since, counts(made)) == (date(2026, 6, 1), [(0, 1, 0, 0)])
    assert not run(shop, monthly(), now=later).series[0].computed


def test_one_that_fails_does_not_lose_the_others(shop: SmallLake) -> None:
    def broken(request: Request) -> Any:
        return request.rows("orders").mutate(at=request.rows("orders")["no_such_column"])

    source = Source("broken", broken, ())
    measures = {name: replace(measure, source=source) for name, measure in REVENUE.measures.items()}
    bad = replace(REVENUE, measures=measures, passport=replace(REVENUE.passport, id="broken"))
    wrong = series_of(find_metric("active_customers"), "month", (), {"active_days": -1})
    made = run(shop, monthly(bad), wrong, monthly())
    assert [failure.metric for failure in made.failures] == ["broken", "active_customers"]
    assert "no_such_column" in made.failures[0].message
    assert "above zero" in made.failures[1].message
    assert [one.metric for one in made.series] == ["revenue"]
    assert values(shop, monthly())["2026-02"] == 10


def test_what_was_never_computed_is_told_with_the_remedy(shop: SmallLake) -> None:
    with pytest.raises(RecordError, match="septima compute DIR --metric revenue"):
        recorded_figures(shop.lake, monthly())
    run(shop, monthly())
    with pytest.raises(RecordError, match="until 2020-01-01"):
        recorded_figures(shop.lake, monthly(), as_of=datetime(2020, 1, 1, tzinfo=UTC))


def test_metrics_of_one_table_share_its_query(shop: SmallLake, monkeypatch: pytest.MonkeyPatch) -> None:
    from septima.metrics import record

    calls: list[list[str]] = []
    genuine = record.compute

    def counted(metrics: Sequence[Metric], *arguments: Any, **named: Any) -> Any:
        calls.append([metric.id for metric in metrics])
        return genuine(metrics, *arguments, **named)

    monkeypatch.setattr(record, "compute", counted)
    run(shop, monthly(), monthly(find_metric("nps")), monthly(find_metric("average_order_value")))
    assert sorted(calls) == [["nps"], ["revenue", "average_order_value"]]


PROGRAM = """
import os, signal, sys
from pathlib import Path
import ibis
from septima.lake.engine import open_table
from septima.lake.store import Lake, Writing
from septima.metrics import find_metric
from septima.metrics.record import update
from septima.metrics.series import series_of
root, moment = sys.argv[1:]
lake = Lake.open(Path(root))
version, backend = lake.version, ibis.duckdb.connect()
print("ready", flush=True)
sys.stdin.readline()
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
advance, advanced = Writing.advance, []
def die_at_second(writing, table):
    if advanced:
        die()
    advanced.append(table)
    return advance(writing, table)
if moment == "publishing":
    Lake._publish = die
if moment == "between tables":
    Writing.advance = die_at_second
update(
    lake, lambda name: open_table(backend, lake, name, version), [series_of(find_metric("revenue"), "month")],
    version=version, author="boris",
)
"""


def start(shop: SmallLake, moment: str = "never") -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(shop.lake.root), moment],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("moment", ["between tables", "publishing"])
def test_killed_it_leaves_what_was_known_and_the_next_finishes(shop: SmallLake, moment: str) -> None:
    run(shop, monthly())
    shop.load({"orders": [order("late", "2026-03-31", 7)]})
    version = shop.lake.version
    process = start(shop, moment)
    process.communicate("\n")
    assert process.returncode == -9
    assert shop.lake.version == version
    assert values(shop, monthly())["2026-03"] == 20
    assert counts(run(shop, monthly())) == [(0, 1, 0, 2)]
    assert values(shop, monthly())["2026-03"] == 27
    assert len(pd.read_parquet(shop.lake.files(COMPUTATIONS.name))) == 2


def test_two_at_once_record_each_figure_once(shop: SmallLake) -> None:
    both = [start(shop), start(shop)]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [(process.communicate()[1], process.returncode) for process in both] == [("", 0)] * 2
    assert len(pd.read_parquet(shop.lake.files(FIGURES.name))) == 4
    assert values(shop, monthly()) == {"2026-02": 10, "2026-03": 20, "2026-04": 30, "2026-05": 40}


def test_a_run_over_older_data_does_not_undo_a_newer_one(shop: SmallLake) -> None:
    old, tables = shop.lake.version, shop.tables()
    shop.load({"orders": [order("late", "2026-03-31", 7)]})
    run(shop, monthly())
    made = update(shop.lake, tables, [monthly()], version=old, author="anna", now=NOW)
    assert made.series[0].computed is False
    assert values(shop, monthly())["2026-03"] == 27


def test_a_lake_older_than_its_histories_gets_them(shop: SmallLake) -> None:
    import shutil

    for name in (FIGURES.name, COMPUTATIONS.name):
        shutil.rmtree(shop.lake.table_folder(name))
    assert counts(run(shop, monthly())) == [(4, 0, 0, 0)]
    assert values(shop, monthly())["2026-05"] == 40
