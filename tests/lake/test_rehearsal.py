"""What a load would do, told without doing it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from septima.lake.load import load
from septima.lake.mapping import Mapping
from septima.lake.rehearsal import look_at, rehearse
from septima.lake.sql import LoadError
from septima.lake.store import Lake
from septima.schema import Text

MAPPING = """
source: till
files:
  - file: orders.csv
    tables:
      orders:
        columns: {order_id: id, customer_id: who, ordered_at: at, revenue: sum}
"""
FIRST = "id,who,at,sum\n1,c1,2026-07-01,10\n2,c1,2026-07-02,20\n"
SECOND = "id,who,at,sum\n2,c1,2026-07-02,25\n3,c2,2026-07-03,30\n3,c2,2026-07-03,30\n4,c2,2026-07-04,many\n"


def test_a_look_tells_columns_examples_and_the_number_of_rows(lake: Lake, folder: Path) -> None:
    path = folder / "orders.csv"
    path.write_text("id,state\n1,paid\n2,paid\n3,returned\n", encoding="utf-8")
    looks, rows = look_at(lake, path, "orders.csv")
    assert rows == 3
    assert [(look.name, look.values) for look in looks] == [("id", ("1", "2", "3")), ("state", ("paid", "returned"))]


def test_many_values_are_not_listed_and_three_examples_are(lake: Lake, folder: Path) -> None:
    path = folder / "people.csv"
    path.write_text("id\n" + "".join(f"{number}\n" for number in range(40)), encoding="utf-8")
    (look,), _ = look_at(lake, path, "people.csv")
    assert (len(look.examples), look.values) == (3, ())


def test_a_file_of_a_header_alone_has_nothing_to_load(lake: Lake, folder: Path) -> None:
    path = folder / "orders.csv"
    path.write_text("id,who\n", encoding="utf-8")
    with pytest.raises(LoadError, match=r"orders\.csv has a header and no rows") as caught:
        look_at(lake, path, "orders.csv")
    assert caught.value.statement.ru != caught.value.statement.en


def test_a_rehearsal_tells_what_the_load_then_does_and_writes_nothing(
    lake: Lake, folder: Path, mapping_of: Callable[[str], Mapping]
) -> None:
    path = folder / "orders.csv"
    path.write_text(FIRST, encoding="utf-8")
    mapping = mapping_of(MAPPING)
    load(lake, mapping)
    path.write_text(SECOND, encoding="utf-8")
    before, steps = lake.version, list[tuple[Text, int, int | None]]()
    (told,) = rehearse(
        lake, mapping, {"orders.csv": path}, progress=lambda step, done, whole: steps.append((step, done, whole))
    )
    # By hand: four rows, of which one is new, one changes what is there, one comes twice and one has a word for a sum.
    assert (told.table, told.read, told.new, told.known, told.duplicate, told.quarantined) == ("orders", 4, 1, 1, 1, 1)
    (reason,) = told.reasons
    assert (reason.column, reason.rows, reason.example, reason.first_row) == (
        "sum",
        1,
        "many",
        5,
    )  # the header is row 1
    assert lake.version == before
    assert steps
    assert all(done <= (whole or 0) for _, done, whole in steps)
    done = load(lake, mapping).tables["orders"]
    assert (done.read, done.loaded, done.updated, done.duplicate, done.quarantined) == (4, 1, 1, 1, 1)
