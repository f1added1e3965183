"""Movement of the base, counted by hand and against a plain reading of the definition."""

import math
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from septima.metrics import GRAINS, compute, period_of
from septima.metrics.base import METRICS

from .base_histories import FIRST_DAY, GRAINS_OF_PERIODS, Company, Sale, company_of, histories, moments, orders
from .conftest import canonical, figures, only

COUNTS = [metric.id for metric in METRICS if metric.passport.unit == "count"]


def wilson(successes: int, n: int) -> tuple[float, float]:
    interval = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    return interval.low, interval.high


ACTIVITY = orders(
    ("a", "2025-01-10"),
    ("b", "2025-01-25"),
    ("b", "2025-02-20"),  # 26 days later: went on
    ("a", "2025-03-20"),  # 69 days later: lapsed on 9 February, came back
    ("c", "2025-04-30"),
)


def test_active_customers_by_month_within_thirty_days() -> None:
    # Ends of months: a, b / b (until 22 March) / a (until 19 April) / c.
    frame = figures("active_customers", ACTIVITY, active_days=30)
    assert frame["value"].tolist() == [2, 1, 1, 1]
    lower, upper = stats.chi2.ppf(0.025, 4) / 2, stats.chi2.ppf(0.975, 6) / 2
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((lower, upper))


def test_churn_by_month_within_thirty_days() -> None:
    # January: nobody was there before. February: a of {a, b}. March: b of {b}. April: a of {a}.
    frame = figures("churn_rate", ACTIVITY, active_days=30)
    assert frame["value"].tolist() == pytest.approx([math.nan, 0.5, 1, 1], nan_ok=True)
    assert frame["n"].tolist() == [0, 2, 1, 1]
    assert frame["note"].tolist() == ["nobody_active_before", "too_few", "too_few", "too_few"]
    assert (frame["lower"][1], frame["upper"][1]) == pytest.approx(wilson(1, 2))


def test_who_lapses_and_returns_within_a_period_has_not_left() -> None:
    sales = orders(("a", "2024-12-20"), ("a", "2025-03-10"), ("b", "2024-12-20"), ("x", "2025-03-31"))
    frame = figures("churn_rate", sales, "quarter", start="2025-01-01", active_days=30)
    assert frame["value"].tolist() == [0.5]


def test_base_of_a_stretch_of_days() -> None:
    # From February on: a and b are there at the start; a came back, b left, c is new.
    bounds = {"start": "2025-02-01", "active_days": 30}
    assert only("churn_rate", ACTIVITY, **bounds).value == 1
    assert only("churn_rate", ACTIVITY, **bounds, end="2025-04-01").value == 0.5
    assert only("active_customers", ACTIVITY, **bounds, end="2025-04-01").value == 1


def test_a_lapse_that_the_data_do_not_reach_has_not_happened() -> None:
    # The newest order is of 10 March: on it, a (11 February) is still within 30 days.
    sales = orders(("a", "2025-02-11"), ("b", "2025-03-10"))
    assert figures("active_customers", sales, active_days=30)["value"].tolist() == [1, 2]


def test_activity_within_a_channel() -> None:
    sales = {
        "orders": [
            {"order_id": "1", "customer_id": "a", "ordered_at": "2025-01-10", "channel": "web"},
            {"order_id": "2", "customer_id": "a", "ordered_at": "2025-02-25", "channel": "store"},
        ]
    }
    frame = figures("active_customers", sales, by=["channel"], active_days=30)
    assert frame["channel"].tolist() == ["store", "store", "web", "web"]
    assert frame["value"].tolist() == [0, 1, 1, 0]


MOVEMENT = orders(
    ("a", "2025-01-10"),
    ("b", "2025-01-25"),
    ("b", "2025-02-20"),
    ("a", "2025-03-20"),  # lapsed on 9 February, came back
    ("c", "2025-04-05"),  # new; lapses on 5 May
    ("b", "2025-05-31"),  # lapsed on 22 March, came back
    (None, "2025-05-31"),  # nobody knows whose
)


def test_movement_by_month_within_thirty_days() -> None:
    # February: a left. March: a came back, b left. April: c came, a left (19 April). May: b came back, c left.
    counts = {
        name: figures(name, MOVEMENT, active_days=30)["value"].tolist()
        for name in ("new_customers", "returned_customers", "churned_customers", "net_growth", "active_customers")
    }
    assert counts == {
        "new_customers": [2, 0, 0, 1, 0],
        "returned_customers": [0, 0, 1, 0, 1],
        "churned_customers": [0, 1, 1, 1, 1],
        "net_growth": [2, -1, 0, 0, 0],
        "active_customers": [2, 1, 1, 1, 1],
    }
    missing = figures("net_growth", MOVEMENT, active_days=30)["missing_share"]
    assert missing.tolist() == pytest.approx([0, 0, 0, 0, 0.5])


