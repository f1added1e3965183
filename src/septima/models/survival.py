"""How long until something happens, where for some it has not happened yet.

Durations stand on the last axis; cells of any shape stand before it.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from septima.models.intervals import Z, divide

FloatArray = npt.NDArray[np.float64]

# A product of shares that equals a quantile on paper misses it by a rounding error.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Survival:
    """Share of each cell that goes on past each duration.

    `durations` (T,) ascend; `survival`, its `variance` (Greenwood, 1926) and the 95 % bounds `lower` and
    `upper`, taken on the log(−log) scale (Kalbfleisch & Prentice, 1980), have the shape (…, T). Where none
    is left the upper bound is undefined.
    """

    durations: FloatArray
    survival: FloatArray
    variance: FloatArray
    lower: FloatArray
    upper: FloatArray

    def quantile(self, q: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The duration by which the share `q` of each cell has ended, with its 95 % interval, each of shape (…,).

        The interval holds the durations at which the survival could be 1 − q (Brookmeyer & Crowley, 1982). What the
        data do not reach is NaN.
        """
        left = 1 - q
        value, lower, upper = (
            self._first(share <= left + _ROUNDING) for share in (self.survival, self.lower, self.upper)
        )
        return value, lower, upper

    def _first(self, reached: npt.NDArray[np.bool_]) -> FloatArray:
        if not len(self.durations):
            return np.full(reached.shape[:-1], np.nan)
        return np.where(reached.any(axis=-1), self.durations[reached.argmax(axis=-1)], np.nan)


def kaplan_meier(durations: FloatArray, events: FloatArray, censored: FloatArray) -> Survival:
    """Product-limit estimate of survival (Kaplan & Meier, 1958).

    `durations` (T,) ascend; `events` and `censored` (…, T) count those of each cell that ended, or were last seen
    going on, at each duration. Who was last seen at a duration was still at risk there.
    """
    leaving = events + censored
    at_risk = np.flip(np.cumsum(np.flip(leaving, axis=-1), axis=-1), axis=-1)
    survival = np.cumprod(1 - np.nan_to_num(divide(events, at_risk)), axis=-1, dtype=np.float64)
    everyone = (events == at_risk) & (events > 0)
    terms = np.where(everyone, 0.0, np.nan_to_num(divide(events, at_risk * (at_risk - events))))
    spread = np.cumsum(terms, axis=-1)
    inside = (survival > 0) & (survival < 1)
    logarithm = np.log(np.where(inside, survival, 0.5))
    factor = np.exp(Z * np.sqrt(spread) / np.abs(logarithm))
    lower = np.where(inside, np.exp(logarithm * factor), survival)
    upper = np.where(inside, np.exp(logarithm / factor), np.where(survival == 0, np.nan, survival))
    return Survival(durations, survival, survival**2 * spread, lower, upper)
