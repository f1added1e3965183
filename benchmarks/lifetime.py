"""Lifetime value against the package `lifetimes`, from orders in a Parquet file on.

Prints Markdown tables. Customers buy and leave as the Pareto/NBD says, ten orders each on average; the file is in order
of time. The summary by customer, BG/NBD and Gamma-Gamma are what both do; beside it stand the fit of the Pareto/NBD, the
whole of `lifetime_value` by BG/NBD, as the command runs it, and the predictions of every customer with intervals.
"""

import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import Told, asked, heading, medians, peak_memory, ratios, sizes, tables_of, tell, written

MEMORY = "1GB"
DAYS = 1096
BOUNDS = "Bounds at the largest size: a fiftieth of the time of `lifetimes`, the Pareto/NBD under 10 × the BG/NBD, memory under 2,000 MB."
_START = np.datetime64("2023-10-01", "us")
_CHUNK = 200_000
_ORDERS_A_CUSTOMER = 10
_STEPS = ("summary, s", "BG/NBD, s", "Gamma-Gamma, s", "all, s", "processor, s", "memory, MB")
_OTHERS = {
    "customers": "select 'c' || i as customer_id, timestamp '2023-10-01' as created_at from range({customers}) rows(i)",
    "spend": "select null::date as date, null::decimal(18, 4) as amount from range(0)",
    "touches": "select null::timestamp as at, null::decimal(18, 4) as cost from range(0)",
}


