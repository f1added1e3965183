"""Periods as whole numbers, for sources that step from one period to the next in the engine.

The ordinal of a day or week is the number of its first day since 1970, that of a longer period the number of
its first month; from one period to the next it grows by `STEP` of the grain.
"""

from dataclasses import replace
from datetime import date

import ibis

from septima.metrics.definition import Expression, Request
from septima.metrics.period import Grain

STEP: dict[Grain, int] = {"day": 1, "week": 7, "month": 1, "quarter": 3, "year": 12}
_OF_DAYS = ("day", "week")
_EPOCH = date(1970, 1, 1)


def of_periods(request: Request) -> Request:
    """The same request by a grain that has periods: by month where it asks for all time at once."""
    return replace(request, grain="month") if request.grain == "all" else request


def ordinal(request: Request, at: Expression) -> Expression:
    """The ordinal of the period that each moment falls in."""
    first = request.period(at)
    if request.grain in _OF_DAYS:
        return first.epoch_days().cast("int64")
    return first.year().cast("int64") * 12 + first.month().cast("int64") - 1


def first_day(grain: Grain, number: Expression) -> Expression:
    """The first day of the period of each ordinal."""
    if grain in _OF_DAYS:
        return ibis.literal(_EPOCH) + number.as_interval("D")
    return ibis.date((number // 12).cast("int32"), (number % 12 + 1).cast("int32"), 1)


def label(grain: Grain, number: Expression) -> Expression:
    """The period of each ordinal as text: 2025-03 where it begins with a month, else 2025-03-17."""
    # The sum of a date and a stretch is a moment on some engines, whose text is longer.
    return first_day(grain, number).cast("string").substr(0, 10 if grain in _OF_DAYS else 7)
