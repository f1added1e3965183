"""The piece of a page that tells how far work is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from septima.web.work.doing import settle
from septima.web.work.models import Work


def progress_answer(request: HttpRequest, work: Work) -> HttpResponse:
    """How far work is, for the fragment `work/progress.html` that asks for it; once it is over, the page is told to load anew."""
    settle(work)
    answer = render(request, "work/progress.html", {"work": work})
    if not work.is_active:
        answer["HX-Refresh"] = "true"
    answer["Cache-Control"] = "no-store"
    return answer
