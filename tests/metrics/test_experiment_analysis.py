"""Effects of an experiment against tea-tasting on the customers themselves, months by hand, and refusals."""

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from scipy import stats

from septima.metrics.compute import request_of
from septima.metrics.experiment_analysis import Analysis, Effect, analyse
from septima.metrics.experiment_outcomes import Window
from septima.metrics.period import DEFAULT_CALENDAR

from .conftest import Rows, canonical
from .test_experiment_check import sized
from .test_experiment_outcomes import START, order


def analysed(
    rows: Rows, days: int = 10, before_days: int = 20, currency: str | None = None, **options: Any
) -> Analysis:
    request = request_of(canonical(rows), DEFAULT_CALENDAR, currency)
    return analyse(request, "x", window=Window(days, before_days), **options)


def effect(found: Analysis, outcome: str, arm: str = "letter") -> Effect:
    return next(one for one in found.effects if (one.outcome, one.arm) == (outcome, arm))


@pytest.fixture(scope="module")
def company() -> tuple[dict[str, list[dict[str, Any]]], pd.DataFrame]:
    """Two arms and a control, with what each customer bought before and after, as rows and as a frame."""
    random = np.random.default_rng(11)
    arm = np.repeat(["control", "letter", "call"], [40, 160, 200])
    frame = pd.DataFrame({"variant": arm, "x": random.poisson(1.5, 400)})
    frame["y"] = random.poisson(0.3 + 0.4 * frame["x"] + np.where(arm == "letter", 0.5, 0))
    names = [f"c{number}" for number in range(400)]
    rows: dict[str, list[dict[str, Any]]] = {
        "assignments": [
            {"experiment_id": "x", "customer_id": name, "arm": own, "assigned_at": START}
            for name, own in zip(names, arm, strict=True)
        ],
        "orders": [
            order(name, sign * (1 + number / 10), 10.0)
            for name, before, after in zip(names, frame["x"], frame["y"], strict=True)
            for sign, times in ((-1, before), (1, after))
            for number in range(times)
        ],
    }
    return rows, frame


@pytest.mark.parametrize("arm", ["letter", "call"])
@pytest.mark.parametrize(("outcome", "scale"), [("orders", 1), ("revenue", 10)])
def test_effects_are_those_of_tea_tasting(company: Any, arm: str, outcome: str, scale: float) -> None:
    rows, frame = company
    test = tt.Mean("y", "x", equal_var=False).analyze(frame, "control", arm, variant="variant")
    found = effect(analysed(rows, months=False), outcome, arm)
    assert found.difference.value == pytest.approx(scale * test.effect_size)
    assert found.difference.lower == pytest.approx(scale * test.effect_size_ci_lower)
    assert found.difference.upper == pytest.approx(scale * test.effect_size_ci_upper)
    assert found.p_value == pytest.approx(test.pvalue)
    assert found.relative.value == pytest.approx(test.rel_effect_size)
    assert found.total.value == pytest.approx(scale * test.effect_size * (frame["variant"] == arm).sum())
    plain = tt.Mean("y", equal_var=False).analyze(frame, "control", arm, variant="variant")
    without = effect(analysed(rows, before_days=0, months=False), outcome, arm)
    assert without.difference.lower == pytest.approx(scale * plain.effect_size_ci_lower)
    assert without.variance_reduction == 0
    assert found.anytime.lower is not None
    assert found.difference.lower is not None
    assert found.anytime.lower < found.difference.lower


def test_several_arms_are_corrected_within_an_outcome(company: Any) -> None:
    rows, _ = company
    found = analysed(rows, months=False)
    p_values = {arm: effect(found, "orders", arm).p_value for arm in ("call", "letter")}
    # By Holm the smaller of two is doubled, the larger stays, but for never falling below it.
    smaller, larger = sorted(p_values, key=lambda arm: p_values[arm] or 0)
    assert effect(found, "orders", smaller).p_adjusted == pytest.approx(2 * (p_values[smaller] or 0))
    assert effect(found, "orders", larger).p_adjusted == pytest.approx(max(p_values[larger] or 0, 2 * (p_values[smaller] or 0)))  # fmt: skip
    assert "Holm" in found.correction.en
    by_share = analysed(rows, months=False, correction="benjamini_hochberg")
    assert "Benjamini" in by_share.correction.en


def test_no_figure_where_the_assignment_is_broken(company: Any) -> None:
    rows, _ = company
    found = analysed(rows, shares={"control": 0.5, "letter": 0.25, "call": 0.25})
    assert (found.effects, found.months) == ((), ())
    assert not found.check.sound


def test_no_figure_of_a_single_arm() -> None:
    found = analysed({"assignments": sized(letter=5), "orders": [order("letter0", 1, 5)]})
    assert found.effects == ()
    assert [one.key for one in found.findings if one.level == "broken"] == ["single_arm"]


