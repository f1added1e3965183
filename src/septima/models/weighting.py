"""Weights from the judgements of people: pairwise comparison and allocation of a budget.

Sources: Saaty, The Analytic Hierarchy Process, 1980; OECD/JRC, Handbook on Constructing Composite Indicators, 2008, step 6.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from septima.models.intervals import FloatArray

LARGEST = 9.0
"""The end of Saaty’s scale: one matters beyond comparison more than the other."""
ACCEPTED_RATIO = 0.1
"""A consistency ratio up to which judgements may be used (Saaty, 1980)."""
_RANDOM_INDEX = (0.0, 0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
"""Mean consistency index of matrices filled by chance, by their size (Saaty, 1980)."""
MOST_COMPARED = len(_RANDOM_INDEX) - 1


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
