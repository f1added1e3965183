"""Small canonical tables in DuckDB, written as rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from septima.lake.resolved import resolved_tables, unresolved_tables
from septima.lake.tables import LAKE_TABLES
from septima.metrics import Grain, compute, find_metric
from septima.schema import TABLES, Column

Rows = Mapping[str, Iterable[Mapping[str, Any]]]
Tables = Callable[[str], ir.Table]

ARROW_TYPES = {
    "string": pa.string(),
    "json": pa.string(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "decimal": pa.decimal128(18, 4),
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
}
LOADED_AT = datetime.fromisoformat("2026-01-01")
_COMMON = {"source": "test", "loaded_at": LOADED_AT}


def _value(column: Column, value: Any) -> Any:
    if column.type == "timestamp" and isinstance(value, str):
        return datetime.fromisoformat(value)
    if column.type == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    if column.type == "decimal" and value is not None:
        return Decimal(str(value))
    return value


def arrow_tables(rows: Rows) -> dict[str, pa.Table]:
    """Every table of the lake, with the given rows; what a row does not name is null, but for source and loaded_at."""
    unknown = set(rows) - set(LAKE_TABLES)
    assert not unknown, f"not of the lake: {unknown}"
    made: dict[str, pa.Table] = {}
    for name, declared in LAKE_TABLES.items():
        common = {column: value for column, value in _COMMON.items() if column in declared.column_names}
        given = [{**common, **row} for row in rows.get(name, ())]
        for row in given:
            assert set(row) <= set(declared.column_names), f"{name} has no {set(row) - set(declared.column_names)}"
        made[name] = pa.table(
            {
                column.name: pa.array([_value(column, row.get(column.name)) for row in given], ARROW_TYPES[column.type])
                for column in declared.columns
            }
        )
    return made


def in_duckdb(arrow: Mapping[str, pa.Table]) -> Tables:
    backend = ibis.duckdb.connect()
    for name, table in arrow.items():
        backend.con.register(name, table)
    return unresolved_tables(backend.table)


def in_spark(session: Any, arrow: Mapping[str, pa.Table], folder: Path) -> Tables:
    """The tables in a session of Spark, by way of Parquet files in `folder`."""
    for name, table in arrow.items():
        pq.write_table(table, folder / f"{name}.parquet")
        session.read.parquet(str(folder / f"{name}.parquet")).createOrReplaceTempView(name)
    return unresolved_tables(ibis.pyspark.connect(session).table)


def canonical(rows: Rows) -> Tables:
    """The tables of `rows` as metrics get them, on DuckDB in memory; merges apply where there are any."""
    raw = in_duckdb(arrow_tables(rows))
    return resolved_tables(raw) if rows.get("merges") else raw


def figures(id_: str, rows: Rows, grain: Grain = "month", by: Sequence[str] = (), **options: Any) -> pd.DataFrame:
    """The figures of one metric over `rows`."""
    bounds = {name: date.fromisoformat(options.pop(name)) for name in ("start", "end") if name in options}
    result = compute([find_metric(id_)], canonical(rows), grain=grain, by=by, parameters={id_: options}, **bounds)
    return result[id_].to_pandas()


def only(id_: str, rows: Rows, grain: Grain = "all", **options: Any) -> Any:
    """The one figure of a metric over `rows`."""
    frame = figures(id_, rows, grain, **options)
    assert len(frame) == 1
    return next(frame.itertuples())


def company(seed: int = 1, customers: int = 40) -> dict[str, list[dict[str, Any]]]:
    """Rows of a small company with every kind of hole: nulls, cancelled orders, off-scale grades, missing keys."""
    random = Random(seed)  # noqa: S311
    first = datetime.fromisoformat("2024-01-01")

    def moment(days: int = 400) -> datetime:
        return first + timedelta(microseconds=random.randrange(days * 86_400_000_000))

    def some(*values: Any) -> Any:
        return random.choice(values)

    def money(most: int) -> Decimal:
        return Decimal(random.randrange(most * 10_000)).scaleb(-4)

    people = [f"c{number}" for number in range(customers)]
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for person in people:
        rows["customers"].append(
            {
                "customer_id": person,
                "created_at": some(None, moment()),
                "segment": some("private", "business", None),
                "region": some("north", "south"),
                "acquisition_channel": some("web", "store", None),
            }
        )
    for number in range(500):
        at = moment()
        rows["orders"].append(
            {
                "order_id": f"o{number}",
                "customer_id": some(*people, None),
                "ordered_at": at,
                "channel": some("web", "store", None),
                "online": some(True, False, None),
                "status": some("completed", "paid", "cancelled", "returned", None),
                "revenue": some(money(500), money(500), money(500), None),
                "cost": some(money(200), money(200), None),
                "currency": some("EUR", "EUR", None),
                "campaign_id": some("k1", "k2", None),
                "loaded_at": at + timedelta(hours=random.randrange(60)),
            }
        )
        promised = some(None, moment(), moment(), moment())
        rows["deliveries"].append(
            {
                "delivery_id": f"d{number}",
                "order_id": f"o{number}",
                "customer_id": some(*people, None),
                "promised_at": promised,
                "delivered_at": some(None, (promised or at) + timedelta(hours=random.randrange(-48, 48))),
                "status": some("delivered", "failed", "shipped", "cancelled", None),
                "carrier": some("own", "post"),
                "region": some("north", None),
            }
        )
    for number in range(900):
        rows["touches"].append(
            {
                "touch_id": f"t{number}",
                "customer_id": some(*people, None),
                "at": moment(),
                "channel": some("email", "sms"),
                "kind": some("sent", "delivered", "delivered", "opened", "clicked", "visit"),
                "campaign_id": some("k1", "k2", None),
                "message_id": some("m1", "m2", "m3", None),
                "chain_id": some("h1", None),
                "cost": some(None, money(1)),
                "currency": "EUR",
            }
        )
    for number in range(60):
        rows["spend"].append(
            {
                "date": moment().date(),
                "channel": some("web", "email"),
                "campaign_id": some("k1", "k2", ""),
                "amount": money(90),
                "currency": "EUR",
            }
        )
        rows["complaints"].append(
            {
                "complaint_id": f"p{number}",
                "customer_id": some(*people, None),
                "opened_at": moment(),
                "channel": some("web", "store", None),
                "category": some("late", "broken"),
                "department": some("delivery", None),
                "severity": some("low", "high", None),
            }
        )
        rows["employees"].append(
            {
                "employee_id": f"e{number}",
                "department": some("delivery", "sales", None),
                "role": some("agent", "lead"),
                "hired_at": some(moment(200), moment(200), None),
                "left_at": some(first + timedelta(days=random.randrange(200, 400)), None, None),
            }
        )
        rows["trainings"].append(
            {
                "employee_id": f"e{number}",
                "course": some("service", "sales"),
                "planned_at": moment(),
                "completed_at": some(None, moment()),
            }
        )
        rows["milestones"].append(
            {
                "milestone_id": f"s{number}",
                "kind": some("plan", "decision"),
                "department": some("sales", None),
                "planned_at": moment(),
                "done_at": some(None, moment()),
            }
        )
    for number in range(150):
        opened, outcome = moment(300), some("won", "won", "lost", "open", None)
        rows["deals"].append(
            {
                "deal_id": f"w{number}",
                "customer_id": some(*people, None),
                "opened_at": some(opened, opened, None),
                "closed_at": some(opened + timedelta(seconds=random.randrange(8_000_000)), moment(), None),
                "amount": some(money(9000), money(9000), None),
                "currency": "EUR",
                "channel": some("web", "store"),
                "employee_id": some("e1", "e2", None),
                "outcome": outcome,
            }
        )
    for person in people:
        for experiment in ("x1", "x2"):
            rows["assignments"].append(
                {
                    "experiment_id": experiment,
                    "customer_id": person,
                    "arm": some("control", "letter", "call"),
                    "assigned_at": moment(90),
                }
            )
    for number in range(200):
        shared = {
            "response_id": some(f"r{number}", f"r{number}", None),
            "customer_id": some(*people, None),
            "at": moment(),
            "channel": some("web", "store", None),
            "department": some("delivery", None),
        }
        questions = [("nps", "recommend", 10), ("nps_classic", "recommend", 10), ("nps", "why", None)]
        questions += [("csi", question, 5) for question in ("overall", "speed", "care")]
        questions += [("c11", f"q{item:02d}", 5) for item in range(1, 12)]
        for instrument, question, most in questions:
            grade = None if most is None else some(float(random.randint(1, most)), float(random.randint(1, most)))
            off = random.random() < 0.02
            rows["answers"].append(
                {
                    "answer_id": f"a{number}-{instrument}-{question}",
                    "instrument": instrument,
                    "question": question,
                    "score": some(None, 17.0) if off else grade,
                    **shared,
                }
            )
    _add_service(rows, people, Random(seed + 1))  # noqa: S311 - its own draws, so that those above stay as they are
    _add_sales(rows, people, Random(seed + 3))  # noqa: S311 - so too
    _add_surveys(rows, people, Random(seed + 4))  # noqa: S311 - and so
    _add_trust(rows, people, Random(seed + 2))  # noqa: S311
    for row in rows["customers"]:
        row["referrer_id"] = some(some(*people), None, None)
    _add_predictions(rows, people, Random(seed + 5))  # noqa: S311
    return rows


def _add_service(rows: dict[str, list[dict[str, Any]]], people: Sequence[str], random: Random) -> None:
    """Add calls, talks, advertising, steps of processes and opened cards, and how complaints and deliveries ended."""
    first = datetime.fromisoformat("2024-01-01")
    departments = ("delivery", "sales", "claims", None)

    def moment(days: int = 400) -> datetime:
        return first + timedelta(microseconds=random.randrange(days * 86_400_000_000))

    def after(at: datetime, days: float) -> datetime:
        return at + timedelta(seconds=random.randrange(-3_600, int(days * 86_400)))

    def some(*values: Any) -> Any:
        return random.choice(values)

    for row in rows["complaints"]:
        row["responded_at"] = some(None, after(row["opened_at"], 3), after(row["opened_at"], 3))
        row["closed_at"] = some(None, after(row["opened_at"], 30), after(row["opened_at"], 30))
        row["reopened"] = some(True, False, None)
        row["order_id"] = some(f"o{random.randrange(500)}", f"o{random.randrange(500)}", None)
    for row in rows["deliveries"]:
        row["in_full"], row["intact"] = some(True, True, False, None), some(True, True, False, None)
    for row in rows["trainings"]:
        row["score"] = some(None, random.random(), random.random())
    for row in rows["milestones"]:
        row["kind"] = some(row["kind"], "goal", None)
    for number in range(700):
        kind = some("delivered", "delivered", "call", "chat", "meeting", "store_visit", "visit", "sent")
        rows["touches"].append(
            {
                "touch_id": f"s{number}",
                "customer_id": some(*people[:5], None),
                "at": moment(some(30, 30, 400)),
                "channel": some("email", "phone", None),
                "kind": kind,
                "direction": some("in", "out", None),
                "promotional": some(True, True, False, None),
                "department": some(*departments),
                "employee_id": some("e1", "e2", "e3", None),
                "campaign_id": some("k1", "k2", None),
                "topic": some("bill", "delivery", None),
            }
        )
        answered = some(True, True, False, None)
        rows["calls"].append(
            {
                "call_id": f"l{number}",
                "customer_id": some(*people, None),
                "at": moment(),
                "answered": answered,
                "waited_s": some(None, random.expovariate(1 / 20)),
                "talked_s": some(None, random.expovariate(1 / 200)),
                "resolved": some(True, False, None),
                "department": some(*departments),
                "employee_id": some("e1", "e2", "e3", "e4", None) if answered else None,
            }
        )
        rows["accesses"].append(
            {"employee_id": some("e1", "e2", "e3", "e9"), "customer_id": some(*people), "at": moment()}
        )
    for number in range(120):
        begun = moment()
        for place, step in enumerate(("register", "check", "answer")):
            due = some(None, begun + timedelta(days=place), begun + timedelta(days=place))
            rows["process_steps"].append(
                {
                    "process": some("claims", "claims", "orders"),
                    "case_id": f"p{number}",
                    "step": step,
                    "customer_id": some(*people, None),
                    "department": some(*departments),
                    "due_at": due,
                    "done_at": some(None, after(due or begun, 1), after(due or begun, 1)),
                }
            )


def _add_sales(rows: dict[str, list[dict[str, Any]]], people: Sequence[str], random: Random) -> None:
    """Add links and worlds to touches, promotions, lines and products to orders, stages to deals, and the ledger."""
    first = datetime.fromisoformat("2024-01-01")

    def some(*values: Any) -> Any:
        return random.choice(values)

    def money(most: int) -> Decimal:
        return Decimal(random.randrange(most * 10_000)).scaleb(-4)

    for row in rows["touches"]:
        row["online"] = some(True, False, None)
        row["link_id"] = some("l1", "l2", None) if row["kind"] == "clicked" else None
    for number in range(500):
        kind = some(
            "sent", "delivered", "clicked", "bounced", "unsubscribed", "complained", "impression", "store_visit"
        )
        rows["touches"].append(
            {
                "touch_id": f"w{number}",
                "customer_id": some(*people, *people, None),
                "at": first + timedelta(microseconds=random.randrange(400 * 86_400_000_000)),
                "channel": some("email", "web", None),
                "online": some(True, False, None),
                "kind": kind,
                "campaign_id": some("k1", "k2", None),
                "message_id": some(f"n{number // 4}", f"n{number // 4}", None),
                "link_id": some("l1", "l2", None) if kind == "clicked" else None,
            }
        )
    rows["campaigns"] += [{"campaign_id": "k1", "channel": "email"}, {"campaign_id": "k2"}]
    for number in range(6):
        category, cost = some("tea", "coffee", None), some(money(20), None)
        rows["products"].append({"product_id": f"g{number}", "category": category, "cost": cost, "currency": "EUR"})
    for row in rows["orders"]:
        row["promo_id"], row["discount"] = some("spring", None), some(money(40), Decimal(0), None)
        for line in range(random.randrange(4)):
            rows["order_items"].append(
                {
                    "order_id": row["order_id"],
                    "line": str(line),
                    "product_id": some(*(f"g{number}" for number in range(7)), None),
                    "quantity": some(Decimal(1), Decimal("2.5"), None) if random.random() < 0.1 else Decimal(1),
                    "price": money(60),
                    "discount": some(money(5), None),
                    "cost": some(money(30), None),
                    "currency": "EUR",
                }
            )
    for row in rows["deals"]:
        at = row["opened_at"] or first
        for stage in ("lead", "offer", "contract")[: random.randrange(4)]:
            entered, at = at, at + timedelta(seconds=random.randrange(-100_000, 5_000_000))
            stay = {"deal_id": row["deal_id"], "stage": stage, "entered_at": entered, "left_at": some(at, None)}
            rows["deal_stages"].append(stay)
    for number in range(400):
        day = (first + timedelta(days=number)).date()
        for account in ("revenue", "cost_of_goods", "payroll"):
            rows["ledger"].append({"date": day, "account": account, "amount": money(900), "currency": "EUR"})


def _add_surveys(rows: dict[str, list[dict[str, Any]]], people: Sequence[str], random: Random) -> None:
    """Add the second question of NPS, RAPID, feelings and two indices from elsewhere, and themes to some answers to «why»."""
    first = datetime.fromisoformat("2024-01-01")

    def some(*values: Any) -> Any:
        return random.choice(values)

    for row in [row for row in rows["answers"] if (row["instrument"], row["question"]) == ("nps", "recommend")]:
        if random.random() < 0.6:
            second = {"answer_id": row["answer_id"] + "-again", "question": "buy_again"}
            rows["answers"].append(row | second | {"score": some(float(random.randint(1, 10)), None, 11.0)})
    for number in range(160):
        shared = {
            "response_id": some(f"e{number}", None),
            "customer_id": some(*people, None),
            "at": first + timedelta(microseconds=random.randrange(400 * 86_400_000_000)),
            "channel": some("web", "store", None),
            "department": some("delivery", None),
        }
        scales = {("rapid", f"{index}{item}"): (0, 10) for index in "rap" for item in (1, 2)}
        scales |= {("feelings", question): (1, 5) for question in ("expectation", "experience")}
        scales |= {("index", question): (0, 100) for question in ("brand_health", "trust")}
        for (instrument, question), (least, most) in scales.items():
            if random.random() < 0.9:
                score = some(float(random.randint(least, most)), float(random.randint(least, most)), None)
                off = random.random() < 0.05
                answer = {"answer_id": f"e{number}-{instrument}-{question}", "instrument": instrument}
                rows["answers"].append({**shared, **answer, "question": question, "score": 117.5 if off else score})
    rows["themes"] = [
        {
            "answer_id": row["answer_id"],
            "response_id": row["response_id"],
            "theme": some("delivery, late", "price, dear", "other"),
            "weight": some(0.5, 0.75, 1.0),
            "at": row["at"],
        }
        for row in rows["answers"]
        if row["question"] == "why" and random.random() < 0.8
    ]


def _add_predictions(rows: dict[str, list[dict[str, Any]]], people: Sequence[str], random: Random) -> None:
    """Add what most customers are expected to buy and to bring, some of it unknown."""
    rows["predictions"] = [
        {
            "customer_id": person,
            "method": "pareto_nbd",
            "horizon_days": 365,
            "p_alive": random.choice((None, random.random(), random.random())),
            "expected_purchases": random.choice((None, random.random() * 9)),
            "value": random.random() * 900,
            "currency": "EUR",
            "at": datetime.fromisoformat("2024-05-31 23:59:59"),
            "made_at": datetime.fromisoformat("2024-06-01 09:00"),
        }
        for person in people[:30]
    ]


def _add_trust(rows: dict[str, list[dict[str, Any]]], people: Sequence[str], random: Random) -> None:
    """Add rows in quarantine, merges of customers, and what customers could be compared by."""
    first = datetime.fromisoformat("2024-01-01")
    rows["quarantine"] = [
        {
            "quarantine_id": f"q{number}",
            "source": random.choice(("test", "till")),
            "file": "orders.csv",
            "row": number // 2,
            "table": random.choice(("orders", "calls")),
            "column": "revenue",
            "reason": "not a number",
            "loaded_at": first + timedelta(days=random.randrange(400)),
            "resolved_at": random.choice((None, None, first + timedelta(days=500))),
        }
        for number in range(60)
    ]
    for row in rows["customers"]:
        row["email"] = random.choice((None, f"{row['customer_id']}@x.example"))
        row["name"], row["birth_date"] = random.choice((None, "Ann")), random.choice((None, first.date()))
    rows["identities"] += [{"customer_id": person, "id_type": "card", "id_value": person} for person in people[::3]]
    rows["merges"] = [
        {
            "customer_id": person,
            "master_id": master,
            "linked_id": master,
            "rule": "exact_email",
            "score": 1.0,
            "evidence": "email",
            "run": 1,
            "decided_at": first,
            "author": "test",
            "undone_at": undone,
            "recorded_at": first + timedelta(minutes=minute),
        }
        for minute, (person, master, undone) in enumerate(
            [
                (people[1], people[0], None),
                (people[2], people[0], None),
                (people[5], people[4], None),
                (people[9], people[8], None),
                (people[9], people[8], first + timedelta(days=1)),
            ]
        )
    ]
