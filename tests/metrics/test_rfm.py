"""RFM as of each period's end, scored by hand and against a count in pandas."""

import math
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from septima.metrics import compute, find_metric, period_of
from septima.metrics.rfm import METRICS, SEGMENTS

from .base_histories import GRAINS_OF_PERIODS, Sale, company_of, histories, moments
from .conftest import canonical, figures, only


def order(number: int, who: str | None, at: str, revenue: object, **more: object) -> dict[str, object]:
    return {
        "order_id": str(number),
        "customer_id": who,
        "ordered_at": at,
        "revenue": revenue,
        "currency": "EUR",
        **more,
    }


# By the end of March five customers bought; from a, who bought last, most and for most, to e.
FIVE = {
    "orders": [
        *(order(number, "a", f"2025-03-{25 + number}", 100) for number in range(5)),
        *(order(10 + number, "b", f"2025-03-{10 + number}", 60) for number in range(4)),
        *(order(20 + number, "c", f"2025-02-{10 + number}", 40) for number in range(3)),
        *(order(30 + number, "d", f"2025-01-{20 + number}", 20) for number in range(2)),
        order(40, "e", "2025-01-05", 10),
        order(41, None, "2025-01-05", 10),
        order(42, "f", "2025-03-30", 10, status="cancelled"),
    ],
    "customers": [{"customer_id": who, "segment": "x" if who in "ab" else "y"} for who in "abcde"],
}


def by_member(id_: str, rows: Any, dimension: str, day: str, **options: Any) -> dict[str | None, float]:
    frame = figures(id_, rows, by=[dimension], **options)
    frame = frame[(frame["period"] == day) & (frame["n"] > 0)]
    return dict(zip(frame[dimension], frame["value"], strict=True))


def test_scores_of_five_customers_are_one_to_five() -> None:
    for score in ("recency", "frequency", "monetary"):
        assert by_member("rfm_customers", FIVE, score, "2025-03-01") == {str(grade): 1 for grade in range(1, 6)}
    segments = by_member("rfm_customers", FIVE, "rfm_segment", "2025-03-01")
    assert segments == {"champions": 2, "need_attention": 1, "hibernating": 1, "lost": 1}


def test_revenue_of_segments() -> None:
    found = by_member("rfm_revenue", FIVE, "rfm_segment", "2025-03-01")
    assert found == {"champions": 740, "need_attention": 120, "hibernating": 40, "lost": 10}


def test_equal_values_have_the_score_of_the_first_of_them() -> None:
    # Four bought once, one twice: ranks 1, 1, 1, 1, 5 of five.
    rows = {"orders": [order(number, who, "2025-01-10", 10) for number, who in enumerate("abcdee")]}
    assert by_member("rfm_customers", rows, "frequency", "2025-01-01") == {"1": 4, "5": 1}


def test_customers_are_counted_as_of_each_months_end() -> None:
    frame = figures("rfm_customers", FIVE)
    assert frame["value"].tolist() == [2, 3, 5]
    # Orders in the window without a customer: 1 of 4, of 7, of 16.
    assert frame["missing_share"].tolist() == pytest.approx([1 / 4, 1 / 7, 1 / 16])
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx(
        (stats.chi2.ppf(0.025, 4) / 2, stats.chi2.ppf(0.975, 6) / 2)
    )


def test_who_has_no_order_in_the_window_is_not_there() -> None:
    # In the 30 days before 1 February d and e; before 1 March c; before 29 March (the newest order) a and b.
    assert figures("rfm_customers", FIVE, window_days=30)["value"].tolist() == [2, 1, 2]


def test_scores_are_of_the_whole_company_in_every_slice() -> None:
    frame = figures("rfm_customers", FIVE, by=["segment", "recency"], start="2025-03-01")
    assert frame.query("segment == 'x' and value > 0")["recency"].tolist() == ["4", "5"]


def test_all_time_is_as_of_its_end() -> None:
    assert only("rfm_customers", FIVE).value == 5
    assert only("rfm_customers", FIVE, end="2025-02-01").value == 2
    stretch = {"start": "2025-03-01", "end": "2025-04-01", "window_days": 60}
    assert only("rfm_customers", FIVE, **stretch).value == 3  # from 29 January: a, b, c


def test_revenue_of_known_amounts_and_its_missing_share() -> None:
    rows = {"orders": [order(1, "a", "2025-01-10", 100), order(2, "a", "2025-01-11", None)]}
    found = only("rfm_revenue", rows)
    assert (found.value, found.n, found.missing_share) == (100, 1, 0.5)
    rows["orders"].append(order(3, "b", "2025-01-11", 1) | {"currency": "USD"})
    assert only("rfm_revenue", rows).note == "mixed_currencies"


