"""Source files as numbered rows, whatever their format.

Each reader gives a `Reading`: SQL of the rows, a list of source columns and SQL of the rows that
are no rows (too many fields, a broken line …). Text formats give text, so that every value is ours
to check; a blank value is NULL. A row is known by its number as a person sees it:

- CSV: the number of the record, header included; the line's number where no field holds a line break;
- text separated by blanks, JSONL: the number of the line;
- XLSX: the row of the sheet;
- Parquet: 1 for the first row.
"""

import codecs
import csv
import datetime
import json
import mmap
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import charset_normalizer
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from septima.lake.mapping import FileMapping, Format
from septima.lake.sql import LoadError, count, identifier, parquet, text_list, text_literal

_SAMPLE_WHOLE = 4 << 20
_SAMPLE_START = 1 << 20
_SAMPLE_PIECES, _SAMPLE_PIECE = 32, 64 << 10
_SAMPLE_ROWS = 20_000
_CHUNK = 1 << 20
_XLSX_ROWS = 20_000
_LONGEST_LINE = 8 << 20
_BLANKS = " \t\r"
_DELIMITERS = (",", ";", "\t", "|")
_ENCODINGS = ["cp1251", "koi8_r", "cp866", "cp1252", "cp1250", "cp1254", "cp1253", "shift_jis", "gb18030", "euc_kr"]
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
_REJECTED = {
    "MISSING COLUMNS": "too few fields in the row",
    "TOO MANY COLUMNS": "too many fields in the row; is the delimiter inside an unquoted value?",
    "UNQUOTED VALUE": "a quote is opened and not closed, or a quoted value goes on after its quote",
    "INVALID STATE": "a quote is opened and not closed, or a quoted value goes on after its quote",
    "INVALID ENCODING": "bytes that are not text in the file's encoding",
    "LINE SIZE OVER MAXIMUM": "the row is too long; is a quote left open?",
}


@dataclass(frozen=True)
class SourceColumn:
    """A column of a source: its alias in SQL and its type, VARCHAR for text formats."""

    alias: str
    type: str


@dataclass(frozen=True)
class Reading:
    """An opened source file.

    `rows` is SQL giving `__row` and the aliases of `columns`; `sample` the same for a part of the
    file spread over it. After `collect` was run once, `rejects` is SQL giving (row, reason, record)
    of what is no row. `rank_to_row` says that `__row` counts accepted rows only, so that the rows
    before it that were rejected must be added (see `load`). `rest` is SQL of a JSON object of all
    columns save those named, where the reader knows better than the list of columns.
    """

    name: str
    path: Path
    format: Format
    columns: dict[str, SourceColumn]
    rows: str
    collect: str
    sample: str
    rejects: str
    rank_offset: int | None = None
    rest: Callable[[tuple[str, ...]], str] | None = None

    def record(self) -> str:
        """SQL of the whole row as JSON."""
        if not self.columns:
            return "'{}'"
        pairs = ", ".join(f"{text_literal(name)}, {column.alias}" for name, column in self.columns.items())
        return f"CAST(json_object({pairs}) AS VARCHAR)"


def open_source(
    connection: duckdb.DuckDBPyConnection, mapping: FileMapping, path: Path, name: str, folder: Path
) -> Reading:
    """Open one file of a mapping; `folder` is for what has to be made beside it.

    LoadError where the file can't be read at all or lacks a column that the mapping names.
    """
    format_ = mapping.format or _SUFFIXES.get(path.suffix.lower()) or "csv"
    if path.stat().st_size == 0:
        raise LoadError(f"{name} is empty")
    if format_ == "csv" and mapping.format is None and mapping.delimiter is None and _is_blank_separated(path):
        format_ = "blank"
    try:
        reading = _READERS[format_](connection, mapping, path, name, folder)
    except duckdb.Error as error:
        raise LoadError(f"{name} can't be read as {format_}: {first_line(error)}") from None
    missing = [column for column in mapping.sources if column not in reading.columns]
    if missing:
        place = next(table.place for table in mapping.tables if missing[0] in table.sources)
        raise LoadError(
            f"{name} has no column {missing[0]!r}, which {place.file} asks for (table at line {place.line}); "
            f"it has: {', '.join(reading.columns)}"
        )
    return reading


