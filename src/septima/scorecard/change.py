"""Why composites changed between two periods: what each KPI's value, weight and scale brought, from CKPIint down.

The contributions are exact Shapley values by levels, see `models.shapley_change`: those of perspectives add up to CKPIint's
change, those of KPIs to their perspective's, and those of a KPI's value, weight and scale to the KPI's. The scale is how the
KPI is read: its target, its normalisation and how it enters the printed form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from septima.metrics import Passport
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.models.shapley_change import cofactors, of_mean, of_product
from septima.schema import SeptimaError, Text
from septima.scorecard.card import CompositeCard, Figure, KpiCard, PerspectiveCard, Scorecard
from septima.scorecard.composite import GEOMETRIC_FLOOR
from septima.scorecard.definition import ScorecardDefinition
from septima.scorecard.history import KpiHistory, Observation
from septima.scorecard.inputs import Input, inputs_of
from septima.scorecard.normalise import Entry, Normalisation, Rule, enter, missing_for, normalise
from septima.scorecard.simulate import bounds_of, draw, generator, summarise
from septima.scorecard.simulation import INTEGRAL
from septima.scorecard.targets import KpiTargets

FloatArray = npt.NDArray[np.float64]
FormName = Literal["printed", "normalised"]
FORMS: tuple[FormName, ...] = ("printed", "normalised")

DRAWS = 1_000
"""Draws for intervals of contributions: stratified, so that these few give their bounds to some hundredths of the width."""


class ChangeError(SeptimaError):
    """Two cards that cannot be compared; the message says what to compare instead."""


@dataclass(frozen=True)
class Driver:
    """What one input brought to a composite's change: in all, and by its value, its weight and its scale.

    Of CKPIint the inputs are perspectives, whose value is their composite. `before` and `now` are in the input's own unit;
    weights average 1, and 0 is no part of the card. Intervals come from the inputs' sampling errors; `distinct` says whether that of
    the whole contribution leaves out 0 (None: not known).
    """

    id: str
    name: Text
    unit: str
    before: Figure
    now: Figure
    weight_before: float
    weight_now: float
    total: Figure
    by_value: Figure
    by_weight: Figure
    by_scale: Figure
    distinct: bool | None


@dataclass(frozen=True)
class CompositeChange:
    """A composite in one form, before and now, and what its change is made of.

    `drivers` add up to the change, together with `by_aggregation` where the rule by which inputs are joined is another.
    Of CKPIint `below` are the KPIs by perspective and add up to its drivers' values. No drivers where it is undefined in either period.
    """

    id: str
    name: Text
    form: FormName
    before: Figure
    now: Figure
    change: Figure
    distinct: bool | None
    drivers: tuple[Driver, ...] = ()
    below: tuple[tuple[str, tuple[Driver, ...]], ...] = ()
    by_aggregation: Figure | None = None


@dataclass(frozen=True)
class Change:
    """All composites of a card in both forms, CKPIint first in each; `notes` say what limits the comparison."""

    period: str
    period_label: Text
    before: str
    before_label: Text
    composites: tuple[CompositeChange, ...]
    notes: tuple[Text, ...] = ()

    def of(self, composite: str, form: FormName = "printed") -> CompositeChange:
        """The change of one composite by its id; ChangeError names those there are."""
        for found in self.composites:
            if (found.id, found.form) == (composite, form):
                return found
        known = ", ".join(dict.fromkeys(found.id for found in self.composites))
        raise ChangeError(
            Text(
                f"there is no composite {composite!r} on the card; there are: {known}",
                f"в\u00a0карте нет индекса «{composite}»; есть: {known}",
            )
        )


@dataclass(frozen=True)
class _Side:
    """A KPI in one of the two periods; `rule` is None where the old card does not tell it."""

    card: KpiCard
    figure: Figure
    weight: float
    entering: Input | None
    place: int
    target: float | None

    def printed(self, values: FloatArray) -> FloatArray:
        if self.entering is not None:
            return self.entering.printed(values, self.place)
        entries: dict[str, Entry] = {"value": "value", "complement": "complement", "achievement": "achievement"}
        entry = entries[self.card.entry]
        if entry == "achievement" and not self.target:
            return np.full(values.shape, np.nan)
        return enter(values, entry, self.card.direction, self.target)

    def normalised(self, values: FloatArray) -> FloatArray | None:
        """Such values on 0–100; None where the card does not tell how it would be."""
        if self.entering is not None:
            return self.entering.normalised(values, self.place)
        methods: dict[str, Normalisation] = {"target": "target"}
        if self.card.normalisation not in methods:
            return None
        rule = Rule(methods[self.card.normalisation], self.card.direction, self.target)
        return np.full(values.shape, np.nan) if missing_for(rule) or not self.target else normalise(values, rule)


@dataclass(frozen=True)
class _Row:
    """A KPI of both periods: values are scale × value × numbers, the point first and then its draws."""

    key: str
    sides: tuple[_Side, _Side]
    weights: tuple[float, float]
    forms: Mapping[FormName, FloatArray]
    guessed: bool


@dataclass(frozen=True)
class _Group:
    """A perspective of both periods; `weights` are 0 where it is on one card only, `shares` are 2 × KPIs."""

    card: PerspectiveCard
    composites: tuple[CompositeCard | None, CompositeCard | None]
    weights: tuple[float, float]
    rows: tuple[_Row, ...]
    shares: FloatArray


def explain_change(
    card: Scorecard,
    definition: ScorecardDefinition,
    passports: Mapping[str, Passport],
    *,
    earlier: Scorecard | None = None,
    calendar: Calendar = DEFAULT_CALENDAR,
    draws: int = DRAWS,
    seed: int = 7,
) -> Change:
    """Why the composites of `card` differ from those of the period before, or of an `earlier` card.

    `definition` is the card's own, `passports` are by metric id. An earlier card may have other weights, targets and KPIs.
    Where it was made by another definition, the normalisation of some KPIs cannot be replayed from the card alone; what is due to it
    is then counted on the earlier value only, and the notes say so. ChangeError where the earlier card is of a later period, or
    of the same period, definition and data.
    """
    if earlier is not None:
        _refuse_what_is_not_earlier(card, earlier)
    now = _sides(card, _inputs(card, definition, passports), -1)
    if earlier is None:
        before = _sides(card, _inputs(card, definition, passports), -2)
        old = card.perspectives
    else:
        same = earlier.definition == definition.version
        before = _sides(earlier, _inputs(earlier, definition, passports) if same else {}, -1)
        old = earlier.perspectives
    groups = _groups(card.perspectives, old, now, before, passports, draws, seed)
    rules = (card.aggregation if earlier is None else earlier.aggregation, card.aggregation)
    found: list[CompositeChange] = []
    for form in FORMS:
        wide = [_wide(group, form) for group in groups]
        used = ("arithmetic", "arithmetic") if form == "printed" else rules
        joined = [
            _joined(group, values, used) if _known(values) else None for group, values in zip(groups, wide, strict=True)
        ]
        found.append(_integral(card, earlier, groups, wide, form, used))
        found += [
            _perspective(group, form, split)
            for group, split in zip(groups, joined, strict=True)
            if group.composites[1] is not None
        ]
    point = card.integral.trend[-2]
    return Change(
        card.period,
        card.period_label,
        point.label if earlier is None else earlier.period,
        calendar.parse(point.label).label if earlier is None else earlier.period_label,
        tuple(found),
        _notes(card, earlier, groups),
    )


def _inputs(card: Scorecard, definition: ScorecardDefinition, passports: Mapping[str, Passport]) -> dict[str, Input]:
    """The inputs that a card was made from, from its trends."""
    shown = {kpi.id: kpi for perspective in card.perspectives for kpi in perspective.kpis}
    shown |= {kpi.id: kpi for kpi in card.own}
    histories = {
        key: KpiHistory(tuple(Observation(point.figure, note=None) for point in kpi.trend))
        for key, kpi in shown.items()
    }
    targets = {key: KpiTargets(tuple(point.target for point in kpi.trend)) for key, kpi in shown.items()}
    return inputs_of(definition, passports, histories, targets)


def _sides(card: Scorecard, inputs: Mapping[str, Input], place: int) -> dict[str, _Side]:
    found: dict[str, _Side] = {}
    for perspective in card.perspectives:
        for kpi in perspective.kpis:
            point, at = kpi.trend[place], len(kpi.trend) + place
            found[kpi.id] = _Side(kpi, point.figure, kpi.weight, inputs.get(kpi.id), at, point.target)
    return found


def _groups(
    new: Sequence[PerspectiveCard],
    old: Sequence[PerspectiveCard],
    now: Mapping[str, _Side],
    before: Mapping[str, _Side],
    passports: Mapping[str, Passport],
    draws: int,
    seed: int,
) -> list[_Group]:
    ahead, behind = ({one.composite.id: one for one in cards} for cards in (new, old))
    found: list[_Group] = []
    for key in dict.fromkeys((*ahead, *behind)):
        # What stands on one card only is the same on both sides but for its weight, which is 0 on the other.
        cards = (behind.get(key, ahead.get(key)), ahead.get(key, behind.get(key)))
        sides = [
            {kpi.id: kpis[kpi.id] for kpi in perspective.kpis}
            for perspective, kpis in (
                (cards[0], before if key in behind else now),
                (cards[1], now if key in ahead else before),
            )
            if perspective is not None
        ]
        rows: list[_Row] = []
        for kpi in dict.fromkeys((*sides[1], *sides[0])):
            pair = sides[0].get(kpi, sides[1].get(kpi)), sides[1].get(kpi, sides[0].get(kpi))
            if pair[0] is not None and pair[1] is not None:
                weights = tuple(side[kpi].weight if kpi in side else 0.0 for side in sides)
                rows.append(_row(kpi, (pair[0], pair[1]), (weights[0], weights[1]), passports, draws, seed))
        shares = np.array([[row.weights[at] / len(sides[at]) for row in rows] for at in (0, 1)])
        composites = tuple(cards_of[key].composite if key in cards_of else None for cards_of in (behind, ahead))
        weights = tuple(
            cards_of[key].composite.weight / len(cards_of) if key in cards_of else 0.0 for cards_of in (behind, ahead)
        )
        shown = cards[1] or cards[0]
        if shown is not None:
            found.append(_Group(shown, (composites[0], composites[1]), (weights[0], weights[1]), tuple(rows), shares))
    return found


def _row(
    key: str,
    sides: tuple[_Side, _Side],
    weights: tuple[float, float],
    passports: Mapping[str, Passport],
    draws: int,
    seed: int,
) -> _Row:
    drawn: list[FloatArray] = []
    for side, name in zip(sides, ("before", "now"), strict=True):
        value = np.nan if side.figure.value is None else side.figure.value
        passport = passports.get(side.card.metric)
        bounds = (-np.inf, np.inf) if passport is None else bounds_of(passport)
        random = generator(seed, key, name)
        drawn.append(np.concatenate([[value], draw(side.figure, bounds, random, draws)]))
    if sides[0] is sides[1]:
        drawn[0] = drawn[1]
    printed = np.array([[side.printed(values) for values in drawn] for side in sides])
    normal = [[side.normalised(values) for values in drawn] for side in sides]
    guessed = normal[0][0] is None
    if guessed:
        # An old card whose rule is not known tells the score of its own value only; the step that the new rule would make
        # from there is taken for that of the old one.
        score = sides[0].card.normalised.value
        now_on_new, before_on_new = normal[1][1], normal[1][0]
        if now_on_new is not None and before_on_new is not None:
            first = np.full(drawn[0].shape, np.nan if score is None else score)
            normal[0] = [first, first + now_on_new - before_on_new]
    normalised = np.array([[np.full(drawn[0].shape, np.nan) if v is None else v for v in line] for line in normal])
    return _Row(key, sides, weights, {"printed": printed, "normalised": normalised}, guessed)


def _wide(group: _Group, form: FormName) -> FloatArray:
    """Scale × value × KPIs × numbers."""
    return np.stack([row.forms[form] for row in group.rows], axis=2)


def _known(values: FloatArray) -> bool:
    """Whether every KPI has a value in both periods: without one there is no composite to explain."""
    return not bool(np.isnan(values).any())


def _means(values: FloatArray, shares: FloatArray, rules: tuple[str, str]) -> tuple[FloatArray, FloatArray]:
    """The composite before and now, each by its own rule."""
    before, now = (_mean(values[at, at], shares[at], geometric=rule == "geometric") for at, rule in enumerate(rules))
    return before, now


def _mean(values: FloatArray, shares: FloatArray, *, geometric: bool) -> FloatArray:
    if geometric:
        return np.exp(shares @ np.log(np.maximum(values, GEOMETRIC_FLOOR)))
    return shares @ values


@dataclass(frozen=True)
class _Split:
    """Contributions to a perspective's change: 3 × KPIs × numbers, and that of another rule of joining."""

    parts: FloatArray
    aggregation: FloatArray | None


