"""Single values of YAML text are changed, and nothing else is."""

from datetime import date
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from septima.scorecard.starter import TRADES, starter_definition
from septima.web.editing.layout import Add, LayoutError, Literal, Move, Put, Take, at, changed, content

SCORECARD = starter_definition("general")
TEXTS = {
    **{f"scorecard {trade}": starter_definition(trade) for trade in TRADES},
    **{
        name: (resources.files("septima") / name).read_text(encoding="utf-8")
        for name in (
            "scorecard/alerts/starter.yaml",
            "scorecard/processes/starter.yaml",
            "scorecard/journey/starter.yaml",
            "scorecard/rollout/starter.yaml",
            "metrics/custom/starter.yaml",
            "septima.yaml",
        )
        if (resources.files("septima") / name).is_file()
    },
    **{path.name: path.read_text(encoding="utf-8") for path in Path("src/septima/demo").rglob("*.yaml")},
}


def test_no_change_leaves_every_byte() -> None:
    assert len(TEXTS) > 12
    for text in TEXTS.values():
        assert changed(text, []) == text


def test_a_number_changes_on_its_own_line_and_keeps_the_comment_after_it() -> None:
    text = "a:\n- id: x   # one\n  weight: 1.20   # two\n\n- id: y\n"
    assert changed(text, [Put(("a", 0, "weight"), Literal("1.5", 1.5))]) == text.replace("1.20", "1.5")


def test_a_field_that_was_not_there_comes_after_those_before_it_in_the_order() -> None:
    text = "kpis:\n- id: x  # one\n  by: channel\n- id: y\n"
    after = changed(text, [Put(("kpis", 0, "weight"), Literal("2", 2), order=("id", "weight", "by"))])
    assert after == "kpis:\n- id: x  # one\n  weight: 2\n  by: channel\n- id: y\n"


def test_a_field_of_a_mapping_that_is_not_there_begins_it() -> None:
    changes = [Put(("thresholds", "bad"), Literal("0.1", 0.1)), Put(("thresholds", "good"), Literal("0.3", 0.3))]
    assert changed("id: x\n", changes) == "id: x\nthresholds: {bad: 0.1, good: 0.3}\n"


def test_a_field_that_is_taken_out_takes_its_lines_and_an_emptied_mapping_with_it() -> None:
    text = "a: 1\nb:\n  c: 2   # two\nd: {e: 1, f: 2}\n"
    assert changed(text, [Take(("b", "c"))]) == "a: 1\nd: {e: 1, f: 2}\n"
    assert changed(text, [Take(("d", "e"))]).endswith("d: {f: 2}\n")
    assert changed(text, [Take(("d", "f"))]).endswith("d: {e: 1}\n")


def test_entries_are_added_in_the_form_of_their_neighbours() -> None:
    assert changed("a:\n  - {x: 1}\n  - {x: 2}  # two\nb: 1\n", [Add(("a",), {"x": 3})]) == (
        "a:\n  - {x: 1}\n  - {x: 2}  # two\n  - {x: 3}\nb: 1\n"
    )
    assert changed("a:\n- x: 1\n  y: 2", [Add(("a",), {"x": 3, "y": {"en": "A, b", "ru": "Да"}})]) == (
        'a:\n- x: 1\n  y: 2\n- x: 3\n  y: {en: "A, b", ru: Да}'
    )
    assert changed("a: []\nb: 1\n", [Add(("a",), {"x": 3})]) == "a:\n- x: 3\nb: 1\n"
    assert changed("b: 1\n", [Add(("a",), {"x": 3})]) == "b: 1\na:\n- x: 3\n"
    assert changed("b: 1\na:\n", [Add(("a",), {"x": 3})]) == "b: 1\na:\n- x: 3\n"
    assert changed("a: [{x: 1}]\n", [Add(("a",), {"x": 3})]) == "a: [{x: 1}, {x: 3}]\n"


def test_entries_move_with_the_comments_above_them() -> None:
    text = "a:\n- x: 1\n\n# two\n- x: 2   # more\n  y: 3\nb: 1\n"
    moved = changed(text, [Move(("a", 1), -1)])
    assert moved == "a:\n# two\n- x: 2   # more\n  y: 3\n\n- x: 1\nb: 1\n"
    assert changed(moved, [Move(("a", 0), 1)]) == text
    with pytest.raises(LayoutError):
        changed(text, [Move(("a", 1), 1)])


def test_the_last_entry_of_a_list_leaves_it_empty() -> None:
    assert changed("own:\n- id: x\n  target: 3\nb: 1\n", [Take(("own", 0))]) == "own: []\nb: 1\n"


def test_rules_take_the_place_of_a_number_and_give_it_back() -> None:
    text = "kpis:\n- id: x\n  target: 3   # now\n- id: y\n"
    ruled = changed(text, [Put(("kpis", 0, "target"), {"by_period": {"2026-Q1": Literal("4", 4)}})])
    assert "target: {by_period: {2026-Q1: 4}}   # now" in ruled
    assert changed(ruled, [Put(("kpis", 0, "target"), Literal("3", 3))]) == text
    lines = "kpis:\n- id: x\n  target:\n    plan: p\n    otherwise: 2\n- id: y\n"
    assert changed(lines, [Put(("kpis", 0, "target"), Literal("3", 3))]) == "kpis:\n- id: x\n  target: 3\n- id: y\n"


@pytest.mark.parametrize(
    "word",
    [
        "yes",
        "1",
        "a: b",
        "# x",
        "",
        " x ",
        "да, нет",
        "- a",
        "{x}",
        "null",
        "x'y\"z",
        "*a",
        "2026-01-01",
        "a\nb",
        "a\n\n b\n",
    ],
)
def test_any_words_come_back_as_they_were_given(word: str) -> None:
    for text in (
        "a: old\nb: 1\n",
        "a: 'old'\nb: 1\n",
        'a: "old"\n',
        "x: {a: old, b: 1}\n",
        "a: |\n  old\n  text\n\nb: 1\n",
    ):
        path = ("x", "a") if text.startswith("x") else ("a",)
        assert at(content(changed(text, [Put(path, word)])), path) == word


def test_days_and_truths_are_written_as_such() -> None:
    text = changed("a: 1\n", [Put(("b",), date(2026, 9, 30)), Put(("c",), True), Put(("d",), ["x", "y, z"])])
    assert text == 'a: 1\nb: 2026-09-30\nc: true\nd: [x, "y, z"]\n'


def _scalars(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [one for key, inner in value.items() for one in _scalars(inner, (*path, key))]
    if isinstance(value, list):
        return [one for place, inner in enumerate(value) for one in _scalars(inner, (*path, place))]
    return [path]


@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(
    st.sampled_from(sorted(TEXTS)),
    st.integers(0, 10**6),
    st.one_of(
        st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20),
        st.integers(-(10**9), 10**9),
        st.booleans(),
    ),
)
def test_one_changed_value_changes_its_line_alone(name: str, chosen: int, value: object) -> None:
    text = TEXTS[name]
    places = _scalars(content(text))
    path = places[chosen % len(places)]
    after = changed(text, [Put(path, value)])
    assert at(content(after), path) == value
    before_lines, after_lines = text.splitlines(), after.splitlines()
    assert len(before_lines) == len(after_lines)
    assert sum(one != other for one, other in zip(before_lines, after_lines, strict=True)) <= 1
