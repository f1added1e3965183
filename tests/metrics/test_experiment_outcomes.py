"""Sums by arm, counted by hand on a handful of customers."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from septima.metrics import MetricError
from septima.metrics.compute import request_of
from septima.metrics.experiment_outcomes import ArmSums, Window, arm_sums, assigned_customers
from septima.metrics.period import DEFAULT_CALENDAR

from .conftest import Rows, canonical

START = datetime.fromisoformat("2026-03-10T12:00:00")


def assigned(**arms: str) -> list[dict[str, Any]]:
    """Customers by name, each in the arm given."""
    return [{"experiment_id": "x", "customer_id": name, "arm": arm, "assigned_at": START} for name, arm in arms.items()]


def order(customer: str | None, days: float, revenue: float | None, **more: Any) -> dict[str, Any]:
    return {
        "order_id": f"{customer}{days}",
        "customer_id": customer,
        "ordered_at": START + timedelta(days=days),
        "revenue": revenue,
        **more,
    }


def touch(customer: str, days: float, kind: str = "visit", **more: Any) -> dict[str, Any]:
    return {
        "touch_id": f"{customer}{days}{kind}",
        "customer_id": customer,
        "at": START + timedelta(days=days),
        "kind": kind,
        **more,
    }


def sums(rows: Rows, days: int = 10, before_days: int = 20, currency: str | None = None) -> ArmSums:
    request = request_of(canonical(rows), DEFAULT_CALENDAR, currency)
    return arm_sums(request, assigned_customers(request, "x"), Window(days, before_days))


ROWS: dict[str, list[dict[str, Any]]] = {
    "assignments": [
        *assigned(anna="control", boris="control", clara="letter", dina="letter", egor="letter"),
        {"experiment_id": "y", "customer_id": "anna", "arm": "letter", "assigned_at": START},
    ],
    "orders": [
        order("anna", -20, 5),  # the first moment of the days before
        order("anna", -20.01, 1_000),
        order("anna", 0, 10),  # at the very moment: after
        order("anna", 9.99, 30),
        order("anna", 10, 1_000),
        order("clara", -1, 7),
        order("clara", 2, 11),
        order("clara", 3, 500, status="returned"),
        order("dina", 1, None),
        order("dina", 2, 3),
        order("stranger", 1, 900),
        order(None, 1, 900),
    ],
    "touches": [
        touch("boris", 1),
        touch("boris", 2, "store_visit"),
        touch("boris", 2.5, "clicked"),
        touch("boris", -3),
        touch("egor", 11),
    ],
}


def test_sums_by_hand() -> None:
    found = sums(ROWS)
    assert found.arms == ("control", "letter")
    revenue = found.moments("revenue", "control")
    assert [float(part) for part in (revenue.n, revenue.y, revenue.yy)] == [2, 40, 1_600]
    assert [float(part) for part in (revenue.x, revenue.xx, revenue.xy)] == [5, 25, 200]
    orders = found.moments("orders", "control")
    assert [float(part) for part in (orders.y, orders.yy, orders.x, orders.xy)] == [2, 4, 1, 2]
    buyers = found.moments("buyers", "letter")
    assert [float(part) for part in (buyers.n, buyers.y, buyers.yy, buyers.x)] == [3, 2, 2, 1]
    visits = found.moments("visits", "control")
    assert [float(part) for part in (visits.n, visits.y, visits.yy, visits.x, visits.xy)] == [2, 2, 4, 1, 2]
    assert float(found.moments("visitors", "control").y) == 1
    assert float(found.moments("visitors", "letter").y) == 0


def test_a_customer_with_an_unknown_amount_is_left_out_of_revenue_alone() -> None:
    found = sums(ROWS)
    assert found.frame["unusable"].tolist() == [0, 1]
    revenue = found.moments("revenue", "letter")
    assert (float(revenue.n), float(revenue.y)) == (2, 11)
    assert (float(found.moments("orders", "letter").n), float(found.moments("orders", "letter").y)) == (3, 3)


def test_no_days_before_are_no_covariate() -> None:
    revenue = sums(ROWS, before_days=0).moments("revenue", "control")
    assert (float(revenue.y), float(revenue.x), float(revenue.xy)) == (40, 0, 0)


def test_windows_that_the_data_do_not_reach_the_end_of() -> None:
    late = {"experiment_id": "x", "customer_id": "late", "arm": "letter", "assigned_at": START + timedelta(days=1)}
    found = sums({**ROWS, "assignments": [*ROWS["assignments"], late]})
    # The newest order is of day 10: windows of those assigned at the start are over, that of the late one is not.
    assert found.frame["unfinished"].tolist() == [0, 1]
    assert found.known_until == START + timedelta(days=10)


def test_refunds_above_purchases_are_summed_as_they_are() -> None:
    rows = {"assignments": assigned(anna="control"), "orders": [order("anna", 1, 10), order("anna", 2, -25)]}
    revenue = sums(rows).moments("revenue", "control")
    assert (float(revenue.y), float(revenue.yy)) == (-15, 225)


def test_money_that_does_not_add_up_is_told() -> None:
    rows = {
        "assignments": assigned(anna="control", boris="letter"),
        "orders": [order("anna", 1, 10, currency="EUR"), order("boris", 1, 10, currency="USD")],
    }
    assert sums(rows).mixed_currencies
    assert not sums({**rows, "orders": rows["orders"][:1]}).mixed_currencies
    converted = sums(rows, currency="EUR")  # without a rate the dollars have no amount
    assert converted.mixed_currencies
    assert converted.frame["unusable"].tolist() == [0, 1]


def test_nobody_assigned_and_nothing_bought() -> None:
    assert sums({"orders": ROWS["orders"]}).arms == ()
    bare = sums({"assignments": assigned(anna="control", boris="letter")})
    assert bare.known_until is None
    assert bare.frame["unfinished"].tolist() == [1, 1]
    assert float(bare.moments("revenue", "letter").y) == 0


@pytest.mark.parametrize(("days", "before"), [(0, 0), (-1, 0), (4_000, 0), (10, -1), (10, 4_000)])
def test_windows_that_cannot_be(days: int, before: int) -> None:
    with pytest.raises(MetricError, match="days"):
        Window(days, before)
