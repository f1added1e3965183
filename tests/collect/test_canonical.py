"""Messages become rows: what each leaves, counted by hand; whatever comes, nothing is lost."""

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.collect.canonical import portions_of
from septima.collect.orders import known_orders, order_ids
from septima.collect.segment import message_of
from septima.lake.append import append_portions
from septima.lake.load import TableCounts
from septima.lake.store import Lake

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
Rows = Callable[[str, str], list[tuple[Any, ...]]]


_batches = itertools.count()


def bring(lake: Lake, *sent: object, sent_at: str | None = None) -> dict[str, TableCounts]:
    messages = [message_of(one, sent_at, NOON) for one in sent]
    known = known_orders(lake, order_ids(messages))
    batch = f"b{next(_batches)}"
    return dict(append_portions(lake, portions_of(messages, "site", known), "site", batch=batch).tables)


def track(number: str, event: str, at: str = "2026-03-01T10:00:00Z", **properties: object) -> dict[str, object]:
    return {
        "type": "track",
        "messageId": number,
        "userId": "c1",
        "event": event,
        "timestamp": at,
        "properties": properties,
    }


def test_a_page_and_an_event_are_touches_with_what_they_say(lake: Lake, rows_of: Rows) -> None:
    page = {
        "type": "page",
        "messageId": "m1",
        "anonymousId": "v1",
        "name": "Home",
        "timestamp": "2026-03-01T13:00:00+03:00",
        "context": {"campaign": {"name": "spring", "source": "vk"}, "page": {"url": "https://shop.example/"}},
    }
    bring(lake, page, track("m2", "Email Link Clicked", email_id="letter", link_id="L7", campaign_id="spring"))
    assert rows_of(
        "touches", 'touch_id, customer_id, "at", channel, direction, kind, campaign_id, link_id, message_id'
    ) == [
        ("site:m1", "v1", datetime(2026, 3, 1, 10), "web", "in", "visit", "spring", None, None),  # noqa: DTZ001
        ("site:m2", "c1", datetime(2026, 3, 1, 10), "email", "in", "clicked", "spring", "L7", "letter"),  # noqa: DTZ001
    ]
    home = rows_of("touches", "touch_id, properties")[0]
    assert json.loads(home[1]) == {"page": "Home", "url": "https://shop.example/", "utm_source": "vk"}


def test_the_same_message_again_changes_nothing(lake: Lake, rows_of: Rows) -> None:
    bring(lake, track("m1", "Product Viewed"))
    again = bring(lake, track("m1", "Product Viewed", at="2026-03-01T11:00:00Z"), track("m2", "Product Viewed"))
    assert again["touches"] == TableCounts(read=2, loaded=1, duplicate=1)
    assert rows_of("touches", 'touch_id, hour("at")') == [("site:m1", 10), ("site:m2", 10)]


def test_a_clock_that_is_wrong_is_counted_back_from_when_the_message_came(lake: Lake, rows_of: Rows) -> None:
    wrong = NOON + timedelta(days=400)
    sent = track("m1", "Product Viewed", at=(wrong - timedelta(minutes=5)).isoformat())
    bring(lake, sent, sent_at=wrong.isoformat())
    assert rows_of("touches", '"at"') == [(datetime(2026, 3, 1, 11, 55),)]  # noqa: DTZ001


def test_an_order_leaves_its_lines_and_its_products(lake: Lake, rows_of: Rows) -> None:
    lines = [
        {"product_id": "p1", "name": "Lamp", "category": "Light", "price": 10.5, "quantity": 2},
        {"sku": "p2", "price": "7"},
    ]
    bring(
        lake,
        track(
            "m1",
            "Order Completed",
            order_id="o1",
            total=30,
            revenue=25,
            discount=3,
            currency="EUR",
            coupon="MAY",
            products=lines,
        ),
    )
    assert rows_of("orders", "order_id, customer_id, status, revenue, discount, currency, promo_id") == [
        ("o1", "c1", "completed", Decimal(25), Decimal(3), "EUR", "MAY")
    ]
    assert rows_of("order_items", "order_id, line, product_id, quantity, price") == [
        ("o1", "1", "p1", Decimal(2), Decimal("10.5")),
        ("o1", "2", "p2", Decimal(1), Decimal(7)),
    ]
    assert rows_of("products", "product_id, name, price") == [("p1", "Lamp", Decimal("10.5")), ("p2", None, Decimal(7))]
    assert rows_of("touches", "kind") == [("conversion",)]


