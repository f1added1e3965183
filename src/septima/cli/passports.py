"""The passport of a metric, for people and for programs."""

from rich.table import Table as RichTable

from septima.cli.output import console
from septima.metrics import GRAINS, Metric
from septima.schema import Language, Text

_WORDS = {
    "id": Text("Id", "Обозначение"),
    "version": Text("Version", "Версия"),
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
_DIRECTIONS = {
    "more": Text("more", "больше"),
    "less": Text("less", "меньше"),
    "target": Text("near the target", "ближе к цели"),
}


def passport_rows(metric: Metric, language: Language) -> dict[str, object]:
    """The passport as plain values by field, in the order in which it is read."""
    values: dict[str, object] = {**vars(metric.passport), "dimensions": metric.dimensions, "grains": GRAINS}
    return {field: value.in_language(language) if isinstance(value, Text) else value for field, value in values.items()}


def print_passport(metric: Metric, language: Language) -> None:
    """Print the passport as two columns, field and content."""
    rows = passport_rows(metric, language)
    grid = RichTable(show_header=False, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for field, word in _WORDS.items():
        grid.add_row(word.in_language(language), _written(field, rows[field], language))
    console.print(grid, highlight=False)


def _written(field: str, value: object, language: Language) -> str:
    if field == "direction":
        return _DIRECTIONS[str(value)].in_language(language)
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value) or "—"  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return ", ".join(f"{name} = {item}" for name, item in value.items()) or "—"  # pyright: ignore[reportUnknownVariableType]
    return str(value)
