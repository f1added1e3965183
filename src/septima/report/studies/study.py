"""The parts of a study: a model's findings in one language, with numbers that a workbook can take.

A study is made of words, tables and drawings as data; the terminal prints it, the page draws it and the workbook keeps
its numbers unrounded. Nothing here needs the libraries that draw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from septima.metrics.estimated import Estimated
from septima.report.number_forms import UNDEFINED_SIGN, NumberStyle, number_style
from septima.report.points import Dot, Point, Rung, Step, Track
from septima.schema import Language, Text
from septima.scorecard.card import Figure


@dataclass(frozen=True)
class Number:
    """A number and how it is written; with `signed` it is a change. `said` stands in its place in words (`< 0.001`)."""

    value: float | None
    style: NumberStyle
    signed: bool = False
    said: str | None = None

    @property
    def text(self) -> str:
        """The number as a reader sees it; — where there is none."""
        if self.said is not None:
            return self.said
        return self.style.change(self.value) if self.signed else self.style.value(self.value)


@dataclass(frozen=True)
class Interval:
    """The bounds of a figure; empty where there are none."""

    figure: Figure
    style: NumberStyle

    @property
    def text(self) -> str:
        """The bounds as a reader sees them."""
        return self.style.interval(self.figure)


Cell = str | Number | Interval


@dataclass(frozen=True)
class Table:
    """Rows of cells under the names of their columns; `strong` are the numbers of rows to be set off."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    strong: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def numeric(self) -> tuple[int, ...]:
        """Columns that hold numbers."""
        return tuple(
            place for place in range(len(self.columns)) if any(not isinstance(row[place], str) for row in self.rows)
        )


@dataclass(frozen=True)
class Measure:
    """A figure that stands out over the study."""

    name: str
    number: Number
    interval: Interval | None = None


@dataclass(frozen=True)
class Dots:
    """Figures one under another, each with its interval; `whole` is an upright line to compare them with."""

    title: str
    dots: tuple[Dot, ...]
    unit: str
    says: str
    whole: float | None = None


@dataclass(frozen=True)
class Pairs:
    """Two numbers for each of some ordered names, such as what was observed and what a model expects.

    `first` are drawn as bars, `second` as dots over them; `legend` names the two.
    """

    title: str
    names: tuple[str, ...]
    first: tuple[float, ...]
    second: tuple[float, ...]
    legend: tuple[str, str]
    axis: str
    unit: str
    says: str


@dataclass(frozen=True)
class Course:
    """A figure by month, with its interval, in the numbers of its axis."""

    title: str
    months: tuple[date, ...]
    figures: tuple[Figure, ...]
    unit: str
    says: str


@dataclass(frozen=True)
class Fan:
    """A figure through the periods that are over and those ahead, in the numbers of its axis; `grain` names its periods."""

    title: str
    past: tuple[Point, ...]
    ahead: tuple[Point, ...]
    target: float | None
    target_label: str
    unit: str
    grain: str
    says: str


@dataclass(frozen=True)
class Scheme:
    """A finished drawing of boxes and arrows; `svg` is the whole element, its colours and font those of the report."""

    title: str
    svg: str
    says: str


@dataclass(frozen=True)
class Ladder:
    """Members of a league one under another with the ranks that each may have; `count` is how many ranks there are."""

    title: str
    rungs: tuple[Rung, ...]
    count: int
    axis: str
    says: str


@dataclass(frozen=True)
class RoadMap:
    """Phases and milestones over time, planned and done; `today` is an upright line.

    `legend` names the marks: planned, done, overdue, and the line of today.
    """

    title: str
    tracks: tuple[Track, ...]
    today: date
    legend: tuple[str, str, str, str]
    says: str


@dataclass(frozen=True)
class Waterfall:
    """From one level to another by what each driver brought, in the numbers of its axis."""

    title: str
    steps: tuple[Step, ...]
    unit: str
    says: str


Drawing = Fan | Waterfall | Ladder | RoadMap | Dots | Pairs | Course | Scheme


@dataclass(frozen=True)
class Section:
    """A part of a study: what is said first, drawings, tables, remarks, and terms with what is said of each."""

    title: str
    lead: tuple[str, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    tables: tuple[Table, ...] = ()
    remarks: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Assumption:
    """What a method takes for granted, in plain words, with the source of its formula."""

    method: str
    statements: tuple[str, ...]
    formula: str = ""
    source: str = ""


@dataclass(frozen=True)
class Study:
    """A model's findings: `question` is what it answers, `subtitle` over which customers, days and terms."""

    title: str
    subtitle: str
    question: str
    measures: tuple[Measure, ...]
    sections: tuple[Section, ...]
    assumptions: tuple[Assumption, ...]


@dataclass(frozen=True)
class StudyReport:
    """Studies of one company as a document."""

    organisation: str
    language: Language
    computed_at: datetime
    data_version: int
    studies: tuple[Study, ...]


def told(
    unit: str, figure: Estimated | Figure, language: Language, currency: str | None = None, *, change: bool = False
) -> tuple[Number, Interval]:
    """A value and its interval in the digits that they deserve; of a `change` with its sign."""
    shown = Figure(figure.value, figure.lower, figure.upper)
    style = number_style(unit, shown, language, currency=currency)
    return Number(shown.value, style, signed=change), Interval(shown, style)


def relative(figure: Estimated, language: Language) -> tuple[Number, Interval]:
    """A change as a share of what there was, in per cent with its sign, and its interval."""
    number, interval = told("share", figure, language)
    return with_sign(number), interval


def with_sign(number: Number) -> Number:
    """The number with a plus where it is above zero; of a share the change of itself, not of its points."""
    if number.value is None or number.value <= 0:
        return number
    return replace(number, said="+" + number.text)


def percent(value: float | None, language: Language, decimals: int = 1) -> Number:
    """A share as per cent."""
    return Number(value, NumberStyle("share", language, None, 1, decimals))


def bare(value: float | None, decimals: int, language: Language, *, signed: bool = False) -> Number:
    """A number without a unit."""
    return Number(value, NumberStyle("", language, None, 1, decimals), signed)


def word(words: Mapping[str, Text], name: str, language: Language) -> str:
    """One of a study's words in the language it is written in."""
    return words[name].in_language(language)


def heads(words: Mapping[str, Text], names: Sequence[str], language: Language) -> tuple[str, ...]:
    """The names of a table's columns."""
    return tuple(word(words, name, language) for name in names)


def text_of(cell: Cell) -> str:
    """A cell as a reader sees it."""
    return cell if isinstance(cell, str) else cell.text


def dots_of(
    title: str, named: Sequence[tuple[str, Number, Interval]], says: str, *, whole: float | None = None
) -> Dots | None:
    """A drawing of figures that share a style's scale; None where there are fewer than two to compare."""
    known = [(name, number, interval) for name, number, interval in named if number.value is not None]
    if len(known) < 2:
        return None
    style = max((number.style for _, number, _ in known), key=lambda one: one.scale)
    dots: list[Dot] = []
    for name, number, interval in known:
        figure = interval.figure
        on_axis = Figure(
            *(None if bound is None else style.shown(bound) for bound in (number.value, figure.lower, figure.upper))
        )
        dots.append(Dot(name, on_axis, number.text))
    spoken = "; ".join(f"{dot.member} {dot.label}" for dot in dots) or UNDEFINED_SIGN
    return Dots(
        title, tuple(dots), style.axis_unit, f"{says}: {spoken}.", None if whole is None else style.shown(whole)
    )
