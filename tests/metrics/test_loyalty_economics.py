"""What loyal customers do beside others, counted by hand; claims; the what-if; and the same on Spark."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from septima.metrics import NOTES, MetricError
from septima.metrics.compute import request_of
from septima.metrics.loyalty_claims import CLAIMS
from septima.metrics.loyalty_economics import Comparison, LoyaltyEconomics, loyalty_economics_of
from septima.metrics.period import DEFAULT_CALENDAR

from .conftest import Rows, arrow_tables, canonical, company, in_duckdb, in_spark

END = datetime.fromisoformat("2026-06-30")
DECIDED = END - timedelta(days=100)


def order(customer: str | None, days: float, revenue: float | None = 100, **more: Any) -> dict[str, Any]:
    """An order so many days after the day on which it was decided who is loyal."""
    return {
        "order_id": f"{customer}{days}",
        "customer_id": customer,
        "ordered_at": DECIDED + timedelta(days=days),
        "revenue": revenue,
        "cost": 60,
        "discount": 0,
        **more,
    }


def answer(customer: str | None, days: float, score: float | None, **more: Any) -> dict[str, Any]:
    return {
        "answer_id": f"{customer}{days}{more.get('question', '')}",
        "customer_id": customer,
        "at": DECIDED + timedelta(days=days),
        "instrument": "nps",
        "question": "recommend",
        "score": score,
        **more,
    }


def touch(customer: str, days: float, kind: str, campaign: str | None = "k") -> dict[str, Any]:
    return {
        "touch_id": f"{customer}{days}{kind}",
        "customer_id": customer,
        "at": DECIDED + timedelta(days=days),
        "kind": kind,
        "channel": "email" if campaign else "web",
        "campaign_id": campaign,
    }


def told(rows: Rows, currency: str | None = None, **options: Any) -> LoyaltyEconomics:
    options = {"days": 100, "period_days": 100, **options}
    return loyalty_economics_of(request_of(canonical(rows), DEFAULT_CALENDAR, currency), **options)


def compared(found: LoyaltyEconomics, key: str) -> Comparison:
    return next(one for one in found.comparisons if one.key == key)


LOYAL, OTHERS = ("anna", "boris", "clara", "dina"), ("egor", "fedor", "galya", "hava", "igor")
ROWS: dict[str, list[dict[str, Any]]] = {
    "answers": [
        *(answer(name, -5, 9) for name in LOYAL),
        *(answer(name, -5, 7) for name in OTHERS),
        answer("anna", -50, 1),  # she thought otherwise once
        answer("egor", 1, 10),  # and he changed his mind after the day
        answer("fedor", -1, 11),  # off the scale
        answer(None, -5, 9),
        *(answer(name, 9, score, instrument="csi", question="overall") for name, score in (("anna", 5), ("boris", 3), ("egor", 4), ("fedor", 6))),
    ],
    "orders": [
        order("anna", -101),  # the first order there is
        order("stranger", 100),  # the newest one, on the last moment, which is outside
        order("anna", 0, 200, discount=50),
        order("anna", 10, 100, discount=0),
        order("boris", 20, 300, discount=100, cost=None),
        order("clara", 30, 100, status="returned"),
        order("egor", 40, 150, discount=None),
        order("fedor", 50, 50, discount=0),
        order("fedor", -1, 1_000),
        order(None, 60, 70),
    ],
    "touches": [
        touch("anna", 1, "delivered"),
        touch("anna", 1.1, "opened"),
        touch("anna", 2, "visit", None),
        touch("anna", 3, "store_visit", None),
        touch("boris", 1, "delivered", "m"),
        touch("boris", 1.5, "clicked", "m"),
        touch("boris", 9, "visit", None),
        touch("egor", 1, "delivered"),
        touch("egor", 4, "visit", None),
        touch("fedor", 1, "delivered"),
        touch("fedor", -9, "delivered", "earlier"),
    ],
    "customers": [
        {"customer_id": "new", "created_at": DECIDED + timedelta(days=3), "referrer_id": "anna"},
        {"customer_id": "newer", "created_at": DECIDED + timedelta(days=4), "referrer_id": "anna"},
        {"customer_id": "earlier", "created_at": DECIDED - timedelta(days=3), "referrer_id": "egor"},
        {"customer_id": "boris", "created_at": DECIDED + timedelta(days=3), "referrer_id": "boris"},
        {"customer_id": "newest", "created_at": DECIDED + timedelta(days=5), "referrer_id": "hava"},
    ],
    "complaints": [
        {"complaint_id": "1", "customer_id": "egor", "opened_at": DECIDED + timedelta(days=1)},
        {"complaint_id": "2", "customer_id": "egor", "opened_at": DECIDED + timedelta(days=2)},
        {"complaint_id": "3", "customer_id": "anna", "opened_at": DECIDED - timedelta(days=2)},
        {"complaint_id": "4", "customer_id": None, "opened_at": DECIDED + timedelta(days=2)},
    ],
}  # fmt: skip


def test_loyal_customers_and_others_by_hand() -> None:
    found = told(ROWS)
    assert (found.loyal_customers, found.other_customers) == (4, 5)
    assert found.decided == DECIDED.date()
    values = {one.key: (one.loyal.value, one.other.value) for one in found.comparisons}
    assert values == {
        "buy": (2 / 4, 2 / 5),
        "buy_again": (1 / 2, 0),
        "orders": (3 / 4, 2 / 5),
        "revenue": (600 / 4, 200 / 5),
        "margin": (180 / 4, 80 / 5),  # the order without a cost brings none
        "discount": (pytest.approx(150 / 750), 0),
        "discounted": (pytest.approx(2 / 3), 0),
        "opened": (1, 0),  # who clicks has opened
        "clicked": (1 / 2, 0),
        "came": (1 / 2, 1 / 2),  # of two visits after one message one counts, and eight days are too late
        "recommend": (1 / 4, 1 / 5),
        "content": (1 / 2, 1),
        "complained": (0, 1 / 5),
    }


def test_how_many_times_with_the_interval_of_the_logarithm() -> None:
    many = {
        "answers": [answer(f"c{number}", -5, 9 if number < 200 else 5) for number in range(600)],
        "orders": [
            order("first", -100),
            order("last", 100),
            *(order(f"c{number}", 1) for number in [*range(60), *range(200, 280)]),
        ],
    }
    buy = compared(told(many), "buy")
    expected = stats.contingency.relative_risk(60, 200, 80, 400)
    interval = expected.confidence_interval(0.95)
    assert buy.times.value == pytest.approx(expected.relative_risk) == pytest.approx(1.5)
    assert (buy.times.lower, buy.times.upper) == pytest.approx((interval.low, interval.high), rel=5e-3)
    assert (buy.loyal_records, buy.other_records) == (200, 400)
    claim = next(one for one in told(many).claims if one.claim.key == "six_buy")
    assert claim.figure == buy.times


def test_what_could_not_be_used_is_told() -> None:
    found = told(ROWS)
    # Of seven sold orders in the window one is nobody’s, one more has no cost, another no discount.
    assert compared(found, "buy").missing_share == pytest.approx(1 / 6)
    assert compared(found, "margin").missing_share == pytest.approx(2 / 6)
    assert compared(found, "discount").missing_share == pytest.approx(2 / 6)
    assert compared(found, "content").missing_share == pytest.approx(1 / 4)
    assert compared(found, "complained").missing_share == pytest.approx(1 / 3)


def test_no_ratio_without_records_of_both() -> None:
    found = told({"answers": ROWS["answers"][:9], "orders": ROWS["orders"][:2]})
    for key in ("buy", "opened", "content"):
        one = compared(found, key)
        assert one.times.value is None
        assert one.statement is not None
        assert "recorded" in one.statement.en
    assert compared(found, "opened").loyal.value is None
    assert found.loyalty.relative.value is None
    assert found.loyalty.statement is not None


def test_the_rule_of_six_is_told_whole_with_its_source() -> None:
    found = told(ROWS)
    six = [one for one in found.claims if one.claim.key.startswith("six_")]
    assert len(six) == 8
    silent = {one.claim.key for one in six if one.claim.comparison is None}
    assert silent == {"six_resist", "six_shares", "six_dispute"}
    assert all("cannot tell" in one.finding.en for one in six if one.claim.key in silent)
    assert [claim.key for claim in CLAIMS[:3]] == ["retention", "price_cut", "discount"]
    assert all(one.claim.source.en and one.claim.source.ru for one in found.claims)


def test_loyal_by_orders() -> None:
    found = told(ROWS, rule="repeat", least=1)
    assert (found.loyal_customers, found.other_customers) == (2, 0)  # anna and fedor had bought before
    assert "1 orders or more" in found.definition.en
    assert found.loyalty.statement is not None


def test_loyal_by_eleven_questions() -> None:
    questions = [f"q{number:02d}" for number in range(1, 12)]
    sheets = [
        answer(name, -5, score, instrument="c11", question=question, response_id=f"r{name}")
        for name, score in (("anna", 4), ("egor", 3))
        for question in questions
    ]
    sheets += [answer("fedor", -5, 5, instrument="c11", question="q01", response_id="rf")]  # incomplete
    found = told({**ROWS, "answers": sheets}, rule="cli")
    assert (found.loyal_customers, found.other_customers) == (1, 1)
    assert compared(found, "orders").loyal.value == 2


def test_profit_per_customer_at_another_retention() -> None:
    # Of four buyers of the first hundred days three bought in the next; margins 10, 20, 30 and 40 bring 25 each.
    rows = {
        "answers": ROWS["answers"],
        "orders": [
            order("old", -100.5, 5, cost=0),
            *(order(f"c{number}", -50, 10 * number, cost=0) for number in range(1, 5)),
            *(order(f"c{number}", 50, 1, cost=0) for number in range(1, 4)),
            order("unknown", -50, 10, cost=None),
            order("new", 99, 7),
            order("end", 100),
        ],
    }
    scenario = told(rows, period_days=100, discount_rate=0.0).retention
    assert scenario is not None
    assert (scenario.customers, scenario.missing_share) == (4, pytest.approx(1 / 5))
    assert (scenario.retention.value, scenario.margin.value) == (0.75, 25)
    assert scenario.value.value == pytest.approx(25 * 0.75 / 0.25)
    assert scenario.changed_retention == pytest.approx(0.75 * 1.05)
    assert scenario.relative.value == pytest.approx((0.7875 / 0.2125) / 3 - 1)
    by_points = told(rows, period_days=100, discount_rate=0.0, retention_factor=1.0, retention_points=0.05).retention
    assert by_points is not None
    assert by_points.changed_retention == pytest.approx(0.8)
    a_year = told(rows, period_days=100, discount_rate=0.10).retention
    assert a_year is not None
    assert a_year.discount == pytest.approx(1.1 ** (100 / 365) - 1)


def test_retention_that_the_data_do_not_hold() -> None:
    found = told(ROWS, period_days=150)
    assert found.retention is None
    claim = next(one for one in found.claims if one.claim.key == "retention")
    assert "--period-days" in claim.finding.en
    everybody = told(ROWS, period_days=100, retention_factor=5.0).retention
    assert everybody is not None
    assert everybody.relative.value is None
    assert everybody.statement is not None


def test_more_loyal_customers_and_a_price_cut() -> None:
    # The loyal bring 180 of 260 and are 4 of 9: 2 % more of them change it by 0.02·(q − s)/(1 − s).
    found = told(ROWS)
    q, s = 180 / 260, 4 / 9
    assert found.loyalty.loyal_share == pytest.approx(s)
    assert found.loyalty.margin_share.value == pytest.approx(q)
    assert found.loyalty.relative.value == pytest.approx(0.02 * (q - s) / (1 - s))
    # Margin is 260 of the 500 of orders with a cost: 52 %, and 0.1 / 0.42 makes up for a tenth off the price.
    assert found.break_even.value == pytest.approx(0.1 / (0.52 - 0.1))


def test_money_of_several_currencies_gives_no_money() -> None:
    rows = {**ROWS, "orders": [{**row, "currency": "USD" if row["customer_id"] == "anna" else "EUR"} for row in ROWS["orders"]]}  # fmt: skip
    found = told(rows)
    assert compared(found, "revenue").times.value is None
    assert compared(found, "revenue").statement is not None
    assert compared(found, "buy").loyal.value == 0.5
    assert (found.break_even.value, found.loyalty.relative.value) == (None, None)
    earlier = told({**rows, "orders": [*rows["orders"], order("anna", -50, currency="USD")]}).retention
    assert earlier is not None
    assert (earlier.value.value, earlier.customers) == (None, 2)
    assert earlier.statement == NOTES["mixed_currencies"]
    assert compared(told(rows, currency="EUR"), "revenue").loyal.value == 300 / 4


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ({}, {}, "no orders"),
        ({"orders": ROWS["orders"]}, {}, "nobody had answered"),
        ({"orders": ROWS["orders"]}, {"rule": "cli"}, "eleven questions"),
        (ROWS, {"days": 500}, "span 201 days"),
    ],
)
def test_nothing_to_tell(rows: Rows, options: dict[str, Any], message: str) -> None:
    with pytest.raises(MetricError, match=message):
        told(rows, **options)


def test_every_statement_is_there_in_both_languages() -> None:
    for text in [*(claim.statement for claim in CLAIMS), *(claim.finding for claim in CLAIMS), *told(ROWS).statements]:
        assert text.en
        assert any("а" <= letter <= "я" for letter in text.ru.lower())


@pytest.mark.spark
def test_the_same_on_spark(spark_session: Any, tmp_path: Path) -> None:
    rows = company()
    arrow = arrow_tables(rows)
    on_spark = in_spark(spark_session, arrow, tmp_path)
    found = [
        loyalty_economics_of(
            request_of(tables, DEFAULT_CALENDAR, "EUR"), rule="cli", days=120, period_days=120, least=0.4
        )
        for tables in (in_duckdb(arrow), on_spark)
    ]
    here, there = ([_numbers(part) for part in one.comparisons] for one in found)
    np.testing.assert_allclose(np.array(here, float), np.array(there, float), rtol=1e-9)
    assert found[0].loyal_customers == found[1].loyal_customers > 0
    assert found[0].retention is not None
    assert found[1].retention is not None
    assert found[0].retention.relative.value == pytest.approx(found[1].retention.relative.value)


def _numbers(one: Comparison) -> list[float | None]:
    return [part for figure in (one.loyal, one.other, one.times) for part in (figure.value, figure.lower, figure.upper)]
