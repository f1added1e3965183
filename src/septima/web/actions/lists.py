"""Actions as lists show them: with their owner, whether they are overdue, and whether their KPI is well again."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from septima.schema import SeptimaError, Text
from septima.scorecard.card import State
from septima.web.accounts.models import Membership, Organisation
from septima.web.actions.figures import KpiNow, known_kpis, kpi_names
from septima.web.actions.models import OPEN_STATES, Action
from septima.web.common.language import current_language
from septima.web.common.permissions import allowed
from septima.web.common.workspaces import open_workspace

STATE_NAMES = {
    "open": Text("open", "открыто"),
    "in_progress": Text("in progress", "в\u00a0работе"),
    "done": Text("done", "сделано"),
    "dropped": Text("dropped", "отменено"),
}


@dataclass(frozen=True)
class Shown:
    """An action as it is shown. `kpi` is None where no card that is kept has it."""

    action: Action
    state: str
    owner: str
    overdue: bool
    kpi: KpiNow | None
    is_well_again: bool
    name: str = ""

    @property
    def kpi_name(self) -> str:
        """The KPI's name, or its path where nothing names it."""
        return self.kpi.name if self.kpi else self.name or self.action.kpi

    @property
    def kpi_state(self) -> State:
        """How the KPI is now."""
        return self.kpi.state if self.kpi else "unknown"


def visible(membership: Membership) -> QuerySet[Action]:
    """The actions that a member may see: all of the organisation's, or for whoever answers for oneself alone one's own."""
    found = Action.objects.filter(organisation=membership.organisation).select_related("owner__user", "organisation")
    if allowed(membership.role, "view_department"):
        return found
    return found.filter(own_by(membership))


def own_by(membership: Membership) -> Q:
    """Which actions are a member's own."""
    own = Q(owner=membership)
    if membership.employee_id:
        own |= Q(owner=None, employee_id=membership.employee_id)
    return own


def is_own(action: Action, membership: Membership) -> bool:
    """Whether an action is a member's own."""
    if action.owner is not None:
        return action.owner == membership
    return bool(action.employee_id) and action.employee_id == membership.employee_id


def may_work_on(action: Action, membership: Membership) -> bool:
    """Whether a member may write notes on an action and say how it goes: who leads, and whose own it is."""
    return allowed(membership.role, "manage_actions") or is_own(action, membership)


def shown(actions: list[Action], organisation: Organisation, today: date) -> list[Shown]:
    """Actions with what the newest kept card says of their KPIs."""
    kpis, names = kpis_and_names(organisation) if actions else ({}, {})
    return [show(action, kpis, today, names) for action in actions]


def kpis_and_names(organisation: Organisation) -> tuple[dict[str, KpiNow], dict[str, str]]:
    """What the newest kept card says of KPIs; where none is kept, what they are called."""
    try:
        kpis = known_kpis(organisation)
        return kpis, {} if kpis else kpi_names(open_workspace(organisation))
    except SeptimaError:
        return {}, {}


def show(action: Action, kpis: dict[str, KpiNow], today: date, names: dict[str, str] | None = None) -> Shown:
    """One action."""
    kpi = kpis.get(action.kpi)
    well = kpi is not None and action.is_open and kpi.state == "good" and kpi.start > action.period_start
    return Shown(
        action,
        STATE_NAMES[action.state].in_language(current_language()),
        str(action.owner.user) if action.owner else action.employee_id,
        action.is_overdue(today),
        kpi,
        well,
        (names or {}).get(action.kpi, ""),
    )


def counts(actions: QuerySet[Action], today: date) -> dict[str, int]:
    """How many are to be done, and how many of them are overdue."""
    todo = actions.filter(state__in=OPEN_STATES)
    return {"open": todo.count(), "overdue": todo.filter(due_on__lt=today).count()}
