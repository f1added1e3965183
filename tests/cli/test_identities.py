"""The commands about customers who are one person, as a person calls them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.workspace import Workspace

from .conftest import Ended

Septima = Callable[..., Ended]
MAPPING = """\
source: shop
files:
  - file: customers.csv
    tables:
      customers: {columns: {customer_id: id, created_at: created, email: email, phone: phone}}
"""
CUSTOMERS = """\
id,created,email,phone
anna,2024-01-01,anna@secret.example,
ann,2024-01-02,ANNA@secret.example,8 900 123-45-67
anya,2024-01-03,,+7 (900) 1234567
boris,2024-01-01,,
"""


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """A workspace with four customers, three of whom are Anna."""
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    workspace = Workspace.create(tmp_path / "shop")
    load(workspace.lake, read_mapping(tmp_path / "mapping.yaml"))
    return str(workspace.directory)


def test_identify_tells_and_merges(septima: Septima, folder: str) -> None:
    told = septima("identify", folder, "--dry-run")
    assert "4 customers are 3 persons; would be merged in this run: 1." in told.out
    assert "could not be read: 1. Those without a country code need --region" in told.out
    assert "Nothing was written." in told.out
    assert "No customer is merged" in septima("merges", folder).out
    done = septima("identify", folder, "--region", "RU")
    assert "4 customers are 2 persons; merged in this run: 2." in done.out
    assert f"septima unmerge {folder} --run 2" in done.out
    listed = septima("merges", folder)
    assert [line.split()[:3] for line in listed.out.splitlines()[1:3]] == [
        ["ann", "anna", "exact_email"],
        ["anya", "anna", "exact_phone"],
    ]
    assert "secret" not in told.out + done.out + listed.out
    assert "1234567" not in listed.out


def test_identify_as_json(septima: Septima, folder: str) -> None:
    told = json.loads(septima("identify", folder, "--region", "RU", "--format", "json").out)
    assert (told["customers"], told["persons"], told["merged"]) == (4, 2, {"exact_email": 1, "exact_phone": 1})


def test_merge_and_unmerge_by_hand(septima: Septima, folder: str) -> None:
    assert (
        "boris and anna are one person now, who stands under the name anna."
        in septima("merge", folder, "boris", "anna").out
    )
    assert "Merges undone: 1." in septima("unmerge", folder, "boris").out
    history = json.loads(septima("merges", folder, "--all", "--format", "json").out)
    assert [(row["customer_id"], row["rule"], row["undone_at"] is None) for row in history] == [
        ("boris", "by_hand", True),
        ("boris", "by_hand", False),
    ]
    assert "ann and anna are two persons." in septima("unmerge", folder, "ann", "--apart-from", "anna").out
    assert "Not merged again, since a person undid it: 1." in septima("identify", folder).out


def test_a_whole_run_is_undone(septima: Septima, folder: str) -> None:
    septima("identify", folder, "--region", "RU")
    assert "Merges undone: 2." in septima("unmerge", folder, "--run", "2").out
    again = septima("unmerge", folder, "--run", "2")
    assert (again.code, again.err) == (1, "septima: no merge of run 2 is in force; runs with merges: none\n")
    nothing = septima("unmerge", folder)
    assert (nothing.code, nothing.err.count("\n")) == (1, 1)
