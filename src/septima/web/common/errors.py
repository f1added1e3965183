"""Pages of errors: what happened, and where to go from there; for programs the same as problem details."""

import logging

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from septima.web.common.language import current_language, say

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400; 413 where more was sent than is taken."""
    if isinstance(exception, RequestDataTooBig):
        return _page(
            request,
            413,
            say("This is too large", "Это слишком много"),
            say(
                "More was sent at once than this page takes, and nothing of it was kept. Go back, and choose a smaller file "
                "or write less.",
                "За один раз прислано больше, чем принимает эта страница; ничего из этого не сохранено. Вернитесь "
                "и выберите файл поменьше или напишите короче.",
            ),
        )
    return _page(
        request,
        400,
        say("This request cannot be read", "Этот запрос не прочитать"),
        say("Go back and try again.", "Вернитесь и попробуйте ещё раз."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _page(
        request,
        403,
        say("Your role does not open this page", "Ваша роль не открывает эту страницу"),
        say("Ask an administrator of your organisation for it.", "Попросите об этом администратора вашей организации."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _page(
        request,
        404,
        say("There is nothing here", "Здесь ничего нет"),
        say(
            "The address may be mistyped, or what it led to was removed.",
            "Возможно, в адресе ошибка, или то, к чему он вёл, удалено.",
        ),
    )


def broken(request: HttpRequest) -> HttpResponse:
    """500. Where the menu cannot be drawn either, as without the database, the page stands without it."""
    title = say("Something broke on our side", "Что-то сломалось у нас")
    explanation = say(
        "Nothing that was accepted is lost. Try again in a minute; the administrator finds the cause in the log.",
        "Ничего из принятого не потеряно. Попробуйте через минуту; причину администратор найдёт в журнале.",
    )
    try:
        return _page(request, 500, title, explanation)
    except Exception:
        logger.exception("the page of an error cannot be drawn with its menu")
    plain = {**_known(request, 500, title, explanation), "language": current_language(), "theme": "auto"}
    return HttpResponse(render_to_string("common/error.html", plain), status=500)


def cannot(request: HttpRequest, title: str, explanation: str, *, status: int = 422) -> HttpResponse:
    """A page that says why something cannot be shown or done, and what to do."""
    return _page(request, status, title, explanation)


def _page(request: HttpRequest, status: int, title: str, explanation: str) -> HttpResponse:
    if request.path_info.startswith("/api/"):  # programs are told in the form of all errors there (RFC 9457)
        problem = {"title": title, "status": status, "detail": explanation, "errors": []}
        return JsonResponse(problem, status=status, content_type="application/problem+json")
    return render(request, "common/error.html", _known(request, status, title, explanation), status=status)


def _known(request: HttpRequest, status: int, title: str, explanation: str) -> dict[str, object]:
    """What the page shows; `again` is the address that was asked for, empty where what was sent is not to be sent twice."""
    again = request.get_full_path() if request.method == "GET" else ""
    return {"title": title, "explanation": explanation, "status": status, "again": again}
