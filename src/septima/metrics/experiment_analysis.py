"""What an experiment brought: per customer, in all, month by month; with intervals that hold, or no figure and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np

from septima.metrics.definition import NOTES, Request, Tables
from septima.metrics.estimated import NOTHING, Estimated, estimated, known
from septima.metrics.experiment_check import Check, Finding, amount, check
from septima.metrics.experiment_design import CONTROL
from septima.metrics.experiment_months import MonthEffect, month_effects
from septima.metrics.experiment_outcomes import OUTCOMES, ArmSums, Window, arm_sums, assigned_customers
from septima.models import incrementality
from septima.models.incrementality import EXPECTED_CUSTOMERS, Comparison
from septima.schema import Text

Correction = Literal["holm", "benjamini_hochberg"]

CORRECTIONS: Mapping[Correction, Text] = {
    "holm": Text(
        "Of several arms, the p-values of one outcome are raised by Holm (1979): the chance of any false finding among "
        "them stays at 5 %.",
        "Если групп несколько, p-значения одного показателя увеличены по\u00a0Холму (1979): вероятность хотя\u00a0бы одного "
        "ложного вывода остаётся 5\u00a0%.",
    ),
    "benjamini_hochberg": Text(
        "Of several arms, the p-values of one outcome are raised by Benjamini and Hochberg (1995): of what is found, 5 % "
        "is expected to be false.",
        "Если групп несколько, p-значения одного показателя увеличены по\u00a0Бенджамини\u00a0— Хохбергу (1995): среди "
        "найденных эффектов ложных ожидается 5\u00a0%.",
    ),
}

ASSUMPTIONS = (
    Text(
        "Chance alone decided on the arms, and customers of one arm do not change what those of another do.",
        "Группу определил только случай, и\u00a0клиенты одной группы не\u00a0влияют на\u00a0клиентов другой.",
    ),
    Text(
        "CUPED compares what customers did beyond what they used to do before the assignment; it narrows the interval and "
        "leaves the effect itself as it is (Deng, Xu, Kohavi & Walker, 2013).",
        "CUPED сравнивает то, что клиенты делали сверх обычного для них до\u00a0распределения; интервал становится уже, "
        "а\u00a0сам эффект не\u00a0меняется (Deng, Xu, Kohavi & Walker, 2013).",
    ),
    Text(
        "The interval is of 95 % for one look at the end (Welch, 1947), that of the relative effect by Fieller (1954). Who "
        "looks while customers still come in reads the always-valid one (Waudby-Smith et al., Annals of Statistics, 2024).",
        "Интервал 95\u00a0% верен для одного взгляда в\u00a0конце (Welch, 1947), для относительного эффекта\u00a0— по\u00a0Филлеру "
        "(1954). Если смотреть, пока клиенты ещё добавляются, верен постоянно действующий интервал (Waudby-Smith et al., "
        "Annals of Statistics, 2024).",
    ),
    Text(
        "Incremental revenue is the difference per customer times the treated customers of the experiment; it says nothing "
        "of customers who were not in it, nor of the days after the window.",
        "Дополнительная выручка\u00a0— это разность на\u00a0клиента, умноженная на\u00a0число клиентов, с\u00a0которыми работали; о\u00a0других "
        "клиентах и\u00a0о\u00a0днях после окна она не\u00a0говорит.",
    ),
)


@dataclass(frozen=True)
class Effect:
    """What one treated arm changed in one outcome against the control.

    Means are per customer, adjusted by CUPED. `relative` is a share of the control's mean; `total` the difference
    times the treated customers; `anytime` the difference with the always-valid interval. `p_adjusted` is corrected for
    the number of arms. `missing_share` of the customers of both arms could not be used. `statement` says why a figure
    is absent or what bends it.
    """

    outcome: str
    name: Text
    arm: str
    control_customers: int
    treated_customers: int
    control_mean: float | None
    treated_mean: float | None
    difference: Estimated
    relative: Estimated
    total: Estimated
    anytime: Estimated
    p_value: float | None
    p_adjusted: float | None
    variance_reduction: float | None
    missing_share: float
    statement: Text | None


@dataclass(frozen=True)
class Analysis:
    """The effect of an experiment with all that must be known beside it.

    `effects` is empty where the check says that no figure is honest. `months` are the incremental revenue by calendar
    month, arm by arm. `expected_customers` are those at which the always-valid interval is narrowest.
    """

    experiment: str
    control: str
    window: Window
    known_until: date | None
    check: Check
    effects: tuple[Effect, ...]
    months: tuple[MonthEffect, ...]
    findings: tuple[Finding, ...]
    correction: Text
    assumptions: tuple[Text, ...]
    expected_customers: float
    currency: str | None


def analyse(
    request: Request,
    experiment: str,
    *,
    control: str = CONTROL,
    shares: Mapping[str, float] | None = None,
    campaigns: Sequence[str] = (),
    window: Window = Window(),  # noqa: B008 - a frozen value
    outcomes: Sequence[str] = tuple(OUTCOMES),
    correction: Correction = "holm",
    expected_customers: float = EXPECTED_CUSTOMERS,
    months: bool = True,
    unresolved: Tables | None = None,
) -> Analysis:
    """Check an experiment and, where nothing forbids it, give what each arm changed against `control`.

    The arguments of `check` are as there. `expected_customers` is the number at which the always-valid interval is to
    be narrowest; it must not be chosen after looking. ExperimentError where there is no such experiment.
    """
    sums = arm_sums(request, assigned_customers(request, experiment), window)
    state = check(
        request,
        experiment,
        control=control,
        shares=shares,
        campaigns=campaigns,
        window=window,
        unresolved=unresolved,
        sums=sums,
    )
    effects: tuple[Effect, ...] = ()
    by_month: tuple[MonthEffect, ...] = ()
    if state.sound:
        effects = tuple(
            effect
            for outcome in outcomes
            for effect in _effects(sums, outcome, control, correction, expected_customers, request.currency)
        )
        by_month = month_effects(request, experiment, control) if months else ()
    known_until = None if sums.known_until is None else request.calendar.local(sums.known_until).date()
    return Analysis(
        experiment,
        control,
        window,
        known_until,
        state,
        effects,
        by_month,
        (*state.findings, *_unfinished(sums)),
        CORRECTIONS[correction],
        ASSUMPTIONS,
        expected_customers,
        request.currency,
    )


def _effects(
    sums: ArmSums, outcome: str, control: str, correction: Correction, expected: float, currency: str | None
) -> list[Effect]:
    base = sums.moments(outcome, control)
    arms = [arm for arm in sums.arms if arm != control]
    found = [incrementality.compare(base, sums.moments(outcome, arm), expected=expected) for arm in arms]
    p_values = [float(one.p_value) for one in found]
    adjusted = getattr(incrementality, correction)(p_values)
    customers: dict[str, float] = dict(zip(sums.frame["arm"], sums.frame["customers"], strict=True))
    mixed = outcome == "revenue" and sums.mixed_currencies
    return [
        _effect(outcome, arm, one, float(p), customers[control] + customers[arm], mixed, currency)
        for arm, one, p in zip(arms, found, adjusted, strict=True)
    ]


def _effect(
    outcome: str, arm: str, one: Comparison, p_adjusted: float, customers: float, mixed: bool, currency: str | None
) -> Effect:
    used = float(one.control_n + one.treated_n)
    missing = 1 - used / customers
    statement = _statement(one, mixed, currency)
    silent = mixed and currency is None  # a sum of several currencies is no figure

    def told(value: Any, lower: Any, upper: Any) -> Estimated:
        return NOTHING if silent else estimated(value, (lower, upper))

    return Effect(
        outcome,
        OUTCOMES[outcome],
        arm,
        int(one.control_n),
        int(one.treated_n),
        None if silent else known(one.control_mean),
        None if silent else known(one.treated_mean),
        told(one.difference, one.lower, one.upper),
        told(one.relative, one.relative_lower, one.relative_upper),
        told(one.total, one.total_lower, one.total_upper),
        told(one.difference, one.anytime_lower, one.anytime_upper),
        None if silent else known(one.p_value),
        None if silent else known(p_adjusted),
        None if silent else known(one.variance_reduction),
        missing,
        statement,
    )


def _statement(one: Comparison, mixed: bool, currency: str | None) -> Text | None:
    if mixed:
        return NOTES["mixed_currencies" if currency is None else "no_rate"]
    if not np.isfinite(one.lower):
        return Text(
            "Either arm has fewer than two usable customers, or nothing varies in them: there is no interval.",
            "В\u00a0одной из\u00a0групп меньше двух пригодных клиентов или все значения одинаковы: интервала нет.",
        )
    if not np.isfinite(one.relative_lower):
        return Text(
            "The mean of the control group is not clearly above zero, so there is no relative effect.",
            "Среднее контрольной группы не\u00a0отличимо от\u00a0нуля или отрицательно, поэтому относительного эффекта нет.",
        )
    return None


def _unfinished(sums: ArmSums) -> list[Finding]:
    whole, late = (int(sum(sums.frame[name].tolist())) for name in ("customers", "unfinished"))
    if not late:
        return []
    said, of, days = amount(late), amount(whole), sums.window.days
    return [
        Finding(
            "unfinished",
            "note",
            Text(
                f"Customers whose {days} days are not over: {said.en} of {of.en}. The effect is the one so far.",
                f"Клиентов, у\u00a0которых {days}\u00a0дней ещё не\u00a0прошли: {said.ru} из\u00a0{of.ru}. Показан эффект на\u00a0сегодня.",
            ),
            late,
            whole,
        )
    ]
