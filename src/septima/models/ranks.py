"""Places in a league whose figures are uncertain: percentiles, and ranks as intervals.

Arrays run over the members of the league; more is better and rank 1 is the best.
"""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Ranks = tuple[IntArray, IntArray]

CONFIDENCE = 0.95
DRAWS = 4_000


def percentiles(values: FloatArray) -> FloatArray:
    """Mid-rank percentile of each member, 0–100: 100·(number below + ½·number equal, itself among them) / n.

    `values` is members, or members × draws with a league in each column.
    """
    below = (values[:, None] > values[None, :]).sum(axis=1)
    equal = (values[:, None] == values[None, :]).sum(axis=1)
    return 100.0 * (below + 0.5 * equal) / len(values)


def ranks(values: FloatArray) -> IntArray:
    """The rank of each member: 1 + number above, so that equals share the better rank. Shapes as of `percentiles`."""
    above = (values[:, None] < values[None, :]).sum(axis=1)
    return 1 + above.astype(np.int64)


def simulated_ranks(draws: FloatArray, confidence: float = CONFIDENCE) -> Ranks:
    """The middle 95 % of the ranks that each member takes in `draws`, members × draws (Goldstein & Spiegelhalter, 1996).

    For one member at a time, and too narrow where members are close: see `rank_confidence_sets`.
    """
    placed = np.stack([1 + (draws > member).sum(axis=0) for member in draws])
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(placed, (tail, 1 - tail), axis=1, method="inverted_cdf")
    return lower.astype(np.int64), upper.astype(np.int64)


def rank_confidence_sets(
    values: FloatArray,
    errors: FloatArray,
    *,
    confidence: float = CONFIDENCE,
    draws: int = DRAWS,
    seed: int = 7,
) -> Ranks:
    """Least and greatest rank of each member; all true ranks lie between them at once with at least this confidence.

    `values` are independent normal estimates with standard errors `errors`, 0 where a value is exact. Pairs whose
    difference stands out, by a critical value that holds for all pairs together and is lowered step by step, order the
    members; the others may stand either way (Mogstad, Romano, Shaikh & Wilhelm, Review of Economic Studies, 2024).
    """
    above = _told_apart(values, errors, confidence, draws, seed)
    return 1 + above.sum(axis=0), len(values) - above.sum(axis=1)


def _told_apart(
    values: FloatArray, errors: FloatArray, confidence: float, draws: int, seed: int
) -> npt.NDArray[np.bool_]:
    """For each ordered pair whether the first stands above the second for certain enough."""
    count = len(values)
    spread = np.hypot(errors[:, None], errors[None, :])
    difference = values[:, None] - values[None, :]
    exact = spread == 0
    above = exact & (difference > 0)
    statistic = np.divide(difference, spread, out=np.full((count, count), -np.inf), where=~exact)
    left = ~exact
    noise = np.random.default_rng(seed).standard_normal((count, draws)) * errors[:, None]
    while left.any():
        greatest = np.full(draws, -np.inf)
        for member in np.flatnonzero(left.any(axis=1)):
            others = left[member]
            # One member against its others at a time: all pairs × draws at once would not fit for a long league.
            apart = (noise[member] - noise[others]) / spread[member, others][:, None]
            np.maximum(greatest, apart.max(axis=0), out=greatest)
        critical = np.quantile(greatest, confidence, method="higher")
        found = left & (statistic > critical)
        if not found.any():
            break
        above |= found
        left &= ~found
    return above
