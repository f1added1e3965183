"""amoCRM: lists by page, in the order of their keys; its refresh tokens can be used once each."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator

from septima.connect.definition import Connection, Read
from septima.connect.rest import Part, Service
from septima.connect.rows import Record
from septima.connect.secrets import Secrets
from septima.connect.service import TokenAuth, address_of, exchange_by, open_session

_PATHS = {
    "leads": "leads",
    "contacts": "contacts",
    "companies": "companies",
    "contact_notes": "contacts/notes",
    "lead_notes": "leads/notes",
    "stages": "events",
}


def open_service(connection: Connection, secrets: Secrets) -> Service:
    """The service; nothing is asked yet."""
    address, session = address_of(connection), open_session(connection, secrets)
    form = {
        "client_id": connection.values.get("client_id", ""),
        "client_secret": secrets.get("client_secret") or "",
        "redirect_uri": connection.values.get("redirect_uri", ""),
    }
    exchange = exchange_by(f"{address}/oauth2/access_token", form, as_json=True)
    session.auth = TokenAuth(secrets, urlsplit(address).hostname or "", session, exchange)
    return Service(f"{address}/api/v4/", session, {name: _part(name) for name in _PATHS})


def _part(name: str) -> Part:
    changed = "created_at" if name == "stages" else "updated_at"

    def endpoint(since: datetime | None, read: Read) -> Record:  # noqa: ARG001
        params: Record = {"limit": 100 if name == "stages" else 250}
        if since is not None:
            params[f"filter[{changed}][from]"] = int(since.timestamp())
        if name == "leads":
            params["with"] = "contacts,loss_reason"
        if name == "stages":
            params["filter[type]"] = "lead_status_changed"
        else:
            params["order[id]"] = "asc"
        return {
            "path": _PATHS[name],
            "params": params,
            "data_selector": f"_embedded.{_PATHS[name].rpartition('/')[2]}",
            "paginator": JSONLinkPaginator(next_url_path="_links.next.href"),
            # Where there is nothing, amoCRM answers without content.
            "response_actions": [{"status_code": 204, "action": "ignore"}],
        }

    def when(record: Record) -> datetime | None:
        return datetime.fromtimestamp(record[changed], UTC) if record.get(changed) else None

    shape: Callable[[Record], Record] = _stage if name == "stages" else _row
    return Part(endpoint, lambda records: [shape(record) for record in records], when)


def _row(record: Record) -> Record:
    embedded = record.get("_embedded") or {}
    fields = record.get("custom_fields_values") or []
    row = {key: value for key, value in record.items() if key not in ("_links", "_embedded", "params")}
    row["custom_fields_values"] = {field["field_name"]: _value(field) for field in fields} or None
    for code in ("PHONE", "EMAIL"):
        row[code.lower()] = next((_value(field) for field in fields if field.get("field_code") == code), None)
    contacts = embedded.get("contacts") or []
    main = next((one for one in contacts if one.get("is_main")), contacts[0] if contacts else {})
    row["contact_id"] = main.get("id")
    row["company_id"] = next((one["id"] for one in embedded.get("companies") or []), None)
    row["tags"] = [tag["name"] for tag in embedded.get("tags") or []] or None
    row |= {f"params.{key}": value for key, value in (record.get("params") or {}).items()}
    return row


def _value(field: dict[str, Any]) -> object:
    return next((one.get("value") for one in field.get("values") or []), None)


def _stage(record: Record) -> Record:
    after = next((one["lead_status"] for one in record.get("value_after") or [] if "lead_status" in one), {})
    return {
        "id": record["id"],
        "lead_id": record.get("entity_id"),
        "status_id": after.get("id"),
        "pipeline_id": after.get("pipeline_id"),
        "created_at": record.get("created_at"),
        "created_by": record.get("created_by"),
    }
