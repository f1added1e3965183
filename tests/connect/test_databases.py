"""Reading SQLite and PostgreSQL from the position on."""

import sqlite3
from typing import Any

import psycopg
import pytest

from septima.connect import taking
from septima.connect.errors import ConnectError
from septima.connect.fetch import check, fetch, forget_position
from septima.lake.append import append
from septima.lake.load import TableCounts
from septima.lake.mend import mend_entries
from septima.lake.quarantine import open_entries, quarantined
from septima.schema import SeptimaError
from septima.workspace import Workspace
from tests.connect.conftest import SHOP, no_secret_left
from tests.servers import free_port


def _revenue(workspace: Workspace) -> dict[str, float]:
    rows = workspace.table("orders").select("order_id", "revenue").execute()
    return {key: float(value) for key, value in rows.itertuples(index=False)}


def test_a_fetch_reads_what_is_new_with_the_overlap_and_replaces_by_key(
    workspace: Workspace, shop: sqlite3.Connection
) -> None:
    first = fetch(workspace, "shop")
    assert first.rows == {"orders": 301}
    assert first.tables["orders"] == TableCounts(read=301, loaded=300, quarantined=1)
    assert first.tables["customers"] == TableCounts(read=301, loaded=7, duplicate=294)
    # Orders of the 27th and the 28th: the newest day and the day of overlap before it; 300 = 10 × 28 + 20.
    assert fetch(workspace, "shop").tables["orders"] == TableCounts(read=20, duplicate=20)
    shop.execute("update orders set total = 7.25, changed = '2026-02-01 10:00:00' where id = 5")
    shop.execute("insert into orders values (400, '2026-01-31', '2026-02-01 09:00:00', 3, 2, null)")
    assert fetch(workspace, "shop").tables["orders"] == TableCounts(read=22, loaded=1, updated=1, duplicate=20)
    # What comes late, within the overlap behind the newest row, is not lost.
    shop.execute("insert into orders values (401, '2026-01-31', '2026-01-31 12:00:00', 4, 2, null)")
    assert fetch(workspace, "shop").tables["orders"].loaded == 1
    held = _revenue(workspace)
    assert (len(held), held["5"], held["400"], held["401"]) == (302, 7.25, 3, 4)


def test_a_row_deleted_at_the_source_stays_and_a_row_without_cursor_is_read_each_time(
    workspace: Workspace, shop: sqlite3.Connection
) -> None:
    shop.execute("insert into orders values (500, '2026-01-31', null, 9, 2, null)")
    fetch(workspace, "shop")
    shop.execute("delete from orders where id = 7")
    shop.execute("update orders set total = 10 where id = 500")
    fetch(workspace, "shop")
    held = _revenue(workspace)
    assert (held["7"], held["500"]) == (7, 10)


def test_a_date_yet_to_come_hides_nothing(workspace: Workspace, shop: sqlite3.Connection) -> None:
    shop.execute("insert into orders values (500, '2026-01-31', '2999-01-01 00:00:00', 9, 2, null)")
    fetch(workspace, "shop")
    shop.execute("insert into orders select 501, '2026-01-31', datetime('now'), 9, 2, null")
    fetch(workspace, "shop")
    assert "501" in _revenue(workspace)


def test_all_reads_from_the_beginning_and_so_does_a_forgotten_position(
    workspace: Workspace, shop: sqlite3.Connection
) -> None:
    assert not forget_position(workspace, "shop")
    fetch(workspace, "shop")
    assert fetch(workspace, "shop", everything=True).rows == {"orders": 301}
    assert forget_position(workspace, "shop")
    again = fetch(workspace, "shop")
    assert again.tables["orders"] == TableCounts(read=301, duplicate=300, quarantined=1)


def test_a_bad_row_is_one_entry_however_often_it_is_read_and_none_once_it_passes(
    workspace: Workspace, shop: sqlite3.Connection
) -> None:
    shop.execute("update orders set changed = '2026-01-28 10:00:00' where id = 999")
    for _ in range(2):
        fetch(workspace, "shop")
    (entry,) = quarantined(workspace.lake)
    assert (entry.source, entry.table, entry.column, entry.value) == ("shop", "orders", "placed", "someday")
    assert entry.file.startswith("orders 20")
    shop.execute("update orders set placed = '2026-01-05' where id = 999")
    fetch(workspace, "shop")
    assert open_entries(workspace.lake) == {}
    assert "999" in _revenue(workspace)


def test_a_bad_row_can_be_mended_by_hand(workspace: Workspace, shop: sqlite3.Connection) -> None:
    fetch(workspace, "shop")
    (entry,) = quarantined(workspace.lake)
    mended = mend_entries(workspace.lake, {entry.quarantine_id: {"placed": "2026-01-05 11:00:00"}})
    assert (mended.tables["orders"].loaded, open_entries(workspace.lake)) == (1, {})
    row = workspace.table("orders").filter(workspace.table("orders").order_id == "999").execute().iloc[0]
    assert (str(row.ordered_at), row.customer_id, row.source) == ("2026-01-05 11:00:00", "1", "shop")


