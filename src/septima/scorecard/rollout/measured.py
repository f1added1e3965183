"""A roll-out over a company's data: the road map on a day, and its success in a period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, cast

import pandas as pd

from septima.metrics import Metric, Period
from septima.metrics.definition import Request, Tables
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.metrics.sources import known_until
from septima.schema import Text
from septima.scorecard.card import Figure
from septima.scorecard.definition import KpiDefinition
from septima.scorecard.history import KpiHistory, Observation, Parameters, Record, read_histories
from septima.scorecard.rollout.definition import MILESTONES_METRIC, TAKING_PART, RolloutDefinition
from septima.scorecard.rollout.schedule import Recorded, Schedule, schedule_of
from septima.scorecard.rollout.success import (
    DepartmentSuccess,
    Success,
    department_success,
    milestone_observation,
    success_of,
)

TREND = 8
_DEPARTMENT = "department"


@dataclass(frozen=True)
class Rollout:
    """A roll-out in a period: road map, success, and the departments that are to take part and did nothing.

    `missing` are departments of the file of which the data know no employee.
    """

    name: Text
    period: Period
    schedule: Schedule
    success: Success
    absent: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class _Milestones:
    """All milestones, of data and file, that are due: day planned, whether done by it, and department."""

    planned: list[date]
    on_time: list[bool]
    departments: list[str | None]


@dataclass(frozen=True)
class Data:
    """What a roll-out is measured by: metrics by id, tables, and the company's calendar, currency and parameters.

    What `record` knows is not computed.
    """

    metrics: Mapping[str, Metric]
    tables: Tables
    calendar: Calendar = DEFAULT_CALENDAR
    currency: str | None = None
    parameters: Parameters | None = None
    record: Record | None = None

    def histories(self, kpis: Sequence[KpiDefinition], periods: Sequence[Period]) -> Mapping[str, KpiHistory]:
        """The figures of KPIs through the periods."""
        if not kpis:
            return {}
        return read_histories(
            kpis, self.metrics, self.tables, periods, self.parameters or {}, self.calendar, self.currency, self.record
        )


def measure(definition: RolloutDefinition, data: Data, period: Period, *, now: datetime | None = None) -> Rollout:
    """The roll-out at the end of a period, or `now` where that has not come.

    DefinitionError where the file names a milestone that there is not.
    """
    today, over = _days(period, data.calendar.today(now))
    table, due = _table(data, period)
    schedule = schedule_of(definition, table, today=today, over=over)
    for one in definition.own:
        if one.planned is not None and (one.planned <= over or one.done is not None):
            due.planned.append(one.planned)
            due.on_time.append(one.done is not None and one.done <= one.planned)
            due.departments.append(one.department)
    periods = [period.shift(step) for step in range(1 - TREND, 1)]
    passports = {one.metric: data.metrics[one.metric].passport for one in definition.success}
    others = [one for one in definition.success if one.metric != MILESTONES_METRIC]
    observations: dict[str, Sequence[Observation]] = {
        name: history.observations for name, history in data.histories(others, periods).items()
    }
    for one in definition.success:
        if one.metric == MILESTONES_METRIC:
            least = passports[one.metric].minimum_sample
            observations[one.id] = [milestone_observation(due.planned, due.on_time, each, least) for each in periods]
    working, employing = _departments(data, period)
    departments = _by_department(definition, data, period, schedule, due, working)
    return Rollout(
        name=definition.name,
        period=period,
        schedule=schedule,
        success=success_of(definition.success, passports, observations, periods, departments=departments),
        absent=tuple(name for name in definition.departments if name in employing and name not in working),
        unknown=tuple(name for name in definition.departments if name not in employing),
    )


def _days(period: Period, today: date) -> tuple[date, date]:
    """The day on which the road map is looked at, and the last day that is over."""
    last = period.end - timedelta(days=1)
    return (last, last) if period.end <= today else (today, today - timedelta(days=1))


def _table(data: Data, period: Period) -> tuple[dict[str, Recorded], _Milestones]:
    """The milestones of the data: all by id, and those due, as the metric of the catalogue counts them."""
    request = Request(data.tables, period.grain, (), {}, calendar=data.calendar)
    rows = request.rows("milestones")
    late: Any = (rows["planned_at"] < known_until(rows, "done_at")).fill_null(False)
    frame = rows.select(
        "milestone_id",
        "department",
        planned=request.day(rows["planned_at"]),
        done=request.day(rows["done_at"]),
        late=late,
    ).to_pandas()
    ids = cast("list[str]", frame["milestone_id"].to_list())
    planned, done = _dates(frame["planned"]), _dates(frame["done"])
    departments = [name if isinstance(name, str) else None for name in frame["department"].to_list()]
    table: dict[str, Recorded] = {}
    due = _Milestones([], [], [])
    for name, at, when, department, overdue in zip(
        ids, planned, done, departments, frame["late"].to_list(), strict=True
    ):
        if at is None:
            continue
        table[name] = Recorded(at, when, department)
        if when is not None or overdue:
            due.planned.append(at)
            due.on_time.append(when is not None and when <= at)
            due.departments.append(department)
    return table, due


def _dates(column: pd.Series) -> list[date | None]:
    moments = pd.to_datetime(column)
    return [None if moment is pd.NaT else moment.date() for moment in moments.to_list()]


def _departments(data: Data, period: Period) -> tuple[frozenset[str], frozenset[str]]:
    """The departments that did a step of the modelled processes in the period, and those that have employees at all."""
    request = Request(data.tables, period.grain, (), {}, calendar=data.calendar)
    steps = request.rows("process_steps")
    done = (steps["done_at"] >= request.moment(period.start)) & (steps["done_at"] < request.moment(period.end))
    working = steps.filter(done).select(_DEPARTMENT).distinct().to_pandas()[_DEPARTMENT].dropna()
    employing = request.rows("employees").select(_DEPARTMENT).distinct().to_pandas()[_DEPARTMENT].dropna()
    return frozenset(cast("list[str]", working.to_list())), frozenset(cast("list[str]", employing.to_list()))


def _by_department(
    definition: RolloutDefinition,
    data: Data,
    period: Period,
    schedule: Schedule,
    due: _Milestones,
    working: frozenset[str],
) -> tuple[DepartmentSuccess, ...]:
    """The components that can be told by department, of the departments that are to take part."""
    sliced = [
        one
        for one in definition.success
        if one.metric not in (MILESTONES_METRIC, TAKING_PART) and _DEPARTMENT in data.metrics[one.metric].dimensions
    ]
    asked = [
        replace(one, id=f"{one.id}@{name}", where={_DEPARTMENT: name})
        for one in sliced
        for name in definition.departments
    ]
    histories = data.histories(asked, [period])
    passports = {one.metric: data.metrics[one.metric].passport for one in definition.success}
    found: list[DepartmentSuccess] = []
    for name in definition.departments:
        figures: dict[str, Figure] = {one.id: histories[f"{one.id}@{name}"].observations[-1].figure for one in sliced}
        for one in definition.success:
            if one.metric == MILESTONES_METRIC:
                figures[one.id] = _milestones_of(name, due, period).figure
            if one.metric == TAKING_PART:
                figures[one.id] = Figure(float(name in working))
        ours = [one for one in schedule.overdue if one.department == name]
        found.append(
            department_success(
                name, definition.success, passports, figures, takes_part=name in working, overdue=len(ours)
            )
        )
    return tuple(found)


def _milestones_of(department: str, due: _Milestones, period: Period) -> Observation:
    """Of a department there are few milestones: any number is shown, with the interval that it leaves."""
    mine = [at for at, name in enumerate(due.departments) if name == department]
    return milestone_observation([due.planned[at] for at in mine], [due.on_time[at] for at in mine], period, 1)
