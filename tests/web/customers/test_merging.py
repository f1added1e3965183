"""Merging customers and taking them apart again."""

from collections.abc import Callable
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone

from septima.lake.identity import Identified, Proposal, merges
from septima.web.accounts.models import AuditEvent, Organisation
from septima.web.common.workspaces import open_workspace
from septima.web.customers.links import seal
from septima.web.customers.models import Suggestion
from septima.web.customers.reading import read_person
from septima.web.work.models import Work
from tests.web.conftest import Site

ONE, OTHER = "C0000013", "C0000014"


def test_two_records_are_merged_and_taken_apart(writable: Organisation, as_role: Callable[[str], Client]) -> None:
    client = as_role("analyst")
    one, other = seal(writable, ONE), seal(writable, OTHER)
    card = f"/o/home/customers/card/{one}/"
    page = client.get(f"{card}merge/{other}/")
    assert page.status_code == 200
    assert {side.person.customer_id for side in page.context["both"]} == {ONE, OTHER}
    for _ in range(2):  # a form that is sent twice
        assert client.post(f"{card}merge/{other}/join/").status_code == 302
    lake = open_workspace(writable).lake
    (merged,) = merges(lake)
    assert {merged.customer_id, merged.master_id} == {ONE, OTHER}
    assert merged.author == "analyst@example.org"
    person = read_person(lake, merged.customer_id)
    assert (person.customer_id, set(person.members)) == (merged.master_id, {ONE, OTHER})
    moved = client.get(f"/o/home/customers/card/{seal(writable, merged.customer_id)}/")
    assert moved.url.endswith(f"/card/{seal(writable, merged.master_id)}/")
    assert client.post(f"/o/home/customers/card/{seal(writable, merged.customer_id)}/take-apart/").status_code == 302
    assert merges(lake) == []
    assert read_person(lake, ONE).members == (ONE,)
    told = " ".join(f"{event.subject}{event.details}" for event in AuditEvent.objects.all())
    assert ONE not in told
    assert OTHER not in told


def test_a_merged_person_has_the_events_of_all_records(
    writable: Organisation, as_role: Callable[[str], Client]
) -> None:
    lake = open_workspace(writable).lake
    alone = [len(read_person(lake, one).of("touches")) for one in (ONE, OTHER)]
    as_role("leader").post(f"/o/home/customers/card/{seal(writable, ONE)}/merge/{seal(writable, OTHER)}/join/")
    assert len(read_person(lake, OTHER).of("touches")) == sum(alone)


def test_a_pair_that_is_two_persons_is_not_proposed_again(
    writable: Organisation, as_role: Callable[[str], Client]
) -> None:
    Work.objects.create(
        organisation=writable,
        kind="customers.search",
        key="customers.search",
        state="done",
        result={"customers": 2},
        finished_at=timezone.now(),
    )
    Suggestion.objects.create(organisation=writable, one=OTHER, other=ONE, score=0.95, evidence="name, phone")
    client = as_role("leader")
    assert "95" in client.get("/o/home/customers/duplicates/").content.decode()
    answer = client.post(f"/o/home/customers/card/{seal(writable, ONE)}/merge/{seal(writable, OTHER)}/apart/")
    assert answer.status_code == 302
    assert Suggestion.objects.get().decision == "apart"
    assert client.get("/o/home/customers/duplicates/").context["pairs"] == []


@pytest.mark.parametrize("role", ["head", "employee", "viewer", "administrator"])
def test_who_may_not_merge_cannot(role: str, site: Site, as_role: Callable[[str], Client]) -> None:
    card = f"/o/home/customers/card/{seal(site.own, ONE)}"
    client = as_role(role)
    for tail in ("/merge/", f"/merge/{seal(site.own, OTHER)}/"):
        assert client.get(card + tail).status_code == 403
    for tail in (f"/merge/{seal(site.own, OTHER)}/join/", f"/merge/{seal(site.own, OTHER)}/apart/", "/take-apart/"):
        assert client.post(card + tail).status_code == 403


def test_a_customer_of_another_organisation_is_not_merged(site: Site, as_role: Callable[[str], Client]) -> None:
    strange = seal(site.other, OTHER)
    client = as_role("leader")
    assert client.post(f"/o/home/customers/card/{seal(site.own, ONE)}/merge/{strange}/join/").status_code == 404
    assert client.get(f"/o/home/customers/card/{strange}/merge/{seal(site.own, ONE)}/").status_code == 404


def test_the_likeliest_pair_stands_first(writable: Organisation, as_role: Callable[[str], Client]) -> None:
    found = Identified(3, 3, {}, [Proposal(ONE, OTHER, 0.91, "name"), Proposal(ONE, "C0000015", 0.98, "name, phone")])
    with patch("septima.web.customers.works.identify", return_value=found):
        as_role("leader").post("/o/home/customers/duplicates/")
    pairs = as_role("leader").get("/o/home/customers/duplicates/").context["pairs"]
    assert [likeness for *_, likeness in pairs] == [98, 91]


def test_all_that_is_beyond_doubt_is_merged_and_taken_apart_at_once(
    writable: Organisation, as_role: Callable[[str], Client]
) -> None:
    address = "/o/home/customers/duplicates/"
    client, lake = as_role("leader"), open_workspace(writable).lake
    client.post(address)
    told = dict(client.get(address).context["sure"])
    assert sum(told.values()) > 0
    assert merges(lake) == []
    client.post(address, {"merge": "1"})
    page = client.get(address)
    assert len(merges(lake)) == page.context["merged"] == sum(told.values())
    assert page.context["may_undo"]
    for _ in range(2):  # a form that is sent twice
        assert client.post(f"{address}undo/").status_code == 302
    assert merges(lake) == []
    assert not client.get(address).context["may_undo"]
    client.post(address, {"merge": "1"})
    assert merges(lake) == []
    events = AuditEvent.objects.values_list("action", flat=True)
    assert {"customers.identified", "customers.unmerged"} <= set(events)
