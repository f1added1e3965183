"""What `goals.yaml` says: strategic goals, the tactical ones below them, their KPIs and initiatives."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from septima.schema import Text


@dataclass(frozen=True)
class GoalKpi:
    """A KPI of the scorecard by which a goal is seen to come nearer.

    Progress runs from the baseline, a number or the figure of the period `since`, to `target` (the KPI's own where None).
    A leading KPI moves before the result does.
    """

    kpi: str
    baseline: float | None = None
    since: str | None = None
    target: float | None = None
    weight: float = 1.0
    leading: bool = False
    line: int | None = None


@dataclass(frozen=True)
class Initiative:
    """Work done towards a goal; `share` is how much of it is done, 0 to 1."""

    id: str
    name: Text
    owner: str | None = None
    start: date | None = None
    due: date | None = None
    done: date | None = None
    share: float | None = None


@dataclass(frozen=True)
class Goal:
    """A goal with its KPIs, its initiatives and the goals below it, in their order.

    `after` are ids of goals that must be reached first, `supports` of those that this one makes come true (the arrows of
    the strategy map). `weight` is among the goals of the same parent.
    """

    id: str
    name: Text
    perspective: str | None = None
    owner: str | None = None
    start: date | None = None
    due: date | None = None
    done: date | None = None
    weight: float = 1.0
    after: tuple[str, ...] = ()
    supports: tuple[str, ...] = ()
    kpis: tuple[GoalKpi, ...] = ()
    initiatives: tuple[Initiative, ...] = ()
    goals: tuple["Goal", ...] = ()
    line: int | None = None


@dataclass(frozen=True)
class GoalTree:
    """All strategic goals; `rows` are ids of perspectives as the strategy map has them, from the top."""

    goals: tuple[Goal, ...]
    rows: tuple[str, ...]

    def walk(self) -> Iterator[tuple[Goal, Goal | None, int]]:
        """Each goal with its parent and its depth, a parent before the goals below it."""
        yield from _walk(self.goals, None, 0)


def _walk(goals: tuple[Goal, ...], parent: Goal | None, depth: int) -> Iterator[tuple[Goal, Goal | None, int]]:
    for goal in goals:
        yield goal, parent, depth
        yield from _walk(goal.goals, goal, depth + 1)
