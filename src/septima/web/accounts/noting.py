"""What the log tells of a person's account: noted in every organisation that they belong to, since it opens all of them."""

from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import password_changed, password_reset, password_set, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed
from django.http import HttpRequest

from septima.web.accounts.audit import note_event
from septima.web.accounts.models import Organisation, User

_WAYS = {"mfa": "second factor", "socialaccount": "provider"}


def note_account(person: User, action: str, subject: str = "", **details: Any) -> None:
    """Note what became of a person's account; without an organisation where they belong to none."""
    found = Organisation.objects.filter(membership__user=person, membership__ended_at=None).distinct()
    for organisation in list(found) or [None]:
        note_event(organisation, person, action, subject, **details)


def listen() -> None:
    """Note what django-allauth tells of accounts."""
    user_logged_in.connect(_signed_in)
    password_reset.connect(_password_reset)
    password_changed.connect(_password_changed)
    password_set.connect(_password_changed)
    authentication_failed.connect(_second_factor_failed)
    authenticator_added.connect(_second_factor_on)
    authenticator_removed.connect(_second_factor_off)


def _signed_in(request: HttpRequest, user: User, **_: object) -> None:
    ways = [str(one["method"]) for one in get_authentication_records(request, user)]
    note_account(user, "account.signed_in", by=", ".join(_WAYS.get(way, way) for way in dict.fromkeys(ways)))


def _password_reset(user: User, **_: object) -> None:
    note_account(user, "account.password_reset")


def _password_changed(user: User, **_: object) -> None:
    note_account(user, "account.password_changed")


def _second_factor_failed(user: User, **_: object) -> None:
    note_account(user, "account.sign_in_failed", by="second factor")


def _second_factor_on(user: User, authenticator: Authenticator, **_: object) -> None:
    if authenticator.type == "totp":  # of its recovery codes nothing more is to be said
        note_account(user, "account.second_factor_on")


def _second_factor_off(user: User, authenticator: Authenticator, **_: object) -> None:
    if authenticator.type == "totp":  # of its recovery codes nothing more is to be said
        note_account(user, "account.second_factor_off")
