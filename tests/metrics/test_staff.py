"""Headcount, tenure, turnover and training of the staff, counted by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from .conftest import figures, only


def employee(number: int, hired: str | None, left: str | None = None, department: str = "claims") -> dict:
    return {"employee_id": f"e{number}", "hired_at": hired, "left_at": left, "department": department, "role": "agent"}


STAFF = {
    "employees": [
        *(employee(number, "2024-06-01") for number in range(8)),
        employee(8, "2024-06-01", "2025-01-15"),
        employee(9, "2024-06-01", "2025-01-20", "sales"),
        employee(10, "2025-01-25"),
        employee(11, None, "2025-01-10"),  # left, nobody knows since when there: missing
        employee(12, None),  # left out
    ]
}


def test_staff_turnover_by_month() -> None:
    # January: ten at the start, two left and one came, nine at the end: 2 / 9.5.
    frame = figures("staff_turnover", STAFF, start="2025-01-01", end="2025-03-01")
    assert frame["value"].tolist() == pytest.approx([2 / 9.5, 0])
    assert frame["n"].tolist() == [9.5, 9]
    assert frame["missing_share"].tolist() == pytest.approx([1 / 10.5, 0])
    # Garwood’s limits of 2 are 0.2422 and 7.2247.
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((0.2422 / 9.5, 7.2247 / 9.5), rel=1e-3)


def test_staff_turnover_by_department() -> None:
    # Sales: one at the start, none at the end.
    frame = figures("staff_turnover", STAFF, start="2025-01-01", end="2025-02-01", by=["department"])
    assert dict(zip(frame["department"], frame["value"], strict=True)) == {"claims": pytest.approx(1 / 9), "sales": 2}


def test_turnover_where_nobody_worked_is_undefined() -> None:
    found = only("staff_turnover", {"employees": [employee(1, None, "2025-01-10")]})
    assert math.isnan(found.value)
    assert (found.n, found.missing_share, found.note) == (0, 1, "none_usable")


def test_headcount_at_the_end_of_each_month() -> None:
    frame = figures("headcount", STAFF, start="2024-12-01", end="2025-03-01")
    assert frame["value"].tolist() == [10, 9, 9]
    assert frame[["lower", "upper"]].isna().all(axis=None)
    by = figures("headcount", STAFF, start="2025-01-01", end="2025-02-01", by=["department"])
    assert dict(zip(by["department"], by["value"], strict=True)) == {"claims": 9, "sales": 0}


MONTH = 365.25 / 12
TENURE = {
    "employees": [
        employee(1, "2024-01-01"),
        employee(2, "2024-12-02"),
        employee(3, "2024-02-01", "2025-01-15"),
        employee(4, "2025-02-10"),
        employee(5, None, "2025-01-10"),
    ]
}


def test_mean_tenure_of_those_employed_at_the_end() -> None:
    # On 1 February 2025: 397 and 61 days; on 1 March: 425, 89 and 19.
    frame = figures("staff_tenure", TENURE, start="2025-01-01", end="2025-03-01")
    assert frame["value"].tolist() == pytest.approx([229 / MONTH, 533 / 3 / MONTH])
    assert frame["n"].tolist() == [2, 3]
    assert frame["missing_share"].tolist() == pytest.approx([1 / 3, 0])
    months = np.array([425, 89, 19]) / MONTH
    expected = stats.t.interval(0.95, 2, months.mean(), stats.sem(months))
    assert (frame["lower"][1], frame["upper"][1]) == pytest.approx(expected)


@pytest.mark.parametrize(("grain", "value"), [("week", 420), ("quarter", 456), ("year", 731), ("all", 731)])
def test_tenure_at_the_end_of_any_period_that_the_data_know(grain: str, value: int) -> None:
    # Hired on 1 January 2024; the week of 17 February 2025, the quarter until 1 April, the year until the load.
    rows = {"employees": [employee(1, "2024-01-01")]}
    bounds = {} if grain == "all" else {"start": "2025-02-17", "end": "2025-02-24"}
    found = figures("staff_tenure", rows, grain, **bounds)
    assert found["value"].tolist() == pytest.approx([value / MONTH])


def test_tenure_of_all_time_until_a_day() -> None:
    rows = {"employees": [employee(1, "2024-01-01")]}
    found = figures("staff_tenure", rows, "all", start="2025-01-01", end="2025-01-11")
    assert found["value"].tolist() == pytest.approx([376 / MONTH])


def training(number: int, completed: str | None) -> dict:
    return {
        "employee_id": f"e{number}",
        "course": f"{completed}",
        "planned_at": completed or "2024-01-01",
        "completed_at": completed,
    }


def test_share_of_the_staff_that_is_trained() -> None:
    rows = {
        "employees": [
            employee(1, "2023-01-01"),
            employee(2, "2024-06-01", department="sales"),
            employee(3, "2023-01-01", "2024-12-10"),
            employee(4, "2023-01-01"),
            employee(5, None),
        ],
        "trainings": [
            training(1, "2024-01-20"),
            training(1, "2024-02-20"),  # goes on until 19 February 2025
            training(2, "2024-05-01"),  # before the hire; until 1 May 2025
            training(3, "2024-12-01"),  # leaves with it
            training(4, None),
            training(5, "2024-12-01"),  # nobody knows since when employed
            training(6, "2024-12-01"),  # no employee
        ],
    }
    frame = figures("staff_trained", rows, start="2024-05-01", end="2025-06-01")
    of = dict(zip(frame["period"].dt.strftime("%Y-%m"), zip(frame["value"], frame["n"], strict=True), strict=True))
    assert of["2024-05"] == (pytest.approx(1 / 3), 3)
    assert of["2024-06"] == (0.5, 4)
    assert of["2024-12"] == (pytest.approx(2 / 3), 3)
    assert of["2025-02"] == (pytest.approx(1 / 3), 3)
    assert of["2025-05"] == (0, 3)
    expected = stats.binomtest(2, 3).proportion_ci(0.95, method="wilson")
    december = frame[frame["period"] == "2024-12-01"]
    assert (december["lower"].item(), december["upper"].item()) == pytest.approx((expected.low, expected.high))
    by = figures("staff_trained", rows, start="2025-01-01", end="2025-02-01", by=["department"])
    assert dict(zip(by["department"], by["value"], strict=True)) == {"claims": 0.5, "sales": 1}
    # Within half a year of the end of 2024: nobody who is still there.
    assert figures("staff_trained", rows, start="2024-12-01", end="2025-01-01", days=180)["value"].tolist() == [0]
