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
        read_node(
            path,
            "departments",
            Text(
                "`septima cascade DIR --new` writes one to start from",
                "`septima cascade DIR --new` запишет файл, с\u00a0которого можно начать",
            ),
        ),
        scorecard,
        known,
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

    def named(self, node: Node, what: Text) -> tuple[str, Text]:
        identifier = node.string("id")
        if identifier is None:
            raise node.wrong(None, f"{what.en} needs an `id`", f"{what.ru} нужен `id`")
        if identifier in self.ids:
            raise node.wrong(
                "id",
                f"the id {identifier!r} is already taken on line {self.ids[identifier]}; give another",
                f"id «{identifier}» уже занят в\u00a0строке {self.ids[identifier]}; возьмите другой",
            )
        self.ids[identifier] = node.line("id")
        return identifier, node.text("name") or Text(identifier, identifier)

    def department(self, node: Node) -> DepartmentDefinition:
        node.only(_DEPARTMENT_FIELDS)
        identifier, name = self.named(node, Text("a department", "подразделению"))
        teams = tuple(self.team(item) for item in node.items("teams"))
        return DepartmentDefinition(identifier, name, teams, node.choice("teams_by", TEAMS_BY), node.line())

    def team(self, node: Node) -> TeamDefinition:
        node.only(_TEAM_FIELDS)
        identifier, name = self.named(node, Text("a team", "команде"))
        people, managers = node.strings("people"), node.strings("managers")
        if not people and not managers:
            raise node.wrong(
                "id",
                f"team {identifier!r} has nobody; list `people` by employee_id, or its `managers`",
                f"в\u00a0команде «{identifier}» никого нет; перечислите `people` по\u00a0employee_id или её `managers`",
            )
        for key, ids, seen in (("people", people, self.people), ("managers", managers, self.managers)):
            for person in ids:
                self.employee(node, key, person)
                if person in seen:
                    team, line = seen[person]
                    whom = Text(f"employee {person!r}", f"сотрудник «{person}»")
                    if key != "people":
                        whom = Text(f"who reports to {person!r}", f"подчинённые «{person}»")
                    raise node.wrong(
                        key,
                        f"{whom.en} is in team {team!r} already (line {line}); leave one of the two",
                        f"{whom.ru}: уже в\u00a0команде «{team}» (строка {line}); оставьте одно из\u00a0двух",
                    )
                seen[person] = identifier, node.line(key)
        return TeamDefinition(identifier, name, people, managers, node.line())

    def employee(self, node: Node, key: str, person: str) -> None:
        if person not in self.employees:
            # Ids of others are no hint: they would only lead to a wrong person.
            remedy = Text("load the table first: it is empty", "сначала загрузите таблицу: она пуста")
            if self.employees:
                remedy = Text("mend the id, or load the table", "исправьте id или загрузите таблицу")
            raise node.wrong(
                key,
                f"there is no employee {person!r} in the table employees; {remedy.en}",
                f"в\u00a0таблице employees нет сотрудника «{person}»; {remedy.ru}",
            )


def _cascade(node: Node, scorecard: ScorecardDefinition, known: Collection[str]) -> CascadeDefinition:
    node.only(_FIELDS)
    reader = _Reader(known)
    departments = tuple(reader.department(item) for item in node.items("departments"))
    if not departments:
        raise node.wrong(
            "departments",
            "there are no departments; list at least one",
            "нет ни\u00a0одного подразделения; перечислите хотя\u00a0бы одно",
        )
    kpis: list[KpiShares] = []
    for item in node.items("kpis"):
        found = _kpi(item, scorecard, departments, reader)
        taken = next((other for other in kpis if other.kpi == found.kpi), None)
        if taken is not None:
            raise item.wrong(
                "kpi",
                f"KPI {found.kpi!r} is shared out on line {taken.line} already; keep one of the two",
                f"показатель «{found.kpi}» уже распределён в\u00a0строке {taken.line}; оставьте одно из\u00a0двух",
            )
        kpis.append(found)
    roles: dict[str, RoleDefinition] = {}
    ids = [kpi.id for kpi in scorecard.kpis]
    for item in node.items("roles"):
        role = _role(item, ids)
        if role.id in roles:
            raise item.wrong(
                "role",
                f"role {role.id!r} is there already; keep one of the two",
                f"роль «{role.id}» уже есть; оставьте одну из\u00a0двух",
            )
        roles[role.id] = role
    return CascadeDefinition(departments, tuple(kpis), tuple(roles.values()))


