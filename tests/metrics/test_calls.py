"""Calls answered, given up and settled, counted by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from .conftest import figures, only


def call(number: int, answered: bool | None, waited: float | None, talked: float | None = None, **more: object) -> dict:
    return {
        "call_id": f"l{number}",
        "at": "2025-01-10",
        "answered": answered,
        "waited_s": waited,
        "talked_s": talked,
        **more,
    }


CALLS = {
    "calls": [
        call(1, True, 10, 100, resolved=True, department="support"),
        call(2, True, 20, 200, resolved=False, department="support"),  # to the second: in time
        call(3, True, 20.5, 600, resolved=True),
        call(4, True, None, None),  # of unknown waiting, length and end
        call(5, False, 40, department="support"),
        call(6, False, 5),  # hung up at once
        call(7, False, None),
        call(8, None, 3),  # nobody knows whether it was answered
    ]
}


def test_answered_share() -> None:
    found = only("answered_share", CALLS)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(4 / 7), 7, pytest.approx(1 / 8))
    expected = stats.binomtest(4, 7).proportion_ci(0.95, method="wilson")
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))


def test_answered_share_by_department() -> None:
    frame = figures("answered_share", CALLS, "year", by=["department"])
    assert dict(zip(frame["department"], frame["value"], strict=True)) == {"support": pytest.approx(2 / 3), None: 0.5}


def test_abandonment_leaves_slips_of_the_hand_out() -> None:
    # Given up: 5; answered: four; 7 and 8 cannot be told; 6 hung up within five seconds.
    found = only("abandonment_rate", CALLS)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(1 / 5), 5, pytest.approx(2 / 7))
    assert only("abandonment_rate", CALLS, seconds=4).value == pytest.approx(2 / 6)


def test_service_level_counts_those_who_gave_up() -> None:
    # In time: 1 and 2, of 1, 2, 3, 5, 6, 7; 4 and 8 cannot be told.
    found = only("service_level", CALLS)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(2 / 6), 6, pytest.approx(2 / 8))
    assert only("service_level", CALLS, seconds=21).value == pytest.approx(3 / 6)


def test_mean_waiting_and_talking_of_answered_calls() -> None:
    wait, talk = only("average_wait", CALLS), only("average_handling_time", CALLS)
    assert (wait.value, wait.n, wait.missing_share) == (pytest.approx(50.5 / 3), 3, 0.25)
    assert (talk.value, talk.n, talk.missing_share) == (300, 3, 0.25)
    talked = np.array([100, 200, 600])
    expected = stats.t.interval(0.95, 2, talked.mean(), stats.sem(talked))
    assert (talk.lower, talk.upper) == pytest.approx(expected)


def test_first_contact_resolution() -> None:
    # Settled: 1 and 3 of 1, 2, 3; of 4 and 8 it is not known.
    found = only("first_contact_resolution", CALLS)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(2 / 3), 3, pytest.approx(2 / 5))


def test_where_no_call_was_answered_there_is_no_waiting_to_average() -> None:
    rows = {"calls": [call(1, False, 40)]}
    assert only("answered_share", rows).value == 0
    assert figures("average_wait", rows).empty
    assert math.isnan(only("abandonment_rate", rows, seconds=60).value)
