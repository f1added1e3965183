"""Each metric gives the same figures on DuckDB and on a Spark cluster, over the demo company and over Olist."""

from collections.abc import Mapping
from datetime import datetime, time
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest

from septima.demo import MAPPING_FILE, simulate
from septima.lake.engine import connect, open_table
from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.lake.predictions import save_predictions
from septima.lake.resolved import unresolved_tables
from septima.lake.store import Lake
from septima.metrics import Metric, MetricResult, catalogue, compute
from septima.metrics.lifetime import LifetimeSettings, predict_customers
from tests.examples.loading import load_again

pytestmark = [pytest.mark.spark, pytest.mark.slow]

METRICS = list(catalogue().values())
CUSTOMERS = 300
YEARLY = {"driver_importance", "incremental_revenue_growth"}
Both = tuple[Mapping[str, MetricResult], Mapping[str, MetricResult]]


def computed(backend: Any, lake: Lake, metrics: list[Metric]) -> dict[str, MetricResult]:
    """The metrics by month, but for those that want more records than a month has."""
    tables = unresolved_tables(lambda name: open_table(backend, lake, name))
    monthly = [metric for metric in metrics if metric.id not in YEARLY]
    yearly = [metric for metric in metrics if metric.id in YEARLY]
    return {**compute(monthly, tables, grain="month"), **compute(yearly, tables, grain="year")}


@pytest.fixture(scope="module")
def demo(spark_session: Any, tmp_path_factory: pytest.TempPathFactory) -> Both:
    folder: Path = tmp_path_factory.mktemp("demo")
    simulate(folder / "files", customers=CUSTOMERS, seed=3)
    lake = Lake.create(folder / "lake")
    load(lake, read_mapping(folder / "files" / MAPPING_FILE))
    _predict(lake)
    embedded, cluster = connect(memory="1GB"), ibis.pyspark.connect(spark_session)
    return computed(embedded, lake, METRICS), computed(cluster, lake, METRICS)


def _predict(lake: Lake) -> None:
    """Keep what customers are expected to do, which the catalogue has figures of."""
    backend = connect(memory="1GB")
    tables = unresolved_tables(lambda name: open_table(backend, lake, name))
    told = predict_customers(tables, LifetimeSettings(), method="bg_nbd")
    at = datetime.combine(told.as_of, time.max)
    save_predictions(lake, told.batches, method="bg_nbd", horizon_days=told.horizon_days, at=at, currency="RUB")


def assert_equal(both: Both, name: str) -> pd.DataFrame:
    here, there = (results[name].frame for results in both)
    pd.testing.assert_frame_equal(here, there, rtol=1e-9, atol=1e-9)
    return here


@pytest.mark.parametrize("name", [metric.id for metric in METRICS])
def test_demo(demo: Both, name: str) -> None:
    assert assert_equal(demo, name)["value"].notna().any()


def test_olist(real_data: Path, spark_session: Any, tmp_path: Path) -> None:
    """Of metrics whose tables are empty in Olist the demo company tells more."""
    lake = Lake.create(tmp_path / "lake")
    load_again("olist", real_data / "olist", lake)
    here = computed(connect(memory="1GB"), lake, METRICS)
    known = [metric for metric in METRICS if here[metric.id].frame["value"].notna().any()]
    assert len(known) >= 20
    there = computed(ibis.pyspark.connect(spark_session), lake, known)
    for metric in known:
        assert_equal((here, there), metric.id)
