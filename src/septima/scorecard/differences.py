"""What differs between two texts of a definition file, field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

_NAMES = ("id", "kpi", "metric", "name")
_SILENT = ("perspectives", "kpis")
"""Lists whose entries are called by their own names alone: customer_support/nps."""


@dataclass(frozen=True)
class Difference:
    """A field before and after; None where it was not there, or is no more."""

    path: str
    old: Any
    new: Any


def content_of(text: str) -> Any:
    """What YAML text holds; None where it is no YAML, which defines nothing until it is mended."""
    yaml = YAML(typ="safe", pure=True)
    try:
        return yaml.load(text)
    except YAMLError:  # the command that reads the file tells the line and the remedy
        return None


def differences(old: Any, new: Any, path: str = "") -> tuple[Difference, ...]:
    """The fields in which two contents differ, each by its path, such as `customer_support/nps.weight`.

    Entries of lists are known by their id, so that an entry put in between changes no other one.
    """
    return tuple(_compare(path, old, new))


def _compare(path: str, old: Any, new: Any) -> Iterator[Difference]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        before, after = _parts(cast("Mapping[Any, Any]", old)), _parts(cast("Mapping[Any, Any]", new))
        for key in dict.fromkeys((*before, *after)):
            joined = path + key if path else key[1:]
            yield from _compare(joined, before.get(key), after.get(key))
    elif old != new:
        yield Difference(path, old, new)


def _parts(content: Mapping[Any, Any]) -> dict[str, Any]:
    """The fields of a mapping as `.field`, and the entries of its lists as `/name` or `/list/name`."""
    found: dict[str, Any] = {}
    for key, inner in content.items():
        entries = _entries(inner)
        if entries is None:
            found[f".{key}"] = inner
        else:
            silent = str(key) in _SILENT
            found |= {f"/{name}" if silent else f"/{key}/{name}": entry for name, entry in entries.items()}
    return found


def _entries(value: Any) -> dict[str, Any] | None:
    """The entries of a list by name; None where the value is no list of entries that each have a name of their own."""
    if not isinstance(value, list):
        return None
    entries: dict[str, Any] = {}
    for entry in cast("list[Any]", value):
        if not isinstance(entry, Mapping):
            return None
        fields = cast("Mapping[str, Any]", entry)
        name = next((fields[key] for key in _NAMES if isinstance(fields.get(key), str)), None)
        if name is None or name in entries:
            return None
        entries[name] = fields
    return entries
