"""Operations as the customer of an order sees them: how long it takes, and what goes wrong with it."""

from typing import Any

import ibis
import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.definition import Measure, Metric, Passport, Request, Source
from septima.metrics.sources import count_true, days, days_between, known, quantile_measures, records
from septima.schema import Text

_DIMENSIONS = ("channel", "online", "promo_id", "campaign_id", "employee_id")
_SETTLES = 90
"""Days after an order in which what happens to it counts, where nothing else is asked for."""


def _orders(request: Request) -> ir.Table:
    orders = request.rows("orders")
    return orders.mutate(at=orders["ordered_at"])


def _fulfilled(request: Request) -> ir.Table:
    """Orders with a delivery that arrived, by their placing; `days` until the last arrival.

    They are null where an arrival lies before the order or later than `days` days after it.
    """
    orders, deliveries = request.rows("orders"), request.rows("deliveries")
    deliveries = deliveries.filter(deliveries["status"].fill_null("") != "cancelled", deliveries["order_id"].notnull())
    arrivals = deliveries.group_by("order_id").aggregate(
        first=deliveries["delivered_at"].min(),
        last=deliveries["delivered_at"].max(),
        waiting=deliveries.count(where=deliveries["delivered_at"].isnull()),
    )
    rows = orders.inner_join(arrivals.filter(arrivals["waiting"] == 0), "order_id")
    latest = rows["ordered_at"] + ibis.literal(days(request.parameters["days"]))
    usable = ((rows["ordered_at"] <= rows["first"]) & (rows["last"] <= latest)).fill_null(False)
    return rows.mutate(
        at=rows["ordered_at"], days=usable.ifelse(days_between(rows["ordered_at"], rows["last"]), None)
    ).drop("first", "last", "waiting")


def _defects(request: Request) -> ir.Table:
    """Orders that were not cancelled; `defect` where one was complained of, or a delivery failed or came damaged or short.

    Complaints that name no order stand among them, not `usable`: any of the orders may be theirs.
    """
    orders, complaints, deliveries = (request.rows(name) for name in ("orders", "complaints", "deliveries"))
    own = [name for name in request.by if name in _DIMENSIONS]
    orders = orders.filter(orders["status"].fill_null("") != "cancelled")
    shared: list[Any] = ["customer_id", *own]
    placed = orders.select(*shared, "order_id", at="ordered_at")
    bad = (deliveries["status"] == "failed") | ~deliveries["intact"] | ~deliveries["in_full"]
    troubles = (
        deliveries.filter(bad.fill_null(False))
        .select("order_id", trouble_at=ibis.coalesce(deliveries["delivered_at"], deliveries["promised_at"]))
        .union(complaints.select("order_id", trouble_at="opened_at"))
    )
    troubles = troubles.filter(troubles["order_id"].notnull())
    within = placed["at"] + ibis.literal(days(request.parameters["days"]))
    soon = troubles["trouble_at"].isnull() | (troubles["trouble_at"] <= within)
    defective = placed.semi_join(troubles, [placed["order_id"] == troubles["order_id"], soon]).select("order_id")
    rows = placed.left_join(defective, "order_id")
    rows = rows.select(*shared, "at", usable=ibis.literal(True), defect=rows["order_id_right"].notnull())
    unnamed = complaints.filter(complaints["order_id"].isnull())
    unknown: dict[str, Any] = {name: ibis.null(orders[name].type()) for name in own if name not in unnamed.columns}
    unnamed = unnamed.mutate(**unknown).select(
        *shared, at="opened_at", usable=ibis.literal(False), defect=ibis.literal(False)
    )
    return rows.union(unnamed)


