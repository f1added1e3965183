"""Loading: files to canonical tables, whole or not at all, and the same file twice changes nothing."""

import errno
from collections.abc import Callable, Generator, Sequence
from collections.abc import Mapping as Dictionary
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from septima.lake.mapping import FileMapping, Mapping, parse_mapping, read_mapping
from septima.lake.quarantine import add_entries, open_entries, resolve_entries
from septima.lake.reading import first_line
from septima.lake.resolve import Pending, resolve
from septima.lake.sql import DEFAULT_MEMORY, LoadError, connect
from septima.lake.stage import Run, Staged, stage_entry
from septima.lake.store import Lake, Writing
from septima.lake.suppression import read_suppression
from septima.lake.tables import QUARANTINE
from septima.schema import Text

Progress = Callable[[Text, int, int | None], None]
Entries = Sequence[tuple[FileMapping, list[tuple[Path, str]]]]
_PUBLISHING = Text("Publishing", "Публикация")
_NOTHING_WRITTEN = "из\u00a0этой загрузки ничего не\u00a0записано"


@dataclass(frozen=True)
class TableCounts:
    """What became of the rows that concerned one table: read is the sum of the other four.

    A row is loaded when its key is new, updated when it changed what was there, duplicate when it
    said nothing new, quarantined when it could not be taken.
    """

    read: int = 0
    loaded: int = 0
    updated: int = 0
    duplicate: int = 0
    quarantined: int = 0

    def __add__(self, other: "TableCounts") -> "TableCounts":
        return TableCounts(
            self.read + other.read,
            self.loaded + other.loaded,
            self.updated + other.updated,
            self.duplicate + other.duplicate,
            self.quarantined + other.quarantined,
        )


@dataclass(frozen=True)
class LoadResult:
    """Counts per table; `version` of the lake afterwards; `resolved` quarantine entries that were mended."""

    tables: dict[str, TableCounts]
    version: int
    resolved: int = 0

    def __add__(self, other: "LoadResult") -> "LoadResult":
        names, none = dict.fromkeys([*self.tables, *other.tables]), TableCounts()
        tables = {name: self.tables.get(name, none) + other.tables.get(name, none) for name in names}
        return LoadResult(tables, max(self.version, other.version), self.resolved + other.resolved)


def load(
    lake: Lake,
    mapping: Mapping,
    *,
    data: Path | None = None,
    progress: Progress | None = None,
    memory: str = DEFAULT_MEMORY,
) -> LoadResult:
    """Load the files of a mapping, looked for in `data` or else beside the mapping.

    `progress(step, done, total)` hears the step in words and the bytes done of all to do. `memory`
    bounds DuckDB, which spills to the lake's staging folder past it. LoadError, MappingError or
    StoreError says what was wrong; then nothing was written.
    """
    return _load(lake, mapping, data, progress, memory, retrying=False)


def retry(
    lake: Lake,
    mapping: Mapping | None = None,
    *,
    data: Path | None = None,
    progress: Progress | None = None,
    memory: str = DEFAULT_MEMORY,
) -> LoadResult:
    """Read again the files that have rows in quarantine, after the files or the mapping were mended.

    Without `mapping`, the mappings of the loads that quarantined are taken, from where they were
    read; loads whose files are gone are passed over while others can be read. What passes now is
    loaded and its entries are marked as resolved; what fails stays open.
    """
    waiting = open_entries(lake)
    if not waiting:
        return LoadResult({}, lake.version)
    again = [(mapping, data)] if mapping is not None else past_mappings(lake, set(waiting))
    again = [one for one in again if _is_there(*one)] or again
    total = LoadResult({}, lake.version)
    for past, folder in again:
        total += _load(lake, past, folder, progress, memory, retrying=True)
    return total


def past_mappings(lake: Lake, sources: set[str]) -> list[tuple[Mapping, Path | None]]:
    """The mappings, each once and as it stands now, whose loads put rows of these sources aside."""
    newest: dict[tuple[str, str | None], str] = {}
    for commit in lake.commits():
        details = commit.details
        if details.get("source") in sources and "mapping" in details:
            folder = details.get("data")
            key = str(details["mapping"]), None if folder is None else str(folder)
            newest[key] = str(details["mapping_text"])
    found: list[tuple[Mapping, Path | None]] = []
    for (name, folder), text in newest.items():
        path = Path(name)
        mapping = read_mapping(path) if path.exists() else parse_mapping(text, path)
        found.append((mapping, None if folder is None else Path(folder)))
    return found


