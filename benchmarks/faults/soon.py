"""How long it takes from an acknowledged event to the metric's page that shows it."""

import json
import re
import statistics
import time
from base64 import b64encode
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.faults.site import Site

_METRIC = "revenue"
_TIMES = 3
_LONGEST_S = 300.0


def seconds_to_the_page(folder: Path) -> str:
    """Send an order, and look at the page of the metric of orders until it counts it, several times over."""
    site = Site(folder / "home")
    door = site.make()
    site.start()
    try:
        took = [_one(site, door.key, door.organisation, door.cookie, number) for number in range(1, _TIMES + 1)]
    finally:
        site.stop()
    listed = ", ".join(f"{seconds:.1f}" for seconds in took)
    return (
        f"- seconds from acknowledged to shown: {listed} (median {statistics.median(took):.1f}, most {max(took):.1f})"
    )


def _one(site: Site, key: str, organisation: str, cookie: str, number: int) -> float:
    order = {
        "type": "track",
        "messageId": f"order-{number}",
        "userId": f"c{number}",
        "event": "Order Completed",
        "timestamp": datetime.now(UTC).isoformat(),
        "properties": {"order_id": f"o{number}", "revenue": 10, "currency": "EUR"},
    }
    connection = HTTPConnection("127.0.0.1", site.port, timeout=60)
    headers = {"Authorization": "Basic " + b64encode(f"{key}:".encode()).decode(), "Content-Type": "application/json"}
    connection.request("POST", "/v1/batch", json.dumps({"batch": [order]}).encode(), headers)
    if connection.getresponse().status != 200:
        raise RuntimeError("the order was not taken")
    begun = time.monotonic()
    while time.monotonic() - begun < _LONGEST_S:
        _, page = site.ask("GET", f"/o/{organisation}/metrics/of/{_METRIC}/?grain=year&wait=1", {"Cookie": cookie})
        if _shown(page) == number:
            return time.monotonic() - begun
        time.sleep(0.25)
    raise RuntimeError(f"the page did not show {number} orders within {_LONGEST_S:.0f} s")


def _shown(page: str) -> int:
    """The greatest n in the table of the page; 0 where it shows none."""
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    cells = [re.findall(r'<td class="number">(.*?)</td>', row, re.DOTALL) for row in rows]
    return max((int(row[3]) for row in cells if len(row) > 3 and row[3].isdigit()), default=0)
