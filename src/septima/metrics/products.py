"""Money that products bring, from the lines of orders."""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.definition import (
    Cells,
    Estimate,
    Measure,
    Metric,
    Parameters,
    Passport,
    Request,
    Rows,
    Source,
    Unit,
)
from septima.metrics.sources import amount_measures, is_sold, ratio_measures, several_currencies_in_sums, within_bounds
from septima.schema import Text

_OF_LINES = ("product_id", "category")
_OF_ORDERS = ("channel", "online", "promo_id", "campaign_id")


def _product_sales(request: Request) -> ir.Table:
    """One row per sold order, and product or category where asked for: `revenue`, `cost` and `margin` of its lines.

    Null where one of the lines lacks what is needed: lines of an order stand and fall together, so the order is what
    chance deals out.
    """
    of_orders = [name for name in request.by if name in _OF_ORDERS]
    of_lines = [name for name in request.by if name in _OF_LINES]
    orders = request.rows("orders")
    orders = orders.filter(is_sold(orders)).select("order_id", "customer_id", *of_orders, at=orders["ordered_at"])
    orders = within_bounds(request, orders, "at")
    products = request.rows("products")
    products = products.select("product_id", "category", unit_cost=products["cost"])
    lines = request.rows("order_items")
    lines = lines.select("order_id", "product_id", "quantity", "price", "discount", "cost", "currency")
    lines = lines.left_join(products, "product_id").drop("product_id_right")
    number = {name: lines[name].cast("float64") for name in ("quantity", "price", "cost", "unit_cost")}
    lines = lines.mutate(
        revenue=number["quantity"] * number["price"] - lines["discount"].cast("float64").fill_null(0.0),
        cost=ibis.coalesce(number["cost"], number["quantity"] * number["unit_cost"]),
    )
    sold: Rows = lines.join(orders, "order_id")
    rows = sold.group_by("order_id", "customer_id", "at", *of_orders, *of_lines).aggregate(
        revenue=sold["revenue"].sum(),
        cost=sold["cost"].sum(),
        lines=sold.count(),
        with_revenue=sold["revenue"].count(),
        with_cost=sold["cost"].count(),
        lowest=sold["currency"].min(),
        highest=sold["currency"].max(),
    )
    revenue = (rows["with_revenue"] == rows["lines"]).ifelse(rows["revenue"], None)
    cost = (rows["with_cost"] == rows["lines"]).ifelse(rows["cost"], None)
    return rows.mutate(revenue=revenue, cost=cost, margin=revenue - cost).drop("with_revenue", "with_cost")


_SALES = Source("product_sales", _product_sales, (*_OF_LINES, *_OF_ORDERS), of_customers=True)
_CURRENCIES = several_currencies_in_sums(_SALES)

_WHAT = Text(
    " Revenue of a line is quantity × price less its discount (none recorded is none given). Cancelled and returned "
    "orders are left out.",
    " Выручка строки\u00a0— количество × цена за\u00a0вычетом скидки (нет записи\u00a0— нет скидки). Отменённые и\u00a0возвращённые "
    "заказы не\u00a0учитываются.",
)
_COST = Text(
    " Cost is that of the line or else quantity × cost of the product.",
    " Себестоимость берётся из\u00a0строки, а\u00a0если её там нет\u00a0— количество × себестоимость товара.",
)
_LACKING = Text(
    " Orders with a line that lacks what is needed are missing.",
    " Заказы со\u00a0строкой, где нет нужных данных, считаются пропусками.",
)
_REVENUE_DATA = (
    "order_items.order_id",
    "order_items.product_id",
    "order_items.quantity",
    "order_items.price",
    "order_items.discount",
    "order_items.currency",
    "orders.ordered_at",
    "orders.status",
    "products.category",
)
_COST_DATA = ("order_items.cost", "products.cost")


def _metric(
    id_: str, unit: Unit, name: Text, description: Text, use: Text, method: Text, formula: str, interval: Text,
    measures: dict[str, Measure], estimate: Callable[[Cells, Parameters], Estimate],
) -> Metric:  # fmt: skip
    costs = formula != _REVENUE
    parts = (method, _WHAT, _COST, _LACKING) if costs else (method, _WHAT, _LACKING)
    return Metric(
        Passport(
            id=id_,
            version=1,
            name=name,
            description=description,
            use=use,
            unit=unit,
            direction="more",
            method=Text("".join(part.en for part in parts), "".join(part.ru for part in parts)),
            formula=formula,
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010",
            interval=interval,
            primary_data=(*_REVENUE_DATA, *_COST_DATA) if costs else _REVENUE_DATA,
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=30,
            bounds=(None, 1.0) if unit == "share" else None,
        ),
        {**measures, "currencies": _CURRENCIES},
        estimate,
    )


_REVENUE = "Σ (quantity · price − discount)"

METRICS = (
    _metric(
        "product_revenue",
        "currency",
        Text("Product revenue", "Выручка по\u00a0товарам"),
        Text("Money that goods and services brought.", "Деньги, которые принесли товары и\u00a0услуги."),
        Text(
            "Slice by product or category to see what is bought.",
            "Срез по\u00a0товару или категории показывает, что покупают.",
        ),
        Text(
            "Summed revenue of the lines of orders placed in the period.",
            "Сумма выручки по\u00a0строкам заказов, оформленных за\u00a0период.",
        ),
        _REVENUE,
        estimates.COMPOUND_POISSON,
        amount_measures(_SALES, "revenue"),
        estimates.amount,
    ),
    _metric(
        "product_profit",
        "currency",
        Text("Product profit", "Прибыль по\u00a0товарам"),
        Text(
            "Money that goods and services brought over their cost.",
            "Деньги, которые принесли товары и\u00a0услуги сверх себестоимости.",
        ),
        Text(
            "Slice by product or category to see what earns, which is not always what sells.",
            "Срез по\u00a0товару или категории показывает, что зарабатывает; это не\u00a0всегда то, что лучше продаётся.",
        ),
        Text(
            "Summed revenue less cost of the lines of orders placed in the period.",
            "Сумма выручки за\u00a0вычетом себестоимости по\u00a0строкам заказов, оформленных за\u00a0период.",
        ),
        "Σ (quantity · price − discount − cost)",
        estimates.COMPOUND_POISSON,
        amount_measures(_SALES, "margin"),
        estimates.amount,
    ),
    _metric(
        "product_margin",
        "share",
        Text("Product margin", "Рентабельность товаров"),
        Text(
            "Share of the revenue of goods and services that is left after their cost.",
            "Доля выручки от\u00a0товаров и\u00a0услуг, которая остаётся после вычета себестоимости.",
        ),
        Text(
            "Slice by product or category to see where prices, costs or discounts want a look.",
            "Срез по\u00a0товару или категории показывает, где стоит проверить цены, себестоимость или скидки.",
        ),
        Text(
            "Revenue less cost of the lines of orders placed in the period, divided by that revenue.",
            "Выручка за\u00a0вычетом себестоимости по\u00a0строкам заказов, оформленных за\u00a0период, делённая на\u00a0эту выручку.",
        ),
        "Σ (quantity · price − discount − cost) / Σ (quantity · price − discount)",
        estimates.DELTA,
        ratio_measures(_SALES, lambda rows: rows["margin"], lambda rows: rows["revenue"]),
        estimates.ratio,
    ),
)
