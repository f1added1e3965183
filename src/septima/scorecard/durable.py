"""Files that are whole or absent, whatever happens while they are written."""

import os
import uuid
from pathlib import Path


def write_new(path: Path, content: str | bytes) -> None:
    """Write a file that is not there yet; FileExistsError where it is, and nothing is left where writing fails."""
    written = _temporary(path, content)
    try:
        # A link fails where the name is taken, so that two writers can never replace each other's file.
        os.link(written, path)
    finally:
        written.unlink()
    flush_folder(path.parent)


def write_over(path: Path, content: str | bytes) -> None:
    """Write a file in place of what is there; a reader finds the whole content or the earlier one."""
    written = _temporary(path, content)
    try:
        written.replace(path)
    except OSError:
        written.unlink()
        raise
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Let the names in a folder outlive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _temporary(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        # Who may read it is as for any file of this user: `tempfile` would keep it from everybody else.
        with written.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    return written
