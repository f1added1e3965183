"""HubSpot: objects by its search, in the order of their keys, with whom they are associated with."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from requests import Session

from septima.connect.definition import Connection, Read
from septima.connect.rest import KeyPaginator, Part, Service
from septima.connect.rows import Record
from septima.connect.secrets import Secrets
from septima.connect.service import TokenAuth, address_of, exchange_by, open_session

_PAGE = 100
_MODIFIED = {"contacts": "lastmodifieddate"}
_ASSOCIATED = {
    "deals": ("contacts", "companies"),
    "calls": ("contacts", "companies"),
    "meetings": ("contacts", "companies"),
    "emails": ("contacts", "companies"),
}
_KEYS = {"contacts": "contact_id", "companies": "company_id"}
_OWN = ("id", "createdAt", "updatedAt", "archived", *_KEYS.values())


def open_service(connection: Connection, secrets: Secrets) -> Service:
    """The service; nothing is asked yet."""
    address, session = address_of(connection), open_session(connection, secrets)
    form = {"client_id": connection.values.get("client_id", ""), "client_secret": secrets.get("client_secret") or ""}
    exchange = exchange_by(f"{address}/oauth/v1/token", form, as_json=False)
    session.auth = TokenAuth(secrets, urlsplit(address).hostname or "", session, exchange)
    return Service(address, session, {name: _part(name, address, session) for name in connection.kind.parts})


def _part(name: str, address: str, session: Session) -> Part:
    modified = _MODIFIED.get(name, "hs_lastmodifieddate")

    def endpoint(since: datetime | None, read: Read) -> Record:
        changed = "0" if since is None else f"{since.timestamp() * 1000:.0f}"
        wanted = {modified, "createdate", *read.mapping.sources} - set(_OWN)
        return {
            "path": f"crm/v3/objects/{name}/search",
            "method": "POST",
            "json": {
                "filterGroups": [
                    {
                        "filters": [
                            {"propertyName": modified, "operator": "GTE", "value": changed},
                            {"propertyName": "hs_object_id", "operator": "GT", "value": "0"},
                        ]
                    }
                ],
                "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                "properties": sorted(wanted),
                "limit": _PAGE,
            },
            "data_selector": "results",
            "paginator": KeyPaginator(_PAGE, "id", _write),
        }

    def rows(records: list[Record]) -> list[Record]:
        flat = [
            {**record.get("properties", {}), **{key: record.get(key) for key in _OWN if key in record}}
            for record in records
        ]
        for other in _ASSOCIATED.get(name, ()):
            first = _associated(name, other, [str(record["id"]) for record in records], address, session)
            for row in flat:
                row[_KEYS[other]] = first.get(str(row["id"]))
        return flat

    return Part(endpoint, rows, _changed)


def _write(body: Record, last: str) -> None:
    body["filterGroups"][0]["filters"][1]["value"] = last


def _changed(record: Record) -> datetime | None:
    return datetime.fromisoformat(record["updatedAt"]).astimezone(UTC) if record.get("updatedAt") else None


def _associated(name: str, other: str, ids: list[str], address: str, session: Session) -> dict[str, str]:
    """With whom each of the objects is associated: the first, which HubSpot puts first."""
    if not ids:
        return {}
    answer = session.post(
        f"{address}/crm/v4/associations/{name}/{other}/batch/read", json={"inputs": [{"id": one} for one in ids]}
    )
    return {
        str(found["from"]["id"]): str(found["to"][0]["toObjectId"])
        for found in answer.json().get("results", [])
        if found["to"]
    }
