"""Loading through a mapping: counts by hand, keys, bad rows, and nothing twice."""

# ruff: noqa: DTZ001 - the lake keeps times as naive UTC; SQL is made of what the code under test wrote

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from septima.lake.load import LoadResult, TableCounts, load
from septima.lake.mapping import Mapping
from septima.lake.quarantine import quarantined
from septima.lake.sql import LoadError
from septima.lake.store import Lake

Load = Callable[[str], LoadResult]
Rows = Callable[[str, str], list[tuple[Any, ...]]]

ORDERS = """\
source: shop
files:
  - file: orders*.csv
    tables:
      orders:
        columns:
          order_id: id
          ordered_at: at
          revenue: sum
"""


def test_every_kind_of_column(folder: Path, load_text: Load, rows_of: Rows) -> None:
    (folder / "a.csv").write_text(
        "No;Date;State;Price;Qty;Comment\n"
        "1;01.02.2024 12:00;Оплачен;1 234,50;2;gift\n"
        "2;15.07.2024 00:30;Возврат;10,00;3;\n"
        "3;16.07.2024 00:30;draft;10,00;3;\n",
        encoding="utf-8",
    )
    result = load_text("""
        source: shop
        files:
          - file: a.csv
            timezone: Europe/Moscow
            tables:
              orders:
                columns:
                  order_id: {expression: "'N-' || No"}
                  ordered_at: Date
                  channel: {constant: web}
                  online: {constant: true}
                  status: {column: State, values: {Оплачен: paid}, otherwise: returned}
                  revenue: {expression: Price * Qty}
                when: State <> 'draft'
              customers:
                columns:
                  customer_id: No
                  created_at: Date
                  consent: {constant: да}
        """)
    assert result.tables == {"orders": TableCounts(2, 2), "customers": TableCounts(3, 3)}
    assert rows_of("orders", "order_id, ordered_at, channel, online, status, revenue, properties, source") == [
        ("N-1", datetime(2024, 2, 1, 9, 0), "web", True, "paid", Decimal("2469.0000"), '{"Comment":"gift"}', "shop"),
        ("N-2", datetime(2024, 7, 14, 21, 30), "web", True, "returned", Decimal("30.0000"), None, "shop"),
    ]
    assert rows_of("customers", "customer_id, created_at, consent, properties") == [
        ("1", datetime(2024, 2, 1, 9, 0), True, None),
        ("2", datetime(2024, 7, 14, 21, 30), True, None),
        ("3", datetime(2024, 7, 15, 21, 30), True, None),
    ]


def test_every_bad_row_lies_in_quarantine_with_file_row_column_value_and_reason(
    folder: Path, load_text: Load, rows_of: Rows, lake: Lake
) -> None:
    lines = [
        "id,at,sum,state,days",
        "1,2024-01-01,10.50,paid,1",
        "2,2024-02-30,10.50,paid,1",  # 3: no such day
        "3,2024-01-01,ten,paid,1",  # 4: no number
        "4,,10,paid,1",  # 5: a date must be there
        ",2024-01-01,10,paid,1",  # 6: a key must be there
        "6,2024-01-01,100000000000000,paid,1",  # 7: 15 digits
        "7,2024-01-01,1,lost,1",  # 8: no such state
        "8,2024-01-01,1",  # 9: too few
        "9,2024-01-01,1,paid,1,1",  # 10: too many
        "10,yesterday,x,lost,many",  # 11: four at once
        "",  # 12: blank, not a row
        "11,2024-01-01,1,paid,none",  # 13: expression over no number
        "№12,2024-01-02,5,paid,2",
    ]
    content = "\n".join(lines).encode() + b"\n13,2024-01-02,5,pa\xffid,2\n" + "№14,2024-01-02,7,paid,2\n\n".encode()
    (folder / "orders.csv").write_bytes(content)
    result = load_text(ORDERS + "          status: state\n          cost: {expression: days * 2}\n")
    assert result.tables == {"orders": TableCounts(read=14, loaded=3, quarantined=11)}
    assert [row[0] for row in rows_of("orders", "order_id")] == ["1", "№12", "№14"]
    found = {(entry.row, entry.column): entry for entry in quarantined(lake)}
    assert sorted(found) == [
        (3, "at"), (4, "sum"), (5, "at"), (6, "id"), (7, "sum"), (8, "state"), (9, ""), (10, ""),
        (11, "at"), (11, "days"), (11, "state"), (11, "sum"), (13, "days"), (15, ""),
    ]  # fmt: skip
    assert {(entry.source, entry.file, entry.table) for entry in found.values()} == {("shop", "orders.csv", "orders")}
    assert (found[3, "at"].value, found[3, "at"].reason[:15]) == ("2024-02-30", "no date or time")
    assert found[5, "at"].value is None
    assert "must be there" in found[6, "id"].reason
    assert "cancelled" in found[8, "state"].reason
    assert found[9, ""].reason == "too few fields in the row"
    assert found[10, ""].reason.startswith("too many fields")
    assert found[15, ""].reason.startswith("bytes that are not text")
    assert found[4, "sum"].record == '{"id":"3","at":"2024-01-01","sum":"ten","state":"paid","days":"1"}'


