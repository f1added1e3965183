"""Sources and measures that several families share."""

from collections.abc import Callable
from datetime import timedelta

import ibis
import ibis.expr.types as ir

from septima.metrics.definition import COMPANY_CURRENCY, Expression, Measure, Parameters, Request, Rows, Source
from septima.models import intervals
from septima.schema import Column, Table

UNSOLD = ("cancelled", "returned")


def is_sold(orders: Rows) -> Expression:
    """An order that brings revenue: neither cancelled nor returned; one of unknown status counts."""
    return orders["status"].isnull() | orders["status"].notin(UNSOLD)


def _orders(request: Request) -> ir.Table:
    orders = request.rows("orders")
    return orders.filter(is_sold(orders)).mutate(at=orders["ordered_at"], margin=orders["revenue"] - orders["cost"])


ORDERS = Source(
    "orders",
    _orders,
    ("channel", "online", "promo_id", "campaign_id", "employee_id", "currency"),
    of_customers=True,
)


def days_between(earlier: Expression, later: Expression) -> Expression:
    """Days from one moment to another, to the second."""
    seconds = later.truncate("s").epoch_seconds() - earlier.truncate("s").epoch_seconds()
    return seconds.cast("float64") / 86_400.0


LONGEST_SILENCE = 31
"""Days that may pass without one new event: `settles_days` of sources in which `known_until` says what is late."""


def known_until(table: Rows, event: str) -> Expression:
    """How far the data know what happened: the newest `event`, or where there is none the newest load.

    What is due later than that is not late yet.
    """
    return ibis.coalesce(table[event].max(), table["loaded_at"].max()).as_scalar()


def moment_of(request: Request, rows: Rows, column: Column) -> Expression:
    """A moment, or that at which a date begins: of the one type that a union of tables needs."""
    moment = request.beginning(rows[column.name]) if column.type == "date" else rows[column.name]
    return moment.cast("timestamp")


def time_of(request: Request, rows: Rows, declared: Table) -> Expression:
    """The moment that a row of a canonical table belongs to, or where it has none that of its loading."""
    loaded_at = rows["loaded_at"].cast("timestamp")
    if declared.time is None:
        return loaded_at
    column = declared.column(declared.time)
    moment = moment_of(request, rows, column)
    # Left alone, a column tells the engine by its extremes which parts of a file need not be read.
    return moment if column.required else ibis.coalesce(moment, loaded_at)


def within_bounds(request: Request, rows: Rows, at: str, back: float = 0) -> Rows:
    """Rows from `back` days before the start of what is asked for until its end.

    For sources that look at each period by itself: what they aggregate is cut before, not after.
    """
    rows = request.before_end(rows, at)
    if request.start is None:
        return rows
    start = request.moment(request.start)
    return rows.filter(rows[at] >= (start - ibis.literal(days(back)) if back else start))


def days(number: float) -> timedelta:
    """A stretch of `number` days."""
    return timedelta(days=number)


def records(source: Source) -> Measure:
    """Number of rows."""
    return Measure(source, lambda rows, _: rows.count())


def known(source: Source, *columns: str) -> Measure:
    """Number of rows in which every one of `columns` has a value."""
    return Measure(source, lambda rows, _: rows.count(where=all_known(rows, *columns)))


def all_known(rows: Rows, *columns: str) -> Expression:
    """Whether each of `columns` has a value in the row."""
    first, *others = (rows[name].notnull() for name in columns)
    for other in others:
        first = first & other
    return first


def total(source: Source, column: str) -> Measure:
    """Sum of a column."""
    return Measure(source, lambda rows, _: rows[column].sum())


def total_of_products(source: Source, one: str, other: str) -> Measure:
    """Sum of products of two columns, as floating-point numbers; the sum of squares where both are the same."""
    return Measure(source, lambda rows, _: (rows[one].cast("float64") * rows[other].cast("float64")).sum())


def count_true(source: Source, column: str) -> Measure:
    """Number of rows in which a boolean column is true."""
    return Measure(source, lambda rows, _: rows.count(where=rows[column]))


def quantile_measures(source: Source, q: float) -> dict[str, Measure]:
    """What `estimates.quantile` needs of the source's `ranked` column: values on either side of the quantile, bounds, n."""
    column = source.ranked
    if column is None:
        raise TypeError(f"source {source.name!r} ranks no column")

    def at(position: Callable[[Expression], Expression]) -> Measure:
        return Measure(source, lambda rows, _: rows[column].max(where=rows["rank"] == position(rows["ranked"])))

    def spread(n: Expression) -> Expression:
        return intervals.Z * (n * q * (1 - q)).sqrt()

    return {
        "below": at(lambda n: ((n - 1) * q).floor() + 1),
        "above": at(lambda n: ((n - 1) * q).ceil() + 1),
        "lower": at(lambda n: (n * q - spread(n)).ceil()),
        "upper": at(lambda n: (n * q + spread(n)).ceil()),
        "known": known(source, column),
        "records": records(source),
    }


def several_currencies(source: Source) -> Measure:
    """1 where the rows hold money that does not add up, else 0.

    That is more than one currency or, where money was converted, any that could not be.
    """

    def aggregate(rows: Rows, parameters: Parameters) -> Expression:
        company = parameters[COMPANY_CURRENCY]
        if company is None:
            return (rows["currency"].min() != rows["currency"].max()).cast("int64")
        return (rows["currency"] != company).cast("int64").max()

    return Measure(source, aggregate)


def several_currencies_in_sums(source: Source) -> Measure:
    """As `several_currencies`, for rows that sum money between the currencies `lowest` and `highest` of the alphabet."""

    def aggregate(rows: Rows, parameters: Parameters) -> Expression:
        company = parameters[COMPANY_CURRENCY]
        if company is None:
            return (rows["lowest"].min() != rows["highest"].max()).cast("int64")
        return ((rows["lowest"] != company) | (rows["highest"] != company)).cast("int64").max()

    return Measure(source, aggregate)


def amount_measures(source: Source, column: str) -> dict[str, Measure]:
    """What `estimates.amount` needs of a money column: its sum and squares, least and greatest, n, currencies."""
    return {
        "amount": total(source, column),
        "squares": total_of_products(source, column, column),
        "smallest": Measure(source, lambda rows, _: rows[column].min()),
        "largest": Measure(source, lambda rows, _: rows[column].max()),
        "known": known(source, column),
        "records": records(source),
        "currencies": several_currencies(source),
    }


def ratio_measures(
    source: Source, numerator: Callable[[Rows], Expression], denominator: Callable[[Rows], Expression]
) -> dict[str, Measure]:
    """What `estimates.ratio` needs of two money expressions over the rows in which both are known."""

    def products(one: Callable[[Rows], Expression], other: Callable[[Rows], Expression]) -> Measure:
        return Measure(
            source, lambda rows, _: (one(rows).cast("float64") * other(rows).cast("float64")).sum(where=both(rows))
        )

    def both(rows: Rows) -> Expression:
        return numerator(rows).notnull() & denominator(rows).notnull()

    return {
        "numerator": Measure(source, lambda rows, _: numerator(rows).sum(where=both(rows))),
        "denominator": Measure(source, lambda rows, _: denominator(rows).sum(where=both(rows))),
        "numerator_squares": products(numerator, numerator),
        "denominator_squares": products(denominator, denominator),
        "products": products(numerator, denominator),
        "known": Measure(source, lambda rows, _: rows.count(where=both(rows))),
        "records": records(source),
        "currencies": several_currencies(source),
    }
