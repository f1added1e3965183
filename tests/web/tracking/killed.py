"""A program: processes that answer for links, and those that take journals, are killed at random moments, again and again.

`python -m tests.web.tracking.killed FOLDER KILLS SEED` prints as JSON how many hits were acknowledged, how many of them are in
the inbox and in the lake, and how many there are twice. It uses the site's own settings with SEPTIMA_SITE = FOLDER/site and SQLite.
"""

import json
import os
import random
import signal
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path


def main(folder: Path, kills: int, seed: int) -> None:
    code = _site(folder)
    from django.db import connections

    from septima.web.tracking.following import follow, journals_folder
    from septima.web.tracking.taking import take_journals

    def answer(number: int, acknowledge: int) -> None:
        """Follow the link by two threads until killed; what was answered is told at once."""
        import threading

        def person(name: str) -> None:
            count = 0
            while True:
                count += 1
                referrer = f"https://{number}-{name}-{count}.example/"
                found = follow({**_ENVIRON, "PATH_INFO": f"/l/{code}", "HTTP_REFERER": referrer})
                if found is None or not found.status.startswith("302"):
                    os._exit(1)
                os.write(acknowledge, referrer.encode() + b"\n")

        for name in "ab":
            threading.Thread(target=person, args=(name,)).start()

    def take(*_: int) -> None:
        while True:
            take_journals(journals_folder())
            time.sleep(0.001)

    chance = random.Random(seed)  # noqa: S311 - chance, not a secret
    read, write = os.pipe()
    os.set_blocking(read, False)
    acknowledged: list[str] = []
    for number in range(kills):
        connections.close_all()
        running = [_forked(lambda one=number: answer(one, write)), _forked(take)]
        ends = time.monotonic() + chance.uniform(0.02, 0.25)
        while time.monotonic() < ends:
            acknowledged += _said(read)
            time.sleep(0.005)
        for pid in running:
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            if os.WTERMSIG(status) != signal.SIGKILL:
                sys.exit(f"a process ended by itself with {status}")
        acknowledged += _said(read)
    while take_journals(journals_folder()):
        pass
    found = {"acknowledged": len(acknowledged), **_counts(acknowledged), "left": _left(journals_folder())}
    sys.stdout.write(json.dumps(found) + "\n")


_ENVIRON = {
    "REQUEST_METHOD": "GET",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "REMOTE_ADDR": "203.0.113.7",
}


def _site(folder: Path) -> str:
    """Make a site ready with a link; gives its code."""
    os.environ.update(SEPTIMA_SITE=str(folder / "site"), DJANGO_SETTINGS_MODULE="septima.web.settings")
    os.environ.pop("SEPTIMA_DATABASE_URL", None)  # of which the tests' own database was made
    (folder / "site").mkdir()
    import django
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    from septima.web.tracking.bots import bot_of

    settings.MIGRATION_MODULES = dict.fromkeys(one.label for one in apps.get_app_configs())  # tables at once
    call_command("migrate", verbosity=0, interactive=False, run_syncdb=True)
    code = _link(folder)
    bot_of(_ENVIRON)  # patterns are made once for all that are forked
    return code


def _link(folder: Path) -> str:
    from septima.web.accounts.models import Organisation, User
    from septima.web.tracking.making import allow_host, make_link, new_token
    from septima.workspace import Workspace
    from tests.web.tracking.conftest import FIELDS

    Workspace.create(folder / "home", organisation="Home", currency="EUR")
    home = Organisation.objects.create(name="Home", slug="home", folder=str(folder / "home"))
    person = User.objects.create_user("leader@example.org")
    allow_host(home, person, "shop.example", subdomains=False)
    return make_link(home, person, FIELDS, new_token()).code


def _forked(work: Callable[[], None]) -> int:
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
            return [line.rstrip("/") for line in found.decode().splitlines()]


def _counts(acknowledged: list[str]) -> dict[str, int]:
    from septima.web.accounts.models import Organisation
    from septima.web.collect.bringing import bring
    from septima.web.collect.models import Parcel
    from septima.workspace import Workspace

    inbox = Counter(
        message["context"]["page"]["referrer"]
        for parcel in Parcel.objects.all()
        for message in json.loads(zlib.decompress(parcel.body))["batch"]
    )
    home = Organisation.objects.get()
    bring(home)
    touches = Workspace.open(home.directory).table("touches", resolved=False)
    lake = Counter(json.loads(one)["referrer"] for one in touches.properties.to_pyarrow().to_pylist())
    return {
        "lost": len(set(acknowledged) - set(inbox)),
        "twice": sum(1 for count in inbox.values() if count > 1),
        "lost_in_lake": len(set(acknowledged) - set(lake)),
        "twice_in_lake": sum(1 for count in lake.values() if count > 1),
        "unacknowledged": len(set(inbox) - set(acknowledged)),
    }


def _left(folder: Path) -> int:
    return len(list(folder.glob("*.hits")))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
