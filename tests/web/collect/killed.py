"""A program: processes that take batches, and those that bring them to the lake, are killed at random moments, again and again.

`python -m tests.web.collect.killed FOLDER KILLS SEED` prints as JSON how many messages were acknowledged, how many of them are
not in the lake, and how many are there twice. It uses the site's own settings with SEPTIMA_SITE = FOLDER/site and SQLite.
"""

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

_BATCH = 5


def main(folder: Path, kills: int, seed: int) -> None:
    _site(folder)
    from django.db import connections
    from django.test import Client

    from septima.web.accounts.models import Organisation
    from septima.web.collect.bringing import bring
    from septima.workspace import Workspace
    from tests.web.collect.conftest import KEY, make_source

    def create() -> None:
        Workspace.create(folder / "home", organisation="Home", currency="EUR")
        os._exit(0)

    # The lake's library does not outlive a fork: in this process it is not begun before the last one.
    os.waitpid(_forked(create), 0)
    home = Organisation.objects.create(name="Home", slug="home", folder=str(folder / "home"))
    make_source(home, "site")

    def take(number: int, acknowledge: int) -> None:
        """Take batches until killed; what was answered is told at once."""
        client = Client(headers={"Authorization": f"Bearer {KEY}", "Host": "localhost"})
        count = 0
        while True:
            count += 1
            names = [f"{number}-{count}-{one}" for one in range(_BATCH)]
            messages = [{"type": "track", "messageId": name, "userId": "c1", "event": "Seen"} for name in names]
            sent = json.dumps({"batch": messages})
            if client.post("/v1/batch", sent, content_type="application/json").status_code != 200:
                os._exit(1)
            os.write(acknowledge, ("\n".join(names) + "\n").encode())

    def bring_on(*_: int) -> None:
        while True:
            bring(home)
            time.sleep(0.001)

    Client(headers={"Host": "localhost"}).post(
        "/v1/batch", "{}", content_type="application/json"
    )  # loaded for all forks
    chance = random.Random(seed)  # noqa: S311 - chance, not a secret
    read, write = os.pipe()
    os.set_blocking(read, False)
    acknowledged: list[str] = []
    for number in range(kills):
        connections.close_all()
        running = [_forked(lambda one=number: take(one, write)), _forked(bring_on)]
        ends = time.monotonic() + chance.uniform(0.3, 1.5)
        while time.monotonic() < ends:
            acknowledged += _said(read)
            time.sleep(0.005)
        for pid in running:
            os.kill(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            if os.WTERMSIG(status) != signal.SIGKILL:
                sys.exit(f"a process ended by itself with {status}")
        acknowledged += _said(read)
    bring(home)
    sys.stdout.write(json.dumps(_found(home.directory, acknowledged)) + "\n")


def _found(workspace: Path, acknowledged: list[str]) -> dict[str, int]:
    from septima.web.collect.models import Parcel
    from septima.workspace import Workspace

    touches = Workspace.open(workspace).table("touches", resolved=False)
    lake = Counter(name.removeprefix("site:") for name in touches.touch_id.to_pyarrow().to_pylist())
    return {
        "acknowledged": len(acknowledged),
        "lost": len(set(acknowledged) - set(lake)),
        "twice": sum(1 for count in lake.values() if count > 1),
        "left": Parcel.objects.count(),
    }


def _site(folder: Path) -> None:
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


def _forked(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()
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


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
