"""Weights from judgements against published matrices, and from data against other ways to the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.models.weighting import (
    MOST_COMPARED,
    budget_weights,
    component_weights,
    entropy_weights,
    pairwise_weights,
)


def full(upper: list[list[float]]) -> np.ndarray:
    """The reciprocal matrix whose rows above the diagonal are these."""
    size = len(upper) + 1
    matrix = np.eye(size)
    for row, values in enumerate(upper):
        for column, value in enumerate(values, start=row + 1):
            matrix[row, column], matrix[column, row] = value, 1 / value
    return matrix


def test_drinks_of_the_united_states() -> None:
    """Saaty, Decision making with the analytic hierarchy process, 2008: coffee, wine, tea, beer, sodas, milk, water."""
    found = pairwise_weights(
        full(
            [
                [9, 5, 2, 1, 1, 1 / 2],
                [1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9],
                [1 / 3, 1 / 4, 1 / 3, 1 / 9],
                [1 / 2, 1, 1 / 3],
                [2, 1 / 2],
                [1 / 3],
            ]
        )
    )
    assert found.weights == pytest.approx([0.177, 0.019, 0.042, 0.116, 0.190, 0.129, 0.327], abs=6e-4)
    assert found.consistency_ratio == pytest.approx(0.022, abs=6e-4)


def test_consistent_comparisons_give_their_own_proportions() -> None:
    weights = np.array([4.0, 2.0, 1.0])
    found = pairwise_weights(weights[:, None] / weights[None, :])
    assert found.weights == pytest.approx(weights / 7)
    assert found.eigenvalue == pytest.approx(3)
    assert found.consistency_ratio == pytest.approx(0, abs=1e-12)
    assert found.worst is None


def test_a_circle_of_preferences_is_as_bad_as_it_is() -> None:
    """a : b = b : c = c : a = k has all weights alike, and the eigenvalue 1 + k + 1/k of a circulant matrix."""
    found = pairwise_weights(full([[9, 1 / 9], [9]]))
    assert found.weights == pytest.approx([1 / 3] * 3)
    assert found.eigenvalue == pytest.approx(1 + 9 + 1 / 9)
    assert found.consistency_ratio == pytest.approx((9 + 1 / 9 - 2) / 2 / 0.58)
    assert found.worst is not None


def test_the_comparison_that_contradicts_the_others_is_named() -> None:
    weights = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    matrix = weights[:, None] / weights[None, :]
    matrix[1, 3], matrix[3, 1] = 1 / 7, 7.0
    assert pairwise_weights(matrix).worst == (1, 3)


@given(st.lists(st.floats(0.2, 5.0), min_size=2, max_size=8))
def test_the_order_of_rows_plays_no_part(values: list[float]) -> None:
    weights = np.array(values)
    matrix = weights[:, None] / weights[None, :]
    order = np.argsort(np.sin(np.arange(len(values)) * 7))
    turned = pairwise_weights(matrix[np.ix_(order, order)])
    assert turned.weights == pytest.approx(pairwise_weights(matrix).weights[order])


@pytest.mark.parametrize(
    "matrix",
    [
        [[1, 2], [1, 1]],
        [[1, 2, 3], [0.5, 1, 2]],
        [[1, -2], [-0.5, 1]],
        [[1, 0], [0, 1]],
        np.ones((MOST_COMPARED + 1, MOST_COMPARED + 1)),
        [],
    ],
)
def test_what_is_no_matrix_of_comparisons_is_refused(matrix: object) -> None:
    with pytest.raises(ValueError, match="comparison"):
        pairwise_weights(matrix)  # type: ignore[arg-type]


def test_budgets_of_people_count_alike_whatever_they_hand_out() -> None:
    assert budget_weights([60, 30, 10]) == pytest.approx([0.6, 0.3, 0.1])
    assert budget_weights([[6, 3, 1], [200, 400, 400]]) == pytest.approx([0.4, 0.35, 0.25])


@pytest.mark.parametrize("points", [[0, 0], [[1, 2], [0, 0]], [-1, 2], [float("nan"), 1]])
def test_points_that_say_nothing_are_refused(points: object) -> None:
    with pytest.raises(ValueError, match="points"):
        budget_weights(points)  # type: ignore[arg-type]


def test_the_first_component_of_two_columns_weighs_them_alike() -> None:
    # The correlation matrix [[1, r], [r, 1]] has the eigenvalue 1 + |r| and the vector (1, ±1)/√2.
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    y = np.array([1.0, 3.0, 2.0, 5.0, 4.0])  # r = 0.8
    together = component_weights(np.column_stack([x, 10 * y]))
    assert together.weights == pytest.approx([0.5, 0.5])
    assert together.explained == pytest.approx(0.9)
    assert together.loadings == pytest.approx([np.sqrt(0.9)] * 2)
    against = component_weights(np.column_stack([x, -y]))
    assert against.weights == pytest.approx([0.5, 0.5])
    assert sorted(np.sign(against.loadings)) == [-1, 1]


def test_loadings_are_the_correlations_with_the_component_by_svd() -> None:
    values = np.random.default_rng(6).standard_normal((40, 4)) @ np.random.default_rng(7).standard_normal((4, 4))
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    left, singular, _ = np.linalg.svd(scaled, full_matrices=False)
    correlations = np.array([np.corrcoef(column, left[:, 0])[0, 1] for column in scaled.T])
    found = component_weights(values)
    assert np.abs(found.loadings) == pytest.approx(np.abs(correlations))
    assert found.weights == pytest.approx(correlations**2 / (correlations**2).sum())
    assert found.explained == pytest.approx(singular[0] ** 2 / (singular**2).sum())


def test_entropy_weights_by_hand() -> None:
    # Shares 1/2, 1/2: entropy 1, no weight. Shares 1/4, 3/4: E = 0.811278 bits. Shares 0, 1: E = 0.
    found = entropy_weights([[10, 1, 0], [10, 3, 7]])
    divergence = 1 - 0.8112781244591328
    assert found == pytest.approx([0, divergence / (1 + divergence), 1 / (1 + divergence)])


def test_data_without_an_answer_are_refused() -> None:
    with pytest.raises(ValueError, match="without variation"):
        component_weights([[1, 2], [1, 3], [1, 5]])
    with pytest.raises(ValueError, match="two rows"):
        component_weights([[1, 2]])
    with pytest.raises(ValueError, match="finite"):
        entropy_weights([[1, np.nan], [2, 3]])
    with pytest.raises(ValueError, match="0 or more"):
        entropy_weights([[1, -2], [2, 3]])
    with pytest.raises(ValueError, match="no column varies"):
        entropy_weights([[1, 2], [1, 2]])
