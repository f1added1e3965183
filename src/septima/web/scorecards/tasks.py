"""What the background worker does for cards."""

from collections.abc import Callable
from typing import cast

from django.utils import timezone, translation
from django_tasks import task

from septima.chapters.card import CHAPTERS, CardForm, card_form
from septima.chapters.what_if import what_if_chapters
from septima.report import FORMATS, Format, render
from septima.report.studies.study import Study
from septima.schema import Language, SeptimaError
from septima.web.common.language import error_text
from septima.web.common.workspaces import open_workspace
from septima.web.scorecards.cards import card_of, refreshed
from septima.web.scorecards.choice import Choice, read_choice
from septima.web.scorecards.first_page import draw_first_page
from septima.web.scorecards.models import CardWork
from septima.workspace import Workspace


@task()
def refresh(pk: int) -> None:
    """Bring a card up to the data and draw its first page anew."""

    def done(work: CardWork, workspace: Workspace, choice: Choice) -> None:
        refreshed(work.organisation, workspace, choice)
        draw_first_page(work.organisation, workspace, choice, cast("Language", work.language))

    _worked(pk, done)


@task()
def make_report(pk: int) -> None:
    """Make the report on a card as a file."""

    def done(work: CardWork, workspace: Workspace, choice: Choice) -> None:
        language, form = cast("Language", work.language), card_form(work.form)
        card = card_of(work.organisation, workspace, choice).card
        studies = [] if choice.dimension else _chapters(work, workspace, choice, language)
        content = render(card, format=_format(form), language=language, chapters=tuple(studies))
        work.file = f"reports/{work.organisation.pk}/{work.pk}.{work.form}"
        work.path.parent.mkdir(parents=True, exist_ok=True)
        work.path.write_bytes(content)
        work.size = len(content)

    _worked(pk, done)


def _chapters(work: CardWork, workspace: Workspace, choice: Choice, language: Language) -> list[Study]:
    """The chapters of the report, with a note of each that is done; drawing them is the last step."""
    card = card_of(work.organisation, workspace, choice).card
    studies: list[Study] = []
    _step(work, 1, len(CHAPTERS) + 2)
    for place, chapter in enumerate(CHAPTERS.values(), 2):
        study = chapter(workspace, card, language)
        studies += [study] if study is not None else []
        _step(work, place, len(CHAPTERS) + 2)
    return [*studies, *what_if_chapters(workspace, card, language)]


def _format(form: CardForm) -> Format:
    for known in FORMATS:
        if known == form:
            return known
    raise SeptimaError(f"there is no report form {form!r}; there are: {', '.join(FORMATS)}")


def _worked(pk: int, do: Callable[[CardWork, Workspace, Choice], None]) -> None:
    """Do a piece of work and keep in its row what came of it; an error that has a remedy is told, any other is raised too."""
    work = CardWork.objects.select_related("organisation").get(pk=pk)
    work.state, work.seen_at = "running", timezone.now()
    work.save()
    try:
        workspace = open_workspace(work.organisation)
        with translation.override(work.language):
            do(work, workspace, read_choice(work.choice, workspace.settings.calendar))
        work.state = "done"
    except SeptimaError as error:
        work.state, work.problem = "failed", error_text(error)
    except Exception:
        work.state, work.problem = "failed", "error"
        raise
    finally:
        work.finished_at = work.seen_at = timezone.now()
        work.save()


def _step(work: CardWork, done: int, total: int) -> None:
    work.done, work.total, work.seen_at = done, total, timezone.now()
    work.save(update_fields=["done", "total", "seen_at"])
