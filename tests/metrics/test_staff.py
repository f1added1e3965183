"""Staff turnover, trainings and milestones, counted by hand."""

import math

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


TRAININGS = {
    "employees": [employee(1, "2024-01-01", department="sales")],
    "trainings": [
        {"employee_id": f"e{number}", "course": "service", "planned_at": planned, "completed_at": done}
        for number, (planned, done) in enumerate(
            [
                ("2025-01-10", "2025-01-10T17:00:00"),  # within the planned day
                ("2025-01-10", "2025-01-11"),  # a day late
                ("2025-01-20", None),  # overdue when the newest one was done
                ("2025-02-10", "2025-02-01"),
                ("2025-02-20", None),  # not due yet
            ]
        )
    ],
}


def test_training_on_time_by_month() -> None:
    frame = figures("training_on_time", TRAININGS)
    assert frame["value"].tolist() == pytest.approx([1 / 3, 1])
    assert frame["n"].tolist() == [3, 1]
    expected = stats.binomtest(1, 3).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((expected.low, expected.high))


def test_training_by_department_of_the_employee() -> None:
    frame = figures("training_on_time", TRAININGS, "year", by=["department"])
    assert dict(zip(frame["department"], frame["value"], strict=True)) == {"sales": 0, None: pytest.approx(2 / 3)}


def test_milestones_on_plan() -> None:
    rows = {
        "milestones": [
            {"milestone_id": "1", "kind": "plan", "planned_at": "2025-01-10", "done_at": "2025-01-09"},
            {"milestone_id": "2", "kind": "plan", "planned_at": "2025-01-10", "done_at": "2025-02-09"},
            {"milestone_id": "3", "kind": "decision", "planned_at": "2025-01-31", "done_at": None},
            {"milestone_id": "4", "kind": "decision", "planned_at": "2025-03-31", "done_at": None},
        ]
    }
    found = only("milestones_on_plan", rows)
    assert (found.value, found.n) == (pytest.approx(1 / 3), 3)
    assert figures("milestones_on_plan", rows, "year", by=["kind"])["value"].tolist() == [0, 0.5]
