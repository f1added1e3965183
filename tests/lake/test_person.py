"""A person's rows are found, handed over and erased; what is expected is counted in the rows below."""

import csv
import io
import itertools
import json
import os
import re
import shutil
import signal
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from septima.lake import erase as erasing
from septima.lake import store
from septima.lake.append import append
from septima.lake.erase import (
    Certificate,
    ErasedRows,
    certificates,
    erase_person,
    lift_erasure,
    verify_erased,
)
from septima.lake.identity import keep_apart, merge, merges
from septima.lake.kept import lost_tables
from septima.lake.load import TableCounts
from septima.lake.person import PersonError, export_person, ids_of, person_rows
from septima.lake.quarantine import quarantined
from septima.lake.store import Lake
from tests.forked import fork

Rows = Callable[[str, str], list[tuple[Any, ...]]]
AT = datetime(2026, 3, 1, tzinfo=UTC)
IDENTIFIERS = ("cust-ivan-1", "cust-ivan-2", "Иван Уникальный", "ivan@unique.ru", "+79123456789", "card-ivan-9")

CUSTOMERS = [
    {"customer_id": "cust-ivan-1", "created_at": AT, "name": "Иван Уникальный", "email": "ivan@unique.ru", "phone": "+79123456789"},
    {"customer_id": "cust-ivan-2", "created_at": AT, "name": "=HYPERLINK(1)", "note": "from card-ivan-9"},
    {"customer_id": "olga", "created_at": AT, "name": "Ольга", "email": "olga@x.ru", "referrer_id": "cust-ivan-1"},
]  # fmt: skip
GIVEN: dict[str, list[dict[str, Any]]] = {
    "customers": CUSTOMERS,
    "identities": [
        {"customer_id": "cust-ivan-1", "id_type": "card", "id_value": "card-ivan-9"},
        {"customer_id": "olga", "id_type": "card", "id_value": "card-olga"},
    ],
    "orders": [
        {"order_id": "o1", "customer_id": "cust-ivan-1", "ordered_at": AT, "revenue": 10, "address": "ivan@unique.ru"},
        {"order_id": "o2", "customer_id": "cust-ivan-2", "ordered_at": AT, "revenue": Decimal("2.5"), "promo_id": "for cust-ivan-2"},
        {"order_id": "o3", "customer_id": "olga", "ordered_at": AT, "revenue": 100, "address": "Олина"},
    ],
    "order_items": [
        {"order_id": "o1", "line": "1", "price": 10, "engraving": "Иван Уникальный"},
        {"order_id": "o3", "line": "1", "price": 100, "engraving": "Ольга"},
    ],
    "deliveries": [{"delivery_id": "d1", "order_id": "o2", "to": "card-ivan-9"}, {"delivery_id": "d2", "order_id": "o3", "to": "Ольга"}],
    "deals": [{"deal_id": "w1", "customer_id": "cust-ivan-1", "amount": 7}],
    "deal_stages": [{"deal_id": "w1", "stage": "call", "entered_at": AT, "memo": "ivan@unique.ru"}],
    "touches": [{"touch_id": "t1", "customer_id": "cust-ivan-1", "at": AT, "kind": "chat", "topic": "asks Иван Уникальный"}],
    "answers": [
        {"answer_id": "a1", "touch_id": "t1", "instrument": "nps", "question": "recommend", "score": 9, "at": AT, "text": "Иван Уникальный доволен"},
        {"answer_id": "a2", "customer_id": "olga", "instrument": "nps", "question": "recommend", "score": 2, "at": AT, "text": "Плохо"},
    ],
    "assignments": [
        {"experiment_id": "x", "customer_id": "cust-ivan-1", "arm": "control", "assigned_at": AT},
        {"experiment_id": "x", "customer_id": "cust-ivan-2", "arm": "test", "assigned_at": AT},
    ],
    "accesses": [{"employee_id": "e1", "customer_id": "cust-ivan-1", "at": AT}],
}  # fmt: skip


def fill(lake: Lake) -> None:
    for name, rows in GIVEN.items():
        append(lake, name, rows, "shop", batch="first")
    append(
        lake, "orders", [{"order_id": "o9", "customer_id": "cust-ivan-1", "ordered_at": "soon"}], "shop", batch="bad"
    )
    append(lake, "orders", [{"order_id": "o8", "customer_id": "olga", "ordered_at": "soon"}], "shop", batch="bad2")
    merge(lake, "cust-ivan-2", "cust-ivan-1")
    keep_apart(lake, "cust-ivan-1", "olga")
    # A second version of files that hold the person.
    append(lake, "orders", [{"order_id": "o1", "ordered_at": AT, "status": "paid"}], "shop", batch="second")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("filled") / "lake"
    fill(Lake.create(root))
    return root


