"""Lifetime value of single customers by every method: fitted by the background worker, read one customer at a time.

The values lie in one Parquet file per organisation, beside the site's database. They are thoughts of models, no data: an
erased customer is taken out, and a new valuation replaces the file.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from septima.lake.sql import parquet
from septima.lake.store import Lake
from septima.metrics.lifetime import METHOD_BY_KEY, METHODS, predict_customers
from septima.metrics.lifetime_words import Method
from septima.models.lifetime import LifetimeError
from septima.schema import Text
from septima.web.accounts.models import Organisation
from septima.web.work.kinds import Tell
from septima.workspace import Workspace

_SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("method", pa.string()),
        ("p_alive", pa.float64()),
        ("expected_purchases", pa.float64()),
        ("value", pa.float64()),
        ("lower", pa.float64()),
        ("upper", pa.float64()),
    ]
)
_ROW_GROUP = 20_000


@dataclass(frozen=True)
class Valued:
    """What one method expects of a customer over the horizon; None where the method does not say."""

    method: Method
    value: float | None
    lower: float | None
    upper: float | None
    p_alive: float | None
    expected_purchases: float | None


@dataclass(frozen=True)
class Valuing:
    """How a valuation went: up to which day purchases were known, over how many days, and why methods are missing."""

    as_of: date | None
    horizon_days: int
    currency: str | None
    failed: dict[str, Text]


def value_customers(organisation: Organisation, workspace: Workspace, tell: Tell) -> Valuing:
    """Value every customer by all methods and replace the file; LifetimeError where no method can be fitted."""
    tables = workspace.tables()
    currency, calendar = workspace.settings.currency, workspace.settings.calendar
    as_of, horizon, failed = None, 0, dict[str, Text]()
    target = _path(organisation)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(".making")
    with pq.ParquetWriter(temporary, _SCHEMA) as writer:
        for number, method in enumerate(METHODS):
            tell(method.name, number, len(METHODS))
            try:
                told = predict_customers(tables, method=method.key, calendar=calendar, currency=currency)
                for batch in told.batches:
                    writer.write_table(_rows(batch, method.key), row_group_size=_ROW_GROUP)
            except LifetimeError as error:
                failed[method.key] = error.statement
                continue
            as_of, horizon = told.as_of, told.horizon_days
    if as_of is None:
        temporary.unlink()
        raise LifetimeError(next(iter(failed.values())))
    temporary.replace(target)
    return Valuing(as_of, horizon, currency, failed)


def values_of(organisation: Organisation, members: Sequence[str]) -> list[Valued]:
    """The values of a person, in the order of the methods; empty where there are none.

    Of records that were merged since they were valued, the master's.
    """
    path = _path(organisation)
    if not path.exists():
        return []
    places = ", ".join("?" * len(members))
    columns = "method, value, lower, upper, p_alive, expected_purchases"
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT {columns} FROM {parquet([path])} WHERE customer_id IN ({places}) "  # noqa: S608
            "QUALIFY row_number() OVER (PARTITION BY method ORDER BY customer_id <> ?) = 1",
            [*members, members[0]],
        ).fetchall()
    order = {method.key: number for number, method in enumerate(METHODS)}
    found = [Valued(METHOD_BY_KEY[row[0]], *row[1:]) for row in rows if row[0] in METHOD_BY_KEY]
    return sorted(found, key=lambda one: order[one.method.key])


def versions_of(lake: Lake) -> dict[str, int | None]:
    """The versions of what values rest on: orders, and who is one person."""
    tables = lake.commit().tables
    return {name: tables.get(name) for name in ("orders", "merges")}


def forget_values(organisation: Organisation, customer_ids: Sequence[str]) -> int:
    """Take customers out of the file; how many rows went."""
    path = _path(organisation)
    if not path.exists():
        return 0
    gone, unwanted = 0, set(customer_ids)
    temporary = path.with_suffix(".erasing")
    with pq.ParquetWriter(temporary, _SCHEMA) as writer:
        for table in _groups(path):
            kept = table.filter(pa.array([one not in unwanted for one in table.column("customer_id").to_pylist()]))
            gone += len(table) - len(kept)
            writer.write_table(kept, row_group_size=_ROW_GROUP)
    temporary.replace(path)
    # A file that was being made when the process died holds the customer too.
    with suppress(FileNotFoundError):
        path.with_suffix(".making").unlink()
    return gone


def _groups(path: Path) -> Iterator[pa.Table]:
    file = pq.ParquetFile(path)
    for number in range(file.num_row_groups):
        yield file.read_row_group(number)


def _rows(batch: pa.RecordBatch, method: str) -> pa.Table:
    table = pa.Table.from_batches([batch])
    return table.append_column("method", pa.repeat(pa.scalar(method), len(table))).select(_SCHEMA.names).cast(_SCHEMA)


def _path(organisation: Organisation) -> Path:
    return Path(settings.SITE_FOLDER) / "valuations" / f"{organisation.pk}.parquet"
