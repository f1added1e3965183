"""RFM: customers by how recently, how often and for how much they buy, as of each period’s end."""

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates, roles
from septima.metrics.definition import (
    Cells,
    Estimate,
    Expression,
    Measure,
    Metric,
    Parameters,
    Passport,
    Request,
    Rows,
    Source,
)
from septima.metrics.ordinals import STEP, first_day, newest_ordinal, ordinal, ordinal_of_day
from septima.metrics.purchases import mark, newest_order
from septima.metrics.sources import (
    LONGEST_SILENCE,
    count_true,
    days,
    days_between,
    is_sold,
    several_currencies_in_sums,
    total,
    total_of_products,
)
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_SCORES = {"recency": "last", "frequency": "orders", "monetary": "revenue"}
SEGMENT = "rfm_segment"
WINDOW_DAYS = 365
# By recency (rows, from the most recent) and the mean of frequency and monetary (columns, from the least).
# The published segments are ranges of the two that overlap; every cell here lies within the range of its segment.
_GRID = {
    5: ("new_customers", "potential_loyalists", "loyal_customers", "champions", "champions"),
    4: ("promising", "potential_loyalists", "loyal_customers", "champions", "champions"),
    3: ("about_to_sleep", "about_to_sleep", "need_attention", "loyal_customers", "loyal_customers"),
    2: ("hibernating", "hibernating", "at_risk", "at_risk", "at_risk"),
    1: ("lost", "lost", "at_risk", "cannot_lose_them", "cannot_lose_them"),
}
SEGMENTS = tuple(dict.fromkeys(name for names in _GRID.values() for name in names))


def _window(request: Request) -> Expression:
    return ibis.literal(days(request.parameters["window_days"]))


def _orders(request: Request) -> Rows:
    orders = request.rows("orders")
    orders = request.before_end(orders.filter(is_sold(orders)), "ordered_at")
    rows = orders.select("customer_id", "revenue", "currency", at=orders["ordered_at"])
    if request.start is None:
        return rows
    reached = ibis.least(request.moment(request.start), newest_order(request))
    return rows.filter(rows["at"] >= reached - _window(request))


def _gathered(rows: Rows, *keys: str) -> Rows:
    """One row per customer and `keys`: the last order, number, revenue and currencies of all."""
    return rows.group_by("customer_id", *keys).aggregate(
        last=rows["last"].max(),
        orders=rows["orders"].sum(),
        usable=rows["usable"].sum(),
        revenue=rows["revenue"].sum(),
        lowest=rows["lowest"].min(),
        highest=rows["highest"].max(),
    )


def _at_each_end(request: Request) -> Rows:
    """One row per customer and period at whose end they have an order in the window; `as_of` is that end.

    An order is in the window of every period’s end from that of its own period to the last that it reaches, so
    a customer’s orders of the same stretch are added up before they are spread over its periods.
    """
    orders = _orders(request)
    newest = newest_order(request)
    single = orders.mutate(
        last=orders["at"], orders=ibis.literal(1, "int64"), lowest=orders["currency"], highest=orders["currency"]
    )
    single = single.mutate(
        usable=single["revenue"].notnull().cast("int64"), revenue=single["revenue"].cast("float64").fill_null(0.0)
    )
    until = single["at"] + _window(request)
    if request.grain == "all":
        as_of = newest if request.end is None else ibis.least(newest, request.moment(request.end))
        states = _gathered(single.filter(until >= as_of))
        at = states["last"]
        if request.start is not None:
            at = ibis.greatest(at, request.moment(request.start))
        states = states.mutate(at=at, as_of=ibis.greatest(states["last"], as_of), number=mark(0))
        return states.filter(states["at"] <= states["as_of"])

    step = STEP[request.grain]
    stretches = _gathered(
        single.mutate(
            first=ordinal(request, single["at"]),
            # Time stands still at the newest order: the end of the period in which it lies has not come.
            final=(until >= newest).ifelse(newest_ordinal(request), ordinal(request, until) - step),
        ),
        "first",
        "final",
    )
    first: Expression = stretches["first"]
    last: Expression = stretches["final"]
    if request.start is not None:
        first = ibis.greatest(first, ordinal_of_day(request.grain, request.start))
    if request.end is not None:
        last = ibis.least(last, ordinal_of_day(request.grain, request.end) - step)
    spread = stretches.filter(first <= last).mutate(number=ibis.range(first, last + 1, step).unnest())
    states = _gathered(spread, "number")
    begins, ends = (request.beginning(first_day(request.grain, states["number"] + further)) for further in (0, step))
    return states.mutate(at=begins, as_of=ibis.least(ends, newest))


