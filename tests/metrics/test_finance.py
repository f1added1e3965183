"""Acquisition, marketing, refunds and the ledger, counted by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from .conftest import figures, only

Z = stats.norm.ppf(0.975)


def order(number: int, customer: str | None, at: str, revenue: object = 10, cost: object = 4, **more: object) -> dict:
    shared = {"order_id": f"o{number}", "customer_id": customer, "ordered_at": at, "revenue": revenue, "cost": cost}
    return {**shared, **more}


GROWTH = {
    "orders": [
        order(1, "a", "2025-01-05", 100, 40),
        order(2, "a", "2025-02-05", 50, 30),
        order(3, "b", "2025-01-06", 30, 20),
        order(4, "c", "2024-12-31", 10, 4, status="cancelled"),  # a cancelled order makes no customer
        order(5, "c", "2025-02-06", 80, 30),
        order(6, "d", "2025-02-07", 10, None),  # of unknown profit
        order(7, None, "2025-02-08", 10, 4),
        order(8, "a", "2026-01-06", 500, 100),  # more than a year after the first
    ],
    "spend": [
        {"date": "2025-01-01", "channel": "search", "campaign_id": "", "amount": 20, "currency": "EUR"},
        {"date": "2025-02-01", "channel": "search", "campaign_id": "k1", "amount": 60, "currency": "EUR"},
        {"date": "2025-02-01", "channel": "social", "campaign_id": "k2", "amount": 4, "currency": "EUR"},
    ],
    "touches": [{"touch_id": "t1", "kind": "sent", "at": "2025-01-09", "channel": "email", "cost": 5}],
    "customers": [
        {"customer_id": "a", "acquisition_channel": "search"},
        {"customer_id": "b", "acquisition_channel": "email"},
        {"customer_id": "c", "acquisition_channel": "search"},
    ],
}
YEAR = {"start": "2025-01-01", "end": "2026-01-01"}


def test_acquisition_cost_by_month() -> None:
    # January: 25 by a and b; February: 64 by c and d.
    frame = figures("customer_acquisition_cost", GROWTH, start="2025-01-01", end="2025-03-01")
    assert frame["value"].tolist() == [12.5, 32]
    assert frame["n"].tolist() == [2, 2]
    garwood = stats.chi2.ppf([0.025, 0.975], [4, 6]) / 2
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((25 / garwood[1], 25 / garwood[0]))


def test_acquisition_cost_by_the_channel_that_brought_the_customer() -> None:
    frame = figures("customer_acquisition_cost", GROWTH, "year", by=["channel"], **YEAR)
    cells = {row.channel: row for row in frame.itertuples()}
    assert (cells["search"].value, cells["email"].value) == (40, 5)
    assert math.isnan(cells["social"].value)  # cost and no newcomers
    assert cells[None].note == "no_cost"  # d came from nowhere known


def test_realised_ltv_to_cac() -> None:
    # January’s newcomers brought 60 + 20 and 10; February’s c brought 50 and d nobody knows what.
    frame = figures("ltv_to_cac", GROWTH, start="2025-01-01", end="2025-03-01")
    assert frame["value"].tolist() == pytest.approx([90 / 25, 50 / 64])
    assert frame["n"].tolist() == [2, 1]
    assert frame["missing_share"].tolist() == [0, 0.5]
    # Fay and Feuer with y = 90, v = 80² + 10² = 6500, w = 80.
    lower, upper = 6500 / 180 * stats.chi2.ppf(0.025, 16200 / 6500), 12900 / 340 * stats.chi2.ppf(0.975, 57800 / 12900)
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((lower / 25, upper / 25))
    assert figures("ltv_to_cac", GROWTH, days=31, **YEAR)["value"][0] == pytest.approx(70 / 25)
    by_channel = figures("ltv_to_cac", GROWTH, "year", by=["channel"], **YEAR)
    assert by_channel["value"].tolist()[:2] == pytest.approx([2, 130 / 80])


def test_newcomers_without_costs_have_no_ratio() -> None:
    found = only("ltv_to_cac", {"orders": GROWTH["orders"]})
    assert math.isnan(found.value)
    assert found.note == "no_cost"
    nobody = only("ltv_to_cac", {"spend": GROWTH["spend"]})
    assert math.isnan(nobody.value)
    assert nobody.note == "no_data"


def test_marketing_share_of_revenue() -> None:
    frame = figures("marketing_share_of_revenue", GROWTH, start="2025-01-01", end="2025-03-01")
    assert frame["value"].tolist() == pytest.approx([25 / 130, 64 / 150])
    # Fay and Feuer with y = 130, v = 100² + 30² = 10900, w = 100.
    lower, upper = (
        10900 / 260 * stats.chi2.ppf(0.025, 33800 / 10900),
        20900 / 460 * stats.chi2.ppf(0.975, 105800 / 20900),
    )
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((25 / upper, 25 / lower))
    assert only("marketing_share_of_revenue", {"orders": GROWTH["orders"]}).note == "no_cost"


def test_refund_share_by_value() -> None:
    rows = {
        "orders": [
            order(1, "a", "2025-01-05", 60, status="returned"),
            order(2, "a", "2025-01-06", 100, status="completed"),
            order(3, "a", "2025-01-07", 40, status=None),
            order(4, "a", "2025-01-08", 900, status="cancelled"),
            order(5, "a", "2025-01-09", None, status="returned"),
        ]
    }
    found = only("refund_share", rows)
    assert (found.value, found.n, found.missing_share) == (0.3, 3, 0.25)
    residuals = np.array([60, 0, 0]) - 0.3 * np.array([60, 100, 40])
    half = Z * math.sqrt(1.5 * (residuals**2).sum()) / 200
    assert (found.lower, found.upper) == pytest.approx((0.3 - half, 0.3 + half))


def entry(day: str, account: str, amount: object, currency: str = "EUR") -> dict:
    return {"date": day, "account": account, "amount": amount, "currency": currency}


@pytest.mark.parametrize("sign", [1, -1])
def test_operating_margin_of_either_sign_of_costs(sign: int) -> None:
    rows = {
        "ledger": [
            entry("2025-01-10", "revenue", 90),
            entry("2025-01-11", "revenue", 110),
            entry("2025-01-10", "cost_of_goods", sign * 100),
            entry("2025-01-31", "payroll", sign * 60),
            entry("2025-01-31", "cost_of_goods", -sign * 10),  # a correction
            entry("2025-02-28", "payroll", sign * 60),
        ]
    }
    frame = figures("operating_margin", rows)
    assert frame["value"].tolist() == pytest.approx([1 - 150 / 200, math.nan], nan_ok=True)
    assert frame["n"].tolist() == [5, 1]
    assert frame["note"].tolist() == [None, "no_revenue_account"]
    assert frame[["lower", "upper"]].isna().all(axis=None)


def test_the_account_of_revenue_may_have_another_name_and_currencies_are_noted() -> None:
    rows = {"ledger": [entry("2025-01-10", "90.1", 100), entry("2025-01-11", "90.2", 160)]}
    assert only("operating_margin", rows, revenue_account="90.1").value == pytest.approx(-0.6)
    mixed = {"ledger": [entry("2025-01-10", "revenue", 1), entry("2025-01-11", "revenue", 1, "USD")]}
    assert only("operating_margin", mixed).note == "mixed_currencies"
