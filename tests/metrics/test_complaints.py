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


def complaint(
    number: int, opened: str, closed: str | None = None, responded: str | None = None, **more: object
) -> dict:
    return {"complaint_id": f"p{number}", "opened_at": opened, "closed_at": closed, "responded_at": responded, **more}


ANSWERED = {
    "complaints": [
        complaint(1, "2025-01-01T08:00:00", None, "2025-01-01T10:00:00", category="late"),  # 2 hours
        complaint(2, "2025-01-02T08:00:00", "2025-01-04T08:00:00", "2025-01-02T13:00:00"),  # 5 hours, 2 days
        complaint(3, "2025-01-03T08:00:00", "2025-02-02T08:00:00", "2025-01-03T09:00:00"),  # 1 hour, 30 days
        complaint(4, "2025-01-04T08:00:00", "2025-01-14T08:00:00", "2025-01-05T08:00:00"),  # 24 hours, 10 days
        complaint(5, "2025-01-05T08:00:00", "2025-01-04T08:00:00", "2025-01-04T08:00:00"),  # before it came
        complaint(6, "2025-01-06T08:00:00", "2025-01-07T08:00:00", None),  # closed, the answer is not recorded
        complaint(7, "2025-01-30T08:00:00", None, None, category="late"),  # nobody has answered
    ]
}


def test_median_hours_to_the_first_response() -> None:
    # 1, 2, 5, 24 of the seven.
    found = only("first_response_time_median", ANSWERED)
    assert (found.value, found.n, found.missing_share) == (3.5, 4, pytest.approx(3 / 7))


def test_interval_of_the_median_response_by_order_statistics() -> None:
    # Twenty answers of 1 … 20 hours: ranks ⌈10 ∓ 1.96·√5⌉ = 6 and 15.
    rows = [complaint(hour, "2025-01-01", None, f"2025-01-01T{hour:02d}:00:00") for hour in range(1, 21)]
    found = only("first_response_time_median", {"complaints": rows})
    assert (found.value, found.lower, found.upper, found.note) == (10.5, 6, 15, None)


def test_unanswered_complaints_by_category() -> None:
    frame = figures("unanswered_complaints", ANSWERED, "year", by=["category"])
    assert frame["value"].tolist() == [0.5, 0]
    assert frame["n"].tolist() == [2, 5]


def test_resolution_times_by_month_of_closing() -> None:
    # January: 2, 10 and 1 days (and one closed before it came); February: 30.
    frame = figures("resolution_time_median", ANSWERED)
    assert frame["value"].tolist() == [2, 30]
    assert frame["n"].tolist() == [3, 1]
    assert frame["missing_share"].tolist() == [0.25, 0]
    # The ninetieth percentile of 1, 2, 10, type 7: 1.8 ranks past the first.
    assert figures("resolution_time_p90", ANSWERED)["value"].tolist() == pytest.approx([2 + 0.8 * 8, 30])


def test_complaints_closed_on_time() -> None:
    # The newest closing is of 2 February, so the ten days of 7 are not over. 2, 4 and 6 in time, 1 and 3 not, 5 wrong.
    found = only("complaints_closed_on_time", ANSWERED)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(3 / 5), 5, pytest.approx(1 / 6))
    assert only("complaints_closed_on_time", ANSWERED, days=9).value == pytest.approx(2 / 5)
    expected = stats.binomtest(3, 5).proportion_ci(0.95, method="wilson")
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))


def test_reopened_share_of_complaints_closed_once() -> None:
    rows = [
        complaint(1, "2025-01-01", "2025-01-02", reopened=True),
        complaint(2, "2025-01-01", "2025-01-02", reopened=False),
        complaint(3, "2025-01-01", None, reopened=True),  # open again
        complaint(4, "2025-01-01", "2025-01-02"),  # not recorded: missing
        complaint(5, "2025-01-01", None, reopened=False),  # never closed
        complaint(6, "2025-01-01", None),
    ]
    found = only("reopen_rate", {"complaints": rows})
    assert (found.value, found.n, found.missing_share) == (pytest.approx(2 / 3), 3, 0.25)


def test_backlog_at_the_end_of_each_month() -> None:
    rows = [
        complaint(1, "2025-01-05", "2025-01-10"),
        complaint(2, "2025-01-06", "2025-03-01"),
        complaint(3, "2025-01-31", None),
        complaint(4, "2025-03-05", "2025-03-06"),
        complaint(5, "2025-03-05", "2025-03-01"),  # closed before it came: missing
    ]
    frame = figures("open_complaints", {"complaints": rows})
    assert frame["value"].tolist() == [2, 2, 1]
    assert frame["n"].tolist() == [3, 3, 5]
    assert frame["missing_share"].tolist() == pytest.approx([0, 0, 0.2])
    # Garwood’s limits of 2 are 0.2422 and 7.2247.
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((0.2422, 7.2247), rel=1e-3)
    later = figures("open_complaints", {"complaints": rows}, start="2025-02-01", end="2025-03-01")
    assert later["value"].tolist() == [2]


def test_share_of_buyers_who_complained() -> None:
    orders = [
        {"order_id": str(number), "customer_id": who, "ordered_at": at, "status": status}
        for number, (who, at, status) in enumerate(
            [
                ("a", "2025-01-10", "paid"),
                ("a", "2025-01-11", "paid"),
                ("b", "2025-01-10", None),
                ("c", "2025-01-10", "cancelled"),  # no buyer
                ("d", "2025-02-10", "paid"),
                (None, "2025-01-10", "paid"),  # missing
            ]
        )
    ]
    rows = {
        "orders": orders,
        "complaints": [
            complaint(1, "2025-01-20", customer_id="a"),
            complaint(2, "2025-01-21", customer_id="a"),
            complaint(3, "2025-01-20", customer_id="c"),
            complaint(4, "2025-01-20", customer_id="d"),
            complaint(5, "2025-01-20"),
        ],
    }
    frame = figures("complaint_rate", rows)
    assert frame["value"].tolist() == [0.5, 0]
    assert frame["n"].tolist() == [2, 1]
    assert frame["missing_share"].tolist() == [0.25, 0]


@pytest.mark.parametrize("id_", ["first_response_time_median", "complaints_closed_on_time", "open_complaints"])
def test_without_complaints_there_are_no_figures(id_: str) -> None:
    assert figures(id_, {}).empty
