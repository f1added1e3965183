"""The first page: at once where it is kept, told where it is behind, designed where there is nothing to show."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client

from septima.web.accounts.models import Organisation, User
from septima.web.common.workspaces import keep
from septima.web.scorecards.choice import read_choice
from septima.web.scorecards.first_page import first_page_key, peek
from septima.web.scorecards.standing import standing
from septima.web.work import doing
from septima.web.work.models import Work
from tests.web.conftest import Site
from tests.web.scorecards.conftest import PAGE, PERIOD


def _text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content.decode()[:500]
    return answer.content.decode()


@pytest.mark.usefixtures("nothing_kept")
def test_a_card_that_is_not_kept_is_waited_for_without_blocking_and_then_shown_at_once(leader: Client) -> None:
    first = _text(leader, f"{PAGE}?period={PERIOD}")
    assert 'hx-trigger="load"' in first
    assert "fill=1" in first
    assert "<noscript>" in first
    filled = _text(leader, f"{PAGE}?period={PERIOD}&fill=1")
    assert filled.lstrip().startswith('<div id="dear">')
    assert "Composite index of the company" in filled
    again = _text(leader, f"{PAGE}?period={PERIOD}")
    assert "Composite index of the company" in again
    assert 'hx-trigger="load"' not in again


def test_the_card_leads_down_and_keeps_period_and_slice_in_every_address(leader: Client) -> None:
    page = _text(leader, f"{PAGE}?period={PERIOD}&by=segment&of=mass&wait=1")
    assert f"{PAGE}card/of/customer_support/nps/?period={PERIOD}&amp;by=segment&amp;of=mass" in page
    assert "segment: mass" in page
    assert "not split by segment" in page


def test_a_period_that_there_is_not_is_told_with_a_way_out(leader: Client) -> None:
    page = _text(leader, f"{PAGE}?period=2026-Q9", 404)
    assert "There is no such period" in page
    assert 'name="period"' in page


def test_a_slice_that_there_is_not_names_those_there_are(leader: Client) -> None:
    page = _text(leader, f"{PAGE}?period={PERIOD}&by=segment&of=nobody&wait=1")
    assert "There is no card of this slice" in page
    assert "mass" in page


def test_a_period_without_data_says_so_and_leads_to_none(leader: Client) -> None:
    page = _text(leader, f"{PAGE}?period=2010&wait=1")
    assert "There are no figures for this period" in page


def test_a_workspace_without_data_invites_to_load_some(as_role: Callable[[str], Client]) -> None:
    page = _text(as_role("other"), "/o/other/?wait=1")
    assert "No data yet" in page


def test_a_wrong_definition_is_told_with_file_and_line_but_not_with_the_folder_of_the_server(
    writable: Organisation, leader: Client
) -> None:
    path = writable.directory / "scorecard.yaml"
    path.write_text(path.read_text("utf-8").replace("id: nps ", "id: npz ", 1), encoding="utf-8")
    page = _text(leader, f"{PAGE}?period={PERIOD}&wait=1")
    assert "scorecard.yaml" in page
    assert "npz" in page
    assert str(writable.directory) not in page


def test_a_card_that_is_behind_is_shown_with_a_note_and_made_anew_once(
    leader: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    _text(leader, f"{PAGE}?period={PERIOD}&wait=1")
    now = standing(site.own)
    key = first_page_key(site.own, now, read_choice({"period": PERIOD}, now.settings.calendar), "en")
    shown = peek(key)
    assert shown is not None
    keep(key, replace(shown, html="the older page", data_version=shown.data_version - 1))
    asked: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(doing, "_enqueue", lambda work: asked.append(work.pk))
        for _ in range(3):
            page = _text(leader, f"{PAGE}?period={PERIOD}")
            assert "the older page" in page
            assert "Data have changed since" in page
    assert len(asked) == 1
    assert Work.objects.filter(kind="scorecards.refresh", state="waiting").count() == 1
    polled = leader.get(f"{PAGE}card/refreshing/?period={PERIOD}")
    assert 'hx-trigger="every 3s"' in polled.content.decode()
    doing.carry_out(asked[0], 1)
    assert Work.objects.get(pk=asked[0]).state == "done"
    assert leader.get(f"{PAGE}card/refreshing/?period={PERIOD}")["HX-Refresh"] == "true"
    page = _text(leader, f"{PAGE}?period={PERIOD}")
    assert "the older page" not in page
    assert "Data have changed since" not in page


def test_a_person_reads_the_card_in_their_language(leader: Client) -> None:
    User.objects.filter(email="leader@example.org").update(language="ru")
    page = _text(leader, f"{PAGE}?period={PERIOD}&wait=1")
    assert "Сводный индекс компании" in page
    assert "3-й\u00a0квартал 2026\u00a0года" in page
    assert "Composite index" not in page
