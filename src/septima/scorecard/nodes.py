"""YAML files that people write: nodes that know on which line they stand, and errors that name it."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from septima.schema import Text, line_of
from septima.schema.wording import hinted, placed, unreadable_text, unreadable_yaml
from septima.schema.wording import near as near_in_order
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

    def wrong(self, key: str | None, en: str, ru: str, hint: Text | None = None) -> DefinitionError:
        """The error to raise: file, line and what is wrong in both languages, which is to end with the remedy."""
        said = Text(en, ru) if hint is None else hinted(en, ru, hint)
        return DefinitionError(placed(line_of(self.file, self.line(key)), said))

    def only(self, fields: Collection[str]) -> None:
        """Refuse fields that there are not."""
        for key in self.data:
            if key not in fields:
                raise self.wrong(
                    str(key), f"unknown field {key!r}", f"неизвестное поле «{key}»", near(str(key), fields)
                )

    def items(self, key: str) -> "list[Node]":
        """The mappings of a list; none where the field is absent."""
        found = self.data.get(key)
        if found is None:
            return []
        if not isinstance(found, CommentedSeq):
            raise self.wrong(
                key,
                f"`{key}` must be a list; begin each entry with a dash",
                f"`{key}` должен быть списком; начинайте каждую запись с\u00a0дефиса",
            )
        nodes: list[Node] = []
        for position, item in enumerate(cast("list[object]", found)):
            if not isinstance(item, CommentedMap):
                line = cast("int", found.lc.item(position)[0]) + 1
                said = Text(
                    f"an entry of `{key}` must have fields such as `id: …`, not {item!r}",
                    f"у\u00a0записи в\u00a0`{key}` должны быть поля, например `id: …`, а\u00a0стоит «{item}»",
                )
                raise DefinitionError(placed(line_of(self.file, line), said))
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
            raise self.wrong(
                key,
                f"`{key}` is {found!r}; give a number with a decimal point, such as 0.75",
                f"в\u00a0`{key}` стоит «{found}»; укажите число с\u00a0десятичной точкой, например 0.75",
            )
        return float(found)

    def string(self, key: str) -> str | None:
        """The words of a field, or None."""
        found = self.data.get(key)
        if found is None:
            return None
        if not isinstance(found, str) or not found.strip():
            raise self.wrong(
                key,
                f"`{key}` is {found!r}; give a word, in quotes if it looks like a number",
                f"в\u00a0`{key}` стоит «{found}»; укажите слово, а\u00a0похожее на\u00a0число\u00a0— в\u00a0кавычках",
            )
        return str(found)

    def strings(self, key: str) -> tuple[str, ...]:
        """The words of a field that holds one or a list of them; none where it is absent."""
        found = self.data.get(key)
        if found is None:
            return ()
        words = cast("list[object]", found) if isinstance(found, CommentedSeq) else [found]
        for word in words:
            if not isinstance(word, str) or not word.strip():
                raise self.wrong(
                    key,
                    f"`{key}` holds {word!r}; list words, in quotes if they look like numbers",
                    f"в\u00a0`{key}` стоит «{word}»; перечислите слова, а\u00a0похожие на\u00a0числа\u00a0— "
                    "в\u00a0кавычках",
                )
        return tuple(map(str, words))

    def date(self, key: str) -> date | None:
        """The day of a field, written 2026-09-30, or None."""
        found = self.data.get(key)
        if found is None:
            return None
        # ruamel.yaml reads a day as a date and a day with a time as a datetime, which is a date too.
        if not isinstance(found, date) or isinstance(found, datetime):
            raise self.wrong(
                key,
                f"`{key}` is {found!r}; write a day as 2026-09-30, without quotes",
                f"в\u00a0`{key}` стоит «{found}»; запишите день как 2026-09-30, без кавычек",
            )
        return date(found.year, found.month, found.day)

    def flag(self, key: str) -> bool:
        """Whether a field says `true`; false where it is absent."""
        found = self.data.get(key, False)
        if not isinstance(found, bool):
            raise self.wrong(
                key,
                f"`{key}` is {found!r}; write true or false",
                f"в\u00a0`{key}` стоит «{found}»; пишите true или false",
            )
        return found

    def identifier(self, key: str) -> str | None:
        """The id of a field, or None: letters, digits, - and _ only."""
        found = self.string(key)
        if found is not None and not _ID.fullmatch(found):
            raise self.wrong(
                key,
                f"`{key}` is {found!r}; use letters, digits, - and _ only",
                f"в\u00a0`{key}` стоит «{found}»; берите только буквы, цифры, - и\u00a0_",
            )
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
        raise self.wrong(
            key,
            f"`{key}` must be a text, or one text per language: {{en: …, ru: …}}",
            f"в\u00a0`{key}` должен быть текст или по\u00a0тексту на\u00a0каждый язык: {{en: …, ru: …}}",
        )

    def choice(self, key: str, choices: Collection[Choice]) -> Choice | None:
        """One of the choices, or None where the field is absent."""
        found = self.data.get(key)
        if found is None:
            return None
        for choice in choices:
            if found == choice:
                return choice
        raise self.wrong(key, f"`{key}` is {found!r}", f"в\u00a0`{key}` стоит «{found}»", near(str(found), choices))

    def mapping(self, key: str) -> dict[str, object]:
        """Plain values by name; none where the field is absent."""
        found = self.data.get(key)
        if found is None:
            return {}
        if not isinstance(found, CommentedMap):
            raise self.wrong(
                key, f"`{key}` must hold `name: value` pairs", f"в\u00a0`{key}` должны быть пары `имя: значение`"
            )
        return {str(name): plain(value) for name, value in found.items()}

    def node(self, key: str) -> "Node | None":
        """The mapping of a field, or None."""
        found = self.data.get(key)
        if found is None:
            return None
        if not isinstance(found, CommentedMap):
            raise self.wrong(
                key, f"`{key}` must hold `name: value` pairs", f"в\u00a0`{key}` должны быть пары `имя: значение`"
            )
        return Node(self.file, found)


def read_node(path: Path, field: str, remedy: Text) -> Node:
    """The mapping that a YAML file holds, see `load_node`; DefinitionError with `remedy` where there is no file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DefinitionError(hinted(f"{path}: there is no such file", f"{path}: нет такого файла", remedy)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(unreadable_text(error).after(f"{path}: ")) from error
    return load_node(text, str(path), field)


def load_node(text: str, file: str, field: str) -> Node:
    """The mapping that YAML text holds; errors give `file` and name `field`, which no such file is without."""
    yaml = YAML(typ="rt")
    try:
        content = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = line_of(file, mark.line + 1) if mark else Text(file, file)
        problem = " ".join(str(error.problem or error.context or "not YAML").split())
        raise DefinitionError(placed(place, unreadable_yaml(problem))) from error
    except YAMLError as error:
        problem = " ".join(str(error).split())
        raise DefinitionError(
            Text(f"{file}: cannot be read as YAML: {problem}", f"{file}: не\u00a0читается как YAML: {problem}")
        ) from error
    if not isinstance(content, CommentedMap):
        said = Text(
            f"the file must hold fields, `{field}:` among them", f"в\u00a0файле должны быть поля, среди них `{field}:`"
        )
        raise DefinitionError(placed(line_of(file, 1), said))
    return Node(file, content)


def near(name: str, known: Collection[str]) -> Text:
    """A hint at what may have been meant, or at all that there is, in the order of the alphabet."""
    return near_in_order(name, sorted(known))


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
