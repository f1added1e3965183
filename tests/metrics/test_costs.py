"""What marketing costs by what it gives, counted by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from .conftest import figures, only


def touch(
    number: int, kind: str, customer: str | None, at: str = "2025-01-10", campaign: str | None = "k1", **more: object
) -> dict:
    shared = {"touch_id": f"t{number}", "kind": kind, "customer_id": customer, "at": at, "campaign_id": campaign}
    return {"channel": "email", **shared, **more}


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


CONTACTS = {
    "spend": [
        {"date": "2025-01-31", "channel": "search", "campaign_id": "k2", "amount": 200, "currency": "EUR"},
        {"date": "2025-01-31", "channel": "search", "campaign_id": "", "amount": 100, "currency": "EUR"},
    ],
    "touches": [
        *(touch(number, "delivered", "a", cost="0.5", currency="EUR") for number in range(4)),
        *(touch(number, "impression", None, campaign="k2", channel="search") for number in range(10, 16)),
        touch(20, "clicked", "a"),
        touch(21, "clicked", "a"),
        *(touch(number, "clicked", None, campaign="k2", channel="search") for number in range(30, 33)),
        touch(40, "opened", "a"),
        touch(41, "store_visit", "a", channel="store"),
    ],
}


def test_cost_per_thousand_contacts_adds_impressions_and_deliveries() -> None:
    # 302 by 4 deliveries and 6 impressions.
    found = only("cost_per_mille", CONTACTS)
    assert (found.value, found.n) == (pytest.approx(30_200), 10)
    garwood = stats.chi2.ppf([0.025, 0.975], [20, 22]) / 2
    assert (found.lower, found.upper) == pytest.approx((302_000 / garwood[1], 302_000 / garwood[0]))
    frame = figures("cost_per_mille", CONTACTS, "year", by=["channel"])
    assert dict(zip(frame["channel"], frame["value"], strict=True)) == {"email": 500, "search": pytest.approx(50_000)}


def test_cost_per_click_counts_every_click() -> None:
    frame = figures("cost_per_click", CONTACTS, "year", by=["campaign_id"])
    cells = {row.campaign_id: (row.value, row.n) for row in frame.itertuples()}
    assert cells["k1"] == (1, 2)
    assert cells["k2"] == (pytest.approx(200 / 3), 3)
    assert math.isnan(cells[None][0])
    assert only("cost_per_click", {"touches": [touch(1, "clicked", "a")]}).note == "no_cost"


def sold(number: int, revenue: object, cost: object, campaign: str | None = "k1", **more: object) -> dict[str, object]:
    shared = {"order_id": f"o{number}", "ordered_at": "2025-01-20", "revenue": revenue, "cost": cost}
    return {**shared, "campaign_id": campaign, "currency": "EUR", "channel": "store", **more}


RETURNS = {
    **CONTACTS,
    "campaigns": [
        {"campaign_id": "k1", "channel": "email"},
        {"campaign_id": "k2", "channel": "search"},
    ],
    "orders": [
        sold(1, 10, 4),
        sold(2, 8, 6),
        sold(3, 100, None),  # of unknown margin
        sold(4, 100, 1, status="returned"),
        sold(5, 100, 1, campaign=None),
        sold(6, 90, 60, campaign="k2"),
        sold(7, 70, 80, campaign="k2"),  # at a loss
    ],
}


def test_romi_of_campaigns() -> None:
    # Margins 6 + 2 and 30 − 10 less costs 2 and 200; the 100 of no campaign is left out.
    found = only("romi", RETURNS)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(28 / 202 - 1), 4, pytest.approx(1 / 5))
    half = stats.norm.ppf(0.975) * math.sqrt(36 + 4 + 900 + 100)
    assert (found.lower, found.upper) == pytest.approx(((28 - half) / 202 - 1, (28 + half) / 202 - 1))


def test_romi_by_campaign_and_by_the_channel_of_the_campaign() -> None:
    frame = figures("romi", RETURNS, "year", by=["campaign_id"])
    assert dict(zip(frame["campaign_id"], frame["value"], strict=True)) == {"k1": 3, "k2": pytest.approx(-0.9)}
    frame = figures("romi", RETURNS, "year", by=["channel"])
    assert dict(zip(frame["channel"], frame["value"], strict=True)) == {"email": 3, "search": pytest.approx(-0.9)}
    # Fay and Feuer with y = 8, v = 40, w = 6.
    bounds = 40 / 16 * stats.chi2.ppf(0.025, 128 / 40), 76 / 28 * stats.chi2.ppf(0.975, 2 * 14**2 / 76)
    assert frame[["lower", "upper"]].to_numpy()[0] == pytest.approx(np.array(bounds) / 2 - 1)


def test_romi_without_costs_or_margins_is_undefined() -> None:
    assert only("romi", {"orders": [sold(1, 10, 4)]}).note == "no_cost"
    unknown = only("romi", {**CONTACTS, "orders": [sold(1, 10, None)]})
    assert math.isnan(unknown.value)
    assert (unknown.missing_share, unknown.note) == (1, "none_usable")
