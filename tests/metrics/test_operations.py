"""The cycle of an order, its defects, cancellations and returns, counted by hand."""

import pytest
from scipy import stats

from .conftest import figures, only


def order(number: int, at: str, status: str | None = "completed", **more: object) -> dict:
    return {"order_id": f"o{number}", "ordered_at": at, "status": status, **more}


def delivery(number: int, order_number: int | None, delivered: str | None, **more: object) -> dict:
    of = None if order_number is None else f"o{order_number}"
    return {"delivery_id": f"d{number}", "order_id": of, "delivered_at": delivered, **more}


ORDERS = [
    order(1, "2025-01-01", channel="web"),
    order(2, "2025-01-10", channel="web"),
    order(3, "2025-01-20", "returned", channel="store"),
    order(4, "2025-02-01", "cancelled", channel="store"),
    order(5, "2025-02-02", None),
    order(6, "2025-02-03", "shipped"),
]


def test_order_cycle_runs_to_the_last_arrival() -> None:
    deliveries = [
        delivery(1, 1, "2025-01-03"),
        delivery(2, 1, "2025-01-05T12:00:00"),  # 4.5 days
        delivery(3, 2, "2025-01-12"),  # 2 days
        delivery(4, 3, "2025-01-22"),
        delivery(5, 3, None),  # still waited for
        delivery(6, 5, "2025-02-01"),  # before the order: missing
        delivery(7, 6, "2025-06-01"),  # more than 90 days: missing
        delivery(8, 2, None, status="cancelled"),
        delivery(9, None, "2025-01-12"),
    ]
    rows = {"orders": ORDERS, "deliveries": deliveries}
    frame = figures("order_cycle_time_median", rows)
    assert frame["value"].tolist() == pytest.approx([3.25, float("nan")], nan_ok=True)
    assert frame["n"].tolist() == [2, 0]
    assert frame["missing_share"].tolist() == [0, 1]
    assert only("order_cycle_time_median", rows, days=3).value == 2


DEFECTS = {
    "orders": ORDERS,
    "complaints": [
        {"complaint_id": "1", "order_id": "o1", "opened_at": "2025-01-05"},
        {"complaint_id": "2", "order_id": "o1", "opened_at": "2025-01-06"},  # the same order
        {"complaint_id": "3", "order_id": "o2", "opened_at": "2025-09-05"},  # too late to be about it
        {"complaint_id": "4", "order_id": "o4", "opened_at": "2025-02-05"},  # of a cancelled order
        {"complaint_id": "5", "order_id": None, "opened_at": "2025-02-05", "channel": "web"},  # of no known order
    ],
    "deliveries": [
        delivery(1, 1, "2025-01-03", intact=False),
        delivery(2, 3, None, status="failed"),
        delivery(3, 5, "2025-02-05", in_full=False, intact=True),
        delivery(4, 6, "2025-02-05", in_full=True, intact=True),
        delivery(5, None, "2025-02-05", intact=False),
    ],
}


def test_orders_with_a_defect() -> None:
    # January: 1 and 3 of three; February: 5 of two, and a complaint of no order.
    frame = figures("defect_share", DEFECTS)
    assert frame["value"].tolist() == pytest.approx([2 / 3, 1 / 2])
    assert frame["n"].tolist() == [3, 2]
    assert frame["missing_share"].tolist() == pytest.approx([0, 1 / 3])
    expected = stats.binomtest(2, 3).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((expected.low, expected.high))


def test_orders_with_a_defect_by_channel_and_manner() -> None:
    frame = figures("defect_share", DEFECTS, "year", by=["channel", "online"])
    assert dict(zip(frame["channel"], frame["value"], strict=True)) == {"store": 1, "web": 0.5, None: 0.5}
    assert dict(zip(frame["channel"], frame["missing_share"], strict=True)) == {
        "store": 0,
        "web": pytest.approx(1 / 3),
        None: 0,
    }


def test_cancelled_and_returned_orders() -> None:
    cancelled, returned = (
        only("order_cancellation_rate", {"orders": ORDERS}),
        only("order_return_rate", {"orders": ORDERS}),
    )
    assert (cancelled.value, cancelled.n, cancelled.missing_share) == (pytest.approx(1 / 5), 5, pytest.approx(1 / 6))
    # Returned: 3 of 1, 2, 3; 5 cannot be told, 6 is on its way.
    assert (returned.value, returned.n, returned.missing_share) == (pytest.approx(1 / 3), 3, pytest.approx(1 / 4))
