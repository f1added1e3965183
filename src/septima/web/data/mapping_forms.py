"""A mapping as a form: every column of the file with what becomes of it. What the form cannot say stays YAML.

The form is made from the mapping's text and written back to it, so that both say the same.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from septima.lake.mapping import Mapping as LoadMapping
from septima.lake.mapping import MappingError, parse_mapping
from septima.schema import TABLES, Column, Table, Text

KEEP, IGNORE = "", "-"
"""What may become of a column besides a column of the table: kept among the properties, or left out."""
DATE_FORMS = (
    "iso",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
    "excel",
    "unix",
    "unix_ms",
)
LOADER_COLUMNS = ("source", "loaded_at", "properties")
_MOST_TEXT = 64 * 2**10
_MOST_NODES, _DEEPEST = 20_000, 12
_COLUMN_KEYS = {"column", "constant", "values", "dates", "decimal"}


@dataclass(frozen=True)
class ColumnChoice:
    """What becomes of one column of the file: `target` is a column of the table, KEEP or IGNORE."""

    target: str = KEEP
    dates: str = ""
    decimal: str = ""
    values: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class FormMapping:
    """A mapping that a form can show: one table of one file. `options` are those of the reading of the file."""

    source: str
    table: str
    columns: Mapping[str, ColumnChoice]
    constants: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


def check_text(text: str) -> None:
    """Refuse YAML that is too long, too deep or refers to its own parts, before it is built. MappingError says which."""
    if len(text.encode()) > _MOST_TEXT:
        raise MappingError(Text("The mapping is longer than 64 kB.", "Сопоставление длиннее 64\u00a0КБ."))
    nodes, depth = 0, 0
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            nodes += 1
            depth += isinstance(event, MappingStartEvent | SequenceStartEvent)
            depth -= isinstance(event, MappingEndEvent | SequenceEndEvent)
            if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
                raise MappingError(
                    Text(
                        "The mapping uses anchors or aliases (& and *); write the values out.",
                        "В\u00a0сопоставлении есть якоря или ссылки (& и\u00a0*); напишите значения полностью.",
                    )
                )
            if nodes > _MOST_NODES or depth > _DEEPEST:
                raise MappingError(
                    Text(
                        "The mapping is nested too deeply or has too many parts.",
                        "В\u00a0сопоставлении слишком много частей или уровней вложенности.",
                    )
                )
    except YAMLError as error:
        problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        raise MappingError(
            Text(
                f"line {line}: this is not YAML: {problem or error}",
                f"строка {line}: это не\u00a0YAML: {problem or error}",
            )
        ) from None


def checked_mapping(text: str, path: Path, file: str) -> LoadMapping:
    """The mapping of one uploaded file. MappingError where it is wrong or names another file."""
    check_text(text)
    mapping = parse_mapping(text, path)
    for entry in mapping.files:
        if entry.pattern != file:
            raise MappingError(
                entry.place.before(
                    Text(
                        f"the mapping names the file {entry.pattern!r}; here it can only be {file!r}.",
                        f"в\u00a0сопоставлении назван файл «{entry.pattern}»; здесь это может быть только «{file}».",
                    )
                )
            )
    return mapping


def for_file(text: str, file: str) -> str:
    """The text of a mapping with another file's name in it, all else and its comments as they were."""
    yaml = _writer()
    content: Any = yaml.load(text)
    for entry in content["files"]:
        entry["file"] = file
    return _dumped(yaml, content)


class _UnshowableError(Exception):
    """The mapping says more than a form can."""


def read_form(text: str) -> FormMapping | None:
    """The mapping as a form shows it; None where it says more than a form can, or is no mapping at all."""
    try:
        check_text(text)
        return _form_of(YAML(typ="safe", pure=True).load(text))
    except (MappingError, YAMLError, _UnshowableError):
        return None


def _form_of(content: Any) -> FormMapping:
    root = _named(content, ("source", "files"))
    files: Any = root.get("files")
    if not isinstance(files, list) or len(cast("list[Any]", files)) != 1:
        raise _UnshowableError
    entry = _named(files[0])
    tables = _named(entry.get("tables"))
    if len(tables) != 1 or next(iter(tables)) not in TABLES:
        raise _UnshowableError
    name, content = next(iter(tables.items()))
    table = _named(content, ("columns", "ignore"))
    ignored: Any = table.get("ignore") or []
    if not isinstance(ignored, list):
        ignored = [ignored]
    columns = {_text(one): ColumnChoice(IGNORE) for one in cast("list[Any]", ignored)}
    constants: dict[str, str] = {}
    for target, given in _named(table.get("columns") or {}).items():
        if not _take_column(target, given, columns, constants):
            raise _UnshowableError
    options = {key: value for key, value in entry.items() if key not in {"file", "tables"}}
    return FormMapping(_text(root.get("source")), name, columns, constants, options)


