"""The staff: how many there are, how long they stay, who leaves and who is trained."""

from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.definition import (
    Cells,
    Estimate,
    Expression,
    FloatArray,
    Measure,
    Metric,
    Parameters,
    Passport,
    Request,
    Source,
)
from septima.metrics.sources import days, total
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_DIMENSIONS = ("department", "role")
_DAYS_IN_MONTH = 365.25 / 12
# Days are counted from a near one, so that sums of their squares lose no digits.
_FIRST_DAY = np.datetime64("2000-01-01", "D")


def _staff_changes(request: Request) -> ir.Table:
    """One row per hire and per leaving; `change` of the headcount, `hired`, `left`, and `unusable` where the hire is unknown.

    `day` is that of the hire and `square` its square, both negative in a leaving; `known_day` is that of the event or
    of the load, whichever is later.
    """
    employees = request.rows("employees")
    zero, one, less = (ibis.literal(number, "int64") for number in (0, 1, -1))
    nothing = ibis.literal(0.0, "float64")

    def rows(events: ir.Table, at: str, **columns: Expression) -> ir.Table:
        known_day: Any = ibis.greatest(_day(events[at]), _day(events["loaded_at"]))
        return events.select("employee_id", *_DIMENSIONS, at=at, known_day=known_day, **columns)

    newcomers = employees.filter(employees["hired_at"].notnull())
    day = _day(newcomers["hired_at"])
    hired = rows(newcomers, "hired_at", change=one, hired=one, left=zero, unusable=zero, day=day, square=day * day)
    leavers = employees.filter(employees["left_at"].notnull())
    known = leavers["hired_at"].notnull()
    day = _day(leavers["hired_at"])
    return hired.union(
        rows(
            leavers,
            "left_at",
            change=known.ifelse(less, zero),
            hired=zero,
            left=known.ifelse(one, zero),
            unusable=known.ifelse(zero, one),
            day=known.ifelse(-day, nothing),
            square=known.ifelse(-(day * day), nothing),
        )
    )


def _day(at: Expression) -> Expression:
    """Days from the first one to each moment."""
    first = int(_FIRST_DAY.astype("datetime64[s]").astype(np.int64))
    return (at.truncate("s").epoch_seconds() - first).cast("float64") / 86_400.0


def _trained_changes(request: Request) -> ir.Table:
    """A row where an employee becomes trained and one where that lapses; `change` is +1 or −1.

    A training counts for `days` days, while its employee is employed. Of trainings with no gap between them only the
    first begins and the last ends it. A lapse that the data do not reach yet has not happened.
    """
    trainings, employees = request.rows("trainings"), request.rows("employees")
    employees = employees.filter(employees["hired_at"].notnull())
    employees = employees.select("employee_id", *_DIMENSIONS, "hired_at", "left_at")
    trained = trainings.filter(trainings["completed_at"].notnull()).inner_join(employees, "employee_id")
    lapses_at = trained["completed_at"] + ibis.literal(days(request.parameters["days"]))
    trained = trained.mutate(
        begins_at=ibis.greatest(trained["completed_at"], trained["hired_at"]),
        ends_at=ibis.least(lapses_at, ibis.coalesce(trained["left_at"], lapses_at)),
    )
    trained = trained.filter(trained["begins_at"] < trained["ends_at"])
    spell = ibis.window(group_by="employee_id", order_by=[trained["begins_at"], trained["ends_at"]])
    trained = trained.mutate(before=trained["ends_at"].lag().over(spell), after=trained["begins_at"].lead().over(spell))
    begun = trained.filter(trained["before"].isnull() | (trained["before"] < trained["begins_at"]))
    ended = trained.filter(trained["after"].isnull() | (trained["ends_at"] < trained["after"]))
    ended = ended.filter(ended["ends_at"] <= trainings["loaded_at"].max().as_scalar())
    shared = ["employee_id", *_DIMENSIONS]
    return begun.select(*shared, at="begins_at", change=ibis.literal(1, "int64")).union(
        ended.select(*shared, at="ends_at", change=ibis.literal(-1, "int64"))
    )


