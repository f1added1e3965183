"""Repeat rate, active customers and churn, counted by hand and against a plain reading of the definition."""

import math
from datetime import datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from septima.metrics import period_of

from .conftest import figures, only


def orders(*sales: tuple[str | None, str], **more: object) -> dict[str, list[dict[str, object]]]:
    return {
        "orders": [
            {"order_id": str(number), "customer_id": customer, "ordered_at": at, **more}
            for number, (customer, at) in enumerate(sales)
        ]
    }


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


ACTIVITY = orders(
    ("a", "2025-01-10"),
    ("b", "2025-01-25"),
    ("b", "2025-02-20"),  # 26 days later: went on
    ("a", "2025-03-20"),  # 69 days later: lapsed on 9 February, came back
    ("c", "2025-04-30"),
)


def test_active_customers_by_month_within_thirty_days() -> None:
    # Ends of months: a, b / b (until 22 March) / a (until 19 April) / c.
    frame = figures("active_customers", ACTIVITY, active_days=30)
    assert frame["value"].tolist() == [2, 1, 1, 1]
    lower, upper = stats.chi2.ppf(0.025, 4) / 2, stats.chi2.ppf(0.975, 6) / 2
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((lower, upper))


def test_churn_by_month_within_thirty_days() -> None:
    # January: nobody was there before. February: a of {a, b}. March: b of {b}. April: a of {a}.
    frame = figures("churn_rate", ACTIVITY, active_days=30)
    assert frame["value"].tolist() == pytest.approx([math.nan, 0.5, 1, 1], nan_ok=True)
    assert frame["n"].tolist() == [0, 2, 1, 1]
    assert frame["note"].tolist() == ["nobody_active_before", "too_few", "too_few", "too_few"]
    assert (frame["lower"][1], frame["upper"][1]) == pytest.approx(wilson(1, 2))


def test_who_lapses_and_returns_within_a_period_has_not_left() -> None:
    sales = orders(("a", "2024-12-20"), ("a", "2025-03-10"), ("b", "2024-12-20"), ("x", "2025-03-31"))
    frame = figures("churn_rate", sales, "quarter", start="2025-01-01", active_days=30)
    assert frame["value"].tolist() == [0.5]


def test_base_of_a_stretch_of_days() -> None:
    # From February on: a and b are there at the start; a came back, b left, c is new.
    bounds = {"start": "2025-02-01", "active_days": 30}
    assert only("churn_rate", ACTIVITY, **bounds).value == 1
    assert only("churn_rate", ACTIVITY, **bounds, end="2025-04-01").value == 0.5
    assert only("active_customers", ACTIVITY, **bounds, end="2025-04-01").value == 1


def test_a_lapse_that_the_data_do_not_reach_has_not_happened() -> None:
    # The newest order is of 10 March: on it, a (11 February) is still within 30 days.
    sales = orders(("a", "2025-02-11"), ("b", "2025-03-10"))
    assert figures("active_customers", sales, active_days=30)["value"].tolist() == [1, 2]


def test_activity_within_a_channel() -> None:
    sales = {
        "orders": [
            {"order_id": "1", "customer_id": "a", "ordered_at": "2025-01-10", "channel": "web"},
            {"order_id": "2", "customer_id": "a", "ordered_at": "2025-02-25", "channel": "store"},
        ]
    }
    frame = figures("active_customers", sales, by=["channel"], active_days=30)
    assert frame["channel"].tolist() == ["store", "store", "web", "web"]
    assert frame["value"].tolist() == [0, 1, 1, 0]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 400)), min_size=1, max_size=40),
    st.integers(1, 120),
    st.sampled_from(["week", "month", "quarter", "year"]),
)
def test_base_is_what_its_definition_says(sales: list[tuple[str, int]], active_days: int, grain: str) -> None:
    """Every customer looked at on the eve of every period's end, as the passport puts it."""
    first = datetime.fromisoformat("2024-01-01T12:00:00")
    bought = [(customer, first + timedelta(days=day)) for customer, day in sales]
    newest = max(at for _, at in bought)
    rows = orders(*((customer, at.isoformat()) for customer, at in bought))

    def active(moment: datetime) -> set[str]:
        # On the period's end an order of exactly `active_days` ago still counts; once the data end, so does time.
        window = timedelta(days=active_days)
        at = min(moment, newest + timedelta(microseconds=1))
        return {who for who, when in bought if when < at and at - when <= window}

    base = figures("active_customers", rows, grain, active_days=active_days)
    churn = figures("churn_rate", rows, grain, active_days=active_days)
    for index, start in enumerate(pd.to_datetime(base["period"])):
        period = period_of(start.date(), grain)  # type: ignore[arg-type]
        before = active(datetime.combine(period.start, datetime.min.time()))
        after = active(datetime.combine(period.end, datetime.min.time()))
        assert base["value"][index] == len(after)
        assert churn["n"][index] == len(before)
        if before:
            assert churn["value"][index] == pytest.approx(len(before - after) / len(before))
