"""Signing in: by a link once, by an invitation, by a password that is not guessed, by a second factor where it is asked for."""

import re
from collections.abc import Callable
from datetime import timedelta
from runpy import run_path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from septima.web import settings as web_settings
from septima.web.accounts.models import Invitation, Membership, SignInLink, User, new_token, token_hash
from septima.web.site import first_sign_in
from tests.web.conftest import PASSWORD, Site


def _link(person: User, *, lasts: timedelta = timedelta(hours=1)) -> str:
    token = new_token("link")
    SignInLink.objects.create(user=person, token_hash=token_hash(token), expires_at=timezone.now() + lasts)
    return f"/sign-in/{token}/"


def test_a_link_signs_in_once(site: Site) -> None:
    path = _link(User.objects.get(email="leader@example.org"))
    first, second = Client(), Client()
    assert first.get(path).status_code == 200  # a look spends nothing
    assert first.post(path).headers["Location"] == "/"
    assert first.get("/").headers["Location"] == "/o/home/"
    assert second.post(path).status_code == 410
    assert second.get("/").headers["Location"].startswith("/accounts/login/")


def test_whom_a_link_signed_in_without_a_password_is_asked_to_choose_one_once(site: Site) -> None:
    person, client = User.objects.create_user("fresh@example.org"), Client()
    assert client.post(_link(person)).headers["Location"] == "/password/"
    client.post("/password/", {"new_password1": PASSWORD, "new_password2": PASSWORD})
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert client.get("/password/").headers["Location"] == "/accounts/password/change/"  # which asks for the old one


def test_an_old_or_made_up_link_signs_nobody_in(site: Site) -> None:
    old = _link(User.objects.get(email="leader@example.org"), lasts=-timedelta(seconds=1))
    for path in (old, "/sign-in/link_made-up/"):
        assert Client().get(path).status_code == 410
        assert Client().post(path).status_code == 410


def test_where_nobody_administers_a_member_may_who_is_named(site: Site) -> None:
    Membership.objects.filter(organisation=site.own, role="administrator").update(role="viewer")
    assert first_sign_in("home", "administrator@example.org") is not None
    own = Membership.objects.filter(user__email="administrator@example.org", organisation=site.own)
    assert [one.role for one in own] == ["administrator"]


def test_only_what_a_token_hashes_to_is_kept(site: Site) -> None:
    made = first_sign_in("home", "boss@example.org")
    assert made is None  # the administrator of this organisation has a password
    Membership.objects.filter(organisation=site.own, role="administrator").update(ended_at=timezone.now())
    made = first_sign_in("home", "boss@example.org")
    assert made is not None
    token = made.path.split("/")[2]
    kept = SignInLink.objects.get(user__email="boss@example.org").token_hash
    assert token not in kept
    assert kept == token_hash(token)


def _invite(client: Client, **given: str) -> str:
    answer = client.post("/o/home/administration/", {"email": "new@example.org", "role": "analyst", **given})
    found = re.search(r"/invitation/[\w-]+/", answer.content.decode())
    return found[0] if found else ""


def test_an_invitation_makes_a_member_of_that_role_and_opens_once(site: Site, as_role: Callable[[str], Client]) -> None:
    path = _invite(as_role("administrator"), department="delivery")
    assert path in mail.outbox[0].body
    person = Client()
    assert person.get(path).status_code == 200
    weak = person.post(path, {"name": "New", "password": "12345678"})
    assert weak.status_code == 200  # refused with the reason
    assert not User.objects.filter(email="new@example.org").exists()
    person.post(path, {"name": "New", "password": PASSWORD})
    one = Membership.objects.get(user__email="new@example.org")
    assert (one.organisation, one.role, one.department, one.ended_at) == (site.own, "analyst", "delivery", None)
    assert one.user.password.startswith("argon2")
    assert person.get("/o/home/data/").status_code == 200
    assert person.get("/o/home/administration/").status_code == 403
    assert Client().get(path).status_code == 410


def test_a_newer_invitation_closes_the_older(site: Site, as_role: Callable[[str], Client]) -> None:
    older, newer = _invite(as_role("administrator")), _invite(as_role("administrator"), role="viewer")
    assert Client().get(older).status_code == 410
    assert Client().get(newer).status_code == 200


def test_a_person_who_is_known_joins_with_their_own_account_alone(site: Site, as_role: Callable[[str], Client]) -> None:
    path = _invite(as_role("administrator"), email="other@example.org")
    assert Client().get(path).headers["Location"].startswith("/accounts/login/")
    for method in ("get", "post"):
        refused = getattr(as_role("viewer"), method)(path)
        assert refused.status_code == 403  # led to signing in, who is signed in would be led back without end
        assert "you are signed in as Viewer" in refused.content.decode()
    as_role("other").post(path)
    assert Membership.objects.filter(user__email="other@example.org", ended_at=None).count() == 2


def test_an_invitation_that_is_too_old_opens_nothing(site: Site, as_role: Callable[[str], Client]) -> None:
    path = _invite(as_role("administrator"))
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().post(path, {"name": "New", "password": PASSWORD}).status_code == 410
    assert not User.objects.filter(email="new@example.org").exists()


