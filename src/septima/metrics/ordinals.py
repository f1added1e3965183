"""Periods as whole numbers, for sources that step from one period to the next in the engine.

The ordinal of a day or week is the number of its first day since 1970, that of a longer period the number of
its first month since 1970; from one period to the next it grows by `STEP` of the grain.
"""

from dataclasses import replace
from datetime import date

import ibis

from septima.metrics.definition import Expression, Request
from septima.metrics.period import Grain

STEP: dict[Grain, int] = {"day": 1, "week": 7, "month": 1, "quarter": 3, "year": 12}
_OF_DAYS = ("day", "week")
_EPOCH = date(1970, 1, 1)
_MEAN_MONTH = 30.436875


def of_periods(request: Request) -> Request:
    """The same request by a grain that has periods: by month where it asks for all time at once."""
    return replace(request, grain="month") if request.grain == "all" else request


def ordinal(request: Request, at: Expression) -> Expression:
    """The ordinal of the period that each moment falls in."""
    since = request.period(at).epoch_days().cast("int64")
    if request.grain in _OF_DAYS:
        return since
    # The first of a month is never two days off its mean place in the Gregorian calendar. Asked for once, the
    # period is written once: in a zone with summer time it is a long expression.
    return (since.cast("float64") / _MEAN_MONTH + 0.5).floor().cast("int64")


def ordinal_of_day(grain: Grain, day: date) -> int:
    """The ordinal of a period that begins on `day`, or, where it is of months, in its month."""
    if grain in _OF_DAYS:
        return (day - _EPOCH).days
    return (day.year - _EPOCH.year) * 12 + day.month - 1


def newest_ordinal(request: Request) -> Expression:
    """The ordinal of the period in which the newest order lies."""
    newest = request.rows("orders").aggregate(at=lambda orders: orders["ordered_at"].max())
    return newest.select(number=ordinal(request, newest["at"])).as_scalar()


def first_day(grain: Grain, number: Expression) -> Expression:
    """The first day of the period of each ordinal."""
    if grain in _OF_DAYS:
        return ibis.literal(_EPOCH) + number.as_interval("D")
    months = number + _EPOCH.year * 12
    return ibis.date((months // 12).cast("int32"), (months % 12 + 1).cast("int32"), 1)


def label(grain: Grain, number: Expression) -> Expression:
    """The period of each ordinal as text: 2025-03 where it begins with a month, else 2025-03-17."""
    # The sum of a date and a stretch is a moment on some engines, whose text is longer.
    return first_day(grain, number).cast("string").substr(0, 10 if grain in _OF_DAYS else 7)
