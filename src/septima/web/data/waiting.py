# ruff: noqa: S608 - names and texts are quoted by lake.sql, values are bound
"""What waits in quarantine, filtered and page by page, without what a person dismissed."""

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb

from septima.lake.quarantine import QuarantinedRow
from septima.lake.sql import connect, identifier, parquet
from septima.lake.store import Lake
from septima.lake.tables import QUARANTINE

_COLUMNS = ", ".join(identifier(name) for name in QuarantinedRow.__dataclass_fields__)
_PLACE = 'source, file, "row", "table", "column", quarantine_id'
_ROWS = 'count(DISTINCT (source, file, "row", "table", record))'
"""SQL of how many rows entries are of: files of two folders may have one name, so what stands in a row tells it apart too."""
_MOST_CHOICES = 200
_BATCH = 2_000


@dataclass(frozen=True)
class Filters:
    """Which entries are asked for; empty texts ask for any. `dismissed` are looked at apart from the open ones."""

    source: str = ""
    table: str = ""
    file: str = ""
    reason: str = ""
    column: str = ""
    dismissed: bool = False

    def query(self) -> dict[str, str]:
        """The filters as they stand in an address."""
        named = {name: getattr(self, name) for name in ("source", "table", "file", "reason", "column")}
        return {name: value for name, value in named.items() if value} | ({"dismissed": "1"} if self.dismissed else {})


@dataclass(frozen=True)
class ReasonCount:
    """How many entries have one reason in one column of one table."""

    table: str
    column: str
    reason: str
    entries: int


@dataclass(frozen=True)
class WaitingPage:
    """A page of entries, what there is to filter by, and counts by reason over all pages.

    `after` is what to ask the next page with, None on the last. `total` entries are of `rows` rows.
    """

    entries: tuple[QuarantinedRow, ...] = ()
    after: str | None = None
    total: int = 0
    rows: int = 0
    reasons: tuple[ReasonCount, ...] = ()
    sources: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Asked:
    """SQL of a condition, and the values in it."""

    condition: str
    values: list[Any] = field(default_factory=list[Any])


def waiting_page(
    lake: Lake, filters: Filters, dismissed: Sequence[str], *, after: str | None = None, limit: int = 50
) -> WaitingPage:
    """A page of the entries that the filters ask for, behind the entry `after`; `dismissed` are ids of entries."""
    with _opened(lake, dismissed) as (connection, stored):
        if stored is None:
            return WaitingPage()
        asked, wide = _asked(filters), _asked(Filters(dismissed=filters.dismissed))
        behind = _Asked("true")
        if after is not None:
            found = connection.execute(f"SELECT {_PLACE} FROM {stored} WHERE quarantine_id = ?", [after]).fetchone()
            if found is not None:
                behind = _Asked(f"row({_PLACE}) > row(?, ?, ?, ?, ?, ?)", list(found))
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM {stored} WHERE {asked.condition} AND {behind.condition} ORDER BY {_PLACE} LIMIT ?",
            [*asked.values, *behind.values, limit + 1],
        ).fetchall()
        total = connection.execute(
            f"SELECT count(*), {_ROWS} FROM {stored} WHERE {asked.condition}", asked.values
        ).fetchone()
        narrow = _asked(Filters(filters.source, filters.table, filters.file, dismissed=filters.dismissed))
        reasons = connection.execute(
            f'SELECT "table", "column", reason, count(*) AS n FROM {stored} WHERE {narrow.condition} '
            f'GROUP BY ALL ORDER BY n DESC, "table", "column", reason LIMIT {_MOST_CHOICES}',
            narrow.values,
        ).fetchall()
        choices = {
            name: tuple(
                str(value)
                for (value,) in connection.execute(
                    f"SELECT DISTINCT {identifier(name)} FROM {stored} WHERE {wide.condition} ORDER BY 1 LIMIT {_MOST_CHOICES}",
                    wide.values,
                ).fetchall()
            )
            for name in ("source", "table", "file")
        }
    entries = tuple(_entry(row) for row in rows[:limit])
    return WaitingPage(
        entries,
        entries[-1].quarantine_id if len(rows) > limit else None,
        int(total[0]) if total else 0,
        int(total[1]) if total else 0,
        tuple(ReasonCount(*row) for row in reasons),
        choices["source"],
        choices["table"],
        choices["file"],
    )


