"""The road map of a roll-out, and what its success is made of, as a company's file defines them."""

from dataclasses import dataclass
from datetime import date

from septima.schema import Text
from septima.scorecard.definition import KpiDefinition

MILESTONES_METRIC = "milestones_on_plan"
TAKING_PART = "departments_in_processes"
"""Of one department this is a yes or a no."""
USUAL = (TAKING_PART, MILESTONES_METRIC, "training_on_time", "training_passed", "steps_on_time")
"""What success is made of where the file does not say: all that needs no target."""


@dataclass(frozen=True)
class Milestone:
    """A milestone of a phase: one of the table `milestones` by its id, or, where `planned` is given, one of the file.

    `after` are the ids of milestones that must be done before. `line` is where the file speaks of it.
    """

    id: str
    name: Text
    after: tuple[str, ...] = ()
    department: str | None = None
    planned: date | None = None
    done: date | None = None
    line: int | None = None


@dataclass(frozen=True)
class Phase:
    """A phase of the roll-out; `start` and `end` are its planned days where the file gives them, else its milestones tell."""

    id: str
    name: Text
    milestones: tuple[Milestone, ...]
    after: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    line: int | None = None


@dataclass(frozen=True)
class RolloutDefinition:
    """A roll-out: its phases, the departments that are to take part, and the components of its success.

    Weights of the components average 1. `file` is where it was read from.
    """

    name: Text
    phases: tuple[Phase, ...]
    success: tuple[KpiDefinition, ...]
    departments: tuple[str, ...] = ()
    file: str = ""

    @property
    def milestones(self) -> tuple[Milestone, ...]:
        """The milestones of all phases."""
        return tuple(milestone for phase in self.phases for milestone in phase.milestones)

    @property
    def own(self) -> tuple[Milestone, ...]:
        """The milestones that the file itself plans."""
        return tuple(milestone for milestone in self.milestones if milestone.planned is not None)
