"""Whether the data can be trusted: how complete and valid they are and how soon they come."""

from functools import reduce

import ibis
import ibis.expr.types as ir

from septima.lake.resolved import CUSTOMER_RECORDS
from septima.metrics import estimates, roles
from septima.metrics.definition import Metric, Passport, Request, Rows, Source
from septima.metrics.sources import count_true, days, moment_of, records, time_of, total, within_bounds
from septima.schema import TABLES, Column, Table, Text

_COMMON = ("properties", "source", "loaded_at")
_EVENTS = {
    "customers": "created_at",
    "orders": "ordered_at",
    "touches": "at",
    "spend": "date",
    "assignments": "assigned_at",
    "answers": "at",
    "complaints": "opened_at",
    "calls": "at",
    "deliveries": "delivered_at",
    "deals": "closed_at",
    "deal_stages": "entered_at",
    "trainings": "completed_at",
    "process_steps": "done_at",
    "milestones": "done_at",
    "accesses": "at",
    "ledger": "date",
}


def _completeness(request: Request) -> ir.Table:
    """Rows of all canonical tables with their cells of business columns, and how many of them are filled.

    One row a row, so that the engine sums them all at once; by column, one row a column and period.
    """
    if "column" in request.by:
        # Some tables are all key.
        parts = [_cells_of_columns(request, declared) for declared in TABLES.values() if _columns(declared)]
    else:
        parts = [_cells_of_rows(request, declared) for declared in TABLES.values()]
    return reduce(ir.Table.union, parts)


def _cells_of_rows(request: Request, declared: Table) -> ir.Table:
    rows, optional, required = _business(request, declared)
    always = ibis.literal(len(required), "int64")
    filled = reduce(lambda number, name: number + rows[name].notnull().cast("int64"), optional, always)
    cells = ibis.literal(len(optional) + len(required), "int64")
    return rows.select(*_own(request), "at", filled=filled, cells=cells, table=ibis.literal(declared.name))


def _cells_of_columns(request: Request, declared: Table) -> ir.Table:
    rows, optional, required = _business(request, declared)
    rows = within_bounds(request, rows, "at")
    keys = [*_own(request), request.period(rows["at"]).name("period")]
    counts = {f"filled_{name}": rows[name].count() for name in optional}
    counts |= {f"filled_{name}": rows.count() for name in required}
    grouped = rows.group_by(keys).aggregate(at=rows["at"].min(), cells=rows.count(), **counts)
    # A list that is unfolded gives every period a row for each column, in one pass over the table.
    unfolded = grouped.mutate(column=ibis.array([*optional, *required]).unnest())
    filled = ibis.cases(*((unfolded["column"] == name, unfolded[f"filled_{name}"]) for name in (*optional, *required)))
    return unfolded.select(
        *_own(request), "at", "column", filled=filled, cells="cells", table=ibis.literal(declared.name)
    )


def _business(request: Request, declared: Table) -> tuple[Rows, list[str], list[str]]:
    """A table's rows at their moments, and its columns that may be empty and that never are, without keys."""
    table, columns = request.loaded(declared.name), _columns(declared)
    optional = [column.name for column in columns if not column.required]
    rows = table.select(*_own(request), *optional, at=time_of(request, table, declared))
    return rows, optional, [column.name for column in columns if column.required]


def _columns(declared: Table) -> list[Column]:
    return [column for column in declared.columns if column.name not in (*declared.key, *_COMMON)]


def _own(request: Request) -> list[str]:
    return [name for name in request.by if name == "source"]


def _timeliness(request: Request) -> ir.Table:
    """One row per table of events and period: events, those that reached the lake in time, and those without a moment."""
    return reduce(ir.Table.union, (_loads_of(request, name, event) for name, event in _EVENTS.items()))


def _loads_of(request: Request, name: str, event: str) -> ir.Table:
    table = request.loaded(name)
    happened = moment_of(request, table, TABLES[name].column(event))
    # Only a customer is there without the event being known; elsewhere no moment means that nothing happened yet.
    always = TABLES[name].name == "customers"
    # A day without a time of day ends when the next one begins.
    ended = happened + ibis.literal(days(1)) if TABLES[name].column(event).type == "date" else happened
    own = _own(request)
    rows = table.select(
        *own,
        at=time_of(request, table, TABLES[name]) if always else happened,
        known=happened.notnull(),
        timely=table["loaded_at"] <= ended + ibis.literal(days(request.parameters["days"])),
    )
    rows = within_bounds(request, rows.filter(rows["at"].notnull()), "at")
    grouped = rows.group_by([*own, request.period(rows["at"]).name("period")]).aggregate(
        at=rows["at"].min(),
        rows=rows.count(),
        known=rows.count(where=rows["known"]),
        timely=rows.count(where=rows["timely"]),
    )
    return grouped.select(*own, "at", "rows", "known", "timely", table=ibis.literal(name))


def _validity(request: Request) -> ir.Table:
    """Every row that was loaded, and every row of a source that still waits in quarantine, at the moment of its loading."""
    quarantine = request.rows("quarantine")
    waiting = quarantine.filter(quarantine["resolved_at"].isnull())
    # One row may be wrong in several columns.
    refused = waiting.group_by("source", "file", "row", "table").aggregate(
        at=waiting["loaded_at"].cast("timestamp").min()
    )
    parts = [refused.select("at", "source", "table", valid=ibis.literal(False))]
    for name in TABLES:
        # Customers who were merged were loaded as well.
        table = request.loaded(CUSTOMER_RECORDS if name == "customers" else name)
        parts.append(
            table.select(
                at=table["loaded_at"].cast("timestamp"),
                source=table["source"],
                table=ibis.literal(name),
                valid=ibis.literal(True),
            )
        )
    return reduce(ir.Table.union, parts)


