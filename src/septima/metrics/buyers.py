"""How often customers buy and how much one of them brings, in a period."""

from collections.abc import Callable

import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.definition import Cells, Estimate, Metric, Parameters, Passport, Request, Source
from septima.metrics.sources import (
    ORDERS,
    count_true,
    is_sold,
    records,
    several_currencies_in_sums,
    total,
    total_of_products,
    within_bounds,
)
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text


def _buyers(request: Request) -> ir.Table:
    """One row per buyer and period: `orders` and their `revenue`, null where that of one of them is unknown.

    `paid_orders` are the orders of buyers whose revenue is known.
    """
    orders = within_bounds(request, request.rows("orders"), "ordered_at")
    own = [name for name in request.by if name in ORDERS.dimensions]
    orders = orders.filter(is_sold(orders), orders["customer_id"].notnull())
    rows = orders.group_by("customer_id", *own, period=request.period(orders["ordered_at"])).aggregate(
        at=orders["ordered_at"].min(),
        orders=orders.count(),
        amounts=orders["revenue"].count(),
        revenue=orders["revenue"].sum(),
        lowest=orders["currency"].min(),
        highest=orders["currency"].max(),
    )
    usable = rows["orders"] == rows["amounts"]
    return rows.mutate(
        usable=usable,
        revenue=usable.ifelse(rows["revenue"], None),
        paid_orders=usable.ifelse(rows["orders"], 0),
    ).drop("period", "amounts")


_BUYERS = Source("buyers_of_period", _buyers, ORDERS.dimensions, of_customers=True)
_OF_ALL = {
    "all_orders": records(ORDERS),
    "currencies": several_currencies_in_sums(_BUYERS),
}


def _per_buyer(column: str, buyers: str, orders: str) -> Callable[[Cells, Parameters], Estimate]:
    """Mean of `column` over `buyers`, whose `orders` are those that could be used."""

    def estimate(cells: Cells, _: Parameters) -> Estimate:
        n = cells[buyers]
        lower, upper = intervals.mean_t(cells[column], cells["squares"], n)
        missing = estimates.missing(cells[orders], cells["all_orders"])
        note = estimates.currency_note(cells) if column == "revenue" else None
        return Estimate(divide(cells[column], n), n, lower, upper, missing, note)

    return estimate


_DATA = ("orders.customer_id", "orders.ordered_at", "orders.status")

METRICS = (
    Metric(
        Passport(
            id="purchase_frequency",
            version=1,
            name=Text("Purchase frequency", "Частота покупок"),
            description=Text(
                "Orders that one buyer places in a period.", "Сколько заказов делает один покупатель за\u00a0период."
            ),
            use=Text(
                "Growth by more purchases of the same people costs less than growth by new ones; it depends on the length "
                "of the period, so compare equal ones.",
                "Рост за\u00a0счёт более частых покупок дешевле роста за\u00a0счёт новых покупателей; зависит от\u00a0длины "
                "периода, поэтому сравнивайте равные.",
            ),
            unit="ratio",
            direction="more",
            method=Text(
                "Orders of the period divided by the customers who placed them. Cancelled and returned orders are left "
                "out; orders without a customer are missing. By channel, a buyer counts in each channel bought in.",
                "Заказы периода, делённые на\u00a0число сделавших их клиентов. Отменённые и\u00a0возвращённые заказы "
                "не\u00a0учитываются, заказы без клиента считаются пропусками. В\u00a0срезе по\u00a0каналу покупатель "
                "учитывается в\u00a0каждом канале, где покупал.",
            ),
            formula="orders / buyers",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010",
            interval=estimates.STUDENT,
            primary_data=_DATA,
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=30,
        ),
        {
            "orders": total(_BUYERS, "orders"),
            "squares": total_of_products(_BUYERS, "orders", "orders"),
            "buyers": records(_BUYERS),
            **_OF_ALL,
        },
        _per_buyer("orders", "buyers", "orders"),
    ),
    Metric(
        Passport(
            id="revenue_per_customer",
            version=1,
            name=Text("Revenue per customer (ARPU)", "Выручка на\u00a0клиента (ARPU)"),
            description=Text(
                "Money that one buyer brings in a period.", "Сколько денег приносит один покупатель за\u00a0период."
            ),
            use=Text(
                "Joins the size of orders and their frequency; compare segments and equal periods.",
                "Объединяет размер заказов и\u00a0их частоту; сравнивайте сегменты и\u00a0равные периоды.",
            ),
            unit="currency",
            direction="more",
            method=Text(
                "Revenue of the period divided by the customers who bought in it. Cancelled and returned orders are left "
                "out; orders without a customer and all orders of a buyer one of whose amounts is unknown are missing.",
                "Выручка периода, делённая на\u00a0число купивших клиентов. Отменённые и\u00a0возвращённые заказы "
                "не\u00a0учитываются; заказы без клиента и\u00a0все заказы покупателя, у\u00a0одного из\u00a0которых нет суммы, "
                "считаются пропусками.",
            ),
            formula="Σ revenue / buyers",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010 (average revenue per user)",
            interval=estimates.STUDENT,
            primary_data=(*_DATA, "orders.revenue", "orders.currency"),
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=30,
        ),
        {
            "revenue": total(_BUYERS, "revenue"),
            "squares": total_of_products(_BUYERS, "revenue", "revenue"),
            "buyers": count_true(_BUYERS, "usable"),
            "paid_orders": total(_BUYERS, "paid_orders"),
            **_OF_ALL,
        },
        _per_buyer("revenue", "buyers", "paid_orders"),
    ),
)
