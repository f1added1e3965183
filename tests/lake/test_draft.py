"""A first mapping from headings, to be checked by a person."""

from pathlib import Path

import pytest

from septima.lake.draft import draft
from septima.lake.mapping import parse_mapping
from septima.lake.sql import LoadError
from septima.lake.store import Lake


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake.create(tmp_path_factory.mktemp("lake"))


def columns(text: str, path: Path) -> dict[str, str | None]:
    """Canonical column → source column, as the loader reads the draft."""
    [file] = parse_mapping(text, path).files
    [table] = file.tables
    return {column.target: column.column for column in table.columns}


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize(
    ("heading", "row", "table", "expected"),
    [
        (
            "Номер заказа;Клиент;Дата заказа;Сумма",
            "1;А;01.02.2026;5",
            "orders",
            {"order_id": "Номер заказа", "customer_id": "Клиент", "ordered_at": "Дата заказа", "revenue": "Сумма"},
        ),
        (
            "OrderNo,CustomerId,OrderDate,Total",
            "1,A,2026-02-01,5",
            "orders",
            {"order_id": "OrderNo", "customer_id": "CustomerId", "ordered_at": "OrderDate", "revenue": "Total"},
        ),
        (
            "Ticket ID,Client,Created,Resolved at,Topic",
            "1,A,2026-02-01,2026-02-02,price",
            "complaints",
            {"complaint_id": "Ticket ID", "customer_id": "Client", "opened_at": "Created", "closed_at": "Resolved at"},
        ),
    ],
)
def test_headings_in_both_languages_find_their_table_and_columns(
    lake: Lake, tmp_path: Path, heading: str, row: str, table: str, expected: dict[str, str]
) -> None:
    path = write(tmp_path, "export.csv", f"{heading}\n{row}\n")
    text = draft(lake, path, currency="RUB")
    [file] = parse_mapping(text, path).files
    assert [target.table.name for target in file.tables] == [table]
    assert expected.items() <= columns(text, path).items()


def test_values_of_a_closed_list_are_mapped_and_the_unknown_left_to_the_person(lake: Lake, tmp_path: Path) -> None:
    path = write(tmp_path, "o.csv", "order_id,ordered_at,status\n1,2026-01-01,Оплачен\n2,2026-01-02,Чудо\n")
    text = draft(lake, path)
    assert "Оплачен: paid" in text
    assert "# Чудо: one of new, paid, shipped, completed, cancelled, returned" in text


def test_what_is_needed_and_absent_is_said(lake: Lake, tmp_path: Path) -> None:
    path = write(tmp_path, "o.csv", "ordered_at,revenue\n2026-01-01,5\n")
    assert "# order_id: needed: The order · Заказ" in draft(lake, path, table="orders")


def test_answers_get_an_instrument_to_check(lake: Lake, tmp_path: Path) -> None:
    path = write(tmp_path, "answers.csv", "answer_id,customer_id,date,score,comment\n1,a,2026-01-01,9,good\n")
    text = draft(lake, path)
    assert "instrument: {constant: nps}  # assumed" in text
    assert columns(text, path)["text"] == "comment"


def test_unused_headings_are_named(lake: Lake, tmp_path: Path) -> None:
    path = write(tmp_path, "o.csv", "order_id,ordered_at,shoe_size\n1,2026-01-01,40\n")
    assert "`properties`: shoe_size" in draft(lake, path)


def test_a_file_like_no_table_is_refused_with_the_remedy(lake: Lake, tmp_path: Path) -> None:
    path = write(tmp_path, "o.csv", "qwx,zzk\n1,2\n")
    with pytest.raises(LoadError, match="--table orders"):
        draft(lake, path)


@pytest.mark.parametrize(
    ("name", "table", "message"), [("absent.csv", None, "there is no file"), ("o.csv", "order", "no table 'order'")]
)
def test_wrong_arguments_are_refused(lake: Lake, tmp_path: Path, name: str, table: str | None, message: str) -> None:
    write(tmp_path, "o.csv", "order_id\n1\n")
    with pytest.raises(LoadError, match=message):
        draft(lake, tmp_path / name, table=table)
