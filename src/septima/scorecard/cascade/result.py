"""The cascade of a card: what departments, teams and people answer for, and their own cards."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from septima.schema import SeptimaError, Text
from septima.schema.wording import hinted
from septima.scorecard.card import KpiCard, Scorecard, State
from septima.scorecard.cascade.definition import CascadeDefinition, Employee, KpiShares, RoleDefinition
from septima.scorecard.cascade.facts import Fact, Facts
from septima.scorecard.cascade.responsibility import Responsibility
from septima.scorecard.change import Change
from septima.scorecard.nodes import near
from septima.scorecard.simulation import INTEGRAL
from septima.scorecard.states import state_against

FloatArray = npt.NDArray[np.float64]
MemberKind = Literal["department", "team", "person", "role"]

_SUMS = ("currency", "currency_per_day", "count")
"""Units of sums: a part is not to reach what the whole is asked for, so a member has a target only where one is given."""


class CascadeError(SeptimaError):
    """A department, team, person or role that there is not, or one whom the cascade does not reach."""


@dataclass(frozen=True)
class Duty:
    """A KPI that a member answers for.

    `share` is the part of the KPI that is the member's; `contribution` that part of what the KPI brings to CKPIint (share × weights ×
    what enters), `change` that of what its change brought, and `weight` that of CKPIint's weight. `fact` is the member's own
    figure, `own` false where the metric does not know the member and the KPI's figure stands in its place; `target` likewise.
    """

    kpi: str
    name: Text
    unit: str
    share: float
    weight: float
    contribution: float | None
    change: float | None
    fact: Fact
    own: bool
    target: float | None
    state: State


@dataclass(frozen=True)
class MemberCard:
    """What a department, team or person owns; `people` is how many stand in it.

    `weight`, `contribution` and `change` are the sums of all that the member answers for, as far as it is known: the part of
    CKPIint's weight, of CKPIint and of its change. `hidden` duties are not for the person's role; of a role there are no sums.
    """

    kind: MemberKind
    id: str
    name: Text
    above: Text | None
    people: int
    weight: float
    contribution: float
    change: float
    duties: tuple[Duty, ...] = ()
    hidden: int = 0


@dataclass(frozen=True, eq=False)
class Cascade:
    """The whole cascade of one card; figures are arrays over KPIs in the order of `responsibility.kpis`, NaN where undefined."""

    card: Scorecard
    before: str
    definition: CascadeDefinition
    responsibility: Responsibility
    kpis: tuple[KpiCard, ...]
    weights: FloatArray
    contributions: FloatArray
    changes: FloatArray
    facts: Facts
    watch_band: float

    @cached_property
    def shares(self) -> dict[str, KpiShares]:
        """How KPIs are shared out, by id."""
        return {one.kpi: one for one in self.definition.kpis}

    @cached_property
    def _heads(self) -> npt.NDArray[np.int64]:
        return np.bincount(self.responsibility.team_of, minlength=len(self.responsibility.teams))

    def departments(self) -> tuple[MemberCard, ...]:
        """The cards of all departments, in the file's order."""
        return tuple(self._department(place) for place in range(len(self.responsibility.departments)))

    def teams(self, department: str | None = None) -> tuple[MemberCard, ...]:
        """The sums of all teams, or of those of one department; `team` gives the card of one with its duties."""
        found = self.responsibility
        return tuple(
            self._team(place, brief=True)
            for place, team in enumerate(found.teams)
            if department in (None, found.departments[team.department].id)
        )

    def department(self, name: str) -> MemberCard:
        """The card of a department; CascadeError names those there are."""
        ids = [one.id for one in self.responsibility.departments]
        return self._department(_place(name, ids, Text("department", "подразделения")))

    def team(self, name: str) -> MemberCard:
        """The card of a team; CascadeError names those there are."""
        return self._team(_place(name, [one.id for one in self.responsibility.teams], Text("team", "команды")))

    def person(self, name: str) -> MemberCard:
        """The card of a person by employee_id, without what is not for the role; CascadeError where there is none."""
        found = self.responsibility
        place = next((at for at, person in enumerate(found.people) if person.id == name), None)
        if place is None:
            raise CascadeError(
                Text(
                    f"{name!r} is no employee whom the cascade reached at the end of {self.card.period}; "
                    "give an employee_id of that time, of a department in cascade.yaml",
                    f"«{name}»\u00a0— не\u00a0сотрудник, до\u00a0которого каскад дошёл на\u00a0конец "
                    f"{self.card.period}; укажите employee_id того времени из\u00a0подразделения в\u00a0cascade.yaml",
                )
            )
        person, team = found.people[place], found.teams[int(found.team_of[place])]
        department = found.departments[team.department]
        chain = [("person", person.id), ("team", team.id), ("department", department.id)]
        duties = self._duties(found.of_people[place], chain)
        seen = tuple(duty for duty in duties if self._sees(person, duty.kpi))
        shown = Text(person.name or person.id, person.name or person.id)
        sums = self._sums(found.of_people[place])
        return MemberCard("person", person.id, shown, team.name, 1, *sums, seen, len(duties) - len(seen))

    def role(self, name: str) -> MemberCard:
        """The KPIs that a role sees, whoever answers for them; CascadeError names the roles of the file."""
        roles = {role.id: role for role in self.definition.roles}
        if name not in roles:
            raise CascadeError(
                hinted(
                    f"cascade.yaml has no role {name!r}",
                    f"в\u00a0cascade.yaml нет роли «{name}»",
                    near(name, list(roles)),
                )
            )
        duties = [
            duty
            for column, kpi in enumerate(self.kpis)
            if roles[name].sees(self.shares.get(kpi.id, KpiShares(kpi.id, {})))
            and (duty := self._duty(column, kpi, 1.0, []))
        ]
        people = sum(person.role == name for person in self.responsibility.people)
        return MemberCard("role", name, Text(name, name), None, people, 0.0, 0.0, 0.0, tuple(duties))

    def _sees(self, person: Employee, kpi: str) -> bool:
        role = next((one for one in self.definition.roles if one.id == person.role), None)
        if role is None:
            role = RoleDefinition(person.role or "", "person")
        return not self.definition.roles or kpi not in self.shares or role.sees(self.shares[kpi])

    def _department(self, place: int) -> MemberCard:
        found = self.responsibility
        one = found.departments[place]
        inside = [at for at, team in enumerate(found.teams) if team.department == place]
        people = int(np.isin(found.team_of, inside).sum())
        shares = found.of_departments[place]
        duties = self._duties(shares, [("department", one.id)])
        return MemberCard("department", one.id, one.name, None, people, *self._sums(shares), duties)

    def _team(self, place: int, *, brief: bool = False) -> MemberCard:
        found = self.responsibility
        team, department = found.teams[place], found.departments[found.teams[place].department]
        people = int(self._heads[place])
        shares = found.of_teams[place]
        duties = () if brief else self._duties(shares, [("team", team.id), ("department", department.id)])
        return MemberCard("team", team.id, team.name, department.name, people, *self._sums(shares), duties)

    def _sums(self, shares: FloatArray) -> tuple[float, float, float]:
        """Weight, contribution and change of these shares, as far as they are known."""
        weight, contribution, change = (
            float(shares @ np.nan_to_num(numbers)) for numbers in (self.weights, self.contributions, self.changes)
        )
        return weight, contribution, change

    def _duties(self, shares: FloatArray, chain: Sequence[tuple[str, str]]) -> tuple[Duty, ...]:
        made = (self._duty(column, kpi, shares[column], chain) for column, kpi in enumerate(self.kpis))
        return tuple(duty for duty in made if duty)

    def _duty(self, column: int, kpi: KpiCard, share: float, chain: Sequence[tuple[str, str]]) -> Duty | None:
        """A duty of the member at the beginning of `chain`, whose later links are what it stands in; None without a share."""
        if share == 0:
            return None
        facts = {"department": self.facts.departments, "team": self.facts.teams, "person": self.facts.people}
        shares = self.shares.get(kpi.id)
        own = None if not chain else facts[chain[0][0]].get((kpi.id, chain[0][1]))
        fact = own or Fact(kpi.figure, kpi.n, kpi.too_few)
        targets = {} if shares is None else shares.targets
        given = next((targets[key] for _, key in chain if key in targets), None)
        target = kpi.target if given is None else given
        if own is not None and given is None and kpi.unit in _SUMS:
            target = None
        contribution, change = share * self.contributions[column], share * self.changes[column]
        return Duty(
            kpi.id,
            kpi.name,
            kpi.unit,
            float(share),
            float(share * self.weights[column]),
            float(contribution) if np.isfinite(contribution) else None,
            float(change) if np.isfinite(change) else None,
            fact,
            own is not None,
            target,
            kpi.state
            if own is None and given is None
            else state_against(fact.figure.value, target, kpi.direction, self.watch_band),
        )


