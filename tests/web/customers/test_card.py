"""Finding customers and opening a card: what it tells, what it keeps, what it refuses."""

from collections.abc import Callable

import pytest
from django.test import Client

from septima.web.accounts.models import AuditEvent, Organisation
from septima.web.customers.links import seal
from tests.web.conftest import Site

CUSTOMER = "C0000013"


def _card(organisation: Organisation, customer: str = CUSTOMER) -> str:
    return f"/o/{organisation.slug}/customers/card/{seal(organisation, customer)}/"


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
    assert page.status_code == 200
    assert (
        CUSTOMER not in page.content.decode().split("<tbody>")[1].split("</tbody>")[0].split("href=")[1].split(">")[0]
    )
    event = AuditEvent.objects.get(action="customers.searched")
    assert CUSTOMER not in f"{event.subject}{event.details}"
    assert page.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")


@pytest.fixture
def _no_flush(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cards opened in a workspace that is to be read only leave nothing there."""
    monkeypatch.setattr("septima.web.customers.views.ask_for_flush", lambda organisation: None)


@pytest.mark.usefixtures("_no_flush")
def test_a_card_tells_the_whole_story(site: Site, as_role: Callable[[str], Client]) -> None:
    client = as_role("leader")
    page = client.get(_card(site.own))
    assert page.status_code == 200
    story = page.context["story"]
    assert story.figures.orders > 0
    assert {"order", "touch"} <= set(story.kinds)
    moments = [event.at for event in story.events]
    assert moments == sorted(moments, reverse=True)
    only = client.get(_card(site.own), {"kind": "order"}).context["timeline"]
    assert {event.kind for event, _, _ in only.events} == {"order"}
    first, second = (client.get(_card(site.own), {"page": n}).context["timeline"] for n in (1, 2))
    assert len(first.events) == 30
    assert first.events[-1][0].at >= second.events[0][0].at
    department = story.departments[0]
    narrowed = client.get(_card(site.own), {"department": department}).context["timeline"]
    assert {event.department for event, _, _ in narrowed.events} == {department}
