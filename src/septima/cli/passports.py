"""The passport of a metric, for people and for programs."""

from typing import cast

from rich.table import Table as RichTable

from septima.cli.output import console
from septima.metrics import GRAINS, Metric, Passport
from septima.report.words import DIRECTIONS
from septima.schema import Language, Text
from septima.scorecard.card import Direction

_WORDS = {
    "id": Text("Id", "Обозначение"),
    "version": Text("Version", "Версия"),
    "fingerprint": Text("Fingerprint", "Отпечаток"),
    "name": Text("Name", "Название"),
    "description": Text("Describes", "Что описывает"),
    "use": Text("Good for", "Для чего годится"),
    "unit": Text("Unit", "Единица"),
    "direction": Text("Better is", "Что лучше"),
    "method": Text("Method", "Способ расчёта"),
    "formula": Text("Formula", "Формула"),
    "formula_source": Text("Source of the formula", "Источник формулы"),
    "interval": Text("Interval (95 %)", "Интервал (95 %)"),
    "primary_data": Text("Primary data", "Исходные данные"),
    "perspective": Text("Perspective", "Направление"),
    "group": Text("Group", "Группа"),
    "owner_role": Text("Owner", "Кто отвечает"),
    "minimum_sample": Text("Least sample", "Наименьшая выборка"),
    "dimensions": Text("Slices", "Разрезы"),
    "grains": Text("Periods", "Периоды"),
    "parameters": Text("Parameters", "Параметры"),
}


def passport_rows(metric: Metric, language: Language) -> dict[str, object]:
    """The passport and the slices of a metric as plain values by field."""
    return {**_values(metric.passport, language), "dimensions": metric.dimensions, "grains": GRAINS}


def print_passport(metric: Metric, language: Language) -> None:
    """Print the passport and the slices of a metric as two columns, field and content."""
    _print_fields(passport_rows(metric, language), language)


def print_passport_of(passport: Passport, language: Language) -> None:
    """Print a passport as two columns, field and content."""
    _print_fields(_values(passport, language), language)


def _values(passport: Passport, language: Language) -> dict[str, object]:
    return {
        field: value.in_language(language) if isinstance(value, Text) else value
        for field, value in vars(passport).items()
    }


def _print_fields(rows: dict[str, object], language: Language) -> None:
    grid = RichTable(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for field, word in _WORDS.items():
        if rows.get(field) is None:
            continue
        grid.add_row(word.in_language(language), _written(field, rows[field], language))
    console.print(grid)


def _written(field: str, value: object, language: Language) -> str:
    if field == "direction":
        return DIRECTIONS[cast("Direction", value)].in_language(language)
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value) or "—"  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return ", ".join(f"{name} = {item}" for name, item in value.items()) or "—"  # pyright: ignore[reportUnknownVariableType]
    return str(value)
