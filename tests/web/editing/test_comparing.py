"""Texts are compared by words, and changes of one text are joined."""

from hypothesis import given
from hypothesis import strategies as st

from septima.web.editing.comparing import compared, merged

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n", "e\n"]), max_size=8).map("".join)


def test_words_that_differ_are_told_from_those_that_do_not() -> None:
    old, new = [
        line for line in compared("a: 1\nweight: 0.9  # x\n", "a: 1\nweight: 1.1  # x\n") if line.kind != "same"
    ]
    assert [piece.text for piece in old.pieces if piece.changed] == ["0.9"]
    assert [piece.text for piece in new.pieces if piece.changed] == ["1.1"]
    assert (old.old, old.new, new.old, new.new) == (2, None, None, 2)


def test_changes_of_different_lines_are_joined() -> None:
    joined = merged("a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\nf\n")
    assert (joined.text, joined.conflicts) == ("A\nb\nc\nd\nE\nf\n", ())


def test_changes_of_the_same_line_are_told_and_one_is_preferred() -> None:
    joined = merged("a\nb\nc\n", "a\nx\nc\n", "a\ny\nc\n", "theirs")
    assert (joined.text, joined.conflicts) == ("a\ny\nc\n", (("b\n", "x\n", "y\n"),))
    assert merged("a\nb\nc\n", "a\nx\nc\n", "a\ny\nc\n").text == "a\nx\nc\n"


@given(LINES, LINES)
def test_a_change_joined_with_none_is_itself(base: str, changed: str) -> None:
    assert merged(base, changed, base) == merged(base, base, changed)
    assert merged(base, changed, base).text == changed
    assert merged(base, changed, changed).text == changed


@given(LINES, LINES)
def test_a_comparison_holds_every_line_that_differs(old: str, new: str) -> None:
    lines = compared(old, new)
    gone = [line.old for line in lines if line.kind == "gone"]
    come = [line.new for line in lines if line.kind == "new"]
    assert len(old.splitlines()) - len(gone) == len(new.splitlines()) - len(come)