@pytest.fixture
def lake(filled: Path, tmp_path: Path) -> Lake:
    """A lake with all rows above, the test's own."""
    root = tmp_path / "workspace" / "lake"
    shutil.copytree(filled, root)
    return Lake.open(root)


def erase(lake: Lake, customer: str = "cust-ivan-2") -> Certificate:
    return erase_person(lake, customer, author="dpo", reason="request 17")


def raw_hits(lake: Lake) -> list[Path]:
    """Files below the lake in whose bytes an identifier stands, uncompressed or as this finds it."""
    words = [text.encode() for text in IDENTIFIERS]
    return [
        path for path in lake.root.rglob("*") if path.is_file() and any(word in path.read_bytes() for word in words)
    ]


def test_all_rows_of_a_person_under_every_merged_id(lake: Lake) -> None:
    assert ids_of(lake, "cust-ivan-2") == ids_of(lake, "cust-ivan-1") == ("cust-ivan-1", "cust-ivan-2")
    rows = person_rows(lake, "cust-ivan-2")
    assert {name: table.num_rows for name, table in rows.items()} == {
        "customers": 2, "identities": 1, "orders": 2, "order_items": 1, "touches": 1, "assignments": 2, "answers": 1,
        "deliveries": 1, "deals": 1, "deal_stages": 1, "accesses": 1, "quarantine": 1, "merges": 2,
    }  # fmt: skip
    with pytest.raises(PersonError, match="holds nothing"):
        person_rows(lake, "nobody")
    with pytest.raises(PersonError, match="more than 1 rows"):
        person_rows(lake, "cust-ivan-2", limit=1)


def test_the_export_has_every_table_twice_and_no_formula(lake: Lake) -> None:
    archive = zipfile.ZipFile(io.BytesIO(export_person(lake, "cust-ivan-1")))
    names = set(archive.namelist())
    assert {"README.txt", "customers.csv", "customers.json", "orders.csv", "order_items.json"} <= names
    cells = list(csv.DictReader(io.StringIO(archive.read("customers.csv").decode("utf-8-sig"))))
    assert [(row["name"], row["phone"]) for row in cells] == [
        ("Иван Уникальный", "'+79123456789"),
        ("'=HYPERLINK(1)", ""),
    ]
    records = json.loads(archive.read("customers.json"))
    assert [record["phone"] for record in records] == ["+79123456789", None]
    readme = archive.read("README.txt").decode()
    assert "orders: Purchases (2 rows)" in readme
    assert "orders: Покупки (2 строк)" in readme
    assert "ordered_at: When it was placed" in readme
    assert "olga@x.ru" not in "".join(archive.read(name).decode() for name in names)


def test_after_erasure_no_file_holds_the_person_and_sums_stay(lake: Lake, rows_of: Rows) -> None:
    assert verify_erased(lake, IDENTIFIERS) != ()
    made = erase(lake)
    assert verify_erased(lake, IDENTIFIERS) == ()
    assert raw_hits(lake) == []
    assert made.tables == {
        "customers": ErasedRows(2, 0), "identities": ErasedRows(1, 0), "orders": ErasedRows(0, 2),
        "order_items": ErasedRows(0, 1), "touches": ErasedRows(0, 1), "assignments": ErasedRows(0, 2),
        "answers": ErasedRows(0, 1), "deliveries": ErasedRows(0, 1), "deals": ErasedRows(0, 1),
        "deal_stages": ErasedRows(0, 1), "accesses": ErasedRows(0, 1), "quarantine": ErasedRows(0, 1),
        "merges": ErasedRows(0, 2),
    }  # fmt: skip
    assert rows_of("orders", "count(*), count(DISTINCT customer_id), sum(revenue)") == [(3, 3, Decimal("112.5"))]
    assert rows_of("orders", "status") == [("paid",), (None,), (None,)]
    assert rows_of("answers", 'score, "text"') == [(2.0, "Плохо"), (9.0, None)]
    assert rows_of("order_items", "order_id, properties") == [("o1", None), ("o3", '{"engraving":"Ольга"}')]
    (olga,) = rows_of("customers", "customer_id, name, referrer_id")
    assert olga[:2] == ("olga", "Ольга")
    pseudonyms = {row[0] for row in rows_of("assignments", "customer_id")}
    assert all(re.fullmatch("erased-[0-9a-f]{16}", name) for name in pseudonyms)
    assert len(pseudonyms) == 2
    assert olga[2] in pseudonyms
    # Both names of the person still count as one.
    assert {name for row in merges(lake) for name in (row.customer_id, row.master_id)} == pseudonyms
    assert [entry.record for entry in quarantined(lake) if entry.file == "batch bad2"] != [None]
    assert [entry.file for entry in quarantined(lake)] == ["batch bad2"]


