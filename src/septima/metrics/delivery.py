"""Deliveries: whether they come when promised."""

import ibis
import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.definition import Metric, Passport, Request, Source
from septima.metrics.sources import count_true, known_until, records
from septima.schema import Text


def _deliveries(request: Request) -> ir.Table:
    """Deliveries that are due, and those of which that cannot be told; `usable` and `on_time`."""
    deliveries = request.rows("deliveries")
    promised, delivered = deliveries["promised_at"], deliveries["delivered_at"]
    status = deliveries["status"].fill_null("")
    overdue = (promised < known_until(deliveries, "delivered_at")) & (status != "delivered")
    fate_known = delivered.notnull() | (status == "failed") | overdue.fill_null(False)
    rows = deliveries.mutate(
        at=ibis.coalesce(promised, delivered),
        usable=promised.notnull() & fate_known,
        on_time=(delivered <= promised).fill_null(False),
        lost=promised.isnull() | (delivered.isnull() & (status == "delivered")),
        status=status,
    )
    return rows.filter(rows["status"] != "cancelled", rows["usable"] | rows["lost"]).drop("lost")


DELIVERIES = Source("deliveries", _deliveries, ("carrier", "region"), of_customers=True)

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
)
