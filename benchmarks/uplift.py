"""The effect of an experiment with CUPED against the plain aggregate query: `python -m benchmarks.uplift [--customers 10000000] [--runs 3]`.

Prints a Markdown table at a hundredth, a tenth and the whole of `--customers`. Both get the same Parquet files, the same engine and the
same memory. The plain query gives what a t-test of revenue needs: by arm, customers, the sum of their revenue in the thirty
days after the assignment, and the sum of its squares. Ours gives in its place sums and products of revenue, orders and
buyers after it and in the ninety days before it, with the check of amounts and currencies, and from them the effects,
intervals and all.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import ibis

MEMORY = "4GB"
START = "timestamp '2026-03-01'"
BOUND = 1.3
_MODES = ("plain", "ours")
_TABLES = {
    "assignments": f"""
        select 'x' as experiment_id, 'c' || i as customer_id, if(pick(i, 1, 20) = 0, 'control', 'treated') as arm, {START} as assigned_at
        from range({{customers}}) rows(i)""",
    # Two orders a customer in half a year, a third of them in the windows.
    "orders": f"""
        select 'o' || i as order_id, 'c' || pick(i, 2, {{customers}}) as customer_id,
            {START} - interval 120 day + interval (pick(i, 3, 180 * 86400)) second as ordered_at,
            ['paid', 'completed', 'completed', 'cancelled'][1 + pick(i, 4, 4)] as status,
            (100 + pick(i, 5, 900000) / 100)::decimal(18, 4) as revenue, 'RUB' as currency
        from range({{customers}} * 2) rows(i)""",
    "touches": """
        select null::varchar as customer_id, null::varchar as kind, null::timestamp as at from range(0)""",
}
_PLAIN = """
    select arm, count(*) as customers, sum(spent) as revenue, sum(spent * spent) as squares
    from (
        select a.customer_id, a.arm, coalesce(sum(o.revenue::double), 0) as spent
        from assignments a left join orders o
            on o.customer_id = a.customer_id and o.ordered_at >= a.assigned_at
            and o.ordered_at < a.assigned_at + interval 30 day
            and (o.status is null or o.status not in ('cancelled', 'returned'))
        where a.experiment_id = 'x'
        group by a.customer_id, a.arm)
    group by arm"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", default=str(Path(tempfile.gettempdir()) / "septima-bench"))
    parser.add_argument("--one", choices=_MODES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    folder = Path(options.folder)
    if options.one:
        _one(folder, options.one)
        return
    report(folder, options.customers, options.runs)


def report(folder: Path, customers: int, runs: int) -> None:
    """Print the table, line by line."""
    print("| customers | plain aggregate, s | with CUPED, s | ratio | least and greatest | memory, MB |")
    print("| ---: | ---: | ---: | ---: | --- | ---: |")
    for size in (customers // 100, customers // 10, customers):
        if size >= 1000:
            print(_compare(_generate(folder / f"uplift-{size}", size), size, runs), flush=True)
    print(f"\nBound: {BOUND} × the plain aggregate at the largest size.")


def _compare(folder: Path, customers: int, runs: int) -> str:
    """One line: medians of runs in turn, each in a process of its own."""
    found: dict[str, list[dict[str, float]]] = {mode: [] for mode in _MODES}
    for _ in range(runs):
        for mode in _MODES:
            told = subprocess.run(
                [sys.executable, "-m", "benchmarks.uplift", "--folder", str(folder), "--one", mode],
                check=True,
                capture_output=True,
                text=True,
            )
            found[mode].append(json.loads(told.stdout))
    plain, ours = (statistics.median(run["seconds"] for run in found[mode]) for mode in _MODES)
    ratios = [one["seconds"] / other["seconds"] for one, other in zip(found["ours"], found["plain"], strict=True)]
    memory = max(run["memory"] for run in found["ours"])
    ratio, least, greatest = statistics.median(ratios), min(ratios), max(ratios)
    return f"| {customers:,} | {plain:.2f} | {ours:.2f} | {ratio:.2f} | {least:.2f}–{greatest:.2f} | {memory:,.0f} |"


def _one(folder: Path, mode: str) -> None:
    """Compute once and print the seconds and the peak memory as JSON."""
    seconds = _plain(folder) if mode == "plain" else _ours(folder)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "memory": memory}))


def _plain(folder: Path) -> float:
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(folder / "spill")}) as connection:
        for name in _TABLES:
            connection.execute(f"create view {name} as from '{folder / name}.parquet'")
        begun = time.perf_counter()
        connection.execute(_PLAIN).fetchall()
        return time.perf_counter() - begun


def _ours(folder: Path) -> float:
    from septima.lake.engine import connect
    from septima.metrics.compute import request_of
    from septima.metrics.experiment_outcomes import Window, arm_sums, assigned_customers
    from septima.metrics.period import DEFAULT_CALENDAR
    from septima.models.incrementality import compare

    backend = connect(memory=MEMORY)
    files = {name: backend.read_parquet(str(folder / f"{name}.parquet")) for name in _TABLES}  # type: ignore[attr-defined]

    def table(name: str) -> ibis.expr.types.Table:
        return files[name]

    request = request_of(table, DEFAULT_CALENDAR, None)
    begun = time.perf_counter()
    sums = arm_sums(request, assigned_customers(request, "x"), Window(30, 90))
    for outcome in ("revenue", "orders", "buyers"):
        compare(sums.moments(outcome, "control"), sums.moments(outcome, "treated"))
    return time.perf_counter() - begun


def _generate(folder: Path, customers: int) -> Path:
    """Write a Parquet file a table; keeps what is there."""
    done = folder / "done"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute("create macro pick(i, salt, n) as (hash(hash(i, salt)) % n)::bigint")
            for name, query in _TABLES.items():
                text = query.format(customers=customers)
                connection.execute(f"copy ({text}) to '{folder / name}.parquet' (format parquet)")
        done.touch()
    return folder


if __name__ == "__main__":
    main()
