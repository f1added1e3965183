"""Pages around the card: each shows its study or says what is not there, what-if is kept, reports are made once."""

from collections.abc import Callable

import pytest
from django.test import Client

from septima.scorecard.what_if import read_scenario
from septima.web.accounts.models import Organisation
from septima.web.scorecards import reporting, works
from septima.web.scorecards.navigation import CHAPTER_PAGES
from septima.web.work.models import Work
from tests.web.conftest import Site
from tests.web.scorecards.conftest import PAGE, PERIOD


@pytest.mark.parametrize("chapter", CHAPTER_PAGES)
def test_each_chapter_has_a_page(chapter: str, leader: Client) -> None:
    page = leader.get(f"{PAGE}card/around/{chapter}/?period={PERIOD}&wait=1")
    text = page.content.decode()
    assert page.status_code == 200
    assert 'class="perspective study"' in text or 'class="empty"' in text
    assert 'class="trouble"' not in text


def test_a_chapter_that_there_is_not_is_not_found(leader: Client) -> None:
    assert leader.get(f"{PAGE}card/around/nothing/").status_code == 404


@pytest.mark.parametrize(
    "address",
    [f"card/why/?period={PERIOD}&path=sales", f"card/compare/?period={PERIOD}&with=2026-Q2", f"card/compare/departments/?period={PERIOD}"],
)  # fmt: skip
def test_why_and_comparisons_are_shown(address: str, leader: Client) -> None:
    text = leader.get(f"{PAGE}{address}&wait=1").content.decode()
    assert "<table" in text
    assert 'class="trouble"' not in text


def test_a_supposition_shows_its_effect_and_a_wrong_one_what_can_be(leader: Client) -> None:
    text = leader.get(f"{PAGE}card/what-if/?period={PERIOD}&wait=1&open_rate.target=30%25").content.decode()
    assert "open_rate.target=0.3" in text
    assert 'value="30%"' in text
    wrong = leader.get(f"{PAGE}card/what-if/?period={PERIOD}&wait=1&sales.weight=99").content.decode()
    assert "This cannot be supposed" in wrong


def test_suppositions_are_kept_as_the_command_keeps_them(
    writable: Organisation, leader: Client, as_role: Callable[[str], Client]
) -> None:
    address = f"{PAGE}card/what-if/save/?period={PERIOD}"
    given = {"name": "plan-b", "supposition": ["nps.target=0.5", "sales.weight=1.4"]}
    assert as_role("viewer").post(address, given).status_code == 403
    for _ in range(2):
        answer = leader.post(address, given)
        assert answer.status_code == 302
    assert [str(one) for one in read_scenario(writable.directory, "plan-b")] == given["supposition"]
    refused = leader.post(address, {**given, "name": "../../septima"}, follow=True).content.decode()
    assert "Not kept" in refused
    opened = leader.get(f"{PAGE}card/what-if/?period={PERIOD}&kept=plan-b")
    assert "nps.target=0.5" in opened["Location"]


def test_a_report_is_made_once_and_then_offered(
    leader: Client, site: Site, as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def render(*_: object, **named: object) -> bytes:
        made.append(str(named["format"]))
        return b"%PDF-1.7"

    monkeypatch.setattr(works, "render", render)
    monkeypatch.setattr(works, "_chapters", lambda *_: [])
    address = f"{PAGE}card/reports/?period={PERIOD}"
    for _ in range(2):
        assert leader.post(address, {"form": "pdf"}).status_code == 302
    assert made == ["pdf"]
    work = Work.objects.get(kind="scorecards.report")
    assert f"card/reports/{work.pk}/" in leader.get(address).content.decode()
    answer = leader.get(f"{PAGE}card/reports/{work.pk}/")
    assert b"".join(answer.streaming_content) == b"%PDF-1.7"  # type: ignore[attr-defined]
    assert as_role("other").get(f"/o/other/card/reports/{work.pk}/").status_code == 404
    assert leader.post(address, {"form": "exe"}).status_code == 404
    assert reporting.FORMS == ("pdf", "xlsx", "html")
