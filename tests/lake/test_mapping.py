"""A wrong mapping is refused before any data is touched, with the line and the remedy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from septima.lake.mapping import Forms, Keep, Mapping, MappingError, read_mapping

GOOD = """\
source: shop
files:
  - file: orders*.csv
    dates: ["%d.%m.%Y", iso]
    tables:
      orders:
        columns:
          order_id: No
          ordered_at: {column: date, timezone: Europe/Moscow}
          channel: {constant: web}
          status: {column: state, values: {Оплачен: paid}, otherwise: completed}
          revenue: {expression: price * quantity}
        when: "state <> 'draft'"
        keep: {last: ordered_at}
        ignore: [comment]
"""


def test_a_mapping_is_read_with_all_its_parts(mapping_of: Callable[[str], Mapping]) -> None:
    mapping = mapping_of(GOOD)
    (file,) = mapping.files
    (table,) = file.tables
    assert (mapping.source, file.pattern, table.table.name) == ("shop", "orders*.csv", "orders")
    assert file.forms == Forms(dates=("%d.%m.%Y", "iso"))
    assert table.keep == Keep("last", "ordered_at")
    assert table.ignore == ("comment",)
    assert set(file.sources) == {"No", "date", "state", "price", "quantity"}
    assert [column.place.line for column in table.columns] == [8, 9, 10, 11, 12]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("source: shop", "sauce: shop", 1, "no 'sauce'"),
        ("      orders:", "      order:", 6, "no table 'order'"),
        ("order_id: No", "orderid: No", 8, "no column 'orderid'"),
        ("          order_id: No\n", "", 6, "needs its key order_id"),
        ("ordered_at: {column: date, timezone: Europe/Moscow}", "cost: x", 6, "needs ordered_at"),
        ("Europe/Moscow", "Moscow", 9, "no timezone 'Moscow'"),
        ("{constant: web}", "{constant: web, column: x}", 10, "exactly one of"),
        ("Оплачен: paid", "Оплачен: payed", 11, "can't be 'payed'"),
        ("price * quantity", "read_text(price)", 12, "READ_TEXT(price) is not allowed"),
        ("price * quantity", "price *", 12, "not understood"),
        ("\"state <> 'draft'\"", "state", 13, "must be a condition"),
        ("{last: ordered_at}", "newest", 14, "first, last, quarantine"),
        ("{last: ordered_at}", "{last: when}", 14, "no column 'when'"),
        ("        keep:", "        kept:", 14, "no 'kept'"),
        ("[comment]", "{a: b}", 15, "one value"),
        ('dates: ["%d.%m.%Y", iso]', "dates: dmy", 4, "no form of a date"),
        ("files:", "files: []\nother:", 3, "no 'other'"),
        ("source: shop", "source: [", 1, "not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    mapping_of: Callable[[str], Mapping], old: str, new: str, line: int, says: str
) -> None:
    assert old in GOOD
    with pytest.raises(MappingError) as error:
        mapping_of(GOOD.replace(old, new, 1))
    assert says in str(error.value)
    if "not YAML" not in says:
        assert f"mapping.yaml, line {line}:" in str(error.value)


def test_a_mapping_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="no mapping at"):
        read_mapping(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("source: café".encode("latin-1"))
    with pytest.raises(MappingError, match="not UTF-8 at byte 11"):
        read_mapping(tmp_path / "latin.yaml")
    (tmp_path / "list.yaml").write_text("- a\n- b\n")
    with pytest.raises(MappingError, match="must be a list of `name: value`"):
        read_mapping(tmp_path / "list.yaml")
