"""Pages of surveys."""

from django.http import HttpResponse
from django.shortcuts import render

from septima.web.common.access import MemberRequest, member


@member("view_surveys")
def overview(request: MemberRequest) -> HttpResponse:
    """The first page of the section."""
    return render(request, "surveys/overview.html")
