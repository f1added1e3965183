"""Connections as their YAML files define them; whatever is wrong in one is told with file, line and remedy."""

import re
from dataclasses import dataclass
from glob import escape
from io import StringIO
from pathlib import Path
from typing import cast

from ruamel.yaml import YAML

from septima.connect.kinds import KINDS, Field, Kind
from septima.lake.mapping import FileMapping, Place, entry_of
from septima.schema import Text
from septima.schema.wording import hinted
from septima.scorecard.definition import DefinitionError
from septima.scorecard.nodes import Node, near, plain, read_node

FOLDER = "connections"
"""Folder of the definitions within a workspace."""
_OWN = ("from", "cursor", "overlap")
_OF_FILES = ("format", "delimiter", "quote", "encoding", "header", "sheet")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_LENGTH = re.compile(rf"(\d{{1,6}}) ({'|'.join(_SECONDS)})s?")


@dataclass(frozen=True)
class Overlap:
    """How far behind the position a read begins: `seconds` where the cursor is a time, `count` where it is a number.

    None where the definition gives the other one.
    """

    seconds: float | None = 3600
    count: int | None = 1000


@dataclass(frozen=True)
class Read:
    """One table, endpoint or group of files of a connection, and the canonical tables that it feeds."""

    origin: str
    place: Place
    mapping: FileMapping
    cursor: str | None = None
    overlap: Overlap = Overlap()


@dataclass(frozen=True)
class Connection:
    """A connection; `values` are its fields, `mapping_text` is what its reads say as a mapping of the lake."""

    name: str
    kind: Kind
    values: dict[str, str]
    reads: tuple[Read, ...]
    path: Path
    mapping_text: str

    @property
    def workspace(self) -> Path:
        """Folder of the workspace."""
        return self.path.parent.parent

    @property
    def work(self) -> Path:
        """Folder of what is under way: what has arrived, and the position."""
        return self.path.parent / "work" / self.name

    @property
    def secrets_path(self) -> Path:
        """File of the secrets, which need not be there."""
        return self.path.with_suffix(".secrets")


def definition_path(workspace: Path, name: str) -> Path:
    """Where the connection of that name is defined; DefinitionError where it cannot be a name."""
    if not _NAME.fullmatch(name):
        raise DefinitionError(
            Text(
                f"{name!r} cannot name a connection; use up to 40 small Latin letters, digits and _, a letter first",
                f"«{name}» не\u00a0годится как имя подключения; возьмите до\u00a040 строчных латинских букв, цифр и\u00a0_, "
                "первой должна быть буква",
            )
        )
    return workspace / FOLDER / f"{name}.yaml"


def connection_names(workspace: Path) -> list[str]:
    """The names of the connections of a workspace, in order."""
    return sorted(path.stem for path in (workspace / FOLDER).glob("*.yaml"))


def read_connection(workspace: Path, name: str) -> Connection:
    """The connection of that name; DefinitionError or MappingError with file, line and remedy."""
    path = definition_path(workspace, name)
    if not path.exists():
        known = connection_names(workspace)
        add = f"septima connect add {workspace} KIND {name}"
        hint = near(name, known) if known else Text(f"add it: {add}", f"добавьте его: {add}")
        raise DefinitionError(hinted(f"there is no connection {name!r}", f"нет подключения «{name}»", hint))
    return _connection(
        name, path, read_node(path, "kind", Text("write it anew", "запишите его заново"))
    )  # the file was there a moment ago


def _connection(name: str, path: Path, node: Node) -> Connection:
    found = node.string("kind")
    if found is None:
        raise node.wrong(None, "there is no `kind`", "нет `kind`", near("", KINDS))
    if found not in KINDS:
        raise node.wrong("kind", f"there is no kind {found!r}", f"нет вида «{found}»", near(found, KINDS))
    kind = KINDS[found]
    _no_secrets(name, path, node, kind)
    node.only(("kind", "reads", *(field.name for field in kind.fields)))
    reads = node.items("reads")
    if not reads:
        raise node.wrong(
            "reads",
            "there are no reads; give `reads:` at least one",
            "нечего читать; укажите в\u00a0`reads:` хотя\u00a0бы одно чтение",
        )
    known: dict[str, int] = {}
    for one in reads:
        origin = _origin(one, kind)
        if origin in known:
            raise one.wrong(
                "from",
                f"{origin!r} is read by line {known[origin]} already; let one read feed all its tables",
                f"«{origin}» уже читается в\u00a0строке {known[origin]}; пусть одно чтение наполняет все свои таблицы",
            )
        known[origin] = one.line()
    values = {field.name: value for field in kind.fields if (value := _value(node, field)) is not None}
    return Connection(
        name, kind, values, tuple(_read(one, kind) for one in reads), path, _mapping_text(name, reads, kind)
    )


