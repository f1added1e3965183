"""Bitrix24 by an incoming webhook: lists in the order of their keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase

from septima.connect.definition import Connection, Read
from septima.connect.rest import KeyPaginator, Part, Service
from septima.connect.rows import Record
from septima.connect.secrets import Secrets
from septima.connect.service import address_of, open_session

_PAGE = 50


@dataclass(frozen=True)
class _List:
    """A method that lists: by which field it is asked for changes, what it selects and where its records stand."""

    method: str
    changed: str
    select: tuple[str, ...] = ("*", "UF_*")
    selector: str = "result"
    more: Mapping[str, object] | None = None


_LISTS = {
    "deals": _List("crm.deal.list", "DATE_MODIFY"),
    "contacts": _List("crm.contact.list", "DATE_MODIFY", ("*", "UF_*", "EMAIL", "PHONE")),
    "companies": _List("crm.company.list", "DATE_MODIFY", ("*", "UF_*", "EMAIL", "PHONE")),
    "activities": _List("crm.activity.list", "LAST_UPDATED", ("*",)),
    "stages": _List("crm.stagehistory.list", "CREATED_TIME", ("*",), "result.items", {"entityTypeId": 2}),
}


@dataclass
class _Webhook(AuthBase):
    """The webhook's own part of the address, which is its secret, put in when a request is sent and not before."""

    secret: str
    host: str

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Complete the address of a request to the portal."""
        parts = urlsplit(request.url or "")
        if parts.hostname == self.host:
            request.url = parts._replace(path=parts.path.replace("/rest/", f"/rest/{self.secret}/", 1)).geturl()
        return request


def open_service(connection: Connection, secrets: Secrets) -> Service:
    """The service; nothing is asked yet."""
    address = address_of(connection)
    # The portal shows the webhook as a whole address; its part behind /rest/ is what counts.
    secret = secrets.need("webhook").partition("/rest/")[2] or secrets.need("webhook")
    secrets.values["webhook"] = secret.strip("/")
    session = open_session(connection, secrets)
    session.auth = _Webhook(secret.strip("/"), urlsplit(address).hostname or "")
    return Service(f"{address}/rest/", session, {name: _part(one) for name, one in _LISTS.items()})


def _part(one: _List) -> Part:
    def endpoint(since: datetime | None, read: Read) -> Record:  # noqa: ARG001
        changed = {} if since is None else {f">={one.changed}": since.isoformat(timespec="seconds")}
        return {
            "path": f"{one.method}.json",
            "method": "POST",
            "json": {
                **(one.more or {}),
                "filter": {**changed, ">ID": "0"},
                "order": {"ID": "ASC"},
                "select": list(one.select),
                "start": -1,
            },
            "data_selector": one.selector,
            "paginator": KeyPaginator(_PAGE, "ID", _write),
        }

    def changed(record: Record) -> datetime | None:
        found = record.get(one.changed)
        return datetime.fromisoformat(found).astimezone(UTC) if found else None

    return Part(endpoint, _rows, changed)


def _write(body: Record, last: str) -> None:
    body["filter"][">ID"] = last


def _rows(records: list[Record]) -> list[Record]:
    return [
        {key: _first(value) if key in ("EMAIL", "PHONE") else value for key, value in record.items()}
        for record in records
    ]


def _first(values: object) -> object:
    """The first of several addresses or numbers."""
    return values[0].get("VALUE") if isinstance(values, list) and values else None
