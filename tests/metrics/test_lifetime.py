"""Lifetime value from orders: histories, the simple methods and the backtest counted by hand, and CDNOW as printed."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from septima.metrics import MetricError
from septima.metrics.compute import request_of
from septima.metrics.definition import Request
from septima.metrics.lifetime import (
    LifetimeReport,
    LifetimeSettings,
    MethodResult,
    backtest_methods,
    lifetime_value,
    predict_customers,
)
from septima.metrics.lifetime_summary import (
    age_curve,
    customer_summary,
    flow_schedule,
    grouped_customers,
    regularity,
    schedule,
    span,
    sums,
)
from septima.metrics.period import Calendar
from septima.models.lifetime import LifetimeError, fit_bg_nbd, fit_gamma_gamma, fit_pareto_nbd

from .conftest import Tables, arrow_tables, canonical, company, in_duckdb, in_spark

Row = Mapping[str, Any]
START = date(2024, 1, 1)
EPOCH = date(1970, 1, 1)


def order(number: int, customer: str | None, day: int, revenue: float | None = 10.0, **more: Any) -> dict[str, Any]:
    at = f"{START + timedelta(days=day)} 12:00"
    return {"order_id": f"o{number}", "customer_id": customer, "ordered_at": at, "revenue": revenue, **more}


def request(orders: Iterable[Row], **others: Any) -> Request:
    return request_of(canonical({"orders": list(orders), **others}), Calendar(), None)


def ordinal(day: int) -> int:
    return (START - EPOCH).days + day


def summary(asked: Request, until: int, **settings: Any) -> dict[str, dict[str, Any]]:
    rows = customer_summary(asked, LifetimeSettings(**settings), ordinal(until), outcome=True).to_pyarrow().to_pylist()
    return {row["customer_id"]: row for row in rows}


def test_a_history_is_counted_by_days() -> None:
    orders = [
        order(1, "a", 0, 10),
        order(2, "a", 0, 5),  # the same day: one occasion
        order(3, "a", 20, 30),
        order(4, "a", 30, 50),
        order(5, "a", 35, -20),  # a return: no occasion, but less money
        order(6, "a", 50, 70),  # after the day that is asked for
        order(7, "a", 25, 99, status="cancelled"),
        order(8, "b", 10, None),  # bought, but for an unknown amount
        order(9, "b", 40, 8),
        order(10, None, 5, 100),
        order(11, "c", 45, 100),  # came later
    ]
    found = summary(request(orders), 40, horizon_days=15)
    a = found["a"]
    assert (a["frequency"], a["recency"], a["age"], a["silence"]) == (2, 30, 40, 10)
    assert a["value"] == pytest.approx((30 + 50) / 2)  # of the repeat purchases
    assert a["spent"] == pytest.approx(10 + 5 + 30 + 50 - 20)
    assert a["trailing"] == pytest.approx(50 - 20)  # days 26 to 40
    assert (a["came"], a["came_occasions"]) == (pytest.approx(70), 1)
    b = found["b"]
    assert (b["frequency"], b["recency"], b["value"], b["spent"]) == (1, 30, pytest.approx(8), pytest.approx(8))
    assert set(found) == {"a", "b"}


def test_a_day_is_one_of_the_company_s_clocks() -> None:
    orders = [
        {"order_id": "1", "customer_id": "a", "ordered_at": "2024-01-01 20:30", "revenue": 1},
        {"order_id": "2", "customer_id": "a", "ordered_at": "2024-01-02 13:00", "revenue": 1},
    ]
    tables = canonical({"orders": orders})
    for zone, frequency in (("UTC", 1), ("America/New_York", 1), ("Asia/Yekaterinburg", 0), ("Asia/Vladivostok", 0)):
        asked = request_of(tables, Calendar(time_zone=zone), None)
        rows = customer_summary(asked, LifetimeSettings(), ordinal(5)).to_pyarrow().to_pylist()
        assert rows[0]["frequency"] == frequency, zone


def test_the_horizon_is_cut_into_periods() -> None:
    plan = schedule(LifetimeSettings(horizon_days=100, active_days=40, discount=0.1))
    assert plan.edges == pytest.approx([0, 40, 80, 100])
    assert plan.shares == pytest.approx([1, 1, 0.5])
    assert plan.factors == pytest.approx([1.1 ** (-middle / 365.25) for middle in (20, 60, 90)])
    assert flow_schedule(LifetimeSettings(horizon_days=3650, active_days=30)).edges == pytest.approx(
        np.round(np.linspace(0, 3650, 13))
    )


def test_settings_that_cannot_be_are_refused() -> None:
    for wrong in ({"horizon_days": 0}, {"discount": -1}, {"margin": 1.5}, {"active_days": 0}, {"by": "shoe_size"}):
        with pytest.raises(MetricError):
            LifetimeSettings(**wrong)


def cdnow_orders(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    lines = (folder / "cdnow" / "CDNOW_sample.txt").read_text().splitlines()
    for number, (_, customer, day, _, dollars) in enumerate(line.split() for line in lines if line.strip()):
        rows.append(
            {
                "order_id": f"o{number}",
                "customer_id": customer,
                "ordered_at": f"{day[:4]}-{day[4:6]}-{day[6:]} 12:00",
                "revenue": float(dollars),
                "currency": "USD",
            }
        )
    return rows


@pytest.fixture(scope="module")
def cdnow(real_data: Path) -> Tables:
    return canonical({"orders": cdnow_orders(real_data)})


def test_orders_of_cdnow_give_the_parameters_of_the_papers(cdnow: Tables) -> None:
    asked = request_of(cdnow, Calendar(), None)
    settings = LifetimeSettings(as_of=date(1997, 9, 30))
    found = span(asked, settings.as_of)
    assert found is not None
    customers, spending = grouped_customers(asked, settings, found, found.last, fine=True)
    assert customers.number == 2357
    histories = (customers.frequency, customers.recency / 7, customers.age / 7)
    fitted = fit_bg_nbd(*histories, counts=customers.counts)
    assert fitted.params == pytest.approx({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}, abs=2e-3)
    assert fitted.log_likelihood == pytest.approx(-9582.4, abs=0.5)
    pareto = fit_pareto_nbd(*histories, counts=customers.counts)
    assert pareto.log_likelihood == pytest.approx(-9595.0, abs=0.5)
    spend = fit_gamma_gamma(spending.frequency, spending.value, spending.counts)
    assert spend.params == pytest.approx({"p": 6.25, "q": 3.74, "gamma": 15.44}, rel=0.02)


def test_bins_of_days_keep_what_matters(cdnow: Tables) -> None:
    asked, settings = request_of(cdnow, Calendar(), None), LifetimeSettings()
    found = span(asked, None)
    assert found is not None
    fine, _ = grouped_customers(asked, settings, found, found.last, fine=True)
    coarse, _ = grouped_customers(asked, settings, found, found.last, fine=False)
    assert len(coarse) < len(fine)
    for name in ("recency", "age", "spent", "trailing", "frequency"):
        one, other = (float(part.counts @ getattr(part, name)) for part in (fine, coarse))
        assert one == pytest.approx(other, rel=1e-12), name
    exact, rough = (fit_bg_nbd(p.frequency, p.recency, p.age, counts=p.counts) for p in (fine, coarse))
    for name, value in exact.params.items():
        assert rough.params[name] == pytest.approx(value, abs=0.2 * exact.standard_errors[name])
    active = fine.counts[fine.silence < settings.active_days].sum()
    assert coarse.counts[coarse.silence < settings.active_days].sum() == active


def regular_shop() -> list[dict[str, Any]]:
    """Eighty customers who pay 10 every 30 days from day 0 on; forty of them stop after day 240. The last day is 719."""
    orders: list[dict[str, Any]] = []
    for customer in range(80):
        for day in range(0, 720, 30):
            if customer % 2 or day <= 240:
                orders.append(order(len(orders), f"c{customer}", day, 10, cost=6))
    return [*orders, order(len(orders), None, 719, 1)]


@pytest.fixture(scope="module")
def shop() -> LifetimeReport:
    settings = LifetimeSettings(horizon_days=180, discount=0.0, active_days=90)
    customers = [{"customer_id": f"c{n}", "segment": "faithful" if n % 2 else "fickle"} for n in range(80)]
    spent = [{"date": "2024-01-05", "amount": 160}]
    tables = canonical({"orders": regular_shop(), "customers": customers, "spend": spent})
    return lifetime_value(tables, settings)


def of(report: LifetimeReport, key: str) -> MethodResult:
    return next(result for result in report.results if result.method.key == key)


def test_simple_methods_by_hand(shop: LifetimeReport) -> None:
    # 40 customers of 80 are active; each pays 10 a month, of which 4 are margin; nobody left in the last year.
    assert (shop.customers, shop.repeat_buyers) == (80, 80)
    assert shop.margin == pytest.approx(0.4, abs=1e-3)  # but for the order of nobody, whose cost is unknown
    assert shop.margin_measured
    value = {result.method.key: result.rows[0].value for result in shop.results if result.rows}
    assert value["historical"] == pytest.approx(40 * 6 * 4 / 80)  # six payments in 180 days, of half of them
    # AOV 10; orders per customer-day 240/(80·180); lifespan (690 + 240)/2, cut at the horizon.
    assert value["simple"] == pytest.approx(10 * 240 / (80 * 180) * 180 * 0.4)
    # Nobody leaves: two periods of three payments, of the active half.
    assert value["churn"] == pytest.approx(2 * 3 * 4 / 2)
    assert value["retention"] == pytest.approx(2 * 3 * 4 / 2)
    assert value["cash_flow"] == pytest.approx(12 - 160 / 80)  # what the same 80 brought in 180 days, less CAC
    assert of(shop, "churn").parameters["churn"][0] == pytest.approx(0)
    assert of(shop, "churn").parameters["arpu"][0] == pytest.approx(30)
    assert shop.cac == pytest.approx(2)


def test_survival_by_hand(shop: LifetimeReport) -> None:
    # Forty left at renewal 3 (they stayed 240 days, two whole periods), forty are there after 7: S = 1/2 from 3 on,
    # so who is active stays. Their money: 80 customers paid 10·(24 or 9) over 40·3 + 40·7.5 periods.
    money = 40 * (24 + 9) * 10 / (40 * 3 + 40 * 7.5)
    found = of(shop, "kaplan_meier").rows[0]
    assert found.value == pytest.approx(2 * money * 0.4 / 2)
    assert found.to_date == pytest.approx(40 * (24 + 9) * 10 * 0.4 / 80)


def test_a_timetable_is_told_from_chance(shop: LifetimeReport) -> None:
    assert shop.regularity.k == np.inf
    assert shop.contractual
    assert of(shop, "churn").fits
    assert not of(shop, "pareto_nbd").fits
    random = np.random.default_rng(1)
    days = np.cumsum(random.exponential(20, (60, 12)), axis=1).astype(int)
    orders = [order(i * 12 + j, f"c{i}", int(days[i, j])) for i in range(60) for j in range(12)]
    found = regularity(request(orders), ordinal(2000))
    assert found.lower < 1.1 < found.upper * 1.1  # gaps in whole days are a little more regular than chance
    assert found.k == pytest.approx(1, abs=0.25)
    # A gap of 10 after one of 30 is a quarter of both: (1/4)² = 1/16 is the variance, and k = (1 − 4v)/8v = 1.5.
    by_hand = [order(i * 3 + j, f"c{i}", day) for i in range(40) for j, day in enumerate((0, 30, 40))]
    assert regularity(request(by_hand), ordinal(100)).k == pytest.approx((1 - 1 / 4) / (8 / 16))


def test_a_setting_goes_before_what_the_gaps_say() -> None:
    tables = canonical({"orders": regular_shop()})
    report = lifetime_value(tables, LifetimeSettings(business="non_contractual"), methods=["churn"])
    assert not report.contractual
    assert "say otherwise" in report.business.en
    assert "говорят об\u00a0ином" in report.business.ru


def test_what_cannot_be_valued_is_said() -> None:
    with pytest.raises(LifetimeError, match="no purchases of known customers"):
        lifetime_value(canonical({}))
    with pytest.raises(LifetimeError, match="no purchases of known customers"):
        lifetime_value(canonical({"orders": [order(1, None, 0)]}))
    with pytest.raises(LifetimeError, match="several currencies"):
        lifetime_value(canonical({"orders": [order(1, "a", 0, currency="EUR"), order(2, "a", 1, currency="RUB")]}))
    returned = [order(1, "a", 0, 10), order(2, "a", 5, -30)]
    with pytest.raises(LifetimeError, match="Returns are as great as the purchases"):
        lifetime_value(canonical({"orders": returned}))
    with pytest.raises(LifetimeError, match="Costs are greater than revenue"):
        lifetime_value(canonical({"orders": [order(1, "a", 0, 10, cost=20)]}))
    with pytest.raises(LifetimeError, match="no method 'magic'"):
        lifetime_value(canonical({"orders": [order(1, "a", 0)]}), methods=["magic"])


def test_each_method_that_cannot_be_fitted_says_why() -> None:
    # Forty customers who came within a month and never again.
    orders = [order(n, f"c{n}", n % 30) for n in range(40)]
    report = lifetime_value(canonical({"orders": orders}), LifetimeSettings())
    said = {result.method.key: result.statement.en for result in report.results if result.statement}
    assert "No customer has bought again" in said["bg_nbd"]
    assert "No customer has bought again" in said["pareto_nbd"]
    assert "history is too short" in said["churn"]
    assert "history is too short" in said["cash_flow"]
    assert "history is too short" in said["cohort"]
    assert "No customer has fallen silent" in said["kaplan_meier"]
    assert "There are 0 contracts" in said["sbg"]
    assert of(report, "historical").rows[0].value == pytest.approx(10 * report.margin * 1.1 ** (-0.5), rel=0.01)
    assert report.independence is None
    assert [note.en for note in report.notes] == [
        "No costs of orders are known and no margin was given, so the value is revenue and not margin."
    ]
    with pytest.raises(LifetimeError, match="too short for a backtest"):
        backtest_methods(canonical({"orders": orders}))


def test_doubtful_records_are_named() -> None:
    orders = [*regular_shop(), order(9001, "c1", 45, -80), order(9002, "c1", 46, None)]
    customers = [{"customer_id": "c3", "created_at": "2024-02-15"}]
    report = lifetime_value(canonical({"orders": orders, "customers": customers}), methods=["historical"])
    gross = 40 * (24 + 9) * 10
    assert report.kept == pytest.approx(1 - 80 / gross)
    said = " ".join(note.en for note in report.notes)
    assert "before the customer’s registration: 2." in said
    assert f"took back {100 * 80 / gross:.1f}" in said
    assert report.missing_share == pytest.approx(2 / len(orders))


def simulated_orders(customers: int = 1_500, seed: int = 4) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Customers who come over a year, buy at rates of their own (premium twice as often) and leave unseen."""
    random = np.random.default_rng(seed)
    premium = np.arange(customers) % 3 == 0
    rate = random.gamma(1.2, 1 / 50, customers) * np.where(premium, 2, 1)
    born, life = random.uniform(0, 365, customers), random.exponential(1 / random.gamma(1.5, 1 / 600, customers))
    mean = 1000 / random.gamma(4, 1 / 3, customers) / 4
    orders: list[dict[str, Any]] = []
    for customer in range(customers):
        times = born[customer] + np.concatenate([[0], np.cumsum(random.exponential(1 / rate[customer], 200))])
        for time in times[times < min(730, born[customer] + life[customer])]:
            amount = round(float(random.gamma(6, mean[customer] / 6)) + 0.01, 2)
            orders.append(order(len(orders), f"c{customer}", int(time), amount))
    known = [{"customer_id": f"c{n}", "segment": "premium" if premium[n] else "mass"} for n in range(customers)]
    return orders, known