def test_bounds_and_whole_numbers(folder: Path, load_text: Load, lake: Lake) -> None:
    (folder / "t.csv").write_text(
        "e,c,at,score\n1,a,2024-01-01,0.5\n2,a,2024-01-01,1.2\n3,a,2024-01-01,-0.1\n4,a,2024-01-01,inf\n"
    )
    result = load_text("""
        source: hr
        files:
          - file: t.csv
            tables:
              trainings:
                columns: {employee_id: e, course: c, planned_at: at, score: score}
        """)
    assert result.tables["trainings"] == TableCounts(read=4, loaded=1, quarantined=3)
    assert [(entry.row, entry.reason) for entry in quarantined(lake)] == [
        (3, "above 1"),
        (4, "below 0"),
        (5, "not a number"),
    ]


def test_a_broken_quote_is_put_aside_and_what_stands_before_it_is_loaded(
    folder: Path, load_text: Load, rows_of: Rows, lake: Lake
) -> None:
    (folder / "orders.csv").write_text(
        'id,at,sum\n1,2024-01-01,"1"\n2,2024-01-01,"2"x"\n3,2024-01-01,3\n4,2024-01-01,"4\n'
    )
    result = load_text(ORDERS)
    assert result.tables["orders"] == TableCounts(read=4, loaded=2, quarantined=2)
    assert [row[0] for row in rows_of("orders", "order_id")] == ["1", "3"]
    assert [(entry.row, "quote" in entry.reason) for entry in quarantined(lake)] == [(3, True), (5, True)]


def test_loading_the_same_file_twice_changes_nothing(folder: Path, load_text: Load, rows_of: Rows, lake: Lake) -> None:
    (folder / "orders.csv").write_text("id,at,sum\n1,2024-01-01,1\n2,2024-01-02,x\n3,2024-01-03,3\n3,2024-01-03,3\n")
    first = load_text(ORDERS)
    before = rows_of("orders", "*"), rows_of("quarantine", "*"), lake.version, lake.files("orders")
    second = load_text(ORDERS)
    assert first.tables["orders"] == TableCounts(read=4, loaded=2, duplicate=1, quarantined=1)
    assert second.tables["orders"] == TableCounts(read=4, duplicate=3, quarantined=1)
    assert (rows_of("orders", "*"), rows_of("quarantine", "*"), lake.version, lake.files("orders")) == before
    assert list((lake.root / "staging").iterdir()) == []


def test_a_changed_row_is_updated_and_only_files_that_hold_it_are_rewritten(
    folder: Path, load_text: Load, rows_of: Rows, lake: Lake
) -> None:
    (folder / "orders1.csv").write_text("id,at,sum\n1,2024-01-01,1\n2,2024-01-02,2\n")
    load_text(ORDERS)
    (folder / "orders1.csv").write_text("id,at,sum\n3,2024-01-03,3\n4,2024-01-04,4\n")
    load_text(ORDERS)
    files = set(lake.files("orders"))
    (folder / "orders1.csv").write_text("id,at,sum\n3,2024-01-03,30\n4,2024-01-04,4\n5,2024-01-05,5\n")
    result = load_text(ORDERS)
    assert result.tables["orders"] == TableCounts(read=3, loaded=1, updated=1, duplicate=1)
    assert [(row, int(revenue)) for row, revenue in rows_of("orders", "order_id, revenue")] == [
        ("1", 1), ("2", 2), ("3", 30), ("4", 4), ("5", 5),
    ]  # fmt: skip
    assert len(files & set(lake.files("orders"))) == 1


def test_an_update_leaves_columns_alone_that_its_mapping_does_not_fill(
    folder: Path, load_text: Load, rows_of: Rows
) -> None:
    (folder / "c.csv").write_text("id,name\n1,Anna\n2,Boris\n")
    (folder / "o.csv").write_text("id,region\n1,North\n3,South\n")
    result = load_text("""
        source: crm
        files:
          - file: c.csv
            tables: {customers: {columns: {customer_id: id, name: name}}}
          - file: o.csv
            tables: {customers: {columns: {customer_id: id, region: region}}}
        """)
    assert result.tables["customers"] == TableCounts(read=4, loaded=3, updated=1)
    assert rows_of("customers", "customer_id, name, region") == [
        ("1", "Anna", "North"), ("2", "Boris", None), ("3", None, "South"),
    ]  # fmt: skip