def test_orders_of_nobody_known_are_a_segment_of_no_figure() -> None:
    frame = figures("rfm_customers", FIVE, by=["rfm_segment"], start="2025-03-01")
    unknown = frame[frame["rfm_segment"].isna()].iloc[0]
    assert (math.isnan(unknown["value"]), unknown["n"], unknown["note"]) == (True, 0, "none_usable")


def test_days_since_the_last_order() -> None:
    # End of January: d bought on 21 January, e on the 5th: 11 and 27 days before 1 February.
    found = figures("days_since_last_order", FIVE).iloc[0]
    assert (found["value"], found["n"]) == (19, 2)
    assert (found["lower"], found["upper"]) == pytest.approx(
        stats.t.interval(0.95, 1, loc=19, scale=stats.sem([11, 27]))
    )


def test_moments_at_the_ends_of_the_calendar_do_no_harm() -> None:
    rows = {
        "orders": [
            order(1, "a", "0001-01-01", 1),
            order(2, "b", "2025-01-10", 1),
            order(3, "c", "9999-12-31T23:59:59", 1),
        ]
    }
    bounds = {"start": "2025-01-01", "end": "2025-03-01"}
    assert figures("rfm_customers", rows, **bounds)["value"].tolist() == [1, 1]
    assert figures("rfm_customers", rows, "day", **bounds, window_days=10)["value"].sum() == 10


def score(values: "pd.Series[Any]") -> "pd.Series[int]":
    return ((values.rank(method="min") - 1) * 5 // len(values) + 1).astype(int)


@settings(max_examples=10, deadline=None)
@given(histories, st.sampled_from(GRAINS_OF_PERIODS), st.integers(5, 200), st.integers(0, 400))
def test_states_are_what_pandas_counts(sales: list[Sale], grain: Any, window_days: int, start: int) -> None:
    rows = company_of(sales)
    bought = pd.DataFrame(
        {"who": who, "at": at, "revenue": day + 1} for (who, at), (_, day) in zip(moments(sales), sales, strict=True)
    )
    newest = bought["at"].max()
    tables, ids = canonical(rows), [metric.id for metric in METRICS]
    parameters = {name: {"window_days": window_days} for name in ids}
    by = ["recency", "frequency", "monetary"]
    options: Any = {"grain": grain, "by": by, "parameters": parameters, "end": date(2025, 6, 1)}
    results = compute(METRICS, tables, **options)

    frame = results["rfm_customers"].frame
    frame = frame[frame["n"] > 0].merge(results["rfm_revenue"].frame, on=["period", *by], suffixes=("", "_revenue"))
    found = {
        (row.period, row.recency, row.frequency, row.monetary): (row.value, row.value_revenue)
        for row in frame.itertuples()
    }
    expected: dict[Any, tuple[float, float]] = {}
    for day in results["rfm_customers"].frame["period"].unique():
        end = datetime.combine(period_of(day.date(), grain).end, time())
        if day > newest:
            continue
        seen = bought[(bought["at"] < end) & (bought["at"] >= min(end, newest) - timedelta(days=window_days))]
        if seen.empty:
            continue
        states = seen.groupby("who").agg(last=("at", "max"), orders=("at", "count"), revenue=("revenue", "sum"))
        cells = [states["revenue"], *(score(states[name]).astype(str) for name in ("last", "orders", "revenue"))]
        for revenue, *grades in zip(*cells, strict=True):
            count, total = expected.get((day, *grades), (0, 0))
            expected[day, *grades] = (count + 1, total + revenue)
    assert found == expected

    first = date(2024, 1, 1) + timedelta(days=start)
    cut = compute(METRICS, tables, start=first, **options)
    for name in ids:
        whole, part = results[name].frame, cut[name].frame
        part = part[part["n"] > 0].reset_index(drop=True)
        whole = whole[(whole["period"] >= cut[name].frame["period"].min()) & (whole["n"] > 0)].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, whole)


def test_every_cell_of_scores_has_a_segment() -> None:
    # 125 customers, one of every triple of scores that can be had by rank alone.
    people = [(r, f, m) for r in range(5) for f in range(5) for m in range(5)]
    rows = {
        "orders": [
            order(number, f"{r}{f}{m}", f"2025-01-{10 + r}T00:00:{n:02d}", 1000 * m if n == 0 else 0)
            for number, (r, f, m, n) in enumerate((r, f, m, n) for r, f, m in people for n in range(f + 1))
        ]
    }
    counts = by_member("rfm_customers", rows, "rfm_segment", "2025-01-01")
    assert sum(counts.values()) == 125
    assert set(counts) == set(SEGMENTS)
    assert len(SEGMENTS) == 11
    assert find_metric("rfm_customers").passport.parameters == {"window_days": 365}
