"""The log of changes: by field, chained, safe with several writers and with one that is killed."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.scorecard.audit import LOG, Anchor, AuditError, read_log, record_changes, record_event, verify
from septima.scorecard.differences import content_of, differences

BEFORE = """perspectives:
- id: customer_support
  kpis:
  - {id: nps, weight: 0.9, target: 0.4, normalisation: target}
  - {id: cci, weight: 1.1}
own: [{id: revenue}]
"""
AFTER = """perspectives:
- id: customer_support
  kpis:
  - {id: cli, weight: 1.0}
  - {id: nps, weight: 1.0, target: {by_period: {"2026-Q3": 0.5}}, normalisation: min_max}
own: [{id: revenue, target: 5}]
trend: 6
"""


def changes(old: str, new: str) -> dict[str, tuple[object, object]]:
    return {one.path: (one.old, one.new) for one in differences(content_of(old), content_of(new))}


def test_fields_are_named_and_an_entry_put_in_changes_no_other() -> None:
    assert changes(BEFORE, AFTER) == {
        "customer_support/nps.weight": (0.9, 1.0),
        "customer_support/nps.target": (0.4, {"by_period": {"2026-Q3": 0.5}}),
        "customer_support/nps.normalisation": ("target", "min_max"),
        "customer_support/cci": ({"id": "cci", "weight": 1.1}, None),
        "customer_support/cli": (None, {"id": "cli", "weight": 1.0}),
        "own/revenue.target": (None, 5),
        "trend": (None, 6),
    }
    assert changes("a: [x]", "a: []") == {"a": (["x"], None)}
    assert changes("a: 1  # said", "a: 1") == {}


@given(st.dictionaries(st.text("abc", min_size=1), st.integers() | st.lists(st.integers(), min_size=1)))
def test_no_content_differs_from_itself_and_each_field_from_nothing(content: dict[str, object]) -> None:
    assert differences(content, content) == ()
    assert {one.path for one in differences({}, content)} == set(content)


def test_each_change_is_one_entry_with_its_author(tmp_path: Path) -> None:
    (first,) = record_changes(tmp_path, {"scorecard.yaml": BEFORE}, "Анна")
    assert (first.event, first.number, first.changes) == ("recorded", 1, ())
    assert record_changes(tmp_path, {"scorecard.yaml": BEFORE}, "Boris") == ()
    (second,) = record_changes(tmp_path, {"scorecard.yaml": AFTER}, "Boris")
    assert (second.event, second.author, len(second.changes)) == ("changed", "Boris", 7)
    (layout,) = record_changes(tmp_path, {"scorecard.yaml": "# a word\n" + AFTER}, "Boris")
    assert (layout.event, layout.changes) == ("changed", ())
    (gone,) = record_changes(tmp_path, {}, "Boris")
    assert gone.event == "removed"
    assert record_changes(tmp_path, {}, "Boris") == ()
    assert read_log(tmp_path) == (first, second, layout, gone)
    assert verify(tmp_path).faults == ()


@pytest.mark.parametrize("kind", ["altered", "altered at the end", "taken out", "put in", "swapped", "no entry"])
def test_a_touched_log_is_told_with_its_line_and_takes_no_more(tmp_path: Path, kind: str) -> None:
    for number in range(5):
        record_event(tmp_path, "closed", f"p{number}", "Anna", {})
    path = tmp_path / "audit" / LOG
    lines = path.read_bytes().splitlines(keepends=True)
    touched, line = {
        "altered": ([lines[0], lines[1].replace(b"Anna", b"Olga"), *lines[2:]], 2),
        "altered at the end": ([*lines[:4], lines[4].replace(b"Anna", b"Olga")], 5),
        "taken out": ([lines[0], *lines[2:]], 2),
        "put in": ([*lines[:2], lines[1], *lines[2:]], 3),
        "swapped": ([lines[0], lines[2], lines[1], *lines[3:]], 2),
        "no entry": ([lines[0], b"{}\n", *lines[1:]], 2),
    }[kind]
    path.write_bytes(b"".join(touched))
    assert verify(tmp_path).faults[0].startswith(f"line {line}: ")
    with pytest.raises(AuditError, match=f"line {line}: .*restore the log from a backup"):
        record_event(tmp_path, "closed", "later", "Anna", {})


def test_lines_cut_off_at_the_end_are_missed_by_who_remembers_them(tmp_path: Path) -> None:
    entries = [record_event(tmp_path, "closed", f"p{number}", "Anna", {}) for number in range(3)]
    path = tmp_path / "audit" / LOG
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    assert verify(tmp_path).faults == ()
    (fault,) = verify(tmp_path, [Anchor(3, entries[2].hash, "a revision")]).faults
    assert fault == "line 3 is gone, which a revision remembers; restore the log from a backup"


def test_a_torn_last_line_is_told_and_written_over(tmp_path: Path) -> None:
    kept = record_event(tmp_path, "closed", "one", "Anna", {})
    path = tmp_path / "audit" / LOG
    with path.open("ab") as file:
        file.write(b'{"number": 2, "at": "2026-')
    assert verify(tmp_path).torn
    assert read_log(tmp_path) == (kept,)
    second = record_event(tmp_path, "closed", "two", "Anna", {})
    assert not verify(tmp_path).torn
    assert read_log(tmp_path) == (kept, second)


def test_a_last_line_that_lacks_only_its_feed_is_kept(tmp_path: Path) -> None:
    kept = [record_event(tmp_path, "closed", f"p{number}", "Anna", {}) for number in range(2)]
    path = tmp_path / "audit" / LOG
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))
    assert not verify(tmp_path).torn
    assert read_log(tmp_path) == tuple(kept)
    later = record_event(tmp_path, "closed", "later", "Anna", {})
    assert read_log(tmp_path) == (*kept, later)


def test_secrets_never_enter_the_log(tmp_path: Path) -> None:
    text = "channels:\n- {id: mail, password: hunter2, host: mx}\n- id: hook\n  api_token: 'abc def'\n  Secret: [open, sesame]\n"
    record_changes(tmp_path, {"alerts.yaml": text}, "Anna")
    record_changes(tmp_path, {"alerts.yaml": text.replace("hunter2", "hunter3").replace("mx", "mx2")}, "Anna")
    written = (tmp_path / "audit" / LOG).read_text(encoding="utf-8")
    assert "hunter" not in written
    assert "abc def" not in written
    assert "sesame" not in written
    (_, changed) = read_log(tmp_path)
    assert [(one.path, one.old, one.new) for one in changed.changes] == [("channels/mail.host", "mx", "mx2")]


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record_event(tmp_path, "closed", "one", "Anna", {})
    path = tmp_path / "audit" / LOG
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("septima.scorecard.audit.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        record_event(tmp_path, "closed", "two", "Anna", {})
    assert path.read_bytes() == before


def _write_many(folder: str, author: str, count: int) -> None:
    for number in range(count):
        record_event(Path(folder), "closed", f"{author}{number}", author, {"filler": "x" * 2000})


def test_two_writers_lose_no_entry(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_many, args=(str(tmp_path), author, 25)) for author in "AB"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    verdict = verify(tmp_path)
    assert (verdict.entries, verdict.faults, verdict.torn) == (50, (), False)
    assert sorted(one.subject for one in read_log(tmp_path)) == sorted(f"{a}{n}" for a in "AB" for n in range(25))


def test_a_killed_writer_leaves_a_log_that_goes_on(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for round_ in range(6):
        writer = context.Process(target=_write_many, args=(str(tmp_path), f"w{round_}-", 10_000))
        writer.start()
        time.sleep(0.05 + 0.01 * round_)
        os.kill(writer.pid or 0, signal.SIGKILL)
        writer.join()
    record_event(tmp_path, "closed", "after", "Anna", {})
    verdict = verify(tmp_path)
    assert (verdict.faults, verdict.torn) == ((), False)
    subjects = [one.subject for one in read_log(tmp_path)]
    assert subjects[-1] == "after"
    for round_ in range(6):
        told = [one for one in subjects if one.startswith(f"w{round_}-")]
        assert told == [f"w{round_}-{n}" for n in range(len(told))]
    assert json.loads((tmp_path / "audit" / LOG).read_bytes().splitlines()[0])["number"] == 1
