"""The site as its own processes, as `septima serve` runs them, which may be killed one by one or all at once."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

SEPTIMA = [sys.executable, "-c", "from septima.cli import main; main()"]
_STARTS_S = 120.0


def septima(*arguments: str) -> None:
    """Run a command of Septima to its end."""
    subprocess.run([*SEPTIMA, *arguments], check=True, stdout=subprocess.DEVNULL)


@contextmanager
def served(workspace: Path) -> Generator[int]:
    """Serve a workspace for as long as the block lasts; gives the port once the site answers."""
    site = Site(workspace, os.environ)
    try:
        site.start()
        yield site.port
    finally:
        site.stop()


class Site:
    """A site over a workspace, whose processes have this environment; what they print is in `site.log` beside it."""

    def __init__(self, workspace: Path, environment: Mapping[str, str]) -> None:
        self.workspace, self.environment = workspace, environment
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin to serve; returns once the site answers."""
        with (self.workspace.parent / "site.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*SEPTIMA, "serve", str(self.workspace), "--port", str(self.port)],
                env=self.environment,
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
            with suppress(OSError, http.client.HTTPException):
                if self.ask("GET", "/healthz")[0] == 200:
                    return
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

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, str]:
        """The status and the text of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

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


def free_port() -> int:
    """A port at which nobody listens just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def of_source(key: str) -> dict[str, str]:
    """The headers of a batch that a source sends, which has this write key."""
    return {"Authorization": f"Basic {b64encode(f'{key}:'.encode()).decode()}", "Content-Type": "application/json"}
