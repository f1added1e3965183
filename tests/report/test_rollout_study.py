"""The roll-out's study: success, the road map and departments in words, in both languages, and its drawing."""

from datetime import date

import pytest

from septima.metrics import catalogue, parse_period
from septima.report.charts import road_map
from septima.report.studies.rollout import rollout_study
from septima.report.studies.study import RoadMap, Study, text_of
from septima.report.studies.view import views_of
from septima.schema import Language, Text
from septima.scorecard.card import Figure
from septima.scorecard.rollout.measured import Rollout
from septima.scorecard.rollout.schedule import schedule_of
from septima.scorecard.rollout.success import department_success, success_of
from tests.scorecard.test_rollout import COMPONENTS, PASSPORTS, PERIODS, TABLE, TODAY, observed, phase_of, road


def rollout(text: str | None = None, cards: Figure | None = None, departments: int = 1) -> Rollout:
    definition = road() if text is None else road(text)
    figures = {"steps_on_time": Figure(0.9, 0.85, 0.95), "training_passed": Figure(None)}
    sliced = [
        department_success(f"team{n}", COMPONENTS, PASSPORTS, figures, takes_part=n > 0, overdue=n)
        for n in range(departments)
    ]
    success = success_of(COMPONENTS, PASSPORTS, observed(*([cards] if cards else [])), PERIODS, departments=sliced)
    schedule = schedule_of(definition, TABLE, today=TODAY, over=TODAY)
    return Rollout(Text("Roll-out", "Внедрение"), parse_period("2026-Q3"), schedule, success, ("team0",), ("unheard",))


def rows(study: Study, section: int, table: int = 0) -> list[list[str]]:
    return [[text_of(cell) for cell in row] for row in study.sections[section].tables[table].rows]


def test_what_stands_out_is_success_counts_pace_and_the_end():
    study = rollout_study(rollout(), "en")
    said = [(one.name, one.number.text) for one in study.measures]
    assert said == [
        ("Success of the CRM approach", "0.79"),
        ("Milestones done", "2 of 5"),
        ("Schedule performance index", "0.50"),
        ("End at this pace", "September\u00a029,\u00a02027"),
    ]


def test_components_stand_with_what_enters_and_what_was_before():
    study = rollout_study(rollout(), "en")
    assert rows(study, 0)[0] == [
        "Process steps on time",
        "1.20",
        "90.0%",
        "88.0–92.0%",
        "",
        "0.900",
        "0.880–0.920",
        "80.0%",
    ]
    assert rows(study, 0)[2][4:6] == ["40", "0.75"]
    assert study.sections[0].lead == ("Change against the period before: +0.11; it stands out from noise.",)


def test_where_a_component_is_not_known_the_rest_is_told():
    study = rollout_study(rollout(cards=Figure(None)), "ru")
    (said,) = study.sections[0].lead
    assert "успех не\u00a0определён; по\u00a0известным (2) он 0,81" in said
    assert study.measures[0].number.text == "—"
    assert study.sections[0].remarks


def test_phases_overdue_and_next_are_told():
    study = rollout_study(rollout(), "en")
    assert [(row[0], row[2], row[3], row[4]) for row in rows(study, 1)] == [
        ("Preparation", "2 of 2", "0", "done, 10 days late"),
        ("pilot", "0 of 3", "2", "◆ behind"),
    ]
    assert [(row[0], row[4]) for row in rows(study, 2)] == [("team", "11"), ("tools", "1")]
    assert rows(study, 3) == [["review", "pilot", "—", "November\u00a015,\u00a02026", "team"]]


def test_what_waits_and_what_is_done_in_time_is_told():
    text = (
        "phases:\n- id: a\n  milestones:\n  - {id: x, planned: 2026-10-05}\n"
        "- id: b\n  after: [a]\n  milestones:\n  - {id: y, planned: 2026-12-01}\n"
        "- id: c\n  milestones:\n  - {id: z, planned: 2026-06-01, done: 2026-06-01}\n"
    )
    study = rollout_study(rollout(text), "en")
    assert [row[-1] for row in rows(study, 1)] == ["not begun", "waits for: a", "done in time"]
    assert study.sections[2].lead == ("Nothing is overdue.",)


def test_departments_stand_side_by_side_seven_to_a_table():
    study = rollout_study(rollout(departments=9), "en")
    first, second = study.sections[-1].tables
    assert (len(first.columns), len(second.columns)) == (8, 3)
    shown = {row[0]: row[1:] for row in rows(study, len(study.sections) - 1)}
    assert shown["takes part"][:2] == ["no", "yes"]
    assert shown["components known"][0] == "1 of 2"
    assert shown["overdue"] == [str(n) for n in range(7)]
    assert "Did no step of the modelled processes in the period: team0." in study.sections[-1].remarks


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_page_draws_the_road_map(language: Language):
    study = rollout_study(rollout(), language)
    (drawing,) = study.sections[1].drawings
    assert isinstance(drawing, RoadMap)
    assert [(one.name, one.phase, one.overdue) for one in drawing.tracks][2:5] == [
        ("V1", False, False),
        ("pilot", True, False),
        ("team", False, True),
    ]
    (view,) = views_of([study], language)
    picture = str(view.sections[1].pictures[0].svg)
    assert 'role="img"' in picture
    assert ("overdue" if language == "en" else "просрочено") in picture


def test_of_a_long_road_map_what_is_done_is_not_drawn():
    milestones = [f"{{id: m{n}, planned: 2026-0{1 + n % 9}-01, done: 2026-0{1 + n % 9}-01}}" for n in range(60)]
    study = rollout_study(rollout(phase_of(*milestones, "{id: last, planned: 2026-12-01}")), "en")
    (drawing,) = study.sections[1].drawings
    assert isinstance(drawing, RoadMap)
    assert [one.name for one in drawing.tracks] == ["one", "last"]


def test_the_road_map_is_a_valid_vega_lite_chart():
    study = rollout_study(rollout(), "en")
    (drawing,) = study.sections[1].drawings
    assert isinstance(drawing, RoadMap)
    made = road_map(drawing.tracks, today=date(2026, 9, 30), legend="○ planned").to_dict(validate=True)
    assert len(made["layer"]) == 7


def test_components_are_metrics_of_the_catalogue():
    assert {one.metric for one in COMPONENTS} <= set(catalogue())
