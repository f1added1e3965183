"""Orders whose path crosses between the net and the physical world."""

import ibis
import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.definition import Measure, Metric, Passport, Request, Rows, Source
from septima.metrics.sources import ORDERS, all_known, count_true, days, is_sold, records, within_bounds
from septima.schema import Text

_ON_A_PATH = ("visit", "store_visit", "call", "chat", "meeting", "clicked")


def _paths(request: Request) -> ir.Table:
    """Sold orders with whether the touches of the `window_days` before them cross to the other world and back.

    A sequence of online and offline that ends in the order has at least two crossings just where a touch of the
    order's own world comes before one of the other; so two moments for each order tell, and no order of touches.
    `usable` orders have a customer and say whether they are online.
    """
    window = ibis.literal(days(request.parameters["window_days"]))
    orders = within_bounds(request, request.rows("orders"), "ordered_at")
    own = [name for name in ORDERS.dimensions if name in request.by and name != "online"]
    orders = orders.filter(is_sold(orders)).select(
        "order_id",
        "customer_id",
        "online",
        *own,
        at=orders["ordered_at"],
        usable=all_known(orders, "customer_id", "online"),
    )
    touches = within_bounds(request, request.rows("touches"), "at", back=request.parameters["window_days"])
    touches = touches.filter(touches["kind"].isin(_ON_A_PATH), all_known(touches, "customer_id", "online"))
    touches = touches.select("customer_id", touched_at=touches["at"], touched_online=touches["online"])
    pairs: Rows = orders.filter(orders["usable"]).join(touches, "customer_id")
    pairs = pairs.filter(pairs["touched_at"] < pairs["at"], pairs["touched_at"] >= pairs["at"] - window)
    same = pairs["touched_online"] == pairs["online"]
    seen = pairs.group_by("order_id").aggregate(
        there_first=pairs["touched_at"].min(where=same), elsewhere_last=pairs["touched_at"].max(where=~same)
    )
    rows: Rows = orders.left_join(seen, "order_id").drop("order_id_right")
    return rows.mutate(
        crossed=rows["elsewhere_last"].notnull(),
        returned=(rows["there_first"] < rows["elsewhere_last"]).fill_null(False),
    )


_PATHS = Source("order_paths", _paths, ORDERS.dimensions, of_customers=True, parameters=("window_days",))

_PATH = Text(
    " divided by sold orders with a customer, of which it is known whether they are online. The path is visits, store "
    "visits, calls, chats, meetings and clicks of the customer in the `window_days` days before the order, of which it "
    "is known whether they are online. Other orders are missing.",
    ", делённые на\u00a0проданные заказы, у\u00a0которых известен клиент и\u00a0то, онлайн они или офлайн. Путь\u00a0— это визиты, "
    "посещения магазина, звонки, чаты, встречи и\u00a0переходы клиента за\u00a0`window_days` дней до\u00a0заказа, про которые "
    "известно, онлайн они или офлайн. Остальные заказы считаются пропусками.",
)


def _metric(id_: str, crossed: str, name: Text, description: Text, use: Text, what: Text, formula: str) -> Metric:
    """The share of orders with `crossed`."""
    measures: dict[str, Measure] = {
        "crossed": count_true(_PATHS, crossed),
        "usable": count_true(_PATHS, "usable"),
        "orders": records(_PATHS),
    }
    return Metric(
        Passport(
            id=id_,
            version=1,
            name=name,
            description=description,
            use=use,
            unit="share",
            direction="more",
            method=Text(what.en + _PATH.en, what.ru + _PATH.ru),
            formula=formula,
            formula_source="CRM methodology (O2O, O2O2O); Verhoef, Kannan & Inman, From Multi-Channel Retailing to Omni-Channel Retailing, 2015",
            interval=estimates.WILSON,
            primary_data=(
                "orders.customer_id",
                "orders.ordered_at",
                "orders.online",
                "orders.status",
                "touches.customer_id",
                "touches.at",
                "touches.online",
                "touches.kind",
            ),
            perspective="marketing",
            group="money",
            owner_role=roles.MARKETING,
            minimum_sample=100,
            parameters={"window_days": 30},
        ),
        measures,
        estimates.share("crossed", "usable", "orders"),
    )


METRICS = (
    _metric(
        "o2o_share",
        "crossed",
        Text("Share of O2O orders", "Доля заказов O2O"),
        Text(
            "Share of orders on whose way the customer crossed between online and offline.",
            "Доля заказов, на\u00a0пути к\u00a0которым клиент переходил между онлайном и\u00a0офлайном.",
        ),
        Text(
            "Shows how far channels work together: judged by the last one alone, the other would lose its part. Slice by "
            "online to see the direction.",
            "Показывает, насколько каналы работают вместе: если судить только по\u00a0последнему, вклад другого потеряется. "
            "Срез онлайн/офлайн показывает направление.",
        ),
        Text(
            "Orders placed online after a touch offline, or offline after a touch online,",
            "Заказы, оформленные онлайн после касания офлайн или офлайн после касания онлайн",
        ),
        "orders with a touch of the other world before them / orders",
    ),
    _metric(
        "o2o2o_share",
        "returned",
        Text("Share of O2O2O orders", "Доля заказов O2O2O"),
        Text(
            "Share of orders on whose way the customer crossed between online and offline and came back.",
            "Доля заказов, на\u00a0пути к\u00a0которым клиент переходил между онлайном и\u00a0офлайном и\u00a0вернулся обратно.",
        ),
        Text(
            "Shows journeys that need both worlds, such as site, fitting in a store, purchase on the site.",
            "Показывает пути, которым нужны оба мира: например, сайт, примерка в\u00a0магазине, покупка на\u00a0сайте.",
        ),
        Text(
            "Orders with at least two crossings on their path (online, offline, online or offline, online, offline),",
            "Заказы не\u00a0менее чем с\u00a0двумя переходами на\u00a0пути (онлайн, офлайн, онлайн или офлайн, онлайн, офлайн)",
        ),
        "orders with at least two crossings before or at them / orders",
    ),
)
