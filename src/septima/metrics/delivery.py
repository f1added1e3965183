"""Deliveries: whether they come when promised, in full and undamaged, and how long they take."""

import ibis
import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.definition import Metric, Passport, Request, Rows, Source
from septima.metrics.sources import (
    all_known,
    count_true,
    days_between,
    known,
    known_until,
    quantile_measures,
    records,
)
from septima.schema import Text


def _deliveries(request: Request) -> ir.Table:
    """Deliveries that are due, and those of which that cannot be told; `usable` and `on_time`.

    `perfect` ones came on time, in full and undamaged; of `judged` ones that is known. What did not arrive is not perfect.
    """
    deliveries = request.rows("deliveries")
    promised, delivered = deliveries["promised_at"], deliveries["delivered_at"]
    status = deliveries["status"].fill_null("")
    overdue = (promised < known_until(deliveries, "delivered_at")) & (status != "delivered")
    fate_known = delivered.notnull() | (status == "failed") | overdue.fill_null(False)
    usable, on_time = promised.notnull() & fate_known, (delivered <= promised).fill_null(False)
    rows = deliveries.mutate(
        at=ibis.coalesce(promised, delivered),
        usable=usable,
        on_time=on_time,
        judged=usable & (delivered.isnull() | all_known(deliveries, "in_full", "intact")),
        perfect=on_time & (deliveries["in_full"] & deliveries["intact"]).fill_null(False),
        lost=promised.isnull() | (delivered.isnull() & (status == "delivered")),
        status=status,
    )
    return rows.filter(rows["status"] != "cancelled", rows["usable"] | rows["lost"]).drop("lost")


def _arrivals(request: Request) -> Rows:
    """Deliveries that arrived, by the moment of it (by the promised one where nobody knows)."""
    deliveries = request.rows("deliveries")
    arrived = deliveries["delivered_at"].notnull() | (deliveries["status"] == "delivered").fill_null(False)
    rows = deliveries.filter(arrived, deliveries["status"].fill_null("") != "cancelled")
    return rows.mutate(at=ibis.coalesce(rows["delivered_at"], rows["promised_at"]))


def _journeys(request: Request) -> ir.Table:
    """Deliveries that arrived; `days` since the order, null where there is none known or it is younger than the arrival."""
    arrivals = _arrivals(request)
    orders = request.rows("orders").select("order_id", "ordered_at")
    rows = arrivals.left_join(orders, "order_id").drop("order_id_right")
    usable = (rows["ordered_at"] <= rows["delivered_at"]).fill_null(False)
    return rows.mutate(days=usable.ifelse(days_between(rows["ordered_at"], rows["delivered_at"]), None))


_DIMENSIONS = ("carrier", "region")
DELIVERIES = Source("deliveries", _deliveries, _DIMENSIONS, of_customers=True)
_ARRIVALS = Source("arrivals", _arrivals, _DIMENSIONS, of_customers=True)
_JOURNEYS = Source("delivery_times", _journeys, _DIMENSIONS, of_customers=True, ranked="days")


def _share_of_arrivals(
    id_: str, column: str, name: Text, description: Text, use: Text, method: Text, formula_source: str
) -> Metric:
    """The share of arrived deliveries of which a boolean column is true."""
    return Metric(
        Passport(
            id=id_,
            version=1,
            name=name,
            description=description,
            use=use,
            unit="share",
            direction="more",
            method=method,
            formula=f"count({column}) / arrived deliveries",
            formula_source=formula_source,
            interval=estimates.WILSON,
            primary_data=(
                f"deliveries.{column}",
                "deliveries.delivered_at",
                "deliveries.promised_at",
                "deliveries.status",
            ),
            perspective="operations",
            group="delivery",
            owner_role=roles.DELIVERY,
            minimum_sample=30,
        ),
        {"good": count_true(_ARRIVALS, column), "known": known(_ARRIVALS, column), "arrivals": records(_ARRIVALS)},
        estimates.share("good", "known", "arrivals"),
    )


