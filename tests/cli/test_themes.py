"""The command `themes`: what is found, stored and shown."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.workspace import Workspace
from tests.cli.conftest import Ended
from tests.lake.planted import planted

pytest.importorskip("sklearn")
Septima = Callable[..., Ended]

MAPPING = """source: survey
files:
  - file: survey.csv
    tables:
      answers:
        columns: {answer_id: {expression: "id || '-s'"}, response_id: id, at: at, score: score, instrument: {constant: nps}, question: {constant: recommend}}
        ignore: [words]
  - file: survey.csv
    tables:
      answers:
        columns: {answer_id: {expression: "id || '-w'"}, response_id: id, at: at, text: words, instrument: {constant: nps}, question: {constant: why}}
"""
GRADES = {"delivery": 1, "price": 5, "staff": 9}


@pytest.fixture
def surveyed(tmp_path: Path) -> Path:
    """A workspace in which those who speak of delivery answer 1, of prices 5 and of the staff 9."""
    with (tmp_path / "survey.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "at", "score", "words"])
        for number, (text, _, theme) in enumerate(planted(("ru",), each=40)):
            writer.writerow([number, "2026-07-03", GRADES[theme], text])
    (tmp_path / "survey.yaml").write_text(MAPPING, encoding="utf-8")
    workspace = Workspace.create(tmp_path / "shop", organisation="Лавка", currency="RUB", language="ru")
    load(workspace.lake, read_mapping(tmp_path / "survey.yaml"))
    return tmp_path / "shop"


def test_themes_with_the_loyalty_of_those_who_speak_of_them(septima: Septima, surveyed: Path) -> None:
    told = json.loads(septima("themes", surveyed, "--themes", 3, "--format", "json").out)
    assert told["answers"] == 120
    assert sum(theme["n"] for theme in told["themes"]) == 120
    assert sorted(round(theme["metrics"]["nps"]["value"], 1) for theme in told["themes"]) == [-1, 0, 1]
    for theme in told["themes"]:
        assert theme["language"] == "ru"
        assert len(theme["quotes"]) == 2
        assert theme["metrics"]["nps"]["lower"] <= theme["metrics"]["nps"]["value"] <= theme["metrics"]["nps"]["upper"]
        assert list(theme["metrics"]) == ["nps"]

    sliced = json.loads(septima("metric", surveyed, "nps", "--grain", "all", "--by", "theme", "--format", "json").out)
    assert {row["theme"]: row["value"] for row in sliced} == {
        theme["theme"]: theme["metrics"]["nps"]["value"] for theme in told["themes"]
    }


def test_themes_as_a_table_in_both_languages(septima: Septima, surveyed: Path) -> None:
    russian = septima("themes", surveyed, "--themes", 3)
    assert russian.code == 0
    assert "тема" in russian.out
    assert russian.out.count("«") == 6
    assert "theme" in septima("themes", surveyed, "--themes", 3, "--lang", "en").out


def test_no_answers_in_words(septima: Septima, shop: Path) -> None:
    ended = septima("themes", shop)
    assert ended.code == 1
    assert "question `why`" in ended.err
