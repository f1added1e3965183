"""Make big source files: `python -m benchmarks.generate FOLDER ORDERS`.

Per ten orders there are one customer and fifty touches; three years, uniform. The rows are plain
on purpose: the benchmark times the path, not the simulation of a company. `day.yaml` loads one day more,
with a thousandth part of the rows of each table, which is what a day brings.
"""

import sys
from pathlib import Path

import duckdb

DAYS = 1096
START = "timestamp '2023-10-01'"

# Instrument, question, the least grade and the number of grades: what one questionnaire asks.
_QUESTIONS = (
    ("nps", "recommend", 1, 10),
    ("nps", "buy_again", 1, 10),
    ("nps_classic", "recommend", 0, 11),
    *(("c11", f"q{number:02d}", 1, 5) for number in range(1, 12)),
    *(("csi", question, 1, 5) for question in ("overall", "price", "service", "delivery")),
    *(("feelings", question, 1, 5) for question in ("expectation", "experience")),
    *(("rapid", question, 0, 11) for question in ("r1", "a1", "p1")),
    ("index", "brand", 0, 101),
)


def _listed(part: int) -> str:
    return str([question[part] for question in _QUESTIONS])


_TABLES = {
    "customers": """
        select 'c' || i as customer_id, {moment} as created_at,
            ['retail', 'premium', 'business'][1 + pick(i, 2, 3)] as segment,
            ['north', 'south', 'east', 'west'][1 + pick(i, 3, 4)] as region,
            ['search', 'social', 'friend'][1 + pick(i, 4, 3)] as acquisition_channel,
            if(pick(i, 4, 3) = 2, 'c' || pick(i, 5, {customers}), null) as referrer_id,
            if(pick(i, 6, 10) > 0, 'c' || i || '@example.com', null) as email
        from range({first_customer}, {customers}) rows(i)""",
    "orders": """
        select 'o' || i as order_id, 'c' || pick(i, 1, {customers}) as customer_id, {moment} as ordered_at,
            ['web', 'app', 'store', 'call_centre'][1 + pick(i, 3, 4)] as channel, pick(i, 3, 4) < 2 as online,
            ['paid', 'completed', 'completed', 'completed', 'cancelled', 'returned'][1 + pick(i, 4, 6)] as status,
            (100 + pick(i, 5, 900000) / 100)::decimal(18, 4) as revenue,
            (50 + pick(i, 6, 400000) / 100)::decimal(18, 4) as cost, (pick(i, 10, 5) * 10)::decimal(18, 4) as discount,
            'RUB' as currency, if(pick(i, 7, 5) = 0, 'k' || pick(i, 8, 60), null) as campaign_id,
            'e' || pick(i, 9, 200) as employee_id
        from range({first} * 10, {last} * 10) rows(i)""",
    "order_items": """
        select 'o' || i as order_id, '1' as line, 'p' || pick(i, 1, 500) as product_id, 1::decimal(18, 4) as quantity,
            (100 + pick(i, 5, 900000) / 100)::decimal(18, 4) as price, (50 + pick(i, 6, 400000) / 100)::decimal(18, 4) as cost,
            'RUB' as currency
        from range({first} * 10, {last} * 10) rows(i)""",
    "products": "select 'p' || i as product_id, 'Product ' || i as name, 'group ' || i % 12 as category from range(500) rows(i)",
    # Nine in ten are messages with all that follows them, the rest what customers do; few messages are refused.
    "touches": """
        select 't' || i as touch_id, 'c' || pick(batch(i // 4), 1, {customers}) as customer_id,
            {start} + interval ({from_second} + pick(batch(i // 4), 2, {seconds}) + pick(i, 5, 3600)) second as at,
            'email' as channel, true as online, 'out' as direction, null as department, null as topic,
            ['sent', 'delivered', 'opened', 'clicked'][1 + i % 4] as kind,
            'k' || pick(i // 4, 3, 60) as campaign_id, 'm' || i // 4 as message_id, true as promotional, null as employee_id,
            null as cost, null as currency
        from range({first} * 64, {last} * 64) rows(i) where pick(i, 4, 10) < 5 + (4 - i % 4)
        union all
        select 'v' || i, 'c' || pick(i, 1, {customers}), {moment}, ['web', 'store', 'call_centre', 'chat'][1 + pick(i, 3, 4)],
            pick(i, 3, 4) in (0, 3), 'in', ['shop', 'stores', 'support', 'support'][1 + pick(i, 3, 4)],
            ['delivery', 'payment', 'returns'][1 + pick(i, 4, 3)],
            ['visit', 'store_visit', 'call', 'chat'][1 + pick(i, 3, 4)], null, null, false,
            if(pick(i, 3, 4) > 1, 'e' || pick(i, 5, 200), null), if(pick(i, 3, 4) = 2, 15::decimal(18, 4), null), 'RUB'
        from range({first} * 5, {last} * 5) rows(i)
        union all
        select 'r' || i, 'c' || pick(i * 8, 1, {customers}),
            {start} + interval ({from_second} + pick(i * 8, 2, {seconds}) + pick(i, 5, 7200)) second,
            'email', true, 'in', null, null, ['bounced', 'unsubscribed', 'complained'][1 + i % 3],
            'k' || pick(i * 8, 3, 60), 'm' || i * 8, true, null, null, null
        from range({first} * 2, {last} * 2) rows(i)""",
    "campaigns": "select 'k' || i as campaign_id, 'Campaign ' || i as name, 'email' as channel from range(60) rows(i)",
    "spend": """
        select ({start} + interval (i) day)::date as date, 'email' as channel, 'k' || i % 60 as campaign_id,
            (1000 + pick(i, 1, 5000))::decimal(18, 4) as amount, 'RUB' as currency
        from range({first_day}, {last_day}) rows(i)""",
    "assignments": """
        select 'x' || pick(i, 1, 12) as experiment_id, 'c' || i as customer_id,
            if(pick(i, 2, 20) = 0, 'control', 'treated') as arm,
            {assigned} as assigned_at
        from range({first_customer}, {customers}) rows(i)""",
    "answers": f"""
        select 'a' || i as answer_id, 'r' || i // {len(_QUESTIONS)} as response_id,
            {_listed(0)}[1 + i % {len(_QUESTIONS)}] as instrument, {_listed(1)}[1 + i % {len(_QUESTIONS)}] as question,
            'c' || pick(i // {len(_QUESTIONS)}, 1, {{customers}}) as customer_id,
            ({_listed(2)}[1 + i % {len(_QUESTIONS)}] + pick(i, 2, {_listed(3)}[1 + i % {len(_QUESTIONS)}]))::double as score,
            {{start}} + interval ({{from_second}} + pick(i // {len(_QUESTIONS)}, 3, {{seconds}})) second as at,
            'web' as channel, 'support' as department
        from range({{first}} * 12, {{last}} * 12) rows(i)""",
    "complaints": """
        select 'p' || i as complaint_id, 'c' || pick(i, 1, {customers}) as customer_id, {moment} as opened_at,
            if(pick(i, 7, 20) > 0, opened_at + interval (pick(i, 3, 30)) hour, null) as responded_at,
            if(pick(i, 7, 20) > 0, opened_at + interval (pick(i, 4, 200)) hour, null) as closed_at,
            'support' as department, 'web' as channel, ['late', 'broken'][1 + pick(i, 5, 2)] as category,
            pick(i, 6, 10) = 0 as reopened, 'o' || i * 50 as order_id
        from range({first} // 5, {last} // 5) rows(i)""",
    "calls": """
        select 'l' || i as call_id, 'c' || pick(i, 1, {customers}) as customer_id, {moment} as at,
            pick(i, 3, 90)::double as waited_s, pick(i, 4, 600)::double as talked_s, pick(i, 5, 10) > 0 as answered,
            pick(i, 6, 4) > 0 as resolved, 'support' as department, 'e' || pick(i, 7, 200) as employee_id
        from range({first} * 2, {last} * 2) rows(i)""",
    "deliveries": """
        select 'd' || i as delivery_id, 'o' || i * 2 as order_id, 'c' || pick(i, 1, {customers}) as customer_id,
            {moment} as promised_at,
            if(pick(i, 7, 50) > 0, promised_at + interval (pick(i, 3, 100) - 90) hour, null) as delivered_at,
            if(pick(i, 7, 50) > 0, 'delivered', 'failed') as status, pick(i, 4, 40) > 0 as in_full, pick(i, 5, 80) > 0 as intact,
            ['fast', 'cheap'][1 + pick(i, 6, 2)] as carrier
        from range({first} * 5, {last} * 5) rows(i)""",
    "deals": """
        select 'l' || i as deal_id, 'c' || pick(i, 1, {customers}) as customer_id, {moment} as opened_at,
            if(pick(i, 6, 10) > 0, opened_at + interval (1 + pick(i, 3, 90)) day, null) as closed_at,
            (1000 + pick(i, 4, 90000))::decimal(18, 4) as amount, 'RUB' as currency,
            if(pick(i, 6, 10) > 0, ['won', 'lost'][1 + pick(i, 5, 2)], 'open') as outcome
        from range({first} // 10, {last} // 10) rows(i)""",
    "deal_stages": """
        select 'l' || i // 3 as deal_id, ['lead', 'proposal', 'negotiation'][1 + i % 3] as stage,
            {start} + interval ({from_second} + pick(i // 3, 2, {seconds})) second + interval (i % 3 * 10) day as entered_at,
            entered_at + interval (1 + pick(i, 3, 10)) day as left_at
        from range({first} // 10 * 3, {last} // 10 * 3) rows(i)""",
    "employees": """
        select 'e' || i as employee_id, ['support', 'shop', 'stores'][1 + i % 3] as department, 'agent' as role,
            {start} + interval (pick(i, 1, 900)) day as hired_at, if(i % 9 = 0, hired_at + interval 150 day, null) as left_at
        from range(200) rows(i)""",
    "trainings": """
        select 'e' || i % 200 as employee_id, 'course ' || i // 200 as course, {start} + interval (pick(i, 1, 1000)) day as planned_at,
            planned_at + interval (pick(i, 2, 9) - 7) day as completed_at, pick(i, 3, 100) / 100 as score
        from range(2000) rows(i)""",
    "process_steps": """
        select 'fulfilment' as process, 'f' || i // 3 as case_id, ['pick', 'carry', 'confirm'][1 + i % 3] as step,
            'c' || pick(i // 3, 1, {customers}) as customer_id, ['stores', 'delivery', 'shop'][1 + i % 3] as department,
            {start} + interval ({from_second} + pick(i // 3, 2, {seconds})) second + interval (i % 3) day as due_at,
            due_at + interval (pick(i, 3, 30) - 26) hour as done_at
        from range({first}, {last}) rows(i)""",
    "milestones": """
        select 'g' || i as milestone_id, ['plan', 'decision', 'goal'][1 + i % 3] as kind, {start} + interval (i * 3) day as planned_at,
            planned_at + interval (pick(i, 1, 9) - 7) day as done_at
        from range(360) rows(i)""",
    "accesses": """
        select 'e' || pick(i * 2, 7, 200) as employee_id, 'c' || pick(i * 2, 1, {customers}) as customer_id,
            {start} + interval ({from_second} + pick(i * 2, 2, {seconds}) - pick(i, 3, 100000)) second as at
        from range({first}, {last}) rows(i)""",
    "ledger": """
        select ({start} + interval (i // 3) day)::date as date, ['revenue', 'cost_of_goods', 'payroll'][1 + i % 3] as account,
            (1000 + pick(i, 1, 5000))::decimal(18, 4) as amount, 'RUB' as currency
        from range({first_day} * 3, {last_day} * 3) rows(i)""",
}
MOMENT = "{start} + interval ({from_second} + pick(i, 2, {seconds})) second"


