"""Mine and my department: KPIs that somebody answers for, by the cascade of the newest card, with what is to be done."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from septima.schema import SeptimaError
from septima.scorecard.cascade.reading import FILE as CASCADE
from septima.scorecard.cascade.result import CascadeError
from septima.scorecard.goals.reading import FILE as GOALS
from septima.web.accounts.models import Membership, Organisation
from septima.web.actions.days import today_of
from septima.web.actions.figures import cascade_is_kept, cascade_of, duties_of, kpis_of, people_of
from septima.web.actions.lists import counts, own_by, shown
from septima.web.actions.models import OPEN_STATES, Action
from septima.web.common.access import MemberRequest, member
from septima.web.common.language import current_language, error_text
from septima.web.common.workspaces import default_period, kept_card, open_workspace
from septima.web.customers.words import department_names
from septima.workspace import Workspace

FILL, WAIT = "fill", "wait"
_LISTED = 30


@member("view_own")
@never_cache
def mine(request: MemberRequest) -> HttpResponse:
    """What a person answers for: own KPIs, goals, and own actions with the days they are due."""
    membership = request.membership
    context: dict[str, Any] = {"tab": "mine", "administrators": _administrators(membership.organisation)}
    context |= _actions(Action.objects.filter(own_by(membership)), membership.organisation)
    return _with_card(request, "mine", context, _mine)


@member("view_department")
@never_cache
def department(request: MemberRequest) -> HttpResponse:
    """A department's part of the cascade, its people, and what is to be done in it: a head's own, or any by name."""
    membership = request.membership
    names = {
        one: text.in_language(current_language())
        for one, text in department_names(membership.organisation.directory).items()
    }
    chosen = request.GET.get("department") or membership.department or next(iter(names), "")
    context: dict[str, Any] = {
        "tab": "department",
        "names": names,
        "chosen": chosen,
        "chosen_name": names.get(chosen, chosen),
        "administrators": _administrators(membership.organisation),
    }
    context |= _actions(Action.objects.filter(department=chosen), membership.organisation)
    return _with_card(request, "department", context, _department)


def _with_card(request: MemberRequest, name: str, context: dict[str, Any], read: Any) -> HttpResponse:
    """The page with what `read` finds in the card; where no card is kept, the page is shown first and asks for it."""
    organisation = request.membership.organisation
    context["fill"] = _address(request, FILL)
    context["wait"] = _address(request, WAIT)
    asks_for_all = FILL in request.GET or WAIT in request.GET
    try:
        workspace = open_workspace(organisation)
        context["period"] = default_period(workspace).label.in_language(current_language())
        if asks_for_all or cascade_is_kept(organisation, workspace):
            context |= {"ready": True, **read(request.membership, workspace, context)}
    except SeptimaError as error:
        context |= {"ready": True, "trouble": _told(error, organisation)}
    part = f"actions/{name}_part.html"
    if FILL in request.GET:
        return render(request, part, context)
    return render(request, f"actions/{name}.html", {**context, "part": part})


def _mine(membership: Membership, workspace: Workspace, context: dict[str, Any]) -> dict[str, Any]:
    organisation = membership.organisation
    found = kept_card(organisation, workspace, default_period(workspace))
    kpis = kpis_of(found.card)
    names = {str(membership.user).casefold()}
    made: dict[str, Any] = {"kpis": kpis}
    if not (workspace.directory / CASCADE).exists():
        made["no_cascade"] = True
    elif membership.employee_id:
        cascade = cascade_of(workspace, found)
        employee = next((one for one in cascade.responsibility.people if one.id == membership.employee_id), None)
        if employee is not None:
            names |= {text.casefold() for text in (employee.name, employee.role) if text}
        try:
            card = cascade.person(membership.employee_id)
            made |= {"person": card, "duties": duties_of(card, kpis, found.card.currency)}
        except CascadeError:
            made["not_reached"] = True
    made["owned"] = [kpi for kpi in kpis.values() if kpi.owner.casefold() in names]
    if (workspace.directory / GOALS).exists():
        goals = workspace.goals(found.card).walk()
        made["goals"] = [one for one in goals if one.goal.owner and one.goal.owner.casefold() in names]
    return made


def _department(membership: Membership, workspace: Workspace, context: dict[str, Any]) -> dict[str, Any]:
    if not (workspace.directory / CASCADE).exists():
        return {"no_cascade": True}
    found = kept_card(membership.organisation, workspace, default_period(workspace))
    kpis, cascade = kpis_of(found.card), cascade_of(workspace, found)
    try:
        card = cascade.department(context["chosen"])
    except CascadeError:
        return {"unknown": True}
    duties = duties_of(card, kpis, found.card.currency)
    return {
        "card": card,
        "duties": duties,
        "behind": sum(one.state == "bad" for one in duties),
        "people": people_of(cascade, card.id),
        "teams": [(one, one.name.in_language(current_language())) for one in cascade.teams(card.id)],
    }


def _actions(found: Any, organisation: Organisation) -> dict[str, Any]:
    today = today_of(organisation)
    own = found.filter(organisation=organisation).select_related("owner__user", "organisation")
    todo = list(own.filter(state__in=OPEN_STATES).order_by("due_on", "pk")[:_LISTED])
    return {"actions": shown(todo, organisation, today), "counts": counts(own, today)}


def _administrators(organisation: Organisation) -> str:
    """Who can tie an account to an employee."""
    found = Membership.objects.filter(organisation=organisation, role="administrator", ended_at=None)
    return ", ".join(str(one.user) for one in found.select_related("user")[:3])


def _told(error: SeptimaError, organisation: Organisation) -> str:
    """The error's own words without the folder of the server."""
    folder = str(organisation.directory.absolute())
    return error_text(error).replace(f"{folder}/", "").replace(folder, organisation.name)


def _address(request: MemberRequest, name: str) -> str:
    given = request.GET.copy()
    given[name] = "1"
    return f"{request.path}?{given.urlencode()}"
