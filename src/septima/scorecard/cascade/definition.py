"""What a cascade is defined by: departments, teams and people, their shares in KPIs, and what roles see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from septima.schema import Text

Level = Literal["person", "team", "department", "company"]
LEVELS: tuple[Level, ...] = get_args(Level)
"""From the lowest to the highest."""

TOLERANCE = 1e-9
"""How far shares may be from adding up to 1."""

TeamsBy = Literal["manager", "role"]
TEAMS_BY: tuple[TeamsBy, ...] = get_args(TeamsBy)


@dataclass(frozen=True)
class Employee:
    """A person of the table `employees` who was with the company on the last day of the period."""

    id: str
    name: str | None
    department: str | None
    role: str | None
    manager: str | None


@dataclass(frozen=True)
class TeamDefinition:
    """A team: people named by id, and all who report to one of `managers`."""

    id: str
    name: Text
    people: tuple[str, ...] = ()
    managers: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True)
class DepartmentDefinition:
    """A department, by the name that the data give it.

    Who belongs to it by the table and stands in none of its `teams` goes to a team by `teams_by`, or to one of all the rest.
    """

    id: str
    name: Text
    teams: tuple[TeamDefinition, ...] = ()
    teams_by: TeamsBy | None = None
    line: int | None = None


@dataclass(frozen=True)
class KpiShares:
    """Who answers for a KPI: shares of departments, of teams in their department, of people in their team.

    Where nothing is said of a department's teams or a team's people, people share equally. `targets` are by id of a department, team
    or person. A role sees the KPI from `level` up, where it has one of the `tasks`.
    """

    kpi: str
    departments: Mapping[str, float]
    teams: Mapping[str, float] = field(default_factory=dict[str, float])
    people: Mapping[str, float] = field(default_factory=dict[str, float])
    targets: Mapping[str, float] = field(default_factory=dict[str, float])
    level: Level = "person"
    tasks: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True)
class RoleDefinition:
    """A role of the table `employees`: its level, its tasks, and KPIs that it sees whatever their level and tasks."""

    id: str
    level: Level
    tasks: tuple[str, ...] = ()
    kpis: tuple[str, ...] = ()

    def sees(self, shares: KpiShares) -> bool:
        """Whether the role sees a KPI: it is named, or is not above the role's level and shares a task (a KPI without tasks is for all)."""
        if shares.kpi in self.kpis:
            return True
        near = not shares.tasks or bool(set(shares.tasks) & set(self.tasks))
        return near and LEVELS.index(shares.level) <= LEVELS.index(self.level)


@dataclass(frozen=True)
class CascadeDefinition:
    """The whole file."""

    departments: tuple[DepartmentDefinition, ...]
    kpis: tuple[KpiShares, ...]
    roles: tuple[RoleDefinition, ...] = ()