def _score(states: Rows, column: str) -> Expression:
    """1 to 5 by quintiles of a column among the customers of one period; equal values have equal scores.

    It is the quintile of the first of them, so that of many who bought once all are in the lowest.
    """
    alike = [states["number"], states["customer_id"].isnull()]
    below = ibis.rank().over(group_by=alike, order_by=states[column])
    among = states.count().over(group_by=alike)
    return (below * 5 // among + 1).cast("int64")


def scored_customers(request: Request) -> ir.Table:
    """One row per customer and period (orders of unknown customers in a row of their own), with the scores asked for."""
    states = _at_each_end(request)
    known = states["customer_id"].notnull()
    states = states.mutate(
        customer=known,
        usable=known.ifelse(states["usable"], 0),
        recency_days=known.ifelse(days_between(states["last"], states["as_of"]), None),
    )
    wanted = _SCORES if SEGMENT in request.by else {name: _SCORES[name] for name in _SCORES if name in request.by}
    scores = {name: known.ifelse(_score(states, column), None).cast("int64") for name, column in wanted.items()}
    states = states.mutate(**scores)
    if SEGMENT not in request.by:
        return states
    value = (states["frequency"] + states["monetary"] + 1) // 2
    cell = (states["recency"] * 10 + value).cast("int64")
    cases = [(cell == row * 10 + column, name) for row, names in _GRID.items() for column, name in enumerate(names, 1)]
    return states.mutate(**{SEGMENT: ibis.cases(*cases, else_=ibis.null("string"))})


_STATES = Source(
    "rfm",
    scored_customers,
    (SEGMENT, *_SCORES),
    of_customers=True,
    parameters=("window_days",),
    settles_days=LONGEST_SILENCE,
)


def _of_customers(cells: Cells) -> Estimate:
    """The count; unknown in a cell of orders whose customers are."""
    n = cells["customers"]
    value = np.where((n == 0) & (cells["orders"] > 0), np.nan, n)
    lower, upper = intervals.poisson(value)
    return Estimate(value, n, lower, upper, estimates.missing(cells["usable"], cells["orders"]))


def _rfm_customers(cells: Cells, _: Parameters) -> Estimate:
    return _of_customers(cells)


def _rfm_revenue(cells: Cells, _: Parameters) -> Estimate:
    n = cells["customers"]
    value = np.where(n > 0, cells["revenue"], np.nan)
    lower, upper = intervals.compound_poisson(value, cells["squares"], cells["smallest"], cells["largest"])
    missing = estimates.missing(cells["usable"], cells["orders"])
    return Estimate(value, n, lower, upper, missing, estimates.currency_note(cells))


def _days_since_last_order(cells: Cells, _: Parameters) -> Estimate:
    n = cells["customers"]
    lower, upper = intervals.mean_t(cells["days"], cells["day_squares"], n)
    missing = estimates.missing(cells["usable"], cells["orders"])
    return Estimate(divide(cells["days"], n), n, lower, upper, missing)


def _customers(aggregate: str) -> Measure:
    """An aggregate of revenue over the rows of known customers."""
    return Measure(_STATES, lambda rows, _: getattr(rows["revenue"], aggregate)(where=rows["customer"]))


_COUNTS = {
    "customers": count_true(_STATES, "customer"),
    "orders": total(_STATES, "orders"),
    "usable": total(_STATES, "usable"),
}
_SCORING = Text(
    "Over the orders of the last `window_days` days before the period’s end (before the newest order, where the period goes on "
    "past it) each customer is scored 1 to 5 by quintiles of the last order’s moment, the number of orders and their revenue; "
    "equal values have equal scores. Segments are cells of recency × the mean of the other two. Cancelled and returned "
    "orders are left out; orders without a customer or an amount are missing.",
    "По\u00a0заказам за\u00a0последние `window_days` дней до\u00a0конца периода (до\u00a0самого нового заказа, если период ещё идёт) "
    "каждый клиент получает оценки от\u00a01 до\u00a05 по\u00a0квинтилям момента последнего заказа, числа заказов и\u00a0их выручки; "
    "равным значениям\u00a0— равные оценки. Сегменты\u00a0— клетки «давность × среднее двух других оценок». Отменённые "
    "и\u00a0возвращённые заказы не\u00a0учитываются, заказы без клиента или суммы считаются пропусками.",
)
_SOURCE = (
    "Hughes, Strategic Database Marketing, 1994 (quintile scores); Putler, RFM Analysis, 2016 (the eleven segments)"
)
_PRIMARY_DATA = ("orders.customer_id", "orders.ordered_at", "orders.revenue", "orders.status", "orders.currency")

METRICS = (
    Metric(
        Passport(
            id="rfm_customers",
            version=1,
            name=Text("Customers by RFM", "Клиенты по\u00a0RFM"),
            description=Text(
                "Customers who bought in the last year, by segment from champions to lost.",
                "Клиенты, покупавшие за\u00a0последний год, по\u00a0сегментам от\u00a0чемпионов до\u00a0потерянных.",
            ),
            use=Text(
                "Says whom to thank, whom to remind and whom to let go; slice by `rfm_segment`, or by one of the scores "
                "`recency`, `frequency`, `monetary`.",
                "Показывает, кого благодарить, кому напомнить о\u00a0себе, а\u00a0на\u00a0кого не\u00a0тратиться; смотрите срез "
                "`rfm_segment` или оценки `recency`, `frequency`, `monetary`.",
            ),
            unit="count",
            direction="more",
            method=_SCORING,
            formula="count(customers), segment = f(R, (F + M) / 2)",
            formula_source=_SOURCE,
            interval=estimates.POISSON,
            primary_data=_PRIMARY_DATA,
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=1,
            parameters={"window_days": WINDOW_DAYS},
        ),
        _COUNTS,
        _rfm_customers,
    ),
    Metric(
        Passport(
            id="rfm_revenue",
            version=1,
            name=Text("Revenue by RFM", "Выручка по\u00a0RFM"),
            description=Text(
                "Revenue of the last year by segment of the customers who brought it.",
                "Выручка за\u00a0последний год по\u00a0сегментам клиентов, которые её принесли.",
            ),
            use=Text(
                "Shows on whom sales rest, and how much is at risk with those who stop coming.",
                "Показывает, на\u00a0ком держатся продажи и\u00a0сколько можно потерять вместе с\u00a0теми, кто перестаёт покупать.",
            ),
            unit="currency",
            direction="more",
            method=_SCORING,
            formula="Σ revenue of the window over the customers of the segment",
            formula_source=_SOURCE,
            interval=estimates.COMPOUND_POISSON,
            primary_data=_PRIMARY_DATA,
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=30,
            parameters={"window_days": WINDOW_DAYS},
        ),
        {
            **_COUNTS,
            "revenue": _customers("sum"),
            "squares": Measure(
                _STATES, lambda rows, _: (rows["revenue"] * rows["revenue"]).sum(where=rows["customer"])
            ),
            "smallest": _customers("min"),
            "largest": _customers("max"),
            "currencies": several_currencies_in_sums(_STATES),
        },
        _rfm_revenue,
    ),
    Metric(
        Passport(
            id="days_since_last_order",
            version=1,
            name=Text("Days since the last order", "Дней с\u00a0последнего заказа"),
            description=Text(
                "Mean time since the last order of the customers who bought in the last year.",
                "Среднее время с\u00a0последнего заказа у\u00a0клиентов, покупавших за\u00a0последний год.",
            ),
            use=Text(
                "Grows before churn does: customers who are still counted as active come less and less.",
                "Растёт раньше оттока: клиенты ещё считаются активными, но\u00a0приходят всё реже.",
            ),
            unit="days",
            direction="less",
            method=Text(
                "Mean, over the customers with an order in the last `window_days` days before the period’s end, of the days "
                "from their last order to that end (to the newest order, where the period goes on past it). Cancelled and "
                "returned orders are left out; orders without a customer or an amount are missing.",
                "Среднее по\u00a0клиентам с\u00a0заказом за\u00a0последние `window_days` дней до\u00a0конца периода: сколько дней прошло "
                "от\u00a0последнего заказа до\u00a0этого конца (до\u00a0самого нового заказа, если период ещё идёт). Отменённые "
                "и\u00a0возвращённые заказы не\u00a0учитываются, заказы без клиента или суммы считаются пропусками.",
            ),
            formula="mean(end − last ordered_at)",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010 (recency)",
            interval=estimates.STUDENT,
            primary_data=_PRIMARY_DATA,
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=30,
            parameters={"window_days": WINDOW_DAYS},
        ),
        {
            **_COUNTS,
            "days": total(_STATES, "recency_days"),
            "day_squares": total_of_products(_STATES, "recency_days", "recency_days"),
        },
        _days_since_last_order,
    ),
)
