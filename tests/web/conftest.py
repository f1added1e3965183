"""A site with two organisations, and a person in every role of the first."""

import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client
from filelock import FileLock

from septima.scorecard.card import Scorecard
from septima.web.accounts.models import Membership, Organisation, User
from septima.web.common import workspaces
from septima.web.common.permissions import ROLES
from septima.workspace import Workspace

OWN, OTHER = 1_001, 1_002
"""Numbers of the organisations: PostgreSQL would number those of each test anew, and cards are kept by number."""
PASSWORD = "correct horse battery"
PERIOD = "2026-Q3"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, which is the second time, only what depends on the database: all else would do the same again."""
    if "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
        return
    again = [item for item in items if Path(__file__).parent not in item.path.parents or _depends_on_the_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in again])
    items[:] = again


def _depends_on_the_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("looks"):
        return False
    fixtures = set(getattr(item, "fixturenames", ()))
    return item.get_closest_marker("django_db") is not None or bool(
        fixtures & {"db", "transactional_db", "live_server"}
    )


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace of a small demo company, made once for all workers: to be read only."""
    shared = tmp_path_factory.getbasetemp().parent / "web-demo"
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            made = shared.with_suffix(".made")
            septima = Path(sys.executable).with_name("septima")
            subprocess.run(
                [septima, "demo", made, "--customers", "300", "--seed", "7"], check=True, capture_output=True
            )
            # What is recorded is not computed anew by each test that makes a card.
            subprocess.run([septima, "compute", made, "--grain", "quarter"], check=True, capture_output=True)
            made.rename(shared)
    return shared


@pytest.fixture(scope="session")
def demo_card(demo_folder: Path) -> Scorecard:
    """The card of the demo company, which is dear, made once for all workers."""
    kept = demo_folder.with_suffix(".card")
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            workspace = Workspace.open(demo_folder)
            kept.write_bytes(pickle.dumps(workspace.scorecard(workspaces.default_period(workspace))))
    return pickle.loads(kept.read_bytes())  # noqa: S301 - written by ourselves just now


@pytest.fixture(scope="session")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace without data: to be read only."""
    folder = tmp_path_factory.mktemp("empty") / "empty"
    Workspace.create(folder, organisation="Other & Co", currency="EUR")
    return folder


@pytest.fixture(autouse=True)
def _nothing_is_kept_of_other_tests() -> Iterator[None]:
    yield
    caches["default"].clear()


@dataclass(frozen=True)
class Site:
    """Organisations of the site; `own` is the demo company, `other` a stranger's."""

    own: Organisation
    other: Organisation


@pytest.fixture
def site(db: None, demo_folder: Path, demo_card: Scorecard, empty_folder: Path) -> Site:
    """Two organisations; every role of `own` has a person ROLE@example.org, `other` has other@example.org."""
    own = Organisation.objects.create(pk=OWN, name="Тёплый дом", slug="home", folder=str(demo_folder))
    other = Organisation.objects.create(pk=OTHER, name="Other & Co", slug="other", folder=str(empty_folder))
    keep_card(own, demo_card)
    for role in ROLES:
        person = User.objects.create_user(f"{role}@example.org", PASSWORD, name=role.title(), language="en")
        Membership.objects.create(user=person, organisation=own, role=role)
    stranger = User.objects.create_user("other@example.org", PASSWORD, name="Other", language="en")
    Membership.objects.create(user=stranger, organisation=other, role="administrator")
    return Site(own, other)


def keep_card(organisation: Organisation, card: Scorecard) -> None:
    """As if somebody had seen the card of an organisation whose workspace is the demo company's or a copy of it."""
    workspaces.keep_card(organisation, Workspace.open(organisation.directory), card)


@pytest.fixture
def writable(site: Site, demo_card: Scorecard, tmp_path: Path) -> Organisation:
    """The demo company with a workspace of its own, for tests that write to it."""
    folder = tmp_path / "workspace"
    shutil.copytree(site.own.directory, folder)
    caches["pages"].clear()  # cards of the workspace that it is a copy of
    site.own.folder = str(folder)
    site.own.save()
    keep_card(site.own, demo_card)
    return site.own


@pytest.fixture
def as_role(site: Site) -> Callable[[str], Client]:
    """A browser in which the person of a role is signed in; `other` is the stranger."""

    def signed_in(role: str) -> Client:
        client = Client()
        client.force_login(User.objects.get(email=f"{role}@example.org"))
        return client

    return signed_in
