"""Administration: members, tokens and the log, each within its own organisation."""

import csv
import io
from collections.abc import Callable

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
