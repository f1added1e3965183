"""Every format gives the same rows, with row numbers as a person sees them."""

# ruff: noqa: DTZ001, S608 - the lake keeps times as naive UTC; SQL is made of what the code under test wrote

import datetime
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from septima.lake import csv_files
from septima.lake.load import LoadResult, TableCounts
from septima.lake.quarantine import quarantined
from septima.lake.sql import LoadError
from septima.lake.store import Lake

Load = Callable[[str], LoadResult]
Rows = Callable[[str, str], list[tuple[Any, ...]]]


def mapping(file: str, extra: str = "") -> str:
    return f"""
        source: shop
        files:
          - file: {file}
            {extra or "tables:"}
            {"tables:" if extra else ""}
              orders:
                columns: {{order_id: Номер, ordered_at: Дата, revenue: Сумма, online: Онлайн, customer_id: Клиент}}
        """


EXPECTED = [
    ("1", datetime.datetime(2024, 1, 31, 10, 0), Decimal("1234.5000"), True, "Анна"),
    ("2", datetime.datetime(2024, 2, 1, 0, 0), Decimal("7.0000"), False, None),
]
CSV = "Номер;Дата;Сумма;Онлайн;Клиент\n1;31.01.2024 10:00;1 234,50;да;Анна\n2;01.02.2024;7,00;нет;\n"


def orders(rows_of: Rows) -> list[tuple[Any, ...]]:
    return rows_of("orders", "order_id, ordered_at, revenue, online, customer_id")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "koi8-r", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_csv_in_several_encodings(folder: Path, load_text: Load, rows_of: Rows, encoding: str, ends: str) -> None:
    # A few more words, as a real file has, so that its letters tell the encoding.
    more = "".join(f"{row};01.03.2024;1,00;да;Покупатель из города Екатеринбурга\n" for row in range(10, 30))
    (folder / "o.csv").write_bytes((CSV + more).replace("\n", ends).encode(encoding))
    assert load_text(mapping("o.csv")).tables["orders"] == TableCounts(22, 22)
    assert [row for row in orders(rows_of) if row[0] in ("1", "2")] == EXPECTED


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_with_several_delimiters_and_quoted_line_breaks(
    folder: Path, load_text: Load, rows_of: Rows, delimiter: str
) -> None:
    rows = [["id", "at", "who"], ["1", "2024-01-01", f'"a{delimiter}b\n\n""c"""'], ["2", "2024-01-02", "d"]]
    (folder / "o.csv").write_text("\n".join(delimiter.join(row) for row in rows) + "\n")
    load_text("""
        source: shop
        files:
          - file: o.csv
            tables: {orders: {columns: {order_id: id, ordered_at: at, customer_id: who}}}
        """)
    assert rows_of("orders", "order_id, customer_id") == [("1", f'a{delimiter}b\n\n"c"'), ("2", "d")]


def test_csv_without_a_header(folder: Path, load_text: Load, rows_of: Rows) -> None:
    (folder / "o.csv").write_text("1,2024-01-01,5\n2,2024-01-02,6\n")
    load_text("""
        source: shop
        files:
          - file: o.csv
            tables: {orders: {columns: {order_id: column1, ordered_at: column2, revenue: column3}}}
        """)
    assert [row[0] for row in rows_of("orders", "order_id")] == ["1", "2"]


def test_null_values_and_the_row_number(folder: Path, load_text: Load, rows_of: Rows) -> None:
    (folder / "o.csv").write_text("at,who\n2024-01-01,n/a\n2024-01-02,-\n2024-01-02,x\n")
    load_text("""
        source: shop
        files:
          - file: o.csv
            null_values: [n/a, "-"]
            tables: {orders: {columns: {order_id: row_number, ordered_at: at, customer_id: who}}}
        """)
    assert rows_of("orders", "order_id, customer_id") == [("2", None), ("3", None), ("4", "x")]


