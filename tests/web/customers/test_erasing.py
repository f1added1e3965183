"""Handing a person's data over and erasing them."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from septima.lake.erase import verify_erased
from septima.metrics.lifetime_words import METHOD_BY_KEY
from septima.schema import SeptimaError
from septima.web.accounts.models import AuditEvent, Membership, Organisation
from septima.web.common.workspaces import open_workspace
from septima.web.customers import erasing, erasure, valuations
from septima.web.customers.links import mark_of, seal
from septima.web.customers.models import Erasure, Opening, Suggestion
from septima.web.customers.openings import note_opening
from septima.web.customers.reading import read_person
from septima.web.work.models import Work
from tests.web.conftest import Site

CUSTOMER = "C0000013"


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a further application was asked to forget."""
    asked: list[str] = []

    def forget(organisation: Organisation, customer_id: str) -> int:
        asked.append(customer_id)
        return 1

    monkeypatch.setattr(erasure, "_REGISTERED", {**erasure._REGISTERED, "other_application": forget})
    return asked


def _ask(
    client: Client, organisation: Organisation, name: str, reason: str = "Request 17", form: str = "once"
) -> Erasure | None:
    address = f"/o/home/customers/card/{seal(organisation, CUSTOMER)}/erase/"
    client.post(address, {"name": name, "reason": reason, "token": form})
    return Erasure.objects.filter(token=form).first()


def test_a_person_is_erased_everywhere_after_two_questions(
    writable: Organisation, as_role: Callable[[str], Client], hooks: list[str]
) -> None:
    client = as_role("leader")
    lake = open_workspace(writable).lake
    person = read_person(lake, CUSTOMER)
    head = person.of("customers")[0]
    note_opening(Membership.objects.get(organisation=writable, role="employee"), CUSTOMER)
    Suggestion.objects.create(organisation=writable, one=CUSTOMER, other="C0000014", score=0.95)
    assert _ask(client, writable, "Somebody Else") is None
    assert _ask(client, writable, head["name"], reason=f"Asked by {head['email']}") is None
    work = _ask(client, writable, head["name"].upper())
    assert work is not None
    assert _ask(client, writable, head["name"]) == work  # the form sent twice
    assert Erasure.objects.count() == 1
    assert read_person(lake, CUSTOMER).is_known
    confirm = f"/o/home/customers/erasures/{work.pk}/confirm/"
    assert head["name"] in client.get(confirm).content.decode()
    for _ in range(2):
        assert client.post(confirm).status_code == 302
    work.refresh_from_db()
    assert work.work is not None
    assert (work.work.state, work.customer_id, work.members) == ("done", "", [])
    assert CUSTOMER not in str(Work.objects.values())
    assert not read_person(lake, CUSTOMER).is_known
    assert not Opening.objects.filter(customer_id=CUSTOMER).exists()
    assert not Suggestion.objects.exists()
    assert set(hooks) == {CUSTOMER}
    assert verify_erased(lake, [CUSTOMER]) == ()
    page = client.get(f"/o/home/customers/erasures/{work.pk}/")
    assert work.certificate["hash"] in page.content.decode()
    kept = json.dumps(work.certificate) + work.reason + str(list(AuditEvent.objects.values()))
    for text in (CUSTOMER, head["name"], head["email"], head["phone"]):
        assert text not in kept
        assert text not in page.content.decode()
    assert client.get(f"/o/home/customers/card/{seal(writable, CUSTOMER)}/").status_code == 404
    pdf = client.get(f"/o/home/customers/erasures/{work.pk}/certificate.pdf")
    assert pdf.content.startswith(b"%PDF")
    assert f"№ {work.pk}" in client.get("/o/home/customers/erasures/").content.decode()


def test_an_erasure_that_was_not_confirmed_is_withdrawn(
    writable: Organisation, as_role: Callable[[str], Client]
) -> None:
    client = as_role("leader")
    name = read_person(open_workspace(writable).lake, CUSTOMER).of("customers")[0]["name"]
    work = _ask(client, writable, name)
    assert work is not None
    client.post(f"/o/home/customers/erasures/{work.pk}/confirm/", {"withdraw": "1"})
    assert not Erasure.objects.exists()
    assert read_person(open_workspace(writable).lake, CUSTOMER).is_known


