"""What a page of a metric shows, in words and pictures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import altair as alt

from septima.metrics import Grain, Metric
from septima.metrics.definition import NOTES, Passport
from septima.metrics.period import Calendar
from septima.report.charts import bars, grid, slices
from septima.report.number_forms import NumberStyle, count, number_style, share_of_missing
from septima.report.points import Cell, Dot, Event, Point
from septima.report.words import DIRECTIONS, SENTENCES, UNITS, WORDS, known
from septima.schema import Language, Text
from septima.scorecard.card import Figure
from septima.scorecard.dimensions import dimension_name
from septima.web.metrics.catalogue import group_name, perspective_name
from septima.web.metrics.drawing import LAPTOP, SMALL, Picture, both, course_chart, drawn
from septima.web.metrics.figures import Figures
from septima.web.metrics.models import Annotation
from septima.web.metrics.outlook import Outlook, on_axis

Row = Mapping[str, Any]

MEMBERS_DRAWN = 9
MEMBERS_LISTED = 100
PERIODS_LISTED = 120
_AGES_SHOWN, _COHORTS_SHOWN = 12, 24


@dataclass(frozen=True)
class Line:
    """A line of the table of values: a period, or a member of the slices; `note` says what is wrong with its figure."""

    name: str
    value: str
    interval: str
    n: str
    missing: str
    change: str
    note: str
    over: bool = True


@dataclass(frozen=True)
class MetricPage:
    """The newest figure and all that is drawn and listed; `newest` is None where no period has a figure.

    `target` is that of the newest period in words, `expected` is what the next ones are expected to bring, each with
    the name of its period.
    """

    newest: Line | None
    pictures: tuple[Picture, ...]
    small: tuple[Picture, ...]
    first_column: str
    table: tuple[Line, ...]
    left_out: int
    remarks: tuple[str, ...]
    target: str = ""
    expected: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Reader:
    """Whoever reads: their language, the company's calendar and currency."""

    language: Language
    calendar: Calendar
    currency: str | None

    def say(self, en: str, ru: str) -> str:
        """A phrase in the reader's language."""
        return Text(en, ru).in_language(self.language)

    def period(self, start: date, grain: Grain) -> str:
        """A period in words."""
        label = self.calendar.period_of(start, grain).label.in_language(self.language)
        return label[:1].upper() + label[1:]

    def style(self, passport: Passport, rows: Sequence[Row]) -> NumberStyle:
        """How all numbers of these rows are written: by the newest that has an interval."""
        with_figure = [figure_of(row) for row in rows if row["value"] is not None]
        last = with_figure[-1] if with_figure else Figure(None)
        others = [number for one in with_figure for number in (one.value, one.lower, one.upper)]
        return number_style(passport.unit, last, self.language, currency=self.currency, others=others)

    def member(self, row: Row, by: Sequence[str]) -> str:
        """The member of the slices that a row is of."""
        unknown = WORDS["not_given"].in_language(self.language)
        return " · ".join(str(row[name]) if row[name] is not None else unknown for name in by)


def figure_of(row: Row) -> Figure:
    """The figure of a row."""
    return Figure(row["value"], row["lower"], row["upper"])


def metric_page(
    metric: Metric,
    found: Figures,
    grain: Grain,
    marks: Sequence[Annotation],
    reader: Reader,
    outlook: Outlook | None = None,
) -> MetricPage:
    """The course of a metric over time, or of the members of its slices."""
    if found.by:
        return _sliced(metric, found, grain, reader)
    return _whole(metric, found.rows, grain, marks, reader, outlook)


def whole_chart(
    style: NumberStyle,
    rows: Sequence[Row],
    grain: Grain,
    marks: Sequence[Annotation],
    reader: Reader,
    outlook: Outlook | None,
    size: tuple[int, int] = LAPTOP,
) -> alt.LayerChart:
    """The course of a metric over the complete periods `rows`: the same on the page, in files, in letters and explored."""
    target = None if outlook is None else outlook.target(rows)
    targets = {} if outlook is None else outlook.targets
    points = [
        replace(point, target=None if point.period not in targets else style.shown(targets[point.period]))
        for point in points_of(rows, style)
    ]
    return course_chart(
        points,
        unit=style.axis_unit,
        grain=grain,
        language=reader.language,
        size=size,
        ahead=[] if outlook is None else outlook.points_ahead(style),
        target=None if target is None else style.shown(target),
        target_label="" if target is None else target_label(target, style, reader),
        events=events_of(marks, rows, grain, reader.calendar),
    )


