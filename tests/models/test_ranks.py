"""Percentiles and ranks, by hand and against a simulation whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from septima.models.ranks import percentiles, rank_confidence_sets, ranks, simulated_ranks


def test_percentiles_and_ranks_of_a_league_by_hand():
    values = np.array([70.0, 90.0, 80.0, 80.0, 50.0])
    # Below 70: one. 100·(1 + ½)/5 = 30. The two at 80 have two below and each other: 100·(2 + 1)/5 = 60.
    assert percentiles(values) == pytest.approx([30, 90, 60, 60, 10])
    assert ranks(values).tolist() == [4, 1, 2, 2, 5]


def test_the_percentile_is_that_of_scipy():
    values = np.random.default_rng(3).integers(0, 8, 40).astype(float)
    expected = [stats.percentileofscore(values, value, kind="mean") for value in values]
    assert percentiles(values) == pytest.approx(expected)


def test_percentiles_of_several_leagues_stand_side_by_side():
    values = np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]])
    assert percentiles(values)[:, 1] == pytest.approx(percentiles(values[:, 1]))


def test_exact_values_have_one_rank_each_and_equal_ones_share_theirs():
    lower, upper = rank_confidence_sets(np.array([3.0, 2.0, 2.0, 1.0]), np.zeros(4))
    assert list(zip(lower, upper, strict=True)) == [(1, 1), (2, 3), (2, 3), (4, 4)]


def test_two_members_are_told_apart_at_the_normal_quantile():
    # One pair has two ordered claims, so the critical value is the 97.5 % quantile, 1.96, of |Z| at 95 %.
    for difference, told in ((1.8, False), (2.1, True)):
        lower, upper = rank_confidence_sets(np.array([difference, 0.0]), np.array([0.6, 0.8]), draws=200_000)
        assert ((lower == upper).all()) == told


def test_stepping_down_tells_more_apart_than_one_step():
    """Once far pairs are settled fewer claims are left, so a near pair needs less (Romano & Wolf, 2005)."""
    noise = np.random.default_rng(1).standard_normal((400_000, 5)) / np.sqrt(2)
    # The far members stand in order, and only the claims against that order are left beside the near pair's.
    against = [noise[:, lower] - noise[:, higher] for higher in range(2, 5) for lower in range(higher)]
    near = np.abs(noise[:, 0] - noise[:, 1])
    second = np.quantile(np.max([*against, near], axis=0), 0.95)
    first = stats.studentized_range.ppf(0.95, 5, np.inf) / np.sqrt(2)
    assert second < first - 0.1
    for statistic, told in (((first + second) / 2, True), (second - 0.05, False)):
        values = np.array([0.0, statistic * np.sqrt(2), 100.0, 200.0, 300.0])
        lower, upper = rank_confidence_sets(values, np.ones(5), draws=200_000)
        assert (lower == upper)[:2].all() == told
        assert (lower == upper)[2:].all()


def test_the_first_critical_value_is_that_of_tukeys_range():
    """With equal errors the greatest standardised difference is the studentised range over √2 (Tukey, 1953)."""
    critical = stats.studentized_range.ppf(0.95, 6, np.inf)
    for factor, told in ((0.97, 0), (1.03, 1)):
        values = np.array([0.0, 0.0, 0.0, 0.0, 0.0, critical * factor])
        lower, upper = rank_confidence_sets(values, np.ones(6), draws=400_000)
        assert (lower[5] == upper[5] == 1) == bool(told)


@pytest.mark.parametrize("spread", [0.0, 0.7, 2.0, 6.0])
def test_all_true_ranks_are_covered_at_once(spread: float):
    """Within binomial bounds of 95 % over repeated surveys of one truth, ties and near ties among it."""
    truth = np.arange(8) * spread
    errors = np.linspace(0.5, 2.0, 8)
    above = (truth[:, None] < truth[None, :]).sum(axis=1)
    equal = (truth[:, None] == truth[None, :]).sum(axis=1)
    chance, covered, surveys = np.random.default_rng(11), 0, 300
    for survey in range(surveys):
        lower, upper = rank_confidence_sets(truth + errors * chance.standard_normal(8), errors, draws=800, seed=survey)
        # A member may have any rank of those that its equals share.
        covered += bool(((lower <= 1 + above) & (upper >= above + equal)).all())
    assert covered >= stats.binom.ppf(0.001, surveys, 0.95)


def test_simulated_ranks_are_the_middle_of_the_draws():
    draws = np.stack([np.full(1000, 5.0), np.r_[np.full(30, 6.0), np.full(970, 4.0)], np.full(1000, 1.0)])
    lower, upper = simulated_ranks(draws)
    assert lower.tolist() == [1, 1, 3]
    assert upper.tolist() == [2, 2, 3]


@given(arrays(float, st.integers(1, 7), elements=st.floats(-50, 50)), st.floats(0.01, 30))
def test_a_rank_by_the_figure_always_lies_in_its_set(values: np.ndarray, error: float):
    lower, upper = rank_confidence_sets(values, np.full(len(values), error), draws=200)
    rank = ranks(values)
    assert (lower <= rank).all()
    assert (rank <= upper).all()
    assert (lower >= 1).all()
    assert (upper <= len(values)).all()
