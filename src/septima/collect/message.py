"""One form for whatever comes: a message says who did what and when, with properties."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, cast

Kind = Literal["track", "page", "screen", "identify", "group", "alias", "unknown"]
KINDS: dict[str, Kind] = {name: name for name in ("track", "page", "screen", "identify", "group", "alias")}
Json = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """A message as its sender meant it.

    `id` tells it from all others of its source; it is None where the sender gave none that can be used. `user` is whom the
    company knows, `visitor` a browser or a device that it does not know yet. `at` is a moment in UTC, or the sender's own
    words where they are no moment: the lake's check says so then. `name` is what happened, or which page was seen.
    """

    id: str | None
    kind: Kind
    name: str | None
    user: str | None
    visitor: str | None
    at: datetime | str | None
    properties: Json = field(default_factory=dict[str, Any])
    traits: Json = field(default_factory=dict[str, Any])
    context: Json = field(default_factory=dict[str, Any])
    previous: str | None = None


def moment(value: object) -> datetime | None:
    """A moment in UTC, of ISO 8601 text or of seconds since 1970; None where it is neither."""
    try:
        if isinstance(value, str):
            read = datetime.fromisoformat(value)
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def word(value: object) -> str | None:
    """A name or an identifier: text that is not blank, or a number as text; None for all else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def part(whole: Mapping[str, Any], name: str) -> Json:
    """An object within an object; an empty one where there is none."""
    found = whole.get(name)
    return cast("Json", found) if isinstance(found, dict) else {}
