"""Complaints: their course (CCI), their number against orders, and how fast and how well they are settled."""

from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.definition import Cells, Estimate, Measure, Metric, Parameters, Passport, Request, Source
from septima.metrics.sources import (
    ORDERS,
    count_true,
    days,
    days_between,
    is_sold,
    known,
    known_until,
    quantile_measures,
    records,
    total,
)
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_DIMENSIONS = ("channel", "category", "department", "severity")
_ALLOWED_DAYS = 10
"""Days in which a complaint is to be settled, where nothing else is asked for."""


def _complaints(request: Request) -> ir.Table:
    complaints = request.rows("complaints")
    return complaints.mutate(at=complaints["opened_at"])


def _answers(request: Request) -> ir.Table:
    """Complaints by the moment when they came; `hours` until the first answer, null where there is none yet."""
    complaints = request.rows("complaints")
    opened, responded = complaints["opened_at"], complaints["responded_at"]
    usable = (opened <= responded).fill_null(False)
    return complaints.mutate(at=opened, hours=usable.ifelse(days_between(opened, responded) * 24, None))


def _settled(request: Request) -> ir.Table:
    """Complaints that were closed, by that moment; `days` from the complaint, null where it was closed before it came."""
    complaints = request.rows("complaints")
    opened, closed = complaints["opened_at"], complaints["closed_at"]
    usable = (opened <= closed).fill_null(False)
    rows = complaints.mutate(at=closed, days=usable.ifelse(days_between(opened, closed), None))
    return rows.filter(rows["at"].notnull())


def _due(request: Request) -> ir.Table:
    """Complaints whose `days` for settling are over, by the moment when they came; `on_time` and `usable`."""
    complaints = request.rows("complaints")
    opened, closed = complaints["opened_at"], complaints["closed_at"]
    due = opened + ibis.literal(days(request.parameters["days"]))
    rows = complaints.mutate(
        at=opened,
        over=(due <= known_until(complaints, "closed_at")).fill_null(False),
        usable=closed.isnull() | (opened <= closed),
        on_time=((opened <= closed) & (closed <= due)).fill_null(False),
    )
    return rows.filter(rows["over"]).drop("over")


def _closed_once(request: Request) -> ir.Table:
    """Complaints that were closed at least once, by the moment when they came."""
    complaints = request.rows("complaints")
    rows = complaints.filter(complaints["closed_at"].notnull() | complaints["reopened"].fill_null(False))
    return rows.mutate(at=rows["opened_at"])


def _backlog(request: Request) -> ir.Table:
    """A row for each complaint that came and each that was closed; `change` of the number open.

    `came` is 1 in the first kind; of complaints closed before they came there is the first kind only, `unusable`.
    """
    complaints = request.rows("complaints")
    shared: list[Any] = ["customer_id", *_DIMENSIONS]
    zero, one, less = (ibis.literal(number, "int64") for number in (0, 1, -1))
    wrong = (complaints["closed_at"] < complaints["opened_at"]).fill_null(False)
    came = complaints.select(
        *shared, at="opened_at", change=wrong.ifelse(zero, one), came=one, unusable=wrong.ifelse(one, zero)
    )
    closed = complaints.filter(complaints["closed_at"] >= complaints["opened_at"])
    return came.union(closed.select(*shared, at="closed_at", change=less, came=zero, unusable=zero))


def _buyers_and_complaints(request: Request) -> ir.Table:
    """One row per customer and period: whether they bought and complained; nobody's records make one row together.

    `records` and `identified` count the sold orders behind it, and those of them whose customer is known.
    """
    orders, complaints = request.rows("orders"), request.rows("complaints")
    orders = orders.filter(is_sold(orders))
    zero, one = ibis.literal(0, "int64"), ibis.literal(1, "int64")
    both = orders.select("customer_id", at="ordered_at", order=one, complaint=zero).union(
        complaints.select("customer_id", at="opened_at", order=zero, complaint=one)
    )
    rows = both.group_by("customer_id", period=request.period(both["at"])).aggregate(
        at=both["at"].min(), records=both["order"].sum(), complaints=both["complaint"].sum()
    )
    identified = rows["customer_id"].notnull()
    bought = identified & (rows["records"] > 0)
    return rows.mutate(
        bought=bought,
        complained=bought & (rows["complaints"] > 0),
        identified=identified.ifelse(rows["records"], zero),
    ).drop("period")


