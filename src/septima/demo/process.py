"""What the model of purchases implies, in closed form over λ and by quadrature over p and the arrivals."""

from dataclasses import dataclass

import numpy as np
from scipy.special import roots_jacobi

from septima.demo.arrays import Flags, Floats
from septima.demo.calendar import DAY, QUARTERS, Calendar
from septima.demo.model import EXPERIMENT_SEGMENTS, Model, Segment
from septima.demo.people import arrivals
from septima.demo.purchases import experiment_start

_DROPOUT_NODES = 32
_COHORT_HOURS = 24


@dataclass(frozen=True)
class Buying:
    """Expected figures per buyer of a segment, each by quarter.

    `orders` and, of them, `own_orders` that no experiment caused; `buyers`, the probability to buy in
    the quarter, and `one_time`, to make the first purchase in it and no other; `active`, to have
    bought in the last `active_days` before the quarter's end, and `stayed`, before its start as well.
    """

    orders: Floats
    own_orders: Floats
    buyers: Floats
    one_time: Floats
    active: Floats
    stayed: Floats


def alive_after(segment: Segment, weeks: float) -> float:
    """Probability that a customer is still one so many operational weeks after the first purchase.

    Dropout follows each repeat purchase with probability p, so given λ and p it is e^(−λpt)
    (Fader, Hardie & Lee 2005); the mean is taken over λ ~ Gamma and p ~ Beta.
    """
    nodes, weights = _dropout(segment)
    return float(weights @ _laplace(segment, nodes * weeks)[:, 0])


def second_purchase_within(segment: Segment, weeks: float) -> float:
    """Probability of a second order within so many operational weeks of the first: 1 − (α / (α + t))^r."""
    return float(1 - _laplace(segment, np.array(weeks)))


def buying(name: str, model: Model, calendar: Calendar, active_days: int) -> Buying:
    """What a buyer of the segment `name` is expected to do in each quarter."""
    segment = model.segments[name]
    cohorts = _cohorts(model, calendar)
    counts = {key: np.zeros(QUARTERS) for key in ("orders", "own_orders", "buyers", "one_time", "active", "stayed")}
    for quarter in range(QUARTERS):
        begin, end = (int(edge) for edge in calendar.edges[quarter : quarter + 2])
        whole = _Window.of(name, (begin, end), cohorts, model, calendar)
        orders = _orders(segment, whole, cohorts)
        counts["own_orders"][quarter] = cohorts.share @ orders
        counts["orders"][quarter] = cohorts.share @ (orders + whole.extra_orders)
        none, once = _none(segment, whole, cohorts), _once(segment, whole, cohorts)
        counts["buyers"][quarter] = cohorts.share @ (1 - none * whole.no_extra)
        counts["one_time"][quarter] = (cohorts.share * whole.comes(cohorts)) @ (once * whole.no_extra)

        last = _Window.of(name, (max(end - active_days * DAY, calendar.start), end), cohorts, model, calendar)
        inactive = _none(segment, last, cohorts) * last.no_extra
        counts["active"][quarter] = cohorts.share @ (1 - inactive)
        if quarter:
            since = max(begin - active_days * DAY, calendar.start)
            first = _Window.of(name, (since, begin), cohorts, model, calendar)
            inactive_before = _none(segment, first, cohorts) * first.no_extra
            never = _none_in_both(segment, first, last, cohorts) * first.no_extra_in_either(last)
            counts["stayed"][quarter] = cohorts.share @ (1 - inactive_before - inactive + never)
    return Buying(**counts)


@dataclass(frozen=True)
class _Cohorts:
    """Customers by the day when they came; arrays of one length: share of all, moment, operational weeks."""

    share: Floats
    moment: Floats
    weeks: Floats


def _cohorts(model: Model, calendar: Calendar) -> _Cohorts:
    come = arrivals(model, calendar)
    bounds = come[::_COHORT_HOURS]
    middle = np.interp((bounds[:-1] + bounds[1:]) / 2, come, calendar.hours)
    return _Cohorts(np.diff(bounds), middle, calendar.weeks_at(middle))


