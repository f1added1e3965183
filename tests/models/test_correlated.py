"""Correlations of errors, and draws that have them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import spearmanr

from septima.models.correlated import shrunk_correlation, with_rank_correlation

NORMALS = ndtri((np.arange(4000) + 0.5) / 4000)
# The target of the example in Iman & Conover (1982), section 5, with six variables.
IMAN = np.array(
    [
        [1, 0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0],
        [0, 0, 0, 1, 0.75, -0.70],
        [0, 0, 0, 0.75, 1, -0.95],
        [0, 0, 0, -0.70, -0.95, 1],
    ]
)


def independent(rows: int, seed: int = 3) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.stack([random.permutation(NORMALS) for _ in range(rows)])


def test_draws_take_on_a_given_matrix_and_keep_their_margins() -> None:
    scores = independent(6)
    found = with_rank_correlation(scores, IMAN)
    assert np.corrcoef(found) == pytest.approx(IMAN, abs=0.01)
    # Of normal scores Spearman's correlation is 6/π·arcsin(ρ/2) (Pearson, 1907).
    assert spearmanr(found.T).statistic == pytest.approx(6 / np.pi * np.arcsin(IMAN / 2), abs=0.015)
    assert np.sort(found, axis=1).tolist() == np.sort(scores, axis=1).tolist()


def test_rows_that_are_to_be_alike_become_so_and_their_mean_keeps_the_whole_variance() -> None:
    one = with_rank_correlation(independent(2), np.ones((2, 2)))
    assert one[0].tolist() == one[1].tolist()
    # Var((x + y) / 2) = (1 + ρ) / 2 of unit variances.
    for correlation in (0.0, 0.5, 1.0):
        drawn = with_rank_correlation(independent(2), np.array([[1, correlation], [correlation, 1]]))
        assert drawn.mean(axis=0).var() == pytest.approx((1 + correlation) / 2 * NORMALS.var(), rel=0.01)


def test_a_matrix_that_is_no_correlation_is_refused() -> None:
    with pytest.raises(ValueError, match="negative eigenvalue"):
        with_rank_correlation(independent(3), np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]))
    with pytest.raises(ValueError, match="symmetric"):
        with_rank_correlation(independent(2), np.array([[1, 0.5], [0.1, 1]]))
    with pytest.raises(ValueError, match="diagonal"):
        with_rank_correlation(independent(2), np.array([[1, 1.5], [1.5, 1]]))
    with pytest.raises(ValueError, match="row for each row"):
        with_rank_correlation(independent(3), np.eye(2))


def test_shrinkage_is_as_its_authors_compute_it() -> None:
    # By the formulas of Schäfer & Strimmer (2005, section 3.1), one product at a time.
    random = np.random.default_rng(1)
    x = random.standard_normal((12, 3)) @ np.array([[1, 0.6, 0], [0, 0.8, 0], [0, 0, 1.0]])
    n, p = x.shape
    z = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    over = under = 0.0
    for i in range(p):
        for j in range(p):
            if i != j:
                w = [z[k, i] * z[k, j] for k in range(n)]
                mean = sum(w) / n
                over += n / (n - 1) ** 3 * sum((one - mean) ** 2 for one in w)
                under += (n / (n - 1) * mean) ** 2
    found = shrunk_correlation(x)
    assert found.shrinkage == pytest.approx(over / under)
    assert found.observed == pytest.approx(np.corrcoef(x, rowvar=False))
    assert found.matrix[0, 1] == pytest.approx(np.corrcoef(x, rowvar=False)[0, 1] * (1 - over / under))


def test_the_same_column_twice_correlates_wholly() -> None:
    column = np.random.default_rng(2).standard_normal(30)
    found = shrunk_correlation(np.column_stack([column, 5 + 2 * column]))
    assert found.shrinkage == 0
    assert found.matrix == pytest.approx(np.ones((2, 2)))


def test_what_chance_alone_makes_correlate_is_shrunk_to_little() -> None:
    random = np.random.default_rng(4)
    found = shrunk_correlation(random.standard_normal((30, 12)))
    apart = ~np.eye(12, dtype=bool)
    assert found.shrinkage > 0.6
    assert np.abs(found.matrix[apart]).max() < np.abs(found.observed[apart]).max() / 2


@settings(max_examples=25, deadline=None)
@given(st.integers(4, 20), st.integers(2, 6), st.integers(0, 1000))
def test_a_shrunk_matrix_can_always_be_drawn_from(groups: int, columns: int, seed: int) -> None:
    found = shrunk_correlation(np.random.default_rng(seed).standard_normal((groups, columns)))
    assert np.linalg.eigvalsh(found.matrix).min() > -1e-9
    assert with_rank_correlation(independent(columns), found.matrix).shape == (columns, len(NORMALS))


def test_too_few_groups_and_constant_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="3 groups"):
        shrunk_correlation(np.ones((2, 2)))
    with pytest.raises(ValueError, match="without variation"):
        shrunk_correlation(np.column_stack([np.arange(5.0), np.ones(5)]))
