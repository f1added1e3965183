"""The single customer view: tables in which whoever was merged stands under the name of the master.

Ibis alone, so that it is the same on every engine. Nothing here is asked for where nothing was merged.
"""

from collections.abc import Callable
from typing import Any

import ibis
import ibis.expr.types as ir

from septima.lake.tables import MERGES
from septima.schema import TABLES

Tables = Callable[[str], ir.Table]
CUSTOMER_RECORDS = "customer_records"
"""The customers as the sources know them, before any merge."""


def resolved_tables(raw: Tables) -> Tables:
    """The tables of `raw` with merges applied: one row per person in `customers`, the master's id everywhere else.

    A person's row has the master's attributes, and where the master has none the first known of the
    others by `created_at`; `created_at` is the earliest. Of two assignments of one person to an
    experiment the earlier one is kept. `customer_records` is the table of customers as it was loaded.
    """
    made: dict[str, ir.Table] = {}

    def table(name: str) -> ir.Table:
        if name not in made:
            made[name] = _resolved(raw, name)
        return made[name]

    return table


def unresolved_tables(raw: Tables) -> Tables:
    """The tables of `raw` as they are, for a lake in which nothing was merged; `customer_records` is `customers`."""
    return lambda name: raw("customers" if name == CUSTOMER_RECORDS else name)


def masters(merges: ir.Table) -> Any:
    """Whom every merged customer stands for: `customer_id`, `master_id`."""
    newest = ibis.window(group_by=merges["customer_id"], order_by=merges["recorded_at"].desc())
    rows: Any = merges.mutate(age=ibis.row_number().over(newest))
    rows = rows.filter((rows["age"] == 0) & rows["undone_at"].isnull() & (rows["master_id"] != rows["customer_id"]))
    return rows.select("customer_id", "master_id")


def _resolved(raw: Tables, name: str) -> ir.Table:
    if name == CUSTOMER_RECORDS:
        return raw("customers")
    rows: Any = raw(name)
    if name not in TABLES or "customer_id" not in rows.columns:
        return rows
    merged = masters(raw(MERGES.name))
    if name == "customers":
        return _one_row_a_person(rows, merged)
    if name == "assignments":
        return _first_assignments(rows, merged)
    return _with_master(rows, "customer_id", merged)


def _with_master(rows: Any, column: str, merged: Any) -> Any:
    """The rows with the master in the place of every merged customer in `column`."""
    known = merged.select(merged_id="customer_id", merged_into="master_id")
    joined = rows.left_join(known, rows[column] == known["merged_id"])
    master = ibis.coalesce(joined["merged_into"], joined[column])
    return joined.select(**{name: master if name == column else joined[name] for name in rows.columns})


def _one_row_a_person(records: Any, merged: Any) -> Any:
    """Those of customers' records that stand alone as they are, and one row for each group of merged ones."""
    columns = records.columns
    leading = merged.select(customer_id="master_id", master_id="master_id").distinct()
    members = merged.union(leading)
    own = [name for name in columns if name not in ("customer_id", "created_at")]
    grouped = records.inner_join(members, "customer_id")
    order = [
        (grouped["customer_id"] != grouped["master_id"]).cast("int64"),
        grouped["created_at"].isnull().cast("int64"),
        grouped["created_at"],
        grouped["customer_id"],
    ]
    grouped = grouped.mutate(place=ibis.row_number().over(ibis.window(group_by=grouped["master_id"], order_by=order)))
    first_known = {name: grouped[name].argmin(grouped["place"], where=grouped[name].notnull()) for name in own}
    persons = grouped.group_by(customer_id=grouped["master_id"]).aggregate(
        created_at=grouped["created_at"].min(), **first_known
    )
    alone = records.anti_join(members, "customer_id")
    people = _with_master(alone.select(*columns).union(persons.select(*columns)), "referrer_id", merged)
    # Who recommended the shop to himself under another name was recommended by nobody.
    return people.mutate(referrer_id=people["referrer_id"].nullif(people["customer_id"]))


def _first_assignments(rows: Any, merged: Any) -> Any:
    """The earliest assignment of each person to each experiment: the one that the person was treated by."""
    columns = rows.columns
    resolved = _with_master(rows.mutate(record_id=rows["customer_id"]), "customer_id", merged)
    same = ibis.window(
        group_by=[resolved["experiment_id"], resolved["customer_id"]],
        order_by=[resolved["assigned_at"], resolved["record_id"]],
    )
    resolved = resolved.mutate(place=ibis.row_number().over(same))
    return resolved.filter(resolved["place"] == 0).select(*columns)
