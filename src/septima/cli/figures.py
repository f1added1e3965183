"""Figures of a metric as a table for people."""

from collections.abc import Hashable, Mapping
from typing import Any

from pandas import isna

from septima.cli.output import console, print_rows
from septima.metrics import NOTES, MetricResult
from septima.report.number_forms import number_style, plain, share_of_missing
from septima.schema import Language, Text
from septima.scorecard.card import Figure
from septima.scorecard.dimensions import dimension_name

_PERIOD = Text("period", "период")
_COLUMNS = (
    Text("value", "значение"),
    Text("95 % interval", "интервал 95 %"),
    Text("n", "n"),
    Text("missing", "пропуски"),
    Text("", ""),
)
_ALL = Text("all time", "за всё время")
_MARKS = "*†‡§¶"
_RUNNING_MARK = "◐"
_RUNNING = Text("The period is not over.", "Период ещё не\u00a0закончился.")


def print_figures(result: MetricResult, language: Language, currency: str | None) -> None:
    """Print one row per period and slice: value, interval, n, missing share; what is to be known stands below.

    A period that is not over has a half-full circle after its name.
    """
    records = result.frame.to_dict(orient="records")
    notes = [note for note in dict.fromkeys(cells["note"] for cells in records) if isinstance(note, str)]
    marks = dict(zip(notes, _MARKS, strict=False))
    rows = [_row(result, cells, marks, language, currency) for cells in records]
    slices = [dimension_name(name).in_language(language) for name in result.by]
    columns = [_PERIOD.in_language(language), *slices, *(word.in_language(language) for word in _COLUMNS)]
    first = len(result.by) + 1
    name = result.metric.passport.name.in_language(language)
    print_rows(name, columns, rows, numeric=range(first, first + 4))
    if not all(cells["complete"] for cells in records):
        console.print(f"{_RUNNING_MARK} {_RUNNING.in_language(language)}")
    for note in notes if rows else ("no_data",):
        console.print(f"{marks.get(note, '')} {NOTES[note].in_language(language)}".strip())


def _row(
    result: MetricResult,
    cells: Mapping[Hashable, Any],
    marks: Mapping[str, str],
    language: Language,
    currency: str | None,
) -> list[str]:
    value, lower, upper, n, missing = (
        _number(cells[name]) for name in ("value", "lower", "upper", "n", "missing_share")
    )
    figure = Figure(value, lower, upper)
    style = number_style(result.metric.passport.unit, figure, language, currency=currency)
    period = _ALL if result.grain == "all" else result.calendar.period_of(cells["period"].date(), result.grain).label
    return [
        period.in_language(language) + ("" if cells["complete"] else f" {_RUNNING_MARK}"),
        *("—" if cells[name] is None else str(cells[name]) for name in result.by),
        style.value(value),
        style.interval(figure),
        plain(n, 0, language),
        share_of_missing(missing, language),
        marks.get(cells["note"], ""),
    ]


def _number(value: Any) -> float | None:
    return None if isna(value) else float(value)
