"""What the scorecard says of a metric beside its figures: the targets of its KPI, and the forecast of the card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import isclose
from typing import Any

from septima.metrics import Grain, Metric
from septima.metrics.period import Period
from septima.report.number_forms import NumberStyle
from septima.report.points import Point
from septima.schema import SeptimaError
from septima.scorecard.card import Figure, Scorecard, TrendPoint
from septima.scorecard.definition import KpiDefinition
from septima.scorecard.forecast import forecast_kpi
from septima.web.accounts.models import Organisation
from septima.web.common.workspaces import definitions_digest, is_kept, kept, kept_card
from septima.web.metrics.figures import Figures
from septima.workspace import Workspace


@dataclass(frozen=True)
class Outlook:
    """Targets by first day of their period, what is expected of the next ones, and the period whose card says so."""

    period: str
    targets: Mapping[date, float] = field(default_factory=dict[date, float])
    ahead: tuple[TrendPoint, ...] = ()

    def target(self, rows: Sequence[Mapping[str, Any]]) -> float | None:
        """The target of the newest of these periods."""
        return self.targets.get(rows[-1]["period"]) if rows else None

    def points_ahead(self, style: NumberStyle) -> list[Point]:
        """What is expected, in the numbers of the axis."""
        return [Point(one.period, on_axis(one.figure, style)) for one in self.ahead]


def on_axis(figure: Figure, style: NumberStyle) -> Figure:
    """A figure in the numbers of the axis."""
    return Figure(
        *(None if bound is None else style.shown(bound) for bound in (figure.value, figure.lower, figure.upper))
    )


def outlook_of(
    organisation: Organisation, workspace: Workspace, metric: Metric, found: Figures, grain: Grain
) -> Outlook | None:
    """What a card says of a metric over time; None of slices, and where no card has a KPI of it.

    Both come from the kept card of the newest period that is over, where its KPI has the very figure of the page: one
    that is narrowed or has other parameters is another figure. Where none is kept yet, targets alone are taken from
    the definition; those of a quarter, which is what cards are made of where nobody asks for others.
    """
    over = [row for row in found.rows if row["complete"]]
    if found.by or not over or grain == "all":
        return None
    period = workspace.settings.calendar.period_of(over[-1]["period"], grain)
    days = tuple(row["period"] for row in over)
    if is_kept(organisation, workspace, period):
        shown = kept_card(organisation, workspace, period)
        value = over[-1]["value"]
        key = f"outlook-{shown.key}-{shown.card.computed_at}-{metric.id}-{value}-{days[0]}"
        return kept(key, lambda: _by_card(shown.card, workspace, metric, value, days))
    if grain != "quarter":
        return None
    key = f"outlook-{organisation.pk}-{definitions_digest(workspace)}-{metric.id}-{days[0]}-{days[-1]}"
    return kept(key, lambda: _by_definition(workspace, metric, period, days))


def _by_card(
    card: Scorecard, workspace: Workspace, metric: Metric, value: float | None, days: Sequence[date]
) -> Outlook | None:
    kpis = (*(kpi for part in card.perspectives for kpi in part.kpis), *card.own)
    kpi = next((one for one in kpis if one.metric == metric.id and not one.where), None)
    figure = None if kpi is None else kpi.figure.value
    if kpi is None or figure is None or value is None or not isclose(figure, value, rel_tol=1e-9):
        return None
    forecast = forecast_kpi(card, kpi, workspace.settings.calendar) if card.complete else None
    targets = {point.period: point.target for point in kpi.trend if point.target is not None}
    if len(set(targets.values())) == 1 and kpi.target is not None and kpi.target_source is None:
        targets = dict.fromkeys(days, kpi.target)  # one number for all periods holds before the card's trend too
    return Outlook(card.period, targets, () if forecast is None else forecast.ahead)


def _by_definition(workspace: Workspace, metric: Metric, period: Period, days: Sequence[date]) -> Outlook | None:
    try:
        kpis = workspace.definition.kpis
    except SeptimaError:  # a scorecard that is wrong is told of on its own page
        return None
    kpi = next((one for one in kpis if one.metric == metric.id and not one.where and not one.parameters), None)
    if kpi is None or not kpi.has_target or kpi.target_rule.formula or kpi.target_rule.plan:
        return None
    calendar = workspace.settings.calendar
    found = {day: _target(kpi, calendar.period_of(day, period.grain)) for day in days}
    return Outlook(period.id, {day: target for day, target in found.items() if target is not None})


def _target(kpi: KpiDefinition, period: Period) -> float | None:
    rule = kpi.target_rule
    return rule.by_period.get(period.id, rule.number)
