"""Messages become rows of the canonical tables.

Each `track`, `page` or `screen` leaves one row of `touches`, whatever else it leaves; `identify` and `group` leave what is
known of a customer, `alias` and whoever is known by two names leave `identities`, the orders of Segment's e-commerce
specification leave `orders`, `order_items` and `products`, and `Experiment Viewed` leaves `assignments`. What has no column
stays in `properties`. A message of which nothing can be made leaves a touch that the lake's check puts aside.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from septima.collect.message import Message, part, word
from septima.collect.orders import KnownOrder, order_rows
from septima.lake.append import Portion
from septima.schema import TABLES

_COLUMNS = {name: frozenset(table.column_names) for name, table in TABLES.items()}
_KINDS = {
    "email sent": "sent",
    "email delivered": "delivered",
    "email opened": "opened",
    "email link clicked": "clicked",
    "tracked link clicked": "clicked",
    "email bounced": "bounced",
    "email marked as spam": "complained",
    "unsubscribed": "unsubscribed",
    "push notification received": "delivered",
    "push notification tapped": "clicked",
    "push notification bounced": "bounced",
    "promotion viewed": "impression",
    "promotion clicked": "clicked",
    "application opened": "visit",
    "order completed": "conversion",
    "live chat conversation started": "chat",
    "live chat message sent": "chat",
    "live chat message received": "chat",
}
_OUT = frozenset({"sent", "delivered", "bounced", "impression"})
_OF_TOUCHES = frozenset({"track", "page", "screen", "unknown"})
_OF_CUSTOMERS = frozenset({"identify", "group"})
_TRAITS = {
    "email": "email",
    "phone": "phone",
    "birthday": "birth_date",
    "createdAt": "created_at",
    "created_at": "created_at",
}
Record = dict[str, Any]


def portions_of(messages: Sequence[Message], source: str, known: Mapping[str, KnownOrder]) -> list[Portion]:
    """The rows of messages of one source; `known` is what the lake holds of the orders that they speak of."""
    orders = order_rows(messages, source, known)
    return [
        Portion("touches", [_touch(one, source) for one in messages if one.kind in _OF_TOUCHES], keep="first"),
        *_alike("customers", _joined(_customers(messages), "customer_id")),
        Portion("identities", list(_identities(messages)), keep="first"),
        Portion("assignments", list(_assignments(messages)), keep="first"),
        Portion("orders", orders.refunds, keep="first"),
        *_alike("orders", orders.orders),
        *_alike("order_items", orders.items),
        *_alike("products", _joined(orders.products, "product_id")),
    ]


def _touch(message: Message, source: str) -> Record:
    name = (message.name or "").lower()
    kind = _kind(message, name)
    campaign, properties = part(message.context, "campaign"), message.properties
    said = {
        "event": message.name if message.kind == "track" else None,
        "page": message.name if message.kind in {"page", "screen"} else None,
        "url": part(message.context, "page").get("url"),
        "referrer": part(message.context, "page").get("referrer"),
        "sent_by": message.context.get("source"),
        **{f"utm_{name}": campaign.get(name) for name in ("source", "medium", "term", "content")},
    }
    return {
        "touch_id": f"{source}:{message.id}" if message.id else None,
        "customer_id": message.user or message.visitor,
        "at": message.at,
        "channel": _channel(message, name, campaign),
        "online": True,
        "direction": None if kind is None else "out" if kind in _OUT else "in",
        "kind": kind,
        "campaign_id": word(properties.get("campaign_id") or properties.get("campaign_name") or campaign.get("name")),
        "link_id": word(properties.get("link_id")),
        "message_id": word(properties.get("email_id")),
        "properties": {
            **{key: value for key, value in said.items() if value is not None},
            **properties,
        },
    }


def _kind(message: Message, name: str) -> str | None:
    """The kind of touch; None, which the lake's check puts aside, where a message does not say what happened."""
    if message.kind in {"page", "screen"}:
        return "visit"
    if message.kind == "track" and name:
        return _KINDS.get(name, "other")
    return None


def _channel(message: Message, name: str, campaign: Record) -> str:
    if name.startswith("tracked link "):  # a link is where its campaign put it
        medium = (word(campaign.get("medium")) or "web").lower()
        return "email" if medium == "e-mail" else medium
    if name.startswith("email ") or name == "unsubscribed":
        return "email"
    if name.startswith("push "):
        return "push"
    if message.kind == "screen" or name.startswith("application ") or message.context.get("device"):
        return "app"
    return "web"


def _customers(messages: Iterable[Message]) -> Iterator[Record]:
    for message in messages:
        whose = message.user or message.visitor
        if message.kind not in _OF_CUSTOMERS or whose is None:
            continue
        if message.kind == "group":
            group = {"group_id": message.previous, "group": message.traits or None}
            yield {"customer_id": whose, **{name: value for name, value in group.items() if value is not None}}
            continue
        named = {_TRAITS.get(name, name): value for name, value in message.traits.items() if value is not None}
        address = part(named, "address")
        first, last = word(named.get("firstName")), word(named.get("lastName"))
        full = word(named.get("name")) or " ".join(one for one in (first, last) if one)
        region = word(named.get("region")) or word(address.get("state")) or word(address.get("city"))
        found = {**named, "name": full or None, "region": region, "customer_id": whose}
        yield {name: value for name, value in found.items() if value is not None}


def _identities(messages: Iterable[Message]) -> Iterator[Record]:
    """Names of one customer in several places: whoever has the same is found to be the same by `septima identify`."""
    seen: set[tuple[str, str, str]] = set()
    for message in messages:
        whose = message.user or message.visitor
        if whose is None:
            continue
        pairs: list[tuple[str, str, str | None]] = [
            (whose, name, word(message.traits.get(name))) for name in ("email", "phone") if message.kind != "group"
        ]
        if message.user and message.visitor:
            pairs += [(one, "visitor_id", message.visitor) for one in (message.user, message.visitor)]
        if message.kind == "alias" and message.previous:
            pairs += [(one, "alias", message.previous) for one in (whose, message.previous)]
        for one in pairs:
            if one[2] is not None and one not in seen:
                seen.add((one[0], one[1], one[2]))
                yield {"customer_id": one[0], "id_type": one[1], "id_value": one[2]}


def _assignments(messages: Iterable[Message]) -> Iterator[Record]:
    for message in messages:
        if message.kind == "track" and (message.name or "").lower() == "experiment viewed":
            said = message.properties
            yield {
                "experiment_id": word(said.get("experiment_id") or said.get("experimentId")),
                "customer_id": message.user or message.visitor,
                "arm": word(said.get("variation_name") or said.get("variationName") or said.get("variation_id")),
                "assigned_at": message.at,
            }


def _joined(records: Iterable[Record], key: str) -> list[Record]:
    """The records with one key as one: what a later one says holds."""
    joined: dict[str, Record] = {}
    for record in records:
        joined[record[key]] = {**joined.get(record[key], {}), **record}
    return list(joined.values())


def _alike(table: str, records: Iterable[Record]) -> list[Portion]:
    """Records by the columns that they name: a portion changes in all its rows the columns that any of them names."""
    alike: dict[frozenset[str], list[Record]] = {}
    for record in records:
        alike.setdefault(_columns(table, record), []).append(record)
    return [Portion(table, rows) for rows in alike.values()]


def _columns(table: str, record: Record) -> frozenset[str]:
    """What tells apart how records are read: their columns, while all that has no column is read as one."""
    names = _COLUMNS[table]
    return frozenset(name if name in names else "properties" for name in record)
