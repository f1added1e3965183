"""The site as its own processes, for as long as a benchmark asks it."""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

_STARTS_S = 120


@contextmanager
def served(workspace: Path) -> Generator[int]:
    """Serve a workspace; gives the port once the site answers."""
    port = _free_port()
    site = subprocess.Popen(
        [sys.executable, "-c", "from septima.cli import main; main()", "serve", str(workspace), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield port
    finally:
        site.terminate()
        site.wait(timeout=60)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _wait_for(port: int) -> None:
    end = time.monotonic() + _STARTS_S
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                return
        except OSError:
            time.sleep(0.3)
    sys.exit("the site did not begin to answer")
