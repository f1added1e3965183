"""Mending rows of the quarantine by hand: corrected values go the way that the row came, by the mapping of its load."""

import fnmatch
import getpass
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from septima.lake.append import BATCH, appended_mapping, as_text
from septima.lake.load import Desk, Entries, LoadResult, TableCounts, bring_in, past_mappings
from septima.lake.mapping import FileMapping, TableMapping
from septima.lake.quarantine import QuarantineError, mark_resolved
from septima.lake.reading import ROW_NUMBER
from septima.lake.sql import connect, parquet, text_literal
from septima.lake.store import Lake
from septima.lake.tables import QUARANTINE
from septima.schema import TABLES, Text

Corrections = Mapping[str, Mapping[str, str | None]]


@dataclass(frozen=True)
class _Row:
    """One row of a file with open entries, and what it is to be; `kept` is the row as the quarantine has it.

    Files of two folders may have one name, so that only together with what stands in it a row is known by its number.
    """

    file: str
    row: int
    kept: str
    record: dict[str, str | None]
    changes: dict[str, str | None]
    entries: list[str]


@dataclass(frozen=True)
class _Job:
    """Rows that came by one mapping, which is that of their table alone."""

    source: str
    mapping: FileMapping
    rows: list[_Row]


def mend_entries(lake: Lake, corrections: Corrections, *, author: str | None = None) -> LoadResult:
    """Correct values of rows in quarantine and load just these rows.

    `corrections` maps the id of an open entry to new values by column, in the words and with the names of the source
    (those of the table do where the mapping takes the column as it is); None empties a value. Entries of one row may be
    given apart or together. What passes is loaded and all open entries of its row are resolved. What is still wrong has new
    entries, with the values as corrected and the reason now; the old ones are resolved and stay in `entry_history`.
    Nothing else is read: a later load of the same file, if that is not mended, puts the row aside again.

    QuarantineError where an entry is not open, its row could not be taken apart, a column is none of the row's or no
    mapping is known for it; then nothing was written, save what rows of another table or mapping brought before somebody
    else mended one of these in the same moment.
    """
    by = author or getpass.getuser()
    jobs = [
        job for (source, table), rows in _wanted(lake, corrections).items() for job in _jobs(lake, source, table, rows)
    ]
    total = LoadResult({}, lake.version)
    for job in jobs:
        result, name = _mend(lake, job, by), job.mapping.tables[0].table.name
        counts = total.tables.get(name, TableCounts()) + result.tables[name]
        total = LoadResult({**total.tables, name: counts}, result.version, total.resolved + result.resolved)
    return total


def _wanted(lake: Lake, corrections: Corrections) -> dict[tuple[str, str], list[_Row]]:
    """The rows that the entries are of, by source and table, each once."""
    files = lake.files(QUARANTINE.name)
    found: list[tuple[str, str, str, str, int, str | None]] = []
    if files:
        query = (
            f'SELECT quarantine_id, source, "table", file, "row", record FROM {parquet(files)} '
            "WHERE resolved_at IS NULL AND quarantine_id IN (SELECT unnest(?)) ORDER BY ALL"
        )
        with lake.staging() as folder, connect(folder) as connection:
            found = connection.execute(query, [list(corrections)]).fetchall()
    absent = sorted(set(corrections) - {entry for entry, *_ in found})
    if absent:
        raise _not_open(absent[0])
    rows: defaultdict[tuple[str, str], dict[tuple[str, int, str], _Row]] = defaultdict(dict)
    for entry, source, table, file, number, record in found:
        if record is None:
            raise QuarantineError(
                Text(
                    f"{file}, row {number}: nothing of the row is kept, so nothing of it can be corrected",
                    f"{file}, строка {number}: содержимое строки не\u00a0сохранено, поэтому исправить её здесь нельзя; "
                    "исправьте файл и\u00a0загрузите его",
                )
            )
        row = rows[source, table].setdefault((file, number, record), _Row(file, number, record, _texts(record), {}, []))
        row.changes.update(corrections[entry])
        row.entries.append(entry)
    return {key: list(of.values()) for key, of in rows.items()}


def _not_open(entry: str) -> QuarantineError:
    return QuarantineError(
        Text(
            f"no entry {entry!r} is open in the quarantine; it may have been mended meanwhile",
            f"запись «{entry}» в\u00a0карантине не\u00a0ждёт исправления; возможно, её тем временем исправили",
        )
    )


def _texts(record: str) -> dict[str, str | None]:
    """The values of a kept row as they would stand in a text file."""
    content: dict[str, object] = json.loads(record, parse_int=str, parse_float=str)
    return {name: None if value is None else as_text(value) for name, value in content.items()}


def _jobs(lake: Lake, source: str, table: str, rows: Sequence[_Row]) -> list[_Job]:
    """The rows, corrected, with the mapping that each came by."""
    known = [entry for mapping, _ in past_mappings(lake, {source}) for entry in mapping.files]
    jobs: dict[str, _Job] = {}
    appended: list[_Row] = []
    for row in rows:
        entry = next((entry for entry in reversed(known) if _reads(entry, table, row)), None)
        if entry is not None:
            job = jobs.setdefault(repr(entry.place), _Job(source, _for_table(entry, table, row), []))
            job.rows.append(_corrected(row, entry, table))
        elif row.file.startswith(BATCH):
            appended.append(_corrected(row, None, table))
        else:
            raise QuarantineError(
                Text(
                    f"no mapping is known by which {row.file} was loaded into {table}; mend the file and load it",
                    f"неизвестно, по\u00a0какому сопоставлению {row.file} загружен в\u00a0таблицу {table}; "
                    "исправьте файл и\u00a0загрузите его",
                )
            )
    made = list(jobs.values())
    if appended:
        columns = {name for row in appended for name in row.record}
        made.append(_Job(source, appended_mapping(TABLES[table], columns), appended))
    return made


