"""Ways of arrows over a sheet, told by channels: the strips between rows and columns of boxes, where no box stands.

Boxes stand in a staircase, each in a row and a column of its own, so that beside a box its row is free, and above and
below it its column. A way goes along rows and columns beside their box and along channels only, so it crosses no box.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from septima.report.idef0.ports import Plan, Side, pairs_of
from septima.scorecard.processes import End

PortName = Literal["left_port", "top_port", "right_port", "bottom_port"]

Line = tuple[
    Literal["frame_left", "frame_right", "frame_top", "frame_bottom", "box_left", "box_right", "box_top", "box_bottom",
            "top_port", "bottom_port", "left_port", "right_port", "upright", "level"],
    int,
]  # fmt: skip
"""A line of the sheet across which a point stands: a side of the frame or of a box, an arrow's port, its track in a channel.

Channel k of `upright` lies before column k and that of `level` above row k, both numbered from 0 to the number of boxes.
"""

PORTS: Mapping[Side, PortName] = {
    "left": "left_port", "top": "top_port", "right": "right_port", "bottom": "bottom_port",
}  # fmt: skip

Point = tuple[Line, Line]
"""Where an upright line (its x) and a level one (its y) cross."""


@dataclass(frozen=True)
class Way:
    """One branch of an arrow, from point to point; `head` says whether it ends in an arrowhead, `ends` which box or frame it joins."""

    arrow: int
    points: tuple[Point, ...]
    head: bool = True
    source: End | None = None
    target: End | None = None
    from_frame: bool = False
    to_frame: bool = False


def ways_of(plan: Plan) -> tuple[Way, ...]:
    """The ways of all arrows; branches of one arrow begin on a line that they share."""
    count = len(plan.sheet.boxes)
    return tuple(way for number in range(len(plan.arrows)) for way in _ways(plan, number, count))


def _ways(plan: Plan, number: int, count: int) -> Iterator[Way]:
    arrow = plan.arrows[number]
    entry = plan.entries.get(number)
    if entry is not None:
        for target in arrow.targets:
            straight = target == entry.first
            points = _from_frame(entry.first, target, count)
            yield Way(number, points, target=target, from_frame=straight)
    for source, target in pairs_of(arrow):
        yield Way(number, _between(source.box, target), source=source, target=target)
    if arrow.leaves:
        first, *others = arrow.sources
        yield Way(
            number,
            ((("box_right", first.box), ("right_port", first.box)), (("frame_right", 0), ("right_port", first.box))),
            source=first,
            to_frame=True,
        )
        for source in others:
            joins: Line = ("upright", count)
            yield Way(
                number,
                (
                    (("box_right", source.box), ("right_port", source.box)),
                    (joins, ("right_port", source.box)),
                    (joins, ("right_port", first.box)),
                ),
                head=False,
                source=source,
            )


def _into(target: End, *, along: Line) -> tuple[Point, ...]:
    """The last points of a way that comes along an upright line `along` before column of the target, or a level one to its port."""
    box = target.box
    if target.role == "input":
        return ((along, ("left_port", box)), (("box_left", box), ("left_port", box)))
    if target.role == "control":
        return ((("top_port", box), along), (("top_port", box), ("box_top", box)))
    return ((("bottom_port", box), along), (("bottom_port", box), ("box_bottom", box)))


def _between(source: int, target: End) -> tuple[Point, ...]:
    start: Point = (("box_right", source), ("right_port", source))
    out: Line = ("right_port", source)
    box, onward = target.box, target.box > source
    before: Line = ("upright", box)
    after: Line = ("upright", source + 1)
    if target.role == "control" and onward:
        return (start, *_into(target, along=out))
    if target.role == "control":
        over: Line = ("level", box)
        return (start, (after, out), (after, over), *_into(target, along=over))
    if target.role == "input" and onward:
        return (start, (before, out), *_into(target, along=before))
    under: Line = ("level", source + 1)
    if target.role == "input":
        return (start, (after, out), (after, under), (before, under), *_into(target, along=before))
    if onward:
        beneath: Line = ("level", box + 1)
        return (start, (before, out), (before, beneath), *_into(target, along=beneath))
    return (start, (after, out), (after, under), *_into(target, along=under))


def _from_frame(first: End, target: End, count: int) -> tuple[Point, ...]:
    """From the frame to `target`, along the straight line to `first` as far as they go together."""
    if first.role == "input":
        return _from_left(first.box, target, straight=target == first)
    above = first.role == "control"
    trunk: Line = ("top_port", first.box) if above else ("bottom_port", first.box)
    if target == first:
        border: Line = ("frame_top", 0) if above else ("frame_bottom", 0)
        return ((trunk, border), (trunk, ("box_top" if above else "box_bottom", first.box)))
    level: Line = ("level", 0) if above else ("level", count)
    before: Line = ("upright", target.box)
    if target.role == first.role:
        turns: tuple[Point, ...] = _into(target, along=level)
    elif target.role == "input":
        turns = ((before, level), *_into(target, along=before))
    else:
        near = _level_to(target)
        turns = ((before, level), (before, near), *_into(target, along=near))
    return ((trunk, level), *turns)


def _from_left(box: int, target: End, *, straight: bool) -> tuple[Point, ...]:
    trunk: Line = ("left_port", box)
    if straight:
        return ((("frame_left", 0), trunk), (("box_left", box), trunk))
    edge: Line = ("upright", 0)
    if target.role == "input":
        return ((edge, trunk), *_into(target, along=edge))
    level = _level_to(target)
    return ((edge, trunk), (edge, level), *_into(target, along=level))


def _level_to(target: End) -> Line:
    """The level channel from which a control or a mechanism is reached."""
    return ("level", target.box if target.role == "control" else target.box + 1)
