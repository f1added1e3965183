"""Conversion of clicks into orders, counted by hand."""

import math

import pytest
from scipy import stats

from .conftest import figures, only


def click(number: int, customer: str | None, at: str, **more: object) -> dict[str, object]:
    shared = {"touch_id": f"t{number}", "kind": "clicked", "customer_id": customer, "at": at}
    return {"channel": "email", "campaign_id": "k1", **shared, **more}


def order(number: int, customer: str | None, at: str, status: str | None = "paid") -> dict[str, object]:
    return {"order_id": f"o{number}", "customer_id": customer, "ordered_at": at, "status": status}


CLICKS = {
    "touches": [
        click(1, "a", "2025-01-10", link_id="l1"),
        click(2, "a", "2025-01-20", link_id="l2"),  # the same message again
        click(3, "b", "2025-01-31", link_id="l1"),
        click(4, "c", "2025-01-10", link_id="l1"),
        click(5, "d", "2025-01-10"),
        click(6, "e", "2025-01-10", campaign_id=None),  # of no message
        click(7, None, "2025-01-10"),  # nobody’s
        click(8, "f", "2025-02-20"),  # too late to tell
        click(9, "g", "2025-01-10", campaign_id="k2"),
        {**click(10, "a", "2025-01-10"), "kind": "opened"},
    ],
    "orders": [
        order(1, "a", "2025-01-10"),  # at the same moment
        order(2, "a", "2025-01-12"),
        order(3, "b", "2025-02-06T23:59:59"),  # just within seven days
        order(4, "c", "2025-01-17"),  # just past them
        order(5, "d", "2025-01-11", "cancelled"),
        order(6, "d", "2025-01-09"),  # before the click
        order(7, None, "2025-01-11"),
        order(8, "f", "2025-02-21"),
    ],
}


def test_conversion_rate_by_month_of_the_click() -> None:
    # January: a and b of a, b, c, d, g; two clicks could not be used. February: the days are not over.
    frame = figures("conversion_rate", CLICKS)
    assert frame["value"].tolist() == pytest.approx([2 / 5, math.nan], nan_ok=True)
    assert frame["missing_share"].tolist() == pytest.approx([2 / 7, 1])
    expected = stats.binomtest(2, 5).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((expected.low, expected.high))


def test_conversion_rate_by_link_and_campaign() -> None:
    frame = figures("conversion_rate", CLICKS, "year", by=["link_id"])
    cells = {row.link_id: (row.value, row.n) for row in frame.itertuples()}
    assert cells == {"l1": (pytest.approx(2 / 3), 3), "l2": (0, 1), None: (0, 2)}
    frame = figures("conversion_rate", CLICKS, "year", by=["campaign_id"])
    assert dict(zip(frame["campaign_id"], frame["value"], strict=True))["k2"] == 0


def test_the_stretch_after_a_click_can_be_set() -> None:
    assert figures("conversion_rate", CLICKS, days=8)["value"][0] == pytest.approx(3 / 5)


def test_without_orders_nothing_can_be_told() -> None:
    found = only("conversion_rate", {"touches": CLICKS["touches"][:1]})
    assert (found.n, found.missing_share, found.note) == (0, 1, "none_usable")
