"""Run a command as a whole process and read what the operating system counted."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """Wall and processor seconds, and the peak memory of the process in MB."""

    wall: float
    processor: float
    memory: float


def run(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
    """Run `arguments` to the end; an exit code other than 0 ends the benchmark with what it printed."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            arguments, stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, **(environment or {})}
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.terminate()
            raise
        wall = time.perf_counter() - begun
        errors.seek(0)
        if status:
            sys.exit(f"{' '.join(arguments)} ended with {status}: {errors.read().decode()[-2000:]}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def median(runs: Sequence[Run]) -> Run:
    """The median of each figure."""
    return Run(*(statistics.median(getattr(run, name) for run in runs) for name in ("wall", "processor", "memory")))
