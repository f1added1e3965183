"""Run a command as a whole process and read what the operating system counted, or what the process itself tells.

A Python that has only the package we compare with can import this module, so it needs nothing but the standard library.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from septima.metrics.definition import Tables

Told = dict[str, float]
_ROOT = Path(__file__).parent.parent


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


def tell(modes: Mapping[str, Callable[[Path], Told]]) -> None:
    """Be the process that `asked` runs: compute the mode that it names and print figures as JSON.

    Processor seconds and peak memory are among them, where the mode has none of its own.
    """
    mode, folder = sys.argv[1:]
    begun = time.process_time()
    found = modes[mode](Path(folder))
    print(json.dumps({"processor": time.process_time() - begun, "memory": peak_memory(), **found}))


def asked(python: str, module: str, mode: str, folder: Path) -> Told:
    """What a module that `tell`s says when it is run by this Python; it ends the benchmark if it fails."""
    command = [python, "-m", f"benchmarks.{module}", mode, str(folder)]
    ended = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"{' '.join(command)} ended with {ended.returncode}: {ended.stderr[-2000:]}")
    return json.loads(ended.stdout.splitlines()[-1])


def medians(runs: Sequence[Told]) -> Told:
    """The median of each figure."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def ratios(over: Sequence[Told], under: Sequence[Told]) -> str:
    """Median, least and greatest of the seconds of one over those of the other, pair by pair."""
    found = [one["seconds"] / other["seconds"] for one, other in zip(over, under, strict=True)]
    return f"{statistics.median(found):.2f} ({min(found):.2f}–{max(found):.2f})"


def peak_memory() -> float:
    """The most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def sizes(largest: int) -> list[int]:
    """A hundredth, a tenth and the whole, without those that are too small to tell of anything."""
    return [size for size in (largest // 100, largest // 10, largest) if size >= 1000]


def heading(*columns: str) -> str:
    """The first two lines of a Markdown table, numbers to the right."""
    return f"| {' | '.join(columns)} |\n{'| ---: ' * len(columns)}|"


def written(folder: Path, queries: Mapping[str, str]) -> Path:
    """The folder with a Parquet file for each query of DuckDB, which has `pick(i, salt, n)`; what is there is kept."""
    import duckdb

    done = folder / "done"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute("create macro pick(i, salt, n) as (hash(hash(i, salt)) % n)::bigint")
            for name, query in queries.items():
                connection.execute(f"copy ({query}) to '{folder / name}.parquet' (format parquet)")
        done.touch()
    return folder


def tables_of(folder: Path, memory: str) -> "Tables":
    """Septima's tables over the Parquet files of a folder."""
    from septima.lake.engine import connect

    backend = connect(memory=memory)
    files = {path.stem: backend.read_parquet(str(path)) for path in folder.glob("*.parquet")}  # type: ignore[attr-defined]
    return files.__getitem__
