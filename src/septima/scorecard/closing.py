"""Closed periods: the card as its owner let it stand, with all that its figures depend on, revision beside revision.

A revision is a file `closed/2026-Q3/r0001.json`: the card, the texts of `scorecard.yaml`, `septima.yaml` and the company's own
metrics as they were, the version of the data, the seed and the number of draws. That is enough to compute the card again.
"""

import hashlib
import json
import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from filelock import FileLock

from septima.durable import write_new
from septima.schema import SeptimaError, Text
from septima.scorecard.card import Scorecard
from septima.scorecard.differences import Difference, content_of, differences
from septima.scorecard.simulate import DRAWS
from septima.scorecard.snapshot import SnapshotError, from_json, to_json

FOLDER = "closed"
FORM = 1
SEED = 7
DIGITS = 11
"""Significant digits by which figures must agree: sums of floating-point numbers depend on the order in which threads add
them, which touches the digits behind these (Goldberg, 1991).
"""

_LOCK_WAIT_SECONDS = 600.0
_PASSING = ("computed_at", "data_version")


class ClosingError(SeptimaError):
    """A period that cannot be closed or reproduced."""


@dataclass(frozen=True)
class Basis:
    """What the figures of a card depend on besides the data: files by name, the seed and number of draws, the program."""

    texts: Mapping[str, str]
    program: str
    seed: int = SEED
    draws: int = DRAWS


@dataclass(frozen=True)
class Revision:
    """A closed period. `line` and `line_hash` are those of the newest line of the audit log when it was closed."""

    period: str
    number: int
    author: str
    note: str | None
    closed_at: datetime
    basis: Basis
    card: Scorecard
    line: int
    line_hash: str
    path: Path


@dataclass(frozen=True)
class Reproduction:
    """A revision computed again; `differences` are the fields of the card that are not what was stored."""

    revision: Revision
    card: Scorecard
    differences: tuple[Difference, ...]

    @property
    def equal(self) -> bool:
        """Whether all that the card says came out again."""
        return not self.differences


def basis_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """Of the files that define a workspace those that a card depends on."""
    return {name: text for name, text in texts.items() if name in ("scorecard.yaml", "septima.yaml") or "/" in name}


def refuse_unfinished(period: str, end: date, today: date) -> None:
    """ClosingError where the period is not over."""
    if end > today:
        raise ClosingError(
            Text(
                f"{period} is not over: its last day is {end - timedelta(days=1)}; close it after that day, or write --force to keep "
                "the card of what has passed so far",
                f"{period} ещё не\u00a0закончился: последний день\u00a0— {end - timedelta(days=1)}; закройте его "
                "после этого дня или укажите --force, чтобы сохранить карту прошедшей части",
            )
        )


@contextmanager
def closing(directory: Path) -> Generator[None]:
    """Let nobody else close a period of this workspace meanwhile."""
    folder = directory / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "closing.lock", timeout=_LOCK_WAIT_SECONDS):
        yield


def store(
    directory: Path,
    card: Scorecard,
    basis: Basis,
    *,
    author: str,
    note: str | None,
    line: tuple[int, str],
    now: datetime | None = None,
) -> Revision | None:
    """Write the next revision of the card's period; None where it would say what the newest one says.

    To be called within `closing`. The file appears whole or not at all, and never in place of another.
    """
    earlier = revisions(directory, card.period)
    if earlier and earlier[-1].basis == basis and not card_differences(earlier[-1].card, card):
        return None
    number = earlier[-1].number + 1 if earlier else 1
    path = directory / FOLDER / card.period / f"r{number:04d}.json"
    at = now or datetime.now(UTC)
    content: dict[str, Any] = {
        "period": card.period,
        "revision": number,
        "author": author,
        "note": note,
        "closed_at": at.astimezone(UTC).isoformat(),
        "audit": {"line": line[0], "hash": line[1]},
        "basis": asdict(basis),
        "scorecard": to_json(card),
    }
    envelope = {"form": FORM, "sha256": _digest(content), "closed": content}
    write_new(path, json.dumps(envelope, ensure_ascii=False, indent=1, allow_nan=False))
    return _read(path)


def revisions(directory: Path, period: str | None = None) -> tuple[Revision, ...]:
    """What is closed, of one period where it is named, by period and revision; ClosingError where a file was altered."""
    folders = [directory / FOLDER / period] if period else sorted((directory / FOLDER).glob("*/"))
    paths = [path for folder in folders for path in sorted(folder.glob("r????.json"))]
    return tuple(sorted((_read(path) for path in paths), key=lambda one: (one.card.start, one.period, one.number)))


def revision_of(directory: Path, period: str, number: int | None = None) -> Revision:
    """One revision of a closed period, the newest where no number is given; ClosingError says which there are."""
    found = revisions(directory, period)
    if not found:
        raise ClosingError(
            Text(
                f"{period} is not closed; close it: septima close {directory} --period {period}",
                f"{period} не\u00a0закрыт; закройте его: septima close {directory} --period {period}",
            )
        )
    if number is None:
        return found[-1]
    for revision in found:
        if revision.number == number:
            return revision
    there = ", ".join(str(revision.number) for revision in found)
    raise ClosingError(
        Text(
            f"{period} has no revision {number}; there are: {there}",
            f"у\u00a0{period} нет редакции {number}; есть: {there}",
        )
    )


def compared(revision: Revision, card: Scorecard) -> Reproduction:
    """The revision beside the card that was computed again."""
    return Reproduction(revision, card, card_differences(revision.card, card))