STAFF = Source("staff_changes", _staff_changes, _DIMENSIONS)
_TRAINED = Source("trained_staff", _trained_changes, _DIMENSIONS, parameters=("days",))
_CHANGE = total(STAFF, "change")
_UNUSABLE = total(STAFF, "unusable")


def _staff_turnover(cells: Cells, _: Parameters) -> Estimate:
    at_end = cells.cumulative("change")
    average = at_end - cells["change"] / 2
    average = np.where(average > 0, average, 0.0)
    lower, upper = (divide(bound, average) for bound in intervals.poisson(cells["left"]))
    unusable = cells["unusable"]
    return Estimate(divide(cells["left"], average), average, lower, upper, divide(unusable, average + unusable))


def _headcount(cells: Cells, _: Parameters) -> Estimate:
    staff = cells.cumulative("change")
    none = np.full(staff.shape, np.nan)
    return Estimate(staff, staff, none, none, _missing(cells, staff))


def _staff_tenure(cells: Cells, _: Parameters) -> Estimate:
    """Mean of end − hired = end − H / N over the N employed at the end, with H the sum of the days of their hires."""
    staff, hires, squares = (cells.cumulative(name) for name in ("change", "day", "square"))
    until = _known_end(cells)
    served = staff * until - hires
    served_squares = staff * until**2 - 2 * until * hires + squares
    lower, upper = intervals.mean_t(served, served_squares, staff)
    value = divide(served, staff)
    return Estimate(
        value / _DAYS_IN_MONTH, staff, lower / _DAYS_IN_MONTH, upper / _DAYS_IN_MONTH, _missing(cells, staff)
    )


def _known_end(cells: Cells) -> FloatArray:
    """The day on which each period ends, or how far the data know where it goes on past that."""
    known_day = cells["known_day"].max(initial=0.0)
    ends = (cells.period_ends() - _FIRST_DAY).astype(np.float64)
    return np.where(np.isnat(cells.period_ends()), known_day, np.minimum(ends, known_day))


def _staff_trained(cells: Cells, _: Parameters) -> Estimate:
    staff, trained = cells.cumulative("change"), cells.cumulative("trained")
    lower, upper = intervals.wilson(trained, staff)
    return Estimate(divide(trained, staff), staff, lower, upper, _missing(cells, staff))


def _missing(cells: Cells, staff: FloatArray) -> FloatArray:
    """Of those at the period's end and those who left in it, the share of whom nobody knows since when they were there."""
    return divide(cells["unusable"], staff + cells["unusable"])


