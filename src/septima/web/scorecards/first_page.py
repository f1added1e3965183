"""The first page of a card as a kept piece of HTML, the same for everyone who may see it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import urlencode

from django.template.loader import render_to_string
from django.utils import translation

from septima.report import study_fragment
from septima.report.studies.why import why_study
from septima.report.view import Row, first_page
from septima.report.words import words_in
from septima.schema import LANGUAGES, Language, SeptimaError, Text
from septima.scorecard.card import KpiCard, Scorecard
from septima.scorecard.simulation import INTEGRAL
from septima.scorecard.slice_card import Slicing
from septima.web.accounts.models import Organisation
from septima.web.common.workspaces import default_period, definitions_digest, keep, kept, look_up
from septima.web.scorecards.cards import card_of, kept_slicings, refreshed, why_of
from septima.web.scorecards.choice import Choice
from septima.web.scorecards.standing import Standing
from septima.workspace import Workspace

FUNCTIONS_TOLD = 2


@dataclass(frozen=True)
class ShownCard:
    """A first page as it is shown, and what of its card every request asks: of which data it is, and whether it was over."""

    html: str
    label: Text
    data_version: int
    computed_at: datetime
    complete: bool
    end: date
    slicings: tuple[Slicing, ...]


@dataclass(frozen=True)
class LinkedRow:
    """A line of the table and the path of the page that it leads to."""

    row: Row
    path: str


def first_page_key(organisation: Organisation, now: Standing, choice: Choice, language: Language) -> str:
    """By what the first page of a choice is kept."""
    return _key(organisation, now.digest, choice, language)


def peek(key: str) -> ShownCard | None:
    """The first page that is kept by a key."""
    found = look_up(key)
    return found if isinstance(found, ShownCard) else None


def kept_first_page(organisation: Organisation, workspace: Workspace, choice: Choice, language: Language) -> ShownCard:
    """The first page that is kept, or made now; SeptimaError where its card cannot be made."""
    key = _key(organisation, definitions_digest(workspace), choice, language)
    return kept(key, lambda: _drawn(organisation, workspace, choice, language))


def draw_first_page(organisation: Organisation, workspace: Workspace, choice: Choice, language: Language) -> None:
    """Draw the first page anew in place of the one that is kept."""
    key = _key(organisation, definitions_digest(workspace), choice, language)
    keep(key, _drawn(organisation, workspace, choice, language))


def renew_opened_first(organisation: Organisation, workspace: Workspace) -> None:
    """Bring the card that people open first up to data and definitions, and draw its page in both languages."""
    choice = Choice(default_period(workspace))
    refreshed(organisation, workspace, choice)
    for language in LANGUAGES:
        draw_first_page(organisation, workspace, choice, language)


def all_kpis(card: Scorecard) -> list[KpiCard]:
    """The KPIs of the perspectives and the company's own."""
    return [*(kpi for one in card.perspectives for kpi in one.kpis), *card.own]


def latest_with_figures(card: Scorecard) -> str | None:
    """The label of the newest earlier period of the trend in which any KPI has a figure."""
    found = [point for kpi in all_kpis(card) for point in kpi.trend if point.figure.value is not None]
    return max(found, key=lambda point: point.period).label if found else None


def _drawn(organisation: Organisation, workspace: Workspace, choice: Choice, language: Language) -> ShownCard:
    card = card_of(organisation, workspace, choice).card
    slicings = kept_slicings(organisation, workspace)
    page = first_page(card, language)
    ids = [one.composite.id for one in card.perspectives]
    groups = [
        [LinkedRow(row, _path(perspective, row)) for row in rows]
        for perspective, rows in zip(ids, page.groups, strict=True)
    ]
    with translation.override(language):
        html = render_to_string(
            "scorecards/first_page.html",
            {
                "organisation": organisation,
                "query": choice.query,
                "asked_query": urlencode(choice.query),
                "page": page,
                "groups": groups,
                "own": [LinkedRow(row, _path("own", row)) for row in page.own_rows],
                "why": _why(workspace, card, choice, language),
                "w": words_in(language),
                "no_data": workspace.lake.version == 0 or not workspace.lake.commit().tables,
                "no_figures": all(kpi.figure.value is None for kpi in all_kpis(card)),
                "latest": latest_with_figures(card),
                "card": card,
                "slice_name": slice_name(choice, slicings, language),
                "slicings": [(one.dimension, one.name.in_language(language), one.members) for one in slicings],
            },
        )
    return ShownCard(
        html,
        card.period_label,
        card.data_version,
        card.computed_at,
        card.complete,
        card.end,
        slicings,
    )


def slice_name(choice: Choice, known: tuple[Slicing, ...], language: Language) -> str:
    """A slice in words, such as "region: Moscow"; empty of the whole company."""
    if not choice.dimension:
        return ""
    name = next(
        (one.name.in_language(language) for one in known if one.dimension == choice.dimension), choice.dimension
    )
    return f"{name}: {choice.member}"


def _path(perspective: str, row: Row) -> str:
    return perspective if row.is_composite else f"{perspective}/{row.anchor.removeprefix('kpi-')}"


def _why(workspace: Workspace, card: Scorecard, choice: Choice, language: Language) -> str:
    """The part of the study of the change that tells of CKPIint; where that has none, of what moved in the functions.

    Empty where there is no change to tell.
    """
    try:
        found = why_of(workspace, card, choice)
    except SeptimaError:
        return ""
    study = why_study(found, language, workspace.settings.currency)
    told = [
        (one, section)
        for one, section in zip((found.change.of(name) for name in found.shown), study.sections, strict=False)
        if one.drivers
    ]
    if not told:
        return ""
    if told[0][0].id != INTEGRAL:
        told.sort(key=lambda pair: -abs(pair[0].change.value or 0.0))
    shown = tuple(section for _, section in told[: 1 if told[0][0].id == INTEGRAL else FUNCTIONS_TOLD])
    brief = replace(study, question="", sections=shown, measures=(), assumptions=())
    return study_fragment([brief], language)


def _key(organisation: Organisation, digest: str, choice: Choice, language: Language) -> str:
    return f"first-{organisation.pk}-{organisation.slug}-{choice.key}-{digest}-{language}"
