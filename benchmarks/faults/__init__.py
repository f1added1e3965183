"""Faults under load: processes killed, a full disk, a database restarted.

Real processes on the loopback, as `septima serve` runs them. Of each fault it is told what was acknowledged and what of it
the lake has at the end.
"""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.faults.full import Disk
from benchmarks.faults.postgresql import postgresql
from benchmarks.faults.sending import Outcome, Senders, answers_in_lake, messages_in_lake, pause
from benchmarks.faults.site import ASIDE, make, measured, site_of, wait_until_all_is_in_the_lake
from benchmarks.faults.soon import seconds_to_the_page
from benchmarks.serving import Site

_LEAST_S, _MOST_S = 0.2, 3.0
"""How long the site works between two faults."""


@dataclass
class Report:
    """What a fault did, how often, and what the lake has."""

    done: Counter[str] = field(default_factory=Counter[str])
    statuses: Counter[int] = field(default_factory=Counter[int])
    told_no_time: int = 0
    aside: int = 0
    caught_up_s: float = 0.0
    messages: Outcome = field(default_factory=lambda: Outcome(0, 0, 0, 0, 0))
    answers: Outcome = field(default_factory=lambda: Outcome(0, 0, 0, 0, 0))

    @property
    def is_right(self) -> bool:
        """Whether nothing acknowledged is lost, nothing is there twice, and nothing was left aside."""
        wrong = [(one.lost, one.twice, one.strange) for one in (self.messages, self.answers)]
        return not any(map(any, wrong)) and not self.aside and not self.told_no_time

    def __str__(self) -> str:
        done = ", ".join(f"{name} {count}" for name, count in sorted(self.done.items()))
        answered = ", ".join(f"{status or 'none'} {count}" for status, count in sorted(self.statuses.items()))
        lines = [
            f"faults: {done}",
            f"answers by status: {answered}; refused without Retry-After: {self.told_no_time}",
            f"messages: {self.messages}",
            f"answers of a survey: {self.answers}",
            f"parcels left aside: {self.aside}; all was in the lake {self.caught_up_s:.0f} s after the last was sent",
            "right" if self.is_right else "WRONG",
        ]
        return "\n".join(f"- {line}" for line in lines)


KINDS = ("server", "workers", "disk", "postgresql", "page")
"""What can be tried, and in which order it is."""
Fault = Callable[[Site, random.Random, Report], None]


def report(folder: Path, times: int, only: str = "") -> None:
    """Print what became of each fault, those that kill `times` times each."""
    folder = folder / f"faults-{time.time_ns()}"
    seed = time.time_ns() % 1_000_000
    print(f"seed {seed}", flush=True)
    attempts: dict[str, Callable[[Path], object]] = {
        "server": lambda place: killed(place, times, seed, ["all", "answering"]),
        "workers": lambda place: killed(place, times, seed, ["bring_in", "db_worker"]),
        "disk": lambda place: full_disk(place, max(times // 10, 1), seed),
        "postgresql": lambda place: restarted(place, max(times // 5, 2), seed),
        "page": seconds_to_the_page,
    }
    for name in KINDS if not only else (only,):
        place = folder / name
        place.mkdir(parents=True)
        print(f"\n{name}\n\n{attempts[name](place)}", flush=True)
        shutil.rmtree(place, ignore_errors=True)


def killed(folder: Path, times: int, seed: int, names: list[str]) -> Report:
    """Kill processes `times` times at moments of chance, one name after the other; `all` kills the whole site."""
    most = _MOST_S if "all" in names else 3 * _MOST_S  # what works in the background takes longer to begin

    def fault(site: Site, chance: random.Random, told: Report) -> None:
        while told.done.total() < times:
            name = names[told.done.total() % len(names)]
            pause(chance, _LEAST_S, most)
            if name == "all":
                site.kill()
                told.done["whole site killed"] += 1
                site.start()
            elif site.kill_one(name):
                told.done[f"{name} killed"] += 1

    return _under_load(site_of(folder / "home"), seed, fault)


def full_disk(folder: Path, times: int, seed: int) -> Report:
    """Fill the disk of the workspace and make room again, `times` times."""
    with Disk(folder / "home") as disk:

        def fault(_: Site, chance: random.Random, told: Report) -> None:
            while told.done.total() < times:
                pause(chance, _LEAST_S, _MOST_S)
                disk.fill()
                pause(chance, 4.0, 8.0)
                disk.make_room()
                told.done["disk full"] += 1
            pause(chance, _LEAST_S, _MOST_S)

        return _under_load(site_of(folder / "home"), seed, fault)


def restarted(folder: Path, times: int, seed: int) -> Report:
    """Stop PostgreSQL and begin it again, by turns as it should be and as after a crash."""
    with postgresql() as server:

        def fault(_: Site, chance: random.Random, told: Report) -> None:
            for number in range(times):
                pause(chance, _LEAST_S, _MOST_S)
                how = ("fast", "immediate")[number % 2]
                server.stop(how)
                pause(chance, 0.1, 3.0)
                server.start()
                told.done[f"PostgreSQL stopped ({how})"] += 1
            pause(chance, _LEAST_S, _MOST_S)

        return _under_load(site_of(folder / "home", SEPTIMA_DATABASE_URL=server.url), seed, fault)


def _under_load(site: Site, seed: int, fault: Fault) -> Report:
    told, chance = Report(), random.Random(seed)  # noqa: S311 - chance, not a secret
    door = make(site)
    site.start()
    try:
        with Senders(site.port, door, seed) as senders:
            fault(site, chance, told)
        site.wait()
        told.caught_up_s = wait_until_all_is_in_the_lake(site)
        told.aside = int(measured(site, ASIDE))
    finally:
        site.stop()
    told.statuses, told.told_no_time = senders.told.statuses, senders.told.told_no_time
    told.messages = messages_in_lake(senders.told, site.workspace)
    told.answers = answers_in_lake(senders.told, site.workspace)
    return told
