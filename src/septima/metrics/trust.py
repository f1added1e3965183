"""Whether the data can be trusted: how complete they are and how soon they come."""

from functools import reduce

import ibis
import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.definition import Expression, Metric, Passport, Request, Rows, Source
from septima.metrics.sources import days, total
from septima.schema import TABLES, Table, Text

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
    """One row per canonical table and period: its cells of business columns, and how many of them are filled."""
    return reduce(ir.Table.union, (_cells_of(request, declared) for declared in TABLES.values()))


def _cells_of(request: Request, declared: Table) -> ir.Table:
    table = request.rows(declared.name)
    columns = [column for column in declared.columns if column.name not in (*declared.key, *_COMMON)]
    optional = [column.name for column in columns if not column.required]
    loaded_at = _moment(table, "loaded_at")
    at = loaded_at if declared.time is None else ibis.coalesce(_moment(table, declared.time), loaded_at)
    own = [name for name in request.by if name == "source"]
    rows = table.select(*own, *optional, at=at)
    keys = [*own, request.period(rows["at"]).name("period")]
    always_filled = rows.count() * (len(columns) - len(optional))
    grouped = rows.group_by(keys).aggregate(
        at=rows["at"].min(),
        filled=reduce(lambda filled, name: filled + rows[name].count(), optional, always_filled),
        cells=rows.count() * len(columns),
    )
    return grouped.select(*own, "at", "filled", "cells", table=ibis.literal(declared.name))


def _timeliness(request: Request) -> ir.Table:
    """One row per table of events and period: events, those that reached the lake in time, and those without a moment."""
    return reduce(ir.Table.union, (_loads_of(request, name, event) for name, event in _EVENTS.items()))


def _loads_of(request: Request, name: str, event: str) -> ir.Table:
    table = request.rows(name)
    happened = _moment(table, event)
    # Only a customer is there without the event being known; elsewhere no moment means that nothing happened yet.
    always = TABLES[name].name == "customers"
    # A day without a time of day ends when the next one begins.
    ended = happened + ibis.literal(days(1)) if TABLES[name].column(event).type == "date" else happened
    own = [name for name in request.by if name == "source"]
    rows = table.select(
        *own,
        at=ibis.coalesce(happened, _moment(table, "loaded_at")) if always else happened,
        known=happened.notnull(),
        timely=table["loaded_at"] <= ended + ibis.literal(days(request.parameters["days"])),
    )
    rows = rows.filter(rows["at"].notnull())
    grouped = rows.group_by([*own, request.period(rows["at"]).name("period")]).aggregate(
        at=rows["at"].min(),
        rows=rows.count(),
        known=rows.count(where=rows["known"]),
        timely=rows.count(where=rows["timely"]),
    )
    return grouped.select(*own, "at", "rows", "known", "timely", table=ibis.literal(name))


def _moment(table: Rows, column: str) -> Expression:
    """A date or a moment, of the one type that a union of tables needs."""
    return table[column].cast("timestamp")


_CELLS = Source("cells", _completeness, ("table", "source"))
_LOADS = Source("loads", _timeliness, ("table", "source"), parameters=("days",))

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
                "Shows which tables the other figures may lean on; slice by table and source.",
                "Показывает, на\u00a0какие таблицы можно опираться; смотрите срезы по\u00a0таблицам (table) и\u00a0источникам (source).",
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
