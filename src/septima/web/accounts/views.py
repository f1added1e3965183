"""Signing in by a link, one's own preferences, and the way to one's organisation."""

from typing import cast

from allauth.socialaccount.providers.openid_connect.views import login as openid_login
from django import forms
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from septima.web.accounts.audit import note_event
from septima.web.accounts.models import Invitation, Membership, SignInLink, User, token_hash
from septima.web.accounts.noting import note_account
from septima.web.common.context import THEMES
from septima.web.common.errors import cannot
from septima.web.common.language import said_later, say

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
_YEAR_SECONDS = 365 * 24 * 3600


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The person's organisation; a choice where there are several."""
    found = list(
        Membership.objects.filter(user=request.user, ended_at=None)
        .select_related("organisation")
        .order_by("organisation__name")
    )
    if len(found) == 1:
        return redirect("scorecards:card", organisation=found[0].organisation.slug)
    return render(request, "accounts/organisations.html", {"memberships": found})


@never_cache
def sign_in_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in by a link that works once. Opening it asks for a press, so that programs that look at links spend none."""
    now = timezone.now()
    if request.method != "POST":
        waiting = SignInLink.objects.filter(token_hash=token_hash(token), used_at=None, expires_at__gt=now).exists()
        return render(request, "accounts/sign_in_by_link.html", {"waiting": waiting}, status=200 if waiting else 410)
    with transaction.atomic():
        # One statement takes the link, so of two presses one signs in.
        taken = SignInLink.objects.filter(token_hash=token_hash(token), used_at=None, expires_at__gt=now).update(
            used_at=now
        )
        link = SignInLink.objects.select_related("user").filter(token_hash=token_hash(token)).first() if taken else None
    if link is None or not link.user.is_active:
        return render(request, "accounts/sign_in_by_link.html", {"waiting": False}, status=410)
    if link.user.has_second_factor:
        return redirect("account_login")
    login(request, link.user, backend=_BACKEND)
    note_account(link.user, "account.signed_in", by="link")
    return redirect("home" if link.user.has_usable_password() else "choose_password")


@never_cache
def sign_in_by_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to a provider of OpenID Connect by a page of its own.

    Browsers hold where a form's answer redirects to against the policy of the form's page, which lets forms lead to this
    site alone.
    """
    answer: HttpResponse = openid_login(request, provider_id)
    address = answer.headers.get("Location", "")
    if not address or url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        return answer
    return render(request, "accounts/to_provider.html", {"address": address})


@login_required
@sensitive_post_parameters()
def choose_password(request: HttpRequest) -> HttpResponse:
    """Choose the first password, for a person whom a link signed in; later ones are changed by the page for that."""
    person = cast("User", request.user)
    if person.has_usable_password():
        return redirect("account_change_password")
    form = SetPasswordForm(person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, person)
        note_account(person, "account.password_chosen")
        return redirect("home")
    return render(request, "accounts/choose_password.html", {"form": form})


class AcceptForm(forms.Form):
    """What a person who was invited tells of themselves."""

    name = forms.CharField(label=said_later("Your name", "Ваше имя"), max_length=200)
    password = forms.CharField(
        label=said_later("Password", "Пароль"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=said_later("At least eight characters.", "Не короче восьми знаков."),
    )


@never_cache
@sensitive_post_parameters("password")
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation: a new person chooses a password, one who is known signs in."""
    invitation = Invitation.objects.select_related("organisation").filter(token_hash=token_hash(token)).first()
    if invitation is None or not invitation.is_open:
        return _no_longer_open(request)
    known = User.objects.filter(email=invitation.email.lower()).first()
    if known is not None:
        return _accept_as_known(request, invitation, known)
    form = AcceptForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            validate_password(
                form.cleaned_data["password"], User(email=invitation.email, name=form.cleaned_data["name"])
            )
        except ValidationError as error:
            form.add_error("password", error)
        else:
            with transaction.atomic():
                if not _taken(invitation):
                    return _no_longer_open(request)
                person = User.objects.create_user(
                    invitation.email, form.cleaned_data["password"], name=form.cleaned_data["name"]
                )
                _join(invitation, person)
            login(request, person, backend=_BACKEND)
            return redirect("scorecards:card", organisation=invitation.organisation.slug)
    return render(request, "accounts/accept_invitation.html", {"invitation": invitation, "form": form})


def _accept_as_known(request: HttpRequest, invitation: Invitation, known: User) -> HttpResponse:
    if not request.user.is_authenticated:
        return HttpResponseRedirect(f"{reverse('account_login')}?next={request.path}")
    if request.user.pk != known.pk:
        return cannot(
            request,
            say("This invitation is another person's", "Это приглашение для другого человека"),
            say(
                "It is for {invited}, and you are signed in as {person}. Sign out, then open it again.",
                "Оно для {invited}, а вы вошли как {person}. Выйдите и откройте его ещё раз.",
            ).format(invited=invitation.email, person=request.user),
            status=403,
        )
    if request.method == "POST":
        with transaction.atomic():
            if not _taken(invitation):
                return _no_longer_open(request)
            _join(invitation, known)
        return redirect("scorecards:card", organisation=invitation.organisation.slug)
    return render(request, "accounts/accept_invitation.html", {"invitation": invitation, "form": None})


def _no_longer_open(request: HttpRequest) -> HttpResponse:
    return cannot(
        request,
        say("This invitation is no longer open", "Это приглашение больше не действует"),
        say("Ask whoever invited you for a new one.", "Попросите новое у того, кто вас пригласил."),
        status=410,
    )


def _taken(invitation: Invitation) -> bool:
    """Whether it is taken by this call: of two at once one takes it, and none after it was withdrawn."""
    now = timezone.now()
    still_open = Invitation.objects.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=now)
    return bool(still_open.filter(pk=invitation.pk).update(accepted_at=now))


def _join(invitation: Invitation, person: User) -> None:
    now = timezone.now()
    Membership.objects.filter(user=person, organisation=invitation.organisation, ended_at=None).update(ended_at=now)
    Membership.objects.create(
        user=person,
        organisation=invitation.organisation,
        role=invitation.role,
        employee_id=invitation.employee_id,
        department=invitation.department,
    )
    note_event(invitation.organisation, person, "invitation.accepted", invitation.role)


class PreferencesForm(forms.ModelForm):
    """Name and language."""

    language = forms.ChoiceField(
        label=said_later("Language", "Язык"),
        required=False,
        choices=[("", said_later("as the browser asks", "как просит браузер")), ("en", "English"), ("ru", "Русский")],
    )

    class Meta:
        """What a person says of themselves."""

        model = User
        fields = ("name", "language")


@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """One's own name, language, password and second factor."""
    form = PreferencesForm(request.POST or None, instance=cast("User", request.user))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, say("Saved.", "Сохранено."))
        return redirect("preferences")
    return render(request, "accounts/preferences.html", {"form": form})


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Choose light, dark or as the device says; kept in a cookie, since it is the device's."""
    chosen, back = request.POST.get("theme", "auto"), request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    answer = HttpResponseRedirect(back if safe else "/")
    answer.set_cookie("theme", chosen if chosen in THEMES else "auto", max_age=_YEAR_SECONDS, samesite="Lax")
    return answer