def _kpi(
    node: Node, scorecard: ScorecardDefinition, departments: Sequence[DepartmentDefinition], reader: _Reader
) -> KpiShares:
    node.only(_KPI_FIELDS)
    name, known = node.string("kpi"), [kpi.id for kpi in scorecard.kpis]
    if name is None:
        raise node.wrong(
            None, "name the `kpi`, the id of one on the scorecard", "назовите `kpi`, id показателя из\u00a0карты"
        )
    if name not in known:
        raise node.wrong(
            "kpi",
            f"there is no KPI {name!r} on the scorecard",
            f"в\u00a0карте нет показателя «{name}»",
            near(name, known),
        )
    shares = _numbers(node, "departments")
    ids = [department.id for department in departments]
    for key in shares:
        if key not in ids:
            raise node.wrong(
                "departments",
                f"there is no department {key!r} in this file",
                f"в\u00a0этом файле нет подразделения «{key}»",
                near(key, ids),
            )
    if not shares:
        raise node.wrong(
            "kpi",
            f"nobody answers for {name!r}; give `departments` with shares that add up to 1",
            f"за\u00a0«{name}» никто не\u00a0отвечает; укажите `departments` с\u00a0долями, которые в\u00a0сумме дают "
            "1",
        )
    _add_up(node, "departments", shares, Text(f"departments for {name!r}", f"подразделений в\u00a0показателе «{name}»"))
    homes = {team.id: department.id for department in departments for team in department.teams}
    teams, people = _teams(node, name, shares, homes), _people(node, name, reader)
    targets = _numbers(node, "targets", least=-math.inf)
    for key in targets:
        if key not in ids and key not in homes and key not in reader.employees:
            raise node.wrong(
                "targets",
                f"{key!r} is no department, team or employee",
                f"«{key}»\u00a0— не\u00a0подразделение, не\u00a0команда и\u00a0не\u00a0сотрудник",
                near(key, [*ids, *homes]),
            )
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
            raise node.wrong(
                "teams",
                f"there is no team {key!r} in this file",
                f"в\u00a0этом файле нет команды «{key}»",
                near(key, homes),
            )
        if homes[key] not in shares:
            raise node.wrong(
                "teams",
                f"team {key!r} is of {homes[key]!r}, which has no share in {name!r}; give it one, or remove the team",
                f"команда «{key}»\u00a0— из\u00a0«{homes[key]}», у\u00a0которого нет доли в\u00a0«{name}»; дайте ему "
                "долю или уберите команду",
            )
    for department in dict.fromkeys(homes[key] for key in teams):
        own = {key: share for key, share in teams.items() if homes[key] == department}
        whose = Text(f"teams of {department!r} for {name!r}", f"команд «{department}» в\u00a0показателе «{name}»")
        _add_up(node, "teams", own, whose)
    return teams


def _people(node: Node, name: str, reader: _Reader) -> dict[str, float]:
    people = _numbers(node, "people")
    for key in people:
        reader.employee(node, "people", key)
    for team in dict.fromkeys(reader.people[key][0] for key in people if key in reader.people):
        own = {key: share for key, share in people.items() if reader.people.get(key, ("", 0))[0] == team}
        whose = Text(f"people of team {team!r} for {name!r}", f"людей команды «{team}» в\u00a0показателе «{name}»")
        _add_up(node, "people", own, whose)
    return people


def _role(node: Node, kpis: Sequence[str]) -> RoleDefinition:
    node.only(_ROLE_FIELDS)
    name = node.string("role")
    if name is None:
        raise node.wrong(
            None, "name the `role` as the table employees does", "назовите `role` так, как в\u00a0таблице employees"
        )
    named = node.strings("kpis")
    for key in named:
        if key not in kpis:
            raise node.wrong(
                "kpis",
                f"there is no KPI {key!r} on the scorecard",
                f"в\u00a0карте нет показателя «{key}»",
                near(key, kpis),
            )
    return RoleDefinition(name, node.choice("level", LEVELS) or "person", node.strings("tasks"), named)


def _numbers(node: Node, key: str, least: float = 0.0) -> dict[str, float]:
    inner = node.node(key)
    if inner is None:
        return {}
    found: dict[str, float] = {}
    for name in inner.data:
        if not isinstance(name, str):
            raise inner.wrong(
                name,
                f"{name} looks like a number; write the id in quotes: '{name}'",
                f"{name} похоже на\u00a0число; пишите id в\u00a0кавычках: '{name}'",
            )
        number = inner.optional_number(str(name))
        if number is None or number < least:
            raise inner.wrong(
                str(name),
                f"the share of {str(name)!r} is {number}; give a number from 0 to 1, such as 0.25",
                f"доля «{name}»\u00a0— {number}; укажите число от\u00a00 до\u00a01, например 0.25",
            )
        found[str(name)] = number
    return found


def _add_up(node: Node, key: str, shares: Mapping[str, float], whose: Text) -> None:
    total = math.fsum(shares.values())
    if abs(total - 1) > TOLERANCE:
        remedy = Text("", "; укажите доли больше 0")
        if total > 0:
            better = ", ".join(f"{name}: {share / total:.4g}" for name, share in shares.items())
            remedy = Text(f"; in the same proportions: {better}", f"; в\u00a0тех\u00a0же пропорциях: {better}")
        raise node.wrong(
            key,
            f"the shares of {whose.en} add up to {total:.10g}, and must add up to 1{remedy.en}",
            f"сумма долей {whose.ru} равна {total:.10g}, а\u00a0должна быть 1{remedy.ru}",
        )