def test_ids_of_orders_that_hold_the_customers_go_under_the_pseudonym(lake: Lake, rows_of: Rows) -> None:
    for name, row in (
        ("customers", {"customer_id": "c42", "created_at": AT}),
        ("orders", {"order_id": "c42-1", "customer_id": "c42", "ordered_at": AT, "revenue": 5, "promo_id": "2/c42"}),
        ("order_items", {"order_id": "c42-1", "line": "1", "price": 5}),
        ("complaints", {"complaint_id": "k", "customer_id": "olga", "order_id": "c42-1", "opened_at": AT}),
        ("orders", {"order_id": "c423-1", "customer_id": "olga", "ordered_at": AT}),
    ):
        append(lake, name, [row], "shop", batch=f"of {row}")
    assert erase(lake, "c42").tables["order_items"] == ErasedRows(0, 1)
    (pseudonym,) = {str(row[0]) for row in rows_of("orders", "customer_id") if str(row[0]).startswith("erased")}
    theirs = f"{pseudonym}-1"
    assert (theirs, None) in rows_of("orders", "order_id, promo_id")
    assert ("c423-1", None) in rows_of("orders", "order_id, promo_id")
    assert (theirs,) in rows_of("order_items", "order_id")
    assert rows_of("complaints", "customer_id, order_id") == [("olga", theirs)]
    assert verify_erased(lake, ["c42", "c42-1"]) == ()


def test_few_digits_say_of_nobody_who_it_is(lake: Lake, rows_of: Rows) -> None:
    append(lake, "customers", [{"customer_id": "17", "created_at": AT}], "shop", batch="17")
    row = {"order_id": "2026-17", "customer_id": "17", "ordered_at": AT, "employee_id": "17"}
    append(lake, "orders", [row], "shop", batch="17")
    erase(lake, "17")
    assert ("2026-17", "17") in rows_of("orders", "order_id, employee_id")


@pytest.mark.parametrize(
    "written",
    ["Mail IVAN@unique.RU", "8 (912) 345-67-89", "id=cust-ivan-1&page=2", "x\tcust-ivan-2\ty", 'says "card-ivan-9"'],
)
def test_the_quarantine_forgets_whoever_stands_there_in_other_words(lake: Lake, written: str) -> None:
    append(lake, "touches", [{"touch_id": "t7", "at": "soon", "kind": "chat", "said": written}], "crm", batch="t7")
    append(lake, "touches", [{"touch_id": "t8", "at": "soon", "kind": "chat", "said": "8 912 345"}], "crm", batch="t8")
    assert erase(lake).tables["quarantine"] == ErasedRows(0, 2)
    assert {entry.file for entry in quarantined(lake)} == {"batch bad2", "batch t8"}


def test_no_commit_is_called_after_the_person(lake: Lake) -> None:
    for number, spaced in enumerate(("Анна Ким", "Анна Ким 2")):
        append(lake, "customers", [{"customer_id": spaced, "created_at": AT}], "shop", batch=f"spaced {number}")
    keep_apart(lake, "Анна Ким", "olga")
    merge(lake, "Анна Ким 2", "Анна Ким")
    erase(lake, "Анна Ким")
    assert verify_erased(lake, ["Анна Ким"]) == ()
    assert [one.label for one in lake.commits() if "Анна" in one.label] == []


def test_an_order_of_an_erased_person_brings_nothing_back_without_naming_them(lake: Lake, rows_of: Rows) -> None:
    erase(lake)
    counts = append(lake, "orders", [{"order_id": "o1", "ordered_at": AT, "to": "Lenina 5"}], "old", batch="o1").counts
    assert counts == TableCounts(read=1, quarantined=1)
    assert ("o1", None) in rows_of("orders", "order_id, properties")


