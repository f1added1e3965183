"""Pages around the card: why it changed, and a study each."""

from collections.abc import Callable

from django.http import Http404, HttpResponse
from django.template.loader import render_to_string

from septima.chapters.card import CHAPTERS
from septima.chapters.cascade import cascade_answer, member_answer
from septima.chapters.processes import processes_answer
from septima.report import study_fragment
from septima.report.studies.why import why_study
from septima.scorecard.card import Scorecard
from septima.scorecard.cascade.reading import FILE as CASCADE_FILE
from septima.scorecard.processes import FILE as PROCESSES_FILE
from septima.web.common.access import MemberRequest, member
from septima.web.common.language import say
from septima.web.scorecards.asking import Asked, asks_for_a_card, dear_page
from septima.web.scorecards.cards import why_of
from septima.web.scorecards.choice import Choice
from septima.web.scorecards.navigation import CHAPTER_PAGES, Chapter
from septima.workspace import Workspace


@member("view_scorecard")
@asks_for_a_card
def why(request: MemberRequest, asked: Asked) -> HttpResponse:
    """Why CKPIint, a perspective or a KPI (`path`) changed since the period before."""
    path = request.GET.get("path", "")

    def draw(workspace: Workspace, card: Scorecard) -> str:
        found = why_of(workspace, card, asked.choice, of=path)
        study = study_fragment([why_study(found, asked.language, workspace.settings.currency)], asked.language)
        places = [("", "CKPIint")]
        places += [(one.composite.id, one.composite.name.in_language(asked.language)) for one in card.perspectives]
        given = {"places": places, "path": path, "organisation": asked.organisation, "query": asked.choice.query}
        return render_to_string("scorecards/why_places.html", given) + study

    title = say("Why it changed", "Почему изменилось")
    return dear_page(asked, "scorecards/around.html", f"why-{path}", draw, {"title": title})


@member("view_scorecard")
@asks_for_a_card
def chapter(request: MemberRequest, asked: Asked, chapter: str) -> HttpResponse:
    """One study of the card: goals, processes, journey, …"""
    page = CHAPTER_PAGES.get(chapter)
    if page is None:
        raise Http404
    whole = asked if page.of_slices else _of_the_company(asked)
    part = request.GET.get("part", "")

    def draw(workspace: Workspace, card: Scorecard) -> str:
        return _drawn(workspace, card, chapter, page, part, asked)

    given = {"title": page.name.in_language(asked.language), "chapter": chapter, "of_whole": whole is not asked}
    return dear_page(whole, "scorecards/around.html", f"{chapter}-{part}", draw, given)


def _drawn(workspace: Workspace, card: Scorecard, name: str, page: Chapter, part: str, asked: Asked) -> str:
    language = asked.language
    special: dict[str, Callable[[], str]] = {
        "processes": lambda: _processes(workspace, card, part, asked),
        "cascade": lambda: _cascade(workspace, card, part, asked),
    }
    files = {"processes": PROCESSES_FILE, "cascade": CASCADE_FILE}
    if name in files and (workspace.directory / files[name]).exists():
        return special[name]()
    study = CHAPTERS[name](workspace, card, language)
    if study is None:
        return render_to_string(
            "common/empty.html", {"title": page.name.in_language(language), "text": page.absent.in_language(language)}
        )
    return study_fragment([study], language)


def _processes(workspace: Workspace, card: Scorecard, part: str, asked: Asked) -> str:
    """The sheets of the process model, one at a time or all; each names those that open its boxes."""
    found = processes_answer(workspace, card, asked.language, node=part or None)
    sheets = [("", say("All sheets", "Все листы")), *((one.node, one.node) for one in found.found.model.sheets)]
    return _parts(sheets, part, "processes", asked) + study_fragment([found.study], asked.language)


def _cascade(workspace: Workspace, card: Scorecard, part: str, asked: Asked) -> str:
    """The cascade from CKPIint down, or the card of a department."""
    whole = cascade_answer(workspace, card, asked.language)
    study = whole.study if not part else member_answer(workspace, card, asked.language, "department", part).study
    known = [(one.id, one.name.in_language(asked.language)) for one in whole.found.departments()]
    parts = [("", say("The whole company", "Вся компания")), *known]
    return _parts(parts, part, "cascade", asked) + study_fragment([study], asked.language)


def _parts(parts: list[tuple[str, str]], current: str, chapter: str, asked: Asked) -> str:
    given = {
        "parts": parts,
        "current": current,
        "chapter": chapter,
        "organisation": asked.organisation,
        "query": asked.choice.query,
    }
    return render_to_string("scorecards/parts.html", given)


def _of_the_company(asked: Asked) -> Asked:
    if not asked.choice.dimension:
        return asked
    return Asked(asked.request, asked.organisation, asked.now, Choice(asked.choice.period), asked.language)