def _whole(
    metric: Metric,
    rows: Sequence[Row],
    grain: Grain,
    marks: Sequence[Annotation],
    reader: Reader,
    outlook: Outlook | None,
) -> MetricPage:
    passport, language = metric.passport, reader.language
    style = reader.style(passport, rows)
    lines = _lines(rows, style, grain, reader)
    complete = [row for row in rows if row["complete"]]
    pictures: list[Picture] = []
    if any(row["value"] is not None for row in complete):
        target = None if outlook is None else outlook.target(complete)
        name = passport.name.in_language(language)
        words = SENTENCES["trend_says"].in_language(language).format(
            name=name,
            first=reader.period(complete[0]["period"], grain),
            last=reader.period(complete[-1]["period"], grain),
            end=style.value(complete[-1]["value"]),
            interval="",
            target="" if target is None else f"; {target_label(target, style, reader)}",
        )  # fmt: skip

        def chart(size: tuple[int, int]) -> alt.LayerChart:
            return whole_chart(style, complete, grain, marks, reader, outlook, size)

        pictures.append(both("", chart, language, words))
    newest = next((line for line, row in zip(reversed(lines), reversed(rows), strict=True) if row["complete"]), None)
    remarks = _remarks(passport, rows, reader)
    shown = tuple(reversed(lines))[:PERIODS_LISTED]
    target = None if outlook is None else outlook.target(complete)
    expected = () if outlook is None else outlook.ahead
    return MetricPage(
        newest,
        tuple(pictures),
        (),
        reader.say("Period", "Период"),
        shown,
        len(lines) - len(shown),
        remarks,
        "" if target is None else style.value(target),
        tuple(
            (reader.period(one.period, grain), style.value(one.figure.value), style.interval(one.figure))
            for one in expected
        ),
    )


def _sliced(metric: Metric, found: Figures, grain: Grain, reader: Reader) -> MetricPage:
    passport, language = metric.passport, reader.language
    members: dict[str, list[Row]] = {}
    for row in found.rows:
        members.setdefault(reader.member(row, found.by), []).append(row)
    last = max((row["period"] for row in found.rows if row["complete"]), default=None)
    now = [(name, _at(rows, last)) for name, rows in members.items()]
    now = sorted(now, key=lambda one: (one[1] is None, -((one[1] or {}).get("n") or 0)))
    style = reader.style(passport, [row for _, row in reversed(now) if row is not None])
    table: list[Line] = []
    dots: list[Dot] = []
    for name, row in now:
        if row is None:
            continue
        before = _at(members[name], reader.calendar.period_of(row["period"], grain).shift(-1).start)
        table.append(_line(name, row, before, style, reader))
        if row["value"] is not None:
            dots.append(Dot(name, on_axis(figure_of(row), style), style.value(row["value"])))
    names = reader.say("Member", "Группа") if not found.by else ", ".join(
        dimension_name(name).in_language(language) for name in found.by
    )  # fmt: skip
    names = names[:1].upper() + names[1:]
    pictures: list[Picture] = []
    if len(dots) > 1 and last is not None:
        title = f"{names}: {reader.period(last, grain)}"
        words = f"{title}. " + "; ".join(f"{dot.member} {dot.label}" for dot in dots[:MEMBERS_DRAWN])
        shown = dots[: 2 * MEMBERS_DRAWN]
        wide = slices(shown, whole=None, unit=style.axis_unit, width=420, names_width=240)
        phone = slices(shown, whole=None, unit=style.axis_unit, width=130, names_width=110)
        pictures.append(Picture(title, drawn(wide, language, words), drawn(phone, language, words)))
    small = _small_trends([(name, members[name]) for name, _ in now[:MEMBERS_DRAWN]], style, grain, reader)
    listed = tuple(table[:MEMBERS_LISTED])
    remarks = _remarks(passport, [row for _, row in now if row is not None], reader)
    return MetricPage(None, tuple(pictures), small, names, listed, len(table) - len(listed), remarks)


def _small_trends(
    members: Sequence[tuple[str, Sequence[Row]]], style: NumberStyle, grain: Grain, reader: Reader
) -> tuple[Picture, ...]:
    """A trend for each member, all on one scale."""
    courses = [(name, [row for row in rows if row["complete"]]) for name, rows in members]
    courses = [(name, rows) for name, rows in courses if sum(row["value"] is not None for row in rows) > 1]
    drawn_points = _on_one_scale([points_of(rows, style) for _, rows in courses])
    bounds = [bound for points in drawn_points for point in points for bound in _numbers(point)]
    reach = [min(bounds), max(bounds)] if bounds else []
    small: list[Picture] = []
    for (name, rows), points in zip(courses, drawn_points, strict=True):
        chart = course_chart(
            points, unit=style.axis_unit, grain=grain, language=reader.language, size=SMALL, reach=reach
        )
        last = next((row["value"] for row in reversed(rows) if row["value"] is not None), None)
        words = f"{name}: {reader.period(rows[-1]['period'], grain)}, {style.value(last)}"
        small.append(Picture(name, drawn(chart, reader.language, words)))
    return tuple(small)


