"""Cards side by side: of two periods, of the departments."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.template.loader import render_to_string

from septima.metrics import Period
from septima.metrics.period import PeriodError
from septima.report import study_fragment
from septima.report.number_forms import NumberStyle, number_style, plain
from septima.report.studies.study import told
from septima.report.studies.why import why_study
from septima.report.summary import composite_style
from septima.report.words import words_in
from septima.schema import Language, SeptimaError
from septima.scorecard.card import CompositeCard, Figure, KpiCard, Scorecard, State
from septima.scorecard.cascade.reading import FILE as CASCADE_FILE
from septima.scorecard.cascade.result import Cascade, Duty
from septima.web.common.access import MemberRequest, member
from septima.web.common.language import error_text, say
from septima.web.scorecards.asking import Asked, asks_for_a_card, dear_page, unknown_period
from septima.web.scorecards.cards import card_of, why_of
from septima.web.scorecards.choice import Choice, neighbour, offered
from septima.web.scorecards.navigation import CHAPTER_PAGES
from septima.workspace import Workspace


@dataclass(frozen=True)
class Side:
    """A figure on one of the two sides."""

    state: State
    value: str
    interval: str


@dataclass(frozen=True)
class Line:
    """An index or a KPI in two periods."""

    is_composite: bool
    path: str
    name: str
    before: Side
    now: Side
    change: str
    scaled_change: str
    moved: str


@dataclass(frozen=True)
class Cell:
    """What a department answers for of a KPI."""

    state: State
    value: str
    target: str
    share: str
    own: bool


@member("view_scorecard")
@asks_for_a_card
def periods(request: MemberRequest, asked: Asked) -> HttpResponse:
    """The card of the choice beside that of another period (`with`; the one a year before where none is named)."""
    calendar = asked.now.settings.calendar
    text = request.GET.get("with", "")
    try:
        other = calendar.parse(text) if text else _a_year_before(asked.choice.period)
    except PeriodError as error:
        return unknown_period(request, asked.organisation, asked.now, error_text(error))

    def draw(workspace: Workspace, card: Scorecard) -> str:
        earlier_choice = Choice(other, asked.choice.dimension, asked.choice.member)
        earlier = card_of(asked.organisation, workspace, earlier_choice).card
        given = {
            "lines": list(_lines(earlier, card, asked.language)),
            "before": earlier.period_label.in_language(asked.language),
            "now": card.period_label.in_language(asked.language),
            "organisation": asked.organisation,
            "query": asked.choice.query,
            "asked_query": urlencode(asked.choice.query),
            "w": words_in(asked.language),
        }
        return render_to_string("scorecards/compare_part.html", given) + _why(workspace, earlier, card, asked)

    context = {
        "title": say("Two periods side by side", "Два периода рядом"),
        "other": other.id,
        "others": [
            (one.id, one.label.in_language(asked.language)) for one in offered(other, calendar, calendar.today())
        ],
        "mode": "periods",
    }
    # The other card may have been made anew since: its version of the data is part of what the page is kept by.
    return dear_page(asked, "scorecards/compare.html", f"compare-{other.id}-{asked.now.version}", draw, context)


@member("view_scorecard")
@asks_for_a_card
def departments(request: MemberRequest, asked: Asked) -> HttpResponse:
    """What each department answers for of the card, side by side."""
    whole = Asked(request, asked.organisation, asked.now, Choice(asked.choice.period), asked.language)

    def draw(workspace: Workspace, card: Scorecard) -> str:
        if not (workspace.directory / CASCADE_FILE).exists():
            absent = CHAPTER_PAGES["cascade"].absent.in_language(asked.language)
            title = say("No departments to set side by side", "Сравнивать пока некого")
            return render_to_string("common/empty.html", {"title": title, "text": absent})
        cascade = workspace.cascade(card)
        given = {
            "departments": [
                (one.id, one.name.in_language(asked.language), one.people, *_sums(one.weight, one.contribution, one.change, asked.language))
                for one in cascade.departments()
            ],
            "rows": list(_matrix(cascade, asked.language)),
            "organisation": asked.organisation,
            "query": asked.choice.query,
        }  # fmt: skip
        return render_to_string("scorecards/departments_part.html", given)

    context = {"title": say("Departments side by side", "Подразделения рядом"), "mode": "departments"}
    return dear_page(whole, "scorecards/compare.html", "departments", draw, context)


def _a_year_before(period: Period) -> Period:
    steps = {"month": -12, "quarter": -4}.get(period.grain, -1)
    return neighbour(period, steps) or period


def _lines(before: Scorecard, now: Scorecard, language: Language) -> Iterator[Line]:
    """Every index and KPI of the newer card, with its counterpart on the other where there is one."""
    yield _composite("", before.integral, now.integral, language)
    earlier = {one.composite.id: one for one in before.perspectives}
    kpis = {kpi.id: kpi for one in before.perspectives for kpi in one.kpis} | {kpi.id: kpi for kpi in before.own}
    for one in now.perspectives:
        old = earlier.get(one.composite.id)
        yield _composite(one.composite.id, old.composite if old else None, one.composite, language)
        for kpi in one.kpis:
            yield _kpi(f"{one.composite.id}/{kpi.id}", kpis.get(kpi.id), kpi, now.currency, language)
    for kpi in now.own:
        yield _kpi(f"own/{kpi.id}", kpis.get(kpi.id), kpi, now.currency, language)


def _composite(path: str, before: CompositeCard | None, now: CompositeCard, language: Language) -> Line:
    style = composite_style(now, language)
    old = Figure(None) if before is None else before.printed
    scaled = Figure(None) if before is None else before.normalised
    states: tuple[State, State] = ("unknown" if before is None else before.state, now.state)
    return _line(
        True, path, now.name.in_language(language), states, (old, now.printed), (scaled, now.normalised), style
    )


def _kpi(path: str, before: KpiCard | None, now: KpiCard, currency: str | None, language: Language) -> Line:
    old = Figure(None) if before is None else before.figure
    scaled = Figure(None) if before is None else before.normalised
    style = number_style(now.unit, now.figure, language, currency=currency, others=(old.value,))
    states: tuple[State, State] = ("unknown" if before is None else before.state, now.state)
    return _line(
        False, path, now.name.in_language(language), states, (old, now.figure), (scaled, now.normalised), style
    )


def _line(
    is_composite: bool,
    path: str,
    name: str,
    states: tuple[State, State],
    figures: tuple[Figure, Figure],
    scaled: tuple[Figure, Figure],
    style: NumberStyle,
) -> Line:
    before, now = (Side(state, style.value(figure.value), style.interval(figure)) for state, figure in zip(states, figures, strict=True))  # fmt: skip
    change, scaled_change = _difference(*figures), _difference(*scaled)
    written = "—" if scaled_change is None else plain(scaled_change, 0, style.language, signed=True)
    moved = "" if scaled_change is None or abs(scaled_change) < 0.5 else "up" if scaled_change > 0 else "down"
    return Line(is_composite, path, name, before, now, style.change(change), written, moved)


def _difference(before: Figure, now: Figure) -> float | None:
    return None if before.value is None or now.value is None else now.value - before.value


def _why(workspace: Workspace, earlier: Scorecard, card: Scorecard, asked: Asked) -> str:
    """The study of what the change between the two is made of; nothing where one of them is undefined."""
    try:
        found = why_of(workspace, card, asked.choice, earlier=earlier)
    except SeptimaError:
        return ""
    if not any(one.drivers for one in found.change.composites):
        return ""
    return study_fragment([why_study(found, asked.language, workspace.settings.currency)], asked.language)


def _matrix(cascade: Cascade, language: Language) -> Iterator[tuple[str, list[Cell | None]]]:
    """For each KPI what every department has of it; None where it does not answer for it."""
    duties = [{duty.kpi: duty for duty in one.duties} for one in cascade.departments()]
    for kpi in cascade.kpis:
        found = [one.get(kpi.id) for one in duties]
        if any(found):
            yield (
                kpi.name.in_language(language),
                [duty and _cell(duty, cascade.card.currency, language) for duty in found],
            )


def _cell(duty: Duty, currency: str | None, language: Language) -> Cell:
    few = words_in(language)["too_few"]
    number, _ = told(duty.unit, duty.fact.figure, language, currency)
    target = "" if duty.target is None else told(duty.unit, Figure(duty.target), language, currency)[0].text
    share = NumberStyle("share", language, None, 1, 0).value(duty.share)
    return Cell(duty.state, few if duty.fact.too_few else number.text, target, share, duty.own)


def _sums(weight: float, contribution: float, change: float, language: Language) -> tuple[str, str, str]:
    share = NumberStyle("share", language, None, 1, 1)
    return share.value(weight), plain(contribution, 3, language), plain(change, 3, language, signed=True)
