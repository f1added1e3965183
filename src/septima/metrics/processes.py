"""The modelled processes: whether steps are done when due, and whether work passes between departments in time."""

from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.definition import Cells, Estimate, Metric, Parameters, Passport, Request, Rows, Source
from septima.metrics.sources import count_true, known_until, records, total
from septima.metrics.staff import STAFF
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_DIMENSIONS = ("process", "step", "department")


def _due(steps: Rows) -> Rows:
    """Steps that are due, by their due moment (that of doing where there is none); `usable` and `on_time`."""
    due_at, done_at = steps["due_at"], steps["done_at"]
    overdue = (due_at < known_until(steps, "done_at")).fill_null(False)
    rows = steps.mutate(
        at=ibis.coalesce(due_at, done_at), usable=due_at.notnull(), on_time=(done_at <= due_at).fill_null(False)
    )
    return rows.filter(done_at.notnull() | overdue)


def _steps(request: Request) -> ir.Table:
    return _due(request.rows("process_steps"))


def _handoffs(request: Request) -> ir.Table:
    """Due steps that a case came to from another department, or from one that is not known.

    Steps of a case follow one another as they are due. `usable` where both departments and the due moment are known.
    """
    steps = request.rows("process_steps")
    steps = steps.filter(steps["due_at"].notnull() | steps["done_at"].notnull())
    planned = ibis.coalesce(steps["due_at"], steps["done_at"])
    case = ibis.window(group_by=["process", "case_id"], order_by=[planned, steps["step"]])
    steps = steps.mutate(
        from_department=steps["department"].lag().over(case),
        to_department=steps["department"],
        place=ibis.row_number().over(case),
    )
    rows = _due(steps)
    known = rows["from_department"].notnull() & rows["to_department"].notnull()
    rows = rows.mutate(usable=rows["usable"] & known, on_time=rows["on_time"] & known)
    return rows.filter(rows["place"] > 0, (rows["from_department"] != rows["to_department"]).fill_null(True)).drop(
        "place"
    )


def _done(request: Request) -> ir.Table:
    steps = request.rows("process_steps")
    return steps.mutate(at=steps["done_at"])


_STEPS = Source("process_steps", _steps, _DIMENSIONS, of_customers=True)
_HANDOFFS = Source(
    "handoffs",
    _handoffs,
    ("process", "step", "from_department", "to_department"),
    of_customers=True,
)
_DONE = Source("done_steps", _done, _DIMENSIONS, of_customers=True)


def _on_time(source: Source) -> dict[str, Any]:
    return {
        "on_time": count_true(source, "on_time"),
        "usable": count_true(source, "usable"),
        "steps": records(source),
    }


def _departments_in_processes(cells: Cells, _: Parameters) -> Estimate:
    """A department is one that had employees in the period: at its start, or hired in it."""
    named = cells.frame["department"].notna().to_numpy()
    start = cells.cumulative("change") - cells["change"]
    there = named & ((start > 0) | (cells["hired"] > 0))
    steps = cells["steps"]
    n = cells.total_within(there.astype(np.float64))
    taking_part = cells.total_within((there & (steps > 0)).astype(np.float64))
    usable = cells.total_within(np.where(there, steps, 0.0))
    lower, upper = intervals.wilson(taking_part, n)
    return Estimate(divide(taking_part, n), n, lower, upper, estimates.missing(usable, cells.total_within(steps)))


