"""Kaplan–Meier against a textbook’s data and SciPy."""

import numpy as np
import pytest
from scipy import stats

from septima.models.survival import Survival, kaplan_meier

# Weeks of remission of 21 patients on 6-mercaptopurine (Freireich et al., 1963).
RELAPSED = [6, 6, 6, 7, 10, 13, 16, 22, 23]
GOING_ON = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]


def survival(ended: list[int], going_on: list[int]) -> Survival:
    durations = np.unique([*ended, *going_on]).astype(float)
    events = np.array([ended.count(int(time)) for time in durations], float)
    censored = np.array([going_on.count(int(time)) for time in durations], float)
    return kaplan_meier(durations, events, censored)


def at(found: Survival, time: float, name: str) -> float:
    return float(getattr(found, name)[np.searchsorted(found.durations, time)])


def test_remission_on_6_mp_as_printed() -> None:
    # Kleinbaum & Klein, Survival Analysis, 2012, ch. 2: median 23.
    found = survival(RELAPSED, GOING_ON)
    printed = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}
    for time, share in printed.items():
        assert at(found, time, "survival") == pytest.approx(share, abs=5e-5)
    # The variance at 10 weeks by hand: 0.753² (3/(21·18) + 1/(17·16) + 1/(15·14)).
    share = 18 / 21 * 16 / 17 * 14 / 15
    assert at(found, 10, "variance") == pytest.approx(share**2 * (3 / 378 + 1 / 272 + 1 / 210))
    median, lower, upper = found.quantile(0.5)
    assert median == 23
    assert lower == 13  # where the log-log bound, 0.69^exp(1.96·0.417), first falls to a half
    assert np.isnan(upper)


def test_bounds_are_those_of_scipy() -> None:
    found = survival(RELAPSED, GOING_ON)
    sample = stats.CensoredData(uncensored=RELAPSED, right=GOING_ON)
    expected = stats.ecdf(sample).sf
    limits = expected.confidence_interval(method="log-log")
    steps = np.searchsorted(expected.quantiles, found.durations)
    np.testing.assert_allclose(found.survival, expected.probabilities[steps])
    np.testing.assert_allclose(found.lower, limits.low.probabilities[steps])
    np.testing.assert_allclose(found.upper, limits.high.probabilities[steps])


def test_cells_are_apart() -> None:
    durations = np.array([1.0, 2.0, 3.0])
    events = np.array([[1.0, 1.0, 2.0], [0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    censored = np.array([[0.0, 0.0, 0.0], [0.0, 2.0, 0.0], [1.0, 0.0, 0.0]])
    found = kaplan_meier(durations, events, censored)
    np.testing.assert_allclose(found.survival, [[0.75, 0.5, 0], [1, 1, 1], [1, 0, 0]])
    median, lower, upper = found.quantile(0.5)
    np.testing.assert_array_equal(median, [2, np.nan, 2])
    np.testing.assert_array_equal(lower[1:], [np.nan, 2])
    assert np.isnan(upper).all()


def test_a_share_of_exactly_the_quantile_is_reached_in_spite_of_rounding() -> None:
    # 9/10 · 8/9 · … · 5/6 is a half on paper.
    ten = survival(list(range(1, 11)), [])
    assert ten.quantile(0.5)[0] == 5


def test_nothing_to_look_at_gives_nothing() -> None:
    empty = kaplan_meier(np.empty(0), np.empty((2, 0)), np.empty((2, 0)))
    assert np.isnan(empty.quantile(0.5)).all()
