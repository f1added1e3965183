"""Money that orders bring."""

from septima.metrics import estimates, roles
from septima.metrics.definition import Metric, Passport
from septima.metrics.sources import ORDERS, amount_measures, ratio_measures
from septima.schema import Text

_ORDER_DATA = ("orders.ordered_at", "orders.revenue", "orders.status", "orders.currency")
_MARKETING_METRICS = "Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010"

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
            formula_source=_MARKETING_METRICS,
            interval=estimates.COMPOUND_POISSON,
            primary_data=_ORDER_DATA,
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=30,
        ),
        amount_measures(ORDERS, "revenue"),
        estimates.amount,
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
            formula_source=_MARKETING_METRICS,
            interval=estimates.STUDENT,
            primary_data=_ORDER_DATA,
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=30,
        ),
        amount_measures(ORDERS, "revenue"),
        estimates.mean("amount", "squares", "known", "records"),
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
            formula_source=_MARKETING_METRICS,
            interval=estimates.DELTA,
            primary_data=(*_ORDER_DATA, "orders.cost"),
            perspective="finance",
            group="finance",
            owner_role=roles.FINANCE,
            minimum_sample=30,
            bounds=(None, 1.0),
        ),
        ratio_measures(ORDERS, lambda rows: rows["margin"], lambda rows: rows["revenue"]),
        estimates.ratio,
    ),
    Metric(
        Passport(
            id="gross_profit",
            version=1,
            name=Text("Gross profit", "Валовая прибыль"),
            description=Text(
                "Money that is left of revenue after the cost of what was sold.",
                "Деньги, которые остаются от\u00a0выручки после вычета себестоимости проданного.",
            ),
            use=Text(
                "The money from which everything else is paid; slice by promotion to see which of them earn.",
                "Деньги, из\u00a0которых оплачивается всё остальное; срез по\u00a0акциям показывает, какие из\u00a0них зарабатывают.",
            ),
            unit="currency",
            direction="more",
            method=Text(
                "Sum of revenue less cost over the orders placed in the period, cancelled and returned ones left out. "
                "Orders without revenue or cost are missing.",
                "Сумма выручки за\u00a0вычетом себестоимости по\u00a0заказам, оформленным за\u00a0период, без отменённых "
                "и\u00a0возвращённых. Заказы без выручки или себестоимости считаются пропусками.",
            ),
            formula="Σ (revenue − cost), status ∉ {cancelled, returned}",
            formula_source=_MARKETING_METRICS,
            interval=estimates.COMPOUND_POISSON,
            primary_data=(*_ORDER_DATA, "orders.cost"),
            perspective="finance",
            group="money",
            owner_role=roles.FINANCE,
            minimum_sample=30,
        ),
        amount_measures(ORDERS, "margin"),
        estimates.amount,
    ),
    Metric(
        Passport(
            id="discount_share",
            version=1,
            name=Text("Discount share", "Доля скидок"),
            description=Text(
                "Share of the price before discount that was given away.",
                "Какая часть цены до\u00a0скидки была отдана покупателям.",
            ),
            use=Text(
                "Shows what sales are bought with; slice by promotion and channel.",
                "Показывает, какой ценой даются продажи; смотрите срезы по\u00a0акциям и\u00a0каналам.",
            ),
            unit="share",
            direction="less",
            method=Text(
                "Summed discount divided by summed revenue and discount over orders in which both are known, cancelled "
                "and returned ones left out. An order without a recorded discount is missing: 0 says that none was given.",
                "Сумма скидок, делённая на\u00a0сумму выручки и\u00a0скидок, по\u00a0заказам, где известны обе, без отменённых "
                "и\u00a0возвращённых. Заказ без записи о\u00a0скидке считается пропуском: отсутствие скидки\u00a0— это 0.",
            ),
            formula="Σ discount / Σ (revenue + discount)",
            formula_source=_MARKETING_METRICS,
            interval=estimates.DELTA,
            primary_data=(*_ORDER_DATA, "orders.discount"),
            perspective="sales",
            group="money",
            owner_role=roles.SALES,
            minimum_sample=30,
        ),
        ratio_measures(ORDERS, lambda rows: rows["discount"], lambda rows: rows["revenue"] + rows["discount"]),
        estimates.ratio,
    ),
)
