"""Finding customers and opening a card: what it tells, what it keeps, what it refuses."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models.query import QuerySet
from django.test import Client

from septima.lake.append import append
from septima.web.accounts.models import AuditEvent, Membership, Organisation, User
from septima.web.common.workspaces import open_workspace
from septima.web.customers.links import mark_of, seal
from septima.web.customers.models import Opening
from septima.web.customers.openings import flush, note_opening, who
from tests.web.conftest import Site

CUSTOMER = "C0000013"


def card_address(organisation: Organisation, customer: str = CUSTOMER) -> str:
    return f"/o/{organisation.slug}/customers/card/{seal(organisation, customer)}/"


@pytest.fixture
def _no_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cards opened in a workspace that is to be read only leave nothing there."""
    monkeypatch.setattr("septima.web.customers.views.ask_for_flush", lambda organisation: None)


def test_a_customer_is_found_by_name_phone_mail_and_id(site: Site, as_role: Callable[[str], Client]) -> None:
    client = as_role("employee")
    page = client.post("/o/home/customers/", {"text": CUSTOMER})
    assert seal(site.own, CUSTOMER) in page.content.decode()
    found = page.context["hits"][0].found
    for text in (found.email, found.phone, found.name):
        assert seal(site.own, CUSTOMER) in client.post("/o/home/customers/", {"text": text}).content.decode()
    assert "Nobody was found" in client.post("/o/home/customers/", {"text": "zzzzqq"}).content.decode()


def test_what_is_sought_stands_in_no_address_and_no_log(site: Site, as_role: Callable[[str], Client]) -> None:
    page = as_role("employee").post("/o/home/customers/", {"text": CUSTOMER})
    assert CUSTOMER not in "".join(part.split('"')[0] for part in page.content.decode().split('href="')[1:])
    event = AuditEvent.objects.get(action="customers.searched")
    assert CUSTOMER not in f"{event.subject}{event.details}"
    assert "no-store" in page.headers["Cache-Control"]


@pytest.mark.usefixtures("_no_flush")
def test_a_card_tells_the_whole_story(site: Site, as_role: Callable[[str], Client]) -> None:
    client = as_role("leader")
    story = client.get(card_address(site.own)).context["story"]
    assert {"order", "touch"} <= set(story.kinds)
    moments = [event.at for event in story.events]
    assert moments == sorted(moments, reverse=True)
    only = client.get(card_address(site.own), {"kind": "order"}).context["timeline"]
    assert {event.kind for event, _, _ in only.events} == {"order"}
    department = story.departments[0]
    narrowed = client.get(card_address(site.own), {"department": department}).context["timeline"]
    assert {event.department for event, _, _ in narrowed.events} == {department}


@pytest.mark.usefixtures("_no_flush")
def test_pages_of_the_timeline_hold_every_event_once(site: Site, as_role: Callable[[str], Client]) -> None:
    client, seen = as_role("leader"), []
    for number in range(1, 99):
        timeline = client.get(card_address(site.own), {"page": number}, headers={"hx-request": "true"}).context[
            "timeline"
        ]
        seen += [event for event, _, _ in timeline.events]
        if not timeline.has_more:
            break
    assert len(seen) == timeline.total > 30


@pytest.mark.usefixtures("_no_flush")
def test_figures_are_those_of_the_sold_orders(site: Site, as_role: Callable[[str], Client]) -> None:
    orders = open_workspace(site.own).table("orders").to_pyarrow().to_pylist()
    own = [row for row in orders if row["customer_id"] == CUSTOMER]
    sold = [row for row in own if row["status"] not in {"cancelled", "returned"}]
    figures = as_role("leader").get(card_address(site.own)).context["story"].figures
    revenue = round(float(sum(row["revenue"] for row in sold)))
    assert (figures.orders, figures.unsold) == (len(sold), len(own) - len(sold))
    assert "".join(letter for letter in figures.revenue if letter.isdigit()) == str(revenue)
    assert figures.last == max(row["ordered_at"] for row in sold)


@pytest.mark.parametrize("role", ["administrator", "viewer"])
def test_a_role_that_serves_nobody_opens_no_card(role: str, site: Site, as_role: Callable[[str], Client]) -> None:
    assert as_role(role).get(card_address(site.own)).status_code == 403
    assert as_role(role).post("/o/home/customers/", {"text": "a"}).status_code == 403
    assert not Opening.objects.exists()


def test_addresses_that_were_forged_or_are_of_another_organisation_open_nothing(
    site: Site, as_role: Callable[[str], Client]
) -> None:
    client, good = as_role("leader"), seal(site.own, CUSTOMER)
    changed = good[:-2] + ("AA" if good[-2:] != "AA" else "BB")
    for token in (CUSTOMER, changed, good + "=", "é", seal(site.other, CUSTOMER), seal(site.own, "nobody")):
        assert client.get(f"/o/home/customers/card/{token}/").status_code == 404
    assert as_role("other").get(card_address(site.own)).status_code == 404
    assert Client().get(card_address(site.own)).status_code == 302


