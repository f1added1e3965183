"""Conversion of stages and time in them, counted by hand and against SciPy."""

import math

import numpy as np
import pytest
from scipy import stats

from .conftest import figures, only


def stage(deal: str, name: str, entered: str, left: str | None = None) -> dict:
    return {"deal_id": deal, "stage": name, "entered_at": entered, "left_at": left}


def deal(name: str, outcome: str | None, closed: str | None = None, **more: object) -> dict:
    return {"deal_id": name, "outcome": outcome, "closed_at": closed, "opened_at": "2025-01-01", **more}


FUNNEL = {
    "deals": [
        deal("a", "won", "2025-01-31", channel="web"),
        deal("b", "lost", "2025-01-20", channel="web"),
        deal("c", "open", channel="store"),
        deal("d", "open"),
        deal("e", "won"),  # nobody knows when
        deal("f", None, "2025-02-01"),  # nobody knows how
        deal("g", "lost"),
    ],
    "deal_stages": [
        stage("a", "lead", "2025-01-01", "2025-01-11"),
        stage("a", "offer", "2025-01-11", "2025-01-31"),
        stage("b", "lead", "2025-01-01"),
        stage("b", "offer", "2025-01-05"),
        stage("b", "lead", "2025-01-10"),  # back again: the deal has been in it already
        stage("c", "lead", "2025-01-15"),
        stage("d", "lead", "2025-01-20"),
        stage("d", "offer", "2025-06-30"),  # after 161 days; the newest entry of all
        stage("e", "lead", "2025-01-21"),
        stage("f", "lead", "2025-01-22"),
        stage("g", "lead", "2025-01-23"),
    ],
}


def test_stage_conversion_by_stage() -> None:
    # From lead went a, b, d, and e that was won; g was lost; c is still in it and f ended nobody knows how, both
    # watched for less than 180 days. From offer went a; b was lost; d has just come.
    frame = figures("stage_conversion", FUNNEL, "year", by=["stage"])
    cells = {row.stage: row for row in frame.itertuples()}
    lead, offer = cells["lead"], cells["offer"]
    assert (lead.value, lead.n, lead.missing_share) == (pytest.approx(4 / 5), 5, pytest.approx(2 / 7))
    assert (offer.value, offer.n, offer.missing_share) == (pytest.approx(1 / 2), 2, pytest.approx(1 / 3))
    expected = stats.binomtest(4, 5).proportion_ci(0.95, method="wilson")
    assert (lead.lower, lead.upper) == pytest.approx((expected.low, expected.high))


def test_stage_conversion_within_a_bounded_time() -> None:
    # Within 100 days d did not go on, and c and f have been watched that long: a, b, e of a to g.
    frame = figures("stage_conversion", FUNNEL, "year", by=["stage"], observed_days=100)
    lead = next(frame.itertuples())
    assert (lead.value, lead.n, lead.missing_share) == (pytest.approx(3 / 7), 7, 0)


def test_stage_conversion_by_month_and_channel() -> None:
    frame = figures("stage_conversion", FUNNEL, by=["channel"], start="2025-01-01", end="2025-02-01")
    cells = {row.channel: (row.value, row.n) for row in frame.itertuples()}
    assert cells["web"] == (pytest.approx(3 / 4), 4)
    assert cells["store"][1] == 0


def test_time_in_a_stage_counts_those_still_in_it() -> None:
    # In lead: a 10, b 4 and 10, d 161, f 10 days; c has been in it for 166 days; e and g ended nobody knows when.
    frame = figures("stage_time_median", FUNNEL, "year", by=["stage"])
    lead, offer = frame.itertuples()
    ended, going_on = [4, 10, 10, 10, 161], [166]
    limits = stats.ecdf(stats.CensoredData(uncensored=ended, right=going_on)).sf.confidence_interval(method="log-log")
    lower = next(time for time, low in zip(limits.low.quantiles, limits.low.probabilities, strict=True) if low <= 0.5)
    upper = [time for time, up in zip(limits.high.quantiles, limits.high.probabilities, strict=True) if up <= 0.5]
    assert (lead.value, lead.n, lead.missing_share) == (10, 6, pytest.approx(2 / 8))
    assert lead.lower == lower
    assert upper == []
    assert math.isnan(lead.upper)
    # In offer: a 20, b 5 days and d has just come: after 5 days one of the two at risk is left.
    assert (offer.value, offer.n) == (5, 3)


def test_the_ninth_decile_of_a_stage_is_undefined_while_too_many_are_in_it() -> None:
    lead, offer = figures("stage_time_p90", FUNNEL, "year", by=["stage"]).itertuples()
    assert math.isnan(lead.value)  # a sixth of the deals has not left it
    assert offer.value == 20  # of those at risk at 20 days none is left


def test_stays_are_watched_for_a_bounded_time() -> None:
    frame = figures("stage_time_p90", FUNNEL, "year", by=["stage"], observed_days=9)
    assert np.isnan(frame["value"][0])
    assert figures("stage_time_median", FUNNEL, "year", by=["stage"], observed_days=10)["value"].tolist()[0] == 10


def test_days_are_whole_and_halves_go_up() -> None:
    rows = {"deals": [deal("a", "won")], "deal_stages": [stage("a", "lead", "2025-01-01", "2025-01-03T12:00:00")]}
    assert only("stage_time_median", rows).value == 3


def test_a_stay_that_ends_before_it_begins_is_missing() -> None:
    rows = {"deal_stages": [stage("a", "lead", "2025-01-05", "2025-01-03"), stage("b", "lead", "2025-01-05")]}
    found = only("stage_time_median", rows)
    assert (found.n, found.missing_share) == (1, 0.5)
    assert math.isnan(found.value)


def test_no_stages_give_no_figures() -> None:
    assert figures("stage_time_median", {"deals": FUNNEL["deals"]}).empty
    empty = figures("stage_time_median", {}, start="2025-01-01", end="2025-02-01")
    assert empty["n"].tolist() == [0]
