"""A scorecard as the pages show it: every number a string, every chart an SVG, in one language."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from septima.report import charts
from septima.report.formulas import typeset, weight_text, with_numbers
from septima.report.number_forms import (
    NumberStyle,
    count,
    day,
    moment,
    number_style,
    period_name,
    plain,
    share_of_missing,
)
from septima.report.palette import STATE_MARKS
from septima.report.pictures import svg
from septima.report.points import Dot, Point
from septima.report.summary import composite_style, summary
from septima.report.words import (
    AGGREGATIONS,
    DIRECTIONS,
    ENTRIES,
    NORMALISATIONS,
    STATES,
    TICKS,
    UNITS,
    WORDS,
    known,
    sentence,
)
from septima.schema import Language, Text
from septima.scorecard.card import CompositeCard, Figure, KpiCard, PerspectiveCard, Scorecard, State, TrendPoint

SLICES_SHOWN = 8
STATEMENTS_ON_FIRST_PAGE = 2
NAME_LETTERS_IN_LINE = 26
LINES = {"normal": 32, "dense": 42}
"""Lines of text that the table of the first page holds in each setting; past the last it is set densest."""


@dataclass(frozen=True)
class Mark:
    """A state by sign and word."""

    state: State
    sign: str
    word: str


@dataclass(frozen=True)
class Row:
    """A line of the table on the first page; `why` says why a figure is undefined."""

    is_composite: bool
    anchor: str
    mark: Mark
    name: str
    value: str
    interval: str
    target: str
    change: str
    change_is_noise: bool
    n: str
    bullet: Markup
    course: Markup
    why: str | None


@dataclass(frozen=True)
class Part:
    """A line of the table of what a composite is made of."""

    anchor: str
    name: str
    weight: str
    value: str
    contribution: str
    normalised: str


@dataclass(frozen=True)
class CompositeView:
    """CKPI of a perspective or CKPIint of the company."""

    anchor: str
    mark: Mark
    name: str
    value: str
    interval: str
    normalised: str
    normalised_interval: str
    change: str
    normalised_change: str
    formula: Markup
    formula_with_numbers: str
    parts: tuple[Part, ...]
    trend: Markup | None
    statements: tuple[str, ...]


@dataclass(frozen=True)
class KpiView:
    """A KPI with its charts and its passport, a list of terms and what they hold."""

    anchor: str
    mark: Mark
    name: str
    description: str
    value: str
    interval: str
    target: str
    change: str
    normalised: str
    trend: Markup | None
    slices: Markup | None
    slice_title: str
    slice_note: str
    making: tuple[tuple[str, str | Markup], ...]
    passport: tuple[tuple[str, str | Markup], ...]
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """The page of a perspective (or of the company's own KPIs, which have no composite)."""

    anchor: str
    name: str
    composite: CompositeView | None
    kpis: tuple[KpiView, ...]


@dataclass(frozen=True)
class ReportView:
    """All that the template needs."""

    organisation: str
    period: str
    integral: CompositeView
    summary: tuple[str, ...]
    first_statements: tuple[str, ...]
    statements: tuple[str, ...]
    incomplete: bool
    density: str
    groups: tuple[tuple[Row, ...], ...]
    own_rows: tuple[Row, ...]
    sections: tuple[Section, ...]
    method: str
    facts: tuple[tuple[str, str], ...]
    legend: tuple[Mark, ...]


def report_view(scorecard: Scorecard, language: Language) -> ReportView:
    """Write and draw the whole card in one language."""
    view = _View(scorecard, language)
    statements = tuple(text.in_language(language) for text in scorecard.statements)
    groups = tuple(view.rows(perspective) for perspective in scorecard.perspectives)
    own_rows = tuple(view.kpi_row(kpi) for kpi in scorecard.own)
    sections = [view.section(perspective) for perspective in scorecard.perspectives]
    if scorecard.own:
        kpis = tuple(view.kpi(kpi) for kpi in scorecard.own)
        sections.append(Section("own", view.say(WORDS["own"]), None, kpis))
    return ReportView(
        organisation=scorecard.organisation,
        period=view.say(scorecard.period_label),
        integral=view.composite(
            scorecard.integral,
            [(perspective.composite, perspective.composite.printed) for perspective in scorecard.perspectives],
            width=172,
            says_change=False,  # the summary beside it does
        ),
        summary=tuple(summary(scorecard, language)),
        first_statements=statements[:STATEMENTS_ON_FIRST_PAGE],
        statements=statements,
        incomplete=not scorecard.complete,
        density=_density([*(row for group in groups for row in group), *own_rows]),
        groups=groups,
        own_rows=own_rows,
        sections=tuple(sections),
        method=view.say(scorecard.method or WORDS["composite_note"]),
        facts=facts(scorecard, language),
        legend=tuple(view.mark(state) for state in STATES),
    )


@dataclass(frozen=True)
class FirstPage:
    """What the first page of a card holds, without the pages of its perspectives."""

    integral: CompositeView
    summary: tuple[str, ...]
    statements: tuple[str, ...]
    incomplete: bool
    groups: tuple[tuple[Row, ...], ...]
    own_rows: tuple[Row, ...]
    method: str
    facts: tuple[tuple[str, str], ...]
    legend: tuple[Mark, ...]


@dataclass(frozen=True)
class PerspectivePage:
    """A perspective with its composite and a line for each KPI; the company's own KPIs have no composite."""

    composite: CompositeView | None
    rows: tuple[Row, ...]
    legend: tuple[Mark, ...]


def first_page(scorecard: Scorecard, language: Language) -> FirstPage:
    """Write and draw the first page of a card alone, which costs a fraction of the whole."""
    view = _View(scorecard, language)
    return FirstPage(
        integral=view.composite(
            scorecard.integral,
            [(perspective.composite, perspective.composite.printed) for perspective in scorecard.perspectives],
            width=250,
            height=96,
            says_change=False,  # the summary beside it does
        ),
        summary=tuple(summary(scorecard, language)),
        statements=tuple(text.in_language(language) for text in scorecard.statements),
        incomplete=not scorecard.complete,
        groups=tuple(view.rows(perspective) for perspective in scorecard.perspectives),
        own_rows=tuple(view.kpi_row(kpi) for kpi in scorecard.own),
        method=view.say(scorecard.method or WORDS["composite_note"]),
        facts=facts(scorecard, language),
        legend=tuple(view.mark(state) for state in STATES),
    )


def perspective_page(scorecard: Scorecard, language: Language, perspective: str) -> PerspectivePage | None:
    """Write and draw one perspective, or `own` KPIs; None where the card has no such."""
    view = _View(scorecard, language)
    legend = tuple(view.mark(state) for state in STATES)
    if perspective == "own" and scorecard.own:
        return PerspectivePage(None, tuple(view.kpi_row(kpi) for kpi in scorecard.own), legend)
    found = next((one for one in scorecard.perspectives if one.composite.id == perspective), None)
    if found is None:
        return None
    composite = view.composite(found.composite, [(kpi, kpi.scaled) for kpi in found.kpis])
    return PerspectivePage(composite, tuple(view.kpi_row(kpi) for kpi in found.kpis), legend)


def kpi_page(scorecard: Scorecard, language: Language, kpi: str) -> KpiView | None:
    """Write and draw one KPI with its charts and its passport; None where the card has no such."""
    known = [*(one for perspective in scorecard.perspectives for one in perspective.kpis), *scorecard.own]
    found = next((one for one in known if one.id == kpi), None)
    return None if found is None else _View(scorecard, language).kpi(found)


def facts(card: Scorecard, language: Language) -> tuple[tuple[str, str], ...]:
    """What the numbers rest on, as terms and values: dates, scale, versions, the moment of computing."""
    dates = f"{day(card.start, language)} — {day(card.end - timedelta(days=1), language)}"
    values = {
        "organisation": card.organisation,
        "dates": f"{card.period_label.in_language(language)} ({dates})",
        "currency": card.currency,
        "normalisation": known(NORMALISATIONS, card.normalisation, language),
        "aggregation": known(AGGREGATIONS, card.aggregation, language),
        "card_definition": card.definition,
        "data_version": str(card.data_version),
        "computed_at": moment(card.computed_at, language),
    }
    return tuple((WORDS[key].in_language(language), value) for key, value in values.items() if value)


@dataclass(frozen=True)
class _View:
    """The language and what of the card all its parts share."""

    card: Scorecard
    language: Language

    def say(self, text: Text) -> str:
        return text.in_language(self.language)

    def mark(self, state: State) -> Mark:
        return Mark(state, STATE_MARKS[state], self.say(STATES[state]))

    def period(self, point: TrendPoint) -> str:
        return period_name(point.period, (self.card.end - self.card.start).days, point.label, self.language)

    def style(self, kpi: KpiCard) -> NumberStyle:
        return number_style(
            kpi.unit, kpi.figure, self.language, currency=self.card.currency, others=(kpi.target, kpi.previous)
        )

    def _hundred(self) -> NumberStyle:
        """How normalised values are written: whole numbers of 0–100."""
        return NumberStyle("score_0_100", self.language, None, 1, 0)

    def rows(self, perspective: PerspectiveCard) -> tuple[Row, ...]:
        return (self.composite_row(perspective.composite), *(self.kpi_row(kpi) for kpi in perspective.kpis))

    def composite_row(self, composite: CompositeCard) -> Row:
        style, name = composite_style(composite, self.language), self.say(composite.name)
        whole = self._hundred()
        bullet = Markup()
        if composite.normalised.value is not None:
            said = self._interval_says(whole, composite.normalised)
            words = sentence(
                "composite_says", self.language, name=name, value=whole.value(composite.normalised.value), interval=said
            )
            label = whole.value(composite.normalised.value)
            bullet = self._draw(charts.bullet(composite.normalised, domain=(0, 100), label=label), words)
        return Row(
            is_composite=True,
            anchor=composite.id,
            mark=self.mark(composite.state),
            name=name,
            value=style.value(composite.printed.value),
            interval=style.interval(composite.printed),
            target=style.value(composite.target) if composite.target is not None else "",
            change=style.change(composite.change),
            change_is_noise=composite.change_distinct is False,
            n="",
            bullet=bullet,
            course=self._course(name, composite.trend, style),
            why=self._why(composite.printed, composite.statements),
        )

    def kpi_row(self, kpi: KpiCard) -> Row:
        style, name = self.style(kpi), self.say(kpi.name)
        bullet = Markup()
        if kpi.figure.value is not None:
            words = sentence(
                "bullet_says",
                self.language,
                name=name,
                value=style.value(kpi.figure.value),
                interval=self._interval_says(style, kpi.figure),
                target=self._target_says(style, kpi.target),
            )
            domain = charts.bullet_domain(kpi.figure, kpi.target, kpi.unit)
            bullet = self._draw(charts.bullet(kpi.figure, target=kpi.target, domain=domain), words)
        return Row(
            is_composite=False,
            anchor=f"kpi-{kpi.id}",
            mark=self.mark(kpi.state),
            name=name,
            value=self.say(WORDS["too_few"]) if kpi.too_few else style.value(kpi.figure.value),
            interval=style.interval(kpi.figure),
            target=style.given(kpi.target),
            change=style.change(kpi.change),
            change_is_noise=kpi.change_distinct is False,
            n=count(kpi.n, self.language),
            bullet=bullet,
            course=self._course(name, kpi.trend, style),
            why=self._why(kpi.figure, kpi.statements),
        )

    def section(self, perspective: PerspectiveCard) -> Section:
        composite = self.composite(perspective.composite, [(kpi, kpi.scaled) for kpi in perspective.kpis])
        return Section(composite.anchor, composite.name, composite, tuple(self.kpi(kpi) for kpi in perspective.kpis))

    def composite(
        self,
        composite: CompositeCard,
        parts: Sequence[tuple[KpiCard | CompositeCard, Figure]],
        *,
        width: int = 250,
        height: int = 74,
        says_change: bool = True,
    ) -> CompositeView:
        style = composite_style(composite, self.language)
        whole = self._hundred()
        terms = [(part.weight, scaled.value) for part, scaled in parts]
        return CompositeView(
            anchor=composite.id,
            mark=self.mark(composite.state),
            name=self.say(composite.name),
            value=style.value(composite.printed.value),
            interval=style.interval(composite.printed),
            normalised=whole.value(composite.normalised.value),
            normalised_interval=whole.interval(composite.normalised),
            change=style.change(composite.change),
            normalised_change=whole.change(composite.normalised_change),
            formula=typeset(composite.formula),
            formula_with_numbers=with_numbers(terms, composite.printed.value, self.language) if terms else "",
            parts=tuple(self._part(part, scaled, len(parts)) for part, scaled in parts),
            trend=self._trend(
                self.say(composite.name),
                composite.trend,
                style,
                composite.target,
                target_is_given=False,
                width=width,
                height=height,
            ),
            statements=self._said(composite.change_statement if says_change else None, composite.statements),
        )

    def kpi(self, kpi: KpiCard) -> KpiView:
        style, name = self.style(kpi), self.say(kpi.name)
        dimension = self.say(kpi.by_dimension) if kpi.by_dimension else ""
        picture, note = self._slices(kpi, style, name, dimension)
        period = self.say(self.card.period_label)
        return KpiView(
            anchor=f"kpi-{kpi.id}",
            mark=self.mark(kpi.state),
            name=name,
            description=self.say(kpi.description),
            value=self.say(WORDS["too_few"]) if kpi.too_few else style.value(kpi.figure.value),
            interval=style.interval(kpi.figure),
            target=style.given(kpi.target),
            change=style.change(kpi.change),
            normalised=self._hundred().value(kpi.normalised.value),
            trend=self._trend(name, kpi.trend, style, kpi.target),
            slices=picture,
            slice_title=sentence("slice_title", self.language, dimension=dimension, period=period) if picture else "",
            slice_note=note,
            making=self._making(kpi),
            passport=self._passport(kpi),
            statements=self._statements(kpi),
        )

    def _part(self, part: KpiCard | CompositeCard, scaled: Figure, count_of_parts: int) -> Part:
        contribution = None if scaled.value is None else part.weight * scaled.value / count_of_parts
        return Part(
            anchor=part.id if isinstance(part, CompositeCard) else f"kpi-{part.id}",
            name=self.say(part.name),
            weight=weight_text(part.weight, self.language),
            value=plain(scaled.value, 3, self.language),
            contribution=plain(contribution, 3, self.language),
            normalised=plain(part.normalised.value, 0, self.language),
        )

    def _making(self, kpi: KpiCard) -> tuple[tuple[str, str | Markup], ...]:
        """The half of the passport that says how the figure is made."""
        lines: tuple[tuple[str, str | Markup], ...] = (
            ("how", self.say(kpi.method)),
            ("printed_formula", typeset(kpi.formula)),
            ("source", kpi.formula_source),
            ("primary_data", ", ".join(kpi.primary_data)),
        )
        return tuple((self.say(WORDS[key]), value) for key, value in lines if value)

    def _passport(self, kpi: KpiCard) -> tuple[tuple[str, str | Markup], ...]:
        """The other half: what the figure rests on in this period."""
        unit = known(UNITS, kpi.unit, self.language)
        lines: list[tuple[str, str | Markup]] = [
            ("unit", unit),
            ("direction", self.say(DIRECTIONS[kpi.direction])),
            ("sample", count(kpi.n, self.language)),
            ("missing", share_of_missing(kpi.missing_share, self.language)),
            ("minimum_sample", count(kpi.minimum_sample, self.language)),
            ("definition", kpi.definition),
            ("entry", known(ENTRIES, kpi.entry, self.language)),
            ("kpi_normalisation", known(NORMALISATIONS, kpi.normalisation, self.language)),
            ("target_source", self.say(kpi.target_source) if kpi.target_source else ""),
            ("owner", kpi.owner or ""),
            ("where", _pairs(kpi.where)),
            ("parameters", _pairs(kpi.parameters)),
        ]
        return tuple((self.say(WORDS[key]), value) for key, value in lines if value)

    def _statements(self, kpi: KpiCard) -> tuple[str, ...]:
        said = self._said(kpi.change_statement, kpi.statements)
        return said or ((self.say(WORDS["no_remark"]),) if kpi.figure.value is None else ())

    def _said(self, change: Text | None, statements: Sequence[Text]) -> tuple[str, ...]:
        return tuple(self.say(text) for text in (*statements, *([change] if change else [])))

    def _why(self, figure: Figure, statements: Sequence[Text]) -> str | None:
        if figure.value is not None:
            return None
        return self.say(statements[0] if statements else WORDS["no_remark"])

    def _interval_says(self, style: NumberStyle, figure: Figure) -> str:
        interval = style.interval(figure)
        return sentence("interval_says", self.language, interval=interval) if interval else ""

    def _target_says(self, style: NumberStyle, target: float | None) -> str:
        return "" if target is None else sentence("target_says", self.language, target=style.given(target))

    def _course(self, name: str, trend: Sequence[TrendPoint], style: NumberStyle) -> Markup:
        defined = [point for point in trend if point.figure.value is not None]
        if len(defined) < 2:
            return Markup()
        words = sentence(
            "course_says",
            self.language,
            name=name,
            first=self.period(defined[0]),
            last=self.period(defined[-1]),
            start=style.value(defined[0].figure.value),
            end=style.value(defined[-1].figure.value),
        )
        return self._draw(charts.sparkline(_points(trend, style)), words)

    def _trend(
        self,
        name: str,
        trend: Sequence[TrendPoint],
        style: NumberStyle,
        target: float | None,
        *,
        target_is_given: bool = True,
        width: int = charts.TREND_WIDTH,
        height: int = charts.TREND_HEIGHT,
    ) -> Markup | None:
        defined = [point for point in trend if point.figure.value is not None]
        if not defined:
            return None
        words = sentence(
            "trend_says",
            self.language,
            name=name,
            first=self.period(defined[0]),
            last=self.period(defined[-1]),
            end=style.value(defined[-1].figure.value),
            interval=self._interval_says(style, defined[-1].figure),
            target=self._target_says(style, target),
        )
        chart = charts.trend(
            _points(trend, style),
            target=None if target is None else style.shown(target),
            unit=style.axis_unit,
            target_label=sentence(
                "target_line", self.language, target=style.given(target) if target_is_given else style.value(target)
            ),
            tick_format=self._tick_format(),
            width=width,
            height=height,
        )
        return self._draw(chart, words)

    def _tick_format(self) -> str:
        days = (self.card.end - self.card.start).days
        grain = "year" if days > 200 else "quarter" if days > 40 else "month" if days > 10 else "day"
        return self.say(TICKS[grain]) if grain in TICKS else ""

    def _slices(self, kpi: KpiCard, style: NumberStyle, name: str, dimension: str) -> tuple[Markup | None, str]:
        defined = [row for row in kpi.slices if row.figure.value is not None]
        undefined = [row.member or self.say(WORDS["not_given"]) for row in kpi.slices if row.figure.value is None]
        largest = sorted(defined, key=lambda row: -(row.n or 0))[:SLICES_SHOWN]
        notes: list[str] = []
        if len(defined) > len(largest):
            parts = {"shown": str(len(largest)), "all": str(len(defined))}
            notes.append(sentence("slices_left", self.language, **parts))
        if undefined:
            notes.append(sentence("slices_undefined", self.language, members=", ".join(undefined)))
        if not largest:
            return None, " ".join(notes)
        dots = [
            Dot(
                row.member or self.say(WORDS["not_given"]),
                _shown(row.figure, style),
                style.value(row.figure.value),
                None if row.target is None else style.shown(row.target),
            )
            for row in sorted(largest, key=lambda row: row.figure.value or 0, reverse=True)
        ]
        given = {row.member: self._target_says(style, row.target) for row in largest}
        members = "; ".join(f"{dot.member} — {dot.label}{given.get(dot.member, '')}" for dot in dots)
        words = sentence("slices_say", self.language, name=name, dimension=dimension, members=members)
        values = [dot.figure.value for dot in dots if dot.figure.value is not None]
        whole = None if kpi.figure.value is None else style.shown(kpi.figure.value)
        if whole is not None and not min(values) <= whole <= max(values):
            whole = None  # the whole of a sum is no yardstick for its parts
        return self._draw(charts.slices(dots, whole=whole, unit=style.axis_unit), words), " ".join(notes)

    def _draw(self, chart: charts.Picture, words: str) -> Markup:
        return Markup(svg(chart, self.language, words))  # noqa: S704 - words are escaped, the rest is drawn by us


def _density(rows: Sequence[Row]) -> str:
    """The roomiest setting in which the table still fits the first page."""
    lines = sum(max(1, math.ceil(len(row.name) / NAME_LETTERS_IN_LINE)) for row in rows)
    return next((density for density, most in LINES.items() if lines <= most), "densest")


def _pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in pairs)


def _points(trend: Sequence[TrendPoint], style: NumberStyle) -> list[Point]:
    return [
        Point(point.period, _shown(point.figure, style), None if point.target is None else style.shown(point.target))
        for point in trend
    ]


def _shown(figure: Figure, style: NumberStyle) -> Figure:
    return Figure(
        *(None if number is None else style.shown(number) for number in (figure.value, figure.lower, figure.upper))
    )
