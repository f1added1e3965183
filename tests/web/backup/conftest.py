"""A workspace whose site has the database of the tests, and databases to bring backups back into."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from septima.web.accounts.models import Organisation
from septima.web.collect import taking
from tests.web.databases import another_database


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    taking.forget_all()
    yield
    taking.forget_all()


def address(name: str) -> str | None:
    """The address of a PostgreSQL database beside that of the tests; None where they run on SQLite."""
    if connection.vendor == "sqlite":
        return None
    said = connection.settings_dict
    return f"postgresql://{said['USER']}@{said['HOST']}:{said['PORT']}/{name}"


@pytest.fixture
def database_url(transactional_db: None) -> str | None:
    return address(str(connection.settings_dict["NAME"]))


@pytest.fixture
def home(transactional_db: None, empty_folder: Path, tmp_path: Path) -> Organisation:
    """A workspace in use: with a site beside it whose database is that of the tests."""
    folder = tmp_path / "home"
    shutil.copytree(empty_folder, folder)
    site = folder / "site"
    (site / "uploads" / "1").mkdir(parents=True)
    (site / "secret.key").write_text("a key of the site", encoding="ascii")
    (site / "uploads" / "1" / "orders.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    (site / "kept").mkdir()
    (site / "kept" / "page").write_text("made anew when asked for", encoding="utf-8")
    if connection.vendor == "sqlite":
        (site / "site.sqlite3").symlink_to(connection.settings_dict["NAME"])
    return Organisation.objects.create(name="Home", slug="home", folder=str(folder))


@pytest.fixture
def empty_database(database_url: str | None) -> Iterator[Callable[[], str | None]]:
    """Makes databases to bring a backup back into: PostgreSQL's own, or none where the backup brings its file."""
    with ExitStack() as until_ended:
        yield lambda: None if database_url is None else address(until_ended.enter_context(another_database()))


def rows(folder: Path, url: str | None, question: str) -> list[tuple[Any, ...]]:
    """What the database of a site that was brought back answers."""
    if url is None:
        with closing(sqlite3.connect(folder / "site" / "site.sqlite3")) as opened:
            return opened.execute(question).fetchall()
    import psycopg

    with psycopg.connect(url) as opened:
        return opened.execute(question.encode()).fetchall()


def environment(folder: Path, url: str | None) -> dict[str, str]:
    """Variables by which a program is of a site that was brought back."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SEPTIMA_")}
    own |= {"SEPTIMA_SITE": str(folder / "site"), "DJANGO_SETTINGS_MODULE": "septima.web.settings"}
    return own | ({"SEPTIMA_DATABASE_URL": url} if url else {})
