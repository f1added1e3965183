"""Delta tables that change together.

Delta Lake makes a change of one table atomic; a load changes several. So the lake keeps a numbered
list of **commits**, each naming the Delta version of every table, and readers only ever look at the
versions that the newest commit names. A writer holds the lock, writes files, advances the Delta
tables and last of all publishes its commit by creating one small file. Killed before that, it has
changed nothing that a reader sees; the next writer puts the tables back and sweeps its files.

    lake/
      commits/00000012.json     one per publication
      tables/orders/            a Delta table
      staging/                  private folders of running loads
      writer.lock, writer.json  who writes now
"""

import json
import os
import shutil
import time
import uuid
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction
from filelock import FileLock, Timeout

from septima.durable import flush, write_over
from septima.lake.tables import LAKE_TABLES
from septima.lake.words import no_table
from septima.schema import DECIMAL_PRECISION, DECIMAL_SCALE, SeptimaError, Table, Text, Type

_ARROW_TYPES: dict[Type, pa.DataType] = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "decimal": pa.decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "json": pa.string(),
}
_LOCK_WAIT_SECONDS = 3600.0
# Earlier commits stay readable: Delta would drop its log after thirty days.
_CONFIGURATION = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.checkpointInterval": "10",
}


_newest_seen: dict[Path, int] = {}
"""The newest commit that this process has seen of each lake. Commits are numbered without gaps and stay, so that a later look
goes on from there instead of listing all of them again."""


class StoreError(SeptimaError):
    """The lake is absent, damaged or busy."""


@dataclass(frozen=True)
class Commit:
    """One publication: what every table was after it. `details` is what the writer noted."""

    version: int
    at: datetime
    label: str
    tables: Mapping[str, int]
    details: Mapping[str, Any]
    writer: str = ""


_EMPTY = Commit(0, datetime.min.replace(tzinfo=UTC), "", {}, {})


@dataclass
class Writing:
    """A change under way; it becomes visible, whole, when its `with` block ends without an error."""

    lake: "Lake"
    id: str
    details: dict[str, Any] = field(default_factory=dict[str, Any])
    _added: dict[str, list[tuple[Path, int]]] = field(default_factory=dict[str, list[tuple[Path, int]]])
    _removed: dict[str, list[Path]] = field(default_factory=dict[str, list[Path]])
    _made: int = 0

    def files(self, table: str) -> list[str]:
        """Parquet files of the table before this change."""
        return self.lake.files(table)

    def new_file(self, table: str) -> Path:
        """A path, not yet taken, at which to write a Parquet file of the table."""
        self._made += 1
        folder = self.lake.table_folder(table)
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{self.id}-{self._made:05d}.parquet"

    def add(self, table: str, path: Path, rows: int) -> None:
        """Make the finished file at `path` part of the table."""
        self._added.setdefault(table, []).append((path, rows))

    def remove(self, table: str, path: str | Path) -> None:
        """Take a file of the table out of it; it stays on disk for earlier versions."""
        self._removed.setdefault(table, []).append(Path(path))

    @property
    def changed_tables(self) -> list[str]:
        """Tables that this change adds to or takes from."""
        return [name for name in LAKE_TABLES if name in self._added or name in self._removed]

    def advance(self, table: str) -> int:
        """Commit the table's files to its Delta log; returns the new Delta version."""
        folder = self.lake.ensure_table(table)
        now = int(time.time() * 1000)
        actions: list[AddAction | RemoveAction] = []
        for path, rows in self._added.get(table, []):
            flush(path)
            statistics = json.dumps({"numRecords": rows})
            actions.append(AddAction(path.name, path.stat().st_size, {}, now, True, statistics))
        actions += [RemoveAction(path.name, True, now) for path in self._removed.get(table, [])]
        # A file is there for good only once the folder that names it is on the disk too, before the log says so.
        flush(folder)
        delta = DeltaTable(str(folder))
        delta.create_write_transaction(actions, "append", delta.schema())
        delta.update_incremental()
        version = delta.version()
        flush(_log_of(folder, version))
        flush(folder / "_delta_log")
        return version


