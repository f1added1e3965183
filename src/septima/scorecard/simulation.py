"""The forms of a card's figures in every period, with intervals that are carried from KPIs up to CKPIint by simulation.

Work goes period by period, several at a time, since only the last two periods' draws are compared with each other: the
memory does not grow with the periods.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

from septima.metrics import Grain, Period
from septima.models.correlated import with_rank_correlation
from septima.scorecard.card import UNDEFINED, Figure
from septima.scorecard.composite import Aggregation, aggregate, ckpi, ckpi_integral
from septima.scorecard.inputs import Input, image
from septima.scorecard.simulate import (
    ErrorCorrelation,
    combine,
    distinguishable,
    generator,
    normal_scores,
    spread,
    summarise,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Formula = Callable[[Mapping[str, float], Mapping[str, float]], float]

INTEGRAL = "integral"
_MOST_THREADS = 4
_PARITIES = ("even", "odd")
_EPOCH = date(2001, 1, 1)
_DAYS: dict[Grain, float] = {"day": 1, "week": 7, "month": 30.436875, "quarter": 91.310625, "year": 365.2425}
_EXACT = np.zeros(1)
_UNBUFFERED: Literal["clip"] = "clip"
"""NumPy copies twice where it must be able to take back what it wrote; an order has no place out of range."""


@dataclass(frozen=True)
class Group:
    """What a composite is made of, by weight; `usable` is false where its weights allow no composite."""

    weights: Mapping[str, float]
    usable: bool


@dataclass(frozen=True)
class Form:
    """One form of a KPI or composite through the periods; `distinct` is whether the last change stands out from noise."""

    figures: tuple[Figure, ...]
    distinct: bool | None = None

    @property
    def values(self) -> list[float | None]:
        """The figures without their intervals."""
        return [figure.value for figure in self.figures]

    @property
    def change(self) -> float | None:
        """The last value less the one before."""
        before, now = self.values[-2:]
        return None if before is None or now is None else now - before


@dataclass(frozen=True)
class Forms:
    """A KPI or composite in all its forms; `raw` is that of a KPI in its metric's own unit, and of a composite as printed."""

    raw: Form
    printed: Form
    normalised: Form


@dataclass(frozen=True)
class Simulation:
    """The forms of KPIs and of perspectives by id, and those of CKPIint."""

    kpis: Mapping[str, Forms]
    perspectives: Mapping[str, Forms]
    integral: Forms


@dataclass
class _Moment:
    """What one period gave: figures by id, and the draws of what is compared with another period."""

    figures: dict[str, tuple[Figure, Figure]] = field(default_factory=dict[str, tuple[Figure, Figure]])
    composites: dict[str, tuple[Figure, Figure]] = field(default_factory=dict[str, tuple[Figure, Figure]])
    kept: dict[str, FloatArray] = field(default_factory=dict[str, FloatArray])
    kept_composites: dict[str, FloatArray] = field(default_factory=dict[str, FloatArray])


@dataclass(frozen=True)
class _Task:
    inputs: Mapping[str, Input]
    groups: Mapping[str, Group]
    periods: tuple[Period, ...]
    aggregation: Aggregation
    draws: int
    orders: Mapping[tuple[str, int], IntArray]
    correlation: ErrorCorrelation | None


Pair = tuple[FloatArray, FloatArray]
"""Draws of the printed form, and on 0–100."""


def simulate(
    inputs: Mapping[str, Input],
    groups: Mapping[str, Group],
    periods: Sequence[Period],
    aggregation: Aggregation,
    *,
    seed: int,
    draws: int,
    correlation: ErrorCorrelation | None = None,
) -> Simulation:
    """All forms of `inputs`, of the perspectives in `groups` and of `groups[INTEGRAL]`, over `periods`.

    Draws depend on `seed`, the KPI's name and the period only. `correlation` is that of the errors of KPIs in one period.
    """
    task = _Task(inputs, groups, tuple(periods), aggregation, draws, _orders(inputs, seed, draws), correlation)
    with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_THREADS)) as threads:
        moments = list(threads.map(lambda place: _moment(task, place), range(len(periods))))
    before, now = moments[-2:]
    kpis: dict[str, Forms] = {}
    for name, given in inputs.items():
        known = name in now.kept and name in before.kept
        distinct = distinguishable(now.kept[name], before.kept[name]) if known else None
        printed, normalised = zip(*(moment.figures[name] for moment in moments), strict=True)
        kpis[name] = Forms(Form(given.figures, distinct), Form(printed), Form(normalised))
    composites = {name: _composite_forms(moments, name) for name in groups}
    integral = composites.pop(INTEGRAL)
    return Simulation(kpis, composites, integral)


def _orders(inputs: Mapping[str, Input], seed: int, draws: int) -> dict[tuple[str, int], IntArray]:
    """The orders of each KPI's draws: one for even and one for odd periods.

    Only periods that follow each other are compared, so these two are all that must be independent.
    """
    return {
        (name, parity): generator(seed, name, _PARITIES[parity]).permutation(draws)
        for name, given in inputs.items()
        if any(figure.lower is not None for figure in given.figures)
        for parity in range(len(_PARITIES))
    }


def _order(task: _Task, name: str, place: int) -> IntArray:
    period = task.periods[place]
    # Counted from a fixed day and not from the trend's first period, so that a longer trend changes no figure.
    number = round((period.start - _EPOCH).days / _DAYS[period.grain])
    return task.orders[name, number % len(_PARITIES)]


