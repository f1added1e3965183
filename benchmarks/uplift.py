"""The effect of an experiment with CUPED against the plain aggregate query.

Prints a Markdown table. Both get the same Parquet files, the same engine and the same memory. The plain query gives what a
t-test of revenue needs: by arm, customers, the sum of their revenue in the thirty days after the assignment, and the sum
of its squares. Ours gives in its place sums and products of revenue, orders and buyers after it and in the ninety days
before it, with the check of amounts and currencies, and from them the effects, intervals and all.
"""

import sys
import time
from pathlib import Path

import duckdb

from benchmarks.measure import Told, asked, heading, medians, ratios, sizes, tables_of, tell, written

MEMORY = "4GB"
START = "timestamp '2026-03-01'"
BOUND = 1.3
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


def report(folder: Path, customers: int, runs: int) -> None:
    """Print the table, line by line."""
    print(heading("customers", "plain aggregate, s", "with CUPED, s", "with CUPED ÷ plain", "memory, MB"))
    for size in sizes(customers):
        queries = {name: query.format(customers=size) for name, query in _TABLES.items()}
        source = written(folder / f"uplift-{size}", queries)
        found: dict[str, list[Told]] = {mode: [] for mode in _MODES}
        for _ in range(runs):
            for mode in _MODES:
                found[mode].append(asked(sys.executable, "uplift", mode, source))
        plain, ours = medians(found["plain"]), medians(found["ours"])
        print(
            f"| {size:,} | {plain['seconds']:.2f} | {ours['seconds']:.2f} | {ratios(found['ours'], found['plain'])} "
            f"| {ours['memory']:,.0f} |",
            flush=True,
        )
    print(f"\nBound: {BOUND} × the plain aggregate at the largest size.")


def _plain(folder: Path) -> Told:
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(folder / "spill")}) as connection:
        for name in _TABLES:
            connection.execute(f"create view {name} as from '{folder / name}.parquet'")
        begun = time.perf_counter()
        connection.execute(_PLAIN).fetchall()
        return {"seconds": time.perf_counter() - begun}


def _ours(folder: Path) -> Told:
    from septima.metrics.compute import request_of
    from septima.metrics.experiment_outcomes import Window, arm_sums, assigned_customers
    from septima.metrics.period import DEFAULT_CALENDAR
    from septima.models.incrementality import compare

    request = request_of(tables_of(folder, MEMORY), DEFAULT_CALENDAR, None)
    begun = time.perf_counter()
    sums = arm_sums(request, assigned_customers(request, "x"), Window(30, 90))
    for outcome in ("revenue", "orders", "buyers"):
        compare(sums.moments(outcome, "control"), sums.moments(outcome, "treated"))
    return {"seconds": time.perf_counter() - begun}


_MODES = {"plain": _plain, "ours": _ours}

if __name__ == "__main__":
    tell(_MODES)