def test_a_customer_has_one_address_that_says_nothing(site: Site) -> None:
    assert seal(site.own, CUSTOMER) == seal(site.own, CUSTOMER) != seal(site.other, CUSTOMER)
    assert CUSTOMER not in seal(site.own, CUSTOMER)
    assert mark_of(site.own, CUSTOMER) != mark_of(site.other, CUSTOMER)


def test_an_opening_is_kept_once_in_a_quarter_of_an_hour(site: Site) -> None:
    membership = Membership.objects.get(organisation=site.own, role="employee")
    noon = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
    assert note_opening(membership, CUSTOMER, now=noon)
    assert not note_opening(membership, CUSTOMER, now=noon + timedelta(minutes=14))
    assert note_opening(membership, CUSTOMER, now=noon + timedelta(minutes=15))
    assert note_opening(membership, "C0000014", now=noon)
    assert Opening.objects.count() == 3


def test_who_is_no_employee_is_recorded_as_an_account(site: Site) -> None:
    membership = Membership.objects.get(organisation=site.own, role="leader")
    assert who(membership) == f"user:{membership.user_id}"
    membership.employee_id = "E00001"
    assert who(membership) == "E00001"


def test_a_card_that_was_opened_makes_its_customer_available(
    writable: Organisation, as_role: Callable[[str], Client]
) -> None:
    """From the click to the metric: an employee opens a card, serves the customer, and is counted as having seen it."""
    Membership.objects.filter(organisation=writable, role="employee").update(employee_id="E99999")
    assert as_role("employee").get(card_address(writable)).status_code == 200
    workspace = open_workspace(writable)
    rows = [row for row in workspace.table("accesses").to_pyarrow().to_pylist() if row["employee_id"] == "E99999"]
    assert [(row["customer_id"], row["source"]) for row in rows] == [(CUSTOMER, "septima_site")]
    moment = rows[0]["at"] + timedelta(minutes=1)
    calls = [
        {"call_id": f"X{n}", "customer_id": customer, "at": moment, "answered": True, "employee_id": "E99999"}
        for n, customer in enumerate([CUSTOMER, "C0000014"])
    ]
    append(workspace.lake, "calls", calls, "test", batch="calls")
    frame = open_workspace(writable).metric("availability", grain="all", by=["employee_id"]).frame
    assert frame[frame["employee_id"] == "E99999"]["value"].tolist() == [0.5]


def test_openings_come_to_the_lake_once_even_where_a_batch_was_cut_off(
    writable: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    membership = Membership.objects.get(organisation=writable, role="employee")
    workspace = open_workspace(writable)
    before = workspace.table("accesses").count().to_pyarrow().as_py()
    for customer in ("C0000001", "C0000002"):
        note_opening(membership, customer)
    with monkeypatch.context() as patched:
        # The rows reach the lake, and the process dies before it can note that.
        patched.setattr("django.db.models.query.QuerySet.update", _die_at_noting)
        with pytest.raises(KeyboardInterrupt):
            flush(writable)
    note_opening(membership, "C0000003")
    assert flush(writable) == 3
    assert flush(writable) == 0
    assert open_workspace(writable).table("accesses").count().to_pyarrow().as_py() == before + 3


_update = QuerySet.update


def _die_at_noting(rows: Any, **values: Any) -> int:
    if "in_lake_at" in values:
        raise KeyboardInterrupt
    return _update(rows, **values)


def test_script_in_a_name_stays_text(writable: Organisation, as_role: Callable[[str], Client]) -> None:
    evil = "<script>alert(1)</script>"
    customer = {"customer_id": f"evil {evil}", "name": evil, "segment": evil, "email": evil}
    append(open_workspace(writable).lake, "customers", [customer], "test", batch="evil")
    touch = {
        "touch_id": "evil",
        "customer_id": customer["customer_id"],
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "kind": "chat",
        "topic": evil,
    }
    append(open_workspace(writable).lake, "touches", [touch], "test", batch="evil")
    client = as_role("leader")
    for page in (
        client.get(card_address(writable, customer["customer_id"])),
        client.post("/o/home/customers/", {"text": customer["customer_id"]}),
        client.get("/o/home/customers/"),
        client.get(card_address(writable, customer["customer_id"]) + "erase/"),
    ):
        assert page.status_code == 200
        assert evil not in page.content.decode()


@pytest.mark.usefixtures("_no_flush")
def test_no_event_of_the_log_names_a_customer(site: Site, as_role: Callable[[str], Client]) -> None:
    as_role("employee").get(card_address(site.own))
    event = AuditEvent.objects.get(action="customer.opened")
    assert event.user == User.objects.get(email="employee@example.org")
    assert event.subject == mark_of(site.own, CUSTOMER)
    assert CUSTOMER not in f"{event.subject}{event.details}"