def _named(value: Any, known: tuple[str, ...] | None = None) -> dict[str, Any]:
    """The parts of a value by their names, which are among those `known`."""
    if not isinstance(value, dict):
        raise _UnshowableError
    parts = {str(key): part for key, part in cast("dict[Any, Any]", value).items()}
    if known is not None and set(parts) - set(known):
        raise _UnshowableError
    return parts


def _take_column(target: str, given: Any, columns: dict[str, ColumnChoice], constants: dict[str, str]) -> bool:
    """Put one line of `columns` into its place; False where the form has none for it."""
    if not isinstance(given, dict):
        if given is None or isinstance(given, list) or str(given) in columns:
            return False
        columns[str(given)] = ColumnChoice(target)
        return True
    parts = cast("dict[str, Any]", given)
    if set(parts) - _COLUMN_KEYS or ("column" in parts) == ("constant" in parts):
        return False
    if "constant" in parts:
        constants[target] = _text(parts["constant"])
        return len(parts) == 1
    values: Any = parts.get("values") or {}
    plain = isinstance(values, dict) and not isinstance(parts.get("dates"), list)
    if not plain or None in values.values() or str(parts["column"]) in columns:
        return False
    known = {_text(key): _text(value) for key, value in values.items()}
    columns[str(parts["column"])] = ColumnChoice(target, _text(parts.get("dates")), _text(parts.get("decimal")), known)
    return True


def write_form(form: FormMapping, file: str) -> str:
    """The text of the mapping that a form says."""
    columns: dict[str, Any] = {}
    for name, choice in form.columns.items():
        if choice.target in {KEEP, IGNORE}:
            continue
        more: dict[str, Any] = {}
        more |= {"dates": choice.dates} if choice.dates else {}
        more |= {"decimal": choice.decimal} if choice.decimal else {}
        values = {key: value for key, value in choice.values.items() if value}
        more |= {"values": values} if values else {}
        columns[choice.target] = {"column": name, **more} if more else name
    for target, constant in form.constants.items():
        if constant and target not in columns:
            columns[target] = {"constant": constant}
    ignored = [name for name, choice in form.columns.items() if choice.target == IGNORE]
    table: dict[str, Any] = {"columns": columns}
    table |= {"ignore": ignored} if ignored else {}
    content = {"source": form.source, "files": [{"file": file, **form.options, "tables": {form.table: table}}]}
    return _dumped(_writer(), content)


def form_from_post(post: Mapping[str, Any], names: Iterable[str], options: Mapping[str, Any]) -> FormMapping:
    """What a person chose; `names` are the columns of the file in their order. MappingError where two say the same."""
    table = str(post.get("table", ""))
    if table not in TABLES:
        raise MappingError(Text("Choose a table.", "Выберите таблицу."))
    declared = TABLES[table]
    columns: dict[str, ColumnChoice] = {}
    taken: dict[str, str] = {}
    for index, name in enumerate(names):
        target = str(post.get(f"target-{index}", KEEP))
        if target not in {KEEP, IGNORE} and target not in declared.column_names:
            target = KEEP  # the table was changed in the same step
        if target in taken:
            raise MappingError(
                Text(
                    f"Both “{taken[target]}” and “{name}” are to become {target}; leave one of them.",
                    f"И\u00a0«{taken[target]}», и\u00a0«{name}» сопоставлены с\u00a0{target}; оставьте что-то одно.",
                )
            )
        if target not in {KEEP, IGNORE}:
            taken[target] = name
        columns[name] = ColumnChoice(
            target, str(post.get(f"dates-{index}", "")), str(post.get(f"decimal-{index}", "")), _chosen(post, index)
        )
    constants = {
        column.name: str(post.get(f"constant-{column.name}", "")).strip()
        for column in declared.columns
        if column.name not in LOADER_COLUMNS
    }
    added, value = str(post.get("constant-column", "")), str(post.get("constant-value", "")).strip()
    if added in declared.column_names:
        constants[added] = value
    return FormMapping(str(post.get("source", "")).strip(), table, columns, constants, options)


def _chosen(post: Mapping[str, Any], index: int) -> dict[str, str]:
    """What values of a column with choices mean."""
    values: dict[str, str] = {}
    for number in range(200):
        if (key := post.get(f"value-{index}-{number}")) is None:
            break
        values[str(key)] = str(post.get(f"means-{index}-{number}", ""))
    return values


def is_time(column: Column) -> bool:
    """Whether a column's values may be written in several forms of dates."""
    return column.type in {"timestamp", "date"}


def is_number(column: Column) -> bool:
    """Whether a column's values may be written with either decimal sign."""
    return column.type in {"decimal", "number"}


def mappable(table: Table) -> list[Column]:
    """The columns of a table that come from a file."""
    return [column for column in table.columns if column.name not in LOADER_COLUMNS]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _writer() -> YAML:
    yaml = YAML()
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(yaml: YAML, content: Any) -> str:
    stream = io.StringIO()
    yaml.dump(content, stream)
    return stream.getvalue()
