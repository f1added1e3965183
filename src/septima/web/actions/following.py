"""Lists of actions, and one action: beginning it, changing it, saying how it goes."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from septima.metrics.period import Period, PeriodError
from septima.schema import SeptimaError, Text
from septima.web.actions.days import today_of
from septima.web.actions.figures import known_kpis
from septima.web.actions.forms import ActionForm, NoteForm, StateForm, new_form_token, of_action
from septima.web.actions.keeping import begin, change, say_of
from septima.web.actions.lists import STATE_NAMES, counts, kpis_and_names, may_work_on, own_by, show, shown, visible
from septima.web.actions.models import OPEN_STATES, STATES, Action, Change, Note
from septima.web.actions.tasks import follow_up
from septima.web.common.access import MemberRequest, member
from septima.web.common.errors import cannot
from septima.web.common.language import current_language, error_text, say
from septima.web.common.paging import newest_first
from septima.web.common.permissions import allowed
from septima.web.common.workspaces import default_period, open_workspace
from septima.web.customers.words import department_names
from septima.workspace import Workspace

FIELD_NAMES = {
    "what": Text("What", "Что сделать"),
    "cause": Text("Cause", "Причина"),
    "owner": Text("Who answers", "Кто отвечает"),
    "employee_id": Text("Employee", "Сотрудник"),
    "department": Text("Department", "Подразделение"),
    "due_on": Text("Due", "Срок"),
    "state": Text("State", "Состояние"),
}
_SELECTIONS = ("todo", "overdue", *STATES, "all")


@member("view_own")
@never_cache
def actions(request: MemberRequest) -> HttpResponse:
    """All actions that one may see, newest first, by state, owner and KPI."""
    membership = request.membership
    today = today_of(membership.organisation)
    found = visible(membership)
    selected = request.GET.get("state", "todo")
    selected = selected if selected in _SELECTIONS else "todo"
    if selected == "todo":
        narrowed = found.filter(state__in=OPEN_STATES)
    elif selected == "overdue":
        narrowed = found.filter(state__in=OPEN_STATES, due_on__lt=today)
    else:
        narrowed = found if selected == "all" else found.filter(state=selected)
    if request.GET.get("mine"):
        narrowed = narrowed.filter(own_by(membership))
    for name in ("kpi", "department"):
        if request.GET.get(name):
            narrowed = narrowed.filter(**{name: request.GET[name]})
    page = newest_first(request, narrowed, size=50)
    names = department_names(membership.organisation.directory)
    context = {
        "tab": "actions",
        "pager": page,
        "rows": shown(page.rows, membership.organisation, today),
        "counts": counts(found, today),
        "selections": [(one, _selection(one), one == selected) for one in _SELECTIONS],
        "departments": [
            (
                one,
                names[one].in_language(current_language()) if one in names else one,
                one == request.GET.get("department"),
            )
            for one in found.exclude(department="")
            .order_by("department")
            .values_list("department", flat=True)
            .distinct()
        ],
        "only_mine": bool(request.GET.get("mine")),
        "kpi": request.GET.get("kpi", ""),
    }
    return render(request, "actions/actions.html", context)


@member("manage_actions")
@never_cache
def new(request: MemberRequest) -> HttpResponse:
    """Give a KPI an owner, a cause and a due day: `?kpi=customer_support/nps&period=2026-Q3`."""
    membership, organisation = request.membership, request.membership.organisation
    try:
        workspace = open_workspace(organisation)
        period = _period(workspace, request.POST.get("period") or request.GET.get("period", ""))
        paths = _paths(workspace)
        kpis = known_kpis(organisation)
    except SeptimaError as error:
        return cannot(request, say("No action can be begun", "Действие не\u00a0начать"), error_text(error))
    kpi = request.POST.get("kpi") or request.GET.get("kpi", "")
    context: dict[str, Any] = {
        "tab": "actions",
        "period": period.id,
        "period_label": period.label.in_language(current_language()),
    }
    if kpi not in paths:
        order = {"bad": 0, "watch": 1, "unknown": 2, "good": 3}
        context["kpis"] = sorted(kpis.values(), key=lambda one: order[one.state])
        context["paths"] = [] if kpis else sorted(paths)
        return render(request, "actions/choose_kpi.html", context, status=200 if not kpi else 404)
    form = ActionForm(
        request.POST or None,
        organisation=organisation,
        initial={**new_form_token(), "department": membership.department},
    )
    if request.method == "POST" and form.is_valid():
        token = form.cleaned_data["token"] or new_form_token()["token"]
        action = begin(organisation, request.user, kpi, period, form.wanted(), token, request.build_absolute_uri("/"))
        follow_up(action)
        messages.success(
            request, say("The action is begun, and will be followed.", "Действие начато, за\u00a0ним будут следить.")
        )
        return HttpResponseRedirect(reverse("actions:action", args=[organisation.slug, action.pk]))
    context |= {"form": form, "kpi": kpis.get(kpi), "path": kpi, "others": _others(request, kpi)}
    return render(request, "actions/new.html", context)


@member("view_own")
@never_cache
def action(request: MemberRequest, number: int) -> HttpResponse:
    """One action: how it goes, what was said of it, and all its changes."""
    membership = request.membership
    found = get_object_or_404(visible(membership), pk=number)
    works, manages = may_work_on(found, membership), allowed(membership.role, "manage_actions")
    kpis, kpi_names = kpis_and_names(membership.organisation)
    thread: list[tuple[datetime, str, Any]] = [
        (one.at, "note", one) for one in Note.objects.filter(action=found).select_related("user")
    ]
    thread += [(one.at, "change", _told(one)) for one in Change.objects.filter(action=found).select_related("user")]
    names = department_names(membership.organisation.directory)
    department = (
        names[found.department].in_language(current_language()) if found.department in names else found.department
    )
    context = {
        "tab": "actions",
        "one": show(found, kpis, today_of(membership.organisation), kpi_names),
        "period_label": _period(open_workspace(membership.organisation), found.period).label.in_language(
            current_language()
        ),
        "department": department,
        "works": works,
        "manages": manages,
        "state_form": StateForm(initial={"state": found.state}, may_drop=manages) if works else None,
        "note_form": NoteForm(initial=new_form_token()) if works else None,
        "thread": sorted(thread, key=lambda one: one[0]),
        "place": found.kpi.split("/") if "/" in found.kpi else None,
    }
    return render(request, "actions/action.html", context)


@member("manage_actions")
@never_cache
def edit(request: MemberRequest, number: int) -> HttpResponse:
    """Change what an action is, who answers and by when."""
    organisation = request.membership.organisation
    found = get_object_or_404(visible(request.membership), pk=number)
    form = ActionForm(request.POST or None, organisation=organisation, initial=of_action(found))
    if request.method == "POST" and form.is_valid():
        if change(found, request.user, vars(form.wanted())):
            follow_up(found)
        return HttpResponseRedirect(reverse("actions:action", args=[organisation.slug, found.pk]))
    return render(request, "actions/edit.html", {"tab": "actions", "form": form, "one": found})


@member("view_own")
@require_POST
def move(request: MemberRequest, number: int) -> HttpResponse:
    """Say how an action goes; whoever answers for it may, and who leads."""
    found = _to_work_on(request, number)
    form = StateForm(request.POST, may_drop=allowed(request.membership.role, "manage_actions"))
    if form.is_valid():
        if change(found, request.user, {"state": form.cleaned_data["state"]}):
            follow_up(found)
            messages.success(
                request, say("Noted; it can be changed back here.", "Записано; вернуть обратно можно здесь\u00a0же.")
            )
    else:
        messages.error(request, say("There is no such state.", "Такого состояния нет."))
    return HttpResponseRedirect(reverse("actions:action", args=[found.organisation.slug, found.pk]))


@member("view_own")
@require_POST
def note(request: MemberRequest, number: int) -> HttpResponse:
    """Say something of an action."""
    found = _to_work_on(request, number)
    form = NoteForm(request.POST)
    if form.is_valid():
        say_of(found, request.user, form.cleaned_data["text"], form.cleaned_data["token"])
    else:
        messages.error(request, say("Write something first.", "Сначала напишите что-нибудь."))
    return HttpResponseRedirect(reverse("actions:action", args=[found.organisation.slug, found.pk]) + "#thread")


def _to_work_on(request: MemberRequest, number: int) -> Action:
    found = get_object_or_404(visible(request.membership), pk=number)
    if not may_work_on(found, request.membership):
        raise PermissionDenied
    return found


def _told(one: Any) -> dict[str, Any]:
    """A change in words; values of the state are named."""
    language = current_language()
    before, after = one.before, one.after
    if one.field == "state":
        before, after = (STATE_NAMES[value].in_language(language) for value in (before, after))
    return {"user": one.user, "field": FIELD_NAMES[one.field].in_language(language), "before": before, "after": after}


def _paths(workspace: Workspace) -> set[str]:
    """The paths of all KPIs that the scorecard defines."""
    definition = workspace.definition
    inside = {f"{one.id}/{kpi.id}" for one in definition.perspectives for kpi in one.kpis}
    return inside | {f"own/{kpi.id}" for kpi in definition.own}


def _period(workspace: Workspace, text: str) -> Period:
    try:
        return workspace.settings.calendar.parse(text) if text else default_period(workspace)
    except PeriodError:
        return default_period(workspace)


def _others(request: MemberRequest, kpi: str) -> Any:
    """What is done about the KPI already."""
    membership = request.membership
    found = visible(membership).filter(kpi=kpi, state__in=OPEN_STATES).order_by("due_on")
    return shown(list(found[:10]), membership.organisation, today_of(membership.organisation))


def _selection(name: str) -> str:
    names = {"todo": say("To be done", "Предстоит"), "overdue": say("Overdue", "Просрочено"), "all": say("All", "Все")}
    return names.get(name) or STATE_NAMES[name].in_language(current_language()).capitalize()
