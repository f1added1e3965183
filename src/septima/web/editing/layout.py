"""Changes of single values in YAML text that leave every other character as it is.

A text is never written anew from its content, which would lose comments and layout: the place of each value is found, and
only that is replaced. What came out is read again and compared with what was meant, so that no change can do more or less.
"""

import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from septima.schema import SeptimaError, Text

Path = tuple[str | int, ...]
_STRING = "tag:yaml.org,2002:str"
_COMMENT = re.compile(r"[ \t]*#")


class LayoutError(SeptimaError):
    """A change that cannot be made without touching something else; it is left to who edits the text."""


@dataclass(frozen=True)
class Literal:
    """A number as a person wrote it: 0.30 stays 0.30."""

    written: str
    value: float


@dataclass(frozen=True)
class Put:
    """A value in place of the one at the path, or a new one after the fields that come before it in `order`."""

    path: Path
    value: Any
    order: Sequence[str] = ()


@dataclass(frozen=True)
class Take:
    """A field or an entry of a list taken out; a mapping that is left empty goes with it."""

    path: Path


@dataclass(frozen=True)
class Add:
    """An entry at the end of a list, which is begun where there is none."""

    path: Path
    value: Mapping[str, Any] | str


@dataclass(frozen=True)
class Move:
    """An entry of a list that changes places with the one before (-1) or after it (1)."""

    path: Path
    by: int


Change = Put | Take | Add | Move


@lru_cache(maxsize=16)
def content(text: str) -> Any:
    """The plain content of YAML text, to be read only; LayoutError where it is none."""
    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        problem = " ".join(str(error).split())
        raise LayoutError(Text(problem, f"не\u00a0читается как YAML: {problem}")) from error


def at(value: Any, path: Path) -> Any:
    """What stands at a path of a content, None where nothing does."""
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def written(text: str, path: Path) -> str | None:
    """The characters of the scalar at a path, as they stand; None where there is none."""
    node = _find(_composed(text), path)
    if not isinstance(node, ScalarNode):
        return None
    return text[_start(node) : _end(node)]


def line_of(text: str, path: Path) -> int | None:
    """The line on which the value at a path stands."""
    node = _find(_composed(text), path)
    return None if node is None else text.count("\n", 0, _start(node)) + 1


def changed(text: str, changes: Sequence[Change]) -> str:
    """The text after the changes, one after another; LayoutError where one cannot be made alone."""
    meant = deepcopy(content(text))
    result = text
    for change in changes:
        try:
            meant = _meant(meant, change)
            result = _apply(result, change)
        except (KeyError, IndexError, TypeError, AttributeError, YAMLError) as error:
            place = ".".join(map(str, change.path))
            raise LayoutError(
                Text(
                    f"{place} cannot be changed here ({error}); change it in the text",
                    f"{place} здесь не\u00a0изменить ({error}); измените в\u00a0тексте",
                )
            ) from error
    if changes and content(result) != meant:
        raise LayoutError(
            Text(
                "this change would touch more than itself; make it in the text",
                "это изменение затронуло\u00a0бы и\u00a0другое; внесите его в\u00a0тексте",
            )
        )
    return result


def _meant(value: Any, change: Change) -> Any:
    """The content after a change."""
    *way, last = change.path
    match change:
        case Put():
            _parent(value, change.path)[last] = _plain(change.value)
        case Take():
            parent = at(value, tuple(way))
            del parent[last]
            if not parent and isinstance(parent, dict) and way:
                return _meant(value, Take(tuple(way)))
        case Add():
            parent = _parent(value, change.path)
            if parent.get(last) is None:
                parent[last] = []
            parent[last].append(_plain(change.value))
        case Move():
            parent = at(value, tuple(way))
            other = _neighbour(parent, cast("int", last), change.by)
            parent[last], parent[other] = parent[other], parent[last]
    return value


def _neighbour(entries: Sequence[Any], place: int, by: int) -> int:
    if not 0 <= place + by < len(entries):
        raise IndexError("there is no entry to change places with")
    return place + by


def _parent(value: Any, path: Path) -> Any:
    """The mapping or list that holds the last part, made where it is not there."""
    for part in path[:-1]:
        if isinstance(value, dict) and not isinstance(cast("dict[Any, Any]", value).get(part), dict | list):
            value[part] = {}
        value = value[part]
    return cast("Any", value)


def _plain(value: Any) -> Any:
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in cast("list[Any]", value)]
    return value


