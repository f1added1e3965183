"""How far people have taken up the new way of work: trainings, and customer cards opened by those who serve."""

from typing import Any

import ibis
import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.definition import Cells, Estimate, Measure, Metric, Parameters, Passport, Request, Rows, Source
from septima.metrics.sources import count_true, known, known_until, records, total, total_of_products, within_bounds
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_OF_EMPLOYEES = ("department", "role")
_SERVING = ("call", "chat", "message", "meeting", "store_visit")
_ALWAYS_SERVED = ("chat", "message", "meeting")


def _with_employee(request: Request, rows: Rows) -> Rows:
    """Rows of employees with those attributes of theirs that are asked for."""
    attributes = [name for name in request.by if name in _OF_EMPLOYEES]
    if not attributes:
        return rows
    employees = request.rows("employees").select("employee_id", *attributes)
    return rows.left_join(employees, "employee_id").drop("employee_id_right")


def _trainings(request: Request) -> ir.Table:
    """Trainings that were planned and are due, done or not; `on_time` where completed on the planned day or before."""
    planned = request.rows("trainings")
    completed = planned["completed_at"]
    rows = planned.mutate(
        at=planned["planned_at"],
        on_time=(request.day(completed) <= request.day(planned["planned_at"])).fill_null(False),
    )
    overdue = (planned["planned_at"] < known_until(planned, "completed_at")).fill_null(False)
    return _with_employee(request, rows.filter(completed.notnull() | overdue))


def _tests(request: Request) -> ir.Table:
    """Trainings that were completed, or have a score, by the moment of completion (else that of the plan)."""
    trainings = request.rows("trainings")
    rows = trainings.filter(trainings["completed_at"].notnull() | trainings["score"].notnull())
    return _with_employee(request, rows.mutate(at=ibis.coalesce(rows["completed_at"], rows["planned_at"])))


def _serving(request: Request) -> ir.Table:
    """One row per employee and period: whether they served a customer, and how many customers' cards they opened.

    `contacts` and `unnamed` count the contacts behind it, and those of them of which nobody knows who served.
    """
    touches, calls, accesses = (
        within_bounds(request, request.rows(name), "at") for name in ("touches", "calls", "accesses")
    )
    one, zero, nobody = ibis.literal(1, "int64"), ibis.literal(0, "int64"), ibis.null("string")
    touches = touches.filter(
        touches["kind"].isin(_SERVING), touches["employee_id"].notnull() | touches["kind"].isin(_ALWAYS_SERVED)
    )
    calls = calls.filter(calls["employee_id"].notnull() | calls["answered"].fill_null(False))
    columns: dict[str, Any] = {"served": one, "card": nobody}
    events = touches.select("employee_id", "at", **columns).union(calls.select("employee_id", "at", **columns))
    events = events.union(accesses.select("employee_id", "at", served=zero, card=accesses["customer_id"]))
    rows = events.group_by("employee_id", period=request.period(events["at"])).aggregate(
        at=events["at"].min(), contacts=events["served"].sum(), opened=events["card"].nunique()
    )
    serves = rows["employee_id"].notnull() & (rows["contacts"] > 0)
    rows = rows.mutate(
        serves=serves,
        cards=serves.ifelse(rows["opened"], zero),
        unnamed=rows["employee_id"].isnull().ifelse(rows["contacts"], zero),
    )
    return _with_employee(request, rows.drop("period", "opened"))


TRAININGS = Source("trainings", _trainings, ("course", *_OF_EMPLOYEES))
_TESTS = Source("training_tests", _tests, ("course", *_OF_EMPLOYEES))
_SERVICE = Source("serving_employees", _serving, ("employee_id", *_OF_EMPLOYEES))


def _cards(cells: Cells, _: Parameters) -> Estimate:
    employees, cards = cells["serving"], cells["cards"]
    lower, upper = intervals.mean_t(cards, cells["squares"], employees)
    contacts = cells["contacts"]
    return Estimate(
        divide(cards, employees), employees, lower, upper, estimates.missing(contacts - cells["unnamed"], contacts)
    )


