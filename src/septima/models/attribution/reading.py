"""Numbers of a small table, checked: what is wrong, in which row, and what to do."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd

from septima.models.attribution.rounding import PLACES
from septima.models.attribution.words import AttributionError
from septima.models.intervals import FloatArray

# Columns of pandas have no types worth the name.
Frame = Any

_LARGEST = 1e15


def needed(frame: Frame, columns: Sequence[str]) -> None:
    """AttributionError where the table lacks one of `columns`."""
    lacking = [name for name in columns if name not in frame.columns]
    if lacking:
        raise AttributionError(
            f"the table has no column {lacking[0]!r}; it has: {', '.join(map(str, frame.columns)) or 'none'}"
        )


def counted(frame: Frame, column: str) -> FloatArray:
    """A column of counts, whole and not below zero."""
    numbers = _numbers(frame[column])
    _refuse(column, ~np.isfinite(numbers), "is not a number; a count is 0, 1, 2 …")
    _refuse(column, numbers < 0, "is below zero; a count is 0, 1, 2 …")
    _refuse(column, numbers != np.floor(numbers), "is not whole; give how many paths there were")
    return numbers


def money(frame: Frame, column: str) -> tuple[FloatArray, Decimal]:
    """A column of money, as floating-point numbers, and its exact sum to four decimal places."""
    given: Any = frame[column]
    try:
        exact = [Decimal(0) if pd.isna(amount) else Decimal(str(amount)) for amount in given]
    except InvalidOperation:
        _refuse(column, np.isnan(_numbers(given)), "is not an amount of money")
        raise
    numbers = np.array([float(amount) for amount in exact], dtype=np.float64)
    _refuse(column, ~(np.abs(numbers) < _LARGEST), "is no amount of money that can be handed out")
    _refuse(column, numbers < 0, "is below zero; refunds are no conversions: take them out or net them first")
    return numbers, sum((amount.quantize(Decimal(1).scaleb(-PLACES)) for amount in exact), Decimal(0))


def _numbers(column: Any) -> FloatArray:
    return np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)


def _refuse(column: str, wrong: Any, why: str) -> None:
    if wrong.any():
        raise AttributionError(f"row {int(wrong.argmax()) + 1}: {column!r} {why}")
