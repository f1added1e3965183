"""Making a backup, of a workspace with its site or of a site with all its workspaces, while others write to them.

All of it is of one moment: writers of the lakes are kept away for as long as it takes to begin a transaction of the database
and to hold the files by a second name, which is a fraction of a second. So a batch is in the inbox or in the lake, as it was then,
never in both and never in neither. What was acknowledged before is in the backup.
"""

import shutil
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout

from septima.backup.archive import BackupError, Progress, write_archive
from septima.backup.databases import PLACES, SQLITE, Database, Moment, Served, database_of
from septima.backup.gathering import Held, below
from septima.connect.definition import FOLDER as CONNECTIONS
from septima.lake.store import Lake
from septima.schema import Text
from septima.schema.version import VERSION
from septima.settings import FILE, SITE_FOLDER

_LINKED_FROM_BYTES = 2**20
_OF_SITE = (".backup", "kept", "static", "locks", "made", f"{PLACES[SQLITE]}*", "*.lock")
"""What a site makes anew, holds for a moment, or is kept in another way."""


@dataclass(frozen=True)
class Kept:
    """What went into a backup: bytes of the file, number of files, version of each lake by its place, and what was left out."""

    file: Path
    size: int
    files: int
    versions: Mapping[str, int]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Room:
    """A workspace, and its place in the backup."""

    folder: Path
    place: str

    @cached_property
    def lake(self) -> Lake:
        """Its lake; StoreError where it has none."""
        return Lake.open(self.folder / "lake")


@dataclass(frozen=True)
class Site:
    """The folder of a site, its place in the backup, and its database."""

    folder: Path
    place: str
    database: Database


@dataclass(frozen=True)
class Grounds:
    """What one backup holds: the folder that was named, and the site, where there is one."""

    folder: Path
    site: Site | None


def grounds_of(directory: Path, database_url: str | None) -> Grounds:
    """What a folder holds; BackupError where it is neither a workspace nor a site."""
    folder = directory.absolute()
    is_workspace = (folder / FILE).exists()
    place = SITE_FOLDER if is_workspace else ""
    site = folder / place
    if (site / "secret.key").exists():
        return Grounds(folder, Site(site, place, database_of(site, database_url)))
    if is_workspace:
        return Grounds(folder, None)
    raise BackupError(
        Text(
            f"{directory} is neither a workspace nor a site; name the folder that `septima serve` is given",
            f"{directory}\u00a0— не\u00a0рабочее пространство и\u00a0не\u00a0сайт; назовите папку, которую открывает septima serve",
        )
    )


