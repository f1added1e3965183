"""The benchmark: `python -m benchmarks [--orders 10000000] [--folder FOLDER] [--runs 3]`.

Prints a Markdown table. Sizes: `--orders`, a tenth of it, and three times it; with `--quick` only the first.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.generate import generate
from benchmarks.measure import Run, median, run

PYTHON = sys.executable
SEPTIMA = str(Path(sys.executable).parent / "septima")
MODES = ("catalogue", "hand_written")


def main() -> None:
    options = _options()
    folder = Path(options.folder)
    sizes = [options.orders] if options.quick else [options.orders // 10, options.orders, options.orders * 3]
    print(_start_up(options.runs))
    print("| orders | step | wall, s | processor, s | rows/s | peak memory, MB |")
    print("| ---: | --- | ---: | ---: | ---: | ---: |")
    ratios: list[str] = []
    for orders in sizes:
        source = generate(folder / f"source-{orders}", orders)
        _load(source, folder, "orders", orders, "orders from Parquet")
        _load(source, folder, "orders_csv", orders, "orders from CSV")
        workspace = _load(source, folder, "all", orders, "all tables from Parquet")
        ratios.append(_catalogue(workspace, orders, options.runs))
        shutil.rmtree(workspace)
    print("\n| orders | catalogue by month ÷ hand-written SQL, pair by pair |\n| ---: | --- |")
    print("\n".join(ratios))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--folder", default=str(Path(tempfile.gettempdir()) / "septima-bench"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    return parser.parse_args()


def _start_up(runs: int) -> str:
    empty = median([run([PYTHON, "-c", "pass"]) for _ in range(runs + 2)])
    imported = median([run([PYTHON, "-c", "import septima"]) for _ in range(runs + 2)])
    helped = median([run([SEPTIMA, "--help"]) for _ in range(runs + 2)])
    rows = [("python -c pass", empty), ("python -c 'import septima'", imported), ("septima --help", helped)]
    lines = ["| start | wall, s |", "| --- | ---: |", *(f"| `{name}` | {figures.wall:.2f} |" for name, figures in rows)]
    return "\n".join([*lines, ""])


def _load(source: Path, folder: Path, mapping: str, orders: int, step: str) -> Path:
    workspace = folder / f"workspace-{mapping}-{orders}"
    shutil.rmtree(workspace, ignore_errors=True)
    run([SEPTIMA, "init", str(workspace)])
    loaded = run([SEPTIMA, "load", str(workspace), str(source / f"{mapping}.yaml"), "--format", "json"])
    rows = orders if mapping != "all" else 0
    _print(orders, step, loaded, f"{rows / loaded.wall:,.0f}" if rows else "")
    if mapping != "all":
        shutil.rmtree(workspace)
    return workspace


def _catalogue(workspace: Path, orders: int, runs: int) -> str:
    figures: dict[str, list[Run]] = {mode: [] for mode in MODES}
    for _ in range(runs):
        for mode in MODES:
            figures[mode].append(run([PYTHON, "-m", f"benchmarks.{mode}", str(workspace)]))
    for mode in MODES:
        _print(
            orders,
            {"catalogue": "catalogue by month", "hand_written": "the same by hand-written SQL"}[mode],
            median(figures[mode]),
            "",
        )
    pairs = [ours.wall / theirs.wall for ours, theirs in zip(*figures.values(), strict=True)]
    return f"| {orders:,} | {', '.join(f'{ratio:.2f}' for ratio in pairs)} (median {statistics.median(pairs):.2f}) |"


def _print(orders: int, step: str, figures: Run, rows_a_second: str) -> None:
    print(
        f"| {orders:,} | {step} | {figures.wall:.1f} | {figures.processor:.1f} | {rows_a_second} | {figures.memory:,.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
