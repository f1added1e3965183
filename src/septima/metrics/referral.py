"""Recommendation: customers whom other customers brought."""

import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.activity import ACTIVITY
from septima.metrics.definition import Cells, Estimate, Measure, Metric, Parameters, Passport, Request, Rows, Source
from septima.metrics.purchases import IDENTIFIED_SHOWN, first_purchases, missing_customers, purchases
from septima.metrics.sources import ORDERS, count_true, is_sold, records, several_currencies, total, within_bounds
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text


def _with_referrer(request: Request, rows: Rows) -> Rows:
    """Rows with `recorded`, whether there is a record of the customer, and `referred`, whether another brought them."""
    customers = request.rows("customers")
    customers = customers.select(who=customers["customer_id"], referrer=customers["referrer_id"])
    rows = rows.left_join(customers, rows["customer_id"] == customers["who"])
    # Who recommends themselves to themselves brings nobody.
    another = (rows["referrer"] != rows["who"]) & (rows["referrer"] != "")
    return rows.mutate(recorded=rows["who"].notnull(), referred=another.fill_null(False)).drop("who", "referrer")


def _newcomers(request: Request) -> ir.Table:
    """One row per customer, at their first purchase."""
    orders, buyer = purchases(request)
    return _with_referrer(request, within_bounds(request, first_purchases(orders, buyer), "at"))


def _orders(request: Request) -> ir.Table:
    """Sold orders; `usable` ones have an amount and a customer of whom there is a record."""
    orders = within_bounds(request, request.rows("orders"), "ordered_at")
    orders = _with_referrer(request, orders.filter(is_sold(orders)).mutate(at=orders["ordered_at"]))
    usable = orders["recorded"] & orders["revenue"].notnull()
    revenue = usable.ifelse(orders["revenue"].cast("float64"), None)
    return orders.mutate(
        usable=usable, amount=revenue, referred_amount=orders["referred"].ifelse(revenue, usable.ifelse(0.0, None))
    )


_NEWCOMERS = Source("newcomers", _newcomers, (), of_customers=True)
_ORDERS = Source("orders_by_referral", _orders, ORDERS.dimensions, of_customers=True)


def _referral_revenue_share(cells: Cells, _: Parameters) -> Estimate:
    part, whole, n = cells["referred"], cells["revenue"], cells["usable"]
    # The square of a part that is either all of an order or nothing is its product with the order.
    lower, upper = intervals.ratio_delta(
        part, whole, cells["referred_squares"], cells["squares"], cells["referred_squares"], n
    )
    missing = estimates.missing(n, cells["orders"])
    return Estimate(divide(part, whole), n, lower, upper, missing, estimates.currency_note(cells))


def _referral_coefficient(cells: Cells, _: Parameters) -> Estimate:
    before = cells.cumulative("change") - cells["change"]
    lower, upper = (divide(bound, before) for bound in intervals.poisson(cells["referred"]))
    note = estimates.when(before == 0, "nobody_active_before")
    return Estimate(divide(cells["referred"], before), before, lower, upper, missing_customers(cells), note)


def _squares(column: str) -> Measure:
    return Measure(_ORDERS, lambda rows, _: (rows[column] * rows[column]).sum())


