"""Correlation of errors by random groups of customers: over tables made here, with a known truth."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from septima.metrics import catalogue, parse_period
from septima.scorecard.definition import KpiDefinition
from septima.scorecard.shared_customers import GROUPS, SharedCustomers, SharedCustomersError, shared_customers

from .test_build import Tables, tables_of

CUSTOMERS = 4000
Q3 = parse_period("2026-Q3")
DAY = datetime(2026, 8, 1)  # noqa: DTZ001 - the tables hold naive UTC


@pytest.fixture(scope="module")
def tables() -> Tables:
    """Every customer orders once; the revenue of some is high, and who pays much is content too: both figures share that."""
    random = np.random.default_rng(8)
    rich = random.random(CUSTOMERS) < 0.5
    revenue = np.where(rich, 900, 100) + random.integers(0, 50, CUSTOMERS)
    score = np.where(rich, 10, 1)
    orders: list[dict[str, Any]] = [
        {
            "order_id": f"o{n}",
            "customer_id": f"c{n}",
            "ordered_at": DAY + timedelta(minutes=n),
            "status": "completed",
            "revenue": Decimal(int(revenue[n])),
            "currency": "EUR",
        }
        for n in range(CUSTOMERS)
    ]
    answers: list[dict[str, Any]] = [
        {
            "answer_id": f"a{n}",
            "response_id": f"a{n}",
            "customer_id": f"c{n}",
            "instrument": "nps",
            "question": "recommend",
            "score": float(score[n]),
            "at": DAY,
        }
        for n in range(CUSTOMERS)
    ]
    deliveries: list[dict[str, Any]] = [
        {
            "delivery_id": f"d{n}",
            "customer_id": f"c{n}",
            "order_id": f"o{n}",
            "promised_at": DAY + timedelta(days=3),
            "delivered_at": DAY + timedelta(days=2 if late else 4),
            "status": "delivered",
        }
        for n, late in enumerate(random.random(CUSTOMERS) < 0.5)
    ]
    customers = [{"customer_id": f"c{n}", "created_at": DAY} for n in range(CUSTOMERS)]
    return tables_of({"orders": orders, "answers": answers, "deliveries": deliveries, "customers": customers})


def found(tables: Tables, kpis: Sequence[KpiDefinition]) -> SharedCustomers:
    return shared_customers(kpis, catalogue(), tables, Q3, {})


def test_the_same_metric_twice_correlates_wholly(tables: Tables) -> None:
    shown = found(tables, [KpiDefinition("nps", "nps"), KpiDefinition("again", "nps")])
    assert shown.correlation.ids == ("nps", "again")
    assert shown.correlation.matrix == pytest.approx(np.ones((2, 2)))
    assert shown.groups == GROUPS


def test_figures_of_the_same_customers_correlate_and_others_do_not(tables: Tables) -> None:
    ids = ("nps", "average_order_value", "on_time_delivery")
    shown = found(tables, [KpiDefinition(name, name) for name in ids])
    order = [shown.correlation.ids.index(name) for name in ids]
    matrix = shown.correlation.matrix[np.ix_(order, order)]
    # Both are, within a group, all but the same share of the rich; deliveries are late by chance.
    assert matrix[0, 1] > 0.9
    assert abs(matrix[0, 2]) < 0.3
    assert abs(matrix[1, 2]) < 0.3
    assert shown.pairs[0][:2] == ("nps", "average_order_value")
    assert np.linalg.eigvalsh(matrix).min() > 0


def test_what_rests_on_no_customers_is_taken_as_independent(tables: Tables) -> None:
    kpis = [
        KpiDefinition("nps", "nps"),
        KpiDefinition("again", "nps"),
        KpiDefinition("staff_turnover", "staff_turnover"),
    ]
    assert found(tables, kpis).apart == ("staff_turnover",)


def test_the_correlation_is_that_of_groups_counted_by_hand(tables: Tables) -> None:
    import hashlib

    shown = found(tables, [KpiDefinition("nps", "nps"), KpiDefinition("average_order_value", "average_order_value")])
    answers = {row["customer_id"]: row["score"] for row in tables("answers").to_pyarrow().to_pylist()}
    orders = {row["customer_id"]: float(row["revenue"]) for row in tables("orders").to_pyarrow().to_pylist()}
    groups: dict[str, list[str]] = {}
    for customer in answers:
        digest = hashlib.new("md5", f"shared-customers:{customer}".encode(), usedforsecurity=False).hexdigest()
        groups.setdefault(digest[0] + str(int(digest[1], 16) // 2), []).append(customer)
    loyal = [np.mean([1 if answers[one] >= 8 else -1 for one in members]) for members in groups.values()]
    spent = [np.mean([orders[one] for one in members]) for members in groups.values()]
    ((_, _, seen, _),) = shown.pairs
    assert seen == pytest.approx(np.corrcoef(loyal, spent)[0, 1])


def test_without_customers_there_is_nothing_to_be_measured() -> None:
    with pytest.raises(SharedCustomersError, match="load customers"):
        found(tables_of({}), [KpiDefinition("nps", "nps"), KpiDefinition("again", "nps")])
