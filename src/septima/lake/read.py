"""Source files as numbered rows, whatever their format.

Each reader gives a `Reading`: SQL of the rows, a list of source columns and SQL of the rows that
are no rows (too many fields, a broken line …). Text formats give text, so that every value is ours
to check; a blank value is NULL. A row is known by its number as a person sees it:

- CSV: the number of the record, header included; the line's number where no field holds a line break;
- text separated by blanks, JSONL: the number of the line;
- XLSX: the row of the sheet;
- Parquet: 1 for the first row.

A mapping may use that number as the source column `row_number`, unless the file has a column of
that name.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb

from septima.lake.csv_files import read_csv
from septima.lake.line_files import is_blank_separated, read_blank, read_jsonl
from septima.lake.mapping import FileMapping, Format
from septima.lake.parquet_files import read_parquet
from septima.lake.reading import ROW_NUMBER, Reading, SourceColumn, every_nth, first_line, unreadable
from septima.lake.sql import LoadError, parquet, text_literal
from septima.lake.xlsx_files import read_xlsx
from septima.schema import Text

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}
_READERS: dict[Format, Callable[[duckdb.DuckDBPyConnection, FileMapping, Path, str, Path], Reading]] = {
    "csv": read_csv,
    "blank": read_blank,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "xlsx": read_xlsx,
}


def open_source(
    connection: duckdb.DuckDBPyConnection, mapping: FileMapping, path: Path, name: str, folder: Path
) -> Reading:
    """Open one file of a mapping; `folder` is for what has to be made beside it.

    LoadError where the file can't be read at all or lacks a column that the mapping names.
    """
    format_ = mapping.format or _SUFFIXES.get(path.suffix.lower()) or "csv"
    if path.stat().st_size == 0:
        raise LoadError(Text(f"{name} is empty", f"файл {name} пуст; загрузите файл с\u00a0данными"))
    if (
        format_ == "csv"
        and mapping.format is None
        and mapping.delimiter is None
        and is_blank_separated(path, mapping.sources)
    ):
        format_ = "blank"
    try:
        reading = _READERS[format_](connection, mapping, path, name, folder)
    except duckdb.Error as error:
        raise LoadError(unreadable(name, format_, first_line(error))) from None
    if ROW_NUMBER in mapping.sources and ROW_NUMBER not in reading.columns:
        reading = _with_row_number(connection, reading, folder)
    missing = [column for column in mapping.sources if column not in reading.columns]
    if missing:
        place = next(table.place for table in mapping.tables if missing[0] in table.sources)
        known = ", ".join(reading.columns)
        raise LoadError(
            Text(
                f"{name} has no column {missing[0]!r}, which {place.file} asks for (table at line {place.line}); "
                f"it has: {known}",
                f"в\u00a0файле {name} нет столбца «{missing[0]}», который нужен сопоставлению {place.file} "
                f"(таблица на\u00a0строке {place.line}); есть: {known}",
            )
        )
    return reading


def _with_row_number(connection: duckdb.DuckDBPyConnection, reading: Reading, folder: Path) -> Reading:
    """The reading with the row's number as a column, the same however many rows before it are rejected."""
    columns = {**reading.columns, ROW_NUMBER: SourceColumn("__row", "BIGINT")}
    if not reading.counts_accepted:
        return replace(reading, columns=columns)
    target = folder / "numbered.parquet"
    connection.execute(f"SELECT count(*) FROM ({reading.rows})").fetchall()  # so that all rejected rows are known
    seen = reading.seen(reading.rows, ", ".join(column.alias for column in reading.columns.values()))
    connection.execute(
        f"COPY (SELECT row AS __row, * EXCLUDE (row) FROM ({seen})) TO {text_literal(str(target))} (FORMAT parquet, COMPRESSION lz4)"
    )
    rows = f"SELECT * FROM {parquet([target])}"
    sample = f"SELECT * FROM {parquet([target], numbered=True)} WHERE {every_nth(target)}"
    return replace(reading, columns=columns, rows=rows, sample=sample, counts_accepted=False, unnumbered=None)