TWICE = "id,at,sum\n1,2024-03-01,1\n2,2024-01-01,2\n1,2024-01-01,5\n1,2024-02-01,3\n2,2024-01-01,2\n"


@pytest.mark.parametrize(
    ("keep", "counts", "kept"),
    [
        ("first", TableCounts(read=5, loaded=2, duplicate=3), [("1", 1), ("2", 2)]),
        ("last", TableCounts(read=5, loaded=2, duplicate=3), [("1", 3), ("2", 2)]),
        ("{first: ordered_at}", TableCounts(read=5, loaded=2, duplicate=3), [("1", 5), ("2", 2)]),
        ("{last: ordered_at}", TableCounts(read=5, loaded=2, duplicate=3), [("1", 1), ("2", 2)]),
        ("quarantine", TableCounts(read=5, loaded=1, duplicate=1, quarantined=3), [("2", 2)]),
    ],
)
def test_the_same_key_twice_in_one_load(
    folder: Path,
    load_text: Load,
    rows_of: Rows,
    lake: Lake,
    keep: str,
    counts: TableCounts,
    kept: list[tuple[str, int]],
) -> None:
    (folder / "orders.csv").write_text(TWICE)
    text = ORDERS + f"        keep: {keep}\n"
    assert load_text(text).tables["orders"] == counts
    assert [(key, int(revenue)) for key, revenue in rows_of("orders", "order_id, revenue")] == kept
    conflicts = [(entry.row, entry.column, entry.value) for entry in quarantined(lake)]
    assert conflicts == (
        [(2, "order_id", "1"), (4, "order_id", "1"), (5, "order_id", "1")] if keep == "quarantine" else []
    )
    version = lake.version
    assert load_text(text).tables["orders"].loaded == 0
    assert lake.version == version


def test_first_seen_stays_first_when_later_files_come(folder: Path, load_text: Load, rows_of: Rows) -> None:
    text = (
        ORDERS
        + """\
      customers:
        columns: {customer_id: who, created_at: at}
        keep: {first: created_at}
"""
    )
    (folder / "orders1.csv").write_text("id,at,sum,who\n1,2024-03-01,1,a\n2,2024-02-01,1,a\n")
    load_text(text)
    (folder / "orders1.csv").write_text("id,at,sum,who\n3,2024-05-01,1,a\n4,2024-01-01,1,b\n")
    assert load_text(text).tables["customers"] == TableCounts(read=2, loaded=1, duplicate=1)
    (folder / "orders1.csv").write_text("id,at,sum,who\n5,2023-12-31,1,a\n")
    assert load_text(text).tables["customers"] == TableCounts(read=1, updated=1)
    assert rows_of("customers", "customer_id, created_at") == [
        ("a", datetime(2023, 12, 31)),
        ("b", datetime(2024, 1, 1)),
    ]


def test_keys_meet_across_the_files_of_a_glob(folder: Path, load_text: Load, rows_of: Rows) -> None:
    (folder / "orders-1.csv").write_text("id,at,sum\n1,2024-01-01,1\n")
    (folder / "orders-2.csv").write_text("id;at;sum\n1;01.01.2024;1\n2;15.01.2024;2,5\n")
    assert load_text(ORDERS).tables["orders"] == TableCounts(read=3, loaded=2, duplicate=1)
    assert rows_of("orders", "order_id, revenue") == [("1", Decimal("1.0000")), ("2", Decimal("2.5000"))]


def test_files_are_looked_for_in_the_data_folder_given(
    folder: Path, tmp_path: Path, lake: Lake, mapping_of: Callable[[str], Mapping]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "orders.csv").write_text("id,at,sum\n1,2024-01-01,1\n")
    mapping = mapping_of(ORDERS)
    with pytest.raises(LoadError, match=r"mapping.yaml, line 3: there is no file orders\*\.csv in"):
        load(lake, mapping)
    assert load(lake, mapping, data=elsewhere).tables["orders"].loaded == 1


def test_a_missing_column_and_a_missing_header_are_told(folder: Path, load_text: Load, lake: Lake) -> None:
    (folder / "orders.csv").write_text("id,at,total\n1,2024-01-01,1\n")
    with pytest.raises(LoadError, match=r"orders.csv has no column 'sum'.*it has: id, at, total"):
        load_text(ORDERS)
    (folder / "orders.csv").write_text("1,2024-01-01,1\n")
    with pytest.raises(LoadError, match=r"header: false"):
        load_text(ORDERS)
    (folder / "orders.csv").write_text("")
    with pytest.raises(LoadError, match=r"orders.csv is empty"):
        load_text(ORDERS)
    assert (lake.version, list((lake.root / "staging").iterdir())) == (0, [])