def first_line(error: Exception) -> str:
    """The first line of a message of a library."""
    return str(error).strip().split("\n", maxsplit=1)[0]


def _clean(alias: str, null_values: tuple[str, ...]) -> str:
    """A text without blanks around it; NULL where nothing is left or it stands for nothing."""
    trimmed = f"nullif(trim({alias}), '')"
    if not null_values:
        return f"{trimmed} AS {alias}"
    return f"CASE WHEN trim({alias}) NOT IN ({', '.join(map(text_literal, null_values))}) THEN {trimmed} END AS {alias}"


def _text_columns(names: list[str]) -> dict[str, SourceColumn]:
    return {name: SourceColumn(f"s{index}", "VARCHAR") for index, name in enumerate(names)}


def _distinct_names(names: list[str]) -> list[str]:
    """Names of columns, none empty and none twice."""
    taken: list[str] = []
    for index, given in enumerate(names, start=1):
        base = given.strip() or f"column{index}"
        name, number = base, 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        taken.append(name)
    return taken


def _header(mapping: FileMapping, first: list[str], name: str) -> tuple[bool, list[str]]:
    """Whether the first record names the columns, and the columns' names."""
    named, numbered = _distinct_names(first), [f"column{index}" for index in range(1, len(first) + 1)]
    wanted = mapping.sources
    has_header = mapping.header
    if has_header is None:
        has_header = any(column in named for column in wanted) or not all(column in numbered for column in wanted)
    if has_header and not any(column in named for column in wanted) and wanted:
        raise LoadError(
            f"{name}: none of the columns that the mapping names is in the first row, which reads: "
            f"{', '.join(named)}; where the file has no header, write `header: false` and call the columns column1, column2 …"
        )
    return has_header, named if has_header else numbered


# Text files: encoding, samples


