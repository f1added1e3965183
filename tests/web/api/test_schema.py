"""The interface against its own description: Schemathesis sends what the description allows and what it does not."""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.cache import caches
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from septima.web.accounts.models import User
from tests.web.api.conftest import token_of
from tests.web.conftest import Site

_EXAMPLES = 12


@pytest.fixture
def interface(site: Site) -> Iterator[tuple[Any, str]]:
    """The description of the interface, as it is served, and a token for all of it."""
    # The test's transaction is this connection's, which must outlive each request; Django's own client does the same.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    token = token_of(User.objects.get(email="leader@example.org"), site.own)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application()), token
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


schema = schemathesis.pytest.from_fixture("interface_schema")


@pytest.fixture
def interface_schema(interface: Any) -> Any:
    """The description alone."""
    return interface[0]


@schema.parametrize()
@hypothesis.settings(
    max_examples=_EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_every_answer_is_as_described(case: schemathesis.Case, interface: Any) -> None:
    caches["default"].clear()  # the limit of requests is tested by itself
    case.call_and_validate(headers={"Authorization": f"Bearer {interface[1]}", "Accept-Encoding": "identity"})
