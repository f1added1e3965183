"""Customer journey maps: definition, reading, and the map of a period."""

from septima.scorecard.journey.definition import JourneyDefinition, LiveMetric, Stage, Touchpoint
from septima.scorecard.journey.mapped import DEVIATIONS, JourneyMap, key_of, mapped, metrics_asked
from septima.scorecard.journey.reading import FILE, parse_journey, read_journey, starter_journey

__all__ = [
    "DEVIATIONS",
    "FILE",
    "JourneyDefinition",
    "JourneyMap",
    "LiveMetric",
    "Stage",
    "Touchpoint",
    "key_of",
    "mapped",
    "metrics_asked",
    "parse_journey",
    "read_journey",
    "starter_journey",
]
