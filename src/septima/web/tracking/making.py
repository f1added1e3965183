"""Making, changing and putting away tracked links, so that processes that answer learn of it."""

import re
import secrets
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from septima.schema import SeptimaError, Text
from septima.web.accounts.audit import note_event
from septima.web.accounts.models import Organisation, User
from septima.web.tracking.known import changed_hosts, next_version
from septima.web.tracking.models import TargetHost, TrackedLink

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Of which codes are made: those that nobody takes for one another on paper."""
CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,38}[a-z0-9]")
FIXED = ("code", "source", "medium", "campaign", "term", "content")
"""What a link keeps: its hits are in the data under these."""
_LENGTH = 6


class LinkError(SeptimaError):
    """A link cannot be made or changed so."""


def new_token() -> str:
    """What makes sending a form twice harmless."""
    return secrets.token_urlsafe(12)


def new_code() -> str:
    """A code that no link has; `LETTERS`⁶ are 887 million."""
    while True:
        code = "".join(secrets.choice(LETTERS) for _ in range(_LENGTH))
        if not TrackedLink.objects.filter(code=code).exists():
            return code


def make_link(organisation: Organisation, user: User, fields: Mapping[str, Any], token: str) -> TrackedLink:
    """A new link of these fields, which were checked; the one there is where the token was sent before.

    LinkError where another took its code or promo code meanwhile.
    """
    try:
        with transaction.atomic():
            made = TrackedLink(organisation=organisation, made_by=user, token=token, **fields)
            made.version, made.code = next_version(), made.code or new_code()
            made.save()
            note_event(organisation, user, "tracked_link.made", made.code, target=made.target)
    except IntegrityError:
        there = TrackedLink.objects.filter(organisation=organisation, token=token).first()
        if there is None:
            raise _taken() from None
        return there
    return made


def change_link(link: TrackedLink, user: User, fields: Mapping[str, Any]) -> None:
    """Change what of a link may be changed; LinkError where another took its promo code meanwhile."""
    try:
        with transaction.atomic():
            link.version = next_version()
            for name, value in fields.items():
                if name not in FIXED:
                    setattr(link, name, value)
            link.save()
            note_event(link.organisation, user, "tracked_link.changed", link.code, target=link.target)
    except IntegrityError:
        raise _taken() from None


def set_archived(link: TrackedLink, user: User, *, archived: bool) -> None:
    """Put a link away, so that it leads nowhere, or take it back; LinkError where its promo code is in use elsewhere."""
    if (link.archived_at is not None) == archived:
        return
    try:
        with transaction.atomic():
            link.version = next_version()
            link.archived_at = timezone.now() if archived else None
            link.save(update_fields=["version", "archived_at"])
            note_event(link.organisation, user, f"tracked_link.{'archived' if archived else 'restored'}", link.code)
    except IntegrityError:
        raise _taken() from None


def allow_host(organisation: Organisation, user: User, host: str, *, subdomains: bool) -> None:
    """Let links lead to a host, given in its ASCII form; one that is allowed already gets the rule of subdomains anew."""
    with transaction.atomic():
        changed_hosts(organisation.pk)
        TargetHost.objects.update_or_create(
            organisation=organisation, host=host, defaults={"subdomains": subdomains, "made_by": user}
        )
        note_event(organisation, user, "target_host.allowed", host, subdomains=subdomains)


def forbid_host(rule: TargetHost, user: User) -> None:
    """Let links lead to a host no more; those that do end at once."""
    with transaction.atomic():
        changed_hosts(rule.organisation.pk)
        note_event(rule.organisation, user, "target_host.forbidden", rule.host)
        rule.delete()


def _taken() -> LinkError:
    return LinkError(
        Text(
            "Another link has this short code or promo code; choose another one.",
            "Этот короткий код или промокод уже занят другой ссылкой; выберите другой.",
        )
    )