def _apply(text: str, change: Change) -> str:
    root = _composed(text)
    match change:
        case Put():
            return _put(text, root, change)
        case Take():
            return _take(text, root, change.path)
        case Add():
            return _add(text, root, change)
        case Move():
            return _move(text, root, change)


@lru_cache(maxsize=8)
def _composed(text: str) -> Node:
    return cast("Node", YAML(typ="safe", pure=True).compose(text))


def _put(text: str, root: Node, change: Put) -> str:
    node = _find(root, change.path)
    parent = _find(root, change.path[:-1])
    if node is not None:
        return _replaced(text, root, change.path, node, change.value)
    if isinstance(parent, MappingNode):
        return _with_pair(text, parent, str(change.path[-1]), change.value, change.order)
    return _put(text, root, Put(change.path[:-1], {change.path[-1]: change.value}, change.order))


def _replaced(text: str, root: Node, path: Path, node: Node, value: Any) -> str:
    in_flow = _in_flow(root, path)
    scalar = isinstance(node, ScalarNode)
    if (scalar and _start(node) < _end(node)) or (not scalar and _is_flow(node)):
        style = node.style if isinstance(node, ScalarNode) else None
        shown = _shown(value, style=style, indent=_indent(root, path), in_flow=in_flow)
        return text[: _start(node)] + shown + text[_end(node) :]
    key = _key(root, path)
    if key is None:
        raise LayoutError(
            Text("this entry can only be changed in the text", "эту запись можно изменить только в\u00a0тексте")
        )
    colon = text.index(":", _end(key)) + 1
    shown = _shown(value, indent=_indent(root, path), in_flow=in_flow)
    return text[:colon] + " " + shown + text[max(colon, _end(node)) :]


def _with_pair(text: str, parent: MappingNode, key: str, value: Any, order: Sequence[str]) -> str:
    """The text with a pair put into a mapping, after the last of those that come before it in the order."""
    pairs = _pairs(parent)
    if _is_flow(parent):
        pair = f"{_scalar(key, in_flow=True)}: {_shown(value, in_flow=True)}"
        if not pairs:
            return text[: _start(parent)] + "{" + pair + "}" + text[_end(parent) :]
        place = _end(_before(pairs, key, order)[1])
        return text[:place] + ", " + pair + text[place:]
    indent = _column(text, _start(pairs[0][0]))
    place = _line_end(text, _end(_before(pairs, key, order)[1]))
    line = " " * indent + f"{_scalar(key)}: {_shown(value, indent=indent + 2)}\n"
    return _inserted(text, place, line)


def _before(pairs: list[tuple[Node, Node]], key: str, order: Sequence[str]) -> tuple[Node, Node]:
    if key not in order:
        return pairs[-1]
    ahead = set(order[: list(order).index(key)])
    return next((pair for pair in reversed(pairs) if pair[0].value in ahead), pairs[-1])


def _take(text: str, root: Node, path: Path) -> str:
    parent = _find(root, path[:-1])
    if isinstance(parent, SequenceNode):
        return _take_entry(text, root, path, parent)
    if not isinstance(parent, MappingNode):
        raise KeyError(path)
    pairs = _pairs(parent)
    place = next(place for place, (key, _) in enumerate(pairs) if key.value == str(path[-1]))
    key, value = pairs[place]
    if len(pairs) == 1:
        if len(path) == 1:
            raise LayoutError(Text("the last field of a file stays", "последнее поле файла убрать нельзя"))
        return _take(text, root, path[:-1])
    if _is_flow(parent):
        if place + 1 < len(pairs):
            return text[: _start(key)] + text[_start(pairs[place + 1][0]) :]
        return text[: _end(pairs[place - 1][1])] + text[_end(value) :]
    begin = _line_start(text, _start(key))
    if text[begin : _start(key)].strip():  # it stands on the line of its entry's dash
        return text[: _start(key)] + text[_start(pairs[1][0]) :]
    return text[:begin] + text[_line_end(text, max(_end(key), _end(value))) :]


def _take_entry(text: str, root: Node, path: Path, parent: SequenceNode) -> str:
    entries, place = _entries(parent), cast("int", path[-1])
    if len(entries) == 1:
        return _replaced(text, root, path[:-1], parent, [])
    if _is_flow(parent):
        if place + 1 < len(entries):
            return text[: _start(entries[place])] + text[_start(entries[place + 1]) :]
        return text[: _end(entries[place - 1])] + text[_end(entries[place]) :]
    begin, end = _chunk(text, root, path[:-1], entries, place)
    return text[:begin] + text[end:]


