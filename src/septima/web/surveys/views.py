"""Pages of surveys: the list, and the life of one."""

from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from septima.schema import SeptimaError, Text
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.language import current_language, error_text, say
from septima.web.common.paging import newest_first
from septima.web.common.workspaces import open_workspace
from septima.web.surveys import lifecycle
from septima.web.surveys.forms import StartForm
from septima.web.surveys.instruments import INSTRUMENTS
from septima.web.surveys.models import Response, Survey
from septima.web.surveys.results import rates_of

STATES: dict[str, Text] = {
    "draft": Text("draft", "черновик"),
    "waiting": Text("opens later", "откроется позже"),
    "open": Text("open", "открыт"),
    "closed": Text("closed", "закрыт"),
    "archived": Text("archived", "в\u00a0архиве"),
}
_DONE: dict[str, Text] = {
    "open": Text("The survey is open.", "Опрос открыт."),
    "close": Text("The survey is closed; it can be opened again.", "Опрос закрыт; его можно открыть снова."),
    "archive": Text("The survey is in the archive.", "Опрос в\u00a0архиве."),
    "restore": Text("The survey is back.", "Опрос возвращён."),
    "end_links": Text(
        "All links given out so far have stopped working.", "Все выданные ссылки больше не\u00a0работают."
    ),
}


@member("view_surveys")
def overview(request: MemberRequest) -> HttpResponse:
    """The surveys of the organisation, newest first."""
    archived = "archived" in request.GET
    own = Survey.objects.filter(organisation=request.membership.organisation, archived_at__isnull=not archived)
    page = newest_first(request, own)
    rates = rates_of(page.rows)
    rows = [{"survey": survey, "rate": rates[survey.pk], **words_of(survey)} for survey in page.rows]
    return render(request, "surveys/overview.html", {"rows": rows, "pager": page, "archived": archived})


@member("build_surveys")
def start(request: MemberRequest) -> HttpResponse:
    """Choose what to ask."""
    form = StartForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        organisation = request.membership.organisation
        try:
            survey = lifecycle.begin(organisation, open_workspace(organisation), request.user, **form.cleaned_data)
        except SeptimaError as error:
            form.add_error(None, error_text(error))
        else:
            note_event(
                organisation, request.user, "survey.made", survey.name, survey=survey.pk, instrument=survey.instrument
            )
            return to(request, "surveys:survey", survey.pk)
    language = current_language()
    uses = {key: one.use.in_language(language) for key, one in INSTRUMENTS.items()}
    choices = [(choice, uses[choice.data["value"]]) for choice in cast("Any", form["instrument"])]
    return render(request, "surveys/start.html", {"form": form, "choices": choices})


@member("build_surveys")
@require_POST
def change_state(request: MemberRequest, pk: int) -> HttpResponse:
    """Open, close, archive, take back, end links, copy or drop a survey."""
    survey = own_survey(request, pk)
    wanted, organisation = request.POST.get("change", ""), request.membership.organisation
    if wanted in ("copy", "version"):
        new = lifecycle.copied(survey, request.user, as_version=wanted == "version")
        note_event(organisation, request.user, "survey.copied", new.name, survey=new.pk, of=survey.pk)
        messages.success(request, say("This is the copy, a draft.", "Это копия, пока черновик."))
        return to(request, "surveys:survey", new.pk)
    if wanted == "drop" and survey.state == "draft" and not Response.objects.filter(survey=survey).exists():
        note_event(organisation, request.user, "survey.dropped", survey.name, survey=survey.pk)
        survey.delete()
        messages.success(request, say("The draft is gone.", "Черновик удалён."))
        return to(request, "surveys:overview")
    if wanted not in lifecycle.CHANGES:
        raise Http404
    try:
        lifecycle.CHANGES[wanted](survey)
    except lifecycle.LifecycleError as error:
        messages.error(request, error_text(error))
    else:
        survey.save(update_fields=["state", "archived_at", "link_version"])
        note_event(organisation, request.user, f"survey.{wanted}", survey.name, survey=survey.pk)
        messages.success(request, _DONE[wanted].in_language(current_language()))
    return to(request, "surveys:survey", survey.pk)


def own_survey(request: MemberRequest, pk: int) -> Survey:
    """A survey of the person's organisation; 404 where it is another's or there is none."""
    found = Survey.objects.select_related("organisation", "previous")
    survey = found.filter(pk=pk, organisation=request.membership.organisation).first()
    if survey is None:
        raise Http404
    return survey


def words_of(survey: Survey) -> dict[str, str]:
    """The state and the instrument of a survey in words."""
    language = current_language()
    return {
        "state": survey.shown_state,
        "state_words": STATES[survey.shown_state].in_language(language),
        "instrument_words": INSTRUMENTS[survey.instrument].name.in_language(language),
    }


def page_of(
    request: MemberRequest, template: str, survey: Survey, values: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """A page about one survey."""
    return render(request, template, {"survey": survey, **words_of(survey), **values}, status=status)


def to(request: HttpRequest, view: str, *arguments: object) -> HttpResponseRedirect:
    """Onwards to a view of this organisation."""
    slug = request.resolver_match.kwargs["organisation"]  # pyright: ignore[reportOptionalMemberAccess]
    return HttpResponseRedirect(reverse(view, args=(slug, *arguments)))
