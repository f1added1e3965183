"""What growth costs and what is left: acquisition, marketing, refunds, the ledger."""

from dataclasses import replace

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.costs import COST_DATA, amount_by_cost, cost_measures, cost_note, known_cost
from septima.metrics.definition import (
    Cells,
    Estimate,
    Expression,
    Metric,
    Parameters,
    Passport,
    Request,
    Rows,
    Source,
)
from septima.metrics.purchases import first_purchases, purchases
from septima.metrics.sources import (
    ORDERS,
    amount_measures,
    days,
    is_sold,
    known,
    ratio_measures,
    records,
    several_currencies,
    several_currencies_in_sums,
    total,
)
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_LTV_DAYS = 365


def _newcomers(request: Request) -> ir.Table:
    """One row per customer at the first sold order, by the channel that brought the customer."""
    # The channel is that of the customer, not of the order, so purchases are not cut by it.
    first = first_purchases(*purchases(replace(request, by=())))
    return _with_acquisition_channel(first, request)


def _profits_of_newcomers(request: Request) -> ir.Table:
    """One row per customer at the first sold order: the `profit` of the orders of the `days` from then on.

    Null where revenue or cost of one of them is unknown.
    """
    window = ibis.literal(days(request.parameters["days"]))
    orders = request.rows("orders")
    orders = orders.filter(is_sold(orders), orders["customer_id"].notnull())
    orders = orders.select(
        "customer_id",
        "ordered_at",
        "currency",
        margin=orders["revenue"] - orders["cost"],
        at=orders["ordered_at"].min().over(group_by="customer_id"),
    )
    orders = orders.filter(orders["ordered_at"] < orders["at"] + window)
    rows: Rows = orders.group_by("customer_id", "at").aggregate(
        orders=orders.count(),
        margins=orders["margin"].count(),
        profit=orders["margin"].sum(),
        lowest=orders["currency"].min(),
        highest=orders["currency"].max(),
    )
    profit = (rows["orders"] == rows["margins"]).ifelse(rows["profit"], None)
    return _with_acquisition_channel(rows.mutate(profit=profit).drop("margins"), request)


def _with_acquisition_channel(rows: Rows, request: Request) -> ir.Table:
    if "channel" not in request.by:
        return rows
    customers = request.rows("customers")
    customers = customers.select("customer_id", channel=customers["acquisition_channel"])
    return rows.left_join(customers, "customer_id").drop("customer_id_right")


def _orders_with_returned(request: Request) -> ir.Table:
    """Orders that were not cancelled, with the revenue that was `given_back`."""
    orders = request.rows("orders")
    status = orders["status"].fill_null("")
    kept = orders.mutate(
        at=orders["ordered_at"], given_back=(status == "returned").ifelse(orders["revenue"], orders["revenue"] * 0)
    )
    return kept.filter(status != "cancelled")


def _ledger(request: Request) -> ir.Table:
    ledger = request.rows("ledger")
    return ledger.mutate(at=request.beginning(ledger["date"]))


_NEWCOMERS = Source("first_orders", _newcomers, ("channel",))
_PROFITS = Source(
    "profits_of_newcomers", _profits_of_newcomers, ("channel",), parameters=("days",), settles_days=_LTV_DAYS
)
_NOT_CANCELLED = Source("orders_with_returned", _orders_with_returned, ORDERS.dimensions, of_customers=True)
_LEDGER = Source("ledger", _ledger, ("currency",))


def _acquisition_cost(cells: Cells, _: Parameters) -> Estimate:
    cost, n = known_cost(cells), cells["newcomers"]
    fewest, most = intervals.poisson(n)
    lower = np.where(n > 0, divide(cost, most), np.nan)
    return Estimate(divide(cost, n), n, lower, divide(cost, fewest), estimates.missing(n, n), cost_note(cells, n))


def _ltv_to_cac(cells: Cells, parameters: Parameters) -> Estimate:
    """Profit by cost; where nobody was acquired there is nothing to have paid back."""
    found = amount_by_cost(cells, parameters)
    return replace(found, value=np.where(cells["records"] > 0, found.value, np.nan))


