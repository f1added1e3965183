"""Targets as series: what a KPI ought to be in each period, and for each member of its dimension.

A target is a number for all periods, a number for each, a formula over figures of this and earlier periods
(`1.05 * previous_year(revenue)`), or what a plan says that was loaded into the table `plans`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np

from septima.metrics import Grain, Period
from septima.metrics.custom.formula import read_formula
from septima.metrics.definition import Tables
from septima.scorecard.definition import KpiDefinition, TargetRule

Step = Literal["previous", "previous_year"]
STEPS: tuple[Step, ...] = get_args(Step)
PERIODS_IN_YEAR: dict[Grain, int] = {"day": 365, "week": 52, "month": 12, "quarter": 4, "year": 1}

_STEPPED = re.compile(rf"\b(?P<step>{'|'.join(STEPS)})\s*\(\s*(?P<name>\w+)\s*\)")
_JOINT = "__of__"


@dataclass(frozen=True)
class TargetFormula:
    """A checked formula: its text, and the figures that it takes by the name they have within it.

    Each is an id of a KPI or metric with the step back, None for the same period.
    """

    text: str
    figures: Mapping[str, tuple[str, Step | None]]
    compute: Callable[[Mapping[str, float | None]], float | None] = field(repr=False, compare=False)


@dataclass(frozen=True)
class KpiTargets:
    """The targets of a KPI through the periods of a trend, None where there is none, and by member in the last of them."""

    values: tuple[float | None, ...]
    members: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class PlannedTarget:
    """A row of a plan: `member` of `dimension`, both empty for the whole."""

    plan: str
    kpi: str
    grain: str
    start: date
    dimension: str
    member: str
    target: float


MembersOf = Callable[[KpiDefinition, Period], Mapping[str, float | None]]
"""The figures of a KPI in a period by member of its dimension."""


@lru_cache(maxsize=256)
def read_target_formula(text: str) -> TargetFormula:
    """Check a formula; ExpressionError names the part that is not allowed. Whether the figures exist is not asked."""
    figures: dict[str, tuple[str, Step | None]] = {}
    steps: dict[str, Step] = {step: step for step in STEPS}

    def name_of(found: re.Match[str]) -> str:
        name = f"{found['step']}{_JOINT}{found['name']}"
        figures[name] = (found["name"], steps[found["step"]])
        return name

    formula = read_formula(_STEPPED.sub(name_of, text), {})
    for name in formula.metrics:
        figures.setdefault(name, (name, None))

    def compute(values: Mapping[str, float | None]) -> float | None:
        given = {name: np.array([np.nan if value is None else value]) for name, value in values.items()}
        found = float(formula.compute(given, {}).value[0])
        return found if np.isfinite(found) else None

    return TargetFormula(text, figures, compute)


def stepped(period: Period, step: Step | None) -> Period:
    """The period that a formula looks back to."""
    if step is None:
        return period
    return period.shift(-1 if step == "previous" else -PERIODS_IN_YEAR.get(period.grain, 1))


def periods_needed(rules: Iterable[TargetRule], periods: Sequence[Period]) -> int:
    """How many periods before the first of `periods` the formulas look back to."""
    steps = {step for rule in rules if rule.formula for _, step in read_target_formula(rule.formula).figures.values()}
    backs = {None: 0, "previous": 1, "previous_year": PERIODS_IN_YEAR.get(periods[-1].grain, 1)}
    return max((backs[step] for step in steps), default=0)


def figures_named(rules: Iterable[TargetRule]) -> tuple[str, ...]:
    """Ids of the KPIs and metrics that the formulas take."""
    named = (name for rule in rules if rule.formula for name, _ in read_target_formula(rule.formula).figures.values())
    return tuple(dict.fromkeys(named))


def resolve_targets(
    kpis: Sequence[KpiDefinition],
    periods: Sequence[Period],
    figures: Mapping[tuple[str, Period], float | None],
    members_of: MembersOf,
    planned: Sequence[PlannedTarget],
) -> dict[str, KpiTargets]:
    """The targets of each KPI in each of `periods` (oldest first), and by member of its dimension in the last, by KPI id.

    `figures` are those that formulas look back to; a target is None where its formula lacks a figure, or its plan a row.
    """
    found: dict[str, KpiTargets] = {}
    for kpi in kpis:
        plan = _plan_of(kpi, periods, planned)
        values = tuple(_target(kpi.target_rule, kpi, period, None, figures, members_of, plan) for period in periods)
        last = periods[-1]
        members = {
            member: _target(rule, kpi, last, member, figures, members_of, plan)
            for member, rule in kpi.member_targets.items()
        }
        for (name, start, member), target in plan.items():
            if member and name == kpi.target_rule.plan and start == last.start:
                members.setdefault(member, target)
        found[kpi.id] = KpiTargets(values, {name: target for name, target in members.items() if target is not None})
    return found


def _target(
    rule: TargetRule,
    kpi: KpiDefinition,
    period: Period,
    member: str | None,
    figures: Mapping[tuple[str, Period], float | None],
    members_of: MembersOf,
    plan: Mapping[tuple[str, date, str], float],
) -> float | None:
    if period.id in rule.by_period:
        return rule.by_period[period.id]
    if rule.formula is not None:
        formula = read_target_formula(rule.formula)
        values: dict[str, float | None] = {}
        for name, (figure, step) in formula.figures.items():
            back = stepped(period, step)
            # Of a member's formula the KPI's own figures are the member's, and all others those of the whole.
            own = member is not None and figure == kpi.id
            values[name] = members_of(kpi, back).get(member) if own and member else figures.get((figure, back))
        found = formula.compute(values)
        return rule.number if found is None else found
    if rule.plan is not None:
        return plan.get((rule.plan, period.start, member or ""), rule.number)
    return rule.number


def _plan_of(
    kpi: KpiDefinition, periods: Sequence[Period], planned: Sequence[PlannedTarget]
) -> dict[tuple[str, date, str], float]:
    """What plans say of a KPI by plan, start of the period and member; of two rows in one period the later holds."""
    return {
        (row.plan, period.start, row.member): row.target
        for row in sorted(planned, key=lambda row: row.start)
        for period in periods
        if row.kpi == kpi.id
        and row.grain == period.grain
        and period.start <= row.start < period.end
        and row.dimension in ("", kpi.by)
        and bool(row.dimension) == bool(row.member)
    }


def read_plans(tables: Tables, plans: Sequence[str], kpis: Sequence[str]) -> tuple[PlannedTarget, ...]:
    """The rows of `plans` that speak of these KPIs; nothing is read where no plan is named."""
    if not plans:
        return ()
    table: Any = tables("plans")  # Ibis declares that only its own values can be searched for
    rows = table.filter(table["plan"].isin(plans), table["kpi"].isin(kpis))
    columns = ("plan", "kpi", "grain", "date", "dimension", "member", "target")
    found = rows.select(*columns).to_pyarrow().to_pylist()
    return tuple(
        PlannedTarget(
            row["plan"], row["kpi"], row["grain"], row["date"], row["dimension"], row["member"], float(row["target"])
        )
        for row in found
    )
