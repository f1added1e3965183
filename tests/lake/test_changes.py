"""How far back a change of the data can be felt."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from septima.lake.changes import Changes, Reach
from septima.lake.load import LoadResult
from septima.lake.sql import connect
from septima.lake.store import Lake, arrow_schema

Load = Callable[..., None]
COLUMNS = {
    "orders": "order_id: order_id, customer_id: customer_id, ordered_at: ordered_at, status: status",
    "customers": "customer_id: customer_id, created_at: created_at, region: region",
    "order_items": "order_id: order_id, line: line, product_id: product_id",
    "products": "product_id: product_id, category: category",
    "spend": "date: date, channel: channel, amount: amount",
    "deliveries": "delivery_id: delivery_id, promised_at: promised_at, delivered_at: delivered_at, status: status",
}


@pytest.fixture
def loads(folder: Path, load_text: Callable[[str], LoadResult]) -> Load:
    """Load rows, given as lines of CSV under the columns of the table."""

    def load(table: str, *lines: str) -> None:
        header = ",".join(part.split(":")[0].strip() for part in COLUMNS[table].split(","))
        (folder / f"{table}.csv").write_text("\n".join([header, *lines]) + "\n")
        load_text(
            f"source: test\nfiles:\n  - file: {table}.csv\n    tables:\n      {table}:\n"
            f"        columns: {{{COLUMNS[table]}}}\n        keep: last\n"
        )

    return load


def versions(lake: Lake, *tables: str) -> dict[str, int | None]:
    held = lake.commit().tables
    return {name: held.get(name) for name in tables}


@contextmanager
def changes(lake: Lake) -> Generator[Changes]:
    with lake.staging() as staging, connect(staging) as connection:
        yield Changes(lake, connection, lake.commit().tables)


def reach(lake: Lake, since: dict[str, int | None], *attributes: str) -> Reach:
    with changes(lake) as found:
        return found.reach(since, attributes)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_without_a_change_there_is_no_reach(lake: Lake, loads: Load) -> None:
    loads("orders", "1,a,2026-03-05,paid")
    since = versions(lake, "orders", "customers")
    assert reach(lake, since).nothing
    loads("customers", "a,2026-03-01,north")
    with changes(lake) as found:
        assert not found.changed(versions(lake, "orders"))
        assert found.changed(since)


def test_new_rows_reach_back_to_the_newest_that_was_known(lake: Lake, loads: Load) -> None:
    loads("orders", "1,a,2026-03-05,paid", "2,a,2026-03-07 10:00,paid")
    since = versions(lake, "orders")
    loads("orders", "3,b,2026-03-08,paid")
    # What was not over on 7 March, as far as the data told, may be now.
    assert reach(lake, since) == Reach(at("2026-03-07 10:00"))


def test_a_late_row_reaches_back_to_itself(lake: Lake, loads: Load) -> None:
    loads("orders", "2,a,2026-03-07,paid")
    since = versions(lake, "orders")
    loads("orders", "3,b,2026-03-08,paid", "late,b,2026-01-31 23:00,paid")
    assert reach(lake, since) == Reach(at("2026-01-31 23:00"))


def test_an_altered_row_counts_and_the_others_of_its_file_do_not(lake: Lake, loads: Load) -> None:
    loads("orders", "1,a,2026-01-05,paid", "2,a,2026-02-05,paid", "3,a,2026-03-05,paid")
    since = versions(lake, "orders")
    loads("orders", "2,a,2026-02-05,cancelled")
    assert reach(lake, since) == Reach(at("2026-02-05"))


def test_a_row_that_moved_counts_where_it_was_and_where_it_is(lake: Lake, loads: Load) -> None:
    loads("orders", "1,a,2026-01-05,paid", "2,a,2026-02-05,paid", "3,a,2026-04-05,paid")
    since = versions(lake, "orders")
    loads("orders", "2,a,2026-03-05,paid")
    assert reach(lake, since) == Reach(at("2026-02-05"))
    since = versions(lake, "orders")
    loads("orders", "2,a,2026-01-20,paid")
    assert reach(lake, since) == Reach(at("2026-01-20"))


def put(lake: Lake, table: str, rows: list[dict[str, Any]], *remove: str) -> str:
    """Replace files of a table by one with these rows; what a row does not name is empty."""
    with lake.write("test") as writing:
        path = writing.new_file(table)
        schema = arrow_schema(lake.schema_of(table))
        parquet.write_table(pa.Table.from_pylist(rows, schema=schema), path)
        writing.add(table, path, len(rows))
        for old in remove:
            writing.remove(table, old)
    return str(path)


def test_rows_that_are_no_more_count_though_no_load_says_so(lake: Lake) -> None:
    rows = [
        {"order_id": str(month), "ordered_at": datetime(2026, month, 5), "loaded_at": datetime(2026, 6, 1)}  # noqa: DTZ001
        for month in (1, 2, 3, 4)
    ]
    first = put(lake, "orders", rows)
    since = versions(lake, "orders")
    rewritten = put(lake, "orders", rows, first)
    assert reach(lake, since).nothing
    put(lake, "orders", [rows[0], rows[2], rows[3]], rewritten)
    assert reach(lake, since) == Reach(at("2026-02-05"))


def test_where_the_newest_goes_what_was_over_is_open_again(lake: Lake, loads: Load) -> None:
    loads("deliveries", "1,2026-03-05,2026-03-06,delivered", "2,2026-05-01,2026-05-02,delivered")
    since = versions(lake, "deliveries")
    loads("deliveries", "2,2026-05-01,,shipped")
    # The newest arrival is now of 6 March, so that what was promised after it is not late yet.
    found = reach(lake, since)
    assert (found.moment, found.everything) == (at("2026-03-06"), False)


def test_a_row_without_any_time_may_count_anywhere(lake: Lake, loads: Load) -> None:
    loads("deliveries", "1,2026-03-05,2026-03-06,delivered")
    since = versions(lake, "deliveries")
    loads("deliveries", "2,,,planned")
    assert reach(lake, since).everything


def test_days_stay_days(lake: Lake, loads: Load) -> None:
    loads("spend", "2026-03-05,web,10")
    since = versions(lake, "spend")
    loads("spend", "2026-03-09,web,10", "2026-03-02,web,10")
    assert reach(lake, since) == Reach(day=date(2026, 3, 2))


def test_a_customer_reaches_to_the_first_record_of_the_tables_at_hand(lake: Lake, loads: Load) -> None:
    loads("orders", "1,a,2026-01-05,paid", "2,b,2026-02-05,paid")
    loads("customers", "a,2026-03-01,north", "b,2026-03-01,north")
    since = versions(lake, "orders", "customers")
    loads("customers", "b,2026-03-01,south")
    assert reach(lake, since) == Reach(at("2026-02-05"))
    assert reach(lake, since, "customers") == Reach(at("2026-02-05"))
    # Where only attributes are taken from customers, one without records changes nothing, known or unknown by time.
    since = versions(lake, "orders", "customers")
    loads("customers", "c,,south")
    assert reach(lake, since, "customers").nothing
    assert reach(lake, since).everything


def test_lines_and_products_reach_through_their_orders(lake: Lake, loads: Load) -> None:
    loads("orders", "1,a,2026-01-05,paid", "2,b,2026-02-05,paid", "3,b,2026-03-05,paid")
    loads("order_items", "1,1,tea", "2,1,cup", "3,1,cup")
    loads("products", "tea,food", "cup,goods")
    since = versions(lake, "orders", "order_items", "products")
    loads("order_items", "3,2,tea")
    assert reach(lake, since).moment == at("2026-03-05")
    loads("products", "cup,glass")
    assert reach(lake, since).moment == at("2026-02-05")


def test_merged_customers_reach_to_the_first_record_of_any_of_them(lake: Lake, loads: Load) -> None:
    loads("orders", "1,a,2026-01-05,paid", "2,b,2026-02-05,paid", "3,c,2026-03-05,paid", "4,d,2025-03-05,paid")
    since = versions(lake, "orders", "merges")

    def merge(customer: str, master: str) -> None:
        put(lake, "merges", [{"customer_id": customer, "master_id": master, "linked_id": master}])

    merge("c", "b")
    assert reach(lake, since) == Reach(at("2026-02-05"))
    merge("a", "b")
    since = versions(lake, "customers", "orders", "merges")
    loads("customers", "c,2026-03-01,north")
    # The attributes of one are those of all who were merged with it.
    assert reach(lake, since, "customers") == Reach(at("2026-01-05"))
