"""The site that faults are tried on: what is made in it, and what it tells of itself."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.serving import SEPTIMA, Site

_EMPTY_WITHIN_S = 300.0
_WAITING = ("septima_messages_waiting{", "septima_answers_waiting{")
ASIDE = "septima_parcels_aside{"
_OTHERS = ("SEPTIMA_SITE", "DJANGO_SETTINGS_MODULE", "SEPTIMA_DATABASE_URL")
"""What would make it another site, of which this process may have been told."""


@dataclass(frozen=True)
class Door:
    """Where the site is spoken to: the write key of a source, the path of an open survey, the organisation, a leader's cookie."""

    key: str
    survey: str
    organisation: str
    cookie: str


def site_of(workspace: Path, **more: str) -> Site:
    """A site of its own over a workspace; `more` is added to the environment of this process."""
    own = {name: value for name, value in os.environ.items() if name not in _OTHERS}
    return Site(workspace, {**own, **more})


def make(site: Site) -> Door:
    """Make the workspace, and in its site a source, a survey and a leader."""
    _run([*SEPTIMA, "init", str(site.workspace), "--organisation", "Bench", "--currency", "EUR"], site.environment)
    told = _run([sys.executable, "-m", "benchmarks.faults.prepare", str(site.workspace)], site.environment)
    return Door(**json.loads(told.splitlines()[-1]))


def measured(site: Site, *names: str) -> float:
    """The sum of gauges whose lines begin so, as the site tells its watchers."""
    status, text = site.ask("GET", "/metrics")
    if status != 200:
        return float("inf")
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(names))


def wait_until_all_is_in_the_lake(site: Site) -> float:
    """Seconds until nothing waits to be brought there."""
    begun = time.monotonic()
    while measured(site, *_WAITING):
        if time.monotonic() - begun > _EMPTY_WITHIN_S:
            raise RuntimeError(f"what was sent did not reach the lake within {_EMPTY_WITHIN_S:.0f} s")
        time.sleep(0.5)
    return time.monotonic() - begun


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
