"""Which customers are one person, decided on planted duplicates."""

import logging
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from septima.lake.identity import Shared, identify, keep_apart, merge, merges, unmerge
from septima.lake.identity_rules import IdentityError
from septima.lake.load import LoadResult
from septima.lake.store import Lake

Customers = Callable[..., None]
FIELDS = {
    "customer_id": "id", "created_at": "created", "name": "name", "email": "email", "phone": "phone",
    "birth_date": "born", "region": "region",
}  # fmt: skip


@pytest.fixture
def customers(folder: Path, load_text: Callable[[str], LoadResult]) -> Customers:
    """Load customers, each a mapping of some of FIELDS; and identities as (customer, kind, value)."""

    def put(rows: Iterable[dict[str, Any]], identities: Iterable[tuple[str, str, str]] = ()) -> None:
        lines = [";".join(str(row.get(name) or "") for name in FIELDS) for row in rows]
        (folder / "customers.csv").write_text("\n".join([";".join(FIELDS.values()), *lines]), encoding="utf-8")
        named = "\n".join(["who;kind;value", *map(";".join, identities)])
        (folder / "identities.csv").write_text(named, encoding="utf-8")
        columns = ", ".join(f"{name}: {heading}" for name, heading in FIELDS.items())
        load_text(f"""\
source: shop
files:
  - file: customers.csv
    delimiter: ";"
    tables:
      customers: {{columns: {{{columns}}}}}
  - file: identities.csv
    delimiter: ";"
    tables:
      identities: {{columns: {{customer_id: who, id_type: kind, id_value: value}}}}
""")

    return put


def person(id_: str, created: str = "2024-01-01", **attributes: str) -> dict[str, str]:
    return {"customer_id": id_, "created_at": created, **attributes}


def masters(lake: Lake) -> dict[str, str]:
    return {row.customer_id: row.master_id for row in merges(lake)}


def test_forms_of_one_address_and_of_one_number_are_one_person(customers: Customers, lake: Lake) -> None:
    customers(
        [
            person("a", "2024-02-01", email="Anna@Shop.example ", phone="8 (900) 000-00-00"),
            person("b", "2024-01-01", email="anna@shop.example"),
            person("c", "2024-03-01", phone="+7 900 000 00 00"),
            person("d", email="an.na+news@gmail.com"),
            person("e", "2024-01-02", email="anna@googlemail.com"),
            # Dots and plus tags are part of the address elsewhere; an extension is part of the number.
            person("f", email="an.na@shop.example", phone="8 495 123-45-67 доб. 12"),
            person("g", email="anna+news@shop.example", phone="8 495 123-45-67 доб. 13"),
            person("h", email="none", phone="12"),
            person("i", email="none", phone="12"),
        ]
    )
    found = identify(lake, region="RU", author="me")
    assert (found.customers, found.persons, found.merged) == (9, 6, {"exact_email": 2, "exact_phone": 1})
    assert found.unread_phones == 1
    # The oldest of three, who hold together only through a, is the master of all.
    assert masters(lake) == {"a": "b", "c": "b", "e": "d"}
    rows = {row.customer_id: row for row in merges(lake)}
    assert (rows["c"].linked_id, rows["c"].rule, rows["c"].evidence, rows["c"].author) == (
        "a",
        "exact_phone",
        "phone",
        "me",
    )


def test_without_a_region_only_numbers_with_a_country_code_are_read(customers: Customers, lake: Lake) -> None:
    customers(
        [person("a", phone="8 900 000-00-00"), person("b", phone="+79000000000"), person("c", phone="+7 900 0000000")]
    )
    found = identify(lake)
    assert (masters(lake), found.unread_phones) == ({"c": "b"}, 1)
    with pytest.raises(IdentityError, match="'XX' is no region of telephone numbers"):
        identify(lake, region="XX")


def test_identifiers_of_one_person_count_and_those_of_a_machine_do_not(customers: Customers, lake: Lake) -> None:
    customers(
        [person("a"), person("b"), person("c", email="c@x.example"), person("d")],
        [("a", "card", "77"), ("b", "Card", " 77"), ("d", "email", "C@x.example"),
         ("a", "cookie", "z"), ("c", "cookie", "z"), ("a", "ip", "1.1.1.1"), ("d", "ip", "1.1.1.1")],
    )  # fmt: skip
    assert identify(lake).merged == {"exact_email": 1, "same_identifier": 1}
    assert masters(lake) == {"b": "a", "d": "c"}


def test_an_address_of_more_than_five_identifies_nobody(customers: Customers, lake: Lake) -> None:
    customers(
        [person(f"o{n}", email="office@x.example") for n in range(6)]
        + [person(f"f{n}", email="home@x.example") for n in range(5)]
    )
    found = identify(lake)
    assert found.shared == [Shared("email", 1, 6)]
    assert masters(lake) == {f"f{n}": "f0" for n in range(1, 5)}
    assert identify(lake, shared_limit=6).persons == 2


