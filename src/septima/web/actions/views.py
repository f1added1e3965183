"""Pages of actions."""

from django.http import HttpResponse
from django.shortcuts import render

from septima.web.common.access import MemberRequest, member


@member("view_own")
def mine(request: MemberRequest) -> HttpResponse:
    """The first page of the section."""
    return render(request, "actions/mine.html")
