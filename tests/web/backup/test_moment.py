"""A backup that is made while others write is a state that there was: whole, with what was acknowledged, nothing twice."""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from septima.backup.making import back_up
from septima.backup.restoring import restore
from septima.web.accounts.models import Organisation, token_hash
from septima.web.collect.bringing import bring
from septima.web.collect.models import Source
from septima.web.collect.taking import take
from septima.web.surveys.flushing import flush
from septima.web.surveys.models import Arrival, Survey
from septima.workspace import Workspace
from tests.web.backup.conftest import environment, rows

pytestmark = pytest.mark.django_db(transaction=True)
BACKUPS = 3
OF_ONE_BATCH = 4


class Writers:
    """Threads that send events and answers, each batch whole, and one that brings them to the lake, until told to end."""

    def __init__(self, home: Organisation) -> None:
        self.home, self.acknowledged, self.failed = home, list[str](), list[BaseException]()
        self.source = Source.objects.create(organisation=home, name="site", kind="tracking", key_hash=token_hash("k"))
        self.survey = Survey.objects.create(organisation=home, name="One", instrument="nps")
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._again, args=(do,)) for do in (self._send, self._answer)]
        self._threads.append(threading.Thread(target=self._again, args=(self._bring,)))

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _again(self, do: Callable[[int], None]) -> None:
        number = 0
        try:
            while not self._ending.is_set():
                do(number := number + 1)
        except BaseException as error:  # noqa: BLE001 - told in the thread of the test
            self.failed.append(error)
        finally:
            connections.close_all()

    def _send(self, number: int) -> None:
        ids = [f"event-{number}-{place}" for place in range(OF_ONE_BATCH)]
        sent = [{"type": "track", "messageId": one, "userId": "c1", "event": "Seen"} for one in ids]
        take(self.source, "batch", json.dumps({"batch": sent}).encode())
        self.acknowledged += ids
        time.sleep(0.002)

    def _answer(self, number: int) -> None:
        ids = [f"answer-{number}-{place}" for place in range(OF_ONE_BATCH)]
        at = "2026-03-01 10:00:00.000000"
        given = {"survey_id": "s", "instrument": "nps", "question": "q", "score": 9, "at": at}
        Arrival.objects.create(survey=self.survey, rows=[{"answer_id": one, **given} for one in ids])
        self.acknowledged += ids
        time.sleep(0.002)

    def _bring(self, _: int) -> None:
        bring(self.home)
        flush(self.home)


def test_a_backup_under_writers_is_a_state_that_there_was(
    home: Organisation, tmp_path: Path, database_url: str | None, empty_database: Callable[[], str | None]
) -> None:
    made: list[tuple[Path, set[str]]] = []
    with Writers(home) as writers:
        while len(made) < BACKUPS:
            time.sleep(0.5)
            before, file = set(writers.acknowledged), tmp_path / f"{len(made)}.zip"
            back_up(home.directory, file, database_url=database_url)
            made.append((file, before))
    assert writers.failed == []
    waited = False
    for number, (file, before) in enumerate(made):
        folder, url = tmp_path / f"restored-{number}", empty_database()
        restore(file, folder, database_url=url)
        in_lake, in_inbox = _in_lake(folder), _in_inbox(folder, url)
        assert before <= in_lake | set(in_inbox), "what was acknowledged before is there"
        batches = Counter(one.rsplit("-", 1)[0] for one in in_lake | set(in_inbox))
        assert set(batches.values()) == {OF_ONE_BATCH}, "no half of a batch is there"
        # A batch that was claimed may be in the lake too, which knows it by its name; one that was not is not there yet.
        assert {one for one, batch in in_inbox.items() if not batch} & in_lake == set(), "it is of one moment"
        waited = waited or bool(in_inbox)
    assert waited, "at least one of them was made with something on its way"
    _go_on(folder, url)
    assert not _in_inbox(folder, url)
    assert _rows_of_lake(folder) == Counter(in_lake | set(in_inbox)), "each of them is in the lake once"


def _rows_of_lake(folder: Path) -> Counter[str]:
    workspace = Workspace.open(folder)
    found: Counter[str] = Counter()
    for table, key in (("touches", "touch_id"), ("answers", "answer_id")):
        keys: list[str] = workspace.table(table, resolved=False)[key].to_pyarrow().to_pylist()
        found.update(one.removeprefix("site:") for one in keys)
    return found


def _in_lake(folder: Path) -> set[str]:
    found = _rows_of_lake(folder)
    assert max(found.values(), default=1) == 1
    return set(found)


def _in_inbox(folder: Path, url: str | None) -> dict[str, str]:
    """What waits in the inboxes, with the name of the batch by which it was claimed."""
    from septima.web.collect.forms import messages_of
    from septima.web.collect.models import Parcel

    found: dict[str, str] = {}
    for body, form, batch in rows(folder, url, "SELECT body, form, batch FROM collect_parcel"):
        for message in messages_of(Parcel(body=bytes(body), form=form)):
            assert message.id not in found
            found[message.id] = batch
    for own, batch in rows(folder, url, "SELECT rows, batch FROM surveys_arrival"):
        given: list[dict[str, Any]] = json.loads(own) if isinstance(own, str) else own
        found |= {row["answer_id"]: batch for row in given}
    return found


def _go_on(folder: Path, url: str | None) -> None:
    """Let the site that was brought back do what was left to do."""
    program = (
        "import django; django.setup()\n"
        "from septima.web.accounts.models import Organisation\n"
        "from septima.web.collect.bringing import bring\n"
        "from septima.web.surveys.flushing import flush\n"
        "home = Organisation.objects.get(); bring(home); flush(home); print(home.folder)"
    )
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, env=environment(folder, url), check=True, capture_output=True, text=True)
    assert Path(said.stdout.strip()) == folder
