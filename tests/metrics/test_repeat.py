"""Repeat rate, days between orders and lifespan, counted by hand."""

import math
from datetime import datetime
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from .base_histories import GRAINS_OF_PERIODS, Sale, company_of, histories, moments, orders
from .conftest import figures, only


def wilson(successes: int, n: int) -> tuple[float, float]:
    interval = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    return interval.low, interval.high


REPEAT = orders(
    ("a", "2025-01-10"),
    ("a", "2025-01-20"),  # twice in January: repeat at once
    ("b", "2025-01-15"),
    ("b", "2025-02-15"),  # again in February
    ("c", "2025-02-20"),  # new in February
    (None, "2025-02-21"),  # nobody knows whose
)


def test_repeat_rate_by_month() -> None:
    # January: a of {a, b}; February: b of {b, c}, one order of three without a customer.
    frame = figures("repeat_rate", REPEAT)
    assert frame["value"].tolist() == [0.5, 0.5]
    assert frame["n"].tolist() == [2, 2]
    assert frame["missing_share"].tolist() == pytest.approx([0, 1 / 3])
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx(wilson(1, 2))


def test_repeat_rate_knows_what_was_before_the_start() -> None:
    frame = figures("repeat_rate", REPEAT, start="2025-02-01")
    assert frame["value"].tolist() == [0.5]
    assert only("repeat_rate", REPEAT, start="2025-02-01", end="2025-02-21").value == 0.5


def test_repeat_rate_does_not_see_past_the_end() -> None:
    assert only("repeat_rate", REPEAT, end="2025-02-01").value == 0.5
    assert only("repeat_rate", REPEAT, end="2025-01-16").value == 0


def test_repeat_rate_of_the_whole_time() -> None:
    # a and b of a, b, c.
    assert only("repeat_rate", REPEAT).value == pytest.approx(2 / 3)


def test_cancelled_orders_make_no_repeat_buyer() -> None:
    assert (
        only(
            "repeat_rate",
            orders(("a", "2025-01-10"), ("a", "2025-01-20"), status="cancelled") | {},
            "all",
            start="2025-01-01",
            end="2025-02-01",
        ).note
        == "no_data"
    )


GAPS = orders(
    ("a", "2025-01-01"),
    ("a", "2025-01-11"),  # 10 days
    ("a", "2025-02-20T12:00:00"),  # 40.5 days
    ("b", "2025-01-15"),
    ("b", "2025-02-14"),  # 30 days
    ("c", "2025-02-28"),
    (None, "2025-02-28"),
)


def test_days_between_orders_by_month_of_the_later_one() -> None:
    frame = figures("days_between_orders", GAPS)
    assert frame["value"].tolist() == [10, pytest.approx((40.5 + 30) / 2)]
    assert frame["n"].tolist() == [1, 2]
    assert frame["missing_share"].tolist() == pytest.approx([0, 1 / 4])
    expected = stats.t.interval(0.95, 1, loc=35.25, scale=stats.sem([40.5, 30]))
    assert (frame["lower"][1], frame["upper"][1]) == pytest.approx(expected)


def test_days_since_an_order_before_the_start_are_known() -> None:
    assert only("days_between_orders", GAPS, start="2025-02-01").value == pytest.approx(35.25)


def test_days_between_orders_within_a_channel() -> None:
    rows = {
        "orders": [
            {"order_id": "1", "customer_id": "a", "ordered_at": "2025-01-01", "channel": "web"},
            {"order_id": "2", "customer_id": "a", "ordered_at": "2025-01-05", "channel": "store"},
            {"order_id": "3", "customer_id": "a", "ordered_at": "2025-01-11", "channel": "web"},
        ]
    }
    assert only("days_between_orders", rows).value == 5
    frame = figures("days_between_orders", rows, by=["channel"])
    assert frame["value"].tolist() == pytest.approx([math.nan, 10], nan_ok=True)


@settings(max_examples=10, deadline=None)
@given(histories, st.sampled_from(GRAINS_OF_PERIODS), st.integers(0, 400))
def test_days_between_orders_of_a_stretch(sales: list[Sale], grain: Any, start: int) -> None:
    bought = moments(sales)
    first = moments([("", start)])[0][1].date()
    begins = figures("days_between_orders", company_of(sales), grain, start=first.isoformat(), end="2026-01-01")
    found: dict[datetime, list[float]] = {}
    for who in "abcde":
        for before, after in pairwise(sorted(at for customer, at in bought if customer == who)):
            period = max((day for day in begins["period"] if day <= after), default=None)
            found.setdefault(period, []).append((after - before).days)
    expected = [mean(found[day]) if day in found else math.nan for day in begins["period"]]
    assert begins["value"].tolist() == pytest.approx(expected, nan_ok=True)


def test_lifespan_of_those_who_lapsed_in_the_month() -> None:
    # Within 30 days: a lapses on 10 February (ten days of life so far) and on 22 March (50.5); b on 16 March (30).
    rows = orders(*((row["customer_id"], row["ordered_at"]) for row in GAPS["orders"]), ("d", "2025-04-01"))
    frame = figures("customer_lifespan", rows, active_days=30)
    assert frame["value"].tolist() == pytest.approx([math.nan, 10, (50.5 + 30 + 0) / 3, math.nan], nan_ok=True)
    assert frame["n"].tolist() == [0, 1, 3, 0]
    assert only("customer_lifespan", rows, start="2025-03-01", active_days=30).value == pytest.approx(80.5 / 3)
