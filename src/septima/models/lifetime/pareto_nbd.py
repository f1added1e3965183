"""Pareto/NBD: purchases at random at a rate of one's own, and an unseen lifetime that ends at any moment.

Schmittlein, Morrison & Colombo (1987), Counting Your Customers; covariates by Fader & Hardie (2007).

The likelihood is usually written with 2F1, whose derivatives by its parameters have no closed form and whose
differences cancel. Here the integral over the unseen moment of leaving, from which 2F1 comes, is taken itself:

    L = Γ(r+x) α^r β^s / Γ(r) · { (α+T)^−(r+x) (β+T)^−s + ∫ s (β+y)^−(s+1) (α+y)^−(r+x) dy from t_x to T }

by Gauss–Legendre nodes in w = log((c+y)/(c+t_x)), c = min(α, β), where the integrand is analytic within a strip of
width 2π. Every term is positive, so nothing cancels, and derivatives are taken under the integral.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy import special

from septima.models.intervals import FloatArray
from septima.models.lifetime.counting import by_count
from septima.models.lifetime.fitting import Covariates, Histories, Model, histories
from septima.models.lifetime.purchase_model import PurchaseModel

_FEW, _MANY = 8, 20
_EASY = 4.0  # falls of the integrand, in powers of e, that few nodes follow
_REACH = 34.0  # the integrand is followed until it has fallen by exp(−34)
_BLOCK = 4_096  # customers whose nodes are held in memory at once


def _legendre(number: int) -> tuple[FloatArray, FloatArray]:
    """Places between 0 and 1 and their weights."""
    roots, weights = (np.asarray(part, np.float64) for part in np.polynomial.legendre.leggauss(number))
    return (roots + 1) / 2, weights / 2


_NODES = {number: _legendre(number) for number in (_FEW, _MANY)}


@dataclass(frozen=True)
class ParetoNbd(PurchaseModel):
    """A fitted Pareto/NBD: rates of purchase Gamma(r, alpha), rates of leaving Gamma(s, beta).

    alpha and beta are in the unit of time that was given. All arrays broadcast; t is in the same unit.
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
        """Probability that a customer with this history is still one at the end of observation."""
        parameters = _MODEL.parameters(self, covariates)
        given = [np.asarray(part, np.float64) for part in (frequency, recency, T)]
        shape = np.broadcast_shapes(*(np.shape(part) for part in (*given, *parameters)))
        x, recent, age = (np.broadcast_to(part, shape).ravel() for part in given)
        # Parameters that are alike for all stay single numbers, which is quicker.
        own = [np.broadcast_to(part, shape).ravel() if np.ndim(part) else part for part in parameters]
        r, alpha, s, beta = own
        now = -(r + x) * np.log(alpha + age) - s * np.log(beta + age)
        (gone,) = _integral(x, recent, age, own, slopes=False)
        return special.expit(now - gone).reshape(shape)

    def expected_while_alive(
        self,
        t: npt.ArrayLike,
        frequency: npt.ArrayLike,
        T: npt.ArrayLike,  # noqa: N803
        covariates: Covariates | None = None,
    ) -> FloatArray:
        """Purchases expected in the time t of who is certainly still a customer; it depends on no recency."""
        x, age, ahead = (np.asarray(given, np.float64) for given in (frequency, T, t))
        r, alpha, s, beta = _MODEL.parameters(self, covariates)
        # (1 − ((β+T)/(β+T+t))^(s−1)) / (s−1), which at s = 1 is log((β+T+t)/(β+T)).
        log_growth = np.log1p(ahead / (beta + age))
        lasting = log_growth * special.exprel(-(s - 1) * log_growth)
        return (r + x) * (beta + age) / (alpha + age) * lasting

    def probability(
        self, purchases: npt.ArrayLike, t: npt.ArrayLike, covariates: Covariates | None = None
    ) -> FloatArray:
        """Probability that a new customer makes so many repeat purchases in the time t.

        A mixture of negative binomial counts over how long the customer stays (Fader & Hardie, 2006).
        """
        x, length = np.asarray(purchases, np.float64), np.asarray(t, np.float64)
        r, alpha, s, beta = _MODEL.parameters(self, covariates)

        def counted(time: FloatArray) -> FloatArray:
            share = time / (alpha + time)
            log = special.gammaln(r + x) - special.gammaln(r) - special.gammaln(x + 1) + special.xlogy(x, share)
            return np.exp(log) * (1 - share) ** r

        total = (beta / (beta + length)) ** s * counted(length)
        reach = np.log1p(length / beta)
        for place, weight in zip(*_NODES[_MANY], strict=True):
            w = reach * place
            total = total + weight * reach * s * np.exp(-s * w) * counted(beta * np.expm1(w))
        return total


