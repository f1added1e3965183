"""Definitions and secrets of connections."""

from pathlib import Path

import pytest

from septima.connect.definition import connection_names, read_connection
from septima.connect.kinds import KINDS
from septima.connect.secrets import SecretError, read_secrets
from septima.connect.starting import write_starter
from septima.schema import SeptimaError
from septima.workspace import Workspace
from tests.connect.conftest import SHOP

SERVER = """kind: postgresql
host: db
database: shop
user: reader
reads:
  - from: orders
    tables: {orders: {columns: {order_id: id, ordered_at: at}}}
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: oracle\n", "line 1: there is no kind 'oracle'"),
        ("kind: sqlite\nreads: []\n", "there is no `file`|there are no reads"),
        (SHOP.replace("kind: sqlite\n", "kind: sqlite\npassword: abc\n"), "unknown field 'password'"),
        (SERVER.replace("user:", "password: abc\nuser:"), "line 4: `password` is a secret .*SEPTIMA_SHOP_PASSWORD"),
        (SERVER.replace("user:", "port: db\nuser:"), "line 4: `port` is 'db'; give a number"),
        (KINDS["mailbox"].starter + "port: imap\n", "`port` is 'imap'; give a number"),
        (SHOP.replace("overlap: 1 day", "overlap: soon"), "line 6: `overlap` is 'soon'; write a time such as"),
        (SHOP.replace("ordered_at: placed", "placed: placed"), "line 9: .*no column 'placed'"),
        (SHOP.replace("cursor: changed", "delimiter: x"), "line 5: `delimiter` is of files"),
        (SHOP.replace("cursor: changed", "curser: changed"), "line 5: .*'curser'"),
        (SHOP + SHOP[SHOP.index("  - from") :], "line 13: 'orders' is read by line 4 already"),
    ],
)
def test_whatever_is_wrong_is_told_with_its_line(workspace: Workspace, define, text: str, said: str) -> None:
    define("shop", text)
    with pytest.raises(SeptimaError, match=said):
        read_connection(workspace.directory, "shop")


def test_a_name_cannot_lead_out_of_the_folder(workspace: Workspace) -> None:
    with pytest.raises(SeptimaError, match="cannot name a connection"):
        read_connection(workspace.directory, "../shop")


@pytest.mark.parametrize("kind", KINDS)
def test_every_starter_is_a_right_definition(workspace: Workspace, kind: str) -> None:
    write_starter(workspace.directory, kind, "first")
    assert connection_names(workspace.directory) == ["first"]
    assert read_connection(workspace.directory, "first").reads
    with pytest.raises(SeptimaError, match="is there already"):
        write_starter(workspace.directory, kind, "first")


def test_secrets_come_from_the_environment_or_a_closed_file(
    workspace: Workspace, define, monkeypatch: pytest.MonkeyPatch
) -> None:
    path: Path = define("shop", SERVER)
    connection = read_connection(workspace.directory, "shop")
    assert read_secrets(connection).get("password") is None
    monkeypatch.setenv("SEPTIMA_SHOP_PASSWORD", "from-environment")
    assert read_secrets(connection).get("password") == "from-environment"
    define("shop", SERVER, "password: from-file\n")
    secrets = read_secrets(connection)
    assert secrets.get("password") == "from-file"
    assert "from-file" not in repr(secrets)
    assert secrets.hidden("said from-file twice") == "said … twice"
    file = path.with_suffix(".secrets")
    for rights in (0o640, 0o604, 0o660):
        file.chmod(rights)
        with pytest.raises(SecretError, match=f"chmod 600 {file}"):
            read_secrets(connection)
    file.chmod(0o600)
    file.write_text("passwrd: from-file\n", encoding="utf-8")
    with pytest.raises(SecretError, match="unknown secret 'passwrd'"):
        read_secrets(connection)
    file.write_text("just from-file here", encoding="utf-8")
    with pytest.raises(SecretError, match="cannot be understood") as told:
        read_secrets(connection)
    assert "from-file" not in str(told.value)


def test_kept_secrets_replace_the_file_whole_and_closed(workspace: Workspace, define) -> None:
    path: Path = define("shop", SERVER, "password: old\n")
    secrets = read_secrets(read_connection(workspace.directory, "shop"))
    secrets.keep(password="new")
    file = path.with_suffix(".secrets")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text(encoding="utf-8") == "password: new\n"
    assert secrets.get("password") == "new"
    assert [one.name for one in path.parent.glob("*.secrets*")] == ["shop.secrets"]
