"""One connection, two engines, the same answers."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pytest

from septima.lake.engine import EngineError, connect, open_table
from septima.lake.store import Lake, arrow_schema


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake.create(tmp_path / "lake")
    schema = arrow_schema(lake.schema_of("orders"))
    with lake.write("two files") as writing:
        for order, revenue in (("a", "10.25"), ("b", "20.5")):
            path = writing.new_file("orders")
            rows = schema.empty_table().from_pylist([{"order_id": order, "revenue": Decimal(revenue)}], schema=schema)
            duckdb.connect().from_arrow(rows).write_parquet(str(path))
            writing.add("orders", path, 1)
    return lake


def total(backend: Any, lake: Lake) -> tuple[int, float]:
    orders = open_table(backend, lake, "orders")
    frame = backend.to_pandas(orders.agg(rows=orders.count(), revenue=orders.revenue.sum()))
    return int(frame["rows"][0]), float(frame["revenue"][0])


def test_duckdb_reads_all_files_of_a_table(lake: Lake) -> None:
    assert total(connect("duckdb"), lake) == (2, 30.75)


def test_an_empty_table_has_its_columns_and_no_rows(lake: Lake) -> None:
    backend = connect("duckdb")
    empty = open_table(backend, lake, "orders", 0)
    assert tuple(empty.columns) == lake.schema_of("orders").column_names
    assert backend.to_pandas(empty.count()) == 0


def test_times_are_naive_and_money_is_decimal(lake: Lake) -> None:
    schema = open_table(connect("duckdb"), lake, "orders").schema()
    assert schema["ordered_at"].is_timestamp()
    assert schema["ordered_at"].timezone is None
    assert schema["revenue"] == ibis.dtype("decimal(18, 4)")


@pytest.mark.spark
def test_spark_gives_the_same(lake: Lake, spark_session: Any) -> None:
    backend = connect("local[2]")
    assert total(backend, lake) == (2, 30.75)
    empty = open_table(backend, lake, "customers")
    assert backend.to_pandas(empty.count()) == 0
    assert open_table(backend, lake, "orders").schema()["ordered_at"].timezone is None


def test_an_unknown_engine_is_refused_with_the_forms_there_are() -> None:
    with pytest.raises(EngineError, match=r"local\[n\]"):
        connect("oracle")


def test_spark_without_java_is_refused_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(EngineError, match="Java"):
        connect("local[1]")
