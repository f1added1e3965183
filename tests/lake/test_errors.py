"""What is wrong is said in English and in Russian, with the same place and the same numbers."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from septima.lake.append import append
from septima.lake.expressions import parse
from septima.lake.load import load
from septima.lake.mapping import MappingError, parse_mapping, read_mapping
from septima.lake.person import person_rows
from septima.lake.store import Lake
from septima.schema import SeptimaError, Text

_MAPPING = """source: shop
files:
  - file: orders.csv
    tables:
      orders:
        columns:
          order_id: id
          ordered_at: at
          status: {status}
          customer_id: customer
"""


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.create(tmp_path / "lake")


def said(do: Callable[[], Any]) -> Text:
    """What the error says that an act ends with."""
    with pytest.raises(SeptimaError) as caught:
        do()
    assert str(caught.value) == caught.value.statement.en
    return caught.value.statement


def check_both(text: Text) -> None:
    """Two languages, one in its own letters, and in both the same numbers."""
    assert re.search("[а-яё]", text.ru)
    assert not re.search("[а-яё]", text.en)
    assert re.findall(r"\d+", text.ru) == re.findall(r"\d+", text.en)


def mapping(**changes: str) -> Text:
    text = _MAPPING.format(status="{column: state, values: {paid: paid}}")
    for old, new in changes.items():
        text = text.replace(f"{old}:", new)
    return said(lambda: parse_mapping(text, Path("/work/shop.yaml")))


@pytest.mark.parametrize(
    ("changes", "place", "what"),
    [
        ({"columns": "colums:"}, "shop.yaml, строка 6", "неизвестный ключ «colums»"),
        ({"orders": "order:"}, "shop.yaml, строка 5", "нет таблицы «order»; есть: customers"),
        ({"status": "state:"}, "shop.yaml, строка 9", "в\u00a0таблице orders нет столбца «state»"),
        ({"order_id": "online:"}, "shop.yaml, строка 5", "таблице orders нужен её ключ order_id"),
        ({"paid": "paid: nothing, rest:"}, "shop.yaml, строка 9", "status не\u00a0может быть «nothing»; возможны: "),
        ({"file": "sheet: one\n    file:\n    format:"}, "shop.yaml, строка 3", "не\u00a0хватает ключа «file:»"),
        ({"files": "files: ["}, "shop.yaml, строка 3", "это не\u00a0YAML: "),
    ],
)
def test_a_wrong_mapping(changes: dict[str, str], place: str, what: str) -> None:
    text = mapping(**changes)
    check_both(text)
    assert text.ru.startswith(place)
    assert what in text.ru


def test_an_expression_stands_in_both_languages_as_it_was_written() -> None:
    text = said(lambda: parse("a + lower(b)"))
    assert text.en.startswith("in the expression 'a + lower(b)': LOWER(b) is not a number")
    assert text.ru == "в\u00a0выражении «a + lower(b)»: «LOWER(b)»\u00a0— не\u00a0число"


def test_an_expression_of_a_mapping_has_the_line_before_it() -> None:
    text = said(
        lambda: parse_mapping(_MAPPING.format(status="{expression: a = 1}").replace("a = 1", "nope(a)"), Path("m.yaml"))
    )
    check_both(text)
    assert text.ru.startswith("m.yaml, строка 9: в\u00a0выражении «nope(a)»: ")


def test_a_mapping_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as caught:
        read_mapping(tmp_path / "none.yaml")
    assert caught.value.statement.ru == f"сопоставления {tmp_path / 'none.yaml'} нет; проверьте путь"


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ("", "файл orders.csv пуст"),
        ("a,b\n1,2\n", "ни\u00a0одного столбца, названного в\u00a0сопоставлении; в\u00a0ней стоит: a, b"),
        ("id,at\n1,2026-01-02\n", "в\u00a0файле orders.csv нет столбца «state»"),
        ("id,at,state,customer\n1,01/02/2026,paid,c\n", "orders.csv, столбец «at»: даты вроде «01/02/2026»"),
    ],
)
def test_a_file_that_cannot_be_loaded(tmp_path: Path, lake: Lake, rows: str, what: str) -> None:
    (tmp_path / "orders.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "mapping.yaml").write_text(_MAPPING.format(status="state"), encoding="utf-8")
    text = said(lambda: load(lake, read_mapping(tmp_path / "mapping.yaml")))
    check_both(text)
    assert what in text.ru


def test_a_person_a_table_and_a_version_that_are_not_there(lake: Lake) -> None:
    check_both(said(lambda: person_rows(lake, "c17")))
    check_both(said(lambda: append(lake, "order", [{"order_id": "1"}], "shop", batch="b1")))
    newest = said(lambda: lake.commit(99))
    check_both(newest)
    assert newest.ru == "в\u00a0хранилище нет версии 99; новейшая\u00a0— 0"
