"""The tree of goals as SVG: each goal and KPI on a line of its own, with its progress and status."""

from dataclasses import dataclass

from septima.report import palette
from septima.report.number_forms import number_style, plain
from septima.report.schemes import box, line, picture, text
from septima.report.strategy.marks import STATUSES, colour_of, mark_of
from septima.report.strategy.strategy_map import WIDTH, progress_bar
from septima.report.text_width import wrapped
from septima.schema import Language, Text
from septima.scorecard.goals.progress import GoalProgress, GoalReport, KpiProgress

_INDENT = 18.0
_NAMES = 400.0
_BAR_LEFT, _BAR_WIDTH = 416.0, 120.0
_SHARE_RIGHT = 578.0
_STATUS_LEFT = 590.0
_SIZE, _SMALL, _LINE = 10.5, 9.5, 12.5
_PAD = 4.0
_SAYS = Text("Tree of goals: ", "Дерево целей: ")
_FROM_TO = Text("{now}; from {baseline} to {target}", "{now}; от\u00a0{baseline} до\u00a0{target}")


@dataclass(frozen=True)
class _Row:
    depth: int
    lines: tuple[str, ...]
    goal: GoalProgress | None
    kpi: KpiProgress | None

    @property
    def height(self) -> float:
        return _LINE * len(self.lines) + 2 * _PAD


def goal_tree(report: GoalReport, language: Language) -> str:
    """The SVG element of all goals."""
    rows = [row for goal in report.goals for row in _rows(goal, report.currency, language)]
    parts: list[str] = []
    top = 0.0
    middles: list[tuple[int, float]] = []
    for row in rows:
        if row.depth == 0:
            parts.append(box((0, top), WIDTH, row.height, fill=palette.TRACK))
        parts += _drawn(row, top, language)
        middle = top + _PAD + _LINE / 2
        parent = next((above for depth, above in reversed(middles) if depth < row.depth), None)
        if parent is not None:
            x = _INDENT * (row.depth - 1) + 9
            path = f"M{x:.1f},{parent + _LINE / 2 + 2:.1f}V{middle:.1f}H{x + _INDENT - 6:.1f}"
            parts.append(line(path, palette.QUIET, width=0.8))
        middles.append((row.depth, middle))
        top += row.height
    told = "; ".join(f"{goal.goal.name.in_language(language)} — {_told(goal, language)}" for goal in report.walk())
    return picture(WIDTH, top, parts, f"{_SAYS.in_language(language)}{told}.")


def _rows(goal: GoalProgress, currency: str | None, language: Language) -> list[_Row]:
    rows = [
        _Row(goal.depth, _wrapped(goal.goal.name.in_language(language), goal.depth, bold=goal.depth == 0), goal, None)
    ]
    for kpi in goal.kpis:
        style = number_style(kpi.unit, kpi.figure, language, currency=currency, others=(kpi.baseline, kpi.target))
        told = _FROM_TO.in_language(language).format(
            now=style.value(kpi.figure.value), baseline=style.value(kpi.baseline), target=style.given(kpi.target)
        )
        words = f"{kpi.name.in_language(language)}: {told}"
        rows.append(_Row(goal.depth + 1, _wrapped(words, goal.depth + 1, size=_SMALL), None, kpi))
    return [*rows, *(row for inner in goal.below for row in _rows(inner, currency, language))]


def _wrapped(words: str, depth: int, *, size: float = _SIZE, bold: bool = False) -> tuple[str, ...]:
    return wrapped(words, _NAMES - _INDENT * depth - 8, size, bold=bold, most=3)


def _drawn(row: _Row, top: float, language: Language) -> list[str]:
    size, colour = (_SIZE, palette.INK) if row.goal else (_SMALL, palette.QUIET)
    base = top + _PAD + size - 1
    parts = [
        text((_INDENT * row.depth + 4, base + _LINE * place), words, size, colour, bold=row.depth == 0)
        for place, words in enumerate(row.lines)
    ]
    progress = row.goal.progress if row.goal else row.kpi.progress if row.kpi else None
    share = progress.value if progress else None
    if row.goal:
        parts += progress_bar((_BAR_LEFT, base - 7), _BAR_WIDTH, 6, row.goal)
        words = f"{mark_of(row.goal.status)} {STATUSES[row.goal.status].in_language(language)}"
        parts.append(text((_STATUS_LEFT, base), words, _SMALL, colour_of(row.goal.status)))
    elif share is not None:
        parts.append(box((_BAR_LEFT, base - 5), _BAR_WIDTH, 2.5, fill=palette.HAIRLINE))
        parts.append(
            box((_BAR_LEFT, base - 5), _BAR_WIDTH * min(max(share, 0.0), 1.0), 2.5, fill=palette.ACCENT_MIDDLE)
        )
    told = "—" if share is None else f"{plain(100 * share, 0, language)}\u00a0%"
    parts.append(text((_SHARE_RIGHT, base), told, size, colour, anchor="end"))
    return parts


def _told(goal: GoalProgress, language: Language) -> str:
    share = goal.progress.value
    told = "" if share is None else f"{plain(100 * share, 0, language)}\u00a0%, "
    return told + STATUSES[goal.status].in_language(language)
