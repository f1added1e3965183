"""Orders as the events of Segment's e-commerce specification tell them, in whatever order they come.

An order's state is what the latest of its events says, by when it happened and not by when it came. When the lake last
heard of a state and of the contents stands in the order's own `properties`, under `collected`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from septima.collect.message import Json, Message, moment, part, word
from septima.lake.keyed import rows_by_key
from septima.lake.store import Lake

_COMPLETED, _UPDATED, _CANCELLED, _REFUNDED = "order completed", "order updated", "order cancelled", "order refunded"
_NAMES = frozenset({_COMPLETED, _UPDATED, _CANCELLED, _REFUNDED})
Record = dict[str, Any]


@dataclass(frozen=True)
class KnownOrder:
    """What is known of an order: whose it is, its state and since when, and when its contents were last told.

    `placed_at` is when it was placed, where an event told that.
    """

    customer_id: str | None = None
    placed_at: datetime | None = None
    status: str | None = None
    status_at: datetime | None = None
    contents_at: datetime | None = None
    revenue: Decimal | None = None


@dataclass
class OrderRows:
    """Rows of orders, of their lines and of products; `refunds` are rows of orders of their own, with money below zero."""

    orders: list[Record] = field(default_factory=list[Record])
    items: list[Record] = field(default_factory=list[Record])
    products: list[Record] = field(default_factory=list[Record])
    refunds: list[Record] = field(default_factory=list[Record])


def order_ids(messages: Iterable[Message]) -> list[str]:
    """The orders that messages speak of."""
    return sorted({number for message in messages if (number := _order_id(message)) is not None})


def known_orders(lake: Lake, numbers: Sequence[str]) -> dict[str, KnownOrder]:
    """What the lake holds of these orders."""
    found: dict[str, KnownOrder] = {}
    for row in rows_by_key(lake, "orders", numbers):
        collected = cast("Json", (row["properties"] or {}).get("collected") or {})
        ordered_at: datetime = row["ordered_at"].replace(tzinfo=UTC)
        placed = collected.get("placed", True)
        found[row["order_id"]] = KnownOrder(
            row["customer_id"],
            ordered_at if placed else None,
            row["status"],
            moment(collected.get("status_at")),
            moment(collected.get("contents_at")),
            row["revenue"],
        )
    return found


def order_rows(messages: Iterable[Message], source: str, known: Mapping[str, KnownOrder]) -> OrderRows:
    """The rows that the messages leave, on top of what is known of their orders.

    What tells no moment leaves none: its touch is put aside, and is mended there.
    """
    made, states, contents = OrderRows(), dict(known), dict[str, Record]()
    heard = dict[str, tuple[Message, datetime]]()
    told = [
        (message.at, message, number)
        for message in messages
        if isinstance(message.at, datetime) and (number := _order_id(message)) is not None
    ]
    for at, message, number in sorted(told, key=lambda one: one[0]):
        state, name = states.get(number, KnownOrder()), (message.name or "").lower()
        amount = _money(message.properties)
        if name == _REFUNDED and amount is not None and amount != state.revenue:
            made.refunds.append(_refund(message, number, amount, source))
            continue
        heard[number] = message, at
        state = replace(state, customer_id=message.user or state.customer_id or message.visitor)
        if name in {_COMPLETED, _UPDATED} and (state.contents_at is None or at >= state.contents_at):
            contents[number] = _contents(message)
            state = replace(state, contents_at=at, revenue=amount)
        if name == _COMPLETED:
            state = replace(state, placed_at=at if state.placed_at is None else min(at, state.placed_at))
        status = {_COMPLETED: "completed", _CANCELLED: "cancelled", _REFUNDED: "returned"}.get(name)
        if status and (state.status_at is None or at >= state.status_at):
            state = replace(state, status=status, status_at=at)
        states[number] = state
    for number, (message, at) in heard.items():
        state, inside = states[number], contents.get(number)
        made.orders.append(_order(number, state, message, at, inside))
        if inside is not None:
            lines = inside["lines"]
            made.items += [{"order_id": number, **line} for line in lines]
            made.products += inside["products"]
    return made


def _order(number: str, state: KnownOrder, message: Message, at: datetime, inside: Record | None) -> Record:
    collected = {
        "status_at": state.status_at and state.status_at.isoformat(),
        "contents_at": state.contents_at and state.contents_at.isoformat(),
        "placed": state.placed_at is not None,
    }
    columns = {} if inside is None else {name: inside[name] for name in _CONTENTS}
    return {
        "order_id": number,
        "customer_id": state.customer_id,
        "ordered_at": state.placed_at or at,
        "online": True,
        "channel": "app" if message.context.get("device") else "web",
        "status": state.status or "completed",
        **columns,
        "properties": {
            **({} if inside is None else inside["properties"]),
            "collected": {name: value for name, value in collected.items() if value is not None},
        },
    }


_CONTENTS = ("revenue", "discount", "currency", "promo_id", "campaign_id")
_TAKEN = frozenset({"order_id", "orderId", "revenue", "discount", "currency", "coupon", "products"})


def _contents(message: Message) -> Record:
    said = message.properties
    lines = [cast("Json", one) for one in _listed(said.get("products")) if isinstance(one, dict)]
    return {
        "revenue": _money(said),
        "discount": _number(said.get("discount")),
        "currency": word(said.get("currency")),
        "promo_id": word(said.get("coupon")),
        "campaign_id": word(part(message.context, "campaign").get("name")),
        "properties": {name: value for name, value in said.items() if name not in _TAKEN},
        "lines": [_line(position, line, said) for position, line in enumerate(lines, start=1)],
        "products": [product for line in lines if (product := _product(line, said)) is not None],
    }


def _line(position: int, line: Json, order: Json) -> Record:
    return {
        "line": str(position),
        "product_id": word(line.get("product_id") or line.get("productId") or line.get("sku")),
        "quantity": _number(line.get("quantity")) or Decimal(1),
        "price": _number(line.get("price")),
        "discount": _number(line.get("discount")),
        "currency": word(line.get("currency") or order.get("currency")),
    }


def _product(line: Json, order: Json) -> Record | None:
    number = word(line.get("product_id") or line.get("productId") or line.get("sku"))
    if number is None:
        return None
    found = {
        "product_id": number,
        "name": word(line.get("name")),
        "category": word(line.get("category")),
        "price": _number(line.get("price")),
        "currency": word(line.get("currency") or order.get("currency")),
    }
    return {name: value for name, value in found.items() if value is not None}


def _refund(message: Message, number: str, amount: Decimal, source: str) -> Record:
    """A part of the money given back: an order of its own with money below zero, so that sums come out whoever comes first."""
    return {
        "order_id": f"{number}:refund:{source}:{message.id}",
        "customer_id": message.user or message.visitor,
        "ordered_at": message.at,
        "online": True,
        "status": "completed",
        "revenue": -abs(amount),
        "currency": word(message.properties.get("currency")),
        "properties": {"refund_of": number},
    }


def _order_id(message: Message) -> str | None:
    if message.kind != "track" or (message.name or "").lower() not in _NAMES:
        return None
    return word(message.properties.get("order_id") or message.properties.get("orderId"))


def _money(said: Json) -> Decimal | None:
    """The money of an order after discount and without tax and delivery, by the best that the event tells."""
    for name in ("revenue", "subtotal", "total", "value"):
        found = _number(said.get(name))
        if found is not None:
            return found
    return None


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        return None
    return read if read.is_finite() and abs(read) < Decimal(10) ** 15 else None


def _listed(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