@pytest.fixture(scope="module")
def simulated() -> Tables:
    orders, customers = simulated_orders()
    return canonical({"orders": orders, "customers": customers})


def test_segments_that_differ_are_told_apart_and_add_up(simulated: Tables) -> None:
    settings = LifetimeSettings(by="segment", horizon_days=180, margin=0.5)
    report = lifetime_value(simulated, settings, methods=["pareto_nbd", "bg_nbd", "historical", "cohort"])
    for key in ("pareto_nbd", "bg_nbd"):
        result = of(report, key)
        assert result.segments is not None
        assert result.segments.p_value < 1e-6
        low, high = (
            result.parameters["purchase[premium]"][0] + sign * 3 * result.parameters["purchase[premium]"][1]
            for sign in (-1, 1)
        )
        assert low < np.log(2) < high
    for result in report.results:
        whole, *members = result.rows
        assert [row.member for row in members] == ["mass", "premium"]
        assert sum(row.customers for row in members) == whole.customers
        assert sum(row.total for row in members) == pytest.approx(whole.total)
        for row in result.rows:
            assert row.lower < row.value < row.upper


def test_the_backtest_measures_the_rest_of_the_time_line(simulated: Tables) -> None:
    settings = LifetimeSettings(horizon_days=240, margin=0.5)
    found = backtest_methods(simulated, settings, methods=["historical", "simple", "bg_nbd", "pareto_nbd", "churn"])
    # By hand, from the orders themselves.
    orders, _ = simulated_orders()
    days = {"before": {}, "after": {}}
    last = max(date.fromisoformat(row["ordered_at"][:10]) for row in orders)
    cut = last - timedelta(days=240)
    for row in orders:
        at = date.fromisoformat(row["ordered_at"][:10])
        if at > cut - timedelta(days=240):
            part = days["before" if at <= cut else "after"]
            part[row["customer_id"]] = part.get(row["customer_id"], 0) + row["revenue"]
    known = {row["customer_id"] for row in orders if date.fromisoformat(row["ordered_at"][:10]) <= cut}
    told = np.array([days["before"].get(name, 0) * 0.5 for name in known])
    came = np.array([days["after"].get(name, 0) * 0.5 for name in known])
    assert (found.fitted_to, found.days, found.customers) == (cut, 240, len(known))
    by_key = {result.method.key: result for result in found.results}
    historical = by_key["historical"].accuracy
    assert historical is not None
    assert historical.bias == pytest.approx(told.sum() / came.sum() - 1, rel=1e-4)
    assert historical.mean_absolute_error == pytest.approx(np.abs(told - came).mean(), rel=1e-4)
    # What was simulated is what the models say, and they win.
    assert {by_key["bg_nbd"].rank, by_key["pareto_nbd"].rank} == {1, 2}
    pareto = by_key["pareto_nbd"].accuracy
    assert pareto is not None
    assert abs(pareto.bias) < 0.15
    assert pareto.gini > 0.5


