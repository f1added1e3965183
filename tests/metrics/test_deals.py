"""Deals opened, won and open, counted by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from .conftest import figures, only


def deal(
    number: int, outcome: str | None, opened: str | None, closed: str | None, amount: object = None, **more: object
) -> dict:
    return {
        "deal_id": f"d{number}",
        "outcome": outcome,
        "opened_at": opened,
        "closed_at": closed,
        "amount": amount,
        **more,
    }


DEALS = {
    "deals": [
        deal(1, "won", "2025-01-01", "2025-01-11", 100, employee_id="e1"),  # 10 days
        deal(2, "won", "2025-01-01", "2025-01-31T12:00:00", 300),  # 30.5 days
        deal(3, "lost", "2025-01-02", "2025-01-20", 500, employee_id="e1"),
        deal(4, "won", "2025-01-20", "2025-01-10", 900),  # closed before it was opened: won, of unknown cycle
        deal(5, "won", "2025-01-05", None, 50),  # nobody knows when: missing, placed by its opening
        deal(6, None, "2025-01-05", "2025-01-09", 50),  # nobody knows how: missing
        deal(7, "open", "2025-01-05", None, 50),  # still on
        deal(8, "lost", "2025-01-05", "2025-02-01", 50),
        deal(9, "won", "2025-01-05", "2025-01-09", None),  # of unknown amount
    ]
}


def test_deal_win_rate_by_month_of_closing() -> None:
    # January: 1, 2, 4, 9 won, 3 lost; 5 and 6 missing. February: 8 lost.
    frame = figures("deal_win_rate", DEALS)
    assert frame["value"].tolist() == [0.8, 0]
    assert frame["n"].tolist() == [5, 1]
    assert frame["missing_share"].tolist() == pytest.approx([2 / 7, 0])
    expected = stats.binomtest(4, 5).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((expected.low, expected.high))


def test_win_rate_by_employee() -> None:
    frame = figures("deal_win_rate", DEALS, "year", by=["employee_id"])
    assert frame["value"].tolist() == pytest.approx([0.5, 3 / 4])


def test_funnel_velocity_by_hand() -> None:
    # Deals 1 and 2: 400 of money, a mean cycle of 20.25 days; 4, 5 and 9 are missing.
    found = only("funnel_velocity", DEALS)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(400 / 20.25), 2, pytest.approx(3 / 5))
    # A resampling view of the delta method: each deal moves n·A/C by its own part.
    amount, cycle = np.array([100, 300]), np.array([10, 30.5])
    parts = 2 / 40.5 * amount - 400 * 2 / 40.5**2 * cycle + 400 / 40.5
    half = stats.norm.ppf(0.975) * math.sqrt((parts**2).sum())
    assert (found.lower, found.upper) == pytest.approx((400 / 20.25 - half, 400 / 20.25 + half))


def test_funnel_velocity_of_one_deal_has_no_interval() -> None:
    found = only("funnel_velocity", {"deals": DEALS["deals"][:1]})
    assert found.value == 10
    assert math.isnan(found.lower)
    assert math.isnan(found.upper)


def test_a_cycle_of_no_time_is_undefined() -> None:
    found = only("funnel_velocity", {"deals": [deal(1, "won", "2025-01-01", "2025-01-01", 5)]})
    assert math.isnan(found.value)


def test_median_deal_cycle() -> None:
    # 9 has no amount but a cycle: 4, 10 and 30.5 days; 4 and 5 are missing.
    found = only("deal_cycle_median", DEALS)
    assert (found.value, found.n, found.missing_share) == (10, 3, pytest.approx(2 / 5))
    frame = figures("deal_cycle_median", DEALS, "year", by=["employee_id"])
    assert frame["value"].tolist() == [10, (4 + 30.5) / 2]


def test_average_deal_amount() -> None:
    # Deals 1, 2 and 4: 100, 300, 900; 5 has no moment of closing, 9 no amount.
    found = only("average_deal_amount", DEALS)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(1300 / 3), 3, pytest.approx(2 / 5))
    expected = stats.ttest_1samp([100, 300, 900], 0).confidence_interval(0.95)
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))


def test_deals_opened_by_month() -> None:
    rows = {"deals": [*DEALS["deals"], deal(10, "won", None, "2025-02-03"), deal(11, "open", "2025-03-31", None)]}
    frame = figures("deals_opened", rows)
    assert frame["value"].tolist() == [9, 0, 1]
    assert frame["missing_share"].tolist() == pytest.approx([0, 1, 0])
    expected = stats.chi2.ppf([0.025, 0.975], [18, 20]) / 2
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx(tuple(expected))


PIPELINE = {
    "deals": [
        deal(1, "won", "2025-01-05", "2025-02-10", 100, currency="EUR", channel="web"),
        deal(2, "open", "2025-01-20", None, 30, currency="EUR", channel="web"),
        deal(3, None, "2025-02-20", None, 40, currency="EUR", channel="store"),
        deal(4, "lost", "2025-02-21", "2025-02-25", 500, currency="EUR"),  # came and went within February
        deal(5, "open", "2025-03-01", None, None),  # of unknown amount
        deal(6, "won", "2025-03-02", None, 900),  # ended, nobody knows when
        deal(7, "lost", None, "2025-01-09", 900),  # nobody knows since when
        deal(8, "lost", "2025-01-09", "2025-01-08", 900),  # closed before it was opened: never open
    ]
}


def test_pipeline_at_the_end_of_each_month() -> None:
    frame = figures("pipeline_amount", PIPELINE)
    assert frame["value"].tolist() == [130, 70, 70]
    assert frame["n"].tolist() == [2, 2, 2]
    assert frame["missing_share"].tolist() == pytest.approx([1 / 3, 0, 1 - 2 / 4])
    half = stats.norm.ppf(0.975) * math.sqrt(30**2 + 40**2)
    assert (frame["lower"][1], frame["upper"][1]) == pytest.approx((max(70 - half, 0), 70 + half))
    assert figures("pipeline_amount", PIPELINE, start="2025-02-01", end="2025-03-01")["value"].tolist() == [70]


def test_pipeline_by_slices() -> None:
    frame = figures("pipeline_amount", PIPELINE, by=["channel"], start="2025-03-01", end="2025-04-01")
    assert dict(zip(frame["channel"], frame["value"], strict=True)) == pytest.approx(
        {"store": 40, "web": 30, None: math.nan}, nan_ok=True
    )


def test_pipeline_of_two_currencies_is_noted_while_both_are_open() -> None:
    rows = [
        deal(1, "open", "2025-01-05", None, 10, currency="EUR"),
        deal(2, "won", "2025-02-05", "2025-03-05", 10, currency="USD"),
        deal(3, "open", "2025-02-05", None, 10),
    ]
    assert figures("pipeline_amount", {"deals": rows})["note"].tolist() == ["too_few", "mixed_currencies", "too_few"]
    by_currency = figures("pipeline_amount", {"deals": rows}, by=["currency"], start="2025-02-01", end="2025-03-01")
    assert by_currency["value"].tolist() == [10, 10, 10]
    assert by_currency["note"].tolist() == ["too_few", "too_few", "too_few"]
