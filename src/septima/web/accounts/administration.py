"""Administration of an organisation: people, invitations, the organisation itself and the audit log."""

import logging
from pathlib import Path
from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from septima.schema import LANGUAGES, SeptimaError, Text
from septima.scorecard.starter import Trade
from septima.web.accounts.audit import note_event
from septima.web.accounts.log_words import log_ways, log_word
from septima.web.accounts.models import (
    INVITATION_LASTS,
    ROLE_CHOICES,
    AuditEvent,
    Invitation,
    Membership,
    Organisation,
    new_token,
    token_hash,
)
from septima.web.common.access import MemberRequest, member
from septima.web.common.exports import csv_answer
from septima.web.common.language import current_language, error_text, said_later, say
from septima.web.common.numerals import whole_number
from septima.web.common.paging import newest_first
from septima.web.site import free_slug
from septima.workspace import Workspace

_LOG = logging.getLogger(__name__)
_LAST_ADMINISTRATOR = said_later(
    "An organisation keeps one administrator at least; make somebody else one first.",
    "В организации остаётся хотя бы один администратор; сначала назначьте другого.",
)


_TRADES: dict[Trade, Text] = {
    "general": Text("Any trade", "Любая отрасль"),
    "online_shop": Text("Online shop", "Интернет-магазин"),
    "retail_chain": Text("Retail chain", "Розничная сеть"),
    "b2b_services": Text("Services for business", "Услуги для бизнеса"),
    "bank_telecom": Text("Bank or telecom", "Банк или связь"),
    "public_service": Text("Public service", "Государственные услуги"),
}


class InvitationForm(forms.ModelForm):
    """Whom to invite, as what."""

    role = forms.ChoiceField(
        label=said_later("Role", "Роль"), choices=[("", said_later("choose a role", "выберите роль")), *ROLE_CHOICES]
    )

    class Meta:
        """An invitation's own fields."""

        model = Invitation
        fields = ("email", "role", "employee_id", "department")


class MembershipForm(forms.ModelForm):
    """What a member is."""

    class Meta:
        """The role, and who an employee is in the data."""

        model = Membership
        fields = ("role", "employee_id", "department")


class OrganisationForm(forms.ModelForm):
    """The organisation's name, and whether everyone needs a second factor."""

    class Meta:
        """Its own fields."""

        model = Organisation
        fields = ("name", "requires_second_factor")


class NewOrganisationForm(forms.Form):
    """An organisation to be added, with an empty workspace."""

    name = forms.CharField(label=said_later("Name", "Название"), max_length=200)
    currency = forms.RegexField(
        r"^[A-Z]{3}$",
        label=said_later("Currency", "Валюта"),
        initial="RUB",
        help_text=said_later("Three letters, such as RUB or EUR.", "Три буквы, например RUB или EUR."),
    )
    language = forms.ChoiceField(
        label=said_later("Language of its reports", "Язык отчётов"),
        choices=[(code, {"en": "English", "ru": "Русский"}[code]) for code in LANGUAGES],
    )
    trade = forms.ChoiceField(
        label=said_later("Trade, for the first scorecard", "Отрасль, для первой карты"),
        choices=[(trade, said_later(name.en, name.ru)) for trade, name in _TRADES.items()],
    )


@member("administer")
def people(request: MemberRequest) -> HttpResponse:
    """Members, open invitations, and the form that invites."""
    organisation = request.membership.organisation
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _invite(request, form)
    return render(request, "administration/people.html", _people(organisation, form))


def _people(organisation: Organisation, form: forms.Form | forms.ModelForm) -> dict[str, Any]:
    second_factor = Exists(Authenticator.objects.filter(user=OuterRef("user")))
    members = Membership.objects.filter(organisation=organisation, ended_at=None).select_related("user")
    waiting = Invitation.objects.filter(organisation=organisation, accepted_at=None, withdrawn_at=None)
    return {
        "members": members.annotate(second_factor=second_factor).order_by("user__name", "user__email"),
        "invitations": waiting.order_by("-created_at"),
        "form": form,
    }


