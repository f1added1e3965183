"""Facts of departments, teams and people: the KPIs' metrics sliced by department and by employee, guarded by the minimum sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import Metric, Period
from septima.metrics.definition import Tables
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.scorecard.card import UNDEFINED, Figure
from septima.scorecard.cascade.definition import Employee
from septima.scorecard.cascade.responsibility import Responsibility
from septima.scorecard.definition import KpiDefinition
from septima.scorecard.history import Observation, Parameters, Record, read_members
from septima.scorecard.slice_cells import SliceCells, read_cells

DEPARTMENT, EMPLOYEE = "department", "employee_id"


@dataclass(frozen=True)
class Fact:
    """A figure of one member, how many records it rests on; without a figure `too_few` says that these are less than asked for."""

    figure: Figure = UNDEFINED
    n: float | None = None
    too_few: bool = False


@dataclass(frozen=True)
class Facts:
    """Facts by KPI and id: of departments, of teams and of people."""

    departments: Mapping[tuple[str, str], Fact]
    teams: Mapping[tuple[str, str], Fact]
    people: Mapping[tuple[str, str], Fact]


def read_employees(
    tables: Tables, period: Period, calendar: Calendar = DEFAULT_CALENDAR
) -> tuple[tuple[Employee, ...], dict[str, str | None]]:
    """Who was with the company at the end of the period, by id; and the department of each whom the table knows."""
    table = tables("employees")
    columns = [
        table[name].cast("string").name(name) for name in ("employee_id", "name", DEPARTMENT, "role", "manager_id")
    ]
    end = ibis.literal(calendar.moment(period.end))
    hired: Any = table["hired_at"]
    left: Any = table["left_at"]
    here: Any = (hired.isnull() | (hired < end)) & (left.isnull() | (left >= end))
    rows = ir.Table.select(table, *columns, here.name("here")).order_by("employee_id").to_pandas()
    found = [
        Employee(str(row["employee_id"]), *(_word(row[name]) for name in ("name", DEPARTMENT, "role", "manager_id")))
        for row in rows.loc[rows["here"].astype(bool)].to_dict("records")
    ]
    every = {str(one): _word(department) for one, department in zip(rows["employee_id"], rows[DEPARTMENT], strict=True)}
    return tuple(found), every


def departments_of(tables: Tables) -> tuple[str, ...]:
    """The departments that the table `employees` names."""
    names = tables("employees")[DEPARTMENT].cast("string")
    found: list[object] = names.name("name").as_table().distinct().to_pandas()["name"].to_list()
    return tuple(sorted(name for name in found if isinstance(name, str) and name))


def read_facts(
    kpis: Sequence[KpiDefinition],
    metrics: Mapping[str, Metric],
    tables: Tables,
    period: Period,
    parameters: Parameters,
    responsibility: Responsibility,
    known: Mapping[str, str | None],
    calendar: Calendar = DEFAULT_CALENDAR,
    currency: str | None = None,
    record: Record | None = None,
) -> Facts:
    """Facts of the KPIs whose metrics can be sliced so; one computation for all KPIs by department, one by employee.

    Figures by department that `record` knows are not computed.
    A metric that knows employees but no departments gives a department's fact by the sums of its people, those who left since
    among them: `known` are the departments of all. A team's fact is of those who stand in it now.
    """
    by_department = [kpi for kpi in kpis if DEPARTMENT in metrics[kpi.metric].dimensions]
    told = read_members(by_department, DEPARTMENT, metrics, tables, period, parameters, calendar, currency, record)
    departments = {(kpi, member): _fact(one) for kpi, found in told.items() for member, one in found.items()}
    by_employee = [(kpi, EMPLOYEE) for kpi in kpis if EMPLOYEE in metrics[kpi.metric].dimensions]
    cells = read_cells(by_employee, metrics, tables, period, period, parameters, calendar, currency)
    people: dict[tuple[str, str], Fact] = {}
    teams: dict[tuple[str, str], Fact] = {}
    for (kpi, _), found in cells.items():
        people |= {
            (kpi, member): _fact(one)
            for member, one in zip(found.members, found.observations(found.at()), strict=True)
            if member is not None
        }
        in_teams = zip(responsibility.people, responsibility.team_of, strict=True)
        places = {person.id: responsibility.teams[int(team)].id for person, team in in_teams}
        teams |= _joined(found, kpi, places)
        homes = {person: department for person, department in known.items() if department is not None}
        departments = _joined(found, kpi, homes) | departments
    return Facts(departments, teams, people)


def _joined(cells: SliceCells, kpi: str, groups: Mapping[str, str]) -> dict[tuple[str, str], Fact]:
    """Facts of groups of people by id, from the sums of their records."""
    names = list(dict.fromkeys(groups.values()))
    places = {name: place for place, name in enumerate(names)}
    sums = cells.at()
    joined = np.zeros((len(names), *sums.shape[1:]))
    for row, member in enumerate(cells.members):
        if member is not None and member in groups:
            joined[places[groups[member]]] += sums[row]
    told = cells.observations(joined)
    return {(kpi, name): _fact(one) for name, one in zip(names, told, strict=True)}


def _fact(observed: Observation) -> Fact:
    return Fact(observed.figure, observed.n, observed.note == "too_few")


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
