"""Plans from a past that is known: what can be found, and with how many customers."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from scipy import stats

from septima.metrics.compute import request_of
from septima.metrics.experiment_assignment import Eligible
from septima.metrics.experiment_design import ExperimentError
from septima.metrics.experiment_plan import Plan, plan
from septima.metrics.period import DEFAULT_CALENDAR

from .conftest import Rows, canonical

END = datetime.fromisoformat("2026-06-30")
QUANTILES = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)


def planned(rows: Rows, **options: Any) -> Plan:
    return plan(request_of(canonical(rows), DEFAULT_CALENDAR, None), **options)


@pytest.fixture(scope="module")
def company() -> tuple[dict[str, list[dict[str, Any]]], np.ndarray]:
    """300 customers with as many orders in each of the last ten weeks as drawn, and the numbers [customer, week]."""
    random = np.random.default_rng(3)
    weekly = random.poisson(random.gamma(2, 0.2, (300, 1)), (300, 10))
    names = [f"c{number}" for number in range(300)]
    orders = [
        {"order_id": f"{name}-{week}-{number}", "customer_id": name, "revenue": 5, "ordered_at": END - timedelta(days=7 * week + 1 + number / 100)}
        for name, counts in zip(names, weekly, strict=True)
        for week, times in enumerate(counts)
        for number in range(times)
    ]  # fmt: skip
    orders.append({"order_id": "newest", "customer_id": None, "revenue": 5, "ordered_at": END})
    orders.append({"order_id": "oldest", "customer_id": None, "revenue": 5, "ordered_at": END - timedelta(days=70)})
    customers = [
        {"customer_id": name, "created_at": END - timedelta(days=200), "segment": "mass" if number < 100 else "premium"}
        for number, name in enumerate(names)
    ]
    return {"orders": orders, "customers": customers}, weekly


def test_a_plan_is_the_variance_of_the_last_days_after_cuped(company: Any) -> None:
    rows, weekly = company
    found = planned(rows, days=(14,), before_days=28, control_share=0.1, outcomes=("orders", "revenue"), effect=0.2)
    y, x = weekly[:, :2].sum(axis=1), weekly[:, 2:6].sum(axis=1)
    left = y.var(ddof=1) * (1 - np.corrcoef(x, y)[0, 1] ** 2)
    orders, revenue = found.lines
    assert (orders.customers, orders.days) == (300, 14)
    assert (orders.mean, orders.deviation) == pytest.approx((y.mean(), y.std(ddof=1)))
    assert orders.variance_reduction == pytest.approx(1 - left / y.var(ddof=1))
    detectable = QUANTILES * np.sqrt(left / 300 / (0.1 * 0.9))
    assert orders.detectable == pytest.approx(detectable)
    assert orders.relative == pytest.approx(detectable / y.mean())
    assert orders.customers_needed == int(np.ceil(QUANTILES**2 * left / (0.2 * y.mean()) ** 2 / 0.09))
    assert (revenue.mean, revenue.relative) == pytest.approx((5 * y.mean(), orders.relative))


def test_customers_needed_are_those_with_whom_the_effect_is_found(company: Any) -> None:
    rows, _ = company
    line = planned(rows, days=(14,), before_days=28, outcomes=("orders",)).lines[0]
    assert line.customers_needed is None
    wanted = planned(rows, days=(14,), before_days=28, outcomes=("orders",), effect=line.relative).lines[0]
    assert wanted.customers_needed == pytest.approx(300, abs=1)


def test_the_shortest_days_that_find_the_effect(company: Any) -> None:
    rows, _ = company
    lines = planned(rows, days=(7, 14, 28), before_days=28, outcomes=("orders",), control_share=0.5).lines
    relative = [line.relative for line in lines]
    assert relative == sorted(relative, reverse=True)
    between = (relative[0] + relative[1]) / 2
    wanted = planned(rows, days=(28, 7, 14), before_days=28, outcomes=("orders",), control_share=0.5, effect=between)
    assert wanted.days_needed == {"orders": 14}
    too_small = planned(rows, days=(7, 14), before_days=28, outcomes=("orders",), effect=0.001)
    assert too_small.days_needed == {"orders": None}
    assert "too small" in too_small.statements[0].en


def test_a_larger_control_finds_less(company: Any) -> None:
    rows, _ = company
    shares = planned(rows, days=(28,), before_days=28, outcomes=("orders",)).shares
    assert [line.control_share for line in shares] == [0.05, 0.1, 0.2, 0.5]
    # The detectable effect is in proportion to 1/√(c(1 − c)).
    by_share = {line.control_share: line.relative or 0 for line in shares}
    assert by_share[0.05] / by_share[0.5] == pytest.approx(np.sqrt(0.25 / (0.05 * 0.95)))


def test_several_arms_need_more(company: Any) -> None:
    rows, weekly = company
    line = planned(rows, days=(14,), before_days=0, outcomes=("orders",), control_share=0.2, arms=2).lines[0]
    y = weekly[:, :2].sum(axis=1)
    # Control 60, each arm 120; two-sided at 2.5 %.
    spread = np.sqrt(y.var(ddof=1) * (1 / 60 + 1 / 120))
    assert line.detectable == pytest.approx((stats.norm.ppf(0.9875) + stats.norm.ppf(0.8)) * spread)


def test_only_those_eligible_and_known_by_then_are_planned_with(company: Any) -> None:
    rows, _ = company
    found = planned(rows, days=(14,), before_days=28, outcomes=("orders",), eligible=Eligible(("mass",)))
    assert found.customers == 100
    late = {"customer_id": "late", "created_at": END - timedelta(days=13)}
    unknown = {"customer_id": "unknown"}
    wider = {**rows, "customers": [*rows["customers"], late, unknown]}
    assert planned(wider, days=(14,), before_days=28, outcomes=("orders",)).customers == 301


def test_days_that_the_data_do_not_hold(company: Any) -> None:
    rows, _ = company
    assert {line.days for line in planned(rows, days=(7, 14, 56), before_days=28).lines} == {7, 14}
    with pytest.raises(ExperimentError, match="span 70 days"):
        planned(rows, days=(91,))


def test_nothing_to_plan_with(company: Any) -> None:
    rows, _ = company
    with pytest.raises(ExperimentError, match="no orders"):
        planned({"customers": rows["customers"]})
    with pytest.raises(ExperimentError, match="no customer is eligible"):
        planned({"orders": rows["orders"]}, days=(14,), before_days=28)
    silent = planned(rows, days=(14,), before_days=28, outcomes=("visits",))
    assert (silent.lines[0].detectable, silent.lines[0].relative) == (None, None)
    assert "nothing is recorded" in silent.statements[0].en


@pytest.mark.parametrize(
    "options", [{"effect": 0.0}, {"effect": 50.0}, {"control_share": 1.0}, {"power": 0}, {"arms": 0}]
)
def test_questions_that_cannot_be(company: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ExperimentError):
        planned(company[0], **options)