def make_cascade(
    card: Scorecard,
    change: Change,
    definition: CascadeDefinition,
    responsibility: Responsibility,
    facts: Facts,
    watch_band: float,
) -> Cascade:
    """Join a card, its change and who answers for what. KPIs of the company's own stand in no composite and weigh 0."""
    cards = {kpi.id: kpi for one in card.perspectives for kpi in one.kpis} | {kpi.id: kpi for kpi in card.own}
    weights = dict.fromkeys(cards, 0.0)
    values = dict.fromkeys(cards, 0.0)
    for one in card.perspectives:
        for kpi in one.kpis:
            weights[kpi.id] = one.composite.weight / len(card.perspectives) * kpi.weight / len(one.kpis)
            values[kpi.id] = np.nan if kpi.scaled.value is None else weights[kpi.id] * kpi.scaled.value
    known = {driver.id: driver.total.value for _, drivers in change.of(INTEGRAL).below for driver in drivers}
    inside = {kpi.id for one in card.perspectives for kpi in one.kpis}
    changes = [_or_nan(known.get(kpi)) if kpi in inside else 0.0 for kpi in responsibility.kpis]
    return Cascade(
        card,
        change.before,
        definition,
        responsibility,
        tuple(cards[kpi] for kpi in responsibility.kpis),
        np.array([weights[kpi] for kpi in responsibility.kpis]),
        np.array([values[kpi] for kpi in responsibility.kpis]),
        np.array(changes),
        facts,
        watch_band,
    )


def _place(name: str, ids: Sequence[str], what: Text) -> int:
    if name not in ids:
        raise CascadeError(
            hinted(
                f"there is no {what.en} {name!r} in the cascade",
                f"в\u00a0каскаде нет {what.ru} «{name}»",
                near(name, ids),
            )
        )
    return ids.index(name)


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