def test_text_separated_by_blanks(folder: Path, load_text: Load, rows_of: Rows, lake: Lake) -> None:
    (folder / "o.txt").write_bytes(b" id  date  sum\r\n 01 19970101   11.77\r\n 02  19970112 12.00\r\n 03 19970113\r\n")
    result = load_text("""
        source: shop
        files:
          - file: o.txt
            tables: {orders: {columns: {order_id: id, ordered_at: date, revenue: sum}}}
        """)
    assert result.tables["orders"] == TableCounts(read=3, loaded=2, quarantined=1)
    assert rows_of("orders", "order_id, ordered_at, revenue") == [
        ("01", datetime.datetime(1997, 1, 1), Decimal("11.7700")),
        ("02", datetime.datetime(1997, 1, 12), Decimal("12.0000")),
    ]
    assert [(entry.row, entry.reason) for entry in quarantined(lake)] == [(4, "too few fields in the row")]


def test_jsonl(folder: Path, load_text: Load, rows_of: Rows, lake: Lake) -> None:
    lines = [
        '{"Номер": 1, "Дата": "2024-01-31T10:00:00", "Сумма": 1234.5, "Онлайн": true, "Клиент": "Анна"}',
        '{"Номер": 2, "Дата": "2024-02-01", "Сумма": "7.00", "Онлайн": "нет", "late": {"a/b": [1, null]}, "x": null}',
        "",
        '{"Номер": 3, "Дата": ',
        "[1, 2]",
        '{"Номер": 4, "Дата": "never"}',
    ]
    (folder / "o.jsonl").write_bytes("\n".join(lines).encode() + b'\n{"x": "\xff"}\n')
    result = load_text(mapping("o.jsonl"))
    assert result.tables["orders"] == TableCounts(read=6, loaded=2, quarantined=4)
    assert orders(rows_of) == EXPECTED
    properties = [value for (value,) in rows_of("orders", "properties") if value]
    assert [json.loads(value) for value in properties] == [{"late": {"a/b": [1, None]}}]
    assert [(entry.row, entry.column, entry.reason[:22]) for entry in quarantined(lake)] == [
        (4, "", "the line is not JSON"),
        (5, "", "the line is not a JSON"),
        (6, "Дата", "no date or time in the"),
        (7, "", "bytes that are not tex"),
    ]


def test_parquet_with_its_own_types(folder: Path, load_text: Load, rows_of: Rows, lake: Lake) -> None:
    moscow = pa.timestamp("us", "Europe/Moscow")
    table = pa.table(
        {
            "Номер": pa.array([1, 2, 3], pa.int32()),
            "Дата": pa.array([datetime.datetime(2024, 1, 31, 10), datetime.datetime(2024, 2, 1), None], moscow),
            "Сумма": pa.array([1234.5, 7.0, float("nan")]),
            "Онлайн": pa.array([1, 0, 5], pa.int8()),
            "Клиент": pa.array(["Анна", " ", "x"]).dictionary_encode(),
            "список": pa.array([[1, 2], None, []]),
        }
    )
    pq.write_table(table, folder / "o.parquet")
    result = load_text(mapping("o.parquet"))
    assert result.tables["orders"] == TableCounts(read=3, loaded=2, quarantined=1)
    assert orders(rows_of) == EXPECTED
    assert rows_of("orders", "properties") == [('{"список":[1,2]}',), (None,)]
    assert [(entry.row, entry.column, entry.value) for entry in quarantined(lake)] == [
        (3, "Дата", None),
        (3, "Онлайн", "5"),
    ]


def test_xlsx_with_dates_of_cells_serials_and_text(folder: Path, load_text: Load, rows_of: Rows, lake: Lake) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Итоги"
    sheet = book.create_sheet("Заказы")
    sheet.append([])
    for row in (
        ["Номер", "Дата", "Сумма", "Онлайн", "Клиент"],
        [1, datetime.datetime(2024, 1, 31, 10), 1234.5, True, "Анна"],
        [2, 45323, 7, "нет", None],
        [],
        [3, "завтра", 7, "нет", None],
    ):
        sheet.append(row)
    book.save(folder / "o.xlsx")
    result = load_text(mapping("o.xlsx", "sheet: Заказы"))
    assert result.tables["orders"] == TableCounts(read=3, loaded=2, quarantined=1)
    assert orders(rows_of) == EXPECTED
    assert [(entry.row, entry.column, entry.value) for entry in quarantined(lake)] == [(6, "Дата", "завтра")]
    with pytest.raises(LoadError, match="no sheet 'Нет'; it has: Итоги, Заказы"):
        load_text(mapping("o.xlsx", "sheet: Нет"))


