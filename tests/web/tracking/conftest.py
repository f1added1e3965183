"""An organisation with an empty workspace of its own, a link, and what follows it as the site's processes do."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from septima.web.accounts.models import Organisation, User
from septima.web.collect.bringing import bring
from septima.web.collect.models import Parcel
from septima.web.tracking import following, known, visitors
from septima.web.tracking.making import allow_host, make_link, new_token
from septima.web.tracking.models import TrackedLink
from septima.web.tracking.taking import take_journals
from septima.workspace import Workspace

PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
FIELDS: dict[str, Any] = {
    "name": "Sale in the letter",
    "target": "https://shop.example/sale?x=1#top",
    "source": "newsletter",
    "medium": "email",
    "campaign": "june",
}


@dataclass(frozen=True)
class Answered:
    """What the site's application answered."""

    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[..., Answered]


@pytest.fixture(autouse=True)
def _as_a_process_that_has_just_begun(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.SITE_FOLDER = tmp_path / "site"
    # The transaction that a test lives in would be taken for a connection that is spoilt.
    monkeypatch.setattr(known, "close_old_connections", lambda: None)
    known.forget_all()
    visitors.forget_all()
    yield
    following.close_journal()
    known.forget_all()


@pytest.fixture
def home(db: None, tmp_path: Path) -> Organisation:
    Workspace.create(tmp_path / "home", organisation="Home", currency="EUR")
    return Organisation.objects.create(name="Home", slug="home", folder=str(tmp_path / "home"))


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("leader@example.org", language="en")


@pytest.fixture
def make(home: Organisation, person: User) -> Callable[..., TrackedLink]:
    """Makes links of the organisation; those to shop.example are allowed."""
    allow_host(home, person, "shop.example", subdomains=False)

    def made(**fields: Any) -> TrackedLink:
        found = make_link(home, person, {**FIELDS, **fields}, new_token())
        known.forget_all()
        return found

    return made


def ask(path: str, method: str = "GET", agent: str = PERSON, address: str = "203.0.113.7", **headers: str) -> Answered:
    """What the application of the site answers; headers are named as in CGI."""
    from septima.web.wsgi import application

    place, _, query = path.partition("?")
    environ: dict[str, Any] = {"wsgi.input": io.BytesIO(), "HTTP_HOST": "localhost"}
    setup_testing_defaults(environ)
    environ |= {"REQUEST_METHOD": method, "PATH_INFO": place, "QUERY_STRING": query}
    environ |= {"HTTP_USER_AGENT": agent, "REMOTE_ADDR": address, **headers}
    told: dict[str, Any] = {}

    def start_response(status: str, sent: list[tuple[str, str]], _: object = None) -> None:
        told.update(status=int(status.split(maxsplit=1)[0]), headers=dict(sent))

    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        body = b"".join(application(environ, start_response))
    finally:
        for signal in signals:
            signal.connect(close_old_connections)
    return Answered(told["status"], told["headers"], body)


def hits(home: Organisation) -> list[dict[str, Any]]:
    """What is in the lake of what came along links, oldest first."""
    following.close_journal()
    take_journals(following.journals_folder())
    bring(home)
    assert Parcel.objects.count() == 0
    touches = Workspace.open(home.directory).table("touches", resolved=False)
    return touches.order_by("at").to_pyarrow().to_pylist()