def _pieces(path: Path) -> list[bytes]:
    """The file whole where it is small; otherwise its start and whole lines from all over it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= _SAMPLE_WHOLE:
            return [file.read()]
        start = file.read(_SAMPLE_START)
        pieces = [start[: start.rfind(b"\n") + 1]]
        step = (size - _SAMPLE_START) // _SAMPLE_PIECES
        for index in range(_SAMPLE_PIECES):
            file.seek(_SAMPLE_START + index * step)
            piece = file.read(_SAMPLE_PIECE)
            pieces.append(piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1])
    return pieces


def _encoding(mapping: FileMapping, path: Path, name: str) -> str:
    """The encoding of a text file: as given, by its mark, UTF-8 where it reads as that, else by its letters."""
    if mapping.encoding is not None:
        try:
            return codecs.lookup(mapping.encoding).name
        except LookupError:
            raise LoadError(f"{mapping.place}: there is no encoding {mapping.encoding!r}") from None
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    lines = [line for piece in _pieces(path) for line in piece.split(b"\n") if not line.isascii()]
    broken = [line for line in lines if not _is_utf8(line)]
    if len(broken) * 2 <= len(lines):
        return "utf-8"  # the broken lines, if any, go to quarantine
    best = charset_normalizer.from_bytes(b"\n".join(broken[:2000]), cp_isolation=_ENCODINGS).best()
    if best is None:
        raise LoadError(f"the encoding of {name} can't be told; write it as `encoding: cp1251` or whichever it is")
    return codecs.lookup(best.encoding).name


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _as_utf8(mapping: FileMapping, path: Path, name: str, folder: Path) -> Path:
    """The file itself where it is UTF-8, else a copy that is; bytes without a meaning stay broken."""
    encoding = _encoding(mapping, path, name)
    if encoding in ("utf-8", "ascii"):
        return path
    copy = folder / f"{path.stem}.utf-8"
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
    with path.open("rb") as source, copy.open("wb") as target:
        try:
            while chunk := source.read(_CHUNK):
                target.write(decoder.decode(chunk).encode("utf-8", "surrogateescape"))
            target.write(decoder.decode(b"", final=True).encode("utf-8", "surrogateescape"))
        except UnicodeError as error:
            raise LoadError(f"{name} is not text in {encoding}: {error}") from None
    return copy


def _sample_file(path: Path, folder: Path) -> Path:
    pieces = _pieces(path)
    if len(pieces) == 1:
        return path
    sample = folder / f"{path.name}.sample"
    sample.write_bytes(b"".join(pieces))
    return sample


# CSV


@dataclass(frozen=True)
class _Dialect:
    delimiter: str
    quote: str
    escape: str


def _read_csv(
    connection: duckdb.DuckDBPyConnection, mapping: FileMapping, path: Path, name: str, folder: Path
) -> Reading:
    text = _as_utf8(mapping, path, name, folder)
    sample = _sample_file(text, folder)
    dialect, first = _dialect(connection, mapping, sample, name)
    has_header, names = _header(mapping, first, name)
    columns = _text_columns(names)
    text = _without_blank_lines(text, folder, dialect, len(names))
    table = f"rejects_{count(connection, 'SELECT count(*) FROM duckdb_tables()')}"

    def scan(file: Path, errors: str) -> str:
        declared = ", ".join(f"{column.alias}: 'VARCHAR'" for column in columns.values())
        options = (
            f"delim = {text_literal(dialect.delimiter)}, quote = {text_literal(dialect.quote)}, "
            f"escape = {text_literal(dialect.escape)}, header = {str(has_header).lower()}, auto_detect = false, "
            f"max_line_size = {_LONGEST_LINE}, columns = {{{declared}}}, {errors}"
        )
        cleaned = ", ".join(_clean(column.alias, mapping.null_values) for column in columns.values())
        numbered = f"SELECT *, row_number() OVER () AS __row FROM read_csv({text_literal(str(file))}, {options})"
        anything = ", ".join(column.alias for column in columns.values())
        blank = f"coalesce({anything}) IS NOT NULL"
        return f"SELECT __row, {cleaned} FROM ({numbered}) WHERE {blank}"

    collect = f"store_rejects = true, rejects_table = {text_literal(table)}, rejects_scan = {text_literal(table + '_scan')}, rejects_limit = 0"
    reasons = " ".join(f"WHEN {text_literal(kind)} THEN {text_literal(reason)}" for kind, reason in _REJECTED.items())
    rejects = (
        f"SELECT CAST(line AS BIGINT) AS row, min(CASE CAST(error_type AS VARCHAR) {reasons} ELSE error_message END) AS reason, "
        f"ltrim(min(csv_line), chr(10) || chr(13)) AS record FROM {table} GROUP BY line"
    )
    return Reading(
        name,
        path,
        "csv",
        columns,
        rows=scan(text, "ignore_errors = true"),
        collect=scan(text, collect),
        sample=scan(sample, "ignore_errors = true"),
        rejects=rejects,
        rank_offset=1 if has_header else 0,
    )


def _dialect(
    connection: duckdb.DuckDBPyConnection, mapping: FileMapping, sample: Path, name: str
) -> tuple[_Dialect, list[str]]:
    """The dialect of a CSV file and its first record: of the likely ones, that whose header has most mapped columns."""
    sniffed = _sniffed(connection, mapping, sample, name)
    if mapping.delimiter is not None:
        return sniffed, _first_record(sample, sniffed)
    others = [replace(sniffed, delimiter=other) for other in _DELIMITERS if other != sniffed.delimiter]
    records = [(dialect, _first_record(sample, dialect)) for dialect in (sniffed, *others)]
    return max(records, key=lambda found: len(set(mapping.sources) & set(_distinct_names(found[1]))))


def _sniffed(connection: duckdb.DuckDBPyConnection, mapping: FileMapping, sample: Path, name: str) -> _Dialect:
    given = [] if mapping.delimiter is None else [f"delim = {text_literal(mapping.delimiter)}"]
    given += [] if mapping.quote is None else [f"quote = {text_literal(mapping.quote)}"]
    options = "".join(f", {option}" for option in given)
    query = (
        "SELECT Delimiter, Quote, Escape FROM "
        f"sniff_csv({text_literal(str(sample))}, ignore_errors = true, all_varchar = true, null_padding = true, "
        f"max_line_size = {_LONGEST_LINE}, sample_size = 10000{options})"
    )
    try:
        row = connection.execute(query).fetchone()
    except duckdb.Error as error:
        raise LoadError(
            f"the delimiter of {name} can't be told ({first_line(error)}); write it as `delimiter: ';'`"
        ) from None
    delimiter, quote, escape = (
        str(part) if part not in (None, "(empty)", "\0") else "" for part in row or (",", '"', '"')
    )
    quote = mapping.quote or quote or '"'
    return _Dialect(mapping.delimiter or delimiter or ",", quote, escape or quote)


def _first_record(sample: Path, dialect: _Dialect) -> list[str]:
    with sample.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        if len(dialect.delimiter) > 1:
            return next((line.rstrip("\r\n").split(dialect.delimiter) for line in file if line.strip()), [])
        csv.field_size_limit(_LONGEST_LINE)
        reader = csv.reader(file, delimiter=dialect.delimiter, quotechar=dialect.quote)
        try:
            return next((record for record in reader if record), [])
        except csv.Error:
            return []  # not this dialect


def _without_blank_lines(path: Path, folder: Path, dialect: _Dialect, width: int) -> Path:
    """The file itself, or a copy in which blank lines are rows of empty fields.

    The CSV reader steps over blank lines without counting them, which would put row numbers wrong.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        end = len(data)
        while end > 0 and data[end - 1] in b"\r\n":
            end -= 1
        if data.find(b"\n\n", 0, end) < 0 and data.find(b"\n\r\n", 0, end) < 0:
            return path
    copy = folder / f"{path.name}.filled"
    quote, empty = dialect.quote.encode(), (dialect.delimiter * (width - 1)).encode()
    quoted = False
    with path.open("rb") as source, copy.open("wb") as target:
        for line in source:
            blank = not quoted and not line.strip(b"\r\n")
            quoted ^= line.count(quote) % 2 == 1
            target.write(empty + line if blank else line)
    return copy


