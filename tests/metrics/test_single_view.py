"""Uniqueness, single view and availability, counted by hand."""

from typing import Any

import pytest
from scipy import stats

from .conftest import figures, only


def merged(customer: str, master: str, at: str, *, undone: str | None = None) -> dict[str, Any]:
    return {
        "customer_id": customer, "master_id": master, "linked_id": master, "rule": "by_hand", "score": 1.0, "evidence": "",
        "run": 1, "decided_at": at, "author": "me", "undone_at": undone, "recorded_at": undone or at,
    }  # fmt: skip


CUSTOMERS = [
    {"customer_id": "a", "created_at": "2025-01-05", "email": "a@x.example", "region": "north"},
    {"customer_id": "b", "created_at": "2025-01-06", "phone": "+7900", "source": "till"},
    {"customer_id": "c", "created_at": "2025-02-01", "name": "C", "birth_date": "1990-01-01", "source": "till"},
    {"customer_id": "d", "created_at": "2025-02-01", "name": "D"},
    {"customer_id": "e", "created_at": "2025-02-01"},
]
CARD = [
    {"customer_id": "e", "id_type": "Card", "id_value": "7"},
    {"customer_id": "e", "id_type": "email", "id_value": "e@x.example"},
    {"customer_id": "d", "id_type": "cookie", "id_value": "z"},
]


def test_uniqueness_counts_records_merged_into_no_other() -> None:
    # b is merged into a; c was merged too, but it was undone; of d there is nothing to compare.
    merges = [
        merged("b", "a", "2025-03-01"),
        merged("c", "a", "2025-03-01"),
        merged("c", "a", "2025-03-01", undone="2025-03-02"),
    ]
    rows = {"customers": CUSTOMERS, "identities": CARD, "merges": merges}
    frame = figures("uniqueness", rows)
    assert frame["value"].tolist() == [1 / 2, 1]
    assert frame["n"].tolist() == [2, 2]
    assert frame["missing_share"].tolist() == pytest.approx([0, 1 / 3])
    expected = stats.binomtest(1, 2).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((expected.low, expected.high))
    by_source = {row.source: row.value for row in figures("uniqueness", rows, "all", ["source"]).itertuples()}
    assert by_source == {"test": 1, "till": 1 / 2}


def test_without_merges_everybody_is_unique() -> None:
    assert only("uniqueness", {"customers": CUSTOMERS}).value == 1


def test_single_view_ties_records_to_customers_who_are_known() -> None:
    rows = {
        "customers": CUSTOMERS[:2],
        "orders": [
            {"order_id": "1", "customer_id": "a", "ordered_at": "2025-03-01"},
            {"order_id": "2", "customer_id": "z", "ordered_at": "2025-03-01"},
            {"order_id": "3", "ordered_at": "2025-03-02"},
        ],
        "calls": [{"call_id": "1", "customer_id": "b", "at": "2025-03-05", "source": "till"}],
        # Not settled, so it stands at its loading, 1 January 2026.
        "deals": [{"deal_id": "1", "customer_id": "a"}],
    }
    frame = figures("single_view_share", rows, "year")
    assert frame["value"].tolist() == [2 / 4, 1]
    assert frame["n"].tolist() == [4, 1]
    by_table = {row.table: row.value for row in figures("single_view_share", rows, "all", ["table"]).itertuples()}
    assert by_table == {"orders": pytest.approx(1 / 3), "calls": 1, "deals": 1}
    # z, whom no table of customers knows, is the same person as a.
    assert only("single_view_share", rows | {"merges": [merged("z", "a", "2025-03-01")]}).value == 4 / 5


def test_availability_asks_whether_the_card_was_opened_by_the_one_who_serves() -> None:
    rows = {
        "accesses": [
            {"employee_id": "e1", "customer_id": "a", "at": "2025-03-01T10:00:00"},
            {"employee_id": "e1", "customer_id": "a", "at": "2025-03-09T10:00:00"},
        ],
        "calls": [
            {"call_id": "1", "customer_id": "a", "employee_id": "e1", "at": "2025-03-01T10:00:00"},  # this moment
            {"call_id": "2", "customer_id": "a", "employee_id": "e1", "at": "2025-03-02T10:00:00"},  # just 24 hours
            {"call_id": "3", "customer_id": "a", "employee_id": "e1", "at": "2025-03-02T10:00:01"},  # too long ago
            {"call_id": "4", "customer_id": "a", "employee_id": "e1", "at": "2025-03-01T09:59:59"},  # not yet
            {"call_id": "5", "customer_id": "a", "employee_id": "e2", "at": "2025-03-01T11:00:00"},  # another opened it
            {"call_id": "6", "customer_id": "b", "employee_id": "e1", "at": "2025-03-01T11:00:00"},  # another’s card
            {"call_id": "7", "customer_id": "a", "at": "2025-03-01T11:00:00"},  # by whom is not known
            {"call_id": "8", "customer_id": "a", "employee_id": "e1", "at": "2025-03-01T11:00:00", "answered": False},
        ],
        "touches": [
            {"touch_id": "1", "customer_id": "a", "employee_id": "e1", "at": "2025-03-01T12:00:00", "kind": "chat", "department": "sales"},
            {"touch_id": "2", "employee_id": "e1", "at": "2025-03-01T12:00:00", "kind": "chat"},  # with whom is not known
            {"touch_id": "3", "customer_id": "a", "at": "2025-03-01T12:00:00", "kind": "chat"},  # nobody served
            {"touch_id": "4", "customer_id": "a", "employee_id": "e1", "at": "2025-03-01T12:00:00", "kind": "call"},
            {"touch_id": "5", "customer_id": "a", "employee_id": "e1", "at": "2025-03-01T12:00:00", "kind": "opened"},
        ],
    }  # fmt: skip
    figure = only("availability", rows)
    assert (figure.value, figure.n, figure.missing_share) == (3 / 7, 7, pytest.approx(2 / 9))
    assert only("availability", rows, hours=25).value == 4 / 7
    by = {
        (row.table, row.department): row.value
        for row in figures("availability", rows, "all", ["table", "department"]).itertuples()
    }
    assert by == {
        ("calls", None): 2 / 6,
        ("touches", "sales"): 1,
        ("touches", None): pytest.approx(float("nan"), nan_ok=True),
    }


@pytest.mark.parametrize("id_", ["uniqueness", "single_view_share", "availability", "validity"])
def test_nothing_gives_no_figure(id_: str) -> None:
    assert figures(id_, {}).empty
