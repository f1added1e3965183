"""Who changed which definition, when, from what to what: a log that is only added to, and shows where it was touched.

Each line of `audit/log.jsonl` is an entry as JSON and carries the SHA-256 of itself and of the line before, so that a line
changed, taken out or put in breaks the chain there (Haber and Stornetta, 1991). The last lines taken off, or made anew by
someone who knows how, are told by the revisions of closed periods, which remember the line that stood before them. Values
of fields that are called secrets, such as `password`, never enter the log.
"""

import hashlib
import json
import os
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from filelock import FileLock, Timeout

from septima.durable import flush
from septima.schema import SeptimaError, Text
from septima.scorecard.differences import Difference, content_of, differences

FOLDER = "audit"
LOG = "log.jsonl"
WATCHED = (
    "scorecard.yaml",
    "septima.yaml",
    "goals.yaml",
    "cascade.yaml",
    "rollout.yaml",
    "processes.yaml",
    "journey.yaml",
    "alerts.yaml",
)
"""Files in the root of a workspace that define something; those of own metrics in `metrics` are watched too."""

FIRST_HASH = "0" * 64
_SECRET = re.compile(
    r"(?P<field>[\w-]*(?:password|passwd|secret|token|api_key|private_key)[\w-]*[\"']?\s*:[ \t]*)(?P<value>\[[^\]]*\]|[^\s,{}\[\]#][^,}\n]*)",
    re.IGNORECASE,
)
_HIDDEN = "(hidden)"
_LOCK_WAIT_SECONDS = 60.0


class AuditError(SeptimaError):
    """A log that was altered, or that cannot be written."""


@dataclass(frozen=True)
class Entry:
    """A line of the log. `event` is recorded, changed, removed or closed; `hash` that of the line itself, `before` of the one before.

    `text` is what the file says from then on. `changes` are empty where only comments, layout or order changed.
    """

    number: int
    at: datetime
    author: str
    event: str
    subject: str
    changes: tuple[Difference, ...]
    text: str | None
    before: str
    hash: str
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Anchor:
    """A line that something else remembers: its number, its hash, and who does."""

    number: int
    hash: str
    holder: str


@dataclass(frozen=True)
class Verdict:
    """What a look at the whole log found: how many lines hold, and each fault with its line. `torn` is an unfinished last line."""

    entries: int
    faults: tuple[str, ...]
    torn: bool


def definition_texts(directory: Path) -> dict[str, str]:
    """The files that define a workspace, by name relative to it; those that are no text are left to who reads them."""
    paths = [directory / name for name in WATCHED]
    own = directory / "metrics"
    paths += sorted([*own.glob("*.yaml"), *own.glob("*.yml")])
    found: dict[str, str] = {}
    for path in paths:
        with suppress(FileNotFoundError, UnicodeDecodeError):
            found[path.relative_to(directory).as_posix()] = path.read_text(encoding="utf-8-sig")
    return found


def record_changes(
    directory: Path, texts: Mapping[str, str], author: str, *, now: datetime | None = None
) -> tuple[Entry, ...]:
    """Note in the log what differs from what it knows last; the new entries, none where nothing does.

    AuditError where the log was altered or another program holds it; OSError where it cannot be written.
    """
    path = directory / FOLDER / LOG
    texts = {name: without_secrets(text) for name, text in texts.items()}
    # Most calls find nothing new and then need no right to write.
    if path.exists() and not _news(_known(path), texts):
        return ()
    with _locked(path):
        entries = _known(path)
        drafts = [_draft(news, texts, entries) for news in _news(entries, texts)]
        return _append(path, entries, drafts, author, now)


def without_secrets(text: str) -> str:
    """The text of a definition file with the values of fields such as `password` or `token` hidden."""
    return _SECRET.sub(rf"\g<field>{_HIDDEN}", text)


