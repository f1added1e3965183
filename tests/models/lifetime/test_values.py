"""Gamma-Gamma, shifted beta-geometric and accuracy against the papers, closed forms and counts by hand."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from septima.models.lifetime import (
    GammaGamma,
    LifetimeError,
    accuracy,
    fit_gamma_gamma,
    fit_shifted_beta_geometric,
    spend_independence,
)
from tests.models.lifetime.customers import cdnow

# Of 1,000 customers still there after each year (Fader & Hardie, 2007, table 1).
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]


def test_gamma_gamma_of_cdnow_as_printed(real_data: Path) -> None:
    customers = cdnow(real_data)
    fitted = fit_gamma_gamma(customers.frequency, customers.value)
    # Fader & Hardie (2013).
    assert fitted.params == pytest.approx({"p": 6.25, "q": 3.74, "gamma": 15.44}, abs=0.01)
    assert fitted.n == 946
    # `lifetimes` 0.11.3, run once by hand.
    assert fitted.expected_value(2, 22.35) == pytest.approx(24.6586, abs=1e-3)
    # Fader, Hardie & Lee (2005), RFM and CLV: the correlation is 0.11.
    found = spend_independence(customers.frequency, customers.value)
    assert found.correlation == pytest.approx(0.11, abs=0.005)
    again = customers.frequency > 0
    outside = stats.pearsonr(customers.frequency[again], customers.value[again])
    bounds = outside.confidence_interval()
    assert (found.lower, found.upper) == pytest.approx((bounds.low, bounds.high), abs=1e-9)
    assert found.holds


def spent(number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    frequency = random.integers(1, 8, number).astype(float)
    rate = random.gamma(4.0, 1 / 20.0, number)
    return frequency, random.gamma(6.0 * frequency, 1 / rate) / frequency


def test_simulated_amounts_are_found_again() -> None:
    frequency, mean = spent(20_000, 8)
    fitted = fit_gamma_gamma(frequency, mean)
    for name, true in {"p": 6.0, "q": 4.0, "gamma": 20.0}.items():
        assert abs(fitted.params[name] - true) < 3 * fitted.standard_errors[name] < 0.5 * true
    assert fitted.mean_value == pytest.approx(6 * 20 / 3, rel=0.02)
    # Money in another unit changes gamma alone; groups with counts are customers.
    again = fit_gamma_gamma(np.tile(frequency, 1), mean * 1000, counts=np.full(20_000, 3))
    assert again.params["gamma"] == pytest.approx(fitted.params["gamma"] * 1000, rel=1e-4)
    assert again.log_likelihood == pytest.approx(3 * (fitted.log_likelihood - 20_000 * np.log(1000)), rel=1e-9)


def test_an_expected_amount_is_shrunk_to_that_of_all_by_hand() -> None:
    fitted = GammaGamma(("p", "q", "gamma"), 3, np.log([6.0, 4.0, 20.0]), np.eye(3), 0.0, 1.0, 1)
    assert fitted.expected_value([0, 1, 1000], [0, 100, 100]) == pytest.approx(
        [40, 6 * (20 + 100) / 9, 6 * (20 + 100_000) / 6003]
    )


def test_spend_that_grows_with_frequency_is_not_trusted() -> None:
    frequency, mean = spent(5_000, 9)
    assert spend_independence(frequency, mean).holds
    assert not spend_independence(frequency, mean * frequency).holds


def test_amounts_that_are_not_positive_are_refused() -> None:
    frequency, mean = spent(100, 10)
    with pytest.raises(LifetimeError, match="above zero"):
        fit_gamma_gamma(frequency, np.where(np.arange(100) == 5, 0, mean))
    with pytest.raises(LifetimeError, match="There are 0 customers"):
        fit_gamma_gamma(frequency * 0, mean)


@pytest.mark.parametrize(
    ("there", "alpha", "beta", "log_likelihood", "after_twelve"),
    [(HIGH_END, 0.668, 3.806, -1611.2, 0.378), (REGULAR, 0.704, 1.182, -1680.3, 0.170)],
)
def test_shifted_beta_geometric_as_printed(
    there: list[int], alpha: float, beta: float, log_likelihood: float, after_twelve: float
) -> None:
    # Fader & Hardie (2007), fitted to the first seven years.
    lost, going_on = -np.diff(there), np.zeros(7)
    going_on[-1] = there[-1]
    fitted = fit_shifted_beta_geometric(np.arange(1, 8), lost, going_on)
    assert fitted.params == pytest.approx({"alpha": alpha, "beta": beta}, abs=5e-4)
    assert fitted.log_likelihood == pytest.approx(log_likelihood, abs=0.05)
    assert fitted.survival(12) == pytest.approx(after_twelve, abs=5e-4)
    # Retention is (β + t − 1) / (α + β + t − 1), and survival its product.
    assert fitted.retention(1) == pytest.approx(beta / (alpha + beta), abs=1e-4)
    assert np.prod(fitted.retention(np.arange(1, 6))) == pytest.approx(fitted.survival(5))
    assert fitted.expected_survival(3, 2) == pytest.approx(fitted.survival(5) / fitted.survival(2))


def test_contracts_that_nobody_left_tell_nothing() -> None:
    with pytest.raises(LifetimeError, match="No customer has left"):
        fit_shifted_beta_geometric([1, 2], [0, 0], [50, 50])
    with pytest.raises(LifetimeError, match="There are 5 contracts"):
        fit_shifted_beta_geometric([1, 2], [1, 1], [1, 2])


def test_accuracy_by_hand() -> None:
    # Ten customers, two of whom bring all: 60 and 40.
    actual = np.array([0.0] * 8 + [40, 60])
    perfect = accuracy(actual, actual)
    assert (perfect.bias, perfect.mean_absolute_error, perfect.gini) == (0, 0, 1)
    assert perfect.decile_actual == pytest.approx([0] * 8 + [40, 60])
    flat = accuracy(np.full(10, 20.0), actual)
    assert flat.bias == pytest.approx(1.0)  # 200 told, 100 came
    assert flat.mean_absolute_error == pytest.approx((8 * 20 + 20 + 40) / 10)
    assert flat.gini == pytest.approx(0)  # equal predictions tell no order
    assert flat.decile_actual == pytest.approx([10.0] * 10)
    reversed_order = accuracy(np.arange(10.0)[::-1], np.arange(10.0))
    assert reversed_order.gini == pytest.approx(-1)
    grouped = accuracy([1.0, 5.0], [2.0, 4.0], counts=[3, 1])
    assert (grouped.n, grouped.bias) == (4, pytest.approx(8 / 10 - 1))
    assert grouped.mean_absolute_error == pytest.approx((3 * 1 + 1) / 4)
