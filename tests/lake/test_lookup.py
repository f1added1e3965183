"""Customers are found by what is known of them; every expectation is read off the table below."""

from datetime import datetime
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.lake.lookup import find_customers
from septima.lake.resolved import Tables
from septima.lake.store import arrow_schema
from septima.lake.tables import LAKE_TABLES

AT = datetime(2026, 1, 1)  # noqa: DTZ001 - as the lake keeps times
ROWS: dict[str, list[dict[str, Any]]] = {
    "customers": [
        {"customer_id": "100", "name": "Иванов Пётр Алексеевич", "email": "Petr@Mail.ru", "phone": "+7 (912) 345-67-89"},
        {"customer_id": "200", "name": "ИВАНОВА Анна", "email": "anna@mail.ru", "phone": "8 495 111-22-33", "region": "Москва"},
        {"customer_id": "300", "name": "Smith-Jones, John_777%", "email": "john@example.com", "phone": "+44 20 7946 0018"},
        {"customer_id": "201", "name": "Анна Иванова", "email": None, "phone": None},
        {"customer_id": "o'brien", "name": "Pat O'Brien", "email": "pat@example.com", "phone": None},
    ],
    "identities": [
        {"customer_id": "201", "id_type": "card", "id_value": "CARD-77"},
        {"customer_id": "400", "id_type": "email", "id_value": "ghost@example.com"},
        {"customer_id": "100", "id_type": "phone", "id_value": "79990001122"},
    ],
    "merges": [
        {"customer_id": "201", "master_id": "200", "linked_id": "200", "recorded_at": AT},
        {"customer_id": "300", "master_id": "100", "linked_id": "100", "recorded_at": AT, "undone_at": AT},
    ],
}  # fmt: skip


def tables() -> Tables:
    return lambda name: ibis.memtable(pa.Table.from_pylist(ROWS[name], arrow_schema(LAKE_TABLES[name])))


def found(text: str, limit: int = 20) -> list[tuple[str, str]]:
    return [(one.customer_id, one.matched) for one in find_customers(tables(), text, limit)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100", [("100", "id")]),
        ("10", []),
        ("  petr@mail.RU ", [("100", "email")]),
        ("petr@", [("100", "email")]),
        ("mail.ru", []),
        ("89123456789", [("100", "phone")]),
        ("+7 912 345 67 89", [("100", "phone")]),
        ("912-345-67-89", [("100", "phone")]),
        ("74951112233", [("200", "phone")]),
        ("67-89", [("100", "phone")]),
        ("678", []),
        ("442079460018", [("300", "phone")]),
        ("+7 999 000-11-22", [("100", "phone")]),
        ("иванов", [("100", "name"), ("200", "name")]),
        ("ИВАНОВА", [("200", "name")]),
        ("петр ив", [("100", "name")]),
        ("ПЁТР", [("100", "name")]),
        ("ванов", []),
        ("jones smith", [("300", "name")]),
        ("card-77", [("200", "identifier")]),
        ("201", [("200", "id")]),
        ("ghost@example.com", [("400", "email")]),
        ("300", [("300", "id")]),
        ("o'brien", [("o'brien", "id")]),
        ("O'Brien", [("o'brien", "name")]),
        ("777%", [("300", "name")]),
        ("%", []),
        ("", []),
        ("  ", []),
        ("' OR 1=1 --", []),
    ],
)
def test_by_what_a_customer_is_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_a_merged_record_shows_its_master_and_what_was_hit() -> None:
    (one,) = find_customers(tables(), "CARD-77")
    assert (one.customer_id, one.matched_id, one.name, one.region) == ("200", "201", "ИВАНОВА Анна", "Москва")


def test_who_is_known_by_an_identity_alone_is_found_without_a_name() -> None:
    (one,) = find_customers(tables(), "ghost@")
    assert (one.customer_id, one.name) == ("400", None)


def test_no_more_than_the_limit_the_surest_first() -> None:
    assert found("иванов", 1) == [("100", "name")]
    assert found("иванов", 0) == []


@settings(max_examples=25)
@given(st.text())
def test_no_text_breaks_the_search(text: str) -> None:
    assert len(found(text, 2)) <= 2
