"""Parquet files: their columns with the types they have."""

from pathlib import Path

import duckdb

from septima.lake.mapping import FileMapping
from septima.lake.reading import Reading, SourceColumn, cleaned, every_nth
from septima.lake.sql import identifier, parquet, single


def read_parquet(
    connection: duckdb.DuckDBPyConnection, mapping: FileMapping, path: Path, name: str, _folder: Path
) -> Reading:
    """Rows as they are; a blank text and a float that is not a number are NULL."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {parquet([path])}").fetchall()
    columns = {str(row[0]): SourceColumn(f"s{index}", str(row[1])) for index, row in enumerate(described)}

    texts = [column for column, source in columns.items() if source.type == "VARCHAR"]
    unclean = texts if mapping.null_values else _unclean(connection, path, texts)

    def taken(column: str, source: SourceColumn) -> str:
        quoted = identifier(column)
        if column in unclean:
            quoted = cleaned(quoted, mapping.null_values)
        elif source.type in ("FLOAT", "DOUBLE"):
            # Data frames write what is missing as "not a number"; isnan() itself can't be asked, as
            # DuckDB concludes from a Parquet file's minimum and maximum that there is none.
            quoted = f"CASE WHEN isfinite({quoted}) OR isinf({quoted}) THEN {quoted} END"
        return f"{quoted} AS {source.alias}"

    chosen = ", ".join(taken(column, source) for column, source in columns.items())

    def scan(condition: str) -> str:
        return f"SELECT file_row_number + 1 AS __row, {chosen} FROM {parquet([path], numbered=True)} WHERE {condition}"

    rows = scan("true")
    return Reading(name, path, "parquet", columns, rows, scan(every_nth(path)))


def _unclean(connection: duckdb.DuckDBPyConnection, path: Path, texts: list[str]) -> list[str]:
    """The columns that may hold a text that is empty or has white space at an end.

    One look at the ends spares cleaning every text in every pass; a column of codes has none. A
    letter that is not Latin counts as a perhaps, since asking more exactly takes twice as long.
    """
    if not texts:
        return []
    asked = ", ".join(
        f"coalesce(bool_or({end} NOT BETWEEN '!' AND '~'), false)"
        for column in map(identifier, texts)
        for end in (column, f"{column}[-1]")
    )
    found = single(connection, f"SELECT {asked} FROM {parquet([path])}")
    return [column for column, *ends in zip(texts, found[::2], found[1::2], strict=True) if any(ends)]
