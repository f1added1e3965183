"""What the tools of marketing give: messages opened and clicked, and what an order costs."""

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.definition import Cells, Estimate, Metric, Parameters, Passport, Request, Source
from septima.metrics.sources import (
    ORDERS,
    count_true,
    known,
    records,
    several_currencies,
    total,
)
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_OF_A_MESSAGE = ("campaign_id", "customer_id", "message_id", "channel")


def _messages(request: Request) -> ir.Table:
    """One row per message: whether it was delivered, opened and clicked, at the moment of its delivery.

    A message is what a campaign sent to one customer by one channel, or what has its own `message_id`.
    `usable` ones can be told apart and were reported delivered; `weight` is the number of records
    that the row stands for.
    """
    touches = request.rows("touches")
    touches = touches.filter(touches["kind"].isin(("delivered", "opened", "clicked")))
    kind = touches["kind"]
    own = [name for name in request.by if name == "chain_id"]
    messages = touches.group_by(*_OF_A_MESSAGE, *own).aggregate(
        delivered_at=touches["at"].min(where=kind == "delivered"),
        first_at=touches["at"].min(),
        opened=(kind == "opened").any(),
        clicked=(kind == "clicked").any(),
        touches=touches.count(),
    )
    apart = messages["customer_id"].notnull() & (messages["campaign_id"].notnull() | messages["message_id"].notnull())
    usable = apart & messages["delivered_at"].notnull()
    return messages.mutate(
        at=ibis.coalesce(messages["delivered_at"], messages["first_at"]),
        usable=usable,
        opened=usable & messages["opened"],
        clicked=usable & messages["clicked"],
        weight=apart.ifelse(ibis.literal(1, "int64"), messages["touches"]),
    ).drop("delivered_at", "first_at", "touches")


def _spend(request: Request) -> ir.Table:
    spend = request.rows("spend")
    return spend.mutate(at=spend["date"].cast("timestamp"), campaign_id=spend["campaign_id"].nullif(""))


def _priced_touches(request: Request) -> ir.Table:
    touches = request.rows("touches")
    return touches.filter(touches["cost"].notnull())


_MESSAGES = Source("messages", _messages, ("channel", "campaign_id", "chain_id"), of_customers=True)
_SPEND = Source("spend", _spend, ("channel", "campaign_id", "currency"))
_PRICED_TOUCHES = Source("priced_touches", _priced_touches, ("channel", "campaign_id", "currency"))

_MESSAGE_MEASURES = {
    "delivered": count_true(_MESSAGES, "usable"),
    "opened": count_true(_MESSAGES, "opened"),
    "clicked": count_true(_MESSAGES, "clicked"),
    "messages": total(_MESSAGES, "weight"),
}


def _cost_per_order(cells: Cells, _: Parameters) -> Estimate:
    cost, orders = cells["spend"] + cells["touch_costs"], cells["orders"]
    unpriced = cells["spend_records"] + cells["touch_records"] == 0
    cost = np.where(unpriced, np.nan, cost)
    fewest, most = intervals.poisson(orders)
    mixed = (cells["spend_currencies"] > 0) | (cells["touch_currencies"] > 0)
    note = estimates.when(unpriced & (orders > 0), "no_cost")
    note = estimates.when(mixed, "mixed_currencies", note)
    value = divide(cost, orders)
    upper = np.where(fewest > 0, divide(cost, fewest), np.nan)
    return Estimate(
        value, orders, np.where(orders > 0, divide(cost, most), np.nan), upper, 1 - divide(orders, orders), note
    )


_TOUCHES = (
    "touches.kind",
    "touches.at",
    "touches.customer_id",
    "touches.campaign_id",
    "touches.message_id",
    "touches.channel",
)