def _add(text: str, root: Node, change: Add) -> str:
    node, parent = _find(root, change.path), _find(root, change.path[:-1])
    if node is None or (isinstance(node, ScalarNode) and node.tag.endswith(":null")):
        if not isinstance(parent, MappingNode):
            raise KeyError(change.path)
        if _is_flow(parent):
            return _put(text, root, Put(change.path, [change.value]))
        if node is not None:
            text = _take(text, root, change.path)
            parent = cast("MappingNode", _find(_composed(text), change.path[:-1]))
        pairs = _pairs(parent)
        indent = _column(text, _start(pairs[0][0]))
        place = _line_end(text, _end(pairs[-1][1]))
        lines = " " * indent + f"{_scalar(str(change.path[-1]))}:\n" + _entry_lines(change.value, indent)
        return _inserted(text, place, lines)
    if not isinstance(node, SequenceNode):
        raise TypeError("no list stands there")
    entries = _entries(node)
    if not entries:
        if _in_flow(root, change.path):
            return _replaced(text, root, change.path, node, [change.value])
        indent = _column(text, _start(cast("Node", _key(root, change.path))))
        return text[: _start(node)].rstrip(" ") + "\n" + _entry_lines(change.value, indent)[:-1] + text[_end(node) :]
    if _is_flow(node):
        return text[: _end(entries[-1])] + ", " + _shown(change.value, in_flow=True) + text[_end(entries[-1]) :]
    indent = _column(text, _dash(text, _start(entries[-1])))
    flow = isinstance(entries[-1], MappingNode) and _is_flow(entries[-1])
    lines = _entry_lines(change.value, indent, flow=flow)
    return _inserted(text, _line_end(text, _end(entries[-1])), lines)


def _entry_lines(value: Mapping[str, Any] | str, indent: int, *, flow: bool = False) -> str:
    """An entry of a list: a field on each line, or all on one where its neighbours are written so."""
    if flow or isinstance(value, str):
        return " " * indent + f"- {_shown(value, in_flow=flow)}\n"
    lines = [f"{_scalar(key)}: {_shown(inner, indent=indent + 4)}" for key, inner in value.items()]
    return " " * indent + "- " + ("\n" + " " * (indent + 2)).join(lines) + "\n"


def _move(text: str, root: Node, change: Move) -> str:
    path, parent = change.path, _find(root, change.path[:-1])
    if not isinstance(parent, SequenceNode):
        raise KeyError(path)
    entries, place = _entries(parent), cast("int", path[-1])
    first, second = sorted((place, _neighbour(entries, place, change.by)))
    if _is_flow(parent):
        spans = [(_start(entries[one]), _end(entries[one])) for one in (first, second)]
    else:
        spans = [_chunk(text, root, path[:-1], entries, one) for one in (first, second)]
    (begin, end), (later_begin, later_end) = spans
    earlier, later = text[begin:end], text[later_begin:later_end]
    if not _is_flow(parent) and not later.endswith("\n"):
        earlier, later = earlier.removesuffix("\n"), later + "\n"
    return text[:begin] + later + text[end:later_begin] + earlier + text[later_end:]


def _chunk(text: str, root: Node, path: Path, entries: list[Node], place: int) -> tuple[int, int]:
    """The lines of an entry, with the comments that stand directly above its dash."""
    begin = _line_start(text, _dash(text, _start(entries[place])))
    if place:
        least = _line_end(text, _end(entries[place - 1]))
    else:
        key = _key(root, path)
        least = 0 if key is None else _line_end(text, _end(key))
    while begin > least:
        above = _line_start(text, begin - 1)
        if above < least or not _COMMENT.match(text, above, begin):
            break
        begin = above
    return begin, _line_end(text, _end(entries[place]))


def _inserted(text: str, place: int, lines: str) -> str:
    if place and text[place - 1] != "\n":
        return text[:place] + "\n" + lines.removesuffix("\n") + text[place:]
    return text[:place] + lines + text[place:]


def _find(node: Node | None, path: Path) -> Node | None:
    for part in path:
        if isinstance(node, MappingNode):
            node = next((value for key, value in _pairs(node) if key.value == str(part)), None)
        elif isinstance(node, SequenceNode) and isinstance(part, int):
            entries = _entries(node)
            node = entries[part] if 0 <= part < len(entries) else None
        else:
            return None
    return node


def _key(root: Node, path: Path) -> Node | None:
    parent = _find(root, path[:-1])
    if not path or not isinstance(parent, MappingNode):
        return None
    return next((key for key, _ in _pairs(parent) if key.value == str(path[-1])), None)


def _in_flow(root: Node, path: Path) -> bool:
    return any(_is_flow(node) for end in range(len(path)) if (node := _find(root, path[:end])) is not None)


