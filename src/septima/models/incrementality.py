"""What an experiment changed, how large it must be, and whether it was run as planned; from sums by arm.

Only sums leave the engine: customers n, outcome Σy, Σy², covariate Σx, Σx² and Σxy. All arrays here are of one shape
(arms, outcomes or months) or broadcast to one; money and counts keep the unit of the outcome.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from septima.models import intervals
from septima.models.intervals import CONFIDENCE, Bounds, FloatArray, divide
from septima.models.uplift import welch, welch_degrees

ALPHA = 1 - CONFIDENCE
POWER = 0.8
EXPECTED_CUSTOMERS = 10_000.0
"""Customers at which the always-valid interval is narrowest, where no plan names their number."""


@dataclass(frozen=True)
class Moments:
    """Sums over the n customers of each arm: of the outcome y, of the covariate x from before, of their products."""

    n: FloatArray
    y: FloatArray
    yy: FloatArray
    x: FloatArray
    xx: FloatArray
    xy: FloatArray

    @classmethod
    def of(cls, outcome: npt.ArrayLike, covariate: npt.ArrayLike | None = None) -> "Moments":
        """The sums of arms (…,) over their customers (…, customers), where rows and not sums are at hand.

        `covariate` is what is known of each customer from before the experiment; none is 0 for all. A NaN leaves what
        is made of its arm undefined. ValueError where the shapes do not fit.
        """
        y = np.asarray(outcome, np.float64)
        x = np.broadcast_to(np.asarray(0.0 if covariate is None else covariate, np.float64), y.shape)
        n = np.full(y.shape[:-1], float(y.shape[-1]))
        return cls(n, *(np.asarray(each.sum(axis=-1)) for each in (y, y * y, x, x * x, x * y)))

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(
            self.n + other.n,
            self.y + other.y,
            self.yy + other.yy,
            self.x + other.x,
            self.xx + other.xx,
            self.xy + other.xy,
        )

    @property
    def mean(self) -> FloatArray:
        """Mean outcome."""
        return divide(self.y, self.n)

    @property
    def variance(self) -> FloatArray:
        """Sample variance of the outcome."""
        return intervals.variance(self.y, self.yy, self.n)

    @property
    def covariate_variance(self) -> FloatArray:
        """Sample variance of the covariate."""
        return intervals.variance(self.x, self.xx, self.n)

    @property
    def covariance(self) -> FloatArray:
        """Sample covariance of outcome and covariate."""
        return divide(np.where(self.n > 1, self.xy - divide(self.x, self.n) * self.y, np.nan), self.n - 1)

    @property
    def slope(self) -> FloatArray:
        """Slope θ of the outcome on the covariate; 0 where the covariate does not vary."""
        return np.nan_to_num(divide(self.covariance, self.covariate_variance))

    def adjusted_variance(self, slope: FloatArray) -> FloatArray:
        """Sample variance of y − θ·x."""
        spread = self.variance - 2 * slope * self.covariance + slope**2 * self.covariate_variance
        return np.where(spread > 0, spread, np.where(np.isnan(spread), np.nan, 0.0))


@dataclass(frozen=True)
class Comparison:
    """A treated arm against its control; arrays of one shape. NaN is undefined.

    - `control_mean`, `treated_mean`: outcome per customer, adjusted by CUPED where a covariate varies.
    - `difference`, `lower`, `upper`, `p_value`: of the means, by Student's t with Welch's degrees of freedom.
    - `relative` …: difference / control mean, by Fieller's theorem with the same quantile, so that this interval holds
      0 where and only where that of the difference does. NaN where the control mean is not clearly above 0.
    - `total` …: difference × treated customers.
    - `anytime_lower`, `anytime_upper`: bounds of the difference that hold however often one looks.
    - `variance_reduction`: share of the variance of the difference that CUPED took away.
    """

    control_n: FloatArray
    treated_n: FloatArray
    control_mean: FloatArray
    treated_mean: FloatArray
    difference: FloatArray
    lower: FloatArray
    upper: FloatArray
    p_value: FloatArray
    relative: FloatArray
    relative_lower: FloatArray
    relative_upper: FloatArray
    total: FloatArray
    total_lower: FloatArray
    total_upper: FloatArray
    anytime_lower: FloatArray
    anytime_upper: FloatArray
    variance_reduction: FloatArray


def compare(
    control: Moments, treated: Moments, *, cuped: bool = True, expected: FloatArray | float = EXPECTED_CUSTOMERS
) -> Comparison:
    """Compare arms by their means, with the outcome adjusted for what the customers did before.

    CUPED (Deng, Xu, Kohavi & Walker, 2013): y − θ·(x − mean x) with one θ of both arms together, which leaves the
    effect as it is and takes ρ² of its variance away. The difference has Welch's interval (1947), the ratio Fieller's
    (1954). `expected` is the number of customers at which the always-valid interval is to be narrowest; choose it
    before looking.
    """
    both = control + treated
    slope = both.slope if cuped else np.zeros_like(both.n)
    centre = divide(both.x, both.n)
    means = [arm.mean - slope * np.nan_to_num(divide(arm.x, arm.n) - centre) for arm in (control, treated)]
    spreads = [divide(arm.adjusted_variance(slope), arm.n) for arm in (control, treated)]
    variance = spreads[0] + spreads[1]
    weighted = divide(spreads[0] ** 2, control.n - 1) + divide(spreads[1] ** 2, treated.n - 1)
    degrees = welch_degrees(variance, weighted)
    difference = means[1] - means[0]
    lower, upper = welch(difference, variance, degrees)
    known = np.isfinite(degrees) & (degrees > 0)
    freedom = np.where(known, degrees, 1.0)
    statistic = divide(difference, np.sqrt(variance))
    p_value = np.where(known, 2 * stats.t.sf(np.abs(statistic), freedom), np.nan)

    quantile = np.asarray(stats.t.ppf(1 - ALPHA / 2, freedom), np.float64)
    positive = known & (means[0] > 0)
    ratio_lower, ratio_upper = intervals.fieller(means[1], means[0], spreads[1], spreads[0], quantile)
    clear = positive & np.isfinite(ratio_lower)
    relative = np.where(clear, divide(difference, means[0]), np.nan)

    half = np.sqrt(variance) * anytime_factor(both.n, expected)
    half = np.where(known, half, np.nan)
    plain = divide(control.variance, control.n) + divide(treated.variance, treated.n)
    return Comparison(
        control.n,
        treated.n,
        means[0],
        means[1],
        difference,
        lower,
        upper,
        p_value,
        relative,
        np.where(clear, ratio_lower - 1, np.nan),
        np.where(clear, ratio_upper - 1, np.nan),
        difference * treated.n,
        lower * treated.n,
        upper * treated.n,
        difference - half,
        difference + half,
        1 - divide(variance, plain),
    )


def anytime_factor(n: FloatArray, expected: FloatArray | float, alpha: float = ALPHA) -> FloatArray:
    """Half-width, in standard errors, of the asymptotic confidence sequence of a mean of n customers.

    √(2(nρ² + 1)/(nρ²) · ln(√(nρ² + 1)/α)): a normal mixture over the effect, valid at all n at once (Waudby-Smith,
    Arbour, Sinha, Kennedy & Ramdas, «Time-uniform central limit theory and asymptotic confidence sequences», Annals of
    Statistics, 2024, theorem 2.2), with ρ of their equation for the narrowest interval at `expected` customers.
    """
    tuned = -2 * np.log(alpha) + np.log(1 - 2 * np.log(alpha))
    share = tuned * divide(n, expected)
    return np.sqrt(2 * divide(share + 1, share) * np.log(np.sqrt(share + 1) / alpha))


def holm(p_values: npt.ArrayLike) -> FloatArray:
    """p-values of one family (…, tests), raised so that the chance of any false finding stays below the level.

    Step-down Bonferroni, good under any dependence (Holm, 1979). NaN stays NaN and is not counted.
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p, axis=-1)  # NaN comes last
    ranked = np.take_along_axis(p, order, axis=-1)
    tests = np.isfinite(p).sum(axis=-1, keepdims=True)
    raised = np.maximum.accumulate(ranked * (tests - np.arange(p.shape[-1])), axis=-1)
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.where(np.isnan(ranked), np.nan, np.minimum(raised, 1.0)), axis=-1)
    return adjusted