def report(folder: Path, orders: int, runs: int, peer: str | None) -> None:
    """Print the tables; `peer` is a Python that has `lifetimes`."""
    fits = [heading("customers", "orders", "groups", *_STEPS)]
    others = [heading("customers", "Pareto/NBD, s", "÷ BG/NBD", "`lifetime_value`, s", "memory, MB")]
    predicted = [heading("customers", "predictions with intervals, s", "customers/s", "memory, MB")]
    theirs = [heading("customers", *_STEPS, "its time ÷ ours")]
    for size in sizes(orders // _ORDERS_A_CUSTOMER):
        source = _generate(folder / f"lifetime-{size}", size)
        ours, peers = [], []
        for _ in range(runs):  # in turn, so that what else the machine does falls on both
            ours.append(asked(sys.executable, "lifetime", "fits", source))
            if peer:
                peers.append(asked(peer, "lifetimes_peer", "fits", source))
        one = medians(ours)
        fits.append(f"| {size:,} | {one['orders']:,.0f} | {one['groups']:,.0f} | {_steps(one)} |")
        whole = medians([asked(sys.executable, "lifetime", "whole", source) for _ in range(runs)])
        others.append(
            f"| {size:,} | {one['pareto_nbd']:.2f} | {one['pareto_nbd'] / one['bg_nbd']:.1f} | {whole['seconds']:.1f} "
            f"| {whole['memory']:,.0f} |"
        )
        told = asked(sys.executable, "lifetime", "predictions", source)
        speed = told["customers"] / told["seconds"]
        predicted.append(f"| {size:,} | {told['seconds']:.1f} | {speed:,.0f} | {told['memory']:,.0f} |")
        if peers:
            other = medians(peers)
            theirs.append(f"| {size:,} | {_steps(other)} | {ratios(peers, ours)} |")
            _compare(one, other)
        print(f"{size:,} customers: done", file=sys.stderr, flush=True)
    tables = [fits, *([theirs] if peer else []), others, predicted]
    print("\n\n".join("\n".join(table) for table in tables))
    print(f"\n{BOUNDS}")


def _steps(told: Told) -> str:
    """The columns of _STEPS."""
    seconds = (f"{told[name]:.2f}" for name in ("summary", "bg_nbd", "gamma_gamma", "seconds", "processor"))
    return " | ".join((*seconds, f"{told['memory']:,.0f}"))


def _compare(ours: Told, theirs: Told) -> None:
    """Say how far the parameters are apart: a quicker fit of something else would be no gain."""
    names = [name for name in theirs if name in ours and name.removeprefix("spend_") in _PARAMETERS]
    apart = max(abs(ours[name] / theirs[name] - 1) for name in names)
    print(f"parameters differ by {apart:.2%} at most: {', '.join(names)}", file=sys.stderr, flush=True)


_PARAMETERS = ("r", "alpha", "a", "b", "p", "q")


def _fits(folder: Path) -> Told:
    """Seconds of each part, from the orders on."""
    from septima.metrics.compute import request_of
    from septima.metrics.lifetime_summary import LifetimeSettings, grouped_customers, span
    from septima.metrics.period import DEFAULT_CALENDAR
    from septima.models.lifetime import fit_bg_nbd, fit_gamma_gamma, fit_pareto_nbd

    request = request_of(tables_of(folder, MEMORY), DEFAULT_CALENDAR, None)
    begun, processor = time.perf_counter(), time.process_time()
    found = span(request, None)
    if found is None:
        sys.exit("there are no orders")
    customers, spending = grouped_customers(request, LifetimeSettings(), found, found.last, fine=False)
    summed = time.perf_counter()
    histories = (customers.frequency, customers.recency, customers.age)
    bought = fit_bg_nbd(*histories, counts=customers.counts)
    fitted = time.perf_counter()
    spent = fit_gamma_gamma(spending.frequency, spending.value, spending.counts)
    ended = time.perf_counter()
    processor, memory = time.process_time() - processor, peak_memory()
    fit_pareto_nbd(*histories, counts=customers.counts)
    return {
        "orders": found.orders,
        "groups": len(customers),
        "summary": summed - begun,
        "bg_nbd": fitted - summed,
        "gamma_gamma": ended - fitted,
        "seconds": ended - begun,
        "processor": processor,
        "memory": memory,
        "pareto_nbd": time.perf_counter() - ended,
        **bought.params,
        **{f"spend_{name}": value for name, value in spent.params.items()},
    }


def _whole(folder: Path) -> Told:
    from septima.metrics.lifetime import lifetime_value

    begun = time.perf_counter()
    lifetime_value(tables_of(folder, MEMORY), methods=["bg_nbd"])
    return {"seconds": time.perf_counter() - begun}


def _predictions(folder: Path) -> Told:
    """Fit the Pareto/NBD and predict every customer; the batches are written as a workspace writes them."""
    from septima.metrics.lifetime import LifetimeSettings, predict_customers

    begun = time.perf_counter()
    predicted = predict_customers(tables_of(folder, MEMORY), LifetimeSettings(margin=0.4), method="pareto_nbd")
    number = 0
    with tempfile.TemporaryDirectory() as scratch:
        writer = None
        for batch in predicted.batches:
            writer = writer or pq.ParquetWriter(Path(scratch) / "predictions.parquet", batch.schema)
            writer.write_batch(batch)
            number += len(batch)
        if writer is not None:
            writer.close()
    return {"seconds": time.perf_counter() - begun, "customers": number}


def _generate(folder: Path, customers: int) -> Path:
    """Write the orders of simulated customers in order of time; keeps what is there."""
    if (folder / "done").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(7)
    drawn = folder / "drawn"
    with pq.ParquetWriter(drawn, _SCHEMA) as writer:
        for first in range(0, customers, _CHUNK):
            writer.write_table(_orders(random, first, min(_CHUNK, customers - first)).cast(_SCHEMA))
    with duckdb.connect(config={"memory_limit": "4GB", "temp_directory": str(folder / "spill")}) as connection:
        connection.execute(
            f"copy (from read_parquet('{drawn}') order by ordered_at) to '{folder / 'orders'}.parquet' (format parquet)"
        )
    drawn.unlink()
    return written(folder, {name: query.format(customers=customers) for name, query in _OTHERS.items()})


_SCHEMA = pa.schema(
    [
        ("order_id", pa.string()),
        ("customer_id", pa.string()),
        ("ordered_at", pa.timestamp("us")),
        ("status", pa.string()),
        ("revenue", pa.decimal128(18, 4)),
        ("cost", pa.decimal128(18, 4)),
        ("currency", pa.string()),
    ]
)


def _orders(random: np.random.Generator, first: int, number: int) -> pa.Table:
    """Rates Gamma(0.9, 38 days), lifetimes Pareto(1.2, 900 days), spend Gamma-Gamma(6, 4): some nine repeat purchases on average."""
    born = random.integers(0, DAYS, number).astype(np.float64)
    stays = np.minimum(random.exponential(1 / random.gamma(1.2, 1 / 900, number)), DAYS - born)
    repeat = random.poisson(random.gamma(0.9, 1 / 38, number) * stays)
    who = np.repeat(np.arange(number), repeat + 1)
    opening = np.concatenate([[True], who[1:] != who[:-1]])
    moment = born[who] + np.where(opening, 0.0, random.uniform(0, 1, len(who)) * stays[who])
    amount = random.gamma(6, 1 / random.gamma(4, 1 / 2000, number)[who]) + 0.01
    at = _START + (moment * 86_400_000_000).astype("timedelta64[us]")
    revenue = pa.array(np.round(amount, 2)).cast(pa.string()).cast(pa.decimal128(18, 4))
    return pa.table(
        {
            "order_id": pa.array(np.char.add(f"o{first}-", np.arange(len(who)).astype(str))),
            "customer_id": pa.array(np.char.add("c", (first + who).astype(str))),
            "ordered_at": pa.array(at),
            "status": pa.repeat("completed", len(who)),
            "revenue": revenue,
            "cost": pa.nulls(len(who), pa.decimal128(18, 4)),
            "currency": pa.repeat("RUB", len(who)),
        }
    )


if __name__ == "__main__":
    tell({"fits": _fits, "whole": _whole, "predictions": _predictions})