METRICS = (
    Metric(
        Passport(
            id="open_rate",
            version=1,
            name=Text("Open rate (OR)", "Доля открытий (OR)"),
            description=Text(
                "Share of delivered messages that were opened.", "Доля доставленных сообщений, которые открыли."
            ),
            use=Text(
                "Compares subjects, senders and times of sending; mail programs that open by themselves raise it.",
                "Сравнивает темы, отправителей и\u00a0время отправки; почтовые программы, открывающие письма сами, её завышают.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Messages opened at least once divided by messages delivered, each message once. A message is what a "
                "campaign sent to one customer by one channel, or has its own number. It belongs to the period of its "
                "delivery, whenever it was opened. Touches without a customer, without campaign and number, and openings "
                "of messages not reported delivered are missing.",
                "Сообщения, открытые хотя\u00a0бы раз, делённые на\u00a0доставленные; каждое сообщение учитывается один раз. "
                "Сообщение\u00a0— это то, что кампания отправила одному клиенту по\u00a0одному каналу, или то, что имеет свой номер. "
                "Оно относится к\u00a0периоду доставки, когда\u00a0бы его ни\u00a0открыли. Касания без клиента, без кампании "
                "и\u00a0номера, а\u00a0также открытия сообщений, о\u00a0доставке которых нет записи, считаются пропусками.",
            ),
            formula="unique opened / delivered",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010",
            interval=estimates.WILSON,
            primary_data=_TOUCHES,
            perspective="marketing",
            group="tools",
            owner_role=roles.MARKETING,
            minimum_sample=100,
        ),
        _MESSAGE_MEASURES,
        estimates.share("opened", "delivered", "messages"),
    ),
    Metric(
        Passport(
            id="click_through_rate",
            version=1,
            name=Text("Click-through rate (CTR)", "Доля переходов (CTR)"),
            description=Text(
                "Share of delivered messages in which a link was clicked.",
                "Доля доставленных сообщений, в\u00a0которых перешли по\u00a0ссылке.",
            ),
            use=Text(
                "Shows whether the offer and the text lead on; less distorted than openings.",
                "Показывает, ведут\u00a0ли предложение и\u00a0текст дальше; искажается меньше, чем открытия.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Messages clicked at least once divided by messages delivered, each message once; messages, periods and "
                "missing records as for the open rate.",
                "Сообщения хотя\u00a0бы с\u00a0одним переходом, делённые на\u00a0доставленные; каждое сообщение учитывается один раз. "
                "Сообщения, периоды и\u00a0пропуски\u00a0— как у\u00a0доли открытий.",
            ),
            formula="unique clicked / delivered",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010",
            interval=estimates.WILSON,
            primary_data=_TOUCHES,
            perspective="marketing",
            group="tools",
            owner_role=roles.MARKETING,
            minimum_sample=100,
        ),
        _MESSAGE_MEASURES,
        estimates.share("clicked", "delivered", "messages"),
    ),
    Metric(
        Passport(
            id="cost_per_order",
            version=1,
            name=Text("Cost per order (CPO)", "Стоимость заказа (CPO)"),
            description=Text(
                "Marketing money that falls on one order.",
                "Сколько маркетинговых расходов приходится на\u00a0один заказ.",
            ),
            use=Text(
                "Compares campaigns and channels; set it against the margin of an order.",
                "Сравнивает кампании и\u00a0каналы; сопоставляйте её с\u00a0маржой заказа.",
            ),
            unit="currency",
            direction="less",
            method=Text(
                "Spend and costs of touches of the period divided by its orders, cancelled and returned ones left out. "
                "Without slices: all cost by all orders. By campaign or channel: the cost of that campaign or channel by "
                "the orders that bear it. Undefined where no cost or no order is recorded.",
                "Расходы на\u00a0маркетинг и\u00a0стоимость касаний за\u00a0период, делённые на\u00a0его заказы, без отменённых "
                "и\u00a0возвращённых. Без срезов\u00a0— все расходы на\u00a0все заказы. По\u00a0кампании или каналу\u00a0— их расходы "
                "на\u00a0заказы с\u00a0этой кампанией или каналом. Не\u00a0определена, если нет расходов или заказов.",
            ),
            formula="(Σ spend.amount + Σ touches.cost) / orders",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010 (cost per order)",
            interval=Text(
                "Cost over the exact Poisson interval of the number of orders, 95 % (Garwood, 1936)",
                "Расходы, делённые на\u00a0точный интервал Пуассона для числа заказов, 95\u00a0% (Garwood, 1936)",
            ),
            primary_data=(
                "spend.date",
                "spend.amount",
                "touches.at",
                "touches.cost",
                "orders.ordered_at",
                "orders.status",
            ),
            perspective="marketing",
            group="tools",
            owner_role=roles.MARKETING,
            minimum_sample=30,
        ),
        {
            "spend": total(_SPEND, "amount"),
            "spend_records": known(_SPEND, "amount"),
            "spend_currencies": several_currencies(_SPEND),
            "touch_costs": total(_PRICED_TOUCHES, "cost"),
            "touch_records": records(_PRICED_TOUCHES),
            "touch_currencies": several_currencies(_PRICED_TOUCHES),
            "orders": records(ORDERS),
        },
        _cost_per_order,
    ),
)
