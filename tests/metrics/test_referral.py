"""Referral, counted by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from .conftest import figures, only

CUSTOMERS = [
    {"customer_id": "a"},
    {"customer_id": "b", "referrer_id": "a"},
    {"customer_id": "c", "referrer_id": "a", "segment": "x"},
    {"customer_id": "d", "referrer_id": "d"},  # recommended to themselves
    {"customer_id": "e", "referrer_id": ""},
]
SALES = [
    ("a", "2025-01-05", 100),
    ("b", "2025-01-20", 50),
    ("b", "2025-02-20", 50),
    ("c", "2025-02-01", 20),
    ("d", "2025-02-02", 30),
    ("e", "2025-02-03", 10),
    ("z", "2025-02-04", 5),  # no record of the customer
    (None, "2025-02-05", 5),
    ("c", "2025-02-06", None),
]
ROWS = {
    "customers": CUSTOMERS,
    "orders": [
        {"order_id": str(number), "customer_id": who, "ordered_at": at, "revenue": revenue, "currency": "EUR"}
        for number, (who, at, revenue) in enumerate(SALES)
    ],
}


def test_share_of_newcomers_who_were_referred() -> None:
    # January: b of {a, b}. February: c of {c, d, e}, and z of whom there is no record.
    frame = figures("referred_share", ROWS)
    assert frame["value"].tolist() == pytest.approx([1 / 2, 1 / 3])
    assert frame["n"].tolist() == [2, 3]
    assert frame["missing_share"].tolist() == pytest.approx([0, 1 / 4])
    expected = stats.binomtest(1, 3).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][1], frame["upper"][1]) == pytest.approx((expected.low, expected.high))
    assert only("referred_share", ROWS, start="2025-02-01").value == pytest.approx(1 / 3)
    assert figures("referred_share", ROWS, by=["segment"], start="2025-02-01")["value"].tolist() == [1, 0]


def test_share_of_revenue_from_referred_customers() -> None:
    # February: b 50 and c 20 of 110; z, nobody and an unknown amount are missing.
    found = figures("referral_revenue_share", ROWS).iloc[1]
    assert found["value"] == pytest.approx(70 / 110)
    assert (found["n"], found["missing_share"]) == (4, pytest.approx(3 / 7))
    whole, part = np.array([50, 20, 30, 10]), np.array([50, 20, 0, 0])
    half = stats.norm.ppf(0.975) * math.sqrt(((part - 70 / 110 * whole) ** 2).sum() * 4 / 3) / 110
    assert (found["lower"], found["upper"]) == pytest.approx((70 / 110 - half, 70 / 110 + half))


def test_revenue_in_two_currencies_says_so() -> None:
    rows = ROWS | {
        "orders": [row | {"currency": "USD" if row["customer_id"] == "b" else "EUR"} for row in ROWS["orders"]]
    }
    assert only("referral_revenue_share", rows).note == "mixed_currencies"
    frame = figures("referral_revenue_share", rows, "year", by=["currency"])
    assert frame["value"].tolist() == pytest.approx([20 / 160, 1])


def test_referred_newcomers_per_active_customer() -> None:
    # February: c, over a and b who were active on 1 February. Nobody was on 1 January.
    frame = figures("referral_coefficient", ROWS)
    assert frame["value"].tolist() == pytest.approx([math.nan, 1 / 2], nan_ok=True)
    assert frame["note"].tolist() == ["nobody_active_before", "too_few"]
    lower, upper = stats.chi2.ppf(0.025, 2) / 2, stats.chi2.ppf(0.975, 4) / 2
    assert (frame["lower"][1], frame["upper"][1]) == pytest.approx((lower / 2, upper / 2))
    assert only("referral_coefficient", ROWS, "month", start="2025-02-01").value == 1 / 2
    assert (
        only("referral_coefficient", ROWS, "month", start="2025-02-01", active_days=10).note == "nobody_active_before"
    )
