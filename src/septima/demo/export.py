"""Writing the tables as the systems of the company would export them, and counting what was written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from septima.demo.arrays import Integers, joined, numbered
from septima.schema import DECIMAL_PRECISION, DECIMAL_SCALE, Type, table

Columns = Mapping[str, pa.Array]

RENAMED: dict[str, dict[str, str]] = {
    "customers": {"customer_id": "client_no", "segment": "client_type", "created_at": "registered_at"},
    "orders": {"order_id": "order_no", "customer_id": "client_no", "status": "state", "revenue": "total_rub"},
    "complaints": {"opened_at": "received", "severity": "urgency"},
}
SEGMENT_WORDS = {"mass": "Розница", "premium": "Премиум", "business": "Организация"}
STATUS_WORDS = {
    "paid": "Оплачен", "shipped": "Отгружен", "completed": "Выполнен", "cancelled": "Отменён", "returned": "Возвращён",
}  # fmt: skip
SEVERITY_WORDS = {"low": "низкая", "medium": "средняя", "high": "высокая", "critical": "критическая"}
COMPLAINT_TIME_FORM = "%d.%m.%Y %H:%M:%S"
COMPLAINT_TIME_ZONE = "Europe/Moscow"

_ARROW: dict[Type, pa.DataType] = {
    "string": pa.string(), "timestamp": pa.timestamp("us"), "date": pa.date32(),
    "decimal": pa.decimal128(DECIMAL_PRECISION, DECIMAL_SCALE), "integer": pa.int64(), "number": pa.float64(),
    "boolean": pa.bool_(), "json": pa.string(),
}  # fmt: skip
_EXPORTED_AS_TEXT = {("complaints", "opened_at")}


@dataclass
class Counts:
    """What was written: rows that are right, rows exported twice, rows that are broken, values left out."""

    rows: dict[str, int] = field(default_factory=dict[str, int])
    repeated: dict[str, int] = field(default_factory=dict[str, int])
    broken: dict[str, int] = field(default_factory=dict[str, int])
    missing: dict[str, int] = field(default_factory=dict[str, int])


class Exporter:
    """One Parquet file a table, one row group a block; a file exists once its first block is written.

    `columns` are the canonical names of the columns of each file, in their order.
    """

    def __init__(self, folder: Path) -> None:
        self.counts = Counts()
        self.columns: dict[str, tuple[str, ...]] = {}
        self._folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> "Exporter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            writer.close()

    def write(
        self,
        name: str,
        columns: Columns,
        *,
        broken: tuple[str, Columns] | None = None,
        repeated: Integers | None = None,
    ) -> None:
        """Append a block of rows with canonical column names; they are exported under the source's.

        `broken` is the name of the count's table and the same columns for rows that cannot be loaded;
        `repeated` are the places of rows that the source exports a second time.
        """
        rows = pa.table(dict(columns), schema=_schema(name, columns))
        parts = [rows]
        self._add(self.counts.rows, name, len(rows))
        if repeated is not None:
            parts.append(rows.take(pa.array(repeated)))
            self._add(self.counts.repeated, name, len(repeated))
        if broken is not None:
            parts.append(pa.table(dict(broken[1]), schema=rows.schema))
            self._add(self.counts.broken, name, len(parts[-1]))
        for column in columns:
            self._add(self.counts.missing, f"{name}.{column}", rows[column].null_count)
        exported = pa.concat_tables([part.select(self.columns.get(name, rows.column_names)) for part in parts])
        renamed = RENAMED.get(name, {})
        exported = exported.rename_columns([renamed.get(column, column) for column in exported.column_names])
        if name not in self._writers:
            self.columns[name] = tuple(columns)
            path = self._folder / f"{name}.parquet"
            self._writers[name] = pq.ParquetWriter(path, exported.schema, compression="zstd", compression_level=1)
        if len(exported):
            self._writers[name].write_table(exported, row_group_size=len(exported))

    @staticmethod
    def _add(counts: dict[str, int], key: str, number: int) -> None:
        counts[key] = counts.get(key, 0) + number


def _schema(name: str, columns: Columns) -> pa.Schema:
    declared = table(name)
    return pa.schema(
        [
            (column, pa.string() if (name, column) in _EXPORTED_AS_TEXT else _ARROW[declared.column(column).type])
            for column in columns
        ]
    )


def break_rows(
    chance: np.random.Generator, columns: Columns, share: float, key: str, prefix: str, **broken: pa.Array | str
) -> Columns:
    """Copies of a `share` of the rows under new keys, with the columns in `broken` replaced by what cannot be loaded.

    The rows that are right stay as they were, so a metric's truth is not disturbed.
    """
    size = len(columns[key])
    places = np.sort(chance.choice(size, size=max(1, round(size * share)), replace=False)) if size else np.arange(0)
    copies = {name: column.take(pa.array(places)) for name, column in columns.items()}
    copies[key] = joined(copies[key], numbered(prefix, np.arange(len(places)), 1), by="-")
    for name, value in broken.items():
        copies[name] = pa.array([value] * len(places), columns[name].type)
    return copies


def mapping_text(tables: Sequence[str], columns: Mapping[str, Sequence[str]]) -> str:
    """The mapping that brings the exported files to the canonical tables, as YAML with comments."""
    lines = [
        "# How the files of the simulated company become canonical tables.",
        "# Left of the colon stands the canonical column, right of it what the source has.",
        "source: demo",
        "files:",
    ]
    for name in tables:
        lines += [f"  - file: {name}.parquet", "    tables:", f"      {name}:", "        columns:"]
        lines += [f"          {column}: {_mapped(name, column)}" for column in columns[name]]
    return "\n".join(lines) + "\n"


def _mapped(name: str, column: str) -> str:
    exported = RENAMED.get(name, {}).get(column, column)
    values = {
        ("customers", "segment"): SEGMENT_WORDS,
        ("orders", "status"): STATUS_WORDS,
        ("complaints", "severity"): SEVERITY_WORDS,
    }.get((name, column))
    if values:
        listed = ", ".join(f"{word}: {code}" for code, word in values.items())
        return f"{{column: {exported}, values: {{{listed}}}}}"
    if (name, column) in _EXPORTED_AS_TEXT:
        return f'{{column: {exported}, dates: "{COMPLAINT_TIME_FORM}", timezone: {COMPLAINT_TIME_ZONE}}}'
    return exported
