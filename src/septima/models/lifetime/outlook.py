"""What customers are expected to buy in the time to come, discounted."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from septima.models.intervals import FloatArray
from septima.models.lifetime.purchase_model import PurchaseModel


@dataclass(frozen=True)
class Outlook:
    """Of each customer the probability to be one still, the purchases expected, and these worth today."""

    p_alive: FloatArray
    purchases: FloatArray
    discounted: FloatArray


def outlook(
    model: PurchaseModel,
    edges: FloatArray,
    factors: FloatArray,
    frequency: npt.ArrayLike,
    recency: npt.ArrayLike,
    T: npt.ArrayLike,  # noqa: N803 - the name of the literature
) -> Outlook:
    """Purchases in the periods between `edges` (times from now on, the first 0), each worth its factor today.

    The model is one without covariates (`model.of(values)`). What depends on frequency and T alone is computed once
    for each pair of them.
    """
    x, recent, age = (np.asarray(given, np.float64).ravel() for given in (frequency, recency, T))
    pair = np.unique(x + 1j * age, return_inverse=True)
    counts, ages = pair[0].real, pair[0].imag
    by_then = np.stack([model.expected_while_alive(edge, counts, ages) for edge in edges[1:].tolist()])
    steps = np.diff(by_then, axis=0, prepend=0.0)
    alive = model.p_alive(x, recent, age)
    return Outlook(alive, alive * by_then[-1][pair[1]], alive * (factors @ steps)[pair[1]])