METRICS = (
    Metric(
        Passport(
            id="handoffs_on_time",
            version=1,
            name=Text("Hand-offs on time", "Передачи в\u00a0срок"),
            description=Text(
                "Share of hand-offs between departments after which the next step was done when due.",
                "Доля передач между подразделениями, после которых следующий шаг сделан в\u00a0срок.",
            ),
            use=Text(
                "Work is lost at the seams: slice by who hands over and who takes over.",
                "Работа теряется на\u00a0стыках; смотрите срезы по\u00a0тому, кто передаёт и\u00a0кто принимает.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Two steps of a case that follow one another by their due moments and belong to different departments are a "
                "hand-off. Those whose receiving step was done by its due moment, divided by those due in the period: done, "
                "or due before the newest step done in the data. Hand-offs with an unknown department or due moment are "
                "missing.",
                "Передача\u00a0— это два шага одного прохода, идущих друг за\u00a0другом по\u00a0сроку, в\u00a0разных подразделениях. "
                "Передачи, в\u00a0которых принявший сделал шаг к\u00a0сроку, делённые на\u00a0те, чей срок пришёлся на\u00a0период: сделанные "
                "или со\u00a0сроком раньше самого нового сделанного шага в\u00a0данных. Передачи с\u00a0неизвестным подразделением или "
                "сроком считаются пропусками.",
            ),
            formula="count(receiving done_at ≤ due_at) / hand-offs due",
            formula_source="van der Aalst, Reijers & Song, Discovering Social Networks from Event Logs, 2005 (handover of work)",
            interval=estimates.WILSON,
            primary_data=(
                "process_steps.case_id",
                "process_steps.step",
                "process_steps.department",
                "process_steps.due_at",
                "process_steps.done_at",
            ),
            perspective="operations",
            group="coordination",
            owner_role=roles.CRM,
            minimum_sample=30,
        ),
        _on_time(_HANDOFFS),
        estimates.share("on_time", "usable", "steps"),
    ),
    Metric(
        Passport(
            id="steps_on_time",
            version=1,
            name=Text("Process steps on time", "Шаги процессов в\u00a0срок"),
            description=Text(
                "Share of steps of the modelled processes that were done when due.",
                "Доля шагов описанных процессов, сделанных в\u00a0срок.",
            ),
            use=Text(
                "Shows whether the processes are followed as they were drawn; slice by process, step and department.",
                "Показывает, выполняются\u00a0ли процессы так, как описаны; смотрите срезы по\u00a0процессу, шагу и\u00a0подразделению.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Steps done by their due moment divided by those due in the period: done, or due before the newest step done "
                "in the data. Steps done that had no due moment are missing.",
                "Шаги, сделанные к\u00a0сроку, делённые на\u00a0те, чей срок пришёлся на\u00a0период: сделанные или со\u00a0сроком раньше "
                "самого нового сделанного шага в\u00a0данных. Сделанные шаги без срока считаются пропусками.",
            ),
            formula="count(done_at ≤ due_at) / steps due",
            formula_source="Dumas, La Rosa, Mendling & Reijers, Fundamentals of Business Process Management, 2018",
            interval=estimates.WILSON,
            primary_data=("process_steps.due_at", "process_steps.done_at"),
            perspective="operations",
            group="adoption",
            owner_role=roles.CRM,
            minimum_sample=30,
        ),
        _on_time(_STEPS),
        estimates.share("on_time", "usable", "steps"),
    ),
    Metric(
        Passport(
            id="departments_in_processes",
            version=1,
            name=Text("Departments in the processes", "Подразделения в\u00a0процессах"),
            description=Text(
                "Share of departments that did at least one step of the modelled processes.",
                "Доля подразделений, сделавших хотя\u00a0бы один шаг описанных процессов.",
            ),
            use=Text(
                "Shows how far the new way of work has spread; slice by department to see who stands aside.",
                "Показывает, насколько разошлась новая работа; срез по\u00a0подразделениям показывает, кто в\u00a0стороне.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Departments that did a step in the period divided by those that had employees in it: at its start, or hired "
                "since. Employees without a known hire are left out. Steps of an unknown department, or of one without "
                "employees, are missing.",
                "Подразделения, сделавшие шаг за\u00a0период, делённые на\u00a0те, в\u00a0которых за\u00a0него были сотрудники: на\u00a0его начало "
                "или принятые позже. Сотрудники без известной даты приёма не\u00a0учитываются. Шаги неизвестного подразделения "
                "или подразделения без сотрудников считаются пропусками.",
            ),
            formula="departments with a step done / departments with employees",
            formula_source="Kotter, Leading Change, 1996 (anchoring change in every unit)",
            interval=estimates.WILSON,
            primary_data=(
                "process_steps.department",
                "process_steps.done_at",
                "employees.department",
                "employees.hired_at",
                "employees.left_at",
            ),
            perspective="governance",
            group="adoption",
            owner_role=roles.CRM,
            minimum_sample=3,
        ),
        {
            "change": total(STAFF, "change"),
            "hired": total(STAFF, "hired"),
            "steps": records(_DONE),
        },
        _departments_in_processes,
        history="all",
        within=("department",),
    ),
)
