"""Servers that tests begin on this machine."""

import os
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parent.parent / "scripts" / "with-postgresql"


def free_port() -> int:
    """A port at which nobody listens just now."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return opened.getsockname()[1]


@contextmanager
def running_postgresql() -> Generator[int]:
    """The port of a PostgreSQL of our own, with the user and the database `septima`; skips where it is not installed."""
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("there is no PostgreSQL: sh scripts/system-packages postgresql")
    port = free_port()
    with subprocess.Popen(
        ["sh", str(_SCRIPT), "sh", "-c", "echo ready; cat"],
        env={**os.environ, "POSTGRESQL_PORT": str(port)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield port
