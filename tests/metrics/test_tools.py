"""Open rate, click-through rate and cost per order, counted by hand."""

import math

import pytest
from scipy import stats

from .conftest import figures, only


def touch(
    number: int, kind: str, customer: str | None, at: str = "2025-01-10", campaign: str | None = "k1", **more: object
) -> dict:
    shared = {"touch_id": f"t{number}", "kind": kind, "customer_id": customer, "at": at, "campaign_id": campaign}
    return {"channel": "email", **shared, **more}


TOUCHES = {
    "touches": [
        touch(1, "delivered", "a"),
        touch(2, "opened", "a", "2025-01-11"),
        touch(3, "opened", "a", "2025-02-11"),  # again: counts once
        touch(4, "clicked", "a", "2025-02-11"),
        touch(5, "delivered", "b", "2025-01-31"),
        touch(6, "opened", "b", "2025-02-03"),  # opened later: belongs to January
        touch(7, "delivered", "c", "2025-01-12"),
        touch(8, "delivered", "a", "2025-02-01", "k2", channel="sms"),
        touch(9, "opened", "d", "2025-01-20"),  # never reported delivered
        touch(10, "delivered", None, "2025-01-20"),  # nobody’s
        touch(11, "delivered", "a", "2025-01-20", None),  # of no campaign and without a number
        touch(12, "delivered", "a", "2025-01-21", None, message_id="m1"),
        touch(13, "sent", "e"),
        touch(14, "visit", "a"),
    ]
}


def test_open_rate_by_month_of_delivery() -> None:
    # January: a and b of a, b, c and the numbered message; three more records could not be used.
    frame = figures("open_rate", TOUCHES)
    assert frame["value"].tolist() == [0.5, 0]
    assert frame["n"].tolist() == [4, 1]
    assert frame["missing_share"].tolist() == pytest.approx([3 / 7, 0])
    expected = stats.binomtest(2, 4).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((expected.low, expected.high))


def test_click_through_rate() -> None:
    assert figures("click_through_rate", TOUCHES)["value"].tolist() == [0.25, 0]


def test_rates_by_channel_and_campaign() -> None:
    frame = figures("open_rate", TOUCHES, "year", by=["channel", "campaign_id"])
    cells = {(row.channel, row.campaign_id): (row.value, row.n) for row in frame.itertuples()}
    assert cells["email", "k1"] == (pytest.approx(2 / 3), 3)
    assert cells["sms", "k2"] == (0, 1)
    assert cells["email", None] == (0, 1)


def test_opening_of_an_undelivered_message_only() -> None:
    found = only("open_rate", {"touches": [touch(1, "opened", "a")]})
    assert (found.n, found.missing_share, found.note) == (0, 1, "none_usable")


COSTS = {
    "spend": [
        {"date": "2025-01-31", "channel": "email", "campaign_id": "k1", "amount": 90, "currency": "EUR"},
        {"date": "2025-02-01", "channel": "web", "campaign_id": "", "amount": 50, "currency": "EUR"},
    ],
    "touches": [
        touch(1, "sent", "a", cost="0.5", currency="EUR"),
        touch(2, "sent", "b", cost="1.5"),
        touch(3, "sent", "c"),
    ],
    "orders": [
        {"order_id": str(number), "ordered_at": at, "status": status, "campaign_id": campaign}
        for number, (at, status, campaign) in enumerate(
            [
                ("2025-01-05", "paid", "k1"),
                ("2025-01-06", None, "k1"),
                ("2025-01-07", "cancelled", "k1"),
                ("2025-01-08", "paid", None),
                ("2025-01-09", "paid", "k2"),
                ("2025-03-09", "paid", None),
            ]
        )
    ],
}


def test_cost_per_order_by_month() -> None:
    # January: 92 by 4 orders; February: 50 and no order; March: an order and no cost recorded.
    frame = figures("cost_per_order", COSTS)
    assert frame["value"].tolist() == pytest.approx([23, math.nan, math.nan], nan_ok=True)
    assert frame["n"].tolist() == [4, 0, 1]
    assert frame["note"].tolist() == ["too_few", "no_data", "no_cost"]
    # Garwood’s limits of 4 are 1.0899 and 10.2416.
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((92 / 10.2416, 92 / 1.0899), rel=1e-4)


def test_cost_per_order_by_campaign() -> None:
    frame = figures("cost_per_order", COSTS, "year", by=["campaign_id"])
    cells = {row.campaign_id: row for row in frame.itertuples()}
    assert cells["k1"].value == 46
    assert cells["k2"].note == "no_cost"
    assert cells[None].value == 25  # spend of a whole channel by the orders of no campaign


def test_costs_in_two_currencies_are_noted() -> None:
    rows = {
        **COSTS,
        "spend": [
            *COSTS["spend"],
            {"date": "2025-01-02", "channel": "web", "campaign_id": "", "amount": 1, "currency": "RUB"},
        ],
    }
    assert figures("cost_per_order", rows)["note"][0] == "mixed_currencies"
