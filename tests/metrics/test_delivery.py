"""On-time deliveries, counted by hand."""

import pytest
from scipy import stats

from .conftest import figures, only


def delivery(
    number: int, promised: str | None, delivered: str | None, status: str | None = "delivered", **more: object
) -> dict:
    return {"delivery_id": f"d{number}", "promised_at": promised, "delivered_at": delivered, "status": status, **more}


DELIVERIES = {
    "deliveries": [
        delivery(1, "2025-01-10", "2025-01-10", carrier="post"),  # to the moment: on time
        delivery(2, "2025-01-10", "2025-01-10T00:00:00.000001", carrier="post"),  # a microsecond late
        delivery(3, "2025-01-31", "2025-02-02"),  # late, belongs to January
        delivery(4, "2025-02-05", "2025-02-04", None),  # status unknown, arrived: on time
        delivery(5, "2025-02-05", None, "failed"),  # never comes: late
        delivery(6, "2025-02-06", None, "shipped"),  # overdue when the newest one came: late
        delivery(7, "2025-03-09", "2025-03-01"),  # the newest arrival
        delivery(8, "2025-03-09", None, "shipped"),  # not due yet
        delivery(9, "2025-01-10", "2025-01-09", "cancelled"),  # does not count
        delivery(10, None, "2025-01-09"),  # was promised nothing: missing
        delivery(11, "2025-01-12", None, "delivered"),  # came, nobody knows when: missing
        delivery(12, None, None, "planned"),  # of no period
    ]
}


def test_on_time_delivery_by_month() -> None:
    frame = figures("on_time_delivery", DELIVERIES)
    assert frame["value"].tolist() == pytest.approx([1 / 3, 1 / 3, 1])
    assert frame["n"].tolist() == [3, 3, 1]
    assert frame["missing_share"].tolist() == pytest.approx([2 / 5, 0, 0])
    expected = stats.binomtest(1, 3).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((expected.low, expected.high))


def test_on_time_delivery_by_carrier() -> None:
    frame = figures("on_time_delivery", DELIVERIES, "year", by=["carrier"])
    assert dict(zip(frame["carrier"], frame["value"], strict=True)) == {"post": 0.5, None: pytest.approx(2 / 5)}


def test_where_nothing_ever_arrived_the_load_says_what_is_overdue() -> None:
    # Loaded on 1 January 2026.
    rows = {"deliveries": [delivery(1, "2025-12-31", None, "shipped"), delivery(2, "2026-01-02", None, "shipped")]}
    found = only("on_time_delivery", rows)
    assert (found.value, found.n) == (0, 1)


ARRIVED = {
    "orders": [
        {"order_id": "o1", "ordered_at": "2025-01-01"},
        {"order_id": "o2", "ordered_at": "2025-01-04T12:00:00"},
        {"order_id": "o3", "ordered_at": "2025-01-30"},
    ],
    "deliveries": [
        delivery(1, "2025-01-10", "2025-01-09", in_full=True, intact=True, order_id="o1", carrier="post"),  # perfect
        delivery(2, "2025-01-10", "2025-01-11", in_full=True, intact=True, order_id="o1"),  # late
        delivery(3, "2025-01-10", "2025-01-09", in_full=False, intact=True, order_id="o2", carrier="post"),
        delivery(4, "2025-01-10", "2025-01-09", in_full=True, intact=False, order_id="o3"),  # before the order
        delivery(5, "2025-01-10", "2025-01-12", in_full=None, intact=True),  # of no order
        delivery(6, "2025-01-10", None, "failed"),
        delivery(7, None, "2025-01-09", in_full=True, intact=None),
        delivery(8, "2025-01-10", "2025-01-09", "cancelled", in_full=False, intact=False),
        delivery(9, "2025-01-10", None, "delivered", in_full=True, intact=True),  # nobody knows when
    ],
}


def test_deliveries_in_full_and_undamaged() -> None:
    # Arrived: 1, 2, 3, 4, 5, 7, 9.
    full, intact = only("in_full_delivery", ARRIVED), only("intact_delivery", ARRIVED)
    assert (full.value, full.n, full.missing_share) == (pytest.approx(5 / 6), 6, pytest.approx(1 / 7))
    assert (intact.value, intact.n, intact.missing_share) == (pytest.approx(5 / 6), 6, pytest.approx(1 / 7))
    frame = figures("in_full_delivery", ARRIVED, "year", by=["carrier"])
    assert dict(zip(frame["carrier"], frame["value"], strict=True)) == {"post": 0.5, None: 1}


def test_perfect_deliveries() -> None:
    # Perfect: 1, of 1, 2, 3, 4 and the failed 6; 5, 7 and 9 cannot be told.
    found = only("perfect_delivery", ARRIVED)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(1 / 5), 5, pytest.approx(3 / 8))
    expected = stats.binomtest(1, 5).proportion_ci(0.95, method="wilson")
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))


def test_median_days_from_order_to_arrival() -> None:
    # 8, 10 and 4.5 days; 4 came before its order, 5 and 7 have none, of 9 nobody knows when.
    found = only("delivery_time_median", ARRIVED)
    assert (found.value, found.n, found.missing_share) == (8, 3, pytest.approx(4 / 7))
    assert figures("delivery_time_median", ARRIVED, "year", by=["carrier"])["value"].tolist() == [6.25, 10]
