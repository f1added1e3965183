"""Files that are whole or absent."""

import multiprocessing
import os
import signal
import stat
import time
from pathlib import Path

import pytest

from septima.durable import OWNER_ALONE, write_new, write_once, write_over


def test_a_new_file_never_replaces_another(tmp_path: Path) -> None:
    write_new(tmp_path / "folder" / "a.json", "one")
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "folder" / "a.json", "two")
    assert (tmp_path / "folder" / "a.json").read_text() == "one"
    write_over(tmp_path / "folder" / "a.json", "three")
    assert (tmp_path / "folder" / "a.json").read_text() == "three"
    assert len(list((tmp_path / "folder").iterdir())) == 1


def test_what_is_there_is_not_written_once_more(tmp_path: Path) -> None:
    for text in ("one", "two"):
        write_once(tmp_path / "folder" / "key", text)
    assert [path.read_text() for path in (tmp_path / "folder").iterdir()] == ["one"]


@pytest.mark.parametrize("write", [write_new, write_over])
def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("septima.durable.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path / "a.json", "text")  # type: ignore[operator]
    assert list(tmp_path.iterdir()) == []


def _over_and_over(path: str) -> None:
    while True:
        for letter in "abc":
            write_over(Path(path), letter * 3_000_000)


def test_a_killed_writer_leaves_a_whole_text(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_over(path, "a" * 3_000_000)
    writer = multiprocessing.get_context("fork").Process(target=_over_and_over, args=(str(path),))
    writer.start()
    time.sleep(0.25)
    os.kill(writer.pid or 0, signal.SIGKILL)
    writer.join()
    text = path.read_text()
    assert len(text) == 3_000_000
    assert len(set(text)) == 1


def test_others_may_read_what_the_user_lets_them(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("as any file", encoding="utf-8")
    write_new(tmp_path / "new", "text")
    write_over(tmp_path / "over", b"bytes")
    assert {(tmp_path / name).stat().st_mode for name in ("new", "over")} == {plain.stat().st_mode}


@pytest.mark.parametrize("write", [write_new, write_once, write_over])
def test_a_secret_is_never_there_for_others(tmp_path: Path, write: object) -> None:
    before = os.umask(0)
    try:
        write(tmp_path / "key", "secret", OWNER_ALONE)  # type: ignore[operator]
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
