"""Surveys, their results and answers to them by the interface."""

import hashlib
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Header, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from septima.schema import LANGUAGES, Language
from septima.web.accounts.models import Organisation
from septima.web.api.authentication import caller
from septima.web.api.problems import ERRORS, Problem
from septima.web.api.schemas import FigureOut, Words, figure_out, words
from septima.web.common.language import error_text
from septima.web.common.workspaces import open_workspace
from septima.web.surveys.answering import Filled, Seat, TooLateError, missing_of, submit
from septima.web.surveys.models import Survey
from septima.web.surveys.questions import Answers, QuestionError, read_answer
from septima.web.surveys.results import rate_of, results_of

router = Router(tags=["surveys"])

_MOST = 1000


class QuestionOut(Schema):
    """A question: how it is answered, and in which words it is asked; grades of a scale, or options numbered from 1."""

    key: str
    kind: str
    text: Words
    required: bool
    lowest: int | None
    highest: int | None
    options: list[Words]


class SurveyOut(Schema):
    """A survey; `code` names it in this interface, `survey_id` in the table of answers."""

    code: str
    survey_id: str
    name: str
    instrument: str
    state: str
    languages: list[str]
    questions: list[QuestionOut]


class SurveyPage(Schema):
    """A page of surveys, newest first."""

    items: list[SurveyOut]
    next: str | None


class SurveyFigure(Schema):
    """A figure of a survey; null where the group is too small to be shown."""

    metric: str
    name: Words
    unit: str
    n: int
    figure: FigureOut | None


class ResultsOut(Schema):
    """What a survey has brought so far."""

    invited: int
    opened: int
    answered: int
    questionnaires: int
    figures: list[SurveyFigure]


class AnswersIn(Schema):
    """A questionnaire as filled in: by key of question a grade, the number of an option, numbers of options, or words."""

    language: Annotated[str, Field(pattern="^(en|ru)$")] = "en"
    answers: Annotated[
        dict[
            Annotated[str, Field(max_length=60)],
            int | Annotated[str, Field(max_length=4000)] | Annotated[list[int], Field(max_length=30)],
        ],
        Field(max_length=100),
    ]


class AnswersOut(Schema):
    """The questionnaire that was taken; `response_id` names it in the table of answers."""

    response_id: str


@router.get("", response={200: SurveyPage, ERRORS: Problem}, summary="All surveys, newest first")
def surveys(
    request: HttpRequest,
    cursor: Annotated[str, Field(pattern="^[0-9]{0,18}$")] = "",
    limit: Annotated[int, Field(ge=1, le=_MOST)] = 100,
) -> SurveyPage:
    """The surveys of the organisation that are not in the archive."""
    rows = Survey.objects.filter(organisation=caller(request, "surveys:read").organisation, archived_at=None)
    if cursor:
        rows = rows.filter(pk__lt=int(cursor))
    page = list(rows.order_by("-pk")[: limit + 1])
    shown = page[:limit]
    return SurveyPage(items=[_survey(one) for one in shown], next=str(shown[-1].pk) if len(page) > limit else None)


@router.get("/{code}", response={200: SurveyOut, ERRORS: Problem}, summary="One survey and its questions")
def survey(request: HttpRequest, code: str) -> SurveyOut:
    """The survey of this code."""
    return _survey(_found(caller(request, "surveys:read").organisation, code))


@router.get("/{code}/results", response={200: ResultsOut, ERRORS: Problem}, summary="What a survey has brought")
def results(request: HttpRequest, code: str) -> ResultsOut:
    """Response rate and figures, answers of the last minute among them; of groups too small nothing is told."""
    organisation = caller(request, "surveys:read").organisation
    one = _found(organisation, code)
    rate, found = rate_of(one), results_of(open_workspace(organisation), one)
    return ResultsOut(
        invited=rate.invited,
        opened=rate.opened,
        answered=rate.answered,
        questionnaires=found.questionnaires,
        figures=[
            SurveyFigure(
                metric=each.metric,
                name=words(each.name),
                unit=each.unit,
                n=each.n,
                figure=None if each.figure is None else figure_out(each.figure),
            )
            for each in found.measured
        ],
    )


@router.post("/{code}/answers", response={200: AnswersOut, ERRORS: Problem}, summary="Send a questionnaire")
def answer(
    request: HttpRequest,
    code: str,
    sent: AnswersIn,
    idempotency_key: Annotated[str, Header(min_length=8, max_length=200)],  # pyright: ignore[reportCallIssue] # as ninja has it
) -> AnswersOut:
    """Take a questionnaire durably. The same `Idempotency-Key` again changes the questionnaire, within a day, and makes no other."""
    organisation = caller(request, "answers:write").organisation
    one = _found(organisation, code)
    if not one.takes_answers:
        raise HttpError(422, "this survey takes no answers now; open it under Surveys")
    given = _answers(one, sent.answers)
    absent = missing_of(one.asked, given)
    if absent:
        raise HttpError(422, f"these questions need an answer: {', '.join(absent)}")
    language: Language = next(known for known in LANGUAGES if known == sent.language)
    name = hashlib.sha256(f"{one.pk}\0{idempotency_key}".encode()).hexdigest()[:20]
    blank = frozenset(question.key for question in one.asked if question.key not in given)
    try:
        submit(Seat(one, None, name, "api", language), Filled(given, blank))
    except TooLateError:
        raise HttpError(
            422, "a day has passed since this questionnaire was sent; it can no longer be changed"
        ) from None
    return AnswersOut(response_id=name)


def _answers(one: Survey, sent: dict[str, Any]) -> Answers:
    asked = {question.key: question for question in one.asked}
    unknown = [key for key in sent if key not in asked]
    if unknown:
        raise HttpError(422, f"the survey does not ask {', '.join(map(repr, unknown))}; it asks {', '.join(asked)}")
    given = Answers()
    for key, value in sent.items():
        try:
            read = read_answer(asked[key], [str(part) for part in (value if isinstance(value, list) else [value])])
        except QuestionError as error:
            raise HttpError(422, f"{key}: {error_text(error)}") from None
        if read is not None:
            given[key] = read
    return given


def _found(organisation: Organisation, code: str) -> Survey:
    one = Survey.objects.filter(organisation=organisation, code=code[:20], archived_at=None).first()
    if one is None or one.code != code:
        raise HttpError(404, "there is no survey of this code; GET /api/v1/surveys lists them")
    return one


def _survey(one: Survey) -> SurveyOut:
    return SurveyOut(
        code=one.code,
        survey_id=one.survey_id,
        name=one.name,
        instrument=one.instrument,
        state=one.shown_state,
        languages=list(one.spoken),
        questions=[
            QuestionOut(
                key=question.key,
                kind=question.kind,
                text=words(question.text),
                required=question.required,
                lowest=question.lowest if question.kind == "scale" else None,
                highest=question.highest if question.kind == "scale" else None,
                options=[words(option) for option in question.options],
            )
            for question in one.asked
        ],
    )
