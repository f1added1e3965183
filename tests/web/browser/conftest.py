"""The site in a real Chromium: Debian's, driven by Playwright."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from septima.scorecard.card import Scorecard
from septima.web.accounts.models import Membership, Organisation, User
from septima.web.common.permissions import ROLES
from tests.web.conftest import OWN, keep_card

# Playwright keeps a loop of its own in this thread, in which Django would refuse to reach its database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
LAPTOP, PHONE = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}

PATIENCE_MS = 240_000
"""Drawing a card for the first time takes long where other tests keep the machine busy; nothing here is timed."""
expect.set_options(timeout=PATIENCE_MS)

Opened = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker drives the browser."""
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; skips where it is not installed."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed: apt install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def home(transactional_db: None, demo_folder: Path, demo_card: Scorecard, tmp_path: Path) -> Organisation:
    """The demo company with a workspace of its own, and a person in every role."""
    folder = tmp_path / "workspace"
    shutil.copytree(demo_folder, folder)
    one = Organisation.objects.create(pk=OWN, name="Тёплый дом", slug="home", folder=str(folder))
    keep_card(one, demo_card)
    for role in ROLES:
        person = User.objects.create_user(f"{role}@example.org", "correct horse battery", name=role.title())
        Membership.objects.create(user=person, organisation=one, role=role)
    return one


@pytest.fixture
def opened(live_server: LiveServer, home: Organisation, browser: Browser) -> Iterator[Opened]:
    """Opens a page of the organisation as the person of a role; whatever a page asks of foreign hosts fails the test."""
    contexts: list[BrowserContext] = []
    foreign: list[str] = []
    broken: list[str] = []

    def open_page(
        role: str, path: str, *, size: dict[str, int] = LAPTOP, language: str = "en", theme: str = "light"
    ) -> Page:
        context = browser.new_context(viewport=size, locale=language)  # pyright: ignore[reportArgumentType]
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        cookies = {"theme": theme, settings.LANGUAGE_COOKIE_NAME: language}
        if role:
            client = Client()
            client.force_login(User.objects.get(email=f"{role}@example.org"))
            cookies[settings.SESSION_COOKIE_NAME] = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()])
        page = context.new_page()
        page.on("request", lambda asked: foreign.append(asked.url) if not _own(asked.url, live_server.url) else None)
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.goto(path if path.startswith("http") else f"{live_server.url}{path}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert foreign == []
    assert broken == []


def _own(address: str, site: str) -> bool:
    return address.startswith((site, "data:", "blob:"))
