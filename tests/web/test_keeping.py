"""Things that are dear are made once and kept, and nothing is left behind of how."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import caches

from septima.web.actions.figures import cascade_is_kept, cascade_of
from septima.web.common.workspaces import default_period, keep, kept, kept_card, look_up
from septima.workspace import Workspace
from tests.web.conftest import Site

LOCKS = Path(settings.SITE_FOLDER) / "locks"


@pytest.fixture(autouse=True)
def _nothing_stays_kept() -> Iterator[None]:
    """What is kept here is made up, and would be shown by pages that other tests open."""
    yield
    caches["pages"].clear()


def test_what_is_made_once_is_found_by_the_same_key() -> None:
    assert look_up("a key") is None
    assert kept("a key", lambda: [1]) == [1]
    assert look_up("a key") == [1]
    assert kept("a key", list[int]) == [1]
    keep("a key", [2])
    assert look_up("a key") == [2]


def test_no_lock_outlives_what_was_made_under_it_or_failed() -> None:
    def fails() -> int:
        raise RuntimeError

    LOCKS.mkdir(parents=True, exist_ok=True)
    before = set(LOCKS.iterdir())
    kept("another key", int)
    with pytest.raises(RuntimeError):
        kept("a key that nothing is made for", fails)
    assert set(LOCKS.iterdir()) == before


def test_a_cascade_that_was_made_once_is_shown_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Workspace, "cascade", lambda *_: "the cascade")
    workspace = Workspace.open(site.own.directory)
    found = kept_card(site.own, workspace, default_period(workspace))
    assert not cascade_is_kept(site.own, workspace)
    cascade_of(workspace, found)
    assert cascade_is_kept(site.own, workspace)
