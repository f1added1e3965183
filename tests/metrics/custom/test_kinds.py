"""Each kind of own metric, counted by hand."""

from datetime import date

import numpy as np
import pytest
from scipy import stats

from septima.metrics import MetricError
from septima.metrics.custom import own_metrics

from ..conftest import canonical
from .conftest import WORDS, figure, figures, own


def call(number: int, at: str, waited: float | None, answered: bool | None = None, **more: object) -> dict:
    return {"call_id": f"c{number}", "at": at, "waited_s": waited, "answered": answered, **more}


CALLS = {
    "calls": [
        call(1, "2026-01-05 09:00", 10, True, customer_id="ann", department="sales"),
        call(2, "2026-01-06 10:00", 20, False, customer_id="ann", department="sales"),
        call(3, "2026-01-31 23:59", 40, True, customer_id="bob", department="help"),
        call(4, "2026-02-01 00:00", None, True, customer_id="bob"),
        call(5, "2026-03-01 12:00", 100, None, customer_id=None, department="help"),
    ]
}


def order(number: int, at: str, revenue: float | None, cost: float | None = None, **more: object) -> dict:
    return {"order_id": f"o{number}", "ordered_at": at, "revenue": revenue, "cost": cost, **more}


ORDERS = {
    "orders": [
        order(1, "2026-01-05", 100, 60, currency="EUR", status="paid", customer_id="ann", channel="web"),
        order(2, "2026-01-20", 300, 150, currency="EUR", status="paid", customer_id="bob", channel="store"),
        order(3, "2026-02-03", 50, None, currency="EUR", status="cancelled", customer_id="ann"),
        order(4, "2026-02-04", None, 5, currency="EUR", status=None, customer_id="cid", channel="web"),
    ]
}


def garwood(count: int) -> tuple[float, float]:
    return stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0, stats.chi2.ppf(0.975, 2 * count + 2) / 2


def test_count_of_rows_with_a_condition() -> None:
    # 20, 40 and 100 wait longer than 15; of call 4 nobody knows.
    found = figure("kind: count, table: calls, filter: waited_s > 15", CALLS)
    assert (found.value, found.n, found.missing_share) == (3, 3, pytest.approx(1 / 4))
    assert (found.lower, found.upper) == pytest.approx(garwood(3))


def test_count_that_no_condition_could_be_checked_for_is_unknown() -> None:
    rows = {"calls": [call(1, "2026-01-05", None)]}
    found = figure("kind: count, table: calls, filter: waited_s > 15", rows)
    assert np.isnan(found.value)
    assert (found.missing_share, found.note) == (1, "none_usable")


def test_count_of_different_values() -> None:
    found = figure("kind: count, table: calls, distinct: customer_id", CALLS)
    assert (found.value, found.n, found.missing_share) == (2, 4, pytest.approx(1 / 5))
    assert (found.lower, found.upper) == pytest.approx(garwood(2))


def test_sum_of_an_expression() -> None:
    # Gains 40 and 150; order 3 is without a cost, 4 without revenue.
    found = figure("kind: sum, unit: currency, table: orders, expression: revenue - cost", ORDERS)
    assert (found.value, found.n, found.missing_share) == (190, 2, 0.5)
    y, v, w = 190, 40**2 + 150**2, 150  # the gamma interval of Fay & Feuer (1997)
    assert found.lower == pytest.approx(v / (2 * y) * stats.chi2.ppf(0.025, 2 * y**2 / v))
    assert found.upper == pytest.approx(
        (v + w**2) / (2 * (y + w)) * stats.chi2.ppf(0.975, 2 * (y + w) ** 2 / (v + w**2))
    )


def test_sum_of_money_in_two_currencies_says_so() -> None:
    rows = {"orders": [*ORDERS["orders"], order(5, "2026-01-05", 7, 1, currency="USD")]}
    body = "kind: sum, unit: currency, table: orders, column: revenue, minimum_sample: 1"
    assert figure(body, rows).note == "mixed_currencies"
    assert figure(body, ORDERS).note is None
    # What is not money has no currency.
    assert (
        figure("kind: mean, unit: count, table: orders, expression: month(ordered_at), minimum_sample: 1", rows).note
        is None
    )


