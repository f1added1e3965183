"""What every template knows."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from septima.web.accounts.models import Membership, User
from septima.web.common.access import membership_of
from septima.web.common.language import current_language, say
from septima.web.common.permissions import allowed
from septima.web.common.sections import SECTIONS

THEMES = ("auto", "light", "dark")


@dataclass(frozen=True)
class Link:
    """A line of the menu."""

    name: str
    address: str
    current: bool
    icon: str


def page(request: HttpRequest) -> dict[str, Any]:
    """Language, theme and, within an organisation, the membership and its menu."""
    theme = request.COOKIES.get("theme", "auto")
    membership = getattr(request, "membership", None) or _last_membership(request)
    return {
        "language": current_language(),
        "theme": theme if theme in THEMES else "auto",
        "membership": membership,
        "organisation": membership.organisation if membership else None,
        "menu": menu(request, membership) if membership else [],
    }


def _last_membership(request: HttpRequest) -> Membership | None:
    """On pages that belong to no organisation, such as one's own account: where the person was last."""
    person, slug = getattr(request, "user", None), getattr(request, "session", {}).get("organisation")
    return membership_of(person, slug) if slug and isinstance(person, User) else None


def menu(request: HttpRequest, membership: Membership) -> list[Link]:
    """The sections of the site that a role may open."""
    slug, links = membership.organisation.slug, list[Link]()
    matched = request.resolver_match
    for section in SECTIONS:
        if allowed(membership.role, section.capability):
            address = reverse(section.view, kwargs={"organisation": slug})
            current = matched is not None and not section.applications.isdisjoint(matched.app_names)
            links.append(Link(say(section.name.en, section.name.ru), address, current, section.icon))
    return links