def _joined(group: _Group, values: FloatArray, rules: tuple[str, str]) -> _Split:
    """The contributions of a perspective's KPIs; where the rule of joining changed, the mean over both orders."""
    kinds = sorted(set(rules))
    parts = np.mean([_of_mean(values, group.shares, geometric=kind == "geometric") for kind in kinds], axis=0)
    if len(kinds) == 1:
        return _Split(parts, None)
    before, now = _means(values, group.shares, rules)
    return _Split(parts, now - before - parts.sum(axis=(0, 1)))


def _of_mean(values: FloatArray, shares: FloatArray, *, geometric: bool, power: float = 1.0) -> FloatArray:
    floored = np.maximum(values, GEOMETRIC_FLOOR) if geometric else values
    return of_mean(floored, shares, geometric=geometric, power=power)


def _perspective(group: _Group, form: FormName, split: _Split | None) -> CompositeChange:
    card, previous = group.composites[1], group.composites[0]
    if card is None:
        raise ValueError("only perspectives of the later card are shown")
    now = card.printed if form == "printed" else card.normalised
    trend = card.trend if form == "printed" else card.normalised_trend
    if previous is card or previous is None:
        before = trend[-2].figure if previous is card else Figure(None)
    else:
        before = previous.printed if form == "printed" else previous.normalised
    if split is None or previous is None:
        return CompositeChange(card.id, card.name, form, before, now, Figure(None), None)
    total = split.parts.sum(axis=(0, 1)) + (0 if split.aggregation is None else split.aggregation)
    return CompositeChange(
        card.id,
        card.name,
        form,
        before,
        now,
        _figure(total),
        _stands_out(_figure(total)),
        tuple(_driver(row, split.parts[:, place]) for place, row in enumerate(group.rows)),
        by_aggregation=None if split.aggregation is None else _figure(split.aggregation),
    )


