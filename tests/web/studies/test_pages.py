"""Pages of models: begun once, computed in the background, kept, taken along."""

import io
from collections.abc import Callable

import pytest
from django.test import Client
from openpyxl import load_workbook

from septima.chapters.attribution import attribution_answer
from septima.metrics.attribution_sums import Scope
from septima.web.accounts.models import AuditEvent, Organisation
from septima.web.common.workspaces import open_workspace
from septima.web.studies import running
from septima.web.studies.kinds import KINDS, Kind
from septima.web.work import doing
from septima.web.work.models import Work
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
    run = Work.objects.get()
    assert (run.state, run.result) == ("done", {"data_version": open_workspace(site.own).lake.version})
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
    strange = Work.objects.create(organisation=site.other, kind="studies.loyalty", key="x")
    for address in (f"runs/{strange.pk}/", f"runs/{strange.pk}/export.pdf"):
        assert client.get(f"/o/home/models/{address}").status_code == 404
    assert as_role("viewer").get(f"/o/home/models/runs/{run.pk}/").status_code == 403
    assert client.get(f"/o/home/models/runs/{run.pk}/", headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert "Last computed" in client.get("/o/home/models/").content.decode()


def test_what_is_asked_wrongly_is_said_at_its_field(site: Site, as_role: Sign):
    answer = as_role("leader").post(ADDRESS, {**QUICK, "window": "9999"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["window"]
    assert not Work.objects.exists()


def test_a_model_that_cannot_be_computed_says_why(site: Site, as_role: Sign):
    client = as_role("leader")
    client.post("/o/home/models/experiments/of/nope/", {"days": "30", "before_days": "90", "correction": "holm"})
    run = Work.objects.get()
    assert run.state == "failed"
    page = client.get("/o/home/models/experiments/of/nope/").content.decode()
    assert "The model cannot be computed" in page
    assert "nope" in run.problem_en


def test_models_that_are_not_there_are_not_found(site: Site, as_role: Sign):
    client = as_role("leader")
    assert client.get("/o/home/models/nope/").status_code == 404
    assert client.get("/o/home/models/experiment/").status_code == 404
    assert client.get("/o/home/models/runs/999/export.pdf").status_code == 404


@pytest.fixture
def kind() -> Kind:
    """Any model."""
    return KINDS["loyalty"]


def test_the_same_runs_once_at_a_time(site: Site, kind: Kind, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doing, "_enqueue", lambda _: None)
    workspace = open_workspace(site.own)
    first = running.run_model(site.own, workspace, kind, {"rule": "nps"}, None)
    assert running.run_model(site.own, workspace, kind, {"rule": "nps"}, None) == first
    assert running.run_model(site.own, workspace, kind, {"rule": "cli"}, None) != first
    assert running.standing(site.own, workspace, kind, {"rule": "nps"}, "en").active == first


def test_a_run_that_is_stopped_says_so_and_does_not_begin_by_itself(
    site: Site, as_role: Sign, monkeypatch: pytest.MonkeyPatch
):
    client = as_role("leader")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(doing, "_enqueue", lambda _: None)
        here = client.post(ADDRESS, QUICK)["Location"]
    run = Work.objects.get(state="waiting")
    assert f"/o/home/models/runs/{run.pk}/stop/" in client.get(here).content.decode()
    strange = Work.objects.create(organisation=site.other, kind="studies.loyalty", key="x")
    assert client.post(f"/o/home/models/runs/{strange.pk}/stop/").status_code == 404
    answer = client.post(f"/o/home/models/runs/{run.pk}/stop/", headers={"Referer": f"http://testserver{here}"})
    assert answer["Location"].endswith(here)
    page = client.get(here).content.decode()
    assert "The computation was stopped" in page
    assert 'hx-trigger="load' not in page
    elsewhere = client.post(f"/o/home/models/runs/{run.pk}/stop/", headers={"Referer": "https://elsewhere.example/"})
    assert elsewhere["Location"] == "/o/home/models/"
    client.post(ADDRESS, QUICK)
    assert Work.objects.filter(state="done").count() == 1


def test_a_finding_of_earlier_data_is_shown_as_such(site: Site, as_role: Sign, monkeypatch: pytest.MonkeyPatch):
    client = as_role("leader")
    client.post(ADDRESS, QUICK)
    monkeypatch.setattr(running, "definitions_digest", lambda _: "another")
    page = client.get(ADDRESS, QUICK)
    assert page.context["stands"].is_behind
    assert "have changed since" in page.content.decode()


def _sent(**more: str) -> dict[str, str]:
    return {"experiment": "spring", "control": "20", "arms": "letter, call", "segments": "", **more}


def test_an_assignment_is_shown_before_it_is_done_and_done_as_shown(writable: Organisation, as_role: Sign):
    client, address = as_role("analyst"), "/o/home/models/experiments/assign/"
    before = Workspace.open(writable.directory).lake.version
    page = client.post(address, _sent())
    shown = {arm["name"]: arm["added"] for arm in page.context["preview"]["arms"]}
    assert set(shown) == {"control", "letter", "call"}
    assert Workspace.open(writable.directory).lake.version == before  # nothing is written yet
    done = client.post(address, _sent(sure="1"))
    assert done.status_code == 302
    work = Work.objects.get(kind="studies.assign")
    assert (work.state, work.result) == ("done", {"added": sum(shown.values()), "arms": shown})
    assert "Customers assigned" in client.get(done["Location"]).content.decode()
    assert client.get(done["Location"], headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    other = Organisation.objects.get(slug="other")
    strange = Work.objects.create(organisation=other, kind="studies.assign", key="x")
    assert client.get(f"/o/home/models/experiments/assign/{strange.pk}/").status_code == 404
    assert AuditEvent.objects.get(action="experiment.assigned").details == {"added": sum(shown.values())}
    rows = Workspace.open(writable.directory).table("assignments").to_pandas()
    assert rows[rows["experiment_id"] == "spring"]["arm"].value_counts().to_dict() == shown
    again = client.post(address, _sent())
    assert again.context["preview"]["added"] == 0  # nobody is moved, nobody comes twice
    refused = client.post(address, _sent(control="30"))
    assert refused.status_code == 422
    assert "another design" in refused.content.decode()
    assert "spring" in client.get("/o/home/models/experiments/").content.decode()


def test_only_who_may_assign_does(site: Site, as_role: Sign):
    for role in ("head", "viewer", "employee", "administrator"):
        assert as_role(role).post("/o/home/models/experiments/assign/", _sent(sure="1")).status_code == 403
    wrong = as_role("leader").post("/o/home/models/experiments/assign/", _sent(arms="control"))
    assert wrong.status_code == 422
