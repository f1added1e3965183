"""What a person answers in a form becomes the least change of the text."""

import pytest

from septima.scorecard.starter import starter_definition
from septima.web.editing.fields import FieldError, number_of
from septima.web.editing.forms import Form, FormError, answered_form, done, form_of, place_mistakes, with_answers
from septima.web.editing.layout import at, content
from septima.web.editing.mistakes import Mistake
from septima.web.editing.shapes import FileShape, shape_of

CARD = """\
perspectives:
- id: sales        # Продажи
  kpis:
  - id: win
    metric: deal_win_rate
    weight: 1.20   # A
    target: 0.3    # was 0.25
    name: {en: Won, ru: Выиграно}
  - {id: repeat_rate, weight: 0.8, target: {by_period: {2026-Q1: 0.7}, otherwise: 0.6}}
own: []
"""
WIN = "perspectives.0.kpis.0."
REPEAT = "perspectives.0.kpis.1."


def _shape(kind: str = "scorecard") -> FileShape:
    shape = shape_of(kind, "ru")
    assert shape is not None
    return shape


def _form(text: str = CARD) -> Form:
    return form_of(text, _shape(), "ru")


def _sent(answers: dict[str, str], text: str = CARD) -> str:
    form, changes = answered_form(_form(text), text, answers)
    assert not form.is_wrong
    return with_answers(text, changes)


def test_nothing_answered_changes_nothing() -> None:
    form = _form()
    answers = {one.name: one.value for field in form.fields() for one in field.inputs}
    assert answers[WIN + "weight"] == "1,20"
    assert _sent(answers) == CARD
    assert _sent({}) == CARD


def test_numbers_are_read_with_point_or_comma_and_kept_as_they_were_written() -> None:
    assert _sent({WIN + "weight": "1,30"}) == CARD.replace("1.20", "1.30")
    assert _sent({WIN + "target": "\u22120.5"}) == CARD.replace("target: 0.3 ", "target: -0.5 ")
    assert [number_of(one).written for one in (".5", "1 200", "007", "2.")] == ["0.5", "1200", "7", "2"]
    for wrong in ("much", "1e9", "1.2.3", "nan", "0x1"):
        with pytest.raises(FieldError):
            number_of(wrong)


def test_a_wrong_answer_is_told_at_its_field_and_changes_nothing() -> None:
    form, changes = answered_form(_form(), CARD, {WIN + "weight": "много"})
    assert changes == []
    assert [field.id for field in form.fields() if field.is_wrong] == [WIN + "weight"]


def test_a_target_becomes_rules_and_a_number_again() -> None:
    ruled = _sent({WIN + "target.by_period": "2026-Q3: 0.4", WIN + "target": "0.35"})
    assert at(content(ruled), ("perspectives", 0, "kpis", 0, "target")) == {
        "by_period": {"2026-Q3": 0.4},
        "otherwise": 0.35,
    }
    assert "# was 0.25" in ruled
    plain = _sent({REPEAT + "target.by_period": ""})
    assert at(content(plain), ("perspectives", 0, "kpis", 1, "target")) == 0.6
    assert (
        at(content(_sent({REPEAT + "target": "0,65"})), ("perspectives", 0, "kpis", 1, "target", "otherwise")) == 0.65
    )
    assert at(content(_sent({WIN + "target": ""})), ("perspectives", 0, "kpis", 0, "target")) is None


def test_words_of_one_language_leave_the_other_alone() -> None:
    assert _sent({WIN + "name.ru": "Выигранные сделки"}) == CARD.replace("ru: Выиграно", "ru: Выигранные сделки")
    assert "name: {en: Back, ru: Вернулись}" in _sent({REPEAT + "name.ru": "Вернулись", REPEAT + "name.en": "Back"})


def test_a_threshold_that_was_not_there_is_put_in() -> None:
    after = _sent({WIN + "thresholds.bad": "0.1", WIN + "thresholds.watch": "0.2", WIN + "thresholds.good": "0.3"})
    assert at(content(after), ("perspectives", 0, "kpis", 0, "thresholds")) == {"bad": 0.1, "watch": 0.2, "good": 0.3}


def test_buttons_move_remove_add_and_rescale() -> None:
    shape = _shape()
    swapped = done(CARD, _form(), "down:perspectives.0.kpis.0", shape)
    assert [one["id"] for one in at(content(swapped), ("perspectives", 0, "kpis"))] == ["repeat_rate", "win"]
    removed = done(CARD, _form(), "remove:perspectives.0.kpis.1", shape)
    rescaled = done(removed, _form(removed), "rescale:perspectives.0.kpis", shape)
    assert "weight: 1   # A" in rescaled
    added = done(CARD, _form(), "add:own:revenue", shape)
    assert added.endswith("own:\n- id: revenue\n")
    for order in ("remove:perspectives", "remove:own.0", "drop:own", "add:perspectives.9.kpis:nps", "rescale:own", ""):
        with pytest.raises(FormError):
            done(CARD, _form(), order, shape)


def test_a_mistake_is_shown_at_the_field_on_its_line() -> None:
    form = _form()
    assert place_mistakes(form, CARD, [Mistake("wrong weight", 6), Mistake("somewhere")]) == [Mistake("somewhere")]
    assert [(field.id, field.errors) for field in form.fields() if field.errors] == [
        (WIN + "weight", ("wrong weight",))
    ]


@pytest.mark.parametrize(
    "text",
    ["a", "- 1\n", "perspectives: 3\n", "perspectives: [1, null]\n", "perspectives: {a: 1}\n", "own: [{id: [1]}]\n"],
)
def test_a_text_of_another_shape_gives_a_form_or_says_why_not(text: str) -> None:
    try:
        form = _form(text)
    except FormError:
        return
    assert answered_form(form, text, {})[1] == []


def test_every_starter_comes_back_from_its_form() -> None:
    text = starter_definition("bank_telecom")
    form = _form(text)
    answers = {one.name: one.value for field in form.fields() for one in field.inputs}
    assert _sent(answers, text) == text
