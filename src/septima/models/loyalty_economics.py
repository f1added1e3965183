"""What loyalty is worth: loyal customers against others, and profit per customer under another retention.

Only sums over customers come in; they are arrays without dimensions or of one shape.
"""

from dataclasses import dataclass

import numpy as np

from septima.models import intervals
from septima.models.intervals import Bounds, FloatArray, divide


@dataclass(frozen=True)
class RatioSums:
    """Sums over the n customers of a group: of a numerator a, a denominator b, of their squares and products."""

    n: FloatArray
    a: FloatArray
    b: FloatArray
    aa: FloatArray
    bb: FloatArray
    ab: FloatArray

    def __add__(self, other: "RatioSums") -> "RatioSums":
        return RatioSums(
            self.n + other.n,
            self.a + other.a,
            self.b + other.b,
            self.aa + other.aa,
            self.bb + other.bb,
            self.ab + other.ab,
        )

    @property
    def ratio(self) -> FloatArray:
        """Σa / Σb; the mean of a where b is 1 for every customer."""
        return divide(self.a, self.b)

    @property
    def bounds(self) -> Bounds:
        """The interval of `ratio` over independent customers by the delta method (Cochran, 1977, ch. 6)."""
        return intervals.ratio_delta(self.a, self.b, self.aa, self.bb, self.ab, self.n)

    @property
    def relative_variance(self) -> FloatArray:
        """Variance of ln(ratio) by the delta method; NaN where the ratio is not above 0."""
        residuals = self.aa - 2 * self.ratio * self.ab + self.ratio**2 * self.bb
        spread = divide(np.where(self.n > 1, np.maximum(residuals, 0) * divide(self.n, self.n - 1), np.nan), self.b**2)
        return divide(spread, np.where(self.ratio > 0, self.ratio, np.nan) ** 2)


def times_as_much(loyal: RatioSums, other: RatioSums) -> tuple[FloatArray, Bounds]:
    """How many times the ratio of others that of the loyal is, with the interval of its logarithm.

    Of two shares it is the interval of the relative risk (Katz, Baptista, Azen & Pike, 1978). NaN where either ratio
    is not above 0, for which a logarithm does not exist.
    """
    variance = loyal.relative_variance + other.relative_variance
    value = np.where(np.isfinite(variance), divide(loyal.ratio, other.ratio), np.nan)
    factor = np.exp(intervals.Z * np.sqrt(variance))
    return value, (divide(value, factor), value * factor)


@dataclass(frozen=True)
class RetentionSums:
    """Sums over the n customers of one period: margin m in it, and whether they stayed into the next one (s)."""

    n: FloatArray
    m: FloatArray
    mm: FloatArray
    s: FloatArray
    ms: FloatArray


@dataclass(frozen=True)
class RetentionValue:
    """Profit per customer at the retention there is and at a changed one, each with its interval.

    `relative` is the change of profit per customer as a share of what it is. NaN where it is not defined: retention
    that would be 1 or more, or nobody stays.
    """

    retention: FloatArray
    retention_bounds: Bounds
    margin: FloatArray
    margin_bounds: Bounds
    value: FloatArray
    value_bounds: Bounds
    changed_retention: FloatArray
    changed_value: FloatArray
    change: FloatArray
    change_bounds: Bounds
    relative: FloatArray
    relative_bounds: Bounds


def retention_value(
    sums: RetentionSums, discount: float, *, factor: float = 1.0, points: float = 0.0
) -> RetentionValue:
    """Profit per customer m·r/(1 + d − r) (Gupta & Lehmann, 2003), and at the retention r·`factor` + `points`.

    `discount` d is that of one period. Margin and retention are means over the same customers, and intervals of what
    is made of both know how they go together (delta method). The relative change depends on retention alone, along
    which it only rises or falls, so that its bounds are those of retention (Wilson, 1927).
    """
    retention, margin = divide(sums.s, sums.n), divide(sums.m, sums.n)
    retention_bounds = intervals.wilson(sums.s, sums.n)
    changed = retention * factor + points
    possible = (retention > 0) & (changed > 0) & (changed < 1)
    changed = np.where(possible, changed, np.nan)
    enough = np.where(sums.n > 1, sums.n - 1, np.nan)
    spread_m = divide(intervals.variance(sums.m, sums.mm, sums.n), sums.n)
    spread_r = divide(retention * (1 - retention), sums.n)
    together = divide(divide(sums.ms - margin * sums.s, enough), sums.n)

    def within(value: FloatArray, by_margin: FloatArray, by_retention: FloatArray) -> Bounds:
        variance = by_margin**2 * spread_m + by_retention**2 * spread_r + 2 * by_margin * by_retention * together
        half = intervals.Z * np.sqrt(np.maximum(variance, 0))
        return value - half, value + half

    now, then = _multiple(retention, discount), _multiple(changed, discount)
    slope, slope_then = _slope(retention, discount), factor * _slope(changed, discount)
    change = margin * (then - now)
    ends = [
        divide(_multiple(bound * factor + points, discount), _multiple(bound, discount)) - 1
        for bound in (np.minimum(edge, _below(factor, points)) for edge in retention_bounds)
    ]
    relative = divide(then, now) - 1
    return RetentionValue(
        retention,
        retention_bounds,
        margin,
        intervals.mean_t(sums.m, sums.mm, sums.n),
        margin * now,
        within(margin * now, now, margin * slope),
        changed,
        margin * then,
        change,
        within(change, then - now, margin * (slope_then - slope)),
        relative,
        (
            np.where(np.isfinite(relative), np.minimum(*ends), np.nan),
            np.where(np.isfinite(relative), np.maximum(*ends), np.nan),
        ),
    )


def _multiple(retention: FloatArray, discount: float) -> FloatArray:
    return divide(retention, 1 + discount - retention)


def _slope(retention: FloatArray, discount: float) -> FloatArray:
    return divide(1 + discount, (1 + discount - retention) ** 2)


def _below(factor: float, points: float) -> float:
    """The retention that the change brings to 1: an interval does not reach beyond it."""
    return min(1.0, (1 - points) / factor) if factor > 0 else 1.0


def more_loyal(loyal_part: RatioSums, share: FloatArray, change: float) -> tuple[FloatArray, Bounds]:
    """Relative change of a total where the share of the loyal grows by `change` of itself: x·(q − s)/(1 − s).

    `loyal_part` has what loyal customers bring as a and what all bring as b, so that q = Σa/Σb; s is the `share` of
    the loyal, taken as known. It is what would come of it if those who became loyal did as the loyal do now.
    """
    value = change * divide(loyal_part.ratio - share, 1 - share)
    ends = [change * divide(bound - share, 1 - share) for bound in loyal_part.bounds]
    return value, (np.minimum(*ends), np.maximum(*ends))


def break_even_growth(margin_rate: FloatArray, bounds: Bounds, cut: float) -> tuple[FloatArray, Bounds]:
    """By how much sales in units must grow for a price cut to leave the margin as it was: c / (M − c).

    The break-even sales change −ΔP / (CM + ΔP) of Nagle & Müller (The Strategy and Tactics of Pricing, 2018), with the
    cut c and the margin rate M as shares of the price. NaN where M is not above c: no growth makes up for it.
    """

    def needed(rate: FloatArray) -> FloatArray:
        return np.where(rate > cut, divide(cut, rate - cut), np.nan)

    value = needed(margin_rate)
    lower, upper = bounds
    return value, (np.where(np.isfinite(value), needed(upper), np.nan), np.where(lower > cut, needed(lower), np.inf))