def _no_secrets(name: str, path: Path, node: Node, kind: Kind) -> None:
    for secret in kind.secrets:
        if secret.name in node.data:
            file = path.with_suffix(".secrets").name
            raise node.wrong(
                secret.name,
                f"`{secret.name}` is a secret and does not belong here; take it out, and give it as "
                f"{variable_of(name, secret.name)} in the environment or in {file}",
                f"`{secret.name}`\u00a0— секрет, здесь ему не\u00a0место; уберите его и\u00a0задайте переменной окружения "
                f"{variable_of(name, secret.name)} или в\u00a0файле {file}",
            )


def variable_of(name: str, secret: str) -> str:
    """The variable of the environment that may hold a secret of a connection."""
    return f"SEPTIMA_{name}_{secret}".upper()


def _value(node: Node, field: Field) -> str | None:
    found = node.data.get(field.name)
    if found is None:
        if field.required:
            raise node.wrong(
                None,
                f"there is no `{field.name}`; give {field.meaning.en}",
                f"нет `{field.name}`; укажите: {field.meaning.ru}",
            )
        return field.default
    if isinstance(found, bool) or not isinstance(found, str | int) or not str(found).strip():
        raise node.wrong(
            field.name,
            f"`{field.name}` is {found!r}; give {field.meaning.en}",
            f"в\u00a0`{field.name}` стоит «{found}»; укажите: {field.meaning.ru}",
        )
    value = str(found).strip()
    if field.is_number and not value.isdecimal():
        raise node.wrong(
            field.name,
            f"`{field.name}` is {value!r}; give a number",
            f"в\u00a0`{field.name}` стоит «{value}»; укажите число",
        )
    return value


def _origin(node: Node, kind: Kind) -> str:
    origin = node.string("from")
    if origin is None:
        raise node.wrong(
            None,
            "a read has no `from`; name the table, endpoint or files that it reads",
            "у\u00a0чтения нет `from`; назовите таблицу, раздел или файлы, которые оно читает",
        )
    if kind.parts and origin not in kind.parts:
        raise node.wrong(
            "from",
            f"{kind.name} has no {origin!r}",
            f"в\u00a0{kind.name} нет раздела «{origin}»",
            near(origin, kind.parts),
        )
    return origin


def _read(node: Node, kind: Kind) -> Read:
    origin, place = _origin(node, kind), Place(Path(node.file).name, node.line())
    own = _OWN if kind.family == "database" else ("from",)
    if kind.family != "files":
        for key in _OF_FILES:
            if key in node.data:
                raise node.wrong(
                    key,
                    f"`{key}` is of files; a {kind.family} has none, take it out",
                    f"`{key}` относится к\u00a0файлам, а\u00a0здесь их нет; уберите его",
                )
    return Read(
        origin, place, entry_of(node.data, place, _pattern_of(origin, kind), own), node.string("cursor"), _overlap(node)
    )


def _pattern_of(origin: str, kind: Kind) -> str:
    """The pattern that the names of what arrived by a read fit, in the quarantine too."""
    return origin if kind.family == "files" else f"{escape(origin)} [0-9]*"


def _overlap(node: Node) -> Overlap:
    given = node.data.get("overlap")
    if given is None:
        return Overlap()
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return Overlap(0 if given == 0 else None, given)
    match = _LENGTH.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        raise node.wrong(
            "overlap",
            f"`overlap` is {given!r}; write a time such as `2 hours` or `1 day`, or a number for a cursor of numbers",
            f"в\u00a0`overlap` стоит «{given}»; запишите время, например `2 hours` или `1 day`, либо число, "
            "если курсор числовой",
        )
    return Overlap(float(match[1]) * _SECONDS[match[2]], None)


def _mapping_text(name: str, reads: list[Node], kind: Kind) -> str:
    """The reads as a mapping of the lake, by which the quarantine mends rows later."""
    files: list[dict[str, object]] = []
    for node in reads:
        content = cast("dict[str, object]", plain(node.data))
        taken = {key: value for key, value in content.items() if key not in _OWN}
        parquet = {} if kind.family == "files" else {"format": "parquet"}
        files.append({"file": _pattern_of(_origin(node, kind), kind), **parquet, **taken})
    yaml, written = YAML(typ="safe", pure=True), StringIO()
    # Of several tables the first keeps what has no canonical name, so their order matters.
    yaml.sort_base_mapping_type_on_output = False  # pyright: ignore[reportAttributeAccessIssue]
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.dump({"source": name, "files": files}, written)
    return written.getvalue()