def test_the_certificate_says_what_is_lost_and_not_who_it_was(lake: Lake) -> None:
    before = lake.version
    made = erase(lake)
    assert certificates(lake) == [made]
    assert made.is_sound
    assert not replace(made, reason="other").is_sound
    assert not any(text in json.dumps(vars(made), default=str) for text in IDENTIFIERS)
    lost = tuple(version for version in range(1, lake.version + 1) if lost_tables(lake, version))
    assert made.versions == lost == tuple(range(1, before + 1))
    assert lost_tables(lake, lake.version) == ()
    assert all(not (lake.root / name).exists() for name in made.files)
    assert erase(lake, "cust-ivan-1") == made  # asked again, nothing is done again
    assert certificates(lake) == [made]


def test_an_erased_person_does_not_come_back_until_that_is_allowed(lake: Lake, rows_of: Rows) -> None:
    erase(lake)
    again = {name: append(lake, name, rows, "old export", batch="again").counts for name, rows in GIVEN.items()}
    assert again["customers"] == TableCounts(read=3, updated=1, quarantined=2)
    assert again["orders"] == TableCounts(read=3, duplicate=1, quarantined=2)
    assert again["order_items"] == TableCounts(read=2, duplicate=1, quarantined=1)
    assert again["deliveries"] == TableCounts(read=2, duplicate=1, quarantined=1)
    assert again["deal_stages"] == TableCounts(read=1, quarantined=1)
    assert again["answers"] == TableCounts(read=2, duplicate=1, quarantined=1)
    held = [entry for entry in quarantined(lake) if entry.reason == "erased on request"]
    assert {(entry.value, entry.record, entry.column) for entry in held} == {(None, None, "")}
    assert verify_erased(lake, IDENTIFIERS) == ()
    # Who was recommended by an erased person came without the referrer.
    assert rows_of("customers", "customer_id, referrer_id") == [("olga", None)]
    # The two customers, the orders o1 and o2, the deal and the touch.
    assert lift_erasure(lake, "cust-ivan-1", author="dpo") == 6
    with pytest.raises(PersonError, match="not held back"):
        lift_erasure(lake, "cust-ivan-1", author="dpo")
    back = append(lake, "customers", CUSTOMERS, "new export", batch="back").counts
    assert back == TableCounts(read=3, loaded=2, updated=1)
    assert erase(lake, "cust-ivan-1").tables["customers"] == ErasedRows(1, 0)


def test_what_cannot_be_erased_is_told(lake: Lake) -> None:
    version = lake.version
    with pytest.raises(PersonError, match="holds nothing"):
        erase(lake, "nobody")
    with pytest.raises(PersonError, match="names the person"):
        erase_person(lake, "cust-ivan-1", author="dpo", reason="letter from ivan@unique.ru")
    assert (lake.version, certificates(lake)) == (version, [])


def erase_until(say: Callable[[str], None], root: Path, moment: int) -> None:
    """Erase a person, and be killed as something is done to the disk for that many times."""
    calls = itertools.count(1)

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            if next(calls) == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*given, **named)

        return run

    store.write_over = counted(store.write_over)
    erasing.write_over = store.write_over
    store.Writing.advance = counted(store.Writing.advance)
    store.Lake._publish = counted(store.Lake._publish)
    erasing.copy_parquet = counted(erasing.copy_parquet)
    Path.unlink = counted(Path.unlink)
    erase_person(Lake.open(root), "cust-ivan-1", author="dpo", reason="request 17")


@pytest.mark.slow
def test_killed_at_any_moment_another_call_finishes(lake: Lake, tmp_path: Path) -> None:
    ended, moment = False, 1
    while not ended:
        copy = tmp_path / f"copy{moment}"
        shutil.copytree(lake.root, copy)
        code, _ = fork(erase_until, copy, moment).end()
        ended = code == 0
        assert ended or code == -signal.SIGKILL
        made = erase(Lake.open(copy))
        assert made.is_sound
        assert verify_erased(Lake.open(copy), IDENTIFIERS) == ()
        assert lost_tables(Lake.open(copy), Lake.open(copy).version) == ()
        assert len(certificates(Lake.open(copy))) == 1
        moment += max(1, int(os.environ.get("SEPTIMA_KILL_STEP", "4")))
    assert moment > 20