def test_mean_has_the_interval_of_student() -> None:
    found = figure("kind: mean, unit: seconds, table: calls, column: waited_s, minimum_sample: 2", CALLS)
    values = np.array([10, 20, 40, 100])
    assert (found.value, found.n, found.missing_share) == (42.5, 4, pytest.approx(0.2))
    half = stats.t.ppf(0.975, 3) * values.std(ddof=1) / 2
    assert (found.lower, found.upper) == pytest.approx((42.5 - half, 42.5 + half))


def test_quantile_is_interpolated() -> None:
    rows = {"calls": [call(number, "2026-01-05", number) for number in range(1, 101)]}
    found = figure("kind: quantile, unit: seconds, table: calls, column: waited_s, q: 0.9", rows)
    assert found.value == pytest.approx(np.quantile(np.arange(1, 101), 0.9))
    half = 1.96 * np.sqrt(100 * 0.9 * 0.1)  # ranks of order statistics (Conover, 1999)
    assert (found.lower, found.upper) == (np.ceil(90 - half), np.ceil(90 + half))


def test_share_of_the_same_rows_has_the_interval_of_wilson() -> None:
    body = "kind: ratio, unit: share, table: calls, numerator: {filter: answered}, denominator: {}"
    found = figure(body, CALLS)
    # Three of four were answered; of call 5 nobody knows.
    assert (found.value, found.n, found.missing_share) == (0.75, 4, pytest.approx(0.2))
    bounds = stats.binomtest(3, 4).proportion_ci(method="wilson")
    assert (found.lower, found.upper) == pytest.approx((bounds.low, bounds.high))


def test_a_numerator_that_repeats_the_condition_of_its_denominator_is_a_share() -> None:
    parts = "numerator: {filter: answered and waited_s >= 20}, denominator: {filter: waited_s >= 20}"
    metric = own(f"kind: ratio, unit: share, table: calls, {parts}")
    found = next(figures(metric, CALLS).itertuples())
    assert "Wilson" in metric.passport.interval.en
    # 20 (no), 40 (yes), 100 (unknown); call 4 is of unknown waiting.
    assert (found.value, found.n, found.missing_share) == (0.5, 2, 0.5)


def test_conditions_above_hold_for_both_parts() -> None:
    body = "kind: ratio, unit: share, table: calls, filter: department = 'sales', numerator: {filter: answered}, denominator: {}"
    found = figure(body, CALLS)
    assert (found.value, found.n) == (0.5, 2)
    assert found.missing_share == pytest.approx(1 / 3)  # call 4 may be of any department


def test_ratio_of_sums_over_the_same_rows() -> None:
    body = "kind: ratio, unit: ratio, table: orders, numerator: {sum: cost}, denominator: {sum: revenue}"
    found = figure(body, ORDERS)
    assert (found.value, found.n, found.missing_share) == (210 / 400, 2, 0.5)
    top, bottom, ratio = np.array([60, 150]), np.array([100, 300]), 210 / 400
    half = stats.norm.ppf(0.975) * np.sqrt(2 / 1 * ((top - ratio * bottom) ** 2).sum()) / 400
    assert (found.lower, found.upper) == pytest.approx((ratio - half, ratio + half))


def test_ratio_of_counts_that_only_overlap_is_by_the_delta_method() -> None:
    parts = "numerator: {filter: answered}, denominator: {filter: waited_s < 30}"
    metric = own(f"kind: ratio, unit: ratio, table: calls, {parts}")
    found = next(figures(metric, CALLS).itertuples())
    assert "Delta" in metric.passport.interval.en
    # 1 is in both, 2 below, 3 above; 4 and 5 cannot be placed.
    assert (found.value, found.n, found.missing_share) == (1, 3, 0.4)


