"""A program: processes that answer for links, and those that take journals, are killed at random moments, again and again.

`python -m tests.web.tracking.killed FOLDER KILLS SEED` prints as JSON how many hits were acknowledged, how many of them are in
the inbox and in the lake, and how many there are twice. It uses the site's own settings with SEPTIMA_SITE = FOLDER/site and SQLite.
"""

import json
import os
import sys
import time
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.web.killing import kill_again_and_again, make_site


def main(folder: Path, kills: int, seed: int) -> None:
    make_site(folder)
    code = _link(folder)
    from septima.web.tracking.bots import bot_of
    from septima.web.tracking.following import follow, journals_folder
    from septima.web.tracking.taking import take_journals

    def answer(number: int, acknowledge: Callable[[str], None]) -> None:
        """Follow the link by two threads until killed; what was answered is told at once."""
        import threading

        def person(name: str) -> None:
            count = 0
            while True:
                count += 1
                referrer = f"https://{number}-{name}-{count}.example"
                found = follow({**_ENVIRON, "PATH_INFO": f"/l/{code}", "HTTP_REFERER": f"{referrer}/"})
                if found is None or not found.status.startswith("302"):
                    os._exit(1)
                acknowledge(referrer)

        for name in "ab":
            threading.Thread(target=person, args=(name,)).start()

    def take(*_: object) -> None:
        while True:
            take_journals(journals_folder())
            time.sleep(0.001)

    bot_of(_ENVIRON)  # patterns are made once for all that are forked
    acknowledged = kill_again_and_again([answer, take], kills, seed, 0.02, 0.25)
    while take_journals(journals_folder()):
        pass
    found = {"acknowledged": len(acknowledged), **_counts(acknowledged), "left": _left(journals_folder())}
    sys.stdout.write(json.dumps(found) + "\n")


_ENVIRON = {
    "REQUEST_METHOD": "GET",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "REMOTE_ADDR": "203.0.113.7",
}


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
