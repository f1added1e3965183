"""Completeness, validity and timeliness, counted by hand."""

import pytest
from scipy import stats

from .conftest import figures, only

ORDERS = {
    "orders": [
        # Twelve columns beside the key: two, one and four of them filled.
        {"order_id": "1", "ordered_at": "2025-01-10", "customer_id": "a", "loaded_at": "2025-01-11"},
        {"order_id": "2", "ordered_at": "2025-01-10", "loaded_at": "2025-01-11T00:00:00.000001", "source": "till"},
        {"order_id": "3", "ordered_at": "2025-02-10", "channel": "web", "revenue": 0, "online": False},
    ]
}


def test_completeness_counts_cells_beside_the_key() -> None:
    frame = figures("completeness", ORDERS)
    assert frame["value"].tolist() == pytest.approx([3 / 24, 4 / 12])
    assert frame["n"].tolist() == [24, 12]
    expected = stats.binomtest(3, 24).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((expected.low, expected.high))


def test_completeness_by_table_and_source() -> None:
    # A product has no moment of its own and stands at its loading, 1 January 2026: 2 of 5 columns.
    rows = ORDERS | {"products": [{"product_id": "p", "name": "Cup", "price": 3}]}
    frame = figures("completeness", rows, "year", by=["table", "source"])
    cells = {(row.table, row.source, row.period.year): row.value for row in frame.itertuples()}
    assert cells["orders", "test", 2025] == pytest.approx(6 / 24)
    assert cells["orders", "till", 2025] == pytest.approx(1 / 12)
    assert cells["products", "test", 2026] == pytest.approx(2 / 5)


def test_completeness_by_column() -> None:
    frame = figures(
        "completeness", ORDERS | {"products": [{"product_id": "p", "name": "Cup"}]}, "year", by=["table", "column"]
    )
    cells = {(row.table, row.column, row.period.year): (row.value, row.n) for row in frame.itertuples() if row.n}
    assert cells["orders", "customer_id", 2025] == (1 / 3, 3)
    assert cells["orders", "ordered_at", 2025] == (1, 3)
    assert cells["orders", "status", 2025] == (0, 3)
    assert cells["products", "name", 2026] == (1, 1)
    # Twelve columns of orders, five of products: what the figure without slices adds up.
    assert len(cells) == 12 + 5
    by_source = figures("completeness", ORDERS, "all", by=["column", "source"])
    assert {(row.source, row.value) for row in by_source.itertuples() if row.column == "online"} == {
        ("test", 1 / 2),
        ("till", 0),
    }


def test_validity_counts_a_refused_row_once_and_a_mended_one_as_loaded() -> None:
    waiting = {"source": "till", "file": "o.csv", "table": "orders", "reason": "no", "loaded_at": "2025-01-11"}
    rows = ORDERS | {
        "quarantine": [
            {"quarantine_id": "1", "row": 7, "column": "revenue", **waiting},
            {"quarantine_id": "2", "row": 7, "column": "status", **waiting},
            {"quarantine_id": "3", "row": 8, "column": "status", **waiting},
            {"quarantine_id": "4", "row": 9, "column": "status", **waiting, "resolved_at": "2025-01-12"},
        ]
    }
    frame = figures("validity", rows, "year")
    # Two orders were loaded in 2025 and two rows refused; the third order came in 2026.
    assert frame["value"].tolist() == [2 / 4, 1]
    expected = stats.binomtest(2, 4).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((expected.low, expected.high))
    by_source = {row.source: (row.value, row.n) for row in figures("validity", rows, "all", by=["source"]).itertuples()}
    assert by_source == {"test": (1, 2), "till": (1 / 3, 3)}


def test_timeliness_within_a_day() -> None:
    # To the moment a day later: in time; a microsecond more: late; February’s order came in 2026: late.
    frame = figures("timeliness", ORDERS)
    assert frame["value"].tolist() == [0.5, 0]
    assert figures("timeliness", ORDERS, days=400)["value"].tolist() == [1, 1]


def test_timeliness_of_days_counts_from_their_end() -> None:
    rows = {
        "spend": [
            {"date": "2025-01-10", "channel": "web", "campaign_id": "", "amount": 1, "loaded_at": "2025-01-12"},
            {"date": "2025-01-10", "channel": "tv", "campaign_id": "", "amount": 1, "loaded_at": "2025-01-12T00:00:01"},
        ]
    }
    assert only("timeliness", rows).value == 0.5


def test_timeliness_leaves_out_what_has_not_happened() -> None:
    rows = {
        "deals": [{"deal_id": "1", "outcome": "open"}, {"deal_id": "2", "closed_at": "2025-12-31T12:00:00"}],
        "customers": [{"customer_id": "a"}],  # exists, nobody knows since when: missing
    }
    frame = figures("timeliness", rows, "all", by=["table"])
    cells = {row.table: (row.value, row.n, row.missing_share) for row in frame.itertuples()}
    assert cells["deals"] == (1, 1, 0)
    assert cells["customers"][1:] == (0, 1)
