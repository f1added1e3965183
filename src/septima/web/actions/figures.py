"""What a card and its cascade say for lists of KPIs: figures as they are written, states, and who answers."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from septima.report.number_forms import number_style, plain
from septima.scorecard.card import KpiCard, Scorecard, State
from septima.scorecard.cascade.reading import FILE as CASCADE
from septima.scorecard.cascade.result import Cascade, Duty, MemberCard
from septima.scorecard.definition import OWN
from septima.web.accounts.models import Organisation
from septima.web.common.language import current_language, say
from septima.web.common.workspaces import KeptCard, default_period, is_kept, kept, kept_card, look_up, open_workspace
from septima.workspace import Workspace


@dataclass(frozen=True)
class KpiNow:
    """A KPI as a card has it: `path` leads to it, `perspective` and `kpi` are its parts."""

    path: str
    perspective: str
    kpi: str
    name: str
    place: str
    state: State
    value: str
    target: str
    change: str
    period: str
    period_label: str
    start: date
    owner: str


@dataclass(frozen=True)
class DutyNow:
    """A KPI that a member answers for: `share` of it, own figure and target; `own` false where the KPI's own stands there."""

    kpi: KpiNow
    share: str
    value: str
    target: str
    state: State
    own: bool


@dataclass(frozen=True)
class Person:
    """A person of a department: what they are, and how many of their own KPIs are behind."""

    id: str
    name: str
    role: str
    bad: int
    duties: int


def kpis_of(card: Scorecard) -> dict[str, KpiNow]:
    """The KPIs of a card by path, as they are written in the language of the request."""
    return {f"{place}/{kpi.id}": _now(card, place, name, kpi) for place, name, kpi in _all(card)}


def known_kpis(organisation: Organisation) -> dict[str, KpiNow]:
    """The KPIs of the newest card that is kept; empty where none is there at once."""
    workspace = open_workspace(organisation)
    period = default_period(workspace)
    if not is_kept(organisation, workspace, period):
        return {}
    return kpis_of(kept_card(organisation, workspace, period).card)


def kpi_names(workspace: Workspace) -> dict[str, str]:
    """What the KPIs of the scorecard's definition are called, by path, where no card tells it."""
    definition, catalogue, language = workspace.definition, workspace.catalogue, current_language()
    placed = [(one.id, kpi) for one in definition.perspectives for kpi in one.kpis]
    placed += [(OWN, kpi) for kpi in definition.own]
    return {
        f"{place}/{kpi.id}": (kpi.name or catalogue[kpi.metric].passport.name).in_language(language)
        for place, kpi in placed
    }


def cascade_is_kept(organisation: Organisation, workspace: Workspace) -> bool:
    """Whether the cascade of the newest card can be shown at once, or that there is none."""
    period = default_period(workspace)
    if not is_kept(organisation, workspace, period):
        return False
    if not (workspace.directory / CASCADE).exists():
        return True
    return look_up(_cascade_key(kept_card(organisation, workspace, period))) is not None


def cascade_of(workspace: Workspace, found: KeptCard) -> Cascade:
    """The cascade of a card, kept; DefinitionError where `cascade.yaml` is absent or wrong."""
    return kept(_cascade_key(found), lambda: workspace.cascade(found.card))


def duties_of(member: MemberCard, kpis: dict[str, KpiNow], currency: str | None) -> list[DutyNow]:
    """What a member answers for, what is behind first."""
    by_id = {one.kpi: one for one in kpis.values()}
    order: dict[State, int] = {"bad": 0, "watch": 1, "unknown": 2, "good": 3}
    found = [_duty(duty, by_id[duty.kpi], currency) for duty in member.duties if duty.kpi in by_id]
    return sorted(found, key=lambda one: order[one.state])


def people_of(cascade: Cascade, department: str) -> list[Person]:
    """The people of a department, those with most behind first."""
    found, people = cascade.responsibility, list[Person]()
    for place, one in enumerate(found.people):
        if found.departments[found.teams[int(found.team_of[place])].department].id != department:
            continue
        duties = [duty for duty in cascade.person(one.id).duties if duty.own]
        bad = sum(duty.state == "bad" for duty in duties)
        people.append(Person(one.id, one.name or one.id, one.role or "", bad, len(duties)))
    return sorted(people, key=lambda one: (-one.bad, one.name))


def _all(card: Scorecard) -> Iterator[tuple[str, str, KpiCard]]:
    language = current_language()
    for perspective in card.perspectives:
        for kpi in perspective.kpis:
            yield perspective.composite.id, perspective.composite.name.in_language(language), kpi
    for kpi in card.own:
        yield OWN, say("The company’s own KPIs", "Собственные показатели компании"), kpi


def _now(card: Scorecard, place: str, name: str, kpi: KpiCard) -> KpiNow:
    language = current_language()
    style = number_style(kpi.unit, kpi.figure, language, currency=card.currency, others=(kpi.target,))
    return KpiNow(
        path=f"{place}/{kpi.id}",
        perspective=place,
        kpi=kpi.id,
        name=kpi.name.in_language(language),
        place=name,
        state=kpi.state,
        value=style.value(kpi.figure.value),
        target=style.given(kpi.target),
        change=style.change(kpi.change),
        period=card.period,
        period_label=card.period_label.in_language(language),
        start=card.start,
        owner=kpi.owner or "",
    )


def _duty(duty: Duty, kpi: KpiNow, currency: str | None) -> DutyNow:
    language = current_language()
    style = number_style(duty.unit, duty.fact.figure, language, currency=currency, others=(duty.target,))
    share = plain(duty.share * 100, 0 if duty.share >= 0.1 else 1, language) + ("\u00a0%" if language == "ru" else "%")
    return DutyNow(kpi, share, style.value(duty.fact.figure.value), style.given(duty.target), duty.state, duty.own)


def _cascade_key(found: KeptCard) -> str:
    return f"{found.key}-{found.card.computed_at:%Y%m%d%H%M%S%f}-cascade"