def _marketing_share(cells: Cells, parameters: Parameters) -> Estimate:
    """Cost over revenue; what was paid is known exactly, so only the revenue is uncertain."""
    revenue, cost = estimates.amount(cells, parameters), known_cost(cells)
    lower = np.where(revenue.upper > 0, divide(cost, revenue.upper), np.nan)
    upper = np.where(revenue.lower > 0, divide(cost, revenue.lower), np.nan)
    note = cost_note(cells, cells["records"], revenue.note)
    return Estimate(divide(cost, revenue.value), revenue.n, lower, upper, revenue.missing_share, note)


def _operating_margin(cells: Cells, parameters: Parameters) -> Estimate:
    """One less costs over revenue, each account by its total; a ledger is complete, so nothing is left to chance."""
    accounts = (cells.frame["account"] == parameters["revenue_account"]).to_numpy()
    amount = np.abs(cells["amount"])
    revenue, costs = (cells.total_within(np.where(part, amount, 0.0)) for part in (accounts, ~accounts))
    n = cells.total_within(cells["known"])
    unknown = np.full(n.shape, np.nan)
    note = estimates.when((n > 0) & (revenue == 0), "no_revenue_account")
    note = estimates.when(cells.total_within(cells["currencies"]) > 0, "mixed_currencies", note)
    missing = estimates.missing(n, cells.total_within(cells["records"]))
    return Estimate(1 - divide(costs, revenue), n, unknown, unknown, missing, note)


def _given_back(rows: Rows) -> Expression:
    return rows["given_back"]


_ORDER_DATA = ("orders.ordered_at", "orders.revenue", "orders.status", "orders.currency")
_MARKETING_METRICS = "Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010"