def test_who_comes_and_goes_within_a_period_is_in_both_counts_and_in_no_share() -> None:
    # c bought on 5 April only and was gone by the quarter's end; b and a were there before, b came back.
    quarter = {"grain": "quarter", "start": "2025-04-01", "active_days": 30}
    assert only("new_customers", MOVEMENT, **quarter).value == 1
    assert only("returned_customers", MOVEMENT, **quarter).value == 1
    assert only("churned_customers", MOVEMENT, **quarter).value == 2  # a and c; the data end on 31 May
    assert only("churn_rate", MOVEMENT, **quarter).value == 1  # a alone was active on 1 April
    growth = only("net_growth", MOVEMENT, **quarter)
    assert (growth.value, growth.n) == (0, 2)  # b gained, a lost


def test_net_growth_has_the_interval_of_a_difference_of_counts() -> None:
    # February: one of two left, nobody came. Garwood: 0 in [0, 3.689], 1 in [0.0253, 5.572].
    found = figures("net_growth", MOVEMENT, active_days=30).loc[1]
    none = stats.chi2.ppf(0.975, 2) / 2
    one = stats.chi2.ppf(0.025, 2) / 2, stats.chi2.ppf(0.975, 4) / 2
    assert found["lower"] == pytest.approx(-1 - (one[1] - 1))
    assert found["upper"] == pytest.approx(-1 + math.hypot(none, 1 - one[0]))
    rate = figures("base_growth_rate", MOVEMENT, active_days=30).loc[1]
    assert (rate["value"], rate["n"]) == (-0.5, 2)
    assert rate["lower"] == -1  # no more can leave than were there
    assert rate["upper"] == pytest.approx(found["upper"] / 2)


def test_growth_of_a_base_of_nobody_is_undefined() -> None:
    found = figures("base_growth_rate", MOVEMENT, active_days=30).loc[0]
    assert math.isnan(found["value"])
    assert found["note"] == "nobody_active_before"


def test_change_of_churn_by_hand() -> None:
    # Churn: none there in January, 1 of 2 in February, 1 of 1 in March, 1 of 1 in April and in May.
    frame = figures("churn_change", MOVEMENT, active_days=30)
    assert frame["value"].tolist() == pytest.approx([math.nan, math.nan, 0.5, 0, 0], nan_ok=True)
    assert frame["note"].tolist() == ["nobody_active_before", "no_previous_period", "too_few", "too_few", "too_few"]
    one, half = wilson(1, 1), wilson(1, 2)
    assert frame["lower"][2] == pytest.approx(0.5 - math.hypot(1 - one[0], half[1] - 0.5))
    assert frame["upper"][2] == pytest.approx(0.5 + math.hypot(one[1] - 1, 0.5 - half[0]))


def test_change_of_churn_knows_the_period_before_the_start() -> None:
    assert only("churn_change", MOVEMENT, "month", start="2025-03-01", end="2025-04-01", active_days=30).value == 0.5
    whole = only("churn_change", MOVEMENT, "all", start="2025-03-01", end="2025-04-01", active_days=30)
    assert (math.isnan(whole.value), whole.note) == (True, "no_previous_period")


@settings(max_examples=10, deadline=None)
@given(histories, st.integers(1, 120), st.sampled_from(GRAINS_OF_PERIODS))
def test_base_is_what_its_definition_says(sales: list[Sale], active_days: int, grain: Any) -> None:
    """Every customer looked at on the eve of every period's end, as the passports put it."""
    bought = moments(sales)
    newest = max(at for _, at in bought)

    def active(moment: datetime) -> set[str]:
        # An order of exactly `active_days` ago still counts; once the data end, so does time.
        at = min(moment, newest)
        return {who for who, when in bought if when < moment and at - when <= timedelta(days=active_days)}

    found = base_figures(company_of(sales), grain, active_days)
    for index, start in enumerate(found["active_customers"].index):
        period = period_of(start.date(), grain)
        begins, ends = (datetime.combine(day, time()) for day in (period.start, period.end))
        before, after = active(begins), active(ends)
        earlier = {who for who, when in bought if when < begins}
        buyers = {who for who, when in bought if begins <= when < ends}
        expected = {
            "active_customers": len(after),
            "new_customers": len(buyers - earlier),
            "returned_customers": len((buyers & earlier) - before),
            "churned_customers": len((before | buyers) - after),
            "net_growth": len(after) - len(before),
            "churn_rate": len(before - after) / len(before) if before else math.nan,
            "base_growth_rate": (len(after) - len(before)) / len(before) if before else math.nan,
        }
        assert {name: found[name].iloc[index] for name in expected} == pytest.approx(expected, nan_ok=True)


