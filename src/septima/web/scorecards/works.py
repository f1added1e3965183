"""The kinds of work on cards."""

from typing import Any

from septima.chapters.card import CHAPTERS, CardForm, card_form
from septima.chapters.what_if import what_if_chapters
from septima.report import FORMATS, Format, render
from septima.report.studies.study import Study
from septima.schema import Language, SeptimaError, Text
from septima.scorecard.card import Scorecard
from septima.web.common.language import current_language
from septima.web.common.workspaces import open_workspace
from septima.web.scorecards.background import REFRESH, RENEW, REPORT, forget_report, report_path
from septima.web.scorecards.cards import card_of, refreshed
from septima.web.scorecards.choice import Choice, read_choice
from septima.web.scorecards.first_page import draw_first_page, renew_opened_first
from septima.web.work.kinds import Kind, Tell, register
from septima.web.work.models import Work
from septima.workspace import Workspace

_CARD = Text("Computing the card", "Вычисление карты")
_PAGE = Text("Drawing the page", "Рисование страницы")
_CHAPTER = Text("Making the chapters", "Составление глав")
_FILE = Text("Making the file", "Составление файла")


def refresh(work: Work, tell: Tell) -> dict[str, Any]:
    """Bring a card up to the data and draw its first page anew."""
    workspace = open_workspace(work.organisation)
    choice = _choice(work, workspace)
    tell(_CARD, 0, None)
    refreshed(work.organisation, workspace, choice)
    tell(_PAGE, 0, None)
    draw_first_page(work.organisation, workspace, choice, current_language())
    return {}


def renew(work: Work, tell: Tell) -> dict[str, Any]:
    """Make the card that people open first, and draw its page in both languages."""
    tell(_CARD, 0, None)
    renew_opened_first(work.organisation, open_workspace(work.organisation))
    return {}


def make_report(work: Work, tell: Tell) -> dict[str, Any]:
    """Make the report on a card as a file."""
    workspace, language = open_workspace(work.organisation), current_language()
    choice, form = _choice(work, workspace), card_form(work.options["form"])
    tell(_CARD, 0, None)
    card = card_of(work.organisation, workspace, choice).card
    studies = [] if choice.dimension else _chapters(workspace, card, language, tell)
    tell(_FILE, len(CHAPTERS), len(CHAPTERS) + 1)
    content = render(card, format=_format(form), language=language, chapters=tuple(studies))
    path = report_path(work)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {"size": len(content)}


def _chapters(workspace: Workspace, card: Scorecard, language: Language, tell: Tell) -> list[Study]:
    """The chapters of the report, with a note of each that is done; making the file is the last step."""
    studies: list[Study] = []
    for place, chapter in enumerate(CHAPTERS.values()):
        tell(_CHAPTER, place, len(CHAPTERS) + 1)
        study = chapter(workspace, card, language)
        studies += [study] if study is not None else []
    return [*studies, *what_if_chapters(workspace, card, language)]


def _choice(work: Work, workspace: Workspace) -> Choice:
    return read_choice(work.options["choice"], workspace.settings.calendar)


def _format(form: CardForm) -> Format:
    for known in FORMATS:
        if known == form:
            return known
    known = ", ".join(FORMATS)
    raise SeptimaError(
        Text(f"there is no report form {form!r}; there are: {known}", f"нет вида отчёта {form!r}; есть: {known}")
    )


register(Kind(REFRESH, Text("Renew a card", "Обновление карты"), refresh))
register(Kind(RENEW, Text("Make the card by changed definitions", "Пересчёт карты по новой настройке"), renew))
register(
    Kind(REPORT, Text("Make a report on a card", "Подготовка отчёта по\u00a0карте"), make_report, forget=forget_report)
)