def _integral(
    card: Scorecard,
    earlier: Scorecard | None,
    groups: Sequence[_Group],
    wide: Sequence[FloatArray],
    form: FormName,
    rules: tuple[str, str],
) -> CompositeChange:
    now = card.integral.printed if form == "printed" else card.integral.normalised
    trend = card.integral.trend if form == "printed" else card.integral.normalised_trend
    if earlier is None:
        before = trend[-2].figure
    else:
        before = earlier.integral.printed if form == "printed" else earlier.integral.normalised
    if not all(_known(values) for values in wide):
        return CompositeChange(INTEGRAL, card.integral.name, form, before, now, Figure(None), None)
    kinds = sorted(set(rules))
    splits = [_nested(groups, wide, geometric=kind == "geometric") for kind in kinds]
    kpis = [np.mean([split[0][place] for split in splits], axis=0) for place in range(len(groups))]
    weights = np.mean([split[1] for split in splits], axis=0)
    explained = sum(part.sum(axis=(0, 1)) for part in kpis) + weights.sum(axis=0)
    aggregation = None
    total = explained
    if len(kinds) > 1:
        ends = [
            _mean(
                np.stack([_means(values, group.shares, rules)[at] for group, values in zip(groups, wide, strict=True)]),
                np.array([group.weights[at] for group in groups]),
                geometric=rules[at] == "geometric",
            )
            for at in (0, 1)
        ]
        total = ends[1] - ends[0]
        aggregation = total - explained
    drivers: list[Driver] = []
    for group, values, part, weight in zip(groups, wide, kpis, weights, strict=True):
        ends = _means(values, group.shares, rules)
        by_value = part.sum(axis=(0, 1))
        whole = by_value + weight
        drivers.append(
            Driver(
                group.card.composite.id,
                group.card.composite.name,
                "index" if form == "printed" else "score_0_100",
                _figure(ends[0]),
                _figure(ends[1]),
                group.weights[0] * _count(earlier or card),
                group.weights[1] * len(card.perspectives),
                _figure(whole),
                _figure(by_value),
                _figure(weight),
                Figure(0.0),
                _stands_out(_figure(whole)),
            )
        )
    below = tuple(
        (
            group.card.composite.id,
            tuple(_driver(row, part[:, place]) for place, row in enumerate(group.rows)),
        )
        for group, part in zip(groups, kpis, strict=True)
    )
    return CompositeChange(
        INTEGRAL,
        card.integral.name,
        form,
        before,
        now,
        _figure(total),
        _stands_out(_figure(total)),
        tuple(drivers),
        below,
        None if aggregation is None else _figure(aggregation),
    )


