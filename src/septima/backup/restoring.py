"""Bringing a backup back, into a folder that is new or empty, and a database that is empty.

Files are brought into a folder beside it, each compared with its sum; the folder gets its name last of all. Ended before,
the same command goes on with what is there.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from septima.backup.archive import Archive, BackupError, Progress, extract, open_archive
from septima.backup.databases import PLACES, POSTGRESQL, Database, database_of
from septima.schema import Text


@dataclass(frozen=True)
class Restored:
    """What came back: when it was kept, the number of files, the version of each lake by its place, what was left out then."""

    made_at: str
    files: int
    versions: Mapping[str, int]
    left_out: tuple[str, ...]


def restore(
    file: Path, directory: Path, *, database_url: str | None = None, progress: Progress | None = None
) -> Restored:
    """Bring a backup back into a folder, and its database into the folder or into the one that the address names.

    BackupError where the backup is damaged, with the file in it that is, or where folder or database are not empty.
    """
    folder = directory.absolute()
    _refuse_unless_free(folder, directory)
    with open_archive(file) as archive:
        database = _database(archive, folder, database_url)
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = folder.with_name(f".{folder.name}.restoring")
        try:
            with FileLock(f"{beside}.lock", timeout=0):
                _bring_back(archive, folder, beside, database, progress)
        except Timeout:
            raise BackupError(
                Text(
                    f"another process brings a backup back into {directory}; wait until it has ended",
                    f"другой процесс уже восстанавливает копию в\u00a0{directory}; дождитесь его окончания",
                )
            ) from None
        Path(f"{beside}.lock").unlink(missing_ok=True)
        facts = archive.facts
        return Restored(facts["made_at"], len(archive.files), facts["versions"], tuple(facts["left_out"]))


def _refuse_unless_free(folder: Path, named: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(
            Text(
                f"{named} is not empty; name a new folder, so that nothing is written over",
                f"папка {named} не\u00a0пуста; назовите новую, чтобы ничего не\u00a0переписать",
            )
        )
    if folder.is_mount():
        raise BackupError(
            Text(
                f"{named} is a disk of its own, which cannot be put in place at once; name a folder on it: {named / 'company'}",
                f"{named}\u00a0— отдельный диск, его нельзя подменить целиком; назовите папку на\u00a0нём: {named / 'company'}",
            )
        )


def _database(archive: Archive, folder: Path, url: str | None) -> Database | None:
    """Where the database goes; BackupError where that is of another kind, or not empty."""
    kind = archive.facts["database"]
    if kind is None:
        return None
    database = database_of(folder / archive.facts["site"], url)
    if database.kind != kind:
        raise BackupError(
            Text(
                "the backup holds a PostgreSQL database: name an empty one by SEPTIMA_DATABASE_URL",
                "в\u00a0копии база PostgreSQL: назовите пустую базу в\u00a0SEPTIMA_DATABASE_URL",
            )
            if kind == POSTGRESQL
            else Text(
                "the backup holds the site's own SQLite database: take SEPTIMA_DATABASE_URL out of the environment",
                "в\u00a0копии собственная база сайта, SQLite: уберите из\u00a0окружения SEPTIMA_DATABASE_URL",
            )
        )
    database.refuse_unless_empty()
    return database


def _bring_back(
    archive: Archive, folder: Path, beside: Path, database: Database | None, progress: Progress | None
) -> None:
    try:
        extract(archive, beside, progress)
    except BackupError:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    os.sync()
    if database is not None:
        database.bring_back(beside / archive.facts["site"] / PLACES[database.kind], _folders(archive, folder))
    if folder.exists():
        folder.rmdir()
    beside.rename(folder)


def _folders(archive: Archive, folder: Path) -> dict[int, str]:
    """Where workspaces are now, of those that the database knew by paths of another time."""
    return {one["id"]: str(folder / one["place"]) for one in archive.facts["organisations"]}
