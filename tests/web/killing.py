"""Processes over a site of their own that are killed at random moments, again and again, and what they told until then."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

Work = Callable[[int, Callable[[str], None]], None]
"""What a process does until it is killed: given the number of the time, and by what to tell lines, each heard at once."""


def make_site(folder: Path) -> None:
    """Make a site with the settings of its own in `folder`/site, and its tables in SQLite."""
    os.environ.update(SEPTIMA_SITE=str(folder / "site"), DJANGO_SETTINGS_MODULE="septima.web.settings")
    os.environ.pop("SEPTIMA_DATABASE_URL", None)  # of which the tests' own database was made
    (folder / "site").mkdir()
    import django
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    settings.MIGRATION_MODULES = dict.fromkeys(one.label for one in apps.get_app_configs())  # tables at once
    call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)


def kill_again_and_again(works: list[Work], kills: int, seed: int, least_s: float, most_s: float) -> list[str]:
    """Begin the works at once and kill them all after a random time, so many times; the lines that they told."""
    from django.db import connections

    chance = random.Random(seed)  # noqa: S311 - chance, not a secret
    read, write = os.pipe()
    os.set_blocking(read, False)

    def tell(lines: str) -> None:
        os.write(write, lines.encode() + b"\n")

    told: list[str] = []
    for number in range(kills):
        connections.close_all()
        running = [forked(lambda work=work, one=number: work(one, tell)) for work in works]
        ends = time.monotonic() + chance.uniform(least_s, most_s)
        while time.monotonic() < ends:
            told += _said(read)
            time.sleep(0.005)
        for pid in running:
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            if os.WTERMSIG(status) != signal.SIGKILL:
                sys.exit(f"a process ended by itself with {status}")
        told += _said(read)
    return told


def forked(work: Callable[[], None]) -> int:
    """Begin a work in a process that has all that this one has; its threads may go on after it."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            signal.pause()
        finally:
            os._exit(1)
    return pid


def _said(read: int) -> list[str]:
    """Whole lines of a pipe; each was written at once."""
    found = b""
    while True:
        try:
            found += os.read(read, 65_536)
        except BlockingIOError:
            return found.decode().splitlines()
