"""Shares in KPIs as arrays: of departments, teams and people, each level adding up to the one above."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from septima.schema import LANGUAGES, Text
from septima.scorecard.cascade.definition import TOLERANCE, CascadeDefinition, DepartmentDefinition, Employee

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Team:
    """A team that has somebody in it; `department` is the place of its department."""

    id: str
    name: Text
    department: int


@dataclass(frozen=True, eq=False)
class Responsibility:
    """Shares in the whole KPI: departments × KPIs, teams × KPIs, people × KPIs.

    `team_of` is the place of each person's team. A KPI for which nobody answers has 0 everywhere; what a department without
    people answers for stops there.
    """

    kpis: tuple[str, ...]
    departments: tuple[DepartmentDefinition, ...]
    teams: tuple[Team, ...]
    people: tuple[Employee, ...]
    team_of: IntArray
    of_departments: FloatArray
    of_teams: FloatArray
    of_people: FloatArray
    remarks: tuple[Text, ...] = ()

    @property
    def department_of(self) -> IntArray:
        """The place of each team's department."""
        return np.array([team.department for team in self.teams], dtype=np.int64)

    def unreconciled(self) -> float:
        """The greatest difference between a level and what stands below it, where something does; 0 but for rounding."""
        gaps = [0.0]
        if self.teams:
            summed = np.zeros_like(self.of_departments)
            np.add.at(summed, self.department_of, self.of_teams)
            staffed = np.unique(self.department_of)
            gaps.append(float(np.abs(summed - self.of_departments)[staffed].max(initial=0.0)))
            below = np.zeros_like(self.of_teams)
            np.add.at(below, self.team_of, self.of_people)
            gaps.append(float(np.abs(below - self.of_teams).max(initial=0.0)))
        named = self.of_departments.sum(axis=0)
        gaps.append(float(np.abs(named[named > 0] - 1).max(initial=0.0)))
        return max(gaps)


def share_out(cascade: CascadeDefinition, employees: Sequence[Employee], kpis: Mapping[str, Text]) -> Responsibility:
    """Share KPIs out over the employees of a period, who are those given; `kpis` are names by id."""
    departments, by_kpi = cascade.departments, {shares.kpi: shares for shares in cascade.kpis}
    teams, people, team_of = _teams(departments, employees)
    places = {department.id: place for place, department in enumerate(departments)}
    of_departments = np.zeros((len(departments), len(kpis)))
    for column, kpi in enumerate(kpis):
        for department, share in by_kpi[kpi].departments.items() if kpi in by_kpi else ():
            of_departments[places[department], column] = share
    department_of = np.array([team.department for team in teams], dtype=np.int64)
    given = [by_kpi.get(kpi) for kpi in kpis]
    to_teams = [{} if one is None else one.teams for one in given]
    to_people = [{} if one is None else one.people for one in given]
    heads = np.bincount(team_of, minlength=len(teams)).astype(np.float64)
    in_department, _ = _within([team.id for team in teams], department_of, heads, to_teams)
    of_teams = in_department * of_departments[department_of]
    in_team, stretched = _within([person.id for person in people], team_of, np.ones(len(people)), to_people)
    of_people = in_team * of_teams[team_of]
    remarks: list[Text] = []
    unowned = [kpi for kpi in kpis if kpi not in by_kpi]
    if unowned:
        en, ru = (", ".join(kpis[kpi].in_language(language) for kpi in unowned) for language in LANGUAGES)
        remarks.append(Text(f"Nobody answers for: {en}.", f"Никто не\u00a0отвечает за: {ru}."))
    empty = [department for place, department in enumerate(departments) if place not in set(department_of.tolist())]
    if empty:
        en, ru = (", ".join(one.name.in_language(language) for one in empty) for language in ("en", "ru"))
        remarks.append(
            Text(
                f"By the table employees nobody is in: {en}; what they answer for stops at the department.",
                f"По\u00a0таблице employees никого нет в: {ru}; ответственность остаётся на\u00a0уровне подразделения.",
            )
        )
    if stretched:
        remarks.append(
            Text(
                f"Teams whose given shares do not add up to 1, be it since somebody left: {stretched}; they are taken in proportion.",
                f"Команд, где заданные доли не\u00a0дают в\u00a0сумме 1 (например, кто-то ушёл): {stretched}; они взяты пропорционально.",
            )
        )
    return Responsibility(
        tuple(kpis),
        departments,
        tuple(teams),
        tuple(people),
        team_of,
        of_departments,
        of_teams,
        of_people,
        tuple(remarks),
    )


def _teams(
    departments: Sequence[DepartmentDefinition], employees: Sequence[Employee]
) -> tuple[list[Team], list[Employee], IntArray]:
    """Teams with somebody in them, people by team, and the place of each person's team."""
    named: dict[str, tuple[int, str, Text]] = {}
    managed: dict[str, tuple[int, str, Text]] = {}
    for place, department in enumerate(departments):
        for team in department.teams:
            named |= dict.fromkeys(team.people, (place, team.id, team.name))
            managed |= dict.fromkeys(team.managers, (place, team.id, team.name))
    homes = {department.id: place for place, department in enumerate(departments)}
    members: dict[tuple[int, str], list[Employee]] = {}
    names: dict[tuple[int, str], Text] = {}
    for person in employees:
        home = named.get(person.id) or (managed.get(person.manager) if person.manager else None)
        if home is None and person.department in homes:
            place = homes[person.department]
            home = _rest(place, departments[place], person)
        if home is not None:
            key = home[:2]
            members.setdefault(key, []).append(person)
            names[key] = home[2]
    order = {team.id: place for department in departments for place, team in enumerate(department.teams)}
    keys = sorted(members, key=lambda key: (key[0], order.get(key[1], len(order)), key[1]))
    teams = [Team(key[1], names[key], key[0]) for key in keys]
    people = [person for key in keys for person in sorted(members[key], key=lambda one: one.id)]
    team_of = np.repeat(np.arange(len(keys)), [len(members[key]) for key in keys]).astype(np.int64)
    return teams, people, team_of


def _rest(place: int, department: DepartmentDefinition, person: Employee) -> tuple[int, str, Text]:
    """The team of somebody whom the file puts in none."""
    by = person.manager if department.teams_by == "manager" else person.role if department.teams_by == "role" else None
    if by is not None:
        name = Text(f"team of {by}", f"команда\u00a0{by}") if department.teams_by == "manager" else Text(by, by)
        return place, f"{department.id}/{by}", name
    name = Text("all others", "все остальные") if department.teams else department.name
    return place, f"{department.id}/—", name


def _within(
    ids: Sequence[str], group_of: IntArray, heads: FloatArray, given: Sequence[Mapping[str, float]]
) -> tuple[FloatArray, int]:
    """Shares within each group, members × KPIs: by heads, or as `given` by KPI where any is, in proportion where they do not
    add up to 1; and in how many groups they do not, be it since somebody left.
    """
    equal = heads / np.bincount(group_of, weights=heads)[group_of]
    places = {key: place for place, key in enumerate(ids)}
    own = np.zeros((len(ids), len(given)))
    for column, shares in enumerate(given):
        known = {places[key]: share for key, share in shares.items() if key in places}
        own[list(known), column] = list(known.values())
    totals = np.zeros((int(group_of.max(initial=-1)) + 1, len(given)))
    np.add.at(totals, group_of, own)
    whole = totals[group_of]
    found = np.where(whole > 0, own / np.where(whole > 0, whole, 1.0), equal[:, None])
    return found, int(np.count_nonzero((totals > 0) & (np.abs(totals - 1) > TOLERANCE)))
