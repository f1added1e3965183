"""What a phone on a slow line sees of the site's pages: `python -m benchmarks.pages LINK [--runs 3]`.

LINK signs in, as `septima serve` prints it. Chromium is held to a processor four times slower and to a slow 4G line, as
Lighthouse holds it for phones when it throttles the browser itself: 562.5 ms to each answer, 1.47 Mbit/s down, 0.68 up.
Each page is opened with an empty cache, after the server has drawn it once. Medians of the runs are printed as Markdown.

Total blocking time is that of tasks past 50 ms between the first paint and the end of loading. Layout shift is the
greatest sum of shifts within five seconds of which none is more than a second after the one before.
"""

import argparse
import re
import statistics
from dataclasses import dataclass
from urllib.parse import urljoin

from playwright.sync_api import APIRequestContext, Browser, StorageState, ViewportSize, sync_playwright

from scripts.screenshots import CHROMIUM, customer_of, home_of, signed_in

SLOWER = 4
LINE = {"offline": False, "latency": 562.5, "downloadThroughput": 1_474_560 / 8, "uploadThroughput": 675_000 / 8}
PHONE: ViewportSize = {"width": 412, "height": 823}
_SETTLED_MS = 1500

_OBSERVED = """() => {
  const seen = { paints: {}, largest: 0, shifts: [], tasks: [] };
  const watch = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  watch("paint", (entry) => { seen.paints[entry.name] = entry.startTime; });
  watch("largest-contentful-paint", (entry) => { seen.largest = entry.startTime; });
  watch("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.shifts.push([entry.startTime, entry.value]); });
  watch("longtask", (entry) => seen.tasks.push([entry.startTime, entry.duration]));
  return new Promise((tell) => setTimeout(() => tell(seen), 300));
}"""


@dataclass(frozen=True)
class Seen:
    """What one opening of a page took: milliseconds of paints and blocking, shift of its layout, kilobytes, requests."""

    first_paint: float
    largest_paint: float
    blocking: float
    shift: float
    kilobytes: float
    requests: int


def main() -> None:
    """Measure the pages that people open most, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("link")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--customer", default="C0000013", help="whose card is opened")
    given = parser.parse_args()
    print("| page | first paint, ms | largest paint, ms | blocking, ms | layout shift | kB | requests |")
    print(f"|{' --- |' * 7}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = signed_in(browser, given.link)
        home = home_of(page)
        addresses = [("card", home), ("metric", urljoin(home, "metrics/of/nps/?grain=quarter"))]
        addresses += [("survey", one) for one in surveys_of(page.context.request, home)]
        addresses += [("customer", one) for one in customer_of(page, home, given.customer)]
        state = page.context.storage_state()
        for name, address in addresses:
            opened(browser, state, address)  # the server draws it
            print(_line(name, [opened(browser, state, address) for _ in range(given.runs)]), flush=True)
        browser.close()


def surveys_of(asking: APIRequestContext, home: str) -> list[str]:
    """The address at which everybody answers the newest survey; none where there is no survey."""
    listed = re.search(r'href="([^"]*/surveys/\d+/links/)"', asking.get(urljoin(home, "surveys/")).text())
    if listed is None:
        return []
    shown = re.search(r'value="(http[^"]*/s/a/[^"]+)"', asking.get(urljoin(home, listed[1])).text())
    return [] if shown is None else [shown[1]]


def opened(browser: Browser, state: StorageState, address: str) -> Seen:
    """Open a page as a slow phone does, with an empty cache."""
    context = browser.new_context(storage_state=state, viewport=PHONE, device_scale_factor=1.75, is_mobile=True)
    page = context.new_page()
    tools = context.new_cdp_session(page)
    sizes: list[float] = []
    tools.on("Network.loadingFinished", lambda done: sizes.append(done["encodedDataLength"]))
    tools.send("Network.enable")
    tools.send("Network.emulateNetworkConditions", LINE)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address, timeout=120_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(_SETTLED_MS)
    seen = page.evaluate(_OBSERVED)
    context.close()
    first = seen["paints"].get("first-contentful-paint", 0.0)
    blocking = sum(lasted - 50 for start, lasted in seen["tasks"] if start + lasted > first)
    return Seen(first, seen["largest"], blocking, _shift(seen["shifts"]), sum(sizes) / 1000, len(sizes))


def _shift(shifts: list[tuple[float, float]]) -> float:
    """The greatest sum of shifts of one window."""
    greatest = whole = began = last = 0.0
    for at, value in shifts:
        if not whole or at - last > 1000 or at - began > 5000:
            whole, began = 0.0, at
        whole, last = whole + value, at
        greatest = max(greatest, whole)
    return greatest


def _line(name: str, runs: list[Seen]) -> str:
    def middle(what: str) -> float:
        return statistics.median(getattr(run, what) for run in runs)

    figures = [f"{middle(what):,.0f}" for what in ("first_paint", "largest_paint", "blocking")]
    figures += [f"{middle('shift'):.3f}", f"{middle('kilobytes'):,.0f}", f"{middle('requests'):.0f}"]
    return f"| {name} | {' | '.join(figures)} |"


if __name__ == "__main__":
    main()
