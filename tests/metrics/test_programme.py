"""Milestones, goals and decisions of the programme, counted by hand."""

import pytest

from .conftest import figures, only


def milestone(number: int, kind: str | None, planned: str, done: str | None, **more: object) -> dict:
    return {"milestone_id": f"v{number}", "kind": kind, "planned_at": planned, "done_at": done, **more}


def test_milestones_on_plan() -> None:
    rows = {
        "milestones": [
            milestone(1, "plan", "2025-01-10", "2025-01-09"),
            milestone(2, "plan", "2025-01-10", "2025-02-09"),
            milestone(3, "decision", "2025-01-31", None),
            milestone(4, "decision", "2025-03-31", None),
        ]
    }
    found = only("milestones_on_plan", rows)
    assert (found.value, found.n) == (pytest.approx(1 / 3), 3)
    assert figures("milestones_on_plan", rows, "year", by=["kind"])["value"].tolist() == [0, 0.5]


KINDS = {
    "milestones": [
        milestone(1, "goal", "2025-01-10", "2025-01-10T18:00:00", department="sales"),  # within the planned day
        milestone(2, "Цель", "2025-01-20", "2025-02-01"),  # late
        milestone(3, "goal", "2025-01-25", None),  # overdue when the newest one was reached
        milestone(4, "goal", "2025-01-31", None, department="sales"),  # overdue too
        milestone(5, "goal", "2025-04-01", None, department="sales"),  # not due yet
        milestone(6, "decision", "2025-02-10", "2025-02-10"),  # the newest one reached
        milestone(7, " решение", "2025-02-01", None),  # overdue
        milestone(8, "decision", "2025-03-01", None),  # not due yet
        milestone(9, "plan", "2025-01-01", "2025-01-01"),
        milestone(10, None, "2025-01-01", "2025-01-01"),
    ]
}


def test_goals_on_track_by_quarter() -> None:
    frame = figures("goals_on_track", KINDS, "quarter")
    assert frame["value"].tolist() == [0.25, 1]
    assert frame["n"].tolist() == [4, 1]
    by = figures("goals_on_track", KINDS, "year", by=["department"])
    assert dict(zip(by["department"], by["value"], strict=True)) == {"sales": pytest.approx(2 / 3), None: 0}


def test_decisions_carried_out_on_time() -> None:
    found = only("decisions_closed_on_time", KINDS)
    assert (found.value, found.n) == (0.5, 2)
