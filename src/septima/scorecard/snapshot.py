"""Scorecards as JSON, and their history: a recalculation is a new snapshot, nothing is overwritten."""

import json
import types
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from septima.durable import write_new
from septima.schema import SeptimaError, Text
from septima.scorecard.card import Scorecard

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FORM = 1
"""Number of the form of snapshot files; it grows when a field changes its meaning or goes."""

Card = TypeVar("Card")


class SnapshotError(SeptimaError):
    """A snapshot that cannot be read or stored."""


@dataclass(frozen=True, order=True)
class Snapshot:
    """What a stored scorecard is: the period, when and by whom it was computed, from which definition and data."""

    period: str
    computed_at: datetime
    definition: str
    data_version: int
    author: str | None
    path: Path


def to_json(value: "DataclassInstance") -> dict[str, Any]:
    """A card, or an explanation, as JSON values: field names as declared, dates in ISO form, undefined numbers null."""
    return cast("dict[str, Any]", json.loads(json.dumps(asdict(value), default=_scalar, allow_nan=False)))


def from_json(content: dict[str, Any]) -> Scorecard:
    """The card that `to_json` wrote; fields that it does not know are left out. SnapshotError where one lacks."""
    return _read(Scorecard, content, "scorecard")


def save_snapshot(folder: str | Path, scorecard: Scorecard, *, author: str | None = None) -> Path:
    """Store a card as a new file in `folder` (made where absent) and return its path.

    The file appears whole or not at all, and never in place of another.
    """
    envelope = {"form": FORM, "author": author, "scorecard": to_json(scorecard)}
    text = json.dumps(envelope, ensure_ascii=False, indent=1, allow_nan=False)
    name, number = f"{scorecard.period}_{scorecard.computed_at:%Y%m%dT%H%M%S%f}", 1
    while True:
        path = Path(folder) / f"{name}{'' if number == 1 else f'-{number}'}.json"
        try:
            write_new(path, text)
        except FileExistsError:
            number += 1
        else:
            return path


def snapshots(folder: str | Path, period: str | None = None) -> list[Snapshot]:
    """What is stored in `folder`, of one period where it is named, oldest first."""
    found = [_describe(path) for path in Path(folder).glob("*.json")]
    return sorted(
        (snapshot for snapshot in found if period in (None, snapshot.period)),
        key=lambda snapshot: (snapshot.computed_at, len(snapshot.path.name), snapshot.path.name),
    )


def read_snapshot(path: str | Path) -> Scorecard:
    """The card stored in a snapshot file."""
    path = Path(path)
    try:
        return from_json(_envelope(path)["scorecard"])
    except SnapshotError as error:
        raise SnapshotError(error.after(str(path))) from error


def _describe(path: Path) -> Snapshot:
    envelope = _envelope(path)
    card = envelope["scorecard"]
    try:
        return Snapshot(
            card["period"],
            datetime.fromisoformat(card["computed_at"]),
            card["definition"],
            card["data_version"],
            envelope.get("author"),
            path,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SnapshotError(
            Text(
                f"{path}: is not a snapshot of a scorecard ({error!r}); move it out of this folder",
                f"{path}: не\u00a0снимок карты ({error!r}); уберите файл из\u00a0этой папки",
            )
        ) from error


def _envelope(path: Path) -> dict[str, Any]:
    try:
        envelope = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SnapshotError(
            Text(f"{path}: there is no such snapshot", f"{path}: нет такого снимка; выберите один из\u00a0сохранённых")
        ) from None
    except (OSError, ValueError) as error:
        raise SnapshotError(
            Text(
                f"{path}: cannot be read as JSON: {error}; move it out of this folder",
                f"{path}: не\u00a0читается как JSON: {error}; уберите файл из\u00a0этой папки",
            )
        ) from error
    if not isinstance(envelope, dict) or not isinstance(cast("dict[str, Any]", envelope).get("scorecard"), dict):
        raise SnapshotError(
            Text(
                f"{path}: is not a snapshot of a scorecard; move it out of this folder",
                f"{path}: не\u00a0снимок карты; уберите файл из\u00a0этой папки",
            )
        )
    envelope = cast("dict[str, Any]", envelope)
    if envelope.get("form") != FORM:
        raise SnapshotError(
            Text(
                f"{path}: has form {envelope.get('form')!r}, while this version reads form {FORM}",
                f"{path}: форма {envelope.get('form')!r}, а\u00a0эта версия читает форму {FORM}; возьмите версию, "
                "которая записала файл",
            )
        )
    return envelope


def _scalar(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(kind: type[Card], content: object, place: str) -> Card:
    """`content` as `kind`, by the type hints of the dataclasses."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if content is None:
            return cast("Card", None)
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return _read(inner, content, place)
    if origin is tuple and isinstance(content, list):
        items = cast("list[object]", content)
        kinds = (arguments[0],) * len(items) if arguments[-1] is Ellipsis else arguments
        if len(kinds) != len(items):
            raise SnapshotError(
                Text(
                    f"{place} has {len(items)} values instead of {len(kinds)}",
                    f"в\u00a0{place} значений {len(items)} вместо {len(kinds)}",
                )
            )
        read = (_read(inner, item, f"{place}[{n}]") for n, (inner, item) in enumerate(zip(kinds, items, strict=True)))
        return cast("Card", tuple(read))
    if is_dataclass(kind) and isinstance(content, dict):
        return _read_dataclass(kind, cast("dict[str, object]", content), place)
    return cast("Card", _read_scalar(kind, arguments, content, place))


def _read_scalar(kind: type[object], choices: tuple[object, ...], content: object, place: str) -> object:
    if (kind is date or kind is datetime) and isinstance(content, str):
        try:
            return cast("type[date]", kind).fromisoformat(content)
        except ValueError as error:
            raise SnapshotError(
                Text(
                    f"{place} is {content!r}, which is no date",
                    f"в\u00a0{place} стоит «{content}», а\u00a0это не\u00a0дата",
                )
            ) from error
    if kind is float and type(content) in (int, float):
        return float(cast("float", content))
    if content in choices or type(content) is kind:
        return content
    raise SnapshotError(
        Text(
            f"{place} is {content!r}, which does not fit",
            f"в\u00a0{place} стоит «{content}», и\u00a0это не\u00a0подходит",
        )
    )


def _read_dataclass(kind: type[Card], content: dict[str, object], place: str) -> Card:
    hints = get_type_hints(kind)
    given = {
        field.name: _read(hints[field.name], content[field.name], f"{place}.{field.name}")
        for field in fields(cast("Any", kind))
        if field.name in content
    }
    try:
        return kind(**given)
    except TypeError as error:
        raise SnapshotError(
            Text(f"{place} lacks a field: {error}", f"в\u00a0{place} не\u00a0хватает поля: {error}")
        ) from error
