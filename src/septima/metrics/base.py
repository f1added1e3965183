"""The customer base: who buys, who buys again and who has left."""

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.definition import (
    Cells,
    Estimate,
    FloatArray,
    Measure,
    Metric,
    Parameters,
    Passport,
    Request,
    Rows,
    Source,
)
from septima.metrics.sources import ORDERS, days, is_sold, known, records, total
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_DIMENSIONS = ("channel", "online")


def _purchases(request: Request) -> tuple[Rows, list[str]]:
    """Sold orders of known customers with the slices asked for, and the columns that make one buyer in one slice."""
    orders = request.rows("orders")
    own = [name for name in request.by if name in _DIMENSIONS]
    orders = orders.filter(is_sold(orders), orders["customer_id"].notnull())
    orders = request.before_end(orders, "ordered_at")
    return orders.select("customer_id", *own, at=orders["ordered_at"]), ["customer_id", *own]


def _buyers(request: Request) -> ir.Table:
    """Two kinds of rows: one per buyer and period, and one per buyer in their first period.

    `buyers` is 1 in the first kind; `one_time` is 1 in the second where that period saw a single
    order. Counting newcomers apart spares a window over every buyer and period.
    """
    orders, buyer = _purchases(request)
    periods = orders.group_by(*buyer, period=request.period(orders["at"])).aggregate(
        at=orders["at"].min(), orders=orders.count()
    )
    first = periods.group_by(*buyer).aggregate(at=periods["at"].min(), orders=periods["orders"].argmin(periods["at"]))
    columns = [*buyer, "at", "orders"]
    return periods.select(*columns, buyers=ibis.literal(1, "int64"), one_time=ibis.literal(0, "int64")).union(
        first.select(*columns, buyers=ibis.literal(0, "int64"), one_time=(first["orders"] == 1).cast("int64"))
    )


def _changes(request: Request) -> ir.Table:
    """One row per buyer and period in which they became active or lapsed; `change` is +1, 0 or −1 over the period.

    A buyer is active from a purchase until `active_days` later. Of purchases with gaps no longer than
    that only the first begins activity and the last ends it, so a period's change is the state at its
    end less the state at its start. A lapse that the data do not reach yet has not happened.
    """
    orders, buyer = _purchases(request)
    lifetime = days(request.parameters["active_days"])
    ordered = orders.mutate(
        before=orders["at"].lag().over(group_by=buyer, order_by="at"),
        after=orders["at"].lead().over(group_by=buyer, order_by="at"),
    )
    lapses_at = ordered["at"] + ibis.literal(lifetime)
    known_until = request.rows("orders")["ordered_at"].max().as_scalar()
    begun = ordered.filter(ordered["before"].isnull() | (ordered["before"] + ibis.literal(lifetime) < ordered["at"]))
    lapsed = ordered.filter(ordered["after"].isnull() | (lapses_at < ordered["after"])).mutate(at=lapses_at)
    lapsed = lapsed.filter(lapsed["at"] < known_until)
    columns = [*buyer, "at"]
    lapsed = request.before_end(lapsed, "at")
    events = begun.select(*columns, step=ibis.literal(1, "int64")).union(
        lapsed.select(*columns, step=ibis.literal(-1, "int64"))
    )
    return (
        events.group_by(*buyer, period=request.period(events["at"]))
        .aggregate(at=events["at"].min(), change=events["step"].sum())
        .drop("period")
    )


_BUYERS = Source("buyers", _buyers, _DIMENSIONS, of_customers=True)
_CHANGES = Source("activity", _changes, _DIMENSIONS, of_customers=True, parameters=("active_days",))
_IDENTIFIED = {"identified": known(ORDERS, "customer_id"), "orders": records(ORDERS)}
_CHANGE = Measure(_CHANGES, lambda rows, _: rows["change"].sum())
_LEFT = Measure(_CHANGES, lambda rows, _: rows.count(where=rows["change"] < 0))


