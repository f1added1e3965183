"""Answers with options: what was found goes with the study that tells it."""

import pytest

from septima.chapters.answer import study_or_why
from septima.chapters.journey import journey_answer
from septima.chapters.processes import processes_answer
from septima.chapters.rollout import rollout_answer
from septima.chapters.sensitivity import sensitivity_answer
from septima.chapters.what_if import suppositions_of, what_if_answer
from septima.chapters.why import why_answer
from septima.report.studies.study import Study
from septima.schema import SeptimaError, Text
from septima.scorecard.definition import DefinitionError
from septima.scorecard.journey import starter_journey
from septima.scorecard.processes import starter_processes
from septima.scorecard.what_if import WhatIfError, save_scenario
from septima.workspace import Workspace


def test_the_change_is_explained_against_the_card_that_is_named(workspace: Workspace) -> None:
    card, spring = workspace.scorecard("2026-Q3"), workspace.scorecard("2026-Q1")
    before = why_answer(workspace, card, "en")
    assert (before.found.change.period, before.found.change.before) == ("2026-Q3", "2026-Q2")
    other = why_answer(workspace, card, "en", earlier=spring, of="customer_support")
    assert (other.found.change.before, other.found.shown) == ("2026-Q1", ("customer_support",))
    assert other.study.subtitle.endswith("against Q1\u00a02026")


def test_what_is_supposed_stands_beside_what_is(workspace: Workspace) -> None:
    save_scenario(workspace.directory, "bold", suppositions_of(workspace, ["nps.target=0.5"]))
    suppositions = suppositions_of(workspace, ["bold", "average_order_value.value=200"])
    assert [str(one) for one in suppositions] == ["nps.target=0.5", "average_order_value.value=200"]
    answer = what_if_answer(workspace, "2026-Q3", "en", suppositions, name="bold")
    now, then = (list(card.perspectives[0].kpis) for card in (answer.found.now, answer.found.then))
    assert [kpi.target for kpi in now] == [0.4, 150]
    assert [kpi.target for kpi in then] == [0.5, 150]
    assert then[1].figure.value == 200
    assert answer.study.title == "What if: bold"
    with pytest.raises(WhatIfError, match="kept are: bold"):
        suppositions_of(workspace, ["cold"])


def test_an_undefined_index_has_no_answer(workspace: Workspace) -> None:
    with pytest.raises(SeptimaError, match="integral of 2026-Q3 is undefined"):
        sensitivity_answer(workspace, workspace.scorecard("2026-Q3"), "en")


def test_one_sheet_of_the_process_model(workspace: Workspace) -> None:
    (workspace.directory / "processes.yaml").write_text(starter_processes(), encoding="utf-8")
    whole = processes_answer(workspace, None, "en")
    assert whole.found.figures == {}
    one = processes_answer(workspace, None, "en", node="A0")
    sheets = [
        [section.title.split(".")[0] for section in answer.study.sections if section.drawings]
        for answer in (whole, one)
    ]
    assert sheets == [["A-0", "A0"], ["A0"]]
    with pytest.raises(SeptimaError, match="there is no sheet 'A9'; there are: A-0, A0"):
        processes_answer(workspace, None, "en", node="A9")


def test_the_journey_of_a_card_is_that_of_its_period(workspace: Workspace) -> None:
    (workspace.directory / "journey.yaml").write_text(starter_journey(), encoding="utf-8")
    by_period = journey_answer(workspace, "2026-Q3", "ru")
    by_card = journey_answer(workspace, workspace.scorecard("2026-Q3"), "ru")
    assert by_card.study == by_period.study


def test_what_is_not_defined_says_how_to_begin(workspace: Workspace) -> None:
    with pytest.raises(DefinitionError, match="septima rollout DIR --new"):
        rollout_answer(workspace, "2026-Q3", "en")


def test_why_there_is_no_study_is_told_in_the_language_of_the_report() -> None:
    def tell() -> Study:
        raise SeptimaError(Text("nothing is known", "ничего не\u00a0известно"))

    assert study_or_why("Worth", tell, "ru").question == "ничего не\u00a0известно"
    assert study_or_why("Worth", tell, "en").question == "nothing is known"