def generate(folder: Path, orders: int) -> Path:
    """Write one Parquet file a table, `orders.csv`, the same of one day more, and the mappings; keeps what is there."""
    done = folder / "done"
    if done.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    tens = orders // 10
    whole = {
        "start": START, "first": 0, "last": tens, "first_customer": 0, "customers": tens,
        "from_second": 0, "seconds": DAYS * 86_400, "first_day": 0, "last_day": DAYS,
        "assigned": f"{START} + interval (30 * (pick(i, 1, 12) + 25)) day",
    }  # fmt: skip
    more = max(tens // 1000, 10)
    day = {
        **whole, "first": tens, "last": tens + more, "first_customer": tens, "customers": tens + more,
        "from_second": DAYS * 86_400, "seconds": 80_000, "first_day": DAYS, "last_day": DAYS + 1,
        "assigned": f"{START} + interval {DAYS} day",
    }  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute("create macro pick(i, salt, n) as (hash(hash(i, salt)) % n)::bigint")
        # One message in sixteen comes with seven others to the same customer.
        connection.execute("create macro batch(i) as if(pick(i // 8, 8, 16) = 0, i // 8 * 8, i)")
        for sizes, kind in ((whole, ""), (day, "day-")):
            for table, query in _TABLES.items():
                path = folder / f"{kind}{table}.parquet"
                text = query.replace("{moment}", MOMENT).format(**sizes)
                connection.execute(f"copy ({text}) to '{path}' (format parquet)")
        connection.execute(f"copy (from '{folder / 'orders.parquet'}') to '{folder / 'orders.csv'}' (header)")
        columns = {
            table: [
                column[0] for column in connection.execute(f"from '{folder / table}.parquet' limit 0").description or ()
            ]
            for table in _TABLES
        }
    _write_mapping(folder / "all.yaml", {f"{table}.parquet": (table, names) for table, names in columns.items()})
    _write_mapping(folder / "day.yaml", {f"day-{table}.parquet": (table, names) for table, names in columns.items()})
    _write_mapping(folder / "orders.yaml", {"orders.parquet": ("orders", columns["orders"])})
    _write_mapping(folder / "orders_csv.yaml", {"orders.csv": ("orders", columns["orders"])})
    done.touch()
    return folder


def _write_mapping(path: Path, files: dict[str, tuple[str, list[str]]]) -> None:
    lines = ["source: benchmark", "files:"]
    for file, (table, columns) in files.items():
        lines += [f"  - file: {file}", "    tables:", f"      {table}:", "        columns:"]
        lines += [f"          {column}: {column}" for column in columns]
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    generate(Path(sys.argv[1]), int(sys.argv[2]))
