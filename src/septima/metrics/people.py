"""People who serve customers, and the plan of the CRM programme."""

from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.definition import Cells, Estimate, Metric, Parameters, Passport, Request, Source
from septima.metrics.sources import count_true, known_until, records, total
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_OF_EMPLOYEES = ("department", "role")


def _staff_changes(request: Request) -> ir.Table:
    """One row per hire and per leaving; `change` of the headcount, `left`, and `unusable` where the hire is unknown."""
    employees = request.rows("employees")
    shared: list[Any] = ["employee_id", *_OF_EMPLOYEES]
    whole = {"zero": ibis.literal(0, "int64"), "one": ibis.literal(1, "int64")}
    hired = employees.filter(employees["hired_at"].notnull()).select(
        *shared, at="hired_at", change=whole["one"], left=whole["zero"], unusable=whole["zero"]
    )
    leavers = employees.filter(employees["left_at"].notnull())
    known = leavers["hired_at"].notnull().cast("int64")
    left = leavers.select(*shared, at="left_at", change=-known, left=known, unusable=1 - known)
    return hired.union(left.cast({"change": "int64", "left": "int64", "unusable": "int64"}))


def _due(request: Request, name: str, done: str) -> ir.Table:
    """What was planned and is due, done or not; `on_time` where it was done on the planned day or before."""
    planned = request.rows(name)
    rows = planned.mutate(
        at=planned["planned_at"],
        on_time=(planned[done].date() <= planned["planned_at"].date()).fill_null(False),
        due=planned[done].notnull() | (planned["planned_at"] < known_until(planned, done)).fill_null(False),
    )
    return rows.filter(rows["due"])


def _trainings(request: Request) -> ir.Table:
    rows = _due(request, "trainings", "completed_at")
    attributes = [name for name in request.by if name in _OF_EMPLOYEES]
    if not attributes:
        return rows
    employees = request.rows("employees").select("employee_id", *attributes)
    return rows.left_join(employees, "employee_id").drop("employee_id_right")


STAFF = Source("staff_changes", _staff_changes, _OF_EMPLOYEES)
TRAININGS = Source("trainings", _trainings, ("course", *_OF_EMPLOYEES))
MILESTONES = Source("milestones", lambda request: _due(request, "milestones", "done_at"), ("kind", "department"))


def _staff_turnover(cells: Cells, _: Parameters) -> Estimate:
    at_end = cells.cumulative("change")
    average = at_end - cells["change"] / 2
    average = np.where(average > 0, average, 0.0)
    lower, upper = (divide(bound, average) for bound in intervals.poisson(cells["left"]))
    unusable = cells["unusable"]
    return Estimate(divide(cells["left"], average), average, lower, upper, divide(unusable, average + unusable))


def _on_time(source: Source) -> Any:
    return {"on_time": count_true(source, "on_time"), "due": records(source)}


METRICS = (
    Metric(
        Passport(
            id="staff_turnover",
            version=1,
            name=Text("Staff turnover", "Текучесть персонала"),
            description=Text(
                "Share of the staff that left in the period.", "Доля персонала, уволившегося за\u00a0период."
            ),
            use=Text(
                "Customers notice when those who know them leave; slice by department and role.",
                "Клиенты замечают уход тех, кто их знает; смотрите срезы по\u00a0подразделениям и\u00a0должностям.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "Employees who left in the period divided by the mean of the headcounts at its start and end; for the "
                "period as it is, not per year. Employees without a known hire are left out; those of them who left are "
                "missing. n is the mean headcount.",
                "Уволившиеся за\u00a0период, делённые на\u00a0среднее численности на\u00a0его начало и\u00a0конец; за\u00a0сам период, "
                "без пересчёта на\u00a0год. Сотрудники без известной даты приёма не\u00a0учитываются; уволившиеся из\u00a0них "
                "считаются пропусками. n\u00a0— средняя численность.",
            ),
            formula="left / ((headcount at start + headcount at end) / 2)",
            formula_source="ISO 30414, 2018 (turnover rate)",
            interval=estimates.POISSON,
            primary_data=("employees.hired_at", "employees.left_at"),
            perspective="hr",
            group="hr",
            owner_role=roles.PEOPLE,
            minimum_sample=10,
        ),
        {"change": total(STAFF, "change"), "left": total(STAFF, "left"), "unusable": total(STAFF, "unusable")},
        _staff_turnover,
        history="all",
    ),
    Metric(
        Passport(
            id="training_on_time",
            version=1,
            name=Text("Trainings completed on time", "Обучение, пройденное в\u00a0срок"),
            description=Text(
                "Share of planned trainings that employees completed by the planned day.",
                "Доля запланированного обучения, которое сотрудники прошли к\u00a0плановому дню.",
            ),
            use=Text(
                "Shows whether people are made ready for the new way of work in time.",
                "Показывает, успевают\u00a0ли подготовить людей к\u00a0новой работе.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Trainings completed on the planned day or before divided by those due in the period: completed, or planned "
                "before the newest completion in the data. A training belongs to the period for which it was planned.",
                "Обучение, пройденное в\u00a0плановый день или раньше, делённое на\u00a0то, чей срок пришёлся на\u00a0период: "
                "пройденное или запланированное раньше самого нового прохождения в\u00a0данных. Относится к\u00a0периоду, "
                "на\u00a0который запланировано.",
            ),
            formula="count(completed_at ≤ planned_at) / due",
            formula_source="ISO 30414, 2018 (training)",
            interval=estimates.WILSON,
            primary_data=("trainings.planned_at", "trainings.completed_at"),
            perspective="hr",
            group="adoption",
            owner_role=roles.PEOPLE,
            minimum_sample=20,
        ),
        _on_time(TRAININGS),
        estimates.share("on_time", "due"),
    ),
    Metric(
        Passport(
            id="milestones_on_plan",
            version=1,
            name=Text("Milestones on plan", "Вехи по\u00a0плану"),
            description=Text(
                "Share of milestones of the CRM programme that were reached by the planned day.",
                "Доля вех программы CRM, достигнутых к\u00a0плановому дню.",
            ),
            use=Text(
                "Shows whether the programme keeps its word; slice by department and kind.",
                "Показывает, держит\u00a0ли программа слово; смотрите срезы по\u00a0подразделениям и\u00a0видам.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Milestones reached on the planned day or before divided by those due in the period: reached, or planned "
                "before the newest one reached in the data. A milestone belongs to the period for which it was planned.",
                "Вехи, достигнутые в\u00a0плановый день или раньше, делённые на\u00a0те, чей срок пришёлся на\u00a0период: достигнутые "
                "или запланированные раньше самой новой достигнутой в\u00a0данных. Веха относится к\u00a0периоду, на\u00a0который "
                "запланирована.",
            ),
            formula="count(done_at ≤ planned_at) / due",
            formula_source="PMI, PMBOK Guide, 2021 (schedule performance)",
            interval=estimates.WILSON,
            primary_data=("milestones.planned_at", "milestones.done_at"),
            perspective="governance",
            group="adoption",
            owner_role=roles.CRM,
            minimum_sample=5,
        ),
        _on_time(MILESTONES),
        estimates.share("on_time", "due"),
    ),
)
