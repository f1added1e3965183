"""XLSX files: the rows of one sheet as text."""

import datetime
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from septima.lake.mapping import FileMapping
from septima.lake.reading import Reading, first_line, header, staged_rows, text_columns, unreadable
from septima.lake.sql import LoadError
from septima.schema import Text

_ROWS = 20_000


def read_xlsx(
    _connection: duckdb.DuckDBPyConnection, mapping: FileMapping, path: Path, name: str, folder: Path
) -> Reading:
    """The sheet that the mapping names, or the first; a cell with a date stands in ISO form."""
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheet_name = mapping.sheet or book.sheet_names[0]
        if sheet_name not in book.sheet_names:
            raise LoadError(_no_sheet(name, sheet_name, ", ".join(book.sheet_names)))
        sheet = book.get_sheet_by_name(sheet_name)
    except (CalamineError, zipfile.BadZipFile, OSError) as error:
        raise LoadError(unreadable(name, "XLSX", first_line(error))) from None
    rows = _sheet_rows(sheet)
    first = next(rows, None)
    if first is None:
        raise LoadError(
            Text(
                f"{name}: the sheet {sheet_name!r} is empty",
                f"{name}: лист «{sheet_name}» пуст; укажите другой в\u00a0сопоставлении: «sheet: …»",
            )
        )
    number, cells = first
    has_header, names = header(mapping, [_cell_text(cell) or "" for cell in cells], name)
    columns = text_columns(names)
    target = folder / f"{path.stem}.sheet.parquet"
    schema = pa.schema([("__row", pa.int64()), *((f"s{index}", pa.string()) for index in range(len(names)))])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        block = [] if has_header else [(number, cells)]
        for row in rows:
            block.append(row)
            if len(block) == _ROWS:
                writer.write_table(_sheet_table(block, schema))
                block = []
        if block:
            writer.write_table(_sheet_table(block, schema))
    return staged_rows(name, path, "xlsx", columns=columns, target=target, mapping=mapping)


def _no_sheet(name: str, sheet: str, known: str) -> Text:
    return Text(
        f"{name} has no sheet {sheet!r}; it has: {known}", f"в\u00a0файле {name} нет листа «{sheet}»; есть: {known}"
    )


_Cell = object


def _sheet_rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[_Cell]]]:
    """The rows of a sheet that hold anything, with their numbers."""
    # Rows are given from the first of the sheet, though it be empty.
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if any(cell not in ("", None) for cell in cells):
            yield number, list(cells)


def _sheet_table(rows: list[tuple[int, list[_Cell]]], schema: pa.Schema) -> pa.Table:
    columns: list[pa.Array] = [pa.array([number for number, _ in rows], pa.int64())]
    for index in range(len(schema) - 1):
        texts = [_cell_text(cells[index]) if index < len(cells) else None for _, cells in rows]
        columns.append(pa.array(texts, pa.string()))
    return pa.table(columns, schema=schema)


def _cell_text(cell: _Cell) -> str | None:
    """A cell as it would stand in a text file: dates in ISO, whole numbers without a point."""
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)