def test_predictions_of_single_customers_add_up_to_those_of_all(simulated: Tables) -> None:
    settings = LifetimeSettings(horizon_days=180, margin=0.5)
    predicted = predict_customers(simulated, settings, method="pareto_nbd")
    batches = list(predicted.batches)
    value = np.concatenate([batch.column("value").to_numpy() for batch in batches])
    alive = np.concatenate([batch.column("p_alive").to_numpy() for batch in batches])
    lower = np.concatenate([batch.column("lower").to_numpy() for batch in batches])
    report = lifetime_value(simulated, settings, methods=["pareto_nbd"])
    assert len(value) == predicted.customers == report.customers
    assert value.mean() == pytest.approx(of(report, "pareto_nbd").rows[0].value, rel=1e-9)
    assert ((alive > 0) & (alive <= 1)).all()
    assert (lower < value).all()


def test_cohorts_are_months_of_the_first_purchase(simulated: Tables) -> None:
    report = lifetime_value(simulated, LifetimeSettings(by="cohort"), methods=["historical"])
    members = [row.member for row in of(report, "historical").rows[1:]]
    assert members == sorted(members, key=str)
    assert members[0] == "2024-01"
    assert len(members) == 12


@pytest.mark.spark
def test_both_engines_sum_up_alike(spark_session: Any, tmp_path: Path) -> None:
    arrow = arrow_tables(company())
    there = request_of(in_spark(spark_session, arrow, tmp_path), Calendar(), "RUB")
    here = request_of(in_duckdb(arrow), Calendar(), "RUB")
    settings = LifetimeSettings(by="segment", horizon_days=60, active_days=20)
    spans = [span(asked, None) for asked in (here, there)]
    assert spans[0] == spans[1]
    found = spans[0]
    assert found is not None
    for fine in (True, False):
        one, other = (grouped_customers(asked, settings, found, found.last, fine=fine)[0] for asked in (here, there))
        assert one.members == other.members
        for name in ("member", "frequency", "recency", "age", "value", "spent", "trailing", "counts"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), nan_ok=True), name
    added = [sums(asked, settings, found.last, one.members) for asked in (here, there)]
    for name in added[0].__dataclass_fields__:
        assert getattr(added[0], name) == pytest.approx(getattr(added[1], name)), name
    curves = [
        age_curve(asked, settings, found.last, one.members, part)
        for asked, part in zip((here, there), added, strict=True)
    ]
    assert curves[0] == pytest.approx(curves[1], nan_ok=True)
    assert regularity(here, found.last).k == pytest.approx(regularity(there, found.last).k)
