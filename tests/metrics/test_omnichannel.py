"""Shares of O2O and O2O2O orders, counted by hand."""

import pytest
from scipy import stats

from .conftest import figures, only


def order(number: int, customer: str | None, online: bool | None, at: str = "2025-03-31", **more: object) -> dict:
    return {"order_id": f"o{number}", "customer_id": customer, "online": online, "ordered_at": at, **more}


def touch(number: int, customer: str | None, kind: str, online: bool | None, at: str) -> dict:
    return {"touch_id": f"t{number}", "customer_id": customer, "kind": kind, "online": online, "at": at}


PATHS = {
    "orders": [
        order(1, "a", True, channel="web"),  # store, site → site: once
        order(2, "b", True, channel="web"),  # site, store → site: there and back
        order(3, "c", False, channel="store"),  # site → store: once
        order(4, "d", True, channel="web"),  # site only
        order(5, "e", False, channel="store"),  # store, site, store, site → store: there and back
        order(6, "f", True, channel="web"),  # nothing before it
        order(7, "g", None),
        order(8, None, True),
        order(9, "c", False, status="cancelled"),
        order(10, "b", True, "2025-04-15", channel="web"),  # of the site visit in March only the store is in reach
    ],
    "touches": [
        touch(1, "a", "store_visit", False, "2025-03-02"),
        touch(2, "a", "visit", True, "2025-03-03"),
        touch(3, "b", "visit", True, "2025-03-01"),  # exactly thirty days before
        touch(4, "b", "store_visit", False, "2025-03-30"),
        touch(5, "c", "clicked", True, "2025-03-30T23:59:59"),
        touch(6, "d", "visit", True, "2025-03-10"),
        touch(7, "d", "delivered", False, "2025-03-10"),  # a letter on paper is not a step of the customer
        touch(8, "d", "store_visit", False, "2025-02-28"),  # too long ago
        touch(9, "d", "store_visit", False, "2025-03-31"),  # at the same moment: not before it
        touch(10, "d", "call", None, "2025-03-11"),
        touch(11, "e", "store_visit", False, "2025-03-05"),
        touch(12, "e", "chat", True, "2025-03-06"),
        touch(13, "e", "meeting", False, "2025-03-07"),
        touch(14, "e", "visit", True, "2025-03-08"),
        touch(15, None, "visit", True, "2025-03-08"),
    ],
}


def test_o2o_share_by_month() -> None:
    # March: orders 1, 2, 3, 5 of 1 to 6; 7 and 8 are missing. April: order 10.
    frame = figures("o2o_share", PATHS)
    assert frame["value"].tolist() == pytest.approx([4 / 6, 1])
    assert frame["n"].tolist() == [6, 1]
    assert frame["missing_share"].tolist() == pytest.approx([2 / 8, 0])
    expected = stats.binomtest(4, 6).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((expected.low, expected.high))


def test_o2o2o_share_by_month() -> None:
    frame = figures("o2o2o_share", PATHS)
    assert frame["value"].tolist() == pytest.approx([2 / 6, 0])
    # A part of the history asked for by itself sees the touches before it.
    assert figures("o2o2o_share", PATHS, start="2025-04-01", end="2025-05-01")["value"].tolist() == [0]
    assert figures("o2o_share", PATHS, start="2025-04-01", end="2025-05-01")["value"].tolist() == [1]


def test_direction_by_the_world_of_the_order() -> None:
    frame = figures("o2o_share", PATHS, "quarter", by=["online"], end="2025-04-01")
    cells = {row.online: (row.value, row.n) for row in frame.itertuples()}
    assert cells["false"] == (1, 2)
    assert cells["true"] == (0.5, 4)
    assert cells[None][1] == 0
    frame = figures("o2o_share", PATHS, "quarter", by=["channel"], end="2025-04-01")
    assert dict(zip(frame["channel"], frame["n"], strict=True)) == {"store": 2, "web": 4, None: 0}


def test_the_window_can_be_set() -> None:
    assert figures("o2o_share", PATHS, window_days=32)["value"][0] == pytest.approx(
        5 / 6
    )  # d’s store visit is in reach
    assert figures("o2o2o_share", PATHS, window_days=29)["value"][0] == pytest.approx(1 / 6)


def test_without_touches_nothing_crosses() -> None:
    found = only("o2o_share", {"orders": PATHS["orders"][:1]})
    assert (found.value, found.n) == (0, 1)
