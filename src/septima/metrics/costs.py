"""What marketing costs, by what it gives: thousands of contacts, clicks, orders, margin."""

from collections.abc import Callable
from dataclasses import replace

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
    Notes,
    Parameters,
    Passport,
    Request,
    Rows,
    Source,
)
from septima.metrics.sources import ORDERS, amount_measures, is_sold, known, records, several_currencies, total
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text


def _costs(request: Request) -> ir.Table:
    """Money spent on marketing by day, and touches that have a price."""
    spend, touches = request.rows("spend"), request.rows("touches")
    touches = touches.filter(touches["cost"].notnull())
    columns = ("channel", "campaign_id", "currency")
    bought = spend.select(
        "channel",
        "currency",
        at=request.beginning(spend["date"]).cast("timestamp"),
        campaign_id=spend["campaign_id"].nullif(""),
        amount=spend["amount"],
        touch_id=ibis.null("string"),
    )
    priced = touches.select("touch_id", *columns, at=touches["at"].cast("timestamp"), amount=touches["cost"])
    order = ("at", *columns, "amount", "touch_id")
    return bought.select(*order).union(priced.select(*order))


def _campaign_costs(request: Request) -> ir.Table:
    """What campaigns cost, by the channel of the campaign."""
    costs = _costs(request)
    return _with_channel_of_campaign(costs.filter(costs["campaign_id"].notnull()), request)


def _campaign_margins(request: Request) -> ir.Table:
    """Sold orders that bear a campaign, with their `margin`, by the channel of the campaign."""
    orders = request.rows("orders")
    orders = orders.filter(is_sold(orders), orders["campaign_id"].notnull())
    rows = orders.mutate(at=orders["ordered_at"], margin=orders["revenue"] - orders["cost"])
    return _with_channel_of_campaign(rows, request)


def _with_channel_of_campaign(rows: Rows, request: Request) -> ir.Table:
    if "channel" not in request.by:
        return rows
    campaigns = request.rows("campaigns").select("campaign_id", "channel")
    return rows.drop("channel").left_join(campaigns, "campaign_id").drop("campaign_id_right")


def _contacts(request: Request) -> ir.Table:
    touches = request.rows("touches")
    return touches.filter(touches["kind"].isin(("impression", "delivered", "clicked")))


_DIMENSIONS = ("channel", "campaign_id")
COSTS = Source("marketing_costs", _costs, (*_DIMENSIONS, "currency"))
_CONTACTS = Source("contacts", _contacts, _DIMENSIONS)
_CAMPAIGN_COSTS = Source("campaign_costs", _campaign_costs, (*_DIMENSIONS, "currency"))
_CAMPAIGN_MARGINS = Source("campaign_margins", _campaign_margins, (*_DIMENSIONS, "currency"))


def cost_measures(source: Source = COSTS) -> dict[str, Measure]:
    """The cost, the number of its records and whether it is in several currencies."""
    return {
        "cost": total(source, "amount"),
        "cost_records": known(source, "amount"),
        "cost_currencies": several_currencies(source),
    }


def known_cost(cells: Cells) -> FloatArray:
    """The cost of each cell, from `cost_measures`; NaN where none is recorded."""
    return np.where(cells["cost_records"] > 0, cells["cost"], np.nan)


def cost_note(cells: Cells, n: FloatArray, otherwise: Notes | None = None) -> Notes:
    """`no_cost` where there is what costs are held against and no cost, and the note on currencies."""
    missing = estimates.when((cells["cost_records"] == 0) & (n > 0), "no_cost")
    mixed = estimates.when(cells["cost_currencies"] > 0, "mixed_currencies", otherwise)
    return np.where(missing == "no_cost", missing, mixed)


def amount_by_cost(cells: Cells, parameters: Parameters) -> Estimate:
    """An amount divided by the cost, from `amount_measures` and `cost_measures`.

    What was paid is known exactly, so only the amount is uncertain.
    """
    amount, cost = estimates.amount(cells, parameters), known_cost(cells)
    return replace(
        amount,
        value=divide(amount.value, cost),
        lower=divide(amount.lower, cost),
        upper=divide(amount.upper, cost),
        note=cost_note(cells, cells["records"], amount.note),
    )


