"""The paths that customers took from stage to stage of the journey."""

from dataclasses import replace

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from septima.chapters.journey import journey_answer
from septima.metrics import Period
from septima.report import study_fragment
from septima.schema import SeptimaError
from septima.scorecard.journey import FILE
from septima.web.common.access import MemberRequest, member
from septima.web.common.errors import cannot
from septima.web.common.language import current_language, error_text, say
from septima.web.common.workspaces import default_period, definitions_digest, kept, open_workspace
from septima.workspace import Workspace

_PERIODS_OFFERED = 8


@member("view_scorecard")
@require_GET
def overview(request: MemberRequest) -> HttpResponse:
    """The page of paths in a period; what takes long is fetched after it, or at once where `wait` is asked for."""
    try:
        workspace = open_workspace(request.membership.organisation)
        newest = default_period(workspace)
        period = workspace.period(request.GET.get("period") or newest)
    except SeptimaError as error:
        return cannot(request, say("The paths cannot be shown", "Пути не\u00a0показать"), error_text(error))
    context = {
        "period": period.id,
        "label": period.label.in_language(current_language()),
        "periods": [(one.id, one.label.in_language(current_language())) for one in _offered(newest)],
        "exists": (workspace.directory / FILE).exists(),
    }
    if context["exists"] and "wait" in request.GET:
        context |= _fragment(request, workspace, period)
    return render(request, "metrics/paths.html", context)


@member("view_scorecard")
@require_GET
def flow(request: MemberRequest, period: str) -> HttpResponse:
    """The drawing of a period and its tables, as a piece of the page."""
    organisation = request.membership.organisation
    if not request.htmx:
        return HttpResponseRedirect(f"{reverse('metrics:paths', args=(organisation.slug,))}?period={period}&wait=1")
    workspace = open_workspace(organisation)
    try:
        context = _fragment(request, workspace, workspace.period(period))
    except SeptimaError as error:
        context = {"error": error_text(error)}
    return render(request, "metrics/paths_part.html", context)


def _fragment(request: MemberRequest, workspace: Workspace, period: Period) -> dict[str, object]:
    language = current_language()
    organisation = request.membership.organisation.pk
    key = f"paths-{organisation}-{period.id}-{language}-{definitions_digest(workspace)}-{workspace.lake.version}"

    def make() -> str:
        study = journey_answer(workspace, period.id, language).study
        # The map itself stands in the section of the scorecard.
        return study_fragment([replace(study, sections=study.sections[1:])], language)

    try:
        return {"study": kept(key, make)}
    except SeptimaError as error:
        return {"error": error_text(error)}


def _offered(newest: Period) -> list[Period]:
    return [newest.shift(-back) for back in range(_PERIODS_OFFERED)]
