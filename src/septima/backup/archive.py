"""The file of a backup: a ZIP with a manifest that names every file in it by size and SHA-256.

It is written under another name beside its place and gets its own once it is on the disk, so that no half of one is ever
taken for a backup. The manifest comes last: who cuts the file short takes it away.
"""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from septima.durable import OWNER_ALONE, flush
from septima.schema import SeptimaError, Text

Progress = Callable[[Text, int, int | None], None]
"""Is told a step, how many bytes of it are done, and of how many."""
MANIFEST = "manifest.json"
FORMAT = 1
_AT_ONCE_BYTES = 2**20
_PACKED = frozenset({".parquet", ".gz", ".zip", ".png", ".xlsx", ".dump"})
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class BackupError(SeptimaError):
    """A backup that cannot be made or brought back."""


@dataclass(frozen=True)
class Piece:
    """A file as it is to be kept: its place in the backup, where it is read and how many bytes of it belong there.

    Files that are only added to, such as a log, may have grown since; what they grew by is left out.
    """

    place: str
    path: Path
    size: int
    mode: int
    modified_ns: int


@dataclass(frozen=True)
class Archive:
    """A backup that is open: what its manifest says, and the ZIP."""

    file: Path
    zip: zipfile.ZipFile
    facts: Mapping[str, Any]

    @property
    def files(self) -> Mapping[str, Mapping[str, Any]]:
        """What the manifest says of each file, by place: size, sha256, mode, modified_ns."""
        return self.facts["files"]


def write_archive(
    file: Path, pieces: Sequence[Piece], folders: Iterable[str], facts: Mapping[str, Any], progress: Progress | None
) -> int:
    """Write a backup of these pieces and folders; the number of its bytes. OSError where the disk does not take it."""
    temporary = file.with_name(f".{file.name}.part")
    try:
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, OWNER_ALONE)
        with os.fdopen(descriptor, "w+b") as written:
            _write(written, pieces, folders, facts, progress)
            written.flush()
            os.fsync(written.fileno())
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    flush(file.parent)
    return file.stat().st_size


def _write(
    written: IO[bytes],
    pieces: Sequence[Piece],
    folders: Iterable[str],
    facts: Mapping[str, Any],
    progress: Progress | None,
) -> None:
    step, whole, done = Text("Writing the backup", "Запись копии"), sum(piece.size for piece in pieces), 0
    files: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(written, "w") as target:
        for piece in pieces:
            digest, size = hashlib.sha256(), 0
            with piece.path.open("rb") as source, _entry(target, piece.place) as entry:
                while size < piece.size and (some := source.read(min(_AT_ONCE_BYTES, piece.size - size))):
                    digest.update(some)
                    entry.write(some)
                    size += len(some)
                    if progress is not None:
                        progress(step, done + size, whole)
            done += size
            said = {"size": size, "sha256": digest.hexdigest(), "mode": piece.mode, "modified_ns": piece.modified_ns}
            files[piece.place] = said
        manifest = {"format": FORMAT, **facts, "folders": sorted(folders), "files": files}
        with _entry(target, MANIFEST) as entry:
            entry.write(json.dumps(manifest, ensure_ascii=False, indent=1).encode())


def _entry(target: zipfile.ZipFile, place: str) -> IO[bytes]:
    info = zipfile.ZipInfo(place)
    info.external_attr = 0o600 << 16
    if PurePosixPath(place).suffix not in _PACKED:
        info.compress_type = zipfile.ZIP_DEFLATED
    return target.open(info, "w", force_zip64=True)


@contextmanager
def open_archive(file: Path) -> Generator[Archive]:
    """A backup and what its manifest says; BackupError where it is none, was cut short or is of a later program."""
    try:
        opened = zipfile.ZipFile(file)
    except _UNREADABLE:
        raise BackupError(
            Text(
                f"{file} is no backup, or was cut short: its list of contents cannot be read; take another one",
                f"{file}\u00a0— не\u00a0резервная копия или обрезана: её оглавление не\u00a0читается; возьмите другую",
            )
        ) from None
    with opened:
        yield Archive(file, opened, _manifest(file, opened))


def _manifest(file: Path, opened: zipfile.ZipFile) -> dict[str, Any]:
    try:
        facts = json.loads(opened.read(MANIFEST))
    except KeyError:
        raise BackupError(
            Text(
                f"{file} is no backup of Septima: it has no {MANIFEST}",
                f"{file}\u00a0— не\u00a0резервная копия Septima: в\u00a0ней нет {MANIFEST}",
            )
        ) from None
    except _UNREADABLE:
        raise _damaged(file, MANIFEST) from None
    if not isinstance(facts, dict) or cast("dict[str, Any]", facts).get("format") != FORMAT:
        raise BackupError(
            Text(
                f"{file} was made by another version of the program, whose form this one does not know; use that version",
                f"{file} создан другой версией программы, и\u00a0эта его не\u00a0понимает; возьмите ту версию",
            )
        )
    return cast("dict[str, Any]", facts)


def extract(archive: Archive, folder: Path, progress: Progress | None) -> None:
    """Bring all files of a backup into a folder, each compared with the manifest; those that are there whole stay.

    BackupError names the first file that is damaged or absent.
    """
    step, whole, done = Text("Bringing files back", "Восстановление файлов"), _size(archive), 0
    for place in archive.facts["folders"]:
        _within(archive, folder, place).mkdir(parents=True, exist_ok=True)
    for place, said in archive.files.items():
        target = _within(archive, folder, place)
        if not _is_whole(target, said):
            target.parent.mkdir(parents=True, exist_ok=True)
            _bring(archive, place, said, target)
            os.utime(target, ns=(said["modified_ns"], said["modified_ns"]))
        done += said["size"]
        if progress is not None:
            progress(step, done, whole)


def _size(archive: Archive) -> int:
    return sum(said["size"] for said in archive.files.values())


def _within(archive: Archive, folder: Path, place: str) -> Path:
    """Where a place of a backup lies in a folder: never outside of it, whoever wrote the backup."""
    path = PurePosixPath(place)
    if path.is_absolute() or ".." in path.parts:
        raise BackupError(
            Text(
                f"{archive.file} holds {place!r}, which would lie outside of the folder; it was not made by this program",
                f"в\u00a0{archive.file} есть «{place}» вне папки; его создала не\u00a0эта программа",
            )
        )
    return folder / path


def _is_whole(target: Path, said: Mapping[str, Any]) -> bool:
    if not target.is_file() or target.stat().st_size != said["size"]:
        return False
    with target.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == said["sha256"]


def _bring(archive: Archive, place: str, said: Mapping[str, Any], target: Path) -> None:
    digest = hashlib.sha256()
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, said["mode"])
    with os.fdopen(descriptor, "wb") as written:
        try:
            with archive.zip.open(place) as entry:
                while some := entry.read(_AT_ONCE_BYTES):
                    digest.update(some)
                    written.write(some)
        except KeyError:
            raise BackupError(
                Text(
                    f"{archive.file} is damaged: {place} is absent from it; take another backup",
                    f"копия {archive.file} повреждена: в\u00a0ней нет {place}; возьмите другую",
                )
            ) from None
        except _UNREADABLE:
            raise _damaged(archive.file, place) from None
    if digest.hexdigest() != said["sha256"]:
        raise _damaged(archive.file, place)


def _damaged(file: Path, place: str) -> BackupError:
    return BackupError(
        Text(
            f"{file} is damaged: {place} in it is not what was written there; take another backup",
            f"копия {file} повреждена: {place} в\u00a0ней не\u00a0то, что было записано; возьмите другую",
        )
    )
