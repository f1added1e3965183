"""What was written to a journal is taken once, whatever ends the processes that write and take."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from septima.web.accounts.models import Organisation
from septima.web.collect.models import Parcel, Source
from septima.web.tracking import journals, taking
from septima.web.tracking.journals import JournalWriter
from septima.web.tracking.models import Journal, TrackedLink
from septima.web.tracking.taking import take_journals
from tests.web.tracking.conftest import ask, hits


def line(organisation: int, number: int) -> bytes:
    message = {"type": "track", "event": "Tracked Link Clicked", "properties": {"number": number}}
    return json.dumps({"organisation": organisation, "message": message}).encode() + b"\n"


def in_inbox() -> list[int]:
    from septima.web.collect.forms import messages_of

    return [message.properties["number"] for parcel in Parcel.objects.order_by("pk") for message in messages_of(parcel)]


def test_a_journal_that_is_written_to_is_taken_piece_by_piece_and_removed_when_it_has_ended(
    home: Organisation, tmp_path: Path
) -> None:
    writer = JournalWriter(tmp_path / "journals")
    writer.write(line(home.pk, 1))
    assert (take_journals(tmp_path / "journals"), in_inbox()) == (1, [1])
    assert (take_journals(tmp_path / "journals"), in_inbox()) == (0, [1])
    writer.write(line(home.pk, 2))
    assert (take_journals(tmp_path / "journals"), in_inbox()) == (1, [1, 2])
    assert len(list((tmp_path / "journals").iterdir())) == 1
    writer.close()
    # Who brings lines to the disk just now may hold the journal for a moment longer.
    until = time.monotonic() + 10
    while list((tmp_path / "journals").iterdir()) and time.monotonic() < until:
        assert (take_journals(tmp_path / "journals"), in_inbox()) == (0, [1, 2])
    assert list((tmp_path / "journals").iterdir()) == []
    assert Journal.objects.count() == 0


def test_a_journal_that_grows_without_an_end_is_taken_as_far_as_it_went(
    home: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, kept = JournalWriter(tmp_path / "journals"), taking._keep

    def and_one_more(given: list[tuple[int, dict[str, Any]]]) -> int:
        writer.write(line(home.pk, 2))
        return kept(given)

    monkeypatch.setattr(taking, "_keep", and_one_more)
    writer.write(line(home.pk, 1))
    assert (take_journals(tmp_path / "journals"), in_inbox()) == (1, [1])
    monkeypatch.undo()
    assert (take_journals(tmp_path / "journals"), in_inbox()) == (1, [1, 2])
    writer.close()


def test_nobody_but_the_sites_own_user_reads_a_journal(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "journals")
    writer.write(b"{}\n")
    (path,) = (tmp_path / "journals").iterdir()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    writer.close()


def test_a_journal_begins_anew_when_it_has_grown(
    home: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(journals, "LONGEST_BYTES", 1)
    monkeypatch.setattr(journals, "SYNCED_EVERY_S", 0.001)
    writer = JournalWriter(tmp_path / "journals")
    for number in range(3):
        writer.write(line(home.pk, number))
        time.sleep(0.05)
    assert len(list((tmp_path / "journals").iterdir())) > 1
    writer.close()
    assert take_journals(tmp_path / "journals") == 3
    assert in_inbox() == [0, 1, 2]


def test_a_line_that_was_written_in_part_spoils_no_other(
    home: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, write = JournalWriter(tmp_path / "journals"), os.write
    writer.write(line(home.pk, 1))
    monkeypatch.setattr(journals.os, "write", lambda descriptor, content: write(descriptor, content[:20]))
    with pytest.raises(OSError, match="only 20 of"):
        writer.write(line(home.pk, 2))
    monkeypatch.undo()
    writer.write(line(home.pk, 3))
    writer.close()
    take_journals(tmp_path / "journals")
    assert in_inbox() == [1, 3]


def test_a_journal_whose_process_was_killed_within_a_line_gives_the_lines_before(
    home: Organisation, tmp_path: Path
) -> None:
    (tmp_path / "0-1-a.hits").write_bytes(line(home.pk, 1) + line(home.pk, 2)[:30])
    take_journals(tmp_path)
    assert in_inbox() == [1]
    assert list(tmp_path.glob("*.hits")) == []


@pytest.mark.parametrize(
    "spoilt", [b"\x00" * 50 + b"\n", b"[]\n", b'{"organisation": 1}\n', b"\xff\xfe\n", b"5\n", b"\n"]
)
def test_a_line_that_is_no_hit_is_left_out(spoilt: bytes, home: Organisation, tmp_path: Path) -> None:
    (tmp_path / "0-1-a.hits").write_bytes(line(home.pk, 1) + spoilt + line(home.pk, 2))
    take_journals(tmp_path)
    assert in_inbox() == [1, 2]


def test_a_process_that_ends_before_the_transaction_does_takes_nothing(
    home: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0-1-a.hits").write_bytes(line(home.pk, 1))
    save = Journal.save

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Journal, "save", killed)
    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        take_journals(tmp_path)
    assert in_inbox() == []
    monkeypatch.setattr(Journal, "save", save)
    take_journals(tmp_path)
    assert in_inbox() == [1]


def test_a_process_that_ends_before_a_journal_is_removed_takes_it_not_again(
    home: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0-1-a.hits").write_bytes(line(home.pk, 1))

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            take_journals(tmp_path)
    assert in_inbox() == [1]
    take_journals(tmp_path)
    assert in_inbox() == [1]
    assert list(tmp_path.glob("*.hits")) == []


def test_hits_of_several_organisations_go_to_the_inbox_of_each(home: Organisation, tmp_path: Path) -> None:
    other = Organisation.objects.create(name="Other", slug="other", folder=str(tmp_path / "other"))
    (tmp_path / "0-1-a.hits").write_bytes(line(home.pk, 1) + line(other.pk, 2) + line(home.pk + 999, 3))
    take_journals(tmp_path)
    assert sorted((one.source.organisation.slug, one.messages) for one in Parcel.objects.all()) == [
        ("home", 1),
        ("other", 1),
    ]


def test_many_hits_are_several_parcels_and_each_is_in_the_lake_once(
    home: Organisation, make: Callable[..., TrackedLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "_MOST_MESSAGES", 3)
    link = make()
    for _ in range(8):
        ask(f"/l/{link.code}")
    assert len({one["touch_id"] for one in hits(home)}) == 8


def test_the_source_of_links_is_opened_by_no_key_and_closed_by_nobody(
    home: Organisation, make: Callable[..., TrackedLink]
) -> None:
    ask(f"/l/{make().code}")
    hits(home)
    source = Source.objects.get(organisation=home)
    assert (source.name, source.kind, source.key_ends_in) == ("tracked-links", "links", "")


def test_processes_killed_at_random_lose_nothing_that_was_answered_and_double_nothing(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.web.tracking.killed", tmp_path, "8", "7"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found["acknowledged"] > 100
    assert {name: found[name] for name in ("lost", "twice", "lost_in_lake", "twice_in_lake", "left")} == {
        "lost": 0,
        "twice": 0,
        "lost_in_lake": 0,
        "twice_in_lake": 0,
        "left": 0,
    }
