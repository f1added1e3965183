"""The aggregates of metrics by slice, kept so that figures can be made again from parts of them.

A metric's figure is an estimate over aggregates. Where these add up over slices (sums and counts do, medians and counts of
different customers do not), the figure of any group of slices, or of slices as they were before, is the same estimate over
other sums.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from septima.metrics import Metric, Period, compute
from septima.metrics.definition import Cells, Estimate, Parameters, Tables
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.scorecard.card import UNDEFINED, Figure
from septima.scorecard.definition import KpiDefinition
from septima.scorecard.history import Observation, parameters_of
from septima.scorecard.history import Parameters as ByMetric

FloatArray = npt.NDArray[np.float64]

_GROUP = "group"
_LOOKS_BACK = {"period": 0, "previous": 1}


@dataclass(frozen=True, eq=False)
class SliceCells:
    """The aggregates of one KPI by the members of a dimension: `sums` is members × periods × measures.

    `periods` are consecutive, oldest first; the first `lead` of them are there for the estimates of the others only. None among the members is the unknown one.
    """

    kpi: KpiDefinition
    metric: Metric
    dimension: str
    members: tuple[str | None, ...]
    periods: tuple[Period, ...]
    lead: int
    sums: FloatArray
    parameters: Parameters
    calendar: Calendar

    def estimate(self, sums: FloatArray, last: int = -1) -> Estimate:
        """The metric's estimate of each group: `sums` is groups × (1 + lead) periods × measures; the last period's figures.

        `last` is the place among `periods` of the period that is estimated.
        """
        groups, count, _ = sums.shape
        end = last % len(self.periods)
        starts = [pd.Timestamp(period.start) for period in self.periods[end + 1 - count : end + 1]]
        frame = pd.DataFrame(
            sums.reshape(groups * count, len(self.metric.measures)), columns=list(self.metric.measures)
        )
        frame["period"] = starts * groups
        frame[_GROUP] = np.repeat(np.arange(groups), count)
        grain, until = self.periods[end].grain, self.periods[end].end
        cells = Cells(frame, (_GROUP,), (), grain, until, self.calendar)
        with np.errstate(all="ignore"):
            found = self.metric.estimate(cells, self.parameters)
        rows = slice(count - 1, None, count)
        note = None if found.note is None else found.note[rows]
        return Estimate(
            found.value[rows], found.n[rows], found.lower[rows], found.upper[rows], found.missing_share[rows], note
        )

    def at(self, last: int = -1) -> FloatArray:
        """The sums that a figure of the period at this place needs: members × (1 + lead) × measures."""
        end = last % len(self.periods)
        return self.sums[:, end - self.lead : end + 1]

    def observations(self, sums: FloatArray, last: int = -1) -> list[Observation]:
        """Figures of groups, with what is too little for one told so."""
        found, least = self.estimate(sums, last), self.metric.passport.minimum_sample
        return [
            _observation(*numbers, least=least)
            for numbers in zip(found.value, found.lower, found.upper, found.n, found.missing_share, strict=True)
        ]


def read_cells(
    kpis: Sequence[tuple[KpiDefinition, str]],
    metrics: Mapping[str, Metric],
    tables: Tables,
    first: Period,
    last: Period,
    parameters: ByMetric,
    calendar: Calendar = DEFAULT_CALENDAR,
    currency: str | None = None,
) -> dict[tuple[str, str], SliceCells]:
    """The aggregates of KPIs, each by a dimension of its metric, from one period to another, by KPI id and dimension.

    Metrics that share their sources share queries. KPIs are left out whose metrics look back over all time or keep their
    measures apart within a slice: these cannot be made again from sums.
    """
    calls: list[dict[str, tuple[list[KpiDefinition], tuple[str, ...], str, Mapping[str, Any]]]] = []
    for kpi, dimension in kpis:
        metric = metrics[kpi.metric]
        if metric.history not in _LOOKS_BACK or metric.within or dimension not in metric.dimensions:
            continue
        by = tuple(dict.fromkeys((*sorted(kpi.where), dimension)))
        given = parameters_of(kpi, parameters)
        for call in calls:
            fits = all(entry[1] == by for entry in call.values())
            same = call.get(kpi.metric)
            if fits and (same is None or same[3] == given):
                call.setdefault(kpi.metric, ([], by, dimension, given))[0].append(kpi)
                break
        else:
            calls.append({kpi.metric: ([kpi], by, dimension, given)})
    found: dict[tuple[str, str], SliceCells] = {}
    for call in calls:
        caught: dict[str, tuple[Cells, Parameters]] = {}
        by = next(iter(call.values()))[1]
        compute(
            [_listening(metrics[name], caught) for name in call],
            tables,
            grain=last.grain,
            by=by,
            start=first.start,
            end=last.end,
            parameters={name: entry[3] for name, entry in call.items()},
            calendar=calendar,
            currency=currency,
        )
        for name, (same_metric, _, dimension, _) in call.items():
            for kpi in same_metric:
                found[kpi.id, dimension] = _cells(kpi, metrics[name], dimension, caught[name], first, last, calendar)
    return found


def _listening(metric: Metric, caught: dict[str, tuple[Cells, Parameters]]) -> Metric:
    """The metric, which keeps the cells that it is asked to estimate from."""

    def estimate(cells: Cells, parameters: Parameters) -> Estimate:
        caught[metric.id] = (cells, parameters)
        return metric.estimate(cells, parameters)

    return replace(metric, estimate=estimate)


def _cells(
    kpi: KpiDefinition,
    metric: Metric,
    dimension: str,
    caught: tuple[Cells, Parameters],
    first: Period,
    last: Period,
    calendar: Calendar,
) -> SliceCells:
    cells, parameters = caught
    frame = cells.frame
    for name, member in kpi.where.items():
        if name != dimension:
            frame = frame.loc[frame[name].isna() if member is None else frame[name] == member]
    lead = _LOOKS_BACK[metric.history]
    periods = [first.shift(-step) for step in range(lead, 0, -1)]
    while not periods or periods[-1].start < last.start:
        periods.append(periods[-1].shift(1) if periods else first)
    places = {pd.Timestamp(period.start): place for place, period in enumerate(periods)}
    known = [name if isinstance(name, str) else None for name in frame[dimension]]
    members = tuple(dict.fromkeys(known))
    rows = {member: place for place, member in enumerate(members)}
    sums = np.zeros((len(members), len(periods), len(metric.measures)))
    at = np.array([places.get(stamp, -1) for stamp in frame["period"]], dtype=np.int64)
    row = np.array([rows[member] for member in known], dtype=np.int64)
    shown = at >= 0
    sums[row[shown], at[shown]] = frame[list(metric.measures)].to_numpy(dtype=np.float64)[shown]
    return SliceCells(kpi, metric, dimension, members, tuple(periods), lead, sums, parameters, calendar)


def _observation(value: float, lower: float, upper: float, n: float, missing: float, *, least: int) -> Observation:
    note = None if n >= least else "too_few" if n > 0 else "no_data"
    figure = UNDEFINED
    if note is None and np.isfinite(value):
        known = np.isfinite(lower) and np.isfinite(upper)
        figure = Figure(float(value), float(lower), float(upper)) if known else Figure(float(value))
    share = float(missing) if np.isfinite(missing) else None
    return Observation(figure, float(n) if np.isfinite(n) else None, share, note)