# Files of lines: JSONL and text separated by blanks


def _staged_lines(connection: duckdb.DuckDBPyConnection, text: Path, folder: Path) -> Path:
    """A text file as Parquet: the number of each line, the line, and whether it is text at all."""
    target = folder / f"{text.name}.lines.parquet"
    schema = pa.schema([("__row", pa.int64()), ("line", pa.string()), ("broken", pa.bool_())])
    with text.open("rb") as file, pq.ParquetWriter(target, schema, compression="zstd") as writer:
        start = 1
        for lines in _line_blocks(file):
            texts = pa.array(lines, pa.binary())
            try:
                decoded, broken = texts.cast(pa.string()), pa.repeat(False, len(lines))
            except pa.ArrowInvalid:
                decoded = pa.array([line.decode("utf-8", "replace") for line in lines])
                broken = pa.array([not _is_utf8(line) for line in lines])
            numbers = pa.array(range(start, start + len(lines)), pa.int64())
            writer.write_table(pa.table([numbers, decoded, broken], schema=schema))
            start += len(lines)
    return target


def _line_blocks(file: BinaryIO) -> Iterator[list[bytes]]:
    """The lines of a file in blocks of some megabytes, without their ends and without a byte-order mark."""
    first = True
    while lines := file.readlines(8 * _CHUNK):
        if first and lines[0].startswith(codecs.BOM_UTF8):
            lines[0] = lines[0][len(codecs.BOM_UTF8) :]
        first = False
        yield [line.rstrip(b"\r\n") for line in lines]


