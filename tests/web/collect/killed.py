"""A program: processes that take batches, and those that bring them to the lake, are killed at random moments, again and again.

`python -m tests.web.collect.killed FOLDER KILLS SEED` prints as JSON how many messages were acknowledged, how many of them are
not in the lake, and how many are there twice. It uses the site's own settings with SEPTIMA_SITE = FOLDER/site and SQLite.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.web.killing import forked, kill_again_and_again, make_site

_BATCH = 5


def main(folder: Path, kills: int, seed: int) -> None:
    make_site(folder)
    from django.test import Client

    from septima.web.accounts.models import Organisation
    from septima.web.collect.bringing import bring
    from septima.workspace import Workspace
    from tests.web.collect.conftest import KEY, make_source

    def create() -> None:
        Workspace.create(folder / "home", organisation="Home", currency="EUR")
        os._exit(0)

    # The lake's library does not outlive a fork: in this process it is not begun before the last one.
    os.waitpid(forked(create), 0)
    home = Organisation.objects.create(name="Home", slug="home", folder=str(folder / "home"))
    make_source(home, "site")

    def take(number: int, acknowledge: Callable[[str], None]) -> None:
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
            acknowledge("\n".join(names))

    def bring_on(*_: object) -> None:
        while True:
            bring(home)
            time.sleep(0.001)

    Client(headers={"Host": "localhost"}).post(
        "/v1/batch", "{}", content_type="application/json"
    )  # loaded for all forks
    acknowledged = kill_again_and_again([take, bring_on], kills, seed, 0.3, 1.5)
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


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
