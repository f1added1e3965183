"""Rows of the quarantine are mended by hand and read page by page; counts by hand."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from septima.lake import mend
from septima.lake.append import append
from septima.lake.load import LoadResult, TableCounts, load
from septima.lake.mapping import Mapping
from septima.lake.mend import mend_entries
from septima.lake.quarantine import QuarantineError, entries, entry_history
from septima.lake.store import Lake

Load = Callable[[str], LoadResult]
Rows = Callable[[str, str], list[tuple[Any, ...]]]

MAPPING = """\
source: shop
files:
  - file: orders*.csv
    tables:
      orders:
        columns:
          order_id: No
          ordered_at: {column: Date, dates: "%d.%m.%Y"}
          status: {column: State, values: {ok: paid}}
          revenue: {expression: Price * Qty}
      customers: {columns: {customer_id: Who}}
"""
HEADING = "No;Date;State;Price;Qty;Who;Note\n"
BROKEN = HEADING + "1;01.02.2024;ok;2;3;c1;n1\n2;32.02.2024;lost;2;5;c2;n2\n3;03.02.2024;ok;x;1;c3;n3\n"


def ids(lake: Lake) -> dict[tuple[int, str], str]:
    return {(entry.row, entry.column): entry.quarantine_id for entry in entries(lake).entries}


def test_a_corrected_row_is_loaded_by_the_mapping_of_its_load(
    folder: Path, load_text: Load, lake: Lake, rows_of: Rows
) -> None:
    (folder / "orders1.csv").write_text(BROKEN)
    load_text(MAPPING)
    found = ids(lake)
    assert set(found) == {(3, "Date"), (3, "State"), (4, "Price")}
    result = mend_entries(lake, {found[3, "Date"]: {"Date": "28.02.2024"}, found[3, "State"]: {"status": "ok"}})
    assert (result.tables, result.resolved) == ({"orders": TableCounts(read=1, loaded=1)}, 2)
    rows = rows_of(
        "orders", "order_id, CAST(ordered_at AS VARCHAR), status, CAST(revenue AS INTEGER), properties, source"
    )
    assert rows == [
        ("1", "2024-02-01 00:00:00", "paid", 6, '{"Note":"n1"}', "shop"),
        ("2", "2024-02-28 00:00:00", "paid", 10, '{"Note":"n2"}', "shop"),
    ]
    assert set(ids(lake)) == {(4, "Price")}


def test_what_is_still_wrong_has_the_new_reason_and_keeps_what_stood_there(
    folder: Path, load_text: Load, lake: Lake
) -> None:
    (folder / "orders1.csv").write_text(BROKEN)
    load_text(MAPPING)
    first = ids(lake)[3, "Date"]
    result = mend_entries(lake, {first: {"Date": "28.02.2024"}}, author="olga")
    assert (result.tables["orders"], result.resolved) == (TableCounts(read=1, quarantined=1), 0)
    assert set(ids(lake)) == {(3, "State"), (4, "Price")}
    history = entry_history(lake, ids(lake)[3, "State"])
    assert [(entry.file, entry.row, entry.column, entry.value, entry.resolved_at is None) for entry in history] == [
        ("orders1.csv", 3, "Date", "32.02.2024", False),
        ("orders1.csv", 3, "State", "lost", False),
        ("orders1.csv", 3, "State", "lost", True),
    ]
    assert '"Date":"28.02.2024"' in (history[2].record or "")
    assert lake.commit().details["author"] == "olga"
    assert lake.commit().details["mended"] == [first]


def test_appended_rows_are_mended_too(lake: Lake, rows_of: Rows) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    record = {"answer_id": "a", "instrument": "nps", "at": at, "score": "ten", "page": 3}
    append(lake, "answers", [record], "survey", batch="b")
    found = ids(lake)
    assert set(found) == {(1, "question"), (1, "score")}
    result = mend_entries(lake, {found[1, "score"]: {"score": "10", "question": "recommend", "text": "ok"}})
    assert (result.tables["answers"].loaded, result.resolved) == (1, 2)
    assert rows_of("answers", 'score, question, "text", properties') == [(10.0, "recommend", "ok", '{"page":3}')]


SMALL = """\
source: shop
files:
  - file: orders.csv
    tables:
      orders:
        columns: {order_id: No, ordered_at: {column: DATE, dates: "%d.%m.%Y"}}
