"""BG/NBD and Pareto/NBD against the papers, their integrals and simulated customers."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from septima.models.lifetime import (
    BgNbd,
    LifetimeError,
    ParetoNbd,
    bg_nbd,
    fit_bg_nbd,
    fit_pareto_nbd,
    frequency_calibration,
    likelihood_ratio,
    pareto_nbd,
)
from septima.models.lifetime.fitting import Model, histories
from tests.models.lifetime.customers import cdnow, simulated

Fitting = Callable[..., BgNbd | ParetoNbd]
FITS = pytest.mark.parametrize("fit", [fit_bg_nbd, fit_pareto_nbd])
BG = BgNbd(("r", "alpha", "a", "b"), 4, np.log([0.243, 4.414, 0.793, 2.426]), np.eye(4), 0.0, 1.0, 1)
PARETO = ParetoNbd(("r", "alpha", "s", "beta"), 4, np.log([0.553, 10.578, 0.606, 11.669]), np.eye(4), 0.0, 1.0, 1)


def test_bg_nbd_of_cdnow_as_printed(real_data: Path) -> None:
    # Fader, Hardie & Lee (2005), table 2.
    fitted = fit_bg_nbd(*cdnow(real_data).histories)
    assert fitted.params == pytest.approx({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, abs=5e-4)
    assert fitted.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert fitted.converged
    # Its worked example: who bought twice by week 30.43 of 38.86 buys 1.226 times in 39 weeks.
    assert fitted.expected_purchases(39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=5e-4)


def test_pareto_nbd_of_cdnow_as_printed(real_data: Path) -> None:
    # Fader, Hardie & Lee (2005), table 2.
    fitted = fit_pareto_nbd(*cdnow(real_data).histories)
    assert fitted.params == pytest.approx({"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}, abs=2e-3)
    assert fitted.log_likelihood == pytest.approx(-9595.0, abs=0.05)


def test_standard_errors_and_predictions_are_those_of_an_independent_package(real_data: Path) -> None:
    # `lifetimes` 0.11.3, run once by hand on the same file.
    customers = cdnow(real_data)
    bg, pareto = fit_bg_nbd(*customers.histories), fit_pareto_nbd(*customers.histories)
    errors = {"r": 0.0125573, "alpha": 0.3782215, "a": 0.1857191, "b": 0.7053453}
    assert bg.standard_errors == pytest.approx(errors, rel=1e-4)
    assert bg.p_alive([2, 0, 20], [30.43, 0, 35], 38.86) == pytest.approx([0.726609, 1, 0.803034], abs=1e-5)
    assert pareto.p_alive([2, 0, 20], [30.43, 0, 35], 38.86) == pytest.approx([0.869124, 0.295099, 0.886295], abs=1e-5)
    told = pareto.expected_purchases(39, [2, 0, 20], [30.43, 0, 35], 38.86)
    assert told == pytest.approx([1.455133, 0.107061, 11.944905], abs=3e-4)


@FITS
def test_the_unit_of_time_changes_the_unit_of_the_parameters_alone(fit: Fitting) -> None:
    customers = simulated("bg", 600, (0.8, 6.0, 0.8, 2.5), seed=3)
    x, recency, age = customers.histories
    weeks = fit(x, recency, age)
    seconds = fit(x, recency * 604_800, age * 604_800)
    assert seconds.params["alpha"] == pytest.approx(weeks.params["alpha"] * 604_800, rel=1e-6)
    assert seconds.params["r"] == pytest.approx(weeks.params["r"], rel=1e-6)
    # A density per second is that per week over 604,800 for each purchase.
    assert seconds.log_likelihood == pytest.approx(weeks.log_likelihood - x.sum() * np.log(604_800), abs=1e-4)


@FITS
def test_groups_with_counts_are_customers(fit: Fitting) -> None:
    customers = simulated("bg", 500, (0.8, 6.0, 0.8, 2.5), seed=4)
    x, recency, age = (np.round(part) for part in customers.histories)
    recency = np.where(x > 0, np.maximum(recency, 1), 0)
    rows, counts = np.unique(np.column_stack([x, recency, np.maximum(age, recency)]), axis=0, return_counts=True)
    grouped = fit(*rows.T, counts=counts)
    single = fit(np.repeat(rows[:, 0], counts), np.repeat(rows[:, 1], counts), np.repeat(rows[:, 2], counts))
    assert grouped.log_likelihood == pytest.approx(single.log_likelihood, rel=1e-10)
    assert (grouped.n, grouped.groups) == (500, len(rows))


@pytest.mark.parametrize(
    ("model", "theta"),
    [(bg_nbd._MODEL, [0.3, 1.5, -0.2, 0.9]), (pareto_nbd._MODEL, [0.3, 1.5, -0.2, 0.9]), (pareto_nbd._MODEL, [0.3, 0.9, 0.4, 1.5])],
)  # fmt: skip
@pytest.mark.parametrize("with_covariates", [False, True])
def test_gradients_are_those_of_finite_differences(model: Model, theta: list[float], with_covariates: bool) -> None:
    customers = simulated("bg", 300, (0.8, 6.0, 0.8, 2.5), seed=5)
    given = {"premium": (np.arange(300) % 3 == 0).astype(float)} if with_covariates else None
    objective = model.objective(histories(*customers.histories, None, given))
    extra = [0.2, -0.3, 0.1][: len(model.links)] if with_covariates else []
    at = np.array([*theta, *extra])
    for place in range(len(at)):
        step = np.zeros(len(at))
        step[place] = 1e-5
        slope = (objective(at + step)[0] - objective(at - step)[0]) / 2e-5
        assert objective(at)[1][place] == pytest.approx(slope, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize(
    ("x", "recency", "age", "t"), [(2, 30.43, 38.86, 39), (0, 0, 38.86, 52), (40, 37, 38.86, 10), (1500, 500, 520, 52)]
)
def test_expectations_of_bg_nbd_are_the_integral_over_the_chance_of_leaving(
    x: int, recency: float, age: float, t: float
) -> None:
    # Of an active customer the rate is Gamma(r+x, α+T) and the chance Beta(a, b+x); who buys at rate λ and leaves with
    # chance p makes (1 − exp(−λpt)) / p purchases; the mean of exp(−λpt) is (1 + pt/(α+T))^−(r+x).
    r, alpha, a, b = BG.params.values()
    chance = stats.beta(a, b + x)

    def purchases(p: float) -> float:
        return chance.pdf(p) * -np.expm1(-(r + x) * np.log1p(p * t / (alpha + age))) / p

    edges = [1e-300, *np.logspace(-9, 0, 19)]
    whole = sum(integrate.quad(purchases, low, high)[0] for low, high in pairwise(edges))
    left = a / (b + x - 1) * ((alpha + age) / (alpha + recency)) ** (r + x) if x else 0.0
    assert BG.expected_purchases(t, x, recency, age) == pytest.approx(whole / (1 + left), rel=2e-5)


@pytest.mark.parametrize(("x", "recency", "age"), [(2, 30.43, 38.86), (0, 0, 38.86), (40, 37, 38.86), (1500, 500, 520)])
def test_pareto_nbd_is_the_integral_over_the_moment_of_leaving(x: int, recency: float, age: float) -> None:
    r, alpha, s, beta = PARETO.params.values()

    def left_at(y: float) -> float:  # relative to staying until T
        return s / (beta + y) * ((beta + age) / (beta + y)) ** s * ((alpha + age) / (alpha + y)) ** (r + x)

    left = integrate.quad(left_at, recency, age, epsabs=0, epsrel=1e-11, limit=500)[0]
    assert PARETO.p_alive(x, recency, age) == pytest.approx(1 / (1 + left), rel=1e-9)
    # Who is there at T stays with probability ((β+T)/(β+T+u))^s and buys at the mean rate (r+x)/(α+T).
    staying = integrate.quad(lambda u: ((beta + age) / (beta + age + u)) ** s, 0, 52)[0]
    expected = (r + x) / (alpha + age) * staying / (1 + left)
    assert PARETO.expected_purchases(52, x, recency, age) == pytest.approx(expected, rel=1e-9)


def test_a_parameter_of_exactly_one_is_no_exception() -> None:
    at_one = BG.at(np.log([0.243, 4.414, 1.0, 2.426]))
    beside = BG.at(np.log([0.243, 4.414, 1.001, 2.426]))
    assert at_one.expected_purchases(39, 2, 30, 38) == pytest.approx(beside.expected_purchases(39, 2, 30, 38), rel=1e-3)
    pareto_at_one = PARETO.at(np.log([0.553, 10.578, 1.0, 11.669]))
    # E X(t) = r/α · ∫ β/(β+u) du = rβ/α · log((β+t)/β).
    assert pareto_at_one.expected_purchases(39) == pytest.approx(
        0.553 * 11.669 / 10.578 * np.log(1 + 39 / 11.669), rel=1e-9
    )


@pytest.mark.parametrize("model", [BG, PARETO])
def test_probabilities_of_counts_have_the_mean_of_the_closed_form(model: BgNbd | ParetoNbd) -> None:
    counts = np.arange(3000.0)
    shares = model.probability(counts, 39.0)
    assert shares.sum() == pytest.approx(1, abs=1e-8)
    assert counts @ shares == pytest.approx(float(model.expected_purchases(39)), rel=1e-6)


@pytest.mark.parametrize(
    ("fit", "process", "truth"),
    [(fit_bg_nbd, "bg", (0.6, 5.0, 0.8, 2.5)), (fit_pareto_nbd, "pareto", (0.8, 6.0, 0.9, 20.0))],
)
def test_simulated_parameters_are_found_again(
    fit: Fitting, process: str, truth: tuple[float, float, float, float]
) -> None:
    customers = simulated(process, 20_000, truth, seed=11)
    fitted = fit(*customers.histories)
    for name, true in zip(fitted.names, truth, strict=True):
        assert abs(fitted.params[name] - true) < 3 * fitted.standard_errors[name]
        assert fitted.standard_errors[name] < 0.2 * true
    table = frequency_calibration(fitted, customers.frequency, customers.age)
    assert table.expected.sum() == pytest.approx(20_000)
    assert np.abs(table.observed - table.expected).max() < 4 * np.sqrt(table.expected.max())


@FITS
def test_a_segment_that_buys_twice_as_often_is_told_from_one_that_does_not(fit: Fitting) -> None:
    premium = (np.arange(8_000) % 2).astype(float)
    customers = simulated("bg", 8_000, (0.8, 10.0, 0.8, 2.5), seed=12, purchase=np.where(premium, 2.0, 1.0))
    plain = fit(*customers.histories)
    informed = fit(*customers.histories, covariates={"premium": premium})
    low, high = informed.intervals["purchase[premium]"]
    assert low < np.log(2) < high
    assert likelihood_ratio(plain, informed).p_value < 1e-9
    told = informed.expected_purchases(10, covariates={"premium": np.array([0.0, 1.0])})
    assert told[1] > 1.5 * told[0]


@FITS
def test_a_segment_that_says_nothing_gains_no_likelihood_to_speak_of(fit: Fitting) -> None:
    customers = simulated("bg", 2_000, (0.8, 6.0, 0.8, 2.5), seed=13)
    chance = np.random.default_rng(1).integers(0, 2, 2_000).astype(float)
    test = likelihood_ratio(fit(*customers.histories), fit(*customers.histories, covariates={"z": chance}))
    assert test.degrees == (3 if fit is fit_bg_nbd else 2)
    assert test.p_value > 0.01


@FITS
def test_what_cannot_be_fitted_is_said_and_no_figure_given(fit: Fitting) -> None:
    few = np.array([1.0, 0.0, 2.0])
    with pytest.raises(LifetimeError, match="There are 3 customers"):
        fit(few, few, few + 1)
    nothing = np.zeros(100)
    with pytest.raises(LifetimeError, match="No customer has bought again"):
        fit(nothing, nothing, nothing + 10)
    one = nothing.copy()
    one[:3] = 1
    with pytest.raises(LifetimeError, match="Only 3 customers") as raised:
        fit(one, one, nothing + 10)
    assert "Повторно купили только 3" in raised.value.statement.ru
    with pytest.raises(LifetimeError, match="between 0 and `T`"):
        fit(one, one * 20, nothing + 10)
    with pytest.raises(LifetimeError, match="whole numbers"):
        fit(one / 2, one, nothing + 10)
    with pytest.raises(LifetimeError, match="one length"):
        fit(one, one[1:], nothing + 10)


@FITS
def test_customers_who_do_not_differ_determine_nothing(fit: Fitting) -> None:
    # One rate for all and nobody leaves: r and alpha grow together without end.
    random = np.random.default_rng(2)
    age = np.full(3_000, 50.0)
    times = np.cumsum(random.exponential(5.0, (3_000, 60)), axis=1)
    made = times <= age[:, None]
    with pytest.raises(LifetimeError, match="did not converge"):
        fit(made.sum(axis=1), np.where(made, times, 0).max(axis=1), age)


@FITS
def test_thousands_of_purchases_over_ten_years_are_fitted(fit: Fitting) -> None:
    # Rates around six a week: some customers buy three thousand times and more.
    random = np.random.default_rng(6)
    age = np.full(800, 3650.0)
    rate, leaves = random.gamma(2.0, 0.3, 800), random.exponential(4000.0 / random.gamma(1.5, 1 / 1.5, 800))
    seen = np.minimum(age, leaves)
    frequency = random.poisson(rate * seen)
    recency = np.where(frequency > 0, np.minimum(seen * (1 - 1 / (frequency + 1.5)), age), 0)
    assert frequency.max() > 3000
    fitted = fit(frequency, recency, age)
    assert fitted.params["r"] / fitted.params["alpha"] == pytest.approx(0.6, rel=0.1)
    alive = fitted.p_alive(frequency, recency, age)
    assert np.isfinite(fitted.expected_purchases(365, frequency, recency, age)).all()
    # Who bought daily and has been silent for years has left; who bought this week has not.
    assert alive[(frequency > 500) & (leaves < 3000)].max(initial=0) < 0.01
    assert alive[(frequency > 500) & (leaves > 4000)].min(initial=1) > 0.3


def test_the_covariates_of_the_fit_are_asked_for() -> None:
    customers = simulated("bg", 500, (0.8, 6.0, 0.8, 2.5), seed=14)
    fitted = fit_bg_nbd(*customers.histories, covariates={"z": np.arange(500) % 2})
    with pytest.raises(LifetimeError, match="covariates that the model was fitted with: z"):
        fitted.p_alive(1, 2, 3)
