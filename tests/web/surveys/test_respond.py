"""What respondents see and send: personal and open links, drafts, languages, bad input."""

import io
import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from septima.web.surveys import answering, links
from septima.web.surveys.models import Arrival, Link, Response, Survey
from septima.web.surveys.questions import LONGEST_TEXT
from tests.web.surveys.conftest import MakeSurvey, answer, path_of, personal_link

HEAVIEST = 50_000
DIGITS = pytest.param({"recommend": "9" * 5_000}, id="5,000 digits")


def _token(page: str) -> str:
    found = re.search(r'name="r" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_personal_link_takes_one_answer_that_can_be_changed_for_a_day(make_survey: MakeSurvey) -> None:
    link = personal_link(make_survey())
    address = path_of(link)
    page = Client().get(address)
    assert page.status_code == 200
    assert Link.objects.get(pk=link.pk).opened_at is not None

    sent = answer(address, recommend="9", why="Быстро")
    assert sent.status_code == 303
    assert "Thank you" in Client().get(address).content.decode()
    changed = answer(address, recommend="3", why="Долго")
    assert changed.status_code == 303

    response = Response.objects.get()
    assert response.answers == {"recommend": 3, "why": "Долго"}
    assert Arrival.objects.count() == 2
    first, second = Arrival.objects.order_by("pk")
    assert [row["answer_id"] for row in first.rows] == [row["answer_id"] for row in second.rows]
    assert {row["customer_id"] for row in second.rows} == {"C1"}
    assert {row["at"] for row in second.rows} == {row["at"] for row in first.rows}

    Response.objects.update(submitted_at=timezone.now() - timedelta(hours=24, seconds=1))
    late = answer(address, recommend="10")
    assert late.status_code == 409
    assert "no longer be changed" in late.content.decode()
    assert Response.objects.get().answers == {"recommend": 3, "why": "Долго"}
    assert Arrival.objects.count() == 2


def test_a_double_press_makes_one_questionnaire_and_one_arrival(make_survey: MakeSurvey) -> None:
    survey = make_survey()
    personal = path_of(personal_link(survey))
    for _ in range(2):
        assert answer(personal, recommend="9").status_code == 303
    assert (Response.objects.count(), Arrival.objects.count()) == (1, 1)

    open_link = links.anonymous_address(survey, "")
    token = _token(Client().get(open_link).content.decode())
    for _ in range(2):  # no cookies: a frame of another site, say
        sent = Client().post(open_link, {"q-recommend": "9", "r": token})
        assert sent.status_code == 303
    assert (Response.objects.count(), Arrival.objects.count()) == (2, 2)
    assert "Thank you" in Client().get(sent["Location"]).content.decode()


def test_an_open_link_takes_one_answer_of_a_browser(make_survey: MakeSurvey) -> None:
    address = links.anonymous_address(make_survey(), "")
    client = Client()
    client.post(address, {"q-recommend": "9"})
    again = client.get(address)
    assert "Thank you" in again.content.decode()
    client.post(address, {"q-recommend": "2"})
    assert [one.answers for one in Response.objects.all()] == [{"recommend": 2}]
    assert Arrival.objects.order_by("pk").last().rows[0]["customer_id"] is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "mangle", [lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda t: t.split(".")[0], lambda t: "x" + t]
)
def test_a_forged_link_is_refused_before_anything_is_looked_up(
    mangle: object, make_survey: MakeSurvey, django_assert_num_queries: object
) -> None:
    token = mangle(links.token_of(personal_link(make_survey())))  # type: ignore[operator]
    with django_assert_num_queries(0):  # type: ignore[operator]
        page = Client().get(f"/s/p/{token}/")
    assert page.status_code == 404
    assert "does not work" in page.content.decode()


def test_an_address_tells_nothing_of_the_customer_and_cannot_be_counted_through(make_survey: MakeSurvey) -> None:
    survey = make_survey()
    link = personal_link(survey, "C1")
    assert "C1" not in path_of(link)
    for number in range(1, 30):
        for kind in "pae":
            assert Client().get(f"/s/{kind}/{number}/").status_code == 404
            assert Client().get(f"/s/{kind}/{number}.1/").status_code == 404
    # A signature made for a response is none for a link.
    assert Client().get(f"/s/p/{links.new_response_token(survey)}/").status_code == 404


