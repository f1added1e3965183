"""Adding a modest batch of rows that a program has at hand: answers of a survey, an opened customer card, a note.

The way is that of `load`: the records become a file in the staging folder, are checked and published as any other.
"""

import getpass
import json
import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, cast

import pyarrow as pa
import pyarrow.parquet as pq

from septima.lake.load import Desk, Entries, LoadResult, TableCounts, bring_in
from septima.lake.mapping import ColumnMapping, FileMapping, Forms, Keep, Place, TableMapping
from septima.lake.seal import Seal
from septima.lake.sql import LoadError
from septima.lake.store import Lake
from septima.lake.words import no_table
from septima.schema import TABLES, Table, Text

BATCH = "batch "
"""How the names begin by which the quarantine tells batches from files."""
_LOADER_COLUMNS = ("source", "loaded_at")
_PROPERTIES = "properties"
_MOST_ROWS = 100_000
_FORMS = Forms(dates=("iso",), timezone="UTC", decimal=".", thousands="")


@dataclass(frozen=True)
class Portion:
    """Rows of one table that are read alike.

    Each of `records` maps column names to values: text, numbers, bool, date, datetime (UTC where it has no zone) or None;
    what is no column of the table is kept in `properties`. A row whose key is there already changes it in the columns that
    any record of the portion names, or with `keep` = "first" leaves it as it is. Of two rows of the portion with one key
    the last holds, or the first.
    """

    table: str
    records: Sequence[Mapping[str, object]]
    keep: Literal["first", "last"] = "last"


@dataclass(frozen=True)
class Appended:
    """What became of a batch: its counts by table, the lake's version afterwards, and whether it was in the lake already.

    A batch that is `repeated` changed nothing; its counts are those of the first time.
    """

    tables: Mapping[str, TableCounts]
    version: int
    repeated: bool

    @property
    def counts(self) -> TableCounts:
        """The counts of all tables together."""
        return sum(self.tables.values(), TableCounts())


def append(
    lake: Lake,
    table: str,
    records: Iterable[Mapping[str, object]],
    source: str,
    *,
    batch: str,
    author: str | None = None,
) -> Appended:
    """Add rows to a canonical table as `append_portions` does."""
    return append_portions(lake, [Portion(table, list(records))], source, batch=batch, author=author)


def append_portions(
    lake: Lake, portions: Sequence[Portion], source: str, *, batch: str, author: str | None = None
) -> Appended:
    """Add rows to canonical tables, durably and exactly once: when it returns, they survive a power failure.

    All portions become visible at one moment, one after the other as they are given. A bad row goes to quarantine with its
    number in the portion, column and reason: read = loaded + updated + duplicate + quarantined. `batch` names the batch
    within `source` and its tables: another call with the same name, after a crash or from another process, changes nothing
    and says so, whatever its records are.

    LoadError where a table, the batch or a record cannot be taken at all; StoreError where another writes for too long.
    Then nothing was written, and the same call may be made again.
    """
    declared = [_table(portion.table) for portion in portions]
    size = sum(len(portion.records) for portion in portions)
    if not batch or not source:
        raise LoadError(
            Text(
                "a batch to append needs a name of its own and a source: append(…, source, batch=…)",
                "у\u00a0добавляемой порции должны быть своё имя и\u00a0источник: append(…, source, batch=…)",
            )
        )
    if size > _MOST_ROWS:
        raise LoadError(
            Text(
                f"a batch holds at most {_MOST_ROWS:,} rows, not {size:,}; load a file instead",
                f"в\u00a0порции может быть не\u00a0больше {_MOST_ROWS} строк, а\u00a0в\u00a0этой {size}; загрузите их файлом",
            )
        )
    tables = ", ".join(dict.fromkeys(portion.table for portion in portions))
    seal = Seal(lake, source, tables, batch)
    done = seal.result()
    if done is not None:
        return Appended(done.tables, done.version, repeated=True)
    if not size:
        return Appended({table.name: TableCounts() for table in declared}, lake.version, repeated=False)

    def make(folder: Path) -> Entries:
        entries: list[tuple[FileMapping, list[tuple[Path, str]]]] = []
        for number, (portion, table) in enumerate(zip(portions, declared, strict=True), start=1):
            if portion.records:
                mapping = appended_mapping(table, _columns(portion.records), portion.keep, number)
                path = folder / f"records-{number}.parquet"
                _write_records(path, table, mapping, portion.records)
                name = f"{BATCH}{batch}" if len(portions) == 1 else f"{BATCH}{batch}, {table.name} {number}"
                entries.append((mapping, [(path, name)]))
        return entries

    def known() -> LoadResult | None:
        found = seal.result()
        return None if found is None else LoadResult(found.tables, -1)

    def finish(desk: Desk) -> None:
        seal.set(desk.writing, desk.tables)

    details = {"source": source, "appended": tables, "author": author or getpass.getuser()}
    result = bring_in(lake, f"append {tables}", source, make, details, known=known, finish=finish)
    repeated = result.version == -1
    return Appended(result.tables, lake.version if repeated else result.version, repeated)


