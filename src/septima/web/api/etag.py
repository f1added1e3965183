"""Answers that a caller has already are not sent again."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.utils.cache import get_conditional_response, set_response_etag


def with_etag(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 304 where the caller names the ETag of what would be sent."""

    @wraps(view)
    def answered(request: Any, *arguments: Any, **named: Any) -> HttpResponse:
        answer = view(request, *arguments, **named)
        if request.method != "GET" or answer.status_code != 200:
            return answer
        set_response_etag(answer)
        answer["Cache-Control"] = "private, no-cache"
        return get_conditional_response(request, etag=answer["ETag"], response=answer) or answer

    return answered