def test_an_expired_link_and_a_link_that_was_taken_back_are_refused(make_survey: MakeSurvey) -> None:
    survey = make_survey()
    expired = personal_link(survey, "C1", expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(path_of(expired)).status_code == 404
    link = personal_link(survey, "C2")
    replayed, open_link = path_of(link), links.anonymous_address(survey, "")
    survey.link_version += 1
    survey.save()
    assert Client().get(replayed).status_code == 404
    assert answer(replayed, recommend="9").status_code == 404
    assert Client().get(open_link).status_code == 404
    assert Client().get(path_of(Link.objects.select_related("survey").get(pk=link.pk))).status_code == 200
    assert Response.objects.count() == 0


def test_links_signed_with_the_last_key_still_work(make_survey: MakeSurvey, settings: object) -> None:
    address = path_of(personal_link(make_survey()))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]  # type: ignore[attr-defined]
    settings.SECRET_KEY = "another key"  # type: ignore[attr-defined]
    assert Client().get(address).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []  # type: ignore[attr-defined]
    assert Client().get(address).status_code == 404


def test_a_forged_questionnaire_token_begins_a_new_one_and_reads_no_other(make_survey: MakeSurvey) -> None:
    survey, other = make_survey(), make_survey()
    address = links.anonymous_address(survey, "")
    Client().post(address, {"q-recommend": "9", "q-why": "secret words"})
    victim = Response.objects.get()
    for token in (f"{victim.code}.AAAA", links.response_token(other, victim), victim.code):
        page = Client().get(address, {"r": token, "page": "1"})
        assert "secret words" not in page.content.decode()
        Client().post(address, {"q-recommend": "1", "r": token})
    assert Response.objects.get(pk=victim.pk).answers == {"recommend": 9, "why": "secret words"}


@pytest.mark.parametrize(("state", "status"), [("closed", 410), ("draft", 403)])
def test_a_survey_that_is_not_open_takes_nothing(state: str, status: int, make_survey: MakeSurvey) -> None:
    survey = make_survey(state=state)
    address = path_of(personal_link(survey))
    assert Client().get(address).status_code == status
    assert answer(address, recommend="9").status_code == status
    assert answer(links.anonymous_address(survey, ""), recommend="9").status_code == status
    assert Response.objects.count() == 0


def test_a_survey_keeps_to_its_days(make_survey: MakeSurvey) -> None:
    now = timezone.now()
    early = make_survey(opens_at=now + timedelta(days=1))
    late = make_survey(closes_at=now - timedelta(days=1))
    assert answer(links.anonymous_address(early, ""), recommend="9").status_code == 403
    assert answer(links.anonymous_address(late, ""), recommend="9").status_code == 410
    assert Response.objects.count() == 0


def test_words_of_a_respondent_come_back_as_words(make_survey: MakeSurvey) -> None:
    address = path_of(personal_link(make_survey()))
    script = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    answer(address, recommend="9", why=script)
    page = Client().get(address, {"page": "1"}).content.decode()
    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert Response.objects.get().answers["why"] == script


@pytest.mark.parametrize(
    "given",
    [
        {"recommend": "11"},
        {"recommend": "0"},
        {"recommend": "-1"},
        {"recommend": "9.5"},
        {"recommend": "٩"},
        {"recommend": ["8", "9"]},
        {"recommend": "<script>"},
        DIGITS,
        {"recommend": "9", "why": "x" * (LONGEST_TEXT + 1)},
        {"recommend": ""},
        {},
    ],
)
def test_what_is_no_answer_is_told_and_not_taken(given: dict[str, object], make_survey: MakeSurvey) -> None:
    sent = answer(path_of(personal_link(make_survey())), **given)
    assert sent.status_code == 422
    assert 'role="alert"' in sent.content.decode()
    assert Arrival.objects.count() == 0


def test_oversized_posts_are_refused(make_survey: MakeSurvey) -> None:
    address = path_of(personal_link(make_survey()))
    client = Client(raise_request_exception=False)
    assert client.post(address, {"q-recommend": "9", "q-why": "x" * (3 * 2**20)}).status_code == 413
    assert client.post(address, {f"q-{n}": "1" for n in range(6_000)}).status_code == 400
    assert client.post(address, {"q-recommend": "9", "f": io.BytesIO(b"x" * (9 * 2**20))}).status_code == 413
    assert Response.objects.count() == 0


def test_respondents_do_not_see_how_a_survey_is_called_among_us(make_survey: MakeSurvey) -> None:
    survey = make_survey(name="The annoyed ones", title_en="", title_ru="")
    for address in (
        path_of(personal_link(survey)),
        links.anonymous_address(survey, ""),
        links.embedded_address(survey, ""),
    ):
        page = Client().get(address, {"language": "ru"}).content.decode()
        assert "annoyed" not in page
    assert (
        "<h1>Ваше мнение</h1>" in Client().get(links.anonymous_address(survey, ""), {"language": "ru"}).content.decode()
    )


