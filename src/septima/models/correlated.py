"""Errors that move together: their correlation from groups of the same people, and draws that have it.

Sources: Wolter, Introduction to Variance Estimation, 2nd ed., 2007, ch. 2; Schäfer & Strimmer, Statistical Applications in
Genetics and Molecular Biology 4:32, 2005; Iman & Conover, Communications in Statistics B 11, 1982.
"""

from dataclasses import dataclass

import numpy as np

from septima.models.intervals import FloatArray

_LEAST_GROUPS = 3
_ROUNDING = 1e-9


@dataclass(frozen=True)
class ShrunkCorrelation:
    """A correlation matrix (n, n) drawn towards none: each entry off the diagonal is 1 − `shrinkage` of what was seen."""

    matrix: FloatArray
    observed: FloatArray
    shrinkage: float


def shrunk_correlation(replicates: FloatArray) -> ShrunkCorrelation:
    """The correlation of columns over `replicates` (groups, n), shrunk by as much as chance alone makes correlations differ.

    The share λ is Σ Var(r) / Σ r² over the pairs, between 0 and 1 (Schäfer & Strimmer, 2005, target D of correlations), so
    the matrix is positive definite unless λ is 0. ValueError where there are fewer than three groups, a value is not
    finite, or a column does not vary.
    """
    groups = len(replicates)
    if replicates.ndim != 2 or groups < _LEAST_GROUPS or not np.all(np.isfinite(replicates)):
        raise ValueError(f"a correlation needs {_LEAST_GROUPS} groups or more, all values finite")
    spread = replicates.std(axis=0, ddof=1)
    if np.any(spread <= _ROUNDING * np.maximum(1.0, np.abs(replicates).max(axis=0))):
        raise ValueError("a column without variation has no correlation")
    scaled = (replicates - replicates.mean(axis=0)) / spread
    products = scaled[:, :, None] * scaled[:, None, :]
    mean = products.mean(axis=0)
    observed = mean * groups / (groups - 1)
    chance = ((products - mean) ** 2).sum(axis=0) * groups / (groups - 1) ** 3
    pairs = ~np.eye(replicates.shape[1], dtype=bool)
    total = float((observed[pairs] ** 2).sum())
    # Of the same column twice each product is its square, whose spread is no doubt about their correlation.
    doubt = float(np.where(np.abs(observed) < 1 - _ROUNDING, chance, 0.0)[pairs].sum())
    shrinkage = min(doubt / total, 1.0) if total > 0 else 1.0
    matrix = np.where(pairs, observed * (1 - shrinkage), 1.0)
    return ShrunkCorrelation(matrix, np.where(pairs, observed, 1.0), shrinkage)


def with_rank_correlation(scores: FloatArray, correlation: FloatArray) -> FloatArray:
    """Reorder each row of `scores` (n, draws) so that the rows correlate as `correlation` (n, n) says.

    Each row keeps its values and with them its distribution (Iman & Conover, 1982). What the rows happen to correlate
    already is taken out first, so that even a few draws come close. ValueError where `correlation` is none: not symmetric,
    not 1 on the diagonal, or with a combination of rows that would have a variance below 0.
    """
    size = len(correlation)
    if correlation.shape != (len(scores), size) or not np.allclose(correlation, correlation.T, atol=1e-9):
        raise ValueError("a correlation matrix is symmetric, with a row for each row of draws")
    if not np.allclose(np.diag(correlation), 1.0, atol=1e-9) or np.abs(correlation).max() > 1 + _ROUNDING:
        raise ValueError("correlations lie between −1 and 1, and are 1 on the diagonal")
    root = root_of(correlation)
    centred = scores - scores.mean(axis=1, keepdims=True)
    seen = np.linalg.cholesky(np.atleast_2d(np.corrcoef(centred)))
    wanted = root @ np.linalg.solve(seen, centred / centred.std(axis=1, keepdims=True))
    ranks = np.argsort(np.argsort(wanted, axis=1, kind="stable"), axis=1, kind="stable")
    return np.take_along_axis(np.sort(scores, axis=1), ranks, axis=1)


def root_of(correlation: FloatArray) -> FloatArray:
    """R with R·Rᵀ the correlation matrix, so that R times independent normal rows correlates so; copies among rows have one too.

    ValueError where the matrix has a negative eigenvalue.
    """
    values, vectors = np.linalg.eigh(correlation)
    if values.min() < -1e-8 * len(correlation):
        raise ValueError("no draws can correlate so: the matrix has a negative eigenvalue")
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)), np.float64)