@dataclass(frozen=True)
class _Window:
    """A stretch of time, in moments and in operational weeks, with what experiments add in it, by cohort.

    `eligible` is the probability to be eligible for experiments, `no_extra_if_eligible` that of no
    extra order then.
    """

    begin: int
    end: int
    begin_weeks: float
    end_weeks: float
    eligible: float
    extra_orders: Floats
    no_extra_if_eligible: Floats

    @classmethod
    def of(
        cls, segment: str, bounds: tuple[int, int], cohorts: _Cohorts, model: Model, calendar: Calendar
    ) -> "_Window":
        """The window between two moments for the customers of a segment."""
        weeks = calendar.weeks_at(np.array(bounds))
        extra_orders, none = 0.0 * cohorts.share, 0.0 * cohorts.share + 1
        for experiment in model.experiments.values():
            if segment not in EXPERIMENT_SEGMENTS:
                continue
            start = experiment_start(experiment, calendar)
            span = calendar.weeks_at(np.array([start, start + experiment.days * DAY]))
            inside = np.maximum(np.minimum(span[1], weeks[1]) - np.maximum(span[0], weeks[0]), 0.0)
            rate = (cohorts.moment < start) * experiment.extra_orders * inside / (span[1] - span[0])
            treated = 1 - experiment.control_share
            extra_orders = extra_orders + model.consent_share * treated * rate
            none = none * (1 - treated + treated * np.exp(-rate))
        return cls(*bounds, float(weeks[0]), float(weeks[1]), model.consent_share, extra_orders, none)

    @property
    def no_extra(self) -> Floats:
        """Probability of no extra order, by cohort."""
        return 1 - self.eligible + self.eligible * self.no_extra_if_eligible

    def no_extra_in_either(self, other: "_Window") -> Floats:
        """Probability of no extra order in both windows, in which different experiments run."""
        return 1 - self.eligible + self.eligible * self.no_extra_if_eligible * other.no_extra_if_eligible

    def comes(self, cohorts: _Cohorts) -> Flags:
        """Whether the cohort comes in the window."""
        return (cohorts.moment >= self.begin) & (cohorts.moment < self.end)


def _orders(segment: Segment, window: _Window, cohorts: _Cohorts) -> Floats:
    """Expected orders in the window, without experiments."""
    p, weights = _dropout(segment)
    begin, end = (np.maximum(bound - cohorts.weeks, 0.0) for bound in (window.begin_weeks, window.end_weeks))
    repeats = weights @ ((_laplace(segment, p * begin) - _laplace(segment, p * end)) / p)
    return repeats + window.comes(cohorts)


def _none(segment: Segment, window: _Window, cohorts: _Cohorts) -> Floats:
    """Probability of no order in the window: lost before it, or silent through it, or not come yet."""
    p, weights = _dropout(segment)
    age = np.maximum(window.begin_weeks - cohorts.weeks, 0.0)
    length = window.end_weeks - window.begin_weeks
    none = 1 - weights @ (_laplace(segment, p * age) - _laplace(segment, p * age + length))
    return np.where(cohorts.moment < window.begin, none, ~window.comes(cohorts))


def _once(segment: Segment, window: _Window, cohorts: _Cohorts) -> Floats:
    """Probability of exactly one order in the window for those who come in it: of no repeat until its end."""
    return _laplace(segment, np.maximum(window.end_weeks - cohorts.weeks, 0.0))


def _none_in_both(segment: Segment, first: _Window, second: _Window, cohorts: _Cohorts) -> Floats:
    """Probability of no order in either of two windows.

    A customer silent through the first is a customer still; in the gap between them he may buy and be
    lost.
    """
    p, weights = _dropout(segment)
    age = np.maximum(first.begin_weeks - cohorts.weeks, 0.0)
    gap = second.begin_weeks - first.end_weeks
    silent = p * age + first.end_weeks - first.begin_weeks
    length = second.end_weeks - second.begin_weeks
    quiet = _laplace(segment, silent) - _laplace(segment, silent + p * gap)
    quiet = quiet + _laplace(segment, silent + p * gap + length)
    neither = 1 - weights @ (_laplace(segment, p * age) - quiet)
    later = _none(segment, second, cohorts) * ~first.comes(cohorts)
    return np.where(cohorts.moment < first.begin, neither, later)


def _dropout(segment: Segment) -> tuple[Floats, Floats]:
    """Nodes and weights of the mean over p ~ Beta(a, b), by Gauss–Jacobi quadrature."""
    points, weights = roots_jacobi(_DROPOUT_NODES, segment.b - 1, segment.a - 1)
    return (1 + points[:, None]) / 2, weights / weights.sum()


def _laplace(segment: Segment, x: Floats) -> Floats:
    """E[e^(−λx)] over λ ~ Gamma(r, α)."""
    return (segment.alpha / (segment.alpha + x)) ** segment.r
