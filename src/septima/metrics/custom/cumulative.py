"""Running figures: every period holds what came from the beginning, or from the start of its year, on."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from septima.metrics.custom.definition import Cumulative
from septima.metrics.definition import Cells, Estimate, Parameters

_LEAST, _GREATEST = ("smallest",), ("largest", "currencies")


def accumulated(
    estimate: Callable[[Cells, Parameters], Estimate], over: Cumulative
) -> Callable[[Cells, Parameters], Estimate]:
    """The estimate over measures that run on along the periods of each slice."""

    def running(cells: Cells, parameters: Parameters) -> Estimate:
        return estimate(_running(cells, over), parameters)

    return running


def _running(cells: Cells, over: Cumulative) -> Cells:
    frame = cells.frame.copy()
    stretch = _years(cells) if over == "year" and cells.grain != "all" else np.zeros(len(frame), dtype=np.int64)
    keys: list[Any] = [pd.Series(stretch, index=frame.index), *(frame[key] for key in (*cells.keys, *cells.within))]
    measures = [name for name in frame.columns if name not in ("period", *cells.keys, *cells.within)]
    if cells.grain == "all" and over == "year":
        # All time is one stretch of its own: what went before it does not count.
        return cells
    for name in measures:
        column: Any = frame[name].astype("float64")
        # Sums, counts and their squares add up; the least and the greatest of all are not sums.
        part = name.rpartition("_")[2]
        if part in _LEAST + _GREATEST:
            empty: Any = frame[_count_beside(name, measures)] == 0
            groups = column.mask(empty).groupby(keys, dropna=False, sort=False)
            run = groups.cummin() if part in _LEAST else groups.cummax()
            frame[name] = run.groupby(keys, dropna=False, sort=False).ffill().fillna(0.0)
        else:
            frame[name] = column.groupby(keys, dropna=False, sort=False).cumsum()
    return replace(cells, frame=frame)


def _count_beside(name: str, measures: list[str]) -> str:
    """The measure that counts the records of the same part."""
    prefix = name.rpartition("_")[0]
    return f"{prefix}_records" if prefix and f"{prefix}_records" in measures else "records"


def _years(cells: Cells) -> np.ndarray:
    """The (fiscal) year that each cell's period begins in."""
    months = cells.frame["period"].dt.year * 12 + cells.frame["period"].dt.month - cells.calendar.fiscal_year_start
    return (months // 12).to_numpy(dtype=np.int64)
