"""What a process model is made of: flows, boxes within boxes, and the sheets that IDEF0 draws of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from septima.schema import Text

Role = Literal["input", "control", "output", "mechanism"]
ROLES: tuple[Role, ...] = get_args(Role)
TAKEN: tuple[Role, ...] = ("input", "control", "mechanism")
"""Roles in which a box takes a flow; as output it gives one."""

CONTEXT = "A-0"
"""The sheet that shows the whole as one box."""

TOP = "A0"
"""The box of the whole, and the sheet of what it is made of."""


@dataclass(frozen=True)
class Flow:
    """What an arrow carries: goods, people, papers or data."""

    id: str
    name: Text
    line: int | None = None


@dataclass(frozen=True)
class Box:
    """A function: what it takes and gives as ids of flows by role, what measures it, and the boxes it is made of.

    `kpis` are ids of the scorecard, `metrics` ids of the catalogue. Flows of `tunnelled_above` come from or go to a
    place that the sheet above does not show, those of `tunnelled_below` are left out of the box's own sheet. `lines`
    are where the file speaks of each field.
    """

    number: str
    name: Text
    flows: Mapping[Role, tuple[str, ...]]
    kpis: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    department: Text | None = None
    tunnelled_above: tuple[str, ...] = ()
    tunnelled_below: tuple[str, ...] = ()
    boxes: tuple["Box", ...] = ()
    line: int | None = None
    lines: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True)
class Sheet:
    """A sheet to be drawn: `parent` is the box that it takes apart, None on A-0; `place` its number in the model, from 1."""

    node: str
    title: Text
    boxes: tuple[Box, ...]
    parent: Box | None
    place: int


@dataclass(frozen=True)
class ProcessModel:
    """A model: the box of the whole, its flows, what the model is for and from whose point of view it is told."""

    top: Box
    flows: Mapping[str, Flow]
    purpose: Text
    viewpoint: Text
    file: str

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All boxes, each before those it is made of."""
        return tuple(_walk(self.top))

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """All sheets: A-0, A0, and one for each box that is taken apart, in the order of the node tree."""
        made = [Sheet(CONTEXT, self.top.name, (self.top,), None, 1)]
        for box in self.boxes:
            if box.boxes:
                made.append(Sheet(box.number, box.name, box.boxes, box, len(made) + 1))
        return tuple(made)


def _walk(box: Box) -> Iterator[Box]:
    yield box
    for inner in box.boxes:
        yield from _walk(inner)
