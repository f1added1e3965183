"""Figures as charts take them: in the numbers of their axis."""

from dataclasses import dataclass
from datetime import date

from septima.scorecard.card import Figure


@dataclass(frozen=True)
class Point:
    """A figure of one period."""

    period: date
    figure: Figure


@dataclass(frozen=True)
class Dot:
    """A figure of one member of a dimension, or of one method; `label` is the value in words."""

    member: str
    figure: Figure
    label: str
