"""Mappings: which column of whose file is which canonical column.

A mapping is a YAML file. Reading it checks it whole, against the canonical tables, before any data
is touched; whatever is wrong is told with the line of the mapping.
"""

import datetime
import zoneinfo
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from septima.lake import mapping_words as words
from septima.lake.expressions import Expression, ExpressionError, parse
from septima.lake.words import no_table
from septima.schema import TABLES, SeptimaError, Table, Text, line_of

Format = Literal["csv", "blank", "parquet", "jsonl", "xlsx"]
Which = Literal["first", "last", "quarantine"]

_LOADER_COLUMNS = ("source", "loaded_at")
_MAPPING_KEYS = ("source", "files")
_READING_KEYS = (
    "format", "delimiter", "quote", "encoding", "header", "sheet", "decimal", "thousands", "dates", "timezone", "null_values",
)  # fmt: skip
_FILE_KEYS = ("file", *_READING_KEYS, "tables")
_TABLE_KEYS = ("columns", "when", "keep", "ignore")
_COLUMN_KEYS = (
    "column", "constant", "expression", "values", "otherwise", "dates", "timezone", "decimal", "thousands",
)  # fmt: skip


class MappingError(SeptimaError):
    """The mapping is wrong; the message names its file, the line and the remedy."""


@dataclass(frozen=True)
class Place:
    """A line of a mapping file, for messages."""

    file: str
    line: int

    def __str__(self) -> str:
        return self.text.en

    @property
    def text(self) -> Text:
        """The place in words."""
        return line_of(self.file, self.line)

    def before(self, said: Text) -> Text:
        """What is said of this place, after it."""
        return said.after(": ").after(self.text)


@dataclass(frozen=True)
class Forms:
    """How values are written; None means that it is to be detected.

    `dates` are strptime forms tried in order, or `iso`, `excel`, `unix`, `unix_ms`; `timezone` is
    the zone of local times; `decimal` and `thousands` are the separators of numbers.
    """

    dates: tuple[str, ...] | None = None
    timezone: str | None = None
    decimal: str | None = None
    thousands: str | None = None

    def over(self, wider: "Forms") -> "Forms":
        """These forms, and where they say nothing, the wider ones."""
        return Forms(
            wider.dates if self.dates is None else self.dates,
            wider.timezone if self.timezone is None else self.timezone,
            wider.decimal if self.decimal is None else self.decimal,
            wider.thousands if self.thousands is None else self.thousands,
        )


@dataclass(frozen=True)
class Keep:
    """What to do where one load brings a key twice with different contents.

    `first` or `last` in the order of the files, or by the canonical column `by`; `quarantine` puts
    all of them aside.
    """

    which: Which = "quarantine"
    by: str | None = None


@dataclass(frozen=True)
class ColumnMapping:
    """Where one canonical column comes from: a source column, a constant or an expression."""

    target: str
    place: Place
    column: str | None = None
    constant: str | None = None
    expression: Expression | None = None
    values: Dictionary[str, str | None] | None = None
    otherwise: str | None = None
    has_otherwise: bool = False
    forms: Forms = Forms()

    @property
    def sources(self) -> tuple[str, ...]:
        """The source columns it reads."""
        if self.column is not None:
            return (self.column,)
        return self.expression.columns if self.expression is not None else ()


@dataclass(frozen=True)
class TableMapping:
    """How the rows of one file become rows of one canonical table."""

    table: Table
    place: Place
    columns: tuple[ColumnMapping, ...]
    when: Expression | None = None
    keep: Keep = Keep()
    ignore: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[str, ...]:
        """The source columns it reads, each once."""
        names = [name for column in self.columns for name in column.sources]
        names += self.when.columns if self.when is not None else ()
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class FileMapping:
    """One entry of `files`: a file or a glob of files alike, and the tables it feeds."""

    pattern: str
    place: Place
    tables: tuple[TableMapping, ...]
    format: Format | None = None
    delimiter: str | None = None
    quote: str | None = None
    encoding: str | None = None
    header: bool | None = None
    sheet: str | None = None
    null_values: tuple[str, ...] = ()
    forms: Forms = Forms()

    @property
    def sources(self) -> tuple[str, ...]:
        """The source columns that any of its tables reads."""
        return tuple(dict.fromkeys(name for table in self.tables for name in table.sources))

    @property
    def ignored(self) -> tuple[str, ...]:
        """The source columns that are not to be kept in `properties`."""
        return tuple(dict.fromkeys(name for table in self.tables for name in table.ignore))

    @property
    def unread(self) -> frozenset[str]:
        """The source columns that are neither kept nor read: they need not be there at all."""
        return frozenset(self.ignored) - frozenset(self.sources)


@dataclass(frozen=True)
class Mapping:
    """A whole mapping; `path` is where it was read from and `text` what stood there."""

    source: str
    files: tuple[FileMapping, ...]
    path: Path
    text: str

    @property
    def folder(self) -> Path:
        """Where its files are looked for, unless a load is given another folder."""
        return self.path.parent


