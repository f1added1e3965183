"""Figures as charts take them: in the numbers of their axis."""

from dataclasses import dataclass
from datetime import date

from septima.scorecard.card import Figure


@dataclass(frozen=True)
class Point:
    """A figure of one period, and its target then."""

    period: date
    figure: Figure
    target: float | None = None


@dataclass(frozen=True)
class Dot:
    """A figure of one member of a dimension, or of one method; `label` is the value in words, `target` the member's own."""

    member: str
    figure: Figure
    label: str
    target: float | None = None


@dataclass(frozen=True)
class Event:
    """What happened from one day to another, or on one day; `label` is its number."""

    start: date
    end: date
    label: str


@dataclass(frozen=True)
class Cell:
    """A figure where a line and a column of a grid meet; `label` is the value in words."""

    line: str
    column: str
    value: float | None
    label: str


@dataclass(frozen=True)
class Rung:
    """A member of a league: its rank by the figure, the ranks that it may have, and its value in words."""

    member: str
    rank: int
    ranks: tuple[int, int]
    own: bool
    label: str


@dataclass(frozen=True)
class Track:
    """A line of a road map: a phase, from its first to its last day, or a milestone on the day for which it is planned.

    `done` is the day by which it was done. `overdue` is true where its day has passed and it is not done.
    """

    name: str
    start: date
    planned: date
    done: date | None
    phase: bool
    overdue: bool


@dataclass(frozen=True)
class Step:
    """A line of a waterfall: a level that was reached (`whole`), or a contribution from `start` to `end`; `label` in words."""

    name: str
    start: float
    end: float
    label: str
    whole: bool = False
    faint: bool = False
