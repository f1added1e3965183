"""CRMs by dlt's declarative REST source: each part is a declaration and a way to make flat rows of a page."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import dlt
import pyarrow as pa
from dlt.extract import DltResource
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from dlt.sources.rest_api import rest_api_resources
from requests import Request, Response, Session

from septima.connect.definition import Connection, Read
from septima.connect.naming import resource_name
from septima.connect.pipeline import SCHEMA
from septima.connect.rows import Record, Report, batch_table

_OVERLAP = timedelta(hours=1)
_POSITION = "position"


@dataclass(frozen=True)
class Part:
    """A part of a service: `endpoint` declares, for what changed since a moment, the requests to make.

    `rows` makes flat rows of the records of a page; `changed` tells of a record when it last changed.
    """

    endpoint: Callable[[datetime | None, Read], Record]
    rows: Callable[[list[Record]], list[Record]]
    changed: Callable[[Record], datetime | None]


@dataclass(frozen=True)
class Service:
    """A service that is ready to be asked; its session signs what it sends."""

    address: str
    session: Session
    parts: Mapping[str, Part]


@dataclass
class KeyPaginator(BasePaginator):
    """Pages by the key of the last record: `write` puts it into the request.

    Unlike pages by number, none is missed when records change meanwhile.
    """

    size: int
    key: str
    write: Callable[[Record, str], None]
    last: str = field(default="0", init=False)

    def __post_init__(self) -> None:
        """Begin with the first page."""
        super().__init__()

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:  # noqa: ARG002
        """Remember the last key; a page that is not full is the last."""
        self._has_next_page = bool(data) and len(data or []) >= self.size
        if data:
            self.last = str(data[-1][self.key])

    def update_request(self, request: Request) -> None:
        """Ask for what comes behind the last key."""
        self.write(cast("Record", request.json), self.last)


def resources(
    connection: Connection, service: Service, pipeline: dlt.Pipeline, *, everything: bool, report: Report
) -> list[DltResource]:
    """The reads of a connection; each keeps its position in the state of the pipeline."""
    began = datetime.now(UTC)
    made: list[DltResource] = []
    for read in connection.reads:
        name = resource_name(read.origin)
        kept = None if everything else _position(pipeline, name)
        since = None if kept is None else kept - _OVERLAP
        part = service.parts[read.origin]
        pages = _pages(service, part, read, since, f"{name}_pages")
        made.append(_shaped(pages, part, read, name, kept, began, report))
    return made


def look(connection: Connection, service: Service) -> list[tuple[str, int]]:
    """The parts that the reads name, each with the number of fields of what stands on its first page."""
    found: list[tuple[str, int]] = []
    for read in connection.reads:
        part = service.parts[read.origin]
        first = _pages(service, part, read, None, "pages").add_limit(1)
        rows = part.rows([cast("Record", record) for record in first])
        found.append((read.origin, len({name for row in rows for name in row})))
    return found


def _position(pipeline: dlt.Pipeline, name: str) -> datetime | None:
    state = cast("Record", pipeline.state)
    kept = state.get("sources", {}).get(SCHEMA, {}).get("resources", {}).get(name, {}).get(_POSITION)
    return None if kept is None else datetime.fromtimestamp(float(kept), UTC)


def _pages(service: Service, part: Part, read: Read, since: datetime | None, name: str) -> DltResource:
    (resource,) = rest_api_resources(
        cast(
            "Any",
            {
                "client": {"base_url": service.address, "session": service.session},
                "resources": [{"name": name, "selected": False, "endpoint": part.endpoint(since, read)}],
            },
        )
    )
    return resource


def _shaped(
    pages: DltResource, part: Part, read: Read, name: str, kept: datetime | None, began: datetime, report: Report
) -> DltResource:
    columns = dict.fromkeys(read.mapping.sources)
    count, newest = 0, kept

    def shape(page: list[Record] | Record) -> Iterator[pa.Table]:
        nonlocal count, newest
        records = _records(page)
        for moment in filter(None, map(part.changed, records)):
            # What changes while the reading goes on may have been passed already, so no later moment counts.
            newest = min(moment, began) if newest is None else max(newest, min(moment, began))
        if newest is not None:
            dlt.current.resource_state()[_POSITION] = newest.timestamp()
        rows = part.rows(records)
        count += len(rows)
        if rows:
            yield batch_table(rows, columns, read)
        report(read.origin, count)

    return dlt.transformer(shape, data_from=pages, name=name)


def _records(page: list[Record] | Record) -> list[Record]:
    return [page] if isinstance(page, dict) else page
