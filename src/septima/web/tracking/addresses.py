"""The addresses of a link: short, personal, of its picture, and where it leads."""

from django.urls import reverse

from septima.web.tracking.models import TrackedLink
from septima.web.tracking.targets import with_marks
from septima.web.tracking.tokens import token_of

PLACE_OF_TOKEN = "TOKEN"  # noqa: S105 - the word that stands where a mail service puts a token


def short_address(link: TrackedLink, origin: str, customer: str | None = None) -> str:
    """The address to give out, for one customer where named."""
    return origin + reverse("follow:link", args=[link.code]) + _of(link, customer)


def picture_address(link: TrackedLink, origin: str, customer: str | None = None) -> str:
    """The address of the picture that notes the opening of a letter."""
    return origin + reverse("follow:link", args=[f"{link.code}.gif"]) + _of(link, customer)


def snippet(link: TrackedLink, origin: str) -> str:
    """The picture as HTML for a letter; a personal link's has a place for the token."""
    address = picture_address(link, origin) + (f"?c={PLACE_OF_TOKEN}" if link.personal else "")
    return f'<img src="{address}" alt="" width="1" height="1" style="border:0">'


def final_address(link: TrackedLink) -> str:
    """Where it leads."""
    return with_marks(link.target, link.marks)


def _of(link: TrackedLink, customer: str | None) -> str:
    return "" if customer is None else f"?c={token_of(customer, link.code)}"
