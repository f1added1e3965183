"""Pictures of the site's pages, by Chromium: each page wide and narrow, in both languages, light and dark.

    septima demo shop && septima serve shop --port 8000    # prints a link that signs in
    python scripts/screenshots.py LINK FOLDER [PATH ...] [--size wide] [--language en] [--theme light] [--screen]

PATH is within the organisation, such as `metrics/`; the sections' first pages where none is named.
"""

import argparse
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
SIZES = {"wide": (1440, 1000), "narrow": (390, 844)}
PATHS = ["", "mine/", "metrics/", "models/", "surveys/", "customers/", "definitions/", "data/", "administration/"]


def signed_in(browser: Browser, link: str) -> Page:
    """A page of a browser that the link signed in."""
    page = browser.new_context().new_page()
    page.goto(link)
    page.get_by_role("button").last.click()
    page.wait_for_load_state()
    return page


def take(
    page: Page, address: str, path: Path, *, size: tuple[int, int], language: str, theme: str, whole: bool = True
) -> None:
    """One picture of the whole page, or of its first screen."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
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


def main() -> None:
    """Take the pictures that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("link")
    parser.add_argument("folder", type=Path)
    parser.add_argument("paths", nargs="*", default=PATHS)
    parser.add_argument("--size", choices=SIZES, nargs="*", default=list(SIZES))
    parser.add_argument("--language", choices=["en", "ru"], nargs="*", default=["en", "ru"])
    parser.add_argument("--theme", choices=["light", "dark"], nargs="*", default=["light", "dark"])
    parser.add_argument("--screen", action="store_true", help="the first screen instead of the whole page")
    given = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = signed_in(browser, given.link)
        parts = urlsplit(page.url)
        home = f"{parts.scheme}://{parts.netloc}/" + "/".join(parts.path.split("/")[1:3]) + "/"
        for path in given.paths:
            address = path if path.startswith("http") else home + path
            name = path.split("?")[0].strip("/").replace("/", "-").replace(":", "") or "card"
            for size in given.size:
                for language in given.language:
                    for theme in given.theme:
                        file = given.folder / f"{name}-{size}-{language}-{theme}.png"
                        shown = {"size": SIZES[size], "language": language, "theme": theme, "whole": not given.screen}
                        take(page, address, file, **shown)
        browser.close()


if __name__ == "__main__":
    main()
