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
from septima.metrics import MetricResult, Tables, catalogue, compute
from septima.metrics.lifetime import LifetimeSettings, predict_customers
from tests.examples.loading import load_again

pytestmark = [pytest.mark.spark, pytest.mark.slow]

METRICS = list(catalogue().values())
CUSTOMERS = 300
YEARLY = {"driver_importance", "incremental_revenue_growth"}
Both = tuple[Mapping[str, MetricResult], Mapping[str, MetricResult]]


def on_both(lake: Lake, session: Any) -> Both:
    """The whole catalogue on either engine: by month, but for those that want more records than a month has."""

    def opened(backend: Any) -> Tables:
        return unresolved_tables(lambda name: open_table(backend, lake, name))

    def computed(backend: Any) -> Mapping[str, MetricResult]:
        tables = opened(backend)
        monthly = [metric for metric in METRICS if metric.id not in YEARLY]
        yearly = [metric for metric in METRICS if metric.id in YEARLY]
        return {**compute(monthly, tables, grain="month"), **compute(yearly, tables, grain="year")}

    return computed(connect(memory="1GB")), computed(ibis.pyspark.connect(session))


@pytest.fixture(scope="module")
def demo(spark_session: Any, tmp_path_factory: pytest.TempPathFactory) -> Both:
    folder: Path = tmp_path_factory.mktemp("demo")
    simulate(folder / "files", customers=CUSTOMERS, seed=3)
    lake = Lake.create(folder / "lake")
    load(lake, read_mapping(folder / "files" / MAPPING_FILE))
    _predict(lake)
    return on_both(lake, spark_session)


def _predict(lake: Lake) -> None:
    """Keep what customers are expected to do, which the catalogue has figures of."""
    backend = connect(memory="1GB")
    tables = unresolved_tables(lambda name: open_table(backend, lake, name))
    told = predict_customers(tables, LifetimeSettings(), method="bg_nbd")
    at = datetime.combine(told.as_of, time.max)
    save_predictions(lake, told.batches, method="bg_nbd", horizon_days=told.horizon_days, at=at, currency="RUB")


@pytest.fixture(scope="module")
def olist(real_data: Path, spark_session: Any, tmp_path_factory: pytest.TempPathFactory) -> Both:
    lake = Lake.create(tmp_path_factory.mktemp("olist") / "lake")
    load_again("olist", real_data / "olist", lake)
    return on_both(lake, spark_session)


def assert_equal(both: Both, name: str) -> pd.DataFrame:
    here, there = (results[name].frame for results in both)
    pd.testing.assert_frame_equal(here, there, rtol=1e-9, atol=1e-9)
    return here


@pytest.mark.parametrize("name", [metric.id for metric in METRICS])
def test_demo(demo: Both, name: str) -> None:
    assert assert_equal(demo, name)["value"].notna().any()


@pytest.mark.parametrize("name", [metric.id for metric in METRICS])
def test_olist(olist: Both, name: str) -> None:
    assert_equal(olist, name)


def test_olist_is_of_use_to_more_than_a_few(olist: Both) -> None:
    """Equal figures prove something where there are figures."""
    known = [name for name, result in olist[0].items() if result.frame["value"].notna().any()]
    assert len(known) >= 20
