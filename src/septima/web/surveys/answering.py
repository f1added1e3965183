"""Taking answers: what a form gave, drafts page by page, and a submission as one small durable transaction.

A submission is acknowledged once the database has committed it together with its rows for the lake, which stand in the
inbox (`Arrival`) until a batch brings them there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, cast

from django.db import IntegrityError, transaction
from django.utils import timezone

from septima.schema import Language
from septima.web.common.together import Together
from septima.web.surveys import questions as asked
from septima.web.surveys import tasks
from septima.web.surveys.models import Arrival, Link, Response, Survey
from septima.web.surveys.questions import Answers, Question, QuestionError

Problem = Literal["missing", "long", "wrong"]
PER_PAGE = 6
"""Questions that a page holds; a questionnaire of one more still stands on one page."""


class TooLateError(Exception):
    """The questionnaire can no longer be changed."""


class Posted(Protocol):
    """A form's values by name."""

    def getlist(self, key: str) -> list[str]:
        """All values of a name."""
        ...


@dataclass(frozen=True)
class Filled:
    """What a form gave: answers by key of question, the questions it left empty, and what is wrong with others."""

    answers: Answers
    blank: frozenset[str]
    problems: Mapping[str, Problem] = field(default_factory=dict[str, Problem])


@dataclass(frozen=True)
class Seat:
    """Whose questionnaire it is: by a personal link, or by a name that the respondent's browser holds."""

    survey: Survey
    link: Link | None
    code: str
    channel: str
    language: Language


def pages_of(questions: Sequence[Question]) -> list[Sequence[Question]]:
    """The questions by page."""
    if len(questions) <= PER_PAGE + 1:
        return [questions]
    return [questions[start : start + PER_PAGE] for start in range(0, len(questions), PER_PAGE)]


def read(questions: Sequence[Question], posted: Posted) -> Filled:
    """What a form says to these questions."""
    answers, problems, blank = Answers(), dict[str, Problem](), set[str]()
    for question in questions:
        given = posted.getlist(f"q-{question.key}")
        try:
            answer = asked.read_answer(question, given)
        except QuestionError as error:
            problems[question.key] = "long" if "long" in str(error) else "wrong"
            continue
        if answer is not None:
            answers[question.key] = answer
        else:
            blank.add(question.key)
            if question.required:
                problems[question.key] = "missing"
    return Filled(answers, frozenset(blank), problems)


def found(seat: Seat) -> Response | None:
    """The questionnaire of a seat, where it was begun."""
    if seat.link is not None:
        return Response.objects.filter(link=seat.link).first()
    return Response.objects.filter(survey=seat.survey, code=seat.code, link=None).first()


def keep_draft(seat: Seat, filled: Filled) -> Response:
    """Keep a page of answers until the rest is filled in; TooLateError where nothing can be changed any more."""

    def keep() -> Response:
        with transaction.atomic():
            response = _held(seat)
            response.answers = _merged(response, filled)
            response.save()
        return response

    return _even_if_pressed_twice(keep)


def submit(seat: Seat, filled: Filled) -> None:
    """Take a questionnaire as filled in; the same again changes nothing.

    `filled` is of the last page; earlier pages are kept as drafts. TooLateError where a day has passed since.
    """
    # Of one page and by nobody's name, it is nearly always new: written without a look whether it is.
    if seat.link is None and len(pages_of(seat.survey.asked)) == 1:
        try:
            _new_ones.put(_new(seat, filled.answers))
        except IntegrityError:
            _submit_held(seat, filled)
        else:
            tasks.ask_for_flush(seat.survey.organisation.pk)
    else:
        _submit_held(seat, filled)


def _submit_held(seat: Seat, filled: Filled) -> None:

    def take() -> Response:
        with transaction.atomic():
            response = _held(seat)
            answers = _merged(response, filled)
            response.answers = answers
            changed = response.submitted_at is None or answers != response.filed
            before, response.filed = cast("Answers", response.filed), answers
            response.submitted_at = response.submitted_at or timezone.now()
            response.save()
            if changed:
                rows = _rows(seat, response, answers, before)
                Arrival.objects.create(survey=seat.survey, response=response, rows=rows)
                if seat.link is not None and seat.link.answered_at is None:
                    Link.objects.filter(pk=seat.link.pk, answered_at=None).update(answered_at=response.submitted_at)
                tasks.ask_for_flush(seat.survey.organisation.pk)
        return response

    _even_if_pressed_twice(take)


def missing_of(questions: Sequence[Question], answers: Mapping[str, object]) -> list[str]:
    """Keys of required questions that have no answer."""
    return [question.key for question in questions if question.required and question.key not in answers]


def _even_if_pressed_twice(take: Callable[[], Response]) -> Response:
    """What `take` gives; once more where the other half of a double press began the questionnaire meanwhile."""
    try:
        return take()
    except IntegrityError:
        return take()


def _new(seat: Seat, answers: Answers) -> Arrival:
    """A questionnaire that was never seen before, with its rows for the lake; nothing is written yet."""
    response = Response(
        survey=seat.survey,
        code=seat.code,
        channel=seat.channel,
        language=seat.language,
        answers=answers,
        filed=answers,
        submitted_at=timezone.now(),
    )
    return Arrival(survey=seat.survey, response=response, rows=_rows(seat, response, answers, Answers()))


def _write_new(arrivals: Sequence[Arrival]) -> None:
    """Write questionnaires and their rows for the lake; IntegrityError where one of them stands already."""
    Response.objects.bulk_create([cast("Response", arrival.response) for arrival in arrivals])
    Arrival.objects.bulk_create(arrivals)


_new_ones = Together(_write_new)


def _held(seat: Seat) -> Response:
    """The questionnaire of a seat, held until the transaction ends, or a new one that is not saved yet."""
    rows = Response.objects.select_for_update()
    rows = rows.filter(link=seat.link) if seat.link is not None else rows.filter(code=seat.code)
    # By no order: there is one at most, and ordering costs.
    response = next(iter(rows[:1]), None)
    if response is None:
        response = Response(survey=seat.survey, link=seat.link, code=seat.code, channel=seat.channel)
    elif response.is_final or response.survey_id != seat.survey.pk:  # pyright: ignore[reportAttributeAccessIssue] # Django adds it
        raise TooLateError
    response.language = seat.language
    return response


def _merged(response: Response, filled: Filled) -> Answers:
    kept = {key: answer for key, answer in cast("Answers", response.answers).items() if key not in filled.blank}
    return {**kept, **filled.answers}


def _rows(seat: Seat, response: Response, answers: Answers, before: Answers) -> list[dict[str, object]]:
    moment = cast("object", response.submitted_at)
    common = {
        "survey_id": seat.survey.survey_id,
        "response_id": response.code,
        "customer_id": seat.link.customer_id if seat.link else None,
        "at": str(moment),
        "channel": response.channel,
        "department": (seat.link.department if seat.link else "") or seat.survey.department or None,
        "touch_id": (seat.link.touch_id if seat.link else "") or None,
        "language": seat.language,
    }
    return asked.lake_rows(seat.survey.asked, answers, before, common)
