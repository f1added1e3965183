"""The command line of connections."""

import json
import sqlite3
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner, Result

from septima.cli.commands import application
from septima.connect.kinds import KINDS
from septima.schema import SeptimaError
from septima.workspace import Workspace


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(application, ["connect", *map(str, arguments)])


def test_a_connection_is_added_listed_checked_fetched_and_forgotten(
    workspace: Workspace, shop: sqlite3.Connection
) -> None:
    folder = workspace.directory
    kinds = json.loads(_run("list", folder, "--kinds", "--format", "json").stdout)
    assert [kind["kind"] for kind in kinds] == list(KINDS)
    added = _run("add", folder, "hubspot", "crm")
    assert f"septima connect check {folder} crm" in added.stdout.replace("\n", "")
    assert "SEPTIMA_CRM_ACCESS_TOKEN" in (folder / "connections" / "crm.yaml").read_text(encoding="utf-8")
    assert (folder / "connections" / ".gitignore").read_text(encoding="utf-8").splitlines()[1:] == [
        "*.secrets",
        "work/",
    ]
    listed = json.loads(_run("list", folder, "--format", "json").stdout)
    assert [row["connection"] for row in listed] == ["crm", "shop"]
    assert json.loads(_run("check", folder, "shop", "--format", "json").stdout) == [{"from": "orders", "found": 6}]
    fetched = json.loads(_run("fetch", folder, "shop", "--format", "json").stdout)
    assert fetched["rows"] == {"orders": 301}
    assert fetched["tables"]["orders"] == {"read": 301, "loaded": 300, "updated": 0, "duplicate": 0, "quarantined": 1}
    assert "from the beginning next time" in _run("forget-position", folder, "shop").stdout
    assert "was never fetched" in _run("forget-position", folder, "shop").stdout


def test_what_is_wrong_is_one_error(workspace: Workspace, shop: sqlite3.Connection) -> None:
    folder = workspace.directory
    for arguments, said in (
        (("fetch", folder, "shpo"), "there is no connection 'shpo'; did you mean 'shop'?"),
        (("add", folder, "hubspt", "crm"), "there is no kind 'hubspt'; did you mean 'hubspot'?"),
        (("add", folder, "hubspot", "shop"), "is there already"),
    ):
        error = _run(*arguments).exception
        assert isinstance(error, SeptimaError)
        assert said in str(error)


def test_two_fetches_of_one_connection_do_not_run_at_once(workspace: Workspace, shop: sqlite3.Connection) -> None:
    lock = workspace.directory / "connections" / "work" / "shop.lock"
    lock.parent.mkdir()
    with FileLock(lock):
        for command in ("fetch", "check", "forget-position"):
            (lock.parent / "shop").mkdir(exist_ok=True)
            error = _run(command, workspace.directory, "shop").exception
            assert isinstance(error, SeptimaError)
            assert "shop is being fetched by another process" in str(error)


def test_the_environment_does_not_lead_a_fetch_elsewhere(
    workspace: Workspace, shop: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables by which dlt may be configured, and which others set for reasons of their own, change nothing."""
    for name in ("SCHEMA", "TABLE", "CREDENTIALS", "CHUNK_SIZE", "DESTINATION__FILESYSTEM__BUCKET_URL", "DATASET_NAME"):
        monkeypatch.setenv(name, "7")
    assert json.loads(_run("fetch", workspace.directory, "shop", "--format", "json").stdout)["rows"] == {"orders": 301}
