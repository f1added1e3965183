"""Forecasts of a short series with intervals: exponential smoothing in its state space form, chosen by AICc.

Hyndman, Koehler, Ord and Snyder, «Forecasting with Exponential Smoothing», 2008: local level ETS(A,N,N), damped trend
ETS(A,Ad,N) and local level with a season ETS(A,N,A). Errors are linear in the first state, so that it is solved for exactly for
each of a grid of smoothing parameters (ibid., section 5.2) and nothing has to converge. A series that is too short for a
model is taken as a random walk.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, stdtrit

FloatArray = npt.NDArray[np.float64]
Form = Literal["random_walk", "level", "damped_trend", "season"]
Scale = Literal["as is", "logit", "logarithm"]

LEAST = 3
"""Periods below which nothing is said."""
LEAST_FOR_MODEL = 8
"""Periods from which on a model is fitted."""
CYCLES = 2
"""Whole years that a season needs."""

_ALPHAS = np.linspace(0.0, 1.0, 41)
_BETAS = np.array([0.0, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0])
_DAMPINGS = np.array([0.8, 0.9, 0.98])
_GAMMAS = np.array([0.0, 0.1, 0.3, 0.6])
_EDGE = 1e-3


@dataclass(frozen=True)
class Fitted:
    """A model with the state after the last observation: y = w·x + e, x' = F·x + g·e.

    `sigma` is the standard deviation of e, `degrees` those of freedom on which it rests (infinite where it is known).
    """

    form: Form
    aicc: float
    transition: FloatArray
    gain: FloatArray
    observation: FloatArray
    state: FloatArray
    sigma: float
    degrees: float


@dataclass(frozen=True)
class Coverage:
    """How many one-step forecasts were made of what came later, and how many of their intervals held it."""

    forecasts: int
    within_80: int
    within_95: int


def to_scale(values: FloatArray, scale: Scale, bounds: tuple[float, float]) -> FloatArray:
    """Values on the scale on which errors are added: the logit between two bounds, the logarithm above zero."""
    if scale == "logit":
        least, greatest = bounds
        # A share of exactly 0 or 1 has no logit; it is taken as a thousandth away from it.
        return logit(np.clip((values - least) / (greatest - least), _EDGE, 1 - _EDGE))
    return np.log(values) if scale == "logarithm" else values


def slope_of(values: FloatArray, scale: Scale, bounds: tuple[float, float]) -> FloatArray:
    """How much `to_scale` of a value moves as the value moves by one, by which its standard error is scaled."""
    if scale == "logit":
        least, greatest = bounds
        share = np.clip((values - least) / (greatest - least), _EDGE, 1 - _EDGE)
        return 1 / (share * (1 - share) * (greatest - least))
    return 1 / values if scale == "logarithm" else np.ones_like(values)


def from_scale(values: FloatArray, scale: Scale, bounds: tuple[float, float]) -> FloatArray:
    """The inverse of `to_scale`, cut at the bounds."""
    least, greatest = bounds
    if scale == "logit":
        return least + (greatest - least) * expit(values)
    return np.clip(np.exp(values) if scale == "logarithm" else values, least, greatest)


def scale_for(values: FloatArray, bounds: tuple[float, float]) -> Scale:
    """The logit where the metric has two bounds, the logarithm where it is above zero, else the values as they are."""
    if np.isfinite(bounds).all():
        return "logit"
    return "logarithm" if bounds[0] == 0 and values.size and float(values.min()) > 0 else "as is"


def random_walk(values: FloatArray, sigma: float | None = None) -> Fitted:
    """The last value for ever; the error of h periods has the standard deviation σ·√h, σ from the steps where not given."""
    steps = np.diff(values)
    found = float(np.sqrt(np.mean(steps**2))) if sigma is None else sigma
    one = np.ones(1)
    degrees = float(steps.size) if sigma is None else np.inf
    return Fitted("random_walk", np.inf, np.eye(1), one, one, values[-1:], found, degrees)


def fit(values: FloatArray, season: int = 0, least_sigma: float = 0.0) -> Fitted:
    """The model of the least AICc among those that the length of the series allows; a random walk below `LEAST_FOR_MODEL`.

    `season` is the number of periods in a year (0 or 1: none). `least_sigma` is the sampling error of an observation: the
    next one scatters by that at least. ValueError below `LEAST` values.
    """
    if values.size < LEAST:
        raise ValueError(f"a forecast needs {LEAST} values at least; these are {values.size}")
    if values.size < LEAST_FOR_MODEL:
        chosen = random_walk(values)
    else:
        found = [_level(values), _damped(values)]
        if season > 1 and values.size >= CYCLES * season:
            found.append(_season(values, season))
        chosen = min(found, key=lambda one: one.aicc)
        if not np.isfinite(chosen.aicc):
            chosen = random_walk(values)
    if chosen.sigma >= least_sigma:
        return chosen
    return replace(chosen, sigma=least_sigma)


def paths(fitted: Fitted, horizon: int, draws: int, random: np.random.Generator) -> FloatArray:
    """Draws (horizon, draws) of what is observed in the next periods.

    Errors are Student's t with the degrees of freedom that σ rests on, which widens intervals of short series.
    """
    state = np.repeat(fitted.state[:, None], draws, axis=1)
    # All errors of a path share the uncertainty about σ, as they do given the data.
    sigma = np.full(draws, fitted.sigma)
    if np.isfinite(fitted.degrees):
        sigma = sigma * np.sqrt(fitted.degrees / random.chisquare(fitted.degrees, draws))
    found = np.empty((horizon, draws))
    for step in range(horizon):
        error = sigma * random.standard_normal(draws)
        found[step] = fitted.observation @ state + error
        state = fitted.transition @ state + fitted.gain[:, None] * error
    return found


def next_interval(fitted: Fitted, level: float) -> tuple[float, float]:
    """The interval of the next observation on the model's scale, at a level such as 0.95."""
    centre = float(fitted.observation @ fitted.state)
    degrees = fitted.degrees if np.isfinite(fitted.degrees) else 1e9
    half = float(stdtrit(degrees, 0.5 + level / 2)) * fitted.sigma
    return centre - half, centre + half


