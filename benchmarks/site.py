"""The site under load: pages at so many people at once, and answers of respondents taken durably.

A person asks for a page, reads it for a second, and asks for the next. Respondents send answers one after another without a
pause, over connections of their own. Server and load share the machine.
"""

import gzip
import http.client
import os
import re
import secrets
import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.prepared import leaders_cookie, organisation_of, survey_path
from benchmarks.serving import septima, served

PEOPLE = 20
READS_S = 1.0
KPIS = 200
_PERIOD = "2026-Q3"


@dataclass
class Load:
    """What one page took: seconds of each request, its size, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    size: int = 0


def report(folder: Path, customers: int, seconds: int) -> None:
    """Print the table of pages, and how many answers a second are taken."""
    workspace = _workspace(folder, customers)
    cookie, survey, organisation, customer = _people(workspace)
    with served(workspace) as port:
        home = f"/o/{organisation}/"
        pages = {
            "scorecard": f"{home}?period={_PERIOD}",
            "metric": f"{home}metrics/of/nps/?grain=quarter",
            "customer": customer,
            "survey": survey,
        }
        print(
            f"| page | people | requests | median, ms | p95, ms | failed | compressed, kB |\n|{' --- |' * 7}",
            flush=True,
        )
        for name, path in pages.items():
            signed = {"Cookie": cookie} if name != "survey" else {}
            _warm(port, path, signed)
            print(_line(name, _people_read(port, path, signed, seconds)), flush=True)
        taken, wrong = _answers(port, survey, seconds)
        print(f"\nAnswers taken durably: {taken / seconds:,.0f} a second over {seconds} s, {wrong} refused.")


def _workspace(folder: Path, customers: int) -> Path:
    """The demo company with a card of many KPIs and its figures recorded; made once for its size."""
    workspace = folder / f"site-{customers}"
    if (workspace / "ready").exists():
        return workspace
    septima("demo", str(workspace), "--customers", str(customers))
    (workspace / "scorecard.yaml").write_text(_many_kpis(workspace), encoding="utf-8")
    septima("compute", str(workspace), "--grain", "quarter")
    (workspace / "ready").touch()
    return workspace


def _many_kpis(workspace: Path) -> str:
    """The demo's card, filled up with metrics of its perspectives, whole and by department, to `KPIS` KPIs."""
    from ruamel.yaml import YAML

    from septima.workspace import Workspace

    text = (workspace / "scorecard.yaml").read_text(encoding="utf-8")
    yaml = YAML()
    content = yaml.load(text)
    known = Workspace.open(workspace).catalogue
    perspectives = {one["id"]: one for one in content["perspectives"]}
    there = [kpi for one in (*perspectives.values(), {"kpis": content.get("own", [])}) for kpi in one["kpis"]]
    used = {kpi.get("metric", kpi["id"]) for kpi in there}
    missing = KPIS - sum(len(one["kpis"]) for one in perspectives.values())
    plain = [(metric, None) for name, metric in known.items() if name not in used]
    sliced = [
        (metric, channel)
        for metric in known.values()
        if "channel" in metric.dimensions
        for channel in ("web", "store", "app")
    ]
    for metric, channel in [*plain, *sliced]:
        at = perspectives.get(metric.passport.perspective)
        if at is None or missing == 0:
            continue
        kpi = {"id": metric.id if channel is None else f"{metric.id}_{channel}", "metric": metric.id, "target": 1}
        at["kpis"].append(kpi if channel is None else {**kpi, "where": {"channel": channel}})
        missing -= 1
    from io import StringIO

    written = StringIO()
    yaml.dump(content, written)
    return written.getvalue()


def _people(workspace: Path) -> tuple[str, str, str, str]:
    """The cookie of a signed-in leader, the path of an open survey, the slug of the organisation and a customer's path."""
    organisation = organisation_of(workspace)
    from septima.web.customers.views import card_address
    from septima.workspace import Workspace

    customers = Workspace.open(workspace).table("customers")
    (customer,) = customers.order_by("customer_id").limit(1).customer_id.to_pyarrow().to_pylist()
    card = card_address(organisation, customer)
    return leaders_cookie(organisation), survey_path(organisation), organisation.slug, card


def _ask(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    connection.request("GET", path, headers={"Accept-Encoding": "gzip", **headers})
    answer = connection.getresponse()
    return answer.status, answer.read()


def _warm(port: int, path: str, headers: dict[str, str]) -> None:
    """Ask until the page shows what it is about instead of that it is being made."""
    end = time.monotonic() + 600
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        status, body = _ask(connection, path, headers)
        text = gzip.decompress(body).decode() if body[:2] == b"\x1f\x8b" else body.decode()
        again = re.search(r'hx-get="([^"]+)"[^>]*hx-trigger="load', text)
        if status == 200 and again is None:
            return
        if again is not None:
            _ask(connection, again[1].replace("&amp;", "&"), {**headers, "HX-Request": "true"})
        time.sleep(0.5)
    sys.exit(f"{path} was never ready")


def _people_read(port: int, path: str, headers: dict[str, str], seconds: int) -> Load:
    load, lock, end = Load(), threading.Lock(), time.monotonic() + seconds

    def one(delay: float) -> None:
        time.sleep(delay)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.monotonic() < end:
            begun = time.perf_counter()
            try:
                status, body = _ask(connection, path, headers)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                status, body = 0, repr(error).encode()
            took = time.perf_counter() - begun
            with lock:
                load.seconds.append(took)
                load.size = max(load.size, len(body))
                if status != 200:
                    load.wrong.append(str(status))
            time.sleep(READS_S)

    _at_once([lambda delay=READS_S * number / PEOPLE: one(delay) for number in range(PEOPLE)])
    return load


def _answers(port: int, path: str, seconds: int) -> tuple[int, int]:
    """How many answers were accepted, and how many were not, sent over as many connections as the site has threads."""
    taken, wrong, lock, end = [0], [0], threading.Lock(), time.monotonic() + seconds

    def one() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        _, body = _ask(connection, path, {})
        page = gzip.decompress(body).decode() if body[:2] == b"\x1f\x8b" else body.decode()
        # Without the name that the form gave to this browser: each answer is another respondent's.
        hidden = {
            name: value
            for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page)
            if name != "r"
        }
        scored = re.search(r'type="radio"[^>]*name="([^"]+)"', page) or re.search(
            r'name="([^"]+)"[^>]*type="radio"', page
        )
        if scored is None:
            sys.exit("the survey's page asks for no score")
        while time.monotonic() < end:
            fields = {**hidden, scored[1]: str(secrets.randbelow(10) + 1), "go": "further"}
            address = f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"
            sent = {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": address}
            connection.request("POST", path, urlencode(fields), sent)
            answer = connection.getresponse()
            answer.read()
            with lock:
                (taken if answer.status in {200, 302, 303} else wrong)[0] += 1

    _at_once([one] * (4 * (os.cpu_count() or 1)))
    return taken[0], wrong[0]


def _at_once(works: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _line(name: str, load: Load) -> str:
    ordered = sorted(load.seconds)
    middle, high = statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))]
    return (
        f"| {name} | {PEOPLE} | {len(ordered):,} | {middle * 1000:.0f} | {high * 1000:.0f} "
        f"| {len(load.wrong)} | {load.size / 1000:.0f} |"
    )
