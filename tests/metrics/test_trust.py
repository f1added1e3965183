"""Completeness and timeliness, counted by hand."""

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
