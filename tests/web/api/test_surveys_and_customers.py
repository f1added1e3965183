"""Surveys and customers by the interface."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from septima.lake.store import Lake
from septima.web.accounts.models import AuditEvent, Organisation
from septima.web.customers.models import Opening
from septima.web.surveys.instruments import questions_of
from septima.web.surveys.models import CLOSED, OPEN, Response, Survey
from septima.web.surveys.questions import to_json
from septima.workspace import Workspace
from tests.web.conftest import Site


def _survey(organisation: Organisation, **more: object) -> Survey:
    given = {"state": OPEN, "opens_at": timezone.now(), "languages": ["en"], **more}
    questions = to_json(questions_of("nps", {}))
    return Survey.objects.create(
        organisation=organisation, name="After delivery", instrument="nps", questions=questions, **given
    )


def _send(
    client: Client, survey: Survey, answers: dict[str, object], key: str = "order-1001"
) -> tuple[int, dict[str, str]]:
    answer = client.post(
        f"/api/v1/surveys/{survey.code}/answers",
        {"answers": answers},
        content_type="application/json",
        headers={"idempotency-key": key},
    )
    return answer.status_code, answer.json()


def test_answers_sent_reach_the_figures_of_the_survey_once(
    writable: Organisation, calling: Callable[..., Client]
) -> None:
    survey, client = _survey(writable), calling("analyst")
    score = next(one.key for one in survey.asked if one.kind == "scale")
    grades = [10, 9, 8, 8, 10, 6, 5, 2, 1, 3]
    for number, grade in enumerate(grades):
        assert _send(client, survey, {score: grade}, f"order-100{number}")[0] == 200
        assert _send(client, survey, {score: grade}, f"order-100{number}")[0] == 200  # sent twice, counted once
    assert Response.objects.count() == len(grades)
    given = client.get(f"/api/v1/surveys/{survey.code}/results").json()
    nps = next(one for one in given["figures"] if one["metric"] == "nps")
    assert nps["n"] == 10
    assert nps["figure"]["value"] == pytest.approx((5 - 3) / 10)  # 8 and more promote, below 4 detract


def test_a_questionnaire_sent_again_under_its_key_changes(
    writable: Organisation, calling: Callable[..., Client]
) -> None:
    survey, client = _survey(writable), calling("analyst")
    score = next(one.key for one in survey.asked if one.kind == "scale")
    first, second = _send(client, survey, {score: 3}), _send(client, survey, {score: 9})
    assert first == second
    assert Response.objects.get().filed == {score: 9}


def test_answers_that_the_survey_cannot_take_are_told_of(site: Site, calling: Callable[..., Client]) -> None:
    survey, client = _survey(site.own), calling("analyst")
    score = next(one.key for one in survey.asked if one.kind == "scale")
    for answers, said in (({score: 99}, score), ({}, "need an answer"), ({"nonsense": 1}, "'nonsense'")):
        status, problem = _send(client, survey, answers)
        assert (status, said in problem["detail"]) == (422, True)
    closed = _survey(site.own, state=CLOSED)
    assert "takes no answers" in _send(client, closed, {score: 5})[1]["detail"]
    assert not Response.objects.exists()


def test_a_survey_of_another_organisation_is_not_there(site: Site, calling: Callable[..., Client]) -> None:
    theirs = _survey(site.other)
    client = calling("analyst")
    assert client.get(f"/api/v1/surveys/{theirs.code}").status_code == 404
    assert client.get(f"/api/v1/surveys/{theirs.code}/results").status_code == 404
    assert _send(client, theirs, {})[0] == 404
    assert client.get("/api/v1/surveys").json()["items"] == []


def test_a_viewer_sends_no_answers_and_reads_no_customers(site: Site, calling: Callable[..., Client]) -> None:
    client = calling("viewer")
    assert _send(client, _survey(site.own), {})[0] == 403
    sought = client.post("/api/v1/customers/search", {"text": "anna"}, content_type="application/json")
    assert sought.status_code == 403


def test_a_customer_is_found_and_looking_at_them_is_noted(site: Site, calling: Callable[..., Client]) -> None:
    client = calling("employee")
    tables = Workspace.open(site.own.directory).tables()
    orders = tables("orders")
    wanted = orders.customer_id.topk(1).execute().iloc[0, 0]
    known = int(orders.filter(orders.customer_id == wanted).count().execute())
    found = client.post("/api/v1/customers/search", {"text": wanted}, content_type="application/json").json()
    assert [one["customer_id"] for one in found] == [wanted]
    card = client.post("/api/v1/customers/card", {"customer_id": wanted}, content_type="application/json").json()
    assert len(card["tables"]["orders"]) == known
    assert Opening.objects.get().customer_id == wanted
    noted = AuditEvent.objects.filter(action="customer.opened").get()
    assert wanted not in f"{noted.subject}{noted.details}"


def test_a_customer_who_is_not_there_is_told_of(site: Site, calling: Callable[..., Client]) -> None:
    answer = calling("employee").post(
        "/api/v1/customers/card", {"customer_id": "nobody"}, content_type="application/json"
    )
    assert answer.status_code == 404
    assert not Opening.objects.exists()


def test_the_lake_is_left_as_it_was_by_reading(site: Site, calling: Callable[..., Client]) -> None:
    before = Lake.open(site.own.directory / "lake").version
    calling("employee").post("/api/v1/customers/search", {"text": "a"}, content_type="application/json")
    assert Lake.open(site.own.directory / "lake").version == before
