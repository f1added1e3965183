"""How far figures would move by chance, from counts kept apart by groups of paths."""

import numpy as np
from scipy import stats

from septima.models.intervals import CONFIDENCE, Bounds, FloatArray

GROUPS = 16


def into_groups(counts: FloatArray, seed: int, groups: int = GROUPS) -> FloatArray:
    """Whole numbers of alike units (rows,), each unit put at random into a group: counts (rows, groups)."""
    chance = np.random.default_rng(seed)
    return chance.multinomial(counts.astype(np.int64), np.full(groups, 1 / groups)).astype(np.float64)


def left_out(grouped: FloatArray) -> FloatArray:
    """Sums (rows, groups) that are left where each group in turn is taken away."""
    return grouped.sum(axis=-1, keepdims=True) - grouped


def delete_a_group(estimate: FloatArray, replicates: FloatArray) -> Bounds:
    """95 % interval of shares (channels,) from estimates (channels, groups) without one random group each.

    The delete-a-group jackknife with Student's t (Kott, 2001). NaN where nothing varies, and so nothing tells of
    chance, and with fewer than two groups.
    """
    groups = replicates.shape[-1]
    if groups < 2:
        return np.full(estimate.shape, np.nan), np.full(estimate.shape, np.nan)
    variance = (groups - 1) / groups * ((replicates - estimate[:, None]) ** 2).sum(axis=-1)
    half = np.sqrt(variance) * float(stats.t.ppf((1 + CONFIDENCE) / 2, groups - 1))
    half = np.where(half > 1e-12, half, np.nan)
    lower, upper = estimate - half, estimate + half
    if (estimate < 0).any():
        return lower, upper
    # Where none can be below zero none can be above one.
    return np.maximum(lower, 0.0), np.minimum(upper, 1.0)