"""


def test_rows_of_files_with_one_name_are_told_apart(
    tmp_path: Path, lake: Lake, mapping_of: Callable[[str, str], Mapping], rows_of: Rows
) -> None:
    """Each month another folder holds `orders.csv`, in May with another heading: no row goes with one of another month."""
    for month, heading in (("january", "Date"), ("february", "Date"), ("may", "Day")):
        (tmp_path / month).mkdir()
        (tmp_path / month / "orders.csv").write_text(f"No;{heading}\n{month};32.01.2024\n")
        load(lake, mapping_of(SMALL.replace("DATE", heading), f"{heading}.yaml"), data=tmp_path / month)
    found = {json.loads(entry.record or "")["No"]: entry.quarantine_id for entry in entries(lake).entries}
    assert len(found) == 3
    mend_entries(lake, {found["january"]: {"Date": "31.01.2024"}})
    assert rows_of("orders", "order_id") == [("january",)]
    assert {entry.quarantine_id for entry in entries(lake).entries} == {found["february"], found["may"]}
    result = mend_entries(lake, {found["february"]: {"Date": "01.02.2024"}, found["may"]: {"Day": "01.05.2024"}})
    assert (result.tables["orders"].loaded, result.resolved) == (2, 2)
    assert rows_of("orders", "order_id") == [("february",), ("january",), ("may",)]


def test_who_comes_second_is_told_and_changes_nothing(
    folder: Path, load_text: Load, lake: Lake, rows_of: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "orders1.csv").write_text(BROKEN)
    load_text(MAPPING)
    price = ids(lake)[4, "Price"]
    past = mend.past_mappings

    def while_another_mends(*given: Any) -> Any:
        monkeypatch.setattr(mend, "past_mappings", past)
        mend_entries(lake, {price: {"Price": "7"}})
        return past(*given)

    monkeypatch.setattr(mend, "past_mappings", while_another_mends)
    with pytest.raises(QuarantineError, match="may have been mended"):
        mend_entries(lake, {price: {"Price": "y"}})
    assert rows_of("orders", "order_id, CAST(revenue AS INTEGER)") == [("1", 6), ("3", 7)]
    assert set(ids(lake)) == {(3, "Date"), (3, "State")}


def test_what_cannot_be_mended_is_told_and_nothing_is_written(folder: Path, load_text: Load, lake: Lake) -> None:
    (folder / "orders1.csv").write_text(BROKEN + "4;04.02.2024;ok;1;1;c4;n4;too;many\n")
    load_text(MAPPING)
    found, version = ids(lake), lake.version
    with pytest.raises(QuarantineError, match="no entry 'nobody' is open"):
        mend_entries(lake, {"nobody": {}})
    with pytest.raises(QuarantineError, match=r"has no column 'Sum'; it has: .*Price"):
        mend_entries(lake, {found[4, "Price"]: {"Sum": "1"}})
    rejected = next(entry.quarantine_id for entry in entries(lake, table="orders").entries if entry.column == "")
    with pytest.raises(QuarantineError, match=r"orders1\.csv, row 5 could not be taken apart"):
        mend_entries(lake, {rejected: {"Price": "1"}, found[4, "Price"]: {"Price": "1"}})
    assert lake.version == version
    mend_entries(lake, {found[4, "Price"]: {"Price": "1"}})
    with pytest.raises(QuarantineError, match="may have been mended"):
        mend_entries(lake, {found[4, "Price"]: {"Price": "1"}})


def test_pages_hold_every_open_entry_once_and_counts_are_by_reason(folder: Path, load_text: Load, lake: Lake) -> None:
    assert entries(lake).entries == ()
    bad = "".join(
        f"{row};01.02.2024;{'lost' if row % 3 else 'ok'};{'x' if row % 3 == 0 else 1};1;c;n\n" for row in range(30)
    )
    (folder / "orders1.csv").write_text(HEADING + bad)
    load_text(MAPPING)
    page, seen = entries(lake, table="orders", limit=7), []
    while True:
        seen += [entry.row for entry in page.entries]
        if page.after is None:
            break
        page = entries(lake, table="orders", limit=7, after=page.after)
    assert seen == list(range(2, 32))
    not_number = "not a number, but the mapping computes with it"
    assert page.counts == {"not among the values that the mapping knows: ok": 20, not_number: 10}
    chosen = entries(lake, source="shop", reason=not_number, limit=3)
    assert [entry.row for entry in chosen.entries] == [2, 5, 8]
    assert chosen.counts == page.counts
    assert entries(lake, source="other").counts == {}
    with pytest.raises(QuarantineError, match="there is no entry 'x'"):
        entries(lake, after="x")
    with pytest.raises(QuarantineError, match="there is no entry 'x'"):
        entry_history(lake, "x")
