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
from septima.web.data.jobs import cancel_job, may_be_retried, retry_job, settle, settle_all, start_job
from septima.web.data.models import Job

_PAGE = 30
_RULES = {
    "exact_email": ("the same e-mail", "одна электронная почта"),
    "exact_phone": ("the same telephone", "один телефон"),
    "same_identifier": ("the same identifier", "один идентификатор"),
    "probabilistic": ("likeness", "сходство данных"),
    "by_hand": ("by hand", "вручную"),
}


@member("view_data")
def work(request: MemberRequest) -> HttpResponse:
    """Work that runs, waits and is done, newest first."""
    organisation = request.membership.organisation
    settle_all(organisation)
    found = Job.objects.filter(organisation=organisation).select_related("user", "upload")
    before = request.GET.get("before", "")
    jobs = list((found.filter(pk__lt=int(before)) if before.isdigit() else found)[: _PAGE + 1])
    further = jobs[_PAGE - 1].pk if len(jobs) > _PAGE else None
    context = {
        "jobs": [_line(job) for job in jobs[:_PAGE]],
        "active": any(not job.is_over for job in jobs),
        "token": secrets.token_hex(16),
        "pager": {"previous": "?" if before else "", "next": f"?before={further}" if further else ""},
        "directory": organisation.directory.name,
        "here": "work",
    }
    return render(request, "data/work.html", context)


@member("view_data")
def job(request: MemberRequest, pk: int) -> HttpResponse:
    """One piece of work: how far it is, or what came of it."""
    return render(request, "data/job.html", _job_page(request, pk))


@member("view_data")
def progress(request: MemberRequest, pk: int) -> HttpResponse:
    """What changes on that page while the work goes on."""
    return render(request, "data/job_body.html", _job_page(request, pk))


@member("load_data")
@require_POST
def cancel(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask work to stop."""
    found = _own(request, pk)
    if cancel_job(found):
        note_event(found.organisation, request.user, "job.cancelled", f"{found.kind} {found.subject}")
        messages.success(
            request,
            say("It stops at its next step.", "Работа остановится на\u00a0ближайшем шаге."),
        )
    return redirect("data:job", found.organisation.slug, pk)


@member("load_data")
@require_POST
def retry(request: MemberRequest, pk: int) -> HttpResponse:
    """Begin again what was interrupted, cancelled or failed; what was done already is not done twice."""
    found = settle(_own(request, pk))
    if found.kind == "identify" and not _may_identify(request, trial=bool(found.arguments.get("trial", True))):
        return _may_not(request)
    if not retry_job(found):
        messages.error(request, say("It cannot be begun again now.", "Сейчас начать её заново нельзя."))
    return redirect("data:job", found.organisation.slug, pk)


@member("load_data")
@require_POST
def compute(request: MemberRequest) -> HttpResponse:
    """Bring the recorded figures up to the data."""
    started = start_job(request.membership.organisation, request.user, "compute", once=_once(request))
    return redirect("data:job", request.membership.organisation.slug, started.pk)


@member("view_data")
@require_POST
def identify(request: MemberRequest) -> HttpResponse:
    """Look for duplicates of customers: as a trial by who loads data, recorded by who may merge customers."""
    trial = request.POST.get("record") != "1"
    if not _may_identify(request, trial=trial):
        return _may_not(request)
    arguments = {
        "trial": trial,
        "probabilistic": request.POST.get("probabilistic") == "1",
        "region": request.POST.get("region", "").strip().upper()[:2],
    }
    organisation = request.membership.organisation
    started = start_job(organisation, request.user, "identify", arguments=arguments, once=_once(request))
    note_event(organisation, request.user, "customers.identify_started", trial=trial)
    return redirect("data:job", organisation.slug, started.pk)


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


def _once(request: MemberRequest) -> str:
    """What the page gave to its button, so that pressing it twice is pressing it once."""
    given = request.POST.get("once", "")
    return f"button-{given}" if given.isalnum() and len(given) <= 40 else f"button-{secrets.token_hex(16)}"


def _own(request: MemberRequest, pk: int) -> Job:
    found = Job.objects.select_related("upload", "user", "organisation")
    return get_object_or_404(found, pk=pk, organisation=request.membership.organisation)


def _line(job: Job) -> dict[str, object]:
    language = current_language()
    percent = None if job.share is None else round(job.share * 100)
    return {
        "job": job,
        "title": job.title(language),
        "state": job.state_text(language),
        "mark": {"done": "good", "failed": "bad", "interrupted": "bad"}.get(job.state, "unknown"),
        "step": job.step(language),
        "percent": percent,
        "retry": may_be_retried(job),
    }


def _job_page(request: MemberRequest, pk: int) -> dict[str, object]:
    found = settle(_own(request, pk))
    language = current_language()
    tables = [
        {"name": name, "meaning": TABLES[name].meaning.in_language(language), **counts}
        for name, counts in found.result.get("tables", {}).items()
        if name in TABLES
    ]
    merged = [(say(*_RULES.get(rule, (rule, rule))), number) for rule, number in found.result.get("merged", {}).items()]
    following = None
    if found.kind in {"load", "mend"} and found.is_over:
        following = Job.objects.filter(organisation=found.organisation, kind="compute", pk__gt=found.pk).last()
    return {
        **_line(found),
        "tables": tables,
        "nothing_new": bool(tables) and not found.result.get("changed"),
        "quarantined": sum(int(str(table.get("quarantined", 0))) for table in tables),
        "merged": merged,
        "following": following,
        "token": secrets.token_hex(16),
        "here": "work",
    }
