"""What follows a click: an order, or nothing."""

import ibis
import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.definition import Metric, Passport, Request, Rows, Source
from septima.metrics.sources import LONGEST_SILENCE, count_true, days, is_sold, total, within_bounds
from septima.metrics.tools import OF_A_MESSAGE, told_apart
from septima.schema import Text

_DAYS = 7


def _clicked(request: Request) -> ir.Table:
    """One row per clicked message, and link where asked for, at its first click: whether an order followed in `days`.

    `usable` ones can be told apart and their `days` are over; `weight` is the number of records that the row stands
    for.
    """
    window = ibis.literal(days(request.parameters["days"]))
    touches = request.rows("touches")
    touches = touches.filter(touches["kind"] == "clicked")
    own = [*OF_A_MESSAGE, *(name for name in request.by if name in ("chain_id", "link_id"))]
    # Clicks that cannot be told apart stand by themselves, or the newest would change what the oldest counts for.
    alone = told_apart(touches).ifelse(ibis.null(touches["at"].type()), touches["at"])
    clicks = touches.group_by(*own, alone=alone).aggregate(at=touches["at"].min(), touches=touches.count())
    clicks = within_bounds(request, clicks, "at")
    orders = request.rows("orders")
    known_until = orders["ordered_at"].max().as_scalar()
    bought = orders.filter(is_sold(orders), orders["customer_id"].notnull()).select("customer_id", "ordered_at")
    if request.start is not None:
        bought = bought.filter(bought["ordered_at"] >= request.moment(request.start))
    joined = clicks.left_join(
        bought,
        [
            clicks["customer_id"] == bought["customer_id"],
            bought["ordered_at"] >= clicks["at"],
            bought["ordered_at"] < clicks["at"] + window,
        ],
    )
    rows: Rows = joined.group_by(*own, "alone", "at", "touches").aggregate(orders=joined["ordered_at"].count())
    apart = told_apart(rows)
    usable = (apart & (rows["at"] + window <= known_until)).fill_null(False)
    return rows.mutate(
        usable=usable,
        converted=usable & (rows["orders"] > 0),
        weight=apart.ifelse(ibis.literal(1, "int64"), rows["touches"]),
    ).drop("touches", "alone")


_CLICKED = Source(
    "clicked_messages",
    _clicked,
    ("channel", "campaign_id", "chain_id", "link_id"),
    of_customers=True,
    parameters=("days",),
    settles_days=_DAYS + LONGEST_SILENCE,
)

METRICS = (
    Metric(
        Passport(
            id="conversion_rate",
            version=1,
            name=Text("Conversion rate (CR)", "Конверсия в\u00a0заказ (CR)"),
            description=Text(
                "Share of clicked messages after which the customer ordered.",
                "Доля сообщений с\u00a0переходом, после которых клиент сделал заказ.",
            ),
            use=Text(
                "Shows whether the site and the offer keep what the message promised. It says “after”, not “because of”: "
                "for the latter hold a control group.",
                "Показывает, выполняют\u00a0ли сайт и\u00a0предложение то, что обещало сообщение. Это «после», а\u00a0не\u00a0«вследствие»: "
                "для второго нужна контрольная группа.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Clicked messages whose customer placed an order within `days` days after the first click, divided by "
                "clicked messages, by the period of that click. Cancelled and returned orders do not count. Clicks without "
                "a customer or without campaign and number, and those whose `days` are not over by the newest order, are "
                "missing.",
                "Сообщения с\u00a0переходом, клиент которых сделал заказ за\u00a0`days` дней после первого перехода, делённые "
                "на\u00a0все сообщения с\u00a0переходом; период\u00a0— по\u00a0этому переходу. Отменённые и\u00a0возвращённые заказы "
                "не\u00a0учитываются. Переходы без клиента или без кампании и\u00a0номера, а\u00a0также те, у\u00a0которых `days` дней "
                "ко\u00a0времени самого нового заказа ещё не\u00a0прошли, считаются пропусками.",
            ),
            formula="clicked messages with an order within days / clicked messages",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010 (conversion rate)",
            interval=estimates.WILSON,
            primary_data=(
                "touches.kind",
                "touches.at",
                "touches.customer_id",
                "touches.campaign_id",
                "touches.message_id",
                "touches.channel",
                "orders.customer_id",
                "orders.ordered_at",
                "orders.status",
            ),
            perspective="marketing",
            group="tools",
            owner_role=roles.MARKETING,
            minimum_sample=100,
            parameters={"days": _DAYS},
        ),
        {
            "converted": count_true(_CLICKED, "converted"),
            "usable": count_true(_CLICKED, "usable"),
            "messages": total(_CLICKED, "weight"),
        },
        estimates.share("converted", "usable", "messages"),
    ),
)
