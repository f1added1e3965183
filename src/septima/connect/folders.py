"""Folders of exports: which files are there, and those of them that the lake reads as they are."""

import json
from collections.abc import Sequence
from pathlib import Path

from septima.connect.definition import Connection, Read
from septima.connect.errors import ConnectError
from septima.durable import write_over
from septima.lake.load import Desk, Entries, LoadResult, Progress, bring_in, close_mended
from septima.lake.mapping import parse_mapping
from septima.lake.store import Lake
from septima.schema import Text

Found = Sequence[tuple[Path, str]]


def folder_of(connection: Connection) -> Path:
    """The folder of the exports; ConnectError where there is none."""
    folder = (connection.workspace / connection.values["folder"]).absolute()
    if not folder.is_dir():
        raise ConnectError(
            Text(
                f"{connection.name}: there is no folder {folder}; make it, or correct `folder` in {connection.path}",
                f"{connection.name}: нет папки {folder}; создайте её или исправьте `folder` в\u00a0{connection.path}",
            )
        )
    return folder


def found_files(connection: Connection, read: Read) -> Found:
    """The files that a read names, in the order of their names, each with its name within the folder."""
    folder = folder_of(connection)
    return [(path, str(path.relative_to(folder))) for path in sorted(folder.glob(read.origin)) if path.is_file()]


def stamp(path: Path) -> list[int]:
    """What tells that a file has changed."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def look(connection: Connection) -> list[tuple[str, int]]:
    """The reads, each with the number of files there are; ConnectError where one has none."""
    counts = [(read.origin, len(found_files(connection, read))) for read in connection.reads]
    for read, (origin, count) in zip(connection.reads, counts, strict=True):
        if count == 0:
            folder = folder_of(connection)
            raise ConnectError(
                read.place.before(
                    Text(
                        f"no file in {folder} fits {origin!r}; put one there, or correct `from`",
                        f"в\u00a0папке {folder} нет файлов, подходящих под «{origin}»; положите их или исправьте `from`",
                    )
                )
            )
    return counts


def take_files(
    lake: Lake, connection: Connection, *, everything: bool, progress: Progress | None, memory: str
) -> tuple[LoadResult, dict[str, int]]:
    """Load the files that are new or have changed, all at one moment, and remember them; the counts, and files by read."""
    kept = connection.work / "files.json"
    seen: dict[str, list[int]] = {} if everything or not kept.exists() else json.loads(kept.read_text(encoding="utf-8"))
    mapping_path = connection.work / "mapping.yaml"
    write_over(mapping_path, connection.mapping_text)
    mapping = parse_mapping(connection.mapping_text, mapping_path)
    fresh: dict[str, Found] = {}
    stamps: dict[str, list[int]] = {}
    for read in connection.reads:
        files = found_files(connection, read)
        now = {name: stamp(path) for path, name in files}
        fresh[read.origin] = [(path, name) for path, name in files if seen.get(name) != now[name]]
        stamps |= now
    counts = {origin: len(files) for origin, files in fresh.items()}
    pairs = [(entry, list(fresh[entry.pattern])) for entry in mapping.files if fresh[entry.pattern]]
    if not pairs:
        return LoadResult({}, lake.version), counts

    def make(_folder: Path) -> Entries:
        return pairs

    def settle(desk: Desk) -> int:
        return close_mended(desk, connection.name, pairs)

    details = {
        "source": connection.name,
        "mapping": str(mapping_path),
        "mapping_text": mapping.text,
        "data": str(folder_of(connection)),
    }
    result = bring_in(
        lake,
        f"fetch {connection.name}",
        connection.name,
        make,
        details,
        settle=settle,
        progress=progress,
        memory=memory,
    )
    write_over(kept, json.dumps({**seen, **stamps}, ensure_ascii=False))
    return result, counts
