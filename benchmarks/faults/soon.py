"""How long it takes from an acknowledged event to the metric's page that shows it."""

import json
import re
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.faults.site import Door, make, site_of
from benchmarks.serving import Site, of_source

_METRIC = "revenue"
_TIMES = 3
_LONGEST_S = 300.0


def seconds_to_the_page(folder: Path) -> str:
    """Send an order, and look at the page of the metric of orders until it counts it, several times over."""
    site = site_of(folder / "home")
    door = make(site)
    site.start()
    try:
        took = [_one(site, door, number) for number in range(1, _TIMES + 1)]
    finally:
        site.stop()
    listed = ", ".join(f"{seconds:.1f}" for seconds in took)
    return (
        f"- seconds from acknowledged to shown: {listed} (median {statistics.median(took):.1f}, most {max(took):.1f})"
    )


def _one(site: Site, door: Door, number: int) -> float:
    order = {
        "type": "track",
        "messageId": f"order-{number}",
        "userId": f"c{number}",
        "event": "Order Completed",
        "timestamp": datetime.now(UTC).isoformat(),
        "properties": {"order_id": f"o{number}", "revenue": 10, "currency": "EUR"},
    }
    status, _ = site.ask("POST", "/v1/batch", of_source(door.key), json.dumps({"batch": [order]}).encode())
    if status != 200:
        raise RuntimeError("the order was not taken")
    begun, address = time.monotonic(), f"/o/{door.organisation}/metrics/of/{_METRIC}/?grain=year&wait=1"
    while time.monotonic() - begun < _LONGEST_S:
        _, page = site.ask("GET", address, {"Cookie": door.cookie})
        if _shown(page) == number:
            return time.monotonic() - begun
        time.sleep(0.25)
    raise RuntimeError(f"the page did not show {number} orders within {_LONGEST_S:.0f} s")


def _shown(page: str) -> int:
    """The greatest n in the table of the page; 0 where it shows none."""
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    cells = [re.findall(r'<td class="number">(.*?)</td>', row, re.DOTALL) for row in rows]
    return max((int(row[3]) for row in cells if len(row) > 3 and row[3].isdigit()), default=0)
