"""The benchmark: `python -m benchmarks [--orders 10000000] [--runs 3] [--quick] [--folder FOLDER]`.

Prints Markdown tables. Sizes: a tenth of `--orders`, and `--orders`; with `--quick` only the latter.

Something else is measured, and nothing besides, with one of
`--spark`: the catalogue on Spark, at a hundredth and a tenth of `--orders`;
`--cascade`: why a card of up to 300 KPIs changed, and its cascade to 2,000 people;
`--scorecard`: a card of 300 KPIs over 36 periods with 10,000 draws, from figures that are known;
`--collect`: messages over HTTP at a steady rate for two minutes;
`--redirects`: redirects of tracked links at a steady rate for thirty seconds;
`--faults`: processes killed `--times` times at random moments, a full disk, a database restarted, all under
load, and how soon an event is on a page; `--fault NAME` one of them;
`--site`: the web application at twenty people at once, with a fiftieth of `--orders` as customers;
`--uplift`: the effect of an experiment of as many customers;
`--lifetime`: lifetime value of a tenth as many customers, `--peer` being a Python that has `lifetimes`, pandas and PyArrow;
`--attribution`: attribution over as many touches, `--peer` being a Python that has `ChannelAttribution` and DuckDB.
The last three are measured at a hundredth, a tenth and the whole of that size.
"""

import argparse
import shutil
import signal
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import attribution, cascade, collect, faults, lifetime, on_spark, redirects, scorecard, site, uplift
from benchmarks.generate import generate
from benchmarks.hand_written import MEMORY
from benchmarks.measure import Run, median, run

PYTHON = sys.executable
SEPTIMA = str(Path(sys.executable).parent / "septima")
MODES = {"catalogue": "catalogue by month", "hand_written": "the same by hand-written SQL"}
_LOADED = {"orders": "orders from Parquet", "orders_csv": "orders from CSV", "all": "all tables from Parquet"}
_FULL, _DAY, _AGAIN = "`septima compute`, all anew", "one day more", "`septima compute` after it"

Steps = dict[str, Run]