def test_two_that_agree_in_all_are_told_with_all_they_agree_in(customers: Customers, lake: Lake) -> None:
    customers(
        [person("a", email="a@x.example", phone="+79000000000"), person("b", email="a@x.example", phone="+79000000000")]
    )
    assert identify(lake).merged == {"exact_email": 1}
    assert merges(lake)[0].evidence == "email, phone"


def test_a_dry_run_and_a_second_run_write_nothing(customers: Customers, lake: Lake) -> None:
    customers([person("a", email="a@x.example"), person("b", email="a@x.example")])
    version = lake.version
    assert identify(lake, dry_run=True).merged == {"exact_email": 1}
    assert (lake.version, merges(lake)) == (version, [])
    assert identify(lake).run == version + 1
    again = identify(lake)
    assert (again.merged, again.persons, again.run, lake.version) == ({}, 1, None, version + 1)


def test_what_was_undone_is_not_merged_again_but_by_hand(customers: Customers, lake: Lake) -> None:
    customers([person(id_, email="a@x.example") for id_ in "abc"])
    identify(lake)
    assert unmerge(lake, "b", author="me") == 1
    assert masters(lake) == {"c": "a"}
    # b and c share the address too, but c is with a, from whom b was taken apart.
    assert identify(lake).refused > 0
    assert masters(lake) == {"c": "a"}
    assert merge(lake, "b", "c") == "a"
    assert masters(lake) == {"b": "a", "c": "a"}
    rows = [(row.customer_id, row.rule, row.undone_at is None) for row in merges(lake, undone=True)]
    assert rows == [
        ("b", "exact_email", True), ("c", "exact_email", True), ("b", "exact_email", False), ("b", "by_hand", True),
    ]  # fmt: skip


def test_what_hung_on_an_undone_merge_stays_with_it(customers: Customers, lake: Lake) -> None:
    customers(
        [
            person("a", "2024-01-01", email="a@x.example"),
            person("b", "2024-01-03", email="a@x.example", phone="+79000000000"),
            person("c", "2024-01-02", phone="+79000000000"),
        ]
    )
    identify(lake)
    assert masters(lake) == {"b": "a", "c": "a"}
    unmerge(lake, "b")
    # b and c still share a telephone; c is the older.
    assert masters(lake) == {"b": "c"}


def test_undoing_a_run_leaves_the_others(customers: Customers, lake: Lake) -> None:
    customers(
        [
            person("a", email="a@x.example"),
            person("b", email="a@x.example"),
            person("c", "2020-01-01", phone="+79000000000"),
            person("d", phone="+79000000000"),
        ]
    )
    merge(lake, "b", "c")
    run = identify(lake).run
    # b, given to c by hand, brought a to the elder c.
    assert masters(lake) == {"a": "c", "b": "c", "d": "c"}
    assert run is not None
    assert unmerge(lake, run=run) == 2
    assert masters(lake) == {"b": "c"}
    with pytest.raises(IdentityError, match=rf"no merge of run {run} is in force; runs with merges: {run - 1}"):
        unmerge(lake, run=run)


def test_who_is_merged_by_hand_is_not_the_master_however_old(customers: Customers, lake: Lake) -> None:
    customers([person("old", "2010-01-01"), person("new", "2024-01-01")])
    assert merge(lake, "old", "new") == "new"
    with pytest.raises(
        IdentityError, match="'new' is the master of its group; undo the merge of one who was merged into it: old"
    ):
        unmerge(lake, "new")
    with pytest.raises(IdentityError, match="'new' and 'old' are one person already"):
        merge(lake, "new", "old")
    with pytest.raises(IdentityError, match="there is no customer 'nobody'"):
        merge(lake, "nobody", "old")
    with pytest.raises(IdentityError, match="'old' is one customer"):
        merge(lake, "old", "old")


def test_two_kept_apart_are_not_merged_and_stay_where_they_were(customers: Customers, lake: Lake) -> None:
    customers(
        [
            person("a", email="a@x.example"),
            person("b", email="a@x.example"),
            person("c", phone="+79000000000"),
            person("d", phone="+79000000000", email="a@x.example"),
        ]
    )
    merge(lake, "d", "c")
    keep_apart(lake, "d", "a")
    assert masters(lake) == {"d": "c"}
    identify(lake)
    assert masters(lake) == {"b": "a", "d": "c"}
    with pytest.raises(IdentityError, match="'c' and 'd' are merged; undo that first"):
        keep_apart(lake, "c", "d")


def test_a_lake_without_customers_has_nobody_to_merge(lake: Lake) -> None:
    found = identify(lake)
    assert (found.customers, found.persons, found.run) == (0, 0, None)


def test_a_lake_older_than_merges_gets_its_table(customers: Customers, lake: Lake) -> None:
    customers([person("a", email="a@x.example"), person("b", email="a@x.example")])
    shutil.rmtree(lake.table_folder("merges"))
    assert merges(lake) == []
    identify(lake)
    assert masters(lake) == {"b": "a"}


PROGRAM = """
import sys
from pathlib import Path
from septima.lake.identity import identify
from septima.lake.store import Lake
print("ready", flush=True)
print(identify(Lake.open(Path(sys.argv[1]))).merged)
"""


