"""Every section's first page by axe-core: nothing serious, in both themes, wide and narrow; nothing scrolls sideways."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.browser.conftest import LAPTOP, PHONE, Opened

pytestmark = pytest.mark.looks
PAGES = {
    "card": ("leader", "/o/home/"),
    "mine": ("employee", "/o/home/mine/"),
    "metrics": ("analyst", "/o/home/metrics/"),
    "metric": ("analyst", "/o/home/metrics/of/nps/"),
    "models": ("analyst", "/o/home/models/"),
    "surveys": ("head", "/o/home/surveys/"),
    "links": ("leader", "/o/home/links/"),
    "new link": ("leader", "/o/home/links/new/"),
    "customers": ("employee", "/o/home/customers/"),
    "definitions": ("analyst", "/o/home/definitions/"),
    "data": ("administrator", "/o/home/data/"),
    "people": ("administrator", "/o/home/administration/"),
    "tokens": ("analyst", "/o/home/administration/tokens/"),
    "account": ("viewer", "/preferences/"),
    "sign in": ("", "/accounts/login/"),
    "not found": ("viewer", "/o/home/nowhere/"),
}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def _serious(page: Any) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(name: str, opened: Opened) -> None:
    role, path = PAGES[name]
    wrong: dict[str, list[str]] = {}
    for language, theme, size in (("en", "light", LAPTOP), ("ru", "dark", PHONE)):
        page = opened(role, path, language=language, theme=theme, size=size)
        page.wait_for_load_state("networkidle")
        found = _serious(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > size["width"]:
            found.append(f"the page is {width} wide")
        if found:
            wrong[f"{language} {theme} {size['width']}"] = found
    assert wrong == {}
