"""Pages of models: begun once, computed in the background, kept, taken along."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from septima.chapters.attribution import attribution_answer
from septima.metrics.attribution_sums import Scope
from septima.schema import SeptimaError, Text
from septima.web.accounts.models import Organisation
from septima.web.common.workspaces import open_workspace
from septima.web.studies import running
from septima.web.studies.kinds import KINDS, Kind
from septima.web.studies.models import LOST_AFTER, Run
from septima.workspace import Workspace
from tests.web.conftest import Site

Sign = Callable[[str], Client]
QUICK = {"by": "channel", "window": "30", "value": "revenue", "methods": ["last"]}
ADDRESS = "/o/home/models/attribution/"


def test_a_model_is_computed_once_and_its_finding_kept_with_its_date(site: Site, as_role: Sign):
    client = as_role("leader")
    assert "has not been computed yet" in client.get(ADDRESS, QUICK).content.decode()
    answer = client.post(ADDRESS, QUICK)
    assert answer.status_code == 302
    run = Run.objects.get()
    assert (run.state, run.data_version) == ("done", open_workspace(site.own).lake.version)
    page = client.get(answer["Location"])
    assert page.context["stands"].run == run
    assert not page.context["stands"].is_behind
    found = attribution_answer(open_workspace(site.own), "en", Scope("channel", 30), methods=["last"])
    assert found.study.measures[0].number.text in page.content.decode()
    russian = client.get(answer["Location"] + "&language=ru").content.decode()
    assert "Атрибуция" in russian
    book = load_workbook(io.BytesIO(client.get(f"/o/home/models/runs/{run.pk}/export.xlsx").content))
    assert book.worksheets
    assert as_role("other").get(f"/o/home/models/runs/{run.pk}/").status_code == 404
    strange = Run.objects.create(organisation=site.other, kind="loyalty", asked="x", key="x", data_version=1)
    for address in (f"runs/{strange.pk}/", f"runs/{strange.pk}/export.pdf"):
        assert client.get(f"/o/home/models/{address}").status_code == 404
    assert as_role("viewer").get(f"/o/home/models/runs/{run.pk}/").status_code == 403
    assert client.get(f"/o/home/models/runs/{run.pk}/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert "Last computed" in client.get("/o/home/models/").content.decode()


def test_what_is_asked_wrongly_is_said_at_its_field(site: Site, as_role: Sign):
    answer = as_role("leader").post(ADDRESS, {**QUICK, "window": "9999"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["window"]
    assert not Run.objects.exists()


def test_a_model_that_cannot_be_computed_says_why(site: Site, as_role: Sign):
    client = as_role("leader")
    client.post("/o/home/models/experiments/of/nope/", {"days": "30", "before_days": "90", "correction": "holm"})
    run = Run.objects.get()
    assert run.state == "failed"
    page = client.get("/o/home/models/experiments/of/nope/").content.decode()
    assert "The model cannot be computed" in page
    assert "nope" in run.error_en


def test_models_that_are_not_there_are_not_found(site: Site, as_role: Sign):
    client = as_role("leader")
    assert client.get("/o/home/models/nope/").status_code == 404
    assert client.get("/o/home/models/experiment/").status_code == 404
    assert client.get("/o/home/models/runs/999/export.pdf").status_code == 404


@pytest.fixture
def kind() -> Kind:
    """Any model."""
    return KINDS["loyalty"]


def test_the_same_runs_once_until_it_is_lost(site: Site, kind: Kind, monkeypatch: pytest.MonkeyPatch):
    class Never:
        @staticmethod
        def enqueue(_: int) -> None:
            """Nobody takes it up."""

    monkeypatch.setattr("septima.web.studies.tasks.run_model", Never)
    workspace = open_workspace(site.own)
    first = running.begin(site.own, workspace, kind, {"rule": "nps"}, None)
    assert running.begin(site.own, workspace, kind, {"rule": "nps"}, None) == first
    assert running.begin(site.own, workspace, kind, {"rule": "cli"}, None) != first
    Run.objects.filter(pk=first.pk).update(told_at=timezone.now() - 2 * LOST_AFTER)
    again = running.begin(site.own, workspace, kind, {"rule": "nps"}, None)
    assert again != first
    first.refresh_from_db()
    assert first.state == "failed"
    assert "worker" in first.error_en


def test_a_finding_of_earlier_data_is_shown_as_such(site: Site, as_role: Sign, monkeypatch: pytest.MonkeyPatch):
    client = as_role("leader")
    client.post(ADDRESS, QUICK)
    monkeypatch.setattr(running, "definitions_digest", lambda _: "another")
    page = client.get(ADDRESS, QUICK)
    assert page.context["stands"].is_behind
    assert "have changed since" in page.content.decode()


def test_progress_is_told_in_both_languages(site: Site, kind: Kind, monkeypatch: pytest.MonkeyPatch):
    def tell(_: Workspace, __: object, progress: Callable[[Text, int, int | None], None]) -> dict[str, object]:
        progress(Text("Counting", "Считаем"), 3, 10)
        raise SeptimaError("no orders; load orders")

    monkeypatch.setitem(running.KINDS, "loyalty", replace(kind, tell=tell))
    run = running.begin(site.own, open_workspace(site.own), kind, {}, None)
    run.refresh_from_db()
    if run.state == "waiting":
        running.carry_out(run)
        run.refresh_from_db()
    assert (run.step_en, run.step_ru, run.done, run.whole) == ("Counting", "Считаем", 3, 10)
    assert (run.state, run.error_en) == ("failed", "no orders; load orders")


def _sent(**more: str) -> dict[str, str]:
    return {"experiment": "spring", "control": "20", "arms": "letter, call", "segments": "", **more}


def test_an_assignment_is_shown_before_it_is_done_and_done_as_shown(writable: Organisation, as_role: Sign):
    client, address = as_role("analyst"), "/o/home/models/experiments/assign/"
    before = Workspace.open(writable.directory).lake.version
    page = client.post(address, _sent())
    shown = {arm["name"]: arm["added"] for arm in page.context["preview"]["arms"]}
    assert set(shown) == {"control", "letter", "call"}
    assert Workspace.open(writable.directory).lake.version == before  # nothing is written yet
    assert client.post(address, _sent(sure="1")).status_code == 302
    rows = Workspace.open(writable.directory).table("assignments").to_pandas()
    assert rows[rows["experiment_id"] == "spring"]["arm"].value_counts().to_dict() == shown
    again = client.post(address, _sent())
    assert again.context["preview"]["added"] == 0  # nobody is moved, nobody comes twice
    other = client.post(address, _sent(control="30"))
    assert other.status_code == 422
    assert "another design" in other.content.decode()
    assert "spring" in client.get("/o/home/models/experiments/").content.decode()


def test_only_who_may_assign_does(site: Site, as_role: Sign):
    for role in ("head", "viewer", "employee", "administrator"):
        assert as_role(role).post("/o/home/models/experiments/assign/", _sent(sure="1")).status_code == 403
    wrong = as_role("leader").post("/o/home/models/experiments/assign/", _sent(arms="control"))
    assert wrong.status_code == 422
