"""The site as its own processes, as `septima serve` runs them, which may be killed one by one or all at once."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_STARTS_S = 120.0
_EMPTY_WITHIN_S = 300.0
_SEPTIMA = [sys.executable, "-c", "from septima.cli import main; main()"]
_WAITING = ("septima_messages_waiting{", "septima_answers_waiting{")
ASIDE = "septima_parcels_aside{"


@dataclass(frozen=True)
class Door:
    """Where the site is spoken to: the write key of a source, the path of an open survey, the organisation, a leader's cookie."""

    key: str
    survey: str
    organisation: str
    cookie: str


class Site:
    """A site over a workspace of its own; `environment` is added to that of this process."""

    def __init__(self, workspace: Path, environment: Mapping[str, str] | None = None) -> None:
        self.workspace = workspace
        self._environment = {**os.environ, **(environment or {})}
        for name in ("SEPTIMA_SITE", "DJANGO_SETTINGS_MODULE"):  # of which the tests' own site is made
            self._environment.pop(name, None)
        if environment is None or "SEPTIMA_DATABASE_URL" not in environment:
            self._environment.pop("SEPTIMA_DATABASE_URL", None)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def make(self) -> Door:
        """Make the workspace, and in its site a source, a survey and a leader."""
        self._run([*_SEPTIMA, "init", str(self.workspace), "--organisation", "Bench", "--currency", "EUR"])
        told = self._run([sys.executable, "-m", "benchmarks.faults.prepare", str(self.workspace)])
        return Door(**json.loads(told.splitlines()[-1]))

    def start(self) -> None:
        """Begin to serve; returns once the site answers."""
        with (self.workspace.parent / "site.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*_SEPTIMA, "serve", str(self.workspace), "--port", str(self.port)],
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait()

    def wait(self) -> None:
        """Wait until the site answers; what it began as must still be there."""
        end = time.monotonic() + _STARTS_S
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"the site ended by itself; see {self.workspace.parent / 'site.log'}")
            try:
                if self.ask("GET", "/healthz")[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.1)
        raise RuntimeError("the site did not begin to answer")

    def kill(self) -> None:
        """Kill all of its processes at one moment."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def kill_one(self, name: str) -> bool:
        """Kill one process: `answering`, or a command of the background; False where none is there just now."""
        found = self._processes(name)
        if found:
            os.kill(found[0], signal.SIGKILL)
        return bool(found)

    def stop(self) -> None:
        """Let it end as it should; what does not within a minute is killed."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.kill()

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """The status and the text of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def measured(self, *names: str) -> float:
        """The sum of gauges whose lines begin so, as the site tells its watchers."""
        status, text = self.ask("GET", "/metrics")
        if status != 200:
            return float("inf")
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(names))

    def wait_until_all_is_in_the_lake(self) -> float:
        """Seconds until nothing waits to be brought there."""
        begun = time.monotonic()
        while self.measured(*_WAITING):
            if time.monotonic() - begun > _EMPTY_WITHIN_S:
                raise RuntimeError(f"what was sent did not reach the lake within {_EMPTY_WITHIN_S:.0f} s")
            time.sleep(0.5)
        return time.monotonic() - begun

    def _processes(self, name: str) -> list[int]:
        if self._process is None:
            return []
        group, found = self._process.pid, list[int]()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                of = (folder / "stat").read_text().rpartition(")")[2].split()
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            pid = int(folder.name)
            is_it = b"serve" in words and pid != group if name == "answering" else name.encode() in words
            if of[0] != "Z" and int(of[2]) == group and is_it:
                found.append(pid)
        return found

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(command, env=self._environment, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
