"""Intervals hold what they promise: over 2,000 samples of a known truth 95 % of them cover it, within 1.5 points.

The samples are of a size at which the method claims its coverage; what is known to be conservative (an exact interval
of a discrete count) or liberal (a normal one of a handful of records) at smaller sizes is not asserted here.
"""

import numpy as np
import pytest

from septima.models import intervals, uplift

DRAWS = 2_000
TOLERANCE = 0.015
Array = np.ndarray


def assert_covers(bounds: tuple[Array, Array], truth: float) -> None:
    lower, upper = bounds
    assert lower.shape == (DRAWS,)
    covered = float(((lower <= truth) & (truth <= upper)).mean())
    assert abs(covered - 0.95) <= TOLERANCE, covered


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(20261125)


def moments(sample: Array) -> tuple[Array, Array]:
    """Sum and sum of squares of each draw."""
    return sample.sum(axis=1), (sample**2).sum(axis=1)


@pytest.mark.parametrize(("share", "n"), [(0.5, 200), (0.1, 400), (0.02, 2_000), (0.97, 500)])
def test_wilson(random: np.random.Generator, share: float, n: int) -> None:
    hits = random.binomial(n, share, DRAWS).astype(float)
    assert_covers(intervals.wilson(hits, np.full(DRAWS, float(n))), share)


@pytest.mark.parametrize("n", [8, 60])
def test_mean_of_normal_values(random: np.random.Generator, n: int) -> None:
    assert_covers(intervals.mean_t(*moments(random.normal(7, 3, (DRAWS, n))), np.full(DRAWS, float(n))), 7)


def test_mean_of_grades(random: np.random.Generator) -> None:
    shares, n = [0.05, 0.1, 0.25, 0.4, 0.2], 150
    grades = random.choice([1.0, 2, 3, 4, 5], (DRAWS, n), p=shares)
    truth = float(np.dot(shares, [1, 2, 3, 4, 5]))
    assert_covers(intervals.mean_t(*moments(grades), np.full(DRAWS, float(n))), truth)


def test_ratio_of_sums(random: np.random.Generator) -> None:
    n = 300
    revenue = random.gamma(4, 250, (DRAWS, n))
    cost = revenue * random.uniform(0.5, 0.8, (DRAWS, n))
    (top, top_squares), (bottom, bottom_squares) = moments(cost), moments(revenue)
    products = (cost * revenue).sum(axis=1)
    bounds = intervals.ratio_delta(top, bottom, top_squares, bottom_squares, products, np.full(DRAWS, float(n)))
    assert_covers(bounds, 0.65)


def test_net_share(random: np.random.Generator) -> None:
    counts = random.multinomial(200, [0.45, 0.35, 0.2], DRAWS).astype(float)
    assert_covers(intervals.net_share(counts[:, 0], counts[:, 2], np.full(DRAWS, 200.0)), 0.25)


def test_count(random: np.random.Generator) -> None:
    assert_covers(intervals.poisson(random.poisson(900, DRAWS).astype(float)), 900)


def test_total_of_random_amounts(random: np.random.Generator) -> None:
    counts = random.poisson(400, DRAWS)
    draw = np.repeat(np.arange(DRAWS), counts)
    amounts = random.gamma(2, 50, len(draw))
    total, squares = np.bincount(draw, amounts, DRAWS), np.bincount(draw, amounts**2, DRAWS)
    largest = np.array([part.max() for part in np.split(amounts, np.cumsum(counts)[:-1])])
    assert_covers(intervals.compound_poisson(total, squares, np.zeros(DRAWS), largest), 400 * 100)


def test_ratio_of_counts(random: np.random.Generator) -> None:
    count, base = random.poisson(600, DRAWS).astype(float), random.poisson(800, DRAWS).astype(float)
    assert_covers(intervals.poisson_ratio(count, base), 0.75)


def test_difference_of_means(random: np.random.Generator) -> None:
    n, m = 200, 3_800  # the customary twentieth as control
    control, treated = random.exponential(100, (DRAWS, n)), random.exponential(110, (DRAWS, m))
    spread, base = treated.var(axis=1, ddof=1) / m, control.var(axis=1, ddof=1) / n
    weighted = spread**2 / (m - 1) + base**2 / (n - 1)
    degrees = uplift.welch_degrees(spread + base, weighted)
    assert_covers(uplift.welch(treated.mean(axis=1) - control.mean(axis=1), spread + base, degrees), 10)


@pytest.mark.parametrize("q", [0.5, 0.9])
def test_quantile_by_order_statistics(random: np.random.Generator, q: float) -> None:
    """The positions that `quantile_measures` asks the engine for, over sorted samples."""
    n = 400
    half = intervals.Z * np.sqrt(n * q * (1 - q))
    low, high = int(np.ceil(n * q - half)), int(np.ceil(n * q + half))
    sample = np.sort(random.exponential(1, (DRAWS, n)), axis=1)
    assert_covers((sample[:, low - 1], sample[:, high - 1]), float(-np.log(1 - q)))
