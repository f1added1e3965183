"""What a card says of rows that are given by hand."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from septima.web.customers.reading import PersonRows, Row
from septima.web.customers.story import Story, tell

NOW = datetime(2026, 11, 28, 12, 0)  # noqa: DTZ001 - the lake's moments are UTC without a zone
DAY = timedelta(days=1)
CUSTOMER = {
    "customer_id": "C1", "created_at": NOW - 400 * DAY, "segment": "premium", "region": "Урал", "acquisition_channel": "store",
    "name": "Рябинкина Дарья", "email": "d@example.org", "phone": None, "birth_date": None, "consent": False, "source": "crm",
}  # fmt: skip


def order(number: int, **given: Any) -> Row:
    usual = {
        "order_id": f"O{number}", "ordered_at": NOW - number * DAY, "channel": "web", "online": True, "status": "completed",
        "revenue": Decimal(100), "cost": Decimal(60), "discount": None, "currency": "RUB", "promo_id": None, "campaign_id": None,
        "employee_id": None,
    }  # fmt: skip
    return {**usual, **given}


def answer(
    instrument: str, question: str, score: float | None, *, text: str | None = None, response: str = "R1"
) -> Row:
    return {
        "answer_id": question, "survey_id": "S", "response_id": response, "instrument": instrument, "question": question,
        "score": score, "text": text, "at": NOW - DAY, "channel": "email", "department": "support",
    }  # fmt: skip


def delivery(**given: Any) -> Row:
    usual = {
        "delivery_id": "D1", "order_id": "O1", "promised_at": NOW - DAY, "delivered_at": None, "status": "shipped",
        "in_full": None, "intact": None, "carrier": None,
    }  # fmt: skip
    return {**usual, **given}


def complaint(**given: Any) -> Row:
    usual = {
        "complaint_id": "K1", "opened_at": NOW - 10 * DAY, "responded_at": None, "closed_at": None, "channel": "email",
        "category": "returns", "department": "claims", "severity": "high", "reopened": False, "order_id": None,
    }  # fmt: skip
    return {**usual, **given}


def story(*, parameters: dict[str, Any] | None = None, **tables: list[Row]) -> Story:
    person = PersonRows("C1", ("C1",), {"customers": [CUSTOMER], **tables}, frozenset())
    with override("en"):
        return tell(person, NOW, parameters=parameters, currency="RUB")


def test_what_was_cancelled_or_returned_brings_nothing() -> None:
    told = story(orders=[order(1), order(2, status="cancelled"), order(3, status="returned"), order(4, status=None)])
    assert (told.figures.orders, told.figures.unsold) == (2, 2)
    assert (told.figures.revenue, told.figures.margin, told.figures.average) == ("₽200", "₽80", "₽100")


def test_amounts_in_several_currencies_are_not_added_up() -> None:
    told = story(orders=[order(1), order(2, currency="EUR")])
    assert told.figures.revenue == "in several currencies"


@pytest.mark.parametrize(
    ("row", "owed"),
    [
        (delivery(), True),
        (delivery(promised_at=NOW + DAY), False),
        (delivery(promised_at=None), False),
        (delivery(delivered_at=NOW), None),
        (delivery(status="cancelled"), None),
        (delivery(status="failed"), None),
    ],
)
def test_an_undelivered_order_is_a_promise(row: Row, owed: bool | None) -> None:
    assert [one.overdue for one in story(deliveries=[row]).promises] == ([] if owed is None else [owed])


def test_what_is_owed_stands_by_its_day() -> None:
    step = {
        "process": "p",
        "case_id": "1",
        "step": "s",
        "department": "stores",
        "due_at": NOW - 3 * DAY,
        "done_at": None,
    }
    deal = {
        "deal_id": "G", "opened_at": NOW - 5 * DAY, "closed_at": None, "amount": Decimal(1000), "currency": "RUB",
        "product_id": None, "channel": "web", "employee_id": None, "outcome": "open",
    }  # fmt: skip
    told = story(deliveries=[delivery()], complaints=[complaint()], process_steps=[step], deals=[deal])
    assert [one.due for one in told.promises] == [NOW - 3 * DAY, NOW - DAY, None, None]
    assert any("open for 10 d" in one.text for one in told.promises)
    assert story(complaints=[complaint(closed_at=NOW)]).promises == ()


@pytest.mark.parametrize(
    ("parameters", "score", "group"),
    [
        (None, 8, "promoter"),
        (None, 4, "passive"),
        (None, 3, "detractor"),
        ({"nps": {"promoter_from": 9, "passive_from": 7}}, 8, "passive"),
        ({"nps": {"promoter_from": 9, "passive_from": 7}}, 6, "detractor"),
    ],
)
def test_the_group_of_nps_is_that_of_the_metric(parameters: Any, score: int, group: str) -> None:
    told = story(
        parameters=parameters, answers=[answer("nps", "recommend", score), answer("nps", "why", None, text="Slow")]
    )
    (grade,) = told.grades
    assert grade.value == f"{score} · {group}"
    assert grade.said == "Slow"
    (event,) = told.events
    assert event.quote == "Slow"


def test_c11_is_the_mean_of_its_grades_from_0_to_1() -> None:
    grades = [5, 5, 4, 3, 3, 3, 3, 2, 1, 1, 3]
    told = story(answers=[answer("c11", f"q{n:02d}", grade) for n, grade in enumerate(grades, start=1)])
    assert told.grades[0].value == "0.50"  # (1+1+.75+.5+.5+.5+.5+.25+0+0+.5) / 11
    assert told.grades[0].parts[0] == ("satisfied", "5")
    assert len(told.grades[0].parts) == 11


def test_a_delivery_that_came_late_or_damaged_says_so() -> None:
    late = delivery(delivered_at=NOW + 2 * DAY, status="delivered", intact=False)
    (event,) = story(deliveries=[late]).events
    assert event.state == "bad"
    assert {"late by 3 d", "damaged"} <= set(event.details)


def test_who_served_stands_by_when_they_served_last() -> None:
    employees = [
        {"employee_id": one, "name": f"Name {one}", "department": "stores", "role": "seller"} for one in ("E1", "E2")
    ]
    told = story(
        orders=[order(5, employee_id="E1"), order(2, employee_id="E2"), order(9, employee_id="E2")], employees=employees
    )
    assert [(one.name, one.times) for one in told.servers] == [("Name E2", 2), ("Name E1", 1)]


def test_an_empty_story_is_told_too() -> None:
    told = story()
    assert (told.promises, told.events, told.grades, told.servers) == ((), (), (), ())
    assert told.figures.average == "—"
    assert told.head.consent is False
