# ruff: noqa: S608 - names and texts are quoted by lake.sql, values are bound
"""What lies in the lake, where it came from and how fresh it is; kept by the lake's version, since counting takes long."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from django.core.cache import caches

from septima.lake.load import TableCounts
from septima.lake.sql import connect, identifier, parquet
from septima.lake.store import Commit, Lake
from septima.schema import TABLES, SeptimaError
from septima.web.accounts.models import Organisation
from septima.web.common.workspaces import kept
from septima.workspace import Workspace

TRUST = ("completeness", "validity", "uniqueness", "timeliness", "availability", "single_view_share")
"""The figures by which one tells whether the data can be trusted."""


@dataclass(frozen=True)
class Held:
    """The rows of one table that came from one source: their time span and the newest load among them."""

    table: str
    source: str
    rows: int
    first: datetime | None
    last: datetime | None
    loaded_at: datetime | None


@dataclass(frozen=True)
class Arrived:
    """What ever came from one source into one table, over all its loads, and the newest of them."""

    counts: TableCounts = field(default_factory=TableCounts)
    loads: int = 0
    at: datetime | None = None
    version: int = 0
    mapping: str = ""
    author: str = ""


@dataclass(frozen=True)
class History:
    """What the commits of the lake told up to one of them; `writer` is that commit's, by which a lake is known again."""

    version: int = 0
    writer: str = ""
    arrived: dict[tuple[str, str], Arrived] = field(default_factory=dict[tuple[str, str], Arrived])


@dataclass(frozen=True)
class TrustFigure:
    """A figure of trust as it was recorded: of the newest quarter that is over, or of the running one before any is."""

    metric: str
    value: float | None
    lower: float | None
    upper: float | None
    n: float | None
    period: str


def held_rows(organisation: Organisation, lake: Lake) -> list[Held]:
    """Rows by table and source, as of the newest version."""
    version = lake.version
    return kept(
        f"data-held-{organisation.pk}-{version}-{lake.commit(version).writer}", lambda: _count_rows(lake, version)
    )


def _count_rows(lake: Lake, version: int) -> list[Held]:
    found: list[Held] = []
    with lake.staging() as folder, connect(folder) as connection:
        for table in TABLES.values():
            files = lake.files(table.name, version)
            if not files:
                continue
            time = f"CAST({identifier(table.time)} AS TIMESTAMP)" if table.time else "CAST(NULL AS TIMESTAMP)"
            rows = connection.execute(
                f"SELECT source, count(*), min({time}), max({time}), max(loaded_at) FROM {parquet(files)} GROUP BY source ORDER BY source"
            ).fetchall()
            found += [Held(table.name, str(source), int(number), *map(_utc, times)) for source, number, *times in rows]
    return found


def history(organisation: Organisation, lake: Lake) -> History:
    """Loads by source and table: what is known is kept, and only newer commits are read."""
    key, pages = f"data-history-{organisation.pk}", caches["pages"]
    known: History = pages.get(key) or History()
    newest = lake.version
    if known.version > newest or (known.version and lake.commit(known.version).writer != known.writer):
        known = History()  # another lake stands there now
    if known.version == newest:
        return known
    arrived = dict(known.arrived)
    for version in range(known.version + 1, newest + 1):
        commit = lake.commit(version)
        for table, counts in counts_of(commit).items():
            place = (str(commit.details.get("source", "")), table)
            before = arrived.get(place, Arrived())
            arrived[place] = replace(
                before,
                counts=before.counts + counts,
                loads=before.loads + 1,
                at=commit.at,
                version=version,
                mapping=str(commit.details.get("mapping", "")),
                author=str(commit.details.get("author", "")),
            )
    told = History(newest, lake.commit(newest).writer, arrived)
    pages.set(key, told)
    return told


def counts_of(commit: Commit) -> dict[str, TableCounts]:
    """What a commit says of the rows that it brought, by table; empty where it brought none."""
    tables: Any = commit.details.get("tables")
    if not isinstance(tables, dict):
        return {}
    return {str(name): TableCounts(**counts) for name, counts in tables.items() if isinstance(counts, dict)}


def newest_commits(lake: Lake, *, before: int | None = None, limit: int = 25) -> tuple[list[Commit], int | None]:
    """Commits, newest first, that come before a version, and the version to ask the next ones with."""
    newest = lake.version if before is None else min(before - 1, lake.version)
    found = [lake.commit(version) for version in range(newest, max(0, newest - limit), -1)]
    return found, found[-1].version if found and found[-1].version > 1 else None


def trust_figures(organisation: Organisation, workspace: Workspace) -> list[TrustFigure]:
    """The recorded figures of trust; those that were never computed are not there."""
    version = workspace.lake.version
    key = f"data-trust-{organisation.pk}-{version}-{workspace.lake.commit(version).writer}"
    return kept(key, lambda: _trust_figures(workspace))


def _trust_figures(workspace: Workspace) -> list[TrustFigure]:
    found: list[TrustFigure] = []
    for metric in TRUST:
        try:
            frame: Any = workspace.figures(metric, grain="quarter").to_pandas()
        except SeptimaError:
            continue
        if frame.empty:
            continue
        over = frame[frame["complete"]]
        row = (over if len(over) else frame).iloc[-1]
        period = workspace.settings.calendar.period_of(row["period"].date(), "quarter")
        found.append(
            TrustFigure(
                metric,
                _number(row["value"]),
                _number(row["lower"]),
                _number(row["upper"]),
                _number(row["n"]),
                period.id,
            )
        )
    return found


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)  # noqa: PLR0124 - only NaN differs from itself


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
