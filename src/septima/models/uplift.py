"""What an experiment changed, from sums by arm."""

import numpy as np
import numpy.typing as npt
from scipy import stats

from septima.models.intervals import CONFIDENCE, Bounds, FloatArray, divide

MISMATCH = 0.001


def welch(value: FloatArray, variance: FloatArray, degrees: FloatArray) -> Bounds:
    """Interval of 95 % of a contrast of independent means by Student's t (Welch, 1947).

    `variance` is that of the contrast and `degrees` its degrees of freedom; NaN gives NaN bounds.
    """
    known = np.isfinite(degrees) & (degrees > 0)
    quantile = stats.t.ppf((1 + CONFIDENCE) / 2, np.where(known, degrees, 1.0))
    half = np.where(known, quantile, np.nan) * np.sqrt(variance)
    return value - half, value + half


def welch_degrees(variance: FloatArray, weighted_squares: FloatArray) -> FloatArray:
    """Degrees of freedom of a variance that is a sum of independent parts (Satterthwaite, 1946).

    `weighted_squares` is Σ part² / (n − 1) over those parts. NaN where nothing varies: arms without
    any variance tell nothing of what chance would do.
    """
    return divide(variance**2, weighted_squares)


def sample_ratio_p_value(counts: FloatArray, shares: npt.ArrayLike) -> FloatArray:
    """Probability of group sizes `counts` (…, arms) at least as far from planned `shares` (arms,), by Pearson's χ² (1900).

    A p below MISMATCH says that the assignment is broken (Fabijan et al., 2019).
    """
    planned = np.asarray(shares, np.float64)
    expected = counts.sum(axis=-1, keepdims=True) * planned / planned.sum()
    statistic = divide((counts - expected) ** 2, expected).sum(axis=-1)
    return np.asarray(stats.chi2.sf(statistic, counts.shape[-1] - 1), np.float64)
