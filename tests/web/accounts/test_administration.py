"""Administration: members, tokens and the log, each within its own organisation."""

import csv
import io
from collections.abc import Callable
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

from septima.web.accounts.audit import note_event
from septima.web.accounts.models import ApiToken, AuditEvent, Invitation, Membership, Organisation, User, token_hash
from septima.web.common.exports import safe_cell
from tests.web.conftest import Site

PEOPLE = "/o/home/administration/"


def _member(role: str) -> Membership:
    return Membership.objects.get(user__email=f"{role}@example.org", ended_at=None)


def test_the_last_administrator_stays(site: Site, as_role: Callable[[str], Client]) -> None:
    client, one = as_role("administrator"), _member("administrator")
    client.post(f"{PEOPLE}people/{one.pk}/", {"role": "viewer"})
    client.post(f"{PEOPLE}people/{one.pk}/end/")
    assert _member("administrator").role == "administrator"
    client.post(f"{PEOPLE}people/{_member('leader').pk}/", {"role": "administrator"})
    client.post(f"{PEOPLE}people/{one.pk}/end/")
    assert client.get(PEOPLE).status_code == 404  # no member any more


def test_whose_membership_ended_sees_nothing(site: Site, as_role: Callable[[str], Client]) -> None:
    leader = as_role("leader")
    as_role("administrator").post(f"{PEOPLE}people/{_member('leader').pk}/end/")
    assert leader.get("/o/home/metrics/").status_code == 404


def test_another_organisations_ids_open_nothing(site: Site, as_role: Callable[[str], Client]) -> None:
    stranger = as_role("other")
    invitation = Invitation.objects.create(
        organisation=site.own, email="x@example.org", role="viewer", token_hash="x", expires_at="2030-01-01T00:00Z"
    )
    theirs = "/o/other/administration/"
    for path in (f"people/{_member('leader').pk}/end/", f"invitations/{invitation.pk}/withdraw/"):
        assert stranger.post(theirs + path).status_code == 404
    assert stranger.get(f"{theirs}people/{_member('leader').pk}/").status_code == 404
    assert stranger.post(f"{PEOPLE}people/{_member('leader').pk}/end/").status_code == 404
    assert _member("leader").ended_at is None


def test_a_token_is_shown_once_and_kept_as_a_hash(site: Site, as_role: Callable[[str], Client]) -> None:
    client = as_role("analyst")
    page = client.post(
        f"{PEOPLE}tokens/", {"name": "warehouse", "scopes": ["metrics:read"], "days": "30"}
    ).content.decode()
    shown = page.split('<code id="token">')[1].split("<")[0]
    assert ApiToken.objects.get().token_hash == token_hash(shown)
    assert shown not in client.get(f"{PEOPLE}tokens/").content.decode()


def test_whoever_administers_nothing_finds_own_tokens_by_the_account(
    site: Site, as_role: Callable[[str], Client]
) -> None:
    client, address = as_role("analyst"), f"{PEOPLE}tokens/"
    assert address not in client.get("/preferences/").content.decode()  # of which organisation is not known yet
    client.get("/o/home/metrics/")
    assert f'href="{address}"' in client.get("/preferences/").content.decode()


def test_a_token_gives_no_more_than_its_owners_role(site: Site, as_role: Callable[[str], Client]) -> None:
    as_role("viewer").post(f"{PEOPLE}tokens/", {"name": "x", "scopes": ["customers:read"], "days": "30"})
    assert not ApiToken.objects.exists()


def test_one_revokes_own_tokens_and_an_administrator_anybodys(site: Site, as_role: Callable[[str], Client]) -> None:
    as_role("analyst").post(f"{PEOPLE}tokens/", {"name": "x", "scopes": ["metrics:read"], "days": "30"})
    token = ApiToken.objects.get()
    assert as_role("viewer").post(f"{PEOPLE}tokens/{token.pk}/revoke/").status_code == 404
    assert as_role("other").post(f"/o/other/administration/tokens/{token.pk}/revoke/").status_code == 404
    as_role("administrator").post(f"{PEOPLE}tokens/{token.pk}/revoke/")
    token.refresh_from_db()
    assert not token.is_open


def test_an_operator_alone_adds_organisations_with_a_workspace_of_their_own(
    site: Site, as_role: Callable[[str], Client]
) -> None:
    given = {"name": "Новый дом", "currency": "RUB", "language": "ru", "trade": "online_shop"}
    client, address = as_role("administrator"), f"{PEOPLE}organisations/new/"
    assert client.post(address, given).status_code == 403
    User.objects.filter(email="administrator@example.org").update(is_operator=True)
    assert client.post(address, given).headers["Location"] == "/o/novyy-dom/"
    made = Organisation.objects.get(slug="novyy-dom")
    assert (made.directory / "scorecard.yaml").exists()
    assert as_role("leader").get("/o/novyy-dom/metrics/").status_code == 404
    Organisation.objects.filter(slug="novyy-dom").delete()  # as where adding it broke off
    again = client.post(address, given)
    assert "is a workspace already" in again.content.decode()
    assert not Organisation.objects.filter(slug="novyy-dom").exists()


def test_the_log_is_the_organisations_own_and_its_file_holds_no_formula(
    site: Site, as_role: Callable[[str], Client]
) -> None:
    note_event(site.own, User.objects.get(email="leader@example.org"), "survey.made", '=HYPERLINK("http://x")')
    note_event(site.other, None, "secret.thing")
    client = as_role("administrator")
    page = client.get(f"{PEOPLE}log/").content.decode()
    assert "survey.made" in page
    assert "secret.thing" not in page
    answer = client.get(f"{PEOPLE}log.csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert rows[1][2:4] == ["survey.made", '\'=HYPERLINK("http://x")']
    assert AuditEvent.objects.filter(action="log.exported").count() == 1


def test_the_log_passes_over_what_is_no_number(site: Site, as_role: Callable[[str], Client]) -> None:
    for query in ({"person": "9" * 5000}, {"before": "9" * 5000}, {"person": "١"}, {"before": "-1"}):
        assert as_role("administrator").get(f"{PEOPLE}log/", query).status_code == 200


def test_an_invitation_whose_letter_cannot_go_is_shown_to_be_handed_over(
    site: Site, as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> int:
        raise SMTPServerDisconnected

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", down)
    answer = as_role("administrator").post(PEOPLE, {"email": "new@example.org", "role": "analyst"})
    assert "The letter could not be sent" in answer.content.decode()
    assert "/invitation/invitation_" in answer.content.decode()


def test_the_list_of_people_costs_the_same_however_many_they_are(
    site: Site, as_role: Callable[[str], Client], django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        person = User.objects.create_user(f"many{number}@example.org")
        Membership.objects.create(user=person, organisation=site.own, role="viewer")
    TOTP.activate(User.objects.get(email="many7@example.org"), generate_totp_secret())
    client = as_role("administrator")
    with django_assert_max_num_queries(12):
        page = client.get(PEOPLE).content.decode()
    assert page.count("<td>yes</td>") == 1


def test_no_text_becomes_a_formula() -> None:
    assert [safe_cell(text) for text in ("=1+1", "+7 900", "-5", "@x", "\tx", "plain")] == [
        "'=1+1", "'+7 900", "'-5", "'@x", "'\tx", "plain"
    ]  # fmt: skip
    assert safe_cell(-5) == -5


def test_names_are_written_as_text(site: Site, as_role: Callable[[str], Client]) -> None:
    User.objects.filter(email="leader@example.org").update(name="<script>alert(1)</script>")
    page = as_role("administrator").get(PEOPLE).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