def _every_nth(path: Path, rows: int) -> str:
    """SQL condition that leaves the start of staged rows and a spread of the rest."""
    step = max(1, rows // _SAMPLE_ROWS)
    return f"(file_row_number < {_SAMPLE_ROWS} OR file_row_number % {step} = 0)"


def _read_jsonl(
    connection: duckdb.DuckDBPyConnection, mapping: FileMapping, path: Path, name: str, folder: Path
) -> Reading:
    lines = _staged_lines(connection, _as_utf8(mapping, path, name, folder), folder)
    stored = f"(SELECT * FROM {parquet([lines], numbered=True)} WHERE trim(line) <> '')"
    is_object = "(NOT broken AND json_valid(line) AND coalesce(json_type(line) = 'OBJECT', false))"
    keys = connection.execute(
        f"SELECT DISTINCT unnest(json_keys(CASE WHEN {is_object} THEN line END)) AS key FROM {stored} ORDER BY key"
    ).fetchall()
    names = [str(key) for (key,) in keys]
    if not names:
        raise LoadError(f"no line of {name} is a JSON object; JSONL holds one {{…}} a line")
    columns = _text_columns(names)
    pointers = text_list([f"/{key.replace('~', '~0').replace('/', '~1')}" for key in names])
    taken = ", ".join(
        _clean(f"v[{index}]", mapping.null_values).rsplit(" AS ", 1)[0] + f" AS s{index - 1}"
        for index in range(1, len(names) + 1)
    )

    def scan(condition: str) -> str:
        split = f"SELECT __row, json_extract_string(line, {pointers}) AS v, line FROM {stored} WHERE {is_object} AND {condition}"
        return f"SELECT __row, {taken}, line FROM ({split})"

    def rest(used: tuple[str, ...]) -> str:
        taken_out = json.dumps(dict.fromkeys(used), ensure_ascii=False)
        return f"nullif(CAST(json_merge_patch(line, {text_literal(taken_out)}) AS VARCHAR), '{{}}')"

    rejects = (
        f"SELECT __row AS row, CASE WHEN broken THEN {text_literal(_REJECTED['INVALID ENCODING'])} "
        "WHEN NOT json_valid(line) THEN 'the line is not JSON' ELSE 'the line is not a JSON object {…}' END AS reason, "
        f"line AS record FROM {stored} WHERE NOT {is_object}"
    )
    total = pq.read_metadata(lines).num_rows
    return Reading(
        name, path, "jsonl", columns, scan("true"), scan("true"), scan(_every_nth(lines, total)), rejects, rest=rest
    )


def _read_blank(
    connection: duckdb.DuckDBPyConnection, mapping: FileMapping, path: Path, name: str, folder: Path
) -> Reading:
    lines = _staged_lines(connection, _as_utf8(mapping, path, name, folder), folder)
    stored = f"(SELECT * FROM {parquet([lines], numbered=True)} WHERE trim(line) <> '')"
    row = connection.execute(f"SELECT line, __row FROM {stored} ORDER BY __row LIMIT 1").fetchone()
    if row is None:
        raise LoadError(f"{name} holds no rows")
    has_header, names = _header(mapping, str(row[0]).split(), name)
    columns = _text_columns(names)
    taken = ", ".join(
        _clean(f"v[{index}]", mapping.null_values).rsplit(" AS ", 1)[0] + f" AS s{index - 1}"
        for index in range(1, len(names) + 1)
    )
    split = (
        f"SELECT __row, line, broken, file_row_number, regexp_split_to_array(trim(line, {text_literal(_BLANKS)}), '[ \\t]+') AS v "
        f"FROM {stored}" + (f" WHERE __row <> {row[1]}" if has_header else "")
    )
    right = f"(NOT broken AND len(v) = {len(names)})"

    def scan(condition: str) -> str:
        return f"SELECT __row, {taken} FROM ({split}) WHERE {right} AND {condition}"

    rejects = (
        f"SELECT __row AS row, CASE WHEN broken THEN {text_literal(_REJECTED['INVALID ENCODING'])} "
        f"WHEN len(v) < {len(names)} THEN {text_literal(_REJECTED['MISSING COLUMNS'])} "
        f"ELSE {text_literal(_REJECTED['TOO MANY COLUMNS'])} END AS reason, line AS record FROM ({split}) WHERE NOT {right}"
    )
    total = pq.read_metadata(lines).num_rows
    return Reading(name, path, "blank", columns, scan("true"), scan("true"), scan(_every_nth(lines, total)), rejects)


def _is_blank_separated(path: Path) -> bool:
    """Whether runs of blanks, and no delimiter, separate the same number of values on nearly every line."""
    with path.open("rb") as file:
        lines = file.read(_CHUNK // 4).decode("utf-8", "replace").splitlines()[:200]
    lines = [line for line in lines if line.strip()]
    if not lines or any(re.search(r"[,;|\t]", line) for line in lines):
        return False
    widths = [len(line.split()) for line in lines]
    common = max(set(widths), key=widths.count)
    return common > 1 and widths.count(common) >= 0.9 * len(widths)


# Parquet


def _read_parquet(
    connection: duckdb.DuckDBPyConnection, mapping: FileMapping, path: Path, name: str, folder: Path
) -> Reading:
    described = connection.execute(f"DESCRIBE SELECT * FROM {parquet([path])}").fetchall()
    columns = {str(row[0]): SourceColumn(f"s{index}", str(row[1])) for index, row in enumerate(described)}

    def taken(column: str, source: SourceColumn) -> str:
        quoted = identifier(column)
        if source.type == "VARCHAR":
            return _clean(quoted, mapping.null_values).rsplit(" AS ", 1)[0] + f" AS {source.alias}"
        if source.type in ("FLOAT", "DOUBLE"):
            # Data frames write what is missing as "not a number".
            return f"CASE WHEN NOT isnan({quoted}) THEN {quoted} END AS {source.alias}"
        return f"{quoted} AS {source.alias}"

    chosen = ", ".join(taken(column, source) for column, source in columns.items())

    def scan(condition: str) -> str:
        return f"SELECT file_row_number + 1 AS __row, {chosen} FROM {parquet([path], numbered=True)} WHERE {condition}"

    sample = scan(_every_nth(path, pq.read_metadata(path).num_rows))
    return Reading(name, path, "parquet", columns, scan("true"), scan("true"), sample, _NO_REJECTS)


_NO_REJECTS = "SELECT CAST(NULL AS BIGINT) AS row, '' AS reason, '' AS record WHERE false"


# XLSX


def _read_xlsx(
    connection: duckdb.DuckDBPyConnection, mapping: FileMapping, path: Path, name: str, folder: Path
) -> Reading:
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheet_name = mapping.sheet or book.sheet_names[0]
        if sheet_name not in book.sheet_names:
            raise LoadError(f"{name} has no sheet {sheet_name!r}; it has: {', '.join(book.sheet_names)}")
        sheet = book.get_sheet_by_name(sheet_name)
    except (CalamineError, zipfile.BadZipFile, OSError) as error:
        raise LoadError(f"{name} can't be read as XLSX: {first_line(error)}") from None
    rows = _sheet_rows(sheet)
    first = next(rows, None)
    if first is None:
        raise LoadError(f"{name}: the sheet {sheet_name!r} is empty")
    number, cells = first
    has_header, names = _header(mapping, [_cell_text(cell) or "" for cell in cells], name)
    columns = _text_columns(names)
    target = folder / f"{path.stem}.sheet.parquet"
    schema = pa.schema([("__row", pa.int64()), *((f"s{index}", pa.string()) for index in range(len(names)))])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        block = [] if has_header else [(number, cells)]
        for row in rows:
            block.append(row)
            if len(block) == _XLSX_ROWS:
                writer.write_table(_sheet_table(block, schema))
                block = []
        if block:
            writer.write_table(_sheet_table(block, schema))
    cleaned = ", ".join(_clean(column.alias, mapping.null_values) for column in columns.values())
    anything = ", ".join(column.alias for column in columns.values())

    def scan(condition: str) -> str:
        return f"SELECT __row, {cleaned} FROM {parquet([target], numbered=True)} WHERE coalesce({anything}) IS NOT NULL AND {condition}"

    sample = scan(_every_nth(target, pq.read_metadata(target).num_rows))
    return Reading(name, path, "xlsx", columns, scan("true"), scan("true"), sample, _NO_REJECTS)


_Cell = object


def _sheet_rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[_Cell]]]:
    """The rows of a sheet that hold anything, with their numbers."""
    start = sheet.start[0] if sheet.start is not None else 0
    for number, cells in enumerate(sheet.iter_rows(), start=start + 1):
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


_READERS: dict[Format, Callable[[duckdb.DuckDBPyConnection, FileMapping, Path, str, Path], Reading]] = {
    "csv": _read_csv,
    "blank": _read_blank,
    "jsonl": _read_jsonl,
    "parquet": _read_parquet,
    "xlsx": _read_xlsx,
}
