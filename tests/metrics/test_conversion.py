"""Money of several currencies in one, at rates written by hand."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pyarrow.parquet as pq
import pytest

from septima.metrics import Calendar, compute, find_metric, rows_behind
from septima.metrics.conversion import converted
from septima.schema import TABLES

from .conftest import Rows, Tables, arrow_tables, canonical, in_duckdb


def rate(day: str, value: float, currency: str = "USD", to: str = "EUR") -> dict[str, Any]:
    return {"date": day, "currency": currency, "to_currency": to, "rate": value}


def order(at: str, revenue: str | None, currency: str | None = "USD", **more: Any) -> dict[str, Any]:
    return {"order_id": at, "ordered_at": at, "revenue": revenue, "currency": currency, **more}


def revenues(orders: Iterable[dict[str, Any]], *rates: dict[str, Any], calendar: Calendar | None = None) -> list[Any]:
    """Revenue and currency of each order, converted into euros."""
    rows = {"orders": list(orders), "rates": list(rates)}
    table = converted(canonical(rows), "EUR", calendar or Calendar())("orders")
    found = table.order_by("order_id").select("revenue", "currency").to_pyarrow().to_pylist()
    return [(row["revenue"], row["currency"]) for row in found]


def euros(amount: str) -> tuple[Decimal, str]:
    return Decimal(amount), "EUR"


def test_own_money_stays_and_other_money_takes_the_rate_of_its_day() -> None:
    orders = [
        order("2024-03-01T09:00", "100", "EUR"),
        order("2024-03-01T10:00", "100", None),
        order("2024-03-01T11:00", "100"),
        order("2024-03-02T11:00", "100"),
        order("2024-03-02T12:00", None),
    ]
    assert revenues(orders, rate("2024-03-01", 0.92), rate("2024-03-02", 0.95)) == [
        euros("100"), (Decimal(100), None), euros("92"), euros("95"), (None, "EUR")
    ]  # fmt: skip


def test_a_rate_lasts_over_a_weekend_and_no_longer_than_seven_days() -> None:
    # A rate of Friday 1 March 2024, none on Saturday and Sunday, and none after.
    orders = [order(f"2024-03-{day:02}", "10") for day in (1, 2, 3, 8, 9)]
    assert revenues(orders, rate("2024-03-01", 0.9)) == [*[euros("9")] * 4, (None, "USD")]


def test_a_rate_ends_where_the_next_of_its_pair_begins() -> None:
    orders = [order(f"2024-03-0{day}", "10") for day in (3, 4, 5)]
    given = [rate("2024-03-01", 0.9), rate("2024-03-04", 0.8), rate("2024-03-03", 5, currency="GBP")]
    assert revenues(orders, *given) == [euros("9"), euros("8"), euros("8")]


def test_there_is_no_rate_before_the_first() -> None:
    assert revenues([order("2024-02-29T23:59", "10")], rate("2024-03-01", 0.9)) == [(None, "USD")]


def test_the_opposite_pair_counts_where_the_straight_one_is_absent() -> None:
    orders = [order(f"2024-03-{day:02}", "10") for day in (1, 2, 10)]
    inverse = rate("2024-03-01", 1.25, currency="EUR", to="USD")
    assert revenues(orders, inverse) == [euros("8"), euros("8"), (None, "USD")]
    # From 2 March the straight rate is in force, and on 10 March for want of it a later opposite one.
    both = (inverse, rate("2024-03-02", 0.9), rate("2024-03-10", 1.6, currency="EUR", to="USD"))
    assert revenues([*orders[:2], order("2024-03-09", "10"), orders[2]], *both) == [
        euros("8"), euros("9"), euros("9"), euros("6.25")
    ]  # fmt: skip


def test_rates_between_other_currencies_and_rates_of_nothing_do_not_count() -> None:
    given = [
        rate("2024-03-01", 90, to="RUB"),
        rate("2024-03-01", 0),
        rate("2024-03-01", float("nan"), currency="EUR", to="USD"),
    ]
    assert revenues([order("2024-03-01", "10")], *given) == [(None, "USD")]


def test_converted_money_has_four_places_rounded_half_up() -> None:
    orders = [order("2024-03-01T01", "0.0001"), order("2024-03-01T02", "-0.0001"), order("2024-03-01T03", "1234.5678")]
    # 1234.5678 × 92.5058 = 114 204.682…, to four places 114 204.6820.
    assert revenues(orders, rate("2024-03-01", 0.5)) == [euros("0.0001"), euros("-0.0001"), euros("617.2839")]
    exact = (Decimal("1234.5678") * Decimal("92.5058")).quantize(Decimal("0.0001"))
    assert revenues(orders[2:], rate("2024-03-01", 92.5058)) == [(exact, "EUR")]


def test_money_that_grows_past_the_column_is_left_out() -> None:
    orders = [order("2024-03-01", "99999999999999.9999")]
    assert revenues(orders, rate("2024-03-01", 2)) == [(None, "EUR")]


def test_the_day_is_that_of_the_company() -> None:
    orders = [order("2024-03-01T20:59", "10"), order("2024-03-01T21:00", "10")]
    given = (rate("2024-03-01", 0.9), rate("2024-03-02", 0.8))
    assert revenues(orders, *given, calendar=Calendar("Europe/Moscow")) == [euros("9"), euros("8")]
    assert revenues(orders, *given) == [euros("9"), euros("9")]


def test_every_table_with_money_is_converted_at_its_own_day() -> None:
    rows: Rows = {
        "orders": [order("2024-03-01", "10")],
        "order_items": [
            {"order_id": "2024-03-01", "line": "1", "price": 10, "discount": 1, "cost": 4, "currency": "USD"},
            {"order_id": "2024-03-01", "line": "2", "price": 10, "currency": "EUR"},
            {"order_id": "unknown", "line": "3", "price": 10, "currency": "USD"},
        ],
        "products": [{"product_id": "p", "price": 10, "currency": "USD"}],
        "touches": [{"touch_id": "t", "at": "2024-03-01", "kind": "sent", "cost": 10, "currency": "USD"}],
        "campaigns": [{"campaign_id": "c", "started_at": "2024-03-01", "budget": 10, "currency": "USD"}],
        "spend": [{"date": "2024-03-02", "channel": "web", "campaign_id": "", "amount": 10, "currency": "USD"}],
        "deals": [
            {"deal_id": "closed", "closed_at": "2024-03-01", "amount": 10, "currency": "USD"},
            {"deal_id": "open", "opened_at": "2024-03-01", "amount": 10, "currency": "USD"},
        ],
        "ledger": [{"date": "2024-03-01", "account": "revenue", "amount": 10, "currency": "USD"}],
        "rates": [rate("2024-03-01", 0.9), rate("2024-03-02", 0.8)],
    }
    loaded = canonical(rows)
    tables = converted(loaded, "EUR")

    def column(table: str, name: str) -> list[Any]:
        rows = tables(table)
        return rows.order_by(*TABLES[table].key)[name].to_pyarrow().to_pylist()

    assert column("order_items", "price") == [9, 10, 8]
    assert column("order_items", "discount") == [Decimal("0.9"), None, None]
    assert set(column("order_items", "currency")) == {"EUR"}
    # A product, an open deal and the line of an unknown order have no day: the newest rate, however old.
    assert column("products", "price") == [8]
    assert column("deals", "amount") == [9, 8]
    assert [column(*name) for name in (("touches", "cost"), ("campaigns", "budget"), ("ledger", "amount"))] == [[9]] * 3
    assert column("spend", "amount") == [8]
    for name in rows:
        assert tables(name).schema() == loaded(name).schema()


def figure(rows: Rows, metric: str = "revenue", currency: str | None = "EUR", **options: Any) -> Any:
    result = compute([find_metric(metric)], canonical(rows), grain="all", currency=currency, **options)
    frame = result[metric].frame
    assert len(frame) == 1
    return next(frame.itertuples())


MIXED = [order("2024-03-01T01", "10", "EUR"), order("2024-03-01T02", "10"), order("2024-03-01T03", "10", "GBP")]


def test_money_without_a_rate_is_missing_and_said_to_be() -> None:
    found = figure({"orders": MIXED, "rates": [rate("2024-03-01", 0.9)]})
    assert (found.value, found.n, found.missing_share, found.note) == (19, 2, pytest.approx(1 / 3), "no_rate")
    everything = figure({"orders": MIXED, "rates": [rate("2024-03-01", 0.9), rate("2024-03-01", 1.2, currency="GBP")]})
    assert (everything.value, everything.n, everything.missing_share, everything.note) == (31, 3, 0, "too_few")


def test_without_rates_only_the_companys_money_counts() -> None:
    found = figure({"orders": MIXED})
    assert (found.value, found.n, found.note) == (10, 1, "no_rate")
    foreign = figure({"orders": MIXED[1:]})
    assert (foreign.n, foreign.missing_share, foreign.note) == (0, 1, "no_rate")
    assert figure({"orders": [order("2024-03-01", "10", None)]}).note == "too_few"


def test_without_a_company_currency_nothing_is_converted() -> None:
    rows: Rows = {"orders": MIXED, "rates": [rate("2024-03-01", 0.9)]}
    found = figure(rows, currency=None)
    assert (found.value, found.n, found.note) == (30, 3, "mixed_currencies")


def test_rows_behind_a_figure_are_in_the_companys_currency() -> None:
    tables = canonical({"orders": MIXED, "rates": [rate("2024-03-01", 0.9)]})
    bounds: Any = {"start": date(2024, 3, 1), "end": date(2024, 3, 2)}
    behind: Any = rows_behind(find_metric("revenue"), tables, currency="EUR", **bounds)
    found = behind.to_pyarrow().select(["revenue", "currency"]).to_pylist()
    assert [(row["revenue"], row["currency"]) for row in found] == [euros("10"), euros("9"), (None, "GBP")]


def test_how_complete_the_data_are_is_told_of_what_was_loaded() -> None:
    rows: Rows = {"orders": [order("2024-03-01", "10")]}
    bare = figure(rows, "completeness", currency=None)
    assert (figure(rows, "completeness").value, bare.n) == (bare.value, bare.n)


@pytest.mark.spark
def test_spark_converts_to_the_last_digit(spark_session: Any, tmp_path: Path) -> None:
    values = (0.0000123, 1 / 3, 92.5058, 1.00005, 16_000.123456, 1_234_567.891)
    currencies = ("VND", "GBP", "USD", "CHF", "IDR", "IRR")
    rates = [rate("2024-03-01", value, currency) for value, currency in zip(values, currencies, strict=True)]
    rates += [
        rate("2024-03-01", value, "EUR", f"{currency}2") for value, currency in zip(values, currencies, strict=True)
    ]
    amounts = ("0.0001", "1.5", "123.4567", "7654321.0005")
    orders = [
        order(f"2024-03-{day:02}T{n:02}:{number:02}", amount, currency)
        for day in (1, 8)
        for n, amount in enumerate(amounts)
        for number, currency in enumerate([*currencies, *(f"{name}2" for name in currencies), "EUR", "XXX", None])
    ]
    products = [{"product_id": name, "price": "9.99", "currency": name} for name in currencies]
    arrow = arrow_tables({"orders": orders, "rates": rates, "products": products})
    for name in ("orders", "rates", "products"):
        pq.write_table(arrow[name], tmp_path / f"{name}.parquet")
        spark_session.read.parquet(str(tmp_path / f"{name}.parquet")).createOrReplaceTempView(f"money_{name}")
    backend = ibis.pyspark.connect(spark_session)

    def rows(tables: Tables, name: str, column: str) -> list[Any]:
        table = converted(tables, "EUR")(name)
        return table.order_by(table[0]).select(column, "currency").to_pyarrow().to_pylist()

    for name, column in (("orders", "revenue"), ("products", "price")):
        here = rows(in_duckdb(arrow), name, column)
        assert here == rows(lambda asked: backend.table(f"money_{asked}"), name, column)
        assert sum(row[column] is not None for row in here) >= len(here) * 0.9
