"""Figures of a metric as a table for people."""

from collections.abc import Hashable, Mapping
from typing import Any

from pandas import isna

from septima.cli.output import console, print_rows
from septima.metrics import NOTES, MetricResult, period_of
from septima.report.number_forms import number_style, plain, share_of_missing
from septima.schema import Language, Text
from septima.scorecard.card import Figure

_PERIOD = Text("period", "период")
_COLUMNS = (
    Text("value", "значение"),
    Text("95 % interval", "интервал 95 %"),
    Text("n", "n"),
    Text("missing", "пропуски"),
    Text("note", "примечание"),
)
_ALL = Text("all time", "за всё время")


def print_figures(result: MetricResult, language: Language, currency: str | None) -> None:
    """Print one row per period and slice: value, interval, n, missing share and note."""
    passport = result.metric.passport
    rows = [_row(result, cells, language, currency) for cells in result.frame.to_dict(orient="records")]
    columns = [_PERIOD.in_language(language), *result.by, *(word.in_language(language) for word in _COLUMNS)]
    first = len(result.by) + 1
    print_rows(passport.name.in_language(language), columns, rows, numeric=range(first, first + 4))
    if not rows:
        console.print(NOTES["no_data"].in_language(language))


def _row(result: MetricResult, cells: Mapping[Hashable, Any], language: Language, currency: str | None) -> list[str]:
    value, lower, upper, n, missing = (
        _number(cells[name]) for name in ("value", "lower", "upper", "n", "missing_share")
    )
    figure = Figure(value, lower, upper)
    style = number_style(result.metric.passport.unit, figure, language, currency=currency)
    note = cells["note"]
    period = cells["period"].date()
    label = _ALL if result.grain == "all" else period_of(period, result.grain).label
    return [
        label.in_language(language),
        *("—" if cells[name] is None else str(cells[name]) for name in result.by),
        style.value(value),
        style.interval(figure),
        plain(n, 0, language),
        share_of_missing(missing, language),
        NOTES[note].in_language(language) if isinstance(note, str) else "",
    ]


def _number(value: Any) -> float | None:
    return None if isna(value) else float(value)