def test_what_another_confirmed_meanwhile_is_not_withdrawn(
    writable: Organisation, as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_role("leader")
    work = Erasure.objects.create(organisation=writable, customer_id=CUSTOMER, token="t", reason="Request 17")
    own = erasing._own

    def and_then_another_confirms(request: Any, number: int) -> Erasure:
        found = own(request, number)
        Erasure.objects.update(confirmed_at=datetime.now(UTC))
        return found

    monkeypatch.setattr(erasing, "_own", and_then_another_confirms)
    answer = client.post(f"/o/home/customers/erasures/{work.pk}/confirm/", {"withdraw": "1"})
    assert answer["Location"].endswith(f"/erasures/{work.pk}/")
    assert Erasure.objects.get().confirmed_at is not None


def test_an_erasure_that_stopped_is_tried_again(
    writable: Organisation, as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_role("leader")
    name = read_person(open_workspace(writable).lake, CUSTOMER).of("customers")[0]["name"]
    work = _ask(client, writable, name)
    assert work is not None

    def busy(*arguments: object, **named: object) -> None:
        raise SeptimaError("another program has been writing")

    with monkeypatch.context() as patched:
        patched.setattr("septima.web.customers.person.erase_person", busy)
        client.post(f"/o/home/customers/erasures/{work.pk}/confirm/")
    page = client.get(f"/o/home/customers/erasures/{work.pk}/").content.decode()
    assert "another program has been writing" in page
    client.post(f"/o/home/customers/erasures/{work.pk}/")
    work.refresh_from_db()
    assert work.work is not None
    assert (work.work.state, work.work.attempt) == ("done", 2)
    assert work.erased_at is not None


def test_a_person_gets_all_that_is_kept(writable: Organisation, as_role: Callable[[str], Client]) -> None:
    note_opening(Membership.objects.get(organisation=writable, role="employee"), CUSTOMER)
    answer = as_role("leader").post(f"/o/home/customers/card/{seal(writable, CUSTOMER)}/export/")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert {"customers.json", "orders.json", "orders.csv", "README.txt", "site_openings.json"} <= set(
        archive.namelist()
    )
    orders = json.loads(archive.read("orders.json"))
    assert {row["customer_id"] for row in orders} == {CUSTOMER}
    assert CUSTOMER not in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert AuditEvent.objects.get(action="customer.exported").subject == mark_of(writable, CUSTOMER)


@pytest.mark.parametrize("role", ["head", "analyst", "employee", "viewer"])
def test_who_may_not_erase_cannot(role: str, site: Site, as_role: Callable[[str], Client]) -> None:
    work = Erasure.objects.create(organisation=site.own, token="x", customer_id=CUSTOMER, reason="r")
    client, card = as_role(role), f"/o/home/customers/card/{seal(site.own, CUSTOMER)}"
    for address in (f"{card}/erase/", "/o/home/customers/erasures/", f"/o/home/customers/erasures/{work.pk}/confirm/"):
        assert client.get(address).status_code == 403
    assert client.post(f"{card}/export/").status_code == 403
    assert client.post(f"/o/home/customers/erasures/{work.pk}/confirm/").status_code == 403
    work.refresh_from_db()
    assert work.confirmed_at is None


def test_an_erasure_of_another_organisation_is_not_there(site: Site, as_role: Callable[[str], Client]) -> None:
    work = Erasure.objects.create(organisation=site.other, token="x", customer_id=CUSTOMER, reason="r")
    client = as_role("leader")
    for tail in ("", "confirm/", "certificate.pdf"):
        assert client.get(f"/o/home/customers/erasures/{work.pk}/{tail}").status_code == 404
    assert client.post(f"/o/home/customers/erasures/{work.pk}/confirm/").status_code == 404


def test_an_administrator_finds_whom_to_erase_without_the_card(site: Site, as_role: Callable[[str], Client]) -> None:
    page = as_role("administrator").post("/o/home/customers/erasures/", {"text": CUSTOMER})
    assert f"/card/{seal(site.own, CUSTOMER)}/erase/" in page.content.decode()


def test_values_of_models_are_kept_and_forget_a_customer(
    site: Site, as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Three of the ten, so that the test stays quick.
    few = tuple(METHOD_BY_KEY[key] for key in ("historical", "cohort", "pareto_nbd"))
    monkeypatch.setattr(valuations, "METHODS", few)
    as_role("analyst").post("/o/home/customers/value/", {"customer": seal(site.own, CUSTOMER)})
    assert Work.objects.get(kind="customers.value").state == "done"
    found = valuations.values_of(site.own, [CUSTOMER])
    assert [one.method for one in found] == list(few)
    assert 0 <= (found[-1].p_alive or -1) <= 1
    assert valuations.forget_values(site.own, [CUSTOMER]) == 3
    assert valuations.values_of(site.own, [CUSTOMER]) == []
    assert len(valuations.values_of(site.own, ["C0000014"])) == 3
    assert not list(Path(settings.SITE_FOLDER, "valuations").glob("*.erasing"))