def main() -> None:
    options = _options()
    # Told to end, the benchmark ends what it started, the Spark cluster among it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    folder = Path(options.folder)
    alone: dict[str, Callable[[], None]] = {
        "spark": lambda: _on_spark(folder, [options.orders // 100, options.orders // 10]),
        "cascade": lambda: cascade.report(options.runs),
        "scorecard": lambda: scorecard.report(options.runs),
        "collect": lambda: collect.report(folder, seconds=120),
        "redirects": lambda: redirects.report(folder, seconds=30),
        "faults": lambda: faults.report(folder, options.times, options.fault),
        "site": lambda: site.report(folder, options.orders // 50, seconds=20),
        "uplift": lambda: uplift.report(folder, options.orders, options.runs),
        "lifetime": lambda: lifetime.report(folder, options.orders, options.runs, options.peer),
        "attribution": lambda: attribution.report(folder, options.orders, options.runs, options.peer),
    }
    for name, measure in alone.items():
        if getattr(options, name):
            measure()
            return
    _load_and_compute(folder, options)


def _load_and_compute(folder: Path, options: argparse.Namespace) -> None:
    print(_start_up(options.runs))
    print("| orders | step | wall, s | processor, s | rows/s | peak memory, MB |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    sizes = [options.orders] if options.quick else [options.orders // 10, options.orders]
    pairs: dict[int, list[float]] = {}
    steps: dict[int, Steps] = {}
    for orders in sizes:
        source = generate(folder / f"source-{orders}", orders)
        steps[orders] = {}
        for mapping in ("orders", "orders_csv"):
            shutil.rmtree(_load(source, folder, mapping, orders, steps[orders]))
        workspace = _load(source, folder, "all", orders, steps[orders])
        pairs[orders] = _catalogue(workspace, orders, options.runs, steps[orders])
        _history(workspace, source, orders, steps[orders])
        shutil.rmtree(workspace)
    print(_against_sql(pairs))
    print(_incremental(steps))
    if len(sizes) > 1:
        print(_growth(*(steps[orders] for orders in sizes)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--folder", default=str(Path(tempfile.gettempdir()) / "septima-bench"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    for name in (
        "spark",
        "cascade",
        "collect",
        "faults",
        "redirects",
        "scorecard",
        "site",
        "uplift",
        "lifetime",
        "attribution",
    ):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--fault", default="", choices=["", *faults.KINDS])
    parser.add_argument("--peer", metavar="PYTHON")
    return parser.parse_args()


def _start_up(runs: int) -> str:
    empty = median([run([PYTHON, "-c", "pass"]) for _ in range(runs + 2)])
    imported = median([run([PYTHON, "-c", "import septima"]) for _ in range(runs + 2)])
    helped = median([run([SEPTIMA, "--help"]) for _ in range(runs + 2)])
    rows = [("python -c pass", empty), ("python -c 'import septima'", imported), ("septima --help", helped)]
    lines = ["| start | wall, s |", "| --- | ---: |", *(f"| `{name}` | {figures.wall:.2f} |" for name, figures in rows)]
    return "\n".join([*lines, ""])


def _workspace(folder: Path, name: str) -> Path:
    """An empty workspace whose engine may take as much memory as that of the hand-written SQL."""
    workspace = folder / f"workspace-{name}"
    shutil.rmtree(workspace, ignore_errors=True)
    run([SEPTIMA, "init", str(workspace)])
    settings = workspace / "septima.yaml"
    text = settings.read_text(encoding="utf-8")
    if "\nmemory: 1GB\n" not in text:
        sys.exit(f"{settings} sets no memory where the benchmark expects it")
    settings.write_text(text.replace("\nmemory: 1GB\n", f"\nmemory: {MEMORY}\n"), encoding="utf-8")
    return workspace


def _load(source: Path, folder: Path, mapping: str, orders: int, steps: Steps) -> Path:
    workspace = _workspace(folder, f"{mapping}-{orders}")
    loaded = run([SEPTIMA, "load", str(workspace), str(source / f"{mapping}.yaml"), "--format", "json"])
    _note(steps, orders, _LOADED[mapping], loaded, rows=0 if mapping == "all" else orders)
    return workspace


def _catalogue(workspace: Path, orders: int, runs: int, steps: Steps) -> list[float]:
    """How many times as long the catalogue takes as the SQL, pair by pair."""
    figures: dict[str, list[Run]] = {mode: [] for mode in MODES}
    for _ in range(runs):
        for mode in MODES:
            figures[mode].append(run([PYTHON, "-m", f"benchmarks.{mode}", str(workspace)]))
    for mode, step in MODES.items():
        _note(steps, orders, step, median(figures[mode]))
    return [ours.wall / theirs.wall for ours, theirs in zip(*figures.values(), strict=True)]


def _history(workspace: Path, source: Path, orders: int, steps: Steps) -> None:
    """The kept history: all of it, and what one day more changes."""
    computing = [SEPTIMA, "compute", str(workspace), "--grain", "month", "--format", "json"]
    _note(steps, orders, _FULL, run(computing))
    _note(steps, orders, _DAY, run([SEPTIMA, "load", str(workspace), str(source / "day.yaml"), "--format", "json"]))
    _note(steps, orders, _AGAIN, run(computing))


def _note(steps: Steps, orders: int, step: str, figures: Run, rows: int = 0) -> None:
    steps[step] = figures
    speed = f"{rows / figures.wall:,.0f}" if rows else ""
    print(
        f"| {orders:,} | {step} | {figures.wall:.1f} | {figures.processor:.1f} | {speed} | {figures.memory:,.0f} |",
        flush=True,
    )


def _against_sql(pairs: dict[int, list[float]]) -> str:
    lines = ["", "| orders | catalogue by month ÷ hand-written SQL, pair by pair |", "| ---: | --- |"]
    for orders, ratios in pairs.items():
        listed = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        lines.append(f"| {orders:,} | {listed} (median {statistics.median(ratios):.2f}) |")
    return "\n".join(lines)


def _incremental(steps: dict[int, Steps]) -> str:
    lines = ["", "| orders | all anew, s | after one day more, s | share |", "| ---: | ---: | ---: | ---: |"]
    for orders, taken in steps.items():
        full, again = taken[_FULL].wall, taken[_AGAIN].wall
        lines.append(f"| {orders:,} | {full:.1f} | {again:.1f} | {again / full:.1%} |")
    return "\n".join(lines)


def _growth(small: Steps, large: Steps) -> str:
    lines = ["", "| step | 1×, s | 10×, s | times as long |", "| --- | ---: | ---: | ---: |"]
    for step, figures in small.items():
        more = large[step].wall
        lines.append(f"| {step} | {figures.wall:.1f} | {more:.1f} | {more / figures.wall:.1f} |")
    return "\n".join(lines)


def _on_spark(folder: Path, sizes: list[int]) -> None:
    """Print the table line by line: the catalogue takes minutes on a cluster."""
    print("| orders | one worker, s | two workers, s | times as quick |\n| ---: | ---: | ---: | ---: |", flush=True)
    for orders in sizes:
        workspace = _workspace(folder, f"spark-{orders}")
        run([SEPTIMA, "load", str(workspace), str(generate(folder / f"source-{orders}", orders) / "all.yaml")])
        command = [PYTHON, "-m", "benchmarks.catalogue", str(workspace)]
        one, two = (on_spark.wall_seconds(command, workers) for workers in on_spark.WORKERS)
        print(f"| {orders:,} | {one:.0f} | {two:.0f} | {one / two:.2f} |", flush=True)
        shutil.rmtree(workspace)


if __name__ == "__main__":
    main()
