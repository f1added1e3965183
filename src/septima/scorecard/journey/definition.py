"""What a customer journey map is made of: stages with touchpoints, expected feelings and rules, and intended ways between them."""

from collections.abc import Mapping
from dataclasses import dataclass

from septima.metrics.journey import EventRule, FeelingRule
from septima.schema import Text


@dataclass(frozen=True)
class LiveMetric:
    """A metric of a touchpoint: its id and slice (dimension → member), and the name it has on the map."""

    metric: str
    where: Mapping[str, str]
    name: Text | None = None


@dataclass(frozen=True)
class Touchpoint:
    """Where company and customer meet at a stage: its name, channel, the department in charge, and what measures it."""

    name: Text
    channel: Text | None = None
    department: Text | None = None
    metrics: tuple[LiveMetric, ...] = ()


@dataclass(frozen=True)
class Stage:
    """A stage of the journey.

    `goal` is what the customer wants there; `expected` the feeling that the journey is designed to give, from 1
    (outrage) to 5 (delight); `felt` which answers tell what it is; `events` which records show that a customer is there.
    `final` stages are where a journey may well end.
    """

    id: str
    name: Text
    goal: Text | None = None
    touchpoints: tuple[Touchpoint, ...] = ()
    expected: int | None = None
    felt: FeelingRule | None = None
    events: tuple[EventRule, ...] = ()
    final: bool = False
    line: int | None = None

    @property
    def departments(self) -> tuple[Text, ...]:
        """The departments of its touchpoints, each once."""
        return tuple(dict.fromkeys(one.department for one in self.touchpoints if one.department is not None))


@dataclass(frozen=True)
class JourneyDefinition:
    """A journey: stages in order, and the steps from stage to stage that it intends, as pairs of places from 0."""

    name: Text
    stages: tuple[Stage, ...]
    intended: tuple[tuple[int, int], ...]
    file: str
