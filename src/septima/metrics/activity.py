"""When customers become active, lapse and come back.

A buyer is active from a purchase until `active_days` later. Of purchases with gaps no longer than that
only the first begins activity and the last ends it. A lapse that the data do not reach yet has not happened.
"""

import ibis
import ibis.expr.types as ir

from septima.metrics.definition import Expression, Request, Rows, Source
from septima.metrics.purchases import (
    CHANNELS,
    first_purchases,
    mark,
    newest_order,
    opening_day,
    purchases,
)
from septima.metrics.sources import LONGEST_SILENCE, days


def _recent(request: Request, orders: Rows) -> Rows:
    """The purchases on which activity from the opening day on depends: those whose activity reaches it."""
    opening = opening_day(request)
    if opening is None:
        return orders
    # Past the newest order time stands still, so the state then is that of its moment.
    reached = ibis.least(request.moment(opening), newest_order(request))
    return orders.filter(orders["at"] >= reached - _lifetime(request))


def _lifetime(request: Request) -> Expression:
    return ibis.literal(days(request.parameters["active_days"]))


def _begun(request: Request, recent: Rows, buyer: list[str]) -> Rows:
    before = recent["at"].lag().over(group_by=buyer, order_by="at")
    rows = recent.mutate(before=before)
    return rows.filter(rows["before"].isnull() | (rows["before"] + _lifetime(request) < rows["at"]))


def lapses(request: Request, orders: Rows, buyer: list[str]) -> Rows:
    """One row per lapse: the moment `at` and the last purchase `last` before it."""
    recent = _recent(request, orders)
    rows = recent.mutate(
        last=recent["at"],
        after=recent["at"].lead().over(group_by=buyer, order_by="at"),
        at=recent["at"] + _lifetime(request),
    )
    rows = rows.filter(rows["after"].isnull() | (rows["at"] < rows["after"]))
    rows = rows.filter(rows["at"] < newest_order(request))
    return request.before_end(rows, "at").select(*buyer, "at", "last")


def _activity(request: Request) -> ir.Table:
    """One row per buyer and period in which they bought first, became active or lapsed.

    `change` is +1, 0 or −1: active at the period's end less active at its start. `new` is 1 where the
    first purchase of all lies in the period. `joined` is 1 where a buyer who was not active at its start
    bought in it, be it that they are new or have returned; then joined − change is 1 where they were
    active at some time of it and are not at its end. Where a start is asked for, those active on the
    opening day stand in one row each before it.
    """
    orders, buyer = purchases(request)
    recent = _recent(request, orders)
    columns = [*buyer, "at"]
    begun = _begun(request, recent, buyer).select(*columns, step=mark(1), new=mark(0))
    lapsed = lapses(request, orders, buyer).select(*columns, step=mark(-1), new=mark(0))
    first = first_purchases(orders, buyer).select(*columns, step=mark(0), new=mark(1))
    events = begun.union(lapsed).union(first)
    opening = opening_day(request)
    if opening is not None:
        opens = request.moment(opening)
        there = recent.filter(recent["at"] < opens).group_by(*buyer).aggregate(at=recent["at"].max())
        eve = request.moment(opening - days(1)).cast(recent["at"].type())
        events = events.filter(events["at"] >= opens).union(there.select(*buyer, at=eve, step=mark(1), new=mark(0)))
    periods = events.group_by(*buyer, period=request.period(events["at"])).aggregate(
        at=events["at"].min(),
        change=events["step"].sum(),
        new=events["new"].max(),
        begun=events["at"].min(where=events["step"] > 0),
        lapsed=events["at"].min(where=events["step"] < 0),
    )
    joined = periods["begun"].notnull() & (periods["lapsed"].isnull() | (periods["begun"] < periods["lapsed"]))
    return periods.mutate(joined=joined.fill_null(False).cast("int64")).drop("period", "begun", "lapsed")


ACTIVITY = Source(
    "activity", _activity, CHANNELS, of_customers=True, parameters=("active_days",), settles_days=LONGEST_SILENCE
)