def card_differences(old: Scorecard, new: Scorecard) -> tuple[Difference, ...]:
    """The fields in which two cards differ, the moment of computing and the version of the data apart."""
    before, after = to_json(old), to_json(new)
    for name in _PASSING:
        before.pop(name)
        after.pop(name)
    return tuple(
        Difference(_spoken(one.path), one.old, one.new)
        for one in differences(_called(before), _called(after))
        if not _same(one.old, one.new)
    )


def revision_differences(old: Revision, new: Revision) -> tuple[Difference, ...]:
    """What differs between two revisions: the data's version, the definition's fields and program, then figures and targets."""
    found: list[Difference] = []
    if old.card.data_version != new.card.data_version:
        found.append(Difference("data version", old.card.data_version, new.card.data_version))
    if old.basis.program != new.basis.program:
        found.append(Difference("program", old.basis.program, new.basis.program))
    for name in dict.fromkeys((*old.basis.texts, *new.basis.texts)):
        before, after = (content_of(revision.basis.texts.get(name, "")) for revision in (old, new))
        for one in differences(before, after):
            found.append(Difference(f"{name}: {one.path}" if one.path else name, one.old, one.new))
    return (*found, *figure_differences(old.card, new.card))


def figure_differences(old: Scorecard, new: Scorecard) -> tuple[Difference, ...]:
    """The figures and targets in which two cards differ."""
    before, after = figures_of(old), figures_of(new)
    return tuple(
        Difference(name, before.get(name), after.get(name))
        for name in dict.fromkeys((*before, *after))
        if not _same(before.get(name), after.get(name))
    )


def figures_of(card: Scorecard) -> dict[str, float | None]:
    """The figures and targets of a card by path: `customer_support/nps`, `customer_support`, `/` for CKPIint."""
    found: dict[str, float | None] = {}
    for name, composite in (("/", card.integral), *((one.composite.id, one.composite) for one in card.perspectives)):
        found[name] = composite.printed.value
        found[f"{name} on 0–100"] = composite.normalised.value
    for folder, kpis in (*((one.composite.id, one.kpis) for one in card.perspectives), ("own", card.own)):
        for kpi in kpis:
            found[f"{folder}/{kpi.id}"] = kpi.figure.value
            found[f"{folder}/{kpi.id} target"] = kpi.target
    return found


def _same(old: Any, new: Any) -> bool:
    if isinstance(old, int | float) and isinstance(new, int | float) and not isinstance(old, bool):
        return math.isclose(old, new, rel_tol=10.0**-DIGITS, abs_tol=10.0 ** -(DIGITS + 1))
    if isinstance(old, list) and isinstance(new, list):
        pairs = list(zip(cast("list[Any]", old), cast("list[Any]", new), strict=False))
        return len(cast("list[Any]", old)) == len(cast("list[Any]", new)) and all(_same(*pair) for pair in pairs)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        before, after = cast("Mapping[str, Any]", old), cast("Mapping[str, Any]", new)
        return before.keys() == after.keys() and all(_same(before[key], after[key]) for key in before)
    return bool(old == new)


def _called(card: dict[str, Any]) -> dict[str, Any]:
    """The card with its perspectives, KPIs and periods by name, so that a difference says of which figure it is."""
    called = {name: value for name, value in card.items() if name not in ("perspectives", "own", "integral")}
    composites = [
        ("/", card["integral"]),
        *((one["composite"]["id"], one["composite"]) for one in card["perspectives"]),
    ]
    kpis = [(one["composite"]["id"], kpi) for one in card["perspectives"] for kpi in one["kpis"]]
    kpis += [("own", kpi) for kpi in card["own"]]
    figures = [*composites, *((f"{folder}/{kpi['id']}", kpi) for folder, kpi in kpis)]
    called["figures"] = [{**_by_period(figure), "id": name} for name, figure in figures]
    return called


def _by_period(figure: dict[str, Any]) -> dict[str, Any]:
    trends = {
        name: {point["label"]: point for point in cast("Sequence[dict[str, Any]]", figure[name])}
        for name in ("trend", "normalised_trend")
        if name in figure
    }
    slices = {"slices": {row["member"]: row for row in figure["slices"]}} if "slices" in figure else {}
    return {**figure, **trends, **slices}


def _spoken(path: str) -> str:
    return path.removeprefix("figures/")


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> Revision:
    remedy = Text(
        "restore it from a backup, for a closed period is never changed",
        "восстановите его из\u00a0резервной копии: закрытый период никогда не\u00a0меняется",
    )
    try:
        envelope = json.loads(path.read_text(encoding="utf-8"))
        content = envelope["closed"]
        form, digest = envelope["form"], envelope["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClosingError(
            Text(
                f"{path}: is no closed period ({error!r}); {remedy.en}",
                f"{path}: не\u00a0закрытый период ({error!r}); {remedy.ru}",
            )
        ) from error
    if form != FORM:
        raise ClosingError(
            Text(
                f"{path}: has form {form!r}, while this version reads form {FORM}; use the version that wrote it",
                f"{path}: форма {form!r}, а\u00a0эта версия читает форму {FORM}; возьмите версию, которая записала "
                "файл",
            )
        )
    if _digest(content) != digest:
        raise ClosingError(
            Text(f"{path}: was altered after it was written; {remedy.en}", f"{path}: изменён после записи; {remedy.ru}")
        )
    try:
        card = from_json(content["scorecard"])
    except SnapshotError as error:
        raise ClosingError(
            Text(
                f"{path}: {error}; use the version of the program that wrote it",
                f"{path}: {error.statement.ru}; возьмите версию программы, которая записала файл",
            )
        ) from error
    return Revision(
        content["period"],
        content["revision"],
        content["author"],
        content["note"],
        datetime.fromisoformat(content["closed_at"]),
        Basis(**content["basis"]),
        card,
        content["audit"]["line"],
        content["audit"]["hash"],
        path,
    )
