"""How far a composite depends on choices: weights, normalisation, aggregation, and the sampling errors of its figures.

All of them are varied at once and the variance of the result is split over them (Saisana, Saltelli & Tarantola, Journal of
the Royal Statistical Society A 168, 2005; OECD/JRC Handbook on Constructing Composite Indicators, 2008, step 7).

- A weight is multiplied by a number between 1 − share and 1 + share, and its group rescaled to the mean 1.
- The normalisation is the definition's, or any other for which a KPI gives what it needs; a KPI that does not keeps its own.
- The aggregation is arithmetic or geometric.
- A figure's error is drawn from its interval.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import qmc

from septima.metrics import Passport
from septima.models.correlated import root_of
from septima.models.sobol import SobolIndices, indices_by_group
from septima.schema import SeptimaError, Text
from septima.scorecard.card import Figure, Scorecard
from septima.scorecard.composite import Aggregation
from septima.scorecard.data_weights import settle
from septima.scorecard.definition import ScorecardDefinition
from septima.scorecard.history import KpiHistory, Observation
from septima.scorecard.inputs import Input, inputs_of
from septima.scorecard.normalise import NORMALISATIONS, Normalisation
from septima.scorecard.simulate import ErrorCorrelation, deviated, from_terms, terms
from septima.scorecard.simulation import INTEGRAL, Group
from septima.scorecard.targets import KpiTargets

FloatArray = npt.NDArray[np.float64]
Kind = Literal["weights", "normalisation", "aggregation", "errors", "weight", "error"]

WEIGHT_SHARE = 0.25
SAMPLES = 1024
_DRAWS = 4096
_MOST_PERIODS = 12
"""Periods, the card's own among them, that its place is looked for."""


class SensitivityError(SeptimaError):
    """What cannot be varied; the message says what can."""


@dataclass(frozen=True)
class Factor:
    """A choice, or all choices of a kind; `first` is the share of the variance that it makes alone, `total` with the others."""

    id: str
    kind: Kind
    name: Text
    first: Figure
    total: Figure


@dataclass(frozen=True)
class Outcome:
    """One form of a composite: its value, the bounds that weights alone can move it to, and the middle 95 % of all choices.

    `by_weights` are bounds of all weights within their share, not of most. `kinds` are factors by kind and `single` one by
    one, the greatest total first.
    """

    value: float
    by_weights: tuple[float, float]
    by_all: tuple[float, float]
    kinds: tuple[Factor, ...]
    single: tuple[Factor, ...]


@dataclass(frozen=True)
class Place:
    """A rank (1 is best) among `among`, the middle 95 % of those under other choices, and how often it is another."""

    id: str
    name: Text
    rank: int
    lower: int
    upper: int
    changes: float
    among: int


@dataclass(frozen=True)
class Sensitivity:
    """What a composite of a period depends on. `normalised` and places are absent where the form on 0–100 is undefined.

    `period_place` is that of the period among the last ones, `perspectives` those of perspectives among each other;
    `period_kinds` and `perspective_kinds` say what these places depend on, the latter by how far they move on average.
    """

    id: str
    name: Text
    period: str
    period_label: Text
    weight_share: float
    methods: tuple[Normalisation, ...]
    samples: int
    printed: Outcome
    normalised: Outcome | None
    period_place: Place | None
    period_kinds: tuple[Factor, ...]
    perspectives: tuple[Place, ...]
    perspective_kinds: tuple[Factor, ...]
    correlated: bool


