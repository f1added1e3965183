"""A journey map as SVG: stages as columns; goals, touchpoints with live figures, departments, feelings and paths as rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from septima.metrics.estimated import Estimated
from septima.report import palette
from septima.report.number_forms import number_style, plain
from septima.report.schemes import box, line, picture, text
from septima.report.studies.study import percent
from septima.report.text_width import text_width, wrapped
from septima.schema import Language, Text
from septima.scorecard.journey import JourneyMap, Stage, Touchpoint, key_of

WIDTH = 800.0
HEADINGS = 82.0
_SIZE, _LINE = 9.0, 11.0
_NAME_SIZE = 10.5
_PAD = 5.0
_POINT = 9.0
_BAND = 34.0
_CURVE = 128.0
_LOWEST, _HIGHEST = 1, 5

FEELING_NAMES: tuple[Text, ...] = (
    Text("outrage", "возмущение"),
    Text("displeasure", "недовольство"),
    Text("satisfaction", "удовлетворение"),
    Text("joy", "радость"),
    Text("delight", "восторг"),
)
"""From 1 to 5."""

_GOAL = Text("What the customer wants", "Чего хочет клиент")
_TOUCHPOINTS = Text("Touchpoints and figures", "Точки касания и\u00a0показатели")
_DEPARTMENTS = Text("Departments", "Подразделения")
_FEELINGS = Text("Feelings", "Чувства")
_PATHS = Text("Actual paths", "Фактические пути")
_REACHED = Text("reach it", "доходят")
_ENDED = Text("end here", "здесь конец")
_EXPECTED = Text("as designed", "задумано")
_MEASURED = Text("measured: mean, 95 % interval", "измерено: среднее, интервал 95 %")

Piece = tuple[str, str, bool]
"""Words, their colour, and whether they are bold."""

CellLine = tuple[Piece, ...]


@dataclass(frozen=True)
class Row:
    """A row of the map: its heading and for each stage the lines of its cell."""

    heading: Text
    cells: tuple[tuple[CellLine, ...], ...]


def map_svg(found: JourneyMap, language: Language, says: str) -> str:
    """The SVG element of the map; `says` is what it shows in words."""
    stages = found.journey.stages
    width = (WIDTH - HEADINGS) / len(stages)
    parts = list(_bands(stages, width, language))
    y = _BAND + 6.0
    for row in rows_of(found, language, width - 2 * _PAD):
        drawn, y = _row(row, y, width, language)
        parts += drawn
        if row.heading == _DEPARTMENTS:
            parts += _curve(found, y, width, language)
            y += _CURVE
    return picture(WIDTH, y + 2.0, parts, says)


def rows_of(found: JourneyMap, language: Language, room: float) -> tuple[Row, ...]:
    """The rows of words, their lines no wider than `room`; rows of which no stage says anything are left out."""
    stages, measures = found.journey.stages, found.measures
    goals = [_plain(stage.goal, room, language) for stage in stages]
    touchpoints = [tuple(_touchpoints(found, stage, room, language)) for stage in stages]
    departments = [
        tuple(one for department in stage.departments for one in _plain(department, room, language)) for stage in stages
    ]
    paths: list[tuple[CellLine, ...]] = []
    for place, stage in enumerate(stages):
        measured = measures.stages[place]
        if not stage.events:
            paths.append(())
            continue
        lines = [
            *_value_lines(_REACHED.in_language(language), percent(measured.share.value, language, 0).text, room),
            *_value_lines(_ENDED.in_language(language), percent(measured.drop_out.value, language, 0).text, room),
        ]
        paths.append(tuple(lines))
    made = ((_GOAL, goals), (_TOUCHPOINTS, touchpoints), (_DEPARTMENTS, departments), (_PATHS, paths))
    return tuple(Row(heading, tuple(cells)) for heading, cells in made if any(cells) or heading == _DEPARTMENTS)


def _bands(stages: Sequence[Stage], width: float, language: Language) -> Iterator[str]:
    """The names of the stages, each in an arrow that points to the next."""
    for place, stage in enumerate(stages):
        x, right = HEADINGS + place * width, HEADINGS + (place + 1) * width - 3.0
        notch = f"L{x + _POINT:.1f} {_BAND / 2:.1f}" if place else ""
        shape = f"M{x:.1f} 0H{right - _POINT:.1f}L{right:.1f} {_BAND / 2:.1f}L{right - _POINT:.1f} {_BAND:.1f}H{x:.1f}{notch}Z"
        yield f'<path d="{shape}" fill="{palette.ACCENT_LIGHT}"/>'
        room = width - 2 * _POINT - 6.0
        names = wrapped(stage.name.in_language(language), room, _NAME_SIZE, bold=True, most=2)
        for turn, words in enumerate(names):
            at = _BAND / 2 + 3.8 + 12.0 * (turn - (len(names) - 1) / 2)
            middle = x + (width - 3.0) / 2 + (_POINT / 2 if place else 0)
            yield text((middle, at), words, _NAME_SIZE, palette.INK, anchor="middle", bold=True)


def _row(row: Row, y: float, width: float, language: Language) -> tuple[list[str], float]:
    heading = wrapped(row.heading.in_language(language), HEADINGS - _PAD, _SIZE)
    height = max(len(heading), *(len(cell) for cell in row.cells)) * _LINE + 2 * _PAD
    parts = [
        text((0.0, y + _PAD + _LINE * (turn + 0.75)), words, _SIZE, palette.QUIET) for turn, words in enumerate(heading)
    ]
    for place, cell in enumerate(row.cells):
        x = HEADINGS + place * width + _PAD
        parts += [_line(x, y + _PAD + _LINE * (turn + 0.75), pieces) for turn, pieces in enumerate(cell)]
    parts.append(line(f"M0 {y + height:.1f}H{WIDTH:.1f}", palette.HAIRLINE))
    return parts, y + height


def _line(x: float, y: float, pieces: CellLine) -> str:
    parts: list[str] = []
    for words, colour, bold in pieces:
        parts.append(text((x, y), words, _SIZE, colour, bold=bold))
        x += text_width(words + " ", _SIZE, bold=bold)
    return "".join(parts)


def _plain(said: Text | None, room: float, language: Language) -> tuple[CellLine, ...]:
    if said is None:
        return ()
    return tuple(((words, palette.INK, False),) for words in wrapped(said.in_language(language), room, _SIZE))


def _touchpoints(found: JourneyMap, stage: Stage, room: float, language: Language) -> Iterator[CellLine]:
    for turn, touchpoint in enumerate(stage.touchpoints):
        if turn:
            yield ()
        yield from _touchpoint(found, touchpoint, room, language)


def _touchpoint(found: JourneyMap, touchpoint: Touchpoint, room: float, language: Language) -> Iterator[CellLine]:
    for words in wrapped(touchpoint.name.in_language(language), room, _SIZE, bold=True):
        yield ((words, palette.INK, True),)
    if touchpoint.channel is not None:
        for words in wrapped(touchpoint.channel.in_language(language), room, _SIZE):
            yield ((words, palette.QUIET, False),)
    for metric in touchpoint.metrics:
        one = found.figures[key_of(metric)]
        style = number_style(one.unit, one.figure, language, currency=found.currency)
        yield from _value_lines(one.name.in_language(language), style.value(one.figure.value), room)


def _value_lines(name: str, value: str, room: float) -> Iterator[CellLine]:
    """A name in quiet words with its value after it, on a line of its own where it does not fit."""
    lines = wrapped(name, room, _SIZE)
    for words in lines[:-1]:
        yield ((words, palette.QUIET, False),)
    last: Piece = (lines[-1] if lines else "", palette.QUIET, False)
    told: Piece = (value, palette.ACCENT, True)
    if text_width(last[0] + " ", _SIZE) + text_width(value, _SIZE, bold=True) <= room:
        yield (last, told)
    else:
        yield (last,)
        yield (told,)


def _curve(found: JourneyMap, y: float, width: float, language: Language) -> Iterator[str]:
    """The feelings that each stage is designed to give, and those that were measured, from outrage up to delight."""
    top, bottom = y + 26.0, y + _CURVE - 12.0
    step = (bottom - top) / (_HIGHEST - _LOWEST)

    def at(grade: float) -> float:
        return bottom - (grade - _LOWEST) * step

    yield from _key(y + 12.0, language)
    for grade, name in enumerate(FEELING_NAMES, start=_LOWEST):
        yield line(f"M{HEADINGS:.1f} {at(grade):.1f}H{WIDTH:.1f}", palette.TRACK)
        yield text((HEADINGS - 6.0, at(grade) + 3.0), name.in_language(language), _SIZE, palette.QUIET, anchor="end")
    middles = [HEADINGS + (place + 0.5) * width for place in range(len(found.journey.stages))]
    designed = [
        (x, at(stage.expected))
        for x, stage in zip(middles, found.journey.stages, strict=True)
        if stage.expected is not None
    ]
    for (x, level), (next_x, next_level) in pairwise(designed):
        yield line(f"M{x:.1f} {level:.1f}L{next_x:.1f} {next_level:.1f}", palette.QUIET, dashes="3 3")
    for x, level in designed:
        yield f'<circle cx="{x:.1f}" cy="{level:.1f}" r="3.2" fill="{palette.PAPER}" stroke="{palette.QUIET}"/>'
    measured = [
        (middles[place], felt.mean) for place, felt in sorted(found.felt.items()) if felt.mean.value is not None
    ]
    for (x, mean), (next_x, next_mean) in pairwise(measured):
        yield line(
            f"M{x:.1f} {at(mean.value or 0):.1f}L{next_x:.1f} {at(next_mean.value or 0):.1f}", palette.ACCENT, width=1.4
        )
    for x, mean in measured:
        yield from _felt(x, mean, at(mean.value or 0), step, bottom, language)
    yield line(f"M0 {y + _CURVE:.1f}H{WIDTH:.1f}", palette.HAIRLINE)


def _felt(x: float, mean: Estimated, level: float, step: float, bottom: float, language: Language) -> Iterator[str]:
    if mean.lower is not None and mean.upper is not None:
        low, high = bottom - (mean.lower - _LOWEST) * step, bottom - (mean.upper - _LOWEST) * step
        yield line(f"M{x:.1f} {low:.1f}V{high:.1f}", palette.ACCENT, width=1.4)
    yield f'<circle cx="{x:.1f}" cy="{level:.1f}" r="3.2" fill="{palette.ACCENT}"/>'
    words = plain(mean.value, 1, language)
    yield box((x + 6.0, level - 5.5), text_width(words, _SIZE, bold=True) + 2.0, 11.0, fill=palette.PAPER)
    yield text((x + 7.0, level + 3.2), words, _SIZE, palette.ACCENT, bold=True)


def _key(y: float, language: Language) -> Iterator[str]:
    yield text((0.0, y), _FEELINGS.in_language(language), _SIZE, palette.QUIET)
    x = HEADINGS + 4.0
    for named, colour, filled in (
        (_EXPECTED, palette.QUIET, palette.PAPER),
        (_MEASURED, palette.ACCENT, palette.ACCENT),
    ):
        yield f'<circle cx="{x:.1f}" cy="{y - 3.0:.1f}" r="3.2" fill="{filled}" stroke="{colour}"/>'
        words = named.in_language(language)
        yield text((x + 7.0, y), words, _SIZE, palette.QUIET)
        x += text_width(words, _SIZE) + 26.0
