"""A workspace, a shop's database beside it, and servers that live as long as the tests."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from septima.workspace import Workspace
from tests.connect.mariadb import SERVER, running
from tests.servers import free_port, running_postgresql

ORDERS = (
    "create table orders (id integer primary key, placed text, changed text, total numeric, client integer, note text)"
)
SHOP = """kind: sqlite
file: shop.db
reads:
  - from: orders
    cursor: changed
    overlap: 1 day
    tables:
      orders:
        columns: {order_id: id, ordered_at: placed, customer_id: client, revenue: total}
      customers:
        columns: {customer_id: client}
        keep: first
"""


@pytest.fixture(scope="session")
def new_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty workspace to copy: making its tables takes longer than copying them."""
    made = Workspace.create(tmp_path_factory.mktemp("template") / "company")
    (made.directory / "connections").mkdir()
    return made.directory


@pytest.fixture
def workspace(new_workspace: Path, tmp_path: Path) -> Workspace:
    return Workspace.open(shutil.copytree(new_workspace, tmp_path / "company"))


@pytest.fixture
def define(workspace: Workspace):
    """Write a definition, and secrets where given."""

    def write(name: str, text: str, secrets: str | None = None) -> Path:
        path = workspace.directory / "connections" / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        if secrets is not None:
            path.with_suffix(".secrets").write_text(secrets, encoding="utf-8")
            path.with_suffix(".secrets").chmod(0o600)
        return path

    return write


@pytest.fixture
def shop(workspace: Workspace, define) -> Iterator[sqlite3.Connection]:
    """A shop in SQLite with 300 good orders and one whose date is none, and the connection `shop` to it."""
    define("shop", SHOP)
    with sqlite3.connect(workspace.directory / "shop.db", isolation_level=None) as opened:
        fill(opened)
        yield opened


def fill(opened: sqlite3.Connection) -> None:
    opened.execute("begin")
    opened.execute(ORDERS)
    good = [(i, "2026-01-01 10:00:00", f"2026-01-{1 + i % 28:02d} 10:00:00", i, i % 7, None) for i in range(1, 301)]
    opened.executemany(
        "insert into orders values (?, ?, ?, ?, ?, ?)", [*good, (999, "someday", "2026-01-05 10:00:00", 1, 1, "x")]
    )
    opened.execute("commit")


def rows_by_key(workspace: Workspace, table: str, key: str) -> dict[str, dict[str, object]]:
    """The rows of a canonical table by their key, which no two of them share."""
    rows = workspace.table(table).execute().to_dict("records")
    by_key = {row[key]: row for row in rows}
    assert len(by_key) == len(rows)
    return by_key


def no_secret_left(workspace: Workspace, *secrets: str) -> None:
    """No file of the workspace holds any of the secrets, save those that are for them."""
    for path in workspace.directory.rglob("*"):
        if path.is_file() and path.suffix != ".secrets":
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in content], path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[int]:
    """The port of a PostgreSQL of our own, with the user and the database `septima`."""
    with running_postgresql() as port:
        yield port


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a MariaDB of our own."""
    if not SERVER.exists():
        pytest.skip("there is no MariaDB: sh scripts/system-packages mariadb")
    port = free_port()
    with running(tmp_path_factory.mktemp("mariadb"), port):
        yield port
