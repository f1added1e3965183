"""Two people who build one survey at the same time: neither loses what the other does not know of."""

from collections.abc import Callable
from dataclasses import replace
from unittest.mock import patch

from django.test import Client
from django.urls import reverse

from septima.web.surveys import building_views
from septima.web.surveys.changing import change_questions
from septima.web.surveys.models import Survey
from septima.web.surveys.questions import said_in
from tests.web.surveys.conftest import MakeSurvey


def _address(name: str, survey: Survey, *more: object) -> str:
    return reverse(f"surveys:{name}", args=["home", survey.pk, *more])


def _draft(make_survey: MakeSurvey) -> Survey:
    return make_survey(state="draft", languages=["en"])


def _text(survey: Survey, key: str) -> str:
    survey.refresh_from_db()
    return next(said_in(one.text, "en") for one in survey.asked if one.key == key)


def test_a_change_that_was_not_seen_is_not_written_over(
    make_survey: MakeSurvey, as_role: Callable[[str], Client]
) -> None:
    survey = _draft(make_survey)
    key = survey.asked[0].key
    address = _address("question", survey, key)
    seen = as_role("leader").get(address).context["seen"]
    as_role("analyst").post(address, {"text_en": "Theirs?", "required": "on", "seen": seen})
    answer = as_role("leader").post(address, {"text_en": "Mine?", "required": "on", "seen": seen})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert _text(survey, key) == "Theirs?"
    assert answer.context["differences"] == [("Question in English", "Theirs?", "Mine?")]
    assert page.count("Theirs?") == 1
    assert page.count("Mine?") == 2  # beside theirs, and in the form still
    again = {"text_en": "Mine?", "required": "on", "seen": answer.context["seen"]}
    assert as_role("leader").post(address, again).status_code == 302
    assert _text(survey, key) == "Mine?"


def test_what_was_typed_into_a_question_that_is_gone_can_be_put_in_anew(
    make_survey: MakeSurvey, as_role: Callable[[str], Client]
) -> None:
    survey, leader = _draft(make_survey), as_role("leader")
    leader.post(_address("add_question", survey), {"kind": "text", "text_en": "Anything else?"})
    survey.refresh_from_db()
    key = survey.asked[-1].key
    address = _address("question", survey, key)
    typed = {"kind": "text", "text_en": "What did we miss?", "seen": leader.get(address).context["seen"]}
    as_role("analyst").post(_address("arrange_question", survey, key), {"do": "remove"})
    answer = leader.post(address, typed)
    assert answer.status_code == 409
    assert "What did we miss?" in answer.content.decode()
    assert f'action="{_address("add_question", survey)}"' in answer.content.decode()
    assert leader.post(_address("add_question", survey), typed).status_code == 302
    survey.refresh_from_db()
    assert said_in(survey.asked[-1].text, "en") == "What did we miss?"


def test_a_question_that_somebody_changed_is_not_taken_out_unseen(
    make_survey: MakeSurvey, as_role: Callable[[str], Client]
) -> None:
    survey, leader = _draft(make_survey), as_role("leader")
    leader.post(_address("add_question", survey), {"kind": "text", "text_en": "Anything else?"})
    row = leader.get(_address("survey", survey)).context["rows"][-1]
    key = row["question"].key
    as_role("analyst").post(_address("question", survey, key), {"text_en": "Anything at all?"})
    taken = {"do": "remove", "seen": row["seen"]}
    page = leader.post(_address("arrange_question", survey, key), taken, follow=True)
    assert "changed this question meanwhile" in page.content.decode()
    assert _text(survey, key) == "Anything at all?"


def test_of_two_changes_in_one_moment_none_is_lost(make_survey: MakeSurvey, as_role: Callable[[str], Client]) -> None:
    """While one request moves a question, another, begun later and done sooner, mends its words."""
    survey = _draft(make_survey)
    first, key = building_views.own_survey, survey.asked[0].key

    def slow(*arguments: object) -> Survey:
        found = first(*arguments)  # type: ignore[arg-type] # handed through
        other = Survey.objects.get(pk=survey.pk)
        change_questions(other, lambda now: [replace(one, required=not one.required) for one in now.asked])
        return found

    was = {one.key: one.required for one in survey.asked}
    with patch.object(building_views, "own_survey", slow):
        as_role("leader").post(_address("add_question", survey), {"kind": "text", "text_en": "Anything else?"})
    survey.refresh_from_db()
    assert {one.key: not one.required for one in survey.asked if one.key in was} == was
    assert said_in(survey.asked[-1].text, "en") == "Anything else?"
    assert len(survey.asked) == len(was) + 1
    assert key in was
