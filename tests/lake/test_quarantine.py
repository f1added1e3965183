"""What could not be loaded is kept with its reason, and loads once it is mended."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from septima.lake.load import LoadResult, TableCounts, load, retry
from septima.lake.mapping import Mapping
from septima.lake.quarantine import quarantined
from septima.lake.sql import LoadError
from septima.lake.store import Lake

Load = Callable[[str], LoadResult]
Rows = Callable[[str, str], list[tuple[Any, ...]]]

MAPPING = """\
source: shop
files:
  - file: orders.csv
    tables:
      orders:
        columns: {order_id: id, ordered_at: at, status: state}
"""
BROKEN = "id,at,state\n1,2024-01-01,paid\n2,2024-13-01,paid\n3,2024-01-03,lost\n"


def test_retry_loads_a_mended_file_and_leaves_the_rest_open(
    folder: Path, load_text: Load, lake: Lake, rows_of: Rows
) -> None:
    path = folder / "orders.csv"
    path.write_text(BROKEN)
    load_text(MAPPING)
    assert [(entry.row, entry.resolved_at) for entry in quarantined(lake)] == [(3, None), (4, None)]
    path.write_text(BROKEN.replace("2024-13-01", "2024-12-01"))
    result = retry(lake)
    assert result.tables["orders"] == TableCounts(read=3, loaded=1, duplicate=1, quarantined=1)
    assert result.resolved == 1
    assert [row for (row,) in rows_of("orders", "order_id")] == ["1", "2"]
    assert [entry.row for entry in quarantined(lake)] == [4]
    past = quarantined(lake, resolved=True)
    assert [(entry.row, entry.resolved_at is not None) for entry in past] == [(3, True), (4, False)]


def test_retry_with_a_mended_mapping(folder: Path, load_text: Load, lake: Lake, rows_of: Rows) -> None:
    (folder / "orders.csv").write_text(BROKEN.replace("2024-13-01", "2024-12-01"))
    load_text(MAPPING)
    (folder / "mapping.yaml").write_text(
        MAPPING.replace("status: state", "status: {column: state, values: {lost: cancelled}, otherwise: paid}")
    )
    assert retry(lake).resolved == 1
    assert rows_of("orders", "order_id, status") == [("1", "paid"), ("2", "paid"), ("3", "cancelled")]
    assert quarantined(lake) == []


def test_retry_changes_nothing_where_nothing_was_mended(folder: Path, load_text: Load, lake: Lake) -> None:
    assert retry(lake).tables == {}
    (folder / "orders.csv").write_text(BROKEN)
    load_text(MAPPING)
    version = lake.version
    assert retry(lake).resolved == 0
    assert (lake.version, len(quarantined(lake))) == (version, 2)


def test_retry_finds_the_mapping_and_the_data_folder_of_the_load(
    folder: Path, tmp_path: Path, lake: Lake, mapping_of: Callable[[str], Mapping]
) -> None:
    data = tmp_path / "elsewhere"
    data.mkdir()
    (data / "orders.csv").write_text(BROKEN)
    load(lake, mapping_of(MAPPING), data=data)
    (folder / "mapping.yaml").unlink()
    (data / "orders.csv").write_text(BROKEN.replace("lost", "paid"))
    assert retry(lake).resolved == 1


def test_a_file_in_another_folder_with_the_same_name_is_another_file(
    tmp_path: Path, lake: Lake, mapping_of: Callable[[str], Mapping], rows_of: Rows
) -> None:
    january, february = tmp_path / "january", tmp_path / "february"
    for month, id_ in ((january, "1"), (february, "2")):
        month.mkdir()
        (month / "orders.csv").write_text(f"id,at,state\n{id_},2024-13-01,paid\n")
        load(lake, mapping_of(MAPPING), data=month)
    (february / "orders.csv").write_text("id,at,state\n2,2024-02-01,paid\n")
    assert retry(lake).resolved == 1
    assert rows_of("orders", "order_id") == [("2",)]
    assert ['"id":"1"' in (entry.record or "") for entry in quarantined(lake)] == [True]
    # What cannot be read any more keeps nobody from mending the rest.
    shutil.rmtree(february)
    (january / "orders.csv").write_text("id,at,state\n1,2024-01-01,paid\n")
    assert retry(lake).resolved == 1
    assert quarantined(lake) == []


def test_where_no_file_is_left_to_read_again_that_is_told(folder: Path, load_text: Load, lake: Lake) -> None:
    (folder / "orders.csv").write_text(BROKEN)
    load_text(MAPPING)
    (folder / "orders.csv").unlink()
    with pytest.raises(LoadError, match=r"there is no file orders\.csv"):
        retry(lake)


def test_entries_are_listed_by_source_file_and_table(folder: Path, load_text: Load, lake: Lake) -> None:
    (folder / "orders.csv").write_text(BROKEN)
    load_text(MAPPING)
    load_text(MAPPING.replace("shop", "other shop"))
    assert len(quarantined(lake)) == 4
    assert len(quarantined(lake, source="shop", file="orders.csv", table="orders")) == 2
    assert quarantined(lake, file="o'rders.csv") == []
    assert len(quarantined(lake, limit=3)) == 3
