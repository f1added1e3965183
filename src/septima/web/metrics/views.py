"""Pages of metrics."""

from django.http import HttpResponse
from django.shortcuts import render

from septima.web.common.access import MemberRequest, member


@member("view_scorecard")
def catalogue(request: MemberRequest) -> HttpResponse:
    """The first page of the section."""
    return render(request, "metrics/catalogue.html")
