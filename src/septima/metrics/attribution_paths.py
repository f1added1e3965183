"""Paths of touches to purchases, found in the engine by windows over each customer's time line.

A purchase is all that a customer ordered at one moment. A path ends at a purchase and the next begins after it; its
touches lie within the look-back window before the purchase. Touches that no purchase followed within the window make
paths that came to nothing, which a silence longer than the window parts from one another.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import ibis

from septima.metrics.definition import Expression, Request, Rows
from septima.metrics.sources import days, days_between, is_sold, within_bounds
from septima.models.attribution.rules import END_SHARE
from septima.models.attribution.words import Rule
from septima.schema import DECIMAL_PRECISION, DECIMAL_SCALE

KINDS = ("clicked", "visit", "store_visit", "call", "chat", "meeting")
"""What counts as a touch of a path: what customers did themselves, online or not."""

MONEY = f"decimal({DECIMAL_PRECISION}, {DECIMAL_SCALE})"
_PURCHASE, _TOUCH = 0, 1


def touches_within(request: Request, window_days: int, kinds: Sequence[str]) -> Rows:
    """Touches of known customers of these kinds, from the window before the start of what is asked for to its end."""
    touches = within_bounds(request, request.rows("touches"), "at", back=window_days)
    return touches.filter(touches["kind"].isin(kinds), touches["customer_id"].notnull())


def purchases_within(request: Request, window_days: int) -> Rows:
    """One row per customer and moment of purchase: customer_id, ordered_at, revenue (of known amounts; null without any).

    `lowest` and `highest` are the currencies of its orders, by the alphabet.
    Sold orders whose amount is not below zero, from the window before the start to the end.
    """
    orders = within_bounds(request, request.rows("orders"), "ordered_at", back=window_days)
    orders = orders.filter(is_sold(orders), orders["customer_id"].notnull(), ~is_refund(orders))
    return orders.group_by("customer_id", "ordered_at").aggregate(
        revenue=orders["revenue"].sum().cast(MONEY), lowest=orders["currency"].min(), highest=orders["currency"].max()
    )


def is_refund(orders: Rows) -> Expression:
    """An order whose amount is below zero: no conversion."""
    return (orders["revenue"] < 0).fill_null(False)


def on_paths(touches: Rows, purchases: Rows, window_days: int, carried: Mapping[str, str]) -> Rows:
    """Touches with their path: customer_id, path, at, touch_id, ordered_at, revenue, converted, purchased_later and `carried`.

    Customer and `path` together name a path. `ordered_at` is the moment of the purchase that ends a `converted` one, whose
    `revenue` its last touch has; of others `purchased_later` says whether a purchase came after the window. `carried` are
    columns of the touches and their types.
    """
    window = ibis.literal(days(window_days))
    events = touches.select(
        "customer_id",
        "at",
        sort=ibis.literal(_TOUCH, "int8"),
        id=touches["touch_id"],
        revenue=ibis.null(MONEY),
        **{name: touches[name].cast(type_) for name, type_ in carried.items()},
    ).union(
        purchases.select(
            "customer_id",
            at=purchases["ordered_at"],
            sort=ibis.literal(_PURCHASE, "int8"),
            id=ibis.literal(""),
            revenue=purchases["revenue"],
            **{name: ibis.null(type_) for name, type_ in carried.items()},
        )
    )
    # At one moment the purchase comes first: a touch leads to what happens after it.
    line = ["at", "sort", "id"]
    whole = ibis.window(group_by="customer_id", order_by=line)
    onward = ibis.window(group_by="customer_id", order_by=line, rows=(0, None))
    is_purchase = events["sort"] == _PURCHASE
    events = events.mutate(
        before=events["at"].lag().over(whole),
        paid=events["revenue"].lead().over(whole),
        after_purchase=(events["sort"].lag().over(whole) == _PURCHASE).fill_null(True),
        next_at=is_purchase.ifelse(events["at"], None).min().over(onward),
    )
    events = events.mutate(converted=(events["at"] >= events["next_at"] - window).fill_null(False))
    begins = (
        events["after_purchase"]
        | (events["converted"] & (events["before"] < events["next_at"] - window))
        | (~events["converted"] & (events["at"] - window > events["before"]))
    )
    upward = ibis.window(group_by="customer_id", order_by=line, rows=(None, 0))
    events = events.mutate(path=begins.fill_null(True).cast("int64").sum().over(upward))
    return events.filter(events["sort"] == _TOUCH).select(
        "customer_id",
        "path",
        "at",
        "converted",
        *carried,
        touch_id=events["id"],
        ordered_at=events["converted"].ifelse(events["next_at"], None),
        revenue=events["converted"].ifelse(events["paid"], None),
        purchased_later=events["next_at"].notnull(),
        next_at=events["next_at"],
    )


def shown(request: Request, rows: Rows) -> Rows:
    """Of `on_paths` those whose purchase, if any, is within what is asked for."""
    if request.start is None:
        return rows
    return rows.filter(rows["next_at"].isnull() | (rows["next_at"] >= request.moment(request.start)))


def in_place(rows: Rows, remembered: str = "code", order: int = 0) -> Rows:
    """Rows of `on_paths` with their `position` in the path, from 0, its `length` and its last moment `last_at`.

    With an `order`, also the column `remembered` of the touch before in the path (`back_1`), of that before it, and so on.
    """
    path = ["customer_id", "path"]
    ordered = ibis.window(group_by=path, order_by=["at", "touch_id"])
    together = ibis.window(group_by=path)
    return rows.mutate(
        position=ibis.row_number().over(ordered),
        length=rows["at"].count().over(together),
        last_at=rows["at"].max().over(together),
        **{f"back_{back}": rows[remembered].lag(back).over(ordered) for back in range(1, order + 1)},
    )


def is_open(rows: Rows, window_days: int, known_until: datetime) -> Expression:
    """A path without a purchase whose window has not run out where the data end: what comes of it is not known yet."""
    return ~rows["converted"] & ~rows["purchased_later"] & (
        rows["last_at"] >= ibis.literal(known_until - days(window_days))
    )  # fmt: skip


def rule_part(rows: Rows, rule: Rule, half_life_days: float, direct: Expression) -> Expression:
    """The part of a converted path that each row of `in_place` has by a rule, as `models.attribution.weights` has it.

    `direct` says which touches the rule «last non-direct» passes over.
    """
    position, length = rows["position"], rows["length"]
    first, last = position == 0, position == length - 1
    one, none = _tenths(10), _tenths(0)
    together = ibis.window(group_by=["customer_id", "path"])
    if rule == "last":
        return last.ifelse(one, none)
    if rule == "first":
        return first.ifelse(one, none)
    if rule == "linear":
        return one / length
    if rule == "position":
        ends = round(10 * END_SHARE)
        between = _tenths(10 - 2 * ends) / ibis.greatest(length - 2, 1)
        return (length <= 2).ifelse(one / length, (first | last).ifelse(_tenths(ends), between))
    if rule == "last_non_direct":
        furthest = direct.ifelse(None, position).max().over(together)
        return (position == ibis.coalesce(furthest, length - 1)).ifelse(one, none)
    raw = _tenths(20) ** (-days_between(rows["at"], rows["ordered_at"]) / half_life_days)
    return raw / raw.sum().over(together)


def _tenths(number: int) -> Expression:
    # To Spark a literal with a point is a decimal, whose sums overflow; the quotient of a whole one is no decimal.
    return ibis.literal(number).cast("float64") / 10
