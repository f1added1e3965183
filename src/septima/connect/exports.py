"""Exports that are made into flat rows before the lake reads them: JSON of several shapes, and letters."""

import gzip
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

import dlt
import pyarrow as pa
from dlt.extract import DltResource

from septima.connect.bounces import bounce_rows
from septima.connect.definition import Connection, Read
from septima.connect.folders import found_files, stamp
from septima.connect.naming import resource_name
from septima.connect.rows import Record, Report, batch_table

_BATCH = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FILES = "files"


def resources(connection: Connection, *, everything: bool, report: Report) -> list[DltResource]:
    """The reads of a connection; the pipeline's state remembers which files were read, by size and time of change."""
    return [_resource(connection, read, everything=everything, report=report) for read in connection.reads]


def _resource(connection: Connection, read: Read, *, everything: bool, report: Report) -> DltResource:
    found, reader = found_files(connection, read), _READERS[connection.kind.name]

    def rows() -> Iterator[pa.Table]:
        state = dlt.current.resource_state()
        seen: dict[str, list[int]] = {} if everything else dict(state.get(_FILES, {}))
        columns, count = dict.fromkeys(read.mapping.sources), 0
        for path, name in found:
            now = stamp(path)
            if seen.get(name) == now:
                continue
            for batch in batched(reader(path), _BATCH):
                yield batch_table(batch, columns, read)
                count += len(batch)
                report(read.origin, count)
            seen[name] = now
        state[_FILES] = seen

    return dlt.resource(rows, name=resource_name(read.origin))


def batched(rows: Iterable[Record], size: int) -> Iterator[list[Record]]:
    """Rows in lists of at most `size`."""
    left = iter(rows)
    while batch := list(itertools.islice(left, size)):
        yield batch


def _lines(path: Path, shape: Callable[[Record], Record]) -> Iterator[Record]:
    """Objects, one a line. What is none becomes a row of its own that no key has, so that the lake puts it aside."""
    with opened(path) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                content: object = json.loads(line)
            except ValueError:
                content = None
            if isinstance(content, dict):
                yield {**shape(cast("Record", content)), "file": path.name, "line": number}
            else:
                yield {"file": path.name, "line": number, "text": line.decode("utf-8", "replace").strip()}


def opened(path: Path) -> BinaryIO:
    """A file, unpacked where it is packed by gzip."""
    return cast("BinaryIO", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def flat(record: Record, before: str = "") -> Record:
    """An object whose inner objects are spread out: {"via": {"channel": "web"}} has `via.channel`. Lists stay."""
    row: Record = {}
    for name, value in record.items():
        if isinstance(value, dict):
            row |= flat(cast("Record", value), f"{before}{name}.")
        else:
            row[f"{before}{name}"] = value
    return row


def event(record: Record) -> Record:
    """An event of Google Analytics 4: parameters as `params.NAME`, properties of the user as `user.NAME`, an `event_id`
    and the moment `at`.
    """
    row = flat({name: value for name, value in record.items() if name not in ("event_params", "user_properties")})
    for name, before in (("event_params", "params"), ("user_properties", "user")):
        for pair in record.get(name) or []:
            value = pair.get("value") or {}
            row[f"{before}.{pair['key']}"] = next(
                (
                    value[kind]
                    for kind in ("string_value", "int_value", "float_value", "double_value")
                    if value.get(kind) is not None
                ),
                None,
            )
    given = [
        record.get(name)
        for name in ("user_pseudo_id", "event_timestamp", "event_name", "event_bundle_sequence_id", "batch_event_index")
    ]
    row["event_id"] = ":".join("" if part is None else str(part) for part in given)
    try:
        row["at"] = (_EPOCH + timedelta(microseconds=int(record["event_timestamp"]))).isoformat()
    except (KeyError, TypeError, ValueError, OverflowError):
        row["at"] = record.get("event_timestamp")  # the lake says what is wrong with it
    return row


_READERS: dict[str, Callable[[Path], Iterator[Record]]] = {
    "google_analytics": lambda path: _lines(path, event),
    "zendesk": lambda path: _lines(path, flat),
    "letters": lambda path: bounce_rows(path.read_bytes(), path.name),
}