def _indent(root: Node, path: Path) -> int:
    """How far the lines of a long text at the path are set in."""
    key = _key(root, path)
    return 2 if key is None else cast("int", key.start_mark.column) + 2


def _pairs(node: MappingNode) -> list[tuple[Node, Node]]:
    return cast("list[tuple[Node, Node]]", node.value)


def _entries(node: SequenceNode) -> list[Node]:
    return cast("list[Node]", node.value)


def _is_flow(node: Node) -> bool:
    return bool(getattr(node, "flow_style", False))


def _start(node: Node) -> int:
    return cast("int", node.start_mark.index)


def _end(node: Node) -> int:
    """Where the value ends: of what stands on lines of its own, where its last value does."""
    if isinstance(node, MappingNode) and not _is_flow(node):
        key, value = _pairs(node)[-1]
        return max(_end(key), _end(value))
    if isinstance(node, SequenceNode) and not _is_flow(node):
        return _end(_entries(node)[-1])
    end = cast("int", node.end_mark.index)
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        buffer = cast("str", node.end_mark.buffer or "").rstrip("\0")
        return len(buffer[:end].rstrip())
    return end


def _line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def _line_end(text: str, place: int) -> int:
    found = text.find("\n", place)
    return len(text) if found < 0 else found + 1


def _column(text: str, place: int) -> int:
    return place - _line_start(text, place)


def _dash(text: str, place: int) -> int:
    begin = _line_start(text, place)
    line = text[begin:place]
    if line.strip() != "-":
        raise LayoutError(
            Text(
                "an entry that begins on another line than its dash can only be moved in the text",
                "запись, которая начинается не\u00a0в\u00a0строке своего дефиса, можно переместить только в\u00a0тексте",
            )
        )
    return begin + line.index("-")


def _shown(  # noqa: PLR0911 - one form for each sort of value
    value: Any, *, style: str | None = None, indent: int = 2, in_flow: bool = False
) -> str:
    if isinstance(value, Mapping):
        inner = cast("Mapping[str, Any]", value).items()
        return (
            "{"
            + ", ".join(f"{_scalar(str(key), in_flow=True)}: {_shown(one, in_flow=True)}" for key, one in inner)
            + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_shown(one, in_flow=True) for one in cast("list[Any]", value)) + "]"
    if isinstance(value, str):
        if "\n" in value and not in_flow and not value.startswith((" ", "\n")) and not value.endswith("\n\n"):
            lines = value.removesuffix("\n").split("\n")
            chomp = "|" if value.endswith("\n") else "|-"
            return chomp + "".join("\n" + (" " * indent + line if line else "") for line in lines)
        return _scalar(value, style=style, in_flow=in_flow)
    if isinstance(value, Literal):
        return value.written
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return "null" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)


def _scalar(value: str, *, style: str | None = None, in_flow: bool = False) -> str:
    """A word, in quotes where it needs them or where it had them."""
    if style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if style == '"' or not _is_plain(value, in_flow=in_flow):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\x7f")
    return value


@lru_cache(maxsize=512)
def _is_plain(value: str, *, in_flow: bool) -> bool:
    if not value.isprintable():
        return False
    text = f"{{a: [{value}]}}" if in_flow else f"a: {value}\nb: 1\n"
    try:
        root = cast("Node", YAML(typ="safe", pure=True).compose(text))
        node = _find(root, ("a", 0) if in_flow else ("a",))
        alone = in_flow is False or len(_entries(cast("SequenceNode", _find(root, ("a",))))) == 1
    except (YAMLError, ValueError, TypeError):
        return False
    return isinstance(node, ScalarNode) and node.tag == _STRING and node.value == value and node.style is None and alone


def lines(text: str) -> dict[Path, int]:
    """The line on which every field and entry begins."""
    found: dict[Path, int] = {}
    _note_lines(_composed(text), (), found)
    return found


def _note_lines(node: Node, path: Path, found: dict[Path, int]) -> None:
    found.setdefault(path, cast("int", node.start_mark.line) + 1)
    if isinstance(node, MappingNode):
        for key, value in _pairs(node):
            one = (*path, str(key.value))
            found[one] = cast("int", key.start_mark.line) + 1
            _note_lines(value, one, found)
    elif isinstance(node, SequenceNode):
        for place, entry in enumerate(_entries(node)):
            _note_lines(entry, (*path, place), found)


def in_one_line(value: Any) -> str:
    """A value as it is written on one line."""
    return _shown(value, in_flow=True)
