"""YAML files that people write: nodes that know on which line they stand, and errors that name it."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from septima.schema import Text
from septima.scorecard.definition import DefinitionError

_LARGEST = 1e15
_ID = re.compile(r"\w[\w-]*")

Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True)
class Node:
    """A mapping of the file that knows where it stands; every reader of a field raises DefinitionError with file and line."""

    file: str
    data: CommentedMap

    def line(self, key: str | None = None) -> int:
        """The line of a field, or of the mapping itself."""
        # A key that came through a YAML merge (`<<: *other`) stands elsewhere; then the entry's own line must do.
        place = None if key is None else cast("dict[str, list[int]]", self.data.lc.data or {}).get(key)
        if place is not None:
            return place[0] + 1
        return cast("int", self.data.lc.line) + 1

    def wrong(self, key: str | None, message: str) -> DefinitionError:
        """The error to raise: file, line and the message, which is to end with the remedy."""
        return DefinitionError(f"{self.file}, line {self.line(key)}: {message}")

    def only(self, fields: Collection[str]) -> None:
        """Refuse fields that there are not."""
        for key in self.data:
            if key not in fields:
                raise self.wrong(str(key), f"unknown field {key!r}; {near(str(key), fields)}")

    def items(self, key: str) -> "list[Node]":
        """The mappings of a list; none where the field is absent."""
        found = self.data.get(key)
        if found is None:
            return []
        if not isinstance(found, CommentedSeq):
            raise self.wrong(key, f"`{key}` must be a list; begin each entry with a dash")
        nodes: list[Node] = []
        for position, item in enumerate(cast("list[object]", found)):
            if not isinstance(item, CommentedMap):
                line = cast("int", found.lc.item(position)[0]) + 1
                raise DefinitionError(
                    f"{self.file}, line {line}: an entry of `{key}` must have fields such as `id: …`, not {item!r}"
                )
            nodes.append(Node(self.file, item))
        return nodes

    def number(self, key: str, default: float) -> float:
        """The number of a field, or the default."""
        found = self.optional_number(key)
        return default if found is None else found

    def optional_number(self, key: str) -> float | None:
        """The number of a field, or None."""
        found = self.data.get(key)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or not abs(found) <= _LARGEST:
            raise self.wrong(key, f"`{key}` is {found!r}; give a number with a decimal point, such as 0.75")
        return float(found)

    def string(self, key: str) -> str | None:
        """The words of a field, or None."""
        found = self.data.get(key)
        if found is None:
            return None
        if not isinstance(found, str) or not found.strip():
            raise self.wrong(key, f"`{key}` is {found!r}; give a word, in quotes if it looks like a number")
        return str(found)

    def strings(self, key: str) -> tuple[str, ...]:
        """The words of a field that holds one or a list of them; none where it is absent."""
        found = self.data.get(key)
        if found is None:
            return ()
        words = cast("list[object]", found) if isinstance(found, CommentedSeq) else [found]
        for word in words:
            if not isinstance(word, str) or not word.strip():
                raise self.wrong(key, f"`{key}` holds {word!r}; list words, in quotes if they look like numbers")
        return tuple(map(str, words))

    def date(self, key: str) -> date | None:
        """The day of a field, written 2026-09-30, or None."""
        found = self.data.get(key)
        if found is None:
            return None
        # ruamel.yaml reads a day as a date and a day with a time as a datetime, which is a date too.
        if not isinstance(found, date) or isinstance(found, datetime):
            raise self.wrong(key, f"`{key}` is {found!r}; write a day as 2026-09-30, without quotes")
        return date(found.year, found.month, found.day)

    def flag(self, key: str) -> bool:
        """Whether a field says `true`; false where it is absent."""
        found = self.data.get(key, False)
        if not isinstance(found, bool):
            raise self.wrong(key, f"`{key}` is {found!r}; write true or false")
        return found

    def identifier(self, key: str) -> str | None:
        """The id of a field, or None: letters, digits, - and _ only."""
        found = self.string(key)
        if found is not None and not _ID.fullmatch(found):
            raise self.wrong(key, f"`{key}` is {found!r}; use letters, digits, - and _ only")
        return found

    def text(self, key: str) -> Text | None:
        """Words in both languages, given as {en: …, ru: …} or once for both; None where absent."""
        found = self.data.get(key)
        if found is None or isinstance(found, str):
            return None if found is None else Text(str(found), str(found))
        if isinstance(found, CommentedMap):
            words = {str(language): word for language, word in found.items()}
            if words and set(words) <= {"en", "ru"} and all(isinstance(word, str) for word in words.values()):
                first = str(next(iter(words.values())))
                return Text(str(words.get("en", first)), str(words.get("ru", first)))
        raise self.wrong(key, f"`{key}` must be a text, or one text per language: {{en: …, ru: …}}")

    def choice(self, key: str, choices: Collection[Choice]) -> Choice | None:
        """One of the choices, or None where the field is absent."""
        found = self.data.get(key)
        if found is None:
            return None
        for choice in choices:
            if found == choice:
                return choice
        raise self.wrong(key, f"`{key}` is {found!r}; {near(str(found), choices)}")

    def mapping(self, key: str) -> dict[str, object]:
        """Plain values by name; none where the field is absent."""
        found = self.data.get(key)
        if found is None:
            return {}
        if not isinstance(found, CommentedMap):
            raise self.wrong(key, f"`{key}` must hold `name: value` pairs")
        return {str(name): plain(value) for name, value in found.items()}

    def node(self, key: str) -> "Node | None":
        """The mapping of a field, or None."""
        found = self.data.get(key)
        if found is None:
            return None
        if not isinstance(found, CommentedMap):
            raise self.wrong(key, f"`{key}` must hold `name: value` pairs")
        return Node(self.file, found)


def read_node(path: Path, field: str, remedy: str) -> Node:
    """The mapping that a YAML file holds, see `load_node`; DefinitionError with `remedy` where there is no file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DefinitionError(f"{path}: there is no such file; {remedy}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    return load_node(text, str(path), field)


def load_node(text: str, file: str, field: str) -> Node:
    """The mapping that YAML text holds; errors give `file` and name `field`, which no such file is without."""
    yaml = YAML(typ="rt")
    try:
        content = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{file}, line {mark.line + 1}" if mark else file
        problem = " ".join(str(error.problem or error.context or "not YAML").split())
        raise DefinitionError(
            f"{place}: cannot be read as YAML: {problem}; mend the line or its indentation"
        ) from error
    except YAMLError as error:
        raise DefinitionError(f"{file}: cannot be read as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, CommentedMap):
        raise DefinitionError(f"{file}, line 1: the file must hold fields, `{field}:` among them")
    return Node(file, content)


def near(name: str, known: Collection[str]) -> str:
    """A hint at what may have been meant, or at all that there is."""
    close = get_close_matches(name.lower(), known, n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"there are: {', '.join(sorted(known)) or 'none'}"


def plain(value: Any) -> Any:
    """The value without what ruamel.yaml adds to keep layout."""
    if isinstance(value, CommentedMap):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, CommentedSeq):
        return [plain(inner) for inner in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value
