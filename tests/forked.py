"""Processes to kill, which need not import everything anew: they are forked from a server that has."""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["septima.lake.append", "septima.lake.erase", "septima.lake.load", "septima.lake.mapping"]
)


@dataclass(frozen=True)
class Forked:
    """A process that has begun, and what it says."""

    process: ForkServerProcess
    hears: "Connection[Any, Any]"

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self.process.kill()

    def end(self) -> tuple[int | None, list[Any]]:
        """Wait until it ends: its exit code, minus the signal where it was killed, and all that it said."""
        said: list[Any] = []
        try:
            while True:
                said.append(self.hears.recv())
        except EOFError:
            self.process.join()
        return self.process.exitcode, said


def fork(work: Callable[..., None], *given: object) -> Forked:
    """Begin `work(say, *given)` in a process of its own, where `say(thing)` is heard here; returns once it is about to begin."""
    hears, speaks = _FORKS.Pipe(duplex=False)
    process = _FORKS.Process(target=_begin, args=(speaks, work, given), daemon=True)
    process.start()
    speaks.close()
    assert hears.recv() == "ready"
    return Forked(process, hears)


def _begin(speaks: "Connection[Any, Any]", work: Callable[..., None], given: tuple[object, ...]) -> None:
    speaks.send("ready")
    work(speaks.send, *given)
