"""DuckDB for loading: one guarded connection, and the only places where names and texts are quoted."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import duckdb

from septima.schema import SeptimaError, Text, Type

DEFAULT_MEMORY = "1GB"
SQL_TYPES: dict[Type, str] = {
    "string": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "decimal": "DECIMAL(18, 4)",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "json": "VARCHAR",
}


class LoadError(SeptimaError):
    """A load cannot go on; nothing of it was written."""


@contextmanager
def connect(folder: Path, memory: str = DEFAULT_MEMORY) -> Generator[duckdb.DuckDBPyConnection]:
    """A DuckDB in memory that spills into `folder`, keeps to UTC and downloads nothing."""
    connection = duckdb.connect(
        config={
            "memory_limit": memory,
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "false",
        }
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        yield connection
    finally:
        connection.close()


def identifier(name: str) -> str:
    """A name quoted for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(value: str | None) -> str:
    """A text quoted for DuckDB; None is NULL."""
    if value is None:
        return "NULL"
    # DuckDB's quoted texts know one escape, the doubled quote; a zero byte would end the statement.
    if "\0" in value:
        raise LoadError(
            Text(f"a text holds a zero byte: {value!r}", f"в\u00a0тексте есть нулевой байт: {value!r}; уберите его")
        )
    return "'" + value.replace("'", "''") + "'"


def text_list(values: tuple[str, ...] | list[str]) -> str:
    """A list of texts quoted for DuckDB."""
    return "[" + ", ".join(text_literal(value) for value in values) + "]"


def alike(names: Iterable[str], one: str, other: str) -> str:
    """SQL of whether two rows, by their aliases, have the same in all these columns, nothing being like nothing."""
    return " AND ".join(f"{one}.{identifier(name)} IS NOT DISTINCT FROM {other}.{identifier(name)}" for name in names)


def pointer(name: str) -> str:
    """Where a field stands in a JSON object, as RFC 6901 writes it."""
    return f"/{name.replace('~', '~0').replace('/', '~1')}"


def single(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[object, ...]:
    """The only row of a query."""
    row = connection.execute(query).fetchone()
    if row is None:
        raise AssertionError("a query that always gives a row gave none")
    return tuple(row)


def count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """The only number of a query, an empty one being 0."""
    value = single(connection, query)[0]
    if value is None:
        return 0
    if not isinstance(value, int):
        raise TypeError(f"a count is {value!r}")
    return value


def parquet(paths: list[str] | list[Path], *, numbered: bool = False) -> str:
    """SQL that reads Parquet files; `numbered` adds file_row_number and filename."""
    options = ", file_row_number = true, filename = true" if numbered else ""
    return f"read_parquet({text_list([str(path) for path in paths])}, hive_partitioning = false{options})"
