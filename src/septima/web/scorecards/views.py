"""The first page of an organisation: its card."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe

from septima.schema import SeptimaError
from septima.web.common.access import MemberRequest, member
from septima.web.common.workspaces import open_workspace
from septima.web.scorecards.asking import FILL, Asked, asks_for_a_card, frame, trouble_html
from septima.web.scorecards.background import ask_for_refresh
from septima.web.scorecards.first_page import ShownCard, kept_first_page
from septima.web.work.models import Work


@member("view_scorecard")
@asks_for_a_card
def card(request: MemberRequest, asked: Asked) -> HttpResponse:
    """The card of a period: at once where it is kept, be it that data have changed since; else as soon as it is made."""
    shown = asked.shown
    content = None
    if shown is None and asked.wants_all:
        try:
            shown = kept_first_page(
                asked.organisation, open_workspace(asked.organisation), asked.choice, asked.language
            )
        except SeptimaError as error:
            content = trouble_html(asked, error)
    work = _refresh(asked) if shown is not None and _is_behind(asked, shown) else None
    if work is not None and work.state == "done":
        shown, work = asked.shown, None
    if shown is not None:
        content = mark_safe(shown.html)  # noqa: S308 - drawn by us, texts escaped
    given = {**frame(asked, shown), "content": content, "shown": shown, "work": work}
    template = "scorecards/card_part.html" if FILL in request.GET else "scorecards/card.html"
    answer = render(request, template, given)
    answer["Cache-Control"] = "no-store" if FILL in request.GET else "private, no-cache"
    return answer


@member("view_scorecard")
@asks_for_a_card
def refreshing(request: MemberRequest, asked: Asked) -> HttpResponse:
    """Whether the card has been brought up to the data: the note that waits for it, or the wish to load the page anew."""
    shown = asked.shown
    if shown is not None and _is_behind(asked, shown):
        work = _refresh(asked)
        if work.is_active or work.state == "failed":
            return render(request, "scorecards/behind.html", {**frame(asked, shown), "shown": shown, "work": work})
    answer = HttpResponse()
    answer["HX-Refresh"] = "true"
    return answer


def _is_behind(asked: Asked, shown: ShownCard) -> bool:
    if shown.data_version != asked.now.version:
        return True
    return not shown.complete and shown.end <= asked.now.settings.calendar.today()


def _refresh(asked: Asked) -> Work:
    return ask_for_refresh(asked.organisation, asked.now, asked.choice, asked.language)
