"""Purchases of known customers, and the marks that the families of the customer base share."""

from datetime import date, timedelta

import ibis

from septima.metrics import estimates
from septima.metrics.definition import (
    CUSTOMER_DIMENSIONS,
    Cells,
    Expression,
    FloatArray,
    Measure,
    Request,
    Rows,
    Source,
)
from septima.metrics.period import Grain
from septima.metrics.sources import ORDERS, is_sold, known, records, within_bounds

CHANNELS = ("channel", "online")
_LONGEST_DAYS: dict[Grain, int] = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366, "all": 0}


def purchases(request: Request) -> tuple[Rows, list[str]]:
    """Sold orders of known customers with the slices asked for, and the columns that make one buyer in one slice."""
    orders = request.rows("orders")
    own = [name for name in request.by if name in CHANNELS]
    orders = orders.filter(is_sold(orders), orders["customer_id"].notnull())
    orders = request.before_end(orders, "ordered_at")
    return orders.select("customer_id", *own, at=orders["ordered_at"]), ["customer_id", *own]


def first_purchases(orders: Rows, buyer: list[str]) -> Rows:
    """One row per buyer: the moment `at` of the first purchase."""
    return orders.group_by(*buyer).aggregate(at=orders["at"].min())


def newest_order(request: Request) -> Expression:
    """The moment of the newest order there is: how far the data know what happened."""
    return request.rows("orders")["ordered_at"].max().as_scalar()


def opening_day(request: Request) -> date | None:
    """A day by which a whole period goes before the first one shown, for figures that look one period back.

    None where the figures are to begin with the data.
    """
    if request.start is None:
        return None
    back = timedelta(days=_LONGEST_DAYS[request.grain])
    return request.start - back if request.start - date.min > back + timedelta(days=1) else None


def with_attributes(request: Request, rows: Rows) -> Rows:
    """Rows with the attributes of their customer that are asked for, for a source that must slice by itself."""
    attributes = [name for name in request.by if name in CUSTOMER_DIMENSIONS]
    if not attributes:
        return rows
    customers = request.rows("customers").select("customer_id", *attributes)
    return rows.left_join(customers, "customer_id").drop("customer_id_right")


def _orders_shown(request: Request) -> Rows:
    orders = request.rows("orders")
    return within_bounds(request, orders.filter(is_sold(orders)).mutate(at=orders["ordered_at"]), "at")


_ORDERS_SHOWN = Source("orders_shown", _orders_shown, ORDERS.dimensions, of_customers=True)


def _identified(source: Source) -> dict[str, Measure]:
    return {"identified": known(source, "customer_id"), "orders": records(source)}


IDENTIFIED = _identified(ORDERS)
"""Orders, and those of them whose customer is known, for `missing_customers`."""

IDENTIFIED_SHOWN = _identified(_ORDERS_SHOWN)
"""The same for metrics with `history="all"`, which would otherwise count the orders of all time."""


def missing_customers(cells: Cells) -> FloatArray:
    """Share of orders whose customer is unknown."""
    return estimates.missing(cells["identified"], cells["orders"])


def mark(number: int) -> Expression:
    """A whole number of one width, as unions need it."""
    return ibis.literal(number, "int64")
