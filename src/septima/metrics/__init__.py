"""The catalogue of metrics and the one way to compute them."""

from septima.metrics.catalogue import catalogue, find_metric
from septima.metrics.compute import MetricError, MetricResult, compute, rows_behind
from septima.metrics.definition import NOTES, Metric, Passport, Tables
from septima.metrics.period import (
    GRAINS,
    Calendar,
    Grain,
    Period,
    PeriodError,
    parse_period,
    period_of,
    periods_between,
)

__all__ = [
    "GRAINS",
    "NOTES",
    "Calendar",
    "Grain",
    "Metric",
    "MetricError",
    "MetricResult",
    "Passport",
    "Period",
    "PeriodError",
    "Tables",
    "catalogue",
    "compute",
    "find_metric",
    "parse_period",
    "period_of",
    "periods_between",
    "rows_behind",
]
