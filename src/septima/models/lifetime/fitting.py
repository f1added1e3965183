"""Maximum likelihood on groups of like customers: what all models of lifetime value share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from septima.models.intervals import FloatArray, Z
from septima.schema.errors import SeptimaError
from septima.schema.text import Text

FEWEST_CUSTOMERS = 30
FEWEST_REPEAT_BUYERS = 10

Covariates = Mapping[str, npt.ArrayLike]
Objective = Callable[[FloatArray], tuple[float, FloatArray]]

_BOUND = 12.0  # of the logarithm of a parameter, with time or money scaled to a mean of 1
_LARGEST_ERROR = 5.0  # of the logarithm of a parameter: past it the data do not tell the parameter at all
_DECREMENT = 1e-5  # log-likelihood that is still to be gained at most where a search is done
_STEP = 1e-4
_ROUNDS = 15
_SAMPLE = 4_000  # groups from which a search over very many sets out


class LifetimeError(SeptimaError):
    """A model of lifetime value cannot be fitted, or not from these records."""


@dataclass(frozen=True)
class Fit:
    """A model fitted by maximum likelihood.

    `theta` holds the estimates on the scale of the search: natural logarithms of the first `positive` parameters,
    which are above zero, and then coefficients of covariates as they are; `covariance` is their covariance, from the
    Hessian of the log-likelihood there. `n` is the number of customers and `groups` of the distinct ones among them.
    A search that does not converge gives no fit but LifetimeError, so `converged` is always true.
    """

    names: tuple[str, ...]
    positive: int
    theta: FloatArray
    covariance: FloatArray
    log_likelihood: float
    n: float
    groups: int
    converged: bool = True

    @property
    def params(self) -> dict[str, float]:
        """The estimates by name, in the units of what was given."""
        return dict(zip(self.names, self._natural.tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors by name, by the delta method from the logarithms."""
        errors = np.sqrt(np.diag(self.covariance)) * self._slope
        return dict(zip(self.names, errors.tolist(), strict=True))

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """Intervals of 95 % by name (Wald’s), symmetric on the scale of the search."""
        half = Z * np.sqrt(np.diag(self.covariance))
        low, high = (self.at(self.theta + sign * half) for sign in (-1, 1))
        return {name: (low.params[name], high.params[name]) for name in self.names}

    def at(self, theta: FloatArray) -> Self:
        """The same model with other values of `theta`."""
        return replace(self, theta=theta)

    def standard_error_of(self, quantity: Callable[[Self], FloatArray]) -> FloatArray:
        """Standard error of a quantity that the model tells, of any shape, by the delta method."""
        spread = np.sqrt(np.diag(self.covariance))
        slopes: list[FloatArray] = []
        for place, error in enumerate(spread):
            step = np.zeros(len(spread))
            step[place] = max(error, 1e-6) / 20
            slopes.append(
                (quantity(self.at(self.theta + step)) - quantity(self.at(self.theta - step))) / (2 * step[place])
            )
        gradient = np.stack([np.asarray(slope, np.float64) for slope in slopes], axis=-1)
        return np.sqrt(np.maximum(np.einsum("...i,ij,...j->...", gradient, self.covariance, gradient), 0))

    @property
    def _natural(self) -> FloatArray:
        return np.concatenate([np.exp(self.theta[: self.positive]), self.theta[self.positive :]])

    @property
    def _slope(self) -> FloatArray:
        return np.concatenate([np.exp(self.theta[: self.positive]), np.ones(len(self.theta) - self.positive)])


@dataclass(frozen=True)
class LikelihoodRatio:
    """Twice the log-likelihood that more parameters gain, and how probable as much would be by chance (Wilks, 1938)."""

    statistic: float
    degrees: int
    p_value: float


