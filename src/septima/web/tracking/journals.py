"""Journals of hits: each process appends to a file of its own, one line by one write.

Once a line is written it outlives its process, whatever ends it; a power failure may take what was written within the last
`SYNCED_EVERY_S`. A journal is locked while its process may write to it: whoever gets the lock knows that it has ended.
"""

import fcntl
import logging
import os
import secrets
import threading
import time
from pathlib import Path

from septima.durable import OWNER_ALONE, flush

logger = logging.getLogger(__name__)
SUFFIX = ".hits"
SYNCED_EVERY_S = 0.05
LONGEST_BYTES = 8 * 2**20
LASTS_S = 60.0


class JournalWriter:
    """The journal of this process, begun with the first line and begun anew when it has grown or aged."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._descriptor = -1
        self._size = 0
        self._began = 0.0
        self._torn = False
        self._written = threading.Event()
        self._process = 0

    def write(self, line: bytes) -> None:
        """Append a line, which must end by a line break; OSError where the disk does not take it."""
        with self._lock:
            if self._process != os.getpid():  # a process that was forked has a journal of its own
                self._process, self._descriptor = os.getpid(), -1
                self._written = threading.Event()
                threading.Thread(target=self._keep, args=(self._written,), daemon=True).start()
            if self._descriptor < 0:
                self._descriptor, self._size, self._began = _begun(self._folder), 0, time.monotonic()
            whole = b"\n" + line if self._torn else line
            self._torn = True
            written = os.write(self._descriptor, whole)
            self._size += written
            if written < len(whole):
                raise OSError(f"only {written} of {len(whole)} bytes were written")
            self._torn = False
        self._written.set()

    def close(self) -> None:
        """End the journal: what is in it may be taken and the file removed."""
        with self._lock:
            ended, self._descriptor, self._torn = self._descriptor, -1, False
        _close(ended)

    def _keep(self, written: threading.Event) -> None:
        """Bring what was written to the disk itself, again and again, and begin a new journal when it is time."""
        while written is self._written:
            is_used = written.wait(LASTS_S)
            written.clear()
            try:
                self._sync(is_used=is_used)
            except OSError:
                logger.exception("hits of tracked links could not be brought to the disk")
            time.sleep(SYNCED_EVERY_S)

    def _sync(self, *, is_used: bool) -> None:
        with self._lock:
            descriptor, aged = self._descriptor, time.monotonic() - self._began > LASTS_S
            is_over = descriptor >= 0 and (aged or self._size > LONGEST_BYTES)
            kept = os.dup(descriptor) if descriptor >= 0 and not is_over else -1
        if not is_over:
            _close(kept)
            return
        # The next journal is begun here, so that no hit waits for it; one that nobody writes to is not followed by another.
        following = _begun(self._folder) if is_used else -1
        with self._lock:
            ended = self._descriptor
            self._descriptor, self._size, self._began, self._torn = following, 0, time.monotonic(), False
        _close(ended)


def _begun(folder: Path) -> int:
    """A new journal; it gets its name once it is locked, so that nobody takes it for one that has ended."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}"
    hidden, path = folder / f".{name}", folder / f"{name}{SUFFIX}"
    descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, OWNER_ALONE)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    hidden.rename(path)
    flush(folder)
    return descriptor


def _close(descriptor: int) -> None:
    if descriptor >= 0:
        try:
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)


def has_ended(descriptor: int) -> bool:
    """Whether nobody writes to a journal any more; the lock is then held until the descriptor is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
