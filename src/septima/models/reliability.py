"""How well the questions of one index hang together, and weights that follow from the answers."""

import numpy as np
import numpy.typing as npt
from scipy import stats

from septima.models.intervals import CONFIDENCE, Z, divide

FloatArray = npt.NDArray[np.float64]

# The z of a correlation of 1 has no end; this one keeps it within numbers.
_LARGEST = 1 - 1e-12


def cronbach_alpha(covariance: FloatArray) -> FloatArray:
    """Cronbach's alpha (1951) from covariance matrices of k items, shape (…, k, k).

    k/(k − 1)·(1 − tr C / Σ C), at most 1; NaN where the sum of the items does not vary or k < 2.
    """
    items = covariance.shape[-1]
    if items < 2:
        return np.full(covariance.shape[:-2], np.nan)
    own = np.trace(covariance, axis1=-2, axis2=-1)
    whole = covariance.sum(axis=(-2, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, items / (items - 1) * (1 - own / whole), np.nan)


def alpha_interval(alpha: FloatArray, n: FloatArray, items: int) -> tuple[FloatArray, FloatArray]:
    """Interval of 95 % of alpha from n respondents by the F distribution (Feldt, 1965)."""
    tail = (1 - CONFIDENCE) / 2
    between = np.where(n > 1, n - 1, np.nan)
    within = between * (items - 1)
    lower = 1 - (1 - alpha) * stats.f.ppf(1 - tail, between, within)
    upper = 1 - (1 - alpha) * stats.f.ppf(tail, between, within)
    return lower, upper


def first_principal_component(covariance: FloatArray) -> FloatArray:
    """Weights of k items, summing to 1, from the first principal component of one covariance matrix (k, k).

    The component (Pearson, 1901; Hotelling, 1933) is turned so that its loadings sum to a positive
    number, and loadings below zero become zero: an item that runs against the rest gets no weight.
    Equal weights where nothing varies.
    """
    items = covariance.shape[-1]
    if not np.isfinite(covariance).all() or not np.trace(covariance) > 0:
        return np.full(items, 1 / items)
    loadings = np.linalg.eigh(covariance)[1][:, -1]
    loadings = np.maximum(loadings * np.sign(loadings.sum() or 1.0), 0.0)
    return loadings / loadings.sum()


def item_rest_correlations(covariance: FloatArray) -> FloatArray:
    """Corrected item–total correlations (Nunnally, 1978) from covariance matrices (…, k, k), shape (…, k).

    Of each item with the sum of the others; NaN where either does not vary.
    """
    own = np.diagonal(covariance, axis1=-2, axis2=-1)
    with_all = covariance.sum(axis=-1)
    rest = covariance.sum(axis=(-2, -1))[..., None] - 2 * with_all + own
    return divide(with_all - own, np.sqrt(np.maximum(own * rest, 0)))


def mean_correlation(correlations: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean of the defined correlations on the last axis, and its interval of 95 % from n records, shape (…,) each.

    They are averaged as z = artanh r, whose standard error is 1/√(n − 3) (Fisher, 1921). The mean of several from the
    same records has at most that error, so its interval is on the safe side; that of a single one is Fisher's.
    """
    defined = np.isfinite(correlations)
    z = np.arctanh(np.clip(np.where(defined, correlations, 0.0), -_LARGEST, _LARGEST))
    mean = divide(z.sum(axis=-1), defined.sum(axis=-1))
    half = Z / np.sqrt(np.where(n > 3, n - 3, np.nan))
    return np.tanh(mean), np.tanh(mean - half), np.tanh(mean + half)
