"""A source of the own organisation, with an empty workspace of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from septima.web.accounts.models import Organisation, token_hash
from septima.web.collect import taking
from septima.web.collect.models import SIGNING, Source
from septima.web.common import sealed
from septima.workspace import Workspace

KEY = "septima_write_test"


@dataclass(frozen=True)
class Inlet:
    """A source, and its write key."""

    source: Source
    key: str = KEY

    @property
    def organisation(self) -> Organisation:
        return self.source.organisation

    @property
    def workspace(self) -> Workspace:
        return Workspace.open(self.organisation.directory)


def make_source(
    organisation: Organisation, name: str, kind: str = "tracking", key: str = KEY, secret: str = ""
) -> Source:
    return Source.objects.create(
        organisation=organisation,
        name=name,
        kind=kind,
        key_hash=token_hash(key),
        key_ends_in=key[-4:],
        secret=sealed.closed(secret, SIGNING),
    )


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    taking.forget_all()
    yield
    taking.forget_all()


@pytest.fixture
def home(db: None, tmp_path: Path) -> Organisation:
    Workspace.create(tmp_path / "home", organisation="Home", currency="EUR")
    return Organisation.objects.create(name="Home", slug="home", folder=str(tmp_path / "home"))


@pytest.fixture
def inlet(home: Organisation) -> Inlet:
    return Inlet(make_source(home, "site"))