def _cost_per(count: str, per: float) -> Callable[[Cells, Parameters], Estimate]:
    """Cost by `per` of what the measure `count` counts, over the exact Poisson interval of that number."""

    def estimate(cells: Cells, _: Parameters) -> Estimate:
        cost, n = per * known_cost(cells), cells[count]
        fewest, most = intervals.poisson(n)
        lower = np.where(n > 0, divide(cost, most), np.nan)
        return Estimate(divide(cost, n), n, lower, divide(cost, fewest), estimates.missing(n, n), cost_note(cells, n))

    return estimate


def _romi(cells: Cells, parameters: Parameters) -> Estimate:
    found = amount_by_cost(cells, parameters)
    return replace(found, value=found.value - 1, lower=found.lower - 1, upper=found.upper - 1)


_POISSON = Text(
    "Cost over the exact Poisson interval of the number, 95 % (Garwood, 1936)",
    "Расходы, делённые на\u00a0точный интервал Пуассона для числа, 95\u00a0% (Garwood, 1936)",
)
COST_DATA = ("spend.date", "spend.amount", "spend.currency", "touches.at", "touches.cost", "touches.currency")
_MARKETING_METRICS = "Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010"


def _cost_metric(
    id_: str, name: Text, description: Text, use: Text, method: Text, formula: str, data: tuple[str, ...],
    counted: Measure, per: float = 1, version: int = 1,
) -> Metric:  # fmt: skip
    """Cost by what `counted` counts."""
    return Metric(
        Passport(
            id=id_,
            version=version,
            name=name,
            description=description,
            use=use,
            unit="currency",
            direction="less",
            method=method,
            formula=formula,
            formula_source=_MARKETING_METRICS,
            interval=_POISSON,
            primary_data=(*COST_DATA, *data),
            perspective="marketing",
            group="tools",
            owner_role=roles.MARKETING,
            minimum_sample=30,
        ),
        {**cost_measures(), "counted": counted},
        _cost_per("counted", per),
    )


