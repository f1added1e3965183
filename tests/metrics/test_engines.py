"""The whole catalogue gives the same figures on DuckDB and on Spark."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from septima.metrics import catalogue, compute, find_metric, rows_behind

from .conftest import Tables, arrow_tables, company, in_duckdb, in_spark

pytestmark = pytest.mark.spark

ARROW = arrow_tables(company())
PARAMETERS = {
    "cli": {"weights": "first_principal_component"},
    "churn_rate": {"active_days": 20},
    "ltv_to_cac": {"days": 9},
}


@pytest.fixture(scope="module")
def embedded() -> Tables:
    return in_duckdb(ARROW)


@pytest.fixture(scope="module")
def on_spark(spark_session: Any, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return in_spark(spark_session, ARROW, tmp_path_factory.mktemp("tables"))


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    assert len(one) > 0
    pd.testing.assert_frame_equal(one, other, rtol=1e-9, atol=1e-9)


METRICS = list(catalogue().values())
SLICED = [metric for metric in METRICS if "region" in metric.dimensions][::3]
"""A third of those that can be sliced by region: bounds and slices are applied by one code to all."""


def test_catalogue_between_bounds_by_month_and_region(embedded: Tables, on_spark: Tables) -> None:
    """The suite of parity has the whole catalogue without bounds and slices, over a larger company."""
    bounds: Any = {"grain": "month", "start": date(2024, 2, 1), "end": date(2025, 1, 1), "parameters": PARAMETERS}
    here, there = (compute(SLICED, tables, by=["region"], **bounds) for tables in (embedded, on_spark))
    for metric in SLICED:
        assert_same(here[metric.id].frame, there[metric.id].frame)


@pytest.mark.parametrize("name", ["revenue", "cli"])
def test_all_periods_as_one(embedded: Tables, on_spark: Tables, name: str) -> None:
    metric = find_metric(name)
    here, there = (compute([metric], tables, grain="all", parameters=PARAMETERS) for tables in (embedded, on_spark))
    assert_same(here[name].frame, there[name].frame)


@pytest.mark.parametrize(
    ("by", "ids"),
    [
        (("channel", "online", "segment"), ("revenue", "repeat_rate", "churn_rate")),
        (("channel", "campaign_id"), ("open_rate", "cost_per_order")),
        (("arm",), ("incremental_revenue",)),
        (("table", "source"), ("completeness", "timeliness", "validity")),
        (("table", "column"), ("completeness",)),
        (("department", "role"), ("staff_turnover", "training_on_time")),
        (("department",), ("nps", "csi_weighted", "cli", "cci")),
        (("theme", "channel"), ("nps", "nps_heavy", "csi")),
        (("group",), ("nps_heavy_groups",)),
        (("question",), ("item_rest_correlation", "driver_importance", "imported_index")),
        (("cohort", "age"), ("retention_rate", "revenue_retention")),
        (("rfm_segment", "monetary"), ("rfm_customers", "rfm_revenue")),
        (("rfm_segment", "alive"), ("probability_alive", "predicted_churn", "customers_at_risk")),
        (("quadrant", "segment"), ("loyalty_quadrants",)),
    ],
)
def test_own_slices_by_quarter(embedded: Tables, on_spark: Tables, by: tuple[str, ...], ids: tuple[str, ...]) -> None:
    metrics = [find_metric(name) for name in ids]
    here = compute(metrics, embedded, grain="quarter", by=by)
    there = compute(metrics, on_spark, grain="quarter", by=by)
    for name in ids:
        assert_same(here[name].frame, there[name].frame)


@pytest.mark.parametrize("name", ["revenue", "churn_rate", "open_rate", "on_time_delivery", "incremental_revenue"])
def test_rows_behind(embedded: Tables, on_spark: Tables, name: str) -> None:
    bounds: Any = {"start": date(2024, 3, 1), "end": date(2024, 6, 1), "limit": 10_000}
    metric = find_metric(name)
    here, there = rows_behind(metric, embedded, **bounds), rows_behind(metric, on_spark, **bounds)
    both = zip(here.values(), there.values(), strict=True) if isinstance(here, dict) else [(here, there)]
    for one, other in both:
        assert one.count().to_pyarrow().as_py() == other.count().to_pyarrow().as_py() > 0
