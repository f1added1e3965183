"""Intervals of 95 % for the figures that metrics give, over arrays of cells.

Every function takes arrays of one shape and returns `(lower, upper)` of that shape, in the unit of
the figure. Where a cell has too few records for its interval the bounds are NaN.
"""

import numpy as np
import numpy.typing as npt
from scipy import stats

FloatArray = npt.NDArray[np.float64]
Bounds = tuple[FloatArray, FloatArray]

CONFIDENCE = 0.95
_TAIL = (1 - CONFIDENCE) / 2
Z = float(stats.norm.ppf(1 - _TAIL))


def divide(numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> FloatArray:
    """`numerator / denominator`, NaN where the denominator is zero or undefined."""
    top, bottom = np.broadcast_arrays(np.asarray(numerator, np.float64), np.asarray(denominator, np.float64))
    result = np.full(top.shape, np.nan)
    np.divide(top, bottom, out=result, where=np.isfinite(bottom) & (bottom != 0))
    return result


def wilson(successes: FloatArray, n: FloatArray) -> Bounds:
    """Score interval of a share (Wilson, 1927)."""
    share = divide(successes, n)
    spread = Z**2 / np.where(n > 0, n, np.nan)
    centre = (share + spread / 2) / (1 + spread)
    half = np.sqrt(spread * share * (1 - share) + spread**2 / 4) / (1 + spread)
    # The bound at a share of exactly 0 or 1 is 0 or 1; rounding would put it a hair off.
    lower = np.where(successes == 0, np.where(n > 0, 0.0, np.nan), centre - half)
    upper = np.where(successes == n, np.where(n > 0, 1.0, np.nan), centre + half)
    return np.clip(lower, 0, 1), np.clip(upper, 0, 1)


def variance(total: FloatArray, sum_of_squares: FloatArray, n: FloatArray) -> FloatArray:
    """Sample variance (n − 1) from sums; NaN below two records.

    What rounding leaves of a difference of two nearly equal sums counts as zero.
    """
    squares = sum_of_squares - divide(total, n) * total
    squares = np.where(squares <= 4 * np.finfo(np.float64).eps * np.abs(sum_of_squares), 0.0, squares)
    return divide(np.where(n > 1, squares, np.nan), n - 1)


def mean_t(total: FloatArray, sum_of_squares: FloatArray, n: FloatArray) -> Bounds:
    """Interval of a mean by the t distribution (Student, 1908)."""
    mean = divide(total, n)
    half = _t_quantile(n - 1) * np.sqrt(divide(variance(total, sum_of_squares, n), n))
    return mean - half, mean + half


def ratio_delta(
    numerator: FloatArray,
    denominator: FloatArray,
    numerator_squares: FloatArray,
    denominator_squares: FloatArray,
    products: FloatArray,
    n: FloatArray,
) -> Bounds:
    """Interval of a ratio of two sums over n records by the delta method (Cochran, 1977, ch. 6)."""
    ratio = divide(numerator, denominator)
    residuals = numerator_squares - 2 * ratio * products + ratio**2 * denominator_squares
    spread = divide(np.where(n > 1, np.maximum(residuals, 0) * divide(n, n - 1), np.nan), denominator**2)
    half = Z * np.sqrt(spread)
    return ratio - half, ratio + half


def net_share(positive: FloatArray, negative: FloatArray, n: FloatArray) -> Bounds:
    """Interval of (positive − negative) / n, both counts from one multinomial sample (Bonett & Price, 2012).

    One record is added to either count, which keeps the interval honest in small or unanimous
    samples where the plain multinomial variance would be zero.
    """
    larger = np.where(n > 0, n + 2, np.nan)
    up, down = divide(positive + 1, larger), divide(negative + 1, larger)
    half = Z * np.sqrt(divide(up + down - (up - down) ** 2, larger))
    return np.clip(up - down - half, -1, 1), np.clip(up - down + half, -1, 1)


def poisson(count: FloatArray) -> Bounds:
    """Exact interval of the mean of a Poisson count by the χ² distribution (Garwood, 1936)."""
    lower = np.where(count > 0, stats.chi2.ppf(_TAIL, 2 * np.where(count > 0, count, 1)) / 2, 0.0)
    upper = stats.chi2.ppf(1 - _TAIL, 2 * (count + 1)) / 2
    return np.where(np.isnan(count), np.nan, lower), np.asarray(upper, np.float64)


def compound_poisson(
    total: FloatArray, sum_of_squares: FloatArray, smallest: FloatArray, largest: FloatArray
) -> Bounds:
    """Interval of a total of amounts that come at random, from their sum, sum of squares, least and greatest.

    Amounts none of which is negative are weights of a Poisson count, and the total has the gamma interval of a
    weighted Poisson sum (Fay & Feuer, 1997), which is Garwood's where all amounts are alike. With refunds among
    them it is the normal one: Var Σx is estimated by Σx² (Klugman, Panjer & Willmot, 2012).
    """
    half = Z * np.sqrt(sum_of_squares)
    weighted = (smallest >= 0) & (total > 0) & (sum_of_squares > 0)
    y, v, w = (np.where(weighted, part, 1.0) for part in (total, sum_of_squares, largest))
    lower = v / (2 * y) * stats.chi2.ppf(_TAIL, 2 * y**2 / v)
    upper = (v + w**2) / (2 * (y + w)) * stats.chi2.ppf(1 - _TAIL, 2 * (y + w) ** 2 / (v + w**2))
    return np.where(weighted, lower, total - half), np.where(weighted, upper, total + half)


def poisson_ratio(count: FloatArray, base: FloatArray) -> Bounds:
    """Exact conditional interval of the ratio of two Poisson means, count / base (Przyborowski & Wileński, 1940).

    Given their sum the first count is binomial; its Clopper–Pearson bounds p give p / (1 − p).
    """
    known = np.isfinite(count) & np.isfinite(base) & (count + base > 0)
    top, bottom = np.where(known, count, 1.0), np.where(known, base, 1.0)
    low = np.where(top > 0, stats.beta.ppf(_TAIL, np.where(top > 0, top, 1), bottom + 1), 0.0)
    high = np.where(bottom > 0, stats.beta.ppf(1 - _TAIL, top + 1, np.where(bottom > 0, bottom, 1)), 1.0)
    lower = divide(low, 1 - low)
    upper = np.where(high < 1, divide(high, 1 - high), np.inf)
    return np.where(known, lower, np.nan), np.where(known, upper, np.nan)


def fieller(
    numerator: FloatArray,
    denominator: FloatArray,
    numerator_variance: FloatArray,
    denominator_variance: FloatArray,
    quantile: FloatArray | float = Z,
) -> Bounds:
    """Interval of a ratio of two independent sums with these variances (Fieller, 1954).

    `quantile` is that of the normal distribution, or of Student's where the variances are estimated from few
    records. Where the denominator itself may be zero by chance there are no bounds, and they are NaN.
    """
    ratio = divide(numerator, denominator)
    doubt = quantile**2 * divide(denominator_variance, denominator**2)
    rest = np.where(doubt < 1, 1 - doubt, np.nan)
    inside = numerator_variance * (1 - doubt) + ratio**2 * denominator_variance
    half = quantile * divide(np.sqrt(np.where(np.isnan(rest), np.nan, inside)), np.abs(denominator) * rest)
    return ratio / rest - half, ratio / rest + half


def difference(one: FloatArray, of_one: Bounds, other: FloatArray, of_other: Bounds) -> Bounds:
    """Interval of one − other, two independent estimates with intervals of their own, by square-and-add.

    Of two shares with Wilson's intervals it is method 10 of Newcombe (1998); in general Zou & Donner (2008).
    """
    value = one - other
    below = np.hypot(one - of_one[0], of_other[1] - other)
    above = np.hypot(of_one[1] - one, other - of_other[0])
    return value - below, value + above


def spearman(rho: FloatArray, n: FloatArray) -> Bounds:
    """Interval of Spearman's rank correlation by Fisher's z with variance (1 + ρ²/2) / (n − 3) (Bonett & Wright, 2000).

    NaN up to three pairs and at ρ = ±1, where z has no bounds.
    """
    usable = (n > 3) & (np.abs(rho) < 1)
    z = np.arctanh(np.where(usable, rho, 0.0))
    half = Z * np.sqrt((1 + rho**2 / 2) / np.where(usable, n - 3, 1.0))
    return np.where(usable, np.tanh(z - half), np.nan), np.where(usable, np.tanh(z + half), np.nan)


def _t_quantile(degrees: FloatArray) -> FloatArray:
    known = degrees > 0
    return np.where(known, stats.t.ppf(1 - _TAIL, np.where(known, degrees, 1)), np.nan)


def correlation_interval(correlation: float, n: float, quantile: float = Z) -> Bounds:
    """Interval of Pearson’s correlation by Fisher’s z (1915); NaN up to three pairs, and where it is ±1.

    `quantile` of the normal distribution is that of 95 % unless several intervals are to hold at once.
    """
    if n <= 3 or abs(correlation) >= 1:
        return np.array(np.nan), np.array(np.nan)
    z, half = np.arctanh(correlation), quantile / np.sqrt(n - 3)
    return np.tanh(z - half), np.tanh(z + half)
