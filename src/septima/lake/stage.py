"""Reading and checking before publication: source files become clean Parquet files in the staging folder.

Two passes over a source, neither of which keeps rows in memory. The first checks every row and
notes the hash of its key; the second, knowing what to leave out, writes what is clean.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from septima.lake.mapping import FileMapping, Keep, TableMapping
from septima.lake.read import open_source
from septima.lake.reading import Reading
from septima.lake.sql import LoadError, count, identifier, parquet, text_literal
from septima.lake.suppression import Suppression
from septima.lake.validate import Detected, Plan, plan
from septima.schema import Table, Text

Step = Callable[[Path], None]
_DICTIONARY_SIZE = 4096  # values of a column past which trying a dictionary costs more than it saves
_CONFLICT = (
    "the same key stands elsewhere in this load with other contents; say in the mapping which to keep: first or last"
)


@dataclass(frozen=True)
class Run:
    """What all parts of one load share."""

    connection: duckdb.DuckDBPyConnection
    folder: Path
    source: str
    loaded_at: str
    advance: Callable[[str, int], None]
    suppression: Suppression


@dataclass
class Staged:
    """The clean rows of one table from one entry of the mapping.

    `errors` are Parquet files of rows for the quarantine. `read` counts the rows that concern the
    table; `duplicate` and `quarantined` are those that ended here.
    """

    table: Table
    keep: Keep
    filled: tuple[str, ...]
    files: list[tuple[Path, int]] = field(default_factory=list[tuple[Path, int]])
    errors: list[Path] = field(default_factory=list[Path])
    read: int = 0
    duplicate: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class _Part:
    """One file as a plan for one table, after its first pass."""

    number: int
    plan: Plan
    keys: Path
    rows: int
    bad: int


def stage_entry(run: Run, entry: FileMapping, paths: list[tuple[Path, str]]) -> list[Staged]:
    """Check and stage all files of one entry of a mapping, for each of its tables."""
    stamps = [_stamp(path) for path, _ in paths]
    readings: list[Reading] = []
    for index, (path, name) in enumerate(paths):
        folder = run.folder / f"{entry.place.line}-{index}"
        folder.mkdir()
        readings.append(open_source(run.connection, entry, path, name, folder))
    detected = [Detected() for _ in readings]
    staged: list[Staged] = []
    for table in entry.tables:
        staged.append(_stage_table(run, entry, table, readings, detected))
    for (path, name), stamp in zip(paths, stamps, strict=True):
        if _stamp(path) != stamp:
            raise LoadError(
                Text(
                    f"{name} changed while it was read; load it again when it is finished",
                    f"файл {name} изменился, пока его читали; загрузите его снова, когда он будет дописан",
                )
            )
    return staged


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _stage_table(
    run: Run, entry: FileMapping, mapping: TableMapping, readings: list[Reading], detected: list[Detected]
) -> Staged:
    prefix = f"{entry.place.line}-{mapping.table.name}"
    parts: list[_Part] = []
    for number, (reading, known) in enumerate(zip(readings, detected, strict=True)):
        run.advance(reading.name, 0)
        planned = plan(run.connection, reading, entry, mapping, known, run.suppression)
        parts.append(_check(run, planned, number, run.folder / f"{prefix}-{number}.keys.parquet"))
        run.advance(reading.name, reading.path.stat().st_size)
    filled = tuple(dict.fromkeys(name for part in parts for name in part.plan.filled))
    staged = Staged(mapping.table, mapping.keep, filled)
    _drop_repeated(run, parts, mapping, prefix)
    for part in parts:
        _write_clean(run, part, staged, prefix)
        run.advance(part.plan.reading.name, part.plan.reading.path.stat().st_size)
    return staged


def _check(run: Run, planned: Plan, number: int, keys: Path) -> _Part:
    """First pass: the hash of each row's key, none where something is wrong with the row."""
    checked = f"SELECT CASE WHEN NOT __bad THEN hash({planned.keys()}) END AS h FROM ({planned.sql(planned.reading.uncounted)})"
    total = count(
        run.connection,
        f"COPY ({checked}) TO {text_literal(str(keys))} (FORMAT parquet, COMPRESSION lz4, DICTIONARY_SIZE_LIMIT 1)",
    )
    good = count(run.connection, f"SELECT count(h) FROM {parquet([keys])}")
    return _Part(number, planned, keys, total, total - good)