METRICS = (
    Metric(
        Passport(
            id="referred_share",
            version=1,
            name=Text("Referred newcomers", "Пришедшие по\u00a0рекомендации"),
            description=Text(
                "Share of new customers whom another customer recommended.",
                "Доля новых клиентов, которых порекомендовал другой клиент.",
            ),
            use=Text(
                "Shows what the promise “I would recommend” of surveys is worth in deeds.",
                "Показывает, чего стоит на\u00a0деле ответ «порекомендую» в\u00a0опросах.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Customers who bought for the first time in the period and have a referrer, divided by all who did. Who names "
                "themselves as referrer counts as not referred; newcomers of whom there is no customer record are missing. "
                "Cancelled and returned orders are left out.",
                "Клиенты, впервые купившие в\u00a0периоде и\u00a0имеющие рекомендателя, делённые на\u00a0всех впервые купивших. Кто "
                "указан рекомендателем самому себе, считается пришедшим без рекомендации; новые клиенты, о\u00a0которых нет "
                "записи, считаются пропусками. Отменённые и\u00a0возвращённые заказы не\u00a0учитываются.",
            ),
            formula="newcomers with a referrer / newcomers",
            formula_source="Schmitt, Skiera & Van den Bulte, Referral Programs and Customer Value, 2011",
            interval=estimates.WILSON,
            primary_data=("orders.customer_id", "orders.ordered_at", "orders.status", "customers.referrer_id"),
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=30,
        ),
        {
            "referred": count_true(_NEWCOMERS, "referred"),
            "recorded": count_true(_NEWCOMERS, "recorded"),
            "newcomers": records(_NEWCOMERS),
        },
        estimates.share("referred", "recorded", "newcomers"),
    ),
    Metric(
        Passport(
            id="referral_revenue_share",
            version=1,
            name=Text("Revenue from referred customers", "Выручка от\u00a0пришедших по\u00a0рекомендации"),
            description=Text(
                "Share of revenue that customers brought by others bring.",
                "Доля выручки, которую приносят клиенты, пришедшие по\u00a0рекомендации.",
            ),
            use=Text(
                "Above the share of such customers, the referred are worth more than the rest, and a reward for referral "
                "pays.",
                "Если она выше доли таких клиентов, пришедшие по\u00a0рекомендации ценнее остальных и\u00a0вознаграждать за\u00a0неё "
                "выгодно.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "Revenue of orders by customers who have a referrer, divided by revenue of orders by all customers of whom "
                "there is a record. Cancelled and returned orders are left out; orders without an amount or a recorded "
                "customer are missing.",
                "Выручка по\u00a0заказам клиентов, имеющих рекомендателя, делённая на\u00a0выручку по\u00a0заказам всех клиентов, "
                "о\u00a0которых есть запись. Отменённые и\u00a0возвращённые заказы не\u00a0учитываются; заказы без суммы или без "
                "записи о\u00a0клиенте считаются пропусками.",
            ),
            formula="Σ revenue of referred customers / Σ revenue",
            formula_source="Schmitt, Skiera & Van den Bulte, Referral Programs and Customer Value, 2011",
            interval=estimates.DELTA,
            primary_data=(
                "orders.customer_id",
                "orders.ordered_at",
                "orders.revenue",
                "orders.status",
                "orders.currency",
                "customers.referrer_id",
            ),
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=30,
        ),
        {
            "referred": total(_ORDERS, "referred_amount"),
            "referred_squares": _squares("referred_amount"),
            "revenue": total(_ORDERS, "amount"),
            "squares": _squares("amount"),
            "usable": count_true(_ORDERS, "usable"),
            "orders": records(_ORDERS),
            "currencies": several_currencies(_ORDERS),
        },
        _referral_revenue_share,
    ),
    Metric(
        Passport(
            id="referral_coefficient",
            version=1,
            name=Text("Referral coefficient", "Коэффициент рекомендаций"),
            description=Text(
                "How many new customers one active customer brings in the period.",
                "Сколько новых клиентов приводит за\u00a0период один активный клиент.",
            ),
            use=Text(
                "From 1 on the base grows by recommendation alone; below, it says how much of acquisition is free.",
                "От\u00a01 и\u00a0выше база растёт за\u00a0счёт одних рекомендаций; ниже показывает, какая часть привлечения "
                "бесплатна.",
            ),
            unit="ratio",
            direction="more",
            method=Text(
                "New customers who have a referrer, divided by the customers active at the period’s start (an order in the "
                "last `active_days` days). It is invitations per customer × their conversion, of which only the product is "
                "known. Undefined where nobody was active at the start; orders without a customer are missing.",
                "Новые клиенты, имеющие рекомендателя, делённые на\u00a0клиентов, активных на\u00a0начало периода (заказ "
                "за\u00a0последние `active_days` дней). Это приглашения на\u00a0клиента × их конверсия, из\u00a0которых известно только "
                "произведение. Не\u00a0определён, если на\u00a0начало активных не\u00a0было; заказы без клиента считаются пропусками.",
            ),
            formula="K = i × c = referred newcomers / active customers at start",
            formula_source="Viral coefficient K: Skok, Lessons Learned – Viral Marketing, 2009; Jurvetson & Draper, 1997",
            interval=estimates.POISSON,
            primary_data=("orders.customer_id", "orders.ordered_at", "orders.status", "customers.referrer_id"),
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=30,
            parameters={"active_days": 90},
        ),
        {
            "referred": count_true(_NEWCOMERS, "referred"),
            "change": total(ACTIVITY, "change"),
            **IDENTIFIED_SHOWN,
        },
        _referral_coefficient,
        history="all",
    ),
)
