"""One own metric of each kind gives the same figures on DuckDB and on Spark."""

from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow.parquet as pq
import pytest

from septima.metrics import compute
from septima.metrics.custom import own_metrics
from septima.metrics.period import Calendar

from ..conftest import arrow_tables, company, in_duckdb
from .conftest import WORDS

pytestmark = pytest.mark.spark

BODIES = {
    "counted": "kind: count, table: touches, filter: \"kind like 'c%' and hour(at) >= 9\", by: [channel], cumulative: {over: year}",
    "buyers": "kind: count, table: orders, distinct: customer_id",
    "gained": "kind: sum, unit: currency, table: orders, expression: \"revenue - coalesce(cost, 0)\", filter: status <> 'cancelled', by: [channel]",
    "averaged": "kind: mean, unit: days, table: deliveries, expression: \"round(days_between(promised_at, delivered_at), 2)\"",
    "quick": "kind: quantile, unit: currency, table: orders, column: revenue, q: 0.75, filter: online",
    "clicks": "kind: ratio, unit: share, table: touches, filter: \"kind in ('delivered', 'clicked')\", numerator: {filter: kind = 'clicked'}, denominator: {}",
    "costs": "kind: ratio, unit: ratio, table: orders, numerator: {sum: cost}, denominator: {sum: revenue, filter: revenue > :least}, parameters: {least: 10}",
    "spent": "kind: ratio, unit: share, numerator: {table: spend, sum: amount}, denominator: {table: orders, sum: revenue}",
    "per_order": "kind: ratio, unit: per_1000, numerator: {table: complaints}, denominator: {table: orders}",
    "converted": "kind: conversion, base: {table: touches, filter: kind = 'clicked'}, target: {table: orders}, within: 7 days, by: [channel]",
    "again": "kind: conversion, base: {table: orders}, target: {table: orders}, within: 36 hours",
    "joined": "kind: derived, unit: currency, formula: \"revenue / active_customers - gained / greatest(buyers, 1)\"",
    "queried": "kind: mean, unit: currency, sql: \"with n as (select o.ordered_at, o.revenue / o.cost as x, row_number() over (partition by o.customer_id order by o.ordered_at, o.order_id) as r from orders o) select n.ordered_at as at, n.x from n where n.r % 2 = 1\", column: x",
}  # fmt: skip
TEXT = "metrics:\n" + "".join(f"  - {{id: {id_}, {WORDS}{body}}}\n" for id_, body in BODIES.items())
METRICS = own_metrics([("metrics/own.yaml", TEXT)], allow_sql=True)
ARROW = arrow_tables(company())


@pytest.fixture(scope="module")
def on_spark(spark_session: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("tables")
    for name, table in ARROW.items():
        pq.write_table(table, folder / f"{name}.parquet")
        spark_session.read.parquet(str(folder / f"{name}.parquet")).createOrReplaceTempView(f"own_{name}")
    backend = ibis.pyspark.connect(spark_session)
    return lambda name: backend.table(f"own_{name}")


def test_every_kind(on_spark: Any) -> None:
    calendar = Calendar("Europe/Moscow", 4)
    here = compute(list(METRICS.values()), in_duckdb(ARROW), grain="month", calendar=calendar)
    there = compute(list(METRICS.values()), on_spark, grain="month", calendar=calendar)
    for id_ in METRICS:
        assert here[id_].frame["value"].notna().any(), id_
        pd.testing.assert_frame_equal(here[id_].frame, there[id_].frame, rtol=1e-9, atol=1e-9)


def test_slices(on_spark: Any) -> None:
    sliced = [metric for metric in METRICS.values() if "channel" in metric.dimensions]
    assert {metric.id for metric in sliced} == {"counted", "gained", "converted"}
    here = compute(sliced, in_duckdb(ARROW), grain="quarter", by=["channel", "segment"])
    there = compute(sliced, on_spark, grain="quarter", by=["channel", "segment"])
    for metric in sliced:
        pd.testing.assert_frame_equal(here[metric.id].frame, there[metric.id].frame, rtol=1e-9, atol=1e-9)
