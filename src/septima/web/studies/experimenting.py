"""Experiments: which there are, and putting customers into a new one."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from septima.metrics.experiment_assignment import arm_counts, experiment_names
from septima.metrics.experiment_design import read_design
from septima.report.number_forms import count
from septima.report.studies.study import percent
from septima.schema import SeptimaError
from septima.web.common.access import MemberRequest, member
from septima.web.common.errors import cannot
from septima.web.common.language import current_language, error_text, say
from septima.web.common.workspaces import kept, open_workspace
from septima.web.studies.assigning import ASSIGN, Preview, begin_assigning, preview
from septima.web.studies.forms import AssignmentForm
from septima.web.work.doing import begin_again, may_begin_again, settle
from septima.web.work.models import Work
from septima.web.work.showing import progress_answer
from septima.workspace import Workspace


@member("view_models")
@require_GET
def experiments(request: MemberRequest) -> HttpResponse:
    """The experiments that customers were assigned to, with the sizes of their arms."""
    organisation = request.membership.organisation
    try:
        workspace = open_workspace(organisation)
        key = f"experiments-{organisation.pk}-{workspace.lake.version}"
        rows = kept(key, lambda: _experiments(workspace))
    except SeptimaError as error:
        return cannot(
            request, say("The experiments cannot be shown", "Эксперименты не\u00a0показать"), error_text(error)
        )
    language = current_language()
    shown = [
        (
            name,
            [
                (arm, count(number, language), percent(number / sum(arms.values()), language).text)
                for arm, number in arms.items()
            ],
            planned,
        )
        for name, arms, planned in rows
    ]
    return render(request, "studies/experiments.html", {"rows": shown})


@member("assign_experiments")
@require_http_methods(["GET", "POST"])
def assignment(request: MemberRequest) -> HttpResponse:
    """The form of an assignment; POST shows what it would do, and with the field `sure` has it done."""
    form = AssignmentForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "studies/assignment.html", {"form": form}, status=422 if form.errors else 200)
    organisation, options = request.membership.organisation, form.cleaned_data
    try:
        shown = preview(open_workspace(organisation), options)
    except SeptimaError as error:
        form.add_error(None, error_text(error))
        return render(request, "studies/assignment.html", {"form": form}, status=422)
    if "sure" not in request.POST:
        return render(request, "studies/assignment.html", {"form": form, "preview": _shown(shown)})
    work = begin_assigning(organisation, options, request.user)
    return HttpResponseRedirect(reverse("studies:assigning", args=(organisation.slug, work.pk)))


@member("assign_experiments")
@require_http_methods(["GET", "POST"])
def assigning(request: MemberRequest, pk: int) -> HttpResponse:
    """How far an assignment is, and what came of it; POST begins one again that was not done."""
    organisation = request.membership.organisation
    work = settle(get_object_or_404(Work.objects.filter(kind=ASSIGN), organisation=organisation, pk=pk))
    if request.method == "POST":
        begin_again(work)
        return HttpResponseRedirect(reverse("studies:assigning", args=(organisation.slug, pk)))
    if request.htmx:
        return progress_answer(request, work)
    return render(request, "studies/assigning.html", {"work": work, "can_retry": may_begin_again(work)})


def _experiments(workspace: Workspace) -> list[tuple[str, dict[str, int], bool]]:
    request = workspace.request()
    return [
        (name, dict(arm_counts(request, name)), read_design(workspace.directory, name) is not None)
        for name in experiment_names(request)
    ]


def _shown(made: Preview) -> dict[str, Any]:
    """A preview in words."""
    language = current_language()
    whole = sum(arm.there + arm.added for arm in made.arms) or 1
    arms = [
        {
            **asdict(arm),
            "planned": percent(arm.planned, language, 2).text,
            "share": percent((arm.there + arm.added) / whole, language, 2).text,
        }
        for arm in made.arms
    ]
    return {"arms": arms, "added": made.added, "held_out": made.held_out, "experiment": made.design.experiment}
