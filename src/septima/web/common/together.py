"""What several requests write at one moment, in one transaction.

Each commit waits for the disk, and a database of one file takes one at a time. Those who come while a commit waits share
the next one, which makes as many rows durable for the price of one. Nobody waits in order to have company.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django.db import IntegrityError, transaction

Item = TypeVar("Item")


@dataclass
class _Place(Generic[Item]):
    """One who waits: for the end, or for the turn to write for all that wait."""

    item: Item
    told: threading.Event = field(default_factory=threading.Event)
    is_done: bool = False
    error: BaseException | None = None


class Together(Generic[Item]):
    """Writes items of this process's threads; `write` gets some of them, and all of them are committed or none."""

    def __init__(self, write: Callable[[Sequence[Item]], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[_Place[Item]] = []
        self._is_led = False

    def put(self, item: Item) -> None:
        """Write one; when this returns, it is committed. What `write` raises for it is raised here, and it alone is not."""
        mine = _Place(item)
        with self._lock:
            self._waiting.append(mine)
            leads, self._is_led = not self._is_led, True
        if not leads:
            mine.told.wait()
        if not mine.is_done:
            self._lead()
        if mine.error is not None:
            raise mine.error

    def _lead(self) -> None:
        with self._lock:
            group, self._waiting = self._waiting, []
        try:
            self._write_all(group)
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._is_led = following is not None
            for place in group:
                place.is_done = True
                place.told.set()
            if following is not None:
                following.told.set()

    def _write_all(self, group: Sequence[_Place[Item]]) -> None:
        try:
            with transaction.atomic():
                self._write([place.item for place in group])
        except IntegrityError as error:
            if len(group) == 1:
                group[0].error = error
                return
            # One of them stands already: each by itself, so that only its owner is told.
            for place in group:
                self._write_all([place])
        except BaseException as error:  # noqa: BLE001 - each of them is told in its own thread
            for place in group:
                place.error = error
