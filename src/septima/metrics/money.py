"""Money that orders bring."""

import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.definition import Cells, Estimate, Measure, Metric, Parameters, Passport
from septima.metrics.sources import (
    ORDERS,
    all_known,
    known,
    records,
    several_currencies,
    total,
    total_of_products,
)
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_REVENUE_MEASURES = {
    "revenue": total(ORDERS, "revenue"),
    "squares": total_of_products(ORDERS, "revenue", "revenue"),
    "known": known(ORDERS, "revenue"),
    "smallest": Measure(ORDERS, lambda rows, _: rows["revenue"].min()),
    "largest": Measure(ORDERS, lambda rows, _: rows["revenue"].max()),
    "orders": records(ORDERS),
    "currencies": several_currencies(ORDERS),
}


def _revenue(cells: Cells, _: Parameters) -> Estimate:
    n = cells["known"]
    # Orders of which no amount is known brought an unknown sum, not nothing.
    value = np.where((n == 0) & (cells["orders"] > 0), np.nan, cells["revenue"])
    squares = np.where(n > 0, cells["squares"], np.nan)
    lower, upper = intervals.compound_poisson(value, squares, cells["smallest"], cells["largest"])
    missing = estimates.missing(n, cells["orders"])
    return Estimate(value, n, lower, upper, missing, estimates.currency_note(cells))


def _with_cost(one: str, other: str) -> Measure:
    """Sum of products of two money columns over orders whose revenue and cost are both known."""
    return Measure(
        ORDERS,
        lambda rows, _: (rows[one].cast("float64") * rows[other].cast("float64")).sum(
            where=all_known(rows, "revenue", "cost")
        ),
    )


def _gross_margin(cells: Cells, _: Parameters) -> Estimate:
    cost, revenue, n = cells["cost"], cells["revenue"], cells["known"]
    low, high = intervals.ratio_delta(
        cost, revenue, cells["cost_squares"], cells["revenue_squares"], cells["products"], n
    )
    missing = estimates.missing(n, cells["orders"])
    return Estimate(1 - divide(cost, revenue), n, 1 - high, 1 - low, missing, estimates.currency_note(cells))


METRICS = (
    Metric(
        Passport(
            id="revenue",
            version=1,
            name=Text("Revenue", "Выручка"),
            description=Text(
                "Money that customers’ orders of the period brought.",
                "Деньги, которые принесли заказы клиентов за период.",
            ),
            use=Text(
                "Shows the scale of sales and their course; compare slices to see what brings it.",
                "Показывает масштаб и динамику продаж; срезы показывают, что их приносит.",
            ),
            unit="currency",
            direction="more",
            method=Text(
                "Sum of revenue after discount over the orders placed in the period, cancelled and returned ones "
                "left out. Orders of unknown status count; orders without an amount are missing.",
                "Сумма выручки после скидок по\u00a0заказам, оформленным за период, без отменённых и\u00a0возвращённых. "
                "Заказы с\u00a0неизвестным состоянием учитываются, заказы без суммы считаются пропусками.",
            ),
            formula="Σ revenue, status ∉ {cancelled, returned}",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010",
            interval=estimates.COMPOUND_POISSON,
            primary_data=("orders.ordered_at", "orders.revenue", "orders.status", "orders.currency"),
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=30,
        ),
        _REVENUE_MEASURES,
        _revenue,
    ),
    Metric(
        Passport(
            id="average_order_value",
            version=1,
            name=Text("Average order value", "Средний чек"),
            description=Text(
                "Money that one order brings on average.", "Сколько денег в\u00a0среднем приносит один заказ."
            ),
            use=Text(
                "Tells growth by bigger orders from growth by more orders.",
                "Отличает рост за\u00a0счёт размера заказа от\u00a0роста за\u00a0счёт числа заказов.",
            ),
            unit="currency",
            direction="more",
            method=Text(
                "Revenue divided by the number of orders that have an amount, cancelled and returned ones left out.",
                "Выручка, делённая на\u00a0число заказов с\u00a0известной суммой, без отменённых и\u00a0возвращённых.",
            ),
            formula="Σ revenue / number of orders",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010",
            interval=estimates.STUDENT,
            primary_data=("orders.ordered_at", "orders.revenue", "orders.status", "orders.currency"),
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=30,
        ),
        _REVENUE_MEASURES,
        estimates.mean("revenue", "squares", "known", "orders"),
    ),
    Metric(
        Passport(
            id="gross_margin",
            version=1,
            name=Text("Gross margin", "Валовая рентабельность"),
            description=Text(
                "Share of revenue that is left after the cost of what was sold.",
                "Доля выручки, которая остаётся после вычета себестоимости проданного.",
            ),
            use=Text(
                "Shows whether sales earn; a fall with steady prices means costlier goods or deeper discounts.",
                "Показывает, прибыльны ли продажи; снижение при прежних ценах означает рост себестоимости или скидок.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "One less the ratio of summed cost to summed revenue over orders in which both are known, cancelled "
                "and returned ones left out.",
                "Единица минус отношение суммы себестоимости к\u00a0сумме выручки по\u00a0заказам, где известны обе, "
                "без отменённых и\u00a0возвращённых.",
            ),
            formula="(Σ revenue − Σ cost) / Σ revenue",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010",
            interval=estimates.DELTA,
            primary_data=("orders.ordered_at", "orders.revenue", "orders.cost", "orders.status", "orders.currency"),
            perspective="finance",
            group="finance",
            owner_role=roles.FINANCE,
            minimum_sample=30,
        ),
        {
            "revenue": Measure(ORDERS, lambda rows, _: rows["revenue"].sum(where=rows["cost"].notnull())),
            "cost": Measure(ORDERS, lambda rows, _: rows["cost"].sum(where=rows["revenue"].notnull())),
            "revenue_squares": _with_cost("revenue", "revenue"),
            "cost_squares": _with_cost("cost", "cost"),
            "products": _with_cost("revenue", "cost"),
            "known": known(ORDERS, "revenue", "cost"),
            "orders": records(ORDERS),
            "currencies": _REVENUE_MEASURES["currencies"],
        },
        _gross_margin,
    ),
)