def read_mapping(path: Path | str) -> Mapping:
    """Read and check the mapping at `path`; MappingError names the line of whatever is wrong."""
    path = Path(path).absolute()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise MappingError(words.absent(path)) from None
    except UnicodeDecodeError as error:
        raise MappingError(words.not_utf8(path, error.start)) from None
    except OSError as error:
        raise MappingError(words.unreadable(path, error.strerror)) from None
    return parse_mapping(text, path)


def parse_mapping(text: str, path: Path) -> Mapping:
    """The mapping written in `text`, as though it stood at `path`."""
    name = path.name
    try:
        content: object = YAML().load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MappingError(Place(name, line).before(words.not_yaml(error.problem))) from None
    except YAMLError as error:
        raise MappingError(words.not_yaml(error).after(f"{name}: ")) from None
    root = _Node(content, Place(name, 1), words.WHOLE)
    root.check_keys(_MAPPING_KEYS)
    source = root.required("source").text()
    files = root.required("files")
    if not files.items():
        raise files.wrong(words.no_files())
    return Mapping(source, tuple(_file(node) for node in files.items()), path, text)


def entry_of(content: CommentedMap, place: Place, pattern: str, own: tuple[str, ...]) -> FileMapping:
    """An entry of `files` that stands in a file of another kind, which says by its `own` keys what is read instead of a file.

    `pattern` is what the entry is called. MappingError as for a mapping, with the lines of that file.
    """
    node = _Node(content, place, words.named("reads"))
    node.check_keys((*own, *_READING_KEYS, "tables"))
    return _entry(node, pattern)


def _file(node: "_Node") -> FileMapping:
    node.check_keys(_FILE_KEYS)
    return _entry(node, node.required("file").text())


def _entry(node: "_Node", pattern: str) -> FileMapping:
    format_node = node.optional("format")
    format_ = None if format_node is None else format_node.one_of(get_args(Format))
    tables = node.required("tables").entries()
    if not tables:
        raise node.wrong(words.feeds_nothing(pattern))
    delimiter, quote = node.text_of("delimiter"), node.text_of("quote")
    for name, value, most in (("delimiter", delimiter, 4), ("quote", quote, 1)):
        if value is not None and len(value.replace("\\t", "\t")) > most:
            raise node.wrong(words.too_long(name, value, most))
    header = node.optional("header")
    null_values = node.optional("null_values")
    return FileMapping(
        pattern,
        node.place,
        tuple(_table(name, table) for name, table in tables),
        cast("Format | None", format_),
        delimiter.replace("\\t", "\t") if delimiter else None,
        quote,
        node.text_of("encoding"),
        None if header is None else header.boolean(),
        node.text_of("sheet"),
        () if null_values is None else null_values.texts(),
        _forms(node),
    )


def _forms(node: "_Node") -> Forms:
    dates, timezone = node.optional("dates"), node.optional("timezone")
    decimal, thousands = node.text_of("decimal"), node.text_of("thousands")
    if decimal is not None and decimal not in (".", ","):
        raise node.wrong(words.no_decimal(decimal))
    if thousands is not None and thousands == (decimal or "."):
        raise node.wrong(words.same_marks(thousands))
    zone = None
    if timezone is not None:
        zone = timezone.text()
        try:
            zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            raise timezone.wrong(words.no_zone(zone)) from None
    forms = None if dates is None else dates.texts()
    for form in forms or ():
        if form not in ("iso", "excel", "unix", "unix_ms") and "%" not in form:
            raise node.child("dates").wrong(words.no_date_form(form))
    return Forms(forms, zone, decimal, thousands)


def _table(name: str, node: "_Node") -> TableMapping:
    if name not in TABLES:
        raise node.wrong(no_table(name, TABLES))
    table = TABLES[name]
    node.check_keys(_TABLE_KEYS)
    columns = tuple(_column(table, target, column) for target, column in node.required("columns").entries())
    mapped = {column.target for column in columns}
    lacking = [column for column in table.columns if column.blank is not None and column.name not in mapped]
    columns += tuple(ColumnMapping(column.name, node.place, constant=column.blank) for column in lacking)
    mapped |= {column.name for column in lacking}
    for key in table.key:
        if key not in mapped:
            raise node.wrong(words.lacks_key(name, key))
    for column in table.columns:
        if column.required and column.name not in mapped and column.name not in _LOADER_COLUMNS:
            raise node.wrong(words.lacks_column(name, column.name))
    when_node, ignore_node = node.optional("when"), node.optional("ignore")
    when = None if when_node is None else _expression(when_node)
    if when is not None and when.kind != "boolean":
        raise node.child("when").wrong(words.no_condition())
    keep = _keep(table, node.optional("keep"))
    return TableMapping(table, node.place, columns, when, keep, () if ignore_node is None else ignore_node.texts())


def _keep(table: Table, node: "_Node | None") -> Keep:
    if node is None:
        return Keep()
    if not isinstance(node.value, CommentedMap):
        return Keep(cast("Which", node.one_of(get_args(Which))))
    node.check_keys(("first", "last"))
    entries = node.entries()
    if len(entries) != 1:
        raise node.wrong(words.no_keep())
    which, by = entries[0][0], entries[0][1].text()
    if by not in table.column_names:
        raise node.wrong(words.no_order(table.name, by))
    return Keep(cast("Which", which), by)


