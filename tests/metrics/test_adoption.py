"""Trainings on time and passed, and customer cards opened by those who serve, counted by hand."""

import numpy as np
import pytest
from scipy import stats

from .conftest import figures, only

TRAININGS = {
    "employees": [{"employee_id": "e1", "department": "sales"}],
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


def test_trainings_passed() -> None:
    rows = {
        "employees": [{"employee_id": "e0", "department": "sales"}],
        "trainings": [
            {
                "employee_id": f"e{number}",
                "course": "service",
                "planned_at": "2025-01-20",
                "completed_at": done,
                "score": score,
            }
            for number, (done, score) in enumerate(
                [
                    ("2025-01-10", 0.7),  # just enough
                    ("2025-01-10", 0.69),
                    ("2025-02-10", 0.9),  # by its completion
                    (None, 0.2),  # by its plan
                    ("2025-01-10", None),  # missing
                    (None, None),
                ]
            )
        ],
    }
    frame = figures("training_passed", rows)
    assert frame["value"].tolist() == pytest.approx([1 / 3, 1])
    assert frame["n"].tolist() == [3, 1]
    assert frame["missing_share"].tolist() == [0.25, 0]
    assert only("training_passed", rows, pass_score=0.6).value == 0.75
    by = figures("training_passed", rows, "year", by=["department"])
    assert dict(zip(by["department"], by["value"], strict=True)) == {"sales": 1, None: pytest.approx(1 / 3)}


def test_cards_opened_per_serving_employee() -> None:
    opened = [("e1", "a"), ("e1", "a"), ("e1", "b"), ("e1", "c"), ("e2", "a"), ("boss", "a"), ("boss", "b")]
    rows = {
        "employees": [{"employee_id": "e1", "department": "support"}, {"employee_id": "e2", "department": "sales"}],
        "accesses": [
            {"employee_id": who, "customer_id": customer, "at": f"2025-01-1{number}"}
            for number, (who, customer) in enumerate(opened)
        ],
        "calls": [
            {"call_id": "1", "at": "2025-01-10", "answered": True, "employee_id": "e1"},
            {"call_id": "2", "at": "2025-01-10", "answered": True, "employee_id": "e1"},
            {"call_id": "3", "at": "2025-01-10", "answered": True},  # nobody knows by whom: missing
            {"call_id": "4", "at": "2025-01-10", "answered": False},
        ],
        "touches": [
            {"touch_id": "1", "at": "2025-01-11", "kind": "chat", "employee_id": "e2"},
            {"touch_id": "2", "at": "2025-01-11", "kind": "store_visit", "employee_id": "e3"},  # opened none
            {"touch_id": "3", "at": "2025-01-11", "kind": "store_visit"},  # nobody need have served
            {"touch_id": "4", "at": "2025-01-11", "kind": "meeting"},  # missing
            {"touch_id": "5", "at": "2025-01-11", "kind": "sent", "employee_id": "boss"},  # no service
            {"touch_id": "6", "at": "2025-02-11", "kind": "call", "employee_id": "e1"},
        ],
    }
    # January: 3 cards of e1, 1 of e2, none of e3.
    frame = figures("cards_opened_per_employee", rows)
    assert frame["value"].tolist() == pytest.approx([4 / 3, 0])
    assert frame["n"].tolist() == [3, 1]
    assert frame["missing_share"].tolist() == pytest.approx([2 / 6, 0])
    cards = np.array([3, 1, 0])
    expected = stats.t.interval(0.95, 2, cards.mean(), stats.sem(cards))
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx(expected)
    bounds = {"start": "2025-01-01", "end": "2025-02-01"}
    by = figures("cards_opened_per_employee", rows, by=["department"], **bounds)
    assert dict(zip(by["department"], by["value"], strict=True)) == {"sales": 1, "support": 3, None: 0}
