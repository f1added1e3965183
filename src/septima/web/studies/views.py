"""Pages of models: what they find, while they compute and afterwards."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from septima.chapters.documents import studies_report
from septima.schema import SeptimaError
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.errors import cannot
from septima.web.common.exports import file_answer
from septima.web.common.language import current_language, error_text, say
from septima.web.common.workspaces import open_workspace
from septima.web.studies.kinds import KINDS, Kind
from septima.web.studies.running import kept_study, kind_of_work, run_model, standing
from septima.web.work.doing import cancel
from septima.web.work.models import Work
from septima.web.work.showing import progress_answer

_TYPES = {"pdf": "application/pdf", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
_ON_OVERVIEW = ("lifetime", "attribution", "loyalty")


@member("view_models")
@require_GET
def overview(request: MemberRequest) -> HttpResponse:
    """All models, with the day of their newest finding."""
    language = current_language()
    done = Work.objects.filter(organisation=request.membership.organisation, state="done")
    rows = [
        (
            kind,
            KINDS[kind].name.in_language(language),
            KINDS[kind].question.in_language(language),
            done.filter(kind=kind_of_work(KINDS[kind])).first(),
        )
        for kind in _ON_OVERVIEW
    ]
    return render(request, "studies/overview.html", {"rows": rows})


@member("view_models")
@require_http_methods(["GET", "POST"])
def study(request: MemberRequest, kind: str) -> HttpResponse:
    """A model with the options of the address; POST has it computed in the background."""
    if kind not in KINDS or kind == "experiment":
        raise Http404
    return _page(request, KINDS[kind], {}, reverse("studies:study", args=(request.membership.organisation.slug, kind)))


@member("view_models")
@require_http_methods(["GET", "POST"])
def experiment(request: MemberRequest, experiment: str) -> HttpResponse:
    """What an experiment brought."""
    address = reverse("studies:experiment", args=(request.membership.organisation.slug, experiment))
    return _page(request, KINDS["experiment"], {"experiment": experiment}, address)


@member("view_models")
@require_GET
def run(request: MemberRequest, pk: int) -> HttpResponse:
    """How far a run is, as a piece of a page."""
    return progress_answer(request, _own(request, pk))


@member("view_models")
@require_POST
def stop(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask a run to stop."""
    organisation, found = request.membership.organisation, _own(request, pk)
    if cancel(found):
        note_event(organisation, request.user, "model.stopped", found.kind, run=found.pk)
    back = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = reverse("studies:overview", args=(organisation.slug,))
    return HttpResponseRedirect(back)


@member("view_models")
@require_GET
def export(request: MemberRequest, pk: int, form: str) -> HttpResponse:
    """A finding as PDF or XLSX."""
    organisation = request.membership.organisation
    found = _own(request, pk)
    kept = kept_study(found, current_language())
    if form not in ("pdf", "xlsx"):
        raise Http404
    if kept is None:
        return cannot(
            request,
            say("This finding is no longer kept", "Этот результат больше не\u00a0хранится"),
            say("Open the model and have it computed again.", "Откройте модель и\u00a0запустите расчёт снова."),
        )
    try:
        content = studies_report(open_workspace(organisation), [kept.study], form, current_language())
    except SeptimaError as error:
        return cannot(request, say("The file cannot be made", "Файл не\u00a0создать"), error_text(error))
    note_event(organisation, request.user, "model.exported", found.kind, form=form)
    name = found.kind.removeprefix("studies.")
    return file_answer(f"{name}-{found.pk}.{form}", content, _TYPES[form])


def _page(request: MemberRequest, kind: Kind, given: dict[str, Any], address: str) -> HttpResponse:
    language, organisation = current_language(), request.membership.organisation
    form = kind.form.of(request.POST if request.method == "POST" else request.GET)
    context: dict[str, Any] = {
        "kind": kind.id,
        "name": given.get("experiment") or kind.name.in_language(language),
        "question": kind.question.in_language(language),
        "form": form,
        "address": address,
    }
    if not form.is_valid():
        return render(request, "studies/study.html", context, status=422)
    options = {**form.options(), **given}
    try:
        workspace = open_workspace(organisation)
    except SeptimaError as error:
        return cannot(request, say("The model cannot be shown", "Модель не\u00a0показать"), error_text(error))
    if request.method == "POST":
        begun = run_model(organisation, workspace, kind, options, request.user)
        note_event(organisation, request.user, "model.run", kind.id, run=begun.pk)
        query = request.POST.copy()
        query.pop("csrfmiddlewaretoken", None)
        here = f"{address}?{query.urlencode()}" if query else address
        if request.htmx:
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = here
            return answer
        return HttpResponseRedirect(here)
    stands = standing(organisation, workspace, kind, options, language)
    context |= {
        "stands": stands,
        "never": stands.run is None and stands.active is None and stands.ended is None,
    }
    return render(request, "studies/study.html", context)


def _own(request: MemberRequest, pk: int) -> Work:
    found = Work.objects.select_related("organisation").filter(kind__startswith="studies.")
    return get_object_or_404(found, organisation=request.membership.organisation, pk=pk)
