"""Which uncertain choices a model's outcome depends on: variance-based indices of groups of inputs, with intervals.

Sources: Sobol, Mathematics and Computers in Simulation 55, 2001; Saltelli, Annoni, Azzini, Campolongo, Ratto & Tarantola,
Computer Physics Communications 181, 2010; Saltelli et al., Global Sensitivity Analysis: The Primer, 2008, on groups.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy.stats import qmc, sobol_indices

from septima.models.intervals import CONFIDENCE, FloatArray

SAMPLES = 1024
_RESAMPLES = 500

Model = Callable[[FloatArray], FloatArray]
"""Outcomes (outputs, n) of inputs (columns, n), each between 0 and 1."""


@dataclass(frozen=True)
class SobolIndices:
    """First-order and total indices of one output by group, arrays (groups,), with 95 % percentile bootstrap bounds.

    The first-order index is the share of the variance that a group accounts for alone; the total one adds what it does
    together with the others. Where the output does not vary, all are 0.
    """

    first: FloatArray
    first_lower: FloatArray
    first_upper: FloatArray
    total: FloatArray
    total_lower: FloatArray
    total_upper: FloatArray
    variance: float


def indices_by_group(
    model: Model, columns: int, groups: Sequence[Sequence[int]], *, samples: int = SAMPLES, seed: int = 7
) -> tuple[SobolIndices, ...]:
    """Indices of each output of `model` by group of its independent, uniform inputs; a group holds places of columns.

    `samples`, a power of 2, are points of a scrambled Sobol sequence; the model is asked for as many outcomes at a time,
    once per group and twice more, so that the memory does not grow with the groups. ValueError where an outcome is not finite.
    """
    # SciPy draws its own points too, but exchanges one input at a time and all of them at once.
    points = qmc.Sobol(2 * columns, rng=np.random.default_rng(seed)).random(samples).T
    first, second = points[:columns], points[columns:]
    outcomes = [_finite(model(first)), _finite(model(second))]
    exchanged: list[FloatArray] = []
    for group in groups:
        mixed = first.copy()
        mixed[list(group)] = second[list(group)]
        exchanged.append(_finite(model(mixed)))
    mixes = np.stack(exchanged) if exchanged else np.empty((0, *outcomes[0].shape))
    return tuple(
        _indices(outcomes[0][place], outcomes[1][place], mixes[:, place], seed) for place in range(len(outcomes[0]))
    )


def _indices(first: FloatArray, second: FloatArray, mixes: FloatArray, seed: int) -> SobolIndices:
    """Indices of one output from its values at both samples (n,) and with each group exchanged (groups, n)."""
    both = np.stack([first, second])
    if not len(mixes) or np.ptp(both) <= 1e-12 * max(1.0, float(np.abs(both).max())):
        nothing = np.zeros(len(mixes))
        return SobolIndices(nothing, nothing, nothing, nothing, nothing, nothing, 0.0)
    # The output stands there twice: of one output and one group SciPy 1.17 makes a bare number and fails to write into it.
    twice = {name: np.stack([part, part], axis=-2) for name, part in (("f_A", first), ("f_B", second), ("f_AB", mixes))}
    found = sobol_indices(func=twice, n=len(first))
    mean = both.mean()
    one, other, mixed = first - mean, second - mean, mixes - mean
    alone, together = other * (mixed - one), 0.5 * (one - mixed) ** 2
    random = np.random.default_rng([seed, 1])
    counts = random.multinomial(len(first), np.full(len(first), 1 / len(first)), size=_RESAMPLES) / len(first)
    centre = counts @ ((one + other) / 2)
    spread = (counts @ ((one**2 + other**2) / 2) - centre**2)[:, None]
    spread = np.where(spread > 0, spread, np.inf)  # where no resampled outcome differs, nothing depends on anything
    tail = (1 - CONFIDENCE) / 2
    first_bounds, total_bounds = (
        np.quantile(counts @ terms.T / spread, (tail, 1 - tail), axis=0) for terms in (alone, together)
    )
    return SobolIndices(
        first=cast(FloatArray, found.first_order).reshape(2, -1)[0],
        first_lower=first_bounds[0],
        first_upper=first_bounds[1],
        total=cast(FloatArray, found.total_order).reshape(2, -1)[0],
        total_lower=total_bounds[0],
        total_upper=total_bounds[1],
        variance=float(both.var()),
    )


def _finite(outcomes: FloatArray) -> FloatArray:
    if not np.all(np.isfinite(outcomes)):
        raise ValueError("the model gives outcomes that are not finite")
    return np.atleast_2d(outcomes)
