"""What changed between two versions of the lake, and how far back in time figures can feel it.

Delta tables never change a file: an update takes files out and puts others in. So the difference of two lists of
files holds all that changed, and only where files went are rows compared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb
from deltalake import DeltaTable

from septima.lake.sql import count, identifier, parquet, single
from septima.lake.store import Lake
from septima.lake.tables import LAKE_TABLES, MERGES
from septima.schema import Table

_NOT_EVENTS = ("loaded_at", "birth_date", "decided_at", "undone_at", "recorded_at")
"""Times that say nothing of when a row counts: of loading, of birth and of merges."""

LINKS: Mapping[str, str] = {
    "customers": "customer_id",
    "identities": "customer_id",
    "employees": "employee_id",
    "products": "product_id",
    "campaigns": "campaign_id",
    "order_items": "order_id",
    MERGES.name: "customer_id",
}
"""Tables that describe what the rows of others name, and the column by which these do so."""

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "customer_id": ("customer_id", "referrer_id"),
    "employee_id": ("employee_id", "manager_id"),
}


@dataclass(frozen=True)
class Reach:
    """The earliest time that a change can be felt at: a `moment` in UTC, a `day` of a calendar, or both.

    `everything` is where that cannot be told. A reach with neither is of no change.
    """

    moment: datetime | None = None
    day: date | None = None
    everything: bool = False

    @property
    def nothing(self) -> bool:
        """Whether nothing changed."""
        return self.moment is None and self.day is None and not self.everything

    def __or__(self, other: "Reach") -> "Reach":
        return Reach(
            min((moment for moment in (self.moment, other.moment) if moment is not None), default=None),
            min((day for day in (self.day, other.day) if day is not None), default=None),
            self.everything or other.everything,
        )


@dataclass(frozen=True)
class _Change:
    """How far back the changed rows of a table reach by themselves, and whether some have no time at all.

    `named` is a temporary table of what they describe, by the column that `LINKS` names.
    """

    reach: Reach
    without_moment: bool
    named: str | None


@dataclass
class Changes:
    """What changed up to the Delta versions `now` of a lake's tables; each table is compared once."""

    lake: Lake
    connection: duckdb.DuckDBPyConnection
    now: Mapping[str, int]
    _changes: dict[tuple[str, int | None], _Change | None] = field(
        default_factory=dict[tuple[str, "int | None"], "_Change | None"]
    )
    _listed: dict[tuple[str, int], set[str]] = field(default_factory=dict[tuple[str, int], "set[str]"])
    _links: dict[tuple[str, str], Reach] = field(default_factory=dict[tuple[str, str], Reach])

    def changed(self, since: Mapping[str, int | None]) -> bool:
        """Whether a table of `since` (Delta versions by name) has another version now."""
        return any(self.now.get(name) != version for name, version in since.items())

    def reach(self, since: Mapping[str, int | None], attributes: Iterable[str] = ()) -> Reach:
        """How far back figures made from the tables of `since`, at these Delta versions, can be felt to change.

        Counted are the changed rows' own times, the times of what they describe (`LINKS`), and the newest times that a
        changed table knew: what was not over by then may be now. `attributes` are tables that only lend columns to
        the rows of others.
        """
        lent = set(attributes)
        found = Reach()
        for name, version in since.items():
            change = self._change(name, version)
            if change is None:
                continue
            if name not in lent:
                found |= change.reach | Reach(everything=change.without_moment)
            if change.named is not None:
                found |= self._linked(change.named, LINKS[name], [other for other in since if other not in lent])
        return found

    def newest(self, name: str) -> datetime | date | None:
        """The newest time of a table by the column by which it falls into periods, as it is now."""
        time, files = LAKE_TABLES[name].time, sorted(self._files(name, self.now.get(name)))
        if time is None or not files:
            return None
        (found,) = single(self.connection, f"SELECT max({identifier(time)}) FROM {parquet(files)}")
        return found if isinstance(found, date) else None

    def _change(self, name: str, version: int | None) -> _Change | None:
        known = (name, version)
        if known not in self._changes:
            before, after = self._files(name, version), self._files(name, self.now.get(name))
            added, removed = sorted(after - before), sorted(before - after)
            made = None
            if name == MERGES.name and added:
                made = _Change(Reach(), without_moment=False, named=self._merged(len(self._changes), added))
            elif added or removed:
                made = self._compare(LAKE_TABLES[name], len(self._changes), added, removed)
            if made is not None:
                newest = self._newest(LAKE_TABLES[name], before)
                # What was removed may have been the newest.
                newest |= self._newest(LAKE_TABLES[name], after) if removed else Reach()
                made = _Change(made.reach | newest, made.without_moment, made.named)
            self._changes[known] = made
        return self._changes[known]

    def _files(self, name: str, version: int | None) -> set[str]:
        if version is None:
            return set()
        known = (name, version)
        if known not in self._listed:
            delta = DeltaTable(str(self.lake.table_folder(name)), version=version)
            self._listed[known] = set(delta.file_uris())
        return self._listed[known]

    def _compare(self, table: Table, number: int, added: list[str], removed: list[str]) -> _Change | None:
        """The change that files added and removed make; None where they hold the same rows."""
        times = [name for name, _ in moments(table)]
        columns = ", ".join(map(identifier, dict.fromkeys((*table.key, *times, "loaded_at"))))
        connection, rows = self.connection, f"changed_{number}"
        if not removed or not added:
            connection.execute(f"CREATE TEMP TABLE {rows} AS SELECT {columns} FROM {parquet(added or removed)}")
        elif not self._compare_loads(table, rows, columns, added, removed):
            connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {rows} AS SELECT {columns} FROM ("
                f"SELECT {columns}, 1 AS side FROM {parquet(added)} UNION ALL "
                f"SELECT {columns}, -1 FROM {parquet(removed)}) GROUP BY ALL HAVING sum(side) <> 0"
            )
        if count(connection, f"SELECT count(*) FROM {rows}") == 0:
            return None
        reach = Reach(*single(connection, f"SELECT {_earliest(table)} FROM {rows}"))  # type: ignore[arg-type]
        timeless = " AND ".join(f"{identifier(name)} IS NULL" for name in times) or "false"
        without = count(connection, f"SELECT count(*) FROM {rows} WHERE {timeless}") > 0
        named = None
        if table.name in LINKS:
            named = self._named(f"named_{number}", LINKS[table.name], f"SELECT {LINKS[table.name]} FROM {rows}")
        return _Change(reach, without, named)

    def _named(self, target: str, column: str, query: str) -> str:
        """Put what the query names into the temporary table `target`; with a customer all merged with it."""
        self.connection.execute(f"CREATE TEMP TABLE {target} AS SELECT DISTINCT {column} FROM ({query})")
        merges = sorted(self._files(MERGES.name, self.now.get(MERGES.name)))
        if column == "customer_id" and merges:
            known = f"SELECT customer_id FROM {target}"
            ends = f"SELECT unnest([customer_id, master_id, linked_id]) AS customer_id FROM {parquet(merges)}"
            for _ in range(2):  # from one to the master, and from there to all others
                self.connection.execute(
                    f"INSERT INTO {target} SELECT DISTINCT customer_id FROM ({ends} WHERE customer_id IN ({known}) "
                    f"OR master_id IN ({known}) OR linked_id IN ({known})) WHERE customer_id NOT IN ({known})"
                )
        return target

    def _merged(self, number: int, added: list[str]) -> str:
        ends = f"SELECT unnest([customer_id, master_id, linked_id]) AS customer_id FROM {parquet(added)}"
        return self._named(f"named_{number}", "customer_id", ends)

    def _compare_loads(self, table: Table, rows: str, columns: str, added: list[str], removed: list[str]) -> bool:
        """Find the rows that differ by the load that they came with; whether that found them all.

        A load stamps every row that it adds or alters. A rewritten file holds millions that it did not, which a
        comparison row by row would have to sort; their checksum tells that they are the same.
        """
        connection = self.connection
        keys = ", ".join(map(identifier, table.key))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE loads AS SELECT DISTINCT loaded_at FROM {parquet(removed)}")
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT {columns} FROM {parquet(added)} ANTI JOIN loads USING (loaded_at)"
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {rows} AS SELECT {columns} FROM fresh UNION ALL "
            f"SELECT {columns} FROM {parquet(removed)} SEMI JOIN fresh USING ({keys})"
        )

        def checksum(rows: str) -> str:
            return f"(SELECT coalesce(sum(CAST(hash({columns}) AS HUGEINT)), 0) FROM {rows})"

        same = single(
            connection,
            f"SELECT {checksum(parquet(added))} - {checksum('fresh')} = "
            f"{checksum(parquet(removed))} - ({checksum(rows)} - {checksum('fresh')})",
        )
        return bool(same[0])

    def _newest(self, table: Table, files: set[str]) -> Reach:
        """The newest time of the column that reaches least far; where one holds nothing, the newest load stands for it.

        Data know what happened until the newest time of some column (`metrics.sources.known_until`).
        """
        times = moments(table)
        if not files or not times:
            return Reach()
        ends = ", ".join(f"max({identifier(name)})" for name, _ in times)
        *newest, loaded = single(self.connection, f"SELECT {ends}, max(loaded_at) FROM {parquet(sorted(files))}")
        reach = Reach()
        for (_, type_), end in zip(times, newest, strict=True):
            if isinstance(end, datetime) and type_ == "timestamp":
                reach |= Reach(moment=end)
            elif isinstance(end, date):
                reach |= Reach(day=end)
            elif isinstance(loaded, datetime):
                reach |= Reach(moment=loaded)
        return reach

    def _linked(self, named: str, column: str, among: Iterable[str]) -> Reach:
        """The earliest time of the rows, of the tables `among`, that name what `named` holds."""
        found = Reach()
        tables = list(among)
        for name in tables:
            table = LAKE_TABLES[name]
            links = [link for link in _ALIASES.get(column, (column,)) if link in table.column_names]
            files = sorted(self._files(name, self.now.get(name)))
            if not links or not files:
                continue
            that = " OR ".join(f"{link} IN (SELECT {column} FROM {named})" for link in links)
            if moments(table):
                known = (named, name)
                if known not in self._links:
                    query = f"SELECT {_earliest(table, loads=False)} FROM {parquet(files)} WHERE {that}"
                    self._links[known] = Reach(*single(self.connection, query))  # type: ignore[arg-type]
                found |= self._links[known]
            elif LINKS.get(name, column) != column:
                further = f"{named}_{name}"
                if (further, name) not in self._links:
                    self._named(further, LINKS[name], f"SELECT {LINKS[name]} FROM {parquet(files)} WHERE {that}")
                    self._links[further, name] = Reach()
                found |= self._linked(further, LINKS[name], tables)
        return found


def moments(table: Table) -> tuple[tuple[str, str], ...]:
    """The columns of a table that say when something happened or is to happen, with their types."""
    return tuple(
        (column.name, column.type)
        for column in table.columns
        if column.type in ("timestamp", "date") and column.name not in _NOT_EVENTS
    )


def _earliest(table: Table, *, loads: bool = True) -> str:
    """SQL of the earliest moment and of the earliest day of rows.

    A row without a value of the column by which it falls into periods may be placed by its loading.
    """
    stamps = [f"min({identifier(name)})" for name, type_ in moments(table) if type_ == "timestamp"]
    days = [f"min({identifier(name)})" for name, type_ in moments(table) if type_ == "date"]
    if loads:
        unplaced = "" if table.time is None else f" FILTER ({identifier(table.time)} IS NULL)"
        stamps.append(f"min(loaded_at){unplaced}")
    return ", ".join(f"least({', '.join(ends)})" if ends else "NULL" for ends in (stamps, days))
