"""How well a fitted model tells what it was fitted to, and what came after."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from septima.models.intervals import FloatArray, divide
from septima.models.lifetime.fitting import distinct
from septima.models.lifetime.outlook import PurchaseModel


@dataclass(frozen=True)
class FrequencyCalibration:
    """Customers by number of repeat purchases: `observed` and `expected` by the model; the last number stands for more."""

    purchases: FloatArray
    observed: FloatArray
    expected: FloatArray


def frequency_calibration(
    model: PurchaseModel,
    frequency: npt.ArrayLike,
    T: npt.ArrayLike,  # noqa: N803 - the name of the literature
    counts: npt.ArrayLike | None = None,
    most: int = 7,
) -> FrequencyCalibration:
    """Customers with 0, 1, … `most` or more repeat purchases against what a model without covariates expects."""
    x, age = (np.asarray(given, np.float64).ravel() for given in (frequency, T))
    n = np.ones(len(x)) if counts is None else np.asarray(counts, np.float64).ravel()
    observed = np.bincount(np.minimum(x, most).astype(np.intp), weights=n, minlength=most + 1).astype(np.float64)
    (ages,), _ = distinct(age)
    of_age = np.bincount(np.searchsorted(ages, age), weights=n)
    below = np.array([float(of_age @ model.probability(number, ages)) for number in range(most)])
    expected = np.append(below, n.sum() - below.sum())
    return FrequencyCalibration(np.arange(most + 1.0), observed, expected)


@dataclass(frozen=True)
class Accuracy:
    """How predictions compare with what came: `bias` is their sum over that of the outcomes, less 1.

    `mean_absolute_error` and `mean_outcome` are per customer; `gini` says how well the order of predictions tells the
    outcomes (the area between the curve of concentration and the diagonal over that of a perfect order: 1 is
    perfect, 0 is chance). The deciles go from the least prediction to the greatest: means per customer.
    """

    n: float
    bias: float
    mean_absolute_error: float
    mean_outcome: float
    gini: float
    decile_predicted: FloatArray
    decile_actual: FloatArray


def accuracy(predicted: npt.ArrayLike, actual: npt.ArrayLike, counts: npt.ArrayLike | None = None) -> Accuracy:
    """Compare predictions with outcomes; rows may stand for several customers with like predictions and outcomes.

    Customers with equal predictions share the deciles and the curve evenly, so their order plays no part.
    """
    told, came = (np.asarray(given, np.float64).ravel() for given in (predicted, actual))
    n = np.ones(len(told)) if counts is None else np.asarray(counts, np.float64).ravel()
    total, outcome = n.sum(), float(n @ came)
    bias = float(divide(n @ told, outcome)) - 1
    order_of_told, perfect = _concentration(told, came, n), _concentration(came, came, n)
    gini = float(divide(order_of_told.area, perfect.area))
    edges = np.linspace(0, total, 11)
    return Accuracy(
        float(total),
        bias,
        float(n @ np.abs(told - came) / total) if total else np.nan,
        float(divide(outcome, total)),
        gini,
        order_of_told.means(edges, sums_of=1),
        order_of_told.means(edges, sums_of=2),
    )


@dataclass(frozen=True)
class _Curve:
    """Cumulative customers, predictions and outcomes in the order of predictions, ties joined."""

    points: FloatArray

    @property
    def area(self) -> float:
        """Area between the diagonal and the curve of the outcomes' share."""
        customers, outcomes = self.points[:, 0], self.points[:, 2]
        if not customers[-1] or not outcomes[-1]:
            return np.nan
        return float(0.5 - np.trapezoid(outcomes / outcomes[-1], customers / customers[-1]))

    def means(self, edges: FloatArray, sums_of: int) -> FloatArray:
        """Means per customer between cumulative numbers of customers."""
        return divide(np.diff(np.interp(edges, self.points[:, 0], self.points[:, sums_of])), np.diff(edges))


def _concentration(by: FloatArray, outcome: FloatArray, counts: FloatArray) -> _Curve:
    _, places = np.unique(by, return_inverse=True)
    columns = [np.bincount(places, weights=weights) for weights in (counts, counts * by, counts * outcome)]
    sums = np.cumsum(np.column_stack(columns), axis=0, dtype=np.float64)
    return _Curve(np.vstack([np.zeros(3), sums]))
