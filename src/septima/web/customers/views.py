"""Pages of customers."""

from django.http import HttpResponse
from django.shortcuts import render

from septima.web.common.access import MemberRequest, member


@member("view_customers")
def search(request: MemberRequest) -> HttpResponse:
    """The first page of the section."""
    return render(request, "customers/search.html")
