"""What differs between two texts: by lines, and within them by words; and two changes of one text joined."""

import difflib
import re
from dataclasses import dataclass
from typing import Literal

_WORDS = re.compile(r"\s+|\d+(?:[.,]\d+)?|\w+|[^\w\s]")
_CONTEXT = 3
_MOST_LINES_BY_WORD = 400


@dataclass(frozen=True)
class Piece:
    """Part of a line; `changed` where the other text has not got it."""

    text: str
    changed: bool


@dataclass(frozen=True)
class Line:
    """A line of a comparison with its number in either text; `gap` stands for lines that are the same."""

    kind: Literal["same", "gone", "new", "gap"]
    pieces: tuple[Piece, ...]
    old: int | None = None
    new: int | None = None


@dataclass(frozen=True)
class Merged:
    """Two changes of one text joined; where both changed the same lines, `conflicts` tells old, ours and theirs."""

    text: str
    conflicts: tuple[tuple[str, str, str], ...]


def compared(old: str, new: str) -> tuple[Line, ...]:
    """The lines in which two texts differ, with some that stand around them."""
    before, after = old.splitlines(), new.splitlines()
    lines: list[Line] = []
    groups = difflib.SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_CONTEXT)
    for position, group in enumerate(groups):
        if position or group[0][1] > 0:
            lines.append(Line("gap", ()))
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                lines += [
                    Line("same", (Piece(before[place], False),), place + 1, new_from + place - old_from + 1)
                    for place in range(old_from, old_to)
                ]
            else:
                lines += _replaced(before, after, range(old_from, old_to), range(new_from, new_to))
    return tuple(lines)


def _replaced(before: list[str], after: list[str], gone: range, come: range) -> list[Line]:
    if len(gone) == len(come) and len(gone) <= _MOST_LINES_BY_WORD:
        pairs = [_by_words(before[old], after[new]) for old, new in zip(gone, come, strict=True)]
    else:
        pairs = []
    old_lines = [
        Line("gone", pairs[place][0] if pairs else (Piece(before[old], False),), old + 1, None)
        for place, old in enumerate(gone)
    ]
    new_lines = [
        Line("new", pairs[place][1] if pairs else (Piece(after[new], False),), None, new + 1)
        for place, new in enumerate(come)
    ]
    return [*old_lines, *new_lines]


def _by_words(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    gone: list[Piece] = []
    come: list[Piece] = []
    for tag, old_from, old_to, new_from, new_to in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if old_to > old_from:
            gone.append(Piece("".join(before[old_from:old_to]), tag != "equal"))
        if new_to > new_from:
            come.append(Piece("".join(after[new_from:new_to]), tag != "equal"))
    return tuple(gone), tuple(come)


def merged(base: str, ours: str, theirs: str, prefer: Literal["ours", "theirs"] = "ours") -> Merged:
    """Our change and theirs of the same text, joined by lines; where they meet, what is preferred stands."""
    lines = base.splitlines(keepends=True)
    sides = [text.splitlines(keepends=True) for text in (ours, theirs)]
    changes = [
        (old_from, old_to, side, sides[side][new_from:new_to])
        for side in (0, 1)
        for tag, old_from, old_to, new_from, new_to in difflib.SequenceMatcher(
            None, lines, sides[side], autojunk=False
        ).get_opcodes()
        if tag != "equal"
    ]
    changes.sort(key=lambda change: (change[0], change[1]))
    result: list[str] = []
    conflicts: list[tuple[str, str, str]] = []
    reached, place = 0, 0
    while place < len(changes):
        begin, end = changes[place][0], changes[place][1]
        together = [changes[place]]
        while place + len(together) < len(changes):
            following = changes[place + len(together)]
            if not (
                following[0] < end or following[0] == begin or (following[0] == end and following[2] != together[-1][2])
            ):
                break
            together.append(following)
            end = max(end, following[1])
        result += lines[reached:begin]
        versions = [_side(lines, begin, end, [one for one in together if one[2] == side]) for side in (0, 1)]
        touched = {one[2] for one in together}
        if len(touched) == 1:
            result += versions[touched.pop()]
        elif versions[0] == versions[1]:
            result += versions[0]
        else:
            result += versions[0 if prefer == "ours" else 1]
            conflicts.append(("".join(lines[begin:end]), "".join(versions[0]), "".join(versions[1])))
        reached, place = end, place + len(together)
    result += lines[reached:]
    return Merged("".join(result), tuple(conflicts))


def _side(lines: list[str], begin: int, end: int, changes: list[tuple[int, int, int, list[str]]]) -> list[str]:
    result: list[str] = []
    reached = begin
    for old_from, old_to, _, new in changes:
        result += [*lines[reached:old_from], *new]
        reached = old_to
    return [*result, *lines[reached:end]]
