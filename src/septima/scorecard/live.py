"""Figures of any metrics in one period, for drawings that show them beside those of the card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from septima.metrics import NOTES, Metric, Period
from septima.metrics.definition import Tables
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.schema import Text
from septima.scorecard.card import Figure, KpiCard, Scorecard, State
from septima.scorecard.definition import KpiDefinition, ScorecardDefinition
from septima.scorecard.history import Parameters, Record, read_histories


@dataclass(frozen=True)
class LiveFigure:
    """A figure of a period: of a KPI with its target and state, of a metric without. `note` says why there is none."""

    id: str
    name: Text
    unit: str
    figure: Figure
    n: float | None = None
    state: State = "unknown"
    target: float | None = None
    note: Text | None = None


def of_card(card: Scorecard) -> dict[str, LiveFigure]:
    """The figures of all KPIs of a card by id."""
    kpis = (*(kpi for perspective in card.perspectives for kpi in perspective.kpis), *card.own)
    return {kpi.id: _of_kpi(kpi) for kpi in kpis}


def known_from(
    card: Scorecard, definition: ScorecardDefinition, asked: Sequence[KpiDefinition]
) -> dict[str, LiveFigure]:
    """Of the metrics asked for those that a card holds, by the id of each definition: what is known is not computed again."""
    figures = of_card(card)
    held = {(kpi.metric, _slice(kpi)): kpi.id for kpi in definition.kpis if not kpi.parameters and kpi.id in figures}
    found: dict[str, LiveFigure] = {}
    for one in asked:
        kpi = held.get((one.metric, _slice(one)))
        if kpi is not None:
            found[one.id] = replace(figures[kpi], name=one.name or figures[kpi].name)
    return found


def of_metrics(
    asked: Sequence[KpiDefinition],
    metrics: Mapping[str, Metric],
    tables: Tables,
    period: Period,
    *,
    parameters: Parameters,
    calendar: Calendar = DEFAULT_CALENDAR,
    currency: str | None = None,
    record: Record | None = None,
) -> dict[str, LiveFigure]:
    """The figures of metrics in a period, by the id of each definition; what `record` knows is not computed."""
    if not asked:
        return {}
    histories = read_histories(asked, metrics, tables, [period], parameters, calendar, currency, record)
    found: dict[str, LiveFigure] = {}
    for one in asked:
        passport, observed = metrics[one.metric].passport, histories[one.id].observations[-1]
        found[one.id] = LiveFigure(
            one.metric,
            one.name or passport.name,
            passport.unit,
            observed.figure,
            observed.n,
            note=None if observed.note is None or observed.figure.value is not None else NOTES[observed.note],
        )
    return found


def _slice(kpi: KpiDefinition) -> tuple[tuple[str, str | None], ...]:
    return tuple(sorted(kpi.where.items()))


def _of_kpi(kpi: KpiCard) -> LiveFigure:
    why = kpi.statements[0] if kpi.figure.value is None and kpi.statements else None
    return LiveFigure(kpi.id, kpi.name, kpi.unit, kpi.figure, kpi.n, kpi.state, kpi.target, why)