def test_ratio_of_counts_of_different_tables() -> None:
    rows = {**CALLS, **ORDERS}
    body = "kind: ratio, unit: per_1000, numerator: {table: calls, filter: waited_s > 15}, denominator: {table: orders}"
    found = figure(body, rows)
    assert (found.value, found.n) == (750, 4)
    assert found.missing_share == pytest.approx(1 / 8)
    low, high = stats.binomtest(3, 7).proportion_ci(method="exact")
    assert (found.lower, found.upper) == pytest.approx((1000 * low / (1 - low), 1000 * high / (1 - high)))


def test_ratio_of_sums_of_different_tables_is_fiellers() -> None:
    orders = [order(number, "2026-01-05", 10 + number, currency="EUR") for number in range(20)]
    spend = [
        {"date": "2026-01-05", "channel": f"c{number}", "campaign_id": "", "amount": 4, "currency": "EUR"}
        for number in range(5)
    ]
    body = (
        "kind: ratio, unit: share, numerator: {table: spend, sum: amount}, denominator: {table: orders, sum: revenue}"
    )
    found = figure(body, {"orders": orders, "spend": spend})
    top, bottom = 20.0, float(sum(range(10, 30)))
    assert found.value == top / bottom
    # Fieller: the ratios R for which |top − R·bottom| ≤ z·√(Var top + R²·Var bottom).
    z, of_top, of_bottom = stats.norm.ppf(0.975), 5 * 16, sum(x**2 for x in range(10, 30))
    roots = np.roots([bottom**2 - z**2 * of_bottom, -2 * top * bottom, top**2 - z**2 * of_top])
    assert (found.lower, found.upper) == pytest.approx(tuple(sorted(roots)))


def test_own_dimensions_and_those_of_customers() -> None:
    rows = {**CALLS, "customers": [{"customer_id": "ann", "segment": "private"}]}
    metric = own("kind: count, table: calls, by: [department]")
    assert metric.dimensions == ("department", "segment", "region", "acquisition_channel")
    frame = figures(metric, rows, by=["segment"])
    assert dict(zip(frame["segment"].fillna("—"), frame["value"], strict=True)) == {"private": 2, "—": 3}
    frame = figures(metric, rows, by=["department"])
    assert dict(zip(frame["department"].fillna("—"), frame["value"], strict=True)) == {"sales": 2, "help": 2, "—": 1}


def test_parameters_with_defaults_and_in_their_place() -> None:
    body = "kind: count, table: calls, filter: waited_s >= :least, parameters: {least: 40}"
    assert figure(body, CALLS).value == 2
    assert figure(body, CALLS, parameters={"least": 20}).value == 3
    body = "kind: count, table: calls, filter: department = :team, parameters: {team: sales}"
    assert figure(body, CALLS, parameters={"team": "help"}).value == 2
    with pytest.raises(MetricError, match="parameter 'team' must be a text, not 5"):
        figure(body, CALLS, parameters={"team": 5})


def test_a_day_as_a_parameter_begins_by_the_company_s_clock() -> None:
    from septima.metrics.period import Calendar

    body = "kind: count, table: calls, filter: at >= :since, parameters: {since: 2026-02-01}"
    assert figure(body, CALLS).value == 2
    # In Moscow the first of February began three hours earlier, so call 3 counts too.
    assert figure(body, CALLS, calendar=Calendar("Europe/Moscow")).value == 3
    hours = "kind: mean, unit: hours, table: calls, expression: hour(at), filter: department = 'sales'"
    assert figure(hours, CALLS).value == 9.5
    assert figure(hours, CALLS, calendar=Calendar("Europe/Moscow")).value == 12.5


def test_running_count_from_the_beginning() -> None:
    frame = figures(own("kind: count, table: calls, cumulative: true"), CALLS, grain="month")
    assert frame["value"].tolist() == [3, 4, 5]
    frame = figures(own("kind: count, table: calls, cumulative: true"), CALLS, grain="month", start=date(2026, 2, 1))
    assert frame["value"].tolist() == [4, 5]
    assert (frame["lower"].iloc[0], frame["upper"].iloc[0]) == pytest.approx(garwood(4))


