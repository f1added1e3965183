"""Histories of purchases for tests of the customer base."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

FIRST_DAY = datetime.fromisoformat("2024-01-01T12:00:00")
GRAINS_OF_PERIODS = ["week", "month", "quarter", "year"]

Sale = tuple[str, int]
Company = dict[str, list[dict[str, Any]]]

histories = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 400)), min_size=1, max_size=40)
"""Who bought how many days after `FIRST_DAY`."""


def orders(*sales: tuple[str | None, str], **more: object) -> Company:
    """Orders of customers at moments, each with what `more` says."""
    return {
        "orders": [
            {"order_id": str(number), "customer_id": customer, "ordered_at": at, **more}
            for number, (customer, at) in enumerate(sales)
        ]
    }


def moments(sales: Sequence[Sale]) -> list[tuple[str, datetime]]:
    """The same history by moments."""
    return [(customer, FIRST_DAY + timedelta(days=day)) for customer, day in sales]


def company_of(sales: Sequence[Sale]) -> Company:
    """A history as tables: revenue is the day's number, and customers differ in segment and region."""
    rows = orders(*((customer, at.isoformat()) for customer, at in moments(sales)), currency="EUR")
    for row, (_, day) in zip(rows["orders"], sales, strict=True):
        row["revenue"] = day + 1
    rows["customers"] = [
        {"customer_id": customer, "segment": segment, "region": region, "referrer_id": referrer}
        for customer, segment, region, referrer in (
            ("a", "private", "north", None),
            ("b", "business", "south", "a"),
            ("c", None, "north", "a"),
            ("d", "private", None, "d"),
        )
    ]
    return rows
