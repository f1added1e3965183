"""Small canonical tables in DuckDB, written as rows."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from septima.schema import TABLES, Column

Rows = Mapping[str, Iterable[Mapping[str, Any]]]
Tables = Callable[[str], ir.Table]

ARROW_TYPES = {
    "string": pa.string(),
    "json": pa.string(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "decimal": pa.decimal128(18, 4),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}
LOADED_AT = datetime.fromisoformat("2026-01-01")


def day(text: str) -> datetime:
    """The moment that an ISO date or date with time names."""
    return datetime.fromisoformat(text)


def _value(column: Column, value: Any) -> Any:
    if column.type == "timestamp" and isinstance(value, str):
        return datetime.fromisoformat(value)
    if column.type == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    if column.type == "decimal" and value is not None:
        return Decimal(str(value))
    return value


def arrow_tables(rows: Rows) -> dict[str, pa.Table]:
    """Every canonical table, with the given rows; what a row does not name is null, but for source and loaded_at."""
    unknown = set(rows) - set(TABLES)
    assert not unknown, f"not canonical: {unknown}"
    made: dict[str, pa.Table] = {}
    for name, declared in TABLES.items():
        given = [{"source": "test", "loaded_at": LOADED_AT, **row} for row in rows.get(name, ())]
        for row in given:
            assert set(row) <= set(declared.column_names), f"{name} has no {set(row) - set(declared.column_names)}"
        made[name] = pa.table(
            {
                column.name: pa.array([_value(column, row.get(column.name)) for row in given], ARROW_TYPES[column.type])
                for column in declared.columns
            }
        )
    return made


def in_duckdb(arrow: Mapping[str, pa.Table]) -> Tables:
    backend = ibis.duckdb.connect()
    for name, table in arrow.items():
        backend.con.register(name, table)
    return backend.table


def canonical(rows: Rows) -> Tables:
    """The tables of `rows` as metrics get them, on DuckDB in memory."""
    return in_duckdb(arrow_tables(rows))


@pytest.fixture(name="canonical")
def canonical_fixture() -> Callable[[Rows], Tables]:
    return canonical
