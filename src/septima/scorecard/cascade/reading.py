"""Read `cascade.yaml`; whatever is wrong in it is told with file, line and remedy."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from septima.schema import Text
from septima.scorecard.cascade.definition import (
    LEVELS,
    TEAMS_BY,
    TOLERANCE,
    CascadeDefinition,
    DepartmentDefinition,
    KpiShares,
    RoleDefinition,
    TeamDefinition,
)
from septima.scorecard.definition import ScorecardDefinition
from septima.scorecard.nodes import Node, load_node, near, read_node

FILE = "cascade.yaml"

_FIELDS = ("departments", "kpis", "roles")
_DEPARTMENT_FIELDS = ("id", "name", "teams", "teams_by")
_TEAM_FIELDS = ("id", "name", "people", "managers")
_KPI_FIELDS = ("kpi", "departments", "teams", "people", "targets", "level", "tasks")
_ROLE_FIELDS = ("role", "level", "tasks", "kpis")


def read_cascade(path: Path, scorecard: ScorecardDefinition, known: Collection[str]) -> CascadeDefinition:
    """The cascade in a YAML file; `known` are the ids of the table `employees`. DefinitionError with file, line and remedy."""
    return _cascade(
        read_node(path, "departments", "`septima cascade DIR --new` writes one to start from"), scorecard, known
    )


def parse_cascade(
    text: str, scorecard: ScorecardDefinition, known: Collection[str], *, file: str = FILE
) -> CascadeDefinition:
    """The cascade in YAML text; see `read_cascade`."""
    return _cascade(load_node(text, file, "departments"), scorecard, known)


@dataclass
class _Reader:
    """What the file may name, and on which line each id and person stands."""

    employees: Collection[str]
    ids: dict[str, int] = field(default_factory=dict[str, int])
    people: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    managers: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])

    def named(self, node: Node, what: str) -> tuple[str, Text]:
        identifier = node.string("id")
        if identifier is None:
            raise node.wrong(None, f"{what} needs an `id`")
        if identifier in self.ids:
            raise node.wrong(
                "id", f"the id {identifier!r} is already taken on line {self.ids[identifier]}; give another"
            )
        self.ids[identifier] = node.line("id")
        return identifier, node.text("name") or Text(identifier, identifier)

    def department(self, node: Node) -> DepartmentDefinition:
        node.only(_DEPARTMENT_FIELDS)
        identifier, name = self.named(node, "a department")
        teams = tuple(self.team(item) for item in node.items("teams"))
        return DepartmentDefinition(identifier, name, teams, node.choice("teams_by", TEAMS_BY), node.line())

    def team(self, node: Node) -> TeamDefinition:
        node.only(_TEAM_FIELDS)
        identifier, name = self.named(node, "a team")
        people, managers = node.strings("people"), node.strings("managers")
        if not people and not managers:
            raise node.wrong("id", f"team {identifier!r} has nobody; list `people` by employee_id, or its `managers`")
        for key, ids, seen in (("people", people, self.people), ("managers", managers, self.managers)):
            for person in ids:
                self.employee(node, key, person)
                if person in seen:
                    team, line = seen[person]
                    whom = f"employee {person!r}" if key == "people" else f"who reports to {person!r}"
                    raise node.wrong(key, f"{whom} is in team {team!r} already (line {line}); leave one of the two")
                seen[person] = identifier, node.line(key)
        return TeamDefinition(identifier, name, people, managers, node.line())

    def employee(self, node: Node, key: str, person: str) -> None:
        if person not in self.employees:
            # Ids of others are no hint: they would only lead to a wrong person.
            remedy = "mend the id, or load the table" if self.employees else "load the table first: it is empty"
            raise node.wrong(key, f"there is no employee {person!r} in the table employees; {remedy}")


def _cascade(node: Node, scorecard: ScorecardDefinition, known: Collection[str]) -> CascadeDefinition:
    node.only(_FIELDS)
    reader = _Reader(known)
    departments = tuple(reader.department(item) for item in node.items("departments"))
    if not departments:
        raise node.wrong("departments", "there are no departments; list at least one")
    kpis: list[KpiShares] = []
    for item in node.items("kpis"):
        found = _kpi(item, scorecard, departments, reader)
        taken = next((other for other in kpis if other.kpi == found.kpi), None)
        if taken is not None:
            raise item.wrong(
                "kpi", f"KPI {found.kpi!r} is shared out on line {taken.line} already; keep one of the two"
            )
        kpis.append(found)
    roles: dict[str, RoleDefinition] = {}
    ids = [kpi.id for kpi in scorecard.kpis]
    for item in node.items("roles"):
        role = _role(item, ids)
        if role.id in roles:
            raise item.wrong("role", f"role {role.id!r} is there already; keep one of the two")
        roles[role.id] = role
    return CascadeDefinition(departments, tuple(kpis), tuple(roles.values()))


def _kpi(
    node: Node, scorecard: ScorecardDefinition, departments: Sequence[DepartmentDefinition], reader: _Reader
) -> KpiShares:
    node.only(_KPI_FIELDS)
    name, known = node.string("kpi"), [kpi.id for kpi in scorecard.kpis]
    if name is None:
        raise node.wrong(None, "name the `kpi`, the id of one on the scorecard")
    if name not in known:
        raise node.wrong("kpi", f"there is no KPI {name!r} on the scorecard; {near(name, known)}")
    shares = _numbers(node, "departments")
    ids = [department.id for department in departments]
    for key in shares:
        if key not in ids:
            raise node.wrong("departments", f"there is no department {key!r} in this file; {near(key, ids)}")
    if not shares:
        raise node.wrong("kpi", f"nobody answers for {name!r}; give `departments` with shares that add up to 1")
    _add_up(node, "departments", shares, f"departments for {name!r}")
    homes = {team.id: department.id for department in departments for team in department.teams}
    teams, people = _teams(node, name, shares, homes), _people(node, name, reader)
    targets = _numbers(node, "targets", least=-math.inf)
    for key in targets:
        if key not in ids and key not in homes and key not in reader.employees:
            raise node.wrong("targets", f"{key!r} is no department, team or employee; {near(key, [*ids, *homes])}")
    return KpiShares(
        name,
        shares,
        teams,
        people,
        targets,
        node.choice("level", LEVELS) or "person",
        node.strings("tasks"),
        node.line(),
    )


def _teams(node: Node, name: str, shares: Mapping[str, float], homes: Mapping[str, str]) -> dict[str, float]:
    teams = _numbers(node, "teams")
    for key in teams:
        if key not in homes:
            raise node.wrong("teams", f"there is no team {key!r} in this file; {near(key, homes)}")
        if homes[key] not in shares:
            raise node.wrong(
                "teams",
                f"team {key!r} is of {homes[key]!r}, which has no share in {name!r}; give it one, or remove the team",
            )
    for department in dict.fromkeys(homes[key] for key in teams):
        own = {key: share for key, share in teams.items() if homes[key] == department}
        _add_up(node, "teams", own, f"teams of {department!r} for {name!r}")
    return teams


def _people(node: Node, name: str, reader: _Reader) -> dict[str, float]:
    people = _numbers(node, "people")
    for key in people:
        reader.employee(node, "people", key)
    for team in dict.fromkeys(reader.people[key][0] for key in people if key in reader.people):
        own = {key: share for key, share in people.items() if reader.people.get(key, ("", 0))[0] == team}
        _add_up(node, "people", own, f"people of team {team!r} for {name!r}")
    return people


def _role(node: Node, kpis: Sequence[str]) -> RoleDefinition:
    node.only(_ROLE_FIELDS)
    name = node.string("role")
    if name is None:
        raise node.wrong(None, "name the `role` as the table employees does")
    named = node.strings("kpis")
    for key in named:
        if key not in kpis:
            raise node.wrong("kpis", f"there is no KPI {key!r} on the scorecard; {near(key, kpis)}")
    return RoleDefinition(name, node.choice("level", LEVELS) or "person", node.strings("tasks"), named)


def _numbers(node: Node, key: str, least: float = 0.0) -> dict[str, float]:
    inner = node.node(key)
    if inner is None:
        return {}
    found: dict[str, float] = {}
    for name in inner.data:
        if not isinstance(name, str):
            raise inner.wrong(name, f"{name} looks like a number; write the id in quotes: '{name}'")
        number = inner.optional_number(str(name))
        if number is None or number < least:
            raise inner.wrong(
                str(name), f"the share of {str(name)!r} is {number}; give a number from 0 to 1, such as 0.25"
            )
        found[str(name)] = number
    return found


def _add_up(node: Node, key: str, shares: Mapping[str, float], whose: str) -> None:
    total = math.fsum(shares.values())
    if abs(total - 1) > TOLERANCE:
        remedy = ""
        if total > 0:
            remedy = "; in the same proportions: " + ", ".join(
                f"{name}: {share / total:.4g}" for name, share in shares.items()
            )
        raise node.wrong(key, f"the shares of {whose} add up to {total:.10g}, and must add up to 1{remedy}")
