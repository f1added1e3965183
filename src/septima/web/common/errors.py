"""Pages of errors: what happened, and where to go from there; for programs the same as problem details."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from septima.web.common.language import say


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _page(
        request,
        400,
        say("This request cannot be read", "Этот запрос не прочитать"),
        say(
            "Go back and try again; if it was an upload, choose a smaller file.",
            "Вернитесь и попробуйте ещё раз; если это была загрузка, выберите файл поменьше.",
        ),
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
    """500."""
    return _page(
        request,
        500,
        say("Something broke on our side", "Что-то сломалось у нас"),
        say(
            "Nothing that was accepted is lost. Try again in a minute; the administrator finds the cause in the log.",
            "Ничего из принятого не потеряно. Попробуйте через минуту; причину администратор найдёт в журнале.",
        ),
    )


def cannot(request: HttpRequest, title: str, explanation: str, *, status: int = 422) -> HttpResponse:
    """A page that says why something cannot be shown or done, and what to do."""
    return _page(request, status, title, explanation)


def _page(request: HttpRequest, status: int, title: str, explanation: str) -> HttpResponse:
    if request.path_info.startswith("/api/"):  # programs are told in the form of all errors there (RFC 9457)
        problem = {"title": title, "status": status, "detail": explanation, "errors": []}
        return JsonResponse(problem, status=status, content_type="application/problem+json")
    return render(request, "common/error.html", {"title": title, "explanation": explanation}, status=status)
