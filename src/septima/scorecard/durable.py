"""Files that are whole or absent, whatever happens while they are written."""

import os
import tempfile
from pathlib import Path


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet; FileExistsError where it is, and nothing is left where writing fails."""
    written = _temporary(path, text)
    try:
        # A link fails where the name is taken, so that two writers can never replace each other's file.
        os.link(written, path)
    finally:
        written.unlink()
    flush_folder(path.parent)


def write_over(path: Path, text: str) -> None:
    """Write a file in place of what is there; a reader finds the whole text or the earlier one."""
    written = _temporary(path, text)
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


def _temporary(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink()
        raise
    return Path(name)
