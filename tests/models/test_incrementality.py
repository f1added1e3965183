"""Effects, plans and balance against tea-tasting, SciPy and simulated truths."""

import numpy as np
import pandas as pd
import pytest
import tea_tasting as tt
from scipy import stats
from tea_tasting.aggr import Aggregates

from septima.models import incrementality
from septima.models.incrementality import Moments

DRAWS = 2_000


def moments(y: np.ndarray, x: np.ndarray | None = None) -> Moments:
    """Sums over the last axis."""
    x = np.zeros_like(y) if x is None else x
    n = np.full(y.shape[:-1], float(y.shape[-1]))
    return Moments(n, y.sum(-1), (y**2).sum(-1), x.sum(-1), (x**2).sum(-1), (x * y).sum(-1))


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20261127)


@pytest.fixture
def arms(random: np.random.Generator) -> tuple[pd.DataFrame, Moments, Moments]:
    """80 control and 900 treated customers whose spend follows what they spent before."""
    before = random.gamma(2, 50, 980)
    spent = 0.6 * before + random.gamma(1, 40, 980) + np.where(np.arange(980) < 80, 0, 9)
    frame = pd.DataFrame({"variant": (np.arange(980) >= 80).astype(int), "y": spent, "x": before})
    return frame, moments(spent[:80], before[:80]), moments(spent[80:], before[80:])


@pytest.mark.parametrize("covariate", [None, "x"])
def test_difference_is_that_of_tea_tasting(arms: tuple[pd.DataFrame, Moments, Moments], covariate: str | None) -> None:
    frame, control, treated = arms
    expected = tt.Mean("y", covariate, equal_var=False, use_t=True).analyze(frame, 0, 1, variant="variant")
    found = incrementality.compare(control, treated, cuped=covariate is not None)
    assert (found.control_mean, found.treated_mean) == pytest.approx((expected.control, expected.treatment))
    assert found.difference == pytest.approx(expected.effect_size)
    assert (found.lower, found.upper) == pytest.approx((expected.effect_size_ci_lower, expected.effect_size_ci_upper))
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.relative == pytest.approx(expected.rel_effect_size)
    assert (found.total, found.total_upper) == pytest.approx(
        (900 * expected.effect_size, 900 * expected.effect_size_ci_upper)
    )


def test_sums_of_rows_by_hand() -> None:
    made = Moments.of([[1, 2, 4], [0, 0, 3]], [10, 20, 30])
    assert made.n.tolist() == [3, 3]
    assert (made.y.tolist(), made.yy.tolist()) == ([7, 3], [21, 9])
    assert (made.x.tolist(), made.xx.tolist(), made.xy.tolist()) == ([60, 60], [1400, 1400], [170, 90])
    assert Moments.of([1, 2]).xx == 0
    with pytest.raises(ValueError, match="broadcast"):
        Moments.of([1, 2, 3], [1, 2])


def test_a_customer_of_unknown_outcome_leaves_no_effect() -> None:
    found = incrementality.compare(Moments.of([1, 2, 3]), Moments.of([1, np.nan, 3]))
    assert np.isnan([found.difference, found.lower, found.p_value, found.relative, found.total]).all()


def test_cuped_takes_the_share_of_variance_that_the_past_explains(random: np.random.Generator) -> None:
    # Var y = 1 with ρ = 0.8, so 1 − ρ² = 0.36 is left.
    x = random.normal(0, 1, (2, 200_000))
    y = 0.8 * x + 0.6 * random.normal(0, 1, x.shape)
    found = incrementality.compare(moments(y[0], x[0]), moments(y[1], x[1]))
    assert found.variance_reduction == pytest.approx(0.64, abs=0.01)


def test_a_covariate_that_does_not_vary_changes_nothing() -> None:
    control, treated = np.array([8.0, 11, 10, 9, 7, 6, 14]), np.array([12.0, 15, 9, 20, 31])
    expected = stats.ttest_ind(treated, control, equal_var=False)
    found = incrementality.compare(moments(control, np.full(7, 3.0)), moments(treated, np.full(5, 3.0)))
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.lower, found.upper) == pytest.approx(tuple(expected.confidence_interval(0.95)))


@pytest.mark.parametrize(
    ("control", "treated"),
    [(np.array([5.0]), np.array([1.0, 2])), (np.array([2.0, 2]), np.array([2.0, 2])), (np.empty(0), np.ones(3))],
)
def test_arms_that_tell_nothing_of_chance_have_no_interval(control: np.ndarray, treated: np.ndarray) -> None:
    found = incrementality.compare(moments(control), moments(treated))
    assert np.isnan(np.array([found.lower, found.p_value, found.relative, found.anytime_lower])).all()


def test_no_relative_effect_on_a_mean_that_may_be_zero_or_is_below_it() -> None:
    around_zero, refunds = np.array([-3.0, 4, -1, 2]), np.array([-9.0, -8, -10, -9])
    for control in (around_zero, refunds):
        found = incrementality.compare(moments(control), moments(np.array([5.0, 6, 7])))
        assert np.isfinite(found.lower)
        assert np.isnan([found.relative, found.relative_lower, found.relative_upper]).all()


def test_relative_interval_holds_zero_where_that_of_the_difference_does(random: np.random.Generator) -> None:
    control, treated = random.exponential(10, (DRAWS, 60)), random.exponential(12, (DRAWS, 400))
    found = incrementality.compare(moments(control), moments(treated))
    of_difference = (found.lower <= 0) & (found.upper >= 0)
    of_ratio = (found.relative_lower <= 0) & (found.relative_upper >= 0)
    assert 0.3 < of_difference.mean() < 0.95
    assert (of_difference == of_ratio).all()