def likelihood_ratio(restricted: Fit, full: Fit) -> LikelihoodRatio:
    """Test of `restricted`, which `full` holds as a special case, both fitted to the same customers."""
    degrees = len(full.names) - len(restricted.names)
    if degrees <= 0 or restricted.n != full.n:
        raise ValueError("the full model must have more parameters than the restricted one, over the same customers")
    statistic = max(2 * (full.log_likelihood - restricted.log_likelihood), 0.0)
    return LikelihoodRatio(statistic, degrees, float(stats.chi2.sf(statistic, degrees)))


@dataclass(frozen=True)
class Histories:
    """Customers alike in their purchases, as arrays of one length, with time divided by `scale`.

    `frequency` counts repeat purchases; `recency` is the time from the first purchase to the last and `age` that from
    the first to the end of observation (x, t_x and T of the papers). `covariates` (groups, k) may have no columns.
    """

    frequency: FloatArray
    recency: FloatArray
    age: FloatArray
    counts: FloatArray
    covariates: FloatArray
    names: tuple[str, ...]
    scale: float

    def __len__(self) -> int:
        return len(self.frequency)

    @property
    def customers(self) -> float:
        """Number of customers."""
        return float(self.counts.sum())

    def sample(self, number: int) -> "Histories":
        """At most about `number` of the groups, spread evenly over them."""
        chosen = slice(None, None, max(len(self) // number, 1))
        return replace(
            self,
            **{name: getattr(self, name)[chosen] for name in ("frequency", "recency", "age", "counts", "covariates")},
        )


def histories(
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    age: npt.ArrayLike,
    counts: npt.ArrayLike | None,
    covariates: Covariates | None,
) -> Histories:
    """Check what was given and join like customers; LifetimeError where it is too little to fit a model to."""
    x, recent, observed = (np.asarray(given, np.float64).ravel() for given in (frequency, recency, age))
    names = tuple(covariates or ())
    columns = [np.asarray((covariates or {})[name], np.float64).ravel() for name in names]
    check_equal_lengths(x, recent, observed, *columns)
    if np.any(x < 0) or np.any(x != np.floor(x)):
        raise LifetimeError(_FREQUENCY)
    if np.any(recent < 0) or np.any(recent > observed) or np.any((x == 0) != (recent == 0)):
        raise LifetimeError(_RECENCY)
    if counts is None:
        (x, recent, observed, *columns), n = distinct(x, recent, observed, *columns)
    else:
        n = np.asarray(counts, np.float64).ravel()
        check_equal_lengths(x, n)
    check_enough(x, n)
    scale = float((n * observed).sum() / n.sum())
    matrix = np.column_stack(columns) if columns else np.empty((len(x), 0))
    return Histories(x, recent / scale, observed / scale, n, matrix, names, scale)


def check_equal_lengths(first: FloatArray, *others: FloatArray) -> None:
    """LifetimeError where arrays differ in length or hold what is no number."""
    if any(len(other) != len(first) for other in others) or not all(
        np.isfinite(given).all() for given in (first, *others)
    ):
        raise LifetimeError(_ARRAYS)


def check_enough(frequency: FloatArray, counts: FloatArray) -> None:
    """LifetimeError where there are too few customers, or too few who came back."""
    customers, repeat = counts.sum(), counts[frequency > 0].sum()
    if customers < FEWEST_CUSTOMERS:
        raise LifetimeError(
            Text(
                f"There are {customers:.0f} customers; a model of purchases needs at least {FEWEST_CUSTOMERS}.",
                f"Клиентов всего {customers:.0f}; для модели покупок нужно не\u00a0меньше {FEWEST_CUSTOMERS}.",
            )
        )
    if repeat == 0:
        raise LifetimeError(
            Text(
                "No customer has bought again, so nothing can be learnt of repeat purchases; observe for longer.",
                "Ни\u00a0один клиент не\u00a0купил повторно, поэтому о\u00a0повторных покупках ничего нельзя узнать; "
                "нужно более долгое наблюдение.",
            )
        )
    if repeat < FEWEST_REPEAT_BUYERS:
        raise LifetimeError(
            Text(
                f"Only {repeat:.0f} customers have bought again; a model needs at least {FEWEST_REPEAT_BUYERS}.",
                f"Повторно купили только {repeat:.0f} клиентов; для модели нужно не\u00a0меньше {FEWEST_REPEAT_BUYERS}.",
            )
        )


def distinct(*columns: FloatArray) -> tuple[list[FloatArray], FloatArray]:
    """The distinct rows of columns of one length, and how many rows there are of each."""
    code = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        members, places = np.unique(column, return_inverse=True)
        _, code = np.unique(code * len(members) + places, return_inverse=True)
    _, first, counts = np.unique(code, return_index=True, return_counts=True)
    return [column[first] for column in columns], counts.astype(np.float64)


@dataclass(frozen=True)
class Optimum:
    """Where a log-likelihood is greatest, how great, and the covariance of the estimates."""

    theta: FloatArray
    value: float
    covariance: FloatArray


def maximise(
    objective: Objective,
    starts: Sequence[FloatArray],
    *,
    names: Sequence[str],
    positive: int,
    first_look: Objective | None = None,
    share: float = 1.0,
) -> Optimum:
    """Find the greatest value of `objective`, which gives the log-likelihood and its gradient at `theta`.

    The search is by L-BFGS-B within wide bounds and ends with Newton's steps, for which the Hessian is taken by
    differences of the gradient. `first_look` is the same of a `share` of the customers: the search is done there, and
    its Hessian serves for the first steps over all. Other `starts` are tried where the first leads nowhere.
    LifetimeError where none converges, or the data leave a parameter undetermined.
    """
    failure: LifetimeError | None = None
    for start in starts:
        theta, information = start, None
        if first_look is not None:
            theta = _climb(first_look, theta)
            information = -_hessian(first_look, theta) / share
        if information is None or not _is_positive(information):
            theta, information = _climb(objective, theta), None
        try:
            return _polish(objective, theta, information, names, positive)
        except LifetimeError as error:
            failure = failure or error
    raise failure or LifetimeError(_not_converged(names))


def _climb(objective: Objective, theta: FloatArray) -> FloatArray:
    size = max(abs(objective(theta)[0]), 1.0)

    def loss(at: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = objective(at)
        # A step into a place where the likelihood is no number is one that the search takes back.
        return (-value / size, -gradient / size) if np.isfinite(value) else (np.inf, np.zeros_like(at))

    found = optimize.minimize(
        loss,
        theta,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-_BOUND, _BOUND)] * len(theta),
        options={"maxiter": 500, "maxfun": 1000, "ftol": 1e-10, "gtol": 1e-9},
    )
    return np.asarray(found.x, np.float64)


def _polish(
    objective: Objective, theta: FloatArray, information: FloatArray | None, names: Sequence[str], positive: int
) -> Optimum:
    """Newton's steps to the very top; `information` is a guess of the negative Hessian, for as long as it serves."""
    value, gradient = objective(theta)
    guessed, before = information is not None, np.inf
    for _ in range(_ROUNDS):
        if np.any(np.abs(theta) > _BOUND - 0.1):
            edge = [name for name, place in zip(names, theta, strict=True) if abs(place) > _BOUND - 0.1]
            raise LifetimeError(_undetermined(edge))
        if information is None or not guessed:
            information = -_hessian(objective, theta)
            if not _is_positive(information):
                raise LifetimeError(_undetermined(names[:positive]))
        step = np.asarray(np.linalg.solve(information, gradient), np.float64)
        gain = float(gradient @ step)
        if gain < _DECREMENT and not guessed:
            return Optimum(theta + step, value + gain / 2, _checked_covariance(information, names))
        # A guess serves for as long as each step leaves far less to be gained than the one before.
        if guessed and (gain < _DECREMENT or gain > before / 4):
            guessed = False
            continue
        theta, value, gradient = _ascend(objective, theta, value, step, names)
        before = gain
    raise LifetimeError(_not_converged(names))


def _ascend(
    objective: Objective, theta: FloatArray, value: float, step: FloatArray, names: Sequence[str]
) -> tuple[FloatArray, float, FloatArray]:
    """The step, or a part of it, that does not lead down; with the value and the gradient there."""
    rounding = 1e-13 * abs(value)
    for _ in range(_ROUNDS):
        there, gradient = objective(theta + step)
        if np.isfinite(there) and there >= value - rounding:
            return theta + step, there, gradient
        step = step / 4
    raise LifetimeError(_not_converged(names))


def _is_positive(information: FloatArray) -> bool:
    return bool(np.isfinite(information).all() and np.linalg.eigvalsh(information)[0] > 0)


def _checked_covariance(information: FloatArray, names: Sequence[str]) -> FloatArray:
    covariance = np.asarray(np.linalg.inv(information), np.float64)
    errors = np.sqrt(np.diag(covariance))
    if np.any(errors > _LARGEST_ERROR):
        flat = [name for name, error in zip(names, errors, strict=True) if error > _LARGEST_ERROR]
        raise LifetimeError(_undetermined(flat))
    return covariance


def _hessian(objective: Objective, theta: FloatArray) -> FloatArray:
    """Second derivatives by central differences of the gradient."""
    steps = np.eye(len(theta)) * _STEP
    rows = [(objective(theta + step)[1] - objective(theta - step)[1]) / (2 * _STEP) for step in steps]
    matrix = np.array(rows)
    return (matrix + matrix.T) / 2


@dataclass(frozen=True)
class Model:
    """A model of purchases as the search sees it.

    `terms(eta, histories)` gives the log-likelihood of each group and its derivatives by the logarithms of the
    parameters `names`, which are `eta`: numbers, or arrays where covariates change them. `links` name the parameters
    that covariates change: the place in `eta`, the sign and what their coefficients are called. `times` are the
    places of those in the unit of time.
    """

    names: tuple[str, ...]
    terms: Callable[[list[FloatArray], Histories], tuple[FloatArray, list[FloatArray]]]
    links: tuple[tuple[int, int, str], ...]
    times: tuple[int, ...]

    def parameter_names(self, covariates: Sequence[str]) -> tuple[str, ...]:
        """All parameters, the coefficients of covariates last."""
        return (*self.names, *(f"{called}[{name}]" for _, _, called in self.links for name in covariates))

    def eta(self, theta: FloatArray, covariates: FloatArray) -> list[FloatArray]:
        """Logarithms of the parameters of each group (a number where they are alike)."""
        eta = list(theta[: len(self.names)])
        width = covariates.shape[1]
        for number, (place, sign, _) in enumerate(self.links):
            if width:
                begin = len(self.names) + number * width
                eta[place] = eta[place] + sign * covariates @ theta[begin : begin + width]
        return eta

    def objective(self, given: Histories) -> Objective:
        """Log-likelihood of all groups and its gradient by `theta`."""

        def value_and_gradient(theta: FloatArray) -> tuple[float, FloatArray]:
            with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
                values, slopes = self.terms(self.eta(theta, given.covariates), given)
            weighted = [given.counts * slope for slope in slopes]
            gradient = [np.array([part.sum()]) for part in weighted]
            if given.names:
                gradient += [sign * weighted[place] @ given.covariates for place, sign, _ in self.links]
            return float(given.counts @ values), np.concatenate(gradient)

        return value_and_gradient

    def fit(self, given: Histories, starts: Sequence[Sequence[float]]) -> dict[str, object]:
        """Fields of the `Fit` of these customers, in the units of what was given."""
        names = self.parameter_names(given.names)
        nothing = [0.0] * (len(names) - len(self.names))
        sample = given.sample(_SAMPLE) if len(given) > 2 * _SAMPLE else None
        found = maximise(
            self.objective(given),
            [np.array([*start, *nothing]) for start in starts],
            names=names,
            positive=len(self.names),
            first_look=self.objective(sample) if sample else None,
            share=sample.customers / given.customers if sample else 1.0,
        )
        theta = found.theta.copy()
        theta[list(self.times)] += np.log(given.scale)
        purchases = float(given.counts @ given.frequency)
        return {
            "names": names,
            "positive": len(self.names),
            "theta": theta,
            "covariance": found.covariance,
            # The density of each purchase's moment is per unit of time.
            "log_likelihood": found.value - purchases * float(np.log(given.scale)),
            "n": given.customers,
            "groups": len(given),
        }

    def plain(self, fit: Fit, values: Mapping[str, float]) -> dict[str, Any]:
        """Fields of the fit of customers with these covariates (0 where not named), as one of a model without any."""
        slopes = np.eye(len(self.names), len(fit.names))
        width = (len(fit.names) - len(self.names)) // len(self.links)
        for number, (place, sign, called) in enumerate(self.links):
            for offset in range(width):
                column = len(self.names) + number * width + offset
                name = fit.names[column].removeprefix(f"{called}[").removesuffix("]")
                slopes[place, column] = sign * values.get(name, 0.0)
        return {
            "names": self.names,
            "theta": slopes @ fit.theta,
            "covariance": slopes @ fit.covariance @ slopes.T,
        }

    def parameters(self, fit: Fit, covariates: Covariates | None) -> list[FloatArray]:
        """The parameters of customers with these covariates (of those with none, where the fit has none)."""
        width = (len(fit.names) - len(self.names)) // len(self.links)
        first = len(self.names)
        called = self.links[0][2]
        expected = [name.removeprefix(f"{called}[").removesuffix("]") for name in fit.names[first : first + width]]
        if set(covariates or ()) != set(expected):
            raise LifetimeError(_covariates(expected))
        columns = [np.asarray((covariates or {})[name], np.float64) for name in expected]
        matrix = np.stack(columns, axis=-1) if columns else np.empty((1, 0))
        return [np.exp(eta) for eta in self.eta(fit.theta, matrix)]


def _undetermined(names: Sequence[str]) -> Text:
    listed = ", ".join(names)
    return Text(
        f"The fit did not converge: the data do not determine {listed}. Customers may hardly differ, or hardly any "
        "have stopped buying; no figure is shown.",
        f"Подгонка не\u00a0сошлась: данные не\u00a0определяют параметры {listed}. Возможно, клиенты почти "
        "не\u00a0различаются или почти никто не\u00a0перестал покупать; числа не\u00a0показаны.",
    )


def _not_converged(names: Sequence[str]) -> Text:
    listed = ", ".join(names)
    return Text(
        f"The fit of {listed} did not converge, so no figure is shown.",
        f"Подгонка параметров {listed} не\u00a0сошлась, поэтому числа не\u00a0показаны.",
    )


def _covariates(expected: Sequence[str]) -> Text:
    listed = ", ".join(expected) or "—"
    return Text(
        f"Give the covariates that the model was fitted with: {listed}.",
        f"Укажите те ковариаты, с\u00a0которыми модель подогнана: {listed}.",
    )


_FREQUENCY = Text(
    "`frequency` must hold whole numbers of repeat purchases, none below zero.",
    "`frequency` должно содержать целые неотрицательные числа повторных покупок.",
)
_RECENCY = Text(
    "`recency` must lie between 0 and `T`, and be 0 for those and only those who never bought again: it is the time "
    "from the first purchase to the last.",
    "`recency` должно лежать между 0 и\u00a0`T` и\u00a0равняться 0 у\u00a0тех и\u00a0только тех, кто не\u00a0покупал повторно: "
    "это время от\u00a0первой покупки до\u00a0последней.",
)
_ARRAYS = Text(
    "All arrays must be of one length and hold finite numbers.",
    "Все массивы должны быть одной длины и\u00a0содержать конечные числа.",
)