def _drop_repeated(run: Run, parts: list[_Part], mapping: TableMapping, prefix: str) -> None:
    """Fill the table `dropped` with rows whose key another row of this load has: (part, __row, conflict)."""
    connection = run.connection
    connection.execute("CREATE OR REPLACE TEMP TABLE dropped (part INTEGER, __row BIGINT, conflict BOOLEAN)")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE repeated AS SELECT h FROM "
        f"{parquet([part.keys for part in parts])} WHERE h IS NOT NULL GROUP BY h HAVING count(*) > 1"
    )
    if count(connection, "SELECT count(*) FROM repeated") == 0:
        return
    candidates: list[Path] = []
    names = [identifier(name) for name in mapping.table.key]
    by = mapping.keep.by
    for part in parts:
        values = part.plan.values
        content = ", ".join(values[name] for name in part.plan.filled)
        keys = ", ".join(f"{values[key]} AS {name}" for key, name in zip(mapping.table.key, names, strict=True))
        order = values.get(by, "NULL") if by is not None else "NULL"
        path = run.folder / f"{prefix}-{part.number}.repeated.parquet"
        connection.execute(
            f"COPY (SELECT {part.number} AS part, __row, {keys}, hash({content}) AS content, {order} AS __by "
            f"FROM ({part.plan.sql(part.plan.reading.rows)}) p SEMI JOIN repeated r ON hash({part.plan.keys()}) = r.h WHERE NOT __bad) "
            f"TO {text_literal(str(path))} (FORMAT parquet, COMPRESSION lz4)"
        )
        candidates.append(path)
    key, read = ", ".join(names), parquet(candidates)
    if mapping.keep.which == "quarantine":
        ranked = (
            f"SELECT part, __row, min(content) OVER k <> max(content) OVER k AS conflict, row_number() OVER same AS copy, "
            f"row_number() OVER (PARTITION BY {key} ORDER BY part, __row) AS place FROM {read} "
            f"WINDOW k AS (PARTITION BY {key}), same AS (PARTITION BY {key}, content ORDER BY part, __row)"
        )
        dropped = f"SELECT part, __row, conflict AND copy = 1 FROM ({ranked}) WHERE conflict OR place > 1"
    else:
        way = "ASC" if mapping.keep.which == "first" else "DESC"
        order = f"__by {way} NULLS LAST, part {way}, __row {way}"
        ranked = f"SELECT part, __row, row_number() OVER (PARTITION BY {key} ORDER BY {order}) AS place FROM {read}"
        dropped = f"SELECT part, __row, false FROM ({ranked}) WHERE place > 1"
    connection.execute(f"INSERT INTO dropped {dropped}")


def _write_clean(run: Run, part: _Part, staged: Staged, prefix: str) -> None:
    """Second pass: what is clean to one file, what is not to another; and the counts."""
    connection, planned = run.connection, part.plan
    rejected = count(connection, f"SELECT count(*) FROM ({planned.reading.rejects})")
    here = f"FROM dropped WHERE part = {part.number}"
    dropped, conflicts = (
        count(connection, f"SELECT count(*) {here}"),
        count(connection, f"SELECT count(*) {here} AND conflict"),
    )
    clean = part.rows - part.bad - dropped
    staged.read += part.rows + rejected
    staged.duplicate += dropped - conflicts
    staged.quarantined += part.bad + conflicts + rejected
    if clean:
        path = run.folder / f"{prefix}-{part.number}.clean.parquet"
        left = f" p ANTI JOIN (SELECT __row {here}) d ON p.__row = d.__row" if dropped else ""
        rows = planned.reading.rows if dropped else planned.reading.uncounted
        selected = f"SELECT {planned.row(run.source, run.loaded_at)} FROM ({planned.sql(rows)}){left}"
        if part.bad:
            selected += " WHERE NOT __bad"
        written = copy_parquet(connection, selected, path)
        if written != clean:
            name = planned.reading.name
            raise LoadError(
                Text(
                    f"{name} changed while it was read: {clean} rows were checked and {written} copied",
                    f"файл {name} изменился, пока его читали: проверено строк {clean}, скопировано {written}; "
                    "загрузите его снова, когда он будет дописан",
                )
            )
        staged.files.append((path, clean))
    if part.bad + conflicts + rejected:
        path = run.folder / f"{prefix}-{part.number}.errors.parquet"
        _write_errors(run, part, path, conflicts)
        staged.errors.append(path)


def copy_parquet(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Write a query to a Parquet file; the number of rows written."""
    return count(
        connection,
        f"COPY ({query}) TO {text_literal(str(path))} (FORMAT parquet, PARQUET_VERSION v2, "
        f"COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT {_DICTIONARY_SIZE})",
    )


def _write_errors(run: Run, part: _Part, path: Path, conflicts: int) -> None:
    planned, reading = part.plan, part.plan.reading
    queries: list[str] = []
    if part.bad:
        queries.append(planned.errors(reading.rows))
    if conflicts:
        key = ", ".join(text_literal(name) for name in planned.table.key)
        values = " || ', ' || ".join(f"CAST({planned.values[name]} AS VARCHAR)" for name in planned.table.key)
        queries.append(
            f"SELECT __row, array_to_string([{key}], ', ') AS \"column\", {values} AS value, {text_literal(_CONFLICT)} AS reason, "
            f"{reading.record()} AS record FROM ({planned.sql(reading.rows)}) "
            f"WHERE __row IN (SELECT __row FROM dropped WHERE part = {part.number} AND conflict)"
        )
    found = " UNION ALL ".join(f"({query})" for query in queries)
    rejects = f"SELECT row, '' AS \"column\", CAST(NULL AS VARCHAR) AS value, reason, CAST(json_object('line', record) AS VARCHAR) AS record FROM ({reading.rejects})"
    seen = reading.seen(found, '"column", value, reason, record') if found else ""
    numbered = f"({seen}) UNION ALL ({rejects})" if found else rejects
    run.connection.execute(
        f'COPY (SELECT {text_literal(reading.name)} AS file, row, {text_literal(planned.table.name)} AS "table", "column", value, '
        f"reason, record FROM ({numbered})) TO {text_literal(str(path))} (FORMAT parquet)"
    )
