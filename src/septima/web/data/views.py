"""Pages of data."""

from django.http import HttpResponse
from django.shortcuts import render

from septima.web.common.access import MemberRequest, member


@member("view_data")
def overview(request: MemberRequest) -> HttpResponse:
    """The first page of the section."""
    return render(request, "data/overview.html")