def sensitivity(
    card: Scorecard,
    definition: ScorecardDefinition,
    passports: Mapping[str, Passport],
    of: str = INTEGRAL,
    *,
    weight_share: float = WEIGHT_SHARE,
    correlation: ErrorCorrelation | None = None,
    samples: int = SAMPLES,
    seed: int = 7,
) -> Sensitivity:
    """What the composite `of` a card depends on, CKPIint or that of a perspective by its id.

    `definition` is the one that the card was made by, `passports` are by metric id. SensitivityError where there is no such
    composite or it is undefined, or the share of weights does not lie from 0 to below 1.
    """
    if not 0 <= weight_share < 1:
        raise SensitivityError(
            Text(
                f"weights cannot vary by {weight_share:g}; give a share from 0 to below 1, such as 25%",
                f"веса не\u00a0могут меняться на\u00a0{weight_share:g}; укажите долю от\u00a00, меньше 1, например "
                "25\u00a0%",
            )
        )
    model = _Model(*_known(card, definition, passports), of, weight_share, correlation)
    names = {one.composite.id: one.composite.name for one in card.perspectives}
    if of != INTEGRAL and of not in names:
        raise SensitivityError(
            Text(
                f"there is no composite {of!r}; there are: {', '.join((INTEGRAL, *names))}",
                f"нет индекса «{of}»; есть: {', '.join((INTEGRAL, *names))}",
            )
        )
    if not model.defined:
        others = [name for name in names if name in model.whole]
        remedy = Text("load the data that it lacks", "загрузите данные, которых не\u00a0хватает")
        if others:
            defined = ", ".join(others)
            remedy = Text(f"take one that is not, by --of: {defined}", f"возьмите определённый (--of): {defined}")
        raise SensitivityError(
            Text(
                f"{of} of {card.period} is undefined, so nothing can be said of what it depends on; {remedy.en}",
                f"{of} за\u00a0{card.period} не\u00a0определён, и\u00a0о\u00a0том, от\u00a0чего он зависит, ничего "
                f"не\u00a0сказать; {remedy.ru}",
            )
        )
    return _told(card, model, names, samples, seed)


def weight_bounds(values: FloatArray, weights: FloatArray, share: float) -> tuple[float, float]:
    """The least and greatest weighted mean of `values` when each weight may change by `share`, exactly.

    At the greatest all weights of values above some bound are at their most and the others at their least, so that only
    as many cases as values are to be looked at.
    """
    order = np.argsort(values)
    ordered, given = values[order], weights[order]
    found: list[float] = []
    for sign in (-1.0, 1.0):
        above = np.arange(len(values) + 1)[:, None] <= np.arange(len(values))[None, :]
        moved = given * (1 + share * np.where(above, sign, -sign))
        means = moved @ ordered / moved.sum(axis=1)
        found.append(float(means.min() if sign < 0 else means.max()))
    return found[0], found[1]


def _known(
    card: Scorecard, definition: ScorecardDefinition, passports: Mapping[str, Passport]
) -> tuple[Mapping[str, Input], Mapping[str, Group], Aggregation]:
    """The inputs of a card, with the figures and targets that it shows, and its groups with the weights that were found."""
    kpis = [*(kpi for perspective in card.perspectives for kpi in perspective.kpis), *card.own]
    histories = {kpi.id: KpiHistory(tuple(Observation(point.figure) for point in kpi.trend)) for kpi in kpis}
    targets = {kpi.id: KpiTargets(tuple(point.target for point in kpi.trend)) for kpi in kpis}
    inputs = inputs_of(definition, passports, histories, targets)
    return inputs, settle(definition, inputs).groups, definition.aggregation


