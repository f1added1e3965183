"""Signing in by a provider of OpenID Connect: whoever was invited, by an address that the provider has verified."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.oauth2.client import OAuth2Client
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpResponse
from django.test import Client

from septima.web.accounts.models import Membership, User
from septima.web.site import first_sign_in
from tests.web.conftest import PASSWORD, Site

PROVIDER = "https://id.example.org"
LOGIN = "/accounts/oidc/company/login/"


@pytest.fixture(autouse=True)
def said(settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the provider says of whoever comes back from it."""
    app = {"provider_id": "company", "name": "Company", "client_id": "septima", "secret": "s", "settings": {"server_url": PROVIDER}}  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    ends = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
    config = {f"{name}_endpoint": f"{PROVIDER}/{path}" for name, path in ends.items()}
    person: dict[str, object] = {"sub": "7", "email": "Leader@example.org", "email_verified": True}
    monkeypatch.setattr(OpenIDConnectOAuth2Adapter, "openid_config", config)
    monkeypatch.setattr(OpenIDConnectOAuth2Adapter, "_fetch_user_info", lambda *_: person)
    monkeypatch.setattr(OAuth2Client, "get_access_token", lambda *_, **__: {"access_token": "x"})
    return person


def _comes_back(client: Client) -> HttpResponse:
    page = client.post(LOGIN)
    state = parse_qs(urlsplit(page.context["address"]).query)["state"][0]
    return client.get(f"{LOGIN}callback/", {"code": "1", "state": state})  # type: ignore[return-value]


def test_a_form_is_answered_by_a_page_that_leads_to_the_provider(site: Site) -> None:
    answer = Client().post(LOGIN)
    assert answer.status_code == 200  # a redirect of a form to another site is stopped by browsers
    assert f'content="0;url={PROVIDER}/authorize?' in answer.content.decode()
    assert answer.headers["Cache-Control"].startswith("max-age=0")
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]


def test_a_verified_address_signs_in_whoever_was_invited_and_keeps_the_password(site: Site) -> None:
    client, person = Client(), User.objects.get(email="leader@example.org")
    assert _comes_back(client).headers["Location"] == "/"
    assert client.session["_auth_user_id"] == str(person.pk)
    assert SocialAccount.objects.get(uid="7").user == person
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_whom_the_provider_named_once_is_known_under_another_address(site: Site, said: dict[str, object]) -> None:
    _comes_back(Client())
    said["email"] = "married@example.org"
    client = Client()
    _comes_back(client)
    assert client.session["_auth_user_id"] == str(User.objects.get(email="leader@example.org").pk)


@pytest.mark.parametrize(
    "claim", [{"email_verified": False}, {"email_verified": None}, {"email": "stranger@example.org"}]
)
def test_no_other_address_signs_in(claim: dict[str, object], site: Site, said: dict[str, object]) -> None:
    said.update(claim)
    client = Client()
    _comes_back(client)
    assert "_auth_user_id" not in client.session
    assert not User.objects.filter(email="stranger@example.org").exists()
    assert not SocialAccount.objects.exists()


def test_whoever_has_left_the_site_does_not_come_back_by_the_provider(site: Site) -> None:
    User.objects.filter(email="leader@example.org").update(is_active=False)
    client = Client()
    _comes_back(client)
    assert "_auth_user_id" not in client.session


def test_a_second_factor_is_asked_for_after_the_provider_too(site: Site) -> None:
    TOTP.activate(User.objects.get(email="leader@example.org"), generate_totp_secret())
    client = Client()
    assert _comes_back(client).headers["Location"].startswith("/accounts/2fa/authenticate/")
    assert "_auth_user_id" not in client.session


def test_no_link_is_made_for_an_organisation_whose_administrator_signs_in_by_the_provider(
    site: Site, said: dict[str, object]
) -> None:
    said["email"] = "administrator@example.org"
    _comes_back(Client())
    person = User.objects.get(email="administrator@example.org")
    person.set_unusable_password()
    person.save()
    assert Membership.objects.get(user=person).role == "administrator"
    assert first_sign_in("home", "administrator@localhost") is None
