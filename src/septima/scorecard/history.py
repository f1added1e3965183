"""The figures of a scorecard's KPIs through the periods, fetched in as few calls as they allow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol, cast

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from septima.metrics import Metric, MetricResult, Period, compute
from septima.metrics.definition import Tables
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.metrics.series import Series, series_of
from septima.schema import TABLES
from septima.scorecard.card import UNDEFINED, Figure, SliceRow
from septima.scorecard.definition import KpiDefinition

Parameters = Mapping[str, Mapping[str, Any]]

_KEPT_NOTES = ("control_group",)
"""Notes that comment on a figure; under any other there is none to be shown, too few records among them."""

SLICES = 20
"""How many members of a dimension a card shows at most."""

UNKNOWN_MEMBER = "—"

_PLANNED = ("promised_at", "planned_at", "due_at")
"""Moments that may lie ahead of what the data know."""


@dataclass(frozen=True)
class Observation:
    """A KPI in one period; `note` is a key of the metrics' NOTES."""

    figure: Figure = UNDEFINED
    n: float | None = None
    missing_share: float | None = None
    note: str | None = "no_data"


@dataclass(frozen=True)
class KpiHistory:
    """A KPI through the periods of the trend, oldest first, the card's own last.

    `slices` are the largest members of its dimension in the card's period, of `members` in all.
    """

    observations: tuple[Observation, ...]
    slices: tuple[SliceRow, ...] = ()
    members: int = 0

    def last(self, periods: int) -> "KpiHistory":
        """The history without what lies before the last `periods`."""
        return replace(self, observations=self.observations[-periods:])


class Record(Protocol):
    """Figures that were computed before, as far as they are what the data at hand would give."""

    def figures(self, series: Series, start: date, end: date) -> pd.DataFrame | None:
        """The figures from `start` until `end` as `compute` gives them; None where they are not known."""
        ...

    def newest(self, metric: Metric) -> tuple[bool, date | None]:
        """Whether the day of the newest record that a metric rests on is known; and the day, if there is any."""
        ...


@dataclass
class _Call:
    by: tuple[str, ...]
    metrics: dict[str, Metric] = field(default_factory=dict[str, Metric])
    parameters: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, "Mapping[str, Any]"])
    kpis: list[KpiDefinition] = field(default_factory=list[KpiDefinition])

    def takes(self, kpi: KpiDefinition, by: tuple[str, ...], parameters: Mapping[str, Any]) -> bool:
        return self.by == by and (kpi.metric not in self.metrics or self.parameters[kpi.metric] == parameters)


def read_histories(
    kpis: Sequence[KpiDefinition],
    metrics: Mapping[str, Metric],
    tables: Tables,
    periods: Sequence[Period],
    parameters: Parameters,
    calendar: Calendar = DEFAULT_CALENDAR,
    currency: str | None = None,
    record: Record | None = None,
) -> dict[str, KpiHistory]:
    """Observations of each KPI in each of `periods` (consecutive, oldest first), by KPI id.

    `parameters` of the workspace, by metric id, stand behind those of the KPI; periods are those of
    `calendar`, and money is in `currency` where one is named. What `record` knows is not computed.
    """
    last = periods[-1]
    observed: dict[str, tuple[Observation, ...]] = {}
    slices: dict[str, tuple[SliceRow, ...]] = {}
    members: dict[str, int] = {}
    for call in _calls(kpis, {kpi.id: tuple(sorted(kpi.where)) for kpi in kpis}, metrics, parameters):
        for kpi, frame in _frames(call, tables, periods[0], last, calendar, currency, record):
            observed[kpi.id] = _observations(frame, periods)
    sliced = {kpi.id: (*sorted(kpi.where), kpi.by) for kpi in kpis if kpi.by is not None}
    for call in _calls([kpi for kpi in kpis if kpi.by is not None], sliced, metrics, parameters):
        for kpi, frame in _frames(call, tables, last, last, calendar, currency, record):
            members[kpi.id] = len(frame)
            slices[kpi.id] = _slices(frame, cast(str, kpi.by))
    return {kpi.id: KpiHistory(observed[kpi.id], slices.get(kpi.id, ()), members.get(kpi.id, 0)) for kpi in kpis}


def read_members(
    kpis: Sequence[KpiDefinition],
    dimension: str,
    metrics: Mapping[str, Metric],
    tables: Tables,
    period: Period,
    parameters: Parameters,
    calendar: Calendar = DEFAULT_CALENDAR,
    currency: str | None = None,
    record: Record | None = None,
) -> dict[str, dict[str, Observation]]:
    """Observations of all members of a dimension in one period, by KPI id and member; see `read_histories`."""
    by = {kpi.id: tuple(dict.fromkeys((*sorted(kpi.where), dimension))) for kpi in kpis}
    found: dict[str, dict[str, Observation]] = {}
    for call in _calls(kpis, by, metrics, parameters):
        for kpi, frame in _frames(call, tables, period, period, calendar, currency, record):
            rows = frame.loc[frame[dimension].notna()].to_dict("records")
            found[kpi.id] = {str(row[dimension]): _observation(row) for row in rows}
    return found


def parameters_of(kpi: KpiDefinition, parameters: Parameters) -> dict[str, Any]:
    """The parameters of a KPI's metric that do not come from its passport."""
    return {**parameters.get(kpi.metric, {}), **kpi.parameters}


