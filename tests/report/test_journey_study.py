"""The journey as a study: the map and the flow as right SVG, arcs that do not overlap, tables and remarks."""

import xml.etree.ElementTree as ET
from itertools import combinations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from septima.metrics.estimated import Estimated
from septima.metrics.journey import Felt, JourneyMeasures, StageMeasure, Transition
from septima.report.journey.flow import WIDTH, Arc, lay_out_flow
from septima.report.studies.journey import journey_study
from septima.report.studies.study import Scheme, text_of
from septima.report.text_width import text_width
from septima.schema import Language, Text
from septima.scorecard.card import Figure
from septima.scorecard.journey import JourneyMap, key_of
from septima.scorecard.live import LiveFigure
from tests.scorecard.test_journey import GOOD, read

SVG = "{http://www.w3.org/2000/svg}"


def share(value: float) -> Estimated:
    return Estimated(value, value - 0.01, value + 0.01)


def step(source: int, target: int, steps: int, *, intended: bool = True) -> Transition:
    return Transition(source, target, intended, steps, steps, share(0.5), Estimated(1.5, 1.0, 2.0))


def made(transitions: tuple[Transition, ...]) -> JourneyMap:
    journey = read(GOOD)
    stages = tuple(
        StageMeasure(100 - 10 * place, share(0.9), 10 + place, share(0.2 + place / 10)) for place in range(3)
    )
    measures = JourneyMeasures(
        120, 90, sum(one.steps for one in transitions), share(0.7), share(0.8), stages, transitions, 0.05
    )
    figures = {
        key_of(metric): LiveFigure("nps", Text("NPS", "NPS"), "index", Figure(0.4, 0.3, 0.5), 100)
        for stage in journey.stages
        for touchpoint in stage.touchpoints
        for metric in touchpoint.metrics
    }
    felt = {0: Felt(Estimated(3.5, 3.2, 3.8), 50), 2: Felt(Estimated(4.25, 4.0, 4.5), 60)}
    return JourneyMap(journey, Text("Q3", "3 кв."), figures, felt, measures, "RUB")


STEPS = (step(0, 1, 60), step(1, 0, 20), step(1, 2, 7, intended=False), step(2, 0, 3, intended=False))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_map_and_flow_are_pictures_with_their_figures(language: Language) -> None:
    study = journey_study(made(STEPS), language)
    drawn = [drawing.svg for section in study.sections for drawing in section.drawings if isinstance(drawing, Scheme)]
    assert len(drawn) == 2
    words = [" ".join("".join(text.itertext()) for text in ET.fromstring(one).iter(f"{SVG}text")) for one in drawn]  # noqa: S314
    comma = "," if language == "ru" else "."
    assert f"0{comma}40" in words[0]
    assert f"3{comma}5" in words[0]
    assert ("возмущение" if language == "ru" else "outrage") in words[0]
    assert "60" in words[1]


def test_tables_tell_stages_intended_steps_and_deviations() -> None:
    study = journey_study(made(STEPS), "en")
    _, _, stages, intended, deviations, figures = study.sections
    assert [text_of(cell) for cell in stages.tables[0].rows[0]][:3] == ["Chooses", "100", "90.0%"]
    assert [text_of(row[0]) for row in intended.tables[0].rows] == ["Chooses → Orders", "Orders → Chooses"]
    assert [text_of(row[0]) for row in deviations.tables[0].rows] == ["Orders → Rates", "Rates → Chooses"]
    assert len(figures.tables[0].rows) == 2
    assert any("Chooses → Rates" in remark for remark in stages.remarks)
    assert any("Orders" in remark and "30%" in remark for remark in stages.remarks)
    assert [measure.number.text for measure in study.measures] == ["70.0%", "80.0%", "120"]


def test_only_the_ten_most_frequent_deviations_are_told() -> None:
    many = tuple(step(place % 3, (place + 2) % 3, 100 - place, intended=False) for place in range(14))
    study = journey_study(made(many), "ru")
    deviations = next(section for section in study.sections if section.title == "Самые частые отклонения")
    assert len(deviations.tables[0].rows) == 10
    assert deviations.remarks == (
        f"Прочие отклонения: видов\u00a0— 4, шагов\u00a0— {sum(100 - place for place in range(10, 14))}.",
    )


def test_a_period_in_which_nobody_moved() -> None:
    study = journey_study(made(()), "en")
    assert all("→" not in section.title for section in study.sections)
    assert any("No step was made" in remark for section in study.sections for remark in section.remarks)


def stretch(arc: Arc) -> tuple[float, float]:
    half = text_width(arc.label, 9.0) / 2
    return min(arc.start, arc.end, arc.label_x - half), max(arc.start, arc.end, arc.label_x + half)


@settings(max_examples=60)
@given(st.integers(2, 9), st.sets(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=25))
def test_arcs_of_one_level_and_their_labels_do_not_meet(stages: int, pairs: set[tuple[int, int]]) -> None:
    steps = [step(one, other, 1000) for one, other in sorted(pairs) if one != other and max(one, other) < stages]
    flow = lay_out_flow(stages, steps, steps, "ru")
    assert len(flow.above) + len(flow.straight) == len(flow.beneath) == len(steps)
    for arcs in (flow.above, flow.beneath):
        ends = [x for arc in arcs for x in (arc.start, arc.end)]
        assert len(ends) == len(set(ends))
        for one, other in combinations(arcs, 2):
            (low, high), (other_low, other_high) = stretch(one), stretch(other)
            assert one.level != other.level or high < other_low or other_high < low
        for arc in arcs:
            assert flow.lefts[arc.step.source] < arc.start < flow.lefts[arc.step.source] + flow.box_width
            assert flow.lefts[arc.step.target] < arc.end < flow.lefts[arc.step.target] + flow.box_width
            assert stretch(arc)[0] >= 0
            assert stretch(arc)[1] <= WIDTH
