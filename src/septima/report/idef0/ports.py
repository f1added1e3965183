"""Where arrows meet boxes: the side of the frame that each comes from, and the order of arrows along each side of a box."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from septima.scorecard.processes import TAKEN, Arrow, End, ProcessModel, Role, Sheet, arrows_of, codes_of

Side = Literal["left", "top", "right", "bottom"]
SIDES: dict[Role, Side] = {"input": "left", "control": "top", "output": "right", "mechanism": "bottom"}
"""FIPS PUB 183, 3.2.2: inputs come in from the left, controls from above, mechanisms from below; outputs leave on the right."""

_ROLE_OF_CODE: dict[str, Role] = {"I": "input", "C": "control", "M": "mechanism"}


@dataclass(frozen=True)
class Entry:
    """Where an arrow that comes from the frame comes in, and the end that it leads straight to."""

    side: Side
    first: End


@dataclass(frozen=True)
class Plan:
    """A sheet ready to be laid out: its arrows, where they come in, and their numbers in order along the sides of each box."""

    sheet: Sheet
    arrows: tuple[Arrow, ...]
    entries: Mapping[int, Entry]
    along: Mapping[tuple[int, Side], tuple[int, ...]]


def plans_of(model: ProcessModel) -> tuple[Plan, ...]:
    """The plan of every sheet; ICOM codes count the arrows of the parent box in the order in which its sheet shows them."""
    codes: dict[str, dict[tuple[str, Role], str]] = {}
    found: list[Plan] = []
    for sheet in model.sheets:
        plan = plan_of(sheet, codes.get(sheet.node, {}))
        found.append(plan)
        for place, box in enumerate(sheet.boxes):
            order: dict[Role, tuple[str, ...]] = {
                role: tuple(plan.arrows[number].flow for number in plan.along.get((place, side), ()))
                for role, side in SIDES.items()
            }
            codes[box.number] = codes_of(box, order)
    return tuple(found)


def plan_of(sheet: Sheet, codes: Mapping[tuple[str, Role], str]) -> Plan:
    """The plan of one sheet; `codes` are the ICOM codes of its parent box."""
    arrows = arrows_of(sheet, codes)
    entries = _entries(arrows)
    along: dict[tuple[int, Side], tuple[int, ...]] = {}
    for place in range(len(sheet.boxes)):
        for role, side in SIDES.items():
            end = End(place, role)
            meeting = [
                number
                for number, arrow in enumerate(arrows)
                if end in (arrow.sources if role == "output" else arrow.targets)
            ]
            keys = {number: _key(arrows[number], entries.get(number), end) for number in meeting}
            along[place, side] = tuple(sorted(meeting, key=lambda number: keys[number]))
    return Plan(sheet, arrows, entries, along)


def _entries(arrows: Sequence[Arrow]) -> dict[int, Entry]:
    """Arrows that lead down or up to several boxes go straight to the one to which the fewest others do."""
    found: dict[int, Entry] = {}
    used: Counter[End] = Counter()
    for number, arrow in enumerate(arrows):
        if arrow.enters:
            role = _entry_role(arrow)
            ends = [end for end in arrow.targets if end.role == role]
            first = ends[0] if role == "input" else min(ends, key=lambda end: (used[end], end.box))
            used[first] += 1
            found[number] = Entry(SIDES[role], first)
    return found


def _entry_role(arrow: Arrow) -> Role:
    """The role that the parent box gives the arrow, where it keeps it on this sheet, else that of its first end."""
    roles = {end.role for end in arrow.targets}
    told = _ROLE_OF_CODE.get((arrow.entry_code or " ")[0])
    if told in roles:
        return told
    return next(role for role in TAKEN if role in roles)


def _key(arrow: Arrow, entry: Entry | None, end: End) -> tuple[int, int]:
    """A place along the side that lets arrows pass one another without crossing, as far as the side can tell."""
    if end.role == "output":
        return _key_of_output(arrow, end)
    before = [source.box for source in arrow.sources if source.box < end.box]
    after = [source.box for source in arrow.sources if source.box > end.box]
    if before:
        return 0, -max(before)
    if after:
        return 3, min(after)
    if entry is None or entry.side == SIDES[end.role]:
        return 1, 0
    from_above = entry.side == "top" or (entry.side == "left" and end.role != "input")
    return (0, 0) if from_above else (2, 0)


def _key_of_output(arrow: Arrow, end: End) -> tuple[int, int]:
    back = [target for target in arrow.targets if target.box < end.box]
    onward = [target.box for target in arrow.targets if target.box > end.box]
    if any(target.role == "control" for target in back):
        return 0, end.box
    if back:
        return 3, 0
    if arrow.leaves:
        return 1, 0
    return 2, -min(onward)


def pairs_of(arrow: Arrow) -> Iterator[tuple[End, End]]:
    """Every source at a box with every target at a box."""
    for source in arrow.sources:
        for target in arrow.targets:
            yield source, target
