"""The single customer view, on both engines."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from septima.lake.resolved import CUSTOMER_RECORDS, Tables, resolved_tables, unresolved_tables
from septima.lake.store import arrow_schema
from septima.lake.tables import LAKE_TABLES

at = datetime.fromisoformat
MOMENT = at("2026-01-01")


def row(customer: str, master: str, minute: int, *, undone: bool = False) -> dict[str, Any]:
    moment = MOMENT.replace(minute=minute)
    return {
        "customer_id": customer, "master_id": master, "linked_id": master, "rule": "by_hand", "score": 1.0, "evidence": "",
        "run": 1, "decided_at": moment, "author": "me", "undone_at": moment if undone else None, "recorded_at": moment,
    }  # fmt: skip


ROWS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "customers": [
        {"customer_id": "a", "created_at": at("2024-03-01"), "name": "Ann", "region": None, "source": "till"},
        {"customer_id": "b", "created_at": at("2024-02-01"), "name": "ANN", "region": "north", "referrer_id": "c"},
        {"customer_id": "c", "created_at": at("2024-01-01"), "region": "south", "segment": "home", "referrer_id": "e"},
        {"customer_id": "d", "created_at": None, "region": "west", "segment": "work", "email": "d@x.example"},
        {"customer_id": "e", "created_at": None, "referrer_id": "b"},
        {"customer_id": "f", "referrer_id": "x"},
    ],
    # b, c and d are a, by hand: the master is not the oldest. e was merged into f and taken apart again.
    "merges": [
        row("b", "z", 1), row("b", "a", 2), row("c", "a", 2), row("d", "a", 2),
        row("e", "f", 3), row("e", "f", 4, undone=True), row("a", "a", 5),
    ],
    "orders": [
        {"order_id": "1", "customer_id": "b"},
        {"order_id": "2", "customer_id": "a"},
        {"order_id": "3", "customer_id": "e"},
        {"order_id": "4", "customer_id": None},
    ],
    "assignments": [
        {"experiment_id": "x", "customer_id": "a", "arm": "letter", "assigned_at": at("2024-05-02")},
        {"experiment_id": "x", "customer_id": "c", "arm": "control", "assigned_at": at("2024-05-01")},
        {"experiment_id": "y", "customer_id": "c", "arm": "letter", "assigned_at": at("2024-05-01")},
    ],
}  # fmt: skip


def arrow(name: str) -> pa.Table:
    common = {"source": "shop", "loaded_at": MOMENT} if name != "merges" else {}
    return pa.Table.from_pylist([{**common, **given} for given in ROWS.get(name, ())], arrow_schema(LAKE_TABLES[name]))


@pytest.fixture
def raw() -> Tables:
    backend = ibis.duckdb.connect()
    for name in ("customers", "merges", "orders", "assignments", "products"):
        backend.con.register(name, arrow(name))
    return backend.table


def read(tables: Tables, name: str, *columns: str) -> list[tuple[Any, ...]]:
    frame = tables(name).select(*columns).to_pyarrow().to_pydict()
    return sorted(zip(*frame.values(), strict=True), key=repr)


def test_one_row_a_person_with_the_first_known_of_each_attribute(raw: Tables) -> None:
    people = read(
        resolved_tables(raw), "customers", "customer_id", "name", "region", "segment", "email", "source", "created_at"
    )
    assert people == [
        # Region and segment of c, who came before b and d; the name and the source are a’s own.
        ("a", "Ann", "south", "home", "d@x.example", "till", at("2024-01-01")),
        ("e", None, None, None, None, "shop", None),
        ("f", None, None, None, None, "shop", None),
    ]


def test_referrers_are_resolved_and_nobody_recommends_to_himself(raw: Tables) -> None:
    # a has e from c, who came before b; b’s own would have been a himself. x is unknown to all and stays.
    assert read(resolved_tables(raw), "customers", "customer_id", "referrer_id") == [("a", "e"), ("e", "a"), ("f", "x")]


def test_records_stand_under_the_master(raw: Tables) -> None:
    tables = resolved_tables(raw)
    assert read(tables, "orders", "order_id", "customer_id") == [("1", "a"), ("2", "a"), ("3", "e"), ("4", None)]
    assert tables("orders").columns == raw("orders").columns
    assert tables("products").equals(raw("products"))


def test_one_person_keeps_the_first_assignment_to_an_experiment(raw: Tables) -> None:
    found = read(resolved_tables(raw), "assignments", "experiment_id", "customer_id", "arm")
    assert found == [("x", "a", "control"), ("y", "a", "letter")]


def test_records_of_customers_are_as_they_were_loaded(raw: Tables) -> None:
    for tables in (resolved_tables(raw), unresolved_tables(raw)):
        assert [found for (found,) in read(tables, CUSTOMER_RECORDS, "customer_id")] == list("abcdef")


def test_without_merges_a_table_is_the_raw_one(raw: Tables) -> None:
    assert unresolved_tables(raw)("orders").equals(raw("orders"))


@pytest.mark.spark
def test_both_engines_see_the_same(raw: Tables, spark_session: Any, tmp_path: Path) -> None:
    for name in ("customers", "merges", "orders", "assignments"):
        pq.write_table(arrow(name), tmp_path / f"{name}.parquet")
        spark_session.read.parquet(str(tmp_path / f"{name}.parquet")).createOrReplaceTempView(name)
    there = resolved_tables(ibis.pyspark.connect(spark_session).table)
    for name in ("customers", "orders", "assignments"):
        here, key = resolved_tables(raw)(name), list(LAKE_TABLES[name].key)
        frames = [one.order_by(key).to_pandas() for one in (here, there(name))]
        assert len(frames[0]) > 0
        pd.testing.assert_frame_equal(*frames, check_dtype=False)
