"""Numbers of a small table, checked: what is wrong, in which row, and what to do."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd

from septima.models.attribution.rounding import PLACES
from septima.models.attribution.words import AttributionError
from septima.models.intervals import FloatArray
from septima.schema.text import Text

# Columns of pandas have no types worth the name.
Frame = Any

_LARGEST = 1e15


def needed(frame: Frame, columns: Sequence[str]) -> None:
    """AttributionError where the table lacks one of `columns`."""
    lacking = [name for name in columns if name not in frame.columns]
    if lacking:
        raise AttributionError(
            Text(
                f"the table has no column {lacking[0]!r}; it has: {', '.join(map(str, frame.columns)) or 'none'}",
                f"в\u00a0таблице нет столбца «{lacking[0]}»; есть: {', '.join(map(str, frame.columns)) or 'ни одного'}",
            )
        )


def counted(frame: Frame, column: str) -> FloatArray:
    """A column of counts, whole and not below zero."""
    numbers = _numbers(frame[column])
    _refuse(column, ~np.isfinite(numbers), "is not a number; a count is 0, 1, 2 …", "не\u00a0число; укажите 0, 1, 2…")
    _refuse(column, numbers < 0, "is below zero; a count is 0, 1, 2 …", "число ниже нуля; укажите 0, 1, 2…")
    _refuse(
        column,
        numbers != np.floor(numbers),
        "is not whole; give how many paths there were",
        "не\u00a0целое число; укажите, сколько было путей",
    )
    return numbers


def money(frame: Frame, column: str) -> tuple[FloatArray, Decimal]:
    """A column of money, as floating-point numbers, and its exact sum to four decimal places."""
    given: Any = frame[column]
    try:
        exact = [Decimal(0) if pd.isna(amount) else Decimal(str(amount)) for amount in given]
    except InvalidOperation:
        _refuse(column, np.isnan(_numbers(given)), "is not an amount of money", "не\u00a0сумма денег")
        raise
    numbers = np.array([float(amount) for amount in exact], dtype=np.float64)
    _refuse(
        column,
        ~(np.abs(numbers) < _LARGEST),
        "is no amount of money that can be handed out",
        "не\u00a0сумма, которую можно распределить",
    )
    _refuse(
        column,
        numbers < 0,
        "is below zero; refunds are no conversions: take them out or net them first",
        "сумма ниже нуля; возвраты\u00a0— не\u00a0конверсии: уберите их или вычтите заранее",
    )
    return numbers, sum((amount.quantize(Decimal(1).scaleb(-PLACES)) for amount in exact), Decimal(0))


def _numbers(column: Any) -> FloatArray:
    return np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)


def _refuse(column: str, wrong: Any, why: str, why_ru: str) -> None:
    if wrong.any():
        row = int(wrong.argmax()) + 1
        raise AttributionError(Text(f"row {row}: {column!r} {why}", f"строка\u00a0{row}: в\u00a0«{column}» {why_ru}"))