def test_an_invitation_lets_one_in_however_many_open_it_at_once(
    site: Site, as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _invite(as_role("administrator"))
    monkeypatch.setattr(Invitation, "is_open", True)  # as whoever looked before the other pressed
    assert Client().post(path, {"name": "New", "password": PASSWORD}).status_code == 302
    assert as_role("administrator").post(path).status_code == 403
    person = Client()
    person.force_login(User.objects.get(email="new@example.org"))
    assert person.post(path).status_code == 410
    assert Membership.objects.filter(user__email="new@example.org").count() == 1
    withdrawn = _invite(as_role("administrator"), email="late@example.org")
    Invitation.objects.update(withdrawn_at=timezone.now())
    assert Client().post(withdrawn, {"name": "Late", "password": PASSWORD}).status_code == 410
    assert not User.objects.filter(email="late@example.org").exists()


def test_nobody_takes_an_address_that_no_invitation_has_proven(site: Site, as_role: Callable[[str], Client]) -> None:
    client = as_role("viewer")
    for action in ("action_add", "action_primary"):
        client.post("/accounts/email/", {"email": "chief@example.org", action: ""})
    assert not User.objects.filter(email="chief@example.org").exists()
    assert User.objects.filter(email="viewer@example.org").exists()
    assert client.get("/accounts/email/").headers["Location"] == "/preferences/"


def test_the_first_administrator_is_found_however_the_address_is_written(site: Site) -> None:
    Membership.objects.filter(organisation=site.own, role="administrator").update(ended_at=timezone.now())
    links = [first_sign_in("home", address) for address in ("Boss@Example.org", "boss@example.org", "Boss@Example.org")]
    assert None not in links
    assert User.objects.filter(email="boss@example.org").count() == 1


def test_a_password_cannot_be_guessed_by_trying(site: Site) -> None:
    client = Client()
    answers = [
        client.post("/accounts/login/", {"login": "leader@example.org", "password": f"guess {number}"})
        for number in range(8)
    ]
    assert answers[0].status_code == 200
    right = client.post("/accounts/login/", {"login": "leader@example.org", "password": PASSWORD})
    assert right.status_code in {200, 429}
    assert "_auth_user_id" not in client.session


def test_wrong_passwords_of_one_address_close_the_door_to_no_other(
    site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEPTIMA_HTTPS", "1")  # all come from the proxy then
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = run_path(str(web_settings.__file__))["ALLAUTH_TRUSTED_PROXY_COUNT"]
    for number in range(32):
        guess = {"login": f"{number}@example.org", "password": "guess"}
        Client(headers={"X-Forwarded-For": "203.0.113.9"}).post("/accounts/login/", guess)
    other = Client(headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"})
    other.post("/accounts/login/", {"login": "leader@example.org", "password": PASSWORD})
    assert "_auth_user_id" in other.session


def test_a_stranger_crowds_no_count_out(site: Site) -> None:
    for number in range(400):
        caches["default"].set(f"a stranger's {number}", 1)
    assert all(caches["default"].get(f"a stranger's {number}") for number in range(400))


def test_nobody_signs_up_uninvited(site: Site) -> None:
    Client().post("/accounts/signup/", {"email": "stranger@example.org", "password1": PASSWORD})
    assert not User.objects.filter(email="stranger@example.org").exists()


def test_a_second_factor_is_asked_for_where_the_organisation_wants_one(
    site: Site, as_role: Callable[[str], Client]
) -> None:
    site.own.requires_second_factor = True
    site.own.save()
    client = as_role("leader")
    assert client.get("/o/home/metrics/").headers["Location"] == "/accounts/2fa/totp/activate/"
    TOTP.activate(User.objects.get(email="leader@example.org"), generate_totp_secret())
    assert client.get("/o/home/metrics/").status_code == 200


def test_a_password_alone_does_not_sign_in_whoever_has_a_second_factor(site: Site) -> None:
    person = User.objects.get(email="leader@example.org")
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    assert secret not in str(Authenticator.objects.get(user=person, type="totp").data)  # kept encrypted
    client = Client()
    client.post("/accounts/login/", {"login": "leader@example.org", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert client.session["_auth_user_id"] == str(person.pk)
    assert Client().post(_link(person)).headers["Location"] == "/accounts/login/"  # nor does a link


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_choosing_colours_leads_to_no_foreign_address(address: str, site: Site) -> None:
    answer = Client().post("/theme/", {"theme": "dark", "next": address})
    assert answer.headers["Location"] == "/"
    assert answer.cookies["theme"].value == "dark"


def test_the_language_of_a_page_is_the_persons(site: Site, as_role: Callable[[str], Client]) -> None:
    client = as_role("leader")
    assert '<html lang="en"' in client.get("/preferences/").content.decode()
    client.post("/preferences/", {"name": "Лидия", "language": "ru"})
    page = client.get("/preferences/").content.decode()
    assert '<html lang="ru"' in page
    assert "Моя учётная запись" in page
    assert '<html lang="ru"' in Client().get("/accounts/login/?language=ru").content.decode()


@pytest.mark.parametrize(
    "address", ["/s/a/%00.1/", "/o/home/mine/actions/?kpi=%00", "/o/home/administration/log/?action=a%00b"]
)
def test_nothing_is_looked_up_by_an_address_with_a_zero_byte(
    address: str, site: Site, as_role: Callable[[str], Client], django_assert_max_num_queries: Any
) -> None:
    client = as_role("administrator")
    with django_assert_max_num_queries(4):  # whose page it is, alone
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/api/v1/metrics?limit=%00", "/api/v1/nothing"])
def test_programs_are_told_of_errors_in_one_form(address: str, db: None) -> None:
    answer = Client().get(address)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert set(answer.json()) == {"title", "status", "detail", "errors"}


def test_pages_let_nothing_foreign_in(site: Site) -> None:
    headers = Client().get("/accounts/login/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
