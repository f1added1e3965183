"""The whole catalogue gives the same figures on DuckDB and on Spark."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow.parquet as pq
import pytest

from septima.metrics import catalogue, compute, find_metric, rows_behind
from .conftest import Tables, arrow_tables, company, in_duckdb

pytestmark = pytest.mark.spark

ARROW = arrow_tables(company())
PARAMETERS = {"cli": {"weights": "first_principal_component"}, "churn_rate": {"active_days": 20}}


@pytest.fixture(scope="module")
def embedded() -> Tables:
    return in_duckdb(ARROW)


@pytest.fixture(scope="module")
def on_spark(spark_session: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tables]:
    folder: Path = tmp_path_factory.mktemp("tables")
    for name, table in ARROW.items():
        pq.write_table(table, folder / f"{name}.parquet")
        spark_session.read.parquet(str(folder / f"{name}.parquet")).createOrReplaceTempView(name)
    yield ibis.pyspark.connect(spark_session).table


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    assert len(one) > 0
    pd.testing.assert_frame_equal(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("grain", "start", "end"),
    [("month", None, None), ("quarter", date(2024, 4, 1), date(2024, 10, 1)), ("all", date(2024, 5, 1), None)],
)
def test_whole_catalogue(embedded: Tables, on_spark: Tables, grain: Any, start: date | None, end: date | None) -> None:
    metrics = list(catalogue().values())
    bounds: Any = {"grain": grain, "start": start, "end": end, "parameters": PARAMETERS}
    here, there = compute(metrics, embedded, **bounds), compute(metrics, on_spark, **bounds)
    for metric in metrics:
        assert_same(here[metric.id].frame, there[metric.id].frame)


@pytest.mark.parametrize("id", list(catalogue()))
def test_every_metric_by_its_slices(embedded: Tables, on_spark: Tables, id: str) -> None:
    metric = find_metric(id)
    ends = metric.dimensions[:1] + metric.dimensions[-1:]
    by = tuple(dict.fromkeys(ends))
    here = compute([metric], embedded, grain="year", by=by)[id].frame
    there = compute([metric], on_spark, grain="year", by=by)[id].frame
    assert_same(here, there)


@pytest.mark.parametrize("id", list(catalogue()))
def test_rows_behind_every_metric(embedded: Tables, on_spark: Tables, id: str) -> None:
    bounds: Any = {"start": date(2024, 3, 1), "end": date(2024, 6, 1), "limit": 10_000}
    metric = find_metric(id)
    here, there = rows_behind(metric, embedded, **bounds), rows_behind(metric, on_spark, **bounds)
    both = zip(here.values(), there.values(), strict=True) if isinstance(here, dict) else [(here, there)]
    for one, other in both:
        assert one.count().to_pyarrow().as_py() == other.count().to_pyarrow().as_py() > 0
