"""From a card, `cascade.yaml` and the data to the cascade."""

from collections.abc import Mapping
from pathlib import Path

from septima.metrics import Metric
from septima.metrics.definition import Tables
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.scorecard.card import Scorecard
from septima.scorecard.cascade.facts import read_employees, read_facts
from septima.scorecard.cascade.reading import read_cascade
from septima.scorecard.cascade.responsibility import share_out
from septima.scorecard.cascade.result import Cascade, make_cascade
from septima.scorecard.change import explain_change
from septima.scorecard.definition import ScorecardDefinition
from septima.scorecard.history import Parameters, Record

_NO_INTERVALS = 2
"""Draws where only the contributions themselves are needed."""


def cascade_of(
    card: Scorecard,
    path: Path,
    definition: ScorecardDefinition,
    metrics: Mapping[str, Metric],
    tables: Tables,
    *,
    parameters: Parameters,
    calendar: Calendar = DEFAULT_CALENDAR,
    record: Record | None = None,
) -> Cascade:
    """Who answers for what of `card`, by the file at `path` and the employees of the card's last day.

    Other arguments are those that the card was built with; what `record` knows is not computed. DefinitionError with file, line and remedy where the file is absent or wrong.
    """
    period = calendar.parse(card.period)
    employees, known = read_employees(tables, period, calendar)
    cascade = read_cascade(path, definition, known)
    kpis = [kpi for kpi in definition.kpis if any(shares.kpi == kpi.id for shares in cascade.kpis)]
    shown = (*(kpi for part in card.perspectives for kpi in part.kpis), *card.own)
    names = {kpi.id: kpi.name for kpi in shown}
    responsibility = share_out(cascade, employees, {kpi.id: names[kpi.id] for kpi in definition.kpis})
    facts = read_facts(
        kpis, metrics, tables, period, parameters, responsibility, known, calendar, card.currency, record
    )
    passports = {name: metric.passport for name, metric in metrics.items()}
    change = explain_change(card, definition, passports, calendar=calendar, draws=_NO_INTERVALS)
    return make_cascade(card, change, cascade, responsibility, facts, definition.watch_band)