def test_running_sum_from_the_start_of_the_fiscal_year() -> None:
    from septima.metrics.period import Calendar

    orders = [order(month, f"2026-{month:02d}-10", month, currency="EUR") for month in (1, 2, 4, 5)]
    metric = own("kind: sum, unit: currency, table: orders, column: revenue, cumulative: {over: year}")
    frame = figures(metric, {"orders": orders}, grain="month")
    assert frame["value"].tolist() == [1, 3, 3, 7, 12]
    frame = figures(metric, {"orders": orders}, grain="month", calendar=Calendar(fiscal_year_start=4))
    assert frame["value"].tolist() == [1, 3, 3, 4, 9]


def test_running_share_joins_records_of_all_periods() -> None:
    body = "kind: ratio, unit: share, table: calls, numerator: {filter: answered}, denominator: {}, cumulative: true"
    frame = figures(own(body), CALLS, grain="month")
    assert frame["value"].tolist() == pytest.approx([2 / 3, 3 / 4, 3 / 4])
    assert frame["n"].tolist() == [3, 4, 4]


CLICKS = {
    "touches": [
        {"touch_id": "t1", "kind": "clicked", "customer_id": "ann", "at": "2026-01-01 10:00", "channel": "email"},
        {"touch_id": "t2", "kind": "clicked", "customer_id": "ann", "at": "2026-01-05 12:00", "channel": "email"},
        {"touch_id": "t3", "kind": "clicked", "customer_id": "bob", "at": "2026-01-02 10:00", "channel": "sms"},
        {"touch_id": "t4", "kind": "clicked", "customer_id": None, "at": "2026-01-03 10:00", "channel": "sms"},
        {"touch_id": "t5", "kind": "clicked", "customer_id": "cid", "at": "2026-01-30 10:00", "channel": "email"},
        {"touch_id": "t6", "kind": "opened", "customer_id": "bob", "at": "2026-01-02 09:00", "channel": "sms"},
    ],
    "orders": [
        order(1, "2026-01-08 10:00", 1, customer_id="ann"),  # exactly 7 days after t1, 2.9 after t2
        order(2, "2026-01-09 10:01", 1, customer_id="bob"),  # a minute too late for t3
        order(3, "2026-01-02 09:59", 1, customer_id="bob"),  # before t3
        order(4, "2026-02-02 10:00", 1, customer_id="dan"),  # data end here: t5 is not over yet
    ],
}
CONVERSION = "kind: conversion, base: {table: touches, filter: kind = 'clicked'}, target: {table: orders}, within: 7 days, by: [channel]"


def test_conversion_within_a_stretch_of_time() -> None:
    found = figure(CONVERSION, CLICKS)
    # t1 and t2 were followed, t3 was not; t4 has no customer and t5 is not over.
    assert (found.value, found.n, found.missing_share) == (pytest.approx(2 / 3), 3, pytest.approx(2 / 5))
    bounds = stats.binomtest(2, 3).proportion_ci(method="wilson")
    assert (found.lower, found.upper) == pytest.approx((bounds.low, bounds.high))
    frame = figures(own(CONVERSION), CLICKS, by=["channel"])
    assert dict(zip(frame["channel"], frame["value"], strict=True)) == {"email": 1, "sms": 0}


def test_conversion_settles_after_its_stretch() -> None:
    (source,) = own(CONVERSION).sources
    assert source.settles_days == 7 + 31


def test_conversion_within_hours_and_in_one_table_is_of_a_later_row() -> None:
    rows = {
        "orders": [
            order(1, "2026-01-01 10:00", 1, customer_id="ann"),
            order(2, "2026-01-01 10:00", 1, customer_id="ann"),
            order(3, "2026-01-01 21:00", 1, customer_id="ann"),
            order(4, "2026-02-01", 1, customer_id="bob"),
            order(5, "2026-03-01", 1, customer_id="cid"),
        ]
    }
    found = figure("kind: conversion, base: {table: orders}, target: {table: orders}, within: 12 hours", rows)
    # 1 and 2 at one moment do not follow each other, but 3 follows both; 4 has none; 5 is not over.
    assert (found.value, found.n) == (0.5, 4)


