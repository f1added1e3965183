"""What has arrived into the lake: checked as any load, each portion as one publication, and once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from septima.connect.definition import Connection
from septima.connect.naming import resource_name
from septima.connect.pipeline import ARRIVED, LOADS
from septima.connect.quarantined import close_read_again, keep_known
from septima.durable import write_over
from septima.lake.load import Desk, Entries, LoadResult, Progress, bring_in
from septima.lake.mapping import parse_mapping
from septima.lake.seal import Seal
from septima.lake.sql import DEFAULT_MEMORY
from septima.lake.store import Lake


@dataclass(frozen=True)
class _Portion:
    """What one run of the pipeline laid down, and the file by which the pipeline says that it is whole."""

    load: str
    marker: Path
    files: Mapping[str, Sequence[Path]]

    def name(self, origin: str, number: int) -> str:
        """What a file is called before people."""
        moment = datetime.fromtimestamp(float(self.load), UTC)
        return f"{origin} {moment:%Y-%m-%d %H:%M:%S.%f}, {number}"


def take(
    lake: Lake, connection: Connection, *, progress: Progress | None = None, memory: str = DEFAULT_MEMORY
) -> LoadResult:
    """Load all portions that lie there whole, oldest first, and clear each away after its publication.

    LoadError or StoreError where one cannot be taken; then it stays for the next time.
    """
    total = LoadResult({}, lake.version)
    mapping_path = connection.work / "mapping.yaml"
    for portion in _portions(connection):
        # What is mended in the quarantine goes by this file.
        write_over(mapping_path, connection.mapping_text)
        total += _take(lake, connection, portion, mapping_path, progress, memory)
        for path in (file for files in portion.files.values() for file in files):
            path.unlink()
        portion.marker.unlink()
    return total


def _portions(connection: Connection) -> list[_Portion]:
    folder = connection.work / ARRIVED
    found: list[_Portion] = []
    for marker in (folder / LOADS).glob("*.jsonl"):
        load = marker.stem.rpartition("__")[2]
        files = {
            read.origin: sorted(folder.glob(f"{resource_name(read.origin)}.{load}.*.parquet"))
            for read in connection.reads
        }
        found.append(_Portion(load, marker, files))
    return sorted(found, key=lambda portion: float(portion.load))


def _take(
    lake: Lake, connection: Connection, portion: _Portion, mapping_path: Path, progress: Progress | None, memory: str
) -> LoadResult:
    mapping = parse_mapping(connection.mapping_text, mapping_path)
    pairs = [
        (read, entry) for read, entry in zip(connection.reads, mapping.files, strict=True) if portion.files[read.origin]
    ]
    if not pairs:
        return LoadResult({}, lake.version)

    def make(_folder: Path) -> Entries:
        return [
            (
                entry,
                [
                    (path, portion.name(read.origin, number))
                    for number, path in enumerate(portion.files[read.origin], 1)
                ],
            )
            for read, entry in pairs
        ]

    def settle(desk: Desk) -> int:
        return sum(
            close_read_again(desk, connection.name, read.origin, table, portion.files[read.origin])
            for read, entry in pairs
            for table in entry.tables
        )

    # A run that ended between the publication of a portion and its clearing away leaves it to be met again.
    seal = Seal(lake, connection.name, "portion", portion.load)
    details = {
        "source": connection.name,
        "portion": portion.load,
        "mapping": str(mapping_path),
        "mapping_text": mapping.text,
        "data": str(connection.work / ARRIVED),
    }
    return bring_in(
        lake,
        f"fetch {connection.name}",
        connection.name,
        make,
        details,
        known=seal.result,
        settle=settle,
        finish=lambda desk: seal.set(desk.writing, desk.tables),
        amend=keep_known(lake, connection.name),
        progress=progress,
        memory=memory,
    )
