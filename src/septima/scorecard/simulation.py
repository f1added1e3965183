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
    distinguishable,
    from_terms,
    generator,
    normal_scores,
    spread,
    summarise,
    terms,
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
    ordered = np.empty((task.draws, 2))
    for name, group in task.groups.items():
        if name != INTEGRAL:
            grouped |= set(group.weights)
            sums = np.zeros((task.draws, 2))
            for key in sorted(group.weights):
                pairs, order = _kpi(task, key, place, found, orders, compared=compared)
                pairs *= group.weights[key]
                # One KPI after the other, in memory that stays near the processor: all of them at once would not.
                sums += pairs if order is None else pairs.take(order, axis=0, out=ordered, mode=_UNBUFFERED)
            joined[name] = _composite(task, name, sums, found, ckpi, found.figures, compared=compared)
    for name in task.inputs:
        if name not in grouped:
            _kpi(task, name, place, found, orders, compared=compared)
    sums = np.zeros((task.draws, 2))
    for name in sorted(joined):
        pair, weight = joined[name], task.groups[INTEGRAL].weights[name]
        sums[:, 0] += np.nan if pair is None else weight * pair[0]
        sums[:, 1] += np.nan if pair is None else weight * terms(pair[1], task.aggregation)
    _composite(task, INTEGRAL, sums, found, ckpi_integral, found.composites, compared=compared)
    return found


def _kpi(
    task: _Task, name: str, place: int, found: _Moment, orders: Mapping[str, IntArray], *, compared: bool
) -> tuple[FloatArray, IntArray | None]:
    """Note the figures of a KPI; its ascending terms in both forms (draws, 2), and the order of its draws.

    Without an interval there is one term for all draws, and no order.
    """
    given, figure = task.inputs[name], task.inputs[name].figures[place]
    exact = figure.lower is None or figure.upper is None
    # Values are brought to their forms while they ascend, which is quicker, and put in the order of the draws then.
    ascending = spread(figure, given.bounds, _EXACT if exact else normal_scores(task.draws))
    ends = [np.nan if end is None else end for end in (figure.value, figure.lower, figure.upper)]
    with_ends = np.concatenate([ascending, ends])
    printed, normalised = given.printed(with_ends, place), given.normalised(with_ends, place)
    found.figures[name] = (
        _imaged(printed, exact=exact, turning=given.printed_turns(place)),
        _imaged(normalised, exact=exact, turning=given.normalised_turns(place)),
    )
    pairs = np.empty((len(ascending), 2))
    pairs[:, 0], pairs[:, 1] = printed[:-3], terms(normalised[:-3], task.aggregation)
    order = None if exact else orders[name] if name in orders else _order(task, name, place)
    if compared and order is not None:
        found.kept[name] = ascending.take(order)
    return pairs, order


def _imaged(form: FloatArray, *, exact: bool, turning: bool) -> Figure:
    """A figure in another form, from its draws and, after them, what its value, lower and upper bound became."""
    value, lower, upper = form[-3:].tolist()
    if exact:
        return image(value, ())
    return summarise(value, form[:-3]) if turning else image(value, (lower, upper))


def _composite(
    task: _Task,
    name: str,
    sums: FloatArray,
    found: _Moment,
    formula: Formula,
    figures: Mapping[str, tuple[Figure, Figure]],
    *,
    compared: bool,
) -> Pair | None:
    """Note the figures of a composite of weighted `sums` (draws, forms); its draws, None where its weights allow none."""
    group = task.groups[name]
    if not group.usable:
        found.composites[name] = (UNDEFINED, UNDEFINED)
        return None
    formulas: tuple[tuple[Formula, Aggregation], ...] = (
        (formula, "arithmetic"),
        (lambda values, given: aggregate(values, given, task.aggregation), task.aggregation),
    )
    noted: list[Figure] = []
    drawn: list[FloatArray] = []
    for form, (joined, method) in enumerate(formulas):
        known = {key: value for key in group.weights if (value := figures[key][form].value) is not None}
        whole = len(known) == len(group.weights)
        drawn.append(from_terms(sums[:, form] / len(group.weights), method))
        noted.append(summarise(joined(known, group.weights), drawn[form]) if whole else UNDEFINED)
    found.composites[name] = (noted[0], noted[1])
    if compared:
        found.kept_composites[name] = drawn[0]
    return drawn[0], drawn[1]


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
