"""A sheet as SVG: boxes with their figures, arrows with rounded corners, and the frame with node, title and number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import dist

from septima.report import palette
from septima.report.idef0.layout import LABEL_SIZE, LINE, Label, Layout, Path, lay_out
from septima.report.idef0.ports import Plan
from septima.report.schemes import Spot, head, line, picture, rounded, text, towards
from septima.report.text_width import text_width, wrapped
from septima.schema import Language, Text
from septima.scorecard.card import State
from septima.scorecard.processes import End, ProcessModel

FIGURES = 3
"""How many figures a box shows; the table beside the sheet has them all."""

_NAME_SIZE, _NAME_LINE = 10.5, 12.5
_FIGURE_SIZE, _FIGURE_LINE = 8.8, 10.4
_PAD = 4.0
_CORNER = 5.0
_HEAD = 6.5
_STRIP = 24.0
_MARGIN = 2.0
_NODE = Text("Node", "Узел")
_TITLE = Text("Title", "Название")
_SHEET = Text("Sheet", "Лист")
_PURPOSE = Text("Purpose", "Цель")
_VIEWPOINT = Text("Viewpoint", "Точка зрения")
_MORE = Text("and {count} more", "и\u00a0ещё {count}")


@dataclass(frozen=True)
class Shown:
    """A figure of a box as it is written there; of an unknown state it has a hollow mark."""

    name: str
    value: str
    state: State


def sheet_svg(
    plan: Plan,
    model: ProcessModel,
    figures: Mapping[str, Sequence[Shown]],
    language: Language,
    *,
    sheets: int,
    says: str,
) -> str:
    """The SVG element of a sheet; `figures` by number of box, `sheets` how many there are, `says` what it shows in words."""
    layout = layout_of(plan, model, figures, language)
    frame = layout.frame
    told = _statement(model, frame.width, language) if plan.sheet.parent is None else []
    below = len(told) * LINE + 10.0 if told else 0.0
    height = frame.height + below + _STRIP
    parts = [_arrow(layout, number) for number in range(len(plan.arrows))]
    parts += [_box(layout, place, figures, language) for place in range(len(layout.boxes))]
    parts += [_tunnel(*mark) for mark in _tunnels(layout)]
    parts += [_label(label) for label in layout.labels]
    parts += [
        text((8.0, frame.height + 6.0 + LINE * (turn + 0.8)), said, LABEL_SIZE, palette.QUIET)
        for turn, said in enumerate(told)
    ]
    parts.append(_frame(plan, frame.width, height, language, sheets))
    shifted = f'<g transform="translate({_MARGIN:g} {_MARGIN:g})">{"".join(parts)}</g>'
    return picture(frame.width + 2 * _MARGIN, height + 2 * _MARGIN, [shifted], says)


def layout_of(plan: Plan, model: ProcessModel, figures: Mapping[str, Sequence[Shown]], language: Language) -> Layout:
    """The layout of a sheet with the words that it has in a language."""
    names = [model.flows[arrow.flow].name.in_language(language) for arrow in plan.arrows]

    def height(place: int, width: float) -> float:
        name, told = _words(plan, place, figures, width, language)
        return 2 * _PAD + _NAME_LINE * len(name) + (_FIGURE_LINE * len(told) + 3.0 if told else 0.0) + _FIGURE_LINE

    return lay_out(plan, names, height)


Spans = tuple[tuple[str, str, bool], ...]
"""Pieces of a line: words, their colour, and whether they are bold."""


def _words(
    plan: Plan, place: int, figures: Mapping[str, Sequence[Shown]], width: float, language: Language
) -> tuple[tuple[str, ...], list[Spans]]:
    """The lines of a box: of its name, and of its figures."""
    box = plan.sheet.boxes[place]
    inner = width - 2 * _PAD
    name = wrapped(box.name.in_language(language), inner, _NAME_SIZE, bold=True, most=4)
    told: list[Spans] = []
    shown = figures.get(box.number, ())
    for figure in shown[:FIGURES]:
        told += _figure_lines(figure, inner)
    if len(shown) > FIGURES:
        more = _MORE.in_language(language).format(count=len(shown) - FIGURES)
        told.append(((more, palette.QUIET, False),))
    return name, told


def _figure_lines(figure: Shown, width: float) -> list[Spans]:
    """`● On-time delivery 91.2 %` in one line, or in as many as its name needs, of which three at most."""
    mark = (palette.STATE_MARKS[figure.state] + "\u00a0", palette.STATE_COLOURS[figure.state], False)
    indent = text_width(mark[0], _FIGURE_SIZE)
    lines = wrapped(figure.name, width - indent, _FIGURE_SIZE, most=3)
    value = (" " + figure.value, palette.INK, True)
    room = width - indent - text_width(lines[-1], _FIGURE_SIZE)
    spans: list[Spans] = []
    for turn, words in enumerate(lines):
        start: Spans = (mark,) if turn == 0 else ()
        spans.append((*start, (words, palette.INK, False)))
    if text_width(value[0], _FIGURE_SIZE, bold=True) <= room:
        spans[-1] = (*spans[-1], value)
    else:
        spans.append(((figure.value, palette.INK, True),))
    return spans


def _box(layout: Layout, place: int, figures: Mapping[str, Sequence[Shown]], language: Language) -> str:
    plan, rect = layout.plan, layout.boxes[place]
    box = plan.sheet.boxes[place]
    name, told = _words(plan, place, figures, rect.width, language)
    parts = [
        (
            f'<rect x="{rect.x:.1f}" y="{rect.y:.1f}" width="{rect.width:.1f}" height="{rect.height:.1f}" '
            f'fill="{palette.PAPER}" stroke="{palette.INK}" stroke-width="1.3"/>'
        )
    ]
    block = _NAME_LINE * len(name) + (_FIGURE_LINE * len(told) + 3.0 if told else 0.0)
    y = rect.y + max(_PAD, (rect.height - _FIGURE_LINE - block) / 2)
    middle = rect.x + rect.width / 2
    for turn, words in enumerate(name):
        at = y + _NAME_LINE * (turn + 0.8)
        parts.append(text((middle, at), words, _NAME_SIZE, palette.INK, anchor="middle", bold=True))
    y += _NAME_LINE * len(name) + 3.0
    mark = text_width(palette.STATE_MARKS["good"] + "\u00a0", _FIGURE_SIZE)
    for turn, spans in enumerate(told):
        x = rect.x + _PAD + (0.0 if _begins(spans) else mark)
        parts.append(_spans(x, y + _FIGURE_LINE * (turn + 0.75), spans))
    parts.append(text((rect.right - 3.0, rect.bottom - 3.0), box.number, _FIGURE_SIZE, palette.QUIET, anchor="end"))
    if box.boxes:
        # A thick foot says that the box has a sheet of its own.
        parts.append(
            f'<line x1="{rect.x:.1f}" y1="{rect.bottom - 1.2:.1f}" x2="{rect.right:.1f}" y2="{rect.bottom - 1.2:.1f}" '
            f'stroke="{palette.ACCENT}" stroke-width="2.4"/>'
        )
    return "".join(parts)


def _begins(spans: Spans) -> bool:
    return spans[0][0][0] in palette.STATE_MARKS.values()


def _spans(x: float, y: float, spans: Spans) -> str:
    inner = "".join(
        f'<tspan fill="{colour}"{" font-weight=" + chr(34) + "600" + chr(34) if bold else ""}>{escape(words)}</tspan>'
        for words, colour, bold in spans
    )
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{_FIGURE_SIZE:g}" xml:space="preserve">{inner}</text>'


def _arrow(layout: Layout, number: int) -> str:
    """All branches of an arrow as one line, so that what they share is drawn once."""
    paths = [path for path in layout.paths if path.way.arrow == number]
    drawn = "".join(rounded(spots, _CORNER, short=_HEAD if headed else 0.0) for spots, headed in _branches(paths))
    heads = "".join(head(path.points[-1], path.points[-2], palette.INK) for path in paths if path.way.head)
    return line(drawn, palette.INK) + heads


def _branches(paths: Sequence[Path]) -> Iterator[tuple[tuple[Spot, ...], bool]]:
    """The branches of an arrow, each from where it parts from those before it, and whether it ends in an arrowhead.

    A line drawn twice over looks thicker than others.
    """
    drawn: list[tuple[Spot, Spot]] = []
    for path in sorted(paths, key=lambda one: -sum(dist(*ends) for ends in pairwise(one.points))):
        points = path.points
        shared = 0
        while shared < len(points) - 2 and any(_covers(one, points[shared], points[shared + 1]) for one in drawn):
            shared += 1
        begun = points[shared:]
        reached = max((_reach(one, begun[0], begun[1]) for one in drawn), default=0.0)
        if shared and not reached:
            begun = (towards(begun[0], points[shared - 1], _CORNER), *begun)
        elif reached:
            begun = (towards(begun[0], begun[1], reached - _CORNER), *begun[1:])
        drawn += pairwise(points)
        yield begun, path.way.head


def _covers(drawn: tuple[Spot, Spot], start: Spot, end: Spot) -> bool:
    return _reach(drawn, start, end) >= dist(start, end) - 1e-6


def _reach(drawn: tuple[Spot, Spot], start: Spot, end: Spot) -> float:
    """How far from its start a level or upright line is drawn already."""
    across = 0 if start[1] == end[1] else 1
    level = 1 - across
    if not drawn[0][level] == drawn[1][level] == start[level]:
        return 0.0
    low, high = sorted((drawn[0][across], drawn[1][across]))
    if not low <= start[across] <= high:
        return 0.0
    bound = high if end[across] > start[across] else low
    return min(abs(bound - start[across]), dist(start, end))


def _tunnels(layout: Layout) -> list[tuple[Spot, bool]]:
    """Places of the parentheses of tunnelled ends, and whether the arrow is level there."""
    found: list[tuple[Spot, bool]] = []
    for path in layout.paths:
        arrow, way = layout.plan.arrows[path.way.arrow], path.way
        first, last = path.points[:2], path.points[:-3:-1]
        for ends, joined, framed in ((first, way.source, way.from_frame), (last, way.target, way.to_frame)):
            sunk = isinstance(joined, End) and joined in arrow.sunk
            if sunk or (framed and arrow.hidden):
                place = towards(ends[0], ends[1], 10.0 if sunk else 6.0)
                found.append((place, ends[0][1] == ends[1][1]))
    return list(dict.fromkeys(found))


def _tunnel(place: Spot, level: bool) -> str:
    x, y = place
    if level:
        arcs = f"M{x - 3:.1f} {y - 2.2:.1f}q3 -3.4 6 0M{x - 3:.1f} {y + 2.2:.1f}q3 3.4 6 0"
    else:
        arcs = f"M{x - 2.2:.1f} {y - 3:.1f}q-3.4 3 0 6M{x + 2.2:.1f} {y - 3:.1f}q3.4 3 0 6"
    return line(arcs, palette.INK)


def _label(label: Label) -> str:
    place = label.place
    parts = [
        (
            f'<rect x="{place.x + 0.5:.1f}" y="{place.y:.1f}" width="{place.width - 1:.1f}" height="{place.height:.1f}" '
            f'fill="{palette.PAPER}" fill-opacity="0.88"/>'
        )
    ]
    for turn, said in enumerate(label.lines):
        words = escape(said)
        if turn == 0 and label.code is not None:
            code = f'<tspan fill="{palette.ACCENT}" font-weight="600">{label.code}</tspan>'
            words = code + escape(said[len(label.code) :])
        parts.append(
            f'<text x="{place.x + 2:.1f}" y="{place.y + LINE * (turn + 0.78):.1f}" font-size="{LABEL_SIZE:g}" '
            f'fill="{palette.INK}">{words}</text>'
        )
    return "".join(parts)


def _statement(model: ProcessModel, width: float, language: Language) -> list[str]:
    """What sheet A-0 tells under its box (FIPS PUB 183, 3.4.1): what the model is for, and from whose point of view."""
    said = ((_PURPOSE, model.purpose), (_VIEWPOINT, model.viewpoint))
    return [
        words
        for name, told in said
        for words in wrapped(f"{name.in_language(language)}: {told.in_language(language)}", width - 16.0, LABEL_SIZE)
    ]


def _frame(plan: Plan, width: float, height: float, language: Language, sheets: int) -> str:
    top = height - _STRIP
    number = f"{plan.sheet.place}\u00a0/\u00a0{sheets}"
    cells = ((0.0, 92.0, _NODE, plan.sheet.node), (92.0, width - 184.0, _TITLE, plan.sheet.title.in_language(language)), (width - 92.0, 92.0, _SHEET, number))  # fmt: skip
    parts = [
        f'<rect x="0" y="0" width="{width:.1f}" height="{height:.1f}" fill="none" stroke="{palette.INK}" stroke-width="1.3"/>',
        (
            f'<path d="M0 {top:.1f}H{width:.1f}M92 {top:.1f}V{height:.1f}M{width - 92:.1f} {top:.1f}V{height:.1f}" fill="none" '
            f'stroke="{palette.INK}" stroke-width="1"/>'
        ),
    ]
    for x, room, name, value in cells:
        told = f"{name.in_language(language)}:"
        parts.append(text((x + 6.0, top + 16.0), told, LABEL_SIZE, palette.QUIET))
        after = x + 10.0 + text_width(told, LABEL_SIZE)
        shown = wrapped(value, room - 16.0 - text_width(told, LABEL_SIZE), _NAME_SIZE, bold=True, most=1)
        parts.append(text((after, top + 16.0), shown[0] if shown else "", _NAME_SIZE, palette.INK, bold=True))
    return "".join(parts)
