"""How often customers buy again, and for how long."""

import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.activity import lapses
from septima.metrics.definition import Cells, Estimate, Measure, Metric, Parameters, Passport, Request, Source
from septima.metrics.purchases import (
    CHANNELS,
    IDENTIFIED,
    first_purchases,
    mark,
    missing_customers,
    purchases,
)
from septima.metrics.sources import (
    LONGEST_SILENCE,
    count_true,
    days_between,
    records,
    total,
    total_of_products,
    within_bounds,
)
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text


def _buyers(request: Request) -> ir.Table:
    """One row per buyer and period; `one_time` where the first purchase of all is the only one of that period."""
    orders, buyer = purchases(request)
    first = first_purchases(orders, buyer)
    columns = [*buyer, "at"]
    rows = within_bounds(request, orders, "at").select(*columns, orders=mark(1), first=mark(0))
    rows = rows.union(within_bounds(request, first, "at").select(*columns, orders=mark(0), first=mark(1)))
    periods = rows.group_by(*buyer, period=request.period(rows["at"])).aggregate(
        at=rows["at"].min(), orders=rows["orders"].sum(), first=rows["first"].sum()
    )
    return periods.mutate(one_time=(periods["orders"] == 1) & (periods["first"] == 1)).drop("period", "first")


def _gaps(request: Request) -> ir.Table:
    """One row per purchase but a buyer's first, with the `days` since the one before."""
    orders, buyer = purchases(request)
    if request.start is not None:
        # Of what went before only each buyer's last purchase is needed.
        earlier = orders.filter(orders["at"] < request.moment(request.start))
        last = earlier.group_by(*buyer).aggregate(at=earlier["at"].max())
        orders = within_bounds(request, orders, "at").union(last.select(*orders.columns))
    rows = orders.mutate(before=orders["at"].lag().over(group_by=buyer, order_by="at"))
    rows = rows.filter(rows["before"].notnull())
    return rows.mutate(days=days_between(rows["before"], rows["at"]))


def _lifespans(request: Request) -> ir.Table:
    """One row per lapse of a customer, with the `days` from their first purchase to the last before it."""
    orders, buyer = purchases(request)
    first = first_purchases(orders, buyer).select("customer_id", first="at")
    rows = lapses(request, orders, buyer).join(first, "customer_id")
    return rows.mutate(days=days_between(rows["first"], rows["last"]))


_BUYERS = Source("buyers", _buyers, CHANNELS, of_customers=True)
_GAPS = Source("gaps", _gaps, CHANNELS, of_customers=True)
_LIFESPANS = Source(
    "lifespans", _lifespans, (), of_customers=True, parameters=("active_days",), settles_days=LONGEST_SILENCE
)


def _repeat_rate(cells: Cells, _: Parameters) -> Estimate:
    buyers = cells["buyers"]
    repeat = buyers - cells["one_time"]
    lower, upper = intervals.wilson(repeat, buyers)
    return Estimate(divide(repeat, buyers), buyers, lower, upper, missing_customers(cells))


def _mean_days(cells: Cells, _: Parameters) -> Estimate:
    n = cells["n"]
    lower, upper = intervals.mean_t(cells["days"], cells["squares"], n)
    return Estimate(divide(cells["days"], n), n, lower, upper, missing_customers(cells))


def _days(source: Source) -> dict[str, Measure]:
    return {
        "days": total(source, "days"),
        "squares": total_of_products(source, "days", "days"),
        "n": records(source),
        **IDENTIFIED,
    }


_PRIMARY_DATA = ("orders.customer_id", "orders.ordered_at", "orders.status")

