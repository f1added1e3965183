"""Periods, slices, bounds and rows behind."""

import math
from datetime import date
from typing import Any

import pandas as pd
import pytest

from septima.metrics import GRAINS, MetricError, catalogue, compute, find_metric, rows_behind

from .conftest import arrow_tables, canonical, company, figures, in_duckdb, only

METRICS = list(catalogue().values())
COLUMNS = ["period", "value", "n", "lower", "upper", "missing_share", "note", "complete"]
SALES = {
    "orders": [
        {"order_id": "1", "customer_id": "a", "ordered_at": "2024-12-30", "revenue": 1, "channel": "web", "online": True},
        {"order_id": "2", "customer_id": "b", "ordered_at": "2025-01-02", "revenue": 2, "channel": "web", "online": False},
        {"order_id": "3", "customer_id": None, "ordered_at": "2025-03-31", "revenue": 4, "channel": "store"},
    ],
    "customers": [{"customer_id": "a", "segment": "new"}, {"customer_id": "b", "segment": "old"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def small_company() -> Any:
    return in_duckdb(arrow_tables(company()))


@pytest.mark.parametrize(
    ("grain", "starts", "values"),
    [
        ("week", ["2024-12-30"], [3]),
        ("month", ["2024-12-01", "2025-01-01", "2025-02-01", "2025-03-01"], [1, 2, 0, 4]),
        ("quarter", ["2024-10-01", "2025-01-01"], [1, 6]),
        ("year", ["2024-01-01", "2025-01-01"], [1, 6]),
        ("all", ["2024-12-30"], [7]),
    ],
)
def test_grains(grain: Any, starts: list[str], values: list[float]) -> None:
    frame = figures("revenue", SALES, grain)
    assert frame["period"].dt.strftime("%Y-%m-%d").tolist()[: len(starts)] == starts
    assert frame["value"].tolist()[: len(values)] == values
    assert frame["value"].sum() == 7


def test_days_have_no_gaps() -> None:
    # 30 December to 31 March: 92 days.
    assert len(figures("revenue", SALES, "day")) == 92


def test_bounds_are_widened_to_whole_periods() -> None:
    frame = figures("revenue", SALES, start="2025-01-15", end="2025-04-02")
    assert frame["period"].dt.month.tolist() == [1, 2, 3, 4]
    assert frame["value"].tolist() == [2, 0, 4, 0]


def test_bounds_of_the_whole_time_are_kept_to_the_day() -> None:
    found = only("revenue", SALES, start="2024-12-31", end="2025-03-31")
    assert (found.value, found.period) == (2, pd.Timestamp("2024-12-31"))


def test_slices_are_complete_over_the_same_periods() -> None:
    frame = figures("revenue", SALES, "quarter", by=["segment", "online"])
    assert frame.columns.tolist() == ["period", "segment", "online", *COLUMNS[1:]]
    assert frame["segment"].tolist() == ["new", "new", "old", "old", None, None]
    assert frame["online"].tolist() == ["true", "true", "false", "false", None, None]
    assert frame["value"].tolist() == [1, 0, 0, 2, 0, 4]


@pytest.mark.parametrize("grain", GRAINS)
def test_empty_tables_give_no_figures(grain: Any) -> None:
    for result in compute(METRICS, canonical({}), grain=grain).values():
        assert result.frame.columns.tolist() == COLUMNS
        assert result.frame.empty


def test_a_period_asked_for_without_data_says_so() -> None:
    results = compute(METRICS, canonical({}), grain="quarter", start=date(2025, 1, 1), end=date(2025, 7, 1))
    for name, result in results.items():
        frame = result.frame
        assert frame["period"].dt.month.tolist() == [1, 4]
        assert (frame["n"] == 0).all()
        assert frame["note"].notna().all()
        # A count of customers is known even where it is zero.
        assert frame[["lower", "upper"]].isna().all(axis=None) or find_metric(name).passport.unit == "count"


@pytest.mark.parametrize("name", list(catalogue()))
def test_figures_keep_their_own_laws(name: str, small_company: Any) -> None:
    metric = find_metric(name)
    by = metric.dimensions[:1]
    frame = compute([metric], small_company, grain="quarter", by=by)[name].frame
    assert frame.columns.tolist() == ["period", *by, *COLUMNS[1:]]
    bounded = frame.dropna(subset=["value", "lower", "upper"])
    assert (bounded["lower"] <= bounded["value"] + 1e-12).all()
    assert (bounded["value"] <= bounded["upper"] + 1e-12).all()
    assert frame["missing_share"].dropna().between(0, 1).all()
    assert (frame["n"] >= 0).all()
    if metric.passport.unit == "share" and name not in {"staff_turnover", "gross_margin"}:
        least, greatest = metric.passport.bounds or (0, 1)
        assert (frame["value"].dropna() >= (-math.inf if least is None else least)).all()
        assert (frame["value"].dropna() <= (math.inf if greatest is None else greatest)).all()


def test_metrics_together_are_as_each_alone(small_company: Any) -> None:
    together = compute(METRICS, small_company, grain="month", start=date(2024, 3, 1), end=date(2024, 9, 1))
    for metric in METRICS:
        alone = compute([metric], small_company, grain="month", start=date(2024, 3, 1), end=date(2024, 9, 1))
        pd.testing.assert_frame_equal(alone[metric.id].frame, together[metric.id].frame)


def test_a_bounded_stretch_is_a_cut_of_the_whole(small_company: Any) -> None:
    whole = compute(METRICS, small_company, grain="quarter", start=date(2024, 1, 1), end=date(2025, 4, 1))
    cut = compute(METRICS, small_company, grain="quarter", start=date(2024, 4, 1), end=date(2024, 10, 1))
    for name, result in whole.items():
        frame = result.frame
        expected = frame[(frame["period"] >= "2024-04-01") & (frame["period"] < "2024-10-01")].reset_index(drop=True)
        pd.testing.assert_frame_equal(cut[name].frame, expected)


def test_sources_with_the_same_rows_are_asked_once(small_company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from ibis.expr.types import Table

    asked: list[Table] = []
    run = Table.to_pandas
    monkeypatch.setattr(Table, "to_pandas", lambda self: (asked.append(self), run(self))[1])
    ids = ("revenue", "average_order_value", "gross_margin", "complaints_per_1000_orders", "cci")
    compute([find_metric(name) for name in ids], small_company, grain="month")
    assert len(asked) == 2


def test_a_copy_does_not_reach_the_result() -> None:
    result = compute([find_metric("revenue")], canonical(SALES), grain="year")["revenue"]
    copy = result.to_pandas()
    copy.loc[:, "value"] = 0.0
    assert result.frame["value"].tolist() == [1, 6]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": ["weather"]}, "revenue.*weather.*channel"),
        ({"grain": "decade"}, "decade.*month"),
        ({"start": "2025-02-01", "end": "2025-02-01"}, "not before"),
        ({"days": 3}, "no parameter 'days'"),
    ],
)
def test_what_cannot_be_computed_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(MetricError, match=words):
        figures("revenue", SALES, **options)


@pytest.mark.parametrize("value", [0, -3, "90", True, 1.5])
def test_a_parameter_must_be_of_its_kind(value: object) -> None:
    with pytest.raises(MetricError, match="active_days"):
        only("churn_rate", SALES, active_days=value)


def test_dates_gone_wild_are_refused_and_not_filled_day_by_day() -> None:
    rows = {"orders": [{"order_id": str(n), "ordered_at": at} for n, at in enumerate(["0001-01-01", "9999-12-01"])]}
    assert len(figures("revenue", rows, "year")) == 9999
    with pytest.raises(MetricError, match=r"figures|mend the dates"):
        figures(
            "revenue",
            {"orders": [{**row, "channel": str(n)} for n in range(2) for row in rows["orders"]]},
            "day",
            by=["channel"],
        )


def test_rows_behind_a_figure() -> None:
    bounds: Any = {"start": date(2025, 1, 1), "end": date(2025, 4, 1)}
    rows = rows_behind(find_metric("revenue"), canonical(SALES), **bounds).to_pandas()
    assert rows["order_id"].tolist() == ["2", "3"]
    assert rows["revenue"].astype(float).sum() == figures("revenue", SALES, "quarter", start="2025-01-01")["value"][0]


def test_rows_behind_a_slice() -> None:
    bounds: Any = {"start": date(2024, 1, 1), "end": date(2026, 1, 1)}
    tables = canonical(SALES)
    revenue = find_metric("revenue")
    assert rows_behind(revenue, tables, where={"segment": "old"}, **bounds).to_pandas()["order_id"].tolist() == ["2"]
    assert rows_behind(revenue, tables, where={"segment": None}, **bounds).to_pandas()["order_id"].tolist() == ["3"]
    assert rows_behind(revenue, tables, where={"online": "true"}, **bounds).to_pandas()["order_id"].tolist() == ["1"]
    assert rows_behind(revenue, tables, limit=1, **bounds).count().to_pyarrow().as_py() == 1
    with pytest.raises(MetricError, match="weather"):
        rows_behind(revenue, tables, where={"weather": "fine"}, **bounds)


def test_rows_behind_a_metric_of_two_sources() -> None:
    found = rows_behind(
        find_metric("complaints_per_1000_orders"), canonical(SALES), start=date(2025, 1, 1), end=date(2025, 4, 1)
    )
    assert isinstance(found, dict)
    assert list(found) == ["complaints", "orders"]
    assert found["orders"].count().to_pyarrow().as_py() == 2
