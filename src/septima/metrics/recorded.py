"""Figures as they were recorded: the newest snapshots, or those that were known at a moment."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from septima.lake.figures import Computation, newest_computations, newest_figures
from septima.lake.store import Lake
from septima.metrics.compute import MetricResult
from septima.metrics.definition import Metric
from septima.metrics.series import Series
from septima.schema import SeptimaError, Text

_COLUMNS = ("value", "n", "lower", "upper", "missing_share", "note")


class RecordError(SeptimaError):
    """Figures that were never computed."""


@dataclass(frozen=True)
class Recorded:
    """The figures recorded of the data of one version of the lake, for whoever would otherwise compute them.

    Nothing is told that the data of `version` would not give: a series whose tables have changed since its last
    computation, or that does not hold all that is asked for, is not there. `now` tells which periods are over.
    """

    lake: Lake
    version: int
    now: datetime | None = None

    def figures(self, series: Series, start: date, end: date) -> pd.DataFrame | None:
        """The figures from `start` until `end` (not in it), both bounds of periods, as `compute` would give them.

        A frame as `MetricResult.frame`, its slices in the order of their names; None where it is not known.
        """
        computation = self._fresh.get(series.id)
        if computation is None:
            return None
        first = series.calendar.period_of(start, series.grain)
        last = series.calendar.period_of(end - timedelta(days=1), series.grain).start
        if not _covers(computation, series, last):
            return None
        back = {"period": 0, "previous": 1}.get(series.metric.history)
        earliest = date.min if back is None else first.shift(-back).start
        stored: Any = newest_figures(self.lake, [series.id], until=computation["computed_at"]).to_pandas()
        frame: Any = _frame(series, stored, self.now)
        near = (frame["period"] >= np.datetime64(earliest)) & (frame["period"] <= np.datetime64(last))
        frame = frame[near]
        if series.by:
            # Slices without a record in the time that the metric looks at are none of its.
            present = frame.loc[frame["recorded"], "slices"]
            frame = frame[frame["slices"].isin(present)]
        frame = frame[frame["period"] >= np.datetime64(start)]
        return frame.drop(columns=["slices", "recorded"]).reset_index(drop=True)

    def newest(self, metric: Metric) -> tuple[bool, date | None]:
        """Whether it is known of which day the newest record is that a metric rests on; and the day, if there is any."""
        computation = self._by_metric.get(metric.id)
        return (False, None) if computation is None else (True, computation["newest"])

    @cached_property
    def _fresh(self) -> dict[str, Computation]:
        now = self.lake.commit(self.version).tables
        found: dict[str, Computation] = {}
        for key, computation in newest_computations(self.lake, data_version=self.version).items():
            versions: dict[str, int | None] = json.loads(computation["tables"])["versions"]
            if all(now.get(name) == version for name, version in versions.items()):
                found[key] = computation
        return found

    @cached_property
    def _by_metric(self) -> dict[str, Computation]:
        return {computation["metric"]: computation for computation in self._fresh.values()}


def recorded_figures(
    lake: Lake,
    series: Series,
    *,
    start: date | None = None,
    end: date | None = None,
    as_of: datetime | None = None,
    now: datetime | None = None,
) -> MetricResult:
    """The history of a series from `start` until `end` (not in it): the newest snapshots, or those known `as_of` then.

    `as_of` is a moment of UTC where it names no zone. RecordError where the series had not been computed.
    """
    computation = newest_computations(lake, until=as_of).get(series.id)
    if computation is None:
        nothing = Text("", "")
        moment = "" if as_of is None else f"{as_of:%Y-%m-%d %H:%M}"
        when = Text(f" until {moment}", f" до\u00a0{moment}") if moment else nothing
        slices = ", ".join(series.by)
        by = Text(f" by {slices}", f" по\u00a0срезам {slices}") if slices else nothing
        raise RecordError(
            Text(
                f"there are no figures of {series.definition} by {series.grain}{by.en} with these settings{when.en}; "
                f"compute them: septima compute DIR --metric {series.metric.id}",
                f"нет значений {series.definition} с\u00a0шагом «{series.grain}»{by.ru} при этих настройках{when.ru}; "
                f"рассчитайте их: septima compute DIR --metric {series.metric.id}",
            )
        )
    stored: Any = newest_figures(lake, [series.id], until=as_of).to_pandas()
    frame: Any = _frame(series, stored, as_of or now)
    if start is not None:
        frame = frame[frame["period"] >= np.datetime64(start)]
    if end is not None:
        frame = frame[frame["period"] < np.datetime64(end)]
    frame = frame.drop(columns=["slices", "recorded"]).reset_index(drop=True)
    return MetricResult(series.metric, series.grain, series.by, frame, series.calendar)


def _covers(computation: Computation, series: Series, last: date) -> bool:
    """Whether the recorded periods hold what can be asked for up to the period that begins on `last`.

    Before the first period with records there is nothing; but what looks back sees nothing else from there either.
    """
    if computation["last"] is None or last > computation["last"]:
        return False
    first, looks_back = computation["first"], series.metric.history != "period"
    if first is None:
        return not series.by and last == computation["last"] and not looks_back
    return last > first or (last == first and not looks_back)


def _frame(series: Series, stored: Any, now: datetime | None) -> pd.DataFrame:
    """Stored rows as `compute` gives figures, with `slices` and `recorded`."""
    by: Sequence[str] = series.by
    members = [json.loads(text) for text in stored["slices"]]
    columns: dict[str, Any] = {"period": pd.to_datetime(stored["period"]).astype("datetime64[us]")}
    columns |= {name: pd.Series([member[name] for member in members], dtype=object) for name in by}
    columns |= {name: stored[name] for name in _COLUMNS}
    frame: Any = pd.DataFrame(columns)
    note = frame["note"].astype(object)
    frame["note"] = note.where(note.notna(), None)
    calendar = series.calendar
    frame["complete"] = frame["period"] < np.datetime64(calendar.period_of(calendar.today(now), series.grain).start)
    frame["slices"], frame["recorded"] = stored["slices"], stored["recorded"]
    return frame.sort_values([*by, "period"], na_position="last", ignore_index=True)
