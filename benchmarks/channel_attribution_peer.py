"""Attribution by the package `ChannelAttribution`, in a Python of its own that has it and DuckDB."""

import time
from pathlib import Path

import ChannelAttribution
import duckdb

from benchmarks.attribution import MEMORY
from benchmarks.measure import Told, tell

# What Septima calls a path: touches up to 30 days before a purchase, or parted by silences longer than that.
_PATHS = """
    with purchases as (
        select customer_id, ordered_at, sum(revenue) as revenue from orders where status not in ('cancelled', 'returned')
        group by all),
    led as (
        select t.customer_id, t.at, t.channel, p.ordered_at, p.revenue
        from touches t asof left join purchases p on t.customer_id = p.customer_id and p.ordered_at > t.at
        where t.kind in ('clicked', 'visit', 'store_visit', 'call', 'chat', 'meeting')),
    steps as (
        select customer_id, led.at, channel, if(led.at >= ordered_at - interval 30 day, ordered_at, null) as bought_at, revenue,
            coalesce(led.at - lag(led.at) over (partition by customer_id order by led.at) > interval 30 day, false) as silent
        from led),
    parted as (
        select *, sum(silent::int) over (partition by customer_id order by steps.at rows unbounded preceding) as part from steps),
    paths as (
        select string_agg(channel, ' > ' order by parted.at) as path, bought_at is not null as bought, any_value(revenue) as revenue
        from parted group by customer_id, bought_at, if(bought_at is null, part, null))
    select path, count(*) filter (bought) as conversions, coalesce(sum(revenue::double) filter (bought), 0) as revenue,
        count(*) filter (not bought) as nulls
    from paths group by path"""


def _markov(folder: Path) -> Told:
    begun = time.perf_counter()
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(folder / "spill")}) as connection:
        for name in ("touches", "orders"):
            connection.execute(f"create view {name} as from '{folder / name}.parquet'")
        frame = connection.execute(_PATHS).df()
    written = time.perf_counter()
    found = ChannelAttribution.markov_model(
        frame, "path", "conversions", "revenue", "nulls", order=1, verbose=False, flg_pro=False
    )
    seconds = time.perf_counter() - begun
    amounts = found["total_conversions"]
    shares = dict(zip(found["channel_name"], amounts / amounts.sum(), strict=True))
    paths = int(frame["conversions"].sum() + frame["nulls"].sum())
    return {
        "seconds": seconds,
        "strings": written - begun,
        "model": seconds - (written - begun),
        "paths": paths,
        **shares,
    }


if __name__ == "__main__":
    tell({"markov": _markov})
