"""What respondents see: one questionnaire by a personal, an open or an embedded link.

These pages use neither session nor script. They need no token against forged requests: nothing that a browser sends of
itself gives a right here, only what stands in the address and in the form.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import cast
from urllib.parse import urlencode

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from septima.schema import LANGUAGES, Language
from septima.web.common.language import current_language, say
from septima.web.common.numerals import whole_number
from septima.web.surveys import answering, links, throttle
from septima.web.surveys.answering import Filled, Problem, Seat, TooLateError
from septima.web.surveys.models import CHANGEABLE_FOR, Link, Response, Survey
from septima.web.surveys.questions import LONGEST_TEXT, Answer, Answers, Question

logger = logging.getLogger(__name__)
_COOKIE_LASTS_S = 90 * 24 * 3600
LANGUAGE_NAMES: dict[Language, str] = {"en": "English", "ru": "Русский"}


@dataclass(frozen=True)
class Choice:
    """One of the things to choose from."""

    value: int
    label: str
    chosen: bool


@dataclass(frozen=True)
class Shown:
    """A question as the page shows it."""

    key: str
    kind: str
    text: str
    required: bool
    choices: list[Choice]
    words: str
    low: str
    high: str
    problem: str
    listed: bool


_COME_AGAIN_S = 15


def _told_to_come_again(view: Callable[[HttpRequest, str], HttpResponse]) -> Callable[[HttpRequest, str], HttpResponse]:
    """While the database or the disk takes nothing, say so and when to press again, with what was filled in left where it is."""

    @wraps(view)
    def answered(request: HttpRequest, token: str) -> HttpResponse:
        try:
            return view(request, token)
        except (DatabaseError, InterfaceError):
            logger.exception("no answer can be taken just now")
        title = say("Just a moment", "Одну минуту")
        text = say(
            "Answers cannot be taken right now. Go back, wait a minute and press the button again; what you filled in is still "
            "there.",
            "Сейчас ответ не\u00a0принять. Вернитесь назад, подождите минуту и\u00a0нажмите кнопку ещё раз: заполненное "
            "останется на\u00a0месте.",
        )
        answer = _said(request, None, title, text, status=503)
        answer["Retry-After"] = str(_COME_AGAIN_S)
        return answer

    return answered


@csrf_exempt
@require_http_methods(["GET", "POST"])
@_told_to_come_again
def personal(request: HttpRequest, token: str) -> HttpResponse:
    """A questionnaire by a personal link."""
    try:
        link = links.link_of(token)
    except links.LinkError:
        return _no_such_link(request)
    if link.opened_at is None and request.method == "GET":
        Link.objects.filter(pk=link.pk, opened_at=None).update(opened_at=timezone.now())
    channel = "email" if link.issue.channel == "email" else "link"
    response = cast("Response | None", getattr(link, "response", None))

    def seat(language: Language) -> Seat:
        code = response.code if response else links.new_code()
        return Seat(link.survey, link, code, channel, language)

    return _answered(request, link.survey, seat, lambda _: response, "")


@csrf_exempt
@require_http_methods(["GET", "POST"])
@_told_to_come_again
def anonymous(request: HttpRequest, token: str) -> HttpResponse:
    """A questionnaire by the link that anybody may open."""
    try:
        survey = links.survey_of(token)
    except links.LinkError:
        return _no_such_link(request)
    return _without_name(request, survey, "web")


@csrf_exempt
@xframe_options_exempt
@require_http_methods(["GET", "POST"])
@_told_to_come_again
def embedded(request: HttpRequest, token: str) -> HttpResponse:
    """The same within a page of a site that the survey allows; no other site may frame it."""
    try:
        survey = links.survey_of(token)
    except links.LinkError:
        return _no_such_link(request)
    if not survey.sites:
        return _no_such_link(request)
    answer = _without_name(request, survey, "site")
    answer._csp_replace = {"frame-ancestors": survey.sites}  # type: ignore[attr-defined] # as csp's decorator does, for sites known only now
    return answer


def preview(request: HttpRequest, survey: Survey, language: Language, page: int) -> HttpResponse:
    """The questionnaire as respondents would see it; nothing can be sent."""
    with translation.override(language):
        return _form(request, survey, language, page, {}, {}, "", preview=True)


def _without_name(request: HttpRequest, survey: Survey, channel: str) -> HttpResponse:
    cookie = f"survey_{survey.code}"
    # The form goes first: a frame on another site is often given no cookies.
    given = request.POST.get("r") or request.GET.get("r") or request.COOKIES.get(cookie, "")
    code = links.response_code(survey, given) if given else None
    token = given if code else links.new_response_token(survey)
    code = code or cast("str", links.response_code(survey, token))

    def seat(language: Language) -> Seat:
        return Seat(survey, None, code, channel, language)

    if request.method == "POST" and throttle.too_fast(request):
        return _said(
            request,
            survey,
            say("Just a moment", "Одну минуту"),
            say(
                "Too many answers come from your network right now. Go back, wait a minute and press the button again; "
                "what you filled in is still there.",
                "Из вашей сети сейчас приходит слишком много ответов. Вернитесь назад, подождите минуту и\u00a0нажмите кнопку "
                "ещё раз: заполненное останется на\u00a0месте.",
            ),
            status=429,
        )
    answer = _answered(request, survey, seat, answering.found, token)
    if request.method == "POST":
        framed = channel == "site" and settings.HTTPS
        answer.set_cookie(
            cookie,
            token,
            max_age=_COOKIE_LASTS_S,
            path="/s/",
            httponly=True,
            secure=settings.HTTPS,
            samesite="None" if framed else "Lax",
        )
    return answer


def _answered(
    request: HttpRequest,
    survey: Survey,
    seat_in: Callable[[Language], Seat],
    find: Callable[[Seat], Response | None],
    token: str,
) -> HttpResponse:
    language = _language(request, survey)
    with translation.override(language):
        seat = seat_in(language)
        if request.method == "POST" and survey.takes_answers:
            return _taken(request, seat, find, token)
        response = find(seat)
        if response is not None and response.is_final:
            return _thanks(request, survey, language, response, token)
        if not survey.takes_answers:
            return _closed(request, survey, response)
        if response is not None and response.submitted_at is not None and "page" not in request.GET:
            return _thanks(request, survey, language, response, token)
        answers = cast("Answers", response.answers) if response else {}
        return _form(request, survey, language, _number(request.GET.get("page")), answers, {}, token)


def _taken(request: HttpRequest, seat: Seat, find: Callable[[Seat], Response | None], token: str) -> HttpResponse:
    """A page of answers: kept as a draft, or submitted with the last one."""
    survey, pages = seat.survey, answering.pages_of(seat.survey.asked)
    page = min(max(_number(request.POST.get("page")), 1), len(pages))
    filled = answering.read(pages[page - 1], request.POST)
    backwards = request.POST.get("go") == "back"
    wrong: dict[str, Problem] = {
        key: problem for key, problem in filled.problems.items() if not (backwards and problem == "missing")
    }
    # A sheet of one page that is filled in rightly says all there is: it is looked up once, while it is held.
    response = find(seat) if wrong or len(pages) > 1 else None
    if response is not None and response.is_final:
        return _thanks(request, survey, seat.language, response, token)
    kept = cast("Answers", response.answers) if response else {}
    if wrong:
        if response is not None or filled.answers:
            _keep_what_is_right(seat, filled)
        return _form(request, survey, seat.language, page, {**kept, **filled.answers}, wrong, token, status=422)
    try:
        if backwards or page < len(pages):
            answering.keep_draft(seat, filled)
            return _to(request, page - 1 if backwards else page + 1, token)
        merged = {**{key: value for key, value in kept.items() if key not in filled.blank}, **filled.answers}
        missing = answering.missing_of(survey.asked, merged)
        if missing:
            answering.keep_draft(seat, filled)
            place = next(number for number, own in enumerate(pages, 1) if any(one.key in missing for one in own))
            problems: dict[str, Problem] = dict.fromkeys(missing, "missing")
            return _form(request, survey, seat.language, place, merged, problems, token, status=422)
        answering.submit(seat, filled)
    except TooLateError:
        later = answering.found(seat)
        return _thanks(request, survey, seat.language, later, token)
    return _to(request, None, token)


def _keep_what_is_right(seat: Seat, filled: Filled) -> None:
    try:
        answering.keep_draft(seat, Filled(filled.answers, frozenset()))
    except TooLateError:
        return


def _to(request: HttpRequest, page: int | None, token: str) -> HttpResponse:
    """Another page of the same questionnaire; its address names the questionnaire, as a cookie may have been refused."""
    query = {
        name: value for name, value in (("page", page), ("r", token), ("language", _asked_language(request))) if value
    }
    return _private(HttpResponseRedirect(f"{request.path}?{urlencode(query)}" if query else request.path, status=303))


def _form(
    request: HttpRequest,
    survey: Survey,
    language: Language,
    page: int,
    answers: Mapping[str, Answer],
    problems: Mapping[str, Problem],
    token: str,
    *,
    status: int = 200,
    preview: bool = False,
) -> HttpResponse:
    pages = answering.pages_of(survey.asked)
    page = min(max(page, 1), len(pages))
    shown = [_shown(one, answers.get(one.key), problems.get(one.key), language) for one in pages[page - 1]]
    values = {
        "survey": survey,
        "title": survey.title.in_language(language),
        "consent": survey.consent.in_language(language),
        "questions": shown,
        "problems": [one for one in shown if one.problem],
        "page": page,
        "pages": len(pages),
        "token": token,
        "preview": preview,
        "longest": LONGEST_TEXT,
        "switch": _switch(request, survey, language, token, page if page > 1 or "page" in request.GET else None),
    }
    return _private(_rendered(request, "respond/form.html", survey, language, values, status))


def _shown(question: Question, answer: Answer | None, problem: Problem | None, language: Language) -> Shown:
    chosen = set(answer) if isinstance(answer, list) else {answer}
    numbers: Sequence[int] = question.grades if question.kind == "scale" else range(1, len(question.options) + 1)
    labels = [option.in_language(language) for option in question.options]
    choices = [
        Choice(number, labels[place] if labels else str(number), number in chosen)
        for place, number in enumerate(numbers if question.kind != "text" else ())
    ]
    said = {
        None: "",
        "missing": say("Please choose an answer.", "Пожалуйста, выберите ответ.")
        if question.kind != "text"
        else say("Please write a few words.", "Пожалуйста, напишите несколько слов."),
        "long": say(
            f"Please write no more than {LONGEST_TEXT:,} letters.",
            f"Пожалуйста, напишите не\u00a0более {LONGEST_TEXT // 1000}\u00a0000 знаков.",
        ),
        "wrong": say("There is no such answer; please choose again.", "Такого ответа нет; выберите ещё раз."),
    }
    return Shown(
        key=question.key,
        kind=question.kind,
        text=question.text.in_language(language),
        required=question.required,
        choices=choices,
        words=answer if isinstance(answer, str) else "",
        low=question.low.in_language(language),
        high=question.high.in_language(language),
        problem=said[problem],
        listed=bool(labels),
    )


def _thanks(
    request: HttpRequest, survey: Survey, language: Language, response: Response | None, token: str
) -> HttpResponse:
    final = response is None or response.is_final
    until = None if response is None or response.submitted_at is None else response.submitted_at + CHANGEABLE_FOR
    values = {
        "survey": survey,
        "thanks": survey.thanks.in_language(language),
        "final": final or not survey.takes_answers,
        "until": until,
        "change": f"?{urlencode({name: value for name, value in (('page', 1), ('r', token)) if value})}",
        "switch": _switch(request, survey, language, token, None),
    }
    status = 409 if final and request.method == "POST" else 200
    return _private(_rendered(request, "respond/thanks.html", survey, language, values, status))


def _closed(request: HttpRequest, survey: Survey, response: Response | None) -> HttpResponse:
    if survey.shown_state in ("waiting", "draft"):
        return _said(
            request,
            survey,
            say("Not open yet", "Ещё не\u00a0открыт"),
            say("This survey has not begun. Please come back later.", "Опрос ещё не\u00a0начался. Загляните позже."),
            status=403,
        )
    if response is not None and response.submitted_at is not None:
        return _thanks(request, survey, _language(request, survey), response, "")
    return _said(
        request,
        survey,
        say("The survey is closed", "Опрос завершён"),
        say(
            "It takes no more answers. Thank you for wanting to answer.",
            "Ответы больше не\u00a0принимаются. Спасибо, что хотели ответить.",
        ),
        status=410,
    )


def _no_such_link(request: HttpRequest) -> HttpResponse:
    return _said(
        request,
        None,
        say("This link does not work", "Эта ссылка не\u00a0работает"),
        say(
            "It may have been cut off when it was copied, or it has expired. Open it once more from the letter itself.",
            "Возможно, она обрезана при копировании или её срок истёк. Откройте её ещё раз прямо из\u00a0письма.",
        ),
        status=404,
    )


def _said(request: HttpRequest, survey: Survey | None, title: str, text: str, *, status: int) -> HttpResponse:
    values = {"said_title": title, "said_text": text}
    return _private(_rendered(request, "respond/said.html", survey, current_language(), values, status))


def _rendered(
    request: HttpRequest,
    template: str,
    survey: Survey | None,
    language: Language,
    values: Mapping[str, object],
    status: int,
) -> HttpResponse:
    organisation = survey.organisation.name if survey else ""
    return render(
        request,
        template,
        {"respondent_language": language, "whose": organisation, **values},
        status=status,
    )


def _private(answer: HttpResponse) -> HttpResponse:
    answer["Cache-Control"] = "private, no-store"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _language(request: HttpRequest, survey: Survey) -> Language:
    asked = _asked_language(request)
    if asked in survey.spoken:
        return asked
    browser = (translation.get_language() or "")[:2]
    return browser if browser in survey.spoken else survey.spoken[0]


def _asked_language(request: HttpRequest) -> str | None:
    asked = request.GET.get("language")
    return asked if asked in LANGUAGES else None


def _switch(
    request: HttpRequest, survey: Survey, language: Language, token: str, page: int | None
) -> list[tuple[Language, str, str, bool]]:
    """The languages to switch to: code, name, address, and whether it is this one."""
    if len(survey.spoken) < 2:
        return []
    given = token if request.GET.get("r") or request.method == "POST" else ""
    return [
        (
            other,
            LANGUAGE_NAMES[other],
            f"?{urlencode({name: value for name, value in (('page', page), ('r', given), ('language', other)) if value})}",
            other == language,
        )
        for other in survey.spoken
    ]


def _number(given: str | None) -> int:
    return whole_number(given or "") or 1
