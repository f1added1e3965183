"""Which rules hold: a pure look at a card and a few facts about the data."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from septima.schema import TABLES, Text
from septima.scorecard.advice import improved
from septima.scorecard.alerts.definition import INTEGRAL, Alert, AlertDefinition, CheckReport, Failure, Rule
from septima.scorecard.card import CompositeCard, Figure, KpiCard, Scorecard, State

_NO_FIGURE = Text("there is no figure of {}", "нет значения: {}")


_STATE_WORDS: Mapping[State, Text] = {
    "bad": Text("bad", "плохо"),
    "watch": Text("to be watched", "под\u00a0наблюдением"),
    "unknown": Text("not known", "неизвестно"),
    "good": Text("good", "хорошо"),
}
_IN_DAYS = 48
"""Hours from which on an age is told in days."""


@dataclass(frozen=True)
class Facts:
    """What rules may ask for beside the card, each looked up only where a rule does.

    `newest` gives the moment (UTC) of a table's newest record; `quarantined` the share of rows that wait in quarantine; `chances`
    the chance to reach the target in the nearest forecast period, by id of KPI and perspective and `integral`.
    """

    newest: Callable[[str], datetime | None]
    quarantined: Callable[[], float]
    chances: Callable[[], Mapping[str, float | None]]


@dataclass(frozen=True)
class _Subject:
    id: str
    part: KpiCard | CompositeCard

    @property
    def value(self) -> Figure:
        return self.part.figure if isinstance(self.part, KpiCard) else self.part.printed

    @property
    def unit(self) -> str:
        return self.part.unit if isinstance(self.part, KpiCard) else "index"


def check(definition: AlertDefinition, card: Scorecard, facts: Facts, now: datetime) -> CheckReport:
    """Evaluate all rules at a moment; a rule whose figure is undefined is a failure, never silence."""
    found: list[Alert] = []
    failures: list[Failure] = []
    for rule in definition.rules:
        for one in _outcomes(rule, card, facts, now):
            if isinstance(one, Alert):
                found.append(one)
            else:
                failures.append(one)
    return CheckReport(
        card.organisation, card.period, card.period_label, card.currency, now, tuple(found), tuple(failures)
    )


def _outcomes(rule: Rule, card: Scorecard, facts: Facts, now: datetime) -> Iterator[Alert | Failure]:
    match rule.kind:
        case "threshold":
            yield from _threshold(rule, card)
        case "forecast":
            yield from _forecast(rule, card, facts)
        case "stale":
            yield from _stale(rule, facts, now)
        case "quarantine":
            share, limit = facts.quarantined(), rule.above or 0.0
            if share > limit:
                yield _of_data(rule, "quarantine", Text("Quarantine", "Карантин"), share, limit, "share")
        case "state" | "change" | "missing":
            for one in _subjects(rule, card):
                yield from _of_part(rule, card, one)


def _of_part(rule: Rule, card: Scorecard, one: _Subject) -> Iterator[Alert]:
    """Whether a rule about state, change or missing records holds of one KPI or composite."""
    part = one.part
    if rule.kind == "state" and part.state in rule.states:
        yield _alert(rule, card, one, one.value.value, part.target, detail=_STATE_WORDS[part.state])
    elif rule.kind == "change" and improved(part) is False and part.change_distinct:
        yield _alert(rule, card, one, part.change, None, detail=part.change_statement)
    elif rule.kind == "missing" and isinstance(part, KpiCard):
        share, limit = part.missing_share or 0.0, rule.above or 0.0
        if share > limit:
            yield _alert(rule, card, one, share, limit, unit="share")


def _threshold(rule: Rule, card: Scorecard) -> Iterator[Alert | Failure]:
    for one in _subjects(rule, card):
        figure = one.part.normalised if rule.form == "normalised" else one.value
        if figure.value is None:
            yield _undefined(rule, one.part.name)
        elif (rule.below is not None and figure.value < rule.below) or (
            rule.above is not None and figure.value > rule.above
        ):
            limit = rule.below if rule.below is not None else rule.above
            unit = "score_0_100" if rule.form == "normalised" else one.unit
            yield _alert(rule, card, one, figure.value, limit, unit=unit)


def _forecast(rule: Rule, card: Scorecard, facts: Facts) -> Iterator[Alert | Failure]:
    chances = facts.chances()
    for one in _subjects(rule, card):
        chance = chances.get(one.id)
        if chance is None and rule.of is not None:
            yield Failure(
                rule.id,
                Text(
                    f"there is no chance to reach a target of {one.part.name.en}: it has no target or no forecast",
                    f"нельзя сказать, достижима\u00a0ли цель: {one.part.name.ru} без\u00a0цели или\u00a0без\u00a0прогноза",
                ),
            )
        elif chance is not None and rule.below is not None and chance < rule.below:
            yield _alert(rule, card, one, chance, rule.below, unit="share")


def _stale(rule: Rule, facts: Facts, now: datetime) -> Iterator[Alert]:
    table, hours = rule.table or "", rule.hours or 0.0
    newest = facts.newest(table)
    # A table that never had a record is as stale as can be.
    age = None if newest is None else (now - newest.replace(tzinfo=UTC)).total_seconds() / 3600
    if age is None or age > hours:
        parts, unit = (24, "days") if hours >= _IN_DAYS else (1, "hours")
        yield _of_data(rule, table, TABLES[table].meaning, None if age is None else age / parts, hours / parts, unit)


def _subjects(rule: Rule, card: Scorecard) -> Sequence[_Subject]:
    kpis = [*(kpi for one in card.perspectives for kpi in one.kpis), *card.own]
    parts = [_Subject(kpi.id, kpi) for kpi in kpis]
    if rule.of is None:
        return parts
    parts += [_Subject(one.composite.id, one.composite) for one in card.perspectives]
    parts.append(_Subject(INTEGRAL, card.integral))
    return [one for one in parts if one.id == rule.of][:1]


def _alert(
    rule: Rule,
    card: Scorecard,
    subject: _Subject,
    value: float | None,
    limit: float | None,
    *,
    unit: str | None = None,
    detail: Text | None = None,
) -> Alert:
    return Alert(
        rule.id,
        rule.kind,
        rule.severity,
        subject.id,
        subject.part.name,
        value,
        limit,
        unit or subject.unit,
        rule.who,
        rule.message,
        detail,
        card.period,
    )


def _of_data(rule: Rule, subject: str, name: Text, value: float | None, limit: float, unit: str) -> Alert:
    return Alert(rule.id, rule.kind, rule.severity, subject, name, value, limit, unit, rule.who, rule.message)


def _undefined(rule: Rule, name: Text) -> Failure:
    return Failure(rule.id, Text(_NO_FIGURE.en.format(name.en), _NO_FIGURE.ru.format(name.ru)))