def _repeat_rate(cells: Cells, _: Parameters) -> Estimate:
    buyers = cells["buyers"]
    repeat = buyers - cells["one_time"]
    lower, upper = intervals.wilson(repeat, buyers)
    return Estimate(divide(repeat, buyers), buyers, lower, upper, _missing(cells))


def _active_customers(cells: Cells, _: Parameters) -> Estimate:
    active = cells.cumulative("change")
    lower, upper = intervals.poisson(active)
    return Estimate(active, active, lower, upper, _missing(cells))


def _churn_rate(cells: Cells, _: Parameters) -> Estimate:
    before, left = cells.cumulative("change") - cells["change"], cells["left"]
    lower, upper = intervals.wilson(left, before)
    first = np.isnan(cells.previous("change"))
    note = estimates.when(first & (before == 0), "no_previous_period")
    return Estimate(divide(left, before), before, lower, upper, _missing(cells), note)


def _missing(cells: Cells) -> FloatArray:
    return estimates.missing(cells["identified"], cells["orders"])


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
        {"buyers": total(_BUYERS, "buyers"), "one_time": total(_BUYERS, "one_time"), **_IDENTIFIED},
        _repeat_rate,
    ),
    Metric(
        Passport(
            id="active_customers",
            version=1,
            name=Text("Active customers", "Активные клиенты"),
            description=Text(
                "Customers who bought not long before the period’s end.",
                "Клиенты, которые покупали незадолго до\u00a0конца периода.",
            ),
            use=Text(
                "The base that brings the next sales; its growth is new and returned customers less those who left.",
                "База будущих продаж; её рост складывается из\u00a0новых и\u00a0вернувшихся за\u00a0вычетом ушедших.",
            ),
            unit="count",
            direction="more",
            method=Text(
                "Customers with an order in the last `active_days` days before the period’s end (before the newest order, "
                "where the period goes on past it). Cancelled and returned orders are left out; orders without a customer "
                "are missing.",
                "Клиенты с\u00a0заказом за\u00a0последние `active_days` дней до\u00a0конца периода (до\u00a0самого нового заказа, "
                "если период ещё идёт). Отменённые и\u00a0возвращённые заказы не\u00a0учитываются, заказы без клиента "
                "считаются пропусками.",
            ),
            formula="count(customers: last order ≥ end − active_days)",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010 (recency)",
            interval=estimates.POISSON,
            primary_data=_PRIMARY_DATA,
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=1,
            parameters={"active_days": 90},
        ),
        {"change": _CHANGE, **_IDENTIFIED},
        _active_customers,
        history="all",
    ),
    Metric(
        Passport(
            id="churn_rate",
            version=1,
            name=Text("Churn rate", "Отток клиентов"),
            description=Text(
                "Share of the customers active at the period’s start who are no more active at its end.",
                "Доля активных на\u00a0начало периода клиентов, которые к\u00a0его концу перестали быть активными.",
            ),
            use=Text(
                "An early sign of lost revenue; slice by segment and channel to see who leaves.",
                "Ранний признак потери выручки; срезы по\u00a0сегменту и\u00a0каналу показывают, кто уходит.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "A customer is active for `active_days` days after an order. Those active at the period’s start and not at "
                "its end, divided by those active at its start. Undefined for the first period of the data.",
                "Клиент активен `active_days` дней после заказа. Активные на\u00a0начало и\u00a0не\u00a0активные на\u00a0конец "
                "периода, делённые на\u00a0активных на\u00a0начало. Для первого периода данных не\u00a0определён.",
            ),
            formula="(active at start and not at end) / active at start",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010 (retention rate)",
            interval=estimates.WILSON,
            primary_data=_PRIMARY_DATA,
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=30,
            parameters={"active_days": 90},
        ),
        {"change": _CHANGE, "left": _LEFT, **_IDENTIFIED},
        _churn_rate,
        history="all",
    ),
)
