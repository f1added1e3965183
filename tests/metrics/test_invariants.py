"""What holds for every company: slices of counts and sums make the whole, shares stay within bounds, order is nothing."""

from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.metrics import Metric, catalogue, compute

from .conftest import arrow_tables, company, in_duckdb

pytestmark = pytest.mark.slow

METRICS = catalogue()
SUMS = (
    "revenue",
    "gross_profit",
    "new_customers",
    "returned_customers",
    "churned_customers",
    "active_customers",
    "deals_opened",
)
PARTS = ("segment", "region", "acquisition_channel")


def frames(rows: dict[str, list[dict[str, Any]]], metrics: list[Metric], **options: Any) -> dict[str, pd.DataFrame]:
    results = compute(metrics, in_duckdb(arrow_tables(rows)), **{"grain": "quarter", **options})
    return {name: result.frame for name, result in results.items()}


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(PARTS))
def test_slices_of_counts_and_sums_make_the_whole(seed: int, part: str) -> None:
    rows, metrics = company(seed), [METRICS[name] for name in SUMS]
    whole, sliced = frames(rows, metrics), frames(rows, metrics, by=[part])
    for name in SUMS:
        summed = sliced[name].groupby("period")[["value", "n"]].sum()
        expected = whole[name].set_index("period")[["value", "n"]].fillna(0)
        pd.testing.assert_frame_equal(summed.loc[expected.index], expected, rtol=1e-9, check_freq=False)


@settings(max_examples=2, deadline=None)
@given(st.integers(0, 10_000))
def test_figures_keep_their_bounds_and_the_order_of_rows_is_nothing(seed: int) -> None:
    rows = company(seed)
    shuffled = {name: Random(seed).sample(table, len(table)) for name, table in rows.items()}  # noqa: S311
    found, after = frames(rows, list(METRICS.values())), frames(shuffled, list(METRICS.values()))
    for name, frame in found.items():
        assert_within_bounds(METRICS[name], frame)
        pd.testing.assert_frame_equal(frame, after[name], rtol=1e-9, atol=1e-9, obj=name)


def assert_within_bounds(metric: Metric, frame: pd.DataFrame) -> None:
    value, lower, upper, missing = (
        frame[column].to_numpy(float) for column in ("value", "lower", "upper", "missing_share")
    )
    least, most = metric.passport.bounds or ((0, 1) if metric.passport.unit == "share" else (None, None))
    assert least is None or not (value < least - 1e-12).any(), metric.id
    assert most is None or not (value > most + 1e-12).any(), metric.id
    assert not (lower > value + 1e-9 * np.abs(value)).any(), metric.id
    assert not (upper < value - 1e-9 * np.abs(value)).any(), metric.id
    assert not ((missing < 0) | (missing > 1)).any(), metric.id
    assert (frame["n"] >= 0).all(), metric.id