def test_an_ambiguous_date_stops_the_load_and_the_mapping_decides(folder: Path, load_text: Load, rows_of: Rows) -> None:
    (folder / "orders.csv").write_text("id,at,sum\n1,01/02/2024,1\n2,03/04/2024,1\n")
    with pytest.raises(LoadError, match=r"orders.csv, column 'at'.*dates:"):
        load_text(ORDERS)
    load_text(ORDERS.replace("    tables:", '    dates: "%m/%d/%Y"\n    tables:'))
    assert rows_of("orders", "ordered_at") == [(datetime(2024, 1, 2),), (datetime(2024, 3, 4),)]


def test_progress_reaches_the_whole(folder: Path, lake: Lake, mapping_of: Callable[[str], Mapping]) -> None:
    (folder / "orders.csv").write_text("id,at,sum\n1,2024-01-01,1\n")
    heard: list[tuple[str, int, int | None]] = []
    load(lake, mapping_of(ORDERS), progress=lambda step, done, total: heard.append((step.en, done, total)))
    size = (folder / "orders.csv").stat().st_size
    assert heard[0] == ("Reading orders.csv", 0, 2 * size)
    assert heard[-2:] == [("Reading orders.csv", 2 * size, 2 * size), ("Publishing", 0, None)]


SPEND = """\
source: ads
files:
  - file: spend.csv
    tables:
      spend:
        columns: {date: day, channel: channel, campaign_id: campaign, amount: sum}
"""


def test_an_empty_campaign_is_spend_of_the_whole_channel(folder: Path, load_text: Load, rows_of: Rows) -> None:
    (folder / "spend.csv").write_text("day,channel,campaign,sum\n2024-01-01,email,k1,5\n2024-01-01,email,,7\n")
    assert load_text(SPEND).tables["spend"] == TableCounts(2, 2, 0, 0, 0)
    assert rows_of("spend", "campaign_id, amount") == [("", Decimal(7)), ("k1", Decimal(5))]
    # A source that knows no campaigns need not map them.
    (folder / "spend.csv").write_text("day,channel,sum\n2024-01-02,email,9\n")
    assert load_text(SPEND.replace("campaign_id: campaign, ", "")).tables["spend"].loaded == 1
    assert rows_of("spend", "campaign_id, amount")[0] == ("", Decimal(7))


NUMBERED = """\
source: people
files:
  - file: people.csv
    tables:
      customers:
        columns:
          customer_id: {expression: "'p' || row_number"}
          name: name
        ignore: [value]
"""


def test_the_number_of_a_row_stays_when_a_broken_row_before_it_is_mended(
    folder: Path, load_text: Load, rows_of: Rows, lake: Lake
) -> None:
    path = folder / "people.csv"
    path.write_text("name,value\nann,1\nbob,2,3\ncid,3\ndan,x,y\neve,5\n")
    assert load_text(NUMBERED).tables["customers"] == TableCounts(5, 3, 0, 0, 2)
    assert rows_of("customers", "customer_id, name") == [("p2", "ann"), ("p4", "cid"), ("p6", "eve")]
    assert [entry.row for entry in quarantined(lake)] == [3, 5]
    path.write_text("name,value\nann,1\nbob,2\ncid,3\ndan,4\neve,5\n")
    assert load_text(NUMBERED).tables["customers"] == TableCounts(5, 2, 0, 3, 0)
    assert rows_of("customers", "customer_id, name")[1] == ("p3", "bob")


def test_white_space_of_every_kind_around_a_value_is_none_of_it(folder: Path, load_text: Load, rows_of: Rows) -> None:
    (folder / "people.csv").write_text(
        'name,value\n" ann\t",1\n"\u00a0bob\r\n",2\n"\r\n",3\n"c\u00a0d",4\n', newline=""
    )
    load_text(NUMBERED.replace("{expression: \"'p' || row_number\"}", "value").replace("ignore: [value]", "ignore: []"))
    assert rows_of("customers", "customer_id, name") == [("1", "ann"), ("2", "bob"), ("3", None), ("4", "c\u00a0d")]


def test_columns_kept_from_two_files_are_joined(folder: Path, load_text: Load, rows_of: Rows) -> None:
    (folder / "one.csv").write_text("id,colour\n1,red\n2,blue\n")
    (folder / "two.csv").write_text("id,size\n1,40\n")
    text = "source: s\nfiles:\n"
    for name in ("one", "two"):
        text += f"  - file: {name}.csv\n    tables:\n      customers:\n        columns: {{customer_id: id}}\n"
    load_text(text)
    assert rows_of("customers", "customer_id, properties") == [
        ("1", '{"colour":"red","size":"40"}'),
        ("2", '{"colour":"blue"}'),
    ]
    assert load_text(text).tables["customers"].updated == 0
