"""A standalone Spark cluster on the loopback: one master and its workers, as a company would run them."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WORKERS = 2
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Options of a JVM that ends before its compiler has earned back what it takes from the other processes."""
_MASTER, _WORKER = (f"org.apache.spark.deploy.{part}" for part in ("master.Master", "worker.Worker"))
_START_SECONDS = 180


@contextmanager
def spark_cluster(folder: Path, workers: int = WORKERS, memory: str = "1g") -> Iterator[str]:
    """Start a master and workers of one core and `memory` each; gives the master's URL and ends them all."""
    import pyspark

    launcher = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    settings = folder / "cluster.conf"
    settings.write_text("spark.master.rest.enabled false\nspark.ui.enabled false\n", encoding="utf-8")
    common = ["--host", "127.0.0.1", "--webui-port", "0", "--properties-file", str(settings)]
    # Daemons take little memory themselves; it is their executors that compute.
    environment = {
        **os.environ,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": SHORT_LIVED,
    }
    running: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> Path:
        log = folder / f"{name}.log"
        with log.open("wb") as output:
            command = [launcher, *arguments]
            running.append(subprocess.Popen(command, stdout=output, stderr=output, cwd=folder, env=environment))
        return log

    try:
        master = start("master", _MASTER, *common, "--port", "0")
        url = _said(master, "Starting Spark master at ")
        size = ["--cores", "1", "--memory", memory]
        logs = [
            start(f"worker-{number}", _WORKER, *common, *size, "--work-dir", str(folder / f"work-{number}"), url)
            for number in range(workers)
        ]
        for log in logs:
            _said(log, "Successfully registered with master ")
        yield url
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def _said(log: Path, words: str) -> str:
    """What follows `words` in a log, once they are there."""
    for _ in range(_START_SECONDS * 10):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if words in line:
                return line.split(words, 1)[1].split()[0]
        time.sleep(0.1)
    raise TimeoutError(f"Spark did not say {words!r}: {log.read_text(encoding='utf-8', errors='replace')[-3000:]}")
