"""Own metrics in SQL: off unless allowed, one plain SELECT over canonical tables, and no way out of it."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.metrics import Metric, compute
from septima.metrics.custom import OwnMetricsError, own_metrics
from septima.metrics.custom.query import QueryError, read_query
from septima.metrics.custom.reading import canonical_table
from septima.schema import TABLES

from ..conftest import canonical
from .conftest import WORDS

OWN_TABLES = {name: canonical_table(table) for name, table in TABLES.items()}

ROWS = {
    "orders": [
        {"order_id": "1", "customer_id": "ann", "ordered_at": "2026-01-01", "revenue": 10, "cost": 4, "status": "paid"},
        {"order_id": "2", "customer_id": "ann", "ordered_at": "2026-01-02", "revenue": 20, "cost": 0, "status": "paid"},
        {"order_id": "3", "customer_id": "bob", "ordered_at": "2026-01-03", "revenue": 40, "status": "cancelled"},
    ],
    "customers": [{"customer_id": "ann", "segment": "private"}, {"customer_id": "bob", "segment": "business"}],
}
FIRST_ORDERS = """
with numbered as (
  select o.customer_id, o.ordered_at, cast(o.revenue as double) as revenue,
         row_number() over (partition by o.customer_id order by o.ordered_at) as place
  from orders o where o.status <> 'cancelled'
)
select n.ordered_at as at, n.customer_id, n.revenue / n.place as value, c.segment
from numbered n left join customers c on c.customer_id = n.customer_id where n.place <= 2
"""


def metrics(sql: str, body: str, *, allow_sql: bool = True) -> dict[str, Metric]:
    """The metric of a query and the rest of a flow mapping."""
    text = f"metrics:\n  - {{id: own, {WORDS}{body}, sql: {json.dumps(' '.join(sql.split()))}}}\n"
    return own_metrics([("metrics/own.yaml", text)], allow_sql=allow_sql)


def test_a_query_gives_the_rows_and_the_rest_works_over_them() -> None:
    metric = metrics(FIRST_ORDERS, "kind: sum, unit: ratio, column: value, by: [segment]")["own"]
    frame = compute([metric], canonical(ROWS), grain="all", by=["segment"])["own"].frame
    assert frame["segment"].tolist() == ["private"]
    assert frame["value"].tolist() == [10 / 1 + 20 / 2]
    assert metric.passport.primary_data == ("orders.*", "customers.*")
    assert [source.settles_days for source in metric.sources] == [None]


def test_a_division_by_zero_is_null() -> None:
    found = metrics(
        "select ordered_at as at, revenue / cost as value from orders", "kind: mean, unit: ratio, column: value"
    )
    frame = compute(list(found.values()), canonical(ROWS), grain="all")["own"].frame
    assert (frame["value"][0], frame["n"][0]) == (2.5, 1)


def test_empty_tables_beside_others_and_alone() -> None:
    sql = "select o.ordered_at as at, t.touch_id from orders o left join touches t on t.customer_id = o.customer_id"
    found = list(metrics(sql, "kind: count, filter: touch_id is null").values())
    assert compute(found, canonical(ROWS), grain="all")["own"].frame["value"].tolist() == [3]
    assert len(compute(found, canonical({}), grain="all")["own"].frame) == 0


def test_it_is_off_unless_an_administrator_allows_it() -> None:
    with pytest.raises(OwnMetricsError, match="line 2: `sql` is switched off"):
        metrics("select ordered_at as at from orders", "kind: count", allow_sql=False)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_parquet('x')",
        "select * from read_text('/etc/passwd')",
        "select * from glob('*')",
        "select * from '/etc/passwd'",
        'select * from "secrets.parquet"',
        "select ordered_at as at from orders union all select at from touches",
        "select ordered_at as at from orders; drop table orders",
        "select ordered_at as at from orders; select 1",
        "drop table orders",
        "copy orders to '/tmp/x.csv'",
        "attach '/tmp/x.db' as x",
        "install httpfs",
        "pragma database_list",
        "set memory_limit = '1TB'",
        "insert into orders select * from orders",
        "create table x as select 1",
        "explain select 1",
        "values (1)",
        "select getenv('HOME') as h, ordered_at as at from orders",
        "select current_setting('temp_directory') as h, ordered_at as at from orders",
        "select current_user as u, ordered_at as at from orders",
        "select user as u, ordered_at as at from orders",
        "select version() as v, ordered_at as at from orders",
        "select query('x') as v, ordered_at as at from orders",
        "select * from query('select 1')",
        "select * from query_table('orders')",
        "select * from duckdb_settings()",
        "select * from duckdb_settings",
        "select * from pg_catalog.pg_tables",
        "select * from information_schema.tables",
        "select * from main.orders",
        "select * from memory.main.orders",
        "select * from sqlite_master",
        "select * from quarantine",
        "select * from range(10)",
        "select * from generate_series(1, 10)",
        "select unnest([1, 2]) as x, ordered_at as at from orders",
        "select * from (values (1)) t",
        "select * from orders, lateral (select 1)",
        "select * from orders tablesample 10%",
        "select * from orders at (version => 1)",
        "select columns('.*') from orders",
        "select * exclude (cost) from orders",
        "select #1 from orders",
        "pivot orders on status",
        "select ordered_at as at from orders limit 1",
        "select distinct on (status) ordered_at as at from orders",
        "select * from orders for update",
        "select ordered_at as at into x from orders",
        "with recursive c as (select 1 as a union all select a from c) select a from c",
        # A name that is bound in one place and meant in another would be looked up among files and views.
        "select ordered_at as at from orders where exists (with duckdb_logs as (select 1 as a) select a from duckdb_logs)",
        "with a as (select x from b), b as (select 1 as x) select x from a",
        "with a as (select x from a) select x from a",
        "with orders as (select 1 as x) select x from orders",
        'with "/etc/passwd" as (select 1 as x) select x from "/etc/passwd"',
        "select cast(status as struct(x int)) as x, ordered_at as at from orders",
        "select status::json as x, ordered_at as at from orders",
        "select regexp_extract(status, '(a+)+') as x, ordered_at as at from orders",
        "select list(status) as x, ordered_at as at from orders",
        "select system.main.getenv('HOME') as x from orders",
        "select ordered_at as at from orders asof join touches on true",
        "select ordered_at as at from orders positional join touches",
        "select ordered_at as at from orders natural join customers",
        "from orders select *, getenv('x')",
        "select (select * from read_csv('x')) as a, ordered_at as at from orders",
        "select ordered_at as at from orders where status in (select content from read_text('x'))",
        "select ordered_at as at from orders order by getenv('x')",
        "select ordered_at as at from orders qualify row_number() over (order by getenv('x')) = 1",
        "select ordered_at as at, count(*) filter (where getenv('x') = '1') as n from orders group by 1",
        "select properties as p, ordered_at as at from orders",
        "select ordered_at as at, 'a' || getenv('x') as b from orders",
        "select x(ordered_at) as at from orders",
        "select ordered_at as at from nowhere",
        "select ordered_at as at, nothing from orders",
        "select status from orders",
        "select status as at from orders",
        "select ordered_at as at, revenue, revenue from orders",
        "",
        "select " + "(" * 3000,
        "select 1" + " " * 30_000,
    ],
)  # fmt: skip
def test_nothing_but_a_plain_select_over_canonical_tables_gets_through(sql: str) -> None:
    with pytest.raises(QueryError):
        read_query(sql, OWN_TABLES)


def test_mistakes_in_a_query_are_told_with_its_line() -> None:
    with pytest.raises(OwnMetricsError) as error:
        metrics("select ordered_at as at, revenu from orders", "kind: count")
    assert error.value.mistakes[0].en.startswith(
        "metrics/own.yaml, line 2: the query does not fit the tables: Column 'revenu'"
    )
    with pytest.raises(OwnMetricsError, match="there is no table 'order'; did you mean 'orders'"):
        metrics("select ordered_at as at from order", "kind: count")


def test_no_file_is_read_even_where_it_lies_at_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "orders.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "secrets").write_text("a\n1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for sql in ("select a as at from 'orders.csv'", "select a as at from secrets", 'select a as at from "orders.csv"'):
        with pytest.raises(QueryError):
            read_query(sql, OWN_TABLES)


WORDS_OF_SQL = (
    "select from where with as orders o touches at ordered_at revenue * , ( ) ; join left on using group by having union all "
    "exists in not null and 'x.csv' \"y\" read_csv getenv count sum over partition order cast double values limit ::"
)


@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(WORDS_OF_SQL.split()), max_size=14).map(" ".join)))
def test_random_text_is_a_query_over_the_tables_or_refused(text: str) -> None:
    try:
        table = read_query(text, OWN_TABLES)
    except QueryError:
        return
    assert {name.removesuffix(".*") for name in table.data or ()} <= set(TABLES)
