"""Locks of the operating system on pieces of work, which end with the process that holds them, however that ends."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from filelock import FileLock, Timeout


@contextmanager
def holding(pk: int) -> Generator[bool]:
    """Hold the lock of a piece of work, if nobody else does; whether it is held."""
    folder = Path(settings.SITE_FOLDER) / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"work-{pk}.lock"
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        path.unlink(missing_ok=True)  # works are without number
        lock.release()