def fit_pareto_nbd(
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    T: npt.ArrayLike,  # noqa: N803 - the name of the literature
    counts: npt.ArrayLike | None = None,
    covariates: Covariates | None = None,
) -> ParetoNbd:
    """Fit the Pareto/NBD by maximum likelihood (Schmittlein, Morrison & Colombo, 1987).

    Arguments as of `fit_bg_nbd`. With `covariates`, alpha is multiplied by exp(−γ′z) and beta by exp(−δ′z) (Fader &
    Hardie, 2007). LifetimeError where there are too few customers or repeat buyers, or the fit does not converge.
    """
    given = histories(frequency, recency, T, counts, covariates)
    rate = float(given.counts @ given.frequency) / given.customers
    starts = [
        [np.log(r), np.log(r / rate), np.log(s), np.log(beta)]
        for r, s, beta in ((0.5, 0.6, 0.4), (1.5, 1.0, 1.0), (0.3, 0.2, 0.2))
    ]
    return ParetoNbd(**cast("dict[str, Any]", _MODEL.fit(given, starts)))


def _integral(
    x: FloatArray, recent: FloatArray, age: FloatArray, parameters: Sequence[FloatArray], *, slopes: bool
) -> FloatArray:
    """Logarithm of ∫ s (β+y)^−(s+1) (α+y)^−(r+x) dy from t_x to T, as the one row of the result.

    With `slopes` four more rows: the means, weighted by the integrand, of log(α+y), 1/(α+y), log(β+y) and 1/(β+y).
    """
    r, alpha, s, beta = parameters
    smaller = np.minimum(alpha, beta)
    begin = smaller + recent
    # The integrand falls at least as fast as exp(−fall·w), ever faster, so what is past the reach is nothing.
    fall = (r + x) * begin / (alpha + recent) + (s + 1) * begin / (beta + recent) - 1
    width = np.log((smaller + age) / begin)
    width = np.where(fall > 0, np.minimum(width, _REACH / np.where(fall > 0, fall, 1.0)), width)
    easy = width * (r + x + s + 1) < _EASY
    found = np.empty((5 if slopes else 1, len(x)))
    for nodes, chosen in ((_FEW, easy), (_MANY, ~easy)):
        places = np.flatnonzero(chosen)
        for first in range(0, len(places), _BLOCK):
            part = places[first : first + _BLOCK]
            own = [value[part] if np.ndim(value) else value for value in parameters]
            found[:, part] = _at_nodes(x[part], begin[part], width[part], own, _NODES[nodes], slopes=slopes)
    return found


def _at_nodes(
    x: FloatArray,
    begin: FloatArray,
    width: FloatArray,
    parameters: Sequence[FloatArray],
    nodes: tuple[FloatArray, FloatArray],
    *,
    slopes: bool,
) -> list[FloatArray]:
    r, alpha, s, beta = (value[:, None] if np.ndim(value) else value for value in parameters)
    smaller = np.minimum(alpha, beta)
    places, weights = nodes
    steps = width[:, None] * places
    from_begin = begin[:, None] * np.exp(steps)
    to_alpha, to_beta = from_begin + (alpha - smaller), from_begin + (beta - smaller)
    # One of the two logarithms, that of the smaller parameter, is known: log(begin) + w.
    known = np.log(begin)[:, None] + steps
    plain = np.ndim(alpha) == 0 and np.ndim(beta) == 0
    log_alpha = known if plain and alpha <= beta else np.log(to_alpha)
    log_beta = known if plain and beta <= alpha else np.log(to_beta)
    exponent = known - (r + x[:, None]) * log_alpha - (s + 1) * log_beta
    highest = exponent[:, 0]  # it falls from the first node on, or at first rises by a little
    parts = np.exp(exponent - highest[:, None]) * weights
    whole = parts.sum(axis=1)
    with np.errstate(divide="ignore"):
        value = np.log(np.squeeze(s)) + np.log(width) + highest + np.log(whole)
    if not slopes:
        return [value]
    return [
        value,
        *(np.einsum("ij,ij->i", parts, of) / whole for of in (log_alpha, 1 / to_alpha, log_beta, 1 / to_beta)),
    ]


def _terms(eta: list[FloatArray], given: Histories) -> tuple[FloatArray, list[FloatArray]]:
    r, alpha, s, beta = (np.exp(part) for part in eta)
    x = given.frequency
    gone = _integral(x, given.recency, given.age, (r, alpha, s, beta), slopes=True)
    log_gone, mean_log_alpha, mean_alpha, mean_log_beta, mean_beta = gone
    log_alpha, log_beta = np.log(alpha + given.age), np.log(beta + given.age)
    log_now = -(r + x) * log_alpha - s * log_beta
    left = special.expit(log_gone - log_now)
    values = (
        by_count(special.gammaln, r, x) - special.gammaln(r) + r * eta[1] + s * eta[3] + np.logaddexp(log_now, log_gone)
    )
    stays = 1 - left
    slopes = [
        r * (by_count(special.digamma, r, x) - special.digamma(r) + eta[1] - stays * log_alpha - left * mean_log_alpha),
        r - alpha * (r + x) * (stays / (alpha + given.age) + left * mean_alpha),
        s * (eta[3] - stays * log_beta + left * (1 / s - mean_log_beta)),
        s - beta * (stays * s / (beta + given.age) + left * (s + 1) * mean_beta),
    ]
    return values, slopes


_MODEL = Model(("r", "alpha", "s", "beta"), _terms, ((1, -1, "purchase"), (3, -1, "dropout")), times=(1, 3))
