"""Cohorts: customers who bought first in the same period, and how many of them keep buying.

Rows are aggregated by cohort, age and slice before the engine sees them again, so that their number is that of
cohorts × ages and not of customers × periods.
"""

import ibis
import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.definition import (
    CUSTOMER_DIMENSIONS,
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
from septima.metrics.ordinals import STEP, first_day, label, newest_ordinal, of_periods, ordinal, ordinal_of_day
from septima.metrics.purchases import first_purchases, mark, with_attributes
from septima.metrics.sources import LONGEST_SILENCE, is_sold, several_currencies_in_sums, total, within_bounds
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_DIMENSIONS = ("cohort", "age", *CUSTOMER_DIMENSIONS)
_COUNTS = ("customers", "bought", "orders", "usable")
_SUMS = ("revenue", "squares", "products", "base", "base_squares")


def _sold(request: Request) -> Rows:
    orders = request.rows("orders")
    orders = request.before_end(orders.filter(is_sold(orders)), "ordered_at")
    return orders.mutate(at=orders["ordered_at"])


def _customers(request: Request, sold: Rows) -> tuple[Rows, list[str]]:
    """One row per customer who is at risk in a period shown: `cohort` (an ordinal) and the attributes asked for."""
    identified = sold.filter(sold["customer_id"].notnull())
    customers = with_attributes(request, first_purchases(identified, ["customer_id"]))
    customers = customers.mutate(cohort=ordinal(request, customers["at"])).drop("at")
    if request.start is not None:
        oldest = ordinal_of_day(request.grain, request.start) - _reach(request)
        customers = customers.filter(customers["cohort"] >= oldest)
    return customers, ["cohort", *(name for name in customers.columns if name not in ("customer_id", "cohort"))]


def _reach(request: Request) -> int:
    """By how much the ordinal grows to the greatest age."""
    return int(request.parameters["ages"]) * STEP[request.grain]


def _at_every_age(request: Request, sizes: Rows) -> Rows:
    """Each row once per age from 1 on that the data reach, as the ordinal `number` of its period."""
    step = STEP[request.grain]
    last: Expression = ibis.least(sizes["cohort"] + _reach(request), newest_ordinal(request))
    first = sizes["cohort"] + step
    if request.start is not None:
        first = ibis.greatest(first, ordinal_of_day(request.grain, request.start))
    return sizes.mutate(number=ibis.range(first, last + 1, step).unnest())


def _at_an_age(request: Request, rows: Rows) -> Rows:
    """Rows of customers in a later period than that of their first purchase, as long as the cohort is followed."""
    age = rows["number"] - rows["cohort"]
    return rows.filter(age.between(1, _reach(request)))


def _dated(request: Request, rows: Rows) -> Rows:
    """Rows by ordinals with the moment, the cohort and the age in the words of the slices."""
    named = {"at": request.beginning(first_day(request.grain, rows["number"]))}
    if "cohort" in request.by:
        named["cohort"] = label(request.grain, rows["cohort"])
    if "age" in request.by:
        named["age"] = (rows["number"] - rows["cohort"]) // STEP[request.grain]
    return rows.mutate(**named)


def _unusable(sold: Rows, request: Request, unusable: Expression, like: Rows) -> Rows:
    """Orders that belong to no cohort, or bring no known amount, one row per period; with the columns of `like`."""
    lost = sold.filter(unusable)
    counted = lost.group_by(number=ordinal(request, lost["at"])).aggregate(orders=lost.count())
    types = like.schema()
    return counted.select(
        **{
            name: counted[name].cast(types[name])
            if name in ("number", "orders")
            else (mark(0) if name in (*_COUNTS, *_SUMS) else ibis.null()).cast(types[name])
            for name in like.columns
        }
    )


def _cohorts(request: Request) -> ir.Table:
    """Rows by cohort, age and slice: `customers` at risk, those who `bought`, `orders` and the `usable` of them."""
    request = of_periods(request)
    sold = _sold(request)
    customers, keys = _customers(request, sold)
    sizes = customers.group_by(*keys).aggregate(customers=customers.count())
    columns = [*keys, "number", *_COUNTS]
    at_risk = _at_every_age(request, sizes).mutate(bought=mark(0), orders=mark(0), usable=mark(0)).select(*columns)

    shown = within_bounds(request, sold, "at")
    buyers = shown.group_by("customer_id", number=ordinal(request, shown["at"])).aggregate(orders=shown.count())
    buyers = _at_an_age(request, buyers.join(customers, "customer_id"))
    bought = buyers.group_by(*keys, "number").aggregate(bought=buyers.count(), orders=buyers["orders"].sum())
    bought = bought.mutate(customers=mark(0), usable=bought["orders"]).select(*columns)
    rows = at_risk.union(bought.cast(at_risk.schema()))
    rows = rows.union(_unusable(shown, request, shown["customer_id"].isnull(), rows))
    return _dated(request, rows)


def _revenue_cohorts(request: Request) -> ir.Table:
    """The same with `revenue` at the age and, of the customers at risk, that of the first period (`base`).

    Squares and products are summed over customers; `lowest` and `highest` are the least and the
    greatest of a row.
    """
    request = of_periods(request)
    sold = _sold(request)
    customers, keys = _customers(request, sold)
    followed = _since_ordinal(request, sold.mutate(number=ordinal(request, sold["at"])), back=_reach(request))
    spent = followed.group_by("customer_id", "number").aggregate(
        revenue=followed["revenue"].sum().cast("float64").fill_null(0.0),
        lowest=followed["currency"].min(),
        highest=followed["currency"].max(),
        orders=followed.count(),
        usable=followed["revenue"].count(),
    )
    spent = spent.join(customers, "customer_id")
    begun = spent.filter(spent["number"] == spent["cohort"])
    begun = begun.mutate(base=begun["revenue"]).drop("revenue", "number")
    sizes = begun.group_by(*keys).aggregate(
        customers=begun.count(),
        base=begun["base"].sum(),
        base_squares=(begun["base"] * begun["base"]).sum(),
        lowest=begun["lowest"].min(),
        highest=begun["highest"].max(),
    )
    nothing = ibis.literal(0.0)
    columns = [*keys, "number", *_COUNTS, *_SUMS, "lowest", "highest"]
    at_risk = _at_every_age(request, sizes).mutate(
        bought=mark(0), orders=mark(0), usable=mark(0), revenue=nothing, squares=nothing, products=nothing
    )
    at_risk = at_risk.select(*columns)

    later = _at_an_age(request, _since_ordinal(request, spent)).join(begun.select("customer_id", "base"), "customer_id")
    bought = later.group_by(*keys, "number").aggregate(
        bought=later.count(),
        orders=later["orders"].sum(),
        usable=later["usable"].sum(),
        revenue=later["revenue"].sum(),
        squares=(later["revenue"] * later["revenue"]).sum(),
        products=(later["revenue"] * later["base"]).sum(),
        lowest=later["lowest"].min(),
        highest=later["highest"].max(),
    )
    bought = bought.mutate(customers=mark(0), base=nothing, base_squares=nothing).select(*columns)
    rows = at_risk.union(bought.cast(at_risk.schema()))
    shown = within_bounds(request, sold, "at")
    rows = rows.union(_unusable(shown, request, shown["customer_id"].isnull(), rows))
    return _dated(request, rows)


def _since_ordinal(request: Request, rows: Rows, back: int = 0) -> Rows:
    """Rows by ordinals from `back` before the period of the first day shown on."""
    if request.start is None:
        return rows
    return rows.filter(rows["number"] >= ordinal_of_day(request.grain, request.start) - back)


_RETENTION = Source("cohorts", _cohorts, _DIMENSIONS, parameters=("ages",), settles_days=LONGEST_SILENCE)
_REVENUE = Source("revenue_cohorts", _revenue_cohorts, _DIMENSIONS, parameters=("ages",), settles_days=LONGEST_SILENCE)


def _retention_rate(cells: Cells, _: Parameters) -> Estimate:
    bought, customers = cells["bought"], cells["customers"]
    lower, upper = intervals.wilson(bought, customers)
    missing = estimates.missing(cells["usable"], cells["orders"])
    return Estimate(divide(bought, customers), customers, lower, upper, missing)


def _revenue_retention(cells: Cells, _: Parameters) -> Estimate:
    revenue, base, n = cells["revenue"], cells["base"], cells["customers"]
    lower, upper = intervals.ratio_delta(revenue, base, cells["squares"], cells["base_squares"], cells["products"], n)
    missing = estimates.missing(cells["usable"], cells["orders"])
    return Estimate(divide(revenue, base), n, lower, upper, missing, estimates.currency_note(cells))


def _measures(source: Source, *names: str) -> dict[str, Measure]:
    return {name: total(source, name) for name in names}


METRICS = (
    Metric(
        Passport(
            id="retention_rate",
            version=1,
            name=Text("Retention rate", "Удержание клиентов"),
            description=Text(
                "Share of customers acquired in earlier periods who bought in this one.",
                "Доля привлечённых в\u00a0прошлых периодах клиентов, которые купили в\u00a0этом.",
            ),
            use=Text(
                "Sliced by cohort and age it is the retention triangle: whether newer cohorts stay better than older ones did "
                "at the same age.",
                "В\u00a0срезе по\u00a0когортам и\u00a0возрасту это треугольник удержания: остаются\u00a0ли новые когорты лучше, "
                "чем прежние в\u00a0том\u00a0же возрасте.",
            ),
            unit="share",
            direction="more",
            method=Text(
                "A customer’s cohort is the period (of all time at once: the month) of their first purchase; their age is the "
                "number of periods since. Customers of age 1 to `ages` who bought in the period, divided by all of that age. "
                "Ages that the data have not reached are not there. Cancelled and returned orders are left out; orders "
                "without a customer are missing.",
                "Когорта клиента\u00a0— период (за\u00a0всё время сразу\u00a0— месяц) его первой покупки, возраст\u00a0— число периодов "
                "с\u00a0тех пор. Клиенты в\u00a0возрасте от\u00a01 до\u00a0`ages`, купившие в\u00a0периоде, делённые на\u00a0всех клиентов "
                "этого возраста. Возрастов, до\u00a0которых данные не\u00a0дошли, нет. Отменённые и\u00a0возвращённые заказы "
                "не\u00a0учитываются, заказы без клиента считаются пропусками.",
            ),
            formula="customers of a cohort who bought at the age / customers of the cohort",
            formula_source="Fader & Hardie, How to Project Customer Retention, 2007; Farris et al., Marketing Metrics, 2010",
            interval=estimates.WILSON,
            primary_data=("orders.customer_id", "orders.ordered_at", "orders.status"),
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=30,
            parameters={"ages": 36},
        ),
        _measures(_RETENTION, *_COUNTS),
        _retention_rate,
    ),
    Metric(
        Passport(
            id="revenue_retention",
            version=1,
            name=Text("Revenue retention", "Удержание выручки"),
            description=Text(
                "Revenue that customers acquired earlier bring now, over what they brought in their first period.",
                "Выручка от\u00a0привлечённых раньше клиентов относительно их выручки в\u00a0первом периоде.",
            ),
            use=Text(
                "Shows whether those who stay spend more, which the retention of heads does not; slice by cohort and age.",
                "Показывает, тратят\u00a0ли оставшиеся больше, чего не\u00a0видно по\u00a0числу клиентов; смотрите по\u00a0когортам "
                "и\u00a0возрасту.",
            ),
            unit="ratio",
            direction="more",
            method=Text(
                "Revenue in the period of customers of age 1 to `ages` (periods since the first purchase), divided by the "
                "revenue of all customers of that age, gone or not, in the period of their first purchase. n is the number of "
                "customers. Cancelled and returned orders are left out; orders without a customer or an amount are missing.",
                "Выручка за\u00a0период от\u00a0клиентов в\u00a0возрасте от\u00a01 до\u00a0`ages` (периодов с\u00a0первой покупки), делённая "
                "на\u00a0выручку всех клиентов этого возраста, включая ушедших, в\u00a0период их первой покупки. n\u00a0— число клиентов. "
                "Отменённые и\u00a0возвращённые заказы не\u00a0учитываются, заказы без клиента или суммы считаются пропусками.",
            ),
            formula="Σ revenue at the age / Σ revenue at age 0",
            formula_source="Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010 (cohort analysis)",
            interval=estimates.DELTA,
            primary_data=(
                "orders.customer_id",
                "orders.ordered_at",
                "orders.revenue",
                "orders.status",
                "orders.currency",
            ),
            perspective="marketing",
            group="loyalty",
            owner_role=roles.MARKETING,
            minimum_sample=30,
            parameters={"ages": 36},
        ),
        {
            **_measures(_REVENUE, *_COUNTS, *_SUMS),
            "currencies": several_currencies_in_sums(_REVENUE),
        },
        _revenue_retention,
    ),
)
