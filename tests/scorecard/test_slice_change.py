"""Changes by slices: Simpson's paradox by hand, sums, comparisons, and metrics that no slices make up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.metrics import Metric, parse_period
from septima.metrics.definition import Cells, Estimate, Measure, Parameters, Source
from septima.metrics.estimates import share
from septima.metrics.period import DEFAULT_CALENDAR
from septima.scorecard.definition import KpiDefinition
from septima.scorecard.slice_cells import SliceCells
from septima.scorecard.slice_change import MOST_SLICES, NOT_REBUILT, not_split, slice_change, told_dimension
from tests.scorecard.stand_ins import metric

Q3 = parse_period("2026-Q3")
States = Mapping[str, tuple[Sequence[float], ...]]


def _metric(measures: Sequence[str], estimate: Callable[[Cells, Parameters], Estimate]) -> Metric:
    made = metric("rate", "share")
    source = Source("rows", made.sources[0].build, ("channel",))
    return replace(
        made,
        measures={name: Measure(source, lambda *_: None) for name in measures},
        estimate=estimate,  # type: ignore[arg-type,return-value]
    )


RATE = _metric(("won", "n"), share("won", "n"))


def _cells(states: States, made: Metric = RATE, lead: int = 0) -> SliceCells:
    sums = np.array([np.array(state, dtype=float) for state in states.values()])
    periods = tuple(Q3.shift(step) for step in range(1 - sums.shape[1], 1))
    kpi = KpiDefinition("rate", made.id)
    return SliceCells(kpi, made, "channel", tuple(states), periods, lead, sums, {}, DEFAULT_CALENDAR)


def test_simpson_by_hand() -> None:
    # Both channels win more often (80 → 85 %, 20 → 25 %), and the whole falls from 74 to 55 %: the weak one grew.
    found = slice_change((0.74, 0.55), _cells({"web": ((72, 90), (42.5, 50)), "store": ((2, 10), (12.5, 50))}))
    slices = {one.member: one for one in found.drivers}
    assert found.kind == "share"
    # A rise of 5 points everywhere is worth 5 points with any mix; all else is mix.
    assert sum(one.by_rate.value or 0 for one in found.drivers) == pytest.approx(0.05)
    assert sum(one.by_mix or 0 for one in found.drivers) == pytest.approx(-0.24)
    # The web's rate comes over before or after the shares: 0.9, 0.5 (1/3 each), 0.5/0.6 and 0.9/1.4 (1/6 each) of the whole.
    mean = (0.9 + 0.5) / 3 + (0.5 / 0.6 + 0.9 / 1.4) / 6
    assert slices["web"].by_rate.value == pytest.approx(0.05 * mean)
    assert slices["store"].by_rate.value == pytest.approx(0.05 * (1 - mean))
    assert (slices["web"].share_before, slices["web"].share_now) == (0.9, 0.5)


def test_a_rate_has_the_interval_of_its_difference() -> None:
    found = slice_change((0.5, 0.6), _cells({"web": ((50, 100), (60, 100))}))
    (web,) = found.drivers
    assert web.by_rate.value == pytest.approx(0.1)
    # Wilson 50/100: 0.4038–0.5962, 60/100: 0.5020–0.6906 (Newcombe, 1998, method 10 is MOVER with these).
    assert web.by_rate.lower == pytest.approx(0.1 - ((0.6 - 0.5020) ** 2 + (0.5962 - 0.5) ** 2) ** 0.5, abs=2e-4)
    assert web.by_rate.upper == pytest.approx(0.1 + ((0.6906 - 0.6) ** 2 + (0.5 - 0.4038) ** 2) ** 0.5, abs=2e-4)


def test_twice_as_many_records_of_all_change_nothing() -> None:
    found = slice_change((0.5, 0.5), _cells({"web": ((60, 100), (120, 200)), "store": ((40, 100), (80, 200))}))
    for one in found.drivers:
        assert (one.by_rate.value, one.by_mix) == (pytest.approx(0), pytest.approx(0))


def test_a_sum_splits_into_means_and_volumes() -> None:
    def total(cells: Cells, _: Parameters) -> Estimate:
        none = np.full_like(cells["n"], np.nan)
        return Estimate(cells["amount"], cells["n"], none, none, none)

    made = _metric(("amount", "n"), total)
    found = slice_change((300.0, 480.0), _cells({"web": ((200, 20), (360, 30)), "store": ((100, 10), (120, 10))}, made))
    web, store = found.drivers
    assert found.kind == "volume"
    # Web: the mean from 10 to 12 at (20 + 30)/2 orders, ten orders more at a mean of 11; the store: from 10 to 12 at 10 orders.
    assert (web.by_rate.value, web.by_mix) == (pytest.approx(50), pytest.approx(110))
    assert (store.by_rate.value, store.by_mix) == (pytest.approx(20), pytest.approx(0))


def test_a_metric_that_compares_periods_is_split_by_whole_slices() -> None:
    def fall(cells: Cells, _: Parameters) -> Estimate:
        now, before = cells["n"], cells.previous("n")
        none = np.full_like(now, np.nan)
        return Estimate((before - now) / before, now, none, none, none)

    made = replace(_metric(("n",), fall), history="previous")
    states = {"web": ((50,), (40,), (20,)), "store": ((50,), (60,), (60,))}
    # Before (100 − 100)/100 = 0; now (100 − 80)/100 = 0.2. Web alone over: (40+50 − 20−60)/90; store alone: (50+60 − 40−60)/110.
    found = slice_change((0.0, 0.2), _cells(states, made, lead=1))
    web_first, store_first = 10 / 90, 10 / 110
    slices = {one.member: one.total.value for one in found.drivers}
    assert found.kind == "whole"
    assert slices["web"] == pytest.approx((web_first + 0.2 - store_first) / 2)
    assert slices["store"] == pytest.approx((store_first + 0.2 - web_first) / 2)


def test_a_new_slice_is_all_mix_and_one_without_volume_comes_whole() -> None:
    found = slice_change((0.5, 0.6), _cells({"web": ((50, 100), (50, 100)), "app": ((0, 0), (70, 100))}))
    app = next(one for one in found.drivers if one.member == "app")
    # App alone over: (1·0.5 + 0.5·0.7)/1.5 − 0.5 = 1/15; app last: 0.6 − 0.5. Web's smaller share brings the rest.
    assert (app.by_rate.value, app.by_mix) == (pytest.approx(0), pytest.approx((1 / 15 + 0.1) / 2))
    per = slice_change((0.6, 0.5), _cells({"web": ((50, 100), (50, 100)), "mail": ((10, 0), (0, 0))}))
    mail = next(one for one in per.drivers if one.member == "mail")
    assert mail.total.value == pytest.approx(-0.1)


def test_slices_that_do_not_make_the_figure_are_shown_without_contributions() -> None:
    # The card says 0.8 and 0.9, which no sum of these slices gives: buyers that shop in two channels are counted once.
    found = slice_change((0.8, 0.9), _cells({"web": ((50, 100), (60, 100)), "store": ((50, 100), (60, 100))}))
    assert found.note == NOT_REBUILT
    assert [one.total.value for one in found.drivers] == [None, None]
    assert found.drivers[0].now.value == pytest.approx(0.6)
    assert not_split("rate", "channel", (0.8, 0.9)).note == NOT_REBUILT


def test_many_slices_keep_the_largest_and_join_the_rest() -> None:
    states = {f"c{place:02d}": ((place, 10 + place), (place + 1, 12 + place)) for place in range(1, 31)}
    ends = [
        sum(state[at][0] for state in states.values()) / sum(state[at][1] for state in states.values()) for at in (0, 1)
    ]
    found = slice_change((ends[0], ends[1]), _cells(states))
    assert len(found.drivers) == MOST_SLICES
    assert next(one.joined for one in found.drivers if one.joined > 1) == 30 - MOST_SLICES + 1
    assert sum(one.total.value or 0 for one in found.drivers) == pytest.approx(ends[1] - ends[0])


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.integers(50, 99), st.integers(1, 50), st.integers(50, 99)),
        min_size=2,
        max_size=3,
    )
)
def test_slices_are_what_all_orders_give(rows: list[tuple[int, int, int, int]]) -> None:
    states = {str(at): ((row[0], row[1]), (row[2], row[3])) for at, row in enumerate(rows)}
    totals = [sum(row[at] for row in rows) for at in (1, 3)]

    def worth(over: frozenset[int]) -> float:
        top = bottom = 0.0
        for at, row in enumerate(rows):
            rate = row[2] / row[3] if 2 * at in over else row[0] / row[1]
            part = row[3] / totals[1] if 2 * at + 1 in over else row[1] / totals[0]
            top, bottom = top + part * rate, bottom + part
        return top / bottom

    players = 2 * len(rows)
    brute = np.zeros(players)
    orders = list(permutations(range(players)))
    known: dict[frozenset[int], float] = {}
    for order in orders:
        here: frozenset[int] = frozenset()
        for player in order:
            after = here | {player}
            brute[player] += known.setdefault(after, worth(after)) - known.setdefault(here, worth(here))
            here = after
    brute /= len(orders)
    ends = worth(frozenset()), worth(frozenset(range(players)))
    for one in slice_change(ends, _cells(states)).drivers:
        at = int(one.member or 0)
        assert one.by_rate.value == pytest.approx(brute[2 * at], abs=1e-9)
        assert one.by_mix == pytest.approx(brute[2 * at + 1], abs=1e-9)


def test_the_dimension_is_the_one_asked_for_or_the_cards_or_a_usual_one() -> None:
    assert told_dimension(("region", "channel"), None) == "channel"
    assert told_dimension(("region", "channel"), "region") == "region"
    assert told_dimension(("region",), "region", "channel") is None
    assert told_dimension(("kind",), None) is None