def _load(
    lake: Lake, mapping: Mapping, data: Path | None, progress: Progress | None, memory: str, *, retrying: bool
) -> LoadResult:
    base = _base(mapping, data)
    entries = _entries(mapping, base)
    details = {
        "source": mapping.source,
        "mapping": str(mapping.path),
        "mapping_text": mapping.text,
        "data": None if data is None else str(data.absolute()),
    }

    def settle(desk: Desk) -> int:
        if not retrying:
            return 0
        return close_mended(desk, mapping.source, entries, apart=_loads_elsewhere(lake, mapping.source, base))

    def make(_folder: Path) -> Entries:
        return entries

    return bring_in(
        lake,
        f"load {mapping.path.name}",
        mapping.source,
        make,
        details,
        settle=settle,
        progress=progress,
        memory=memory,
    )


def _base(mapping: Mapping, data: Path | None) -> Path:
    """The folder in which the files of a mapping are looked for."""
    return (data or mapping.folder).absolute()


def _entries(mapping: Mapping, base: Path) -> list[tuple[FileMapping, list[tuple[Path, str]]]]:
    """The entries of a mapping, each with its files; LoadError where one has none."""
    return [(entry, _files(mapping, entry, base)) for entry in mapping.files]


def _is_there(mapping: Mapping, data: Path | None) -> bool:
    """Whether all files of a mapping are where it looks for them."""
    try:
        _entries(mapping, _base(mapping, data))
    except LoadError:
        return False
    return True


def _loads_elsewhere(lake: Lake, source: str, base: Path) -> list[str]:
    """When loads of the source ran whose files lie in other folders: files there may have the same names."""
    found: list[str] = []
    for commit in lake.commits():
        details = commit.details
        if details.get("source") != source or "mapping" not in details or "loaded_at" not in details:
            continue
        given = details.get("data")
        folder = Path(str(details["mapping"])).parent if given is None else Path(str(given))
        if folder.absolute() != base and folder.is_dir():
            found.append(str(details["loaded_at"]))
    return found


@dataclass(frozen=True)
class Desk:
    """What is at hand while a load is published: `errors` are the files of its bad rows, `tables` its counts."""

    connection: duckdb.DuckDBPyConnection
    writing: Writing
    quarantine: Pending
    errors: Sequence[Path]
    tables: Dictionary[str, TableCounts]
    loaded_at: str


def bring_in(
    lake: Lake,
    label: str,
    source: str,
    make: Callable[[Path], Entries],
    details: Dictionary[str, object],
    *,
    known: Callable[[], LoadResult | None] = lambda: None,
    settle: Callable[[Desk], int] = lambda _: 0,
    finish: Callable[[Desk], None] = lambda _: None,
    amend: Callable[[duckdb.DuckDBPyConnection, Sequence[Path]], None] = lambda _connection, _errors: None,
    progress: Progress | None = None,
    memory: str = DEFAULT_MEMORY,
) -> LoadResult:
    """The one way for rows into canonical tables: stage, check, and publish whole or not at all.

    `make` gives the entries, and may write their files into the staging folder. `known`, asked under the writer's lock,
    may answer that all of this was done before. `amend` may change the files of bad rows; `settle` closes entries of the
    quarantine and says how many; `finish` is called last. `details` is noted in the commit. LoadError or StoreError
    says what was wrong; then nothing was written.
    """
    while True:
        loaded_at = datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
        with _clear_errors(lake), lake.staging() as folder, connect(folder, memory) as connection:
            suppression = read_suppression(lake, connection)
            suppression.register(connection)
            entries = make(folder)
            run = Run(connection, folder, source, loaded_at, _advance(progress, entries), suppression)
            staged = [batch for entry, files in entries for batch in stage_entry(run, entry, files)]
            errors = [path for batch in staged for path in batch.errors]
            amend(connection, errors)
            if progress is not None:
                progress(_PUBLISHING, 0, None)
            with lake.write(label) as writing:
                done = known()
                if done is not None:
                    return done
                if read_suppression(lake, connection) != suppression:
                    continue  # somebody was erased, or may come back, since the rows were checked
                tables = _publish(connection, writing, staged)
                pending = Pending(writing.files(QUARANTINE.name))
                desk = Desk(connection, writing, pending, errors, tables, loaded_at)
                resolved = settle(desk)
                add_entries(connection, writing, pending, errors, source=source, loaded_at=loaded_at)
                if pending.made:
                    pending.join_small(connection, writing, QUARANTINE.name)
                pending.hand_over(writing, QUARANTINE.name)
                told = {name: vars(counts) for name, counts in tables.items()}
                writing.details.update({**details, "tables": told, "loaded_at": loaded_at})
                finish(desk)
            return LoadResult(tables, lake.version, resolved)