def _invite(request: MemberRequest, form: InvitationForm) -> HttpResponse:
    organisation = request.membership.organisation
    email = form.cleaned_data["email"].lower()
    if Membership.objects.filter(organisation=organisation, user__email=email, ended_at=None).exists():
        form.add_error("email", say("This person is a member already.", "Этот человек уже в организации."))
        return render(request, "administration/people.html", _people(organisation, form), status=422)
    token = new_token("invitation")
    with transaction.atomic():
        # An address has one open invitation, the newest.
        older = Invitation.objects.filter(organisation=organisation, email=email, accepted_at=None, withdrawn_at=None)
        older.update(withdrawn_at=timezone.now())
        invitation = form.save(commit=False)
        invitation.organisation, invitation.email = organisation, email
        invitation.token_hash, invitation.invited_by = token_hash(token), request.user
        invitation.expires_at = timezone.now() + INVITATION_LASTS
        invitation.save()
        note_event(organisation, request.user, "invitation.sent", invitation.role)
    link = request.build_absolute_uri(reverse("accept_invitation", args=(token,)))
    context = {**_people(organisation, InvitationForm()), "link": link, "sent": _send(request, email, link)}
    return render(request, "administration/people.html", context)


def _send(request: MemberRequest, email: str, link: str) -> bool:
    """Send the letter of an invitation; whether it went."""
    # A name of several lines may not break out of the subject's line.
    name = " ".join(request.membership.organisation.name.split())
    subject = say("Invitation to {name}", "Приглашение в {name}").format(name=name)
    text = say(
        "{by} invites you to {name} in Septima. Open this address within seven days:\n\n{link}\n",
        "{by} приглашает вас в {name} в Септиме. Откройте этот адрес в течение семи дней:\n\n{link}\n",
    ).format(by=request.user, name=name, link=link)
    try:
        send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [email])
    except OSError as error:  # of SMTP and of the network alike; its text may hold the address
        _LOG.error("the letter of an invitation could not be sent: %s", type(error).__name__)
        return False
    return True


def _member(request: MemberRequest, pk: int) -> Membership:
    found = Membership.objects.select_related("user").filter(organisation=request.membership.organisation)
    return get_object_or_404(found, pk=pk, ended_at=None)


def _is_last_administrator(one: Membership) -> bool:
    others = Membership.objects.select_for_update().filter(
        organisation=one.organisation, role="administrator", ended_at=None
    )
    return one.role == "administrator" and not others.exclude(pk=one.pk).exists()


@member("administer")
def change_member(request: MemberRequest, pk: int) -> HttpResponse:
    """Change what a member is."""
    with transaction.atomic():
        one = _member(request, pk)
        was, last = one.role, _is_last_administrator(one)
        form = MembershipForm(request.POST or None, instance=one)
        if request.method == "POST" and form.is_valid():
            if last and form.cleaned_data["role"] != "administrator":
                form.add_error("role", str(_LAST_ADMINISTRATOR))
            else:
                form.save()
                note_event(one.organisation, request.user, "member.changed", f"{was} → {one.role}", member=one.user.pk)
                messages.success(request, say("Saved.", "Сохранено."))
                return redirect("administration:people", one.organisation.slug)
    return render(request, "administration/member.html", {"one": one, "form": form, "last": last})


@member("administer")
@require_POST
def end_membership(request: MemberRequest, pk: int) -> HttpResponse:
    """End a membership; an invitation brings the person back."""
    with transaction.atomic():
        one = _member(request, pk)
        if _is_last_administrator(one):
            messages.error(request, str(_LAST_ADMINISTRATOR))
        else:
            one.ended_at = timezone.now()
            one.save(update_fields=["ended_at"])
            note_event(one.organisation, request.user, "member.ended", one.role, member=one.user.pk)
            messages.success(
                request,
                say("{name} no longer belongs here.", "{name} больше не в организации.").format(name=one.user),
            )
    return redirect("administration:people", one.organisation.slug)


