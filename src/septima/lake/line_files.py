"""Files of lines: JSONL, and text separated by blanks. Each line is taken apart once, into staged columns."""

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from septima.lake.encoding import as_utf8, is_utf8
from septima.lake.mapping import FileMapping
from septima.lake.reading import REJECTED, Reading, header, staged_rows, text_columns
from septima.lake.sql import LoadError, parquet, pointer, text_list, text_literal
from septima.schema import Text

_CHUNK = 1 << 20
_BLANKS = " \t\r"


def read_jsonl(
    connection: duckdb.DuckDBPyConnection, mapping: FileMapping, path: Path, name: str, folder: Path
) -> Reading:
    """JSONL: one object a line; nested values stay JSON."""
    lines = _staged_lines(as_utf8(mapping, path, name, folder), folder)
    stored = f"(SELECT * FROM {parquet([lines])} WHERE trim(line) <> '')"
    is_object = "(NOT broken AND json_valid(line) AND coalesce(TRY(json_type(line)) = 'OBJECT', false))"
    keys = connection.execute(
        f"SELECT DISTINCT unnest(json_keys(CASE WHEN {is_object} THEN line END)) AS key FROM {stored} ORDER BY key"
    ).fetchall()
    names = [str(key) for (key,) in keys]
    if not names:
        raise LoadError(
            Text(
                f"no line of {name} is a JSON object; JSONL holds one {{…}} a line",
                f"ни\u00a0одна строка файла {name}\u00a0— не\u00a0объект JSON; в\u00a0JSONL на\u00a0каждой строке один объект {{…}}",
            )
        )
    columns = text_columns(names)
    pointers = text_list([pointer(key) for key in names])
    taken = ", ".join(f"v[{index}] AS s{index - 1}" for index in range(1, len(names) + 1))
    split = f"SELECT __row, json_extract_string(line, {pointers}) AS v, line FROM {stored} WHERE {is_object}"
    target = folder / "columns.parquet"
    connection.execute(
        f"COPY (SELECT __row, {taken}, line FROM ({split})) TO {text_literal(str(target))} (FORMAT parquet, COMPRESSION lz4)"
    )

    def rest(used: tuple[str, ...]) -> str:
        # Patching with null takes a key out.
        taken_out = json.dumps(dict.fromkeys(used), ensure_ascii=False)
        left = f"json_merge_patch('{{}}', json_merge_patch(line, {text_literal(taken_out)}))"
        return f"nullif(CAST({left} AS VARCHAR), '{{}}')"

    rejects = (
        f"SELECT __row AS row, CASE WHEN broken THEN {text_literal(REJECTED['INVALID ENCODING'])} "
        "WHEN NOT json_valid(line) THEN 'the line is not JSON' ELSE 'the line is not a JSON object {…}' END AS reason, "
        f"line AS record FROM {stored} WHERE NOT {is_object}"
    )
    return staged_rows(name, path, "jsonl", columns=columns, target=target, mapping=mapping, rejects=rejects, rest=rest)


def read_blank(
    connection: duckdb.DuckDBPyConnection, mapping: FileMapping, path: Path, name: str, folder: Path
) -> Reading:
    """Text in which runs of blanks separate the values of a line."""
    lines = _staged_lines(as_utf8(mapping, path, name, folder), folder)
    stored = f"(SELECT * FROM {parquet([lines])} WHERE trim(line, {text_literal(_BLANKS)}) <> '')"
    row = connection.execute(f"SELECT line, __row FROM {stored} ORDER BY __row LIMIT 1").fetchone()
    if row is None:
        raise LoadError(Text(f"{name} holds no rows", f"в\u00a0файле {name} нет строк; загрузите файл с\u00a0данными"))
    has_header, names = header(mapping, str(row[0]).split(), name)
    columns = text_columns(names)
    blanks = text_literal(_BLANKS)
    split = (
        f"SELECT __row, line, broken, regexp_split_to_array(trim(line, {blanks}), '[ \\\t]+') AS v "
        f"FROM {stored} WHERE __row > {row[1] if has_header else 0}"
    )
    right = f"(NOT broken AND len(v) = {len(names)})"
    taken = ", ".join(f"v[{index}] AS s{index - 1}" for index in range(1, len(names) + 1))
    target = folder / "columns.parquet"
    connection.execute(
        f"COPY (SELECT __row, {taken} FROM ({split}) WHERE {right}) TO {text_literal(str(target))} (FORMAT parquet, COMPRESSION lz4)"
    )
    rejects = (
        f"SELECT __row AS row, CASE WHEN broken THEN {text_literal(REJECTED['INVALID ENCODING'])} "
        f"WHEN len(v) < {len(names)} THEN {text_literal(REJECTED['MISSING COLUMNS'])} "
        f"ELSE {text_literal(REJECTED['TOO MANY COLUMNS'])} END AS reason, line AS record FROM ({split}) WHERE NOT {right}"
    )
    return staged_rows(name, path, "blank", columns=columns, target=target, mapping=mapping, rejects=rejects)


def is_blank_separated(path: Path, wanted: tuple[str, ...]) -> bool:
    """Whether runs of blanks, and no delimiter, separate the values of a line.

    So it is where the first line holds all `wanted` columns or nearly every line has as many values.
    """
    with path.open("rb") as file:
        lines = file.read(_CHUNK // 4).decode("utf-8-sig", "replace").splitlines()[:200]
    lines = [line for line in lines if line.strip()]
    if not lines or any(re.search(r"[,;|\t]", line) for line in lines):
        return False
    widths = [len(line.split()) for line in lines]
    common = max(set(widths), key=widths.count)
    named = len(wanted) > 1 and set(wanted) <= set(lines[0].split())
    return named or (common > 1 and widths.count(common) >= 0.9 * len(widths))


def _staged_lines(text: Path, folder: Path) -> Path:
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
                broken = pa.array([not is_utf8(line) for line in lines])
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
