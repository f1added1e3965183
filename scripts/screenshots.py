"""Pictures of the site's pages, by Chromium: each page wide and narrow, in both languages, light and dark.

    septima demo shop && septima serve shop --port 8000    # prints a link that signs in
    python scripts/screenshots.py LINK FOLDER [PATH ...] [--size wide] [--language en] [--theme light] [--screen]
    python scripts/screenshots.py LINK FOLDER --all        # one page of every kind that links lead to
    python scripts/screenshots.py LINK FOLDER --list       # their addresses only
    python scripts/screenshots.py LINK FOLDER --all --fill # after sending one form of each kind, so that no list is empty

PATH is within the organisation, such as `metrics/`; the sections' first pages where none is named. A person sees what
their role shows: sign in as a leader, an analyst and an administrator to have them all. `--fill` writes to the workspace: give it
a copy.
"""

import argparse
import re
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import product
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin, urlsplit

from playwright.sync_api import APIRequestContext, Browser, FilePayload, Locator, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
SIZES = {"wide": (1440, 1000), "narrow": (390, 844)}
PATHS = ["", "mine/", "metrics/", "models/", "surveys/", "customers/", "definitions/", "data/", "administration/"]
ACCOUNT = ["/preferences/", "/password/", "/accounts/2fa/", "/accounts/2fa/totp/activate/", "/accounts/logout/"]
SIGNED_OUT = ["/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/", "/sign-in/none/"]
MISSING = ["nothing/", "customers/card/nothing/"]
_FILE: FilePayload = {
    "name": "august-pictures.csv",
    "mimeType": "text/csv",
    "buffer": "Номер;Клиент;Дата;Сумма\n7001;C0000013;03.08.2026;1 990,00\n7002;C0000014;04.08.2026;2 490,50\n".encode(),
}
FORMS: list[tuple[str, str, dict[str, str | FilePayload]]] = [
    (
        "mine/actions/new/?kpi=customer_support/nps",
        "button.main",
        {
            "what": "Call back within a day",
            "cause": "Nobody answers at noon",
            "employee_id": "E0001",
            "due_on": "2026-01-15",
        },
    ),
    ("surveys/new/", "button.main", {"instrument": "nps", "name": "After delivery"}),
    ("models/experiments/assign/", "button.main", {"experiment": "pictures", "arms": "letter, call"}),
    ("metrics/of/nps/", '[action$="/annotations/"] button', {"text": "Prices rose", "start": "2026-05-03"}),
    ("data/upload/", "button.main", {"file": _FILE}),
    ("customers/duplicates/", "button.main", {}),
    ("definitions/files/scorecard.yaml/", '[action$="/edit/"] button', {}),
    ("administration/tokens/", "button.main", {"name": "Pictures"}),
    ("data/http/", "button.main", {"name": "Pictures"}),
]
"""What --fill sends: the page of a form, the button that sends it, and what is written into it."""
SECOND = ("form:has([name=sure]) button.main", "button[name=change][value=open]")
"""Buttons that are pressed as well where the answer to a form has one."""
_PATIENCE_MS = 300_000
"""What is drawn for the first time takes long."""
ENDLESS = ("metrics/of/", "metrics/paths/", "card/of/", "models/experiments/of/")
"""Below these all addresses show pages of one kind; of the others, those with a number or a token in them do."""


def signed_in(browser: Browser, link: str) -> Page:
    """A page of a browser that the link signed in."""
    page = browser.new_context().new_page()
    page.goto(link)
    page.get_by_role("button").last.click()
    page.wait_for_load_state()
    # Who has no password yet is asked for one first.
    page.goto(urljoin(link, "/"))
    return page


def take(
    page: Page,
    address: str,
    path: Path,
    *,
    size: tuple[int, int],
    language: str,
    theme: str,
    whole: bool = True,
    medium: Literal["screen", "print"] = "screen",
) -> None:
    """One picture of the whole page, or of its first screen."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(media=medium)
    page.context.add_cookies(
        [
            {"name": name, "value": value, "domain": urlsplit(address).hostname or "", "path": "/"}
            for name, value in (("theme", theme), ("django_language", language))
        ]
    )
    page.goto(f"{address}{'&' if '?' in address else '?'}language={language}")
    page.wait_for_load_state("networkidle")
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=path, full_page=whole)


def home_of(page: Page) -> str:
    """The address of the organisation that the page is of."""
    path = page.locator('a[href^="/o/"]').first.get_attribute("href") or "/"
    return urljoin(page.url, "/".join(path.split("/")[:3]) + "/")


def customer_of(page: Page, home: str, customer: str) -> list[str]:
    """The address of a customer's card, which no page names before somebody searched; none where the role serves nobody."""
    page.goto(urljoin(home, "customers/"))
    search = page.locator("main form input[name=text]")
    if not search.count():
        return []
    search.fill(customer)
    search.press("Enter")
    page.locator('main table a[href*="/customers/card/"], main .empty').first.wait_for()
    found = page.locator('main a[href*="/customers/card/"]').first
    return [urljoin(home, found.get_attribute("href") or "")] if found.count() else []


