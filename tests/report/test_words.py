"""Every word of the interface is in both languages."""

import re
import string
from typing import get_args

import pytest

from septima.report import words
from septima.schema import Text
from septima.scorecard.card import Direction, State

CATALOGUES = {
    name: catalogue
    for name, catalogue in vars(words).items()
    if isinstance(catalogue, dict) and name.isupper() and all(isinstance(text, Text) for text in catalogue.values())
}
ALL = [(f"{name}.{key}", text) for name, catalogue in CATALOGUES.items() for key, text in catalogue.items()]
SAME_IN_BOTH = {"WORDS.n", "WORDS.normalised", "TICKS.month", "TICKS.day", "SENTENCES.bullet_says", "SENTENCES.slice_title"}  # fmt: skip


def parts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_there_are_catalogues():
    assert {"WORDS", "SENTENCES", "STATES", "UNITS"} <= set(CATALOGUES)


@pytest.mark.parametrize(("key", "text"), ALL)
def test_each_text_is_in_english_and_in_russian_with_the_same_parts(key, text):
    assert text.en.strip()
    assert text.ru.strip()
    assert parts(text.en) == parts(text.ru)
    assert not re.search("[А-Яа-яЁё]", text.en)
    if key not in SAME_IN_BOTH:
        assert text.en != text.ru
        assert re.search("[А-Яа-яЁё]", text.ru)


def test_states_and_directions_of_the_card_all_have_words():
    assert set(words.STATES) == set(get_args(State))
    assert set(words.DIRECTIONS) == set(get_args(Direction))
