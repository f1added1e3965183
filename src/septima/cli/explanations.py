"""The way down from a figure, in the terminal."""

from datetime import datetime, time

from septima.cli.output import console, print_rows
from septima.cli.passports import print_passport_of
from septima.report.number_forms import number_style, plain
from septima.report.words import WORDS
from septima.schema import Language, Text
from septima.scorecard.card import CompositeCard, KpiCard
from septima.scorecard.explanation import Contribution, Explanation, Rows

_CONTRIBUTION_COLUMNS = (
    Text("", ""),
    Text("weight", "вес"),
    Text("value", "значение"),
    Text("contribution", "вклад"),
    Text("before", "было"),
    Text("change by value", "из-за значения"),
    Text("change by weight", "из-за веса"),
)
_MEASURE_COLUMNS = (Text("measure", "величина"), Text("value", "значение"), Text("before", "было"))
_BELOW = Text("Further down:", "Дальше вниз:")
_NOTHING = "—"
_ROWS = Text("Rows of {source}", "Строки: {source}")
_MORE = Text("There are more rows; show more with --rows.", "Строк больше; показать больше: --rows.")


def print_explanation(explanation: Explanation, language: Language, currency: str | None) -> None:
    """Print one step of the way down: of a composite its contributions, of a KPI its formula, measures and rows."""
    name = explanation.name.in_language(language)
    console.print(f"{name} · {explanation.period} ({explanation.previous_period})", style="bold")
    if explanation.composite:
        _print_composite(explanation.composite, explanation.contributions, language)
    if explanation.kpi:
        _print_kpi(explanation.kpi, language, currency)
    if explanation.passport:
        print_passport_of(explanation.passport, language)
    if explanation.measures:
        measures = [(m.name, _number(m.value, language), _number(m.previous, language)) for m in explanation.measures]
        print_rows("", [word.in_language(language) for word in _MEASURE_COLUMNS], measures, numeric=(1, 2))
    for rows in explanation.rows:
        _print_rows(rows, language)
    if explanation.below:
        console.print(f"{_BELOW.in_language(language)} {', '.join(explanation.below)}")


def _print_composite(composite: CompositeCard, contributions: tuple[Contribution, ...], language: Language) -> None:
    style = number_style("index", composite.printed, language)
    console.print(f"{composite.formula} = {style.value(composite.printed.value)}  {style.interval(composite.printed)}")  # fmt: skip
    rows = [
        [
            item.name.in_language(language),
            plain(item.weight, 2, language),
            *(plain(number, 3, language) for number in (item.value, item.contribution, item.previous_value)),
            *(plain(number, 3, language, signed=True) for number in (item.change_by_value, item.change_by_weight)),
        ]
        for item in contributions
    ]
    print_rows("", [word.in_language(language) for word in _CONTRIBUTION_COLUMNS], rows, numeric=range(1, 7))


def _print_kpi(kpi: KpiCard, language: Language, currency: str | None) -> None:
    style = number_style(kpi.unit, kpi.figure, language, currency=currency, others=(kpi.change,))
    change = style.change(kpi.change)
    value = WORDS["too_few"].in_language(language) if kpi.too_few else style.value(kpi.figure.value)
    console.print(
        f"{value}  {style.interval(kpi.figure)}  Δ {change}  n = {plain(kpi.n, 0, language)}",
    )
    for statement in kpi.statements:
        console.print(statement.in_language(language))


def _print_rows(rows: Rows, language: Language) -> None:
    """Print the rows without what is empty in all of them; what is the same in all stands once, above."""
    title = _ROWS.in_language(language).format(source=rows.source)
    columns = {name: [_cell(row[index]) for row in rows.rows] for index, name in enumerate(rows.columns)}
    shown = {name: cells for name, cells in columns.items() if set(cells) != {_NOTHING}}
    if len(rows.rows) > 1:
        same = {name: cells[0] for name, cells in shown.items() if len(set(cells)) == 1}
        shown = {name: cells for name, cells in shown.items() if name not in same}
        title += "".join(f" · {name} = {cell}" for name, cell in same.items())
    print_rows(title, list(shown), list(zip(*shown.values(), strict=True)))
    if rows.more:
        console.print(_MORE.in_language(language))


def _number(value: float | None, language: Language) -> str:
    return plain(value, 0 if value is None or value == round(value) else 2, language)


def _cell(value: object) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == time() else f"{value:%Y-%m-%d %H:%M}"
    return f"{value:g}" if isinstance(value, float) else str(value)
