"""What loyalty is worth: closed forms, SciPy and simulated truths."""

import numpy as np
import pytest
from scipy import stats

from septima.models.loyalty_economics import (
    RatioSums,
    RetentionSums,
    break_even_growth,
    more_loyal,
    retention_value,
    times_as_much,
)


def of_share(hits: float, n: float) -> RatioSums:
    return RatioSums(*(np.asarray(part, float) for part in (n, hits, n, hits, n, hits)))


def of_values(a: np.ndarray, b: np.ndarray) -> RatioSums:
    parts = (
        np.full(a.shape[:-1], a.shape[-1]),
        a.sum(-1),
        b.sum(-1),
        (a * a).sum(-1),
        (b * b).sum(-1),
        (a * b).sum(-1),
    )
    return RatioSums(*(np.asarray(part, float) for part in parts))


def of_customers(m: np.ndarray, s: np.ndarray) -> RetentionSums:
    parts = (np.full(m.shape[:-1], m.shape[-1]), m.sum(-1), (m * m).sum(-1), s.sum(-1), (m * s).sum(-1))
    return RetentionSums(*(np.asarray(part, float) for part in parts))


def test_times_as_much_of_shares_is_the_relative_risk_of_scipy() -> None:
    expected = stats.contingency.relative_risk(60, 2_000, 45, 5_000)
    interval = expected.confidence_interval(0.95)
    value, (lower, upper) = times_as_much(of_share(60, 2_000), of_share(45, 5_000))
    assert value == pytest.approx(expected.relative_risk)
    # Katz divides by n, here it is by n − 1.
    assert (lower, upper) == pytest.approx((interval.low, interval.high), rel=1e-3)


@pytest.mark.parametrize(("hits", "others"), [(0, 5), (5, 0), (0, 0)])
def test_no_ratio_to_nobody(hits: float, others: float) -> None:
    value, (lower, upper) = times_as_much(of_share(hits, 100), of_share(others, 100))
    assert np.isnan([value, lower, upper]).all()


def test_times_as_much_covers_the_truth() -> None:
    random = np.random.default_rng(13)
    draws = 2_000
    delivered = random.poisson(6, (draws, 700)) + 1
    opened = random.binomial(delivered, random.beta(2, 6, delivered.shape))
    loyal = of_values(opened[:, :200].astype(float), delivered[:, :200].astype(float))
    other = of_values((opened[:, 200:] * 1.0), delivered[:, 200:].astype(float))
    _, (lower, upper) = times_as_much(loyal, other)
    covered = ((lower <= 1) & (upper >= 1)).mean()
    assert abs(covered - 0.95) <= 0.015, covered


def test_profit_per_customer_by_hand() -> None:
    # r = 3/4, m = 10 and d = 0.05: 10·0.75/0.3 = 25; at r = 0.825: 10·0.825/0.225 = 36.67.
    found = retention_value(of_customers(np.array([5.0, 10, 15, 10]), np.array([1.0, 1, 1, 0])), 0.05, factor=1.1)
    assert (found.retention, found.margin, found.value) == pytest.approx((0.75, 10, 25))
    assert (found.changed_retention, found.changed_value) == pytest.approx((0.825, 110 / 3))
    assert (found.change, found.relative) == pytest.approx((35 / 3, 7 / 15))


def test_points_are_added_to_retention() -> None:
    sums = of_customers(np.array([5.0, 10, 15, 10]), np.array([1.0, 1, 1, 0]))
    found = retention_value(sums, 0.05, points=0.05)
    assert found.changed_retention == pytest.approx(0.8)
    assert found.relative == pytest.approx((0.8 / 0.25) / 2.5 - 1)


def test_nothing_changes_nothing() -> None:
    found = retention_value(of_customers(np.arange(9.0), np.array([1.0] * 4 + [0] * 5)), 0.1)
    assert found.change == 0
    assert found.relative_bounds == (0, 0)
    assert found.change_bounds == (0, 0)


@pytest.mark.parametrize(("stayed", "factor"), [(4, 1.05), (0, 1.05), (3, 1.5)])
def test_retention_that_cannot_be_changed_so(stayed: int, factor: float) -> None:
    found = retention_value(
        of_customers(np.full(4, 7.0), np.array([1.0] * stayed + [0] * (4 - stayed))), 0.1, factor=factor
    )
    assert np.isnan([found.relative, found.change, *found.relative_bounds]).all()


def test_intervals_cover_profit_per_customer_and_its_change() -> None:
    random = np.random.default_rng(17)
    draws, n, discount = 2_000, 800, 0.1
    stays = random.random((draws, n)) < 0.6
    margin = random.gamma(2, 50, (draws, n)) * np.where(stays, 1.5, 1.0)  # who stays spends more: both go together
    mean = 100 * (0.6 * 1.5 + 0.4)
    found = retention_value(of_customers(margin, stays.astype(float)), discount, factor=1.05)
    truth = mean * 0.6 / 0.5
    changed = mean * 0.63 / 0.47
    for bounds, value in (
        (found.value_bounds, truth),
        (found.change_bounds, changed - truth),
        (found.relative_bounds, changed / truth - 1),
    ):
        covered = ((bounds[0] <= value) & (bounds[1] >= value)).mean()
        assert abs(covered - 0.95) <= 0.015, covered


def test_more_loyal_customers_by_hand() -> None:
    # The loyal are a fifth and bring half: each 4 times what another brings. 2 % more of them: 0.204·4 + 0.796 of 1.6.
    margin = np.array([[4.0] * 20 + [1.0] * 80])
    loyal = np.array([[1.0] * 20 + [0.0] * 80])
    value, (lower, upper) = more_loyal(of_values(loyal * margin, margin), np.array([0.2]), 0.02)
    assert value == pytest.approx((0.204 * 4 + 0.796) / 1.6 - 1)
    assert lower < value < upper


def test_break_even_growth_by_hand() -> None:
    # At a margin of 40 % a cut of 10 % leaves 30 of 90, so a third more must be sold.
    value, (lower, upper) = break_even_growth(np.array(0.4), (np.array(0.3), np.array(0.5)), 0.1)
    assert (value, lower, upper) == pytest.approx((1 / 3, 1 / 4, 1 / 2))
    none, (_, endless) = break_even_growth(np.array(0.08), (np.array(0.05), np.array(0.11)), 0.1)
    assert np.isnan(none)
    assert endless == np.inf
