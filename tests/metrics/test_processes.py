"""Steps and hand-offs of processes on time, and departments that take part, counted by hand."""

import math

import pytest
from scipy import stats

from .conftest import figures, only


def step(case: str, name: str, department: str | None, due: str | None, done: str | None) -> dict:
    return {
        "process": "claims",
        "case_id": case,
        "step": name,
        "department": department,
        "due_at": due,
        "done_at": done,
    }


STEPS = {
    "process_steps": [
        step("1", "a", "support", "2025-01-01", "2025-01-01"),  # to the moment: on time
        step("1", "b", "claims", "2025-01-05", "2025-01-06"),  # a hand-off, late
        step("1", "c", "claims", "2025-01-08", "2025-01-07"),  # the same department
        step("1", "d", "support", "2025-01-10", "2025-01-09"),  # a hand-off, on time
        step("2", "a", "support", "2025-01-01", None),  # overdue when the newest one was done
        step("2", "b", "claims", "2025-01-20", "2025-01-19"),  # a hand-off, on time
        step("2", "c", None, "2025-01-21", "2025-01-20"),  # to nobody knows whom: no known hand-off
        step("2", "d", "stores", "2025-03-01", None),  # not due yet
        step("3", "a", "support", None, "2025-01-02"),  # of unknown due moment
        step("3", "b", "claims", None, "2025-01-03"),  # a hand-off of unknown due moment
        step("4", "a", "support", None, None),  # of no moment at all
    ]
}


def test_steps_on_time() -> None:
    # On time: 1a, 1c, 1d, 2b, 2c; late: 1b, 2a; missing: 3a, 3b.
    found = only("steps_on_time", STEPS)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(5 / 7), 7, pytest.approx(2 / 9))
    frame = figures("steps_on_time", STEPS, "year", by=["department"])
    assert dict(zip(frame["department"], frame["value"], strict=True)) == {
        "claims": pytest.approx(2 / 3),
        "support": pytest.approx(2 / 3),
        None: 1,
    }


def test_handoffs_on_time() -> None:
    # Late: 1b; on time: 1d, 2b; missing: 2c (department), 3b (due moment).
    found = only("handoffs_on_time", STEPS)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(2 / 3), 3, pytest.approx(2 / 5))
    expected = stats.binomtest(2, 3).proportion_ci(0.95, method="wilson")
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))


def test_handoffs_by_giver_and_taker() -> None:
    frame = figures("handoffs_on_time", STEPS, "year", by=["from_department", "to_department"])
    pairs = zip(frame["from_department"], frame["to_department"], strict=True)
    values = dict(zip(pairs, frame["value"], strict=True))
    assert values[("support", "claims")] == 0.5
    assert values[("claims", "support")] == 1
    assert math.isnan(values[("claims", None)])
    assert len(values) == 3


def test_a_case_is_handed_over_before_the_start_of_what_is_asked() -> None:
    steps = [
        step("1", "a", "support", "2025-01-30", "2025-01-30"),
        step("1", "b", "claims", "2025-02-05", "2025-02-05"),
    ]
    frame = figures("handoffs_on_time", {"process_steps": steps}, start="2025-02-01", end="2025-03-01")
    assert frame[["value", "n"]].values.tolist() == [[1, 1]]


PEOPLE = [
    {"employee_id": "1", "department": "support", "hired_at": "2024-01-01"},
    {"employee_id": "2", "department": "claims", "hired_at": "2024-01-01"},
    {"employee_id": "3", "department": "sales", "hired_at": "2024-01-01", "left_at": "2025-01-15"},
    {"employee_id": "4", "department": "stores", "hired_at": "2025-02-10"},
    {"employee_id": "5", "department": "delivery"},  # nobody knows since when
    {"employee_id": "6", "hired_at": "2024-01-01"},  # nobody knows where
]


def test_departments_that_take_part() -> None:
    steps = [
        *STEPS["process_steps"],
        step("5", "a", "claims", None, "2025-02-20"),
        step("5", "b", "stores", None, "2025-02-21"),
        step("5", "c", "sales", None, "2025-02-22"),  # there is nobody there any more
        step("5", "d", "delivery", None, "2025-02-23"),
    ]
    rows = {"employees": PEOPLE, "process_steps": steps}
    frame = figures("departments_in_processes", rows, start="2025-01-01", end="2025-03-01")
    # January: support and claims of support, claims and sales; one of eight steps is of nobody.
    # February: claims and stores of support, claims and stores; two of four steps are of departments without people.
    assert frame["value"].tolist() == pytest.approx([2 / 3, 2 / 3])
    assert frame["n"].tolist() == [3, 3]
    assert frame["missing_share"].tolist() == pytest.approx([1 / 8, 2 / 4])
    by = figures("departments_in_processes", rows, start="2025-02-01", end="2025-03-01", by=["department"])
    assert dict(zip(by["department"], by["value"], strict=True)) == {
        "claims": 1,
        "stores": 1,
        "support": 0,
        "sales": pytest.approx(math.nan, nan_ok=True),
        "delivery": pytest.approx(math.nan, nan_ok=True),
        None: pytest.approx(math.nan, nan_ok=True),
    }


def test_without_employees_there_are_no_departments() -> None:
    found = only("departments_in_processes", {"process_steps": STEPS["process_steps"][:2]})
    assert math.isnan(found.value)
    assert (found.n, found.missing_share, found.note) == (0, 1, "none_usable")
