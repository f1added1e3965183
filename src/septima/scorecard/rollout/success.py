"""Success of the CRM approach: Σ A·x / n over what the strategist watches, with its interval, trend and departments."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from septima.metrics import NOTES, Passport, Period
from septima.models.intervals import wilson
from septima.schema import Text
from septima.scorecard.card import UNDEFINED, Figure, TrendPoint
from septima.scorecard.composite import ckpi, rescale
from septima.scorecard.definition import KpiDefinition
from septima.scorecard.history import Observation
from septima.scorecard.normalise import enter
from septima.scorecard.simulate import DRAWS, bounds_of, combine, distinguishable, draw, generator, summarise

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Component:
    """One component in the period: its figure, what enters the composite, and why there is none where there is none."""

    id: str
    name: Text
    unit: str
    weight: float
    target: float | None
    figure: Figure
    entered: Figure
    previous: float | None
    n: float | None
    note: Text | None


@dataclass(frozen=True)
class DepartmentSuccess:
    """A department: whether it did a step in the period, its figures by component, and their composite.

    `counted` of the components that can be told by department are known; their weights are rescaled to average 1.
    """

    department: str
    takes_part: bool
    figures: Mapping[str, Figure]
    composite: Figure
    counted: int
    overdue: int = 0


@dataclass(frozen=True)
class Success:
    """The composite of the period; `over_the_rest` is that of the known components where some are not.

    `change` is against the period before, and `distinct` tells whether it stands out from noise (None: not known).
    """

    figure: Figure
    components: tuple[Component, ...]
    trend: tuple[TrendPoint, ...]
    over_the_rest: Figure
    change: float | None
    distinct: bool | None
    departments: tuple[DepartmentSuccess, ...] = ()


def milestone_observation(planned: Sequence[date], on_time: Sequence[bool], period: Period, least: int) -> Observation:
    """The share of the milestones planned for the period that were done by their day, with Wilson's interval.

    Of the milestones that are due; as `milestones_on_plan` of the catalogue, for those of data and file together.
    """
    hits = [hit for day, hit in zip(planned, on_time, strict=True) if period.start <= day < period.end]
    n = len(hits)
    if n == 0:
        return Observation()
    if n < least:
        return Observation(UNDEFINED, float(n), 0.0, "too_few")
    lower, upper = wilson(np.array([float(sum(hits))]), np.array([float(n)]))
    return Observation(Figure(sum(hits) / n, float(lower[0]), float(upper[0])), float(n), 0.0, None)


def success_of(
    components: Sequence[KpiDefinition],
    passports: Mapping[str, Passport],
    observations: Mapping[str, Sequence[Observation]],
    periods: Sequence[Period],
    *,
    departments: Sequence[DepartmentSuccess] = (),
    seed: int = 7,
    draws: int = DRAWS,
) -> Success:
    """The composite over `periods`, oldest first, from `observations` by component; weights average 1."""
    if not components:
        return Success(UNDEFINED, (), (), UNDEFINED, None, None, tuple(departments))
    drawn = [
        {
            one.id: _drawn(
                one, passports[one.metric], observations[one.id][at].figure, (seed, one.id, period.id), draws
            )
            for one in components
        }
        for at, period in enumerate(periods)
    ]
    entered = [
        {
            one.id: _entered(one, passports[one.metric], observations[one.id][at].figure, drawn[at][one.id])
            for one in components
        }
        for at in range(len(periods))
    ]
    weights = {one.id: one.weight for one in components}
    joined = [_joined(values, of_draws, weights) for values, of_draws in zip(entered, drawn, strict=True)]
    figures = [figure for figure, _ in joined]
    now, before = figures[-1].value, figures[-2].value if len(figures) > 1 else None
    change = None if now is None or before is None else now - before
    return Success(
        figure=figures[-1],
        components=tuple(
            _component(one, passports[one.metric], observations[one.id], entered[-1][one.id]) for one in components
        ),
        trend=tuple(
            TrendPoint(period.start, period.id, figure) for period, figure in zip(periods, figures, strict=True)
        ),
        over_the_rest=rest_of(entered[-1], drawn[-1], weights)[0],
        change=change,
        distinct=None if change is None else distinguishable(joined[-1][1], joined[-2][1]),
        departments=tuple(departments),
    )


def department_success(
    department: str,
    components: Sequence[KpiDefinition],
    passports: Mapping[str, Passport],
    figures: Mapping[str, Figure],
    *,
    takes_part: bool,
    overdue: int = 0,
    seed: int = 7,
    draws: int = DRAWS,
) -> DepartmentSuccess:
    """A department's composite over those of its components that are known; `figures` by component."""
    chosen = [one for one in components if one.id in figures]
    drawn = {
        one.id: _drawn(one, passports[one.metric], figures[one.id], (seed, one.id, department), draws) for one in chosen
    }
    entered = {one.id: _entered(one, passports[one.metric], figures[one.id], drawn[one.id]) for one in chosen}
    composite, counted = rest_of(entered, drawn, {one.id: one.weight for one in chosen})
    return DepartmentSuccess(department, takes_part, figures, composite, counted, overdue)


def rest_of(
    entered: Mapping[str, Figure], drawn: Mapping[str, FloatArray], weights: Mapping[str, float]
) -> tuple[Figure, int]:
    """The composite over the known components with rescaled weights, and how many those are."""
    known = {name: figure for name, figure in entered.items() if figure.value is not None}
    if not known:
        return UNDEFINED, 0
    figure, _ = _joined(known, {name: drawn[name] for name in known}, rescale({name: weights[name] for name in known}))
    return figure, len(known)


def _joined(
    entered: Mapping[str, Figure], drawn: Mapping[str, FloatArray], weights: Mapping[str, float]
) -> tuple[Figure, FloatArray]:
    """Σ A·x / n and its draws; undefined where a component is."""
    ordered = sorted(entered)
    stacked = combine(np.stack([drawn[name] for name in ordered]), np.array([weights[name] for name in ordered]))
    values = {name: figure.value for name, figure in entered.items() if figure.value is not None}
    if len(values) < len(entered):
        return UNDEFINED, np.full_like(stacked, math.nan)
    return summarise(ckpi(values, weights), stacked), stacked


def _drawn(
    component: KpiDefinition, passport: Passport, figure: Figure, stream: tuple[int, str, str], draws: int
) -> FloatArray:
    """Draws of what enters the composite."""
    seed, *names = stream
    raw = draw(figure, bounds_of(passport), generator(seed, *names), draws)
    return enter(raw, component.enters_as(passport.unit, passport.direction), passport.direction, component.target)


def _entered(component: KpiDefinition, passport: Passport, figure: Figure, drawn: FloatArray) -> Figure:
    if figure.value is None:
        return UNDEFINED
    entry = component.enters_as(passport.unit, passport.direction)
    value = enter(np.array([figure.value]), entry, passport.direction, component.target)
    return summarise(float(value[0]), drawn)


def _component(
    component: KpiDefinition, passport: Passport, observations: Sequence[Observation], entered: Figure
) -> Component:
    observed = observations[-1]
    return Component(
        id=component.id,
        name=component.name or passport.name,
        unit=passport.unit,
        weight=component.weight,
        target=component.target,
        figure=observed.figure,
        entered=entered,
        previous=observations[-2].figure.value if len(observations) > 1 else None,
        n=observed.n,
        note=None if observed.figure.value is not None or observed.note is None else NOTES[observed.note],
    )
