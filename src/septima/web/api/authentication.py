"""Who calls: a token, its owner's membership as it is now, and what both allow."""

from dataclasses import dataclass
from datetime import timedelta
from time import time
from typing import cast

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import HttpError
from ninja.security import HttpBearer
from ninja.throttling import BaseThrottle

from septima.web.accounts.models import ApiToken, Membership, Organisation, token_hash
from septima.web.accounts.scopes import SCOPES
from septima.web.common.access import membership_of
from septima.web.common.permissions import allowed

_NOTED_EVERY = timedelta(minutes=1)
_PER_MINUTE = 600
_MINUTE_S = 60


@dataclass(frozen=True)
class Caller:
    """A token and the membership that it speaks for."""

    token: ApiToken
    membership: Membership

    @property
    def organisation(self) -> Organisation:
        """The organisation that the token is of."""
        return self.membership.organisation


class Token(HttpBearer):
    """A token in the header Authorization: Bearer."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """The caller; None where the token is unknown, too old or revoked, or its owner no member any more.

        403 where the organisation asks for a second factor and the owner has none, however old the token is.
        """
        found = ApiToken.objects.select_related("user", "organisation").filter(token_hash=token_hash(token)).first()
        if found is None or not found.is_open or not found.user.is_active:
            return None
        membership = membership_of(found.user, found.organisation.slug)
        if membership is None:
            return None
        if membership.organisation.requires_second_factor and not found.user.has_second_factor:
            raise HttpError(
                403,
                "the organisation asks everyone for a second factor, and the token's owner has none; set it up on the site, "
                "under the account",
            )
        now = timezone.now()
        if found.last_used_at is None or now - found.last_used_at > _NOTED_EVERY:
            ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
        return Caller(found, membership)


def caller(request: HttpRequest, scope: str) -> Caller:
    """Who calls; 403 where the token was not given the scope, or its owner's role no longer allows it."""
    found = cast("Caller", request.auth)  # pyright: ignore[reportAttributeAccessIssue] # set by Token
    if scope not in found.token.scopes:
        raise HttpError(403, f"this token was not given {scope}; make one that was, under Administration, Tokens")
    if not allowed(found.membership.role, SCOPES[scope].capability):
        raise HttpError(403, f"the role of the token's owner no longer allows {scope}")
    return found


class PerToken(BaseThrottle):
    """At most 600 requests of one token in a minute of the clock.

    Threads share it, so that it holds nothing of a request.
    """

    def allow_request(self, request: HttpRequest) -> bool:
        """Whether the token may still ask in this minute; counts the request."""
        found = cast("Caller", request.auth)  # pyright: ignore[reportAttributeAccessIssue] # set by Token
        key = f"rate-token-{found.token.pk}-{int(time()) // _MINUTE_S}"
        count = cast("int", cache.get(key, 0))
        if count < _PER_MINUTE:
            cache.set(key, count + 1, _MINUTE_S)
        return count < _PER_MINUTE

    def wait(self) -> float:
        """How many seconds are left of this minute."""
        return _MINUTE_S - time() % _MINUTE_S