METRICS = (
    Metric(
        Passport(
            id="on_time_delivery",
            version=1,
            name=Text("On-time deliveries", "Доставки в\u00a0срок"),
            description=Text(
                "Share of deliveries that arrived no later than promised.",
                "Доля доставок, прибывших не\u00a0позже обещанного срока.",
            ),
            use=Text(
                "Shows whether promises to customers are kept; slice by carrier and region to see where they are not.",
                "Показывает, выполняются\u00a0ли обещания клиентам; срезы по\u00a0перевозчику и\u00a0региону показывают, где нет.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Deliveries that arrived by the promised moment divided by those due in the period: arrived, failed or, "
                "without arrival, promised before the newest arrival in the data. Cancelled ones are left out. A delivery "
                "belongs to the period in which it was promised. Without a promise, or delivered without a moment, it is "
                "missing.",
                "Доставки, прибывшие к\u00a0обещанному моменту, делённые на\u00a0те, чей срок пришёлся на\u00a0период: прибывшие, "
                "неудавшиеся и\u00a0не\u00a0прибывшие, но\u00a0обещанные раньше самой новой доставки в\u00a0данных. Отменённые "
                "не\u00a0учитываются. Доставка относится к\u00a0периоду, на\u00a0который обещана. Без обещанного срока или без "
                "момента прибытия она считается пропуском.",
            ),
            formula="count(delivered_at ≤ promised_at) / due deliveries",
            formula_source="ASCM, SCOR Digital Standard, 2022 (delivery performance to customer commit date)",
            interval=estimates.WILSON,
            primary_data=("deliveries.promised_at", "deliveries.delivered_at", "deliveries.status"),
            perspective="operations",
            group="delivery",
            owner_role=roles.DELIVERY,
            minimum_sample=30,
        ),
        {
            "on_time": count_true(DELIVERIES, "on_time"),
            "usable": count_true(DELIVERIES, "usable"),
            "deliveries": records(DELIVERIES),
        },
        estimates.share("on_time", "usable", "deliveries"),
    ),
    _share_of_arrivals(
        "in_full_delivery",
        "in_full",
        Text("Deliveries in full", "Доставки в\u00a0полном объёме"),
        Text(
            "Share of arrived deliveries that brought everything ordered.",
            "Доля прибывших доставок, в\u00a0которых было всё, что заказано.",
        ),
        Text(
            "Shows how well orders are picked and stocked; slice by carrier and region.",
            "Показывает, насколько хорошо собирают заказы и\u00a0хватает\u00a0ли запасов; смотрите срезы по\u00a0перевозчику "
            "и\u00a0региону.",
        ),
        Text(
            "Deliveries that brought everything ordered divided by those that arrived in the period. Those of which it is "
            "not recorded are missing.",
            "Доставки, в\u00a0которых было всё заказанное, делённые на\u00a0прибывшие за\u00a0период. Доставки, о\u00a0которых это "
            "не\u00a0записано, считаются пропусками.",
        ),
        "ASCM, SCOR Digital Standard, 2022 (orders delivered in full)",
    ),
    _share_of_arrivals(
        "intact_delivery",
        "intact",
        Text("Undamaged deliveries", "Доставки без повреждений"),
        Text("Share of arrived deliveries that came undamaged.", "Доля доставок, прибывших неповреждёнными."),
        Text(
            "Shows how goods are packed and carried; slice by carrier and region.",
            "Показывает, как упаковывают и\u00a0везут товар; смотрите срезы по\u00a0перевозчику и\u00a0региону.",
        ),
        Text(
            "Deliveries that came undamaged divided by those that arrived in the period. Those of which it is not recorded "
            "are missing.",
            "Доставки без повреждений, делённые на\u00a0прибывшие за\u00a0период. Доставки, о\u00a0которых это не\u00a0записано, считаются "
            "пропусками.",
        ),
        "ASCM, SCOR Digital Standard, 2022 (perfect condition)",
    ),
    Metric(
        Passport(
            id="perfect_delivery",
            version=1,
            name=Text("Perfect deliveries", "Безупречные доставки"),
            description=Text(
                "Share of deliveries that came on time, in full and undamaged.",
                "Доля доставок, прибывших в\u00a0срок, в\u00a0полном объёме и\u00a0без повреждений.",
            ),
            use=Text(
                "What the customer sees as one promise; the three shares beside it say which part of it breaks.",
                "Для клиента это одно обещание; три доли рядом показывают, какая его часть нарушается.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Deliveries that arrived by the promised moment, in full and undamaged, divided by those due in the period, "
                "as for deliveries on time. What did not arrive is not perfect. Arrived ones of which any of the three is "
                "not known are missing, even where another is known to have failed: else failures alone would be left in.",
                "Доставки, прибывшие к\u00a0обещанному моменту, в\u00a0полном объёме и\u00a0без повреждений, делённые на\u00a0те, чей срок "
                "пришёлся на\u00a0период, как у\u00a0доставок в\u00a0срок. Неприбывшее не\u00a0безупречно. Прибывшие, о\u00a0которых не\u00a0известно "
                "хотя\u00a0бы одно из\u00a0трёх, считаются пропусками, даже если другое заведомо нарушено: иначе остались\u00a0бы "
                "одни нарушения.",
            ),
            formula="count(delivered_at ≤ promised_at, in full, undamaged) / due deliveries",
            formula_source="ASCM, SCOR Digital Standard, 2022 (perfect customer order fulfillment)",
            interval=estimates.WILSON,
            primary_data=(
                "deliveries.promised_at",
                "deliveries.delivered_at",
                "deliveries.status",
                "deliveries.in_full",
                "deliveries.intact",
            ),
            perspective="operations",
            group="delivery",
            owner_role=roles.DELIVERY,
            minimum_sample=30,
        ),
        {
            "perfect": count_true(DELIVERIES, "perfect"),
            "judged": count_true(DELIVERIES, "judged"),
            "deliveries": records(DELIVERIES),
        },
        estimates.share("perfect", "judged", "deliveries"),
    ),
    Metric(
        Passport(
            id="delivery_time_median",
            version=1,
            name=Text("Median delivery time", "Медиана времени доставки"),
            description=Text(
                "In how many days after the order half of the deliveries came.",
                "За\u00a0сколько дней после заказа приходит половина доставок.",
            ),
            use=Text(
                "Compares carriers and regions by speed, whatever was promised.",
                "Сравнивает перевозчиков и\u00a0регионы по\u00a0скорости, что\u00a0бы ни\u00a0было обещано.",
            ),
            unit="days",
            direction="less",
            method=Text(
                "Median of days from the order to the arrival, over deliveries that arrived in the period, each by itself "
                "where an order has several. Those whose order or moment of arrival is not known, or which came before "
                "the order, are missing.",
                "Медиана числа дней от\u00a0заказа до\u00a0прибытия по\u00a0доставкам, прибывшим за\u00a0период; если их у\u00a0заказа несколько, "
                "каждая считается отдельно. Доставки без известного заказа или момента прибытия и\u00a0прибывшие раньше заказа "
                "считаются пропусками.",
            ),
            formula="median(delivered_at − ordered_at)",
            formula_source="ASCM, SCOR Digital Standard, 2022 (delivery cycle time); quantile: Hyndman & Fan, 1996, type 7",
            interval=estimates.ORDER_STATISTICS,
            primary_data=("deliveries.delivered_at", "deliveries.status", "deliveries.order_id", "orders.ordered_at"),
            perspective="operations",
            group="delivery",
            owner_role=roles.DELIVERY,
            minimum_sample=30,
        ),
        quantile_measures(_JOURNEYS, 0.5),
        estimates.quantile(0.5),
    ),
)