METRICS = (
    Metric(
        Passport(
            id="customer_acquisition_cost",
            version=1,
            name=Text("Customer acquisition cost (CAC)", "Стоимость привлечения клиента (CAC)"),
            description=Text(
                "Marketing money that falls on one new customer.",
                "Сколько маркетинговых расходов приходится на\u00a0одного нового клиента.",
            ),
            use=Text(
                "Set it against what a customer brings over time; a channel that costs more may bring better customers.",
                "Сопоставляйте с\u00a0тем, что клиент приносит со\u00a0временем; более дорогой канал может приводить лучших клиентов.",
            ),
            unit="currency",
            direction="less",
            method=Text(
                "Spend and costs of touches of the period divided by the customers whose first sold order falls in it. All "
                "marketing is counted, that for existing customers too, so the figure is an upper bound of what new ones "
                "cost. By channel: the cost of the channel by the customers whom it brought (acquisition channel).",
                "Расходы на\u00a0маркетинг и\u00a0стоимость касаний за\u00a0период, делённые на\u00a0число клиентов, чей первый "
                "проданный заказ пришёлся на\u00a0него. Учитывается весь маркетинг, в\u00a0том числе для действующих клиентов, "
                "поэтому показатель\u00a0— верхняя граница стоимости новых. По\u00a0каналу\u00a0— расходы канала на\u00a0клиентов, "
                "которых он привёл (канал привлечения).",
            ),
            formula="(Σ spend.amount + Σ touches.cost) / customers with their first order",
            formula_source=_MARKETING_METRICS,
            interval=Text(
                "Cost over the exact Poisson interval of the number of new customers, 95 % (Garwood, 1936)",
                "Расходы, делённые на\u00a0точный интервал Пуассона для числа новых клиентов, 95\u00a0% (Garwood, 1936)",
            ),
            primary_data=(
                *COST_DATA,
                "orders.customer_id",
                "orders.ordered_at",
                "orders.status",
                "customers.acquisition_channel",
            ),
            perspective="finance",
            group="finance",
            owner_role=roles.FINANCE,
            minimum_sample=30,
        ),
        {**cost_measures(), "newcomers": records(_NEWCOMERS)},
        _acquisition_cost,
    ),
    Metric(
        Passport(
            id="ltv_to_cac",
            version=1,
            name=Text("Realised LTV to CAC", "Накопленная LTV к\u00a0CAC"),
            description=Text(
                "Gross profit that the period’s new customers have brought so far, by what it cost to acquire them.",
                "Валовая прибыль, которую новые клиенты периода уже принесли, к\u00a0затратам на\u00a0их\u00a0привлечение.",
            ),
            use=Text(
                "Above 1 the newcomers have paid for themselves. It is what happened so far and no forecast: recent periods "
                "have had less time.",
                "Больше 1\u00a0— новые клиенты окупились. Это то, что уже произошло, а\u00a0не\u00a0прогноз: у\u00a0недавних "
                "периодов времени было меньше.",
            ),
            unit="ratio",
            direction="more",
            method=Text(
                "Revenue less cost of the orders that the customers whose first sold order falls in the period placed within "
                "`days` days of it, as far as the data reach, divided by spend and costs of touches of that period. "
                "Cancelled and returned orders are left out; customers with an order without revenue or cost are missing. "
                "By channel: acquisition channel of the customer, channel of the cost.",
                "Выручка за\u00a0вычетом себестоимости тех заказов, которые клиенты с\u00a0первым проданным заказом в\u00a0этом "
                "периоде сделали за\u00a0`days` дней от\u00a0него, насколько хватает данных, делённая на\u00a0расходы "
                "на\u00a0маркетинг и\u00a0стоимость касаний того\u00a0же периода. Отменённые и\u00a0возвращённые заказы "
                "не\u00a0учитываются; клиенты с\u00a0заказом без выручки или себестоимости считаются пропусками. По\u00a0каналу: "
                "канал привлечения клиента и\u00a0канал расходов.",
            ),
            formula="Σ (revenue − cost) of newcomers so far / (Σ spend.amount + Σ touches.cost)",
            formula_source=_MARKETING_METRICS,
            interval=Text(
                "Gamma interval of the profit as a weighted Poisson sum over customers, 95 % (Fay & Feuer, 1997), ±1.96·√Σx² "
                "where some profits are negative; the cost is known exactly",
                "Гамма-интервал прибыли как взвешенной суммы Пуассона по\u00a0клиентам, 95\u00a0% (Fay & Feuer, 1997), ±1,96·√Σx² "
                "при отрицательной прибыли; расходы известны точно",
            ),
            primary_data=(
                *COST_DATA,
                *_ORDER_DATA,
                "orders.cost",
                "orders.customer_id",
                "customers.acquisition_channel",
            ),
            perspective="finance",
            group="finance",
            owner_role=roles.FINANCE,
            minimum_sample=30,
            parameters={"days": _LTV_DAYS},
            bounds=(None, None),
        ),
        {
            **cost_measures(),
            **amount_measures(_PROFITS, "profit"),
            "currencies": several_currencies_in_sums(_PROFITS),
        },
        _ltv_to_cac,
    ),
    Metric(
        Passport(
            id="marketing_share_of_revenue",
            version=1,
            name=Text("Marketing share of revenue", "Доля маркетинга в\u00a0выручке"),
            description=Text(
                "Marketing money that falls on a unit of revenue.",
                "Сколько маркетинговых расходов приходится на\u00a0единицу выручки.",
            ),
            use=Text(
                "Watched against the plan; it rises when revenue falls as well as when spend grows.",
                "Сравнивают с\u00a0планом; растёт и\u00a0при падении выручки, и\u00a0при росте расходов.",
            ),
            unit="share",
            direction="target",
            method=Text(
                "Spend and costs of touches of the period divided by the revenue of its orders, cancelled and returned ones "
                "left out. Orders without an amount are missing.",
                "Расходы на\u00a0маркетинг и\u00a0стоимость касаний за\u00a0период, делённые на\u00a0выручку его заказов, без отменённых "
                "и\u00a0возвращённых. Заказы без суммы считаются пропусками.",
            ),
            formula="(Σ spend.amount + Σ touches.cost) / Σ revenue",
            formula_source=_MARKETING_METRICS,
            interval=Text(
                "Cost over the gamma interval of the revenue as a weighted Poisson sum, 95 % (Fay & Feuer, 1997)",
                "Расходы, делённые на\u00a0гамма-интервал выручки как взвешенной суммы Пуассона, 95\u00a0% (Fay & Feuer, 1997)",
            ),
            primary_data=(*COST_DATA, *_ORDER_DATA),
            perspective="finance",
            group="finance",
            owner_role=roles.FINANCE,
            minimum_sample=30,
            bounds=(0.0, None),
        ),
        {**cost_measures(), **amount_measures(ORDERS, "revenue")},
        _marketing_share,
    ),
    Metric(
        Passport(
            id="refund_share",
            version=1,
            name=Text("Refund share", "Доля возвратов в\u00a0выручке"),
            description=Text(
                "Share of the money of orders that was given back.",
                "Какая часть денег за\u00a0заказы была возвращена покупателям.",
            ),
            use=Text(
                "Shows what sales are undone afterwards; slice by promotion, channel and region.",
                "Показывает, какая часть продаж потом отменяется; смотрите срезы по\u00a0акциям, каналам и\u00a0регионам.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "Revenue of returned orders divided by the revenue of all orders but cancelled ones, by the period in which "
                "the order was placed. Orders without an amount are missing.",
                "Сумма возвращённых заказов, делённая на\u00a0сумму всех заказов, кроме отменённых, по\u00a0периоду оформления "
                "заказа. Заказы без суммы считаются пропусками.",
            ),
            formula="Σ revenue(returned) / Σ revenue(not cancelled)",
            formula_source="National Retail Federation & Appriss Retail, Consumer Returns in the Retail Industry, 2023 (return rate)",
            interval=estimates.DELTA,
            primary_data=_ORDER_DATA,
            perspective="finance",
            group="finance",
            owner_role=roles.FINANCE,
            minimum_sample=30,
        ),
        ratio_measures(_NOT_CANCELLED, _given_back, lambda rows: rows["revenue"]),
        estimates.ratio,
    ),
    Metric(
        Passport(
            id="operating_margin",
            version=1,
            name=Text("Operating margin", "Операционная рентабельность"),
            description=Text(
                "Share of revenue that is left after all costs on the ledger.",
                "Доля выручки, которая остаётся после всех расходов по\u00a0счетам.",
            ),
            use=Text(
                "Shows whether the company as a whole earns; gross margin and marketing share tell where it goes.",
                "Показывает, зарабатывает\u00a0ли компания в\u00a0целом; валовая рентабельность и\u00a0доля маркетинга показывают, "
                "куда уходят деньги.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "One less the total of all other accounts divided by the account `revenue_account`, by the day of the ledger. "
                "Accounts count by the size of their totals, whether costs are kept as positive or negative sums.",
                "Единица минус отношение итога всех остальных счетов к\u00a0счёту `revenue_account`, по\u00a0дням учёта. Счета "
                "учитываются по\u00a0величине итогов, независимо от\u00a0того, с\u00a0каким знаком записаны расходы.",
            ),
            formula="1 − Σ |total of a cost account| / revenue",
            formula_source="Brealey, Myers & Allen, Principles of Corporate Finance, 2020 (operating profit margin)",
            interval=Text(
                "None: the ledger is complete, not a sample", "Нет: учёт ведётся полностью, это не\u00a0выборка"
            ),
            primary_data=("ledger.date", "ledger.account", "ledger.amount", "ledger.currency"),
            perspective="finance",
            group="finance",
            owner_role=roles.FINANCE,
            minimum_sample=1,
            parameters={"revenue_account": "revenue"},
            bounds=(None, 1.0),
        ),
        {
            "amount": total(_LEDGER, "amount"),
            "known": known(_LEDGER, "amount"),
            "records": records(_LEDGER),
            "currencies": several_currencies(_LEDGER),
        },
        _operating_margin,
        within=("account",),
    ),
)