def start(lake: Lake) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(lake.root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_runs_at_once_merge_everybody_once(customers: Customers, lake: Lake) -> None:
    customers([person(f"{n}-{k}", email=f"{n}@x.example") for n in range(500) for k in range(2)])
    told = sorted(process.communicate()[0].strip() for process in (start(lake), start(lake)))
    assert told == ["{'exact_email': 500}", "{}"]
    assert len(merges(lake, undone=True)) == 500


@pytest.mark.slow
def test_killed_at_any_moment_a_run_is_there_whole_or_not_at_all(customers: Customers, lake: Lake) -> None:
    customers([person(f"{n}-{k}", email=f"{n}@x.example") for n in range(3000) for k in range(2)])
    generator, killed = random.Random(3), 0  # noqa: S311
    while killed < 6:
        process = start(lake)
        time.sleep(generator.uniform(0.05, 0.9))
        process.kill()
        process.communicate()
        if process.returncode != -signal.SIGKILL:
            break
        killed += 1
        assert len(merges(lake)) in (0, 3000)
    identify(lake)
    assert len(merges(lake)) == 3000


def simulated(persons: int = 5000, seed: int = 5) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """People, every fifth of whom is there a second time, with slips of the pen and holes; and who is who."""
    chance = random.Random(seed)  # noqa: S311
    first = ("Иван", "Пётр", "Сергей", "Анна", "Мария", "Ольга", "Елена", "Дмитрий", "Юлия", "Максим", "Артём", "Кирилл", "Роман", "Ирина")  # fmt: skip
    stems = ("Кузн", "Петр", "Сидор", "Иван", "Смирн", "Попов", "Волк", "Зайц", "Медвед", "Орл", "Соколь", "Лебед", "Голуб", "Виноград", "Белоз", "Чернов")  # fmt: skip
    last = [stem + ending for stem in stems for ending in ("ов", "ин", "ский", "ев", "енко")]
    fathers = ("Иванович", "Петрович", "Романович", "Максимович", "Антонович", "Борисович", "Семёнович", "Павлович", "Глебович", "Львович")  # fmt: skip

    def slip(text: str) -> str:
        at = chance.randrange(1, len(text) - 1)
        return chance.choice(
            [
                text[:at] + text[at + 1 :],
                text[:at] + text[at + 1] + text[at] + text[at + 2 :],
                text[:at] + "ж" + text[at + 1 :],
            ]
        )

    rows: list[dict[str, Any]] = []
    truth: dict[str, int] = {}
    for number in range(persons):
        name = f"{chance.choice(last)} {chance.choice(first)} {chance.choice(fathers)}"
        born = date(1950, 1, 1) + timedelta(days=chance.randrange(20_000))
        mailbox = f"{chance.choice('abcdefgh')}{chance.choice('klmnopqr')}{number:04d}"
        phone = f"9{chance.randrange(10**9):09d}"
        region = chance.choice(["Москва", "Казань", "Омск", "Тула"])
        one = person(f"a{number}", name=name, email=f"{mailbox}@x.example", phone=f"+7{phone}", region=region)
        rows.append({**one, "birth_date": born.isoformat()})
        truth[f"a{number}"] = number
        if number % 5 == 0:
            again = {
                "name": slip(name) if chance.random() < 0.6 else " ".join(reversed(name.upper().split())),
                "birth_date": born.isoformat()
                if chance.random() < 0.9
                else born.replace(day=born.day % 28 + 1).isoformat(),
                "email": chance.choice([f"{mailbox}@other.example", f"{slip(mailbox)}@x.example", ""]),
                "phone": chance.choice([f"+7{phone[:-2]}{phone[-1]}{phone[-2]}", "", ""]),
                "region": region if chance.random() < 0.95 else "Тверь",
            }
            rows.append({**person(f"b{number}", "2025-01-01"), **again})
            truth[f"b{number}"] = number
    return rows, truth


@pytest.mark.slow
def test_probable_duplicates_are_found_and_no_others(
    customers: Customers, lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("splink")
    rows, truth = simulated()
    customers(rows)
    with caplog.at_level(logging.WARNING):
        found = identify(lake, probabilistic=True)
    assert not caplog.records, "what a library logs is not for the person who runs a command"
    pairs = {(row.customer_id, row.master_id) for row in merges(lake)}
    right = sum(truth[one] == truth[other] for one, other in pairs)
    assert right / len(pairs) >= 0.95
    assert right / 1000 >= 0.95
    assert set(found.merged) <= {"exact_email", "exact_phone", "probabilistic"}
    assert all(0.9 <= proposal.score < 0.99 for proposal in found.proposals)


def test_customers_with_too_little_to_compare_are_told(customers: Customers, lake: Lake) -> None:
    pytest.importorskip("splink")
    customers([person("a", name="Anna"), person("b", name="Bert")])
    with pytest.raises(IdentityError, match="at least two of name, birth_date, email and phone"):
        identify(lake, probabilistic=True)
