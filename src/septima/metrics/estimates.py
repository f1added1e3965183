"""Estimates that several families share, and the words for their intervals."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from septima.metrics.definition import Cells, Estimate, FloatArray, Notes, Parameters
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

WILSON = Text("Wilson score interval, 95 % (Wilson, 1927)", "Интервал Уилсона, 95\u00a0% (Wilson, 1927)")
STUDENT = Text("Student’s t interval of a mean, 95 %", "Интервал Стьюдента для среднего, 95\u00a0%")
DELTA = Text(
    "Delta method for a ratio of sums, 95 % (Cochran, 1977)",
    "Дельта-метод для отношения сумм, 95\u00a0% (Cochran, 1977)",
)
ORDER_STATISTICS = Text(
    "Order statistics, free of any distribution, 95 % (Conover, 1999)",
    "По\u00a0порядковым статистикам, без предположений о\u00a0распределении, 95\u00a0% (Conover, 1999)",
)
POISSON = Text(
    "Exact Poisson interval of the count, 95 % (Garwood, 1936)",
    "Точный интервал Пуассона для числа событий, 95\u00a0% (Garwood, 1936)",
)
COMPOUND_POISSON = Text(
    "Gamma interval of a weighted Poisson sum, 95 % (Fay & Feuer, 1997); ±1.96·√Σx² where amounts are negative",
    "Гамма-интервал взвешенной суммы Пуассона, 95\u00a0% (Fay & Feuer, 1997); ±1,96·√Σx² при отрицательных суммах",
)


def missing(usable: FloatArray, records: FloatArray) -> FloatArray:
    """Share of records that could not be used; NaN where there are none."""
    return 1 - divide(usable, records)


def share(successes: str, n: str, records: str | None = None) -> Callable[[Cells, Parameters], Estimate]:
    """`successes / n` with the Wilson interval, from measures of these names."""

    def estimate(cells: Cells, _: Parameters) -> Estimate:
        hits, usable = cells[successes], cells[n]
        lower, upper = intervals.wilson(hits, usable)
        return Estimate(divide(hits, usable), usable, lower, upper, missing(usable, cells[records or n]))

    return estimate


def mean(total: str, squares: str, n: str, records: str) -> Callable[[Cells, Parameters], Estimate]:
    """`total / n` with Student's interval, from measures of these names."""

    def estimate(cells: Cells, _: Parameters) -> Estimate:
        usable = cells[n]
        lower, upper = intervals.mean_t(cells[total], cells[squares], usable)
        value = divide(cells[total], usable)
        note = currency_note(cells) if "currencies" in cells.frame else None
        return Estimate(value, usable, lower, upper, missing(usable, cells[records]), note)

    return estimate


def amount(cells: Cells, _: Parameters) -> Estimate:
    """The sum of amounts that come at random with the interval of a compound Poisson sum, from `amount_measures`.

    Records none of which has an amount brought an unknown sum, not nothing.
    """
    n = cells["known"]
    value = np.where((n == 0) & (cells["records"] > 0), np.nan, cells["amount"])
    squares = np.where(n > 0, cells["squares"], np.nan)
    lower, upper = intervals.compound_poisson(value, squares, cells["smallest"], cells["largest"])
    return Estimate(value, n, lower, upper, missing(n, cells["records"]), currency_note(cells))


def ratio(cells: Cells, _: Parameters) -> Estimate:
    """A ratio of two sums over the same records with the interval by the delta method, from `ratio_measures`."""
    top, bottom, n = cells["numerator"], cells["denominator"], cells["known"]
    lower, upper = intervals.ratio_delta(
        top, bottom, cells["numerator_squares"], cells["denominator_squares"], cells["products"], n
    )
    return Estimate(divide(top, bottom), n, lower, upper, missing(n, cells["records"]), currency_note(cells))


def quantile(q: float) -> Callable[[Cells, Parameters], Estimate]:
    """The quantile `q` of a source's ranked column, interpolated (Hyndman & Fan, 1996, type 7), from `quantile_measures`.

    The interval is of order statistics, free of any distribution (Conover, 1999); a bound past the sample is undefined.
    """

    def estimate(cells: Cells, _: Parameters) -> Estimate:
        n = cells["known"]
        position = (n - 1) * q
        below, above = cells["below"], cells["above"]
        value = np.where(n > 0, below + (position - np.floor(position)) * (above - below), np.nan)
        half = intervals.Z * np.sqrt(n * q * (1 - q))
        lower = np.where(np.ceil(n * q - half) >= 1, cells["lower"], np.nan)
        upper = np.where((n > 0) & (np.ceil(n * q + half) <= n), cells["upper"], np.nan)
        note = currency_note(cells) if "currencies" in cells.frame else None
        return Estimate(value, n, lower, upper, missing(n, cells["records"]), note)

    return estimate


def currency_note(cells: Cells) -> Notes:
    """The note `mixed_currencies` where more than one currency was added up."""
    return when(cells["currencies"] > 0, "mixed_currencies")


def when(condition: npt.NDArray[np.bool_], note: str, otherwise: Notes | None = None) -> Notes:
    """`note` where `condition` holds and nothing else has been noted."""
    notes = np.full(condition.shape, None, dtype=object) if otherwise is None else otherwise.copy()
    notes[condition & pd.isna(notes)] = note
    return notes
