"""What would become of a file if it were loaded now: read and checked as a load does, and nothing is written to the lake."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from septima.lake.load import Progress
from septima.lake.mapping import FileMapping, Place
from septima.lake.mapping import Mapping as LoadMapping
from septima.lake.read import open_source
from septima.lake.sql import LoadError, connect, count, identifier, parquet
from septima.lake.stage import Run, Staged, stage_entry
from septima.lake.store import Lake
from septima.lake.suppression import read_suppression
from septima.schema import Text

SAMPLE_ROWS = 8
EXAMPLES = 3
VALUES = 12
_REASONS = 40
_CHECKING = Text("Checking rows", "Проверка строк")
_HIDDEN = ("source", "loaded_at")


@dataclass(frozen=True)
class SourceLook:
    """A column of the file: some of what stands in it, and its distinct values where these are few."""

    name: str
    examples: tuple[str, ...]
    values: tuple[str, ...]


@dataclass(frozen=True)
class Reason:
    """Why rows would be put aside: `column` is the file's or the table's, `example` one value that is wrong."""

    column: str
    reason: str
    rows: int
    example: str
    first_row: int


@dataclass(frozen=True)
class TableLook:
    """What the file would bring to a table: `read` is the sum of `new`, `known`, `duplicate` and `quarantined`.

    `new` rows have keys that the table lacks; `known` ones would change what is there, or say nothing new.
    """

    table: str
    read: int
    new: int
    known: int
    duplicate: int
    quarantined: int
    columns: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    reasons: tuple[Reason, ...]


def look_at(lake: Lake, path: Path, name: str, *, sheet: str | None = None) -> tuple[list[SourceLook], int]:
    """The columns of a file and the number of its rows, counted up to what a sample holds.

    LoadError where it cannot be read or has a header and nothing else.
    """
    whole = FileMapping(name, Place(name, 1), (), header=True, sheet=sheet)
    with lake.staging() as folder, connect(folder) as connection:
        reading = open_source(connection, whole, path, name, folder)
        rows = count(connection, f"SELECT count(*) FROM ({reading.sample})")
        if rows == 0:
            raise LoadError(
                Text(
                    f"{name} has a header and no rows; there is nothing to load",
                    f"в\u00a0{name} есть заголовок и\u00a0нет строк; загружать нечего",
                )
            )
        looks = [
            SourceLook(column, *_values(connection, reading.sample, source.alias))
            for column, source in reading.columns.items()
        ]
    return looks, rows


def _values(connection: duckdb.DuckDBPyConnection, sample: str, alias: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    text = f"left(CAST({alias} AS VARCHAR), 200)"
    found = connection.execute(
        f"SELECT {text} AS v FROM ({sample}) WHERE {alias} IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {VALUES + 1}"
    ).fetchall()
    values = tuple(str(value) for (value,) in found)
    return values[:EXAMPLES], values if len(values) <= VALUES else ()


def rehearse(
    lake: Lake, mapping: LoadMapping, files: Mapping[str, Path], *, progress: Progress | None = None
) -> list[TableLook]:
    """Stage the files of a mapping, given by the names that it calls them, and tell what would come of each table.

    LoadError as a load would give it.
    """
    total = sum(2 * len(entry.tables) * files[entry.pattern].stat().st_size for entry in mapping.files)
    loaded_at = datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    with lake.staging() as folder, connect(folder) as connection:
        suppression = read_suppression(lake, connection)
        suppression.register(connection)
        run = Run(connection, folder, mapping.source, loaded_at, _advance(progress, total), suppression)
        staged = [
            batch
            for entry in mapping.files
            for batch in stage_entry(run, entry, [(files[entry.pattern], entry.pattern)])
        ]
        return [_look(connection, lake, batch) for batch in staged]


def _advance(progress: Progress | None, total: int) -> Callable[[str, int], None]:
    done = 0

    def advance(_name: str, size: int) -> None:
        nonlocal done
        done += size
        if progress is not None:
            progress(_CHECKING, done, total)

    return advance


def _look(connection: duckdb.DuckDBPyConnection, lake: Lake, batch: Staged) -> TableLook:
    name = batch.table.name
    clean = [path for path, _ in batch.files]
    rows = sum(number for _, number in batch.files)
    shown = tuple(column for column in batch.filled if column not in _HIDDEN)
    held, known, sample = lake.files(name), 0, list[tuple[Any, ...]]()
    if clean:
        if held:
            same = " AND ".join(f"c.{identifier(key)} = t.{identifier(key)}" for key in batch.table.key)
            known = count(connection, f"SELECT count(*) FROM {parquet(clean)} c SEMI JOIN {parquet(held)} t ON {same}")
        columns = ", ".join(f"left(CAST({identifier(column)} AS VARCHAR), 200)" for column in shown)
        sample = connection.execute(f"SELECT {columns} FROM {parquet(clean)} LIMIT {SAMPLE_ROWS}").fetchall()
    return TableLook(
        name,
        batch.read,
        rows - known,
        known,
        batch.duplicate,
        batch.quarantined,
        shown,
        tuple(tuple("" if value is None else str(value) for value in row) for row in sample),
        _reasons(connection, batch.errors),
    )


def _reasons(connection: duckdb.DuckDBPyConnection, errors: list[Path]) -> tuple[Reason, ...]:
    if not errors:
        return ()
    found = connection.execute(
        "SELECT \"column\", reason, count(DISTINCT (file, row)), left(coalesce(arg_min(value, row), ''), 200), min(row) "
        f"FROM {parquet(errors)} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT {_REASONS}"
    ).fetchall()
    return tuple(
        Reason(str(column), str(reason), int(rows), str(example), int(first))
        for column, reason, rows, example, first in found
    )