STORY = [
    track("m1", "Order Completed", at="2026-03-01T08:00:00Z", order_id="o1", revenue=100),
    track("m2", "Order Updated", at="2026-03-01T09:00:00Z", order_id="o1", revenue=120),
    track(
        "m3", "Order Refunded", at="2026-03-01T10:00:00Z", order_id="o1", revenue=20, products=[{"product_id": "p1"}]
    ),
    track("m4", "Order Cancelled", at="2026-03-01T11:00:00Z", order_id="o1"),
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_an_order_ends_the_same_in_whatever_order_its_events_come(
    lake: Lake, rows_of: Rows, order: tuple[int, ...]
) -> None:
    bring(lake, STORY[order[0]], STORY[order[1]])
    bring(lake, STORY[order[2]])
    bring(lake, STORY[order[3]], STORY[order[0]])
    assert rows_of("orders", "order_id, status, revenue, hour(ordered_at)") == [
        ("o1", "cancelled", Decimal(120), 8),
        ("o1:refund:site:m3", "completed", Decimal(-20), 10),
    ]


def test_what_is_known_of_a_customer_is_joined_and_kept(lake: Lake, rows_of: Rows) -> None:
    bring(
        lake,
        {"type": "identify", "userId": "c1", "anonymousId": "v1", "traits": {"email": "a@example.org", "plan": "gold"}},
    )
    bring(
        lake,
        {
            "type": "identify",
            "userId": "c1",
            "traits": {"firstName": "Anna", "lastName": "Li", "address": {"city": "Omsk"}},
        },
        {"type": "group", "userId": "c1", "groupId": "g1", "traits": {"name": "Works"}},
        {"type": "alias", "userId": "c1", "previousId": "old"},
    )
    assert rows_of("customers", "customer_id, name, email, region") == [("c1", "Anna Li", "a@example.org", "Omsk")]
    (kept,) = rows_of("customers", "properties")
    assert json.loads(kept[0])["plan"] == "gold"
    assert json.loads(kept[0])["group"] == {"name": "Works"}
    assert rows_of("identities", "customer_id, id_type, id_value") == [
        ("c1", "alias", "old"),
        ("c1", "email", "a@example.org"),
        ("c1", "visitor_id", "v1"),
        ("old", "alias", "old"),
        ("v1", "visitor_id", "v1"),
    ]


def test_arms_of_experiments_are_assignments(lake: Lake, rows_of: Rows) -> None:
    bring(lake, track("m1", "Experiment Viewed", experiment_id="e1", variation_name="blue"))
    assert rows_of("assignments", "experiment_id, customer_id, arm") == [("e1", "c1", "blue")]


def test_what_says_nothing_is_put_aside_with_its_reason(lake: Lake, rows_of: Rows) -> None:
    made = bring(
        lake, 7, {"type": "track", "messageId": "m1"}, track("m2", "Seen", at="yesterday"), track("m3", "Seen")
    )
    assert made["touches"] == TableCounts(read=4, loaded=1, quarantined=3)
    assert {column for (column,) in rows_of("quarantine", '"column"')} == {"touch_id", "kind", "at"}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["track", "page", "identify", "alias", "group", "Order Completed", "Order Refunded", "\ud800", "\x00"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
messages = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "page", "screen", "identify", "group", "alias", "no"]) | json_values,
        "event": st.sampled_from(["Order Completed", "Order Refunded", "Seen", "Experiment Viewed"]) | json_values,
        "messageId": json_values,
        "userId": json_values,
        "anonymousId": json_values,
        "timestamp": st.sampled_from(["2026-03-01T10:00:00Z", "now"]) | json_values,
        "properties": st.fixed_dictionaries(
            {},
            optional={"order_id": json_values, "total": json_values, "products": json_values, "currency": json_values},
        )
        | json_values,
        "traits": json_values,
        "context": json_values,
        "groupId": json_values,
        "previousId": json_values,
    },
)


@given(st.lists(messages | json_values, min_size=1, max_size=6))
@settings(max_examples=60)
def test_whatever_comes_each_row_is_loaded_doubled_or_put_aside(
    tmp_path_factory: pytest.TempPathFactory, sent: list[object]
) -> None:
    lake = Lake.create(tmp_path_factory.mktemp("any") / "lake")
    made = bring(lake, *sent)
    for name, counts in made.items():
        assert counts.read == counts.loaded + counts.updated + counts.duplicate + counts.quarantined, name
    touching = [
        one for one in sent if not isinstance(one, dict) or one.get("type") not in ("identify", "group", "alias")
    ]
    assert made["touches"].read == len(touching)


@pytest.mark.parametrize(
    ("medium", "channel"), [("email", "email"), ("E-mail", "email"), ("sms", "sms"), ("CPC", "cpc"), (None, "web")]
)
def test_a_tracked_link_is_clicked_in_the_channel_of_its_campaign(medium: str | None, channel: str) -> None:
    context = {"campaign": {"name": "june", **({} if medium is None else {"medium": medium})}}
    clicked = message_of(
        {"type": "track", "messageId": "1", "event": "Tracked Link Clicked", "context": context}, None, NOON
    )
    (touch,) = portions_of([clicked], "links", {})[0].records
    assert (touch["kind"], touch["channel"], touch["campaign_id"]) == ("clicked", channel, "june")
