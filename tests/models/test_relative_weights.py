"""Relative weights against a published example, closed forms, subsets of drivers and simulated samples."""

from itertools import combinations

import numpy as np
import pytest

from septima.models.relative_weights import RelativeWeights, relative_weights

# Cylinders, displacement, horsepower, weight and miles per gallon of 32 cars (Henderson & Velleman, Biometrics, 1981).
CARS = """
6 160 110 2.620 21.0
6 160 110 2.875 21.0
4 108 93 2.320 22.8
6 258 110 3.215 21.4
8 360 175 3.440 18.7
6 225 105 3.460 18.1
8 360 245 3.570 14.3
4 146.7 62 3.190 24.4
4 140.8 95 3.150 22.8
6 167.6 123 3.440 19.2
6 167.6 123 3.440 17.8
8 275.8 180 4.070 16.4
8 275.8 180 3.730 17.3
8 275.8 180 3.780 15.2
8 472.0 205 5.250 10.4
8 460.0 215 5.424 10.4
8 440.0 230 5.345 14.7
4 78.7 66 2.200 32.4
4 75.7 52 1.615 30.4
4 71.1 65 1.835 33.9
4 120.1 97 2.465 21.5
8 318.0 150 3.520 15.5
8 304.0 150 3.435 15.2
8 350.0 245 3.840 13.3
8 400.0 175 3.845 19.2
4 79.0 66 1.935 27.3
4 120.3 91 2.140 26.0
4 95.1 113 1.513 30.4
8 351.0 264 3.170 15.8
6 145.0 175 2.770 19.7
8 301.0 335 3.570 15.0
4 121.0 109 2.780 21.4
"""
MANY = np.array(1e9)


def of_correlations(drivers: np.ndarray, outcome: np.ndarray, n: np.ndarray = MANY) -> RelativeWeights:
    correlations = np.block([[drivers, outcome[:, None]], [outcome[None, :], np.ones((1, 1))]])
    return relative_weights(correlations, n)


def r_squared(drivers: np.ndarray, outcome: np.ndarray, chosen: tuple[int, ...]) -> float:
    places = list(chosen)
    return float(outcome[places] @ np.linalg.solve(drivers[np.ix_(places, places)], outcome[places])) if places else 0.0


def test_weights_of_a_published_example() -> None:
    """The documentation of the R package rwa (Chan, 2025) prints these weights of the drivers of consumption."""
    cars = np.array([line.split() for line in CARS.split("\n") if line], dtype=float)
    found = relative_weights(np.cov(cars.T), np.array(32.0))
    assert found.weights.value == pytest.approx([0.2096904, 0.1883043, 0.1799590, 0.2706812], abs=5e-8)
    design = np.column_stack([np.ones(32), cars[:, :4]])
    residuals = cars[:, 4] - design @ np.linalg.lstsq(design, cars[:, 4], rcond=None)[0]
    assert found.r_squared.value == pytest.approx(1 - residuals.var() / cars[:, 4].var())


def test_orthogonal_drivers_weigh_their_squared_correlations() -> None:
    found = of_correlations(np.eye(3), np.array([0.5, -0.3, 0.1]))
    assert found.weights.value == pytest.approx([0.25, 0.09, 0.01])


@pytest.mark.parametrize(("between", "one", "other"), [(0.6, 0.5, 0.4), (-0.3, 0.2, 0.7), (0.9, 0.5, 0.5)])
def test_two_drivers_weigh_their_mean_gain_of_r_squared(between: float, one: float, other: float) -> None:
    """For two drivers, and only for them, the weights are Shapley values of R² (Lindeman, Merenda & Gold, 1980)."""
    drivers, outcome = np.array([[1, between], [between, 1]]), np.array([one, other])
    both = r_squared(drivers, outcome, (0, 1))
    expected = [(one**2 + both - other**2) / 2, (other**2 + both - one**2) / 2]
    assert of_correlations(drivers, outcome).weights.value == pytest.approx(expected)


def test_weights_of_many_drivers_are_near_their_shapley_values() -> None:
    random = np.random.default_rng(2)
    sample = random.normal(size=(400, 1)) + random.normal(size=(400, 6))
    correlations = np.corrcoef(sample.T)
    drivers, outcome = correlations[:5, :5], correlations[:5, 5]
    found = of_correlations(drivers, outcome).weights.value
    for driver in range(5):
        others = [place for place in range(5) if place != driver]
        gains = [
            np.mean(
                [
                    r_squared(drivers, outcome, (*subset, driver)) - r_squared(drivers, outcome, subset)
                    for subset in combinations(others, size)
                ]
            )
            for size in range(5)
        ]
        assert found[driver] == pytest.approx(np.mean(gains), rel=0.1)
    assert found.sum() == pytest.approx(r_squared(drivers, outcome, (0, 1, 2, 3, 4)))


def test_collinear_drivers_share_what_they_have_in_common() -> None:
    drivers = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1.0]])
    assert of_correlations(drivers, np.array([0.6, 0.6, 0.5])).weights.value == pytest.approx([0.18, 0.18, 0.25])


def test_a_driver_that_does_not_vary_weighs_nothing() -> None:
    covariance = np.array([[4, 0, 1.0], [0, 0, 0], [1, 0, 1]])
    assert relative_weights(covariance, MANY).weights.value == pytest.approx([0.25, 0])


def test_an_outcome_that_does_not_vary_and_too_few_records_give_nothing() -> None:
    assert np.isnan(relative_weights(np.diag([1.0, 1, 0]), MANY).r_squared.value)
    found = of_correlations(np.eye(2), np.array([0.5, 0.3]), np.array(3.0))
    assert np.isnan([found.r_squared.value, *found.weights.value, *found.weights.lower]).all()


def test_interval_of_one_driver_is_that_of_a_squared_correlation() -> None:
    """Var r = (1 − ρ²)²/n for normal variables, so the root of adjusted r² is bounded by its own standard error."""
    r, n = 0.6, 1_001.0
    found = of_correlations(np.eye(1), np.array([r]), np.array(n))
    adjusted = 1 - (1 - r**2) * (n - 1) / (n - 2)
    half = 1.959964 * (r / np.sqrt(adjusted)) * (1 - r**2) / np.sqrt(n - 1)
    assert float(found.r_squared.lower) == pytest.approx((np.sqrt(adjusted) - half) ** 2)
    assert float(found.r_squared.upper) == pytest.approx((np.sqrt(adjusted) + half) ** 2)


@pytest.mark.slow
@pytest.mark.parametrize("loadings", [np.linspace(0.5, 0.85, 11), np.linspace(0.7, 0.95, 11)])
def test_intervals_hold_the_truth_about_nineteen_times_in_twenty(loadings: np.ndarray) -> None:
    random = np.random.default_rng(7)
    correlations = np.outer(loadings, loadings)
    np.fill_diagonal(correlations, 1)
    truth = relative_weights(correlations, MANY)
    sample = random.normal(size=(1_500, 400, 11)) @ np.linalg.cholesky(correlations).T
    sample -= sample.mean(axis=1, keepdims=True)
    found = relative_weights(np.einsum("sni,snj->sij", sample, sample) / 399, np.full(1_500, 400.0))
    for part, true in ((found.weights, truth.weights.value), (found.r_squared, truth.r_squared.value)):
        covered = np.mean((part.lower <= true) & (true <= part.upper))
        assert covered == pytest.approx(0.95, abs=0.025)