_ALL_ORDERS = Source("all_orders", _orders, _DIMENSIONS, of_customers=True)
# An order that comes after its days is one more that is missing, whenever it comes.
_FULFILLED = Source(
    "fulfilled_orders",
    _fulfilled,
    _DIMENSIONS,
    of_customers=True,
    parameters=("days",),
    ranked="days",
    settles_days=None,
)
_DEFECTS = Source(
    "defective_orders", _defects, _DIMENSIONS, of_customers=True, parameters=("days",), settles_days=_SETTLES
)


def _of_status(*statuses: str) -> Measure:
    """Number of orders in one of `statuses`."""
    return Measure(_ALL_ORDERS, lambda rows, _: rows.count(where=rows["status"].isin(statuses)))


METRICS = (
    Metric(
        Passport(
            id="order_cycle_time_median",
            version=1,
            name=Text("Median order cycle time", "Медиана цикла заказа"),
            description=Text(
                "In how many days half of the orders reached the customer whole.",
                "За\u00a0сколько дней половина заказов целиком доходит до\u00a0клиента.",
            ),
            use=Text(
                "Shows how long a customer waits for all that was bought; slice by channel.",
                "Показывает, сколько клиент ждёт всего купленного; смотрите срезы по\u00a0каналам.",
            ),
            unit="days",
            direction="less",
            method=Text(
                "Median of days from the order to the arrival of its last delivery, over orders placed in the period all "
                "of whose deliveries came. Orders still waiting are left out, so the figure of the newest period is too low "
                "until they come. Those with an arrival before the order or later than `days` days after it are missing. "
                "Cancelled deliveries do not count.",
                "Медиана числа дней от\u00a0заказа до\u00a0прибытия его последней доставки по\u00a0заказам, оформленным за\u00a0период, "
                "у\u00a0которых прибыли все доставки. Ещё ожидаемые заказы не\u00a0учитываются, поэтому в\u00a0самом новом периоде "
                "показатель занижен, пока они не\u00a0придут. Заказы с\u00a0прибытием раньше оформления или позже чем через `days` "
                "дней считаются пропусками. Отменённые доставки не\u00a0учитываются.",
            ),
            formula="median(max(delivered_at) − ordered_at)",
            formula_source="ASCM, SCOR Digital Standard, 2022 (order fulfillment cycle time); quantile: Hyndman & Fan, 1996, type 7",
            interval=estimates.ORDER_STATISTICS,
            primary_data=("orders.ordered_at", "deliveries.order_id", "deliveries.delivered_at", "deliveries.status"),
            perspective="operations",
            group="operations",
            owner_role=roles.DELIVERY,
            minimum_sample=30,
            parameters={"days": _SETTLES},
        ),
        quantile_measures(_FULFILLED, 0.5),
        estimates.quantile(0.5),
    ),
    Metric(
        Passport(
            id="defect_share",
            version=1,
            name=Text("Orders with a defect", "Заказы с\u00a0браком"),
            description=Text(
                "Share of orders that were complained of, or whose delivery failed, came damaged or was not full.",
                "Доля заказов, на\u00a0которые пожаловались или доставка которых не\u00a0состоялась, пришла повреждённой или неполной.",
            ),
            use=Text(
                "One figure for all that went wrong with an order; complaints and deliveries beside it say what.",
                "Одна цифра для всего, что не\u00a0так с\u00a0заказом; что именно\u00a0— показывают жалобы и\u00a0доставки.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "Orders with a complaint about them, or with a failed, damaged or short delivery, no later than `days` days "
                "after the order, divided by the orders placed in the period; cancelled ones are left out. An order of which "
                "nothing bad is recorded counts as good, so the newest period may still grow worse. Complaints that name no "
                "order are missing.",
                "Заказы, на\u00a0которые поступила жалоба или доставка которых не\u00a0состоялась, пришла повреждённой или неполной "
                "не\u00a0позже чем через `days` дней после заказа, делённые на\u00a0заказы, оформленные за\u00a0период, без отменённых. "
                "Заказ, о\u00a0котором не\u00a0записано ничего плохого, считается хорошим, поэтому самый новый период ещё может "
                "ухудшиться. Жалобы без указания заказа считаются пропусками.",
            ),
            formula="count(complaint or failed, damaged or short delivery) / orders",
            formula_source="Pyzdek & Keller, The Six Sigma Handbook, 2018 (proportion defective)",
            interval=estimates.WILSON,
            primary_data=(
                "orders.ordered_at",
                "orders.status",
                "complaints.order_id",
                "complaints.opened_at",
                "deliveries.order_id",
                "deliveries.status",
                "deliveries.in_full",
                "deliveries.intact",
                "deliveries.delivered_at",
                "deliveries.promised_at",
            ),
            perspective="operations",
            group="operations",
            owner_role=roles.DELIVERY,
            minimum_sample=100,
            parameters={"days": _SETTLES},
        ),
        {
            "defects": count_true(_DEFECTS, "defect"),
            "orders": count_true(_DEFECTS, "usable"),
            "records": records(_DEFECTS),
        },
        estimates.share("defects", "orders", "records"),
    ),
    Metric(
        Passport(
            id="order_cancellation_rate",
            version=1,
            name=Text("Cancelled orders", "Отменённые заказы"),
            description=Text("Share of orders that were cancelled.", "Доля заказов, которые отменены."),
            use=Text(
                "Sales that were won and lost again; slice by channel to see where.",
                "Продажи, которые состоялись и\u00a0сорвались; срезы по\u00a0каналам показывают, где.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "Cancelled orders divided by all orders placed in the period. Orders of unknown status are missing.",
                "Отменённые заказы, делённые на\u00a0все оформленные за\u00a0период. Заказы с\u00a0неизвестным состоянием считаются "
                "пропусками.",
            ),
            formula="count(cancelled) / orders",
            formula_source="Laudon & Traver, E-commerce, 2021 (order cancellation)",
            interval=estimates.WILSON,
            primary_data=("orders.ordered_at", "orders.status"),
            perspective="operations",
            group="operations",
            owner_role=roles.SALES,
            minimum_sample=30,
        ),
        {"cancelled": _of_status("cancelled"), "known": known(_ALL_ORDERS, "status"), "orders": records(_ALL_ORDERS)},
        estimates.share("cancelled", "known", "orders"),
    ),
    Metric(
        Passport(
            id="order_return_rate",
            version=1,
            name=Text("Returned orders", "Возвращённые заказы"),
            description=Text(
                "Share of completed orders that customers brought back.",
                "Доля выполненных заказов, которые клиенты вернули.",
            ),
            use=Text(
                "Goods that did not please or did not fit; slice by channel and promotion.",
                "Товары, которые не\u00a0понравились или не\u00a0подошли; смотрите срезы по\u00a0каналам и\u00a0акциям.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "Returned orders divided by completed and returned ones, by the moment of the order. Orders of unknown status "
                "are missing; those that are not completed yet are left out.",
                "Возвращённые заказы, делённые на\u00a0выполненные и\u00a0возвращённые, по\u00a0моменту заказа. Заказы с\u00a0неизвестным "
                "состоянием считаются пропусками, ещё не\u00a0выполненные не\u00a0учитываются.",
            ),
            formula="count(returned) / (completed + returned)",
            formula_source="Petersen & Kumar, Journal of Marketing, 2009 (product returns)",
            interval=estimates.WILSON,
            primary_data=("orders.ordered_at", "orders.status"),
            perspective="operations",
            group="operations",
            owner_role=roles.SALES,
            minimum_sample=30,
        ),
        {
            "returned": _of_status("returned"),
            "ended": _of_status("completed", "returned"),
            "orders": Measure(
                _ALL_ORDERS,
                lambda rows, _: rows.count(
                    where=rows["status"].isnull() | rows["status"].isin(("completed", "returned"))
                ),
            ),
        },
        estimates.share("returned", "ended", "orders"),
    ),
)
