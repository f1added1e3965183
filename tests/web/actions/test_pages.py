"""Mine, my department and actions as pages, for every role."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.cache import caches
from django.template import Context, Template
from django.test import Client, RequestFactory

from septima.metrics import Period
from septima.web.accounts.models import Membership, Organisation
from septima.web.actions.keeping import Wanted, begin
from septima.web.actions.models import Action
from septima.web.common.permissions import ROLES, allowed
from septima.web.common.workspaces import open_workspace
from tests.web.conftest import Site

NEW = {
    "kpi": "customer_support/nps",
    "period": "2026-Q3",
    "what": "Call back",
    "cause": "",
    "due_on": "2026-12-10",
    "department": "",
}
_CARDS: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _cards_are_made_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The card and the cascade of the demo company, which are dear, made once for all tests here."""

    def kept(key: str, make: Callable[[], Any]) -> Any:
        name = "cascade" if key.endswith("cascade") else key.split("-", 2)[2]
        if name not in _CARDS:
            _CARDS[name] = make()
        return _CARDS[name]

    monkeypatch.setattr("septima.web.common.workspaces.kept", kept)
    monkeypatch.setattr("septima.web.actions.figures.kept", kept)
    yield
    caches["pages"].clear()


def action_of(organisation: Organisation, owner: str, form: str = "t") -> Action:
    member = Membership.objects.get(organisation=organisation, role=owner)
    wanted = Wanted("<b>Call back</b>", "<script>alert(1)</script>", member, "", "support", date(2026, 12, 10))
    return begin(
        organisation,
        member.user,
        "customer_support/nps",
        Period(date(2026, 7, 1), date(2026, 10, 1), "quarter"),
        wanted,
        form,
    )


def test_an_account_that_is_no_employee_is_told_who_can_mend_it(site: Site, as_role: Callable[[str], Client]) -> None:
    page = as_role("employee").get("/o/home/mine/", {"wait": "1"}).content.decode()
    assert "not tied to an employee" in page
    assert "Administrator" in page


def test_a_page_whose_card_is_not_there_asks_for_it(site: Site, as_role: Callable[[str], Client]) -> None:
    page = as_role("employee").get("/o/home/mine/").content.decode()
    assert 'hx-trigger="load"' in page
    assert "wait=1" in page


def test_an_employee_sees_own_kpis(site: Site, as_role: Callable[[str], Client]) -> None:
    workspace = open_workspace(site.own)
    employees = workspace.table("employees").to_pyarrow().to_pylist()
    someone = next(row for row in employees if row["left_at"] is None and row["department"] == "support")
    Membership.objects.filter(organisation=site.own, role="employee").update(employee_id=someone["employee_id"])
    page = as_role("employee").get("/o/home/mine/", {"fill": "1"})
    assert page.context["person"].id == someone["employee_id"]
    assert page.context["duties"] or page.context["person"].hidden
    Membership.objects.filter(organisation=site.own, role="employee").update(employee_id="nobody")
    assert "does not reach you" in as_role("employee").get("/o/home/mine/", {"wait": "1"}).content.decode()


def test_a_head_sees_the_department(site: Site, as_role: Callable[[str], Client]) -> None:
    Membership.objects.filter(organisation=site.own, role="head").update(department="support")
    page = as_role("head").get("/o/home/mine/department/", {"wait": "1"})
    assert page.context["card"].id == "support"
    states = [one.state for one in page.context["duties"]]
    assert states == sorted(states, key=["bad", "watch", "unknown", "good"].index)
    assert len(page.context["people"]) == page.context["card"].people
    other = as_role("leader").get("/o/home/mine/department/", {"wait": "1", "department": "nowhere"})
    assert "No such department" in other.content.decode()


def test_a_company_without_a_cascade_is_told_so(site: Site, as_role: Callable[[str], Client]) -> None:
    page = as_role("other").get("/o/other/mine/", {"wait": "1"})
    assert page.status_code == 200
    assert "traceback" not in page.content.decode().lower()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_the_table_says(role: str, site: Site, as_role: Callable[[str], Client]) -> None:
    client, action = as_role(role), action_of(site.own, "head" if role != "head" else "leader")
    address = f"/o/home/mine/actions/{action.pk}/"
    manages, sees = allowed(role, "manage_actions"), allowed(role, "view_department")
    assert client.get(address).status_code == (200 if sees else 404)
    assert client.get(f"{address}edit/").status_code == (200 if manages else 403)
    assert client.post(f"{address}state/", {"state": "in_progress"}).status_code == (
        302 if manages else 403 if sees else 404
    )
    assert client.post(f"{address}note/", {"text": "x", "token": role}).status_code == (
        302 if manages else 403 if sees else 404
    )
    assert client.post("/o/home/mine/actions/new/", {**NEW, "employee_id": "E1"}).status_code == (
        302 if manages else 403
    )


