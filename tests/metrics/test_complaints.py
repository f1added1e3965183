"""CCI and complaints per 1,000 orders, counted by hand."""

import math

import pytest
from scipy import stats

from .conftest import figures, only


def complaints(**months: int) -> dict[str, list[dict[str, object]]]:
    return {
        "complaints": [
            {"complaint_id": f"{month}-{number}", "opened_at": f"2025-{month[1:]}-15", "channel": "web"}
            for month, count in months.items()
            for number in range(count)
        ]
    }


def test_cci_by_month() -> None:
    # 10, 4, 0, 0, 3: (10 − 4)/10, (4 − 0)/4, then nothing to fall from, twice.
    frame = figures("cci", complaints(m01=10, m02=4, m05=3))
    assert frame["value"].tolist() == pytest.approx([math.nan, 0.6, 1, math.nan, math.nan], nan_ok=True)
    assert frame["n"].tolist() == [10, 14, 4, 0, 3]
    assert frame["note"].tolist() == [
        "no_previous_period",
        "too_few",
        "too_few",
        "previous_is_zero",
        "previous_is_zero",
    ]
    share = stats.binomtest(4, 14).proportion_ci(0.95, method="exact")
    bounds = 1 - share.high / (1 - share.high), 1 - share.low / (1 - share.low)
    assert (frame["lower"][1], frame["upper"][1]) == pytest.approx(bounds)
    assert frame[["lower", "upper"]].iloc[[0, 3, 4]].isna().all(axis=None)


def test_cci_grows_below_zero() -> None:
    assert figures("cci", complaints(m01=2, m02=6))["value"][1] == -2


def test_cci_looks_back_before_the_start() -> None:
    frame = figures("cci", complaints(m01=10, m02=4), start="2025-02-01", end="2025-03-01")
    assert frame["value"].tolist() == [0.6]


def test_cci_of_the_whole_time_has_nothing_before_it() -> None:
    found = only("cci", complaints(m01=10, m02=4))
    assert math.isnan(found.value)
    assert found.note == "no_previous_period"


def test_complaints_per_1000_orders() -> None:
    # 3 complaints by 40 orders that were not cancelled: 75 per 1,000; Garwood’s limits of 3 are 0.6187 and 8.7673.
    orders = [{"order_id": str(n), "ordered_at": "2025-01-20", "channel": "web", "status": "paid"} for n in range(40)]
    orders.append({"order_id": "x", "ordered_at": "2025-01-20", "channel": "web", "status": "cancelled"})
    frame = figures("complaints_per_1000_orders", complaints(m01=3, m02=1) | {"orders": orders})
    assert frame["value"].tolist() == pytest.approx([75, math.nan], nan_ok=True)
    assert frame["n"].tolist() == [40, 0]
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((0.6187 / 0.04, 8.7673 / 0.04), rel=1e-4)
    assert frame["note"].tolist() == ["too_few", "no_data"]


def test_no_complaints_is_zero_and_not_unknown() -> None:
    orders = [{"order_id": str(n), "ordered_at": "2025-01-20"} for n in range(100)]
    found = only("complaints_per_1000_orders", {"orders": orders})
    assert (found.value, found.lower, found.upper, found.note) == (0, 0, pytest.approx(36.889, rel=1e-4), None)


def test_unknown_customers_of_both_sources_meet_in_one_slice() -> None:
    # Complaints and orders of customers with and without a region: each region stands once.
    customers = [{"customer_id": "a", "region": "north"}, {"customer_id": "b"}]
    orders = [
        {"order_id": f"{who}{number}", "customer_id": who, "ordered_at": "2025-01-20"}
        for who in ("a", "b", None)
        for number in range(10)
    ]
    rows = complaints(m01=2) | {"orders": orders, "customers": customers}
    for grain in ("month", "all"):
        frame = figures("complaints_per_1000_orders", rows, grain, by=["region"])
        assert frame["region"].tolist() == ["north", None]
        assert frame["value"].tolist() == [0, 100]
        assert frame["n"].tolist() == [10, 20]