@member("administer")
@require_POST
def send_reset(request: MemberRequest, pk: int) -> HttpResponse:
    """Send a member the letter that lets them choose a new password."""
    one = _member(request, pk)
    form = ResetPasswordForm(data={"email": one.user.email})
    if form.is_valid():
        form.save(request)
    note_event(one.organisation, request.user, "member.reset_sent", member=one.user.pk)
    messages.success(request, say("The letter is on its way.", "Письмо отправлено."))
    return redirect("administration:people", one.organisation.slug)


@member("administer")
@require_POST
def withdraw(request: MemberRequest, pk: int) -> HttpResponse:
    """Withdraw an invitation."""
    organisation = request.membership.organisation
    invitation = get_object_or_404(Invitation, pk=pk, organisation=organisation, accepted_at=None)
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    note_event(organisation, request.user, "invitation.withdrawn", invitation.role)
    return redirect("administration:people", organisation.slug)


@member("administer")
def organisation(request: MemberRequest) -> HttpResponse:
    """The organisation itself."""
    one = request.membership.organisation
    form = OrganisationForm(request.POST or None, instance=one)
    if request.method == "POST" and form.is_valid():
        form.save()
        note_event(one, request.user, "organisation.changed", second_factor=one.requires_second_factor)
        messages.success(request, say("Saved.", "Сохранено."))
        return redirect("administration:organisation", one.slug)
    return render(request, "administration/organisation.html", {"form": form})


@member("administer")
def new_organisation(request: MemberRequest) -> HttpResponse:
    """Add an organisation with an empty workspace of its own; for the site's operators."""
    if not request.user.is_operator:
        raise PermissionDenied
    form = NewOrganisationForm(request.POST or None, initial={"language": current_language()})
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("scorecards:card", _added(request, form.cleaned_data).slug)
        except SeptimaError as error:
            form.add_error(None, error_text(error))
    return render(request, "administration/new_organisation.html", {"form": form})


def _added(request: MemberRequest, given: dict[str, Any]) -> Organisation:
    with transaction.atomic():
        slug = free_slug(given["name"])
        folder = Path("organisations") / slug
        one = Organisation.objects.create(name=given["name"], slug=slug, folder=str(folder))
        Membership.objects.create(user=request.user, organisation=one, role="administrator")
        Workspace.create(
            settings.SITE_FOLDER / folder,
            organisation=given["name"],
            currency=given["currency"],
            language=given["language"],
            trade=given["trade"],
        )
        note_event(one, request.user, "organisation.added", one.slug)
    return one


def _log(request: MemberRequest) -> QuerySet[AuditEvent]:
    found = AuditEvent.objects.filter(organisation=request.membership.organisation).select_related("user")
    action, person = request.GET.get("action", ""), whole_number(request.GET.get("person", ""))
    if action:
        found = found.filter(action=action)
    if person is not None:
        found = found.filter(user_id=person)
    return found


@member("administer")
def log(request: MemberRequest) -> HttpResponse:
    """The audit log, newest first."""
    one = request.membership.organisation
    page = newest_first(request, _log(request))
    known = AuditEvent.objects.filter(organisation=one).order_by("action").values_list("action", flat=True).distinct()
    members = Membership.objects.filter(organisation=one).select_related("user").order_by("user__email")
    return render(
        request,
        "administration/log.html",
        {
            "pager": page,
            "lines": [(row, log_word(row.action), log_ways(row.details.get("by", ""))) for row in page.rows],
            "actions": sorted(((one, log_word(one)) for one in known), key=lambda one: one[1].casefold()),
            "people": {one.user.pk: str(one.user) for one in members},
            "action": request.GET.get("action", ""),
            "person": request.GET.get("person", ""),
        },
    )


@member("administer")
def log_file(request: MemberRequest) -> StreamingHttpResponse:
    """The audit log as CSV."""
    rows = _log(request).order_by("pk")
    note_event(request.membership.organisation, request.user, "log.exported")
    return csv_answer(
        "septima-log.csv",
        ("at", "person", "action", "subject", "details"),
        ((one.at, str(one.user or ""), one.action, one.subject, str(one.details or "")) for one in rows.iterator()),
    )
