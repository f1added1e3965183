"""Middleware of the site."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation


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
