"""Contacts of customers with departments, counted by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from .conftest import figures, only


def touch(
    number: int, who: str | None, at: str, kind: str = "visit", department: str | None = None, **more: object
) -> dict:
    return {"touch_id": f"t{number:03}", "customer_id": who, "at": at, "kind": kind, "department": department, **more}


CONTACTS = {
    "customers": [{"customer_id": "a", "region": "north"}, {"customer_id": "b", "region": "south"}],
    "touches": [
        touch(1, "a", "2025-01-01", "delivered", "marketing", channel="email"),
        touch(2, "a", "2025-01-01", "sent", "marketing"),  # the same contact
        touch(3, "a", "2025-01-01T01:00:00", "opened", "marketing"),  # and again
        touch(4, "a", "2025-01-03", "visit", "shop"),  # marketing → shop
        touch(5, "a", "2025-01-09", "visit", "shop"),  # the same department
        touch(6, "a", "2025-01-16", "call", "support"),  # seven days later to the moment: shop → support
        touch(7, "a", "2025-01-24", "call", "shop"),  # eight days later
        touch(8, "b", "2025-01-05", "visit", "shop"),
        touch(9, "b", "2025-01-06", "visit"),  # of no department
        touch(10, "c", "2025-01-06", "visit"),
        touch(11, None, "2025-01-06", "visit", "shop"),  # of nobody
        touch(12, "b", "2025-01-07", "call", "support"),  # shop → support
        touch(13, "b", "2025-02-03", "delivered", "marketing"),
    ],
}


def test_customers_met_by_several_departments() -> None:
    # January: a and b by several, c by nobody known; of eleven contacts 9, 10 and 11 are incomplete.
    frame = figures("multi_department_customers", CONTACTS)
    assert frame["value"].tolist() == [1, 0]
    assert frame["n"].tolist() == [2, 1]
    assert frame["missing_share"].tolist() == pytest.approx([3 / 10, 0])
    week = figures("multi_department_customers", CONTACTS, start="2025-01-06", end="2025-01-13", grain="week")
    assert week[["value", "n"]].values.tolist() == [[0, 2]]


def test_departments_by_region_and_channel() -> None:
    frame = figures("multi_department_customers", CONTACTS, "year", by=["region"])
    assert frame["region"].tolist() == ["north", "south", None]
    assert frame["value"].tolist() == pytest.approx([1, 1, math.nan], nan_ok=True)
    frame = figures("multi_department_customers", CONTACTS, "year", by=["channel"])
    assert dict(zip(frame["channel"], frame["n"], strict=True)) == {"email": 1, None: 2}


def test_contacts_per_customer() -> None:
    # January: five of a, three of b, one of c.
    frame = figures("touches_per_customer", CONTACTS)
    assert frame["value"].tolist() == [3, 1]
    assert frame["n"].tolist() == [3, 1]
    assert frame["missing_share"].tolist() == pytest.approx([0.1, 0])
    contacts = np.array([5, 3, 1])
    expected = stats.t.interval(0.95, 2, contacts.mean(), stats.sem(contacts))
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx(expected)


def test_passages_between_departments() -> None:
    frame = figures("department_flow", CONTACTS, "year", by=["from_department", "to_department"])
    pairs = zip(frame["from_department"], frame["to_department"], strict=True)
    assert dict(zip(pairs, frame["value"], strict=True)) == {("marketing", "shop"): 1, ("shop", "support"): 2}
    found = only("department_flow", CONTACTS)
    assert found.value == 3
    # Garwood’s limits of 3 are 0.6187 and 8.7673.
    assert (found.lower, found.upper) == pytest.approx((0.6187, 8.7673), rel=1e-4)
    assert only("department_flow", CONTACTS, days=8).value == 4


def test_a_passage_from_before_the_start_counts() -> None:
    frame = figures("department_flow", CONTACTS, "day", start="2025-01-16", end="2025-01-17")
    assert frame["value"].tolist() == [1]


def test_where_passages_lead() -> None:
    rows = {
        "touches": [
            touch(1, "a", "2025-01-01", department="shop"),
            touch(2, "a", "2025-01-02", department="support"),
            touch(3, "a", "2025-01-03", department="shop"),
            touch(4, "a", "2025-01-04", department="claims"),
            touch(5, "a", "2025-01-05", department="shop"),
            touch(6, "a", "2025-01-05", department="support"),  # of one moment: by id
        ]
    }
    frame = figures("department_flow_share", rows, "year", by=["from_department", "to_department"])
    pairs = zip(frame["from_department"], frame["to_department"], strict=True)
    assert dict(zip(pairs, frame["value"], strict=True)) == {
        ("claims", "shop"): 1,
        ("shop", "claims"): pytest.approx(1 / 3),
        ("shop", "support"): pytest.approx(2 / 3),
        ("support", "shop"): 1,
    }
    assert frame["n"].tolist() == [1, 3, 3, 1]
    expected = stats.binomtest(1, 3).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][1], frame["upper"][1]) == pytest.approx((expected.low, expected.high))
    assert only("department_flow_share", rows).value == 1


def advert(number: int, who: str | None, at: str, kind: str = "delivered", **more: object) -> dict:
    return touch(number, who, at, kind, "marketing", **{"promotional": True, "direction": "out", **more})


PRESSURE = {
    "touches": [
        *(
            advert(number, "a", f"2025-01-{29 + number}" if number < 3 else f"2025-02-0{number - 2}")
            for number in range(6)
        ),
        *(advert(10 + number, "b", f"2025-02-{2 * number + 1:02}") for number in range(6)),
        advert(20, "c", "2025-02-01"),
        *(advert(30 + number, "c", "2025-02-02", promotional=False) for number in range(6)),
        *(advert(40 + number, "c", "2025-02-02", "sent") for number in range(6)),  # not there yet
        *(advert(50 + number, "c", "2025-02-02", "call", direction="in") for number in range(6)),
        advert(60, None, "2025-02-02"),  # to nobody: missing
        advert(61, "c", "2025-02-02", promotional=None),  # nobody knows whether it advertises: missing
    ]
}


def test_contact_pressure() -> None:
    # The sixth of a falls on 3 February, five days after the first; those of b take ten days.
    frame = figures("contact_pressure", PRESSURE)
    assert frame["value"].tolist() == pytest.approx([0, 1 / 3])
    assert frame["n"].tolist() == [1, 3]
    assert frame["missing_share"].tolist() == pytest.approx([0, 2 / 12])
    expected = stats.binomtest(1, 3).proportion_ci(0.95, method="wilson")
    assert (frame["lower"][1], frame["upper"][1]) == pytest.approx((expected.low, expected.high))
    later = figures("contact_pressure", PRESSURE, start="2025-02-01", end="2025-03-01")
    assert later["value"].tolist() == pytest.approx([1 / 3])


def test_contact_pressure_by_its_parameters() -> None:
    def february(**parameters: int) -> float:
        return figures("contact_pressure", PRESSURE, start="2025-02-01", end="2025-03-01", **parameters)["value"].item()

    assert february(days=10) == pytest.approx(2 / 3)
    assert february(days=4) == 0
    assert february(touches=1, days=2) == pytest.approx(2 / 3)


def test_advertising_during_a_complaint() -> None:
    rows = {
        "touches": [
            advert(1, "a", "2025-01-01"),  # before it
            advert(2, "a", "2025-01-02"),  # as it came
            advert(3, "a", "2025-01-05", "call"),
            advert(4, "a", "2025-01-10"),  # as it was closed
            advert(5, "b", "2025-01-31"),  # two that nobody has closed
            advert(6, "c", "2025-01-31"),
            advert(7, "a", "2025-01-05", promotional=False),
            advert(8, "a", "2025-01-05", promotional=None),  # missing
            advert(9, None, "2025-01-05"),  # missing
        ],
        "complaints": [
            {"complaint_id": "1", "customer_id": "a", "opened_at": "2025-01-02", "closed_at": "2025-01-10"},
            {"complaint_id": "2", "customer_id": "b", "opened_at": "2025-01-02"},
            {"complaint_id": "3", "customer_id": "b", "opened_at": "2025-01-03"},
            {"complaint_id": "4", "customer_id": None, "opened_at": "2025-01-03"},
        ],
    }
    found = only("promotional_touch_during_complaint", rows)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(3 / 6), 6, pytest.approx(2 / 8))
    assert only("promotional_touch_during_complaint", {"touches": rows["touches"]}).value == 0


def talk(number: int, who: str | None, at: str, topic: str | None, kind: str = "call", **more: object) -> dict:
    return touch(number, who, at, kind, topic=topic, **{"direction": "in", **more})


def test_repeated_contacts() -> None:
    rows = {
        "touches": [
            talk(1, "a", "2025-01-10", "bill", channel="phone"),  # again in seven days, by chat
            talk(2, "a", "2025-01-12", "other"),
            talk(3, "a", "2025-01-17", "bill", "chat"),  # eight days
            talk(4, "a", "2025-01-25", "bill"),
            talk(5, "b", "2025-01-10", None),  # again, of no topic either
            talk(6, "b", "2025-01-11", None, "meeting"),
            talk(7, "b", "2025-01-12", None, "call", direction="out"),  # the company began
            talk(8, "b", "2025-01-13", None, "visit"),  # no talk
            talk(9, None, "2025-01-10", "bill"),  # of nobody: missing
            talk(10, None, "2025-01-11", "bill"),  # missing
            talk(11, "c", "2025-01-10", "bill", direction=None),  # nobody knows who began: missing
            talk(12, "c", "2025-01-11", "bill"),
            talk(13, "c", "2025-01-30", "bill"),  # the seven days are not over when the data end
            touch(14, "z", "2025-02-03", "visit"),
        ]
    }
    # Repeated: 1 and 5 of 1, 2, 3, 4, 5, 6, 12.
    found = only("repeated_contact", rows)
    assert (found.value, found.n, found.missing_share) == (pytest.approx(2 / 7), 7, pytest.approx(3 / 10))
    assert only("repeated_contact", rows, days=8).value == pytest.approx(3 / 7)
    by = figures("repeated_contact", rows, "year", by=["channel"])
    assert dict(zip(by["channel"], by["value"], strict=True)) == {"phone": 1, None: pytest.approx(1 / 6)}
    topics = figures("repeated_contact", rows, "year", by=["topic"])
    assert dict(zip(topics["topic"], topics["value"], strict=True)) == {"bill": 0.25, "other": 0, None: 0.5}
    # What follows after the end of what is asked for counts.
    day = figures("repeated_contact", rows, "day", start="2025-01-10", end="2025-01-11")
    assert day[["value", "n"]].values.tolist() == [[1, 2]]


@pytest.mark.parametrize("id_", ["department_flow", "contact_pressure", "repeated_contact", "touches_per_customer"])
def test_without_touches_there_are_no_figures(id_: str) -> None:
    assert figures(id_, {}).empty
