"""Attribution by a Markov chain of order 1 against the package `ChannelAttribution`, from touches and orders in Parquet files on.

Prints Markdown tables. Paths have five touches on average, and two are made by a customer, half a year apart; the files are in
order of time. Ours finds paths in the engine, counts steps by groups of customers, solves the chain and gives intervals, as
the command does. The peer's paths are written out as strings by a query of DuckDB with the same memory and threads, grouped,
and handed to its function.
"""

import sys
import time
from pathlib import Path

from benchmarks.measure import Told, asked, heading, medians, ratios, sizes, tables_of, tell, written

MEMORY = "3GB"
CHANNELS = ("search", "email", "social", "display", "direct", "affiliate", "store", "call")
_PATH = """
    select p, 'c' || p % ({paths} // 2) as customer_id, pick(p, 5, 1000) < 300 as converts,
        least(1 + floor(-4.56 * ln((1 + pick(p, 1, 1000000)) / 1000001))::int, 25) as steps,
        timestamp '2025-01-01' + interval (p // ({paths} // 2) * 180) day + interval (pick(p, 2, 60 * 86400)) second as begins
    from range({paths}) paths(p)"""
_TABLES = {
    # Some channels come more often than others, and which come next depends on the one before.
    "touches": f"""
        select 't' || p || '-' || k as touch_id, customer_id, begins + interval (k * 86400 + pick(p * 32 + k, 3, 80000)) second as at,
            {list(CHANNELS)}[1 + (pick(p, 6, 5) + pick(p * 32 + k, 4, 4)) % {len(CHANNELS)}] as channel,
            true as online, 'visit' as kind
        from ({_PATH}), unnest(range(steps)) steps(k)
        order by 3""",
    # The order of the stranger comes late, so that the window of every path has run out.
    "orders": f"""
        select 'o' || p as order_id, customer_id, begins + interval (steps * 86400) second as ordered_at, 'paid' as status,
            (100 + pick(p, 7, 900000) / 100)::decimal(18, 4) as revenue, 'RUB' as currency
        from ({_PATH}) where converts
        union all select 'last', 'stranger', timestamp '2026-01-01', 'paid', 100::decimal(18, 4), 'RUB'
        order by 3""",
    "assignments": "select null::varchar as experiment_id, null::varchar as customer_id, null::varchar as arm, null::timestamp as assigned_at from range(0)",
}
_STEPS_A_PATH = 5


def report(folder: Path, touches: int, runs: int, peer: str | None) -> None:
    """Print the table, line by line; `peer` is a Python that has `ChannelAttribution` and DuckDB."""
    theirs = ("path strings, s", "`markov_model`, s", "`ChannelAttribution` in all, s", "processor, s", "memory, MB")
    compared = (*theirs, "its time ÷ ours") if peer else ()
    print(heading("touches", "paths", "ours, s", "processor, s", "memory, MB", *compared))
    for size in sizes(touches):
        paths = size // _STEPS_A_PATH
        queries = {name: query.format(paths=paths) for name, query in _TABLES.items()}
        source = written(folder / f"attribution-{size}", queries)
        ours, peers = [], []
        for _ in range(runs):
            ours.append(asked(sys.executable, "attribution", "markov", source))
            if peer:
                peers.append(asked(peer, "channel_attribution_peer", "markov", source))
        one = medians(ours)
        line = f"| {one['touches']:,.0f} | {one['paths']:,.0f} | {one['seconds']:.2f} | {one['processor']:.2f} | {one['memory']:,.0f} |"
        if peers:
            other = medians(peers)
            parts = " | ".join(f"{other[name]:.2f}" for name in ("strings", "model", "seconds", "processor"))
            line += f" {parts} | {other['memory']:,.0f} | {ratios(peers, ours)} |"
            apart = max(abs(one[name] - other[name]) for name in CHANNELS)
            print(
                f"paths: {one['paths']:,.0f} and {other['paths']:,.0f}; shares of channels differ by {apart:.2%} at most",
                file=sys.stderr,
            )
        print(line, flush=True)
    print("\nBound at the largest size: faster than `ChannelAttribution`.")


def _markov(folder: Path) -> Told:
    from septima.metrics.attribution import attribute
    from septima.metrics.compute import request_of
    from septima.metrics.period import DEFAULT_CALENDAR

    request = request_of(tables_of(folder, MEMORY), DEFAULT_CALENDAR, None)
    begun, processor = time.perf_counter(), time.process_time()
    found = attribute(request, methods=["markov"], order=1)
    taken = {"seconds": time.perf_counter() - begun, "processor": time.process_time() - processor}
    frame = found["markov"].frame()
    amounts = frame["conversions"].astype(float)
    shares = dict(zip(frame["channel"], amounts / amounts.sum(), strict=True))
    paths = found.coverage.converted + found.coverage.nulls
    return {**taken, "paths": paths, "touches": int(found.members["touches"].sum()), **shares}


if __name__ == "__main__":
    tell({"markov": _markov})
