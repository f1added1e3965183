"""Forecasts against closed forms, against statsmodels' own models, and against simulated truth."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, t
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from septima.models.forecast import (
    Coverage,
    backtest,
    fit,
    from_scale,
    next_interval,
    paths,
    random_walk,
    scale_for,
    to_scale,
)

RANDOM = np.random.default_rng
EVERYWHERE = (-np.inf, np.inf)


def test_a_random_walk_of_known_variance_widens_by_the_root_of_the_steps() -> None:
    drawn = paths(random_walk(np.array([4.0, 5.0]), sigma=0.5), 4, 200_000, RANDOM(1))
    for step in range(4):
        half = 1.959964 * 0.5 * np.sqrt(step + 1)
        lower, upper = np.quantile(drawn[step], (0.025, 0.975))
        assert (lower, upper) == (pytest.approx(5 - half, rel=0.01), pytest.approx(5 + half, rel=0.01))


def test_a_short_series_is_a_random_walk_of_its_own_steps() -> None:
    found = fit(np.array([1.0, 3.0, 2.0, 3.0, 5.0]))  # steps 2, −1, 1, 2: mean square 10 / 4
    assert found.form == "random_walk"
    half = t.ppf(0.975, 4) * np.sqrt(2.5)
    assert next_interval(found, 0.95) == (pytest.approx(5 - half), pytest.approx(5 + half))
    with pytest.raises(ValueError, match="3 values at least"):
        fit(np.array([1.0, 2.0]))


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_level_comes_as_near_to_the_figures_as_that_of_statsmodels(seed: int) -> None:
    random = RANDOM(seed)
    values = 20 + np.cumsum(random.normal(0, 0.7, 30)) + random.normal(0, 1, 30)
    peer = ETSModel(pd.Series(values), error="add").fit(disp=False)
    found = fit(values)
    if found.form != "level":
        pytest.skip("another model has the least AICc here")
    assert found.sigma**2 * found.degrees <= float(peer.sse) * 1.005
    forecast = float(peer.forecast(1).iloc[0])
    assert float(found.observation @ found.state) == pytest.approx(forecast, abs=0.1)


def test_a_trend_is_followed_where_it_shows() -> None:
    values = np.arange(20.0) * 2 + RANDOM(3).normal(0, 0.3, 20)
    found = fit(values)
    assert found.form == "damped_trend"
    assert float(found.observation @ found.state) == pytest.approx(40, abs=1.0)


def test_seasons_are_found_where_two_years_and_more_show_them() -> None:
    values = np.tile([10.0, 0.0, -10.0, 4.0], 6) + RANDOM(6).normal(0, 0.5, 24)
    found = fit(values, season=4)
    assert found.form == "season"
    assert np.median(paths(found, 4, 4000, RANDOM(7)), axis=1) == pytest.approx([10.0, 0.0, -10.0, 4.0], abs=1.0)


def test_sampling_is_the_least_that_a_figure_scatters_by() -> None:
    flat = fit(np.full(10, 0.4), least_sigma=0.05)
    lower, upper = next_interval(flat, 0.95)
    assert upper - lower >= 2 * 1.959964 * 0.05


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (1.0, 5.0), (0.0, np.inf), EVERYWHERE])
def test_scales_go_there_and_back_and_keep_to_the_bounds(bounds: tuple[float, float]) -> None:
    values = np.array([0.2, 0.5, 0.9]) if bounds[1] == 1 else np.array([1.5, 3.0, 4.5])
    scale = scale_for(values, bounds)
    assert from_scale(to_scale(values, scale, bounds), scale, bounds) == pytest.approx(values)
    far = from_scale(np.array([-50.0, 50.0]), scale, bounds)
    assert bounds[0] <= far.min() <= far.max() <= bounds[1]


def test_intervals_cover_as_often_as_they_promise() -> None:
    """Of 400 simulated levels with noise, the next figure is within the 80 % interval, but for the binomial's own chance."""
    covered = 0
    for seed in range(400):
        random = RANDOM(seed)
        values = 50 + np.cumsum(random.normal(0, 0.5, 13)) + random.normal(0, 1.0, 13)
        lower, upper = next_interval(fit(values[:12]), 0.8)
        covered += int(lower <= values[12] <= upper)
    assert binom.ppf(0.001, 400, 0.76) <= covered <= binom.ppf(0.999, 400, 0.84)


def test_a_backtest_counts_each_figure_against_those_before_it() -> None:
    values = np.array([1.0, 2.0, 1.0, 2.0, 100.0])
    # Steps of 1: the fourth figure lies within t · 1 of the third, the fifth far from the fourth.
    assert backtest(values) == Coverage(forecasts=2, within_80=1, within_95=1)
