"""Win rate and funnel velocity, counted by hand."""

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
