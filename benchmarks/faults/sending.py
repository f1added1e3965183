"""Who sends: batches of messages and answers to a survey, noting what was acknowledged, and what of it the lake then has.

As clients do, a batch that was not acknowledged is mostly sent again. One in ten that was acknowledged is sent once more
all the same, and messages are up to ten days old in no order of time.
"""

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from urllib.parse import urlencode

from benchmarks.faults.site import Door
from benchmarks.serving import of_source

BATCH = 20
_OLDEST_S = 10 * 86_400.0
_BATCHES, _ANSWERS = 3, 1
"""Connections of each kind."""
_PAUSE_S = 0.05


@dataclass
class Told:
    """What was sent and what was acknowledged; `statuses` are those of all answers, 0 where there was none."""

    messages: set[str] = field(default_factory=set[str])
    messages_acknowledged: set[str] = field(default_factory=set[str])
    answers: set[str] = field(default_factory=set[str])
    answers_acknowledged: set[str] = field(default_factory=set[str])
    statuses: Counter[int] = field(default_factory=Counter[int])
    told_no_time: int = 0
    """Refusals that say to come again without saying when."""


@dataclass(frozen=True)
class Outcome:
    """What the lake has of what was sent."""

    acknowledged: int
    lost: int
    twice: int
    unacknowledged: int
    """Those that are there once though their sender never heard so."""
    strange: int
    """Those that nobody sent."""

    def __str__(self) -> str:
        return (
            f"{self.acknowledged:,} acknowledged: {self.lost} lost, {self.twice} twice; "
            f"{self.unacknowledged} there unacknowledged, {self.strange} never sent"
        )


class Senders:
    """Sends from several threads for as long as its `with` block lasts."""

    def __init__(self, port: int, door: Door, seed: int) -> None:
        self.told = Told()
        self._port, self._door, self._seed = port, door, seed
        self._ended, self._lock = threading.Event(), threading.Lock()
        self._threads = [
            *(threading.Thread(target=self._send_batches, args=(number,)) for number in range(_BATCHES)),
            *(threading.Thread(target=self._send_answers, args=(number,)) for number in range(_ANSWERS)),
        ]

    def __enter__(self) -> "Senders":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _send_batches(self, place: int) -> None:
        chance, line = _chance(f"{self._seed}-{place}"), _Line(self._port, self)
        headers = of_source(self._door.key)
        number = 0
        while not self._ended.wait(_PAUSE_S):
            number += 1
            names = [f"{place}-{number}-{one}" for one in range(BATCH)]
            body = _batch(names, chance)
            with self._lock:
                self.told.messages.update(names)
            while line.post("/v1/batch", body, headers) != 200:
                if self._ended.wait(_PAUSE_S * 4) or chance.random() < 0.3:
                    break
            else:
                with self._lock:
                    self.told.messages_acknowledged.update(names)
                if chance.random() < 0.1:
                    line.post("/v1/batch", body, headers)

    def _send_answers(self, place: int) -> None:
        chance, line = _chance(f"{self._seed}-{place}-answers"), _Line(self._port, self)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        number = 0
        while not self._ended.wait(_PAUSE_S):
            number += 1
            name = f"answer {place}-{number}"
            fields = {"page": "1", "go": "further", "q-recommend": str(chance.randint(1, 10)), "q-why": name}
            with self._lock:
                self.told.answers.add(name)
            if line.post(self._door.survey, urlencode(fields).encode(), headers) == 303:
                with self._lock:
                    self.told.answers_acknowledged.add(name)

    def note(self, status: int, *, says_when: bool) -> None:
        """Count an answer."""
        with self._lock:
            self.told.statuses[status] += 1
            self.told.told_no_time += status in {429, 503} and not says_when


class _Line:
    """A connection that is kept, and made anew after it broke."""

    def __init__(self, port: int, of: Senders) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._of = of

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        try:
            self._connection.request("POST", path, body, headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._of.note(0, says_when=False)
            return 0
        self._of.note(answer.status, says_when=bool(answer.headers.get("Retry-After")))
        return answer.status


def _chance(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - chance, not a secret


def _batch(names: list[str], chance: random.Random) -> bytes:
    now = datetime.now(UTC)
    messages = [
        {
            "type": "track",
            "messageId": name,
            "userId": f"c{chance.randrange(1_000)}",
            "event": "Product Viewed",
            "timestamp": (now - timedelta(seconds=chance.random() * _OLDEST_S)).isoformat(),
            "properties": {"product_id": "p1", "url": "https://shop.example/p"},
        }
        for name in names
    ]
    return json.dumps({"batch": messages, "sentAt": now.isoformat()}).encode()


def messages_in_lake(told: Told, workspace: Path) -> Outcome:
    """What the lake has of the messages."""
    there = [str(name).removeprefix("bench:") for name in _column(workspace, "touches", "touch_id")]
    return _outcome(there, told.messages, told.messages_acknowledged)


def answers_in_lake(told: Told, workspace: Path) -> Outcome:
    """What the lake has of the answers, told from one another by their words."""
    there = [text for text in _column(workspace, "answers", "text") if text is not None]
    return _outcome(there, told.answers, told.answers_acknowledged)


def _column(workspace: Path, table: str, column: str) -> list[str | None]:
    from septima.workspace import Workspace

    return Workspace.open(workspace).table(table, resolved=False)[column].to_pyarrow().to_pylist()


def _outcome(there: list[str], sent: set[str], acknowledged: set[str]) -> Outcome:
    counts = Counter(there)
    return Outcome(
        acknowledged=len(acknowledged),
        lost=len(acknowledged - counts.keys()),
        twice=sum(count > 1 for count in counts.values()),
        unacknowledged=len((counts.keys() & sent) - acknowledged),
        strange=len(counts.keys() - sent),
    )


def pause(chance: random.Random, least: float, most: float) -> None:
    """Let a while pass that nobody can foretell."""
    time.sleep(chance.uniform(least, most))
