"""Closing periods on the command line: revisions, reproduction to the digit, and who changed what."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.workspace import Workspace
from tests.cli.conftest import Ended

SCORECARD = """perspectives:
- id: customer_support
  weight: 1
  kpis:
  - {id: nps, weight: 1.2, target: 0.5, owner: Anna}
  - {id: own_answers, weight: 0.8, target: 100, owner: Anna}
"""
OWN = """metrics:
- id: own_answers
  name: Answers
  description: Counted.
  perspective: customer_support
  kind: count
  table: answers
  unit: count
  direction: more
"""
MAPPING = """source: survey
files:
  - file: answers.csv
    tables:
      answers:
        columns: {answer_id: answer_id, customer_id: customer_id, at: at, score: score, instrument: {constant: nps}, question: {constant: recommend}}
"""


def survey(folder: Path, promoters: int, answers: int = 60) -> Path:
    """A source of answers of 2026-Q3, so many of them 9 and the others 2."""
    folder.mkdir(exist_ok=True)
    rows = [f"{folder.name}{n},c{n},2026-08-{1 + n % 28:02d},{9 if n < promoters else 2}" for n in range(answers)]
    (folder / "answers.csv").write_text("answer_id,customer_id,at,score\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "map.yaml").write_text(MAPPING, encoding="utf-8")
    return folder / "map.yaml"


@pytest.fixture
def company(tmp_path: Path) -> Path:
    workspace = Workspace.create(tmp_path / "company", organisation="Company", currency="RUB", language="en")
    (workspace.directory / "scorecard.yaml").write_text(SCORECARD, encoding="utf-8")
    (workspace.directory / "metrics").mkdir()
    (workspace.directory / "metrics" / "own.yaml").write_text(OWN, encoding="utf-8")
    load(workspace.lake, read_mapping(survey(tmp_path / "first", 45)))
    return workspace.directory


def nps_of(revision: Path) -> float:
    card = json.loads(revision.read_text())["closed"]["scorecard"]
    return float(card["perspectives"][0]["kpis"][0]["figure"]["value"])


def test_a_closed_period_is_reproduced_after_new_data_and_another_definition(
    company: Path, tmp_path: Path, septima: Callable[..., Ended]
) -> None:
    closed = septima("close", company, "--period", "2026-Q3", "--author", "Анна", "--note", "board", "--format", "json")
    assert closed.code == 0, closed.err
    first = Path(json.loads(closed.out)["revision"]["file"])
    content = first.read_bytes()
    assert nps_of(first) == pytest.approx((45 - 15) / 60, abs=1e-12)

    again = septima("close", company, "--period", "2026-Q3")
    assert again.code == 0
    assert "Nothing differs from revision 1" in again.out
    assert len(list((company / "closed" / "2026-Q3").iterdir())) == 1

    load(Workspace.open(company).lake, read_mapping(survey(tmp_path / "second", 0)))
    text = SCORECARD.replace("target: 0.5", "target: 0.6").replace("1.2", "1.0").replace("0.8", "1.0")
    (company / "scorecard.yaml").write_text(text, encoding="utf-8")
    (company / "metrics" / "own.yaml").write_text(OWN.replace("table: answers", "table: orders"), encoding="utf-8")
    settings = (company / "septima.yaml").read_text(encoding="utf-8").replace("RUB", "EUR")
    (company / "septima.yaml").write_text(settings, encoding="utf-8")

    same = septima("reproduce", company, "--period", "2026-Q3")
    assert (same.code, "comes out again" in same.out) == (0, True), same.out + same.err
    revised = septima("close", company, "--period", "2026-Q3", "--author", "Boris", "--format", "json")
    second = Path(json.loads(revised.out)["revision"]["file"])
    assert nps_of(second) == pytest.approx((45 - 75) / 120, abs=1e-12)
    assert first.read_bytes() == content
    for revision in (1, 2):
        answer = septima("reproduce", company, "--period", "2026-Q3", "--revision", revision, "--format", "json")
        assert json.loads(answer.out)["equal"], answer.out

    listed = json.loads(septima("periods", company, "--format", "json").out)
    differ = {one["path"]: (one["old"], one["new"]) for one in listed[1]["differences"]}
    assert differ["scorecard.yaml: customer_support/nps.target"] == (0.5, 0.6)
    assert differ["scorecard.yaml: customer_support/nps.weight"] == (1.2, 1.0)
    assert differ["customer_support/nps target"] == (0.5, 0.6)
    assert differ["customer_support/nps"] == (pytest.approx(0.5), pytest.approx(-0.25))
    assert differ["septima.yaml: currency"] == ("RUB", "EUR")
    assert differ["metrics/own.yaml: metrics/own_answers.table"] == ("answers", "orders")
    assert differ["data version"] == (1, 2)

    log = json.loads(septima("audit", company, "--format", "json").out)
    changes = {(one["author"], change["path"]): change for one in log for change in one["changes"]}
    assert changes["Boris", "customer_support/nps.weight"]["old"] == 1.2
    assert changes["Boris", "customer_support/nps.weight"]["new"] == 1.0
    assert [one["subject"] for one in log if one["event"] == "closed"] == ["2026-Q3", "2026-Q3"]
    assert septima("audit", company, "--verify").code == 0


def test_a_figure_that_does_not_come_out_again_is_named(company: Path, septima: Callable[..., Ended]) -> None:
    from septima.scorecard.closing import _digest

    septima("close", company, "--period", "2026-Q3")
    path = company / "closed" / "2026-Q3" / "r0001.json"
    envelope = json.loads(path.read_text())
    card = envelope["closed"]["scorecard"]
    card["perspectives"][0]["kpis"][0]["figure"]["value"] = 0.51
    path.write_text(json.dumps(envelope))
    altered = septima("reproduce", company, "--period", "2026-Q3")
    assert altered.code == 1
    assert "was altered after it was written; restore it from a backup" in altered.err
    envelope["sha256"] = _digest(envelope["closed"])
    path.write_text(json.dumps(envelope))
    found = json.loads(septima("reproduce", company, "--period", "2026-Q3", "--format", "json").out)
    assert [(one["path"], one["old"], one["new"]) for one in found["differences"]] == [
        ("customer_support/nps.figure.value", 0.51, 0.5)
    ]
    assert septima("reproduce", company, "--period", "2026-Q3").code == 1


def test_the_closed_card_is_the_card_of_the_period(company: Path, septima: Callable[..., Ended]) -> None:
    from septima.scorecard.closing import card_differences

    workspace = Workspace.open(company)
    kept = workspace.close("2026-Q3")
    assert kept is not None
    # Recorded figures give the same card, and nothing new to close.
    workspace.compute(metrics=("nps", "own_answers"), grains=("quarter",))
    assert workspace.close("2026-Q3") is None
    assert card_differences(kept.card, workspace.scorecard("2026-Q3")) == ()
    assert workspace.reproduce("2026-Q3").equal


def test_what_cannot_be_closed_or_reproduced_is_told_with_a_remedy(
    company: Path, septima: Callable[..., Ended]
) -> None:
    absent = septima("reproduce", company, "--period", "2026-Q2")
    assert (absent.code, "2026-Q2 is not closed; close it: septima close" in absent.err) == (1, True)
    early = septima("close", company, "--period", "2199")
    assert (early.code, "2199 is not over: its last day is 2199-12-31" in early.err) == (1, True)
    assert not (company / "closed").exists()
    assert septima("close", company, "--period", "2199", "--force").code == 0
    septima("close", company, "--period", "2026-Q3")
    assert (
        "has no revision 7; there are: 1" in septima("reproduce", company, "--period", "2026-Q3", "--revision", 7).err
    )
    assert "is no name" in septima("close", company, "--period", "2026-Q3", "--author", " ").err
    assert "is no day; write it as 2026-10-01" in septima("audit", company, "--since", "soon").err
    for path in (company / "lake" / "tables" / "answers").glob("*.parquet"):
        path.unlink()
    vacuumed = septima("reproduce", company, "--period", "2026-Q3")
    assert vacuumed.code == 1
    assert "the lake no longer holds version 1 of answers" in vacuumed.err
    assert "from a backup" in vacuumed.err


def test_a_definition_that_is_wrong_or_gone_closes_nothing(company: Path, septima: Callable[..., Ended]) -> None:
    (company / "scorecard.yaml").write_text(SCORECARD.replace("{id: nps", "{id: npss"), encoding="utf-8")
    wrong = septima("close", company, "--period", "2026-Q3")
    assert (wrong.code, "scorecard.yaml, line 5" in wrong.err) == (1, True)
    (company / "scorecard.yaml").unlink()
    gone = septima("close", company, "--period", "2026-Q3")
    assert (gone.code, "scorecard.yaml: there is no such file" in gone.err) == (1, True)
    assert not (company / "closed").exists()
    assert not (company / "audit").exists()


def test_commands_that_show_a_card_note_who_changed_what(company: Path, septima: Callable[..., Ended]) -> None:
    assert septima("scorecard", company, "--period", "2026-Q3").code == 0
    (company / "scorecard.yaml").write_text(SCORECARD.replace("1.2", "0.9").replace("0.8", "1.1"), encoding="utf-8")
    assert septima("scorecard", company, "--period", "2026-Q3").code == 0
    shown = septima("audit", company)
    assert "customer_support/nps.weight" in shown.out
    assert "recorded for the first time" in shown.out
    (company / "scorecard.yaml").write_text("# a note\n" + SCORECARD, encoding="utf-8")
    recorded = septima("audit", company, "--record", "--author", "Vera", "--format", "json")
    assert json.loads(recorded.out)[-1]["author"] == "Vera"
    assert septima("audit", company, "--since", "2199-01-01").out.startswith("The log holds no such entry")


def test_an_altered_log_is_told_with_its_line(company: Path, septima: Callable[..., Ended]) -> None:
    septima("close", company, "--period", "2026-Q3")
    log = company / "audit" / "log.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    log.write_text("".join([lines[0].replace("1.2", "1.9"), *lines[1:]]), encoding="utf-8")
    assert "line 2: does not follow the line before it" in septima("audit", company, "--verify").out
    assert septima("audit", company, "--verify").code == 1
    # The end of the log taken off leaves the chain whole, but the closed period remembers its last line.
    log.write_text("".join(lines[:1]), encoding="utf-8")
    cut = septima("audit", company, "--verify")
    assert (cut.code, "is gone, which revision 1 of 2026-Q3 remembers" in cut.out) == (1, True)


@pytest.mark.skipif(os.name == "nt", reason="rights are of POSIX")
def test_who_may_only_read_still_gets_the_card(
    company: Path, septima: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("septima.scorecard.audit.Path.mkdir", refused)
    shown = septima("scorecard", company, "--period", "2026-Q3")
    assert shown.code == 0
    assert "could not be noted in the audit log" in shown.err
    assert not (company / "audit").exists()
    shutil.rmtree(company)