METRICS = (
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
        {"on_time": count_true(TRAININGS, "on_time"), "due": records(TRAININGS)},
        estimates.share("on_time", "due"),
    ),
    Metric(
        Passport(
            id="training_passed",
            version=1,
            name=Text("Trainings passed", "Успешно пройденное обучение"),
            description=Text(
                "Share of trainings whose test was passed.", "Доля обучения, проверка по\u00a0которому сдана."
            ),
            use=Text(
                "Shows whether people learnt, not only attended; slice by course, department and role.",
                "Показывает, научились\u00a0ли люди, а\u00a0не\u00a0только побывали на\u00a0занятиях; смотрите срезы по\u00a0курсам, "
                "подразделениям и\u00a0должностям.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Trainings with a score of at least `pass_score` divided by those with a score, by the moment of completion "
                "(that of the plan where it is not known). Completed ones without a score are missing.",
                "Обучение с\u00a0результатом не\u00a0ниже `pass_score`, делённое на\u00a0обучение с\u00a0результатом, по\u00a0моменту прохождения "
                "(если он неизвестен\u00a0— по\u00a0плановому). Пройденное без результата считается пропуском.",
            ),
            formula="count(score ≥ pass_score) / trainings with a score",
            formula_source="Kirkpatrick, Evaluating Training Programs, 1994 (level 2, learning)",
            interval=estimates.WILSON,
            primary_data=("trainings.score", "trainings.completed_at", "trainings.planned_at"),
            perspective="hr",
            group="adoption",
            owner_role=roles.PEOPLE,
            minimum_sample=20,
            parameters={"pass_score": 0.7},
        ),
        {
            "passed": Measure(
                _TESTS, lambda rows, parameters: rows.count(where=rows["score"] >= parameters["pass_score"])
            ),
            "known": known(_TESTS, "score"),
            "trainings": records(_TESTS),
        },
        estimates.share("passed", "known", "trainings"),
    ),
    Metric(
        Passport(
            id="cards_opened_per_employee",
            version=1,
            name=Text("Customer cards opened per employee", "Открытые карточки клиентов на\u00a0сотрудника"),
            description=Text(
                "How many customers’ cards an employee who serves customers opened in the period.",
                "Карточки скольких клиентов открыл за\u00a0период сотрудник, который обслуживает клиентов.",
            ),
            use=Text(
                "Shows whether those who serve look at what is known of the customer; slice by department and employee.",
                "Показывает, смотрят\u00a0ли обслуживающие на\u00a0то, что известно о\u00a0клиенте; смотрите срезы по\u00a0подразделениям "
                "и\u00a0сотрудникам.",
            ),
            unit="ratio",
            direction="more",
            method=Text(
                "Mean, over employees who took part in a call, chat, message, meeting or store visit in the period, of the "
                "number of different customers whose card they opened in it; an employee who opened none counts with zero. "
                "Cards opened by others are left out. Answered calls, chats, messages and meetings without an employee are "
                "missing. n is the employees.",
                "Среднее по\u00a0сотрудникам, участвовавшим за\u00a0период в\u00a0звонке, чате, переписке, встрече или визите в\u00a0магазин, "
                "числа разных клиентов, чьи карточки они за\u00a0него открыли; не\u00a0открывавшие входят с\u00a0нулём. Карточки, открытые "
                "другими, не\u00a0учитываются. Отвеченные звонки, чаты, сообщения и\u00a0встречи без сотрудника считаются "
                "пропусками. n\u00a0— число сотрудников.",
            ),
            formula="mean over serving employees of distinct customers in accesses",
            formula_source="DeLone & McLean, Journal of Management Information Systems, 2003 (system use)",
            interval=estimates.STUDENT,
            primary_data=(
                "accesses.employee_id",
                "accesses.customer_id",
                "accesses.at",
                "touches.employee_id",
                "touches.kind",
                "calls.employee_id",
                "calls.answered",
            ),
            perspective="customer_support",
            group="adoption",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=5,
        ),
        {
            "serving": count_true(_SERVICE, "serves"),
            "cards": total(_SERVICE, "cards"),
            "squares": total_of_products(_SERVICE, "cards", "cards"),
            "contacts": total(_SERVICE, "contacts"),
            "unnamed": total(_SERVICE, "unnamed"),
        },
        _cards,
    ),
)
