"""Where goals stand on the strategy map: perspectives as rows, crossings of arrows few, long arrows led between the boxes.

After Sugiyama, Tagawa & Toda (1981): a row is a layer, an arrow that passes rows takes a narrow place in each, and the
order within rows is by the mean place of the neighbours, swept down and up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

_SWEEPS = 8


@dataclass(frozen=True)
class Place:
    """A goal's box or an arrow's passage in a row: its left edge and width, from 0."""

    name: str
    row: int
    left: float
    width: float
    is_goal: bool

    @property
    def middle(self) -> float:
        """The middle from left to right."""
        return self.left + self.width / 2


@dataclass(frozen=True)
class MapLayout:
    """Places by name, and of each arrow the names that it leads by: source, passages, target."""

    places: Mapping[str, Place]
    ways: tuple[tuple[str, ...], ...]


def lay_out(
    rows: Sequence[Sequence[str]],
    arrows: Sequence[tuple[str, str]],
    *,
    width: float,
    widest: float,
    gap: float,
    passage: float,
) -> MapLayout:
    """Places within `width` of the goals of each row, no box wider than `widest`, with `gap` between them."""
    row_of = {name: number for number, row in enumerate(rows) for name in row}
    filled = [list(row) for row in rows]
    ways: list[tuple[str, ...]] = []
    for number, (source, target) in enumerate(arrows):
        begin, end = row_of[source], row_of[target]
        step = 1 if end > begin else -1
        between: list[str] = []
        for row in range(begin + step, end, step) if begin != end else ():
            name = f"\0{number}.{row}"  # no id can hold this sign
            filled[row].append(name)
            between.append(name)
        ways.append((source, *between, target))
    neighbours: dict[str, list[str]] = {name: [] for row in filled for name in row}
    for way in ways:
        for one, other in pairwise(way):
            neighbours[one].append(other)
            neighbours[other].append(one)
    _sweep(filled, neighbours)
    places = {
        place.name: place
        for number, row in enumerate(filled)
        for place in _spread(row, number, set(row_of), width=width, widest=widest, gap=gap, passage=passage)
    }
    return MapLayout(places, tuple(ways))


def _sweep(rows: list[list[str]], neighbours: Mapping[str, Sequence[str]]) -> None:
    for turn in range(_SWEEPS):
        order = range(1, len(rows)) if turn % 2 == 0 else range(len(rows) - 2, -1, -1)
        for number in order:
            other = rows[number - 1] if turn % 2 == 0 else rows[number + 1]
            at = {name: (place + 0.5) / len(other) for place, name in enumerate(other)}
            row = rows[number]
            own = {name: (place + 0.5) / len(row) for place, name in enumerate(row)}

            def wanted(name: str, at: Mapping[str, float] = at, own: Mapping[str, float] = own) -> tuple[float, float]:
                near = [at[one] for one in neighbours[name] if one in at]
                return (sum(near) / len(near) if near else own[name], own[name])

            row.sort(key=wanted)


def _spread(
    row: Sequence[str], number: int, goals: set[str], *, width: float, widest: float, gap: float, passage: float
) -> list[Place]:
    boxes = sum(name in goals for name in row)
    free = width - passage * (len(row) - boxes) - gap * (len(row) + 1)
    each = min(widest, free / boxes) if boxes else 0.0
    used = each * boxes + passage * (len(row) - boxes)
    space = (width - used) / (len(row) + 1)
    places: list[Place] = []
    left = space
    for name in row:
        mine = each if name in goals else passage
        places.append(Place(name, number, left, mine, name in goals))
        left += mine + space
    return places