def _count(card: Scorecard) -> int:
    return len(card.perspectives)


def _nested(
    groups: Sequence[_Group], wide: Sequence[FloatArray], *, geometric: bool
) -> tuple[list[FloatArray], FloatArray]:
    """What KPIs (3 × KPIs × numbers by perspective) and the perspectives' weights (perspectives × numbers) bring to CKPIint."""
    ends = [
        (
            _mean(values[0, 0], group.shares[0], geometric=geometric),
            _mean(values[1, 1], group.shares[1], geometric=geometric),
        )
        for group, values in zip(groups, wide, strict=True)
    ]
    kpis: list[FloatArray] = []
    by_weight: list[FloatArray] = []
    if not geometric:
        for group, values, (low, high) in zip(groups, wide, ends, strict=True):
            before, now = (np.array(weight) for weight in group.weights)
            kpis.append(_of_mean(values, group.shares, geometric=False) * (before + now) / 2)
            by_weight.append(of_product((low, high), (before, now))[1])
        return kpis, np.stack(by_weight)
    factors = [
        np.stack([end**weight for end, weight in zip(pair, group.weights, strict=True)])
        for group, pair in zip(groups, ends, strict=True)
    ]
    others = cofactors(np.stack([pair[0] for pair in factors]), np.stack([pair[1] for pair in factors]))
    for group, values, (low, high), other in zip(groups, wide, ends, others, strict=True):
        # The perspective's weight comes before its composite in half of the orders, after it in the other half.
        by_power = [_of_mean(values, group.shares, geometric=True, power=weight) for weight in group.weights]
        kpis.append((by_power[0] + by_power[1]) / 2 * other)
        first, second = group.weights
        by_weight.append((low**second - low**first + high**second - high**first) / 2 * other)
    return kpis, np.stack(by_weight)