def test_refunds_leave_the_difference_and_no_relative_effect() -> None:
    rows = {
        "assignments": sized(control=4, letter=4),
        "orders": [
            *(order(f"control{number}", 1, -5 - number) for number in range(4)),
            *(order(f"letter{number}", 1, 5 + number) for number in range(4)),
        ],
    }
    found = effect(analysed(rows), "revenue")
    assert found.difference.value == pytest.approx(13)
    assert found.relative.value is None
    assert found.statement is not None
    assert "no relative effect" in found.statement.en


def test_arms_without_variation_have_no_interval() -> None:
    found = effect(
        analysed({"assignments": sized(control=3, letter=3), "orders": [order("letter0", 99, 1)]}), "revenue"
    )
    assert (found.difference.value, found.difference.lower, found.p_value) == (0, None, None)
    assert found.statement is not None


def test_money_of_several_currencies_gives_no_figure() -> None:
    orders = [
        order(f"{arm}{number}", 1, 5 + number, currency=currency)
        for arm, currency in (("control", "EUR"), ("letter", "USD"))
        for number in range(3)
    ]
    rows = {"assignments": sized(control=3, letter=3), "orders": orders}
    found = effect(analysed(rows), "revenue")
    assert (found.difference.value, found.control_mean) == (None, None)
    assert found.statement is not None
    assert effect(analysed(rows), "orders").difference.value == 0
    converted = effect(analysed(rows, currency="EUR"), "revenue")
    assert converted.missing_share == pytest.approx(0.5)


def test_a_window_that_is_not_over_is_told(company: Any) -> None:
    rows, _ = company
    found = {one.key: one for one in analysed(rows, days=300, months=False).findings}
    assert (found["unfinished"].count, found["unfinished"].of) == (400, 400)


def test_incremental_revenue_by_month_and_its_growth() -> None:
    # Two months of full customers; March begins after the assignment, so its customers are those of February.
    bought = {
        "control0": (2, 1), "control1": (4, 5), "control2": (6, 3),
        "letter0": (6, 9), "letter1": (8, 7), "letter2": (4, 9), "letter3": (6, 3),
    }  # fmt: skip
    start = datetime.fromisoformat("2026-02-01")
    rows = {
        "assignments": [
            {"experiment_id": "x", "customer_id": name, "arm": name[:-1], "assigned_at": start} for name in bought
        ],
        "orders": [
            {"order_id": f"{name}{month}", "customer_id": name, "ordered_at": start + timedelta(days=30 * month + 3), "revenue": amount}
            for name, amounts in bought.items()
            for month, amount in enumerate(amounts)
        ],
    }  # fmt: skip
    february, march = analysed(rows).months
    control = np.array([bought[f"control{number}"] for number in range(3)], float)
    letter = np.array([bought[f"letter{number}"] for number in range(4)], float)
    for month, found in enumerate((february, march)):
        test = stats.ttest_ind(letter[:, month], control[:, month], equal_var=False)
        interval = test.confidence_interval(0.95)
        assert found.total == pytest.approx(4 * (letter[:, month].mean() - control[:, month].mean()))
        assert (found.lower, found.upper) == pytest.approx((4 * interval.low, 4 * interval.high))
        assert (found.control_customers, found.treated_customers) == (3, 4)
    assert (february.month, march.month) == (date(2026, 2, 1), date(2026, 3, 1))
    assert (february.complete, march.complete) == (True, False)
    assert february.growth is None
    # With the same customers in both months growth is the effect on each one's own change.
    change = stats.ttest_ind(np.diff(letter)[:, 0], np.diff(control)[:, 0], equal_var=False).confidence_interval(0.95)
    assert march.growth == pytest.approx(4 * (np.diff(letter).mean() - np.diff(control).mean()))
    assert (march.growth_lower, march.growth_upper) == pytest.approx((4 * change.low, 4 * change.high))


def test_months_count_those_who_came_by_then() -> None:
    rows = {
        "assignments": [
            *sized(control=2, letter=2),
            *({**row, "customer_id": f"late-{row['customer_id']}", "assigned_at": START + timedelta(days=40)} for row in sized(control=3, letter=4)),
        ],
        "orders": [order("letter0", 5, 10), order("late-letter0", 41, 20), order("letter1", 70, None)],
    }  # fmt: skip
    march, april, may = analysed(rows).months
    assert [(one.control_customers, one.treated_customers) for one in (march, april, may)] == [(2, 2), (5, 6), (5, 6)]
    assert (march.total, april.total) == (10, 20)
    assert [one.missing_share for one in (march, april, may)] == [0, 0, 1]
