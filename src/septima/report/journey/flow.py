"""Actual steps between the stages of a journey as SVG: intended ones above and between the stages, deviations beneath.

Every arc has a level of its own where its stretch meets that of another, so that arcs and their labels do not overlap.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt

from septima.metrics.journey import Transition
from septima.report import palette
from septima.report.number_forms import count
from septima.report.schemes import box, head, line, picture, rounded, text, towards
from septima.report.studies.study import percent
from septima.report.text_width import text_width, wrapped
from septima.schema import Language, Text
from septima.scorecard.journey import JourneyMap

WIDTH = 800.0
_SIZE, _LINE = 9.0, 11.0
_NAME_SIZE = 10.5
_LEVEL = 17.0
_BOX_HEIGHT = 52.0
_SHARE_OF_BOX = 0.66
_CORNER = 6.0
_HEAD = 6.5
_MARGIN = 8.0
_CUSTOMERS = Text("customers", "клиентов")


@dataclass(frozen=True)
class Arc:
    """A step drawn over or under the boxes: its ends across the sheet and its level, from 1 next to the boxes."""

    step: Transition
    start: float
    end: float
    level: int
    label: str
    label_x: float


@dataclass(frozen=True)
class Flow:
    """The places of a flow picture: left sides and width of the boxes, arcs above and beneath, straight steps between."""

    lefts: tuple[float, ...]
    box_width: float
    above: tuple[Arc, ...]
    beneath: tuple[Arc, ...]
    straight: tuple[Transition, ...]


def lay_out_flow(
    stages: int, intended: Sequence[Transition], deviations: Sequence[Transition], language: Language
) -> Flow:
    """Place boxes and arcs: each side of the boxes has its own arcs, whose ends stand apart on their box."""
    pitch = (WIDTH - 2 * _MARGIN) / stages
    width = pitch * _SHARE_OF_BOX
    lefts = tuple(_MARGIN + place * pitch + (pitch - width) / 2 for place in range(stages))
    straight = tuple(step for step in intended if step.target == step.source + 1)
    above = [step for step in intended if step.target != step.source + 1]
    return Flow(
        lefts,
        width,
        _arcs(above, lefts, width, language),
        _arcs(deviations, lefts, width, language),
        straight,
    )


def flow_svg(
    found: JourneyMap, intended: Sequence[Transition], deviations: Sequence[Transition], language: Language, says: str
) -> str:
    """The SVG element of the flow between stages; `says` is what it shows in words."""
    stages = found.journey.stages
    flow = lay_out_flow(len(stages), intended, deviations, language)
    top = _LEVEL * (max((arc.level for arc in flow.above), default=0) + 0.6)
    bottom = top + _BOX_HEIGHT
    height = bottom + _LEVEL * (max((arc.level for arc in flow.beneath), default=0) + 0.9)
    parts: list[str] = []
    for arcs, edge, direction, colour in (
        (flow.beneath, bottom, 1, palette.QUIET),
        (flow.above, top, -1, palette.ACCENT),
    ):
        for arc in arcs:
            parts += _arc(arc, edge, direction, colour)
    for step in flow.straight:
        parts += _straight(step, flow, (top + bottom) / 2, language)
    for place, stage in enumerate(stages):
        parts += _stage(
            stage.name.in_language(language), found.measures.stages[place].reached, flow, place, top, language
        )
    for arcs, edge, direction, colour in (
        (flow.beneath, bottom, 1, palette.QUIET),
        (flow.above, top, -1, palette.ACCENT),
    ):
        for arc in arcs:
            parts += _arc_label(arc, edge, direction, colour)
    return picture(WIDTH, height, parts, says)


def _arcs(steps: Sequence[Transition], lefts: Sequence[float], width: float, language: Language) -> tuple[Arc, ...]:
    ends = _ends(steps, lefts, width)
    levels: list[list[tuple[float, float]]] = []
    found: list[Arc] = []
    shortest = sorted(range(len(steps)), key=lambda one: (abs(steps[one].target - steps[one].source), one))
    for number in shortest:
        step = steps[number]
        start, end = ends[number]
        label = _label(step, language)
        room = text_width(label, _SIZE) + 6.0
        middle = min(max((start + end) / 2, room / 2 + 1.0), WIDTH - room / 2 - 1.0)
        low, high = min(start, end, middle - room / 2) - 3.0, max(start, end, middle + room / 2) + 3.0
        level = next(
            (place for place, taken in enumerate(levels) if all(high < one or low > other for one, other in taken)),
            len(levels),
        )
        if level == len(levels):
            levels.append([])
        levels[level].append((low, high))
        found.append(Arc(step, start, end, level + 1, label, middle))
    return tuple(found)


def _ends(steps: Sequence[Transition], lefts: Sequence[float], width: float) -> list[tuple[float, float]]:
    """Where each arc meets its boxes: those from and to the left stand left, the longest in the middle, so that few cross."""
    meeting: dict[int, list[tuple[float, int, bool]]] = defaultdict(list)
    for number, step in enumerate(steps):
        length = step.target - step.source
        meeting[step.source].append((_turn(length), number, True))
        meeting[step.target].append((_turn(-length), number, False))
    starts: dict[int, float] = {}
    stops: dict[int, float] = {}
    for place, found in meeting.items():
        for turn, (_, number, leaves) in enumerate(sorted(found)):
            x = lefts[place] + width * (turn + 1) / (len(found) + 1)
            (starts if leaves else stops)[number] = x
    return [(starts[number], stops[number]) for number in range(len(steps))]


def _turn(length: int) -> float:
    """A place on a box for an arc whose other end is `length` boxes to the right: left arcs by length, then right ones back."""
    return float(-1000 - length) if length < 0 else float(-length)


def _label(step: Transition, language: Language) -> str:
    return f"{percent(step.share.value, language, 0).text} · {count(step.steps, language)}"


def _thickness(step: Transition) -> float:
    return 0.8 + 2.2 * sqrt(step.share.value or 0.0)


def _arc(arc: Arc, edge: float, direction: int, colour: str) -> Iterator[str]:
    away = edge + direction * _LEVEL * arc.level
    spots = ((arc.start, edge), (arc.start, away), (arc.end, away), (arc.end, edge))
    yield line(rounded(spots, _CORNER, short=_HEAD), colour, width=_thickness(arc.step))
    yield head(spots[3], spots[2], colour)


def _arc_label(arc: Arc, edge: float, direction: int, colour: str) -> Iterator[str]:
    y = edge + direction * _LEVEL * arc.level
    room = text_width(arc.label, _SIZE)
    yield box((arc.label_x - room / 2 - 2.0, y - 6.0), room + 4.0, 12.0, fill=palette.PAPER)
    yield text((arc.label_x, y + 3.2), arc.label, _SIZE, colour, anchor="middle")


def _straight(step: Transition, flow: Flow, y: float, language: Language) -> Iterator[str]:
    start, end = flow.lefts[step.source] + flow.box_width, flow.lefts[step.target]
    short = towards((end, y), (start, y), _HEAD - 1.0)
    yield line(f"M{start:.1f} {y:.1f}L{short[0]:.1f} {y:.1f}", palette.ACCENT, width=_thickness(step))
    yield head((end, y), (start, y), palette.ACCENT)
    middle = (start + end) / 2
    yield text(
        (middle, y - 6.0),
        percent(step.share.value, language, 0).text,
        _SIZE,
        palette.ACCENT,
        anchor="middle",
        bold=True,
    )
    yield text((middle, y + 13.0), count(step.steps, language), _SIZE - 1.0, palette.ACCENT, anchor="middle")


def _stage(name: str, reached: int, flow: Flow, place: int, top: float, language: Language) -> Iterator[str]:
    x = flow.lefts[place]
    yield box((x, top), flow.box_width, _BOX_HEIGHT, fill=palette.ACCENT_LIGHT, corner=4.0)
    middle = x + flow.box_width / 2
    names = wrapped(name, flow.box_width - 6.0, _NAME_SIZE, bold=True, most=2)
    y = top + (_BOX_HEIGHT - 12.0 * len(names) - 2 * _LINE) / 2
    for turn, words in enumerate(names):
        yield text((middle, y + 12.0 * (turn + 0.8)), words, _NAME_SIZE, palette.INK, anchor="middle", bold=True)
    y += 12.0 * len(names)
    yield text((middle, y + _LINE * 0.85), count(reached, language), _SIZE, palette.INK, anchor="middle")
    yield text((middle, y + _LINE * 1.8), _CUSTOMERS.in_language(language), _SIZE - 1.0, palette.QUIET, anchor="middle")
