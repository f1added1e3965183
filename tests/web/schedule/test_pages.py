"""The page of the schedule, and what watches the site."""

from collections.abc import Callable
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from septima.web.accounts.models import AuditEvent, Organisation
from septima.web.collect.models import Parcel, Source
from septima.web.common.workspaces import open_workspace
from septima.web.schedule.rules import read_rules
from septima.web.work.models import Work
from tests.web.conftest import Site

PAGE = "/o/home/data/schedule/"


def test_a_rule_is_added_done_at_once_and_removed(writable: Organisation, as_role: Callable[[str], Client]) -> None:
    analyst = as_role("analyst")
    added = analyst.post(f"{PAGE}add/", {"doing": "report/html", "when": "0 7 * * 1", "name": "<b>weekly</b>"})
    assert added.status_code == 302
    (rule,) = read_rules(open_workspace(writable))
    assert (rule.name, rule.do, rule.what, rule.cron) == ("<b>weekly</b>", "report", "html", "0 7 * * 1")
    page = analyst.get(PAGE).content.decode()
    assert "&lt;b&gt;weekly&lt;/b&gt;" in page
    assert "<b>weekly" not in page
    with patch("septima.web.work.doing._enqueue") as queue:
        first, second = (analyst.post(f"{PAGE}now/", {"rule": rule.key}) for _ in range(2))
        assert first["Location"] == second["Location"]
        assert queue.call_count == 1
    analyst.post(f"{PAGE}remove/", {"rule": rule.key})
    assert read_rules(open_workspace(writable)) == []
    noted = AuditEvent.objects.filter(action__startswith="schedule.").order_by("pk").values_list("action", flat=True)
    assert list(dict.fromkeys(noted)) == ["schedule.added", "schedule.begun", "schedule.removed"]


def test_a_time_that_is_none_stays_in_the_form_with_the_reason(
    writable: Organisation, as_role: Callable[[str], Client]
) -> None:
    answer = as_role("analyst").post(f"{PAGE}add/", {"doing": "compute/", "cron": "61 * * * *", "name": "x"})
    assert answer.status_code == 422
    assert "61 * * * *" in answer.content.decode()
    assert "is no time" in answer.content.decode()
    assert read_rules(open_workspace(writable)) == []


@pytest.mark.parametrize("role", ["leader", "head", "employee", "viewer"])
def test_who_may_not_load_data_changes_no_schedule(site: Site, as_role: Callable[[str], Client], role: str) -> None:
    for act in ("add", "remove", "now"):
        assert as_role(role).post(f"{PAGE}{act}/", {"doing": "compute/", "cron": "0 1 * * *"}).status_code == 403


def test_a_stranger_sees_no_schedule(site: Site, as_role: Callable[[str], Client]) -> None:
    assert as_role("other").get(PAGE).status_code == 404


def test_the_site_says_that_it_lives_and_can_work(client: Client, db: None) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "wrong": []}


def test_a_full_disk_and_a_database_of_an_earlier_version_are_not_ready(client: Client, db: None) -> None:
    with patch("septima.web.health.shutil.disk_usage") as usage:
        usage.return_value.free = 1
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["wrong"]) == (503, ["the disk is full"])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'schedule'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "earlier version" in answer.json()["wrong"][0]


def test_prometheus_reads_what_waits(site: Site, client: Client) -> None:
    source = Source.objects.create(organisation=site.own, name="shop", kind="tracking", key_hash="x")
    since = timezone.now() - timedelta(minutes=2)
    for messages, problem in ((3, ""), (4, ""), (5, "not understood")):
        Parcel.objects.create(
            source=source, form="segment", body=b"", messages=messages, problem=problem, received_at=since
        )
    Work.objects.create(organisation=site.own, kind="data.compute", key="1", state="failed")
    text = client.get("/metrics").content.decode()
    assert 'septima_messages_waiting{organisation="home"} 7.0' in text
    assert 'septima_parcels_aside{organisation="home"} 1.0' in text
    assert 'septima_works{kind="data.compute",organisation="home",state="failed"} 1.0' in text
    age = next(line for line in text.splitlines() if line.startswith("septima_oldest_message_age_seconds{"))
    assert 120 <= float(age.split()[-1]) < 180


def test_figures_of_the_site_are_for_this_machine_or_who_has_the_token(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.5").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.5"}).status_code == 404
    monkeypatch.setenv("SEPTIMA_METRICS_TOKEN", "kept by the watcher")
    far = {"REMOTE_ADDR": "10.0.0.5"}
    assert client.get("/metrics", headers={"Authorization": "Bearer kept by the watcher"}, **far).status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer guessed"}, **far).status_code == 404
