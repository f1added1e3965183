"""Errors as problem details (RFC 9457): what was wrong, and what to do."""

import json
import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.openapi.schema import OpenAPISchema

from septima.schema import SeptimaError

MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: "This request cannot be read",
    401: "No valid token",
    403: "Not allowed",
    404: "Not found",
    405: "This method is not offered here",
    409: "In conflict with what there is",
    422: "This cannot be answered as asked",
    429: "Too many requests",
    500: "Something broke on our side",
}
ERRORS = frozenset({400, 401, 403, 404, 422, 429})


class Problem(Schema):
    """A problem: a short title, the status, what was wrong with this request, and where in it."""

    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] = []


class SeptimaApi(NinjaAPI):
    """The interface, whose description says in which media type errors come."""

    def get_openapi_schema(self, **given: Any) -> OpenAPISchema:
        """The description of the interface by OpenAPI 3.1."""
        schema = super().get_openapi_schema(**given)
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, answer in operation["responses"].items():
                    if int(status) >= 400 and "content" in answer:
                        answer["content"] = {MEDIA_TYPE: next(iter(answer["content"].values()))}
        return schema


def problem(status: int, detail: str, errors: list[dict[str, Any]] | None = None) -> HttpResponse:
    """An answer that tells of a problem."""
    body = {"title": _TITLES.get(status, "Error"), "status": status, "detail": detail, "errors": errors or []}
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=MEDIA_TYPE)


def tell_problems(api: NinjaAPI) -> None:
    """Have every error told as a problem."""

    @api.exception_handler(AuthenticationError)
    def unauthenticated(request: HttpRequest, error: Any) -> HttpResponse:
        answer = problem(401, "send a valid token in the header Authorization: Bearer TOKEN")
        answer["WWW-Authenticate"] = 'Bearer realm="septima"'
        return answer

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: Any) -> HttpResponse:
        where = [{"where": [str(part) for part in one["loc"]], "what": one["msg"]} for one in error.errors]
        said = "; ".join(f"{'.'.join(one['where'][1:])}: {one['what']}" for one in where)
        return problem(422, said, where)

    @api.exception_handler(Throttled)
    def throttled(request: HttpRequest, error: Any) -> HttpResponse:
        answer = problem(429, "wait and ask again; the header Retry-After says for how many seconds")
        answer["Retry-After"] = str(int(error.wait or 1) + 1)
        return answer

    @api.exception_handler(HttpError)
    def refused(request: HttpRequest, error: Any) -> HttpResponse:
        return problem(error.status_code, str(error))

    @api.exception_handler(Http404)
    def absent(request: HttpRequest, error: Any) -> HttpResponse:
        return problem(404, "there is no such thing in this organisation")

    @api.exception_handler(SeptimaError)
    def cannot(request: HttpRequest, error: Any) -> HttpResponse:
        return problem(422, str(error))

    @api.exception_handler(Exception)
    def broken(request: HttpRequest, error: Any) -> HttpResponse:
        logging.getLogger("septima.api").error("a request of the interface failed", exc_info=error)
        return problem(500, "nothing that was accepted is lost; try again in a minute")
