"""The strategy map as SVG: goals in the rows of their perspectives, arrows from cause to effect (Kaplan & Norton, 2004)."""

from collections.abc import Mapping, Sequence

from septima.report import palette
from septima.report.number_forms import plain
from septima.report.schemes import Spot, box, head, line, picture, text
from septima.report.strategy.layout import MapLayout, Place, lay_out
from septima.report.strategy.marks import STATUSES, colour_of, mark_of
from septima.report.text_width import wrapped
from septima.schema import Language, Text
from septima.scorecard.goals.progress import GoalProgress, GoalReport

WIDTH = 720.0
_NAMES = 92.0
_WIDEST = 168.0
_GAP = 10.0
_PASSAGE = 12.0
_PAD = 6.0
_SIZE, _LINE = 10.5, 12.5
_SMALL = 9.0
_BAR = 4.0
_BETWEEN = 34.0
_MOST_LINES = 4
_SAYS = Text("Strategy map. ", "Стратегическая карта. ")
_SUPPORTS = Text("supports", "поддерживает цель")


def goals_on_map(report: GoalReport) -> tuple[GoalProgress, ...]:
    """The goals that have a row: those of a perspective."""
    rows = {row for row, _ in report.rows}
    return tuple(goal for goal in report.walk() if goal.goal.perspective in rows)


def layout_of(report: GoalReport) -> tuple[tuple[tuple[str, Text], ...], MapLayout]:
    """The rows that hold goals, and the places of goals and arrows in them."""
    goals = goals_on_map(report)
    rows = tuple((row, name) for row, name in report.rows if any(goal.goal.perspective == row for goal in goals))
    shown = {goal.goal.id for goal in goals}
    arrows = [(goal.goal.id, other) for goal in goals for other in goal.goal.supports if other in shown]
    layout = lay_out(
        [[goal.goal.id for goal in goals if goal.goal.perspective == row] for row, _ in rows],
        arrows,
        width=WIDTH - _NAMES,
        widest=_WIDEST,
        gap=_GAP,
        passage=_PASSAGE,
    )
    return rows, layout


def strategy_map(report: GoalReport, language: Language) -> str:
    """The SVG element; empty where no goal has a perspective."""
    goals = {goal.goal.id: goal for goal in goals_on_map(report)}
    if not goals:
        return ""
    rows, layout = layout_of(report)
    heights = [
        max(_height(goals[place.name], place, language) for place in _boxes(layout, number))
        for number in range(len(rows))
    ]
    tops = [_BETWEEN / 2 + sum(heights[:number]) + _BETWEEN * number for number in range(len(rows))]
    height = tops[-1] + heights[-1] + _BETWEEN / 2
    parts: list[str] = []
    for number, (_, name) in enumerate(rows):
        if number % 2 == 0:
            parts.append(box((0, tops[number] - _BETWEEN / 2), WIDTH, heights[number] + _BETWEEN, fill=palette.TRACK))
        parts += _row_name(name.in_language(language), tops[number] + heights[number] / 2)
    arrows, heads = _arrows(layout, tops, heights)
    parts += arrows
    for place in layout.places.values():
        if place.is_goal:
            parts += _goal(goals[place.name], place, tops[place.row], heights[place.row], language)
    return picture(WIDTH, height, [*parts, *heads], _words(goals, layout, language))


def _boxes(layout: MapLayout, row: int) -> list[Place]:
    return [place for place in layout.places.values() if place.row == row and place.is_goal]


def _row_name(name: str, middle: float) -> list[str]:
    lines = wrapped(name, _NAMES - 10, _SIZE, bold=True, most=3)
    top = middle - _LINE * len(lines) / 2 + _SIZE
    return [text((6, top + _LINE * place), words, _SIZE, palette.QUIET, bold=True) for place, words in enumerate(lines)]


def _lines(goal: GoalProgress, width: float, language: Language) -> Sequence[str]:
    return wrapped(
        goal.goal.name.in_language(language), width - 2 * _PAD, _SIZE, bold=goal.depth == 0, most=_MOST_LINES
    )


def _status_lines(goal: GoalProgress, width: float, language: Language) -> Sequence[str]:
    share = goal.progress.value
    told = "" if share is None else f" {plain(100 * share, 0, language)}\u00a0%"
    words = f"{mark_of(goal.status)}{told} {STATUSES[goal.status].in_language(language)}"
    return wrapped(words, width - 2 * _PAD, _SMALL, most=2)


def _height(goal: GoalProgress, place: Place, language: Language) -> float:
    lines = len(_lines(goal, place.width, language))
    return 2 * _PAD + _LINE * lines + 3 + _BAR + 3 + (_SMALL + 2) * len(_status_lines(goal, place.width, language))