def _driver(row: _Row, parts: FloatArray) -> Driver:
    before, now = row.sides
    total = _figure(parts.sum(axis=0))
    # Most often nothing but the value changed, and then it is the whole.
    by_value = _figure(parts[0]) if parts[1:].any() else total
    return Driver(
        row.key,
        now.card.name,
        now.card.unit,
        before.figure,
        now.figure,
        row.weights[0],
        row.weights[1],
        total,
        by_value,
        _figure(parts[1]),
        _figure(parts[2]),
        _stands_out(total),
    )


def _figure(numbers: FloatArray) -> Figure:
    """The point, which stands first, with the middle 95 % of the draws after it."""
    return summarise(float(numbers[0]), numbers[1:])


def _stands_out(figure: Figure) -> bool | None:
    """Whether the interval leaves out 0; None where there is none."""
    if figure.lower is None or figure.upper is None:
        return None
    return figure.lower > 0 or figure.upper < 0


def _refuse_what_is_not_earlier(card: Scorecard, earlier: Scorecard) -> None:
    if earlier.start > card.start:
        raise ChangeError(
            Text(
                f"{earlier.period} is not before {card.period}; name an earlier period, or a stored snapshot",
                f"{earlier.period} не\u00a0раньше, чем {card.period}; назовите более ранний период или сохранённый "
                "снимок",
            )
        )
    made_of = [(one.period, one.definition, one.data_version) for one in (card, earlier)]
    if made_of[0] == made_of[1]:
        raise ChangeError(
            Text(
                "a card cannot be compared with itself; name an earlier period, or a snapshot of other data",
                "карту нельзя сравнить с\u00a0ней самой; назовите более ранний период или снимок других данных",
            )
        )


def _notes(card: Scorecard, earlier: Scorecard | None, groups: Sequence[_Group]) -> tuple[Text, ...]:
    found: list[Text] = []
    if earlier is not None and earlier.definition != card.definition:
        found.append(
            Text(
                f"The earlier card was made by another definition ({earlier.definition}; now {card.definition}): what its "
                "weights, targets and normalisation bring stands apart from the values.",
                f"Прежняя карта построена по\u00a0другому определению ({earlier.definition}; сейчас {card.definition}): вклад весов, "
                "целей и\u00a0нормировки показан отдельно от\u00a0значений.",
            )
        )
    guessed = [row.sides[1].card.name for group in groups for row in group.rows if row.guessed]
    if guessed:
        names = [", ".join(name.in_language(language) for name in guessed) for language in ("en", "ru")]
        found.append(
            Text(
                f"On 0–100 the earlier card does not tell how it would score other values of {names[0]}: the change of the scale "
                "is counted on the earlier value only.",
                f"На\u00a0шкале 0–100 прежняя карта не\u00a0сообщает, как оценила бы другие значения ({names[1]}): смена шкалы "
                "посчитана только на\u00a0прежнем значении.",
            )
        )
    changed = [
        row.sides[1].card.name
        for group in groups
        for row in group.rows
        if row.sides[0].card.definition != row.sides[1].card.definition
    ]
    if changed:
        names = [", ".join(name.in_language(language) for name in changed) for language in ("en", "ru")]
        found.append(
            Text(
                f"The metric itself is another one since then: {names[0]}; its change holds both.",
                f"Сама метрика с\u00a0тех пор другая: {names[1]}; в\u00a0её изменении есть и\u00a0это.",
            )
        )
    return tuple(found)


def only(change: Change, composites: Sequence[str]) -> Change:
    """The change without other composites than these."""
    return replace(change, composites=tuple(one for one in change.composites if one.id in composites))