def test_relative_effect_is_covered_by_fieller(random: np.random.Generator) -> None:
    # A twentieth as control, spend that half the customers do not have, and a true effect of +20 %.
    before = random.gamma(1, 40, (DRAWS, 4_000))
    spent = np.where(random.random(before.shape) < 0.5, before + random.gamma(2, 30, before.shape), 0)
    spent[:, 200:] *= 1.2
    for cuped in (False, True):
        found = incrementality.compare(
            moments(spent[:, :200], before[:, :200]), moments(spent[:, 200:], before[:, 200:]), cuped=cuped
        )
        covered = ((found.relative_lower <= 0.2) & (found.relative_upper >= 0.2)).mean()
        assert abs(covered - 0.95) <= 0.015, covered


def test_always_valid_interval_covers_at_every_look_and_the_usual_one_does_not(random: np.random.Generator) -> None:
    draws, looks = 400, np.arange(400, 8_001, 100)
    treated = random.random((draws, 8_000)) < 0.8
    spent = random.exponential(10, treated.shape) + np.where(treated, 2.0, 0.0)
    control_sums, treated_sums = (
        tuple(np.cumsum(here * power, axis=1)[:, looks - 1] for power in (np.ones_like(spent), spent, spent**2))
        for here in (~treated, treated)
    )
    zeros = np.zeros_like(control_sums[0])
    found = incrementality.compare(
        Moments(*control_sums, zeros, zeros, zeros), Moments(*treated_sums, zeros, zeros, zeros), expected=4_000
    )
    once = ((found.lower <= 2) & (found.upper >= 2)).all(axis=1)
    always = ((found.anytime_lower <= 2) & (found.anytime_upper >= 2)).all(axis=1)
    assert once.mean() < 0.85
    assert always.mean() >= 0.95


def test_always_valid_interval_is_the_published_boundary() -> None:
    # Waudby-Smith et al. (2024): at t = 100, ρ = 0.1 the half-width is σ·√(2(tρ² + 1)/(t²ρ²)·ln(√(tρ² + 1)/α)).
    half = np.sqrt(2 * (1 + 1) / (100**2 * 0.01) * np.log(np.sqrt(2) / 0.05))
    tuned = -2 * np.log(0.05) + np.log(1 - 2 * np.log(0.05))
    factor = incrementality.anytime_factor(np.array(100.0), 100 * tuned)
    assert factor / np.sqrt(100) == pytest.approx(half)


def test_always_valid_interval_is_narrowest_where_it_is_expected() -> None:
    n = np.array(5_000.0)
    here = incrementality.anytime_factor(n, 5_000)
    assert here < incrementality.anytime_factor(n, 1_000)
    assert here < incrementality.anytime_factor(n, 25_000)


def test_holm_and_benjamini_hochberg_are_those_of_tea_tasting() -> None:
    p = [0.03, 0.004, 0.2, 0.011]

    family: dict = {(0, arm): tt.experiment.ExperimentResult(y={"pvalue": p_value}) for arm, p_value in enumerate(p, 1)}
    by_holm = tt.adjust_fwer(family, arbitrary_dependence=True, method="bonferroni").to_dicts()
    by_fdr = tt.adjust_fdr(family, arbitrary_dependence=False).to_dicts()
    assert incrementality.holm(p).tolist() == pytest.approx([row["pvalue_adj"] for row in by_holm])
    assert incrementality.benjamini_hochberg(p).tolist() == pytest.approx([row["pvalue_adj"] for row in by_fdr])


def test_what_has_no_p_value_is_not_counted() -> None:
    assert incrementality.holm([np.nan, 0.02, 0.03])[1:].tolist() == pytest.approx([0.04, 0.04])
    assert incrementality.benjamini_hochberg([0.02, np.nan, 0.03]).tolist() == pytest.approx(
        [0.03, np.nan, 0.03], nan_ok=True
    )


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_plan_is_that_of_tea_tasting(share: float) -> None:
    past = Aggregates(5_000, {"y": 40.0, "x": 30.0}, {"y": 9_000.0, "x": 4_000.0}, {("x", "y"): 3_000.0})
    left = np.array(9_000 - 3_000**2 / 4_000)
    ratio = (1 - share) / share
    known = {"ratio": ratio, "power": 0.8, "use_t": False}
    effect = tt.Mean("y", "x", n_obs=20_000, **known).solve_power_from_aggregates(past, "effect_size")[0].effect_size
    assert incrementality.detectable_effect(left, np.array(20_000.0), share) == pytest.approx(
        effect, rel=1e-5
    )  # it counts the far tail too
    needed = tt.Mean("y", "x", effect_size=3.0, **known).solve_power_from_aggregates(past, "n_obs")[0].n_obs
    assert incrementality.customers_needed(left, np.array(3.0), share) == pytest.approx(needed, abs=1)


def test_no_effect_needs_no_number_of_customers() -> None:
    assert np.isnan(incrementality.customers_needed(np.array(4.0), np.array(0.0), 0.5))


def test_standardised_difference_by_hand() -> None:
    # Means 2 and 4 with variances 1 and 7: (4 − 2)/√((1 + 7)/2) = 1; its variance 6/9 + 1/12 = 0.75.
    control, treated = np.array([1.0, 2, 3]), np.array([1.0, 5, 6])
    value, (lower, upper) = incrementality.standardised_difference(
        moments(np.zeros(3), control), moments(np.zeros(3), treated)
    )
    assert value == pytest.approx(1.0)
    assert (lower, upper) == pytest.approx((1 - 1.959964 * 0.75**0.5, 1 + 1.959964 * 0.75**0.5), rel=1e-5)
