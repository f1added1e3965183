"""Money that products bring, counted by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from .conftest import figures, only


def line(order: str, number: int, product: str | None, quantity: object, price: object, **more: object) -> dict:
    return {"order_id": order, "line": str(number), "product_id": product, "quantity": quantity, "price": price, **more}


SALES = {
    "orders": [
        {"order_id": "o1", "customer_id": "a", "ordered_at": "2025-01-05", "channel": "web"},
        {"order_id": "o2", "customer_id": "b", "ordered_at": "2025-01-06", "channel": "store"},
        {"order_id": "o3", "customer_id": "a", "ordered_at": "2025-01-07", "channel": "web", "status": "cancelled"},
        {"order_id": "o4", "customer_id": "a", "ordered_at": "2025-02-07", "channel": "web"},
    ],
    "order_items": [
        line("o1", 1, "p1", 2, 10, cost=8, currency="EUR"),  # 20, margin 12
        line("o1", 2, "p2", 1, 50, discount=5, currency="EUR"),  # 45, cost of the product 30: margin 15
        line("o2", 1, "p1", "0.5", 10, currency="EUR"),  # 5, cost half of 4: margin 3
        line("o2", 2, "p3", 1, 9, currency="EUR"),  # 9 of unknown cost, of a product that no table knows
        line("o3", 1, "p1", 100, 10),
        line("o4", 1, "p1", 1, None),
        line("gone", 1, "p1", 1, 10),
    ],
    "products": [
        {"product_id": "p1", "category": "tea", "cost": 4},
        {"product_id": "p2", "category": "tea", "cost": 30},
    ],
    "customers": [{"customer_id": "a", "region": "north"}, {"customer_id": "b", "region": "south"}],
}


def test_product_revenue_is_of_orders() -> None:
    # o1 brought 65 and o2 14; the line of o4 has no price.
    frame = figures("product_revenue", SALES)
    assert frame["value"].tolist() == pytest.approx([79, math.nan], nan_ok=True)
    assert frame["n"].tolist() == [2, 0]
    assert frame["missing_share"].tolist() == [0, 1]
    # Fay and Feuer with y = 79, v = 65² + 14² = 4421, w = 65.
    lower = 4421 / 158 * stats.chi2.ppf(0.025, 2 * 79**2 / 4421)
    upper = (4421 + 65**2) / 288 * stats.chi2.ppf(0.975, 2 * 144**2 / (4421 + 65**2))
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((lower, upper))


def test_product_revenue_by_product_and_by_what_the_order_has() -> None:
    frame = figures("product_revenue", SALES, "year", by=["product_id"])
    cells = {row.product_id: (row.value, row.n, row.missing_share) for row in frame.itertuples()}
    assert cells == {"p1": (25, 2, pytest.approx(1 / 3)), "p2": (45, 1, 0), "p3": (9, 1, 0)}
    frame = figures("product_revenue", SALES, "year", by=["category", "region"])
    values = {(row.category, row.region): row.value for row in frame.itertuples()}
    assert values == {("tea", "north"): 65, ("tea", "south"): 5, (None, "south"): 9}


def test_product_profit_takes_the_cost_of_the_line_before_that_of_the_product() -> None:
    frame = figures("product_profit", SALES, "year", by=["product_id"])
    assert dict(zip(frame["product_id"], frame["value"], strict=True)) == pytest.approx(
        {"p1": 15, "p2": 15, "p3": math.nan}, nan_ok=True
    )
    # Without slices o2 has a line of unknown cost, so o1 alone is left.
    found = only("product_profit", SALES)
    assert (found.value, found.n, found.missing_share) == (27, 1, pytest.approx(2 / 3))


def test_product_margin_is_a_ratio_over_orders() -> None:
    frame = figures("product_margin", SALES, "year", by=["product_id"])
    of_tea = next(frame.itertuples())
    assert (of_tea.value, of_tea.n) == (pytest.approx(15 / 25), 2)
    residuals = np.array([12, 3]) - 15 / 25 * np.array([20, 5])
    half = stats.norm.ppf(0.975) * math.sqrt(2 * (residuals**2).sum()) / 25
    assert (of_tea.lower, of_tea.upper) == pytest.approx((of_tea.value - half, of_tea.value + half), abs=1e-9)


def test_currencies_within_one_order_are_noted() -> None:
    rows = {
        **SALES,
        "order_items": [line("o1", 1, "p1", 1, 1, currency="EUR"), line("o1", 2, "p1", 1, 1, currency="RUB")],
    }
    assert only("product_revenue", rows).note == "mixed_currencies"


def test_no_lines_give_no_figures() -> None:
    assert figures("product_revenue", {"orders": SALES["orders"]}).empty
