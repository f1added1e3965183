"""The kinds of connections: what each is told, which secrets it needs and how it is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from septima.schema import Text

Family = Literal["database", "rest", "files", "records", "mail"]
"""Tables of a database; parts of a service; files that the lake reads; files and letters that are made into rows first."""


@dataclass(frozen=True)
class Field:
    """Something that a definition says of where its data are: `default` where it may be left out."""

    name: str
    meaning: Text
    required: bool = True
    default: str | None = None
    is_number: bool = False


@dataclass(frozen=True)
class Secret:
    """Something that only the environment or the secrets file may say."""

    name: str
    meaning: Text
    required: bool = True


@dataclass(frozen=True)
class Kind:
    """A kind of connection; `parts` are the endpoints that it has, empty where the definition names tables or files.

    `dialect` is the kind of its database.
    """

    name: str
    family: Family
    title: Text
    fields: tuple[Field, ...] = ()
    secrets: tuple[Secret, ...] = ()
    parts: tuple[str, ...] = ()
    dialect: str = ""

    @property
    def starter(self) -> str:
        """A commented definition to begin with, in English and Russian."""
        return (resources.files("septima.connect") / "starters" / f"{self.name}.yaml").read_text(encoding="utf-8")


_PORTS = {"postgresql": "5432", "mysql": "3306"}
_PASSWORD = Secret("password", Text("the password of the user", "пароль пользователя"), required=False)


def _port(default: str) -> Field:
    return Field("port", Text("the port", "порт"), required=False, default=default, is_number=True)


def _server(port: str) -> tuple[Field, ...]:
    return (
        Field("host", Text("the name or address of the server", "имя или адрес сервера")),
        _port(port),
        Field("database", Text("the database", "база данных")),
        Field("user", Text("a user who may read it", "пользователь с\u00a0правом чтения")),
    )


def _database(name: str, title: Text, dialect: str) -> Kind:
    return Kind(name, "database", title, _server(_PORTS[dialect]), (_PASSWORD,), dialect=dialect)


def _folder(name: str, family: Family, title: Text) -> Kind:
    where = Text("the folder of the exports, from the workspace's", "папка выгрузок, считая от\u00a0папки пространства")
    return Kind(name, family, title, (Field("folder", where),))


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
    _database("postgresql", Text("PostgreSQL database", "База данных PostgreSQL"), "postgresql"),
    _database("mysql", Text("MySQL or MariaDB database", "База данных MySQL или MariaDB"), "mysql"),
    Kind(
        "sqlite",
        "database",
        Text("SQLite database", "База данных SQLite"),
        (Field("file", Text("the file, from the workspace's folder", "файл, считая от\u00a0папки пространства")),),
        dialect="sqlite",
    ),
    _database("odoo", Text("Odoo, by its PostgreSQL database", "Odoo через её базу PostgreSQL"), "postgresql"),
    _database("espocrm", Text("EspoCRM, by its MySQL database", "EspoCRM через её базу MySQL"), "mysql"),
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
    _folder(
        "google_analytics",
        "records",
        Text("Google Analytics 4, its BigQuery export as JSON", "Google Analytics 4: выгрузка BigQuery в\u00a0JSON"),
    ),
    _folder(
        "yandex_metrica",
        "files",
        Text("Yandex Metrica, visits of its Logs API", "Яндекс Метрика: визиты из\u00a0Logs API"),
    ),
    _folder("asterisk", "files", Text("Asterisk's log of calls", "Журнал звонков Asterisk")),
    _folder("zendesk", "records", Text("Zendesk's export of tickets as JSON", "Выгрузка заявок Zendesk в\u00a0JSON")),
    _folder("osticket", "files", Text("osTicket's export of tickets", "Выгрузка заявок osTicket")),
    Kind(
        "mailbox",
        "mail",
        Text("Bounces in a mailbox, by IMAP", "Недоставленные письма в\u00a0почтовом ящике, по\u00a0IMAP"),
        (
            Field("host", Text("the IMAP server", "сервер IMAP")),
            _port("993"),
            Field("user", Text("the user of the mailbox", "пользователь ящика")),
        ),
        (Secret("password", Text("the password of the mailbox", "пароль ящика")),),
    ),
    _folder("letters", "records", Text("Bounces as files of letters", "Недоставленные письма файлами")),
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
"""All kinds by name."""
