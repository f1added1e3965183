"""The catalogue's figures by month, as an analyst would write them for DuckDB alone.

`python -m benchmarks.hand_written WORKSPACE` reads the same Parquet files with the same memory; one
query per family, values with the sums that their intervals need.
"""

import sys
from pathlib import Path

import duckdb

from septima.lake.store import Lake, arrow_schema
from septima.lake.tables import LAKE_TABLES
from septima.schema import TABLES

SOLD = "(status is null or status not in ('cancelled', 'returned'))"
QUESTIONS = [f"q{number:02d}" for number in range(1, 12)]

QUERIES = {
    "revenue, average order value, gross margin": f"""
        select date_trunc('month', ordered_at) as month, sum(revenue), sum(revenue::double * revenue::double),
            count(revenue), count(*), count(customer_id), min(currency) <> max(currency),
            sum(revenue) filter (cost is not null), sum(cost) filter (revenue is not null),
            sum(revenue::double * cost::double), sum(cost::double * cost::double) filter (revenue is not null),
            sum(revenue::double * revenue::double) filter (cost is not null),
            count(*) filter (revenue is not null and cost is not null)
        from orders where {SOLD} group by month""",
    "repeat rate": f"""
        with periods as (
            select customer_id, date_trunc('month', ordered_at) as month, count(*) as orders
            from orders where {SOLD} and customer_id is not null group by all
        ), ranked as (select *, row_number() over (partition by customer_id order by month) as rank from periods)
        select month, count(*), count(*) filter (rank = 1 and orders = 1) from ranked group by month""",
    "active customers, churn rate": f"""
        with ordered as (
            select customer_id, ordered_at as "at", lag(ordered_at) over (partition by customer_id order by ordered_at) as before,
                lead(ordered_at) over (partition by customer_id order by ordered_at) as after
            from orders where {SOLD} and customer_id is not null
        ), steps as (
            select customer_id, "at", 1 as step from ordered where before is null or before + interval 90 day < "at"
            union all
            select customer_id, "at" + interval 90 day, -1 from ordered
            where (after is null or "at" + interval 90 day < after) and "at" + interval 90 day <= (select max(ordered_at) from orders)
        ), changes as (
            select customer_id, date_trunc('month', "at") as month, sum(step) as change from steps group by all
        ), by_month as (
            select month, sum(change) as change, count(*) filter (change < 0) as gone from changes group by month
        )
        select month, sum(change) over (order by month) as active, gone from by_month""",
    "open rate, click-through rate": """
        with messages as (
            select campaign_id, customer_id, message_id, channel, min("at") filter (kind = 'delivered') as delivered_at,
                min("at") as first_at, bool_or(kind = 'opened') as opened, bool_or(kind = 'clicked') as clicked, count(*) as touches
            from touches where kind in ('delivered', 'opened', 'clicked') group by all
        )
        select date_trunc('month', coalesce(delivered_at, first_at)) as month, count(delivered_at),
            count(*) filter (delivered_at is not null and opened), count(*) filter (delivered_at is not null and clicked), sum(touches)
        from messages group by month""",
    "cost per order": f"""
        with costs as (
            select date_trunc('month', date) as month, sum(amount) as spent from spend group by month
            union all select date_trunc('month', "at"), sum(cost) from touches where cost is not null group by all
        ), bought as (select date_trunc('month', ordered_at) as month, count(*) as orders from orders where {SOLD} group by month)
        select month, sum(spent) / any_value(orders) from costs full join bought using (month) group by month""",
    "NPS": """
        select date_trunc('month', "at") as month, instrument, count(*) filter (score >= 8), count(*) filter (score < 4), count(*)
        from answers where instrument in ('nps', 'nps_classic') and question = 'recommend' group by all""",
    "CSI": """
        select date_trunc('month', "at") as month, question, avg(score), var_samp(score), count(*)
        from answers where instrument = 'csi' group by all""",
    "CLI": f"""
        with forms as (
            select response_id, min("at") as "at", {", ".join(f"(max(score) filter (question = '{q}') - 1) / 4 as {q}" for q in QUESTIONS)}
            from answers where instrument = 'c11' group by response_id
        ), indices as (
            select *, ({" + ".join(QUESTIONS)}) / 11 as cli from forms
        )
        select date_trunc('month', "at") as month, avg(cli), var_samp(cli), count(cli), count(*),
            {", ".join(f"covar_samp({one}, {other})" for i, one in enumerate(QUESTIONS) for other in QUESTIONS[i:])}
        from indices group by month""",
    "complaints": f"""
        with complained as (select date_trunc('month', opened_at) as month, count(*) as complaints from complaints group by month),
        bought as (select date_trunc('month', ordered_at) as month, count(*) as orders from orders where {SOLD} group by month)
        select month, complaints, 1 - complaints / lag(complaints) over (order by month), 1000 * complaints / orders
        from complained join bought using (month)""",
    "on-time deliveries": """
        select date_trunc('month', promised_at) as month, count(*) filter (delivered_at <= promised_at), count(*)
        from deliveries where status <> 'cancelled' and (delivered_at is not null or status = 'failed'
            or promised_at < (select max(delivered_at) from deliveries)) group by month""",
    "deals": """
        select date_trunc('month', closed_at) as month, count(*) filter (outcome = 'won'), count(*),
            sum(amount) filter (outcome = 'won'), sum(epoch(closed_at) - epoch(opened_at)) filter (outcome = 'won') / 86400,
            sum(amount::double * amount::double) filter (outcome = 'won')
        from deals where outcome in ('won', 'lost') group by month""",
    "incremental revenue": f"""
        with bought as (select customer_id as buyer, ordered_at, revenue from orders where {SOLD}), outcomes as (
            select experiment_id, arm, assigned_at, customer_id, coalesce(sum(revenue), 0)::double as spent
            from assignments left join bought
                on buyer = customer_id and ordered_at >= assigned_at and ordered_at < assigned_at + interval 30 day
            group by all
        )
        select date_trunc('month', assigned_at) as month, experiment_id, arm, avg(spent), var_samp(spent), count(*)
        from outcomes group by all""",
}


def main() -> None:
    lake = Lake.open(Path(sys.argv[1]) / "lake")
    with duckdb.connect(config={"memory_limit": "3GB"}) as connection:
        for name, declared in LAKE_TABLES.items():
            files = lake.files(name)
            if files:
                connection.execute(f'create view "{name}" as select * from read_parquet({files})')
            else:
                connection.register(name, arrow_schema(declared).empty_table())
        for name, query in {**QUERIES, **_trust()}.items():
            print(name, len(connection.execute(query).fetchall()))


def _trust() -> dict[str, str]:
    """Completeness and timeliness: every business column of every table that has a time."""
    cells, rows = [], []
    for name, declared in TABLES.items():
        if declared.time is None:
            continue
        month = f"date_trunc('month', \"{declared.time}\"::timestamp) as month"
        columns = [c for c in declared.column_names if c not in (*declared.key, "properties", "source", "loaded_at")]
        if not columns:
            continue
        filled = " + ".join(f'count("{column}")' for column in columns)
        cells.append(f"select '{name}', {month}, {filled}, {len(columns)} * count(*) from {name} group by all")
        rows.append(
            f"select '{name}', {month}, count(*) filter (loaded_at - \"{declared.time}\"::timestamp <= interval 1 day), count(*) "
            f"from {name} group by all"
        )
    return {"completeness": " union all ".join(cells), "timeliness": " union all ".join(rows)}


if __name__ == "__main__":
    main()