def backtest(values: FloatArray, season: int = 0, errors: FloatArray | None = None, *, origins: int = 12) -> Coverage:
    """Forecast each of the last `origins` values from those before it, and count how many intervals hold it (Tashman, 2000)."""
    made = within_80 = within_95 = 0
    for place in range(max(LEAST, values.size - origins), values.size):
        least = 0.0 if errors is None else float(np.sqrt(np.mean(errors[:place] ** 2)))
        fitted = fit(values[:place], season, least)
        made += 1
        for level in (0.8, 0.95):
            lower, upper = next_interval(fitted, level)
            held = bool(lower <= values[place] <= upper)
            within_80 += held and level == 0.8
            within_95 += held and level == 0.95
    return Coverage(made, within_80, within_95)


def _level(values: FloatArray) -> Fitted:
    one = np.ones((1, 1))
    grid = [(one, np.array([alpha])) for alpha in _ALPHAS]
    return _best("level", values, grid, np.ones(1), smoothing=1, free_states=1)


def _damped(values: FloatArray) -> Fitted:
    grid = [
        (np.array([[1.0, damping], [0.0, damping]]), np.array([alpha, alpha * beta]))
        for damping in _DAMPINGS
        for alpha in _ALPHAS[::4]
        for beta in _BETAS
    ]
    return _best("damped_trend", values, grid, None, smoothing=3, free_states=2)


def _season(values: FloatArray, season: int) -> Fitted:
    size = season + 1
    transition = np.zeros((size, size))
    transition[0, 0] = 1.0
    transition[1, size - 1] = 1.0
    transition[2:, 1 : size - 1] = np.eye(season - 1)
    observation = np.zeros(size)
    observation[0] = observation[-1] = 1.0
    grid: list[tuple[FloatArray, FloatArray]] = []
    for alpha in _ALPHAS[::4]:
        for gamma in _GAMMAS:
            gain = np.zeros(size)
            gain[0], gain[1] = alpha, gamma * (1 - alpha)
            grid.append((transition, gain))
    return _best("season", values, grid, observation, smoothing=2, free_states=season)


def _best(
    form: Form,
    values: FloatArray,
    grid: list[tuple[FloatArray, FloatArray]],
    observation: FloatArray | None,
    *,
    smoothing: int,
    free_states: int,
) -> Fitted:
    """The model of the grid with the least sum of squared errors; each first state is that which makes them least."""
    transitions = np.stack([transition for transition, _ in grid])
    gains = np.stack([gain for _, gain in grid])
    size = gains.shape[1]
    # Of a damped trend the next value is the level and the damped slope.
    seen = transitions[:, 0, :] if observation is None else np.tile(observation, (len(grid), 1))
    # The first column runs from a state of zero with the values, the others from each unit state without them.
    states = np.zeros((len(grid), size, 1 + size))
    states[:, :, 1:] = np.eye(size)
    errors = np.empty((len(grid), values.size, 1 + size))
    for place, value in enumerate(values):
        errors[:, place] = -np.einsum("gk,gkc->gc", seen, states)
        errors[:, place, 0] += value
        states = transitions @ states + gains[:, :, None] * errors[:, place, None, :]
    first = -np.einsum("gkn,gn->gk", np.linalg.pinv(errors[:, :, 1:]), errors[:, :, 0])
    left = errors[:, :, 0] + np.einsum("gnk,gk->gn", errors[:, :, 1:], first)
    sums = np.sum(left**2, axis=1)
    best = int(np.argmin(sums))
    state = states[best, :, 0] + states[best, :, 1:] @ first[best]
    n, parameters = values.size, smoothing + free_states + 1
    degrees = n - smoothing - free_states
    if n - parameters - 1 <= 0:
        return Fitted(form, np.inf, transitions[best], gains[best], seen[best], state, 0.0, 1.0)
    # Values that lie on the model to the last digit leave nothing of which to take the logarithm.
    total = max(float(sums[best]), np.finfo(float).tiny)
    aicc = n * np.log(total / n) + 2 * parameters * n / (n - parameters - 1)
    sigma = float(np.sqrt(sums[best] / degrees))
    return Fitted(form, float(aicc), transitions[best], gains[best], seen[best], state, sigma, float(degrees))
