"""The hosts that links of an organisation may lead to."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from septima.web.common.access import MemberRequest, member
from septima.web.common.language import say
from septima.web.common.permissions import allowed
from septima.web.tracking.forms import HostForm
from septima.web.tracking.making import allow_host, forbid_host
from septima.web.tracking.models import TargetHost

_MOST_HOSTS = 200


@member("view_links")
def hosts(request: MemberRequest) -> HttpResponse:
    """The hosts; an administrator allows another one."""
    organisation, form = request.membership.organisation, HostForm()
    rules = TargetHost.objects.filter(organisation=organisation)
    status = 200
    if request.method == "POST":
        status, form = 422, HostForm(request.POST)
        if not allowed(request.membership.role, "administer"):
            form.add_error(None, say("Administrators allow hosts.", "Домены разрешают администраторы."))
            status = 403
        elif form.is_valid() and rules.count() >= _MOST_HOSTS:
            form.add_error(None, say("Take a host away first.", "Сначала уберите какой-нибудь домен."))
        elif form.is_valid():
            given = form.cleaned_data
            allow_host(organisation, request.user, given["host"], subdomains=given["subdomains"])
            return redirect("tracking:hosts", organisation.slug)
    return render(request, "tracking/hosts.html", {"form": form, "rules": rules}, status=status)


@member("administer")
@require_POST
def forbid(request: MemberRequest, pk: int) -> HttpResponse:
    """Let links lead to a host no more."""
    organisation = request.membership.organisation
    rule = get_object_or_404(TargetHost, organisation=organisation, pk=pk)
    forbid_host(rule, request.user)
    messages.success(
        request,
        say(
            f"Links lead to {rule.host} no more. Allow it again, and they do.",
            f"Ссылки больше не\u00a0ведут на\u00a0{rule.host}. Разрешите его снова\u00a0— и\u00a0они заработают.",
        ),
    )
    return redirect("tracking:hosts", organisation.slug)
