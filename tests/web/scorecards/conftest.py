"""Pages of cards with drawings that cost nothing: how they look is tested where they are made."""

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import caches
from django.test import Client

from septima.report import view
from septima.report.studies import view as studies_view
from tests.web.conftest import Site

PAGE = "/o/home/"
PERIOD = "2026-Q3"


@pytest.fixture(autouse=True)
def _drawings_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(*_: object, **__: object) -> str:
        return '<svg class="picture"></svg>'

    monkeypatch.setattr(view, "svg", drawn)
    monkeypatch.setattr(studies_view, "svg", drawn)


@pytest.fixture
def leader(site: Site, as_role: Callable[[str], Client]) -> Client:
    """The browser of the leader."""
    return as_role("leader")


@pytest.fixture
def nothing_kept(site: Site) -> Iterator[None]:
    """No card or page is kept, before and after."""
    caches["pages"].clear()
    yield
    caches["pages"].clear()
