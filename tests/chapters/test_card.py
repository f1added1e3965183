"""The report on a card: its chapters, their order, and what stands where there is nothing to say."""

import json

import pytest

from septima.chapters.card import CARD_FORMS, CHAPTERS, card_chapters, card_form, card_report
from septima.schema import SeptimaError
from septima.scorecard.definition import DefinitionError
from septima.scorecard.snapshot import to_json
from septima.workspace import Workspace

RULES = "rules:\n- {id: old, kind: stale, table: orders, hours: 0.001}\n"
ROAD = """phases:
- id: pilot
  name: {en: Pilot, ru: Пилот}
  milestones:
  - {id: team, name: {en: First team, ru: Первая команда}, planned: 2026-08-01, done: 2026-08-11}
"""


def test_a_workspace_that_defines_nothing_has_no_chapter(workspace: Workspace) -> None:
    card = workspace.scorecard("2026-Q3")
    assert card.integral.printed.value is None
    assert {name: chapter(workspace, card, "en") for name, chapter in CHAPTERS.items()} == dict.fromkeys(CHAPTERS)
    assert list(card_chapters(workspace, card, "en")) == []


def test_chapters_stand_in_one_order_and_say_why_where_they_cannot_be(workspace: Workspace) -> None:
    files = {
        "benchmark/beta.json": "{}",
        "what-if/bold.yaml": "- gone.value=1\n",
        "what-if/calm.yaml": "- nps.target=0.2\n",
        "rollout.yaml": ROAD,
        "alerts.yaml": RULES,
    }
    for name, text in files.items():
        path = workspace.directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    studies = list(card_chapters(workspace, workspace.scorecard("2026-Q3"), "en"))
    assert [study.title for study in studies] == [
        "What needs a look",
        "Roll-out of the CRM approach",
        "Beside other organisations",
        "What if: bold",
        "What if: calm",
    ]
    assert "is no exchange file of a benchmark" in studies[2].question
    assert "there is no 'gone' on the card" in studies[3].question
    assert [bool(study.sections) for study in studies] == [True, True, False, False, True]


@pytest.mark.parametrize("name", ["goals", "alerts", "cascade", "processes", "journey", "rollout"])
def test_a_wrong_file_is_told_and_not_left_out(workspace: Workspace, name: str) -> None:
    path = workspace.directory / f"{name}.yaml"
    path.write_text("surprise: 1\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=path.name):
        CHAPTERS[name](workspace, workspace.scorecard("2026-Q3"), "en")


def test_the_report_for_programs_is_the_card(workspace: Workspace) -> None:
    card = workspace.scorecard("2026-Q3")
    assert json.loads(card_report(workspace, card, "json", "en")) == json.loads(json.dumps(to_json(card)))


def test_the_page_of_a_card_holds_its_chapters(workspace: Workspace) -> None:
    (workspace.directory / "rollout.yaml").write_text(ROAD, encoding="utf-8")
    page = card_report(workspace, workspace.scorecard("2026-Q3"), "html", "ru").decode()
    assert "Первая команда" in page
    assert 'id="study-1"' in page
    assert 'id="study-2"' not in page


def test_a_form_is_one_of_those_there_are() -> None:
    assert [card_form(form) for form in CARD_FORMS] == ["html", "pdf", "xlsx", "json"]
    with pytest.raises(SeptimaError, match="no report form 'docx'; there are: html, pdf, xlsx, json"):
        card_form("docx")
