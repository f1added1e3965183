"""Purchase frequency and revenue per customer, counted by hand."""

import math

import pytest
from scipy import stats

from .conftest import figures, only


def order(number: int, customer: str | None, at: str, revenue: object = 10, **more: object) -> dict[str, object]:
    return {"order_id": f"o{number}", "customer_id": customer, "ordered_at": at, "revenue": revenue, **more}


ORDERS = {
    "orders": [
        order(1, "a", "2025-01-01", 10, channel="web"),
        order(2, "a", "2025-01-31", 30, channel="store"),
        order(3, "b", "2025-01-05", 12, channel="web"),
        order(4, "c", "2025-01-06", 20, channel="web"),
        order(5, "c", "2025-01-07", None, channel="web"),
        order(6, "c", "2025-01-08", 500, channel="web", status="returned"),
        order(7, None, "2025-01-09", 80, channel="web"),
        order(8, "a", "2025-02-01", 7, channel="web"),
    ],
    "customers": [{"customer_id": "a", "region": "north"}, {"customer_id": "b", "region": "south"}],
}


def test_purchase_frequency_by_month() -> None:
    # January: a 2, b 1, c 2 orders, and one of nobody.
    frame = figures("purchase_frequency", ORDERS)
    assert frame["value"].tolist() == pytest.approx([5 / 3, 1])
    assert frame["n"].tolist() == [3, 1]
    assert frame["missing_share"].tolist() == pytest.approx([1 / 6, 0])
    expected = stats.ttest_1samp([2, 1, 2], 0).confidence_interval(0.95)
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((expected.low, expected.high))
    assert only("purchase_frequency", ORDERS).value == 2  # 6 orders of 3 buyers in all time


def test_revenue_per_customer_by_month() -> None:
    # January: a 40, b 12; what c brought is unknown: three of six orders could be used.
    frame = figures("revenue_per_customer", ORDERS)
    assert frame["value"].tolist() == [26, 7]
    assert frame["n"].tolist() == [2, 1]
    assert frame["missing_share"].tolist() == pytest.approx([1 / 2, 0])
    expected = stats.ttest_1samp([40, 12], 0).confidence_interval(0.95)
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((expected.low, expected.high))


def test_a_buyer_counts_in_each_channel() -> None:
    frame = figures("revenue_per_customer", ORDERS, "year", by=["channel"])
    assert dict(zip(frame["channel"], frame["value"], strict=True)) == {"store": 30, "web": (17 + 12) / 2}
    frame = figures("purchase_frequency", ORDERS, "year", by=["region"])
    assert dict(zip(frame["region"], frame["value"], strict=True)) == {"north": 3, "south": 1, None: 2}


def test_one_customer_of_two_currencies_is_noted() -> None:
    rows = [order(1, "a", "2025-01-01", 1, currency="EUR"), order(2, "a", "2025-01-02", 1, currency="USD")]
    assert only("revenue_per_customer", {"orders": rows}).note == "mixed_currencies"
    assert only("purchase_frequency", {"orders": rows}).note == "too_few"


def test_no_known_buyers() -> None:
    found = only("purchase_frequency", {"orders": [order(1, None, "2025-01-01")]})
    assert math.isnan(found.value)
    assert (found.n, found.missing_share, found.note) == (0, 1, "none_usable")
