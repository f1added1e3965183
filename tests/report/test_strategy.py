"""The strategy map and the tree of goals: nothing overlaps, every arrow ends at its boxes, all words are there."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.report.strategy.goal_tree import goal_tree
from septima.report.strategy.layout import lay_out
from septima.report.strategy.marks import STATUSES
from septima.report.strategy.strategy_map import layout_of, strategy_map
from septima.report.studies.goals import goals_study
from septima.schema import LANGUAGES, Language
from tests.scorecard.test_goals import GOALS, _report

_SVG = "{http://www.w3.org/2000/svg}"


def _read(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own drawing


@st.composite
def _maps(draw: st.DrawFn) -> tuple[list[list[str]], list[tuple[str, str]]]:
    rows = draw(st.lists(st.integers(1, 5), min_size=1, max_size=7))
    names = [[f"g{row}_{place}" for place in range(count)] for row, count in enumerate(rows)]
    every = [name for row in names for name in row]
    arrows = draw(st.lists(st.tuples(st.sampled_from(every), st.sampled_from(every)), max_size=12, unique=True))
    return names, [(one, other) for one, other in arrows if one != other]


@given(_maps())
@settings(deadline=None, max_examples=150)
def test_boxes_and_passages_of_a_row_lie_apart_and_within_the_map(
    drawn: tuple[list[list[str]], list[tuple[str, str]]],
) -> None:
    rows, arrows = drawn
    layout = lay_out(rows, arrows, width=628, widest=168, gap=10, passage=12)
    for number, row in enumerate(rows):
        places = sorted((place for place in layout.places.values() if place.row == number), key=lambda one: one.left)
        assert {place.name for place in places if place.is_goal} == set(row)
        assert places[0].left >= 0
        assert places[-1].left + places[-1].width <= 628
        for one, other in pairwise(places):
            assert one.left + one.width < other.left
    for (source, target), way in zip(arrows, layout.ways, strict=True):
        assert (way[0], way[-1]) == (source, target)
        # It passes each row between its ends once, and there by a passage of its own.
        steps = [layout.places[name].row for name in way]
        assert all(abs(one - other) == 1 for one, other in pairwise(steps)) or steps[0] == steps[-1]
        assert not any(layout.places[name].is_goal for name in way[1:-1])


def test_two_arrows_that_need_not_cross_do_not() -> None:
    layout = lay_out([["a", "b"], ["c", "d"]], [("c", "b"), ("d", "a")], width=600, widest=150, gap=10, passage=12)
    at = {name: place.left for name, place in layout.places.items()}
    assert (at["c"] < at["d"]) == (at["b"] < at["a"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_goal_stands_on_the_map_once_and_arrows_end_at_its_edges(language: Language) -> None:
    report = _report(stock=30.0)
    drawn = _read(strategy_map(report, language))
    words = " ".join(text.text or "" for text in drawn.iter(f"{_SVG}text"))
    for goal in report.walk():
        assert words.count(goal.goal.name.in_language(language)) == 1
        assert STATUSES[goal.status].in_language(language) in words
    boxes = [
        [float(box.get(name) or 0) for name in ("x", "y", "width", "height")]
        for box in drawn.iter(f"{_SVG}rect")
        if box.get("stroke") != "none"
    ]
    assert len(boxes) == 3
    (arrow,) = [path for path in drawn.iter(f"{_SVG}path") if "C" in (path.get("d") or "")]
    numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", arrow.get("d") or "")]
    for x, y in (numbers[:2], numbers[-2:]):
        assert any(
            left <= x <= left + width and min(abs(y - top), abs(y - top - height)) < 0.2
            for left, top, width, height in boxes
        )


def test_an_arrow_over_several_rows_is_led_between_the_boxes() -> None:
    _, layout = layout_of(_report())
    (way,) = layout.ways
    assert way == ("shelf", "grow")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tree_has_a_line_for_each_goal_and_kpi_with_its_progress(language: Language) -> None:
    report = _report()
    drawn = _read(goal_tree(report, language))
    texts = [text.text or "" for text in drawn.iter(f"{_SVG}text")]
    for goal in report.walk():
        assert goal.goal.name.in_language(language) in texts
    assert sum(text.endswith("%") and len(text) < 8 for text in texts) == 3 + 4
    bottom = max(float(text.get("y") or 0) for text in drawn.iter(f"{_SVG}text"))
    assert bottom < float((drawn.get("viewBox") or "").split()[-1])


def test_names_that_look_like_markup_stay_words() -> None:
    report = _report(GOALS.replace("Full shelves", "'<b>Full</b> & \"quoted\"'"))
    for svg in (strategy_map(report, "en"), goal_tree(report, "en")):
        assert "<b>" not in svg
        _read(svg)


@pytest.mark.parametrize(("language", "words"), [("en", "behind"), ("ru", "отстаёт")])
def test_the_study_says_in_both_languages_where_goals_stand(language: Language, words: str) -> None:
    study = goals_study(_report(), language)
    tables = [table for section in study.sections for table in section.tables]
    assert [len(table.rows) for table in tables] == [3, 4, 2]
    assert any(words in str(row[-1]) for row in tables[0].rows)
    assert study.measures[-1].number.value == 3
    assert len([drawing for section in study.sections for drawing in section.drawings]) == 2
