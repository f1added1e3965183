"""Gamma-Gamma: what a purchase is worth, where customers differ in their mean and purchases in their amount.

Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value; first used in Fader, Hardie & Lee (2005), RFM and CLV.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from septima.models.intervals import FloatArray, correlation_interval
from septima.models.lifetime.fitting import (
    Fit,
    LifetimeError,
    check_enough,
    check_equal_lengths,
    maximise,
)
from septima.schema.text import Text

WEAK_CORRELATION = 0.1
"""Up to which a correlation of spend and frequency is held to be harmless (a small effect in Cohen, 1988)."""


@dataclass(frozen=True)
class GammaGamma(Fit):
    """A fitted Gamma-Gamma: amounts Gamma(p, ν) with ν of each customer Gamma(q, gamma); gamma is in units of money."""

    @property
    def mean_value(self) -> float:
        """Mean amount of a purchase over all customers: pγ / (q − 1)."""
        p, q, gamma = np.exp(self.theta)
        return float(p * gamma / (q - 1))

    def expected_value(self, frequency: npt.ArrayLike, mean_value: npt.ArrayLike) -> FloatArray:
        """Mean amount expected of further purchases of customers with so many repeat purchases of that mean.

        A mean of the customer's own and that of all, the more of the former the more purchases there are; where
        frequency is 0 that of all.
        """
        x, mean = np.asarray(frequency, np.float64), np.asarray(mean_value, np.float64)
        p, q, gamma = np.exp(self.theta)
        return p * (gamma + np.where(x > 0, x * mean, 0.0)) / (p * x + q - 1)


@dataclass(frozen=True)
class Independence:
    """Pearson’s correlation of the mean amount and the frequency among repeat buyers, with its interval of 95 %.

    `holds` where the data do not show it to be stronger than WEAK_CORRELATION: Gamma-Gamma may then be trusted.
    """

    correlation: float
    lower: float
    upper: float
    n: float

    @property
    def holds(self) -> bool:
        """Whether spend may be taken to be independent of frequency."""
        nearest = 0.0 if self.lower <= 0 <= self.upper else min(abs(self.lower), abs(self.upper))
        return nearest <= WEAK_CORRELATION


def spend_independence(
    frequency: npt.ArrayLike, mean_value: npt.ArrayLike, counts: npt.ArrayLike | None = None
) -> Independence:
    """Test what Gamma-Gamma takes for granted: that the amount of purchases does not go with their number."""
    x, mean, n = _repeat_buyers(frequency, mean_value, counts)
    weights = n / n.sum()
    one, other = x - weights @ x, mean - weights @ mean
    spread = np.sqrt((weights @ one**2) * (weights @ other**2))
    correlation = float(weights @ (one * other) / spread) if spread > 0 else 0.0
    lower, upper = correlation_interval(correlation, float(n.sum()))
    return Independence(correlation, float(lower), float(upper), float(n.sum()))


def fit_gamma_gamma(
    frequency: npt.ArrayLike, mean_value: npt.ArrayLike, counts: npt.ArrayLike | None = None
) -> GammaGamma:
    """Fit the Gamma-Gamma by maximum likelihood to repeat buyers (Fader & Hardie, 2013).

    `mean_value` is the mean amount of a customer's `frequency` repeat purchases, in any one currency; who never bought
    again is left out. `counts` says how many customers each row stands for. LifetimeError where an amount is not above
    zero, there are too few repeat buyers, the fit does not converge, or the mean it tells has no bound (q ≤ 1).
    """
    x, mean, n = _repeat_buyers(frequency, mean_value, counts)
    scale = float(n @ mean / n.sum())
    scaled = mean / scale
    log_mean, log_x = np.log(scaled), np.log(x)

    def objective(theta: FloatArray) -> tuple[float, FloatArray]:
        p, q, gamma = np.exp(theta)
        shape = p * x
        log_sum = np.log(gamma + x * scaled)
        values = (
            special.gammaln(shape + q)
            - special.gammaln(shape)
            - special.gammaln(q)
            + q * theta[2]
            + (shape - 1) * log_mean
            + shape * log_x
            - (shape + q) * log_sum
        )
        whole = special.digamma(shape + q)
        slopes = (
            shape * (whole - special.digamma(shape) + log_mean + log_x - log_sum),
            q * (whole - special.digamma(q) + theta[2] - log_sum),
            q - gamma * (shape + q) / (gamma + x * scaled),
        )
        return float(n @ values), np.array([float(n @ slope) for slope in slopes])

    names = ("p", "q", "gamma")
    starts = [np.log([p, q, (q - 1) / p]) for p, q in ((4.0, 3.0), (1.0, 2.0), (20.0, 5.0))]
    found = maximise(objective, starts, names=names, positive=3)
    theta = found.theta + np.array([0.0, 0.0, np.log(scale)])
    if theta[1] <= 0:
        raise LifetimeError(_NO_MEAN)
    value = found.value - float(n.sum()) * float(np.log(scale))
    return GammaGamma(names, 3, theta, found.covariance, value, float(n.sum()), len(x))


def _repeat_buyers(
    frequency: npt.ArrayLike, mean_value: npt.ArrayLike, counts: npt.ArrayLike | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    x, mean = (np.asarray(given, np.float64).ravel() for given in (frequency, mean_value))
    n = np.ones(len(x)) if counts is None else np.asarray(counts, np.float64).ravel()
    check_equal_lengths(x, mean, n)
    again = x > 0
    x, mean, n = x[again], mean[again], n[again]
    if np.any(mean <= 0):
        raise LifetimeError(_AMOUNTS)
    check_enough(x, n)
    return x, mean, n


_AMOUNTS = Text(
    "The mean amount of a repeat buyer’s purchases must be above zero; take refunds and purchases of nothing out first.",
    "Средняя сумма повторных покупок клиента должна быть больше нуля; сначала исключите возвраты и\u00a0нулевые покупки.",
)
_NO_MEAN = Text(
    "The Gamma-Gamma fits only with q\u00a0≤\u00a01: the amounts are so uneven that their mean has no bound; no figure is shown.",
    "Модель Gamma-Gamma подходит только при q\u00a0≤\u00a01: суммы так неравны, что их среднее не\u00a0ограничено; числа "
    "не\u00a0показаны.",
)