def derived(formula: str, parts: str = "", **options: object):
    text = f"metrics:\n{parts}  - {{id: own, {WORDS}unit: currency, kind: derived, formula: {formula}, minimum_sample: 3}}\n"
    return own_metrics([("metrics/own.yaml", text)], **options)["own"]


CALLS_COUNT = (
    f"  - {{id: own_calls, {WORDS}kind: count, table: calls, filter: waited_s >= :least, parameters: {{least: 15}}}}\n"
)


def test_derived_from_the_catalogue_and_an_own_metric() -> None:
    rows = {**CALLS, **ORDERS}
    metric = derived("revenue / own_calls", CALLS_COUNT)
    found = next(figures(metric, rows).itertuples())
    assert found.value == 400 / 3
    assert (found.n, found.missing_share) == (2, pytest.approx(1 / 3))  # revenue: 2 of 3 orders that were not cancelled
    # Square-and-add (Zou & Donner, 2008) from the parts' own intervals.
    fewest, most = garwood(3)
    y, v, w = 400, 100**2 + 300**2, 300
    least = v / (2 * y) * stats.chi2.ppf(0.025, 2 * y**2 / v)
    greatest = (v + w**2) / (2 * (y + w)) * stats.chi2.ppf(0.975, 2 * (y + w) ** 2 / (v + w**2))
    down = np.hypot((400 - least) / 3, (most - 3) * 400 / 9)
    up = np.hypot((greatest - 400) / 3, (3 - fewest) * 400 / 9)
    assert (found.lower, found.upper) == pytest.approx((400 / 3 - down, 400 / 3 + up))


def test_parameters_of_a_part_have_its_name_before_them() -> None:
    rows = {**CALLS, **ORDERS}
    metric = derived("revenue / own_calls", CALLS_COUNT)
    assert dict(metric.passport.parameters) == {"own_calls.least": 15}
    assert figures(metric, rows, parameters={"own_calls.least": 40})["value"].tolist() == [200]
    of_workspace = derived("revenue / own_calls", CALLS_COUNT, settings={"own_calls": {"least": 50}})
    assert figures(of_workspace, rows)["value"].tolist() == [400]


def test_derived_is_undefined_where_a_part_is() -> None:
    frame = figures(derived("revenue / own_calls", CALLS_COUNT), {**CALLS, **ORDERS}, grain="month")
    # January: 400 by two long calls. In February revenue is unknown, in March it is none by one call.
    assert frame["value"].tolist() == pytest.approx([200, np.nan, 0], nan_ok=True)
    assert frame["note"].tolist() == ["too_few", "none_usable", "no_data"]


def test_derived_dimensions_are_those_of_all_parts() -> None:
    assert derived("revenue / own_calls", CALLS_COUNT).dimensions == ("segment", "region", "acquisition_channel")


def test_rows_behind_an_own_metric_are_those_of_its_table() -> None:
    from septima.metrics import rows_behind

    metric = own("kind: count, table: calls, filter: waited_s > 15")
    rows = rows_behind(metric, canonical(CALLS), start=date(2026, 1, 1), end=date(2026, 2, 1)).to_pandas()
    assert rows["call_id"].tolist() == ["c2", "c3"]


def test_nothing_is_nothing() -> None:
    for body in (
        "kind: count, table: calls",
        "kind: mean, unit: seconds, table: calls, column: waited_s",
        "kind: ratio, unit: share, table: calls, numerator: {filter: answered}, denominator: {}",
        CONVERSION,
    ):
        assert len(figures(own(body), {})) == 0
        shown = figures(own(body), {}, grain="month", start=date(2026, 1, 1), end=date(2026, 2, 1))
        assert shown["n"].tolist() == [0]
        assert shown["note"].tolist() == ["no_data"]
