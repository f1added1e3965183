"""Hillstrom's experiment: each e-mail arm against none equals tea-tasting on the file's own rows, and A/A tests reject as they promise."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt

from septima.lake.engine import open_table
from septima.lake.resolved import unresolved_tables
from septima.metrics.compute import request_of
from septima.metrics.experiment_analysis import Analysis, Effect, analyse
from septima.metrics.experiment_check import Finding
from septima.metrics.experiment_outcomes import Window
from septima.metrics.period import DEFAULT_CALENDAR
from septima.models.incrementality import Moments, compare

from .loading import Example
from .test_hillstrom import ARMS

pytestmark = pytest.mark.xdist_group("hillstrom")

OUTCOMES = {"visitors": "visit", "buyers": "conversion", "revenue": "spend"}


@pytest.fixture(scope="module")
def file(real_data: Path) -> pd.DataFrame:
    return pd.read_csv(real_data / "hillstrom" / "hillstrom.csv")


@pytest.fixture(scope="module")
def analysis(example: Callable[[str], Example]) -> Analysis:
    hillstrom = example("hillstrom")
    tables = unresolved_tables(lambda name: open_table(hillstrom.backend, hillstrom.lake, name))
    return analyse(
        request_of(tables, DEFAULT_CALENDAR, "USD"),
        "hillstrom",
        shares=dict.fromkeys(ARMS, 1.0),
        campaigns=("mens", "womens"),
        window=Window(14, 90),
        unresolved=tables,
    )


def effect(analysis: Analysis, outcome: str, arm: str) -> Effect:
    return next(one for one in analysis.effects if (one.outcome, one.arm) == (outcome, arm))


@pytest.mark.parametrize("arm", ["mens", "womens"])
@pytest.mark.parametrize(("outcome", "column"), OUTCOMES.items())
def test_each_arm_against_none_is_that_of_tea_tasting(
    analysis: Analysis, file: pd.DataFrame, outcome: str, column: str, arm: str
) -> None:
    test = tt.Mean(column, equal_var=False, use_t=True).analyze(file, ARMS["control"], ARMS[arm], variant="segment")
    found = effect(analysis, outcome, arm)
    assert (found.control_mean, found.treated_mean) == pytest.approx((test.control, test.treatment))
    assert found.difference.value == pytest.approx(test.effect_size, rel=1e-9)
    assert found.difference.lower == pytest.approx(test.effect_size_ci_lower, rel=1e-9)
    assert found.difference.upper == pytest.approx(test.effect_size_ci_upper, rel=1e-9)
    assert found.p_value == pytest.approx(test.pvalue, rel=1e-6)
    assert found.missing_share == 0
    # Of arms as large as these Fieller’s interval and tea-tasting’s, by logarithms, are close and not the same.
    assert found.relative.value == pytest.approx(test.rel_effect_size)
    assert found.relative.lower == pytest.approx(test.rel_effect_size_ci_lower, abs=0.05)


def test_what_the_e_mails_brought_in_all(analysis: Analysis, file: pd.DataFrame) -> None:
    spent = file.groupby("segment")["spend"].agg(["mean", "size"])
    for arm in ("mens", "womens"):
        mean, size = spent.loc[ARMS[arm]]
        assert effect(analysis, "revenue", arm).total.value == pytest.approx(
            size * (mean - spent.loc["No E-Mail", "mean"])
        )


def test_the_check_finds_nothing_wrong(analysis: Analysis) -> None:
    assert analysis.check.sound
    findings: dict[str, Finding] = {one.key: one for one in analysis.findings}
    assert {key: findings[key].level for key in ("sample_ratio", "spill_over", "reached", "balance")} == dict.fromkeys(
        ("sample_ratio", "spill_over", "reached", "balance"), "fine"
    )
    assert analysis.check.sample_ratio_p is not None
    assert analysis.check.sample_ratio_p > 0.8


def test_a_a_tests_on_resampled_customers_reject_at_five_per_cent(file: pd.DataFrame) -> None:
    """Customers of all arms, put into two by chance: what they spend (rarely, and much) and whether they visit."""
    random = np.random.default_rng(2008)
    draws, sizes = 2_000, (2_500, 5_000)
    spent_before = file["history"].to_numpy()
    for column in ("visit", "spend"):
        outcome = file[column].to_numpy(float)
        sums = {size: np.empty((draws, 5)) for size in sizes}
        for draw in range(draws):
            for size in sizes:
                place = random.integers(0, len(file), size)
                y, x = outcome[place], spent_before[place]
                sums[size][draw] = y.sum(), y @ y, x.sum(), x @ x, x @ y
        arms = [Moments(np.full(draws, float(size)), *part.T) for size, part in sums.items()]
        for cuped in (False, True):
            rejected = float((compare(*arms, cuped=cuped).p_value < 0.05).mean())
            assert abs(rejected - 0.05) <= 0.015, (column, cuped, rejected)