def back_up(
    directory: Path,
    file: Path,
    *,
    database_url: str | None = None,
    secrets: bool = False,
    progress: Progress | None = None,
) -> Kept:
    """Keep a workspace with its site, or a site with its workspaces, in one file, which replaces one of that name.

    The file is secret: it holds people's data and the keys of the site. Secrets of connections are in it only where `secrets`
    says so. BackupError, StoreError or OSError where it cannot be made; then there is no new file.
    """
    grounds, file = grounds_of(directory, database_url), file.absolute()
    if file.is_relative_to(grounds.folder):
        raise BackupError(
            Text(
                f"{file} lies within {directory}, whose backup it would be; name a place outside of it",
                f"{file} лежит внутри {directory}, копией которой он был\u00a0бы; назовите место вне этой папки",
            )
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as until_written:
        held = Held(until_written.enter_context(_staging(grounds)))
        known = _organisations(grounds)
        rooms = _rooms(grounds, known)
        moment, versions = _held_at_one_moment(until_written, grounds, rooms, held, secrets=secrets)
        if moment is not None and moment.organisations != known:
            raise BackupError(
                Text(
                    "an organisation was added or moved at this very moment; make the backup once more",
                    "именно сейчас организация была добавлена или перенесена; сделайте копию ещё раз",
                )
            )
        facts = {
            "program": VERSION,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "database": None,
            "site": None if grounds.site is None else grounds.site.place,
            "organisations": [],
            "versions": versions,
            "left_out": sorted(held.left_out),
        }
        if grounds.site is not None and moment is not None:
            kind = grounds.site.database.kind
            moment.dump(held.folder / "database", progress)
            held.add(held.folder / "database", below(grounds.site.place, PLACES[kind]))
            facts |= {"database": kind, "organisations": _moved(grounds.folder, grounds.site, moment.organisations)}
        pieces = [piece for _, piece in sorted(held.pieces.items())]
        size = write_archive(file, pieces, held.folders, facts, progress)
    return Kept(file, size, len(pieces), versions, tuple(sorted(held.left_out)))


@contextmanager
def _staging(grounds: Grounds) -> Generator[Path]:
    """A folder on the same disk, of one backup at a time; what one that was killed left there is gone."""
    beside = grounds.folder / ".backup"
    try:
        with FileLock(grounds.folder / ".backup.lock", timeout=0):
            shutil.rmtree(beside, ignore_errors=True)
            beside.mkdir(mode=0o700)
            try:
                yield beside
            finally:
                shutil.rmtree(beside, ignore_errors=True)
    except Timeout:
        raise BackupError(
            Text(
                f"another backup of {grounds.folder} is being made; wait until it has ended",
                f"другая копия {grounds.folder} уже создаётся; дождитесь её окончания",
            )
        ) from None


def _organisations(grounds: Grounds) -> tuple[Served, ...]:
    if grounds.site is None:
        return ()
    with grounds.site.database.moment() as moment:
        return moment.organisations


def _rooms(grounds: Grounds, organisations: Sequence[Served]) -> list[Room]:
    """The workspaces, each once, in the order of their folders."""
    found = {grounds.folder: ""} if (grounds.folder / FILE).exists() else {}
    if grounds.site is not None:
        for one in organisations:
            found.setdefault(grounds.site.folder / one.folder, _place(grounds.folder, grounds.site, one))
    return [Room(folder, place) for folder, place in sorted(found.items())]


def _place(named: Path, site: Site, one: Served) -> str:
    """Where a workspace lies in the backup: as in the folder that was named, or among the site's own where it lies elsewhere."""
    folder = site.folder / one.folder
    if folder == named:
        return ""
    if folder.is_relative_to(named):
        return folder.relative_to(named).as_posix()
    return below(site.place, "organisations", one.slug)


def _moved(named: Path, site: Site, organisations: Sequence[Served]) -> list[dict[str, object]]:
    """The places of workspaces that the database knows by paths of this machine."""
    absolute = [one for one in organisations if Path(one.folder).is_absolute()]
    return [{"id": one.id, "place": _place(named, site, one)} for one in absolute]


def _held_at_one_moment(
    until_written: ExitStack, grounds: Grounds, rooms: Sequence[Room], held: Held, *, secrets: bool
) -> tuple[Moment | None, dict[str, int]]:
    """Hold files and database as they are now, which lasts until the backup is written; with the versions of the lakes."""
    moment = None
    with ExitStack() as standing:
        for room in rooms:
            standing.enter_context(room.lake.standing_still())
        if grounds.site is not None:
            # Before and after: a hit that goes from its journal to the database meanwhile is in one of them.
            _hold_site(grounds.site, rooms, held)
            moment = until_written.enter_context(grounds.site.database.moment())
            _hold_site(grounds.site, rooms, held)
        for room in rooms:
            _hold_room(room, grounds.site, rooms, held, secrets=secrets)
        versions = {room.place: room.lake.version for room in rooms}
    return moment, versions


def _hold_site(site: Site, rooms: Sequence[Room], held: Held) -> None:
    others = _inside(site.folder, rooms)

    def skips(path: str) -> bool:
        return path in others or any(fnmatch(path, one) for one in _OF_SITE)

    held.hold(site.folder, site.place, skips=skips, linked_from=lambda _: 0)


def _hold_room(room: Room, site: Site | None, rooms: Sequence[Room], held: Held, *, secrets: bool) -> None:
    """Hold a workspace: the lake by second names, what people and programs write over as a copy."""
    away = _inside(room.folder, rooms) | {"lake/staging", ".backup", f"{CONNECTIONS}/work"}
    if site is not None and site.folder.is_relative_to(room.folder):
        away.add(site.folder.relative_to(room.folder).as_posix())

    def skips(path: str) -> bool:
        if path.endswith(".secrets") and path.startswith(f"{CONNECTIONS}/") and not secrets:
            held.left_out.add(below(room.place, path))
            return True
        return path in away or path.endswith(".lock")

    held.hold(room.folder, room.place, skips=skips, linked_from=_linked_from)
    held.folders.add(below(room.place, "lake", "staging"))
    _hold_positions(room, held)


def _linked_from(path: str) -> int:
    return 0 if path.startswith("lake/") else _LINKED_FROM_BYTES


def _hold_positions(room: Room, held: Held) -> None:
    """Hold how far connections have read; one that reads just now is left out and begins anew, which doubles nothing."""
    work = room.folder / CONNECTIONS / "work"
    for folder in sorted(path for path in work.glob("*") if path.is_dir()):
        place = below(room.place, CONNECTIONS, "work", folder.name)
        try:
            with FileLock(work / f"{folder.name}.lock", timeout=0):
                held.hold(folder, place, skips=lambda _: False, linked_from=lambda _: _LINKED_FROM_BYTES)
        except Timeout:
            held.left_out.add(place)


def _inside(folder: Path, rooms: Sequence[Room]) -> set[str]:
    """The workspaces within a folder, by their path from there."""
    found: set[str] = set()
    for room in rooms:
        if room.folder != folder:
            with suppress(ValueError):
                found.add(room.folder.relative_to(folder).as_posix())
    return found
