"""Adding a modest batch of rows that a program has at hand: answers of a survey, an opened customer card, a note.

The way is that of `load`: the records become a file in the staging folder, are checked and published as any other.
"""

import getpass
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq

from septima.lake.load import Desk, Entries, LoadResult, TableCounts, bring_in
from septima.lake.mapping import ColumnMapping, FileMapping, Forms, Keep, Place, TableMapping
from septima.lake.sql import LoadError
from septima.lake.store import Lake, StoreError, Writing, write_durably
from septima.lake.words import no_table
from septima.schema import TABLES, Table, Text

BATCH = "batch "
"""How the names begin by which the quarantine tells batches from files."""
_LOADER_COLUMNS = ("source", "loaded_at")
_PROPERTIES = "properties"
_MOST_ROWS = 100_000
_FORMS = Forms(dates=("iso",), timezone="UTC", decimal=".", thousands="")


@dataclass(frozen=True)
class Appended:
    """What became of a batch: its counts, the lake's version afterwards, and whether it was in the lake already.

    A batch that is `repeated` changed nothing; its counts are those of the first time.
    """

    counts: TableCounts
    version: int
    repeated: bool


def append(
    lake: Lake,
    table: str,
    records: Iterable[Mapping[str, object]],
    source: str,
    *,
    batch: str,
    author: str | None = None,
) -> Appended:
    """Add rows to a canonical table, durably and exactly once: when it returns, they survive a power failure.

    Each of `records` maps column names to values: text, numbers, bool, date, datetime (UTC where it has no zone) or None;
    what is no column of the table is kept in `properties`. A row whose key is there already changes it in the columns that
    any record of the batch names; of two rows with one key the later holds. A bad row goes to quarantine with its number
    in the batch, column and reason: read = loaded + updated + duplicate + quarantined. `batch` names the batch within
    `source` and `table`: another call with the same name, after a crash or from another process, changes nothing and
    says so, whatever its records are.

    LoadError where the table, the batch or a record cannot be taken at all; StoreError where another writes for too long.
    Then nothing was written, and the same call may be made again.
    """
    declared = _table(table)
    rows = list(records)
    if not batch or not source:
        raise LoadError(
            Text(
                "a batch to append needs a name of its own and a source: append(…, source, batch=…)",
                "у\u00a0добавляемой порции должны быть своё имя и\u00a0источник: append(…, source, batch=…)",
            )
        )
    if len(rows) > _MOST_ROWS:
        raise LoadError(
            Text(
                f"a batch holds at most {_MOST_ROWS:,} rows, not {len(rows):,}; load a file instead",
                f"в\u00a0порции может быть не\u00a0больше {_MOST_ROWS} строк, а\u00a0в\u00a0этой {len(rows)}; загрузите их файлом",
            )
        )
    by, name = author or getpass.getuser(), f"{BATCH}{batch}"
    seal = _Seal(lake, source, table, batch)
    done = seal.result()
    if done is not None or not rows:
        return done or Appended(TableCounts(), lake.version, repeated=False)
    mapping = appended_mapping(declared, {column for row in rows for column in row})

    def make(folder: Path) -> Entries:
        path = folder / "records.parquet"
        _write_records(path, declared, rows)
        return [(mapping, [(path, name)])]

    def known() -> LoadResult | None:
        found = seal.result()
        return None if found is None else LoadResult({table: found.counts}, -1)

    def finish(desk: Desk) -> None:
        seal.set(desk.writing, desk.tables[table])

    details = {"source": source, "appended": table, "author": by}
    result = bring_in(lake, f"append {table}", source, make, details, known=known, finish=finish)
    if result.version == -1:
        return Appended(result.tables[table], lake.version, repeated=True)
    return Appended(result.tables[table], result.version, repeated=False)


def appended_mapping(table: Table, columns: Set[str]) -> FileMapping:
    """How records that name these columns are read: every column under its own name, the needed ones in any case."""
    place = Place(f"append {table.name}", 1)
    named = {column if column in table.column_names else _PROPERTIES for column in columns}
    taken = tuple(
        ColumnMapping(column.name, place, column=column.name)
        for column in table.columns
        if column.name not in _LOADER_COLUMNS
        and (column.name in named or column.name in table.key or column.required or column.blank is not None)
    )
    return FileMapping(
        "records", place, (TableMapping(table, place, taken, keep=Keep("last")),), format="parquet", forms=_FORMS
    )


@dataclass(frozen=True)
class _Seal:
    """The mark of a batch that is in the lake: the commit that brought it, and its counts.

    It is written before the commit is published and counts only once that commit is there, so that neither can be
    without the other.
    """

    lake: Lake
    source: str
    table: str
    batch: str

    @property
    def _path(self) -> Path:
        name = hashlib.sha256(json.dumps([self.source, self.table, self.batch]).encode()).hexdigest()
        return self.lake.root / "batches" / f"{name}.json"

    def result(self) -> Appended | None:
        """What became of the batch; None where it is not in the lake."""
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            landed = self.lake.commit(content["version"]).writer == content["writer"]
        except (FileNotFoundError, StoreError):
            return None
        return Appended(TableCounts(**content["counts"]), self.lake.version, repeated=True) if landed else None

    def set(self, writing: Writing, counts: TableCounts) -> None:
        """Mark the batch as brought by the commit that is about to be published, or by the last where nothing changed."""
        last = self.lake.commit()
        version, writer = (last.version + 1, writing.id) if writing.changed_tables else (last.version, last.writer)
        self._path.parent.mkdir(exist_ok=True)
        write_durably(self._path, json.dumps({"version": version, "writer": writer, "counts": vars(counts)}))


def _table(name: str) -> Table:
    if name not in TABLES:
        raise LoadError(no_table(name, TABLES))
    return TABLES[name]


def _write_records(path: Path, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    columns = [
        column.target for column in appended_mapping(table, {name for row in rows for name in row}).tables[0].columns
    ]
    texts: dict[str, list[str | None]] = {name: [] for name in columns}
    for number, row in enumerate(rows, start=1):
        forbidden = [name for name in _LOADER_COLUMNS if name in row]
        if forbidden:
            raise LoadError(
                Text(
                    f"record {number} of {table.name}: {forbidden[0]} is filled by the lake itself; take it out",
                    f"запись {number} для таблицы {table.name}: столбец {forbidden[0]} заполняет само хранилище; уберите его",
                )
            )
        for name in columns:
            texts[name].append(_properties(row, table) if name == _PROPERTIES else as_text(row.get(name)))
    pq.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in texts.items()}), path)


def as_text(value: object) -> str | None:
    """A value as it would stand in a file; what is no single value becomes JSON, which no column takes."""
    if value is None or (isinstance(value, float | Decimal) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        moment = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        return moment.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str | int | float | date):
        # Half of a pair of surrogates is no text in any encoding.
        return str(value).encode("utf-8", "replace").decode("utf-8")
    text = json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode("utf-8")


def _properties(row: Mapping[str, object], table: Table) -> str | None:
    """The JSON object of what has no column of its own, with what is given as `properties`."""
    given = row.get(_PROPERTIES)
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            return given  # the check says what is wrong with it
    left = {name: value for name, value in row.items() if name not in table.column_names and value is not None}
    if given is None:
        return as_text(left) if left else None
    if not isinstance(given, Mapping):
        return as_text(given)
    return as_text({**left, **cast("Mapping[str, object]", given)})
