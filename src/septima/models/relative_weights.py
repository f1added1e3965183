"""How much of an outcome's variance each of several correlated drivers accounts for."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from septima.models.intervals import Z, divide

FloatArray = npt.NDArray[np.float64]

# Of a correlation matrix the eigenvalues sum to the number of drivers; one this small is zero but for rounding.
_NOTHING = 1e-10
# Where chance alone could give R², the adjusted one is zero or less, and a square root there has no error.
_LEAST_KEPT = 0.25


@dataclass(frozen=True)
class Share:
    """Shares of variance and their intervals of 95 %, arrays of one shape."""

    value: FloatArray
    lower: FloatArray
    upper: FloatArray


@dataclass(frozen=True)
class RelativeWeights:
    """Raw relative weights (…, p) of p drivers, which sum to `r_squared` (…,)."""

    weights: Share
    r_squared: Share


def relative_weights(covariance: FloatArray, n: FloatArray) -> RelativeWeights:
    """Relative weights (Johnson, 2000) from covariance matrices (…, p + 1, p + 1), the outcome last, of n records (…,).

    Drivers are replaced by the orthogonal variables nearest to them; with R their correlations, r those with the
    outcome and Λ = R^½ the weights are (Λ∘Λ)(β∘β), β = Λ⁻¹r. A driver that does not vary weighs nothing. All is
    NaN where the outcome does not vary or records are not more than p + 1.

    Intervals are by the delta method from the distribution of the covariances of normal variables, Var tr(GS) =
    2·tr(GΣGΣ)/(n − 1) (Anderson, 2003, ch. 3). As the weights are skewed and together too great, bounds are set on
    their square roots about what is left of them when R² is adjusted (Ezekiel, 1930).
    """
    correlations = _correlations(covariance)
    drivers = correlations.shape[-1] - 1
    defined = (np.diagonal(covariance, axis1=-2, axis2=-1)[..., -1] > 0) & (n > drivers + 1)
    root = _Root(correlations[..., :-1, :-1], correlations[..., :-1, -1])
    weights = np.where(defined[..., None], root.weights(), np.nan)
    gradients = _gradients(root, correlations)
    product = gradients @ correlations[..., None, :, :]
    variance = divide(2 * np.einsum("...ij,...ji->...", product, product), np.where(defined, n - 1, np.nan)[..., None])
    error = np.sqrt(np.maximum(variance, 0))
    r_squared = weights.sum(axis=-1)
    adjusted = 1 - (1 - r_squared) * divide(n - 1, n - drivers - 1)
    kept = np.maximum(divide(adjusted, r_squared), _LEAST_KEPT)
    return RelativeWeights(
        _with_bounds(weights, kept[..., None], error[..., :-1]), _with_bounds(r_squared, kept, error[..., -1])
    )


def _with_bounds(value: FloatArray, kept: FloatArray, error: FloatArray) -> Share:
    centre = np.sqrt(value * kept)
    # The standard error of a square root is that of the number over twice the root.
    half = Z * divide(error, 2 * centre)
    lower, upper = np.maximum(centre - half, 0) ** 2, np.minimum(centre + half, 1) ** 2
    return Share(value, np.minimum(lower, value), np.maximum(upper, value))


class _Root:
    """R^½ = Λ of the drivers' correlations, β = Λ⁻¹r, and how both change."""

    def __init__(self, drivers: FloatArray, outcome: FloatArray) -> None:
        values, self.vectors = np.linalg.eigh(drivers)
        values = np.where(values > _NOTHING, values, 0.0)
        roots = np.sqrt(values)
        self.root = (self.vectors * roots[..., None, :]) @ self._turned
        self.inverse = (self.vectors * np.where(roots > 0, divide(1, roots), 0.0)[..., None, :]) @ self._turned
        sums = roots[..., :, None] + roots[..., None, :]
        self.shares = np.where(sums > 0, divide(1, sums), 0.0)
        self.beta = _times(self.inverse, outcome)

    @property
    def _turned(self) -> FloatArray:
        return np.swapaxes(self.vectors, -1, -2)

    def weights(self) -> FloatArray:
        return _times(self.root**2, self.beta**2)

    def change_by_driver_pair(self, one: int, other: int) -> FloatArray:
        """Derivative of the weights by the correlation of two drivers: Λ·dΛ + dΛ·Λ = dR, solved in R's eigenvectors."""
        rows = self.vectors[..., one, :], self.vectors[..., other, :]
        turned = rows[0][..., :, None] * rows[1][..., None, :] + rows[1][..., :, None] * rows[0][..., None, :]
        change = self.vectors @ (turned * self.shares) @ self._turned
        beta_change = -_times(self.inverse, _times(change, self.beta))
        return 2 * (_times(self.root * change, self.beta**2) + _times(self.root**2, self.beta * beta_change))

    def change_by_outcome(self, driver: int) -> FloatArray:
        """Derivative of the weights by a driver's correlation with the outcome."""
        return 2 * _times(self.root**2, self.beta * self.inverse[..., :, driver])


def _gradients(root: _Root, correlations: FloatArray) -> FloatArray:
    """Symmetric gradients (…, p + 1, k, k) of the weights and, last, of their sum, by the covariances at unit variances."""
    k = correlations.shape[-1]
    gradients = np.zeros((*correlations.shape[:-2], k, k, k))
    for one, other in combinations(range(k), 2):
        weights = root.change_by_outcome(one) if other == k - 1 else root.change_by_driver_pair(one, other)
        change = np.concatenate([weights, weights.sum(axis=-1, keepdims=True)], axis=-1)
        gradients[..., one, other] = gradients[..., other, one] = change / 2
        # A greater variance lowers the correlations of its variable: ∂ρ/∂σ² = −ρ/2.
        for place in (one, other):
            gradients[..., place, place] -= correlations[..., one, other, None] * change / 2
    return gradients


def _correlations(covariance: FloatArray) -> FloatArray:
    """Correlations; those of a variable that does not vary are 0, its own is 1."""
    spread = np.sqrt(np.maximum(np.diagonal(covariance, axis1=-2, axis2=-1), 0))
    correlations = np.nan_to_num(divide(covariance, spread[..., :, None] * spread[..., None, :]))
    diagonal = np.arange(correlations.shape[-1])
    correlations[..., diagonal, diagonal] = 1.0
    return correlations


def _times(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    return (matrix @ vector[..., None])[..., 0]
