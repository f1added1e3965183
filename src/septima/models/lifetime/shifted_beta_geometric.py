"""Shifted beta-geometric: how many contract periods customers stay, where each has a chance of leaving of their own.

Fader & Hardie (2007), How to Project Customer Retention.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from septima.models.intervals import FloatArray
from septima.models.lifetime.fitting import (
    FEWEST_CUSTOMERS,
    Fit,
    LifetimeError,
    check_equal_lengths,
    maximise,
)
from septima.schema.text import Text


@dataclass(frozen=True)
class ShiftedBetaGeometric(Fit):
    """A fitted shifted beta-geometric: chances of leaving at a renewal Beta(alpha, beta)."""

    def survival(self, periods: npt.ArrayLike) -> FloatArray:
        """Share of new customers who are still there after so many renewals."""
        alpha, beta = np.exp(self.theta)
        return np.exp(special.betaln(alpha, beta + np.asarray(periods, np.float64)) - special.betaln(alpha, beta))

    def retention(self, period: npt.ArrayLike) -> FloatArray:
        """Share of those there after `period` − 1 renewals who stay at the next one; it grows as the fickle leave."""
        alpha, beta = np.exp(self.theta)
        number = np.asarray(period, np.float64)
        return (beta + number - 1) / (alpha + beta + number - 1)

    def expected_survival(self, ahead: npt.ArrayLike, age: npt.ArrayLike) -> FloatArray:
        """Probability that who has stayed for `age` periods stays for `ahead` more."""
        alpha, beta = np.exp(self.theta)
        past, further = np.asarray(age, np.float64), np.asarray(ahead, np.float64)
        return np.exp(special.betaln(alpha, beta + past + further) - special.betaln(alpha, beta + past))


def fit_shifted_beta_geometric(
    periods: npt.ArrayLike, lost: npt.ArrayLike, going_on: npt.ArrayLike
) -> ShiftedBetaGeometric:
    """Fit the shifted beta-geometric by maximum likelihood (Fader & Hardie, 2007).

    At each number of `periods` (1, 2, …) `lost` customers left at that renewal, and `going_on` were last seen there
    after it. LifetimeError where there are too few customers, none left, or the fit does not converge.
    """
    number, left, stayed = (np.asarray(given, np.float64).ravel() for given in (periods, lost, going_on))
    check_equal_lengths(number, left, stayed)
    n = float(left.sum() + stayed.sum())
    if n < FEWEST_CUSTOMERS:
        raise LifetimeError(
            Text(
                f"There are {n:.0f} contracts; the model needs at least {FEWEST_CUSTOMERS}.",
                f"Договоров всего {n:.0f}; для модели нужно не\u00a0меньше {FEWEST_CUSTOMERS}.",
            )
        )
    if left.sum() == 0 or np.count_nonzero(left + stayed) < 2:
        raise LifetimeError(_NOTHING_LOST)

    def objective(theta: FloatArray) -> tuple[float, FloatArray]:
        alpha, beta = np.exp(theta)
        base, both = special.betaln(alpha, beta), alpha + beta
        values = left * (special.betaln(alpha + 1, beta + number - 1) - base) + stayed * (
            special.betaln(alpha, beta + number) - base
        )
        # The two shapes add up to α + β + t in either term.
        whole = special.digamma(both) - special.digamma(both + number)
        of_alpha = (left + stayed) * (whole - special.digamma(alpha)) + left * special.digamma(alpha + 1)
        of_alpha += stayed * special.digamma(alpha)
        of_beta = (left + stayed) * (whole - special.digamma(beta)) + left * special.digamma(beta + number - 1)
        of_beta += stayed * special.digamma(beta + number)
        return float(values.sum()), np.array([alpha * of_alpha.sum(), beta * of_beta.sum()])

    names = ("alpha", "beta")
    starts = [np.log([1.0, 1.0]), np.log([0.3, 3.0]), np.log([2.0, 10.0])]
    found = maximise(objective, starts, names=names, positive=2)
    return ShiftedBetaGeometric(
        names, 2, found.theta, found.covariance, found.value, n, int(np.count_nonzero(left + stayed))
    )


_NOTHING_LOST = Text(
    "No customer has left, or all were seen for one period only, so nothing can be learnt of how they leave.",
    "Ни\u00a0один клиент не\u00a0ушёл, или все наблюдались только один период, поэтому об\u00a0уходе ничего нельзя узнать.",
)
