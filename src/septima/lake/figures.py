"""Computed figures as the lake keeps them: snapshots that are only ever added to.

The newest snapshot of a figure is in force. What a figure was at a moment is its newest snapshot until then.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import TypedDict

import duckdb
import pyarrow as pa
from pyarrow import parquet as files

from septima.lake.sql import identifier, parquet, text_list, text_literal
from septima.lake.store import Lake, Writing, arrow_schema
from septima.lake.tables import COMPUTATIONS, FIGURES
from septima.schema import Table

FIGURE_COLUMNS = (
    "series", "period", "slices", "value", "n", "lower", "upper", "missing_share", "note", "complete", "recorded",
)  # fmt: skip


class Computation(TypedDict):
    """A row of the table `computations`."""

    series: str
    metric: str
    definition: str
    settings: str
    grain: str
    by: str
    data_version: int
    tables: str
    members: str
    since: date | None
    first: date | None
    last: date | None
    running: date | None
    newest: date | None
    figures: int
    changed: int
    computed_at: datetime
    author: str


def newest_computations(
    lake: Lake, *, data_version: int | None = None, until: datetime | None = None
) -> dict[str, Computation]:
    """The newest computation of every series: of those over data no newer than `data_version`, written `until` then."""
    held = lake.files(COMPUTATIONS.name)
    if not held:
        return {}
    conditions = _conditions(data_version=data_version, until=until)
    columns = ", ".join(map(identifier, Computation.__annotations__))
    query = f"SELECT {columns} FROM {parquet(held)} WHERE {conditions} QUALIFY {_newest('series')}"
    rows: list[Computation] = _answer(query).to_pylist()  # type: ignore[assignment]
    return {row["series"]: row for row in rows}


def newest_figures(
    lake: Lake, series: Sequence[str], *, until: datetime | None = None, held: Sequence[str] | None = None
) -> pa.Table:
    """The figures in force of these series, `until` a moment where one is given; columns `FIGURE_COLUMNS`.

    `held` are the files of the table, those of the newest version where left out.
    """
    held = lake.files(FIGURES.name) if held is None else held
    if not held or not series:
        return arrow_schema(FIGURES).empty_table().select(list(FIGURE_COLUMNS))
    conditions = f"series IN (SELECT unnest({text_list(list(series))})) AND {_conditions(until=until)}"
    newest = f"SELECT * FROM {parquet(list(held))} WHERE {conditions} QUALIFY {_newest('series, period, slices')}"
    query = f"SELECT {', '.join(FIGURE_COLUMNS)} FROM ({newest}) WHERE NOT gone ORDER BY series, slices, period"
    return _answer(query)


def write_rows(writing: Writing, table: Table, rows: pa.Table) -> None:
    """Add rows to a table of the lake; none makes no file."""
    if rows.num_rows == 0:
        return
    path = writing.new_file(table.name)
    schema = arrow_schema(table)
    files.write_table(rows.select(schema.names).cast(schema), path, compression="zstd")
    writing.add(table.name, path, rows.num_rows)


def _answer(query: str) -> pa.Table:
    with _engine().cursor() as cursor:
        return cursor.sql(query).to_arrow_table()


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """One DuckDB in memory for all questions: figures are few, and opening one takes longer than most answers."""
    return duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})


def _conditions(*, data_version: int | None = None, until: datetime | None = None) -> str:
    found = ["true"]
    if data_version is not None:
        found.append(f"data_version <= {data_version:d}")
    if until is not None:
        found.append(f"computed_at <= TIMESTAMP {text_literal(until.isoformat(sep=' '))}")
    return " AND ".join(found)


def _newest(keys: str) -> str:
    return f"row_number() OVER (PARTITION BY {keys} ORDER BY computed_at DESC, data_version DESC) = 1"
