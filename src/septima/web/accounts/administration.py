"""Administration of an organisation: people, invitations, tokens, audit log."""

from django.http import HttpResponse
from django.shortcuts import render

from septima.web.accounts.models import Membership
from septima.web.common.access import MemberRequest, member


@member("administer")
def people(request: MemberRequest) -> HttpResponse:
    """Members and their roles."""
    members = Membership.objects.filter(organisation=request.membership.organisation, ended_at=None)
    return render(request, "administration/people.html", {"members": members.select_related("user")})