def _on_one_scale(courses: Sequence[Sequence[Point]]) -> list[list[Point]]:
    """Points whose intervals end a little past all values: those of few records would flatten every other trend."""
    values = [point.figure.value for points in courses for point in points if point.figure.value is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.3 * (high - low)

    def clip(bound: float | None) -> float | None:
        return None if bound is None else min(max(bound, low - room), high + room)

    return [
        [
            replace(point, figure=Figure(point.figure.value, clip(point.figure.lower), clip(point.figure.upper)))
            for point in points
        ]
        for points in courses
    ]


def _numbers(point: Point) -> list[float]:
    figure = point.figure
    return [bound for bound in (figure.value, figure.lower, figure.upper) if bound is not None]


def cohort_triangle(metric: Metric, found: Figures, reader: Reader) -> Picture | None:
    """Cohorts × ages; None where no cohort has been followed yet."""
    rows = [row for row in found.rows if None not in (row["value"], row["cohort"], row["age"])]
    if not rows:
        return None
    style = reader.style(metric.passport, rows)
    cohorts = sorted({str(row["cohort"]) for row in rows})[-_COHORTS_SHOWN:]
    ages = [str(age) for age in sorted({int(row["age"]) for row in rows})[:_AGES_SHOWN]]
    cells = [
        Cell(str(row["cohort"]), str(int(row["age"])), row["value"], _bare(style, row["value"]))
        for row in rows
        if str(row["cohort"]) in cohorts and str(int(row["age"])) in ages
    ]
    title = dimension_name("age").in_language(reader.language)
    name = metric.passport.name.in_language(reader.language)
    words = reader.say(
        f"{name} by cohort of the first purchase and age: {len(cohorts)} cohorts.",
        f"{name} по когорте первой покупки и возрасту: когорт — {len(cohorts)}.",
    )
    unit = f"{name}, {style.axis_unit}" if style.axis_unit else name
    chart = grid(cells, columns=ages, lines=cohorts, axis_title=title, step=52)
    phone = grid(
        [one for one in cells if int(one.column) <= 6], columns=ages[:6], lines=cohorts, axis_title=title, step=40
    )
    return Picture(unit, drawn(chart, reader.language, words), drawn(phone, reader.language, words))


def funnel(metric: Metric, found: Figures, reader: Reader) -> Picture | None:
    """How many deals entered each stage in the newest period, widest first, and which share went on from it."""
    rows = _newest(found.rows)
    rows = [row for row in rows if row["n"]]
    if not rows:
        return None
    rows = sorted(rows, key=lambda row: -row["n"])
    style = reader.style(metric.passport, rows)
    unknown = WORDS["not_given"].in_language(reader.language)
    names = [str(row["stage"] or unknown) for row in rows]
    on = reader.say("went on", "прошли дальше")
    labels = [f"{count(row['n'], reader.language)} · {on} {style.value(row['value'])}" for row in rows]
    words = "; ".join(f"{name}: {label}" for name, label in zip(names, labels, strict=True))
    numbers = [row["n"] for row in rows]
    title = reader.say("Deals that entered each stage", "Сделки, вошедшие в\u00a0каждый этап")
    wide = bars(names, numbers, labels, width=420)
    phone = bars(names, numbers, labels, width=120, names_width=90)
    return Picture(title, drawn(wide, reader.language, words), drawn(phone, reader.language, words))


def flow(metric: Metric, found: Figures, reader: Reader) -> Picture | None:
    """From department to department in the newest period."""
    rows = [row for row in _newest(found.rows) if row["value"] is not None]
    if not rows:
        return None
    unknown = WORDS["not_given"].in_language(reader.language)
    style = reader.style(metric.passport, rows)

    def named(row: Row, side: str) -> str:
        return str(row[side]) if row[side] is not None else unknown

    names = sorted({named(row, side) for row in rows for side in ("from_department", "to_department")})
    cells = [
        Cell(named(row, "from_department"), named(row, "to_department"), row["value"], _bare(style, row["value"]))
        for row in rows
    ]
    title = reader.say(
        "From the department of the line to that of the column", "Из подразделения строки в\u00a0подразделение столбца"
    )
    words = "; ".join(f"{cell.line} → {cell.column}: {cell.label}" for cell in cells)
    chart = grid(cells, columns=names, lines=names, step=96)
    phone = grid(cells, columns=names, lines=names, step=62)
    return Picture(title, drawn(chart, reader.language, words), drawn(phone, reader.language, words))


def newest_period(rows: Iterable[Row]) -> date | None:
    """The newest period that is over."""
    return max((row["period"] for row in rows if row["complete"]), default=None)


def points_of(rows: Sequence[Row], style: NumberStyle) -> list[Point]:
    """Figures as a chart takes them."""
    return [Point(row["period"], on_axis(figure_of(row), style)) for row in rows]


def events_of(marks: Sequence[Annotation], rows: Sequence[Row], grain: Grain, calendar: Calendar) -> list[Event]:
    """What was marked within the periods shown, by its number in the list."""
    if not rows:
        return []
    first, last = rows[0]["period"], calendar.period_of(rows[-1]["period"], grain).end
    return [
        # A figure stands at the first day of its period, and past the last of them there is no axis.
        Event(max(mark.start, first), min(max(mark.end, first), rows[-1]["period"]), str(number))
        if mark.start <= rows[-1]["period"]
        else Event(rows[-1]["period"], rows[-1]["period"], str(number))
        for number, mark in enumerate(marks, start=1)
        if mark.end >= first and mark.start < last
    ]


def passport_lines(metric: Metric, parameters: Mapping[str, Any], language: Language) -> tuple[tuple[str, str], ...]:
    """The passport as terms and values; `parameters` are those in force."""
    passport = metric.passport

    def word(key: str) -> str:
        return WORDS[key].in_language(language)

    given = ", ".join(f"{name} = {value}" for name, value in {**passport.parameters, **parameters}.items())
    lines = [
        (word("what"), passport.description.in_language(language)),
        (Text("What it is good for", "Для чего").in_language(language), passport.use.in_language(language)),
        (word("how"), passport.method.in_language(language)),
        (word("printed_formula"), passport.formula),
        (word("source"), passport.formula_source),
        (word("interval_95"), passport.interval.in_language(language)),
        (word("primary_data"), ", ".join(passport.primary_data)),
        (word("unit"), known(UNITS, passport.unit, language)),
        (word("direction"), DIRECTIONS[passport.direction].in_language(language)),
        (word("minimum_sample"), count(passport.minimum_sample, language)),
        (word("parameters"), given),
        (Text("Function", "Функция").in_language(language), perspective_name(passport.perspective, language)),
        (Text("Group", "Группа").in_language(language), group_name(passport.group, language)),
        (word("owner"), passport.owner_role.in_language(language)),
        (word("definition"), passport.definition),
    ]
    return tuple((term, said) for term, said in lines if said)


def _newest(rows: Sequence[Row]) -> list[Row]:
    last = newest_period(rows)
    return [row for row in rows if row["period"] == last]


def _at(rows: Sequence[Row], period: date | None) -> Row | None:
    return next((row for row in rows if row["period"] == period), None)


def _lines(rows: Sequence[Row], style: NumberStyle, grain: Grain, reader: Reader) -> list[Line]:
    before: Row | None = None
    lines: list[Line] = []
    for row in rows:
        lines.append(_line(reader.period(row["period"], grain), row, before, style, reader))
        before = row
    return lines


def _line(name: str, row: Row, before: Row | None, style: NumberStyle, reader: Reader) -> Line:
    figure = figure_of(row)
    earlier = None if before is None else before["value"]
    change = "" if figure.value is None or earlier is None else style.change(figure.value - earlier)
    note = NOTES[row["note"]].in_language(reader.language) if row["note"] in NOTES else ""
    return Line(
        name,
        style.value(figure.value),
        style.interval(figure),
        count(row["n"], reader.language),
        share_of_missing(row["missing_share"], reader.language),
        change,
        note,
        bool(row["complete"]),
    )


def _remarks(passport: Passport, rows: Sequence[Row], reader: Reader) -> tuple[str, ...]:
    """What is wrong with figures, each once."""
    keys = dict.fromkeys(row["note"] for row in rows if row["note"] in NOTES and row["note"] != "no_data")
    said = [NOTES[key].in_language(reader.language) for key in keys]
    if "too_few" in keys:
        least = count(passport.minimum_sample, reader.language)
        said.append(reader.say(f"The minimum sample is {least}.", f"Минимальная выборка\u00a0— {least}."))
    return tuple(said)


def target_label(target: float, style: NumberStyle, reader: Reader) -> str:
    """What stands at the line of a target."""
    return reader.say(f"target {style.value(target)}", f"цель {style.value(target)}")


def _bare(style: NumberStyle, value: float) -> str:
    """A number without its unit, for a narrow cell."""
    return replace(style, unit="", scale=1).value(style.shown(value))
