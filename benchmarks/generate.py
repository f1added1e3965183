"""Make big source files: `python -m benchmarks.generate FOLDER ORDERS`.

Per ten orders there are one customer and twenty touches; three years, uniform. The rows are plain
on purpose: the benchmark times the path, not the simulation of a company.
"""

import sys
from pathlib import Path

import duckdb

DAYS = 1096
START = "timestamp '2023-10-01'"

_TABLES = {
    "customers": """
        select 'c' || i as customer_id, {start} + interval (pick(i, 1, {seconds})) second as created_at,
            ['retail', 'premium', 'business'][1 + pick(i, 2, 3)] as segment,
            ['north', 'south', 'east', 'west'][1 + pick(i, 3, 4)] as region,
            ['search', 'social', 'friend'][1 + pick(i, 4, 3)] as acquisition_channel
        from range({customers}) rows(i)""",
    "orders": """
        select 'o' || i as order_id, 'c' || pick(i, 1, {customers}) as customer_id,
            {start} + interval (pick(i, 2, {seconds})) second as ordered_at,
            ['web', 'app', 'store', 'call_centre'][1 + pick(i, 3, 4)] as channel, pick(i, 3, 4) < 2 as online,
            ['paid', 'completed', 'completed', 'completed', 'cancelled'][1 + pick(i, 4, 5)] as status,
            (100 + pick(i, 5, 900000) / 100)::decimal(18, 4) as revenue,
            (50 + pick(i, 6, 400000) / 100)::decimal(18, 4) as cost, 'RUB' as currency,
            if(pick(i, 7, 5) = 0, 'k' || pick(i, 8, 60), null) as campaign_id, 'e' || pick(i, 9, 200) as employee_id
        from range({orders}) rows(i)""",
    "touches": """
        select 't' || i as touch_id, 'c' || pick(i // 4, 1, {customers}) as customer_id,
            {start} + interval (pick(i // 4, 2, {seconds})) second as at, 'email' as channel, true as online,
            'out' as direction, ['sent', 'delivered', 'opened', 'clicked'][1 + i % 4] as kind,
            'k' || pick(i // 4, 3, 60) as campaign_id, 'm' || i // 4 as message_id, true as promotional
        from range({touches}) rows(i) where pick(i, 4, 10) < 5 + (4 - i % 4)""",
    "campaigns": "select 'k' || i as campaign_id, 'Campaign ' || i as name, 'email' as channel from range(60) rows(i)",
    "spend": """
        select ({start} + interval (i) day)::date as date, 'email' as channel, 'k' || i % 60 as campaign_id,
            (1000 + pick(i, 1, 5000))::decimal(18, 4) as amount, 'RUB' as currency from range({days}) rows(i)""",
    "assignments": """
        select 'x' || pick(i, 1, 12) as experiment_id, 'c' || i as customer_id,
            if(pick(i, 2, 20) = 0, 'control', 'treated') as arm,
            {start} + interval (30 * (pick(i, 1, 12) + 12)) day as assigned_at from range({customers}) rows(i)""",
    "answers": """
        select 'a' || i as answer_id, 'r' || i // 12 as response_id, ['nps', 'c11'][1 + (i % 12 > 0)::int] as instrument,
            if(i % 12 = 0, 'recommend', 'q' || lpad((i % 12)::varchar, 2, '0')) as question,
            'c' || pick(i // 12, 1, {customers}) as customer_id,
            if(i % 12 = 0, 1 + pick(i, 2, 10), 1 + pick(i, 2, 5))::double as score,
            {start} + interval (pick(i // 12, 3, {seconds})) second as at, 'web' as channel, 'support' as department
        from range({orders} // 5) rows(i)""",
    "complaints": """
        select 'p' || i as complaint_id, 'c' || pick(i, 1, {customers}) as customer_id,
            {start} + interval (pick(i, 2, {seconds})) second as opened_at, 'support' as department
        from range({orders} // 50) rows(i)""",
    "deliveries": """
        select 'd' || i as delivery_id, 'o' || i * 2 as order_id, 'c' || pick(i, 1, {customers}) as customer_id,
            {start} + interval (pick(i, 2, {seconds})) second as promised_at,
            promised_at + interval (pick(i, 3, 100) - 90) hour as delivered_at, 'delivered' as status
        from range({orders} // 2) rows(i)""",
    "deals": """
        select 'l' || i as deal_id, 'c' || pick(i, 1, {customers}) as customer_id,
            {start} + interval (pick(i, 2, {seconds})) second as opened_at,
            opened_at + interval (1 + pick(i, 3, 90)) day as closed_at,
            (1000 + pick(i, 4, 90000))::decimal(18, 4) as amount, 'RUB' as currency,
            ['won', 'lost'][1 + pick(i, 5, 2)] as outcome
        from range({orders} // 100) rows(i)""",
}


def generate(folder: Path, orders: int) -> Path:
    """Write one Parquet file a table, `orders.csv`, and the mappings; returns the folder. Keeps what is there."""
    done = folder / "done"
    if done.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {
        "start": START, "days": DAYS, "seconds": DAYS * 86_400,
        "orders": orders, "customers": orders // 10, "touches": orders * 2 * 10 // 7,
    }  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute("create macro pick(i, salt, n) as (hash(i, salt) % n)::bigint")
        for table, query in _TABLES.items():
            path = folder / f"{table}.parquet"
            connection.execute(f"copy ({query.format(**sizes)}) to '{path}' (format parquet)")
        connection.execute(f"copy (from '{folder / 'orders.parquet'}') to '{folder / 'orders.csv'}' (header)")
        columns = {
            table: connection.execute(f"from '{folder / table}.parquet' limit 0").description for table in _TABLES
        }
    mapping = ["source: benchmark", "files:"]
    for table, described in columns.items():
        mapping += [f"  - file: {table}.parquet", "    tables:", f"      {table}:", "        columns:"]
        mapping += [f"          {column[0]}: {column[0]}" for column in described]
        text = "\n".join(["source: benchmark", "files:", *mapping[-(4 + len(described)) :], ""])
        (folder / f"{table}.yaml").write_text(text, encoding="utf-8")
    (folder / "all.yaml").write_text("\n".join([*mapping, ""]), encoding="utf-8")
    text = (folder / "orders.yaml").read_text(encoding="utf-8").replace("orders.parquet", "orders.csv")
    (folder / "orders_csv.yaml").write_text(text, encoding="utf-8")
    done.touch()
    return folder


if __name__ == "__main__":
    generate(Path(sys.argv[1]), int(sys.argv[2]))
