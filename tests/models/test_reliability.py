"""Alpha and principal weights against closed forms and NumPy."""

import numpy as np
import pytest

from septima.models import reliability


def test_alpha_of_parallel_items_is_spearman_brown() -> None:
    # k items of variance 1 and correlation r: alpha = k·r / (1 + (k − 1)·r) = 4·0.5 / 2.5 = 0.8.
    covariance = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
    assert reliability.cronbach_alpha(covariance) == pytest.approx(0.8)


def test_alpha_from_answers() -> None:
    answers = np.array([[1.0, 2, 2], [3, 3, 4], [4, 5, 4], [2, 1, 3], [5, 4, 5]])
    own = answers.var(axis=0, ddof=1).sum()
    whole = answers.sum(axis=1).var(ddof=1)
    assert reliability.cronbach_alpha(np.cov(answers.T)) == pytest.approx(1.5 * (1 - own / whole))


def test_alpha_where_nothing_varies_is_undefined() -> None:
    assert np.isnan(reliability.cronbach_alpha(np.zeros((3, 3))))
    assert np.isnan(reliability.cronbach_alpha(np.ones((1, 1))))


def test_alpha_interval_covers_the_truth_about_nineteen_times_in_twenty() -> None:
    random = np.random.default_rng(5)
    truth = 5 * 0.4 / (1 + 4 * 0.4)
    common = random.normal(size=(3000, 80, 1)) * np.sqrt(0.4)
    answers = common + random.normal(size=(3000, 80, 5)) * np.sqrt(0.6)
    centred = answers - answers.mean(axis=1, keepdims=True)
    alpha = reliability.cronbach_alpha(np.einsum("sni,snj->sij", centred, centred) / 79)
    lower, upper = reliability.alpha_interval(alpha, np.full(3000, 80.0), 5)
    assert np.mean((lower <= truth) & (upper >= truth)) == pytest.approx(0.95, abs=0.015)


def test_first_component_of_two_items() -> None:
    # [[2, 1], [1, 2]] has its first eigenvector along (1, 1).
    assert reliability.first_principal_component(np.array([[2.0, 1], [1, 2]])) == pytest.approx([0.5, 0.5])
    # [[5, 2], [2, 2]]: eigenvalues 6 and 1, first eigenvector along (2, 1).
    assert reliability.first_principal_component(np.array([[5.0, 2], [2, 2]])) == pytest.approx([2 / 3, 1 / 3])


def test_an_item_against_the_rest_gets_no_weight() -> None:
    weights = reliability.first_principal_component(np.array([[4.0, 3, -1], [3, 4, -1], [-1, -1, 1]]))
    assert weights[2] == 0
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("covariance", [np.zeros((3, 3)), np.full((3, 3), np.nan)])
def test_weights_are_equal_where_nothing_varies(covariance: np.ndarray) -> None:
    assert reliability.first_principal_component(covariance) == pytest.approx([1 / 3] * 3)


def test_interval_of_one_respondent_is_undefined() -> None:
    lower, upper = reliability.alpha_interval(np.array([0.5]), np.array([1.0]), 3)
    assert np.isnan([lower[0], upper[0]]).all()


def test_item_rest_correlation_of_parallel_items() -> None:
    # Variance 1, correlation ½: of one with the sum of three others 3·½ / √(3 + 6·½).
    covariance = np.full((4, 4), 0.5) + 0.5 * np.eye(4)
    assert reliability.item_rest_correlations(covariance) == pytest.approx([1.5 / np.sqrt(6)] * 4)


def test_mean_correlation_leaves_out_the_undefined() -> None:
    value, lower, upper = reliability.mean_correlation(
        np.array([[np.nan, 0.6, 0.6], [np.nan] * 3]), np.array([28.0, 28])
    )
    assert value[0] == pytest.approx(0.6)
    half = 1.959964 / 5
    assert (lower[0], upper[0]) == pytest.approx((np.tanh(np.arctanh(0.6) - half), np.tanh(np.arctanh(0.6) + half)))
    assert np.isnan([value[1], lower[1], upper[1]]).all()


def test_correlation_of_three_respondents_has_no_interval() -> None:
    value, lower, upper = reliability.mean_correlation(np.array([[0.5]]), np.array([3.0]))
    assert value[0] == pytest.approx(0.5)
    assert np.isnan([lower[0], upper[0]]).all()