METRICS = (
    Metric(
        Passport(
            id="repeat_rate",
            version=1,
            name=Text("Repeat customer rate", "Доля повторных покупателей"),
            description=Text(
                "Share of the period’s buyers for whom it was not the first purchase.",
                "Доля покупателей периода, для которых эта покупка не\u00a0первая.",
            ),
            use=Text(
                "Shows whether sales rest on customers who come back or on new ones who must be bought.",
                "Показывает, держатся\u00a0ли продажи на\u00a0тех, кто возвращается, или на\u00a0новых, за\u00a0которых надо платить.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Buyers of the period who had bought before it or bought at least twice in it, divided by all its buyers. "
                "Cancelled and returned orders are left out; orders without a customer are missing. Sliced by channel, "
                "earlier purchases count within the same channel.",
                "Покупатели периода, которые покупали раньше или купили в\u00a0нём не\u00a0меньше двух раз, делённые "
                "на\u00a0всех покупателей периода. Отменённые и\u00a0возвращённые заказы не\u00a0учитываются, заказы без клиента "
                "считаются пропусками. В\u00a0срезе по\u00a0каналу прошлые покупки считаются в\u00a0том\u00a0же канале.",
            ),
            formula="buyers with ≥ 2 orders until the period’s end / buyers of the period",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010 (repeat rate)",
            interval=estimates.WILSON,
            primary_data=_PRIMARY_DATA,
            perspective="marketing",
            group="money",
            owner_role=roles.MARKETING,
            minimum_sample=30,
        ),
        {"buyers": records(_BUYERS), "one_time": count_true(_BUYERS, "one_time"), **IDENTIFIED},
        _repeat_rate,
    ),
    Metric(
        Passport(
            id="days_between_orders",
            version=1,
            name=Text("Days between orders", "Дней между заказами"),
            description=Text(
                "Mean time from a customer’s purchase back to the one before.",
                "Среднее время от\u00a0предыдущей покупки клиента до\u00a0следующей.",
            ),
            use=Text(
                "Tells when a customer is overdue, and how many days to take for activity in the base and for a reminder.",
                "Подсказывает, когда клиент задерживается с\u00a0покупкой, сколько дней считать его активным и\u00a0когда "
                "напоминать.",
            ),
            unit="days",
            direction="less",
            method=Text(
                "Mean of the days between consecutive orders of one customer, by the moment of the later one. Cancelled and "
                "returned orders are left out; orders without a customer are missing. Customers who never bought again have "
                "no such gap, so the mean is of those who did. Sliced by channel, gaps within the same channel count.",
                "Среднее число дней между соседними заказами одного клиента, по\u00a0моменту более позднего. Отменённые "
                "и\u00a0возвращённые заказы не\u00a0учитываются, заказы без клиента считаются пропусками. У\u00a0тех, кто больше "
                "не\u00a0купил, такого промежутка нет, поэтому среднее относится к\u00a0купившим снова. В\u00a0срезе по\u00a0каналу "
                "считаются промежутки внутри этого канала.",
            ),
            formula="mean(ordered_at − previous ordered_at of the customer)",
            formula_source="Fader & Hardie, Probability Models for Customer-Base Analysis, 2009 (interpurchase time)",
            interval=estimates.STUDENT,
            primary_data=_PRIMARY_DATA,
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=30,
        ),
        _days(_GAPS),
        _mean_days,
    ),
    Metric(
        Passport(
            id="customer_lifespan",
            version=1,
            name=Text("Customer lifespan", "Срок жизни клиента"),
            description=Text(
                "Mean time from the first purchase to the last of customers who have left.",
                "Среднее время от\u00a0первой до\u00a0последней покупки у\u00a0ушедших клиентов.",
            ),
            use=Text(
                "Shows how long a relation lasts that has ended; the longer, the more may be spent to begin one.",
                "Показывает, сколько длились завершившиеся отношения; чем дольше, тем больше можно вложить в\u00a0привлечение.",
            ),
            unit="days",
            direction="more",
            method=Text(
                "Mean of the days from the first order to the last before the lapse, over the customers whose `active_days` "
                "days without an order ran out in the period. Who bought once has a lifespan of zero. Those still active are "
                "not in it, so it is less than the lifespan of all. Orders without a customer are missing.",
                "Среднее число дней от\u00a0первого до\u00a0последнего заказа у\u00a0клиентов, чьи `active_days` дней без заказа "
                "истекли в\u00a0периоде. У\u00a0купивших один раз срок равен нулю. Те, кто ещё активен, не\u00a0учитываются, поэтому "
                "показатель меньше срока жизни всех клиентов. Заказы без клиента считаются пропусками.",
            ),
            formula="mean(last ordered_at − first ordered_at), customers lapsed in the period",
            formula_source="Reinartz & Kumar, On the Profitability of Long-Life Customers, 2000 (lifetime duration)",
            interval=estimates.STUDENT,
            primary_data=_PRIMARY_DATA,
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=30,
            parameters={"active_days": 90},
        ),
        _days(_LIFESPANS),
        _mean_days,
    ),
)