_CELLS = Source("cells", _completeness, ("table", "source", "column"))
_LOADS = Source("loads", _timeliness, ("table", "source"), parameters=("days",))
# A row that is loaded again leaves the period in which it was loaded before, however long ago.
_VALIDITY = Source("validity", _validity, ("table", "source"), settles_days=None)

METRICS = (
    Metric(
        Passport(
            id="completeness",
            version=1,
            name=Text("Data completeness", "Полнота данных"),
            description=Text(
                "Share of cells of the canonical tables that hold a value.",
                "Доля заполненных ячеек канонических таблиц.",
            ),
            use=Text(
                "Shows which tables the other figures may lean on; slice by table, column and source.",
                "Показывает, на\u00a0какие таблицы можно опираться; смотрите срезы по\u00a0таблицам (table), столбцам (column) и\u00a0источникам (source).",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Filled cells divided by all cells of the declared columns, without keys, `properties`, `source` and "
                "`loaded_at`. A row belongs to the period of its own time or, where it has none, of its loading.",
                "Заполненные ячейки, делённые на\u00a0все ячейки объявленных столбцов, без ключей, `properties`, `source` "
                "и\u00a0`loaded_at`. Строка относится к\u00a0периоду своего времени, а\u00a0если его нет\u00a0— к\u00a0периоду загрузки.",
            ),
            formula="filled cells / cells",
            formula_source="DAMA-DMBOK, 2017 (completeness)",
            interval=estimates.WILSON,
            primary_data=tuple(f"{name}.*" for name in TABLES),
            perspective="governance",
            group="data_trust",
            owner_role=roles.DATA,
            minimum_sample=100,
        ),
        {"filled": total(_CELLS, "filled"), "cells": total(_CELLS, "cells")},
        estimates.share("filled", "cells"),
    ),
    Metric(
        Passport(
            id="validity",
            version=1,
            name=Text("Data validity", "Корректность данных"),
            description=Text(
                "Share of the rows that sources sent which meet the rules of their table.",
                "Доля присланных источниками строк, которые соответствуют правилам своей таблицы.",
            ),
            use=Text(
                "Shows which source sends what cannot be read; no other figure knows of rows in quarantine. Slice by table and source.",
                "Показывает, какой источник присылает то, что нельзя прочесть; о\u00a0строках в\u00a0карантине не\u00a0знает ни\u00a0один "
                "другой показатель. Смотрите срезы по\u00a0таблицам (table) и\u00a0источникам (source).",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Rows loaded divided by rows loaded and rows that wait in quarantine, each counted once however many of its "
                "columns are wrong; rows that were mended are among the loaded. By the moment of loading, since the time of a "
                "row that cannot be read is not known; a row loaded again counts at its newest loading.",
                "Загруженные строки, делённые на\u00a0загруженные и\u00a0ждущие в\u00a0карантине; строка считается один раз, сколько\u00a0бы "
                "столбцов ни\u00a0было неверно, исправленные\u00a0— среди загруженных. По\u00a0моменту загрузки, потому что время нечитаемой "
                "строки неизвестно; загруженная повторно строка считается по\u00a0последней загрузке.",
            ),
            formula="rows loaded / (rows loaded + rows in quarantine)",
            formula_source="DAMA-DMBOK, 2017 (validity)",
            interval=estimates.WILSON,
            primary_data=(
                *(f"{name}.loaded_at" for name in TABLES),
                "quarantine.loaded_at",
                "quarantine.resolved_at",
            ),
            perspective="governance",
            group="data_trust",
            owner_role=roles.DATA,
            minimum_sample=100,
        ),
        {"valid": count_true(_VALIDITY, "valid"), "rows": records(_VALIDITY)},
        estimates.share("valid", "rows"),
    ),
    Metric(
        Passport(
            id="timeliness",
            version=1,
            name=Text("Data timeliness", "Своевременность данных"),
            description=Text(
                "Share of events that reached the lake soon after they happened.",
                "Доля событий, которые попали в\u00a0хранилище вскоре после того, как произошли.",
            ),
            use=Text(
                "Shows whether today’s figures can steer today’s work; a first load of old data lowers it.",
                "Показывает, можно\u00a0ли управлять по\u00a0сегодняшним показателям; первая загрузка старых данных её снижает.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Events loaded within `days` days after they happened (a dated record: after its day ended) divided by all "
                "events, by the moment of the event. Customers without a known moment are missing.",
                "События, загруженные за\u00a0`days` дней после того, как произошли (запись с\u00a0датой без времени\u00a0— после конца "
                "дня), делённые на\u00a0все события, по\u00a0моменту события. Клиенты без известного момента считаются пропусками.",
            ),
            formula="count(loaded_at − event ≤ days) / events",
            formula_source="DAMA-DMBOK, 2017 (timeliness)",
            interval=estimates.WILSON,
            primary_data=(
                *(f"{name}.{event}" for name, event in _EVENTS.items()),
                *(f"{name}.loaded_at" for name in _EVENTS),
            ),
            perspective="governance",
            group="data_trust",
            owner_role=roles.DATA,
            minimum_sample=100,
            parameters={"days": 1},
        ),
        {"timely": total(_LOADS, "timely"), "known": total(_LOADS, "known"), "events": total(_LOADS, "rows")},
        estimates.share("timely", "known", "events"),
    ),
)
