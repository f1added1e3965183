"""A PostgreSQL server of our own that may be stopped and begun again; it writes to the disk as one in use does."""

import os
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving import free_port


@dataclass(frozen=True)
class Postgresql:
    """A server of a cluster in a folder."""

    binaries: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        """As `SEPTIMA_DATABASE_URL` takes it."""
        return f"postgresql://septima@127.0.0.1:{self.port}/septima"

    def start(self) -> None:
        """Begin to answer."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        self._run("pg_ctl", "-D", self._data, "-l", f"{self.folder}/log", "-w", "-o", options, "start")

    def stop(self, how: str) -> None:
        """End: `fast` closes connections and writes down what it has, `immediate` is a crash."""
        self._run("pg_ctl", "-D", self._data, "-m", how, "-w", "stop")

    def make(self) -> None:
        """Make the cluster and its database, and begin to answer."""
        self._run("initdb", "-D", self._data, "-U", "septima", "--auth=trust", "--encoding=UTF8")
        self.start()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "septima", "septima")

    @property
    def _data(self) -> str:
        return f"{self.folder}/data"

    def _run(self, program: str, *arguments: str) -> None:
        # PostgreSQL does not run as root.
        other = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command = [*other, str(self.binaries / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


def binaries() -> Path | None:
    """Where Debian keeps the newest PostgreSQL; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return found[-1] if found else None


@contextmanager
def postgresql() -> Generator[Postgresql]:
    """A server with an empty database, for as long as the block lasts."""
    place = binaries()
    if place is None:
        raise RuntimeError("PostgreSQL is not installed: sh scripts/system-packages postgresql")
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            subprocess.run(["chown", "postgres", folder], check=True)
        server = Postgresql(place, Path(folder), free_port())
        server.make()
        try:
            yield server
        finally:
            server.stop("immediate")
            time.sleep(0.2)