@dataclass(frozen=True)
class _Model:
    """Composites as a function of choices, each of them a number between 0 and 1 in a column.

    Columns are the weights of KPIs and perspectives, the normalisation, the aggregation, and the errors of KPIs by period,
    those of the card's own first.
    """

    inputs: Mapping[str, Input]
    groups: Mapping[str, Group]
    aggregation: Aggregation
    of: str
    share: float
    correlation: ErrorCorrelation | None

    @cached_property
    def last(self) -> int:
        return len(next(iter(self.inputs.values())).figures) - 1

    @cached_property
    def whole(self) -> tuple[str, ...]:
        """Perspectives that have a printed composite in the card's period."""
        return tuple(
            name
            for name, group in self.groups.items()
            if name != INTEGRAL and group.usable and self._finite(group.weights, self.last, printed=True)
        )

    @cached_property
    def defined(self) -> bool:
        if self.of == INTEGRAL:
            return self.groups[INTEGRAL].usable and len(self.whole) == len(self.groups) - 1
        return self.of in self.whole

    @cached_property
    def scored(self) -> tuple[str, ...]:
        """Of these, perspectives that have one on 0–100 too."""
        return tuple(name for name in self.whole if self._finite(self.groups[name].weights, self.last, printed=False))

    @property
    def normalised(self) -> bool:
        return len(self.scored) == len(self.whole) if self.of == INTEGRAL else self.of in self.scored

    @cached_property
    def kpis(self) -> tuple[str, ...]:
        return tuple(key for name in self.whole for key in self.groups[name].weights)

    @cached_property
    def weighed(self) -> tuple[tuple[str, str], ...]:
        """Weights by group and member, in the order of their columns."""
        groups = (*self.whole, INTEGRAL) if self.of == INTEGRAL else self.whole
        return tuple((name, key) for name in groups for key in self.groups[name].weights)

    @cached_property
    def places(self) -> tuple[int, ...]:
        """Periods among which the card's own is placed, itself first: those in which the composite is defined."""
        names = self.whole if self.of == INTEGRAL else (self.of,)
        ids = [key for name in names for key in self.groups[name].weights]
        earlier = [
            place
            for place in range(self.last - 1, max(self.last - _MOST_PERIODS, -1), -1)
            if self._finite(ids, place, printed=False)
        ]
        return (self.last, *earlier)

    @cached_property
    def methods(self) -> tuple[Normalisation, ...]:
        """Other ways to 0–100 that some KPI of the composite gives enough for."""
        names = self.scored if self.of == INTEGRAL else (self.of,)
        ids = [key for name in names if name in self.scored for key in self.groups[name].weights]
        return tuple(method for method in NORMALISATIONS if any(self._other(key, method, (self.last,)) for key in ids))

    def _other(self, key: str, method: Normalisation, places: Sequence[int]) -> bool:
        """Whether a KPI may be normalised by another method in all of these periods."""
        given = self.inputs[key]
        return given.rules[self.last].method != method and all(
            np.isfinite(given.normalised(given.values[place : place + 1], place, method)[0]) for place in places
        )

    def _finite(self, ids: Sequence[str] | Mapping[str, float], place: int, *, printed: bool) -> bool:
        found: list[float] = []
        for key in ids:
            given = self.inputs[key]
            form = given.printed if printed else given.normalised
            found.append(float(form(given.values[place : place + 1], place)[0]))
        return bool(np.isfinite(found).all())

    @property
    def choices(self) -> int:
        """Columns before those of errors."""
        return len(self.weighed) + 2

    def columns(self, periods: int) -> int:
        """All columns with the errors of so many periods."""
        return self.choices + len(self.kpis) * periods

    def weights_of(self, columns: FloatArray) -> dict[tuple[str, str], FloatArray]:
        """Weights (n,) by group and member, of the mean 1 in each group."""
        moved = {
            (name, key): self.groups[name].weights[key] * (1 + self.share * (2 * column - 1))
            for (name, key), column in zip(self.weighed, columns, strict=False)
        }
        means = {
            group: np.mean([weight for (name, _), weight in moved.items() if name == group], axis=0)
            for group in {name for name, _ in moved}
        }
        return {(name, key): weight / means[name] for (name, key), weight in moved.items()}

    def values_of(self, columns: FloatArray, place: int) -> dict[str, FloatArray]:
        """The figures of KPIs (n,) in a period with the errors of these columns."""
        scores = dict(zip(self.kpis, ndtri(columns), strict=True))
        if self.correlation is not None:
            shared = [key for key in self.kpis if key in self.correlation.ids]
            if len(shared) > 1:
                mixed = root_of(self.correlation.of(shared)) @ np.stack([scores[key] for key in shared])
                scores |= dict(zip(shared, mixed, strict=True))
        return {
            key: deviated(self.inputs[key].figures[place], self.inputs[key].bounds, scores[key]) for key in self.kpis
        }

    def printed(self, weights: Mapping[tuple[str, str], FloatArray], values: Mapping[str, FloatArray]) -> FloatArray:
        """The printed composite (n,) of the card's period."""
        composites = {
            name: _mean(
                {key: self.inputs[key].printed(values[key], self.last) for key in self.groups[name].weights},
                weights,
                name,
            )
            for name in (self.whole if self.of == INTEGRAL else (self.of,))
        }
        return _mean(composites, weights, INTEGRAL) if self.of == INTEGRAL else composites[self.of]

    def scores(
        self,
        weights: Mapping[tuple[str, str], FloatArray],
        values: Mapping[str, FloatArray],
        choice: tuple[FloatArray, FloatArray],
        place: int,
        *,
        among: Sequence[str],
        alike: bool,
    ) -> dict[str, FloatArray]:
        """Perspectives `among` and CKPIint, where it is asked for, on 0–100 (n,) in a period.

        `alike` holds each KPI in all periods to one way to 0–100, and that is no z-score, whose yardstick moves on.
        """
        method = np.minimum((choice[0] * (1 + len(self.methods))).astype(int), len(self.methods))
        geometric = (choice[1] >= 0.5) != (self.aggregation == "geometric")
        found: dict[str, FloatArray] = {}
        for name in among:
            parts = {
                key: self._scored(key, values[key], method, place, alike=alike) for key in self.groups[name].weights
            }
            found[name] = _aggregated(parts, weights, name, geometric)
        if self.of == INTEGRAL and len(among) == len(self.whole):
            found[INTEGRAL] = _aggregated(dict(found), weights, INTEGRAL, geometric)
        return found

    def _scored(
        self, key: str, values: FloatArray, method: npt.NDArray[np.int64], place: int, *, alike: bool
    ) -> FloatArray:
        given = self.inputs[key]
        found = given.normalised(values, place)
        for number, other in enumerate(self.methods, start=1):
            chosen = method == number
            held = self.places if alike else (place,)
            if (alike and other == "z_score") or not chosen.any() or not self._other(key, other, held):
                continue
            found[chosen] = given.normalised(values[chosen], place, other)
        return found

    def values(self, columns: FloatArray) -> FloatArray:
        """Both forms of the composite (2, n), or the printed alone (1, n), with the errors of the card's period."""
        weights = self.weights_of(columns)
        values = self.values_of(columns[self.choices :], self.last)
        printed = self.printed(weights, values)
        if not self.normalised:
            return printed[None]
        choice = columns[self.choices - 2], columns[self.choices - 1]
        among = self.scored if self.of == INTEGRAL else (self.of,)
        found = self.scores(weights, values, choice, self.last, among=among, alike=False)
        return np.stack([printed, found[self.of]])

    def ranked(self, columns: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The rank of the period (n,), and those of perspectives (perspectives, n); with errors of all `places`."""
        weights = self.weights_of(columns)
        choice = columns[self.choices - 2], columns[self.choices - 1]
        errors = columns[self.choices :].reshape(len(self.places), len(self.kpis), -1)
        among = self.scored if self.of == INTEGRAL else (self.of,)
        trend: list[FloatArray] = []
        for number, place in enumerate(self.places):
            values = self.values_of(errors[number], place)
            trend.append(self.scores(weights, values, choice, place, among=among, alike=True)[self.of])
        values = self.values_of(errors[0], self.last)
        composites = self.scores(weights, values, choice, self.last, among=self.scored, alike=False)
        standing = np.stack([composites[name] for name in self.scored])
        period = 1.0 + (np.stack(trend) > trend[0]).sum(axis=0)
        perspectives = 1.0 + (standing[None] > standing[:, None]).sum(axis=1)
        return period, perspectives

    @cached_property
    def unmoved(self) -> FloatArray:
        """The columns at which everything is as the card has it, for as many periods as are ranked."""
        columns = np.full((self.columns(len(self.places)), 1), 0.5)
        columns[self.choices - 2 : self.choices] = 0.0
        return columns


def _told(card: Scorecard, model: _Model, names: Mapping[str, Text], samples: int, seed: int) -> Sensitivity:
    part = card.integral if model.of == INTEGRAL else next(
        one.composite for one in card.perspectives if one.composite.id == model.of
    )  # fmt: skip
    kinds = _kinds(model, 1)
    single = _single(model, card)
    indices = indices_by_group(
        model.values, model.columns(1), [columns for _, columns in kinds], samples=samples, seed=seed
    )
    alone = indices_by_group(
        model.values, model.columns(1), [columns for *_, columns in single], samples=samples, seed=seed
    )
    drawn = model.values(_stratified(model.columns(1), seed))
    exact = model.values(model.unmoved[: model.columns(1)])[:, 0]
    bounds = _bounds(model)
    outcomes = [
        Outcome(
            float(exact[form]),
            bounds[form],
            _middle(drawn[form]),
            _factors([(kind, kind, _KINDS[kind]) for kind, _ in kinds], indices[form], ordered=False),
            _factors([(name, kind, said) for name, kind, said, _ in single], alone[form], ordered=True),
        )
        for form in range(len(exact))
    ]
    places = _Places(None, (), (), ()) if not model.normalised else _placed(card, model, names, samples, seed)
    return Sensitivity(
        id=model.of,
        name=part.name,
        period=card.period,
        period_label=card.period_label,
        weight_share=model.share,
        methods=model.methods,
        samples=samples,
        printed=outcomes[0],
        normalised=outcomes[1] if len(outcomes) > 1 else None,
        period_place=places.period,
        period_kinds=places.period_kinds,
        perspectives=places.perspectives,
        perspective_kinds=places.perspective_kinds,
        correlated=model.correlation is not None,
    )


@dataclass(frozen=True)
class _Places:
    period: Place | None
    period_kinds: tuple[Factor, ...]
    perspectives: tuple[Place, ...]
    perspective_kinds: tuple[Factor, ...]


def _placed(card: Scorecard, model: _Model, names: Mapping[str, Text], samples: int, seed: int) -> _Places:
    periods = len(model.places)
    usual, standing = model.ranked(model.unmoved)
    kinds = _kinds(model, periods)

    def moved(columns: FloatArray) -> FloatArray:
        period, perspectives = model.ranked(columns)
        return np.stack([period, np.abs(perspectives - standing).mean(axis=0)])

    indices = indices_by_group(
        moved, model.columns(periods), [columns for _, columns in kinds], samples=samples, seed=seed
    )
    period, perspectives = model.ranked(_stratified(model.columns(periods), seed))
    named: list[tuple[str, Kind, Text]] = [(kind, kind, _KINDS[kind]) for kind, _ in kinds]
    several = len(model.scored) > 1
    return _Places(
        _place(card.period, card.period_label, usual[0], period, periods) if periods > 1 else None,
        _factors(named, indices[0], ordered=False) if periods > 1 else (),
        tuple(
            _place(name, names[name], standing[row, 0], perspectives[row], len(model.scored))
            for row, name in enumerate(model.scored)
        )
        if several
        else (),
        _factors(named, indices[1], ordered=False) if several else (),
    )


def _place(name: str, said: Text, usual: float, ranks: FloatArray, among: int) -> Place:
    lower, upper = np.quantile(ranks, (0.025, 0.975), method="inverted_cdf")
    return Place(name, said, int(usual), int(lower), int(upper), float((ranks != usual).mean()), among)


_KINDS: dict[Kind, Text] = {
    "weights": Text("weights", "веса"),
    "normalisation": Text("normalisation", "нормировка"),
    "aggregation": Text("aggregation", "способ объединения"),
    "errors": Text("sampling errors", "ошибки выборки"),
}


def _kinds(model: _Model, periods: int) -> list[tuple[Kind, list[int]]]:
    """The columns of each kind of choice that there is."""
    weights = len(model.weighed)
    found: list[tuple[Kind, list[int]]] = [("weights", list(range(weights)))]
    if model.normalised:
        if model.methods:
            found.append(("normalisation", [weights]))
        found.append(("aggregation", [weights + 1]))
    found.append(("errors", list(range(model.choices, model.columns(periods)))))
    return found


def _single(model: _Model, card: Scorecard) -> list[tuple[str, Kind, Text, list[int]]]:
    """Single weights and errors of the composite with their columns; errors that correlate cannot be told apart."""
    names = {one.composite.id: one.composite.name for one in card.perspectives}
    mine = (*model.whole, INTEGRAL) if model.of == INTEGRAL else (model.of,)
    found: list[tuple[str, Kind, Text, list[int]]] = []
    for column, (group, key) in enumerate(model.weighed):
        if group in mine and len(model.groups[group].weights) > 1:
            name = names[key] if group == INTEGRAL else model.inputs[key].name
            found.append((key, "weight", Text(f"weight of {name.en}", f"вес: {name.ru}"), [column]))
    for place, key in enumerate(model.kpis if model.correlation is None else ()):
        if any(key in model.groups[group].weights for group in mine if group != INTEGRAL):
            name = model.inputs[key].name
            column = model.choices + place
            found.append((key, "error", Text(f"error of {name.en}", f"ошибка: {name.ru}"), [column]))
    return found


def _factors(named: Sequence[tuple[str, Kind, Text]], indices: SobolIndices, *, ordered: bool) -> tuple[Factor, ...]:
    found = [
        Factor(
            name,
            kind,
            said,
            Figure(float(indices.first[place]), float(indices.first_lower[place]), float(indices.first_upper[place])),
            Figure(float(indices.total[place]), float(indices.total_lower[place]), float(indices.total_upper[place])),
        )
        for place, (name, kind, said) in enumerate(named)
    ]
    return tuple(sorted(found, key=lambda factor: -(factor.total.value or 0.0)) if ordered else found)


def _bounds(model: _Model) -> list[tuple[float, float]]:
    """The bounds that weights alone can move each form of the composite to."""
    forms: list[tuple[Aggregation, bool]] = [("arithmetic", True)]
    if model.normalised:
        forms.append((model.aggregation, False))
    found: list[tuple[float, float]] = []
    for method, printed in forms:
        ends: dict[str, tuple[float, float]] = {}
        for name in model.whole if model.of == INTEGRAL else (model.of,):
            weights = model.groups[name].weights
            values = [_value(model.inputs[key], model.last, printed=printed) for key in weights]
            inner = terms(np.array(values), method)
            ends[name] = weight_bounds(inner, np.array(list(weights.values())), model.share)
        if model.of == INTEGRAL:
            weights = model.groups[INTEGRAL].weights
            given = np.array([weights[name] for name in ends])
            # A composite grows with each of its parts, so the least of all is that of the least parts.
            least, greatest = (
                weight_bounds(
                    terms(from_terms(np.array([end[side] for end in ends.values()]), method), method),
                    given,
                    model.share,
                )[side]
                for side in (0, 1)
            )
        else:
            least, greatest = ends[model.of]
        low, high = from_terms(np.array([least, greatest]), method).tolist()
        found.append((low, high))
    return found


def _value(given: Input, place: int, *, printed: bool) -> float:
    value = given.values[place : place + 1]
    return float((given.printed(value, place) if printed else given.normalised(value, place))[0])


def _mean(parts: Mapping[str, FloatArray], weights: Mapping[tuple[str, str], FloatArray], group: str) -> FloatArray:
    total = np.zeros(1)
    for key, values in parts.items():
        total = total + weights[group, key] * values
    return total / len(parts)


def _aggregated(
    parts: Mapping[str, FloatArray],
    weights: Mapping[tuple[str, str], FloatArray],
    group: str,
    geometric: npt.NDArray[np.bool_],
) -> FloatArray:
    arithmetic = _mean(parts, weights, group)
    logarithms = {key: terms(values, "geometric") for key, values in parts.items()}
    return np.where(geometric, from_terms(_mean(logarithms, weights, group), "geometric"), arithmetic)


def _stratified(columns: int, seed: int) -> FloatArray:
    return qmc.LatinHypercube(columns, rng=np.random.default_rng([seed, 2])).random(_DRAWS).T


def _middle(drawn: FloatArray) -> tuple[float, float]:
    lower, upper = np.quantile(drawn, (0.025, 0.975))
    return float(lower), float(upper)
