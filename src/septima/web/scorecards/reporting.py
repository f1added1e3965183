"""Reports on a card as files: asked for here, made by the background worker, kept and offered."""

from collections.abc import Iterable, Iterator
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
from septima.web.scorecards.cards import card_of
from septima.web.scorecards.models import CardWork
from septima.web.scorecards.work import ask_for_report, bury_lost

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
    bury_lost(asked.organisation)
    found = CardWork.objects.filter(organisation=asked.organisation, kind="report", choice=asked.choice.query)
    works = list(_shown(found[:60]))
    given = {**frame(asked), "works": works[:12], "waits": any(one.under_way for one in works), "forms": FORMS}
    partial = request.headers.get("HX-Target") == "works"
    return render(request, "scorecards/works.html" if partial else "scorecards/reports.html", given)


@member("view_scorecard")
def download(request: MemberRequest, pk: int) -> HttpResponse:
    """The file of a report that was made."""
    organisation = request.membership.organisation
    work = get_object_or_404(CardWork, pk=pk, organisation=organisation, kind="report")
    if not work.is_there:
        raise Http404
    note_event(organisation, request.user, "card.report_downloaded", work.choice.get("period", ""), form=work.form)
    name = f"{organisation.name} {work.choice.get('period', '')} {work.language}.{work.form}"
    answer = FileResponse(work.path.open("rb"), content_type=_KINDS[work.form])
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
    key = f"report-{form}-{asked.language}-{card.key}"
    ask_for_report(asked.organisation, key, asked.choice, asked.language, form, request.user)
    note_event(asked.organisation, request.user, "card.report_asked", asked.choice.period.id, form=form)
    back = reverse("scorecards:reports", kwargs={"organisation": asked.organisation.slug})
    return HttpResponseRedirect(f"{back}?{urlencode(asked.choice.query)}")


def _shown(works: Iterable[CardWork]) -> Iterator[CardWork]:
    """Those that are under way, have failed or are there; of files that were removed nothing is said."""
    for work in works:
        if work.under_way or work.state == "failed" or work.is_there:
            yield work
