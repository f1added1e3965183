"""Rows that could not be loaded: kept with the reason, shown, and marked when they are mended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from septima.lake.resolve import Pending
from septima.lake.sql import SQL_TYPES, alike, connect, identifier, parquet, text_literal
from septima.lake.stage import copy_parquet
from septima.lake.store import Lake, Writing
from septima.lake.tables import QUARANTINE
from septima.schema import SeptimaError, Text

ROW = ("source", "file", "row", "table")
"""What says which row of which file an entry is of."""
_PLACE = 'source, file, "row", "table", "column", quarantine_id'
_IDENTITY = ("source", "file", "row", "table", "column", "value", "reason", "record")


@dataclass(frozen=True)
class QuarantinedRow:
    """One thing wrong with one row: `column` and `value` are empty where the whole row is wrong.

    `record` is the row as it came, as JSON. `value` and `record` may hold personal data.
    """

    source: str
    file: str
    row: int
    table: str
    column: str
    value: str | None
    reason: str
    record: str | None
    loaded_at: datetime
    resolved_at: datetime | None
    quarantine_id: str = ""


@dataclass(frozen=True)
class EntryPage:
    """A part of what waits in quarantine.

    `entries` are in the order of source, file, row, table and column; `after` is what to ask the next part with, None on
    the last. `counts` are by reason, most first, over all that the filters but the one of the reason let through.
    """

    entries: tuple[QuarantinedRow, ...]
    counts: Mapping[str, int]
    after: str | None


class QuarantineError(SeptimaError):
    """An entry is not there or cannot be mended so; nothing was written."""


def quarantined(
    lake: Lake,
    *,
    source: str | None = None,
    file: str | None = None,
    table: str | None = None,
    resolved: bool = False,
    limit: int | None = None,
) -> list[QuarantinedRow]:
    """What lies in quarantine, by file and row; `resolved` includes what was mended since."""
    files = lake.files(QUARANTINE.name)
    if not files:
        return []
    given = {"source": source, "file": file, "table": table}
    filters = {name: value for name, value in given.items() if value is not None}
    conditions = [f"{identifier(name)} = ?" for name in filters]
    conditions += [] if resolved else ["resolved_at IS NULL"]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    columns = ", ".join(identifier(name) for name in QuarantinedRow.__dataclass_fields__)
    bound = "" if limit is None else f" LIMIT {int(limit)}"
    query = (
        f'SELECT {columns} FROM {parquet(files)}{where} ORDER BY source, file, "row", "table", "column", reason{bound}'
    )
    with lake.staging() as folder, connect(folder) as connection:
        rows = connection.execute(query, list(filters.values())).fetchall()
    return [_entry(row) for row in rows]


def entries(
    lake: Lake,
    *,
    source: str | None = None,
    reason: str | None = None,
    table: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> EntryPage:
    """A page of the open entries, at most `limit`, that come behind the entry `after` (its quarantine_id).

    QuarantineError where `after` was never an entry.
    """
    files = lake.files(QUARANTINE.name)
    if not files:
        return EntryPage((), {}, None)
    wide = {name: value for name, value in {"source": source, "table": table}.items() if value is not None}
    narrow = wide if reason is None else {**wide, "reason": reason}

    def where(filters: Mapping[str, str]) -> str:
        return " AND ".join(["resolved_at IS NULL", *(f"{identifier(name)} = ?" for name in filters)])

    columns = ", ".join(identifier(name) for name in QuarantinedRow.__dataclass_fields__)
    stored = parquet(files)
    with lake.staging() as folder, connect(folder) as connection:
        counted = connection.execute(
            f"SELECT reason, count(*) AS n FROM {stored} WHERE {where(wide)} GROUP BY reason ORDER BY n DESC, reason",
            list(wide.values()),
        ).fetchall()
        behind, start = "", []
        if after is not None:
            # What was resolved in the meantime still says where to go on.
            found = connection.execute(f"SELECT {_PLACE} FROM {stored} WHERE quarantine_id = ?", [after]).fetchone()
            if found is None:
                raise QuarantineError(
                    Text(
                        f"there is no entry {after!r} in the quarantine; begin again without `after`",
                        f"в\u00a0карантине нет записи «{after}»; начните сначала, без «after»",
                    )
                )
            behind, start = f" AND row({_PLACE}) > row(?, ?, ?, ?, ?, ?)", list(found)
        rows = connection.execute(
            f"SELECT {columns} FROM {stored} WHERE {where(narrow)}{behind} ORDER BY {_PLACE} LIMIT ?",
            [*narrow.values(), *start, limit + 1],
        ).fetchall()
    found_entries = tuple(_entry(row) for row in rows[:limit])
    last = found_entries[-1].quarantine_id if len(rows) > limit and found_entries else None
    return EntryPage(found_entries, {str(name): int(number) for name, number in counted}, last)


def entry_history(lake: Lake, entry: str) -> list[QuarantinedRow]:
    """Everything that was ever wrong with the row of the file that an entry is of, oldest first: what stood there before
    it was mended, and what it was mended to. QuarantineError where there is no such entry.
    """
    files = lake.files(QUARANTINE.name)
    columns = ", ".join(f"q.{identifier(name)}" for name in QuarantinedRow.__dataclass_fields__)
    same = " AND ".join(f"q.{identifier(name)} = e.{identifier(name)}" for name in ROW)
    rows: list[tuple[Any, ...]] = []
    if files:
        with lake.staging() as folder, connect(folder) as connection:
            rows = connection.execute(
                f"SELECT {columns} FROM {parquet(files)} q JOIN {parquet(files)} e ON {same} WHERE e.quarantine_id = ? "
                'ORDER BY q.loaded_at, q."column", q.quarantine_id',
                [entry],
            ).fetchall()
    if not rows:
        raise QuarantineError(
            Text(
                f"there is no entry {entry!r} in the quarantine",
                f"в\u00a0карантине нет записи «{entry}»; возможно, адрес неполон",
            )
        )
    return [_entry(row) for row in rows]


def open_entries(lake: Lake) -> dict[str, int]:
    """How many entries wait to be mended, by source."""
    files = lake.files(QUARANTINE.name)
    if not files:
        return {}
    with lake.staging() as folder, connect(folder) as connection:
        query = (
            f"SELECT source, count(*) FROM {parquet(files)} WHERE resolved_at IS NULL GROUP BY source ORDER BY source"
        )
        return {str(source): int(entries) for source, entries in connection.execute(query).fetchall()}


def _entry(row: tuple[Any, ...]) -> QuarantinedRow:
    return QuarantinedRow(*row[:8], *map(_utc, row[8:10]), *row[10:])


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def add_entries(
    connection: duckdb.DuckDBPyConnection,
    writing: Writing,
    pending: Pending,
    errors: Sequence[Path],
    *,
    source: str,
    loaded_at: str,
) -> int:
    """Put the staged errors into the quarantine, save those that lie there open already; the number put."""
    if not errors:
        return 0
    values = {
        "source": text_literal(source),
        "loaded_at": f"TIMESTAMP {text_literal(loaded_at)}",
        "resolved_at": "NULL",
    }
    identity = ", ".join(
        f"coalesce(CAST({values.get(name, 'e.' + identifier(name))} AS VARCHAR), chr(0))" for name in _IDENTITY
    )
    values["quarantine_id"] = f"md5(concat_ws(chr(1), {identity}, {text_literal(loaded_at)}))"
    taken = ", ".join(
        f"CAST({values.get(column.name, 'e.' + identifier(column.name))} AS {SQL_TYPES[column.type]}) AS {identifier(column.name)}"
        for column in QUARANTINE.columns
    )
    query = f"SELECT DISTINCT {taken} FROM {parquet(list(errors))} e"
    if pending.files:
        same = alike(_IDENTITY, "q", "n")
        query = f"SELECT n.* FROM ({query}) n ANTI JOIN (SELECT * FROM {parquet(pending.files)} WHERE resolved_at IS NULL) q ON {same}"
    target = writing.new_file(QUARANTINE.name)
    added = copy_parquet(connection, query, target)
    if added:
        pending.made[str(target)] = added
    else:
        target.unlink()
    return added


def resolve_entries(
    connection: duckdb.DuckDBPyConnection,
    writing: Writing,
    pending: Pending,
    errors: Sequence[Path],
    *,
    source: str,
    files: Sequence[str],
    at: str,
    apart: Sequence[str] = (),
) -> int:
    """Mark open entries of the files read again as resolved where they did not fail again; the number marked.

    Entries of the loads that ran at the moments `apart` are of other files with the same names.
    """
    if not pending.files or not files:
        return 0
    read = ", ".join(map(text_literal, files))
    # Rows are known by what failed, not by their number alone: a mended file may have lost or won rows.
    same = alike((name for name in _IDENTITY if name != "source"), "q", "e")
    again = f" AND NOT EXISTS (SELECT 1 FROM {parquet(list(errors))} e WHERE {same})" if errors else ""
    others = "".join(f", TIMESTAMP {text_literal(moment)}" for moment in apart)[2:]
    elsewhere = f" AND q.loaded_at NOT IN ({others})" if others else ""
    mended = f"q.source = {text_literal(source)} AND q.file IN ({read}){elsewhere}{again}"
    return mark_resolved(connection, writing, pending, mended, at)


def mark_resolved(
    connection: duckdb.DuckDBPyConnection, writing: Writing, pending: Pending, condition: str, at: str
) -> int:
    """Mark the open entries that meet the SQL `condition` (of `q`) as resolved; the number marked."""
    mended = f"q.resolved_at IS NULL AND {condition}"
    marked = 0
    for old in list(pending.files):
        stored = f"{parquet([old])} q"
        row = connection.execute(f"SELECT count(*) FROM {stored} WHERE {mended}").fetchone()
        found = int(row[0]) if row else 0
        if found == 0:
            continue
        query = f"SELECT * REPLACE (CASE WHEN {mended} THEN TIMESTAMP {text_literal(at)} ELSE resolved_at END AS resolved_at) FROM {stored}"
        target = writing.new_file(QUARANTINE.name)
        pending.replace(old, target, copy_parquet(connection, query, target))
        marked += found
    return marked