def test_a_long_questionnaire_is_kept_page_by_page_through_a_lost_connection(make_survey: MakeSurvey) -> None:
    survey = make_survey("c11")
    address = path_of(personal_link(survey))
    pages = answering.pages_of(survey.asked)
    assert [len(page) for page in pages] == [6, 5]
    first = {f"q-{one.key}": "4" for one in pages[0]}
    sent = Client().post(address, {**first, "page": "1"})
    assert parse_qs(urlsplit(sent["Location"]).query)["page"] == ["2"]

    # The connection is lost here; days later another browser opens the link from the letter.
    back = Client().get(address, {"page": "1"}).content.decode()
    assert back.count(" checked") == 6
    assert Arrival.objects.count() == 0
    missing = Client().post(address, {"q-q07": "5", "page": "2"})
    assert missing.status_code == 422
    assert Client().get(address, {"page": "2"}).content.decode().count(" checked") == 1
    done = Client().post(address, {**{f"q-{one.key}": "5" for one in pages[1]}, "page": "2"})
    assert done.status_code == 303
    assert [row["score"] for row in Arrival.objects.get().rows] == [4.0] * 6 + [5.0] * 5


def test_nobody_skips_the_pages_before_the_last(make_survey: MakeSurvey) -> None:
    survey = make_survey("c11")
    address = path_of(personal_link(survey))
    last = {f"q-{one.key}": "5" for one in answering.pages_of(survey.asked)[1]}
    sent = Client().post(address, {**last, "page": "2"})
    assert sent.status_code == 422
    assert 'name="page" value="1"' in sent.content.decode()
    assert Arrival.objects.count() == 0


def test_the_language_is_that_of_the_link_then_of_the_browser(make_survey: MakeSurvey) -> None:
    survey = make_survey()
    address = links.anonymous_address(survey, "")
    assert "порекомендуете" in Client().get(f"{address}?language=ru").content.decode()
    assert "порекомендуете" in Client().get(address, headers={"accept-language": "ru"}).content.decode()
    page = Client().get(address, headers={"accept-language": "de"}).content.decode()
    assert "would recommend" in page
    assert "language=ru" in page
    survey.languages = ["ru"]
    survey.save()
    page = Client().get(f"{address}?language=en").content.decode()
    assert '<html lang="ru">' in page
    assert "would recommend" not in page


@pytest.mark.parametrize("instrument", ["nps", "nps_classic", "nps_heavy", "csi", "c11", "rapid", "feelings"])
def test_a_page_is_light_and_needs_no_script(instrument: str, make_survey: MakeSurvey) -> None:
    survey = make_survey(instrument)
    page = Client().get(f"{links.anonymous_address(survey, '')}?language=ru")
    body = page.content.decode()
    from django.contrib.staticfiles import finders

    style = finders.find("surveys/respond.css")
    icon = finders.find("septima/icon.svg")
    weight = len(page.content) + sum(len(open(file, "rb").read()) for file in (style, icon))  # noqa: PTH123, SIM115
    assert weight < HEAVIEST
    assert "<script" not in body
    assert "style=" not in body
    assert page["Cache-Control"] == "private, no-store"
    assert body.count("<legend>") == body.count("<fieldset")


def test_only_allowed_sites_frame_the_embedded_page(make_survey: MakeSurvey) -> None:
    survey = make_survey()
    embedded = links.embedded_address(survey, "")
    assert Client().get(embedded).status_code == 404
    survey.allowed_sites = "https://shop.example\nhttps://blog.example"
    survey.save()
    page = Client().get(embedded)
    assert page.status_code == 200
    assert "X-Frame-Options" not in page
    assert "frame-ancestors https://shop.example https://blog.example" in page["Content-Security-Policy"]
    open_page = Client().get(links.anonymous_address(survey, ""))
    assert open_page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in open_page["Content-Security-Policy"]
    assert answer(embedded, recommend="9").status_code == 303
    assert Arrival.objects.get().rows[0]["channel"] == "site"


def test_a_flood_from_one_address_is_slowed_down_and_no_address_is_kept(make_survey: MakeSurvey) -> None:
    from septima.web.surveys import throttle

    address = links.anonymous_address(make_survey(), "")
    statuses = [
        Client(REMOTE_ADDR="203.0.113.9").post(address, {"q-recommend": "9"}).status_code
        for _ in range(throttle.MOST + 5)
    ]
    assert statuses.count(303) == throttle.MOST
    assert statuses[-1] == 429
    assert Client(REMOTE_ADDR="203.0.113.10").post(address, {"q-recommend": "9"}).status_code == 303
    assert "203.0.113" not in str(list(Response.objects.values()) + list(Survey.objects.values()))
