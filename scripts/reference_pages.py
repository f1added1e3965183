"""Pages of the documentation that are written from the code, so that they cannot fall behind it.

MkDocs calls `on_files` while it gathers pages, and `on_page_markdown` for each of them, where the comment
`<!-- from the code: NAME -->` of a page written by hand gives way to a table or a text.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

import septima.demo
from septima.cli.commands import application
from septima.metrics import GRAINS, NOTES, Metric, catalogue
from septima.schema import TABLES, Column, Table
from septima.scorecard.definition import PERSPECTIVES

_LOADER_COLUMNS = ("properties", "source", "loaded_at")
_UNITS = {
    "share": "share",
    "index": "index",
    "currency": "money",
    "currency_per_day": "money a day",
    "ratio": "ratio",
    "seconds": "seconds",
    "hours": "hours",
    "days": "days",
    "months": "months",
    "count": "count",
    "per_1000": "per 1,000",
    "score_1_5": "grade 1–5",
    "score_0_10": "score 0–10",
    "score_0_100": "score 0–100",
}
_MARK = re.compile(r"<!-- from the code: (?P<name>\w+) -->")
_PERCENT = re.compile(r"(?<=\d) (?=%(?!\w))")
_DIRECTIONS = {"more": "more", "less": "less", "target": "near the target"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the reference pages of tables, metrics and commands."""
    pages = {"tables": tables_page(), "metrics": metrics_page(), "commands": commands_page()}
    for name, content in pages.items():
        files.append(File.generated(config, f"reference/{name}.md", content=content))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - MkDocs gives them by name
    """Put parts from the code where a page asks for them; KeyError where it asks for one that there is not."""
    whole = _MARK.sub(lambda mark: _PARTS[mark["name"]](), markdown)
    return _PERCENT.sub("\u00a0%", whole)


def notes_table() -> str:
    """What may be noted beside a figure."""
    return _table(("note", "in Russian"), ((note.en, note.ru) for note in NOTES.values()))


def formulas_table() -> str:
    """Every metric with its formula and the source of it."""
    return _table(
        ("metric", "formula", "source"),
        (
            (_link(metric), f"`{metric.passport.formula}`", metric.passport.formula_source)
            for metric in catalogue().values()
        ),
    )


def intervals_table() -> str:
    """Every kind of interval with the metrics that have it."""
    kinds: dict[str, list[Metric]] = {}
    for metric in catalogue().values():
        kinds.setdefault(metric.passport.interval.en, []).append(metric)
    return _table(("interval", "metrics"), ((kind, ", ".join(map(_link, metrics))) for kind, metrics in kinds.items()))


def demo_model() -> str:
    """The generative model of the demo as its package states it."""
    _, _, model = (septima.demo.__doc__ or "").partition("\n\n")
    return model


_PARTS: dict[str, Callable[[], str]] = {
    "notes": notes_table,
    "formulas": formulas_table,
    "intervals": intervals_table,
    "demo_model": demo_model,
}


def _link(metric: Metric) -> str:
    return f"[`{metric.id}`](../reference/metrics.md#{metric.id})"


def tables_page() -> str:
    """Every canonical table with its columns, types, units and rules."""
    common = next(iter(TABLES.values()))
    return _page(
        "# Tables",
        "Whatever a source calls things, after loading they are called as here. A row is known by its *key*: the same key "
        "again is the same row. A *required* column is never empty; a row without it goes to quarantine. What is marked "
        "*personal* identifies a person and stays out of logs.",
        "Types: `timestamp` is UTC with microseconds; `date` a day; `decimal` money or a quantity with 18 digits, 4 of "
        "them after the point; `integer` and `number` whole and fractional numbers; `json` a text that holds a JSON object.",
        _table(
            ("table", "what it holds", "на русском"),
            ((f"[`{name}`](#{name})", table.meaning.en, table.meaning.ru) for name, table in TABLES.items()),
        ),
        "## In every table",
        _columns_table(column for column in map(common.column, _LOADER_COLUMNS)),
        *(_table_section(table) for table in TABLES.values()),
    )


def _table_section(table: Table) -> str:
    key = ", ".join(f"`{name}`" for name in table.key)
    period = f" Rows fall into periods by `{table.time}`." if table.time else ""
    own = [column for column in table.columns if column.name not in _LOADER_COLUMNS]
    return _page(
        f"## {table.name} {{ #{table.name} }}",
        f"{table.meaning.en}. *{table.meaning.ru}.* Key: {key}.{period}",
        _columns_table(own),
    )


def _columns_table(columns: Iterable[Column]) -> str:
    rows = (
        (f"`{column.name}`", column.type, f"{column.meaning.en}<br>*{column.meaning.ru}*", _rules(column))
        for column in columns
    )
    return _table(("column", "type", "meaning", "rules"), rows)