def benjamini_hochberg(p_values: npt.ArrayLike) -> FloatArray:
    """p-values of one family (tests,), raised so that the expected share of false findings stays below the level.

    Step-up for independent or positively dependent tests (Benjamini & Hochberg, 1995). NaN is not counted.
    """
    p = np.asarray(p_values, np.float64)
    known = np.isfinite(p)
    adjusted = np.full(p.shape, np.nan)
    if known.any():
        adjusted[known] = stats.false_discovery_control(p[known])
    return adjusted


def standardised_difference(control: Moments, treated: Moments) -> tuple[FloatArray, Bounds]:
    """How far apart the covariate x of two arms lies, in pooled standard deviations, with its interval.

    (mean − mean of control) / √((s² + s² of control)/2); beyond ±0.1 arms are unlike (Austin, 2009). The interval is by
    the large-sample variance (n + m)/(nm) + d²/(2(n + m)) (Hedges & Olkin, 1985).
    """
    spread = np.sqrt((control.covariate_variance + treated.covariate_variance) / 2)
    value = divide(divide(treated.x, treated.n) - divide(control.x, control.n), spread)
    together = control.n + treated.n
    half = intervals.Z * np.sqrt(divide(together, control.n * treated.n) + divide(value**2, 2 * together))
    return value, (value - half, value + half)


def detectable_effect(
    variance: FloatArray,
    customers: FloatArray,
    control_share: FloatArray | float,
    power: float = POWER,
    alpha: float = ALPHA,
) -> FloatArray:
    """Smallest difference of two means that such an experiment finds with this power, on either side.

    (z_{1 − α/2} + z_power)·√(variance/customers · (1/c + 1/(1 − c))), the normal form of Cohen (1988, ch. 2) for arms
    of unequal size; `variance` is that of one customer, after CUPED where it is used.
    """
    share = np.asarray(control_share, np.float64)
    return _quantiles(power, alpha) * np.sqrt(divide(variance, customers) * divide(1.0, share * (1 - share)))


def customers_needed(
    variance: FloatArray,
    effect: FloatArray,
    control_share: FloatArray | float,
    power: float = POWER,
    alpha: float = ALPHA,
) -> FloatArray:
    """Customers, of both arms together, with whom `detectable_effect` is `effect`; NaN where the effect is 0."""
    share = np.asarray(control_share, np.float64)
    return np.ceil(_quantiles(power, alpha) ** 2 * divide(variance, effect**2 * share * (1 - share)))


def _quantiles(power: float, alpha: float) -> float:
    return float(stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power))
