"""The life of a survey: made from an instrument, opened, closed, copied, put away."""

from collections.abc import Callable

from django.utils import timezone

from septima.schema import SeptimaError, Text
from septima.web.accounts.models import Organisation, User
from septima.web.common.language import say
from septima.web.surveys import questions as asked
from septima.web.surveys.instruments import questions_of
from septima.web.surveys.models import CLOSED, DRAFT, OPEN, Survey
from septima.workspace import Workspace


class LifecycleError(SeptimaError):
    """What a survey cannot do in its present state."""


def begin(
    organisation: Organisation, workspace: Workspace, user: User, *, instrument: str, name: str, languages: list[str]
) -> Survey:
    """A draft with the questions of an instrument."""
    return Survey.objects.create(
        organisation=organisation,
        name=name,
        instrument=instrument,
        languages=languages,
        questions=asked.to_json(questions_of(instrument, workspace.settings.metrics)),
        title_en="Your opinion" if "en" in languages else "",
        title_ru="Ваше мнение" if "ru" in languages else "",
        created_by=user,
    )


def copied(survey: Survey, user: User, *, as_version: bool) -> Survey:
    """A draft with the same questions and words: a new version of the survey, or a survey of its own."""
    suffix = "" if as_version else say(" (copy)", " (копия)")
    return Survey.objects.create(
        organisation=survey.organisation,
        name=f"{survey.name[: 200 - len(suffix)]}{suffix}",
        version=survey.version + 1 if as_version else 1,
        previous=survey if as_version else None,
        created_by=user,
        **{
            field: getattr(survey, field)
            for field in (
                "instrument",
                "languages",
                "questions",
                "title_en",
                "title_ru",
                "consent_en",
                "consent_ru",
                "thanks_en",
                "thanks_ru",
                "department",
                "allowed_sites",
            )
        },
    )


def open_survey(survey: Survey) -> None:
    """Let it be answered; LifecycleError where it asks nothing, or not in all its languages."""
    if not survey.asked:
        raise LifecycleError(Text("Add a question first.", "Сначала добавьте вопрос."))
    for question in survey.asked:
        try:
            asked.checked(question, survey.spoken)
        except asked.QuestionError:
            raise LifecycleError(
                Text(
                    f"Question “{question.text.en or question.text.ru or question.key}” is not complete in all languages of the survey.",
                    f"Вопрос «{question.text.ru or question.text.en or question.key}» заполнен не\u00a0на\u00a0всех языках опроса.",
                )
            ) from None
    if survey.closes_at is not None and survey.closes_at <= timezone.now():
        raise LifecycleError(
            Text(
                "Its closing time has passed; set a later one first.",
                "Время закрытия уже прошло; сначала назначьте более позднее.",
            )
        )
    survey.state, survey.archived_at = OPEN, None


def close_survey(survey: Survey) -> None:
    """Take no more answers."""
    if survey.state == DRAFT:
        raise LifecycleError(Text("A draft is not open.", "Черновик ещё не\u00a0открыт."))
    survey.state = CLOSED


def archive_survey(survey: Survey) -> None:
    """Put it away; an open one is closed."""
    survey.state = CLOSED if survey.state == OPEN else survey.state
    survey.archived_at = timezone.now()


def restore_survey(survey: Survey) -> None:
    """Take it back from the archive."""
    survey.archived_at = None


def end_links(survey: Survey) -> None:
    """Make all links that were given out so far void."""
    survey.link_version += 1


CHANGES: dict[str, Callable[[Survey], None]] = {
    "open": open_survey,
    "close": close_survey,
    "archive": archive_survey,
    "restore": restore_survey,
    "end_links": end_links,
}
