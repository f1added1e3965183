"""Parts of a YAML file that know their line and gather all that is wrong instead of stopping at the first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from septima.schema import Text, line_of
from septima.schema.wording import hinted, near, placed, unreadable_yaml

LARGEST = 1e15

Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True)
class Node:
    """A mapping of a file. What it asks for and does not find right goes to `mistakes`, and None is given."""

    file: str
    data: CommentedMap
    mistakes: list[Text]

    def line(self, key: str | None = None) -> int:
        """The line of a key, or of the mapping."""
        # A key that came through a YAML merge (`<<: *other`) stands elsewhere; then the entry's own line must do.
        place = None if key is None else cast("dict[str, list[int]]", self.data.lc.data or {}).get(key)
        return place[0] + 1 if place is not None else cast("int", self.data.lc.line) + 1

    def wrong(self, key: str | None, en: str, ru: str, hint: Text | None = None) -> None:
        """Note a mistake at a key, in both languages, with what may have been meant."""
        said = Text(en, ru) if hint is None else hinted(en, ru, hint)
        self.mistakes.append(placed(line_of(self.file, self.line(key)), said))

    def has(self, key: str) -> bool:
        """Whether the key stands there with a value."""
        return self.data.get(key) is not None

    def only(self, known: Collection[str]) -> None:
        """Note every key that is not known."""
        for key in self.data:
            if key not in known:
                self.wrong(cast("str", key), f"unknown key {key!r}", f"неизвестный ключ «{key}»", near(str(key), known))

    def items(self, key: str) -> "list[Node]":
        """The mappings of a list."""
        found = self.data.get(key)
        if not isinstance(found, CommentedSeq):
            self.wrong(
                key,
                f"`{key}` must be a list; begin each entry with a dash",
                f"`{key}` должен быть списком; начинайте каждую запись с\u00a0дефиса",
            )
            return []
        nodes: list[Node] = []
        for position, item in enumerate(cast("list[object]", found)):
            if isinstance(item, CommentedMap):
                nodes.append(Node(self.file, item, self.mistakes))
            else:
                line = cast("int", found.lc.item(position)[0]) + 1
                said = Text(
                    f"an entry of `{key}` must have keys such as `id: …`, not {item!r}",
                    f"у\u00a0записи в\u00a0`{key}` должны быть ключи, например `id: …`, а\u00a0стоит «{item}»",
                )
                self.mistakes.append(placed(line_of(self.file, line), said))
        return nodes

    def child(self, key: str) -> "Node | None":
        """The mapping at a key."""
        found = self.data.get(key)
        if found is None:
            return None
        if not isinstance(found, CommentedMap):
            self.wrong(
                key,
                f"`{key}` must hold `name: value` pairs, such as {{table: orders}}",
                f"в\u00a0`{key}` должны быть пары `имя: значение`, например {{table: orders}}",
            )
            return None
        return Node(self.file, found, self.mistakes)

    def string(self, key: str) -> str | None:
        """The text at a key."""
        found = self.data.get(key)
        if found is None:
            return None
        if not isinstance(found, str) or not found.strip():
            self.wrong(
                key,
                f"`{key}` is {plain(found)!r}; give a text, in quotes if it looks like a number",
                f"в\u00a0`{key}` стоит «{plain(found)}»; укажите текст, а\u00a0если он похож на\u00a0число\u00a0— "
                "в\u00a0кавычках",
            )
            return None
        return str(found)

    def text(self, key: str) -> Text | None:
        """The text at a key, or one by language."""
        found = self.data.get(key)
        if isinstance(found, CommentedMap):
            words = {str(language): word for language, word in found.items()}
            if words and set(words) <= {"en", "ru"} and all(isinstance(word, str) and word for word in words.values()):
                first = str(next(iter(words.values())))
                return Text(str(words.get("en", first)), str(words.get("ru", first)))
        elif isinstance(found, str) and found.strip():
            return Text(str(found), str(found))
        if found is not None:
            self.wrong(
                key,
                f"`{key}` must be a text, or one text per language: {{en: …, ru: …}}; within braces a text with a comma "
                "stands in quotes",
                f"в\u00a0`{key}` должен быть текст или по\u00a0тексту на\u00a0каждый язык: {{en: …, ru: …}}; "
                "в\u00a0фигурных скобках текст с\u00a0запятой берётся в\u00a0кавычки",
            )
        return None

    def number(self, key: str, default: float, *, whole: bool = False) -> float:
        """The number at a key."""
        found = self.data.get(key)
        if found is None:
            return default
        kind = int if whole else int | float
        if isinstance(found, bool) or not isinstance(found, kind) or not abs(found) <= LARGEST:
            self.wrong(
                key,
                f"`{key}` is {plain(found)!r}; give a {'whole ' if whole else ''}number",
                f"в\u00a0`{key}` стоит «{plain(found)}»; укажите {'целое ' if whole else ''}число",
            )
            return default
        return float(found)

    def choice(self, key: str, choices: Collection[Choice]) -> Choice | None:
        """The word at a key, one of `choices`."""
        found = self.data.get(key)
        if found is None:
            return None
        for choice in choices:
            if found == choice:
                return choice
        self.wrong(
            key, f"`{key}` is {plain(found)!r}", f"в\u00a0`{key}` стоит «{plain(found)}»", near(str(found), choices)
        )
        return None

    def names(self, key: str) -> tuple[str, ...]:
        """The texts of a list; one text is a list of one."""
        found = self.data.get(key)
        if found is None:
            return ()
        names: list[object] = list(cast("list[object]", found)) if isinstance(found, CommentedSeq) else [found]
        if not all(isinstance(name, str) for name in names):
            self.wrong(
                key,
                f"`{key}` must be a list of names, such as [channel, region]",
                f"в\u00a0`{key}` должен быть список имён, например [channel, region]",
            )
            return ()
        return tuple(dict.fromkeys(str(name) for name in names))

    def mapping(self, key: str) -> dict[str, object]:
        """The pairs at a key, as plain values."""
        found = self.child(key)
        return {} if found is None else {str(name): plain(value) for name, value in found.data.items()}


def read_yaml(text: str, file: str, mistakes: list[Text]) -> Node | None:
    """The mapping that a file holds."""
    try:
        content: object = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = line_of(file, mark.line + 1) if mark else Text(file, file)
        problem = " ".join(str(error.problem or error.context or "not YAML").split())
        mistakes.append(placed(place, unreadable_yaml(problem)))
        return None
    except (YAMLError, ValueError, TypeError, LookupError, AttributeError) as error:  # of tags such as `!!int x` too
        problem = " ".join(str(error).split())
        said = Text(f"cannot be read as YAML: {problem}", f"не\u00a0читается как YAML: {problem}")
        mistakes.append(said.after(f"{file}: "))
        return None
    if not isinstance(content, CommentedMap):
        said = Text(
            "the file must have the key `metrics:` with a list of metrics below it",
            "в\u00a0файле должен быть ключ `metrics:`, а\u00a0под ним список метрик",
        )
        mistakes.append(placed(line_of(file, 1), said))
        return None
    return Node(file, content, mistakes)


def plain(value: Any) -> Any:
    """The value without what ruamel.yaml adds to keep layout."""
    if isinstance(value, CommentedMap):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, CommentedSeq):
        return [plain(inner) for inner in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, datetime):
        return datetime.combine(value.date(), value.time(), value.tzinfo)
    return date(value.year, value.month, value.day) if isinstance(value, date) else value
