"""The cascade as SVG: CKPIint, departments and teams, each with the part of CKPIint's weight that it answers for."""

from collections.abc import Sequence
from dataclasses import dataclass

from septima.report import palette
from septima.report.number_forms import plain
from septima.report.schemes import box, line, picture, text
from septima.report.text_width import shortened
from septima.schema import Language, Text
from septima.scorecard.cascade.result import MemberCard

WIDTH = 700.0
_INDENT = 18.0
_HEIGHT = 19.0
_SIZE = 10.5
_BAR_LEFT, _BAR_WIDTH = 330.0, 170.0
_SHARE_RIGHT, _BROUGHT_RIGHT, _PEOPLE_RIGHT = 556.0, 630.0, WIDTH - 4.0
_SAYS = Text("Cascade: ", "Каскад: ")
_HEADS = (
    Text("weight in CKPIint", "вес в\u00a0CKPIint"),
    Text("contribution", "вклад"),
    Text("people", "люди"),
)
_NOBODY = Text("nobody", "никто")


@dataclass(frozen=True)
class _Row:
    depth: int
    name: str
    weight: float
    contribution: float
    people: int | None


def cascade_tree(
    departments: Sequence[MemberCard], teams: Sequence[Sequence[MemberCard]], whole: float | None, language: Language
) -> str:
    """The SVG element of `departments` and the teams of each, under CKPIint whose value is `whole`."""
    unowned = max(0.0, 1 - sum(one.weight for one in departments))
    rows = [_Row(0, "CKPIint", 1.0, whole or 0.0, sum(one.people for one in departments))]
    for department, inside in zip(departments, teams, strict=True):
        rows.append(_row(1, department, language))
        # One team that is the whole department would only repeat it.
        if len(inside) > 1:
            rows += [_row(2, team, language) for team in inside]
    if unowned > 1e-9:
        rest = (whole or 0.0) - sum(one.contribution for one in departments)
        rows.append(_Row(1, _NOBODY.in_language(language), unowned, rest, None))
    top = _HEIGHT
    parts = [
        text((right, top - 7), head.in_language(language), 9, palette.QUIET, anchor="end")
        for right, head in zip((_SHARE_RIGHT, _BROUGHT_RIGHT, _PEOPLE_RIGHT), _HEADS, strict=True)
    ]
    longest = max(row.weight for row in rows[1:]) if len(rows) > 1 else 1.0
    middles: list[tuple[int, float]] = []
    for row in rows:
        middle = top + _HEIGHT / 2
        parent = next((above for depth, above in reversed(middles) if depth < row.depth), None)
        left = _INDENT * row.depth
        if parent is not None:
            x = left - _INDENT + 7
            parts.append(line(f"M{x:.1f},{parent + 7:.1f}V{middle:.1f}H{left - 3:.1f}", palette.QUIET, width=0.8))
        middles.append((row.depth, middle))
        parts += _drawn(row, left, middle, longest, language)
        top += _HEIGHT
    told = "; ".join(f"{row.name} {plain(100 * row.weight, 1, language)} %" for row in rows)
    return picture(WIDTH, top + 4, parts, f"{_SAYS.in_language(language)}{told}.")


def _row(depth: int, member: MemberCard, language: Language) -> _Row:
    return _Row(depth, member.name.in_language(language), member.weight, member.contribution, member.people)


def _drawn(row: _Row, left: float, middle: float, longest: float, language: Language) -> list[str]:
    base = middle + 3.6
    name = shortened(row.name, _BAR_LEFT - left - 12, _SIZE, bold=row.depth == 0)
    parts = [text((left, base), name, _SIZE, palette.INK, bold=row.depth == 0)]
    if row.depth:
        width = _BAR_WIDTH * row.weight / longest
        colour = palette.ACCENT if row.depth == 1 else palette.ACCENT_MIDDLE
        parts.append(box((_BAR_LEFT, middle - 4), _BAR_WIDTH, 8, fill=palette.TRACK))
        parts.append(box((_BAR_LEFT, middle - 4), width, 8, fill=colour))
    numbers = (
        (_SHARE_RIGHT, f"{plain(100 * row.weight, 1, language)}{chr(0xA0) if language == 'ru' else ''}%"),
        (_BROUGHT_RIGHT, plain(row.contribution, 3, language)),
        (_PEOPLE_RIGHT, "—" if row.people is None else plain(row.people, 0, language)),
    )
    return parts + [
        text((right, base), told, _SIZE, palette.INK, anchor="end", bold=row.depth == 0) for right, told in numbers
    ]