COMPLAINTS = Source("complaints", _complaints, _DIMENSIONS, of_customers=True)
_ANSWERS = Source("complaint_answers", _answers, _DIMENSIONS, of_customers=True, ranked="hours")
_SETTLED = Source("settled_complaints", _settled, _DIMENSIONS, of_customers=True, ranked="days")
_DUE = Source("due_complaints", _due, _DIMENSIONS, of_customers=True, parameters=("days",), settles_days=_ALLOWED_DAYS)
_CLOSED_ONCE = Source("complaints_closed_once", _closed_once, _DIMENSIONS, of_customers=True)
_BACKLOG = Source("complaint_backlog", _backlog, _DIMENSIONS, of_customers=True)
_BUYERS = Source("buyers_and_complaints", _buyers_and_complaints, (), of_customers=True)


def _cci(cells: Cells, _: Parameters) -> Estimate:
    current, before = cells["complaints"], cells.previous("complaints")
    least, most = intervals.poisson_ratio(current, before)
    n = current + np.nan_to_num(before)
    note = estimates.when(np.isnan(before), "no_previous_period")
    note = estimates.when(before == 0, "previous_is_zero", note)
    bounded = before > 0
    return Estimate(
        divide(before - current, before),
        n,
        np.where(bounded, 1 - most, np.nan),
        np.where(bounded, 1 - least, np.nan),
        1 - divide(n, n),
        note,
    )


def _per_1000_orders(cells: Cells, _: Parameters) -> Estimate:
    complaints, orders = cells["complaints"], cells["orders"]
    thousands = np.where(orders > 0, orders / 1000, np.nan)
    lower, upper = intervals.poisson(complaints)
    return Estimate(complaints / thousands, orders, lower / thousands, upper / thousands, 1 - divide(orders, orders))


def _open_complaints(cells: Cells, _: Parameters) -> Estimate:
    backlog = cells.cumulative("change")
    lower, upper = intervals.poisson(backlog)
    missing = divide(cells.cumulative("unusable"), cells.cumulative("came"))
    return Estimate(backlog, cells.cumulative("came"), lower, upper, missing)


def _complaint_rate(cells: Cells, _: Parameters) -> Estimate:
    complained, buyers = cells["complained"], cells["buyers"]
    lower, upper = intervals.wilson(complained, buyers)
    missing = estimates.missing(cells["identified"], cells["orders"])
    return Estimate(divide(complained, buyers), buyers, lower, upper, missing)


def _resolution_time(id_: str, q: float, name: Text, description: Text, use: Text) -> Metric:
    """A quantile of the days that complaints took."""
    words = {0.5: ("Median", "Медиана", "median"), 0.9: ("90th percentile", "90-й\u00a0процентиль", "quantile 0.9")}
    english, russian, formula = words[q]
    return Metric(
        Passport(
            id=id_,
            version=1,
            name=name,
            description=description,
            use=use,
            unit="days",
            direction="less",
            method=Text(
                f"{english} of days from the complaint to its end, over complaints closed in the period, so that nothing is "
                "left waiting for an end. Complaints closed before they came are missing.",
                f"{russian} числа дней от\u00a0жалобы до\u00a0решения по\u00a0жалобам, закрытым за\u00a0период, поэтому ни\u00a0одна не\u00a0ждёт "
                "решения. Закрытые раньше поступления считаются пропусками.",
            ),
            formula=f"{formula}(closed_at − opened_at)",
            formula_source="ISO 10002, 2018 (time to settle); quantile: Hyndman & Fan, 1996, type 7",
            interval=estimates.ORDER_STATISTICS,
            primary_data=("complaints.opened_at", "complaints.closed_at"),
            perspective="customer_support",
            group="support",
            owner_role=roles.CLAIMS,
            minimum_sample=20,
        ),
        quantile_measures(_SETTLED, q),
        estimates.quantile(q),
    )


