"""Retention of customers and revenue by cohort and age, by hand and against a count in pandas."""

import math
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from septima.metrics import Calendar, compute, find_metric

from .base_histories import GRAINS_OF_PERIODS, Sale, company_of, histories, orders
from .conftest import canonical, company, figures, only

# January: a and b; February: c. a bought again in February (twice) and April, b in April, c in March.
SALES = {
    "orders": [
        {"order_id": str(number), "customer_id": who, "ordered_at": at, "revenue": revenue, "currency": "EUR"}
        for number, (who, at, revenue) in enumerate(
            [
                ("a", "2025-01-10", 100),
                ("a", "2025-02-03", 10),
                ("a", "2025-02-04", 20),
                ("a", "2025-04-01", 40),
                ("b", "2025-01-31", 300),
                ("b", "2025-04-30", 60),
                ("c", "2025-02-28", 50),
                ("c", "2025-03-01", None),
                (None, "2025-03-01", 7),
            ]
        )
    ],
    "customers": [{"customer_id": "a", "segment": "x"}, {"customer_id": "c", "segment": "x"}],
}


def triangle(id_: str, rows: Any, grain: Any = "month", **options: Any) -> dict[tuple[str, str], Any]:
    """Figures by cohort and age, those of cells that are there."""
    frame = figures(id_, rows, grain, by=["cohort", "age"], **options)
    return {(row.cohort, row.age): row for row in frame[frame["n"] > 0].itertuples()}


def test_retention_triangle_by_hand() -> None:
    found = triangle("retention_rate", SALES)
    values = {key: (row.value, row.n) for key, row in found.items()}
    assert values == {
        ("2025-01", "1"): (0.5, 2),
        ("2025-01", "2"): (0, 2),
        ("2025-01", "3"): (1, 2),
        ("2025-02", "1"): (1, 1),
        ("2025-02", "2"): (0, 1),
    }
    expected = stats.binomtest(1, 2).proportion_ci(0.95, method="wilson")
    row = found["2025-01", "1"]
    assert (row.lower, row.upper) == pytest.approx((expected.low, expected.high))
    assert row.period == pd.Timestamp("2025-02-01")


def test_retention_by_month_is_of_all_who_came_before() -> None:
    # February: a of {a, b}. March: c of {a, b, c}, one order of two of nobody known. April: a, b of three.
    frame = figures("retention_rate", SALES)
    assert frame["period"].dt.month.tolist() == [2, 3, 4]
    assert frame["value"].tolist() == pytest.approx([1 / 2, 1 / 3, 2 / 3])
    assert frame["missing_share"].tolist() == pytest.approx([0, 1 / 2, 0])


def test_retention_of_all_time_is_by_months() -> None:
    # Five times a customer was at risk at age 1 and above (2 + 3 + 3 = 8), and bought in four of them.
    assert (only("retention_rate", SALES).value, only("retention_rate", SALES).n) == (0.5, 8)
    assert {key: row.n for key, row in triangle("retention_rate", SALES, "all").items()}["2025-01", "3"] == 2


def test_retention_by_segment() -> None:
    frame = figures("retention_rate", SALES, by=["segment"])
    assert frame.loc[frame["segment"] == "x", "value"].tolist() == pytest.approx([1, 1 / 2, 1 / 2])


def test_a_cohort_is_followed_to_the_greatest_age_only() -> None:
    assert set(triangle("retention_rate", SALES, ages=1)) == {("2025-01", "1"), ("2025-02", "1")}


def test_cohorts_of_other_grains() -> None:
    sales = orders(("a", "2025-01-01"), ("a", "2025-01-08"), ("b", "2025-04-01"))
    assert ("2024-12-30", "1") in triangle("retention_rate", sales, "week")
    assert set(triangle("retention_rate", sales, "quarter")) == {("2025-01", "1")}


def test_cohorts_of_a_company_in_another_zone_and_fiscal_year() -> None:
    # In Moscow a bought on 1 April, the first day of the fiscal year, and again in the next one.
    sales = canonical(orders(("a", "2025-03-31T22:00:00"), ("a", "2026-03-31T22:00:00")))
    calendar = Calendar("Europe/Moscow", 4)
    metric = find_metric("retention_rate")
    frame = compute([metric], sales, grain="year", by=["cohort", "age"], calendar=calendar)[metric.id].frame
    assert frame[["period", "cohort", "age", "value"]].values.tolist() == [
        [pd.Timestamp("2026-04-01"), "2025-04", "1", 1]
    ]


