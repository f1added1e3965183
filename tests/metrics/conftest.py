"""Small canonical tables in DuckDB, written as rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

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


def _value(column: Column, value: Any) -> Any:
    if column.type == "timestamp" and isinstance(value, str):
        return datetime.fromisoformat(value)
    if column.type == "date" and isinstance(value, str):
        return date.fromisoformat(value)
    if column.type == "decimal" and value is not None:
        return Decimal(str(value))
    return value


def arrow_tables(rows: Rows) -> dict[str, pa.Table]:
    """Every canonical table, with the given rows; what a row does not name is null, but for source and loaded_at."""
    unknown = set(rows) - set(TABLES)
    assert not unknown, f"not canonical: {unknown}"
    made: dict[str, pa.Table] = {}
    for name, declared in TABLES.items():
        given = [{"source": "test", "loaded_at": LOADED_AT, **row} for row in rows.get(name, ())]
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
    return backend.table


def canonical(rows: Rows) -> Tables:
    """The tables of `rows` as metrics get them, on DuckDB in memory."""
    return in_duckdb(arrow_tables(rows))


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
    return rows
