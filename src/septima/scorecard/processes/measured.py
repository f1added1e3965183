"""A process model with the figures of a period in its boxes."""

from collections.abc import Mapping
from dataclasses import dataclass

from septima.schema import Text
from septima.scorecard.card import Scorecard
from septima.scorecard.definition import KpiDefinition
from septima.scorecard.live import LiveFigure, of_card
from septima.scorecard.processes.definition import ProcessModel


@dataclass(frozen=True)
class MeasuredProcesses:
    """A model and, by number of box, the figures of its KPIs and metrics; without a period there are none."""

    model: ProcessModel
    period: Text | None
    figures: Mapping[str, tuple[LiveFigure, ...]]
    currency: str | None


def metrics_asked(model: ProcessModel) -> tuple[KpiDefinition, ...]:
    """The metrics that boxes name, each once, as the definitions to be computed."""
    named = dict.fromkeys(metric for box in model.boxes for metric in box.metrics)
    return tuple(KpiDefinition(metric, metric) for metric in named)


def measured(
    model: ProcessModel, card: Scorecard | None, metrics: Mapping[str, LiveFigure], currency: str | None
) -> MeasuredProcesses:
    """The model with the figures of the card's KPIs and of `metrics` by id."""
    if card is None:
        return MeasuredProcesses(model, None, {}, currency)
    kpis = of_card(card)
    figures = {
        box.number: (*(kpis[kpi] for kpi in box.kpis), *(metrics[metric] for metric in box.metrics))
        for box in model.boxes
    }
    return MeasuredProcesses(model, card.period_label, figures, currency)
