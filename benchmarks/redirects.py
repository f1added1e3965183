"""Tracked links under load: redirects at a steady rate, what each costs the server, and whether every one is in the lake once.

Real processes on the loopback: the site with its workers, and people who keep their connections. Requests are sent by
plan: one that is due is sent whether or not those before it were answered, and waiting for a free connection counts as
waiting for the answer.
"""

import os
import selectors
import socket
import statistics
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.prepared import organisation_of
from benchmarks.serving import septima, served

RATE = 1_000
LINKS = 100
_CONNECTIONS = 32
_ALONE = 2_000
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@dataclass
class Followed:
    """Seconds of each redirect from when it was due until it was there, and what was answered otherwise."""

    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def report(folder: Path, seconds: int) -> None:
    """Print how soon redirects are answered, alone and at the planned rate, and what of them is in the lake."""
    workspace = folder / f"redirects-{time.time_ns()}"
    septima("init", str(workspace), "--organisation", "Bench", "--currency", "EUR")
    codes = _links(workspace)
    with served(workspace) as port:
        requests = [_request(code) for code in codes]
        _plan(port, requests, rate=200, seconds=2)  # each worker reads its links
        alone = _alone(port, requests)
        before = _processor()
        found = _plan(port, requests, rate=RATE, seconds=seconds)
        spent = _processor() - before
        ordered = sorted(found.seconds)
        p50, p95, p99, most = (ordered[int(share * (len(ordered) - 1))] * 1000 for share in (0.5, 0.95, 0.99, 1.0))
        print(
            "| planned, redirects/s | answered, /s | p50, ms | p95, ms | p99, ms | longest, ms | wrong | server, ms |"
        )
        print(f"|{' ---: |' * 8}")
        print(
            f"| {RATE:,} | {len(ordered) / seconds:,.0f} | {p50:.1f} | {p95:.1f} | {p99:.1f} | {most:.0f} "
            f"| {len(found.wrong)} | {1000 * spent / len(ordered):.2f} |"
        )
        quantiles = statistics.quantiles(alone, n=100)
        print(f"\nOne at a time: median {1000 * quantiles[49]:.2f} ms, p99 {1000 * quantiles[98]:.2f} ms.")
        sent = 2 * 200 + _ALONE + len(ordered)
        behind = _wait_for(workspace, sent)
    print(f"Answered in all {sent:,}; in the lake {_clicks(workspace):,}, {behind:.0f} s after the last.")


def _links(workspace: Path) -> list[str]:
    organisation = organisation_of(workspace)
    from septima.web.accounts.models import User
    from septima.web.tracking.making import allow_host, make_link, new_token

    person = User.objects.create_user("bench@example.org")
    allow_host(organisation, person, "shop.example", subdomains=False)
    fields = {"source": "bench", "medium": "ads", "campaign": "bench"}
    return [
        make_link(
            organisation, person, {**fields, "name": str(n), "target": f"https://shop.example/{n}"}, new_token()
        ).code
        for n in range(LINKS)
    ]


def _request(code: str) -> bytes:
    return f"GET /l/{code} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {_AGENT}\r\nAccept: text/html\r\n\r\n".encode()


def _asked(connection: socket.socket, request: bytes) -> str:
    """The status line of the answer to a request, which has no body."""
    connection.sendall(request)
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        some = connection.recv(4096)
        if not some:
            raise ConnectionError("the site closed the connection")
        answer += some
    return answer.partition(b"\r\n")[0].decode()


def _alone(port: int, requests: list[bytes]) -> list[float]:
    with _connected(port) as connection:
        seconds: list[float] = []
        for number in range(_ALONE):
            begun = time.perf_counter()
            if "302" not in _asked(connection, requests[number % LINKS]):
                sys.exit("a redirect was refused")
            seconds.append(time.perf_counter() - begun)
    return seconds


def _plan(port: int, requests: list[bytes], *, rate: int, seconds: int) -> Followed:
    """Send by plan over connections that are kept; one thread for all, so that the load itself costs little."""
    found, ready = Followed(), selectors.DefaultSelector()
    free = deque(_connected(port) for _ in range(_CONNECTIONS))
    for connection in free:
        ready.register(connection, selectors.EVENT_READ)
    asked: dict[socket.socket, float] = {}
    waiting: deque[tuple[float, bytes]] = deque()
    begun, place, all_of_them = time.perf_counter(), 0, rate * seconds
    while place < all_of_them or waiting or asked:
        now = time.perf_counter()
        while place < all_of_them and begun + place / rate <= now:
            waiting.append((begun + place / rate, requests[place % LINKS]))
            place += 1
        while waiting and free:
            connection = free.popleft()
            asked[connection], request = waiting.popleft()
            connection.sendall(request)
        rest = begun + place / rate - time.perf_counter() if place < all_of_them and free else 1.0
        for key, _ in ready.select(max(0.0, rest)):
            connection: Any = key.fileobj
            answer = connection.recv(4096)
            if connection not in asked:  # it was silent for too long, and the site closed it
                free.remove(connection)
            elif answer.startswith(b"HTTP/1.1 302 ") and answer.endswith(b"\r\n\r\n"):
                found.seconds.append(time.perf_counter() - asked.pop(connection))
                free.append(connection)
                continue
            else:
                found.wrong.append(answer.partition(b"\r\n")[0].decode())
                del asked[connection]
            ready.unregister(connection)
            connection.close()
            free.append(_connected(port))
            ready.register(free[-1], selectors.EVENT_READ)
    for connection in free:
        connection.close()
    return found


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _processor() -> float:
    """Processor seconds of the processes that answer, so far."""
    own = [_child for _child in _children(os.getpid()) if b"serve" in _command(_child)]
    answering = [one for site in own for one in _children(site) if b"django" not in _command(one)]
    return sum(_seconds(one) for one in [*own, *answering])


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        found += [int(one) for one in (thread / "children").read_text().split()]
    return found


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _seconds(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def _wait_for(workspace: Path, sent: int) -> float:
    begun = time.monotonic()
    while _clicks(workspace) < sent and time.monotonic() - begun < 120:
        time.sleep(0.5)
    return time.monotonic() - begun


def _clicks(workspace: Path) -> int:
    from septima.workspace import Workspace

    touches = Workspace.open(workspace).table("touches", resolved=False)
    return int(touches.filter(touches.kind == "clicked").count().to_pyarrow().as_py())