def record_event(
    directory: Path,
    event: str,
    subject: str,
    author: str,
    details: Mapping[str, Any],
    *,
    now: datetime | None = None,
) -> Entry:
    """Note that something happened, such as the closing of a period; errors as of `record_changes`."""
    path = directory / FOLDER / LOG
    with _locked(path):
        draft: dict[str, Any] = {"event": event, "subject": subject, "changes": [], "text": None, "details": details}
        (entry,) = _append(path, _known(path), [draft], author, now)
        return entry


def read_log(directory: Path) -> tuple[Entry, ...]:
    """All entries, oldest first; AuditError names the first line that is not what was written."""
    return _known(directory / FOLDER / LOG)


def verify(directory: Path, anchors: Iterable[Anchor] = ()) -> Verdict:
    """Look at every line of the log, and for the lines that others remember."""
    lines, torn = _lines(directory / FOLDER / LOG)
    entries, faults = _checked(lines)
    if not faults and torn and _is_whole(torn, entries):
        lines, torn = [*lines, torn], b""
        entries, faults = _checked(lines)
    hashes = {entry.number: entry.hash for entry in entries}
    told = [fault.en for fault in faults]
    for anchor in anchors:
        if hashes.get(anchor.number) != anchor.hash:
            lost = "is gone" if anchor.number not in hashes else "is another than it was"
            told.append(f"line {anchor.number} {lost}, which {anchor.holder} remembers; restore the log from a backup")
    return Verdict(len(entries), tuple(told), torn != b"")


def _known(path: Path) -> tuple[Entry, ...]:
    lines, torn = _lines(path)
    entries, faults = _checked(lines)
    if not faults and torn and _is_whole(torn, entries):
        entries, faults = _checked([*lines, torn])
    if faults:
        raise AuditError(faults[0].after(f"{path}, "))
    return tuple(entries)


