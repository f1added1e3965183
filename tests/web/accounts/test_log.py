"""What the log tells of accounts: who signed in and by what, who failed to, what became of passwords and second factors."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.test import Client

from septima import web
from septima.web.accounts.log_words import log_word
from septima.web.accounts.models import AuditEvent, Membership, User
from tests.web.conftest import PASSWORD, Site

LOGIN = "/accounts/login/"


def _noted(site: Site) -> list[tuple[str, str, dict[str, object]]]:
    """Of the organisation: who did what, and how, oldest first."""
    found = AuditEvent.objects.filter(organisation=site.own).order_by("pk")
    return [(one.user.email.partition("@")[0] if one.user else "", one.action, one.details) for one in found]


def _code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_signing_in_and_failing_to_are_noted(site: Site) -> None:
    Client().post(LOGIN, {"login": "leader@example.org", "password": "a guess"})
    Client().post(LOGIN, {"login": "nobody@example.org", "password": "a guess"})
    Client().post(LOGIN, {"login": "Leader@example.org", "password": PASSWORD})
    assert _noted(site) == [
        ("leader", "account.sign_in_failed", {"by": "password"}),
        ("leader", "account.signed_in", {"by": "password"}),
    ]
    assert not AuditEvent.objects.exclude(organisation=site.own).exists()


def test_it_is_noted_in_every_organisation_of_the_person_and_in_no_former_one(site: Site) -> None:
    person = User.objects.get(email="leader@example.org")
    Membership.objects.create(user=person, organisation=site.other, role="viewer")
    Client().post(LOGIN, {"login": "leader@example.org", "password": PASSWORD})
    assert AuditEvent.objects.filter(organisation=site.other, user=person, action="account.signed_in").count() == 1
    Membership.objects.filter(user=person, organisation=site.other).update(ended_at="2026-01-01T00:00Z")
    Client().post(LOGIN, {"login": "leader@example.org", "password": PASSWORD})
    assert AuditEvent.objects.filter(organisation=site.other).count() == 1


def test_a_second_factor_is_noted_when_set_up_failed_and_taken_off(
    site: Site, django_capture_on_commit_callbacks: Any
) -> None:
    client = Client()
    client.post(LOGIN, {"login": "leader@example.org", "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/2fa/totp/activate/", {"code": _code(secret)})
    again = Client()
    again.post(LOGIN, {"login": "leader@example.org", "password": PASSWORD})
    again.post("/accounts/2fa/authenticate/", {"code": "000000"})
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/2fa/totp/deactivate/")
    assert [action for _, action, _ in _noted(site)] == [
        "account.signed_in",
        "account.second_factor_on",
        "account.sign_in_failed",
        "account.second_factor_off",
    ]
    assert _noted(site)[2][2] == {"by": "second factor"}


def test_whom_a_second_factor_let_in_is_noted_once(site: Site) -> None:
    person, secret = User.objects.get(email="leader@example.org"), generate_totp_secret()
    TOTP.activate(person, secret)
    client = Client()
    client.post(LOGIN, {"login": "leader@example.org", "password": PASSWORD})
    assert _noted(site) == []
    client.post("/accounts/2fa/authenticate/", {"code": _code(secret)})
    assert _noted(site) == [("leader", "account.signed_in", {"by": "password, second factor"})]


def test_a_new_password_is_noted_when_asked_for_and_when_chosen(site: Site) -> None:
    client = Client()
    client.post("/accounts/password/reset/", {"email": "leader@example.org"})
    client.post("/accounts/password/reset/", {"email": "nobody@example.org"})
    address = re.search(r"http://testserver(\S+)", mail.outbox[0].body)[1]  # type: ignore[index] # fails where there is none
    chosen = client.get(address, follow=True).redirect_chain[-1][0]
    client.post(chosen, {"password1": "quite another horse", "password2": "quite another horse"})
    changing = Client()
    changing.post(LOGIN, {"login": "leader@example.org", "password": "quite another horse"})
    given = {"oldpassword": "quite another horse", "password1": PASSWORD, "password2": PASSWORD}
    changing.post("/accounts/password/change/", given)
    assert [action for _, action, _ in _noted(site)] == [
        "account.reset_asked",
        "account.password_reset",
        "account.signed_in",
        "account.password_changed",
    ]


def test_the_log_names_what_was_done_in_words(site: Site, as_role: Callable[[str], Client]) -> None:
    Client().post(LOGIN, {"login": "leader@example.org", "password": "a guess"})
    page = as_role("administrator").get("/o/home/administration/log/?language=ru").content.decode()
    assert "Неудачный вход" in page.replace("\u00a0", " ")
    assert "account.sign_in_failed" in page  # as the filter and the file have it


def test_whatever_is_noted_has_a_word() -> None:
    """Every action that stands in a call by name is called by words on the page."""
    noted = set[str]()
    for path in (Path(web.__file__).parent).rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                place = {"note_event": 2, "note_account": 1}.get(call.func.id)
                action = call.args[place] if place is not None else None
                noted |= {action.value} if isinstance(action, ast.Constant) else set()
    assert len(noted) > 60
    assert [action for action in noted if log_word(action) == action] == []