METRICS = (
    _cost_metric(
        "cost_per_mille",
        Text("Cost per thousand contacts (CPM)", "Стоимость тысячи контактов (CPM)"),
        Text(
            "Marketing money that falls on a thousand times that an offer reached someone.",
            "Сколько маркетинговых расходов приходится на\u00a0тысячу контактов с\u00a0предложением.",
        ),
        Text(
            "Compares the price of reach between channels and campaigns.",
            "Сравнивает цену охвата между каналами и\u00a0кампаниями.",
        ),
        Text(
            "Spend and costs of touches of the period divided by its contacts, times 1,000. Contacts are impressions of "
            "advertisements and deliveries of messages, so that channels of either kind add up. A channel that records "
            "neither brings cost alone: slice by channel.",
            "Расходы на\u00a0маркетинг и\u00a0стоимость касаний за\u00a0период, делённые на\u00a0число контактов и\u00a0умноженные "
            "на\u00a01000. Контакты\u00a0— это показы рекламы и\u00a0доставки сообщений, чтобы каналы обоих видов складывались. "
            "Канал, где не\u00a0записано ни\u00a0то, ни\u00a0другое, даёт только расходы: смотрите срез по\u00a0каналам.",
        ),
        "1000 · (Σ spend.amount + Σ touches.cost) / (impressions + deliveries)",
        ("touches.kind", "touches.channel", "touches.campaign_id"),
        Measure(_CONTACTS, lambda rows, _: rows.count(where=rows["kind"] != "clicked")),
        per=1000,
    ),
    _cost_metric(
        "cost_per_click",
        Text("Cost per click (CPC)", "Стоимость перехода (CPC)"),
        Text(
            "Marketing money that falls on one click.",
            "Сколько маркетинговых расходов приходится на\u00a0один переход.",
        ),
        Text(
            "Compares the price of interest between channels and campaigns.",
            "Сравнивает цену интереса между каналами и\u00a0кампаниями.",
        ),
        Text(
            "Spend and costs of touches of the period divided by its clicks, each click counted. A channel without "
            "recorded clicks brings cost alone: slice by channel.",
            "Расходы на\u00a0маркетинг и\u00a0стоимость касаний за\u00a0период, делённые на\u00a0число переходов; считается каждый "
            "переход. Канал, где переходы не\u00a0записаны, даёт только расходы: смотрите срез по\u00a0каналам.",
        ),
        "(Σ spend.amount + Σ touches.cost) / clicks",
        ("touches.kind", "touches.channel", "touches.campaign_id"),
        Measure(_CONTACTS, lambda rows, _: rows.count(where=rows["kind"] == "clicked")),
    ),
    _cost_metric(
        "cost_per_order",
        Text("Cost per order (CPO)", "Стоимость заказа (CPO)"),
        Text(
            "Marketing money that falls on one order.",
            "Сколько маркетинговых расходов приходится на\u00a0один заказ.",
        ),
        Text(
            "Compares campaigns and channels; set it against the margin of an order.",
            "Сравнивает кампании и\u00a0каналы; сопоставляйте её с\u00a0маржой заказа.",
        ),
        Text(
            "Spend and costs of touches of the period divided by its orders, cancelled and returned ones left out. "
            "Without slices: all cost by all orders. By campaign or channel: the cost of that campaign or channel by "
            "the orders that bear it. Undefined where no cost or no order is recorded.",
            "Расходы на\u00a0маркетинг и\u00a0стоимость касаний за\u00a0период, делённые на\u00a0его заказы, без отменённых "
            "и\u00a0возвращённых. Без срезов\u00a0— все расходы на\u00a0все заказы. По\u00a0кампании или каналу\u00a0— их расходы "
            "на\u00a0заказы с\u00a0этой кампанией или каналом. Не\u00a0определена, если нет расходов или заказов.",
        ),
        "(Σ spend.amount + Σ touches.cost) / orders",
        ("orders.ordered_at", "orders.status"),
        records(ORDERS),
    ),
    Metric(
        Passport(
            id="romi",
            version=1,
            name=Text("Return on marketing investment (ROMI)", "Рентабельность маркетинга (ROMI)"),
            description=Text(
                "Margin that a unit of money put into campaigns brought, over and above that unit.",
                "Сколько маржи сверх затрат принесла каждая денежная единица, вложенная в\u00a0кампании.",
            ),
            use=Text(
                "Above 0 the margin of orders that bear the campaign covers its cost. Such orders might have come anyway: "
                "hold it against incremental revenue.",
                "Выше 0\u00a0— маржа заказов с\u00a0этой кампанией покрывает расходы на\u00a0неё. Часть этих заказов могла прийти "
                "и\u00a0без кампании: сопоставляйте с\u00a0дополнительной выручкой.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Margin (revenue less cost) of the period’s orders that bear a campaign, less what campaigns cost in the "
                "period, divided by that cost. Cancelled and returned orders and spend of no campaign are left out; orders "
                "without revenue or cost are missing. The channel is that of the campaign.",
                "Маржа (выручка за\u00a0вычетом себестоимости) заказов периода, у\u00a0которых указана кампания, за\u00a0вычетом расходов "
                "на\u00a0кампании за\u00a0период, делённая на\u00a0эти расходы. Отменённые и\u00a0возвращённые заказы и\u00a0расходы без "
                "кампании не\u00a0учитываются; заказы без выручки или себестоимости считаются пропусками. Канал\u00a0— это канал "
                "кампании.",
            ),
            formula="(Σ (revenue − cost) − Σ campaign cost) / Σ campaign cost",
            formula_source="Lenskold, Marketing ROI, 2003",
            interval=Text(
                "Gamma interval of the margin as a weighted Poisson sum, 95 % (Fay & Feuer, 1997), ±1.96·√Σx² where some "
                "margins are negative; the cost is known exactly",
                "Гамма-интервал маржи как взвешенной суммы Пуассона, 95\u00a0% (Fay & Feuer, 1997), ±1,96·√Σx² при отрицательной "
                "марже; расходы известны точно",
            ),
            primary_data=(
                *COST_DATA,
                "spend.campaign_id",
                "touches.campaign_id",
                "orders.campaign_id",
                "orders.ordered_at",
                "orders.revenue",
                "orders.cost",
                "orders.status",
                "campaigns.channel",
            ),
            perspective="marketing",
            group="tools",
            owner_role=roles.MARKETING,
            minimum_sample=30,
            bounds=(None, None),
        ),
        {
            **cost_measures(_CAMPAIGN_COSTS),
            **amount_measures(_CAMPAIGN_MARGINS, "margin"),
        },
        _romi,
    ),
)