def _rules(column: Column) -> str:
    rules = ["required"] if column.required and column.blank is None else []
    rules += [f"where empty, `{column.blank!r}`"] if column.blank is not None else []
    rules += ["personal"] if column.personal else []
    rules += [f"in {column.unit}" if column.unit == "s" else f"in `{column.unit}`"] if column.unit else []
    rules += [f"from {column.minimum:g}"] if column.minimum is not None else []
    rules += [f"to {column.maximum:g}"] if column.maximum is not None else []
    rules += ["one of " + ", ".join(f"`{choice}`" for choice in column.choices)] if column.choices else []
    return "; ".join(rules)


def metrics_page() -> str:
    """The passport of every metric, by perspective."""
    found = catalogue().values()
    groups = {
        name.en: [metric for metric in found if metric.passport.perspective == perspective]
        for perspective, name in PERSPECTIVES.items()
    }
    return _page(
        "# Metrics",
        f"The {len(found)} metrics of the catalogue with their passports. Every figure comes with n, a 95 % interval "
        "and the share of records that could not be used. Shares are fractions from 0 to 1. Every metric can be asked for by "
        f"{', '.join(GRAINS[:-2])}, {GRAINS[-2]} or for all time. "
        "[How figures arise](../method/metrics.md) says what that means.",
        _table(
            ("metric", "name", "на русском", "unit", "better"),
            (
                (
                    f"[`{metric.id}`](#{metric.id})",
                    metric.passport.name.en,
                    metric.passport.name.ru,
                    _UNITS[metric.passport.unit],
                    _DIRECTIONS[metric.passport.direction],
                )
                for metrics in groups.values()
                for metric in metrics
            ),
        ),
        *(
            _page(f"## {name}", *(_metric_section(metric) for metric in metrics))
            for name, metrics in groups.items()
            if metrics
        ),
    )


def _metric_section(metric: Metric) -> str:
    passport = metric.passport
    parameters = _codes(f"{name} = {value}" for name, value in passport.parameters.items())
    fields = {
        "Good for": passport.use.en,
        "Method": passport.method.en,
        "Formula": f"`{passport.formula}`",
        "Source": passport.formula_source,
        "Interval": passport.interval.en,
        "Unit": f"{_UNITS[passport.unit]}; better: {_DIRECTIONS[passport.direction]}",
        "Least sample": f"{passport.minimum_sample:,}",
        "Data": _codes(passport.primary_data),
        "Slices": _codes(metric.dimensions),
        "Parameters": parameters,
        "Answers for it": passport.owner_role.en,
        "Version": str(passport.version),
    }
    return _page(
        f"### {passport.name.en} {{ #{passport.id} }}",
        f"`{passport.id}` · *{passport.name.ru}*",
        passport.description.en,
        _table(("passport", ""), ((name, value) for name, value in fields.items() if value)),
    )


def commands_page() -> str:
    """Every command with its arguments and options."""
    group = get_command(application)
    if not isinstance(group, TyperGroup):
        raise TypeError("the command line has no commands")
    commands = dict(_commands(group))
    families = [name for name, command in group.commands.items() if isinstance(command, TyperGroup)]
    return _page(
        "# Commands",
        "Every command ends with code 0 where it did its work. An error is one line on standard error and code 1 "
        "(2 where an argument or option is wrong); add `--debug` to any command to see where it arose.",
        _table(
            ("command", "what it does"),
            ((f"[`{name}`](#{_anchor(name)})", _sentence(command.help)) for name, command in commands.items()),
        ),
        *(f'<span id="{name}"></span>' for name in families),
        *(_command_section(name, command) for name, command in commands.items()),
    )


def _commands(group: TyperGroup, before: str = "") -> Iterator[tuple[str, TyperCommand]]:
    """Each command by the words that call it, those of a family one after another."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _commands(command, f"{before}{name} ")
        elif isinstance(command, TyperCommand):
            yield f"{before}{name}", command


def _anchor(words: str) -> str:
    return words.replace(" ", "-")


def _command_section(name: str, command: TyperCommand) -> str:
    arguments = [parameter for parameter in command.params if isinstance(parameter, TyperArgument)]
    options = [parameter for parameter in command.params if isinstance(parameter, TyperOption) and not parameter.hidden]
    usage = ["septima", name, *(argument.metavar or argument.name.upper() for argument in arguments)]
    parts = [
        f"## {name} {{ #{_anchor(name)} }}",
        f"```text\n{' '.join([*usage, '[OPTIONS]'])}\n```",
        _sentence(command.help),
        _table(
            ("argument or option", "meaning", "where left out"),
            (
                *((f"`{argument.metavar}`", argument.help or "", _left_out(argument)) for argument in arguments),
                *((_codes(option.opts), option.help or "", _left_out(option)) for option in options),
            ),
        ),
    ]
    return _page(*parts)


def _left_out(parameter: TyperArgument | TyperOption) -> str:
    default = parameter.default
    if parameter.required:
        return "must be given"
    if default is None or default is False:
        return ""
    return f"`{default.value if isinstance(default, Enum) else default}`"


def _sentence(help_text: str | None) -> str:
    return " ".join((help_text or "").split())


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    written = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in written)


def _page(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"
