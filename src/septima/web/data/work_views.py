"""Pages of background work: what runs, waits and is done, and what can be begun."""

import secrets

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from septima.schema import TABLES
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.errors import cannot
from septima.web.common.language import current_language, say
from septima.web.common.permissions import allowed
from septima.web.data.asking import COMPUTE, IDENTIFY, LOAD, MEND, key_of_button, upload_of
from septima.web.work.doing import begin, begin_again, may_begin_again, settle, settle_all
from septima.web.work.doing import cancel as cancel_work
from septima.web.work.kinds import kind_of
from septima.web.work.models import Work
from septima.web.work.showing import progress_answer

_PAGE = 30
_RULES = {
    "exact_email": ("the same e-mail", "одна электронная почта"),
    "exact_phone": ("the same telephone", "один телефон"),
    "same_identifier": ("the same identifier", "один идентификатор"),
    "probabilistic": ("likeness", "сходство данных"),
    "by_hand": ("by hand", "вручную"),
}


@member("view_data")
def works(request: MemberRequest) -> HttpResponse:
    """Work that runs, waits and is done, newest first."""
    organisation = request.membership.organisation
    settle_all(organisation)
    found = Work.objects.filter(organisation=organisation, kind__startswith="data.").select_related("who")
    before = request.GET.get("before", "")
    shown = list((found.filter(pk__lt=int(before)) if before.isdecimal() else found)[: _PAGE + 1])
    further = shown[_PAGE - 1].pk if len(shown) > _PAGE else None
    context = {
        "works": [(one, _title(one), _subject(one)) for one in shown[:_PAGE]],
        "active": any(one.is_active for one in shown),
        "token": secrets.token_hex(16),
        "pager": {"previous": "?" if before else "", "next": f"?before={further}" if further else ""},
        "directory": organisation.directory.name,
        "here": "work",
    }
    return render(request, "data/works.html", context)


@member("view_data")
def work(request: MemberRequest, pk: int) -> HttpResponse:
    """One piece of work: how far it is, or what came of it."""
    found = settle(_own(request, pk))
    upload = upload_of(found)
    tables = [
        {"name": name, "meaning": TABLES[name].meaning.in_language(current_language()), **counts}
        for name, counts in found.result.get("tables", {}).items()
        if name in TABLES
    ]
    following = None
    if found.kind in {LOAD, MEND} and not found.is_active:
        following = Work.objects.filter(organisation=found.organisation, kind=COMPUTE, pk__gt=found.pk).last()
    context = {
        "work": found,
        "title": _title(found),
        "subject": _subject(found),
        "upload": upload,
        # A file that its person finished or discarded meanwhile is taken up no more.
        "retry": may_begin_again(found) and (found.is_active or upload is None or upload.state == "mapping"),
        "tables": tables,
        "nothing_new": bool(tables) and not found.result.get("changed"),
        "quarantined": sum(int(table.get("quarantined", 0)) for table in tables),
        "merged": [(say(*_RULES.get(rule, (rule, rule))), n) for rule, n in found.result.get("merged", {}).items()],
        "no_card": say(*found.result["card"]) if "card" in found.result else "",
        "following": following,
        "token": secrets.token_hex(16),
        "here": "work",
    }
    return render(request, "data/work.html", context)


@member("view_data")
def progress(request: MemberRequest, pk: int) -> HttpResponse:
    """How far work is."""
    return progress_answer(request, _own(request, pk))


@member("load_data")
@require_POST
def cancel(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask work to stop."""
    found = _own(request, pk)
    if cancel_work(found):
        note_event(found.organisation, request.user, "work.cancelled", f"{found.kind} {found.subject}")
        messages.success(
            request,
            say("It stops at its next step.", "Работа остановится на\u00a0ближайшем шаге."),
        )
    return redirect("data:work", found.organisation.slug, pk)


@member("load_data")
@require_POST
def retry(request: MemberRequest, pk: int) -> HttpResponse:
    """Begin again what was lost, cancelled or failed; what was done already is not done twice."""
    found = settle(_own(request, pk))
    if found.kind == IDENTIFY and not _may_identify(request, trial=bool(found.options.get("trial", True))):
        return _may_not(request)
    if not begin_again(found):
        messages.error(request, say("It cannot be begun again now.", "Сейчас начать её заново нельзя."))
    return redirect("data:work", found.organisation.slug, pk)


@member("load_data")
@require_POST
def compute(request: MemberRequest) -> HttpResponse:
    """Bring the recorded figures up to the data."""
    organisation = request.membership.organisation
    begun = begin(organisation, COMPUTE, key_of_button(request), who=request.user, once=True)
    return redirect("data:work", organisation.slug, begun.pk)


@member("view_data")
@require_POST
def identify(request: MemberRequest) -> HttpResponse:
    """Look for duplicates of customers: as a trial by who loads data, recorded by who may merge customers."""
    trial = request.POST.get("record") != "1"
    if not _may_identify(request, trial=trial):
        return _may_not(request)
    options = {
        "trial": trial,
        "probabilistic": request.POST.get("probabilistic") == "1",
        "region": request.POST.get("region", "").strip().upper()[:2],
    }
    organisation = request.membership.organisation
    begun = begin(organisation, IDENTIFY, key_of_button(request), who=request.user, options=options, once=True)
    note_event(organisation, request.user, "customers.identify_started", trial=trial)
    return redirect("data:work", organisation.slug, begun.pk)


def _may_identify(request: MemberRequest, *, trial: bool) -> bool:
    role = request.membership.role
    return allowed(role, "merge_customers") or (trial and allowed(role, "load_data"))


def _may_not(request: MemberRequest) -> HttpResponse:
    return cannot(
        request,
        say("Your role does not merge customers", "Ваша роль не\u00a0объединяет клиентов"),
        say("Ask a CRM leader or an analyst for it.", "Попросите об\u00a0этом руководителя CRM или аналитика."),
        status=403,
    )


def _own(request: MemberRequest, pk: int) -> Work:
    found = Work.objects.select_related("who", "organisation").filter(kind__startswith="data.")
    return get_object_or_404(found, pk=pk, organisation=request.membership.organisation)


def _title(work: Work) -> str:
    return kind_of(work).name.in_language(current_language())


def _subject(work: Work) -> str:
    """What work is on, such as a file; of the quarantine it is a reason by its code, which says nothing to a person."""
    return "" if work.kind == MEND else work.subject
