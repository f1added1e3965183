"""A lake that tests load by the row, as loads do: new rows in new files, altered ones in rewritten files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from pyarrow import parquet

from septima.lake.engine import open_table
from septima.lake.resolved import resolved_tables, unresolved_tables
from septima.lake.store import Lake, arrow_schema
from septima.lake.tables import LAKE_TABLES, MERGES
from septima.metrics import Tables

from .conftest import _value

Row = Mapping[str, Any]
FIRST_LOAD = datetime.fromisoformat("2025-03-01")


@dataclass
class SmallLake:
    """The lake, and what its files hold."""

    lake: Lake
    loads: int = 0
    backend: Any = field(default_factory=ibis.duckdb.connect)
    _files: dict[str, dict[str, list[dict[str, Any]]]] = field(default_factory=dict[str, Any])

    @staticmethod
    def create(folder: Path) -> "SmallLake":
        return SmallLake(Lake.create(folder / "lake"))

    def load(self, rows: Mapping[str, Iterable[Row]]) -> None:
        """Add the rows whose key is new, alter those whose key is there: columns that a row does not name stay."""
        self.loads += 1
        stamp = {"source": "test", "loaded_at": FIRST_LOAD + timedelta(minutes=self.loads)}
        with self.lake.write("load") as writing:
            for name, given in rows.items():
                key = LAKE_TABLES[name].key
                files = self._files.setdefault(name, {})
                places = {
                    tuple(row[column] for column in key): (path, position)
                    for path, held in files.items()
                    for position, row in enumerate(held)
                }
                fresh: list[dict[str, Any]] = []
                altered: dict[str, list[dict[str, Any]]] = {}
                for row in (_typed(name, written) for written in given):
                    place = places.get(tuple(row[column] for column in key))
                    if place is None:
                        fresh.append({**stamp, **row})
                    else:
                        path, position = place
                        held = altered.setdefault(path, list(files[path]))
                        held[position] = {**held[position], **stamp, **row}
                for path, held in altered.items():
                    writing.remove(name, path)
                    del files[path]
                    self._write(writing, name, held)
                if fresh:
                    self._write(writing, name, fresh)

    def _write(self, writing: Any, name: str, rows: list[dict[str, Any]]) -> None:
        path = writing.new_file(name)
        parquet.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(LAKE_TABLES[name])), path)
        writing.add(name, path, len(rows))
        self._files[name][str(path)] = rows

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [row for held in self._files.get(name, {}).values() for row in held]

    def tables(self, version: int | None = None) -> Tables:
        version = self.lake.version if version is None else version
        opened: dict[str, ir.Table] = {}

        def table(name: str) -> ir.Table:
            if name not in opened:
                opened[name] = open_table(self.backend, self.lake, name, version)
            return opened[name]

        merged = MERGES.name in self.lake.commit(version).tables
        return resolved_tables(table) if merged else unresolved_tables(table)


def _typed(table: str, row: Row) -> dict[str, Any]:
    return {name: _value(LAKE_TABLES[table].column(name), value) for name, value in row.items()}