def _composite_forms(moments: Sequence[_Moment], name: str) -> Forms:
    printed, normalised = zip(*(moment.composites[name] for moment in moments), strict=True)
    before, now = (moment.kept_composites.get(name) for moment in moments[-2:])
    distinct = None if before is None or now is None else distinguishable(now, before)
    form = Form(printed, distinct)
    return Forms(form, form, Form(normalised))


def _moment(task: _Task, place: int) -> _Moment:
    """All figures of the period at `place`."""
    found, orders = _Moment(), _correlated_orders(task, place)
    compared = place >= len(task.periods) - 2
    joined: dict[str, Pair | None] = {}
    grouped: set[str] = set()
    for name, group in task.groups.items():
        if name != INTEGRAL:
            grouped |= set(group.weights)
            ids = sorted(group.weights)
            rows = np.empty((2, len(ids), task.draws))
            for row, key in enumerate(ids):
                _kpi(task, key, place, found, orders, compared=compared, into=(rows[0, row], rows[1, row]))
            joined[name] = _composite(task, name, ids, rows, found, ckpi, found.figures, compared=compared)
    for name in task.inputs:
        if name not in grouped:
            _kpi(task, name, place, found, orders, compared=compared)
    ids = sorted(joined)
    rows = np.full((2, len(ids), task.draws), np.nan)
    for row, name in enumerate(ids):
        pair = joined[name]
        if pair is not None:
            rows[0, row], rows[1, row] = pair
    _composite(task, INTEGRAL, ids, rows, found, ckpi_integral, found.composites, compared=compared)
    return found


def _kpi(
    task: _Task,
    name: str,
    place: int,
    found: _Moment,
    orders: Mapping[str, IntArray],
    *,
    compared: bool,
    into: Pair | None = None,
) -> None:
    """Note the figures of a KPI, and put its draws in both forms `into` rows that a composite waits for."""
    given, figure = task.inputs[name], task.inputs[name].figures[place]
    exact = figure.lower is None or figure.upper is None
    # Values are brought to their forms while they ascend, which is quicker, and put in the order of the draws then.
    ascending = spread(figure, given.bounds, _EXACT if exact else normal_scores(task.draws))
    ends = [np.nan if end is None else end for end in (figure.value, figure.lower, figure.upper)]
    with_ends = np.concatenate([ascending, ends])
    forms = given.printed(with_ends, place), given.normalised(with_ends, place)
    drawn, of_ends = [form[:-3] for form in forms], [form[-3:] for form in forms]
    turning = given.printed_turns(place), given.normalised_turns(place)
    found.figures[name] = (
        _imaged(drawn[0], of_ends[0], exact=exact, turning=turning[0]),
        _imaged(drawn[1], of_ends[1], exact=exact, turning=turning[1]),
    )
    if exact:
        if into is not None:
            into[0][:], into[1][:] = drawn
        return
    order = orders[name] if name in orders else _order(task, name, place)
    if compared:
        found.kept[name] = ascending[order]
    if into is not None:
        drawn[0].take(order, out=into[0], mode=_UNBUFFERED)
        drawn[1].take(order, out=into[1], mode=_UNBUFFERED)


def _imaged(drawn: FloatArray, ends: FloatArray, *, exact: bool, turning: bool) -> Figure:
    """A figure in another form, from its draws and from what its value, lower and upper bound became."""
    value, lower, upper = map(float, ends)
    if exact:
        return image(value, ())
    return summarise(value, drawn) if turning else image(value, (lower, upper))


def _composite(
    task: _Task,
    name: str,
    ids: Sequence[str],
    rows: FloatArray,
    found: _Moment,
    formula: Formula,
    figures: Mapping[str, tuple[Figure, Figure]],
    *,
    compared: bool,
) -> Pair | None:
    """Note the figures of a composite of `rows` (form, ids, draws); its draws, None where its weights allow none."""
    group = task.groups[name]
    if not group.usable:
        found.composites[name] = (UNDEFINED, UNDEFINED)
        return None
    weights = np.array([group.weights[key] for key in ids])
    printed = _joined(ids, rows[0], weights, [figures[key][0].value for key in ids], formula, "arithmetic")
    normalised = _joined(
        ids,
        rows[1],
        weights,
        [figures[key][1].value for key in ids],
        lambda values, given: aggregate(values, given, task.aggregation),
        task.aggregation,
    )
    found.composites[name] = (printed[0], normalised[0])
    if compared:
        found.kept_composites[name] = printed[1]
    return printed[1], normalised[1]


def _joined(
    ids: Sequence[str],
    rows: FloatArray,
    weights: FloatArray,
    values: Sequence[float | None],
    formula: Formula,
    method: Aggregation,
) -> tuple[Figure, FloatArray]:
    """One form of a composite, and its draws: undefined where one of its inputs is."""
    known = {key: value for key, value in zip(ids, values, strict=True) if value is not None}
    if len(known) < len(ids):
        return UNDEFINED, np.full(rows.shape[1], np.nan)
    drawn = combine(rows, weights, method)
    return summarise(formula(known, dict(zip(ids, map(float, weights), strict=True))), drawn), drawn


def _correlated_orders(task: _Task, place: int) -> dict[str, IntArray]:
    """The order of the draws of those KPIs whose errors correlate with each other's."""
    if task.correlation is None:
        return {}
    figures = {name: task.inputs[name].figures[place] for name in task.correlation.ids if name in task.inputs}
    names = [name for name, figure in figures.items() if figure.lower is not None and figure.upper is not None]
    if len(names) < 2:
        return {}
    scores = normal_scores(task.draws)
    drawn = np.stack([scores[_order(task, name, place)] for name in names])
    ordered = np.searchsorted(scores, with_rank_correlation(drawn, task.correlation.of(names)))
    return dict(zip(names, ordered, strict=True))
