"""Revenue, average order value, margin and discount, counted by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from .conftest import figures, only

Z = stats.norm.ppf(0.975)


def order(number: int, at: str, revenue: object = 10, **more: object) -> dict[str, object]:
    return {"order_id": f"o{number}", "customer_id": "c1", "ordered_at": at, "revenue": revenue, **more}


ORDERS = {
    "orders": [
        order(1, "2025-01-01", 10, cost=4, channel="web", status="paid"),
        order(2, "2025-01-31T23:59:59.999999", 20, cost=10, channel="store"),
        order(3, "2025-01-15", None, cost=5, channel="web"),
        order(4, "2025-01-15", 1000, cost=1, channel="web", status="cancelled"),
        order(5, "2025-01-15", 1000, cost=1, channel="web", status="returned"),
        order(6, "2025-02-01", 30.5, channel="web"),
        order(7, "2025-04-10", 40, cost=8),
    ]
}


def test_revenue_by_month() -> None:
    # January: 10 + 20, two of three sold orders have an amount; March has none and stands as zero.
    frame = figures("revenue", ORDERS)
    assert frame["period"].dt.strftime("%Y-%m-%d").tolist() == ["2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01"]
    assert frame["value"].tolist() == [30, 30.5, 0, 40]
    assert frame["n"].tolist() == [2, 1, 0, 1]
    assert frame["missing_share"].tolist() == pytest.approx([1 / 3, 0, math.nan, 0], nan_ok=True)
    assert frame["note"].tolist() == ["too_few", "too_few", "no_data", "too_few"]
    # Fay and Feuer with y = 30, v = 10² + 20² = 500 and w = 20: v/2y = 25/3 and 2y²/v = 3.6 below,
    # (v + w²)/2(y + w) = 9 and 2(y + w)²/(v + w²) = 50/9 above.
    assert frame["lower"][0] == pytest.approx(25 / 3 * stats.chi2.ppf(0.025, 3.6))
    assert frame["upper"][0] == pytest.approx(9 * stats.chi2.ppf(0.975, 50 / 9))


def test_revenue_of_orders_without_amounts_is_unknown() -> None:
    figure = only("revenue", {"orders": [order(1, "2025-01-05", None), order(2, "2025-01-06", None)]})
    assert math.isnan(figure.value)
    assert (figure.n, figure.missing_share, figure.note) == (0, 1, "none_usable")


def test_revenue_is_not_too_few_from_thirty_orders_on() -> None:
    rows = {"orders": [order(number, "2025-01-05") for number in range(30)]}
    assert only("revenue", rows).note is None
    assert only("revenue", {"orders": rows["orders"][1:]}).note == "too_few"


def test_revenue_by_a_slice_with_an_unknown_member() -> None:
    frame = figures("revenue", ORDERS, "year", by=["channel"])
    assert dict(zip(frame["channel"], frame["value"], strict=True)) == {"store": 20, "web": 40.5, None: 40}


def test_two_currencies_are_noted() -> None:
    rows = {"orders": [order(1, "2025-01-01", 10, currency="EUR"), order(2, "2025-01-02", 10, currency="USD")]}
    assert only("revenue", rows).note == "mixed_currencies"
    assert only("average_order_value", rows).note == "mixed_currencies"
    assert figures("revenue", rows, "all", by=["currency"])["note"].tolist() == ["too_few", "too_few"]


@settings(max_examples=10, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 80),
            st.decimals(0, 10_000, places=4),
            st.sampled_from(["web", "store", None]),
            st.sampled_from(["c1", "c2", None]),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_slices_of_revenue_sum_to_the_whole(sales: list[tuple]) -> None:
    rows = {
        "orders": [
            {
                "order_id": str(number),
                "ordered_at": str(np.datetime64("2025-01-01") + day),
                "revenue": revenue,
                "channel": channel,
                "customer_id": customer,
            }
            for number, (day, revenue, channel, customer) in enumerate(sales)
        ],
        "customers": [{"customer_id": "c1", "region": "north"}, {"customer_id": "c2"}],
    }
    expected = float(sum(sale[1] for sale in sales))
    for by in ([], ["channel"], ["region"], ["channel", "region"]):
        frame = figures("revenue", rows, "month", by=by)
        assert frame["value"].sum() == pytest.approx(expected)
        assert frame["n"].sum() == len(sales)


def test_average_order_value_is_a_mean_with_students_interval() -> None:
    amounts = [12.5, 30, 7.25, 100, 18]
    rows = {"orders": [order(number, "2025-03-03", amount) for number, amount in enumerate(amounts)]}
    found = only("average_order_value", rows)
    expected = stats.ttest_1samp(amounts, 0).confidence_interval(0.95)
    assert (found.value, found.n) == (pytest.approx(33.55), 5)
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))


def test_average_of_no_amounts_is_undefined() -> None:
    found = only("average_order_value", {"orders": [order(1, "2025-01-01", None)]})
    assert math.isnan(found.value)
    assert (found.n, found.missing_share, found.note) == (0, 1, "none_usable")


def test_gross_margin_by_hand() -> None:
    # In 2025 both amounts are known in orders 1, 2 and 7: revenue 70, cost 22; orders 3 and 6 lack one of them.
    found = only("gross_margin", ORDERS)
    assert found.value == pytest.approx(48 / 70)
    assert (found.n, found.missing_share) == (3, pytest.approx(2 / 5))
    residuals = np.array([4, 10, 8]) - 22 / 70 * np.array([10, 20, 40])
    half = Z * math.sqrt(1.5 * (residuals**2).sum()) / 70
    assert (found.lower, found.upper) == pytest.approx((48 / 70 - half, 48 / 70 + half))


def test_gross_profit_by_month() -> None:
    # January: 6 + 10 of three sold orders; February: an order of unknown cost; March: none; April: 32.
    frame = figures("gross_profit", ORDERS)
    assert frame["value"].tolist() == pytest.approx([16, math.nan, 0, 32], nan_ok=True)
    assert frame["n"].tolist() == [2, 0, 0, 1]
    # Fay and Feuer with y = 16, v = 6² + 10² = 136, w = 10.
    lower, upper = 136 / 32 * stats.chi2.ppf(0.025, 512 / 136), 236 / 52 * stats.chi2.ppf(0.975, 2 * 26**2 / 236)
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((lower, upper))


def test_sales_at_a_loss_make_profit_negative() -> None:
    rows = {"orders": [order(1, "2025-01-05", 10, cost=4), order(2, "2025-01-06", 10, cost=18)]}
    found = only("gross_profit", rows)
    assert (found.value, found.lower, found.upper) == (-2, pytest.approx(-2 - Z * 10), pytest.approx(-2 + Z * 10))


def test_discount_share_by_promotion() -> None:
    rows = {
        "orders": [
            order(1, "2025-01-05", 90, discount=10, promo_id="p1"),
            order(2, "2025-01-06", 60, discount=40, promo_id="p1"),
            order(3, "2025-01-07", 50, discount=0),
            order(4, "2025-01-08", 50),  # nobody knows of a discount
            order(5, "2025-01-09", None, discount=5),
            order(6, "2025-01-10", 1, discount=99, status="cancelled"),
        ]
    }
    frame = figures("discount_share", rows, "year", by=["promo_id"])
    assert frame["value"].tolist() == [0.25, 0]
    assert frame["missing_share"].tolist() == pytest.approx([0, 2 / 3])
    found = only("discount_share", rows)
    assert (found.value, found.n, found.missing_share) == (0.2, 3, pytest.approx(2 / 5))
    residuals = np.array([10, 40, 0]) - 0.2 * np.array([100, 100, 50])
    half = Z * math.sqrt(1.5 * (residuals**2).sum()) / 250
    assert (found.lower, found.upper) == pytest.approx((0.2 - half, 0.2 + half))