def appended_mapping(
    table: Table, columns: Set[str], keep: Literal["first", "last"] = "last", number: int = 1
) -> FileMapping:
    """How records that name these columns are read: every column under its own name, the needed ones in any case."""
    place, names = Place(f"append {table.name}", number), frozenset(table.column_names)
    named = {column if column in names else _PROPERTIES for column in columns}
    taken = tuple(
        ColumnMapping(column.name, place, column=column.name)
        for column in table.columns
        if column.name not in _LOADER_COLUMNS
        and (column.name in named or column.name in table.key or column.required or column.blank is not None)
    )
    return FileMapping(
        "records", place, (TableMapping(table, place, taken, keep=Keep(keep)),), format="parquet", forms=_FORMS
    )


def _table(name: str) -> Table:
    if name not in TABLES:
        raise LoadError(no_table(name, TABLES))
    return TABLES[name]


def _columns(records: Sequence[Mapping[str, object]]) -> set[str]:
    return set().union(*records)


def _write_records(path: Path, table: Table, mapping: FileMapping, records: Sequence[Mapping[str, object]]) -> None:
    for number, record in enumerate(records, start=1):
        forbidden = [name for name in _LOADER_COLUMNS if name in record]
        if forbidden:
            raise LoadError(
                Text(
                    f"record {number} of {table.name}: {forbidden[0]} is filled by the lake itself; take it out",
                    f"запись {number} для таблицы {table.name}: столбец {forbidden[0]} заполняет само хранилище; уберите его",
                )
            )
    names = frozenset(table.column_names)
    columns = [column.target for column in mapping.tables[0].columns]
    texts = {
        name: [_properties(record, names) for record in records]
        if name == _PROPERTIES
        else [as_text(record.get(name)) for record in records]
        for name in columns
    }
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
    if isinstance(value, str):
        text = value
    elif isinstance(value, Decimal):
        text = format(value, "f")
    elif isinstance(value, int | float | date):
        text = str(value)
    else:
        text = _json(value)
    # Half of a pair of surrogates is no text in any encoding.
    return text.encode("utf-8", "replace").decode("utf-8")


def _json(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=str, separators=(",", ":"))
    except ValueError:  # a number that is none, which JSON cannot say
        finite = _without_infinities(value)
        return json.dumps(finite, ensure_ascii=False, allow_nan=False, default=str, separators=(",", ":"))


def _without_infinities(value: object) -> object:
    """The value with nothing in place of numbers that are infinite or none."""
    if isinstance(value, Mapping):
        parts = cast("Mapping[str, object]", value)
        return {name: _without_infinities(part) for name, part in parts.items()}
    if isinstance(value, list | tuple):
        return [_without_infinities(part) for part in cast("Sequence[object]", value)]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _properties(row: Mapping[str, object], columns: Set[str]) -> str | None:
    """The JSON object of what has no column of its own, with what is given as `properties`."""
    given = row.get(_PROPERTIES)
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            return given  # the check says what is wrong with it
    left = {name: value for name, value in row.items() if name not in columns and value is not None}
    if given is None:
        return as_text(left) if left else None
    if not isinstance(given, Mapping):
        return as_text(given)
    return as_text({**left, **cast("Mapping[str, object]", given)})