@dataclass(frozen=True)
class Lake:
    """The tables of one workspace, below the folder `root`."""

    root: Path

    @staticmethod
    def create(root: Path) -> "Lake":
        """Make an empty lake at `root`; one that is there already stays as it is."""
        lake = Lake(root.absolute())
        for folder in ("commits", "tables", "staging"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        with lake._lock("writer.lock"):
            for table in LAKE_TABLES:
                lake.ensure_table(table)
        return lake

    @staticmethod
    def open(root: Path) -> "Lake":
        """The lake at `root`; StoreError where there is none."""
        if not (root / "commits").is_dir():
            raise StoreError(
                Text(
                    f"there is no lake at {root}; make a workspace first: septima init {root.parent}",
                    f"в\u00a0{root} нет хранилища; сначала создайте рабочее пространство: septima init {root.parent}",
                )
            )
        return Lake(root.absolute())

    @property
    def version(self) -> int:
        """Number of the newest commit; 0 before the first."""
        known = _newest_seen.get(self.root, 0)
        if not known or not self._commit_path(known).exists():
            known = max((int(path.stem) for path in self._commit_files()), default=0)
        while self._commit_path(known + 1).exists():
            known += 1
        _newest_seen[self.root] = known
        return known

    def commit(self, version: int | None = None) -> Commit:
        """The commit of that number, the newest by default; version 0 is the empty lake."""
        version = self.version if version is None else version
        if version == 0:
            return _EMPTY
        path = self._commit_path(version)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            newest = self.version
            raise StoreError(
                Text(
                    f"the lake has no version {version}; its newest is {newest}",
                    f"в\u00a0хранилище нет версии {version}; новейшая\u00a0— {newest}",
                )
            ) from None
        return Commit(
            content["version"],
            datetime.fromisoformat(content["at"]),
            content["label"],
            content["tables"],
            content["details"],
            content["writer"],
        )

    def commits(self) -> list[Commit]:
        """All commits, oldest first."""
        return [self.commit(version) for version in sorted(int(path.stem) for path in self._commit_files())]

    def table_folder(self, table: str) -> Path:
        """Where the Delta table lies; StoreError where the lake keeps no such table."""
        return self.root / "tables" / self.schema_of(table).name

    def files(self, table: str, version: int | None = None) -> list[str]:
        """Paths of the Parquet files that hold the table as of a commit; none where it is empty."""
        folder = self.table_folder(table)
        delta_version = self.commit(version).tables.get(table)
        if delta_version is None:
            return []
        written = None
        with suppress(FileNotFoundError):
            status = _log_of(folder, delta_version).stat()
            written = status.st_ino, status.st_mtime_ns
        return list(_files_of(folder, delta_version, written))

    @contextmanager
    def staging(self) -> Generator[Path]:
        """A private folder for work before publication; gone afterwards, and swept if its process died."""
        folder = self.root / "staging" / uuid.uuid4().hex
        with ExitStack() as stack:
            with self._lock("staging.lock"):
                self._sweep_staging()
                stack.enter_context(FileLock(folder.with_suffix(".lock"), timeout=0))
                folder.mkdir()
            stack.callback(folder.with_suffix(".lock").unlink, missing_ok=True)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            yield folder

    @contextmanager
    def write(self, label: str, *, wait_seconds: float = _LOCK_WAIT_SECONDS) -> Generator[Writing]:
        """Change tables: alone, after putting right what a dead writer left, and all or nothing.

        StoreError where another writer holds the lock for longer than `wait_seconds`.
        """
        with self._lock("writer.lock", wait_seconds):
            restored = self._recover()
            writing = Writing(self, uuid.uuid4().hex)
            write_over(self._marker, json.dumps({"writer": writing.id, "label": label, "process": os.getpid()}))
            try:
                yield writing
                changed = writing.changed_tables
                if changed:
                    last = self.commit()
                    tables = {**last.tables, **restored, **{table: writing.advance(table) for table in changed}}
                    self._publish(
                        Commit(last.version + 1, datetime.now(UTC), label, tables, writing.details, writing.id)
                    )
            except BaseException:
                # On a full disk this fails too; then the marker stays and the next writer recovers.
                with suppress(OSError, DeltaError):
                    self._recover()
                raise
            self._marker.unlink()

    @contextmanager
    def standing_still(self, *, wait_seconds: float = _LOCK_WAIT_SECONDS) -> Generator[None]:
        """Keep writers away for as long as the block lasts, and change nothing: the files stay as they are.

        StoreError where a writer holds the lock for longer than `wait_seconds`.
        """
        with self._lock("writer.lock", wait_seconds):
            yield

    def schema_of(self, table: str) -> Table:
        """The declaration of a table of the lake; StoreError, naming those there are, where there is none."""
        try:
            return LAKE_TABLES[table]
        except KeyError:
            raise StoreError(no_table(table, LAKE_TABLES)) from None

    def ensure_table(self, name: str) -> Path:
        """The folder of a Delta table, which is made where the lake is older than the table."""
        table, folder = self.schema_of(name), self.table_folder(name)
        if not DeltaTable.is_deltatable(str(folder)):
            schema = Schema.from_arrow(arrow_schema(table))
            DeltaTable.create(
                str(folder), schema, name=table.name, description=table.meaning.en, configuration=_CONFIGURATION
            )
        return folder

    @property
    def _marker(self) -> Path:
        return self.root / "writer.json"

    def _commit_files(self) -> Iterator[Path]:
        return (self.root / "commits").glob("????????.json")

    def _commit_path(self, version: int) -> Path:
        return self.root / "commits" / f"{version:08d}.json"

    @contextmanager
    def _lock(self, name: str, wait_seconds: float = _LOCK_WAIT_SECONDS) -> Generator[None]:
        try:
            with FileLock(self.root / name, timeout=wait_seconds):
                yield
        except Timeout:
            raise StoreError(
                Text(
                    f"another program has been writing to {self.root} for over {wait_seconds:.0f} s; "
                    "wait until it ends, or end it, and try again: nothing of this load was written",
                    f"другая программа пишет в\u00a0{self.root} уже больше {wait_seconds:.0f}\u00a0с; дождитесь её завершения "
                    "или завершите её и\u00a0попробуйте снова: из\u00a0этой загрузки ничего не\u00a0записано",
                )
            ) from None

    def _publish(self, commit: Commit) -> None:
        content = {**vars(commit), "at": commit.at.isoformat()}
        write_over(self._commit_path(commit.version), json.dumps(content, ensure_ascii=False, indent=1))

    def _recover(self) -> dict[str, int]:
        """Put tables back to the newest commit where a writer ended before publishing.

        Returns the Delta version at which each table put back now holds the published content.
        """
        if not self._marker.exists():
            return {}
        text = self._marker.read_text(encoding="utf-8")
        writer = json.loads(text)["writer"] if text else ""
        last = self.commit()
        restored: dict[str, int] = {}
        if writer and last.writer != writer:
            for table in LAKE_TABLES:
                folder = self.ensure_table(table)
                published = last.tables.get(table, 0)
                delta = DeltaTable(str(folder))
                if delta.version() > published:
                    delta.restore(published)
                    restored[table] = DeltaTable(str(folder)).version()
                for path in folder.glob(f"{writer}-*.parquet"):
                    path.unlink()
        self._marker.unlink()
        return restored

    def _sweep_staging(self) -> None:
        for path in (self.root / "staging").glob("*.lock"):
            try:
                with FileLock(path, timeout=0):
                    shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                    path.unlink(missing_ok=True)
            except Timeout:
                continue  # its process lives


def _log_of(folder: Path, version: int) -> Path:
    """The file by which a Delta table came to a version."""
    return folder / "_delta_log" / f"{version:020d}.json"


@lru_cache(maxsize=1024)
def _files_of(folder: Path, version: int, written: tuple[int, int] | None) -> tuple[str, ...]:  # noqa: ARG001 - tells a version from its like in a lake that was made anew
    """Paths of the Parquet files of a version of a Delta table: it never changes, and reading its log is dear."""
    return tuple(sorted(DeltaTable(str(folder), version=version).file_uris()))


def arrow_schema(table: Table) -> pa.Schema:
    """The Arrow types of a table's columns: text, naive UTC microseconds, decimal(18, 4) …"""
    return pa.schema([pa.field(column.name, _ARROW_TYPES[column.type]) for column in table.columns])
