"""A first mapping for a file, guessed from its headings, for a person to check and mend."""

import json
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from duckdb import DuckDBPyConnection

from septima.lake.headings import HEADINGS, VALUES
from septima.lake.mapping import FileMapping, Place
from septima.lake.read import Reading, open_source
from septima.lake.sql import LoadError, connect
from septima.lake.store import Lake
from septima.lake.words import no_table
from septima.schema import TABLES, Column, Table, Text

_ALIKE = 0.84
_SURE, _LIKELY = 1.0, 0.6
_LISTED_VALUES = 12
_LOADER_COLUMNS = ("source", "loaded_at", "properties")
_ASSUMED = {
    ("answers", "instrument"): ("nps", "assumed: nps (1–10), nps_classic (0–10), csi (1–5), c11 or your own"),
    ("answers", "question"): ("recommend", "assumed: recommend (nps), overall (csi), q01 … q11 (c11) or your own"),
}


@dataclass(frozen=True)
class _Guess:
    """Which heading stands for which canonical column of a table, and how sure that is."""

    table: Table
    headings: dict[str, str]
    sureness: float


def draft(lake: Lake, path: Path, *, table: str | None = None, currency: str | None = None) -> str:
    """A mapping in YAML for the file at `path`, with a comment wherever a person has to decide.

    The table is the one whose columns fit the headings best, unless `table` names it. `currency` is
    written as a constant where the file has no such column. LoadError where the file cannot be read
    or fits no table.
    """
    if not path.is_file():
        raise LoadError(Text(f"there is no file {path}", f"файла {path} нет; проверьте путь"))
    if table is not None and table not in TABLES:
        raise LoadError(no_table(table, TABLES))
    whole = FileMapping(path.name, Place(path.name, 1), (), header=True)
    with lake.staging() as folder, connect(folder) as connection:
        reading = open_source(connection, whole, path, path.name, folder)
        headings = list(reading.columns)
        guess = _guess(TABLES[table], headings) if table else max((_guess(known, headings) for known in TABLES.values()), key=lambda made: made.sureness)  # fmt: skip
        if not guess.headings:
            named = ", ".join(headings)
            raise LoadError(
                Text(
                    f"no heading of {path.name} is like a canonical column ({named}); "
                    "say which table it is for: --table orders",
                    f"ни\u00a0один заголовок файла {path.name} не\u00a0похож на\u00a0столбец известных таблиц ({named}); "
                    "укажите, для какой таблицы этот файл (в\u00a0командной строке: --table orders)",
                )
            )
        found = {
            name: _distinct_values(connection, reading, heading)
            for name, heading in guess.headings.items()
            if guess.table.column(name).choices
        }
    return _written(path, guess, headings, found, currency)


def _guess(table: Table, headings: list[str]) -> _Guess:
    """Match headings to columns, the surest pairs first, each heading and each column once."""
    columns = [column for column in table.columns if column.name not in _LOADER_COLUMNS]
    pairs = [
        (sureness, -rank, column.name, heading)
        for rank, column in enumerate(columns)
        for heading in headings
        if (sureness := _sureness(column, heading)) > 0
    ]
    chosen: dict[str, str] = {}
    total = 0.0
    for sureness, _, name, heading in sorted(pairs, reverse=True):
        if name not in chosen and heading not in chosen.values():
            chosen[name] = heading
            total += sureness
    needed = [column.name for column in columns if column.required]
    lacking = sum(name not in chosen for name in needed)
    return _Guess(table, chosen, total - lacking)


def _sureness(column: Column, heading: str) -> float:
    plain = _plain(heading)
    if plain == _plain(column.name):
        return _SURE + 0.1
    if plain in map(_plain, HEADINGS.get(column.name, ())):
        return _SURE
    return _LIKELY if SequenceMatcher(None, plain, _plain(column.name)).ratio() >= _ALIKE else 0.0


def _plain(heading: str) -> str:
    """A heading without case, signs and the letter ё, its words apart: `OrderNo` and `order_no` are one."""
    apart = re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])", " ", heading)
    return " ".join(re.findall(r"\w+", apart.lower().replace("ё", "е").replace("_", " ")))


def _distinct_values(connection: DuckDBPyConnection, reading: Reading, heading: str) -> list[str]:
    alias = reading.columns[heading].alias
    query = (
        f"SELECT CAST({alias} AS VARCHAR) FROM ({reading.sample}) WHERE {alias} IS NOT NULL "
        f"GROUP BY 1 ORDER BY count(*) DESC LIMIT {_LISTED_VALUES}"
    )
    return [str(value) for (value,) in connection.execute(query).fetchall()]


def _written(path: Path, guess: _Guess, headings: list[str], found: dict[str, list[str]], currency: str | None) -> str:
    table = guess.table
    lines = [
        f"# A draft for {path.name}: check each line. Lines that begin with # are left to you.",
        f"source: {_quoted(path.stem)}",
        "files:",
        f"  - file: {_quoted(path.name)}",
        "    tables:",
        f"      {table.name}:  # {table.meaning.en} · {table.meaning.ru}",
        "        columns:",
    ]
    for column in table.columns:
        if column.name in _LOADER_COLUMNS:
            continue
        if column.name in guess.headings:
            lines += _column_lines(column, guess.headings[column.name], found.get(column.name, []))
        elif column.name == "currency" and currency is not None:
            lines.append(f"          currency: {{constant: {currency}}}")
        elif (table.name, column.name) in _ASSUMED:
            constant, remark = _ASSUMED[table.name, column.name]
            lines.append(f"          {column.name}: {{constant: {constant}}}  # {remark}")
        elif column.required or column.name in table.key:
            lines.append(f"          # {column.name}: needed: {column.meaning.en} · {column.meaning.ru}")
    unused = [heading for heading in headings if heading not in guess.headings.values()]
    if unused:
        lines.append(f"        # Kept as they are in `properties`: {', '.join(unused)}")
        spare = [c.name for c in table.columns if c.name not in guess.headings and c.name not in _LOADER_COLUMNS]
        lines.append(f"        # Columns of {table.name} still free: {', '.join(spare)}")
    return "\n".join([*lines, ""])


def _column_lines(column: Column, heading: str, found: list[str]) -> list[str]:
    name = f"          {column.name}: "
    strange = [value for value in found if value not in column.choices]
    if not column.choices or not strange:
        return [name + _quoted(heading)]
    lines = [name.rstrip(), f"            column: {_quoted(heading)}", "            values:"]
    for value in found:
        meant = value if value in column.choices else _meant(value, column.choices)
        line = f"              {_quoted(value)}: "
        lines.append(line + meant if meant else f"              # {_quoted(value)}: one of {', '.join(column.choices)}")
    return lines


def _meant(value: str, choices: tuple[str, ...]) -> str | None:
    plain = _plain(value)
    return next(
        (choice for choice in choices if plain == _plain(choice) or plain in map(_plain, VALUES.get(choice, ()))), None
    )


def _quoted(text: str) -> str:
    """A text as YAML reads it back: bare where it is one plain word, else in double quotes."""
    bare = re.fullmatch(r"[^\W\d]\w*", text) and text.lower() not in (
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "null",
        "y",
        "n",
    )
    return text if bare else json.dumps(text, ensure_ascii=False)
