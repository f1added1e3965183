"""The way of each role through the site, in a real browser."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from septima.lake.quarantine import open_entries
from septima.lake.store import Lake
from septima.web.accounts.models import Organisation
from septima.web.surveys.models import Response
from septima.web.work import kinds
from tests.web.browser.conftest import PHONE, Opened
from tests.web.conftest import PASSWORD, PERIOD

CARD = f"/o/home/?period={PERIOD}"


def _settled(page: Page) -> None:
    """Wait until nothing on the page is still being made."""
    page.wait_for_load_state("networkidle")


def test_a_viewer_signs_in_with_a_password_and_reads_the_card(opened: Opened) -> None:
    page = opened("", "/")
    page.get_by_label("Email").fill("viewer@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Тёплый дом")
    page.goto(page.url.split("?")[0] + f"?period={PERIOD}")
    expect(page.locator("table.card")).to_be_visible()
    assert page.locator("table.card tr.index").count() >= 7
    expect(page.get_by_role("link", name="Customers")).to_have_count(0)


def test_a_leader_walks_from_the_index_down_to_the_rows_and_back(opened: Opened) -> None:
    page = opened("leader", CARD)
    expect(page.locator("table.card")).to_be_visible()
    page.locator("table.card").get_by_role("link", name="Customer support").first.click()
    _settled(page)
    page.locator("#dear").get_by_role("link", name="NPS", exact=False).first.click()
    _settled(page)
    page.get_by_role("link", name="The rows behind this figure").click()
    _settled(page)
    assert page.locator("table.raw tbody tr").count() > 5
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").first.click()
    assert Path(download.value.path()).read_bytes().startswith(b"\xef\xbb\xbf")
    page.get_by_label("You are here").get_by_role("link", name="Scorecard").click()
    expect(page.locator("table.card")).to_be_visible()
    assert f"period={PERIOD}" in page.url


def test_a_head_builds_a_survey_a_respondent_answers_on_a_phone_and_the_results_change(opened: Opened) -> None:
    page = opened("head", "/o/home/surveys/new/")
    page.get_by_text("NPS", exact=False).first.click()
    page.get_by_label("Name").fill("After delivery")
    page.get_by_label("English").check()
    page.get_by_role("button", name="Make the draft").click()
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_role("navigation", name="Pages of the survey").get_by_role("link", name="Links").click()
    link = page.get_by_label("Open link").input_value()
    survey = page.url.split("links/")[0]

    def answer(grade: str) -> None:
        phone = opened("", link, size=PHONE)
        phone.locator("label", has=phone.locator(f"input[type=radio][value='{grade}']")).click()
        phone.get_by_role("button", name="Send").click()
        expect(phone.get_by_role("heading", level=1)).to_be_visible()

    for _ in range(5):  # fewer are not told, lest somebody is known by them
        answer("10")
    page.goto(f"{survey}results/")
    expect(page.locator("dl.rates")).to_contain_text("5")
    nps = page.locator("#results .measures .main dd").first
    expect(nps).to_contain_text(re.compile(r"^1(\.0+)?\b"))
    answer("1")
    assert Response.objects.count() == 6
    expect(nps).to_contain_text(re.compile(r"^0\.(7|67)"))  # (5 − 1) / 6; the page asks for its figures by itself


def test_an_analyst_changes_a_weight_and_the_leader_approves_it(opened: Opened, home: Organisation) -> None:
    page = opened("analyst", "/o/home/definitions/files/scorecard.yaml/")
    page.get_by_role("button", name=re.compile("Edit|Change", re.IGNORECASE)).first.click()
    _settled(page)
    before = (home.directory / "scorecard.yaml").read_text(encoding="utf-8")
    weights = page.get_by_label("Weight", exact=True)
    equal = [place for place in range(weights.count()) if weights.nth(place).input_value() == "0.9"]
    for place, weight in zip(equal, ("1.05", "0.75"), strict=True):  # their mean stays 1
        weights.nth(place).fill(weight)
    page.get_by_role("button", name="Keep the draft").click()
    _settled(page)
    page.get_by_role("link", name="Review and submit").first.click()
    page.get_by_label("What changes and why").fill("more of NPS")
    page.get_by_role("button", name="Submit").click()
    assert (home.directory / "scorecard.yaml").read_text(encoding="utf-8") == before  # nothing is in force yet
    address = page.url
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)

    leader = opened("leader", address)
    leader.get_by_role("button", name="Approve").click()
    _settled(leader)
    after = (home.directory / "scorecard.yaml").read_text(encoding="utf-8")
    assert after != before
    assert "weight: 1.05" in after
    assert "weight: 0.75" in after


def test_an_analyst_mends_a_row_of_the_quarantine(
    opened: Opened, home: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tasks are done at once in tests; computing all figures again after a row was mended is tested elsewhere.
    computing = replace(kinds._KINDS["data.compute"], do=lambda _, __: {})
    monkeypatch.setitem(kinds._KINDS, "data.compute", computing)
    lake = Lake.open(home.directory / "lake")
    before = sum(open_entries(lake).values())
    assert before > 0
    page = opened("analyst", "/o/home/data/quarantine/")
    _settled(page)
    page.get_by_role("row", name=re.compile("Оплачен")).get_by_role("link").first.click()
    _settled(page)
    page.get_by_role("link", name=re.compile(r"orders.parquet:\d+")).first.click()
    page.get_by_label("state", exact=True).fill("Выполнен")
    page.get_by_role("button", name="Load this row").click()
    _settled(page)
    assert sum(open_entries(lake).values()) == before - 1


def test_an_employee_finds_a_customer_and_opens_the_card(opened: Opened) -> None:
    page = opened("employee", "/o/home/customers/")
    page.get_by_role("searchbox").or_(page.locator("main input[type=text]")).first.fill("C0000013")
    page.keyboard.press("Enter")
    _settled(page)
    page.locator("main").get_by_role("link").first.click()
    _settled(page)
    assert "C0000013" not in page.url  # an id may itself be personal
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_leader_erases_a_person_who_is_not_found_afterwards(opened: Opened) -> None:
    page = opened("leader", "/o/home/customers/")
    page.get_by_role("searchbox").or_(page.locator("main input[type=text]")).first.fill("C0000013")
    page.keyboard.press("Enter")
    page.locator("main table").get_by_role("link").first.click()
    page.wait_for_url("**/customers/card/**")
    card = page.url
    name = (page.get_by_role("heading", level=1).evaluate("node => node.firstChild.textContent") or "").strip()
    page.get_by_role("link", name="Erase").click()
    page.get_by_label("Type the customer’s name again").fill("Somebody else")
    page.get_by_label("Reason").fill("Request 17 of 1 November")
    page.get_by_role("button", name="Further").click()
    expect(page.get_by_text("This is not the name on the card")).to_be_visible()  # nothing is asked yet
    page.get_by_label("Type the customer’s name again").fill(name)
    page.get_by_role("button", name="Further").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    page.get_by_role("button", name="Yes, erase for good").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Certificate of erasure")
    assert name not in page.content()
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")

    answer = page.goto(card)
    assert answer is not None
    assert answer.status == 404
    page.goto(card.split("card/")[0])
    page.get_by_role("searchbox").or_(page.locator("main input[type=text]")).first.fill("C0000013")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nobody was found")).to_be_visible()


def test_a_head_has_something_done_about_a_red_figure_and_follows_it(opened: Opened) -> None:
    page = opened("head", "/o/home/mine/actions/new/")
    _settled(page)
    page.locator("main").get_by_role("link").first.click()
    _settled(page)
    page.get_by_label("What is to be done").fill("Call back within the hour")
    page.get_by_label("Cause").fill("Two people fell ill")
    page.get_by_label("Who answers").select_option(label="Head")
    page.get_by_label("Due").fill("2030-01-31")
    page.locator("main form").get_by_role("button").first.click()
    _settled(page)
    expect(page.locator("main")).to_contain_text("Call back within the hour")
    page.goto(page.url.split("actions/")[0] + "actions/")
    expect(page.get_by_role("link", name="Call back within the hour")).to_be_visible()


def test_an_administrator_invites_and_the_menu_opens_by_keyboard_on_a_phone(opened: Opened) -> None:
    page = opened("administrator", "/o/home/administration/", size=PHONE)
    menu = page.locator("details.menu-on-phone summary")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Administration")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("E-mail").fill("guest@example.org")
    page.get_by_label("Role").select_option("viewer")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.locator("#invitation-link")).to_contain_text("/invitation/")


def test_every_page_is_reached_without_a_mouse(opened: Opened) -> None:
    page = opened("leader", "/o/home/administration/tokens/")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.textContent")
    assert focused == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
