"""Complaints: their course (CCI) and their number against orders."""

import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.definition import Cells, Estimate, Metric, Parameters, Passport, Request, Source
from septima.metrics.sources import ORDERS, records
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text


def _complaints(request: Request):
    complaints = request.rows("complaints")
    return complaints.mutate(at=complaints["opened_at"])


COMPLAINTS = Source("complaints", _complaints, ("channel", "category", "department", "severity"), of_customers=True)


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
)
