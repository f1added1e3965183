"""Uncertainty carried from KPIs to composites by simulation (OECD/JRC handbook, 2008, step 7).

A KPI's interval implies the distribution of its sampling error. We draw from it and compute the
composite of every draw; the middle 95 % of those composites are its interval. The errors of
different periods are taken as independent, and those of different KPIs too unless their correlation is given.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from septima.metrics import Passport
from septima.scorecard.card import UNDEFINED, Figure
from septima.scorecard.composite import GEOMETRIC_FLOOR, Aggregation

FloatArray = npt.NDArray[np.float64]

DRAWS = 10_000
NORMAL_95 = 1.959963984540054

UNIT_BOUNDS: dict[str, tuple[float, float]] = {
    "share": (0.0, 1.0),
    "ratio": (0.0, np.inf),
    "seconds": (0.0, np.inf),
    "hours": (0.0, np.inf),
    "days": (0.0, np.inf),
    "months": (0.0, np.inf),
    "count": (0.0, np.inf),
    "per_1000": (0.0, np.inf),
    "score_1_5": (1.0, 5.0),
    "score_0_10": (0.0, 10.0),
    "score_0_100": (0.0, 100.0),
}


@dataclass(frozen=True, eq=False)
class ErrorCorrelation:
    """How the sampling errors of KPIs correlate: `matrix` (n, n) by `ids`; those of all other KPIs are independent.

    ValueError where it is not a matrix with a row and a column for each id.
    """

    ids: tuple[str, ...]
    matrix: FloatArray

    def __post_init__(self) -> None:
        if self.matrix.shape != (len(self.ids), len(self.ids)) or len(set(self.ids)) < len(self.ids):
            raise ValueError("a correlation of errors needs a row and a column for each id, and each id once")

    def of(self, ids: Sequence[str]) -> FloatArray:
        """The matrix of some of its ids, in their order."""
        places = [self.ids.index(name) for name in ids]
        return self.matrix[np.ix_(places, places)]


def bounds_of(passport: Passport) -> tuple[float, float]:
    """The values that a metric can take."""
    if passport.bounds is None:
        return UNIT_BOUNDS.get(passport.unit, (-np.inf, np.inf))
    least, greatest = passport.bounds
    return (-np.inf if least is None else least, np.inf if greatest is None else greatest)


def generator(seed: int, *names: str) -> np.random.Generator:
    """Random numbers that depend on the seed and the names only, not on what was drawn before.

    So a KPI gets the same draws wherever it stands on the card.
    """
    return np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])


@cache
def normal_scores(draws: int) -> FloatArray:
    """The normal distribution as `draws` values of equal mass, ascending: the middle quantile of each stratum."""
    scores = np.asarray(ndtri((np.arange(draws) + 0.5) / draws), np.float64)
    scores.setflags(write=False)  # it is shared by all that draw
    return scores


def spread(figure: Figure, bounds: tuple[float, float], scores: FloatArray) -> FloatArray:
    """The values at these ascending normal scores of the distribution that a figure and its 95 % interval imply.

    The distribution is normal on each side of the value with that side's own spread, half of the
    mass on either side: its 2.5 % and 97.5 % quantiles are the interval's bounds and its median is
    the value. Values are cut at `bounds`. A figure without an interval gives its value only; an undefined one gives NaN.
    """
    if figure.value is None:
        return np.full(scores.shape, np.nan)
    if figure.lower is None or figure.upper is None:
        return np.full(scores.shape, figure.value, dtype=np.float64)
    below = max(figure.value - figure.lower, 0.0) / NORMAL_95
    above = max(figure.upper - figure.value, 0.0) / NORMAL_95
    half = int(np.searchsorted(scores, 0.0))
    values = np.empty(scores.shape)
    np.multiply(scores[:half], below, out=values[:half])
    np.multiply(scores[half:], above, out=values[half:])
    values += figure.value
    least, greatest = bounds
    if values.size and (values[0] < least or values[-1] > greatest):
        np.clip(values, least, greatest, out=values)
    return values


def deviated(figure: Figure, bounds: tuple[float, float], scores: FloatArray) -> FloatArray:
    """As `spread`, at normal scores in any order and of any shape."""
    order = np.argsort(scores, axis=None)
    values = np.empty(scores.size)
    values[order] = spread(figure, bounds, scores.ravel()[order])
    return values.reshape(scores.shape)


def draw(figure: Figure, bounds: tuple[float, float], random: np.random.Generator, draws: int = DRAWS) -> FloatArray:
    """Draws from the distribution that a figure and its 95 % interval imply, see `spread`.

    They are stratified (Latin hypercube with the strata's middles; McKay, Beckman, Conover, 1979; Stein, 1987): the same
    values for every seed, in an order that differs.
    """
    return spread(figure, bounds, normal_scores(draws)).take(random.permutation(draws))


def summarise(value: float | None, draws: FloatArray) -> Figure:
    """The value with the middle 95 % of its draws; no interval where the draws do not differ."""
    if value is None or not np.isfinite(value):
        return UNDEFINED
    if np.isnan(draws).any() or np.ptp(draws) == 0:
        return Figure(value)
    lower, upper = np.quantile(draws, (0.025, 0.975))
    return Figure(value, float(lower), float(upper))


def combine(draws: FloatArray, weights: FloatArray, method: Aggregation = "arithmetic") -> FloatArray:
    """The composite of each draw: `draws` is KPIs × draws, `weights` average 1. See `composite.aggregate`."""
    return from_terms(weights @ terms(draws, method) / len(weights), method)


def terms(values: FloatArray, method: Aggregation) -> FloatArray:
    """What a composite by this method takes the weighted mean of: the values, or their logarithms."""
    return values if method == "arithmetic" else np.log(np.maximum(values, GEOMETRIC_FLOOR))


def from_terms(means: FloatArray, method: Aggregation) -> FloatArray:
    """The composite from the weighted mean of its `terms`."""
    return means if method == "arithmetic" else np.exp(means)


def distinguishable(now: FloatArray, before: FloatArray) -> bool | None:
    """Whether the middle 95 % of the differences of the draws leave out 0.

    None where either is undefined or has no interval.
    """
    difference = now - before
    if np.isnan(difference).any() or np.ptp(now) == 0 or np.ptp(before) == 0:
        return None
    lower, upper = np.quantile(difference, (0.025, 0.975))
    return bool(lower > 0 or upper < 0)
