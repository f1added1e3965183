"""The interface: the same figures as elsewhere, to those who may have them, page by page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from septima.web.accounts.models import ApiToken, AuditEvent, Membership, Organisation, User
from septima.web.accounts.scopes import SCOPES, scopes_of
from septima.web.common.permissions import ROLES
from septima.workspace import Workspace
from tests.web.api.conftest import token_of
from tests.web.conftest import PERIOD, Site

ROWS = f"/api/v1/scorecards/{PERIOD}/kpis/customer_support/nps/rows"
NEEDED = {
    "/api/v1/metrics": "metrics:read",
    "/api/v1/metrics/nps": "metrics:read",
    f"/api/v1/scorecards/{PERIOD}": "scorecards:read",
    f"{ROWS}?limit=2": "exports:read",
}


def test_figures_are_those_of_the_workspace(site: Site, calling: Callable[..., Client]) -> None:
    given = (
        calling("viewer")
        .get("/api/v1/metrics/nps/figures", {"start": "2026-Q1", "end": PERIOD, "by": "channel"})
        .json()
    )
    frame = (
        Workspace.open(site.own.directory)
        .metric("nps", grain="quarter", by=["channel"], start="2026-Q1", end=PERIOD)
        .frame
    )
    assert [one["value"] for one in given["items"]] == pytest.approx(list(frame["value"]), abs=1e-12, nan_ok=True)
    assert [one["slice"]["channel"] for one in given["items"]] == list(frame["channel"])


def test_the_card_is_that_of_the_workspace(site: Site, calling: Callable[..., Client]) -> None:
    given = calling("viewer").get(f"/api/v1/scorecards/{PERIOD}").json()
    card = Workspace.open(site.own.directory).scorecard(PERIOD)
    assert given["integral"]["printed"]["value"] == pytest.approx(card.integral.printed.value)
    assert [one["composite"]["id"] for one in given["perspectives"]] == [one.composite.id for one in card.perspectives]


def test_pages_join_to_the_whole_without_gap_or_repeat(calling: Callable[..., Client]) -> None:
    client, cursor, names = calling("viewer"), "", list[str]()
    while cursor is not None:
        page = client.get("/api/v1/metrics", {"limit": 50, "cursor": cursor}).json()
        names += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert names == sorted(set(names))
    assert len(names) > 130


@pytest.mark.parametrize("address", NEEDED)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_gets_what_the_table_allows(role: str, address: str, calling: Callable[..., Client]) -> None:
    status = calling(role).get(address).status_code
    assert status == (200 if NEEDED[address] in scopes_of(role) else 403)


@pytest.mark.parametrize("address", NEEDED)
def test_a_token_gives_only_the_scopes_that_it_was_given(address: str, calling: Callable[..., Client]) -> None:
    others = [scope for scope in SCOPES if scope != NEEDED[address]]
    assert calling("leader", *others).get(address).status_code == 403
    assert calling("leader", NEEDED[address]).get(address).status_code == 200


def test_a_token_of_another_organisation_sees_that_one_alone(calling: Callable[..., Client]) -> None:
    given = calling("other").get("/api/v1/me").json()
    assert given["organisation"] == "other"
    figures = calling("other").get("/api/v1/metrics/revenue/figures").json()
    assert figures["items"] == []


def _status(token: str) -> int:
    return Client().get("/api/v1/me", headers={"authorization": f"Bearer {token}"}).status_code


def test_tokens_that_are_old_revoked_made_up_or_of_former_members_open_nothing(site: Site) -> None:
    person = User.objects.get(email="leader@example.org")
    assert _status(token_of(person, site.own)) == 200
    assert _status(token_of(person, site.own, lasts=-timedelta(seconds=1))) == 401
    assert _status("septima_made-up") == 401
    assert Client().get("/api/v1/me").status_code == 401
    revoked = token_of(person, site.own)
    ApiToken.objects.update(revoked_at=timezone.now())
    assert _status(revoked) == 401
    former = token_of(person, site.own)
    Membership.objects.filter(user=person).update(ended_at=timezone.now())
    assert _status(former) == 401


def test_a_role_that_shrinks_shrinks_its_tokens(site: Site, calling: Callable[..., Client]) -> None:
    client = calling("leader")
    Membership.objects.filter(user__email="leader@example.org").update(role="viewer")
    assert client.get(f"{ROWS}?limit=2").status_code == 403


def test_what_a_caller_has_already_is_not_sent_again(calling: Callable[..., Client]) -> None:
    client = calling("viewer")
    first = client.get("/api/v1/metrics/nps")
    again = client.get("/api/v1/metrics/nps", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/api/v1/metrics/absent", 404, "no metric 'absent'"),
        ("/api/v1/metrics/nps/figures?by=colour", 422, "colour"),
        ("/api/v1/metrics/nps/figures?start=soon", 422, "soon"),
        ("/api/v1/metrics/nps/figures?cursor=1.2.3", 422, "cursor"),
        ("/api/v1/metrics/nps/figures?cursor=99.0", 422, "begin again"),
        ("/api/v1/metrics?limit=0", 422, "limit"),
        ("/api/v1/scorecards/tomorrow", 404, "tomorrow"),
        (f"/api/v1/scorecards/{PERIOD}/kpis/customer_support/absent/rows", 404, "absent"),
    ],
)
def test_errors_are_problem_details_that_say_what_to_do(
    address: str, status: int, said: str, calling: Callable[..., Client]
) -> None:
    answer = calling("leader").get(address)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_taking_rows_is_noted(calling: Callable[..., Client]) -> None:
    given = calling("leader").get(f"{ROWS}?limit=2").json()
    assert given[0]["source"] == "answers_nps"
    assert len(given[0]["rows"]) == 2
    assert AuditEvent.objects.get(action="rows.exported").subject == "customer_support/nps"


def test_one_token_cannot_ask_without_end(calling: Callable[..., Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("septima.web.api.authentication.time", lambda: 1_000_000_000.0)
    client = calling("viewer")
    statuses = [client.get("/api/v1/me").status_code for _ in range(601)]
    assert set(statuses[:600]) == {200}
    assert statuses[600] == 429
    assert calling("analyst").get("/api/v1/me").status_code == 200


def test_requests_at_once_are_counted_each_for_its_own_token(
    calling: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("septima.web.api.authentication.time", lambda: 1_000_000_000.0)
    monkeypatch.setattr("septima.web.api.authentication._PER_MINUTE", 3)
    busy, quiet, read = calling("viewer"), calling("analyst"), cache.get
    for _ in range(2):
        busy.get("/api/v1/me")

    def read_between(key: str, default: object = None) -> object:
        monkeypatch.setattr(cache, "get", read)
        quiet.get("/api/v1/me")  # another thread's, in the midst of this one
        return read(key, default)

    monkeypatch.setattr(cache, "get", read_between)
    assert busy.get("/api/v1/me").status_code == 200
    assert busy.get("/api/v1/me").status_code == 429
    assert quiet.get("/api/v1/me").status_code == 200


def test_a_second_factor_that_is_asked_for_is_asked_of_the_owners_of_tokens_too(site: Site) -> None:
    person = User.objects.get(email="leader@example.org")
    token = token_of(person, site.own)
    Organisation.objects.filter(pk=site.own.pk).update(requires_second_factor=True)
    answer = Client().get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert "second factor" in answer.json()["detail"]
    TOTP.activate(person, generate_totp_secret())
    assert _status(token) == 200
