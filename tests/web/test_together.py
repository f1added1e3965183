"""Those who write at one moment share a transaction, and each is told of its own."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection

from septima.web.common.together import Together

pytestmark = pytest.mark.django_db(transaction=True)


class Disk:
    """What was written, commit by commit; the first one waits until it is let go."""

    def __init__(self) -> None:
        self.tried: list[list[str]] = []
        self.is_at_it, self.may_end = threading.Event(), threading.Event()

    def write(self, items: Sequence[str]) -> None:
        self.tried.append(list(items))
        if len(self.tried) == 1:
            self.is_at_it.set()
            assert self.may_end.wait(10)
        if "twice" in items:
            raise IntegrityError
        if "broken" in items:
            raise OSError(28, "No space left on device")


def _put_at_once(*later: str) -> tuple[Disk, dict[str, BaseException | None]]:
    """What came of "first" and, while it was being written, of others in this order."""
    disk = Disk()
    together = Together(disk.write)

    def put(item: str) -> None:
        try:
            together.put(item)
        finally:
            connection.close()

    with ThreadPoolExecutor(1 + len(later)) as people:
        told: dict[str, Future[None]] = {"first": people.submit(put, "first")}
        assert disk.is_at_it.wait(10)
        for number, item in enumerate(later, 1):
            told[item] = people.submit(put, item)
            while len(together._waiting) < number:  # pyright: ignore[reportPrivateUsage] # no other sign of its having come
                assert not told[item].done()
        disk.may_end.set()
    return disk, {item: each.exception() for item, each in told.items()}


def test_who_comes_while_another_commit_waits_shares_the_next_one() -> None:
    disk, told = _put_at_once("second", "third", "fourth")
    assert disk.tried == [["first"], ["second", "third", "fourth"]]
    assert set(told.values()) == {None}


def test_only_the_owner_is_told_of_what_stands_already() -> None:
    disk, told = _put_at_once("second", "twice", "fourth")
    assert disk.tried == [["first"], ["second", "twice", "fourth"], ["second"], ["twice"], ["fourth"]]
    assert {item for item, error in told.items() if error is not None} == {"twice"}
    assert isinstance(told["twice"], IntegrityError)


def test_all_are_told_of_a_full_disk() -> None:
    disk, told = _put_at_once("second", "broken")
    assert disk.tried == [["first"], ["second", "broken"]]
    assert told["first"] is None
    assert isinstance(told["second"], OSError)
    assert isinstance(told["broken"], OSError)


def test_the_next_one_writes_after_an_error() -> None:
    disk = Disk()
    disk.may_end.set()
    together = Together(disk.write)
    with pytest.raises(OSError, match="No space left"):
        together.put("broken")
    together.put("whole")
    assert disk.tried == [["broken"], ["whole"]]
