"""The kinds of connections: what each is told, which secrets it needs and how it is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from septima.schema import Text

Family = Literal["database", "rest", "files", "mail"]


@dataclass(frozen=True)
class Field:
    """Something that a definition says of where its data are: `default` where it may be left out."""

    name: str
    meaning: Text
    required: bool = True
    default: str | None = None


@dataclass(frozen=True)
class Secret:
    """Something that only the environment or the secrets file may say. `alternative` secrets may be given instead."""

    name: str
    meaning: Text
    required: bool = True


@dataclass(frozen=True)
class Kind:
    """A kind of connection; `parts` are the endpoints that it has, empty where the definition names tables or files."""

    name: str
    family: Family
    title: Text
    fields: tuple[Field, ...] = ()
    secrets: tuple[Secret, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def starter(self) -> str:
        """A commented definition to begin with, in English and Russian."""
        return (resources.files("septima.connect") / "starters" / f"{self.name}.yaml").read_text(encoding="utf-8")


_PASSWORD = Secret("password", Text("the password of the user", "пароль пользователя"), required=False)


def _server(port: str) -> tuple[Field, ...]:
    return (
        Field("host", Text("the name or address of the server", "имя или адрес сервера")),
        Field("port", Text("the port", "порт"), required=False, default=port),
        Field("database", Text("the database", "база данных")),
        Field("user", Text("a user who may read it", "пользователь с\u00a0правом чтения")),
    )


def _database(name: str, title: Text, port: str) -> Kind:
    return Kind(name, "database", title, _server(port), (_PASSWORD,))


_ALL = (
    _database("postgresql", Text("PostgreSQL database", "База данных PostgreSQL"), "5432"),
    _database("mysql", Text("MySQL or MariaDB database", "База данных MySQL или MariaDB"), "3306"),
    Kind(
        "sqlite",
        "database",
        Text("SQLite database", "База данных SQLite"),
        (Field("file", Text("the file, from the workspace's folder", "файл, считая от\u00a0папки пространства")),),
    ),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
"""All kinds by name."""
