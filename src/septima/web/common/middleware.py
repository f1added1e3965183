"""Middleware of the site."""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation

from septima.web.common.errors import not_found


def addresses_without_zero_bytes(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Find nothing at an address that holds a zero byte: no name of anything does, and PostgreSQL refuses to look."""

    def answer(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return not_found(request, Http404())
        return get_response(request)

    return answer


def language_of_the_person(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Speak the language that a signed-in person chose, whatever the browser prefers.

    `?language=ru` in any address goes before that, and the browser remembers it.
    """
    known = {code for code, _ in settings.LANGUAGES}

    def answer(request: HttpRequest) -> HttpResponse:
        asked = request.GET.get("language")
        asked = asked if asked in known else None
        chosen = asked or getattr(request.user, "language", "")
        if chosen:
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen  # pyright: ignore[reportAttributeAccessIssue] # as LocaleMiddleware does
        response = get_response(request)
        if asked:
            response.set_cookie(settings.LANGUAGE_COOKIE_NAME, asked, max_age=365 * 24 * 3600, samesite="Lax")
        return response

    return answer
