"""Subscribing to metrics and to the scorecard, and ending it."""

from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from septima.schema import SeptimaError
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.errors import not_found
from septima.web.common.language import current_language, say
from septima.web.common.workspaces import open_workspace
from septima.web.metrics.digests import subscription_of
from septima.web.metrics.models import CARD, Subscription


class SubscriptionForm(forms.ModelForm):
    """How often, and as what."""

    class Meta:
        """What a person chooses."""

        model = Subscription
        fields = ("grain", "form")


@member("view_scorecard")
@require_http_methods(["GET", "POST"])
def subscriptions(request: MemberRequest) -> HttpResponse:
    """Own subscriptions; POST adds one to the metric that its field `metric` names, or to the whole card."""
    organisation = request.membership.organisation
    form = SubscriptionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        metric = request.POST.get("metric", CARD)
        if metric != CARD and metric not in open_workspace(organisation).catalogue:
            return not_found(request, Exception())
        _subscribe(request, metric, form)
        return HttpResponseRedirect(reverse("metrics:subscriptions", args=(organisation.slug,)))
    found = list(Subscription.objects.filter(organisation=organisation, user=request.user, ended_at=None))
    names = _names(request)
    rows = [(one, names.get(one.metric, one.metric)) for one in found]
    return render(request, "metrics/subscriptions.html", {"rows": rows, "form": form, "card": CARD})


@member("view_scorecard")
@require_POST
def end(request: MemberRequest, pk: int) -> HttpResponse:
    """End an own subscription."""
    organisation = request.membership.organisation
    found = get_object_or_404(Subscription, organisation=organisation, user=request.user, pk=pk)
    _end(found)
    note_event(organisation, request.user, "subscription.ended", found.metric)
    messages.success(request, say("You will get no more of these letters.", "Эти письма больше не будут приходить."))
    return HttpResponseRedirect(reverse("metrics:subscriptions", args=(organisation.slug,)))


@csrf_exempt  # mail programs end a subscription by a POST of their own (RFC 8058); the signature is the proof
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """The page of the link in a letter: asks, and on POST ends the subscription, without signing in."""
    found = subscription_of(token)
    if found is None:
        return not_found(request, Exception())
    if request.method == "POST" and found.ended_at is None:
        _end(found)
        note_event(found.organisation, found.user, "subscription.ended", found.metric)
    return render(request, "metrics/unsubscribe.html", {"subscription": found, "of": found.organisation.name})


def _subscribe(request: MemberRequest, metric: str, form: SubscriptionForm) -> None:
    organisation = request.membership.organisation
    wanted = form.save(commit=False)
    wanted.organisation, wanted.user, wanted.metric = organisation, request.user, metric
    wanted.site = request.build_absolute_uri("/")
    try:
        with transaction.atomic():
            wanted.save()
        note_event(organisation, request.user, "subscription.begun", metric, grain=wanted.grain)
    except IntegrityError:
        # It is there already: what was chosen now is what counts.
        same = Subscription.objects.filter(
            organisation=organisation, user=request.user, metric=metric, grain=wanted.grain, ended_at=None
        )
        same.update(form=wanted.form, site=wanted.site)
    messages.success(
        request,
        say(
            "You are subscribed. The first letter comes when the period is over.",
            "Подписка оформлена. Первое письмо придёт, когда закончится период.",
        ),
    )


def _end(subscription: Subscription) -> None:
    Subscription.objects.filter(pk=subscription.pk, ended_at=None).update(ended_at=timezone.now())
    subscription.refresh_from_db()


def _names(request: MemberRequest) -> dict[str, str]:
    """What metrics are called, and the whole card."""
    names = {CARD: say("The whole scorecard", "Вся карта показателей")}
    try:
        known = open_workspace(request.membership.organisation).catalogue
    except SeptimaError:
        return names
    return names | {name: one.passport.name.in_language(current_language()) for name, one in known.items()}
