"""Every page of an organisation against every role: what the table of permissions says is what the site does."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from septima.web.accounts.models import User
from septima.web.common.permissions import ROLES, allowed
from tests.web.conftest import Site


def _views(patterns: list[Any], address: str = "") -> Iterator[tuple[str, Any]]:
    for one in patterns:
        part = address + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _views(one.url_patterns, part)
        elif isinstance(one, URLPattern):
            yield part, one.callback


WITHIN = [(address, view) for address, view in _views(get_resolver().url_patterns) if address.startswith("o/")]
FIRST = [(address, view) for address, view in WITHIN if "<" not in address.removeprefix("o/<slug:organisation>/")]


def test_every_page_of_an_organisation_stands_behind_a_capability() -> None:
    assert [address for address, view in WITHIN if not hasattr(view, "capability")] == []


@pytest.mark.parametrize("role", [*ROLES, "other", ""])
def test_a_role_opens_the_pages_that_the_table_allows(role: str, site: Site, as_role: Callable[[str], Client]) -> None:
    User.objects.update(is_operator=True)  # pages for the site's operators are tested by themselves
    client = as_role(role) if role else Client()
    client.raise_request_exception = False
    wrong = {}
    for address, view in FIRST:
        status = client.get("/" + address.replace("<slug:organisation>", "home")).status_code
        if role == "":
            right = status == 302
        elif role == "other":
            right = status == 404
        elif allowed(role, view.capability):
            right = status in {200, 302, 400, 405, 422}
        else:
            right = status == 403
        if not right:
            wrong[address] = status
    assert wrong == {}