def test_the_owner_says_how_it_goes_but_does_not_drop_it(site: Site, as_role: Callable[[str], Client]) -> None:
    action, client = action_of(site.own, "employee"), as_role("employee")
    address = f"/o/home/mine/actions/{action.pk}/"
    client.post(f"{address}state/", {"state": "dropped"})
    assert Action.objects.get(pk=action.pk).state == "open"
    client.post(f"{address}state/", {"state": "in_progress"})
    assert Action.objects.get(pk=action.pk).state == "in_progress"
    client.post(f"{address}note/", {"text": "<img src=x>", "token": "n"})
    page = client.get(address).content.decode()
    assert "&lt;img src=x&gt;" in page
    assert "<script>alert" not in page
    assert "<b>Call back" not in page


def test_a_form_says_what_is_missing_and_is_taken_once(site: Site, as_role: Callable[[str], Client]) -> None:
    client = as_role("leader")
    page = client.post("/o/home/mine/actions/new/", NEW)
    assert "Say who answers" in page.content.decode()
    stranger = Membership.objects.get(organisation=site.other)
    page = client.post("/o/home/mine/actions/new/", {**NEW, "owner": stranger.pk})
    assert page.status_code == 200
    owner = Membership.objects.get(organisation=site.own, role="head")
    for _ in range(2):
        assert client.post("/o/home/mine/actions/new/", {**NEW, "owner": owner.pk, "token": "same"}).status_code == 302
    assert Action.objects.get().owner == owner
    assert client.get("/o/home/mine/actions/new/", {"kpi": "no/such"}).status_code == 404


def test_another_organisations_action_is_not_there(site: Site, as_role: Callable[[str], Client]) -> None:
    member = Membership.objects.get(organisation=site.other)
    wanted = Wanted("Theirs", "", member, "", "", date(2026, 12, 10))
    action = begin(
        site.other, member.user, "own/x", Period(date(2026, 7, 1), date(2026, 10, 1), "quarter"), wanted, "t"
    )
    client = as_role("leader")
    for tail in ("", "edit/"):
        assert client.get(f"/o/home/mine/actions/{action.pk}/{tail}").status_code == 404
    assert client.post(f"/o/home/mine/actions/{action.pk}/state/", {"state": "done"}).status_code == 404
    assert "Theirs" not in client.get("/o/home/mine/actions/", {"state": "all"}).content.decode()


def test_a_list_is_narrowed(site: Site, as_role: Callable[[str], Client]) -> None:
    mine, other = action_of(site.own, "leader", "a"), action_of(site.own, "head", "b")
    Action.objects.filter(pk=other.pk).update(due_on=date(2026, 1, 1), department="claims")
    client = as_role("leader")

    def listed(**asked: str) -> list[int]:
        return [one.action.pk for one in client.get("/o/home/mine/actions/", asked).context["rows"]]

    assert listed() == [other.pk, mine.pk]
    assert listed(state="overdue") == [other.pk]
    assert listed(mine="1") == [mine.pk]
    assert listed(department="claims") == [other.pk]
    assert listed(state="done") == []


@pytest.mark.parametrize(("role", "begins"), [("leader", True), ("viewer", False)])
def test_pages_of_a_kpi_show_what_is_done_about_it(role: str, begins: bool, site: Site) -> None:
    action_of(site.own, "leader")
    membership = Membership.objects.get(organisation=site.own, role=role)
    shown = Template('{% load actions %}{% kpi_actions "customer_support/nps" period %}').render(
        Context(
            {
                "membership": membership,
                "organisation": site.own,
                "period": "2026-Q3",
                "request": RequestFactory().get("/"),
            }
        )
    )
    assert ("Call back" in shown) is begins
    assert ("/mine/actions/new/?kpi=customer_support%2Fnps" in shown) is begins


def test_what_is_overdue_is_so_by_the_clocks_of_the_organisation(
    writable: Organisation, as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At noon of the 10th by UTC the 11th has begun on Kiritimati; what was due on the 10th is overdue there."""
    action = action_of(writable, "leader", "a")
    Action.objects.filter(pk=action.pk).update(due_on=date(2026, 12, 10))
    monkeypatch.setattr("septima.web.actions.days._now", lambda: datetime(2026, 12, 10, 12, tzinfo=UTC))
    client, settings = as_role("leader"), writable.directory / "septima.yaml"
    text = settings.read_text(encoding="utf-8")
    found = {}
    for zone in ("UTC", "Pacific/Kiritimati"):
        settings.write_text(text.replace("time_zone: UTC", f"time_zone: {zone}"), "utf-8")
        rows = client.get("/o/home/mine/actions/", {"state": "all"}).context["rows"]
        own = client.get("/o/home/mine/").context["counts"]["overdue"]
        one = client.get(f"/o/home/mine/actions/{action.pk}/").context["one"]
        found[zone] = ([row.overdue for row in rows], own, one.overdue)
    assert found == {"UTC": ([False], 0, False), "Pacific/Kiritimati": ([True], 1, True)}
