"""From figures to a finished card: what enters, what it is worth on 0–100, composites, change, state.

Nothing that is undefined is ever filled in: it stays undefined up to CKPIint, and the card says why.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from septima.metrics import NOTES, Metric, Passport, Period, catalogue
from septima.metrics.definition import Tables
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.schema import Text
from septima.scorecard import statements as say
from septima.scorecard.advice import advise
from septima.scorecard.card import (
    CompositeCard,
    Figure,
    KpiCard,
    PerspectiveCard,
    Scorecard,
    SliceRow,
    TrendPoint,
)
from septima.scorecard.composite import Aggregation, aggregate, ckpi, ckpi_integral
from septima.scorecard.data_weights import Settled, settle
from septima.scorecard.definition import (
    KpiDefinition,
    PerspectiveDefinition,
    ScorecardDefinition,
)
from septima.scorecard.dimensions import dimension_name
from septima.scorecard.history import (
    KpiHistory,
    Parameters,
    Record,
    parameters_of,
)
from septima.scorecard.inputs import Input, inputs_of, usable
from septima.scorecard.normalise import ACHIEVEMENT_LIMIT, Entry, Rule, enter
from septima.scorecard.readings import Readings, read_figures
from septima.scorecard.simulate import DRAWS, ErrorCorrelation
from septima.scorecard.simulation import INTEGRAL, Form, Forms, Formula, Group, Simulation, simulate
from septima.scorecard.states import state_against, state_of
from septima.scorecard.targets import KpiTargets, resolve_targets
from septima.scorecard.weighting import Weighting
from septima.scorecard.what_if import Supposition, supposed_definition, supposed_histories

HEADLINE_LIMIT = 10
MISSING_WORTH_SAYING = 0.1


def build(
    definition: ScorecardDefinition,
    tables: Tables,
    period: Period,
    *,
    organisation: str,
    data_version: int,
    currency: str | None = None,
    parameters: Parameters | None = None,
    metrics: Mapping[str, Metric] | None = None,
    calendar: Calendar = DEFAULT_CALENDAR,
    now: datetime | None = None,
    record: Record | None = None,
    seed: int = 7,
    draws: int = DRAWS,
    correlation: ErrorCorrelation | None = None,
) -> Scorecard:
    """The scorecard of `period` over the canonical tables.

    `parameters` are the workspace's own of metrics, by metric id; `metrics` those that the definition
    may name (the catalogue where left out); `calendar` is that of `period`; money is in `currency`, where
    it is named; `now` is the moment (of UTC, where it names no zone) by which a period is over.
    Figures that `record` knows are taken from it and not computed. Of several cards that differ in weights, targets or
    values the figures are read once, see `card_of`.
    Intervals of composites come from `draws` draws that depend on `seed` only, of errors that are independent unless their
    `correlation` is given. Raises DefinitionError
    where the definition names a metric that there is not; data that are absent or too few are stated on
    the card instead.
    """
    known = catalogue() if metrics is None else metrics
    readings = read_figures(
        definition, known, tables, period, parameters or {}, calendar=calendar, currency=currency, record=record
    )
    return card_of(
        readings,
        definition,
        organisation=organisation,
        data_version=data_version,
        currency=currency,
        parameters=parameters or {},
        calendar=calendar,
        now=now or datetime.now(UTC),
        seed=seed,
        draws=draws,
        correlation=correlation,
    )


def card_of(
    readings: Readings,
    definition: ScorecardDefinition,
    *,
    organisation: str,
    data_version: int,
    currency: str | None,
    parameters: Parameters,
    calendar: Calendar,
    now: datetime,
    suppositions: Sequence[Supposition] = (),
    seed: int = 7,
    draws: int = DRAWS,
    correlation: ErrorCorrelation | None = None,
) -> Scorecard:
    """The card of figures that were read by this definition; see `build`.

    With `suppositions` it is what it would be with other weights, targets or values, and says so; WhatIfError where they
    cannot be.
    """
    definition = supposed_definition(definition, suppositions)
    read = supposed_histories(readings.histories, suppositions)
    figures = {
        (name, at): observation.figure.value
        for name, history in read.items()
        for at, observation in zip(readings.reach, history.observations, strict=True)
    }
    targets = resolve_targets(
        definition.kpis, readings.periods, figures, lambda kpi, at: readings.members[kpi.id, at], readings.planned
    )
    card = assemble(
        definition,
        readings.passports,
        {kpi.id: read[kpi.id].last(len(readings.periods)) for kpi in definition.kpis},
        readings.periods,
        organisation=organisation,
        data_version=data_version,
        currency=currency,
        parameters=parameters,
        targets=targets,
        calendar=calendar,
        now=now,
        seed=seed,
        draws=draws,
        correlation=correlation,
    )
    if suppositions:
        card = replace(card, statements=(say.supposed([str(one) for one in suppositions]), *card.statements))
    return _with_reach(card, readings.latest, calendar.today(now))


def assemble(
    definition: ScorecardDefinition,
    passports: Mapping[str, Passport],
    histories: Mapping[str, KpiHistory],
    periods: Sequence[Period],
    *,
    organisation: str,
    data_version: int,
    currency: str | None,
    parameters: Parameters,
    targets: Mapping[str, KpiTargets] | None = None,
    calendar: Calendar = DEFAULT_CALENDAR,
    now: datetime,
    seed: int,
    draws: int,
    correlation: ErrorCorrelation | None = None,
) -> Scorecard:
    """The card from figures already known: `histories` by KPI id over `periods`, `passports` by metric id.

    `targets` are by KPI id over the same periods; where left out, the one number that each KPI is given. `correlation` is
    that of the sampling errors of KPIs within a period; where left out, they are independent.
    """
    constant = {kpi.id: KpiTargets((kpi.target,) * len(periods)) for kpi in definition.kpis}
    targets = {**constant, **(targets or {})}
    version, inputs = definition.version, inputs_of(definition, passports, histories, targets)
    settled = settle(definition, inputs)
    definition = settled.definition
    simulation = simulate(
        inputs,
        settled.groups,
        periods,
        definition.aggregation,
        seed=seed,
        draws=draws,
        correlation=correlation,
    )
    frame = _Frame(definition, tuple(periods), currency, parameters, targets, inputs, settled, simulation)
    perspectives = [_perspective(frame, perspective, passports, histories) for perspective in definition.perspectives]
    own = tuple(_kpi(frame, kpi, passports[kpi.metric], histories[kpi.id]).card for kpi in definition.own)
    parts = {joined.card.composite.id: joined.part for joined in perspectives}
    integral, _ = _composite(
        frame,
        parts,
        simulation.integral,
        ckpi_integral,
        composite=INTEGRAL,
        name=Text("CKPIint", "CKPIint"),
        weight=1.0,
        terms=[(perspective.weight, f"CKPI[{perspective.id}]") for perspective in definition.perspectives],
        weighting=definition.weighting,
        line=min((perspective.line for perspective in definition.perspectives if perspective.line), default=None),
    )
    kpis = [kpi for joined in perspectives for kpi in joined.card.kpis]
    period = periods[-1]
    today = calendar.today(now)
    card = Scorecard(
        organisation=organisation,
        period=period.id,
        period_label=period.label,
        start=period.start,
        end=period.end,
        currency=currency,
        integral=integral,
        perspectives=tuple(joined.card for joined in perspectives),
        own=own,
        data_version=data_version,
        definition=version,
        computed_at=now,
        normalisation=definition.normalisation,
        aggregation=definition.aggregation,
        complete=period.end <= today,
        statements=_statements_of_card(definition, period, today),
        method=say.method(
            definition.normalisation,
            definition.aggregation,
            draws,
            seed,
            [kpi.name for kpi in kpis if kpi.figure.value is not None and kpi.figure.lower is None],
            correlated=correlation is not None,
        ),
    )
    return replace(card, statements=(*card.statements, *advise(card, definition)))


@dataclass(frozen=True)
class _Frame:
    """What holds for the whole card."""

    definition: ScorecardDefinition
    periods: tuple[Period, ...]
    currency: str | None
    parameters: Parameters
    targets: Mapping[str, KpiTargets]
    inputs: Mapping[str, Input]
    settled: Settled
    simulation: Simulation

    def trend(self, figures: Sequence[Figure], targets: Sequence[float | None] | None = None) -> tuple[TrendPoint, ...]:
        return tuple(
            TrendPoint(period.start, period.id, figure, target)
            for period, figure, target in zip(
                self.periods, figures, targets or (None,) * len(self.periods), strict=True
            )
        )


@dataclass(frozen=True)
class _Part:
    """What a composite is made of: the printed and the 0–100 form of an input, and its targets in the printed form."""

    name: Text
    printed: Form
    normalised: Form
    targets: tuple[float | None, ...]


@dataclass(frozen=True)
class _JoinedKpi:
    card: KpiCard
    part: _Part


@dataclass(frozen=True)
class _JoinedPerspective:
    card: PerspectiveCard
    part: _Part


def _perspective(
    frame: _Frame,
    perspective: PerspectiveDefinition,
    passports: Mapping[str, Passport],
    histories: Mapping[str, KpiHistory],
) -> _JoinedPerspective:
    joined = [_kpi(frame, kpi, passports[kpi.metric], histories[kpi.id]) for kpi in perspective.kpis]
    composite, part = _composite(
        frame,
        {kpi.card.id: kpi.part for kpi in joined},
        frame.simulation.perspectives[perspective.id],
        ckpi,
        composite=perspective.id,
        name=perspective.name,
        weight=perspective.weight,
        terms=[(kpi.card.weight, _term(kpi.card)) for kpi in joined],
        weighting=perspective.weighting,
        line=perspective.line,
    )
    return _JoinedPerspective(PerspectiveCard(composite, tuple(kpi.card for kpi in joined)), part)


def _kpi(frame: _Frame, kpi: KpiDefinition, passport: Passport, history: KpiHistory) -> _JoinedKpi:
    given, forms, entering = frame.targets[kpi.id], frame.simulation.kpis[kpi.id], frame.inputs[kpi.id]
    raw, printed, normalised = forms.raw, forms.printed, forms.normalised
    entry, rules = entering.entry, entering.rules
    rule = rules[-1]
    observation = history.observations[-1]
    distinct, change = raw.distinct, raw.change
    card = KpiCard(
        id=kpi.id,
        metric=kpi.metric,
        name=kpi.name or passport.name,
        description=passport.description,
        unit=passport.unit,
        direction=passport.direction,
        weight=kpi.weight,
        figure=raw.figures[-1],
        scaled=printed.figures[-1],
        normalised=normalised.figures[-1],
        target=rule.target,
        previous=raw.values[-2],
        change=change,
        n=observation.n,
        missing_share=observation.missing_share,
        minimum_sample=passport.minimum_sample,
        state=state_of(raw.values[-1], rule, frame.definition.watch_band),
        method=passport.method,
        formula=passport.formula,
        formula_source=passport.formula_source,
        definition=passport.definition,
        primary_data=passport.primary_data,
        trend=frame.trend(raw.figures, given.values),
        statements=_statements_of_kpi(kpi, passport, history, rule, entry, normalised.figures[-1], frame.periods[-1]),
        by_dimension=None if kpi.by is None else dimension_name(kpi.by),
        slices=tuple(_with_target(row, given.members.get(row.member), rule, frame) for row in history.slices),
        entry=entry,
        scaled_previous=printed.values[-2],
        change_distinct=distinct if change is not None else None,
        change_statement=_change(frame, change, passport.unit, distinct),
        normalisation=rule.method,
        owner=kpi.owner,
        parameters=_shown({**passport.parameters, **parameters_of(kpi, frame.parameters)}),
        where=tuple((name, "—" if member is None else member) for name, member in kpi.where.items()),
        too_few=observation.note == "too_few",
        target_source=None if kpi.targets is None else say.target_source(kpi.targets, frame.periods[-1]),
    )
    return _JoinedKpi(card, _Part(card.name, printed, normalised, tuple(_entered_target(one, entry) for one in rules)))


def _with_target(row: SliceRow, target: float | None, rule: Rule, frame: _Frame) -> SliceRow:
    if target is None:
        return row
    # The thresholds of the whole would judge a member by what it was not asked for.
    state = state_against(row.figure.value, target, rule.direction, frame.definition.watch_band)
    return replace(row, target=target, state=state)


def _composite(
    frame: _Frame,
    parts: Mapping[str, _Part],
    forms: Forms,
    formula: Formula,
    *,
    composite: str,
    name: Text,
    weight: float,
    terms: Sequence[tuple[float, str]],
    weighting: Weighting | None,
    line: int | None,
) -> tuple[CompositeCard, _Part]:
    definition, group = frame.definition, frame.settled.groups[composite]
    called = name if composite == INTEGRAL else Text(f"CKPI “{name.en}”", f"CKPI «{name.ru}»")
    weights, printed, normalised = group.weights, forms.printed, forms.normalised
    found = frame.settled.notes.get(composite)
    notes: tuple[Text, ...] = ()
    if group.usable:
        notes = _absent(called, parts, weights, formula, definition.aggregation)
    elif found is None:
        notes = (say.wrong_weights(called, weights, definition.file, line),)
    if found is not None:
        notes = (*notes, found)
    elif weighting is not None:
        notes = (*notes, say.weighted(called, weighting))
    if composite != INTEGRAL and len(parts) > HEADLINE_LIMIT:
        notes = (*notes, say.crowded(called, len(parts)))
    targets = tuple(
        _composite_target({key: part.targets[place] for key, part in parts.items()}, group, formula)
        for place in range(len(frame.periods))
    )
    distinct, change = printed.distinct, printed.change
    card = CompositeCard(
        id=composite,
        name=name,
        weight=weight,
        printed=printed.figures[-1],
        normalised=normalised.figures[-1],
        change=change,
        normalised_change=normalised.change,
        state=state_against(printed.values[-1], targets[-1], "more", definition.watch_band),
        formula=f"({' + '.join(f'{weight:g}·{term}' for weight, term in terms)}) / {len(terms)}",
        trend=frame.trend(printed.figures, targets),
        statements=notes,
        target=targets[-1],
        change_distinct=distinct if change is not None else None,
        change_statement=_change(frame, change, "index", distinct),
        normalised_trend=frame.trend(normalised.figures),
    )
    return card, _Part(name, printed, normalised, targets)


def _composite_target(targets: Mapping[str, float | None], group: Group, formula: Formula) -> float | None:
    """The composite of inputs that are all at their targets; None where one has none."""
    known = {key: target for key, target in targets.items() if target is not None}
    return formula(known, group.weights) if group.usable and len(known) == len(targets) else None


def _absent(
    called: Text,
    parts: Mapping[str, _Part],
    weights: Mapping[str, float],
    formula: Formula,
    aggregation: Aggregation,
) -> tuple[Text, ...]:
    """What to say where inputs of a composite are undefined: which, and what the rest would give."""
    values = {key: value for key, part in parts.items() if (value := part.printed.values[-1]) is not None}
    scaled = {key: value for key, part in parts.items() if (value := part.normalised.values[-1]) is not None}
    if len(values) == len(parts):
        lacking = [part.name for key, part in parts.items() if key not in scaled]
        return (say.undefined_normalised(called, lacking),) if lacking else ()
    undefined = say.undefined_composite(called, [part.name for key, part in parts.items() if key not in values])
    total = sum(weights[key] for key in values)
    if total == 0:
        return (undefined,)
    rest = {key: weights[key] * len(values) / total for key in values}
    names = {key: parts[key].name for key in values}
    normalised = aggregate(scaled, rest, aggregation) if scaled.keys() == values.keys() else None
    return undefined, say.over_the_rest(names, rest, formula(values, rest), normalised)


def _entered_target(rule: Rule, entry: Entry) -> float | None:
    if rule.target is None or (entry == "achievement" and not usable(rule)):
        return None
    return float(enter(np.array([rule.target]), entry, rule.direction, rule.target)[0])


def _statements_of_kpi(
    kpi: KpiDefinition,
    passport: Passport,
    history: KpiHistory,
    rule: Rule,
    entry: Entry,
    normalised: Figure,
    period: Period,
) -> tuple[Text, ...]:
    observation = history.observations[-1]
    value = observation.figure.value
    found: list[Text] = []
    if observation.note == "too_few" and observation.n is not None:
        found.append(say.too_few(observation.n, passport.minimum_sample))
    elif observation.note is not None:
        found.append(NOTES[observation.note])
    elif value is None:
        found.append(say.no_figure())
    if (observation.missing_share or 0.0) >= MISSING_WORTH_SAYING:
        found.append(say.much_missing(observation.missing_share or 0.0))
    if value is not None:
        cut = entry == "achievement" and rule.direction == "less" and rule.target is not None
        if cut and value * ACHIEVEMENT_LIMIT < (rule.target or 0.0):
            found.append(say.achievement_cut(ACHIEVEMENT_LIMIT))
        if rule.method == "z_score" and normalised.value is None:
            found.append(say.not_normalised())
    if kpi.targets is not None and rule.target is None:
        found.append(say.no_target(period.label))
    elif kpi.targets is not None and (entry == "achievement" or rule.method == "target") and not usable(rule):
        found.append(say.no_achievement())
    if history.members > len(history.slices):
        found.append(say.some_slices(len(history.slices), history.members))
    return tuple(found)


def _statements_of_card(definition: ScorecardDefinition, period: Period, today: date) -> tuple[Text, ...]:
    found: list[Text] = []
    if period.start > today:
        found.append(say.not_begun(period.start))
    elif period.end > today:
        found.append(say.not_over(period.end - timedelta(days=1)))
    headline = len(definition.perspectives) + 1 + len(definition.own)
    if headline > HEADLINE_LIMIT:
        found.append(say.many_kpis(headline))
    return tuple(found)


def _with_reach(card: Scorecard, latest: date | None, today: date) -> Scorecard:
    """The card with a word on records that stop before the period, or what has passed of it, does."""
    last = card.end - timedelta(days=1)
    if latest is None or card.start > today or latest >= min(last, today) - timedelta(days=1):
        return card
    return replace(card, statements=(*card.statements, say.records_end(latest, last)))


def _change(frame: _Frame, change: float | None, unit: str, distinct: bool | None) -> Text | None:
    if change is None:
        return None
    return say.changed(change, unit, frame.currency, frame.periods[-2].label, distinct=distinct)


def _term(kpi: KpiCard) -> str:
    """The KPI as it stands in the formula of its composite."""
    if kpi.entry == "value":
        return kpi.id
    if kpi.entry == "complement":
        return f"(1 − {kpi.id})"
    target = "target" if kpi.target is None else f"{kpi.target:.15g}"
    if kpi.direction == "more":
        return f"({kpi.id} / {target})"
    if kpi.direction == "less":
        return f"min({ACHIEVEMENT_LIMIT:g}, {target} / {kpi.id})"
    return f"(1 − |{kpi.id} − {target}| / |{target}|)"


def _shown(parameters: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in sorted(parameters.items()))