def test_a_portion_that_was_published_and_not_cleared_away_is_not_taken_again(
    workspace: Workspace, shop: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = taking._take

    def ended(*given: Any) -> None:
        plain(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(taking, "_take", ended)
    with pytest.raises(KeyboardInterrupt):
        fetch(workspace, "shop")
    monkeypatch.undo()
    # Others write in the meantime.
    append(workspace.lake, "customers", [{"customer_id": "x"}], "site", batch="1")
    version = workspace.lake.version
    again = fetch(workspace, "shop")
    # What the first run brought, as it was then, and the 20 orders of the overlap.
    assert again.tables["orders"] == TableCounts(read=321, loaded=300, duplicate=20, quarantined=1)
    assert workspace.lake.version == version


def test_a_cursor_of_numbers_reads_only_what_was_added(workspace: Workspace, shop: sqlite3.Connection, define) -> None:
    define("shop", SHOP.replace("cursor: changed", "cursor: id").replace("1 day", "10"))
    fetch(workspace, "shop")
    assert fetch(workspace, "shop").rows == {"orders": 1}  # of 989 … 999 there is only the last
    define("shop", SHOP.replace("cursor: changed", "cursor: id"))
    with pytest.raises(ConnectError, match="overlap: 1000"):
        fetch(workspace, "shop")


def test_what_is_not_there_is_named_with_the_line_and_what_was_meant(
    workspace: Workspace, shop: sqlite3.Connection, define
) -> None:
    define("shop", SHOP.replace("from: orders", "from: ordrs"))
    with pytest.raises(ConnectError, match=r"shop.yaml, line 4: shop has no table 'ordrs'.*did you mean 'orders'\?"):
        check(workspace, "shop")
    define("shop", SHOP.replace("ordered_at: placed", "ordered_at: placet"))
    with pytest.raises(ConnectError, match=r"table orders has no column 'placet'; did you mean 'placed'\?"):
        fetch(workspace, "shop")
    define("shop", SHOP.replace("shop.db", "shpo.db"))
    with pytest.raises(ConnectError, match="there is no file"):
        check(workspace, "shop")
    assert not (workspace.directory / "shpo.db").exists()


def test_a_mapping_that_cannot_be_loaded_loses_nothing_that_was_read(
    workspace: Workspace, shop: sqlite3.Connection, define
) -> None:
    shop.execute("update orders set placed = '03/04/2026'")
    with pytest.raises(SeptimaError, match="dates"):
        fetch(workspace, "shop")
    define("shop", SHOP.replace("    cursor", '    dates: "%d/%m/%Y"\n    cursor'))
    fetch(workspace, "shop")
    assert len(_revenue(workspace)) == 301
    assert str(workspace.table("orders").ordered_at.max().execute()) == "2026-04-03 00:00:00"


POSTGRESQL = """kind: postgresql
host: 127.0.0.1
port: {port}
database: septima
user: {user}
reads:
  - from: sales.orders
    cursor: changed
    tables:
      orders:
        columns: {{order_id: id, ordered_at: placed, customer_id: client, revenue: total}}
        ignore: [hash]
"""


def test_postgresql_reads_every_type_as_it_is_written_and_keeps_no_password(
    workspace: Workspace, define, postgresql: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The server of the tests trusts everybody; what matters is where the password is left.
    define("pg", POSTGRESQL.format(port=postgresql, user="septima"), 'password: "hidden-word-7"\n')
    with psycopg.connect(
        host="127.0.0.1", port=postgresql, user="septima", dbname="septima", autocommit=True
    ) as opened:
        opened.execute("create schema sales")
        opened.execute(
            "create table sales.orders (id bigint primary key, placed timestamptz, changed timestamp, total numeric(12, 2), "
            "client uuid, flags text[], extra jsonb, hash bytea, paid boolean)"
        )
        opened.execute(
            "insert into sales.orders select n, '2026-03-01 12:00+03', '2026-03-01'::timestamp + n * interval '1 hour', n * 1.1, "
            "'00000000-0000-0000-0000-000000000001', '{a,b}', '{\"k\": 1}', 'x', true from generate_series(1, 25000) n"
        )
        opened.execute("insert into sales.orders values (0, 'infinity', '2026-03-01', 1, null, null, null, null, null)")
        assert check(workspace, "pg") == [("sales.orders", 9)]
        first = fetch(workspace, "pg").tables["orders"]
        assert first == TableCounts(read=25001, loaded=25000, quarantined=1)
        row = workspace.table("orders").filter(workspace.table("orders").order_id == "10").execute().iloc[0]
        assert (str(row.ordered_at), str(row.revenue)) == ("2026-03-01 09:00:00", "11.0000")
        assert '"paid":"true"' in row.properties
        assert "hash" not in row.properties
        opened.execute(
            "insert into sales.orders (id, placed, changed, total) select 30000, now(), max(changed) - interval '30 minutes', 5 from sales.orders"
        )
        assert fetch(workspace, "pg").tables["orders"].loaded == 1
    no_secret_left(workspace, "hidden-word-7")


def test_postgresql_says_what_to_do(workspace: Workspace, define, postgresql: int) -> None:
    define("pg", POSTGRESQL.format(port=postgresql, user="septima").replace("database: septima", "database: nowhere"))
    with pytest.raises(ConnectError, match="has no database 'nowhere'; correct `database`"):
        check(workspace, "pg")
    define("pg", POSTGRESQL.format(port=postgresql, user="nobody"))
    with pytest.raises(ConnectError, match="refuses the user 'nobody' or the password"):
        check(workspace, "pg")
    define("pg", POSTGRESQL.format(port=free_port(), user="septima"))
    with pytest.raises(ConnectError, match=r"cannot be read .*check that the server runs"):
        check(workspace, "pg")
