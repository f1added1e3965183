"""Pages on which surveys are built, given out and read: by role, across organisations, with bad input."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from septima.web.accounts.models import AuditEvent, Membership, Organisation
from septima.web.common.permissions import ROLES, allowed
from septima.web.surveys import flushing, links
from septima.web.surveys.inviting import Chosen, Guest, give_out
from septima.web.surveys.models import Issue, Link, Response, Survey
from septima.web.surveys.results import Rate
from septima.web.surveys.urls import urlpatterns
from tests.web.surveys.conftest import MakeSurvey, answer, path_of, personal_link

SCRIPT = "<script>alert('x')</script>"
AsRole = Callable[[str], Client]
COUNTED = pytest.mark.parametrize(("page", "most"), [("overview", 10), ("links", 9)])


def _address(view: str, *arguments: object, organisation: str = "home") -> str:
    return reverse(f"surveys:{view}", args=(organisation, *arguments))


def _of_one(survey: Survey, issue: int, file: int) -> dict[str, str]:
    given = {"pk": survey.pk, "issue": issue, "file": file, "key": survey.asked[0].key}
    return {
        str(one.name): reverse(
            f"surveys:{one.name}",
            kwargs={"organisation": "home", **{name: given[name] for name in one.pattern.converters}},
        )
        for one in urlpatterns
    }


def test_pages_of_a_survey_open_by_role_and_for_no_stranger(make_survey: MakeSurvey, as_role: AsRole) -> None:
    survey = make_survey()
    personal_link(survey)
    addresses = _of_one(survey, Issue.objects.get().pk, 1)
    capabilities = {str(one.name): one.callback.capability for one in urlpatterns}  # type: ignore[attr-defined]
    wrong = {}
    for role in (*ROLES, "other", ""):
        client = as_role(role) if role else Client()
        for name, address in addresses.items():
            posts = name in ("change_state", "arrange_question", "send", "load_import")
            status = (client.post(address, {"do": "nothing"}) if posts else client.get(address)).status_code
            if not role:
                right = {302}
            elif role == "other":
                right = {404}
            elif allowed(role, capabilities[name]):
                # A survey that is open takes no further question and says so on its own page.
                right = {200, 302, 404} if posts or name == "imported" else {302} if name == "add_question" else {200}
            else:
                right = {403}
            if status not in right:
                wrong[role, name] = status
    assert wrong == {}


def test_a_survey_of_another_organisation_is_not_found(make_survey: MakeSurvey, as_role: AsRole, site: object) -> None:
    survey = make_survey()
    Membership.objects.filter(user__email="other@example.org").update(role="leader")
    stranger = as_role("other")
    for view in ("survey", "results", "links", "words", "export", "qr", "give_out", "import"):
        assert stranger.get(_address(view, survey.pk, organisation="other")).status_code == 404
    assert (
        stranger.post(_address("change_state", survey.pk, organisation="other"), {"change": "close"}).status_code == 404
    )
    assert Survey.objects.get().state == "open"


def test_a_survey_is_built_opened_frozen_and_followed_by_a_new_version(home: Organisation, as_role: AsRole) -> None:
    client = as_role("leader")
    made = client.post(_address("start"), {"instrument": "free", "name": "Own", "languages": ["ru", "en"]})
    survey = Survey.objects.get()
    assert made["Location"] == _address("survey", survey.pk)
    client.post(_address("change_state", survey.pk), {"change": "open"})
    assert Survey.objects.get().state == "draft"  # it asks nothing yet
    half = {"kind": "single", "text_ru": "Какой?", "options_ru": "а\nб", "options_en": "a\nb"}
    assert "errors" in client.post(_address("add_question", survey.pk), half).content.decode()
    uneven = {**half, "text_en": "Which?", "options_en": "a"}
    assert client.post(_address("add_question", survey.pk), uneven).status_code == 200
    client.post(_address("add_question", survey.pk), {**half, "text_en": "Which?", "required": "on"})
    client.post(_address("add_question", survey.pk), {"kind": "text", "text_ru": "Что ещё?", "text_en": "What else?"})
    first, second = Survey.objects.get().asked
    assert ([first.kind, second.kind], first.required) == (["single", "text"], True)
    client.post(_address("arrange_question", survey.pk, second.key), {"do": "up"})
    assert [one.key for one in Survey.objects.get().asked] == [second.key, first.key]
    client.post(_address("change_state", survey.pk), {"change": "open"})
    survey = Survey.objects.get()
    assert survey.state == "open"

    answer(links.anonymous_address(survey, ""), **{first.key: "1"})
    client.post(_address("arrange_question", survey.pk, first.key), {"do": "remove"})
    client.post(_address("add_question", survey.pk), {"kind": "text", "text_ru": "х", "text_en": "x"})
    fewer = {"text_ru": "Какой?!", "text_en": "Which?!", "options_ru": "а\nб\nв", "options_en": "a\nb\nc"}
    client.post(_address("question", survey.pk, first.key), fewer)
    assert [len(one.options) for one in Survey.objects.get().asked] == [0, 2]
    client.post(_address("question", survey.pk, first.key), {**fewer, "options_ru": "а\nб!", "options_en": "a\nb!"})
    mended = Survey.objects.get().asked[1]
    assert (mended.text.en, mended.options[1].en) == ("Which?!", "b!")

    client.post(_address("change_state", survey.pk), {"change": "version"})
    new = Survey.objects.get(version=2)
    assert (new.previous, new.state, new.code == survey.code) == (survey, "draft", False)
    client.post(_address("arrange_question", new.pk, first.key), {"do": "remove"})
    assert len(Survey.objects.get(version=2).asked) == 1
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {
        "survey.made",
        "survey.open",
        "survey.question_added",
        "survey.question_changed",
        "survey.copied",
    } <= actions


def test_states_change_and_come_back(make_survey: MakeSurvey, as_role: AsRole) -> None:
    survey, client = make_survey(), as_role("analyst")
    for change, state in (("close", "closed"), ("open", "open"), ("archive", "archived"), ("restore", "closed")):
        client.post(_address("change_state", survey.pk), {"change": change})
        assert Survey.objects.get().shown_state == state
    assert client.post(_address("change_state", survey.pk), {"change": "drop"}).status_code == 404
    draft = make_survey(state="draft")
    client.post(_address("change_state", draft.pk), {"change": "drop"})
    assert Survey.objects.count() == 1


def test_script_in_every_text_field_stays_text(make_survey: MakeSurvey, as_role: AsRole) -> None:
    survey, client = make_survey(), as_role("analyst")
    fields = ("name", "title_ru", "title_en", "consent_ru", "consent_en", "thanks_ru", "thanks_en", "department")
    sent = client.post(_address("words", survey.pk), {**dict.fromkeys(fields, SCRIPT), "languages": ["en", "ru"]})
    assert sent.status_code == 302
    client.post(
        _address("question", survey.pk, "recommend"),
        {f"{name}_{one}": SCRIPT for name in ("text", "low", "high") for one in ("ru", "en")},
    )
    client.post(_address("links", survey.pk), {"sites": "https://shop.example"})
    survey = Survey.objects.get()
    assert survey.asked[0].low.en == SCRIPT
    for _ in range(5):
        answer(links.anonymous_address(survey, ""), recommend="9", why=SCRIPT)
    pages = [_address(view, survey.pk) for view in ("survey", "words", "links", "results", "preview")] + [
        _address("overview")
    ]
    for page in pages:
        shown = client.get(page)
        assert shown.status_code == 200
        assert SCRIPT not in shown.content.decode(), page
    for address in (links.anonymous_address(survey, ""), links.embedded_address(survey, "")):
        sent = answer(address, recommend="9")
        assert SCRIPT not in Client().get(address).content.decode()
        assert SCRIPT not in Client().get(sent["Location"]).content.decode()


def test_sites_that_are_no_origins_are_refused(make_survey: MakeSurvey, as_role: AsRole) -> None:
    survey, client = make_survey(), as_role("analyst")
    for wrong in (
        "*",
        "https://*",
        "https://[a",
        "javascript:alert(1)",
        "https://a.example; script-src *",
        "'none'",
        "//a.example",
    ):
        assert client.post(_address("links", survey.pk), {"sites": wrong}).status_code == 200
        assert Survey.objects.get().sites == []
    client.post(_address("links", survey.pk), {"sites": "https://a.example/page\nhttp://b.example:8080"})
    assert Survey.objects.get().sites == ["https://a.example", "http://b.example:8080"]


def test_links_are_given_to_a_list_exported_and_only_once(
    home: Organisation, make_survey: MakeSurvey, as_role: AsRole
) -> None:
    survey, client = make_survey(), as_role("head")
    page = client.get(_address("give_out", survey.pk)).content.decode()
    assert "gold" in page

    def form() -> dict[str, object]:
        listed = SimpleUploadedFile("list.csv", b"customer_id\nC1\nC2\nC3\nx\n")
        numbers = {"most": 500, "touches": 5, "days": 7, "expires_in": 30}
        return {"token": "t", "file": listed, "consent": "not_refused", "channel": "file", **numbers}

    for _ in range(2):
        sent = client.post(_address("give_out", survey.pk), form())
        assert sent.status_code == 302
    issue = Issue.objects.get()
    assert (issue.counts["issued"], issue.counts["no_consent"], issue.counts["unknown"]) == (2, 1, 1)
    written = b"".join(client.get(_address("addresses", survey.pk, issue.pk))).decode("utf-8-sig").splitlines()  # type: ignore[call-overload]
    assert written[0] == "customer_id,link,expires_at"
    assert [line.split(",")[0] for line in written[1:]] == ["C1", "C3"]
    answer(written[1].split(",")[1].removeprefix("http://testserver"), recommend="9")
    silent = b"".join(client.get(_address("addresses", survey.pk, issue.pk), {"unanswered": 1})).decode()  # type: ignore[call-overload]
    assert "C3" in silent
    assert "C1" not in silent


def test_viewers_see_figures_and_no_words(make_survey: MakeSurvey, as_role: AsRole) -> None:
    survey = make_survey()
    for grade in (9, 9, 9, 9, 1):
        answer(links.anonymous_address(survey, ""), recommend=str(grade), why="my own words")
    answer(path_of(personal_link(survey, "C1")), recommend="9", why="my own words")
    viewer, analyst = as_role("viewer"), as_role("analyst")
    page = viewer.get(_address("results", survey.pk)).content.decode()
    assert "0.67" in page  # five of six less one of six
    assert "my own words" not in page
    assert viewer.get(_address("export", survey.pk)).status_code == 403
    assert "my own words" in analyst.get(_address("results", survey.pk), {"part": 1}).content.decode()
    assert AuditEvent.objects.filter(action="survey.results_opened").count() == 0  # parts are not noted


def test_few_answers_are_shown_to_nobody(make_survey: MakeSurvey, as_role: AsRole) -> None:
    survey = make_survey()
    for _ in range(4):
        answer(links.anonymous_address(survey, ""), recommend="9")
    page = as_role("leader").get(_address("results", survey.pk)).content.decode()
    assert "fewer than 5" in page
    assert "1.00" not in page


def test_cells_of_the_export_are_no_formulas(home: Organisation, make_survey: MakeSurvey, as_role: AsRole) -> None:
    survey = make_survey()
    answer(path_of(personal_link(survey)), recommend="9", why="=HYPERLINK(1)")
    flushing.flush(home)
    written = b"".join(as_role("analyst").get(_address("export", survey.pk))).decode()  # type: ignore[call-overload]
    assert "'=HYPERLINK(1)" in written


def test_a_file_is_seen_before_it_is_loaded(home: Organisation, make_survey: MakeSurvey, as_role: AsRole) -> None:
    survey, client = make_survey(), as_role("analyst")
    content = f"at,recommend,why\n2026-05-01 10:00,9,{SCRIPT}\n2026-05-01 11:00,bad,\n".encode()
    sent = client.post(_address("import", survey.pk), {"file": SimpleUploadedFile("a.csv", content)})
    seen = client.get(sent["Location"]).content.decode()
    assert SCRIPT not in seen
    assert "Nothing is loaded yet" in seen
    for _ in range(2):
        client.post(f"{sent['Location']}load/", {"do": "load"})
    done = client.get(sent["Location"]).content.decode()
    assert "in quarantine</dt><dd>1<" in done
    assert Response.objects.count() == 0
    binary = client.post(_address("import", survey.pk), {"file": SimpleUploadedFile("a.csv", b"PK\x03\x04\x00\x00")})
    assert "binary" in binary.content.decode()


@COUNTED
def test_lists_cost_the_same_however_long_they_are(
    page: str, most: int, make_survey: MakeSurvey, as_role: AsRole, django_assert_max_num_queries: Any
) -> None:
    survey = make_survey()
    for number in range(12):
        make_survey("csi")
        give_out(survey, Chosen([Guest(f"C{number}")], {}), None, token=f"{number}", channel="email")
    answer(path_of(Link.objects.select_related("survey").get(customer_id="C3")), recommend="9")
    client, address = as_role("analyst"), _address(page, *([survey.pk] if page == "links" else []))
    client.get(address)
    with django_assert_max_num_queries(most):
        shown = client.get(address)
    if page == "overview":
        assert [row["rate"] for row in shown.context["rows"]][-1] == Rate(12, 0, 1, 1)
    else:
        assert sorted((one.opened, one.answered) for one in shown.context["pager"].rows) == [*[(0, 0)] * 11, (0, 1)]


def test_a_list_of_customers_is_no_larger_than_a_list(make_survey: MakeSurvey, as_role: AsRole) -> None:
    survey = make_survey()
    given = {"token": "t", "most": "5", "touches": "3", "days": "7", "consent": "any", "expires_in": "3", "channel": "file"}  # fmt: skip
    listed = SimpleUploadedFile("list.csv", b"customer_id\n" + b"C1\n" * 1_800_000)
    answer_to = as_role("analyst").post(_address("give_out", survey.pk), {**given, "file": listed})
    assert "5 MB at most" in answer_to.content.decode()
    assert not Issue.objects.exists()


def test_a_survey_of_any_name_is_saved_as_a_file(make_survey: MakeSurvey, as_role: AsRole) -> None:
    survey = make_survey(name="Spring\r\nSet-Cookie: a=b")
    saved = as_role("analyst").get(_address("qr", survey.pk), {"save": "1"})
    assert saved.headers["Content-Disposition"].startswith('attachment; filename="Spring Set-Cookie: a=b.svg"')


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_code_of_the_open_link_is_drawn(language: str, make_survey: MakeSurvey, as_role: AsRole) -> None:
    drawn = as_role("analyst").get(_address("qr", make_survey().pk), {"language": language, "save": 1})
    assert drawn["Content-Type"] == "image/svg+xml"
    assert b"<svg" in drawn.content
    assert "attachment" in drawn["Content-Disposition"]