def waiting_number(lake: Lake, dismissed: Sequence[str]) -> int:
    """How many rows wait to be mended."""
    with _opened(lake, dismissed) as (connection, stored):
        if stored is None:
            return 0
        asked = _asked(Filters())
        found = connection.execute(f"SELECT {_ROWS} FROM {stored} WHERE {asked.condition}").fetchone()
    return int(found[0]) if found else 0


def all_waiting(lake: Lake, filters: Filters, dismissed: Sequence[str]) -> Iterator[QuarantinedRow]:
    """All entries that the filters ask for, a few thousand in memory at a time."""
    return _streamed(lake, dismissed, _asked(filters))


def entries_with_value(
    lake: Lake, filters: Filters, dismissed: Sequence[str], value: str | None, *, limit: int | None = None
) -> Iterator[QuarantinedRow]:
    """The entries asked for, at most `limit`, in whose place `value` stands; None asks for empty ones."""
    return _streamed(lake, dismissed, _with_value(filters, value), limit)


def number_with_value(lake: Lake, filters: Filters, dismissed: Sequence[str], value: str | None) -> int:
    """How many entries `entries_with_value` has in all."""
    with _opened(lake, dismissed) as (connection, stored):
        if stored is None:
            return 0
        asked = _with_value(filters, value)
        found = connection.execute(f"SELECT count(*) FROM {stored} WHERE {asked.condition}", asked.values).fetchone()
    return int(found[0]) if found else 0


def _with_value(filters: Filters, value: str | None) -> _Asked:
    asked = _asked(filters)
    return _Asked(f"{asked.condition} AND value IS NOT DISTINCT FROM ?", [*asked.values, value])


def _streamed(
    lake: Lake, dismissed: Sequence[str], asked: _Asked, limit: int | None = None
) -> Iterator[QuarantinedRow]:
    bound = "" if limit is None else f" LIMIT {int(limit)}"
    with _opened(lake, dismissed) as (connection, stored):
        if stored is None:
            return
        result = connection.execute(
            f"SELECT {_COLUMNS} FROM {stored} WHERE {asked.condition} ORDER BY {_PLACE}{bound}", asked.values
        )
        while rows := result.fetchmany(_BATCH):
            yield from map(_entry, rows)


def commonest_values(
    lake: Lake, filters: Filters, dismissed: Sequence[str], *, limit: int = 12
) -> list[tuple[str | None, int]]:
    """What stands most often in the place that is wrong, and how often."""
    with _opened(lake, dismissed) as (connection, stored):
        if stored is None:
            return []
        asked = _asked(filters)
        rows = connection.execute(
            f"SELECT value, count(*) AS n FROM {stored} WHERE {asked.condition} GROUP BY value ORDER BY n DESC, value LIMIT ?",
            [*asked.values, limit],
        ).fetchall()
    return [(None if value is None else str(value), int(number)) for value, number in rows]


def ids_waiting(lake: Lake, filters: Filters, dismissed: Sequence[str]) -> list[str]:
    """The ids of all entries that the filters ask for."""
    return [entry.quarantine_id for entry in all_waiting(lake, filters, dismissed)]


def record_of(entry: QuarantinedRow) -> dict[str, str]:
    """The row as it came, by its columns; empty where nothing of it is kept."""
    if entry.record is None:
        return {}
    content: Any = json.loads(entry.record, parse_int=str, parse_float=str)
    return {str(name): _written(value) for name, value in content.items()}


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@contextmanager
def _opened(lake: Lake, dismissed: Sequence[str]) -> Generator[tuple[duckdb.DuckDBPyConnection, str | None]]:
    """A connection that knows what was dismissed, and SQL of the open entries; None where there never was any."""
    files = lake.files(QUARANTINE.name)
    with lake.staging() as folder, connect(folder) as connection:
        connection.execute("CREATE TEMP TABLE dismissed (id VARCHAR)")
        connection.execute("INSERT INTO dismissed SELECT unnest(?)", [list(dismissed)])
        yield connection, parquet(files) if files else None


def _asked(filters: Filters) -> _Asked:
    named = {name: value for name, value in filters.query().items() if name != "dismissed"}
    side = "IN" if filters.dismissed else "NOT IN"
    conditions = [f"quarantine_id {side} (SELECT id FROM dismissed)", "resolved_at IS NULL"]
    conditions += [f"{identifier(name)} = ?" for name in named]
    return _Asked(" AND ".join(conditions), list(named.values()))


def _entry(row: Sequence[Any]) -> QuarantinedRow:
    moments = [None if moment is None else _utc(moment) for moment in row[8:10]]
    return QuarantinedRow(*row[:8], *moments, *row[10:])  # type: ignore[arg-type] # the row has the fields in their order


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
