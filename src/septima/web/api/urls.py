"""The interface for programs: its parts, its limits and its description."""

from typing import cast

from django.http import HttpRequest
from django.urls import path

from septima.schema.version import VERSION
from septima.web.api import cards, figures, people, polls
from septima.web.api.authentication import Caller, PerToken, Token
from septima.web.api.etag import with_etag
from septima.web.api.problems import ERRORS, Problem, SeptimaApi, tell_problems
from septima.web.api.schemas import CallerOut

api = SeptimaApi(
    title="Septima",
    version=VERSION,
    description="The same figures as on the pages. Every answer is of the organisation that the token is of.",
    auth=Token(),
    throttle=PerToken(),
    docs_url=None,
    urls_namespace="interface",
)
tell_problems(api)
api.add_decorator(with_etag, mode="view")


@api.get("/me", response={200: CallerOut, ERRORS: Problem}, summary="Whom the token speaks for", tags=["me"])
def me(request: HttpRequest) -> CallerOut:
    """The organisation, the role and the scopes of the token."""
    who = cast("Caller", request.auth)  # pyright: ignore[reportAttributeAccessIssue] # set by Token
    return CallerOut(
        organisation=who.organisation.slug,
        name=who.organisation.name,
        role=who.membership.role,
        scopes=who.token.scopes,
        expires_at=who.token.expires_at,
    )


api.add_router("/metrics", figures.router)
api.add_router("/scorecards", cards.router)
api.add_router("/surveys", polls.router)
api.add_router("/customers", people.router)

urlpatterns = [path("", api.urls)]
