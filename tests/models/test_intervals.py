"""Intervals against SciPy, closed forms and printed examples."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from septima.models import intervals


def array(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_that_of_scipy(counts: tuple[int, int]) -> None:
    successes, n = counts
    lower, upper = intervals.wilson(array(successes), array(n))
    expected = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert (lower[0], upper[0]) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_is_undefined() -> None:
    assert np.isnan(intervals.wilson(array(0), array(0))).all()


@given(st.lists(st.floats(-1000, 1000), min_size=2, max_size=50).filter(lambda values: np.var(values) > 1e-3))
def test_mean_t_is_that_of_scipy(values: list[float]) -> None:
    x = np.array(values)
    lower, upper = intervals.mean_t(array(x.sum()), array((x * x).sum()), array(len(x)))
    expected = stats.ttest_1samp(x, 0).confidence_interval(0.95)
    assert (lower[0], upper[0]) == pytest.approx((expected.low, expected.high), rel=1e-6, abs=1e-6)


def test_mean_of_one_record_has_no_interval() -> None:
    assert np.isnan(intervals.mean_t(array(5), array(25), array(1))).all()


def test_mean_of_equal_records_has_no_width() -> None:
    # Three records of 0.1: the rounding of the sums must not turn into a variance.
    lower, upper = intervals.mean_t(array(0.1 + 0.1 + 0.1), array(3 * 0.1 * 0.1), array(3))
    assert (lower[0], upper[0]) == pytest.approx((0.1, 0.1), abs=1e-12)


def test_ratio_delta_by_hand() -> None:
    # y = 1, 2, 3 and x = 2, 2, 4: r = 6/8 = 0.75; residuals y − r·x = −0.5, 0.5, 0; their squares sum to 0.5;
    # variance of r = (3/2 · 0.5) / 8² = 0.01171875, its root 0.10825318.
    lower, upper = intervals.ratio_delta(array(6), array(8), array(14), array(24), array(18), array(3))
    half = 1.959963984540054 * math.sqrt(0.75 / 64)
    assert (lower[0], upper[0]) == pytest.approx((0.75 - half, 0.75 + half))


def test_net_share_by_hand() -> None:
    # 20 for, 10 against, of 40: (21 − 11)/42 = 0.238095; variance (32/42 − (10/42)²)/42 = 0.016790843.
    lower, upper = intervals.net_share(array(20), array(10), array(40))
    half = 1.959963984540054 * math.sqrt((32 / 42 - (10 / 42) ** 2) / 42)
    assert (lower[0], upper[0]) == pytest.approx((10 / 42 - half, 10 / 42 + half))


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_net_share_holds_its_value_within_minus_one_and_one(up: int, down: int, rest: int) -> None:
    n = up + down + rest
    lower, upper = intervals.net_share(array(up), array(down), array(n))
    if n == 0:
        assert np.isnan(lower[0])
        assert np.isnan(upper[0])
    else:
        assert -1 <= lower[0] <= (up - down) / n <= upper[0] <= 1
        assert lower[0] < upper[0]


def test_net_share_covers_the_truth_about_nineteen_times_in_twenty() -> None:
    random = np.random.default_rng(7)
    draws = random.multinomial(60, [0.5, 0.2, 0.3], size=20_000)
    lower, upper = intervals.net_share(draws[:, 0].astype(float), draws[:, 1].astype(float), np.full(20_000, 60.0))
    assert np.mean((lower <= 0.3) & (upper >= 0.3)) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize(
    ("count", "lower", "upper"),
    # Garwood (1936), as in every table of exact Poisson limits at 95 %.
    [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904), (50, 37.1110, 65.9188)],
)
def test_poisson_as_printed(count: int, lower: float, upper: float) -> None:
    low, high = intervals.poisson(array(count))
    assert (low[0], high[0]) == pytest.approx((lower, upper), abs=5e-4)


def test_compound_poisson_covers_the_truth_about_nineteen_times_in_twenty() -> None:
    random = np.random.default_rng(3)
    counts = random.poisson(200, size=4000)
    totals, squares, smallest, largest = (np.empty(4000) for _ in range(4))
    for index, count in enumerate(counts):
        amounts = random.exponential(10, size=count)
        totals[index], squares[index] = amounts.sum(), (amounts**2).sum()
        smallest[index], largest[index] = amounts.min(), amounts.max()
    lower, upper = intervals.compound_poisson(totals, squares, smallest, largest)
    assert np.mean((lower <= 2000) & (upper >= 2000)) == pytest.approx(0.95, abs=0.015)


@given(st.integers(1, 2000), st.floats(0.01, 1000))
def test_compound_poisson_of_equal_amounts_is_that_of_the_count(count: int, amount: float) -> None:
    lower, upper = intervals.compound_poisson(
        array(count * amount), array(count * amount**2), array(amount), array(amount)
    )
    low, high = stats.chi2.ppf(0.025, 2 * count) / 2, stats.chi2.ppf(0.975, 2 * (count + 1)) / 2
    assert (lower[0], upper[0]) == pytest.approx((low * amount, high * amount), rel=1e-9)


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30))
def test_a_total_of_positive_amounts_is_never_below_zero(amounts: list[float]) -> None:
    x = np.array(amounts)
    lower, upper = intervals.compound_poisson(array(x.sum()), array((x * x).sum()), array(x.min()), array(x.max()))
    assert 0 <= lower[0] < x.sum() < upper[0]


def test_a_total_with_refunds_has_the_normal_interval() -> None:
    # 30 − 10: Σx² = 1000.
    lower, upper = intervals.compound_poisson(array(20), array(1000), array(-10), array(30))
    half = 1.959963984540054 * math.sqrt(1000)
    assert (lower[0], upper[0]) == pytest.approx((20 - half, 20 + half))


@given(st.integers(1, 300), st.integers(1, 300))
def test_poisson_ratio_is_clopper_pearson_of_the_sum(count: int, base: int) -> None:
    lower, upper = intervals.poisson_ratio(array(count), array(base))
    share = stats.binomtest(count, count + base).proportion_ci(0.95, method="exact")
    assert lower[0] == pytest.approx(share.low / (1 - share.low))
    assert upper[0] == pytest.approx(share.high / (1 - share.high))


def test_poisson_ratio_at_the_edges() -> None:
    lower, upper = intervals.poisson_ratio(array(0, 5, 0, math.nan), array(5, 0, 0, 3))
    # 0 against 5: p ≤ 1 − 0.025^(1/5), so the ratio is at most 0.025^(−1/5) − 1; 5 against 0: no upper bound.
    assert (lower[0], upper[0]) == pytest.approx((0, 0.025 ** (-1 / 5) - 1))
    assert (lower[1], upper[1]) == pytest.approx((1 / (0.025 ** (-1 / 5) - 1), math.inf))
    assert np.isnan(lower[2:]).all()
    assert np.isnan(upper[2:]).all()


@pytest.mark.parametrize(
    ("one", "other", "lower", "upper"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),  # Newcombe (1998), table II, contrasts (a), (b) and (f), method 10
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((0, 10), (0, 20), -0.1611, 0.2775),
    ],
)
def test_difference_of_shares_as_printed(
    one: tuple[int, int], other: tuple[int, int], lower: float, upper: float
) -> None:
    (x, n), (y, m) = (np.array(pair, np.float64)[:, None] for pair in (one, other))
    bounds = intervals.difference(x / n, intervals.wilson(x, n), y / m, intervals.wilson(y, m))
    assert [bound[0] for bound in bounds] == pytest.approx([lower, upper], abs=5e-5)


def test_spearman_by_hand_and_without_bounds() -> None:
    # ρ = 0.5 of 28: 0.5493 ± 1.96·√(1.125 / 25).
    lower, upper = intervals.spearman(np.array([0.5, 0.5, 1.0, np.nan]), np.array([28.0, 3.0, 9.0, 9.0]))
    assert (lower[0], upper[0]) == pytest.approx((0.13275, 0.74653), abs=5e-6)
    assert np.isnan(lower[1:]).all()
    assert np.isnan(upper[1:]).all()


def test_spearman_covers_the_truth_about_nineteen_times_in_twenty() -> None:
    # The rank correlation of a bivariate normal of correlation r is 6/π·asin(r/2).
    random = np.random.default_rng(3)
    truth = 6 / np.pi * np.arcsin(0.6 / 2)
    x = random.normal(size=(2000, 60))
    y = 0.6 * x + 0.8 * random.normal(size=(2000, 60))
    rho = np.array([stats.spearmanr(one, other).statistic for one, other in zip(x, y, strict=True)])
    lower, upper = intervals.spearman(rho, np.full(2000, 60.0))
    assert np.mean((lower <= truth) & (truth <= upper)) == pytest.approx(0.95, abs=0.015)
