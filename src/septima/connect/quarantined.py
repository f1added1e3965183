"""Rows of a connection in the quarantine: a row that is read again is one entry, and none once it passes."""

from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from septima.lake.load import Desk
from septima.lake.mapping import TableMapping
from septima.lake.quarantine import mark_resolved
from septima.lake.sql import alike, identifier, parquet, pointer, text_literal
from septima.lake.stage import copy_parquet
from septima.lake.store import Lake
from septima.lake.tables import QUARANTINE

_SAME = ("table", "column", "value", "reason", "record")
"""What makes two entries of one connection the same."""


def keep_known(lake: Lake, source: str) -> Callable[[duckdb.DuckDBPyConnection, Sequence[Path]], None]:
    """A way to call bad rows that lie in the quarantine already, just as bad, by the file and row under which they do."""

    def amend(connection: duckdb.DuckDBPyConnection, errors: Sequence[Path]) -> None:
        held = lake.files(QUARANTINE.name)
        if not held:
            return
        listed = ", ".join(f"e.{identifier(name)}" for name in _SAME)
        waiting = (
            f"(SELECT * FROM {parquet(held)} WHERE resolved_at IS NULL AND source = {text_literal(source)} "
            f"QUALIFY row_number() OVER (PARTITION BY {', '.join(map(identifier, _SAME))} ORDER BY file, row) = 1)"
        )
        for path in errors:
            told = path.with_suffix(".told.parquet")
            query = (
                f"SELECT coalesce(q.file, e.file) AS file, coalesce(q.row, e.row) AS row, {listed} "
                f"FROM {parquet([path])} e LEFT JOIN {waiting} q ON {alike(_SAME, 'q', 'e')}"
            )
            copy_parquet(connection, query, told)
            told.replace(path)

    return amend


def close_read_again(desk: Desk, source: str, origin: str, mapping: TableMapping, files: Sequence[Path]) -> int:
    """Close entries of the quarantine whose row was read again, and passes now or is wrong in another way."""
    columns = dict.fromkeys(
        name for column in mapping.columns if column.target in mapping.table.key for name in column.sources
    )
    if not columns or not desk.quarantine.files:
        return 0
    key = " AND ".join(
        f"trim(n.{identifier(name)}) = json_extract_string(q.record, {text_literal(pointer(name))})" for name in columns
    )
    condition = (
        f'q.source = {text_literal(source)} AND q."table" = {text_literal(mapping.table.name)} '
        f"AND starts_with(q.file, {text_literal(origin + ' ')}) AND EXISTS (SELECT 1 FROM {parquet(list(files))} n WHERE {key})"
    )
    if desk.errors:
        condition += f" AND NOT EXISTS (SELECT 1 FROM {parquet(list(desk.errors))} e WHERE {alike(_SAME, 'q', 'e')})"
    return mark_resolved(desk.connection, desk.writing, desk.quarantine, condition, desk.loaded_at)
