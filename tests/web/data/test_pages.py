"""Pages of sources, history and background work."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from septima.web.common.permissions import ROLES, allowed
from septima.web.data.sources import History, history
from septima.web.data.views import since
from septima.web.work import kinds
from septima.web.work.models import Work
from tests.web.conftest import Site
from tests.web.data.conftest import ORDERS, Shop, address, bring, load

PAGES = ("", "loads/", "upload/", "quarantine/", "quarantine/export.csv", "work/")


@pytest.mark.parametrize("role", [*ROLES, "other"])
def test_each_role_opens_what_the_table_allows(role: str, site: Site, as_role: Callable[[str], Client]) -> None:
    client = as_role(role)
    for page in PAGES:
        capability = "load_data" if page == "upload/" else "view_data"
        right = 404 if role == "other" else 200 if allowed(role, capability) else 403
        assert client.get(f"/o/home/data/{page}").status_code == right, page


def test_an_empty_lake_says_how_to_begin(shop: Shop, analyst: Client) -> None:
    assert "There are no data yet" in analyst.get(address()).content.decode()
    assert "Nothing has been loaded yet" in analyst.get(address("loads")).content.decode()
    assert "Nothing waits to be mended" in analyst.get(address("quarantine")).content.decode()
    assert "No work was begun yet" in analyst.get(address("work")).content.decode()


def test_sources_are_told_with_their_counts_and_who_brought_them(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS)
    load(analyst)
    page = analyst.get(address())
    (table,) = page.context["tables"]
    (line,) = table.lines
    counts = line.arrived.counts
    assert counts.read == counts.loaded + counts.updated + counts.duplicate + counts.quarantined == 5
    assert (table.name, table.rows, line.author) == ("orders", counts.loaded, "Analyst")
    (commit,) = analyst.get(address("loads")).context["commits"]
    assert (commit.version, commit.who, commit.source) == (1, "Analyst", "orders")


def test_history_reads_only_what_is_new(shop: Shop, analyst: Client, monkeypatch: Any) -> None:
    bring(analyst, ORDERS)
    load(analyst)
    first = history(shop.organisation, shop.lake)
    assert first.version == 1
    known = caches["pages"].get(f"data-history-{shop.organisation.pk}")
    assert isinstance(known, History)
    bring(analyst, ORDERS.replace("A-", "B-"), "orders.csv")
    load(analyst)
    second = history(shop.organisation, shop.lake)
    assert second.arrived["orders", "orders"].loads == 2
    assert second.arrived["orders", "orders"].counts.read == 10
    caches["pages"].clear()
    assert history(shop.organisation, shop.lake) == second


def test_duplicates_are_looked_for_as_a_trial_first(shop: Shop, as_role: Callable[[str], Client]) -> None:
    administrator, analyst = as_role("administrator"), as_role("analyst")
    content = "customer_id,name,email,created_at\nc1,Anna,a@example.org,2026-07-01\nc2,Anna,a@example.org,2026-07-02\n"
    bring(analyst, content, "customers.csv")
    load(analyst)
    version = shop.lake.version
    administrator.post(address("work", "identify"), {"once": "one"})
    administrator.post(address("work", "identify"), {"once": "one"})
    job = Work.objects.get(kind="data.identify")
    assert (job.state, job.result["customers"], job.result["persons"]) == ("done", 2, 1)
    assert shop.lake.version == version
    assert administrator.post(address("work", "identify"), {"record": "1"}).status_code == 403
    assert as_role("head").post(address("work", "identify"), {}).status_code == 403
    analyst.post(address("work", "identify"), {"record": "1", "once": "two"})
    assert Work.objects.latest("pk").result["run"] == shop.lake.version == version + 1


def test_a_fault_of_the_program_is_told_in_words_without_its_traceback(
    shop: Shop, analyst: Client, monkeypatch: Any
) -> None:
    def broken(*_: Any) -> dict[str, Any]:
        raise ZeroDivisionError("secret")

    monkeypatch.setitem(kinds._KINDS, "data.compute", replace(kinds._KINDS["data.compute"], do=broken))
    analyst.post(address("work", "compute"), {"once": "x"})
    job = Work.objects.get()
    text = analyst.get(address("work", job.pk)).content.decode()
    assert job.state == "failed"
    assert "secret" not in text
    assert "Start again" in text


@pytest.mark.parametrize("role", ["leader", "head"])
def test_who_only_looks_cannot_begin_or_stop_work(role: str, shop: Shop, as_role: Callable[[str], Client]) -> None:
    job = Work.objects.create(organisation=shop.organisation, kind="data.compute", key="x")
    for path in ("compute", f"{job.pk}/cancel", f"{job.pk}/retry"):
        assert as_role(role).post(f"{address('work')}{path}/").status_code == 403
    assert as_role(role).get(address("work", job.pk)).status_code == 200


@pytest.mark.parametrize(
    ("ago", "words"), [(timedelta(hours=3), "3\u00a0hours ago"), (timedelta(days=-2), "in\u00a02 days")]
)
def test_freshness_is_told_in_words(ago: timedelta, words: str) -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)
    assert since(now - ago, now) == words


@pytest.mark.parametrize("path", ["", "upload/", "http/", "schedule/", "work/"])
def test_the_menu_says_where_one_is(as_role: Callable[[str], Client], path: str) -> None:
    page = as_role("administrator").get(f"/o/home/data/{path}").content.decode()
    current = re.findall(r'<a href="([^"]+)" aria-current="page"><svg', page)
    assert set(current) == {"/o/home/data/"}  # the menu stands there twice, for a laptop and for a phone