def _reads(entry: FileMapping, table: str, row: _Row) -> bool:
    """Whether the row may have come by this entry: not where it lacks columns, as of a file with an earlier heading."""
    if row.file != entry.pattern and not fnmatch.fnmatch(row.file, entry.pattern):
        return False
    there = {*row.record, ROW_NUMBER}
    return any(
        mapping.table.name == table and (_is_line(row, mapping) or there.issuperset(mapping.sources))
        for mapping in entry.tables
    )


def _is_line(row: _Row, mapping: TableMapping) -> bool:
    """Whether the row could not be taken apart into columns and is kept as it stood."""
    return set(row.record) == {"line"} and "line" not in mapping.sources


def _for_table(entry: FileMapping, table: str, row: _Row) -> FileMapping:
    """The entry of a mapping for one of its tables; what the others use stays out of the properties."""
    mapping = next(mapping for mapping in entry.tables if mapping.table.name == table)
    used = (*entry.sources, *entry.ignored) if mapping is entry.tables[0] else tuple(row.record)
    return replace(entry, tables=(replace(mapping, ignore=(*mapping.ignore, *used)),), format="parquet")


def _corrected(row: _Row, entry: FileMapping | None, table: str) -> _Row:
    """The row with its new values."""
    names = {name: name for name in row.record}
    if entry is None:
        names |= {name: name for name in TABLES[table].column_names if name not in ("source", "loaded_at")}
    else:
        mapping = next(mapping for mapping in entry.tables if mapping.table.name == table)
        names |= {name: name for name in mapping.sources}
        names = {column.target: column.column for column in mapping.columns if column.column is not None} | names
        if _is_line(row, mapping):
            raise QuarantineError(
                Text(
                    f"{row.file}, row {row.row} could not be taken apart; mend the file and load it",
                    f"{row.file}, строка {row.row}: её не\u00a0удалось разобрать на\u00a0столбцы; исправьте файл и\u00a0загрузите его",
                )
            )
    unknown = [name for name in row.changes if name not in names]
    if unknown:
        known = ", ".join(names)
        raise QuarantineError(
            Text(
                f"{row.file}, row {row.row} has no column {unknown[0]!r}; it has: {known}",
                f"{row.file}, строка {row.row}: в\u00a0ней нет столбца «{unknown[0]}»; есть: {known}",
            )
        )
    record = {**row.record, **{names[name]: value for name, value in row.changes.items()}}
    return replace(row, record=record)


def _mend(lake: Lake, job: _Job, author: str) -> LoadResult:
    mapping, rows = job.mapping, job.rows
    headings = dict.fromkeys([*(name for row in rows for name in row.record), *mapping.sources])
    table = mapping.tables[0].table.name

    def make(folder: Path) -> Entries:
        columns = {
            name: pa.array(
                [row.record.get(name, str(row.row) if name == ROW_NUMBER else None) for row in rows], pa.string()
            )
            for name in headings
        }
        path = folder / "records.parquet"
        pq.write_table(pa.table(columns), path)
        return [(mapping, [(path, rows[0].file)])]

    def amend(connection: duckdb.DuckDBPyConnection, errors: Sequence[Path]) -> None:
        """Tell what is still wrong by the files and rows that a person knows."""
        places = [
            list(range(1, len(rows) + 1)),
            [row.file for row in rows],
            [row.row for row in rows],
            [row.kept for row in rows],
        ]
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE mended AS SELECT unnest(?) AS number, unnest(?) AS of_file, "
            "unnest(?) AS of_row, unnest(?) AS of_record, false AS wrong",
            places,
        )
        for path in errors:
            wrong = f"SELECT row FROM {parquet([path])}"
            connection.execute(f"UPDATE mended SET wrong = true WHERE number IN ({wrong})")
            told = path.with_suffix(".told.parquet")
            connection.execute(
                f'COPY (SELECT m.of_file AS file, m.of_row AS row, e."table", e."column", e.value, e.reason, e.record '
                f"FROM {parquet([path])} e JOIN mended m ON e.row = m.number) TO {text_literal(str(told))} (FORMAT parquet)"
            )
            told.replace(path)

    def settle(desk: Desk) -> int:
        asked = [entry for row in rows for entry in row.entries]
        waiting = desk.connection.execute(
            f"SELECT quarantine_id FROM {parquet(desk.quarantine.files)} "
            "WHERE resolved_at IS NULL AND quarantine_id IN (SELECT unnest(?))",
            [asked],
        ).fetchall()
        gone = sorted(set(asked) - {str(entry) for (entry,) in waiting})
        if gone:
            raise _not_open(gone[0])

        def close(wrong: str) -> int:
            same = 'm.of_file = q.file AND m.of_row = q."row" AND m.of_record = q.record'
            here = f"EXISTS (SELECT 1 FROM mended m WHERE {same} AND {wrong})"
            of = f'q.source = {text_literal(job.source)} AND q."table" = {text_literal(table)}'
            return mark_resolved(desk.connection, desk.writing, desk.quarantine, f"{of} AND {here}", desk.loaded_at)

        close("m.wrong")
        return close("NOT m.wrong")

    details = {"source": job.source, "mended": sorted(entry for row in rows for entry in row.entries), "author": author}
    return bring_in(lake, "mend quarantine", job.source, make, details, settle=settle, amend=amend)
