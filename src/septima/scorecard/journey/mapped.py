"""A journey map with the figures, feelings and paths of a period."""

from collections.abc import Mapping
from dataclasses import dataclass

from septima.metrics.definition import Request
from septima.metrics.journey import Felt, JourneyMeasures, felt, measure_journey
from septima.schema import Text
from septima.scorecard.definition import KpiDefinition
from septima.scorecard.journey.definition import JourneyDefinition, LiveMetric
from septima.scorecard.live import LiveFigure

DEVIATIONS = 10
"""How many of the most frequent deviations are told."""


@dataclass(frozen=True)
class JourneyMap:
    """The journey in a period: `figures` of its metrics by their key, what was `felt` by place of stage, and the paths."""

    journey: JourneyDefinition
    period: Text
    figures: Mapping[str, LiveFigure]
    felt: Mapping[int, Felt]
    measures: JourneyMeasures
    currency: str | None


def mapped(
    journey: JourneyDefinition,
    period: Text,
    figures: Mapping[str, LiveFigure],
    request: Request,
    currency: str | None,
) -> JourneyMap:
    """The map of the request's period; `figures` are those of its metrics by key."""
    rules = {place: stage.felt for place, stage in enumerate(journey.stages) if stage.felt is not None}
    measures = measure_journey(request, [stage.events for stage in journey.stages], journey.intended)
    return JourneyMap(journey, period, figures, felt(request, rules), measures, currency)


def key_of(metric: LiveMetric) -> str:
    """The id of a metric with its slice, unique on the map."""
    return " ".join((metric.metric, *(f"{name}={member}" for name, member in sorted(metric.where.items()))))


def metrics_asked(journey: JourneyDefinition) -> tuple[KpiDefinition, ...]:
    """The metrics of all touchpoints, each slice once, as the definitions to be computed."""
    named = {
        key_of(metric): metric
        for stage in journey.stages
        for touchpoint in stage.touchpoints
        for metric in touchpoint.metrics
    }
    return tuple(
        KpiDefinition(key, metric.metric, name=metric.name, where=dict(metric.where)) for key, metric in named.items()
    )
