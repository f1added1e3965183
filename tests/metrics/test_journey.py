"""Paths through the stages of a journey: counted by hand, and against a count by another way over random companies."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.metrics.compute import request_of
from septima.metrics.definition import Request
from septima.metrics.journey import (
    EventRule,
    FeelingRule,
    JourneyMeasures,
    by_customers,
    by_transition,
    events,
    felt,
    measure_journey,
    steps,
)
from septima.metrics.period import DEFAULT_CALENDAR

from .conftest import Tables, arrow_tables, canonical, company, in_duckdb, in_spark

STAGES = (
    (EventRule("touches", {"kind": ("opened", "clicked")}),),
    (EventRule("touches", {"kind": ("visit",)}),),
    (EventRule("orders", {"status": ("completed",)}),),
    (EventRule("deliveries", {}),),
)
INTENDED = ((0, 1), (1, 2), (2, 3))
START, END = date(2026, 7, 1), date(2026, 10, 1)


def request(tables: Tables, start: date | None = START, end: date | None = END) -> Request:
    return replace(request_of(tables, DEFAULT_CALENDAR, None), start=start, end=end)


def touch(number: int, customer: str | None, at: str, kind: str) -> dict[str, Any]:
    return {"touch_id": f"t{number}", "customer_id": customer, "at": at, "kind": kind}


HAND = {
    "touches": [
        # anna: opens, opens again, visits, buys (below), and has her goods: three steps, all intended
        touch(1, "anna", "2026-07-01", "opened"),
        touch(2, "anna", "2026-07-02", "clicked"),
        touch(3, "anna", "2026-07-04", "visit"),
        # boris: visits, then opens: a deviation, and no more
        touch(4, "boris", "2026-07-05", "visit"),
        touch(5, "boris", "2026-07-06", "opened"),
        # clara: opens, visits: one intended step
        touch(6, "clara", "2026-07-01", "opened"),
        touch(7, "clara", "2026-07-11", "visit"),
        # dina: one event, no step; what she did before the period is not seen
        touch(8, "dina", "2026-06-30", "opened"),
        touch(9, "dina", "2026-07-20", "visit"),
        # somebody: not to be placed
        touch(10, None, "2026-07-20", "visit"),
        # of no stage
        touch(11, "clara", "2026-07-12", "call"),
    ],
    "orders": [
        {"order_id": "o1", "customer_id": "anna", "ordered_at": "2026-07-05", "status": "completed"},
        {"order_id": "o2", "customer_id": "boris", "ordered_at": "2026-07-08", "status": "cancelled"},
        # eva: an order without a visit, and no step
        {"order_id": "o3", "customer_id": "eva", "ordered_at": "2026-08-01", "status": "completed"},
    ],
    "deliveries": [
        {"delivery_id": "d1", "order_id": "o1", "customer_id": "anna", "delivered_at": "2026-07-08"},
        {"delivery_id": "d2", "order_id": "o1", "customer_id": "anna", "delivered_at": "2026-10-02"},
    ],
}


def hand() -> JourneyMeasures:
    return measure_journey(request(canonical(HAND)), STAGES, INTENDED)


def test_customers_and_conformance_by_hand() -> None:
    found = hand()
    # anna, boris, clara, dina, eva; steps have anna 3, boris 1, clara 1
    assert (found.customers, found.walkers, found.steps) == (5, 3, 5)
    assert found.conformance.value == pytest.approx(2 / 3)
    assert found.fitness.value == pytest.approx(4 / 5)
    assert found.missing_share == pytest.approx(1 / 12)


def test_conformance_has_the_interval_of_wilson() -> None:
    # Wilson score of 2 of 3 at 95 %: (0.2077, 0.9385), Newcombe, 1998, by the formula worked by hand.
    found = hand().conformance
    assert found.lower == pytest.approx(0.2077, abs=1e-4)
    assert found.upper == pytest.approx(0.9385, abs=1e-4)


def test_reach_and_drop_out_by_hand() -> None:
    learn, choose, order, receive = hand().stages
    # anna, boris, clara open; anna, boris, clara, dina visit; anna, eva order; anna has her goods
    assert [stage.reached for stage in (learn, choose, order, receive)] == [3, 4, 2, 1]
    # boris ends with opening, clara and dina with a visit, eva with an order, anna with her goods
    assert [stage.ended for stage in (learn, choose, order, receive)] == [1, 2, 1, 1]
    assert choose.share.value == pytest.approx(4 / 5)
    assert choose.drop_out.value == pytest.approx(2 / 4)
    assert receive.drop_out.value == 1


def test_transitions_by_hand() -> None:
    found = {(one.source, one.target): one for one in hand().transitions}
    assert {pair: one.steps for pair, one in found.items()} == {(0, 1): 2, (1, 2): 1, (2, 3): 1, (1, 0): 1}
    assert [pair for pair, one in found.items() if not one.intended] == [(1, 0)]
    # From the first of two openings on: anna 3 days, clara 10.
    assert found[0, 1].days.value == pytest.approx(6.5)
    # Of the two steps from a visit one leads to an order.
    assert found[1, 2].share.value == pytest.approx(1 / 2)
    assert found[0, 1].customers == 2


def test_a_row_belongs_to_the_first_stage_that_takes_it() -> None:
    both = (*STAGES, (EventRule("touches", {}),))
    found = measure_journey(request(canonical(HAND)), both, INTENDED)
    # What is left for the last stage is clara's call.
    assert [stage.reached for stage in found.stages] == [3, 4, 2, 1, 1]


def test_events_of_one_moment_follow_the_order_of_tables() -> None:
    rows = {
        "touches": [touch(1, "anna", "2026-07-04", "visit")],
        "orders": [{"order_id": "a", "customer_id": "anna", "ordered_at": "2026-07-04", "status": "completed"}],
    }
    (only,) = measure_journey(request(canonical(rows)), STAGES, INTENDED).transitions
    assert (only.source, only.target, only.days.value) == (1, 2, 0)


def test_a_period_without_events() -> None:
    found = measure_journey(request(canonical(HAND), date(2020, 1, 1), date(2020, 2, 1)), STAGES, INTENDED)
    assert (found.customers, found.steps, found.transitions, found.missing_share) == (0, 0, (), None)
    assert found.conformance.value is found.fitness.value is found.stages[0].share.value is None


def test_feelings_are_the_mean_of_grades_on_the_scale() -> None:
    def answer(number: int, score: float | None, **other: Any) -> dict[str, Any]:
        return {"answer_id": f"a{number}", "instrument": "feelings", "question": "experience", "score": score, "at": "2026-07-03", **other}  # fmt: skip

    rows = {
        "answers": [
            answer(1, 5), answer(2, 2), answer(3, 2), answer(4, 9), answer(5, None), answer(6, 1, question="expectation"),
            answer(7, 4, instrument="csi", question="delivery", channel="email"), answer(8, 1, at="2026-10-01"),
            answer(9, 2, instrument="csi", question="delivery", channel="app"),
        ]
    }  # fmt: skip
    rules = {
        0: FeelingRule("feelings", "experience", {}),
        3: FeelingRule("csi", "delivery", {"channel": ("email",)}),
        4: FeelingRule("csi", "price", {}),
    }
    found = felt(request(canonical(rows)), rules)
    assert (found[0].mean.value, found[0].n) == (pytest.approx(3), 3)
    # Student's interval of 5, 2, 2: 3 ± 4.3027 · √3 / √3 reaches past the scale and is cut there.
    assert (found[0].mean.lower, found[0].mean.upper) == (1, 5)
    assert (found[3].mean.value, found[3].n) == (4, 1)
    assert (found[4].mean.value, found[4].n) == (None, 0)


Event = tuple[str, int, int]


def walked(trace: Iterable[Event]) -> Mapping[str, list[tuple[int, int]]]:
    """The path of each customer as pairs of day and stage, by plain lists."""
    paths: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for customer, day, stage in sorted(trace, key=lambda one: (one[0], one[1], one[2])):
        if not paths[customer] or paths[customer][-1][1] != stage:
            paths[customer].append((day, stage))
    return paths


@settings(max_examples=10)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(0, 60), st.integers(0, 2)),
        max_size=30,
        unique_by=lambda one: one[:2],
    )
)
def test_measures_are_those_of_plain_lists(trace: list[Event]) -> None:
    kinds = ("opened", "visit", "call")
    start = datetime.fromisoformat("2026-07-01")
    rows = {
        "touches": [
            touch(number, customer, (start + timedelta(days=day)).isoformat(), kinds[stage])
            for number, (customer, day, stage) in enumerate(trace)
        ]
    }
    stages = [(EventRule("touches", {"kind": (kind,)}),) for kind in kinds]
    intended = {(0, 1), (1, 2), (2, 0)}
    found = measure_journey(request(canonical(rows)), stages, intended)
    paths = walked(trace)
    pairs = {customer: list(pairwise(path)) for customer, path in paths.items()}
    made = [(one[1], other[1], other[0] - one[0]) for its in pairs.values() for one, other in its]
    walkers = [its for its in pairs.values() if its]
    assert (found.customers, found.walkers, found.steps) == (len(paths), len(walkers), len(made))
    if walkers:
        right = [all((one[1], other[1]) in intended for one, other in its) for its in walkers]
        assert found.conformance.value == pytest.approx(sum(right) / len(right))
        assert found.fitness.value == pytest.approx(sum(step[:2] in intended for step in made) / len(made))
    for stage, measured in enumerate(found.stages):
        assert measured.reached == sum(any(at == stage for _, at in path) for path in paths.values())
        assert measured.ended == sum(path[-1][1] == stage for path in paths.values())
    assert sum(measured.ended for measured in found.stages) == found.customers
    for one in found.transitions:
        days = [step[2] for step in made if step[:2] == (one.source, one.target)]
        assert one.steps == len(days)
        assert one.days.value == pytest.approx(median(days))
        assert one.intended == ((one.source, one.target) in intended)
    assert len(found.transitions) == len({step[:2] for step in made})


@pytest.mark.spark
def test_paths_are_the_same_on_both_engines(spark_session: Any, tmp_path: Path) -> None:
    arrow = arrow_tables(company())
    rules = [
        (EventRule("touches", {"online": (True,)}), EventRule("calls", {})),
        (EventRule("orders", {}),),
        (EventRule("deliveries", {}),),
        (EventRule("answers", {}), EventRule("complaints", {}), EventRule("deals", {})),
    ]
    intended = {(0, 1), (1, 2)}
    told: list[tuple[pd.DataFrame, pd.DataFrame, JourneyMeasures]] = []
    for tables in (in_duckdb(arrow), in_spark(spark_session, arrow, tmp_path)):
        asked = request(tables, date(2024, 2, 1), date(2025, 1, 1))
        path = steps(events(asked, rules))
        pairs = by_transition(path, 4).to_pandas().sort_values("code", ignore_index=True)
        told.append((pairs, by_customers(path, 4, intended).to_pandas(), measure_journey(asked, rules, intended)))
    here, there = told
    assert here[2].steps > 50
    pd.testing.assert_frame_equal(here[0], there[0], rtol=1e-9, check_dtype=False)
    pd.testing.assert_frame_equal(here[1], there[1], rtol=1e-9, check_dtype=False)
    assert here[2].conformance == there[2].conformance
    assert [one.days for one in here[2].transitions] == [one.days for one in there[2].transitions]
