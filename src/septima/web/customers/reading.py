"""Everything that the lake holds about one person, read by the ids of the person alone.

Each table is asked once, by a filter that DuckDB pushes into the Parquet files, and is read to a bound.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import duckdb

from septima.lake.links import CUSTOMER, LINKS
from septima.lake.sql import identifier, parquet
from septima.lake.store import Lake

Row = Mapping[str, Any]
MOST = 5_000
"""Rows of one table that a card holds, the newest first."""

_BY_CUSTOMER: Mapping[str, tuple[str, str]] = {
    "customers": ("created_at", "customer_id, created_at, segment, region, acquisition_channel, name, email, phone, birth_date, consent, source"),
    "identities": ("id_type", "customer_id, id_type, id_value, source"),
    "orders": ("ordered_at", "order_id, ordered_at, channel, online, status, revenue, cost, discount, currency, promo_id, campaign_id, employee_id"),
    "touches": ("at", "touch_id, at, channel, online, direction, kind, department, employee_id, campaign_id, topic, promotional"),
    "complaints": ("opened_at", "complaint_id, opened_at, responded_at, closed_at, channel, category, department, severity, reopened, order_id"),
    "deliveries": ("promised_at", "delivery_id, order_id, promised_at, delivered_at, status, in_full, intact, carrier"),
    "calls": ("at", "call_id, at, waited_s, talked_s, answered, resolved, department, employee_id"),
    "deals": ("opened_at", "deal_id, opened_at, closed_at, amount, currency, product_id, channel, employee_id, outcome"),
    "answers": ("at", "answer_id, survey_id, response_id, instrument, question, score, text, at, channel, department"),
    "process_steps": ("due_at", "process, case_id, step, department, due_at, done_at"),
    "assignments": ("assigned_at", "experiment_id, arm, assigned_at"),
    "accesses": ("at", "employee_id, at"),
    "predictions": ("at", "method, horizon_days, p_alive, expected_purchases, value, lower, upper, currency, at, made_at"),
}  # fmt: skip


_LEADING = ("deliveries", "complaints", "answers")
"""Tables whose rows may name no customer and lead to one by an order or a touch."""


@dataclass(frozen=True)
class PersonRows:
    """Rows of a person by table, newest first; `members` are all ids of the person, the master's first.

    Tables in `cut` held more than `MOST` rows, of which the newest are here.
    """

    customer_id: str
    members: tuple[str, ...]
    tables: Mapping[str, Sequence[Row]]
    cut: frozenset[str]

    def of(self, table: str) -> Sequence[Row]:
        """The rows of a table."""
        return self.tables.get(table, ())

    @property
    def is_known(self) -> bool:
        """Whether there is anything at all about this person."""
        return any(self.tables[name] for name in self.tables)


def read_person(lake: Lake, customer_id: str, *, version: int | None = None) -> PersonRows:
    """What is known of the person to whom this id belongs, as of a version (the newest where None)."""
    version = lake.version if version is None else version
    with _engine().cursor() as cursor:
        reader = _Reader(cursor, lake, version)
        members = reader.members(customer_id)
        tables = {
            name: reader.rows(name, columns, "customer_id", members, time)
            for name, (time, columns) in _BY_CUSTOMER.items()
        }
        for name in _LEADING:
            time, columns = _BY_CUSTOMER[name]
            link = LINKS[name]
            known = [row[link.column] for row in tables[link.through]]
            unnamed = reader.rows(name, columns, link.column, known, time, unnamed=True)
            tables[name] = _newest([*tables[name], *unnamed], time)
        orders = [row["order_id"] for row in tables["orders"]]
        tables["order_items"] = reader.rows(
            "order_items", "order_id, product_id, quantity, price, discount", "order_id", orders, "line"
        )
        deals = [row["deal_id"] for row in tables["deals"]]
        tables["deal_stages"] = reader.rows(
            "deal_stages", "deal_id, stage, entered_at, left_at", "deal_id", deals, "entered_at"
        )
        named = {
            "products": ("product_id", _ids(tables, "order_items", "deals", column="product_id")),
            "campaigns": ("campaign_id", _ids(tables, "orders", "touches", column="campaign_id")),
            "employees": ("employee_id", _ids(tables, "orders", "touches", "calls", "deals", "accesses")),
        }
        for name, (key, ids) in named.items():
            more = ", department, role" if name == "employees" else ""
            tables[name] = reader.rows(name, f"{key}, name{more}", key, ids, key)
    cut = frozenset(name for name, rows in tables.items() if len(rows) >= MOST)
    return PersonRows(members[0], members, tables, cut)


def people_named(lake: Lake, ids: Sequence[str]) -> dict[str, str]:
    """The names of customers by id, of those who have one."""
    if not ids:
        return {}
    with _engine().cursor() as cursor:
        reader = _Reader(cursor, lake, lake.version)
        rows = reader.rows("customers", "customer_id, name", "customer_id", list(dict.fromkeys(ids)), "customer_id")
    return {row["customer_id"]: row["name"] for row in rows if row["name"]}


def _ids(tables: Mapping[str, Sequence[Row]], *names: str, column: str = "employee_id") -> list[str]:
    return sorted({row[column] for name in names for row in tables[name] if row[column]})


def _newest(rows: Sequence[Row], time: str) -> list[Row]:
    return sorted(rows, key=lambda row: (row[time] is not None, row[time] or datetime.min), reverse=True)[:MOST]  # noqa: DTZ901 - as all times of the lake


@dataclass(frozen=True)
class _Reader:
    cursor: duckdb.DuckDBPyConnection
    lake: Lake
    version: int

    def members(self, customer_id: str) -> tuple[str, ...]:
        """All ids of the person, the master's first: the id alone where nothing was merged."""
        files = _files(self.lake, self.version, "merges")
        if not files:
            return (customer_id,)
        newest = (
            f"SELECT customer_id, master_id FROM {parquet(list(files))} "  # noqa: S608 - paths are quoted by the lake
            "QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY recorded_at DESC) = 1 "
            "AND undone_at IS NULL AND master_id <> customer_id"
        )
        rows = self.cursor.execute(
            f"WITH now AS ({newest}), master AS (SELECT coalesce((SELECT master_id FROM now WHERE customer_id = $1), $1) AS id) "  # noqa: S608
            "SELECT id FROM master UNION ALL SELECT customer_id FROM now, master WHERE master_id = id",
            [customer_id],
        ).fetchall()
        return tuple(dict.fromkeys(str(row[0]) for row in rows))

    def rows(
        self, table: str, columns: str, key: str, ids: Iterable[str], order: str, *, unnamed: bool = False
    ) -> list[Row]:
        """The newest rows whose key is one of `ids`; with `unnamed` of those that name no customer."""
        wanted, files = list(ids), _files(self.lake, self.version, table)
        if not wanted or not files:
            return []
        # Places for single values, so that the bounds of row groups can rule them out.
        places = ", ".join("?" * len(wanted))
        shown = ", ".join(identifier(name) for name in columns.split(", "))
        narrowed = f"{CUSTOMER} IS NULL AND " if unnamed else ""
        self.cursor.execute(
            f"SELECT {shown} FROM {parquet(list(files))} WHERE {narrowed}{identifier(key)} IN ({places}) "  # noqa: S608 - names are ours
            f"ORDER BY {identifier(order)} DESC NULLS LAST LIMIT {MOST}",
            wanted,
        )
        names = [part[0] for part in self.cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in self.cursor.fetchall()]


@lru_cache(maxsize=2_000)
def _files(lake: Lake, version: int, table: str) -> tuple[str, ...]:
    """Files of a table as of a commit, which never change."""
    return tuple(lake.files(table, version))


@lru_cache(maxsize=1)
def _engine() -> duckdb.DuckDBPyConnection:
    """The engine of this process; it keeps the ends of Parquet files, by which row groups are ruled out."""
    engine = duckdb.connect(
        config={"memory_limit": "1GB", "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute("SET enable_progress_bar = false")
    engine.execute("SET parquet_metadata_cache = true")
    return engine
