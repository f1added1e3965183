"""Calls, complaints, and what employees did with them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from septima.demo.arrays import (
    Floats,
    Integers,
    flags,
    instants,
    numbered,
    numbers,
    pick,
    pick_by_row,
    same,
    words,
)
from septima.demo.calendar import DAY, HOUR, SECOND
from septima.demo.export import COMPLAINT_TIME_FORM, COMPLAINT_TIME_ZONE, SEVERITY_WORDS, break_rows
from septima.demo.marketing import write_call_touches
from septima.demo.people import People
from septima.demo.purchases import Orders
from septima.demo.setting import Setting

COMPLAINT_DEPARTMENTS = {
    "delivery": "delivery", "quality": "claims", "service": "support", "payment": "online_shop", "returns": "claims",
}  # fmt: skip
_COMPLAINT_STEPS = (("register", "support", 1.0), ("investigate", "claims", 3.0), ("answer", "support", 4.0))
_FULFILMENT_STEPS = (("pick", "stores", 0.5), ("hand_over", "delivery", 1.0), ("confirm", "online_shop", 1.5))


@dataclass(frozen=True)
class Complaints:
    """The complaints of a block; arrays of one length."""

    order: Integers
    category: Integers
    opened_at: Integers
    ids: pa.StringArray


def write_calls(setting: Setting, orders: Orders, people: People) -> None:
    """Write calls: Poisson per order; answered where the exponential waiting ends before the exponential patience."""
    model, calendar, staff = setting.model, setting.calendar, setting.staff
    chance = setting.chance("calls")
    order = np.repeat(np.arange(len(orders)), chance.poisson(model.calls_per_order, len(orders)))
    at = orders.at[order] + (chance.exponential(1.5, len(order)) * DAY).astype(np.int64)
    kept = at < calendar.end - HOUR
    order, at = order[kept], at[kept]
    size = len(order)
    quarter = calendar.quarter_of(at)
    waiting = chance.exponential(np.array(model.waiting_s)[quarter])
    patience = chance.exponential(model.patience_s, size)
    waited: Floats = np.minimum(waiting, patience)
    answered = waiting < patience
    resolved = chance.random(size) < np.array(model.resolved_share)[quarter]
    employee = np.where(answered, staff.serving(chance, "support", at), -1)
    customer = people.number[orders.owner[order]]
    number = setting.numbers(size)
    columns = {
        "call_id": numbered("L", number, 10),
        "customer_id": numbered("C", customer),
        "at": instants(at),
        "waited_s": numbers(np.round(waited, 3)),
        "talked_s": numbers(chance.lognormal(np.log(170), 0.6, size).round(1), answered),
        "answered": flags(answered),
        "resolved": flags(resolved, answered),
        "department": same("support", size),
        "employee_id": numbered("E", employee, 5, employee >= 0),
    }
    broken = break_rows(chance, columns, model.broken_share, "call_id", "B", waited_s=-1.0) if size else None
    setting.exporter.write("calls", columns, broken=("calls", broken) if broken else None)
    write_call_touches(setting, number, customer, at, employee)

    opened = np.flatnonzero((employee >= 0) & (chance.random(size) < model.cards_opened_per_call))
    setting.exporter.write(
        "accesses",
        {
            "employee_id": numbered("E", employee[opened], 5),
            "customer_id": numbered("C", customer[opened]),
            "at": instants(at[opened] + 5 * SECOND),
        },
    )


def write_complaints(setting: Setting, orders: Orders, people: People) -> Complaints:
    """Write complaints: each order brings one of a category by the rate of the quarter in which it is opened."""
    model, calendar = setting.model, setting.calendar
    chance = setting.chance("complaints")
    rates = np.array(list(model.complaints_per_1000.values())).T / 1000
    most = rates.sum(axis=1).max()
    order = np.flatnonzero(chance.random(len(orders)) < most)
    opened = orders.at[order] + (chance.exponential(model.complaint_lag_days, len(order)) * DAY).astype(np.int64)
    opened = opened // SECOND * SECOND
    quarter = calendar.quarter_of(opened)
    shares = np.column_stack((rates / most, 1 - rates.sum(axis=1) / most))
    category = pick_by_row(chance, shares, quarter)
    kept = (category < rates.shape[1]) & (opened < calendar.end)
    order, opened, category, quarter = order[kept], opened[kept], category[kept], quarter[kept]
    size = len(order)
    first_hours = setting.chance("responses").exponential(np.array(model.first_response_hours)[quarter])
    responded = opened + (first_hours * HOUR).astype(np.int64)
    closed = responded + (chance.gamma(2.0, np.array(model.complaint_days)[quarter] / 2) * DAY).astype(np.int64)
    ids = numbered("K", setting.numbers(size), 10)
    categories = list(model.complaints_per_1000)
    utc = pc.call_function(
        "assume_timezone", [instants(opened).cast(pa.timestamp("s"))], pc.AssumeTimezoneOptions("UTC")
    )
    moscow = utc.cast(pa.timestamp("s", COMPLAINT_TIME_ZONE))
    columns = {
        "complaint_id": ids,
        "customer_id": numbered("C", people.number[orders.owner[order]]),
        "opened_at": pc.call_function("strftime", [moscow], pc.StrftimeOptions(COMPLAINT_TIME_FORM)),
        "responded_at": instants(responded, responded < calendar.end),
        "closed_at": instants(closed, closed < calendar.end),
        "channel": words(pick(chance, [0.5, 0.2, 0.2, 0.1], size), ["call_centre", "email", "web", "store"]),
        "category": words(category, categories),
        "department": words(category, [COMPLAINT_DEPARTMENTS[name] for name in categories]),
        "severity": words(pick(chance, [0.35, 0.42, 0.18, 0.05], size), list(SEVERITY_WORDS.values())),
        "reopened": flags(chance.random(size) < np.array(model.reopened_share)[quarter]),
        "order_id": orders.ids.take(pa.array(order)),
    }
    share = model.broken_share
    broken = break_rows(chance, columns, share, "complaint_id", "B", opened_at="31.02.2026 25:61:00") if size else None
    setting.exporter.write("complaints", columns, broken=("complaints", broken) if broken else None)
    return Complaints(order, category, opened, ids)


def write_steps(setting: Setting, orders: Orders, complaints: Complaints, people: People) -> None:
    """Write the steps of two processes: every complaint is handled, and a sample of orders is followed through."""
    model, calendar = setting.model, setting.calendar
    chance = setting.chance("steps")
    sample = np.flatnonzero(chance.random(len(orders)) < model.fulfilment_sample)
    processes = (
        ("complaint_handling", _COMPLAINT_STEPS, complaints.opened_at, complaints.ids, complaints.order),
        ("order_fulfilment", _FULFILMENT_STEPS, orders.at[sample], orders.ids.take(pa.array(sample)), sample),
    )
    for process, steps, begun, case, order in processes:
        for step, department, days in steps:
            size = len(begun)
            due = begun + int(days * DAY)
            on_time = chance.random(size) < model.steps_on_time[department]
            early = (chance.random(size) * 0.5 * DAY).astype(np.int64)
            late = (chance.exponential(DAY, size) + HOUR).astype(np.int64)
            done = np.where(on_time, due - early, due + late)
            setting.exporter.write(
                "process_steps",
                {
                    "process": same(process, size),
                    "case_id": case,
                    "step": same(step, size),
                    "customer_id": numbered("C", people.number[orders.owner[order]]),
                    "department": same(department, size),
                    "due_at": instants(due),
                    "done_at": instants(done, done < calendar.end),
                },
            )
