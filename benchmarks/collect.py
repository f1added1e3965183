"""The collector under load: batches taken durably at a steady rate, how soon they are in the lake, and that none is lost.

Real processes on the loopback: the site with its workers, and a sender that keeps to its plan: a batch that is due is sent
whether or not those before it were answered, and waiting for a free connection counts as waiting for the answer.
"""

import http.client
import json
import queue
import sqlite3
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.prepared import organisation_of, source_key
from benchmarks.serving import of_source, septima, served

BATCH = 100
RATE = 5_000
_CONNECTIONS = 16


@dataclass
class Sent:
    """Seconds of each batch from when it was due until it was acknowledged, and what was not acknowledged."""

    seconds: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def report(folder: Path, seconds: int) -> None:
    """Print how fast batches were acknowledged, how far the lake was behind, and what of it is in the lake at the end."""
    workspace = folder / f"collect-{time.time_ns()}"
    septima("init", str(workspace), "--organisation", "Bench", "--currency", "EUR")
    key = source_key(organisation_of(workspace))
    with served(workspace) as port:
        sent, behind = _load(port, key, workspace, seconds)
        caught_up = _wait_until_empty(workspace)
        made, longest = _makings(workspace)
    ordered = sorted(sent.seconds)
    taken = len(ordered) * BATCH
    print(
        "| planned, messages/s | taken, messages/s | batches | p50, ms | p95, ms | p99, ms | refused | most waiting | caught up after, s |"
    )
    print(f"|{' --- |' * 9}")
    quantiles = " | ".join(f"{ordered[int(share * (len(ordered) - 1))] * 1000:.0f}" for share in (0.5, 0.95, 0.99))
    print(
        f"| {RATE:,} | {taken / seconds:,.0f} | {len(ordered):,} | {quantiles} | {len(sent.refused)} "
        f"| {behind:,} | {caught_up:.0f} |"
    )
    there = _touches(workspace)
    print(f"\nAcknowledged {taken:,} messages; in the lake {there:,}. Meanwhile figures were made of them:")
    print(f"begun {made} times; done within {longest:.0f} s at the longest.")


def _load(port: int, key: str, workspace: Path, seconds: int) -> tuple[Sent, int]:
    """Send for so long by plan; what came of it, and the most messages that waited."""
    due: queue.SimpleQueue[float | None] = queue.SimpleQueue()
    sent, lock, headers = Sent(), threading.Lock(), of_source(key)

    def send(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        count = 0
        while (at := due.get()) is not None:
            count += 1
            body = _batch(f"{number}-{count}")
            try:
                connection.request("POST", "/v1/batch", body, headers)
                answer = connection.getresponse()
                answer.read()
                status = str(answer.status)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                status = repr(error)
            with lock:
                if status == "200":
                    sent.seconds.append(time.perf_counter() - at)
                else:
                    sent.refused.append(status)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    begun, most = time.perf_counter(), 0
    for place in range(seconds * RATE // BATCH):
        at = begun + place * BATCH / RATE
        time.sleep(max(0.0, at - time.perf_counter()))
        due.put(at)
        if place % (5 * RATE // BATCH) == 0:
            most = max(most, _waiting(workspace))
    for _ in threads:
        due.put(None)
    for thread in threads:
        thread.join()
    return sent, most


def _batch(name: str) -> bytes:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    messages = [
        {
            "type": "track",
            "messageId": f"{name}-{number}",
            "userId": f"c{hash((name, number)) % 50_000}",
            "event": "Product Viewed",
            "timestamp": now,
            "properties": {
                "product_id": f"p{number}",
                "category": "lamps",
                "price": 19.9,
                "url": "https://shop.example/p",
            },
            "context": {"library": {"name": "bench", "version": "1"}, "page": {"url": "https://shop.example/p"}},
        }
        for number in range(BATCH)
    ]
    return json.dumps({"batch": messages, "sentAt": now}).encode()


def _waiting(workspace: Path) -> int:
    return _asked(workspace, "SELECT coalesce(sum(messages), 0) FROM collect_parcel")[0]


def _makings(workspace: Path) -> tuple[int, float]:
    """How often the making of figures was begun, and the seconds of the longest that is done."""
    seconds = "(julianday(finished_at) - julianday(begun_at)) * 86400"
    begun, longest = _asked(
        workspace, f"SELECT count(begun_at), max({seconds}) FROM work_work WHERE kind = 'data.compute'"
    )
    return begun, longest or 0.0


def _asked(workspace: Path, question: str) -> tuple[Any, ...]:
    with sqlite3.connect(workspace / "site" / "site.sqlite3", timeout=60) as connection:
        return connection.execute(question).fetchone()


def _wait_until_empty(workspace: Path) -> float:
    begun = time.monotonic()
    while _waiting(workspace):
        if time.monotonic() - begun > 600:
            sys.exit("the lake did not catch up")
        time.sleep(0.5)
    return time.monotonic() - begun


def _touches(workspace: Path) -> int:
    from septima.workspace import Workspace

    touches = Workspace.open(workspace).table("touches", resolved=False)
    return int(touches.touch_id.nunique().to_pyarrow().as_py())
