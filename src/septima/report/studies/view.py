"""Studies as the page shows them: every number a string, every drawing an SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
from markupsafe import Markup

from septima.report import charts
from septima.report.number_forms import moment
from septima.report.pictures import svg
from septima.report.points import Point
from septima.report.studies.study import (
    Assumption,
    Course,
    Dots,
    Drawing,
    Fan,
    Ladder,
    Measure,
    Pairs,
    RoadMap,
    Scheme,
    Section,
    Study,
    StudyReport,
    Table,
    Waterfall,
    text_of,
)
from septima.report.words import TICKS, words_in
from septima.schema import Language

_DOTS_WIDTH = 300
_NAMES_WIDTH = 260
_FAN_WIDTH = 290


@dataclass(frozen=True)
class PictureView:
    """A drawing with its caption; `legend` are the names of bars and dots, empty where there is one kind of mark."""

    title: str
    svg: Markup
    legend: tuple[str, ...]


@dataclass(frozen=True)
class TableView:
    """A table in words: for each column its name and whether it holds numbers, for each row its cells and whether it is strong."""

    title: str
    columns: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[tuple[str, ...], bool], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class SectionView:
    """A section of a study in words and pictures."""

    title: str
    lead: tuple[str, ...]
    pictures: tuple[PictureView, ...]
    tables: tuple[TableView, ...]
    remarks: tuple[str, ...]
    terms: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class StudyView:
    """A study in words and pictures; measures are name, value and interval."""

    anchor: str
    title: str
    subtitle: str
    question: str
    measures: tuple[tuple[str, str, str], ...]
    sections: tuple[SectionView, ...]
    assumptions: tuple[Assumption, ...]


def anchor(place: int) -> str:
    """The anchor of the study at this place of its document; its name may hold what no anchor may."""
    return f"study-{place + 1}"


def study_views(report: StudyReport) -> tuple[StudyView, ...]:
    """Write and draw all studies."""
    return views_of(report.studies, report.language)


def views_of(studies: Sequence[Study], language: Language) -> tuple[StudyView, ...]:
    """Write and draw studies in the order of their anchors."""
    return tuple(_study(study, anchor(place), language) for place, study in enumerate(studies))


def study_facts(report: StudyReport) -> tuple[tuple[str, str], ...]:
    """What the numbers rest on, as terms and values."""
    words = words_in(report.language)
    return (
        (words["organisation"], report.organisation),
        (words["data_version"], str(report.data_version)),
        (words["computed_at"], moment(report.computed_at, report.language)),
    )


def _study(study: Study, at: str, language: Language) -> StudyView:
    return StudyView(
        at,
        study.title,
        study.subtitle,
        study.question,
        tuple(_measure(measure) for measure in study.measures),
        tuple(_section(section, language) for section in study.sections),
        study.assumptions,
    )


def _measure(measure: Measure) -> tuple[str, str, str]:
    return measure.name, measure.number.text, measure.interval.text if measure.interval else ""


def _section(section: Section, language: Language) -> SectionView:
    return SectionView(
        section.title,
        section.lead,
        tuple(_picture(drawing, language) for drawing in section.drawings),
        tuple(_table(table) for table in section.tables),
        section.remarks,
        section.terms,
    )


def _table(table: Table) -> TableView:
    numeric = table.numeric
    return TableView(
        _capital(table.title),
        tuple((name, place in numeric) for place, name in enumerate(table.columns)),
        tuple((tuple(text_of(cell) for cell in row), place in table.strong) for place, row in enumerate(table.rows)),
        table.notes,
    )


def _picture(drawing: Drawing, language: Language) -> PictureView:
    if isinstance(drawing, Scheme):
        return PictureView(_capital(drawing.title), Markup(drawing.svg), ())  # noqa: S704 - our own SVG
    legend = drawing.legend if isinstance(drawing, Pairs) else ()
    return PictureView(_capital(drawing.title), Markup(svg(_chart(drawing, language), language, drawing.says)), legend)  # noqa: S704 - our own SVG


def _chart(drawing: Fan | Waterfall | Dots | Pairs | Course | Ladder | RoadMap, language: Language) -> alt.LayerChart:
    match drawing:
        case Ladder() | RoadMap():
            return _lines(drawing)
        case Dots():
            return charts.slices(
                drawing.dots, whole=drawing.whole, unit=drawing.unit, width=_DOTS_WIDTH, names_width=_NAMES_WIDTH
            )
        case Pairs():
            return charts.pairs(
                drawing.names, drawing.first, drawing.second, unit=drawing.unit, axis_title=drawing.axis
            )
        case Fan():
            return charts.trend(
                drawing.past,
                ahead=drawing.ahead,
                target=drawing.target,
                target_label=drawing.target_label,
                unit=drawing.unit,
                tick_format=TICKS[drawing.grain].in_language(language) if drawing.grain in TICKS else "",
                width=_FAN_WIDTH,
            )
        case Course():
            points = [Point(month, figure) for month, figure in zip(drawing.months, drawing.figures, strict=True)]
            tick = TICKS["month"].in_language(language)
            return charts.trend(points, unit=drawing.unit, tick_format=tick, target=0.0)
        case Waterfall():
            return charts.waterfall(drawing.steps, unit=drawing.unit)


def _lines(drawing: Ladder | RoadMap) -> alt.LayerChart:
    """A drawing of named lines, one under another."""
    if isinstance(drawing, Ladder):
        return charts.ladder(drawing.rungs, count=drawing.count, axis_title=drawing.axis)
    marks = "\u00a0\u00a0\u00a0 ".join(f"{mark}\u00a0{name}" for mark, name in zip("○●▲¦", drawing.legend, strict=True))
    return charts.road_map(drawing.tracks, today=drawing.today, legend=marks)


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]
