"""A process that is killed while it fetches, once at each place: `python -m tests.connect.ending PLACE FOLDER …`.

It forks before it reads anything, so that what takes long, importing, is done once. The parent prints how each child ended.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from dlt.destinations.impl.filesystem.filesystem import FilesystemLoadJob

import septima.connect.fetch as fetching
from septima.connect import databases, pipeline, taking
from septima.lake.store import Writing
from septima.workspace import Workspace


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _at_call(owner: Any, name: str, number: int, *, after: bool) -> None:
    """Die at the call of that number of a function, before it does anything or after it has."""
    plain: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls = mine = calls + 1
        if mine == number and not after:
            _die()
        result = plain(*given, **named)
        if mine == number:
            _die()
        return result

    setattr(owner, name, counted)


PLACES: dict[str, Callable[[], None]] = {
    "in the middle of extract": lambda: _at_call(databases, "_arrow", 3, after=True),
    "between extract and normalize": lambda: _at_call(fetching, "extract", 1, after=True),
    "in the middle of laying down": lambda: _at_call(FilesystemLoadJob, "run", 2, after=True),
    "in the middle of load": lambda: _at_call(Writing, "advance", 1, after=True),
    "between load and clearing away": lambda: _at_call(taking, "_take", 1, after=True),
}


def main(pairs: list[tuple[str, str]]) -> None:
    databases._CHUNK = 40
    pipeline._ROWS_IN_FILE = 80
    for place, folder in pairs:
        child = os.fork()
        if child == 0:
            PLACES[place]()
            fetching.fetch(Workspace.open(folder), "shop")
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(place, os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(list(zip(sys.argv[1::2], sys.argv[2::2], strict=True)))
