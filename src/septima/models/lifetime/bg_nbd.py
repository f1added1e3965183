"""BG/NBD: purchases at random at a rate of one's own, and after each purchase a chance to leave for ever.

Fader, Hardie & Lee (2005), “Counting Your Customers” the Easy Way; covariates by Fader & Hardie (2007).
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy import special

from septima.models.intervals import FloatArray
from septima.models.lifetime.counting import by_count
from septima.models.lifetime.fitting import Covariates, Histories, Model, histories
from septima.models.lifetime.purchase_model import PurchaseModel

_REMOVABLE = 1e-4  # how near to 1 the parameter a may be for the closed form of the expectation


@dataclass(frozen=True)
class BgNbd(PurchaseModel):
    """A fitted BG/NBD: rates of purchase Gamma(r, alpha), chances of leaving after a purchase Beta(a, b).

    alpha is in the unit of time that was given. All arrays broadcast; t is in the same unit.
    """

    @property
    def _model(self) -> Model:
        return _MODEL

    def p_alive(
        self,
        frequency: npt.ArrayLike,
        recency: npt.ArrayLike,
        T: npt.ArrayLike,  # noqa: N803 - the name of the literature
        covariates: Covariates | None = None,
    ) -> FloatArray:
        """Probability that a customer with this history will buy again some day; 1 for who never bought again."""
        x, recent, age = (np.asarray(given, np.float64) for given in (frequency, recency, T))
        r, alpha, a, b = _MODEL.parameters(self, covariates)
        with np.errstate(divide="ignore"):
            log_odds = np.log(a) - np.log(b + np.maximum(x, 1) - 1) + (r + x) * np.log((alpha + age) / (alpha + recent))
        return np.where(x > 0, special.expit(-log_odds), 1.0)

    def expected_while_alive(
        self,
        t: npt.ArrayLike,
        frequency: npt.ArrayLike,
        T: npt.ArrayLike,  # noqa: N803
        covariates: Covariates | None = None,
    ) -> FloatArray:
        """Purchases expected in the time t of who is certainly still a customer; it depends on no recency.

        From the paper's equation (10), its 2F1 transformed after Euler so that no argument of it grows with frequency.
        """
        x, age, ahead = (np.asarray(given, np.float64) for given in (frequency, T, t))
        r, alpha, a, b = _MODEL.parameters(self, covariates)
        z = ahead / (alpha + age + ahead)
        near = np.abs(a - 1) < _REMOVABLE
        if np.any(near):
            below, above = (_while_alive(np.where(near, 1 + side, a), b, r, x, z) for side in (-_REMOVABLE, _REMOVABLE))
            return (below + above) / 2
        return _while_alive(a, b, r, x, z)

    def probability(
        self, purchases: npt.ArrayLike, t: npt.ArrayLike, covariates: Covariates | None = None
    ) -> FloatArray:
        """Probability that a new customer makes so many repeat purchases in the time t (the paper's equation 8)."""
        x, length = np.asarray(purchases, np.float64), np.asarray(t, np.float64)
        r, alpha, a, b = _MODEL.parameters(self, covariates)
        share = length / (alpha + length)
        some = np.maximum(x, 1)
        counted = np.exp(special.gammaln(r + x) - special.gammaln(r) - special.gammaln(x + 1) + special.xlogy(x, share))
        counted = counted * (1 - share) ** r
        stayed = np.exp(special.betaln(a, b + x) - special.betaln(a, b))
        left = np.exp(special.betaln(a + 1, b + some - 1) - special.betaln(a, b)) * special.betainc(some, r, share)
        return stayed * counted + np.where(x > 0, left, 0.0)


def fit_bg_nbd(
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    T: npt.ArrayLike,  # noqa: N803 - the name of the literature
    counts: npt.ArrayLike | None = None,
    covariates: Covariates | None = None,
) -> BgNbd:
    """Fit the BG/NBD by maximum likelihood (Fader, Hardie & Lee, 2005).

    `frequency` counts repeat purchases, `recency` is the time from the first purchase to the last, `T` that from the
    first to the end of observation, in any one unit; `counts` says how many customers each row stands for. With
    `covariates` (name → values), alpha is multiplied by exp(−γ′z), a and b by exp(γ′z) (Fader & Hardie, 2007).
    LifetimeError where there are too few customers or repeat buyers, or the fit does not converge.
    """
    given = histories(frequency, recency, T, counts, covariates)
    rate = float(given.counts @ given.frequency) / given.customers
    starts = [
        [np.log(r), np.log(r / rate), np.log(a), np.log(b)]
        for r, a, b in ((0.5, 0.8, 2.5), (2.0, 0.2, 1.0), (0.2, 2.0, 2.0))
    ]
    return BgNbd(**cast("dict[str, Any]", _MODEL.fit(given, starts)))


def _while_alive(a: FloatArray, b: FloatArray, r: FloatArray, x: FloatArray, z: FloatArray) -> FloatArray:
    """Purchases expected of a customer who is active now: 1 − (1−z)^(a−1) 2F1(a+b−1−r, a−1; a+b+x−1; z), scaled."""
    c = a + b + x - 1
    series = special.hyp2f1(a + b - 1 - r, a - 1, c, z)
    return c * (1 - (1 - z) ** (a - 1) * series) / (a - 1)


def _terms(eta: list[FloatArray], given: Histories) -> tuple[FloatArray, list[FloatArray]]:
    r, alpha, a, b = (np.exp(part) for part in eta)
    x = given.frequency
    bought = x > 0
    log_now, log_then = np.log(alpha + given.age), np.log(alpha + given.recency)
    log_left = np.where(bought, eta[2] - np.log(b + np.maximum(x, 1) - 1) + (r + x) * (log_now - log_then), -np.inf)
    left = special.expit(log_left)
    values = (
        by_count(special.gammaln, r, x)
        - special.gammaln(r)
        + r * eta[1]
        + special.gammaln(a + b)
        - special.gammaln(b)
        + by_count(special.gammaln, b, x)
        - by_count(special.gammaln, a + b, x)
        - (r + x) * log_now
        + np.logaddexp(0, log_left)
    )
    both = special.digamma(a + b) - by_count(special.digamma, a + b, x)
    slopes = [
        r * (by_count(special.digamma, r, x) - special.digamma(r) + eta[1] - (1 - left) * log_now - left * log_then),
        r - alpha * (r + x) * ((1 - left) / (alpha + given.age) + left / (alpha + given.recency)),
        a * both + left,
        b * (both - special.digamma(b) + by_count(special.digamma, b, x) - left / (b + np.maximum(x, 1) - 1)),
    ]
    return values, slopes


_MODEL = Model(
    ("r", "alpha", "a", "b"), _terms, ((1, -1, "purchase"), (2, 1, "dropout_a"), (3, 1, "dropout_b")), times=(1,)
)