def _goal(goal: GoalProgress, place: Place, top: float, height: float, language: Language) -> list[str]:
    left = _NAMES + place.left
    strong = goal.depth == 0
    stroke = palette.ACCENT if strong else palette.QUIET
    parts = [box((left, top), place.width, height, fill=palette.PAPER, stroke=stroke, corner=4)]
    at = top + _PAD + _SIZE - 1
    for words in _lines(goal, place.width, language):
        parts.append(text((left + _PAD, at), words, _SIZE, palette.INK, bold=strong))
        at += _LINE
    status = _status_lines(goal, place.width, language)
    bottom = top + height - _PAD - (_SMALL + 2) * len(status)
    parts += progress_bar((left + _PAD, bottom - _BAR - 1), place.width - 2 * _PAD, _BAR, goal)
    for number, words in enumerate(status):
        spot = (left + _PAD, bottom + _SMALL + 1 + (_SMALL + 2) * number)
        parts.append(text(spot, words, _SMALL, colour_of(goal.status)))
    return parts


def progress_bar(spot: Spot, width: float, height: float, goal: GoalProgress) -> list[str]:
    """A bar of the progress with a stroke where it ought to be by now."""
    share = goal.progress.value
    parts = [box(spot, width, height, fill=palette.HAIRLINE)]
    if share is not None:
        parts.append(box(spot, width * min(max(share, 0.0), 1.0), height, fill=palette.ACCENT))
    if goal.expected is not None:
        at = spot[0] + width * goal.expected
        parts.append(line(f"M{at:.1f},{spot[1] - 2:.1f}V{spot[1] + height + 2:.1f}", palette.INK, width=1.4))
    return parts


def _arrows(layout: MapLayout, tops: Sequence[float], heights: Sequence[float]) -> tuple[list[str], list[str]]:
    """The lines of all arrows, and their heads, which stand over the boxes."""
    lines: list[str] = []
    heads: list[str] = []
    ports = _ports(layout)
    for number, way in enumerate(layout.ways):
        places = [layout.places[name] for name in way]
        begin, end = places[0], places[-1]
        up = end.row <= begin.row
        start = (_NAMES + ports[number, 0], tops[begin.row] if up else tops[begin.row] + heights[begin.row])
        if begin.row == end.row:
            tip = (_NAMES + ports[number, 1], tops[end.row])
            over = tops[end.row] - 0.4 * _BETWEEN
            path = f"M{_at(start)}C{_at((start[0], over))} {_at((tip[0], over))} {_at(tip)}"
            before = (tip[0], over)
        else:
            tip = (_NAMES + ports[number, 1], tops[end.row] + heights[end.row] if up else tops[end.row])
            path, before = _through(start, tip, places[1:-1], tops, heights, up=up)
        lines.append(line(path, palette.ACCENT, width=1.2))
        heads.append(head(tip, before, palette.ACCENT))
    return lines, heads


def _through(
    start: Spot, tip: Spot, passages: Sequence[Place], tops: Sequence[float], heights: Sequence[float], *, up: bool
) -> tuple[str, Spot]:
    """A smooth path from row to row, upright where it passes one."""
    path, at = f"M{_at(start)}", start
    sign = -1.0 if up else 1.0
    stops: list[tuple[Spot, Spot]] = []
    for place in passages:
        x, above, below = _NAMES + place.middle, tops[place.row], tops[place.row] + heights[place.row]
        stops.append(((x, below), (x, above)) if up else ((x, above), (x, below)))
    for enter, leave in [*stops, (tip, tip)]:
        bend = sign * 0.5 * _BETWEEN
        path += f"C{_at((at[0], at[1] + bend))} {_at((enter[0], enter[1] - bend))} {_at(enter)}"
        if leave != enter:
            path += f"L{_at(leave)}"
        at = leave
    return path, (tip[0], tip[1] - sign * 10)


def _ports(layout: MapLayout) -> dict[tuple[int, int], float]:
    """Where each arrow leaves (0) and enters (1) a box, so that those of one side lie apart, ordered by where they lead."""
    sides: dict[tuple[str, bool], list[tuple[float, int, int]]] = {}
    for number, way in enumerate(layout.ways):
        places = [layout.places[name] for name in way]
        up = places[-1].row <= places[0].row
        level = places[-1].row == places[0].row
        sides.setdefault((way[0], up), []).append((places[1].middle, number, 0))
        sides.setdefault((way[-1], not up or level), []).append((places[-2].middle, number, 1))
    found: dict[tuple[int, int], float] = {}
    for (name, _), ends in sides.items():
        place = layout.places[name]
        for turn, (_, number, end) in enumerate(sorted(ends), start=1):
            found[number, end] = place.left + place.width * turn / (len(ends) + 1)
    return found


def _at(spot: Spot) -> str:
    return f"{spot[0]:.1f},{spot[1]:.1f}"


def _words(goals: Mapping[str, GoalProgress], layout: MapLayout, language: Language) -> str:
    def name(identifier: str) -> str:
        return goals[identifier].goal.name.in_language(language)

    supports = _SUPPORTS.in_language(language)
    links = "; ".join(f"«{name(way[0])}» {supports} «{name(way[-1])}»" for way in layout.ways)
    return _SAYS.in_language(language) + (links or "; ".join(map(name, goals))) + "."