def close_mended(desk: Desk, source: str, entries: Entries, *, apart: Sequence[str] = ()) -> int:
    """A way to settle where whole files are read again: close their entries that did not fail again; how many.

    Entries of the loads that ran at the moments `apart` are of other files with the same names.
    """
    names = [name for _, files in entries for _, name in files]
    return resolve_entries(
        desk.connection,
        desk.writing,
        desk.quarantine,
        desk.errors,
        source=source,
        files=names,
        at=desk.loaded_at,
        apart=apart,
    )


def _publish(
    connection: duckdb.DuckDBPyConnection, writing: Writing, staged: Sequence[Staged]
) -> dict[str, TableCounts]:
    """Bring the staged rows into the tables, entry by entry in the mapping's order."""
    pending: dict[str, Pending] = {}
    tables: dict[str, TableCounts] = {}
    for batch in staged:
        name = batch.table.name
        files = pending.setdefault(name, Pending(writing.files(name)))
        found = resolve(connection, writing, files, batch)
        counts = TableCounts(
            batch.read, found.loaded, found.updated, batch.duplicate + found.duplicate, batch.quarantined
        )
        if counts.read != counts.loaded + counts.updated + counts.duplicate + counts.quarantined:
            raise AssertionError(f"{name}: rows went missing: {counts}")
        tables[name] = tables.get(name, TableCounts()) + counts
    for name, files in pending.items():
        if files.made:
            files.join_small(connection, writing, name)
        files.hand_over(writing, name)
    return tables


def _files(mapping: Mapping, entry: FileMapping, base: Path) -> list[tuple[Path, str]]:
    """The files of an entry with the names by which they are told to a person."""
    pattern = entry.pattern
    absolute = Path(pattern).is_absolute()
    root = Path(Path(pattern).anchor) if absolute else base
    relative = str(Path(pattern).relative_to(root)) if absolute else pattern
    if not base.is_dir() and not absolute:
        raise LoadError(
            Text(
                f"there is no folder {base}, in which {mapping.path.name} looks for {pattern}",
                f"нет папки {base}, в\u00a0которой сопоставление {mapping.path.name} ищет {pattern}; проверьте путь",
            )
        )
    plain = root / relative
    paths = [plain] if plain.is_file() else sorted(path for path in root.glob(relative) if path.is_file())
    if not paths:
        raise LoadError(
            entry.place.before(
                Text(f"there is no file {pattern} in {base}", f"в\u00a0папке {base} нет файла {pattern}; проверьте имя")
            )
        )
    return [(path, str(path.relative_to(base)) if path.is_relative_to(base) else str(path)) for path in paths]


def _advance(progress: Progress | None, entries: Entries) -> Callable[[str, int], None]:
    total = sum(2 * len(entry.tables) * path.stat().st_size for entry, files in entries for path, _ in files)
    done = 0

    def advance(name: str, size: int) -> None:
        nonlocal done
        done += size
        if progress is not None:
            progress(Text(f"Reading {name}", f"Чтение {name}"), done, total)

    return advance


@contextmanager
def _clear_errors(lake: Lake) -> Generator[None]:
    """Failures of the disk and of memory as one clear sentence."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
        given = f"{error.filename}: {error.strerror}"
        what = (
            Text(
                f"no room is left on the disk of {lake.root}",
                f"на\u00a0диске с\u00a0{lake.root} не\u00a0осталось места; освободите его",
            )
            if full
            else Text(given, given)
        )
        raise LoadError(Text("; nothing of this load was written", f"; {_NOTHING_WRITTEN}").after(what)) from error
    except duckdb.OutOfMemoryException as error:
        why = first_line(error)
        raise LoadError(
            Text(
                f"the load needs more memory or room to spill than it may use ({why}); nothing of it was written",
                f"загрузке не\u00a0хватает памяти или места на\u00a0диске, которые ей разрешены ({why}); {_NOTHING_WRITTEN}",
            )
        ) from error
    except duckdb.Error as error:
        why = first_line(error)
        raise LoadError(
            Text(
                f"the load failed: {why}; nothing of it was written",
                f"загрузка не\u00a0удалась: {why}; {_NOTHING_WRITTEN}",
            )
        ) from error
