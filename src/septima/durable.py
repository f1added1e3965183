"""Files that are whole or absent, whatever happens while they are written."""

import os
import uuid
from contextlib import suppress
from pathlib import Path

OWNER_ALONE = 0o600
"""Rights of a file that holds a secret."""
_AS_ANY_FILE = 0o666  # less what the user's mask takes away; `tempfile` would keep it from everybody else


def write_new(path: Path, content: str | bytes, mode: int = _AS_ANY_FILE) -> None:
    """Write a file that is not there yet; FileExistsError where it is, and nothing is left where writing fails."""
    written = _temporary(path, content, mode)
    try:
        # A link fails where the name is taken, so that two writers can never replace each other's file.
        os.link(written, path)
    finally:
        written.unlink()
    flush(path.parent)


def write_once(path: Path, content: str | bytes, mode: int = _AS_ANY_FILE) -> None:
    """Write a file unless it is there; of those who do so at once the first one's stands, whole."""
    if not path.exists():
        with suppress(FileExistsError):
            write_new(path, content, mode)


def write_over(path: Path, content: str | bytes, mode: int = _AS_ANY_FILE) -> None:
    """Write a file in place of what is there; a reader finds the whole content or the earlier one."""
    written = _temporary(path, content, mode)
    try:
        written.replace(path)
    except OSError:
        written.unlink()
        raise
    flush(path.parent)


def flush(path: Path) -> None:
    """Bring a file, or a folder's list of files, to the disk, so that it outlives a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _temporary(path: Path, content: str | bytes, mode: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    return written