METRICS = (
    Metric(
        Passport(
            id="cci",
            version=1,
            name=Text("CCI, decrease of complaints", "CCI, снижение числа жалоб"),
            description=Text(
                "By what share complaints fell against the previous period; below zero they grew.",
                "На\u00a0какую долю жалоб стало меньше, чем в\u00a0предыдущем периоде; ниже нуля\u00a0— их стало больше.",
            ),
            use=Text(
                "Shows whether causes of complaints are being removed; read complaints per 1,000 orders beside it.",
                "Показывает, устраняются\u00a0ли причины жалоб; рядом смотрите число жалоб на\u00a01000 заказов.",
            ),
            unit="index",
            direction="more",
            method=Text(
                "Complaints opened in the previous period less those opened in this one, divided by the former. Undefined "
                "where the previous period had none or there is no previous period. n is the complaints of both.",
                "Жалобы, поступившие в\u00a0предыдущем периоде, минус поступившие в\u00a0этом, делённые на\u00a0первые. "
                "Не\u00a0определён, если в\u00a0предыдущем периоде жалоб не\u00a0было или предыдущего периода нет. "
                "n\u00a0— число жалоб за\u00a0оба периода.",
            ),
            formula="(C_prev − C_cur) / C_prev",
            formula_source="CRM methodology (CCI); interval: Przyborowski & Wileński, Biometrika, 1940",
            interval=Text(
                "Exact conditional interval of the ratio of two Poisson counts, 95 % (Przyborowski & Wileński, 1940)",
                "Точный условный интервал отношения двух чисел событий Пуассона, 95\u00a0% (Przyborowski & Wileński, 1940)",
            ),
            primary_data=("complaints.opened_at",),
            perspective="customer_support",
            group="support",
            owner_role=roles.CLAIMS,
            minimum_sample=20,
            bounds=(None, 1.0),
        ),
        {"complaints": records(COMPLAINTS)},
        _cci,
        history="previous",
    ),
    Metric(
        Passport(
            id="complaints_per_1000_orders",
            version=1,
            name=Text("Complaints per 1,000 orders", "Жалобы на\u00a01000 заказов"),
            description=Text(
                "How many complaints come for every thousand orders.",
                "Сколько жалоб приходится на\u00a0тысячу заказов.",
            ),
            use=Text(
                "Compares periods and channels of different size.", "Сравнивает периоды и\u00a0каналы разного размера."
            ),
            unit="per_1000",
            direction="less",
            method=Text(
                "Complaints opened in the period divided by thousands of orders placed in it, cancelled and returned ones "
                "left out. n is the orders.",
                "Жалобы, поступившие за\u00a0период, делённые на\u00a0тысячи оформленных за\u00a0него заказов, без отменённых "
                "и\u00a0возвращённых. n\u00a0— число заказов.",
            ),
            formula="1000 · complaints / orders",
            formula_source="ISO 10002, 2018 (complaints monitoring)",
            interval=estimates.POISSON,
            primary_data=("complaints.opened_at", "orders.ordered_at", "orders.status"),
            perspective="customer_support",
            group="support",
            owner_role=roles.CLAIMS,
            minimum_sample=100,
        ),
        {"complaints": records(COMPLAINTS), "orders": records(ORDERS)},
        _per_1000_orders,
    ),
    Metric(
        Passport(
            id="complaint_rate",
            version=1,
            name=Text("Share of buyers who complained", "Доля покупателей с\u00a0жалобами"),
            description=Text(
                "Share of the period’s buyers who complained in it.",
                "Доля покупателей периода, которые в\u00a0нём\u00a0же пожаловались.",
            ),
            use=Text(
                "Shows how many customers trouble reaches, where a few who complain often do not hide the rest.",
                "Показывает, скольких клиентов касаются неприятности: несколько частых жалобщиков не\u00a0заслоняют остальных.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "Customers with an order and a complaint in the period divided by those with an order in it. The complaint "
                "may be about an earlier order. Cancelled and returned orders are left out; orders without a customer are "
                "missing, and complaints without one are not seen.",
                "Клиенты, у\u00a0которых за\u00a0период есть и\u00a0заказ, и\u00a0жалоба, делённые на\u00a0клиентов с\u00a0заказом за\u00a0период. "
                "Жалоба может быть и\u00a0на\u00a0прежний заказ. Отменённые и\u00a0возвращённые заказы не\u00a0учитываются, заказы без "
                "клиента считаются пропусками, жалобы без клиента не\u00a0видны.",
            ),
            formula="customers with an order and a complaint / customers with an order",
            formula_source="Fornell & Wernerfelt, Journal of Marketing Research, 1987 (complaint rate)",
            interval=estimates.WILSON,
            primary_data=(
                "complaints.customer_id",
                "complaints.opened_at",
                "orders.customer_id",
                "orders.ordered_at",
                "orders.status",
            ),
            perspective="customer_support",
            group="support",
            owner_role=roles.CLAIMS,
            minimum_sample=100,
        ),
        {
            "complained": count_true(_BUYERS, "complained"),
            "buyers": count_true(_BUYERS, "bought"),
            "identified": total(_BUYERS, "identified"),
            "orders": total(_BUYERS, "records"),
        },
        _complaint_rate,
    ),
    Metric(
        Passport(
            id="first_response_time_median",
            version=1,
            name=Text("Median time to first response", "Медиана времени до\u00a0первого ответа"),
            description=Text(
                "In how many hours half of the complaints got a first answer.",
                "За\u00a0сколько часов половина жалоб получает первый ответ.",
            ),
            use=Text(
                "The first thing that a customer in trouble notices; read the share left without an answer beside it.",
                "Первое, что замечает клиент в\u00a0беде; рядом смотрите долю жалоб без ответа.",
            ),
            unit="hours",
            direction="less",
            method=Text(
                "Median of hours from the complaint to its first answer, over complaints that came in the period and were "
                "answered; all hours count, working or not. Those not answered yet, or answered before they came, are "
                "missing, so the figure of the newest period is too low until they are answered.",
                "Медиана часов от\u00a0жалобы до\u00a0первого ответа по\u00a0жалобам, которые поступили за\u00a0период и\u00a0получили ответ; "
                "считаются все часы, не\u00a0только рабочие. Жалобы пока без ответа и\u00a0с\u00a0ответом раньше поступления "
                "считаются пропусками, поэтому в\u00a0самом новом периоде показатель занижен, пока на\u00a0них не\u00a0ответят.",
            ),
            formula="median(responded_at − opened_at)",
            formula_source="ISO 10002, 2018 (acknowledgement of complaints); quantile: Hyndman & Fan, 1996, type 7",
            interval=estimates.ORDER_STATISTICS,
            primary_data=("complaints.opened_at", "complaints.responded_at"),
            perspective="customer_support",
            group="support",
            owner_role=roles.CLAIMS,
            minimum_sample=20,
        ),
        quantile_measures(_ANSWERS, 0.5),
        estimates.quantile(0.5),
    ),
    Metric(
        Passport(
            id="unanswered_complaints",
            version=1,
            name=Text("Complaints without an answer", "Жалобы без ответа"),
            description=Text(
                "Share of the period’s complaints to which nobody has answered yet.",
                "Доля жалоб периода, на\u00a0которые ещё никто не\u00a0ответил.",
            ),
            use=Text(
                "What the median time to first response cannot see; in a period long past it should be zero.",
                "То, чего не\u00a0видит медиана времени до\u00a0первого ответа; в\u00a0давно прошедшем периоде должна быть нулевой.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "Complaints that came in the period and have neither a first answer nor an end, divided by all that came in "
                "it. A closed complaint has been answered even where the moment of the answer is not recorded.",
                "Жалобы, которые поступили за\u00a0период и\u00a0не\u00a0получили ни\u00a0ответа, ни\u00a0решения, делённые на\u00a0все поступившие "
                "за\u00a0него. Закрытая жалоба отвечена, даже если момент ответа не\u00a0записан.",
            ),
            formula="count(responded_at and closed_at unknown) / complaints",
            formula_source="ISO 10002, 2018 (acknowledgement of complaints)",
            interval=estimates.WILSON,
            primary_data=("complaints.opened_at", "complaints.responded_at", "complaints.closed_at"),
            perspective="customer_support",
            group="support",
            owner_role=roles.CLAIMS,
            minimum_sample=20,
        ),
        {
            "unanswered": Measure(
                COMPLAINTS,
                lambda rows, _: rows.count(where=rows["responded_at"].isnull() & rows["closed_at"].isnull()),
            ),
            "complaints": records(COMPLAINTS),
        },
        estimates.share("unanswered", "complaints"),
    ),
    _resolution_time(
        "resolution_time_median",
        0.5,
        Text("Median time to resolution", "Медиана времени решения"),
        Text(
            "In how many days half of the complaints closed in the period were settled.",
            "За\u00a0сколько дней решена половина жалоб, закрытых за\u00a0период.",
        ),
        Text(
            "The usual wait; the ninetieth percentile beside it shows those who wait longest.",
            "Обычное ожидание; девяностый процентиль рядом показывает тех, кто ждёт дольше всех.",
        ),
    ),
    _resolution_time(
        "resolution_time_p90",
        0.9,
        Text("90th percentile of time to resolution", "90-й\u00a0процентиль времени решения"),
        Text(
            "In how many days nine in ten of the complaints closed in the period were settled.",
            "За\u00a0сколько дней решены девять из\u00a0десяти жалоб, закрытых за\u00a0период.",
        ),
        Text(
            "A promise that can be kept for nine customers of ten; it grows while an old backlog is being cleared.",
            "Обещание, которое выполнимо для девяти клиентов из\u00a0десяти; растёт, пока разбирают старые жалобы.",
        ),
    ),
    Metric(
        Passport(
            id="complaints_closed_on_time",
            version=1,
            name=Text("Complaints settled on time", "Жалобы, решённые в\u00a0срок"),
            description=Text(
                "Share of complaints that were settled within the days allowed.",
                "Доля жалоб, которые решены за\u00a0отведённые дни.",
            ),
            use=Text(
                "Shows whether the promise to settle is kept; set `days` as the law or your own rule demands.",
                "Показывает, выполняется\u00a0ли обещание; задайте `days`, как требует закон или ваше правило.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Complaints closed within `days` days divided by those that came in the period and whose days are over: the "
                "newest closing in the data is no earlier than that. Complaints closed before they came are missing.",
                "Жалобы, закрытые за\u00a0`days` дней, делённые на\u00a0поступившие за\u00a0период, чей срок истёк, то есть самое новое "
                "закрытие в\u00a0данных не\u00a0раньше его конца. Закрытые раньше поступления считаются пропусками.",
            ),
            formula="count(closed_at ≤ opened_at + days) / due complaints",
            formula_source="ISO 10002, 2018 (complaints handled within set time limits)",
            interval=estimates.WILSON,
            primary_data=("complaints.opened_at", "complaints.closed_at"),
            perspective="customer_support",
            group="support",
            owner_role=roles.CLAIMS,
            minimum_sample=20,
            parameters={"days": _ALLOWED_DAYS},
        ),
        {"on_time": count_true(_DUE, "on_time"), "usable": count_true(_DUE, "usable"), "complaints": records(_DUE)},
        estimates.share("on_time", "usable", "complaints"),
    ),
    Metric(
        Passport(
            id="reopen_rate",
            version=1,
            name=Text("Reopened complaints", "Повторно открытые жалобы"),
            description=Text(
                "Share of closed complaints that had to be opened again.",
                "Доля закрытых жалоб, которые пришлось открыть снова.",
            ),
            use=Text(
                "Tells settled from merely closed; read it beside the time to resolution.",
                "Отличает решённые жалобы от\u00a0просто закрытых; смотрите рядом со\u00a0временем решения.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "Complaints opened again divided by those that came in the period and were closed at least once. Where it is "
                "not recorded whether the complaint was opened again, it is missing.",
                "Жалобы, открытые повторно, делённые на\u00a0поступившие за\u00a0период и\u00a0хотя\u00a0бы раз закрытые. Если "
                "не\u00a0записано, открывали\u00a0ли жалобу снова, она считается пропуском.",
            ),
            formula="count(reopened) / complaints closed at least once",
            formula_source="ISO 10002, 2018 (recurrence of complaints); COPC CX Standard, 2021",
            interval=estimates.WILSON,
            primary_data=("complaints.opened_at", "complaints.closed_at", "complaints.reopened"),
            perspective="customer_support",
            group="support",
            owner_role=roles.CLAIMS,
            minimum_sample=20,
        ),
        {
            "reopened": count_true(_CLOSED_ONCE, "reopened"),
            "usable": known(_CLOSED_ONCE, "reopened"),
            "complaints": records(_CLOSED_ONCE),
        },
        estimates.share("reopened", "usable", "complaints"),
    ),
    Metric(
        Passport(
            id="open_complaints",
            version=1,
            name=Text("Open complaints", "Открытые жалобы"),
            description=Text(
                "How many complaints are not settled yet at the period’s end.",
                "Сколько жалоб на\u00a0конец периода ещё не\u00a0решено.",
            ),
            use=Text(
                "A backlog that grows says that complaints come faster than they are settled.",
                "Растущий остаток говорит, что жалобы поступают быстрее, чем их решают.",
            ),
            unit="count",
            direction="less",
            method=Text(
                "Complaints that came until the period’s end less those closed until then. A complaint never closed in the "
                "data stays open. Complaints closed before they came are missing. n is all that came until then.",
                "Жалобы, поступившие до\u00a0конца периода, за\u00a0вычетом закрытых к\u00a0этому времени. Жалоба, закрытие которой "
                "не\u00a0записано, остаётся открытой. Закрытые раньше поступления считаются пропусками. n\u00a0— все поступившие "
                "к\u00a0этому времени.",
            ),
            formula="count(opened_at < end) − count(closed_at < end)",
            formula_source="ISO 10002, 2018 (status of complaints); Anderson, Kanban, 2010 (work in progress)",
            interval=estimates.POISSON,
            primary_data=("complaints.opened_at", "complaints.closed_at"),
            perspective="customer_support",
            group="support",
            owner_role=roles.CLAIMS,
            minimum_sample=1,
        ),
        {"change": total(_BACKLOG, "change"), "came": total(_BACKLOG, "came"), "unusable": total(_BACKLOG, "unusable")},
        _open_complaints,
        history="all",
    ),
)
