"""Weights from the judgements of people, pairwise or by a budget, and from data, by principal component or by entropy.

Sources: Saaty, The Analytic Hierarchy Process, 1980; OECD/JRC, Handbook on Constructing Composite Indicators, 2008, steps 4
and 6; Shannon, 1948; Zeleny, Multiple Criteria Decision Making, 1982; Hwang & Yoon, Multiple Attribute Decision Making, 1981.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from septima.models.intervals import FloatArray

LARGEST = 9.0
"""The end of Saaty’s scale: one matters beyond comparison more than the other."""
ACCEPTED_RATIO = 0.1
"""A consistency ratio up to which judgements may be used (Saaty, 1980)."""
_RANDOM_INDEX = (0.0, 0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
"""Mean consistency index of matrices filled by chance, by their size (Saaty, 1980)."""
MOST_COMPARED = len(_RANDOM_INDEX) - 1
_ROUNDING = 1e-9


@dataclass(frozen=True)
class PairwiseWeights:
    """Weights (n,) that sum to 1, from an n × n matrix of comparisons.

    `consistency_ratio` is 0 where no comparison contradicts another and 1 where they are as good as chance. `worst`
    are row and column of the comparison farthest from what the weights say, None where all agree.
    """

    weights: FloatArray
    eigenvalue: float
    consistency_index: float
    consistency_ratio: float
    worst: tuple[int, int] | None


def pairwise_weights(matrix: npt.ArrayLike) -> PairwiseWeights:
    """The principal eigenvector of a reciprocal matrix, where entry (i, j) says how many times i matters as much as j.

    ValueError where the matrix is not square, has an entry that is not above 0, or (j, i) is not 1 over (i, j); or where
    more than MOST_COMPARED are compared, past which no random index is published.
    """
    compared = np.asarray(matrix, np.float64)
    size = len(compared)
    if compared.ndim != 2 or compared.shape != (size, size) or not 1 <= size <= MOST_COMPARED:
        raise ValueError(f"comparisons must be a square matrix of 1 to {MOST_COMPARED} rows")
    if not np.all(np.isfinite(compared)) or not np.all(compared > 0):
        raise ValueError("comparisons must be finite and above 0")
    if not np.allclose(compared * compared.T, 1.0, rtol=1e-6, atol=0.0):
        raise ValueError("each comparison must be 1 over its reverse")
    values, vectors = np.linalg.eig(compared)
    first = int(np.argmax(np.real(values)))
    eigenvalue = float(np.real(values)[first])
    weights = np.abs(np.real(vectors)[:, first])
    weights = weights / weights.sum()
    index = max((eigenvalue - size) / (size - 1), 0.0) if size > 1 else 0.0
    random = _RANDOM_INDEX[size]
    ratio = index / random if random else 0.0
    distance = np.abs(np.log(compared * weights[None, :] / weights[:, None]))
    row, column = np.unravel_index(int(np.argmax(np.triu(distance))), distance.shape)
    worst = (int(row), int(column)) if distance[row, column] > 1e-9 else None
    return PairwiseWeights(weights, eigenvalue, float(index), float(ratio), worst)


def budget_weights(points: npt.ArrayLike) -> FloatArray:
    """Weights (n,) that sum to 1: the mean over people of the shares of their points (people, n).

    ValueError where points are below 0 or not finite, or somebody gave none.
    """
    given = np.atleast_2d(np.asarray(points, np.float64))
    if not np.all(np.isfinite(given)) or np.any(given < 0) or np.any(given.sum(axis=1) <= 0):
        raise ValueError("points must be finite, 0 or more, and everybody must give some")
    return np.asarray((given / given.sum(axis=1, keepdims=True)).mean(axis=0), np.float64)


@dataclass(frozen=True)
class ComponentWeights:
    """Weights (n,) that sum to 1, from the first principal component.

    `loadings` are the correlations of each column with the component, its sign chosen so that they add up to 0 or more;
    `explained` is the share of all variance that it carries.
    """

    weights: FloatArray
    loadings: FloatArray
    explained: float


def component_weights(observed: npt.ArrayLike) -> ComponentWeights:
    """The squared loadings of the first principal component of the correlations, over `observed` (periods, n).

    A squared loading over the eigenvalue is the part of the component's variance that a column accounts for (OECD/JRC
    handbook, 2008, step 6, with one factor kept and so no rotation). ValueError where there are fewer than two rows, a value
    is not finite, or a column does not vary.
    """
    values = _observed(observed)
    if not np.all(varying(values)):
        raise ValueError("a column without variation has no correlation")
    eigenvalues, vectors = np.linalg.eigh(np.atleast_2d(np.corrcoef(values, rowvar=False)))
    first = vectors[:, -1] * (-1.0 if vectors[:, -1].sum() < 0 else 1.0)
    eigenvalue = float(eigenvalues[-1])
    return ComponentWeights(first**2, first * np.sqrt(eigenvalue), eigenvalue / values.shape[1])


def entropy_weights(observed: npt.ArrayLike) -> FloatArray:
    """Weights (n,) that sum to 1: the more a column tells periods apart, the more it weighs.

    With p the shares of a column's total over `observed` (periods, n), its entropy is E = −Σ p·ln p / ln T (Shannon, 1948)
    and its weight (1 − E) / Σ (1 − E) (Zeleny, 1982; Hwang & Yoon, 1981). A column that does not vary weighs nothing.
    ValueError where there are fewer than two rows, a value is negative or not finite, or no column varies.
    """
    values = _observed(observed)
    if np.any(values < 0):
        raise ValueError("entropy is of values of 0 or more")
    varies = varying(values)
    if not varies.any():
        raise ValueError("no column varies")
    shares = values[:, varies] / values[:, varies].sum(axis=0)
    entropy = special.entr(shares).sum(axis=0) / np.log(len(values))
    found = np.zeros(values.shape[1])
    found[varies] = np.maximum(1 - entropy, 0.0)
    return found / found.sum()


def varying(observed: FloatArray) -> npt.NDArray[np.bool_]:
    """Which columns of (periods, n) have values that differ by more than rounding."""
    return np.ptp(observed, axis=0) > _ROUNDING * np.maximum(1.0, np.abs(observed).max(axis=0))


def _observed(observed: npt.ArrayLike) -> FloatArray:
    values = np.asarray(observed, np.float64)
    if values.ndim != 2 or len(values) < 2 or not np.all(np.isfinite(values)):
        raise ValueError("observations must be a matrix of two rows or more, all of them finite")
    return values