def test_revenue_retention_by_hand() -> None:
    found = triangle("revenue_retention", SALES)
    assert {key: row.value for key, row in found.items()} == {
        ("2025-01", "1"): pytest.approx(30 / 400),
        ("2025-01", "2"): 0,
        ("2025-01", "3"): pytest.approx(100 / 400),
        ("2025-02", "1"): 0,
        ("2025-02", "2"): 0,
    }
    assert found["2025-02", "1"].missing_share == 1  # bought, nobody knows for how much
    # The delta method over a and b: 40 of 100 and 60 of 300.
    base, later = np.array([100, 300]), np.array([40, 60])
    half = stats.norm.ppf(0.975) * math.sqrt(((later - 0.25 * base) ** 2).sum() * 2) / 400
    row = found["2025-01", "3"]
    assert (row.lower, row.upper) == pytest.approx((0.25 - half, 0.25 + half))
    assert figures("revenue_retention", SALES)["value"].tolist() == pytest.approx([30 / 400, 0, 100 / 450])


def test_revenue_retention_of_two_currencies_says_so() -> None:
    rows = {"orders": [row | {"currency": "EUR" if row["customer_id"] == "a" else "USD"} for row in SALES["orders"]]}
    assert figures("revenue_retention", rows)["note"].tolist() == ["mixed_currencies"] * 3


def test_moments_at_the_ends_of_the_calendar_do_no_harm() -> None:
    rows = orders(("a", "0001-01-01"), ("b", "2025-01-10"), ("b", "2025-02-10"), ("c", "9999-12-31T23:59:59"))
    found = figures("retention_rate", rows, start="2025-02-01", end="2025-03-01")
    assert (found["value"].tolist(), found["n"].tolist()) == ([1], [1])
    assert only("retention_rate", rows, "day", start="2025-02-10", end="2025-02-11", ages=40).value == 1


@settings(max_examples=10, deadline=None)
@given(histories, st.sampled_from(GRAINS_OF_PERIODS), st.sampled_from([36, 2]), st.integers(0, 400))
def test_retention_is_what_pandas_counts(sales: list[Sale], grain: Any, ages: int, start: int) -> None:
    rows = company_of(sales)
    found = {key: (row.value, row.n) for key, row in triangle("retention_rate", rows, grain, ages=ages).items()}
    assert found == expected_triangle(rows, grain, ages)

    tables, metric = canonical(rows), find_metric("retention_rate")
    options: Any = {"grain": grain, "by": ["cohort", "age"], "parameters": {metric.id: {"ages": ages}}}
    first = date(2024, 1, 1) + pd.Timedelta(days=start)
    cut = compute([metric], tables, start=first, end=date(2026, 1, 1), **options)[metric.id].frame
    whole = compute([metric], tables, end=date(2026, 1, 1), **options)[metric.id].frame
    later = whole[(whole["period"] >= cut["period"].min()) & (whole["n"] > 0)]
    columns = ["period", "cohort", "age", "value", "n", "lower", "upper"]
    pd.testing.assert_frame_equal(
        cut.loc[cut["n"] > 0, columns].reset_index(drop=True), later[columns].reset_index(drop=True)
    )


def test_retention_of_a_company_with_holes_is_what_pandas_counts() -> None:
    rows = company(seed=7) | {"merges": []}
    found = {key: (row.value, row.n) for key, row in triangle("retention_rate", rows).items()}
    assert found == expected_triangle(rows, "month", 36)


def expected_triangle(rows: Any, grain: Any, ages: int) -> dict[tuple[str, str], tuple[float, int]]:
    """Share and number of customers by cohort and age, by a pivot of months."""
    table = pd.DataFrame(rows["orders"])
    table["at"] = pd.to_datetime(table["ordered_at"])
    newest = table["at"].max()
    if "status" in table:
        table = table[~table["status"].isin(["cancelled", "returned"])]
    table = table[table["customer_id"].notna()]
    unit = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}[grain]
    table["period"] = table["at"].dt.to_period(unit)
    cohorts = table.groupby("customer_id")["period"].min()
    bought = set(zip(table["customer_id"], table["period"], strict=True))
    counted: dict[tuple[str, str], tuple[float, int]] = {}
    for cohort, members in cohorts.groupby(cohorts):
        for age in range(1, ages + 1):
            if cohort + age > newest.to_period(unit):
                break
            came = sum((who, cohort + age) in bought for who in members.index)
            text = cohort.start_time.strftime("%Y-%m-%d" if grain == "week" else "%Y-%m")
            counted[text, str(age)] = (pytest.approx(came / len(members)), len(members))
    return counted
