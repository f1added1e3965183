"""Every metric has a whole passport, and the catalogue finds it."""

import re

import pytest

from septima.lake.tables import LAKE_TABLES
from septima.metrics import Metric, MetricError, catalogue, find_metric
from septima.schema import Text

PERSPECTIVES = {"customer_support", "marketing", "sales", "governance", "operations", "hr", "finance"}
METRICS = catalogue()
every_metric = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)


def test_the_metrics_that_the_scorecard_stands_on_are_there() -> None:
    assert set(METRICS) >= {
        "revenue", "average_order_value", "repeat_rate", "active_customers", "churn_rate", "open_rate",
        "click_through_rate", "cost_per_order", "nps", "nps_classic", "csi", "cli", "cci", "complaints_per_1000_orders",
        "on_time_delivery", "deal_win_rate", "funnel_velocity", "incremental_revenue", "completeness", "timeliness",
        "gross_margin", "staff_turnover", "training_on_time", "milestones_on_plan",
    }  # fmt: skip
    assert {metric.passport.perspective for metric in METRICS.values()} == PERSPECTIVES


@every_metric
def test_passport_is_whole(metric: Metric) -> None:
    passport = metric.passport
    for words in (
        getattr(passport, name) for name in ("name", "description", "use", "method", "interval", "owner_role")
    ):
        assert isinstance(words, Text)
        assert words.en.strip()
        assert words.ru.strip()
    assert re.search("[а-яё]", passport.description.ru)
    assert not re.search("[а-яё]", passport.description.en)
    assert not re.search(
        "[\"']", "".join((passport.name.ru, passport.description.ru, passport.use.ru, passport.method.ru))
    )
    assert passport.formula
    assert re.search(r"\d{4}|CRM methodology", passport.formula_source)
    assert passport.version >= 1
    assert passport.minimum_sample >= 1


@every_metric
def test_primary_data_are_columns_of_the_lake(metric: Metric) -> None:
    for name in metric.passport.primary_data:
        table, column = name.split(".")
        assert column == "*" or column in LAKE_TABLES[table].column_names


@every_metric
def test_metrics_of_customers_are_sliced_by_their_attributes(metric: Metric) -> None:
    if all(source.of_customers for source in metric.sources):
        assert {"segment", "region", "acquisition_channel"} <= set(metric.dimensions)


def test_a_misspelt_metric_is_answered_with_near_ones() -> None:
    with pytest.raises(MetricError, match="did you mean churn_rate"):
        find_metric("churn_rat")
    with pytest.raises(MetricError, match=r"there are: .*revenue"):
        find_metric("?")


def test_the_catalogue_given_is_a_copy() -> None:
    catalogue().clear()
    assert catalogue()