@pytest.mark.parametrize(
    ("name", "content"), [("o.parquet", b"PAR1 not really"), ("o.xlsx", b"PK not really"), ("o.jsonl", b"no\n")]
)
def test_a_file_that_is_not_of_its_format_is_told(
    folder: Path, load_text: Load, lake: Lake, name: str, content: bytes
) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(LoadError, match=name):
        load_text(mapping(name))
    assert lake.version == 0


def test_rows_behind_rejected_ones_keep_their_numbers_in_a_large_file(
    folder: Path, load_text: Load, lake: Lake
) -> None:
    total = 300_000
    with (folder / "o.csv").open("w") as file:
        file.write("id,at,sum\n")
        for row in range(2, total + 2):
            file.write(
                f"{row},2024-01-01\n" if row % 10_000 == 5 else f"{row},2024-01-01,{'x' if row % 30_000 == 7 else 1}\n"
            )
    result = load_text("""
        source: shop
        files:
          - file: o.csv
            tables: {orders: {columns: {order_id: id, ordered_at: at, revenue: sum}}}
        """)
    assert result.tables["orders"] == TableCounts(read=total, loaded=total - 40, quarantined=40)
    entries = quarantined(lake)
    assert [entry.row for entry in entries if entry.column == "sum"] == [7 + 30_000 * n for n in range(10)]
    assert [entry.row for entry in entries if entry.column == ""] == [5 + 10_000 * n for n in range(30)]


def test_real_purchases(real_data: Path, load_text: Load, rows_of: Rows) -> None:
    """69,659 purchases by 23,570 customers (Fader & Hardie); the money counted by AWK over the file."""
    result = load_text(f"""
        source: cdnow
        files:
          - file: {(real_data / "cdnow" / "CDNOW_master.txt").resolve()}
            tables:
              orders:
                columns: {{order_id: row_number, customer_id: customer_id, ordered_at: date, revenue: dollar_value}}
              customers:
                columns: {{customer_id: customer_id, created_at: date}}
                keep: {{first: created_at}}
        """)
    assert result.tables["orders"] == TableCounts(read=69_659, loaded=69_659)
    assert result.tables["customers"] == TableCounts(read=69_659, loaded=23_570, duplicate=46_089)
    assert rows_of("orders", "sum(revenue), min(ordered_at), max(ordered_at)") == [
        (Decimal("2500315.6300"), datetime.datetime(1997, 1, 1), datetime.datetime(1998, 6, 30))
    ]


def test_duckdb_alone_reads_what_was_written(folder: Path, load_text: Load, lake: Lake) -> None:
    (folder / "o.csv").write_text(CSV, encoding="utf-8")
    load_text(mapping("o.csv"))
    (file,) = lake.files("orders")
    types = dict(
        duckdb.sql(f"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet('{file}'))").fetchall()
    )
    expected = {"order_id": "VARCHAR", "ordered_at": "TIMESTAMP", "revenue": "DECIMAL(18,4)", "online": "BOOLEAN"}
    assert {name: types[name] for name in expected} == expected
    assert list(types) == list(lake.schema_of("orders").column_names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a\nb\n", False),
        (b"a\n\nb\n", True),
        (b"a\r\n\r\nb", True),
        (b"a\nb\n\n\n", False),
        (b"a\r\nb\r\n\r\n", False),
        (b"", False),
    ],
)
@pytest.mark.parametrize("chunk", [1, 2, 3, 1000])
def test_a_blank_line_is_found_wherever_the_file_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes, expected: bool, chunk: int
) -> None:
    monkeypatch.setattr(csv_files, "_CHUNK", chunk)
    path = tmp_path / "file.csv"
    path.write_bytes(text)
    assert csv_files._has_blank_line(path) is expected
