"""What the model of purchases implies, in closed form over λ and by quadrature over p and the arrivals."""

from dataclasses import dataclass

import numpy as np
from scipy.special import roots_jacobi

from septima.demo.arrays import Flags, Floats
from septima.demo.calendar import QUARTERS, Calendar
from septima.demo.model import EXPERIMENT_SEGMENTS, Model, Segment
from septima.demo.people import arrivals
from septima.demo.purchases import experiment_start

_DROPOUT_NODES = 32
_COHORT_HOURS = 24


@dataclass(frozen=True)
class Buying:
    """Expected figures per buyer of a segment, each by quarter.

    `orders` and, of them, `own_orders` that no experiment caused; `active`, the probability to buy in
    the quarter; `active_twice_running`, in it and in the one before; `repeating`, twice or more in it.
    """

    orders: Floats
    own_orders: Floats
    active: Floats
    active_twice_running: Floats
    repeating: Floats


def alive_after(segment: Segment, weeks: float) -> float:
    """Probability that a customer is still one so many operational weeks after the first purchase.

    Dropout follows each repeat purchase with probability p, so given λ and p it is e^(−λpt)
    (Fader, Hardie & Lee 2005); the mean is taken over λ ~ Gamma and p ~ Beta.
    """
    nodes, weights = _dropout(segment)
    return float(weights @ _laplace(segment, nodes * weeks))


def second_purchase_within(segment: Segment, weeks: float) -> float:
    """Probability of a second order within so many operational weeks of the first: 1 − (α / (α + t))^r."""
    return float(1 - _laplace(segment, np.array(weeks)))


def buying(name: str, model: Model, calendar: Calendar) -> Buying:
    """What a buyer of the segment `name` is expected to do in each quarter."""
    segment = model.segments[name]
    cohorts = _cohorts(model, calendar)
    extras = [_Extra.of(name, quarter, cohorts, model, calendar) for quarter in range(QUARTERS)]
    # A cohort is a share of the customers; those who come later do nothing yet.
    counts = {
        key: np.zeros(QUARTERS) for key in ("orders", "own_orders", "active", "active_twice_running", "repeating")
    }
    none_before = np.ones_like(cohorts.share)
    for quarter, extra in enumerate(extras):
        quiet = _quiet(segment, cohorts, quarter)
        share = cohorts.share * (cohorts.quarter <= quarter)
        counts["own_orders"][quarter] = share @ quiet.orders
        counts["orders"][quarter] = share @ (quiet.orders + extra.orders)
        none = quiet.none * extra.none
        once = quiet.once * extra.none + quiet.none * extra.once
        counts["active"][quarter] = share @ (1 - none)
        counts["repeating"][quarter] = share @ (1 - none - once)
        if quarter:
            known = cohorts.share * (cohorts.quarter < quarter)
            neither = quiet.none_in_both * extra.none_with(extras[quarter - 1])
            counts["active_twice_running"][quarter] = known @ (1 - none_before - none + neither)
        none_before = none
    return Buying(**counts)


@dataclass(frozen=True)
class _Cohorts:
    """Customers by when they came, day by day; arrays of one length.

    `weeks_since` has a row for each bound of the quarters: operational weeks since the arrival.
    """

    share: Floats
    moment: Floats
    quarter: Floats
    weeks_since: Floats


def _cohorts(model: Model, calendar: Calendar) -> _Cohorts:
    come = arrivals(model, calendar)
    bounds = come[::_COHORT_HOURS]
    middle = np.interp((bounds[:-1] + bounds[1:]) / 2, come, calendar.hours)
    since = np.maximum(calendar.weeks_at(calendar.edges)[:, None] - calendar.weeks_at(middle), 0.0)
    quarter = calendar.quarter_of(middle).astype(np.float64)
    return _Cohorts(np.diff(bounds), middle, quarter, since)


@dataclass(frozen=True)
class _Quiet:
    """The process without experiments in one quarter, by cohort: expected orders and probabilities."""

    orders: Floats
    none: Floats
    once: Floats
    none_in_both: Floats


def _quiet(segment: Segment, cohorts: _Cohorts, quarter: int) -> _Quiet:
    p, weights = _dropout(segment)
    p = p[:, None]
    begin, end = cohorts.weeks_since[quarter], cohorts.weeks_since[quarter + 1]
    comes = cohorts.quarter == quarter
    length = end - begin
    # Still a customer at the start; still one and silent to the end, when nobody can have been lost.
    still, silent = _laplace(segment, p * begin), _laplace(segment, p * begin + length)
    bought = weights @ (still - silent)
    repeats = weights @ ((still - _laplace(segment, p * end)) / p)
    # One purchase, and either lost with it or silent after it.
    slope = segment.r / (segment.alpha + p * begin + length) * silent
    once = weights @ (p * (still - silent) + (1 - p) * length * slope)
    none_in_both = np.ones_like(bought)
    if quarter:
        earlier = cohorts.weeks_since[quarter - 1]
        both = weights @ (_laplace(segment, p * earlier) - _laplace(segment, p * earlier + end - earlier))
        none_in_both = np.where(cohorts.quarter == quarter - 1, 0.0, 1 - both)
    return _Quiet(repeats + comes, np.where(comes, 0.0, 1 - bought), np.where(comes, 1 - bought, once), none_in_both)


@dataclass(frozen=True)
class _Extra:
    """What an experiment adds in one quarter, by cohort: expected orders, probabilities of none and of one.

    `eligible` is the probability to be eligible at all, `none_if_eligible` that of no extra order then.
    """

    orders: Floats
    once: Floats
    eligible: Floats
    none_if_eligible: Floats

    @classmethod
    def of(cls, segment: str, quarter: int, cohorts: _Cohorts, model: Model, calendar: Calendar) -> "_Extra":
        """The experiment of the quarter that adds orders, or nothing where there is none."""
        rate = 0.0 * cohorts.share
        treated = 0.0
        for experiment in model.experiments.values():
            if experiment.quarter == quarter and experiment.extra_orders > 0 and segment in EXPERIMENT_SEGMENTS:
                known: Flags = cohorts.moment < experiment_start(experiment, calendar)
                rate = known * experiment.extra_orders
                treated = 1 - experiment.control_share
        consent = rate * 0.0 + model.consent_share
        once = consent * treated * rate * np.exp(-rate)
        return cls(consent * treated * rate, once, consent, 1 - treated + treated * np.exp(-rate))

    @property
    def none(self) -> Floats:
        return 1 - self.eligible + self.eligible * self.none_if_eligible

    def none_with(self, other: "_Extra") -> Floats:
        """Probability of no extra order in this and in another quarter; the arms are drawn independently."""
        return 1 - self.eligible + self.eligible * self.none_if_eligible * other.none_if_eligible


def _dropout(segment: Segment) -> tuple[Floats, Floats]:
    """Nodes and weights of the mean over p ~ Beta(a, b), by Gauss–Jacobi quadrature."""
    points, weights = roots_jacobi(_DROPOUT_NODES, segment.b - 1, segment.a - 1)
    return (1 + points) / 2, weights / weights.sum()


def _laplace(segment: Segment, x: Floats) -> Floats:
    """E[e^(−λx)] over λ ~ Gamma(r, α)."""
    return (segment.alpha / (segment.alpha + x)) ** segment.r
