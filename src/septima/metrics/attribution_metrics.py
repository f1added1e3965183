"""Revenue by what it is attributed to, by a rule that the parameter `rule` names."""

import ibis
import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.attribution_paths import (
    KINDS,
    in_place,
    is_refund,
    on_paths,
    purchases_within,
    rule_part,
    shown,
    touches_within,
)
from septima.metrics.attribution_sums import DIRECT, NONE
from septima.metrics.definition import Measure, Metric, MetricError, Passport, Request, Rows, Source
from septima.metrics.sources import (
    is_sold,
    several_currencies_in_sums,
    total,
    total_of_products,
    within_bounds,
)
from septima.models.attribution.words import RULES, Rule
from septima.schema import Text

_HALF_LIFE_DAYS = 7.0
_CREDITED = ("channel", "campaign_id", "chain_id")
_COLUMNS = ("customer_id", "at", "amount", "part", "lowest", "highest", "online", *_CREDITED)


def _credits(request: Request) -> ir.Table:
    """One row per touch of a path with the part of the purchase that it is credited with, and per order without a touch.

    Where a touch has no channel, campaign or chain it stands under NONE; without a touch they are null.
    """
    window, rule = request.parameters["window_days"], _rule(request.parameters["rule"])
    touches, purchases = touches_within(request, window, KINDS), purchases_within(request, window)
    carried = {**dict.fromkeys(_CREDITED, "string"), "online": "boolean"}
    rows = shown(request, on_paths(touches, purchases, window, carried))
    rows = in_place(rows.filter(rows["converted"]).drop("revenue"))
    direct = rows["channel"].isin(DIRECT).fill_null(False)
    rows = rows.mutate(share=rule_part(rows, rule, _HALF_LIFE_DAYS, direct))
    rows = rows.filter(rows["share"] > 0)
    paid = purchases.rename(customer="customer_id", moment="ordered_at")
    joined = rows.join(paid, [rows["customer_id"] == paid["customer"], rows["ordered_at"] == paid["moment"]])
    credited = joined.select(
        "customer_id",
        "lowest",
        "highest",
        "online",
        at=joined["ordered_at"],
        amount=joined["share"] * joined["revenue"].cast("float64"),
        part=joined["share"],
        **{name: joined[name].fill_null(NONE) for name in _CREDITED},
    )
    return credited.select(*_COLUMNS).union(_without_touch(request, rows))


def _without_touch(request: Request, rows: Rows) -> Rows:
    """Orders before which no touch counts: of unknown customers, refunds, and of purchases that end no path."""
    orders = within_bounds(request, request.rows("orders"), "ordered_at")
    orders = orders.filter(is_sold(orders))
    led_to = rows.select(customer="customer_id", moment="ordered_at").distinct()
    matched = orders.left_join(
        led_to,
        [
            orders["customer_id"] == led_to["customer"],
            orders["ordered_at"] == led_to["moment"],
            ~is_refund(orders),
        ],
    )
    rest = matched.filter(matched["customer"].isnull())
    return rest.select(
        "customer_id",
        at=rest["ordered_at"],
        amount=rest["revenue"].cast("float64"),
        part=ibis.literal(1).cast("float64"),
        lowest=rest["currency"],
        highest=rest["currency"],
        online=ibis.null("boolean"),
        **{name: ibis.null("string") for name in _CREDITED},
    ).select(*_COLUMNS)


def _rule(given: object) -> Rule:
    if given not in RULES:
        raise MetricError(
            Text(
                f"parameter 'rule' must be one of {', '.join(RULES)}, not {given!r}",
                f"параметр «rule»\u00a0— одно из\u00a0{', '.join(RULES)}, а\u00a0указано «{given}»",
            )
        )
    return given


_SOURCE = Source(
    "credits",
    _credits,
    (*_CREDITED, "online"),
    of_customers=True,
    parameters=("window_days", "rule"),
)

METRICS = (
    Metric(
        Passport(
            id="attributed_revenue",
            version=1,
            name=Text("Attributed revenue", "Приписанная выручка"),
            description=Text(
                "Revenue by the channel, campaign or chain whose touches came before it.",
                "Выручка по\u00a0каналам, кампаниям или цепочкам, касания которых ей предшествовали.",
            ),
            use=Text(
                "Slice by channel, campaign_id, chain_id or online: the parts add up to all revenue. A rule shows who took "
                "part, not what was caused; that is told by incremental revenue.",
                "Смотрите срезы по\u00a0channel, campaign_id, chain_id или online: части в\u00a0сумме дают всю выручку. Правило "
                "показывает, кто участвовал, а\u00a0не\u00a0что стало причиной; об\u00a0этом говорит дополнительная выручка.",
            ),
            unit="currency",
            direction="more",
            method=Text(
                "What a customer orders at one moment is a purchase; its path is the clicks, visits, store visits, calls, chats "
                "and meetings of the `window_days` days before it and after the purchase before. `rule` shares the revenue "
                "among them: last, last_non_direct (passes over channels direct and web), first, linear, time_decay (half-life "
                "of 7 days) or position (40–20–40; of two touches half each). Without touches revenue stands under none. "
                "Cancelled and returned orders are left out.",
                "Всё, что клиент заказал в\u00a0один момент,\u00a0— одна покупка; её путь\u00a0— переходы, визиты, посещения магазина, звонки, "
                "чаты и\u00a0встречи за\u00a0`window_days` дней до\u00a0неё и\u00a0после предыдущей покупки. `rule` делит между ними выручку: "
                "last, last_non_direct (кроме каналов direct и\u00a0web), first, linear, time_decay (период полураспада 7\u00a0дней) или "
                "position (40–20–40; из\u00a0двух касаний по\u00a0половине). Выручка без касаний остаётся ни\u00a0за\u00a0кем. Без отменённых "
                "и\u00a0возвращённых заказов.",
            ),
            formula="Σ revenue · part of the touch in its path",
            formula_source="Kaushik, Web Analytics 2.0, 2010",
            interval=estimates.COMPOUND_POISSON,
            primary_data=(
                "orders.customer_id",
                "orders.ordered_at",
                "orders.revenue",
                "orders.status",
                "touches.customer_id",
                "touches.at",
                "touches.kind",
                "touches.channel",
                "touches.campaign_id",
                "touches.chain_id",
            ),
            perspective="marketing",
            group="money",
            owner_role=roles.MARKETING,
            minimum_sample=100,
            parameters={"window_days": 30, "rule": "last"},
        ),
        {
            "amount": total(_SOURCE, "amount"),
            "squares": total_of_products(_SOURCE, "amount", "amount"),
            "smallest": Measure(_SOURCE, lambda rows, _: rows["amount"].min()),
            "largest": Measure(_SOURCE, lambda rows, _: rows["amount"].max()),
            "known": Measure(_SOURCE, lambda rows, _: rows["part"].sum(where=rows["amount"].notnull())),
            "records": total(_SOURCE, "part"),
            "currencies": several_currencies_in_sums(_SOURCE),
        },
        estimates.amount,
    ),
)