@settings(max_examples=10, deadline=None)
@given(histories, st.integers(1, 120), st.sampled_from(GRAINS))
def test_movement_balances_to_the_customer(sales: list[Sale], active_days: int, grain: Any) -> None:
    found = base_figures(company_of(sales), grain, active_days)
    came, back, left = (found[f"{kind}_customers"] for kind in ("new", "returned", "churned"))
    assert (came + back - left).tolist() == found["net_growth"].tolist()
    assert found["net_growth"].cumsum().tolist() == found["active_customers"].tolist()
    assert came.sum() == len({who for who, _ in sales})


@settings(max_examples=5, deadline=None)
@given(histories, st.integers(1, 120), st.sampled_from(GRAINS_OF_PERIODS), st.sampled_from(["segment", "region"]))
def test_customers_of_slices_sum_to_the_whole(sales: list[Sale], active_days: int, grain: Any, by: str) -> None:
    rows = company_of(sales)
    whole = base_figures(rows, grain, active_days)
    sliced = base_figures(rows, grain, active_days, by=[by])
    for name in COUNTS:
        assert sliced[name].groupby(level="period").sum().tolist() == whole[name].tolist()


@settings(max_examples=6, deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(sales: list[Sale], random: Random) -> None:
    shuffled = list(sales)
    random.shuffle(shuffled)
    one, other = (base_figures(company_of(history), "month", 30) for history in (sales, shuffled))
    for name, values in one.items():
        pd.testing.assert_series_equal(values, other[name])


@settings(max_examples=10, deadline=None)
@given(
    histories,
    st.integers(1, 120),
    st.sampled_from([*GRAINS_OF_PERIODS, "day"]),
    st.integers(0, 450),
    st.sampled_from([(), ("segment",), ("channel",)]),
)
def test_figures_from_a_start_are_a_cut_of_the_whole(
    sales: list[Sale], active_days: int, grain: Any, start: int, by: tuple[str, ...]
) -> None:
    rows = company_of(sales)
    tables = canonical(rows)
    parameters = {metric.id: {"active_days": active_days} for metric in METRICS}
    # An end after all, so that a stretch past the newest order is there too.
    end = date(2025, 6, 1)
    whole = compute(METRICS, tables, grain=grain, by=by, end=end, parameters=parameters)
    first = (FIRST_DAY + timedelta(days=start)).date()
    cut = compute(METRICS, tables, grain=grain, by=by, start=first, end=end, parameters=parameters)
    for metric in METRICS:
        expected, found = whole[metric.id].frame, cut[metric.id].frame
        # Where nobody was there any more a slice is not shown.
        keys = ["period", *by]
        expected = expected[expected["period"] >= found["period"].min()]
        matched = found.merge(expected, on=keys, suffixes=("", "_whole"))
        for column in ("value", "n", "lower", "upper", "note"):
            pd.testing.assert_series_equal(matched[column], matched[f"{column}_whole"], check_names=False)
        absent = expected.merge(found[keys], on=keys, how="left", indicator=True).query("_merge == 'left_only'")
        assert (absent["n"] == 0).all()


def test_moments_at_the_ends_of_the_calendar_do_no_harm() -> None:
    rows = orders(("a", "0001-01-01"), ("b", "2025-01-10"), ("a", "2025-02-10"), ("c", "9999-12-31T23:59:59"))
    bounds = {"start": "2025-01-01", "end": "2025-04-01"}
    assert figures("new_customers", rows, **bounds)["value"].tolist() == [1, 0, 0]
    assert figures("returned_customers", rows, **bounds)["value"].tolist() == [0, 1, 0]
    assert figures("active_customers", rows, **bounds, active_days=30)["value"].tolist() == [1, 1, 0]
    assert figures("churn_rate", rows, start="0001-01-01", end="0001-03-01", active_days=40)["n"].tolist() == [0, 1]


def base_figures(rows: Company, grain: Any, active_days: int, by: Sequence[str] = ()) -> dict[str, pd.Series]:
    """The values of all metrics of the base by period (and slice)."""
    parameters = {metric.id: {"active_days": active_days} for metric in METRICS}
    results = compute(METRICS, canonical(rows), grain=grain, by=by, parameters=parameters)
    return {name: result.frame.set_index(["period", *by])["value"] for name, result in results.items()}