def _lines(path: Path) -> tuple[list[bytes], bytes]:
    """The finished lines, and what a writer that was killed left of one more."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return [], b""
    *lines, torn = content.split(b"\n")
    return lines, torn


def _is_whole(torn: bytes, entries: Sequence[Entry]) -> bool:
    """Whether only the line feed is missing, as after an editor: such a line was accepted, and none of those may be lost."""
    found, faults = _checked([torn], after=entries)
    return bool(found) and not faults


def _checked(lines: Sequence[bytes], after: Sequence[Entry] = ()) -> tuple[list[Entry], list[Text]]:
    """The entries of these lines, which follow those `after` which they stand, and what is wrong with them."""
    entries: list[Entry] = []
    faults: list[Text] = []
    before = after[-1].hash if after else FIRST_HASH
    for number, line in enumerate(lines, start=len(after) + 1):
        found = hashlib.sha256(line).hexdigest()
        try:
            content = json.loads(line)
            own = content.pop("sha256")
            entry = Entry(
                content["number"],
                datetime.fromisoformat(content["at"]),
                content["author"],
                content["event"],
                content["subject"],
                tuple(Difference(**change) for change in content["changes"]),
                content["text"],
                content["before"],
                found,
                content["details"],
            )
        except (ValueError, KeyError, TypeError):
            faults.append(_fault(number, "is no entry of the log", "не\u00a0запись журнала"))
        else:
            entries.append(entry)
            if own != _digest(content):
                faults.append(_fault(number, "was altered", "запись изменена"))
            elif entry.before != before or entry.number != number:
                faults.append(
                    _fault(
                        number,
                        "does not follow the line before it, so that one of the two was altered, taken out or put in",
                        "не\u00a0продолжает предыдущую: одна из\u00a0двух изменена, убрана или вставлена",
                    )
                )
        before = found
    return entries, faults


def _fault(line: int, en: str, ru: str) -> Text:
    return Text(
        f"line {line}: {en}; restore the log from a backup",
        f"строка\u00a0{line}: {ru}; восстановите журнал из\u00a0резервной копии",
    )


def _news(entries: Sequence[Entry], texts: Mapping[str, str]) -> list[str]:
    """Files whose text is not what the log knows last."""
    last = _last_texts(entries)
    return [name for name in dict.fromkeys((*last, *texts)) if last.get(name) != texts.get(name)]


def _last_texts(entries: Sequence[Entry]) -> dict[str, str]:
    last: dict[str, str] = {}
    for entry in entries:
        if entry.event == "removed":
            last.pop(entry.subject, None)
        elif entry.text is not None:
            last[entry.subject] = entry.text
    return last


def _draft(name: str, texts: Mapping[str, str], entries: Sequence[Entry]) -> dict[str, Any]:
    old, new = _last_texts(entries).get(name), texts.get(name)
    changes: tuple[Difference, ...] = ()
    event = "changed"
    if new is None:
        event = "removed"
    elif old is None:
        event = "recorded"
    else:
        changes = differences(content_of(old), content_of(new))
    return {
        "event": event,
        "subject": name,
        "changes": [asdict(change) for change in changes],
        "text": new,
        "details": {},
    }


def _append(
    path: Path,
    entries: Sequence[Entry],
    drafts: Sequence[Mapping[str, Any]],
    author: str,
    now: datetime | None,
) -> tuple[Entry, ...]:
    before = entries[-1].hash if entries else FIRST_HASH
    at = (now or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="microseconds")
    lines: list[bytes] = []
    for number, draft in enumerate(drafts, start=len(entries) + 1):
        content = {"number": number, "at": at, "author": author, **draft, "before": before}
        lines.append(_line({**content, "sha256": _digest(content)}))
        before = hashlib.sha256(lines[-1]).hexdigest()
    _write(path, b"".join(line + b"\n" for line in lines), entries)
    return _known(path)[len(entries) :]


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(_line(content)).hexdigest()


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, default=str).encode()


def _write(path: Path, content: bytes, entries: Sequence[Entry]) -> None:
    """Add to the file, all or nothing; what a killed writer left of a line was never told to anyone and goes."""
    fresh = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        whole, lacks_feed = _finished(path, entries)
        if lacks_feed:
            content = b"\n" + content
        elif size > whole:
            os.ftruncate(descriptor, whole)
        os.lseek(descriptor, whole, os.SEEK_SET)
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        except OSError:  # a full disk: what was written of it is taken back, and the error goes on
            os.ftruncate(descriptor, whole)
            raise
    finally:
        os.close(descriptor)
    if fresh:
        flush(path.parent)


def _finished(path: Path, entries: Sequence[Entry]) -> tuple[int, bool]:
    """How many bytes of the file are lines that hold, and whether the last of them lacks its line feed."""
    content = path.read_bytes()
    end = content.rfind(b"\n") + 1
    if len(content) > end and entries and hashlib.sha256(content[end:]).hexdigest() == entries[-1].hash:
        return len(content), True
    return end, False


@contextmanager
def _locked(path: Path) -> Generator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_suffix(".lock"), timeout=_LOCK_WAIT_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        raise AuditError(
            Text(
                f"another program has held {path} for over {_LOCK_WAIT_SECONDS:.0f} s; wait until it ends, and try again",
                f"другая программа держит {path} больше {_LOCK_WAIT_SECONDS:.0f} с; дождитесь её и\u00a0попробуйте "
                "снова",
            )
        ) from None
    try:
        yield
    finally:
        lock.release()


def author_text(author: str) -> str:
    """The name of an author; AuditError where it is empty or has more than one line."""
    text = author.strip()
    if not text or not text.isprintable():
        raise AuditError(
            Text(
                f"the author {author!r} is no name; write --author NAME on one line",
                f"автор «{author}»\u00a0— не\u00a0имя; укажите --author ИМЯ в\u00a0одной строке",
            )
        )
    return text


def plain_json(value: object) -> str:
    """A value of a field in one line."""
    return "—" if value is None else json.dumps(cast("Any", value), ensure_ascii=False, default=str)


def shown_json(value: object, digits: int = 11) -> str:
    """As `plain_json`, a number with no more digits than two computations of it have in common."""
    return f"{value:.{digits}g}" if isinstance(value, float) else plain_json(value)
