"""The door of every page of an organisation."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from septima.web.accounts.models import Membership, User
from septima.web.common.permissions import Capability, allowed

P = ParamSpec("P")


class MemberRequest(HttpRequest):
    """A request of a person within an organisation, to whom `membership` gives a role."""

    user: User  # pyright: ignore[reportIncompatibleVariableOverride]
    membership: Membership
    htmx: Any


MemberView = Callable[Concatenate[MemberRequest, P], HttpResponseBase]


def member(capability: Capability) -> Callable[[MemberView[P]], Callable[..., HttpResponseBase]]:
    """Let a view be opened by signed-in members whose role has the capability; its address holds `organisation`, a slug.

    Whoever is no member finds nothing there (404), as where there is no such organisation; a member whose role does
    not allow it is refused (403). Where the organisation asks for a second factor, a person without one is sent to
    set it up.
    """

    def decorate(view: MemberView[P]) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, organisation: str, *arguments: P.args, **named: P.kwargs) -> HttpResponseBase:
            membership = membership_of(cast("User", request.user), organisation)
            if membership is None:
                raise Http404
            if membership.organisation.requires_second_factor and not cast("User", request.user).has_second_factor:
                return HttpResponseRedirect(reverse("mfa_activate_totp"))
            asked = cast("MemberRequest", request)
            asked.membership = membership
            if request.session.get("organisation") != organisation:
                request.session["organisation"] = organisation
            if not allowed(membership.role, capability):
                raise PermissionDenied
            return view(asked, *arguments, **named)

        guarded.capability = capability  # type: ignore[attr-defined] # the matrix of permissions is tested by it
        return guarded

    return decorate


def membership_of(user: User, slug: str) -> Membership | None:
    """The membership of a person in the organisation of this slug; None where there is none or it has ended."""
    found = Membership.objects.select_related("organisation", "user")
    return found.filter(user=user, organisation__slug=slug, ended_at=None).first()
