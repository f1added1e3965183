"""The scorecard in the terminal."""

from collections.abc import Iterable

from rich.table import Table as RichTable
from rich.text import Text as RichText

from septima.cli.output import console
from septima.report.number_forms import NumberStyle, number_style, plain
from septima.report.words import STATES, WORDS
from septima.schema import Language, Text
from septima.scorecard.card import CompositeCard, KpiCard, Scorecard, State, TrendPoint

_MARKS: dict[State, tuple[str, str]] = {
    "good": ("●", "blue"),
    "watch": ("▲", "yellow"),
    "bad": ("◆", "red"),
    "unknown": ("○", "dim"),
}
_BARS = "▁▂▃▄▅▆▇█"
_COLUMNS = (
    Text("", ""),
    Text("value", "значение"),
    Text("95 % interval", "интервал 95 %"),
    Text("target", "цель"),
    Text("change", "изменение"),
    Text("n", "n"),
    Text("0–100", "0–100"),
    Text("trend", "ход"),
)
_NARROW_COLUMNS = 5
_WIDE = 110
_OWN = Text("The company's own", "Собственные показатели")
_DATA = Text("data version {data}, definition {definition}", "версия данных {data}, определение {definition}")


def print_scorecard(card: Scorecard, language: Language) -> None:
    """Print the card: CKPIint, each perspective with its KPIs, and what is to be known of them."""
    console.print(f"{card.organisation} · {card.period_label.in_language(language)}", style="bold")
    table = RichTable(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("", width=1)
    shown = _COLUMNS if console.width >= _WIDE else _COLUMNS[:_NARROW_COLUMNS]
    for index, column in enumerate(shown):
        justify = "right" if 0 < index < len(_COLUMNS) - 1 else "left"
        table.add_column(column.in_language(language), justify=justify, no_wrap=index > 0)
    statements: list[tuple[Text, Text]] = [(Text("", ""), statement) for statement in card.statements]
    statements += _composite(table, card.integral, language)
    for perspective in card.perspectives:
        statements += _composite(table, perspective.composite, language)
        statements += _kpis(table, perspective.kpis, card.currency, language)
    if card.own:
        table.add_section()
        table.add_row("", RichText(_OWN.in_language(language), style="bold"))
        statements += _kpis(table, card.own, card.currency, language)
    console.print(table)
    concerned: dict[Text, list[str]] = {}
    for name, statement in dict.fromkeys(statements):
        concerned.setdefault(statement, []).append(name.in_language(language))
    for statement, names in concerned.items():
        lead = f"{', '.join(names)}: " if any(names) else ""
        console.print(f"  {lead}{statement.in_language(language)}", style="dim")
    key = "  ".join(f"{_MARKS[state][0]} {word.in_language(language)}" for state, word in STATES.items())
    versions = _DATA.in_language(language).format(data=card.data_version, definition=card.definition)
    console.print(f"{key}  ·  {versions}", style="dim")


def _composite(table: RichTable, composite: CompositeCard, language: Language) -> list[tuple[Text, Text]]:
    table.add_section()
    style = number_style("index", composite.printed, language)
    _add_row(
        table,
        _mark(composite.state),
        RichText(composite.name.in_language(language), style="bold"),
        RichText(style.value(composite.printed.value), style="bold"),
        style.interval(composite.printed),
        "",
        style.change(composite.change),
        "",
        plain(composite.normalised.value, 0, language),
        sparkline(composite.trend),
    )
    return [(composite.name, statement) for statement in composite.statements]


def _kpis(
    table: RichTable, kpis: Iterable[KpiCard], currency: str | None, language: Language
) -> list[tuple[Text, Text]]:
    statements: list[tuple[Text, Text]] = []
    for kpi in kpis:
        style: NumberStyle = number_style(
            kpi.unit, kpi.figure, language, currency=currency, others=(kpi.target, kpi.change)
        )
        _add_row(
            table,
            _mark(kpi.state),
            f"  {kpi.name.in_language(language)}",
            WORDS["too_few"].in_language(language) if kpi.too_few else style.value(kpi.figure.value),
            style.interval(kpi.figure),
            "" if kpi.target is None else style.given(kpi.target),
            style.change(kpi.change),
            plain(kpi.n, 0, language),
            plain(kpi.normalised.value, 0, language),
            sparkline(kpi.trend),
        )
        statements += [(kpi.name, statement) for statement in kpi.statements]
    return statements


def _add_row(table: RichTable, *cells: str | RichText) -> None:
    """Add a row, without the cells for which a narrow terminal has no column."""
    table.add_row(*cells[: len(table.columns)])


def _mark(state: State) -> RichText:
    mark, colour = _MARKS[state]
    return RichText(mark, style=colour)


def sparkline(trend: Iterable[TrendPoint]) -> str:
    """The history as eight heights of a bar; a blank where a period has no value."""
    values = [point.figure.value for point in trend]
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    return "".join(" " if value is None else _BARS[round((value - low) / span * (len(_BARS) - 1))] for value in values)
