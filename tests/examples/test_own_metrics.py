"""The example of own metrics, over a company of a few rows counted by hand."""

from datetime import date

import pytest

from septima.metrics import compute
from septima.metrics.custom import own_metrics

from ..metrics.conftest import canonical
from .loading import EXAMPLES

METRICS = own_metrics([("own_metrics.yaml", (EXAMPLES / "own_metrics.yaml").read_text(encoding="utf-8"))])


def order(number: int, at: str, customer: str, revenue: float, cost: float, status: str = "completed") -> dict:
    return {
        "order_id": str(number),
        "ordered_at": at,
        "customer_id": customer,
        "revenue": revenue,
        "cost": cost,
        "status": status,
        "currency": "EUR",
    }


ROWS = {
    "orders": [
        order(1, "2026-01-03", "ann", 300, 100),  # a Saturday
        order(2, "2026-01-05", "ann", 100, 50),
        order(3, "2026-02-01", "bob", 250, 150),  # a Sunday
        order(4, "2026-02-02", "cid", 400, 100, "cancelled"),
    ],
    "deliveries": [
        {"delivery_id": "1", "promised_at": "2026-01-04", "delivered_at": "2026-01-07"},
        {"delivery_id": "2", "promised_at": "2026-01-06", "delivered_at": "2026-01-05"},
        {"delivery_id": "3", "promised_at": "2026-02-06", "delivered_at": None},
    ],
    "complaints": [
        {"complaint_id": "1", "opened_at": "2026-01-08 08:00", "responded_at": "2026-01-08 10:00"},
        {"complaint_id": "2", "opened_at": "2026-01-08 08:00", "responded_at": "2026-01-09 18:00"},
        {"complaint_id": "3", "opened_at": "2026-01-08 08:00", "responded_at": None},
    ],
    "touches": [
        {"touch_id": "1", "kind": "clicked", "at": "2026-01-01", "customer_id": "ann"},
        {"touch_id": "2", "kind": "clicked", "at": "2026-01-20", "customer_id": "bob"},
        {"touch_id": "3", "kind": "opened", "at": "2026-01-20", "customer_id": "bob"},
    ],
}


def test_every_metric_of_the_example() -> None:
    options = {"grain": "month", "start": date(2026, 1, 1), "end": date(2026, 3, 1)}
    results = compute(list(METRICS.values()), canonical(ROWS), **options)
    values = {id_: result.frame["value"].tolist() for id_, result in results.items()}
    expected = {
        "big_orders": [1, 2],
        "buying_customers": [1, 2],
        "weekend_gain": [200, 100],
        "days_late": [1.5, float("nan")],
        "median_answer": [18, float("nan")],
        "fast_answers": [0.5, float("nan")],
        "cost_share": [150 / 400, 250 / 650],
        "complaints_per_1000_deliveries": [1500, 0],
        "orders_after_clicks": [0.5, float("nan")],
        "revenue_per_buyer": [400, 125],
    }
    assert set(values) == set(expected)
    for id_, wanted in expected.items():
        assert values[id_] == pytest.approx(wanted, nan_ok=True), id_
