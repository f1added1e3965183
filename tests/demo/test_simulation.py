# ruff: noqa: S608 - the queries are put together from this folder's own words
"""The files: the same from the same seed, whole, consistent with each other and with what the truth counts."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from septima.demo import DemoError, simulate
from septima.demo.export import RENAMED
from septima.schema import TABLES

# What the model says nothing of.
UNKNOWN = {
    ("answers", "touch_id"),
    *((name, column) for name in TABLES for column in ("properties", "source", "loaded_at")),
}

REFERENCES = [
    ("identities", "customer_id", "customers", "client_no"),
    ("customers", "referrer_id", "customers", "client_no"),
    ("orders", "client_no", "customers", "client_no"),
    ("orders", "campaign_id", "campaigns", "campaign_id"),
    ("orders", "employee_id", "employees", "employee_id"),
    ("order_items", "order_id", "orders", "order_no"),
    ("order_items", "product_id", "products", "product_id"),
    ("touches", "customer_id", "customers", "client_no"),
    ("touches", "campaign_id", "campaigns", "campaign_id"),
    ("touches", "employee_id", "employees", "employee_id"),
    ("assignments", "customer_id", "customers", "client_no"),
    ("answers", "customer_id", "customers", "client_no"),
    ("complaints", "customer_id", "customers", "client_no"),
    ("complaints", "order_id", "orders", "order_no"),
    ("calls", "customer_id", "customers", "client_no"),
    ("calls", "employee_id", "employees", "employee_id"),
    ("deliveries", "order_id", "orders", "order_no"),
    ("deliveries", "customer_id", "customers", "client_no"),
    ("deals", "customer_id", "customers", "client_no"),
    ("deals", "employee_id", "employees", "employee_id"),
    ("deals", "product_id", "products", "product_id"),
    ("deal_stages", "deal_id", "deals", "deal_id"),
    ("employees", "manager_id", "employees", "employee_id"),
    ("trainings", "employee_id", "employees", "employee_id"),
    ("process_steps", "customer_id", "customers", "client_no"),
    ("accesses", "customer_id", "customers", "client_no"),
    ("accesses", "employee_id", "employees", "employee_id"),
]


def tables(folder: Path) -> dict:
    return {path.stem: pq.read_table(path) for path in sorted(folder.glob("*.parquet"))}


def test_same_seed_gives_same_files_and_another_gives_others(tmp_path):
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        simulate(tmp_path / name, customers=150, seed=seed, block=60)
    one, two, other = (tables(tmp_path / name) for name in ("one", "two", "other"))
    assert one.keys() == two.keys() == set(TABLES)
    for name, table in one.items():
        assert table.equals(two[name]), name
    assert not one["orders"].equals(other["orders"])
    for file in ("mapping.yaml", "truth.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_block_does_not_depend_on_those_after_it(tmp_path):
    simulate(tmp_path / "few", customers=60, seed=3, block=60)
    simulate(tmp_path / "more", customers=150, seed=3, block=60)
    few, more = tables(tmp_path / "few"), tables(tmp_path / "more")
    for name in ("customers", "orders", "touches", "answers", "deals"):
        first = few[name]
        assert first.num_rows > 0
        if name in ("touches", "answers"):
            key = few[name].column_names[0]
            kept = more[name].filter([value in set(first[key].to_pylist()) for value in more[name][key].to_pylist()])
            assert kept.sort_by(key).equals(first.sort_by(key)), name
        else:
            assert more[name].slice(0, first.num_rows).equals(first), name


def test_every_canonical_column_has_values(company):
    for name, table in TABLES.items():
        for column in table.column_names:
            if (name, column) in UNKNOWN:
                continue
            exported = RENAMED.get(name, {}).get(column, column)
            assert company.number(f'SELECT count("{exported}") FROM {name}') > 0, (name, column)


@pytest.mark.parametrize(("table", "column", "other", "key"), REFERENCES)
def test_references_lead_somewhere(company, table, column, other, key):
    given, lost = company.rows(f"""
        SELECT count(*), count(*) FILTER (o.found IS NULL) FROM {table} t
        LEFT JOIN (SELECT DISTINCT {key} AS found FROM {other}) o ON t.{column} = o.found
        WHERE t.{column} IS NOT NULL""")[0]
    assert given > 0
    assert lost == 0


def test_keys_are_unique_once_what_was_exported_twice_is_set_aside(company):
    truth = company.truth
    for name, table in TABLES.items():
        key = ", ".join(f'"{RENAMED.get(name, {}).get(column, column)}"' for column in table.key)
        rows, distinct = company.rows(f"SELECT (SELECT count(*) FROM {name}), (SELECT count(*) FROM (SELECT DISTINCT {key} FROM {name}))")[0]  # fmt: skip
        assert rows - distinct == truth.repeated.get(name, 0), name
        assert distinct == truth.rows[name] + truth.broken.get(name, 0), name


def test_broken_and_missing_values_are_counted_exactly(company):
    truth = company.truth
    broken = {
        "orders": "SELECT count(*) FROM orders WHERE state = '???'",
        "calls": "SELECT count(*) FROM calls WHERE waited_s < 0",
        "complaints": "SELECT count(*) FROM complaints WHERE try_strptime(received, '%d.%m.%Y %H:%M:%S') IS NULL",
        "deals": "SELECT count(*) FROM deals WHERE amount < 0",
    }
    assert broken.keys() == truth.broken.keys()
    for name, query in broken.items():
        assert company.number(query) == truth.broken[name] > 0, name
        total = truth.rows[name] + truth.broken[name]
        assert truth.broken[name] / total == pytest.approx(0.003, abs=1.5 / total), name
    for column, exported in (("email", "email"), ("phone", "phone"), ("segment", "client_type")):
        missing = company.number(f"SELECT count(*) - count({exported}) FROM customers")
        assert missing == truth.missing[f"customers.{column}"] > 0


def test_duplicate_customers_share_name_and_address(company):
    second = company.number("""
        SELECT count(*) - count(DISTINCT id_value) FROM identities WHERE id_type = 'email'""")
    assert 0 < second <= company.truth.duplicate_customers
    assert company.truth.duplicate_customers / company.truth.customers == pytest.approx(0.018, abs=0.006)


def test_lines_add_up_to_orders(company):
    wrong = company.number("""
        SELECT count(*) FROM (SELECT order_id, sum(quantity * price - discount) AS paid, sum(cost) AS cost FROM order_items GROUP BY 1) i
        FULL JOIN (SELECT DISTINCT order_no, total_rub, cost FROM orders WHERE order_no NOT SIMILAR TO '(A.*|.*B.*)') o
        ON i.order_id = o.order_no WHERE paid IS DISTINCT FROM total_rub OR i.cost IS DISTINCT FROM o.cost""")
    assert wrong == 0


def test_ledger_and_counts_add_up_the_same_orders(company):
    counted = company.truth.counted
    sums = company.by_quarter("sum(revenue), count(*), count(DISTINCT customer_id) FROM sold", "moment")
    assert sums[:, 0] == pytest.approx(counted["revenue"], abs=0.01)
    assert sums[:, 1].tolist() == list(counted["orders"])
    assert sums[:, 2].tolist() == list(counted["buyers"])
    for account, table, amount, moment in (
        ("revenue", "sold", "revenue", "moment"),
        ("cost_of_goods", "sold", "cost", "moment"),
    ):
        ledger = company.by_quarter(f"sum(amount) FROM ledger WHERE account = '{account}'", "date")
        assert ledger == pytest.approx(company.by_quarter(f"sum({amount}) FROM {table}", moment), abs=0.01), account
    spend = company.by_quarter("sum(amount) FROM spend", "date")
    messages = company.by_quarter("sum(cost) FROM touches", '"at"')
    assert spend[:, 0] == pytest.approx(counted["spend"], abs=0.01)
    assert messages[:, 0] == pytest.approx(counted["message_cost"], abs=0.01)
    marketing = company.by_quarter("sum(amount) FROM ledger WHERE account = 'marketing'", "date")
    assert marketing == pytest.approx(spend + messages, abs=0.01)


def test_nothing_happens_after_the_last_day_nor_before_the_first(company):
    for name, moment in (("sold", "moment"), ("touches", '"at"'), ("answers", '"at"'), ("calls", '"at"'), ("complaints_read", "opened_at")):  # fmt: skip
        first, last = company.rows(f"SELECT min({moment}), max({moment}) FROM {name}")[0]
        assert date(2023, 10, 1) <= first.date() <= last.date() <= date(2026, 9, 30), name
    late = company.number("SELECT count(*) FROM deliveries WHERE delivered_at >= '2026-10-01'")
    assert late == 0


def test_nobody_is_written_to_after_unsubscribing_or_without_consent(company):
    assert company.number("SELECT count(*) FROM touches WHERE kind = 'unsubscribed'") > 0
    wrong = company.number("""
        SELECT count(*) FROM touches t JOIN (SELECT customer_id, min("at") AS gone FROM touches WHERE kind = 'unsubscribed' GROUP BY 1) u
        USING (customer_id) WHERE t.kind = 'sent' AND t."at" > u.gone""")
    assert wrong == 0
    assert company.number("SELECT count(*) FROM touches JOIN customers ON customer_id = client_no WHERE kind = 'sent' AND NOT consent") == 0  # fmt: skip


def test_addresses_and_telephones_are_nobody_s(company):
    assert (
        company.number(r"SELECT count(*) FROM customers WHERE email NOT SIMILAR TO '[^@]+@example\.(com|org|net)'") == 0
    )
    assert company.number(r"SELECT count(*) FROM customers WHERE phone NOT SIMILAR TO '\+7000\d{7}'") == 0


def test_reasons_are_given_for_answers_of_all_kinds(company):
    rows = dict(company.rows("SELECT department, count(DISTINCT text) FROM answers WHERE question = 'why' GROUP BY 1"))
    assert set(rows) == {"support", "delivery", "stores", "online_shop", "claims", "sales"}
    assert min(rows.values()) > 15
    alone = company.number("""
        SELECT count(*) FROM answers w ANTI JOIN answers r ON w.response_id = r.response_id AND r.question = 'recommend'
        WHERE w.question = 'why'""")
    assert alone == 0


def test_one_customer_makes_a_company(tmp_path):
    truth = simulate(tmp_path, customers=1, seed=0)
    assert truth.rows["customers"] == 1
    schema = duckdb.read_parquet(str(tmp_path / "ledger.parquet"))
    assert schema.types[schema.columns.index("amount")] == "DECIMAL(18,4)"
    total = schema.filter("account = 'revenue'").sum("amount").fetchall()[0][0]
    assert total == sum(Decimal(str(value)) for value in truth.counted["revenue"])


def test_impossible_arguments_are_told(tmp_path):
    with pytest.raises(DemoError, match="at least one customer"):
        simulate(tmp_path, customers=0, seed=1)
    with pytest.raises(DemoError, match="seed is a whole number"):
        simulate(tmp_path, customers=1, seed=-1)
    with pytest.raises(DemoError, match=r"2026-09-15 is no quarter's last day"):
        simulate(tmp_path, customers=1, seed=1, end=date(2026, 9, 15))