def _column(table: Table, target: str, node: "_Node") -> ColumnMapping:
    if target not in table.column_names:
        known = ", ".join(name for name in table.column_names if name not in _LOADER_COLUMNS)
        raise node.wrong(words.no_column(table.name, target, known))
    if target in _LOADER_COLUMNS:
        raise node.wrong(words.filled_by_load(target))
    if not isinstance(node.value, CommentedMap):
        return ColumnMapping(target, node.place, column=node.text())
    node.check_keys(_COLUMN_KEYS)
    given = [name for name in ("column", "constant", "expression") if node.optional(name) is not None]
    if len(given) != 1:
        raise node.wrong(words.not_one_origin(target))
    expression_node, values_node = node.optional("expression"), node.optional("values")
    mapping = ColumnMapping(
        target,
        node.place,
        column=node.text_of("column"),
        constant=node.text_of("constant"),
        expression=None if expression_node is None else _expression(expression_node),
        forms=_forms(node),
    )
    if values_node is not None:
        values = {key: value.nullable_text() for key, value in values_node.entries()}
        mapping = replace(mapping, values=values)
    if node.has("otherwise"):
        if values_node is None:
            raise node.wrong(words.lone_otherwise(target))
        mapping = replace(mapping, has_otherwise=True, otherwise=node.child("otherwise").nullable_text())
    _check_choices(table, mapping)
    return mapping


def _check_choices(table: Table, mapping: ColumnMapping) -> None:
    choices = table.column(mapping.target).choices
    if not choices:
        return
    written = [mapping.constant, mapping.otherwise, *(mapping.values or {}).values()]
    for value in written:
        if value is not None and value not in choices:
            raise MappingError(mapping.place.before(words.no_choice(mapping.target, value, choices)))


def _expression(node: "_Node") -> Expression:
    try:
        return parse(node.text())
    except ExpressionError as error:
        raise node.wrong(error.statement) from None


@dataclass(frozen=True)
class _Node:
    """A part of the YAML with the line it stands on."""

    value: object
    place: Place
    name: Text

    def wrong(self, said: Text) -> MappingError:
        return MappingError(self.place.before(said))

    def check_keys(self, known: tuple[str, ...]) -> None:
        for key, node in self.entries():
            if key not in known:
                raise node.wrong(words.unknown_key(self.name, key, known))

    def entries(self) -> list[tuple[str, "_Node"]]:
        if not isinstance(self.value, CommentedMap):
            raise self.wrong(words.no_pairs(self.name))
        keys = [str(_plain(key)) for key in self.value]
        return [(key, self.child(original)) for key, original in zip(keys, list(self.value), strict=True)]

    def child(self, key: object) -> "_Node":
        content = cast("CommentedMap", self.value)
        line = self.place.line
        positions = cast("dict[object, list[int]]", content.lc.data or {})
        if key in positions:
            line = positions[key][0] + 1
        return _Node(content[key], Place(self.place.file, line), words.named(str(key)))

    def has(self, key: str) -> bool:
        return isinstance(self.value, CommentedMap) and key in self.value

    def optional(self, key: str) -> "_Node | None":
        if not self.has(key):
            return None
        node = self.child(key)
        return None if node.value is None else node

    def required(self, key: str) -> "_Node":
        node = self.optional(key)
        if node is None:
            raise self.wrong(words.lacks(self.name, key))
        return node

    def text_of(self, key: str) -> str | None:
        node = self.optional(key)
        return None if node is None else node.text()

    def items(self) -> list["_Node"]:
        if not isinstance(self.value, CommentedSeq):
            raise self.wrong(words.no_list(self.name))
        positions = cast("dict[int, list[int]]", self.value.lc.data or {})
        return [
            _Node(item, Place(self.place.file, positions[index][0] + 1), words.entry(index + 1, self.name))
            for index, item in enumerate(self.value)
        ]

    def text(self) -> str:
        value = self.nullable_text()
        if value is None:
            raise self.wrong(words.empty(self.name))
        return value

    def nullable_text(self) -> str | None:
        if isinstance(self.value, CommentedMap | CommentedSeq):
            raise self.wrong(words.no_single_value(self.name))
        return _plain(self.value)

    def texts(self) -> tuple[str, ...]:
        if isinstance(self.value, CommentedSeq):
            return tuple(node.nullable_text() or "" for node in self.items())
        return (self.text(),)

    def boolean(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.wrong(words.no_boolean(self.name, self.value))
        return self.value

    def one_of(self, choices: tuple[str, ...]) -> str:
        value = self.text()
        if value not in choices:
            raise self.wrong(words.none_of(self.name, value, choices))
        return value


def _plain(value: object) -> str | None:
    """A YAML scalar as the text that stands in data: 1 → 1, true → true, 2024-01-01 → 2024-01-01; None if it is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    return str(value) if isinstance(value, str | int | float) else None