def filled(page: Page, home: str) -> Iterator[str]:
    """Send every form that the person's role shows; the addresses that this leads to."""
    for path, button, values in FORMS:
        page.goto(urljoin(home, path))
        pressed = page.locator(f"main form{button}" if button.startswith("[") else f"form {button}").first
        if not pressed.count():
            continue
        page.evaluate("for (const folded of document.querySelectorAll('main details')) folded.open = true")
        form = pressed.locator("xpath=ancestor::form")
        for name, value in values.items():
            _write(form.locator(f'[name="{name}"]'), value)
        with page.expect_navigation():
            pressed.click()
        for second in SECOND:
            if page.locator(second).count():
                with page.expect_navigation():
                    page.locator(second).first.click()
        yield page.url.partition("?")[0]


def _write(field: Locator, value: str | FilePayload) -> None:
    """Write into a field as a person does, whatever it is."""
    kind = field.first.get_attribute("type")
    if not isinstance(value, str):
        field.first.set_input_files(value)
    elif kind in ("radio", "checkbox"):
        field.and_(field.page.locator(f'[value="{value}"]')).check()
    else:
        field.first.fill(value)


def pages_of(asking: APIRequestContext, home: str, more: Sequence[str] = ()) -> Iterator[str]:
    """The first address of every kind of page that links lead to, from the sections' first pages and `more` on."""
    site = urljoin(home, "/")
    waiting = deque([*(urljoin(home, path) for path in (*PATHS, *ACCOUNT, *MISSING)), *more])
    seen = {kind_of(address, home) for address in waiting}
    while waiting:
        address = waiting.popleft()
        answer = asking.get(address, timeout=_PATIENCE_MS)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        yield address
        for found in re.findall(r'(?:href|value)="([^"#]+)', answer.text()):
            target = urljoin(address, unescape(found)) if found.startswith(("/", "?", "http")) else ""
            kind = kind_of(target, home)
            if target.startswith((home, f"{site}s/")) and kind not in seen:
                seen.add(kind)
                waiting.append(target)


def kind_of(address: str, home: str) -> str:
    """What an address has in common with others that show pages of the same kind."""
    path = re.sub(r"/files/.+?/(?=versions/)", "/files/*/", address.partition("?")[0].removeprefix(home))
    for start in ENDLESS:
        if path.startswith(start):
            return start + re.sub(r"[^/]+", "*", path.removeprefix(start).split("/", 1)[0]) + _last(path, start)
    return re.sub(r"(?<=/)(?:\d+|[\w:=-]{20,})(?=/|$)", "*", path)


def _last(path: str, start: str) -> str:
    """What follows the name below `start`; a second name is a kind of its own, whichever it is."""
    below = path.removeprefix(start).strip("/").split("/")[1:]
    return "/" + "/".join(["*", *below[1:]] if start == "card/of/" and below else below)


def name_of(address: str, home: str) -> str:
    """What the picture of a page is called."""
    path = address.partition("?")[0].removeprefix(home).removeprefix(urljoin(home, "/"))
    short = re.sub(r"[\w:=-]{20,}(?=/|$)", "token", path)
    return re.sub(r"[^\w.-]+", "-", short.strip("/")) or "card"


def main() -> None:
    """Take the pictures that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("link")
    parser.add_argument("folder", type=Path)
    parser.add_argument("paths", nargs="*", default=PATHS)
    parser.add_argument("--size", choices=SIZES, nargs="*", default=list(SIZES))
    parser.add_argument("--language", choices=["en", "ru"], nargs="*", default=["en", "ru"])
    parser.add_argument("--theme", choices=["light", "dark"], nargs="*", default=["light", "dark"])
    parser.add_argument("--medium", choices=["screen", "print"], default="screen")
    parser.add_argument("--screen", action="store_true", help="the first screen instead of the whole page")
    parser.add_argument("--all", action="store_true", help="one page of every kind, and those of who is not signed in")
    parser.add_argument("--customer", default="C0000013", help="whom to search for, so that a card is among --all")
    parser.add_argument(
        "--fill", action="store_true", help="send one form of each kind first, so that no list is empty"
    )
    parser.add_argument("--list", action="store_true", help="print the addresses of --all and take no pictures")
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page, stranger = signed_in(browser, given.link), browser.new_context().new_page()
        home = home_of(page)
        found = [(page, urljoin(home, path)) for path in given.paths]
        if given.all or given.list:
            found = [(stranger, urljoin(home, path)) for path in SIGNED_OUT]
            more = list(filled(page, home)) if given.fill else []
            more += customer_of(page, home, given.customer)
            found += [(page, address) for address in pages_of(page.context.request, home, more)]
        if given.list:
            sys.stdout.writelines(f"{address}\n" for _, address in found)
            found = []
        looks: list[tuple[str, str, str]] = list(product(given.size, given.language, given.theme))
        for whose, address in found:
            for size, language, theme in looks:
                take(
                    whose,
                    address,
                    given.folder / f"{name_of(address, home)}-{size}-{language}-{theme}.png",
                    size=SIZES[size],
                    language=language,
                    theme=theme,
                    whole=not given.screen,
                    medium=given.medium,
                )
        browser.close()


if __name__ == "__main__":
    main()
