"""Parquet files: their columns with the types they have."""

from pathlib import Path

import duckdb

from septima.lake.mapping import FileMapping
from septima.lake.reading import Reading, SourceColumn, cleaned, every_nth
from septima.lake.sql import identifier, parquet


def read_parquet(
    connection: duckdb.DuckDBPyConnection, mapping: FileMapping, path: Path, name: str, _folder: Path
) -> Reading:
    """Rows as they are; a blank text and a float that is not a number are NULL."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {parquet([path])}").fetchall()
    columns = {str(row[0]): SourceColumn(f"s{index}", str(row[1])) for index, row in enumerate(described)}

    def taken(column: str, source: SourceColumn) -> str:
        quoted = identifier(column)
        if source.type == "VARCHAR":
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
