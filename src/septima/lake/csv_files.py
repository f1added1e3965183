"""CSV files: their dialect, and their rows as text."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from septima.lake.encoding import as_utf8, sample_file
from septima.lake.mapping import FileMapping
from septima.lake.reading import (
    REJECTED,
    Reading,
    cleaned,
    distinct_names,
    first_line,
    header,
    text_columns,
)
from septima.lake.sql import LoadError, count, text_literal
from septima.schema import Text

_LONGEST_LINE = 8 << 20
_CHUNK = 1 << 20
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class _Dialect:
    delimiter: str
    quote: str
    escape: str


def read_csv(
    connection: duckdb.DuckDBPyConnection, mapping: FileMapping, path: Path, name: str, folder: Path
) -> Reading:
    """Every value as text; rows that are none are rejected as DuckDB finds them."""
    text = as_utf8(mapping, path, name, folder)
    sample = sample_file(text, folder)
    dialect, first = _dialect(connection, mapping, sample, name)
    has_header, names = header(mapping, first, name)
    columns = text_columns(names)
    text = _without_blank_lines(text, folder, dialect, len(names))
    table = f"rejects_{count(connection, 'SELECT count(*) FROM duckdb_tables()')}"

    offset = 1 if has_header else 0

    def scan(file: Path, errors: str, *, numbered: bool = True) -> str:
        declared = ", ".join(f"{column.alias}: 'VARCHAR'" for column in columns.values())
        options = (
            f"delim = {text_literal(dialect.delimiter)}, quote = {text_literal(dialect.quote)}, "
            f"escape = {text_literal(dialect.escape)}, header = {str(has_header).lower()}, auto_detect = false, "
            f"max_line_size = {_LONGEST_LINE}, columns = {{{declared}}}, {errors}"
        )
        taken = ", ".join(
            f"{cleaned(column.alias, mapping.null_values)} AS {column.alias}" for column in columns.values()
        )
        read = f"read_csv({text_literal(str(file))}, {options})"
        anything = ", ".join(column.alias for column in columns.values())
        if not numbered:
            return f"SELECT {taken} FROM {read} WHERE coalesce({anything}) IS NOT NULL"
        counted = f"SELECT *, row_number() OVER () + {offset} AS __row FROM {read}"
        return f"SELECT __row, {taken} FROM ({counted}) WHERE coalesce({anything}) IS NOT NULL"

    # Every pass collects: without it the reader recovers from a broken quote at another row. A row
    # rejected in each pass is told once, by the grouping.
    collect = f"store_rejects = true, rejects_table = {text_literal(table)}, rejects_scan = {text_literal(table + '_scan')}, rejects_limit = 0"
    reasons = " ".join(f"WHEN {text_literal(kind)} THEN {text_literal(reason)}" for kind, reason in REJECTED.items())
    rejects = (
        f"SELECT CAST(line AS BIGINT) AS row, min(CASE CAST(error_type AS VARCHAR) {reasons} ELSE error_message END) AS reason, "
        f"ltrim(min(csv_line), chr(10) || chr(13)) AS record FROM {table} GROUP BY line"
    )
    return Reading(
        name,
        path,
        "csv",
        columns,
        rows=scan(text, collect),
        sample=scan(sample, "ignore_errors = true"),
        rejects=rejects,
        counts_accepted=True,
        # Numbering holds the reader to one thread, so it is kept for rows that have to be named.
        unnumbered=scan(text, collect, numbered=False),
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
    return max(records, key=lambda found: len(set(mapping.sources) & set(distinct_names(found[1]))))


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
        why = first_line(error)
        raise LoadError(
            Text(
                f"the delimiter of {name} can't be told ({why}); write it as `delimiter: ';'`",
                f"разделитель столбцов в\u00a0файле {name} не\u00a0определить ({why}); укажите его в\u00a0сопоставлении: «delimiter: ';'»",
            )
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
    if not _has_blank_line(path):
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


def _has_blank_line(path: Path) -> bool:
    """Whether there is a blank line with something behind it."""
    last, pending = b"", False  # the byte before a chunk; whether a blank line awaits something behind it
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            text = last + chunk.translate(None, b"\r")
            body = text.rstrip(b"\n")
            if body and (pending or b"\n\n" in body):
                return True
            pending = text.endswith(b"\n\n") or (pending and not body)
            last = text[-1:]
    return False
