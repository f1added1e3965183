"""Rules that share a path among its touches by their places in it."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from septima.models.attribution.paths import Paths
from septima.models.attribution.words import Rule
from septima.models.intervals import FloatArray

END_SHARE = 0.4
"""What the rule by position gives the first touch, and the last; those between share what is left."""


def weights(paths: Paths, rule: Rule, *, direct: npt.NDArray[np.bool_], half_life: float) -> FloatArray:
    """The part of its path that each touch has (touches,); they sum to 1 within a path.

    `direct` (channels,) marks channels that the rule «last non-direct» passes over; `half_life` is the number of
    touches after which a part halves in the rule of time decay.
    """
    position, length = paths.position, paths.length
    last = position == length - 1
    if rule == "last":
        return last.astype(np.float64)
    if rule == "first":
        return (position == 0).astype(np.float64)
    if rule == "linear":
        return 1.0 / length
    if rule == "position":
        ends = np.where((position == 0) | last, END_SHARE, (1 - 2 * END_SHARE) / np.maximum(length - 2, 1))
        return np.where(length <= 2, 1.0 / length, ends)
    if rule == "last_non_direct":
        path, count = paths.path, len(paths.lengths)
        furthest = np.full(count, -1, dtype=np.int64)
        indirect = ~direct[paths.codes] if len(paths.codes) else np.zeros(0, dtype=bool)
        np.maximum.at(furthest, path[indirect], position[indirect])
        furthest = np.where(furthest < 0, paths.lengths - 1, furthest)
        return (position == furthest[path]).astype(np.float64)
    raw = np.exp2(-(length - 1 - position) / half_life)
    return raw / np.bincount(paths.path, weights=raw, minlength=len(paths.lengths))[paths.path]


def credited(paths: Paths, parts: FloatArray, amounts: FloatArray) -> FloatArray:
    """Sums by channel (channels, groups) of what each path has (paths, groups), shared by `parts` (touches,)."""
    share: Any = sparse.csr_array((parts, (paths.codes, paths.path)), shape=(len(paths.channels), len(paths.lengths)))
    return np.asarray(share @ amounts, np.float64)