def latest_record(
    metrics: Sequence[Metric],
    tables: Tables,
    calendar: Calendar = DEFAULT_CALENDAR,
    record: Record | None = None,
) -> date | None:
    """The day of the newest record among the tables that the metrics rest on; None where all are empty.

    Moments that are planned ahead do not count. What `record` knows is not looked up.
    """
    told = {metric.id: (False, None) if record is None else record.newest(metric) for metric in metrics}
    unknown = [metric for metric in metrics if not told[metric.id][0]]
    days = [day for _, day in told.values()]
    days.append(_latest(unknown, tables, calendar))
    return max((day for day in days if day is not None), default=None)


def _latest(metrics: Sequence[Metric], tables: Tables, calendar: Calendar) -> date | None:
    names = dict.fromkeys(entry.split(".")[0] for metric in metrics for entry in metric.passport.primary_data)
    newest: list[ir.Table] = []
    for name in names:
        time = TABLES[name].time if name in TABLES else None
        if time is not None and time not in _PLANNED:
            table = tables(name)
            column: Any = table[time]
            local = column if column.type().is_date() else calendar.offsets.local_of(column)
            moment = cast("ir.TimestampColumn", local.cast("timestamp"))
            newest.append(table.aggregate(latest=moment.max()))
    if not newest:
        return None
    first, *others = newest
    found: list[datetime | None] = (ibis.union(first, *others) if others else first).to_pandas()["latest"].to_list()
    days = [moment.date() for moment in found if moment is not None and moment is not pd.NaT]
    return max(days, default=None)


def _calls(
    kpis: Sequence[KpiDefinition],
    by: Mapping[str, tuple[str, ...]],
    metrics: Mapping[str, Metric],
    parameters: Parameters,
) -> list[_Call]:
    calls: list[_Call] = []
    for kpi in kpis:
        own = parameters_of(kpi, parameters)
        call = next((call for call in calls if call.takes(kpi, by[kpi.id], own)), None)
        if call is None:
            call = _Call(by[kpi.id])
            calls.append(call)
        call.metrics[kpi.metric] = metrics[kpi.metric]
        call.parameters[kpi.metric] = own
        call.kpis.append(kpi)
    return calls


def _frames(
    call: _Call,
    tables: Tables,
    first: Period,
    last: Period,
    calendar: Calendar,
    currency: str | None,
    record: Record | None,
) -> list[tuple[KpiDefinition, pd.DataFrame]]:
    frames: dict[str, pd.DataFrame] = {}
    for metric in call.metrics.values() if record is not None else ():
        series = series_of(metric, last.grain, call.by, call.parameters[metric.id], calendar, currency)
        frame = cast(Record, record).figures(series, first.start, last.end)
        if frame is not None:
            frames[metric.id] = frame
    unknown = [metric for metric in call.metrics.values() if metric.id not in frames]
    if unknown:
        results = _computed(unknown, call, tables, first, last, calendar, currency)
        frames |= {metric_id: result.frame for metric_id, result in results.items()}
    return [(kpi, _within(frames[kpi.metric], kpi.where)) for kpi in call.kpis]


def _computed(
    metrics: list[Metric],
    call: _Call,
    tables: Tables,
    first: Period,
    last: Period,
    calendar: Calendar,
    currency: str | None,
) -> Mapping[str, MetricResult]:
    return compute(
        metrics,
        tables,
        grain=last.grain,
        by=call.by,
        start=first.start,
        end=last.end,
        parameters={metric.id: call.parameters[metric.id] for metric in metrics},
        calendar=calendar,
        currency=currency,
    )


def _within(frame: pd.DataFrame, where: Mapping[str, str | None]) -> pd.DataFrame:
    for name, member in where.items():
        frame = frame.loc[frame[name].isna() if member is None else frame[name] == member]
    return frame


def _observations(frame: pd.DataFrame, periods: Sequence[Period]) -> tuple[Observation, ...]:
    rows = frame.set_index("period")
    starts = [pd.Timestamp(period.start) for period in periods]
    return tuple(_observation(rows.loc[start].to_dict()) if start in rows.index else Observation() for start in starts)


def _observation(row: Mapping[str, Any]) -> Observation:
    note = row["note"] if isinstance(row["note"], str) else None
    figure = UNDEFINED
    value = _finite(row["value"])
    if value is not None and (note is None or note in _KEPT_NOTES):
        lower, upper = _finite(row["lower"]), _finite(row["upper"])
        figure = Figure(value, lower, upper) if lower is not None and upper is not None else Figure(value)
    return Observation(figure, _finite(row["n"]), _finite(row["missing_share"]), note)


def _slices(frame: pd.DataFrame, dimension: str) -> tuple[SliceRow, ...]:
    """The members with most records, from the most to the fewest."""
    largest = frame.sort_values(["n", dimension], ascending=[False, True], na_position="last").head(SLICES)
    found: list[SliceRow] = []
    for row in largest.to_dict("records"):
        observation = _observation(row)
        member = row[dimension] if isinstance(row[dimension], str) else UNKNOWN_MEMBER
        found.append(SliceRow(member, observation.figure, observation.n))
    return tuple(found)


def _finite(number: object) -> float | None:
    value = float(cast(float, number))
    return value if np.isfinite(value) else None