_OF_EMPLOYEES = ("employees.hired_at", "employees.left_at")

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
        {"change": _CHANGE, "left": total(STAFF, "left"), "unusable": _UNUSABLE},
        _staff_turnover,
        history="all",
    ),
    Metric(
        Passport(
            id="headcount",
            version=1,
            name=Text("Headcount", "Численность персонала"),
            description=Text("Employees at the period’s end.", "Сотрудники на\u00a0конец периода."),
            use=Text(
                "What every figure per employee is divided by; slice by department and role.",
                "На\u00a0неё делится всё, что считают на\u00a0сотрудника; смотрите срезы по\u00a0подразделениям и\u00a0должностям.",
            ),
            unit="count",
            direction="target",
            method=Text(
                "Employees hired until the period’s end less those who left until then. Employees without a known hire are "
                "left out; those of them who left in the period are missing. An employee stands in the present department.",
                "Сотрудники, принятые до\u00a0конца периода, за\u00a0вычетом уволившихся к\u00a0этому времени. Сотрудники без известной "
                "даты приёма не\u00a0учитываются; уволившиеся из\u00a0них за\u00a0период считаются пропусками. Сотрудник относится "
                "к\u00a0нынешнему подразделению.",
            ),
            formula="count(hired_at < end) − count(left_at < end)",
            formula_source="ISO 30414, 2018 (number of employees)",
            interval=Text(
                "None: all employees are counted, none is drawn at random",
                "Нет: посчитаны все сотрудники, случайной выборки нет",
            ),
            primary_data=_OF_EMPLOYEES,
            perspective="hr",
            group="hr",
            owner_role=roles.PEOPLE,
            minimum_sample=1,
        ),
        {"change": _CHANGE, "unusable": _UNUSABLE},
        _headcount,
        history="all",
    ),
    Metric(
        Passport(
            id="staff_tenure",
            version=1,
            name=Text("Staff tenure", "Стаж персонала"),
            description=Text(
                "How many months, on average, those employed at the period’s end have worked.",
                "Сколько месяцев в\u00a0среднем работают те, кто был в\u00a0штате на\u00a0конец периода.",
            ),
            use=Text(
                "Shows whether experience with customers is gathered or lost; slice by department and role.",
                "Показывает, копится\u00a0ли опыт работы с\u00a0клиентами; смотрите срезы по\u00a0подразделениям и\u00a0должностям.",
            ),
            unit="months",
            direction="more",
            method=Text(
                "Mean time from the hire to the period’s end, or to the newest load where the period goes on past it, of those "
                "employed then, in months of 365.25/12 days. Employees without a known hire are left out; those of them who "
                "left in the period are missing.",
                "Среднее время от\u00a0приёма до\u00a0конца периода (до\u00a0последней загрузки, если период ещё идёт) у\u00a0тех, кто тогда "
                "в\u00a0штате, в\u00a0месяцах по\u00a0365,25/12 дня. Сотрудники без известной даты приёма не\u00a0учитываются; уволившиеся "
                "из\u00a0них за\u00a0период считаются пропусками.",
            ),
            formula="mean(end − hired_at)",
            formula_source="ISO 30414, 2018 (workforce composition); Student, Biometrika, 1908",
            interval=estimates.STUDENT,
            primary_data=_OF_EMPLOYEES,
            perspective="hr",
            group="hr",
            owner_role=roles.PEOPLE,
            minimum_sample=5,
        ),
        {
            "change": _CHANGE,
            "day": total(STAFF, "day"),
            "square": total(STAFF, "square"),
            "known_day": Measure(STAFF, lambda rows, _: rows["known_day"].max()),
            "unusable": _UNUSABLE,
        },
        _staff_tenure,
        history="all",
    ),
    Metric(
        Passport(
            id="staff_trained",
            version=1,
            name=Text("Trained staff", "Обученный персонал"),
            description=Text(
                "Share of the staff that completed a training not long before the period’s end.",
                "Доля сотрудников, которые прошли обучение незадолго до\u00a0конца периода.",
            ),
            use=Text(
                "Shows whether people are kept ready; slice by department and role.",
                "Показывает, поддерживают\u00a0ли готовность людей; смотрите срезы по\u00a0подразделениям и\u00a0должностям.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Those employed at the period’s end who completed a training in the last `days` days before it (before the "
                "newest load, where the period goes on past it), divided by all employed then. Employees without a known hire "
                "are left out; those of them who left in the period are missing.",
                "Те, кто в\u00a0штате на\u00a0конец периода и\u00a0прошёл обучение за\u00a0последние `days` дней до\u00a0него (до\u00a0последней "
                "загрузки, если период ещё идёт), делённые на\u00a0всех, кто тогда в\u00a0штате. Сотрудники без известной даты приёма "
                "не\u00a0учитываются; уволившиеся из\u00a0них за\u00a0период считаются пропусками.",
            ),
            formula="count(employed: completed_at ≥ end − days) / headcount",
            formula_source="ISO 30414, 2018 (employees who participate in training)",
            interval=estimates.WILSON,
            primary_data=("trainings.completed_at", "trainings.employee_id", *_OF_EMPLOYEES),
            perspective="hr",
            group="hr",
            owner_role=roles.PEOPLE,
            minimum_sample=10,
            parameters={"days": 365},
        ),
        {"trained": total(_TRAINED, "change"), "change": _CHANGE, "unusable": _UNUSABLE},
        _staff_trained,
        history="all",
    ),
)
