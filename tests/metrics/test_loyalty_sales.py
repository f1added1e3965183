"""Loyalty beside the change of sales, against SciPy's ranks and by hand."""

import math
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from .conftest import figures, only

ASKED = datetime.fromisoformat("2025-06-10")
Pair = tuple[float, int, int]


def company_of(pairs: list[Pair], window_days: int = 180) -> dict[str, list[dict[str, Any]]]:
    """Customers by score, revenue before and revenue after, and somebody whose orders make the data reach far."""
    step = timedelta(days=window_days - 1)
    rows: dict[str, list[dict[str, Any]]] = {"orders": [], "answers": [], "customers": []}

    def order(who: str, at: datetime, revenue: float, **more: Any) -> None:
        rows["orders"].append(
            {
                "order_id": str(len(rows["orders"])),
                "customer_id": who,
                "ordered_at": at,
                "revenue": revenue,
                "currency": "EUR",
                **more,
            }
        )

    for number, (score, before, after) in enumerate(pairs):
        who = f"c{number}"
        rows["customers"].append({"customer_id": who, "region": "north" if number % 2 else "south"})
        rows["answers"].append(
            {
                "answer_id": f"a{number}",
                "instrument": "nps",
                "question": "recommend",
                "score": score,
                "customer_id": who,
                "at": ASKED,
            }
        )
        order(who, ASKED - step, before)
        order(who, ASKED + step, after)
    order("far", ASKED - timedelta(days=window_days), 1)
    order("far", ASKED + timedelta(days=window_days), 1)
    return rows


PAIRS: list[Pair] = [(10, 100, 150), (9, 100, 180), (8, 100, 90), (5, 50, 50), (2, 100, 20), (2, 80, 90), (7, 10, 40)]


def test_correlation_is_that_of_scipy() -> None:
    found = only("loyalty_sales_correlation", company_of(PAIRS))
    rho = stats.spearmanr([score for score, *_ in PAIRS], [after - before for _, before, after in PAIRS]).statistic
    assert (found.value, found.n) == (pytest.approx(rho), 7)
    half = stats.norm.ppf(0.975) * math.sqrt((1 + rho**2 / 2) / 4)
    assert (found.lower, found.upper) == pytest.approx(
        (math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half))
    )


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 10), st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=25),
    st.randoms(use_true_random=False),
)
def test_correlation_with_ties_in_any_order_of_rows(pairs: list[Pair], random: Random) -> None:
    rows = company_of(pairs)
    for table in rows.values():
        random.shuffle(table)
    scores, changes = [score for score, *_ in pairs], [after - before for _, before, after in pairs]
    found = only("loyalty_sales_correlation", rows)
    if len(set(scores)) == 1 or len(set(changes)) == 1:
        assert (math.isnan(found.value), found.note) == (True, "no_variation")
    else:
        assert found.value == pytest.approx(stats.spearmanr(scores, changes).statistic)


def test_ranks_are_taken_within_the_slice() -> None:
    frame = figures("loyalty_sales_correlation", company_of(PAIRS), "year", by=["region"])
    north, south = PAIRS[1::2], PAIRS[::2]
    expected = [stats.spearmanr([p[0] for p in part], [p[2] - p[1] for p in part]).statistic for part in (north, south)]
    assert frame["value"].tolist() == pytest.approx(expected)


def test_what_cannot_be_used_is_missing() -> None:
    rows = company_of(PAIRS)
    answer = rows["answers"][0]
    rows["answers"] += [
        answer | {"answer_id": "x1", "customer_id": None},
        answer | {"answer_id": "x2", "score": 11.0, "customer_id": "c1"},
        answer | {"answer_id": "x3", "customer_id": "new", "at": ASKED + timedelta(days=1)},  # not reached yet
        answer | {"answer_id": "x4", "score": 1.0, "at": ASKED - timedelta(hours=1)},  # not the last of c0
        answer | {"answer_id": "x5", "instrument": "nps_classic", "customer_id": "other"},
    ]
    found = only("loyalty_sales_correlation", rows)
    rho = stats.spearmanr([score for score, *_ in PAIRS], [after - before for _, before, after in PAIRS]).statistic
    # The last answer of c0 is an hour later than x4, so the data reach it; x4's own window is not asked about.
    assert (found.value, found.n, found.missing_share) == (pytest.approx(rho), 7, pytest.approx(3 / 10))


def test_cancelled_orders_and_those_outside_the_windows_do_not_count() -> None:
    rows = company_of(PAIRS)
    template = rows["orders"][0]
    rows["orders"] += [
        template | {"order_id": "y1", "revenue": 9999, "status": "returned"},
        template | {"order_id": "y2", "revenue": 9999, "ordered_at": ASKED - timedelta(days=181)},
        template | {"order_id": "y3", "revenue": 9999, "ordered_at": ASKED + timedelta(days=180)},
        template | {"order_id": "y4", "revenue": None},
    ]
    assert only("loyalty_sales_correlation", rows).value == only("loyalty_sales_correlation", company_of(PAIRS)).value


def test_quadrants_by_hand() -> None:
    # 10, 9 and 7 grew; 8 fell; 5 is as it was; of the two 2s one fell, one grew.
    frame = figures("loyalty_quadrants", company_of(PAIRS), "year", by=["quadrant"])
    assert dict(zip(frame["quadrant"], frame["value"], strict=True)) == {
        "detractor_falling": pytest.approx(1 / 7),
        "detractor_growing": pytest.approx(1 / 7),
        "promoter_falling": pytest.approx(1 / 7),
        "promoter_growing": pytest.approx(3 / 7),
        "unchanged": pytest.approx(1 / 7),
    }
    assert frame["n"].tolist() == [7] * 5
    expected = stats.binomtest(3, 7).proportion_ci(0.95, method="wilson")
    row = frame[frame["quadrant"] == "promoter_growing"].iloc[0]
    assert (row["lower"], row["upper"]) == pytest.approx((expected.low, expected.high))


def test_customers_of_unknown_quadrant_are_missing_in_each() -> None:
    rows = company_of(PAIRS)
    rows["answers"].append(rows["answers"][0] | {"answer_id": "x1", "customer_id": None})
    frame = figures("loyalty_quadrants", rows, "year", by=["quadrant"])
    known, unknown = frame[frame["quadrant"].notna()], frame[frame["quadrant"].isna()].iloc[0]
    assert known["missing_share"].tolist() == pytest.approx([1 / 8] * 5)
    assert (math.isnan(unknown["value"]), unknown["n"]) == (True, 0)


@settings(max_examples=6, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 10), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=20))
def test_shares_of_quadrants_sum_to_one(pairs: list[Pair]) -> None:
    frame = figures("loyalty_quadrants", company_of(pairs), "year", by=["quadrant", "region"])
    assert frame.groupby("region")["value"].sum().tolist() == pytest.approx([1] * frame["region"].nunique())


def test_a_stretch_does_not_look_at_answers_outside_and_does_at_orders() -> None:
    rows = company_of(PAIRS)
    bounded = only("loyalty_sales_correlation", rows, "month", start="2025-06-01", end="2025-07-01")
    assert bounded.value == only("loyalty_sales_correlation", rows).value
    empty = only("loyalty_sales_correlation", rows, "month", start="2025-05-01", end="2025-06-01")
    assert (empty.n, empty.note) == (0, "no_data")
