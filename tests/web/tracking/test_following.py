"""A link leads on at once and notes who came by it; programs, HEAD and strangers' tokens are told apart."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from septima.web.accounts.models import Organisation, User
from septima.web.tracking import known
from septima.web.tracking.following import PIXEL, journals_folder
from septima.web.tracking.making import forbid_host, set_archived
from septima.web.tracking.models import TargetHost, TrackedLink
from septima.web.tracking.tokens import customer_of, token_of
from tests.web.tracking.conftest import ask, hits

Make = Callable[..., TrackedLink]


def test_a_link_leads_on_with_its_marks_and_a_click_is_in_the_lake(home: Organisation, make: Make) -> None:
    link = make(promo_code="JUNE10", leaflet="7")
    answer = ask(f"/l/{link.code}", HTTP_REFERER="https://news.example/read/5?who=me")
    assert answer.status == 302
    marks = "utm_source=newsletter&utm_medium=email&utm_campaign=june"
    assert answer.headers["Location"] == f"https://shop.example/sale?x=1&{marks}#top"
    assert answer.headers["Cache-Control"] == "no-store, private"
    (touch,) = hits(home)
    assert (touch["kind"], touch["channel"], touch["direction"]) == ("clicked", "email", "in")
    assert (touch["campaign_id"], touch["link_id"], touch["customer_id"]) == ("june", link.code, None)
    assert touch["source"] == "tracked-links"
    kept = json.loads(touch["properties"])
    assert kept.pop("visitor")
    assert kept == {
        "event": "Tracked Link Clicked",
        "link_id": link.code,
        "referrer": "https://news.example",
        "utm_source": "newsletter",
        "utm_medium": "email",
        "promo_code": "JUNE10",
        "leaflet": "7",
    }


def test_a_short_address_typed_in_capitals_leads_on(make: Make) -> None:
    assert ask(f"/l/{make().code.upper()}/").status == 302


def test_a_customers_token_tells_who_came(home: Organisation, make: Make) -> None:
    link = make(personal=True)
    ask(f"/l/{link.code}?utm_id=5&c={token_of('клиент 17', link.code)}")
    ask(f"/l/{link.code}.gif?c={token_of('клиент 17', link.code)}")
    assert [(one["kind"], one["customer_id"], one["channel"]) for one in hits(home)] == [
        ("clicked", "клиент 17", "email"),
        ("opened", "клиент 17", "email"),
    ]


def test_a_token_that_was_forged_or_is_of_another_link_names_nobody(home: Organisation, make: Make) -> None:
    link, other = make(personal=True), make(personal=True)
    good = token_of("c17", link.code)
    changed = good[:-1] + ("A" if good[-1] != "A" else "B")
    for token in (token_of("c17", other.code), changed, good[:-4], "c17", "", "%00", "a" * 5_000, "é"):
        answer = ask(f"/l/{link.code}?c={token}")
        assert answer.status == 302
    assert {one["customer_id"] for one in hits(home)} == {None}


def test_a_token_of_the_key_before_is_still_taken(settings: Any) -> None:
    token = token_of("c17", "abc")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key of the site"
    assert customer_of(token, "abc") == "c17"
    settings.SECRET_KEY_FALLBACKS = []
    assert customer_of(token, "abc") is None


def test_a_token_on_a_link_that_is_not_personal_names_nobody(home: Organisation, make: Make) -> None:
    link = make()
    ask(f"/l/{link.code}?c={token_of('c17', link.code)}")
    assert [one["customer_id"] for one in hits(home)] == [None]


def test_head_is_answered_alike_and_noted_nowhere(home: Organisation, make: Make) -> None:
    link = make()
    assert ask(f"/l/{link.code}", "HEAD").headers["Location"].startswith("https://shop.example/")
    assert ask(f"/l/{link.code}.gif", "HEAD").body == b""
    assert hits(home) == []
    assert ask(f"/l/{link.code}", "POST").status in {403, 405}


@pytest.mark.parametrize(
    ("agent", "headers"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", {}),
        ("TelegramBot (like TwitterBot)", {}),
        ("facebookexternalhit/1.1", {}),
        ("WhatsApp/2.23.20.0", {}),
        ("curl/8.5.0", {}),
        ("", {}),
        ("Mozilla/5.0 (compatible; SomeNewBot/1.0)", {}),
        ("Mozilla/5.0 (X11) Firefox/128.0", {"HTTP_SEC_PURPOSE": "prefetch;prerender"}),
        ("Mozilla/5.0 (Macintosh) Safari/605", {"HTTP_X_PURPOSE": "preview"}),
    ],
)
def test_programs_are_led_on_and_not_counted(
    agent: str, headers: dict[str, str], home: Organisation, make: Make
) -> None:
    link = make(personal=True)
    assert ask(f"/l/{link.code}?c={token_of('c17', link.code)}", agent=agent, **headers).status == 302
    (touch,) = hits(home)
    assert (touch["kind"], touch["customer_id"], touch["link_id"]) == ("other", None, link.code)
    assert "visitor" not in json.loads(touch["properties"])


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile Safari/604.1",
    ],
)
def test_people_are_counted_whatever_their_telephone(agent: str, home: Organisation, make: Make) -> None:
    ask(f"/l/{make().code}", agent=agent)
    assert [one["kind"] for one in hits(home)] == ["clicked"]


def test_a_letter_opened_through_a_mail_services_proxy_is_opened(home: Organisation, make: Make) -> None:
    link, proxy = make(), "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
    answer = ask(f"/l/{link.code}.gif", agent=proxy)
    assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "image/gif", PIXEL)
    ask(f"/l/{link.code}", agent=proxy)
    assert [one["kind"] for one in hits(home)] == ["opened", "other"]


def test_the_picture_is_one_transparent_pixel() -> None:
    from io import BytesIO

    from PIL import Image

    drawn = Image.open(BytesIO(PIXEL))
    assert (drawn.format, drawn.size, drawn.convert("RGBA").getpixel((0, 0))[3]) == ("GIF", (1, 1), 0)


@pytest.mark.parametrize("header", ["HTTP_DNT", "HTTP_SEC_GPC"])
def test_whoever_asks_not_to_be_tracked_is_counted_alone(header: str, home: Organisation, make: Make) -> None:
    link = make(personal=True)
    ask(f"/l/{link.code}?c={token_of('c17', link.code)}", HTTP_REFERER="https://news.example/", **{header: "1"})
    (touch,) = hits(home)
    assert (touch["kind"], touch["customer_id"]) == ("clicked", None)
    assert set(json.loads(touch["properties"])) == {"event", "utm_source", "utm_medium", "link_id"}


def test_no_address_is_written_anywhere(home: Organisation, make: Make) -> None:
    link = make()
    for address in ("203.0.113.7", "203.0.113.7", "203.0.113.8", "127.0.0.1"):
        ask(f"/l/{link.code}", address=address, HTTP_X_FORWARDED_FOR="9.9.9.9, 203.0.113.8")
    written = b"".join(one.read_bytes() for one in journals_folder().iterdir())
    assert b"203.0.113" not in written
    assert b"9.9.9.9" not in written
    visitors = [json.loads(one["properties"])["visitor"] for one in hits(home)]
    # The fourth came by the proxy on this machine, which speaks for the third.
    assert [visitors.index(one) for one in visitors] == [0, 0, 2, 2]


def test_the_salt_of_a_day_is_thrown_away_with_the_day(make: Make) -> None:
    from septima.web.tracking.visitors import visitor_of

    folder, environ = journals_folder(), {"REMOTE_ADDR": "203.0.113.7", "HTTP_USER_AGENT": "x"}
    first = visitor_of(environ, "2026-03-01", folder)
    assert visitor_of(environ, "2026-03-01", folder) == first
    assert visitor_of(environ, "2026-03-02", folder) != first
    assert [one.name for one in folder.glob("salt-*")] == ["salt-2026-03-02"]


@pytest.mark.parametrize(("language", "words"), [("ru", "Такой ссылки нет"), ("en", "There is no such link")])
def test_an_unknown_link_is_told_of_in_the_readers_language(language: str, words: str, db: None) -> None:
    answer = ask("/l/nowhere", HTTP_ACCEPT_LANGUAGE=language)
    assert answer.status == 404
    assert words in answer.body.decode()
    assert ask("/l/nowhere.gif").body == PIXEL


@pytest.mark.parametrize(("language", "words"), [("ru", "Срок ссылки истёк"), ("en", "This link has ended")])
def test_a_link_in_the_archive_has_ended_and_can_be_taken_back(
    language: str, words: str, home: Organisation, make: Make, person: User
) -> None:
    link = make()
    assert ask(f"/l/{link.code}").status == 302
    set_archived(link, person, archived=True)
    known.forget_all()
    answer = ask(f"/l/{link.code}", HTTP_ACCEPT_LANGUAGE=language)
    assert answer.status == 410
    assert words in answer.body.decode()
    set_archived(link, person, archived=False)
    known.forget_all()
    assert ask(f"/l/{link.code}").status == 302
    assert len(hits(home)) == 2


def test_a_link_whose_host_is_taken_away_leads_nowhere(home: Organisation, make: Make, person: User) -> None:
    link = make()
    assert ask(f"/l/{link.code}").status == 302
    forbid_host(TargetHost.objects.get(organisation=home), person)
    known._seen["at"] -= known.BEHIND_S
    assert ask(f"/l/{link.code}").status == 410


def test_what_another_process_changed_is_known_after_a_second(
    make: Make, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = make()
    ask(f"/l/{link.code}")
    set_archived(link, person, archived=True)
    assert ask(f"/l/{link.code}").status == 302  # not asked for anew within the second
    known._seen["at"] -= known.BEHIND_S
    assert ask(f"/l/{link.code}").status == 410


def test_links_lead_on_while_the_database_does_not_answer(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    link = make()
    assert ask(f"/l/{link.code}").status == 302

    def broken() -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(known, "_read_changes", broken)
    known._seen["at"] -= known.BEHIND_S
    assert ask(f"/l/{link.code}").status == 302


def test_a_link_leads_on_when_the_disk_takes_no_hit(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    link = make()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("septima.web.tracking.journals.os.write", full)
    assert ask(f"/l/{link.code}").status == 302


def test_the_code_of_an_archived_link_is_never_given_to_another(make: Make, person: User, home: Organisation) -> None:
    from septima.web.tracking.forms import LinkForm
    from tests.web.tracking.conftest import FIELDS

    link = make(code="sale")
    link.archived_at = timezone.now()
    link.save()
    form = LinkForm(home, {**FIELDS, "code": "Sale", "token": "t"})
    assert list(form.errors) == ["code"]
