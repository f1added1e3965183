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


def _address(meaning: Text, default: str | None = None) -> Field:
    return Field("address", meaning, required=default is None, default=default)


_CLIENT = (
    Field("client_id", Text("the id of the integration", "идентификатор интеграции"), required=False, default=""),
)
_TOKENS = (
    Secret("access_token", Text("the access token", "токен доступа"), required=False),
    Secret("refresh_token", Text("the refresh token", "токен обновления"), required=False),
    Secret("client_secret", Text("the secret of the integration", "секретный ключ интеграции"), required=False),
    Secret("expires_at", Text("until when the access token holds", "срок токена доступа"), required=False),
)

_ALL = (
    _database("postgresql", Text("PostgreSQL database", "База данных PostgreSQL"), "5432"),
    _database("mysql", Text("MySQL or MariaDB database", "База данных MySQL или MariaDB"), "3306"),
    Kind(
        "sqlite",
        "database",
        Text("SQLite database", "База данных SQLite"),
        (Field("file", Text("the file, from the workspace's folder", "файл, считая от\u00a0папки пространства")),),
    ),
    Kind(
        "hubspot",
        "rest",
        Text("HubSpot", "HubSpot"),
        (_address(Text("the address of HubSpot's API", "адрес API HubSpot"), "https://api.hubapi.com"), *_CLIENT),
        _TOKENS,
        ("deals", "contacts", "companies", "calls", "meetings", "emails"),
    ),
    Kind(
        "bitrix24",
        "rest",
        Text("Bitrix24", "Битрикс24"),
        (_address(Text("the address of the portal", "адрес портала")),),
        (Secret("webhook", Text("the address of the incoming webhook", "адрес входящего вебхука")),),
        ("deals", "contacts", "companies", "activities", "stages"),
    ),
    Kind(
        "amocrm",
        "rest",
        Text("amoCRM", "amoCRM"),
        (
            _address(Text("the address of the account", "адрес аккаунта")),
            *_CLIENT,
            Field(
                "redirect_uri",
                Text("the redirect address of the integration", "адрес перенаправления интеграции"),
                required=False,
                default="",
            ),
        ),
        _TOKENS,
        ("leads", "contacts", "companies", "contact_notes", "lead_notes", "stages"),
    ),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
"""All kinds by name."""
