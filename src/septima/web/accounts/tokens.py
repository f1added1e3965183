"""Tokens of the interface for programs: one's own, and for an administrator everyone's."""

from datetime import timedelta

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from septima.web.accounts.audit import note_event
from septima.web.accounts.models import ApiToken, new_token, token_hash
from septima.web.accounts.scopes import SCOPES, scopes_of
from septima.web.common.access import MemberRequest, member
from septima.web.common.language import said_later
from septima.web.common.permissions import allowed

_DAYS = (30, 90, 365)


class TokenForm(forms.ModelForm):
    """What a token is for, what it may do and how long it lasts."""

    scopes = forms.MultipleChoiceField(
        label=said_later("What it may do", "Что ему можно"), widget=forms.CheckboxSelectMultiple
    )
    days = forms.TypedChoiceField(
        label=said_later("How many days it lasts", "Сколько дней действует"),
        choices=[(days, str(days)) for days in _DAYS],
        coerce=int,
        initial=90,
    )

    class Meta:
        """A token's own fields."""

        model = ApiToken
        fields = ("name", "scopes")

    def __init__(self, *arguments: object, role: str, **named: object) -> None:
        super().__init__(*arguments, **named)  # pyright: ignore[reportArgumentType] # handed through as Django has them
        self.fields["scopes"].choices = [  # pyright: ignore[reportAttributeAccessIssue]
            (scope, said_later(SCOPES[scope].name.en, SCOPES[scope].name.ru)) for scope in scopes_of(role)
        ]


@member("view_own")
def tokens(request: MemberRequest) -> HttpResponse:
    """One's tokens, and the form that makes one; a new token is shown once."""
    organisation, person = request.membership.organisation, request.user
    form = TokenForm(request.POST or None, role=request.membership.role)
    made = ""
    if request.method == "POST" and form.is_valid():
        made = new_token("septima")
        token = form.save(commit=False)
        token.user, token.organisation, token.token_hash = person, organisation, token_hash(made)
        token.scopes = form.cleaned_data["scopes"]
        token.expires_at = timezone.now() + timedelta(days=form.cleaned_data["days"])
        token.save()
        note_event(organisation, person, "token.made", token.name, scopes=token.scopes)
        form = TokenForm(role=request.membership.role)
    found = ApiToken.objects.filter(organisation=organisation).select_related("user").order_by("-created_at")
    if not allowed(request.membership.role, "administer"):
        found = found.filter(user=person)
    return render(request, "administration/tokens.html", {"form": form, "tokens": found, "made": made})


@member("view_own")
@require_POST
def revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """Revoke a token: one's own, or as an administrator anybody's."""
    found = ApiToken.objects.filter(organisation=request.membership.organisation)
    if not allowed(request.membership.role, "administer"):
        found = found.filter(user=request.user)
    token = get_object_or_404(found, pk=pk)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        note_event(token.organisation, request.user, "token.revoked", token.name)
    return redirect("administration:tokens", token.organisation.slug)
