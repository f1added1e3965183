"""Why a card changed, in words and bars, in both languages."""

import pytest

from septima.report.charts import waterfall
from septima.report.points import Step
from septima.report.studies.study import StudyReport, Waterfall
from septima.report.studies.view import study_views
from septima.report.studies.why import sentences, why_study
from septima.schema import LANGUAGES, Text
from septima.scorecard.card import Figure
from septima.scorecard.change import explain_change
from septima.scorecard.slice_change import SliceChange, SliceDriver
from septima.scorecard.why import Why
from tests.scorecard.stand_ins import METRICS, NOW, card_of, definition_of, history

DEFINITION = definition_of(
    """
perspectives:
- id: customer_support
  kpis: [{id: cli, weight: 1.2, target: 0.7}, {id: nps, weight: 1.0, target: 0.4}, {id: cci, weight: 0.8, target: 0.1}]
"""
)


def _why() -> Why:
    card = card_of(
        DEFINITION,
        cli=history(0.72, 0.72),
        nps=history(Figure(0.38, 0.37, 0.39), Figure(0.31, 0.30, 0.32)),
        cci=history(0.10, 0.12),
    )
    change = explain_change(card, DEFINITION, {name: made.passport for name, made in METRICS.items()}, draws=200)
    drivers = (
        SliceDriver("web", 1, Figure(0.4), Figure(0.3), 0.5, 0.6, Figure(-0.06), Figure(-0.05), -0.01),
        SliceDriver(None, 3, Figure(0.36), Figure(0.33), 0.5, 0.4, Figure(-0.01), Figure(-0.015), 0.005),
    )
    slices = SliceChange("nps", "channel", Text("channel", "канал"), 0.38, 0.31, "share", drivers)
    names = {kpi.id: kpi for one in card.perspectives for kpi in one.kpis}
    return Why(change, (slices,), ("integral", "customer_support"), names)


def test_sentences_say_what_fell_by_how_much_and_where() -> None:
    told = sentences(_why(), "en")
    # (0.31 − 0.38)/3 = −0.023 by NPS, 0.8·0.02/3 = +0.005 by CCI.
    assert told["customer_support"][0].startswith("CKPI “Customer support” fell by 0.018")
    assert "Most of it, −0.023, comes from NPS." in told["customer_support"][0]
    assert told["customer_support"][1] == (
        "NPS fell from 0.380 to 0.310 and brought −0.023 to CKPI “Customer support”."
    )
    assert "by channel: web −0.06 (of it −0.05 by its own figure, −0.01 by its share)" in told["nps"][0]
    russian = sentences(_why(), "ru")
    assert russian["customer_support"][1].replace("\u00a0", " ") == (
        "Показатель «NPS» снизился с 0,380 до 0,310, его вклад в CKPI «Поддержка клиентов»: −0,023."
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chapter_draws_and_speaks_its_language(language: str) -> None:
    study = why_study(_why(), language)  # type: ignore[arg-type]
    (view,) = study_views(StudyReport("", language, NOW, 1, (study,)))  # type: ignore[arg-type]
    drawn = [picture.svg for section in view.sections for picture in section.pictures]
    assert len(drawn) == 1
    assert "<svg" in drawn[0]
    said = " ".join(lead for section in view.sections for lead in section.lead)
    assert ("вырос" in said or "снизился" in said) == (language == "ru")


def test_bars_of_a_waterfall_stand_end_to_end() -> None:
    study = why_study(_why(), "en")
    (drawing,) = (drawing for section in study.sections for drawing in section.drawings)
    assert isinstance(drawing, Waterfall)
    first, *middle, last = drawing.steps
    assert first.whole
    assert last.whole
    level = first.end
    for step in middle:
        assert step.start == pytest.approx(level)
        level = step.end
    assert last.end == pytest.approx(level)


def test_a_rise_and_a_fall_have_their_own_colours_and_levels_are_strokes() -> None:
    chart = waterfall(
        [
            Step("a", 1, 1, "1", whole=True),
            Step("b", 1, 2, "+1"),
            Step("c", 2, 1.5, "−0.5"),
            Step("d", 1.5, 1.5, "1.5", whole=True),
        ]
    ).to_dict()
    up, down, levels, text = chart["layer"]
    assert [layer["mark"]["type"] for layer in chart["layer"]] == ["bar", "bar", "tick", "text"]
    assert up["mark"]["color"] != down["mark"]["color"]
    assert (len(levels["data"]["values"]), len(text["data"]["values"])) == (2, 4)
