"""Reports on a card as files: asked for here, made by the background worker, kept and offered."""

from typing import cast

from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode

from septima.schema import SeptimaError
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.exports import attachment
from septima.web.common.workspaces import open_workspace
from septima.web.scorecards.asking import Asked, asks_for_a_card, frame, trouble_html
from septima.web.scorecards.background import REPORT, ask_for_report, report_is_there, report_path
from septima.web.scorecards.cards import card_of
from septima.web.work.doing import settle_all
from septima.web.work.models import Work

FORMS = ("pdf", "xlsx", "html")
_KINDS = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html; charset=utf-8",
}


@member("view_scorecard")
@asks_for_a_card
def reports(request: MemberRequest, asked: Asked) -> HttpResponse:
    """Reports on the card of the choice: those that are there, those in the making, and the form that asks for another."""
    if request.method == "POST":
        return _ask(request, asked)
    settle_all(asked.organisation)
    found = Work.objects.filter(organisation=asked.organisation, kind=REPORT, subject=asked.choice.key)
    # Of files that were removed nothing is said.
    works = [one for one in found[:60] if one.state != "done" or report_is_there(one)][:12]
    given = {**frame(asked), "works": works, "waits": any(one.is_active for one in works), "forms": FORMS}
    partial = request.headers.get("HX-Target") == "works"
    return render(request, "scorecards/works.html" if partial else "scorecards/reports.html", given)


@member("view_scorecard")
def download(request: MemberRequest, pk: int) -> HttpResponse:
    """The file of a report that was made."""
    organisation = request.membership.organisation
    work = get_object_or_404(Work.objects.filter(kind=REPORT), pk=pk, organisation=organisation)
    if not report_is_there(work):
        raise Http404
    form, period = work.options["form"], work.options["choice"]["period"]
    note_event(organisation, request.user, "card.report_downloaded", period, form=form)
    name = f"{organisation.name} {period} {work.language}.{form}"
    answer = FileResponse(report_path(work).open("rb"), content_type=_KINDS[form])
    answer["Content-Disposition"] = attachment(name)
    return cast("HttpResponse", answer)


def _ask(request: MemberRequest, asked: Asked) -> HttpResponse:
    form = request.POST.get("form", "")
    if form not in FORMS:
        raise Http404
    try:
        card = card_of(asked.organisation, open_workspace(asked.organisation), asked.choice)
    except SeptimaError as error:
        given = {**frame(asked), "content": trouble_html(asked, error)}
        return render(request, "scorecards/around.html", given, status=422)
    ask_for_report(asked.organisation, card.key, asked.choice, asked.language, form, request.user)
    note_event(asked.organisation, request.user, "card.report_asked", asked.choice.period.id, form=form)
    back = reverse("scorecards:reports", kwargs={"organisation": asked.organisation.slug})
    return HttpResponseRedirect(f"{back}?{urlencode(asked.choice.query)}")
