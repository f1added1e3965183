"""What an index depends on, against closed forms, brute force and hand counts."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.scorecard.card import Figure, Scorecard
from septima.scorecard.definition import ScorecardDefinition
from septima.scorecard.sensitivity import Factor, Sensitivity, SensitivityError, sensitivity, weight_bounds
from septima.scorecard.simulate import NORMAL_95, ErrorCorrelation

from .stand_ins import METRICS, card_of, definition_of, history

PASSPORTS = {name: made.passport for name, made in METRICS.items()}
SUPPORT = """
normalisation: min_max
perspectives:
  - id: customer_support
    kpis:
      - {id: cli, weight: 1.2, target: 0.7, worst: 0, best: 1}
      - {id: nps, weight: 1.0, target: 0.7, worst: -1, best: 1}
      - {id: cci, weight: 0.8, target: 0.1, worst: -1, best: 1}
"""
THREE = """
normalisation: min_max
perspectives:
  - id: customer_support
    weight: 1
    kpis: [{id: cli, target: 0.7, worst: 0, best: 1}]
  - id: marketing
    kpis: [{id: nps, target: 0.7, worst: 0, best: 1}]
  - id: sales
    kpis: [{id: open_rate, target: 0.3, worst: 0, best: 1}]
"""


def around(value: float, deviation: float) -> Figure:
    return Figure(value, value - NORMAL_95 * deviation, value + NORMAL_95 * deviation)


def support() -> tuple[ScorecardDefinition, Scorecard]:
    definition = definition_of(SUPPORT)
    card = card_of(
        definition,
        cli=history(0.6, around(0.7, 0.03)),
        nps=history(0.3, around(0.4, 0.02)),
        cci=history(0.2, around(0.1, 0.01)),
    )
    return definition, card


def found(of: str = "customer_support", share: float = 0.25, **given_options: object) -> Sensitivity:
    definition, card = support()
    return sensitivity(card, definition, PASSPORTS, of, weight_share=share, **given_options)  # type: ignore[arg-type]


def totals(factors: tuple[Factor, ...]) -> dict[str, float]:
    return {f"{factor.kind} {factor.id}": factor.total.value or 0.0 for factor in factors}


def test_with_weights_that_hold_an_additive_index_splits_its_variance_as_by_the_closed_form() -> None:
    # Var(Σ A·x / 3) with deviations 0.03, 0.02, 0.01: shares (A·σ)² of their sum.
    parts = np.array([1.2 * 0.03, 1.0 * 0.02, 0.8 * 0.01]) ** 2
    shown = found(share=0.0).printed
    by_id = totals(shown.single)
    expected = dict(zip(("error cli", "error nps", "error cci"), parts / parts.sum(), strict=True))
    assert {key: by_id[key] for key in expected} == pytest.approx(expected, abs=0.01)
    assert totals(shown.kinds) == pytest.approx(
        {"weights weights": 0, "normalisation normalisation": 0, "aggregation aggregation": 0, "errors errors": 1},
        abs=0.01,
    )
    deviation = float(np.sqrt(parts.sum())) / 3
    middle = (1.2 * 0.7 + 0.4 + 0.8 * 0.1) / 3
    assert shown.value == pytest.approx(middle)
    assert shown.by_weights == pytest.approx((middle, middle))
    assert shown.by_all == pytest.approx((middle - NORMAL_95 * deviation, middle + NORMAL_95 * deviation), abs=3e-4)


def test_without_errors_everything_is_due_to_weights_and_methods() -> None:
    definition = definition_of(SUPPORT)
    card = card_of(definition, cli=history(0.6, 0.7), nps=history(0.3, 0.4), cci=history(0.2, 0.1))
    exact = sensitivity(card, definition, PASSPORTS, "customer_support")
    assert totals(exact.printed.kinds)["weights weights"] == pytest.approx(1, abs=0.03)
    assert totals(exact.printed.kinds)["errors errors"] == 0
    # The methods that these KPIs give enough for, but for their own: the achievement of the target.
    assert exact.methods == ("target",)


def corners(values: list[float], weights: list[float], share: float) -> tuple[float, float]:
    means = [
        sum(w * (1 + share * s) * x for w, s, x in zip(weights, signs, values, strict=True))
        / sum(w * (1 + share * s) for w, s in zip(weights, signs, strict=True))
        for signs in product((-1, 1), repeat=len(values))
    ]
    return min(means), max(means)


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.floats(0.1, 3)), min_size=1, max_size=7),
    st.floats(0, 0.95),
)
def test_bounds_by_weights_are_those_of_all_corners(pairs: list[tuple[float, float]], share: float) -> None:
    values, weights = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    least, greatest = weight_bounds(np.array(values), np.array(weights), share)
    assert (least, greatest) == pytest.approx(corners(values, weights, share), abs=1e-9)


def test_bounds_of_the_whole_are_those_of_the_corners_of_both_levels() -> None:
    shown = found("integral").printed  # one perspective, so that its own weight cannot move anything
    assert shown.by_weights == pytest.approx(corners([0.7, 0.4, 0.1], [1.2, 1.0, 0.8], 0.25))
    normalised = found("customer_support").normalised
    assert normalised is not None
    assert normalised.value == pytest.approx((1.2 * 70 + 70 + 0.8 * 55) / 3)
    assert normalised.by_weights == pytest.approx(corners([70, 70, 55], [1.2, 1.0, 0.8], 0.25))


def test_places_move_where_composites_are_close_and_hold_where_they_are_far() -> None:
    definition = definition_of(THREE)
    card = card_of(
        definition,
        cli=history(0.3, around(0.50, 0.02)),
        nps=history(0.3, around(0.51, 0.02)),
        open_rate=history(0.1, around(0.05, 0.001)),
    )
    shown = sensitivity(card, definition, PASSPORTS)
    assert [(place.id, place.rank) for place in shown.perspectives] == [
        ("customer_support", 2),
        ("marketing", 1),
        ("sales", 3),
    ]
    by_id = {place.id: place for place in shown.perspectives}
    assert (by_id["sales"].lower, by_id["sales"].upper, by_id["sales"].changes) == (3, 3, 0.0)
    assert (by_id["marketing"].lower, by_id["marketing"].upper) == (1, 2)
    assert shown.period_place is not None
    assert (shown.period_place.rank, shown.period_place.upper, shown.period_place.among) == (1, 1, 2)


def test_how_often_a_place_changes_is_the_chance_that_a_difference_changes_its_sign() -> None:
    # A KPI that gives its bounds alone has no other normalisation, and aggregation is nothing of one KPI.
    text = THREE.replace("target: 0.7, ", "").replace("target: 0.3, ", "")
    definition = definition_of(text)
    card = card_of(
        definition,
        cli=history(0.3, around(0.50, 0.02)),
        nps=history(0.3, around(0.52, 0.02)),
        open_rate=history(0.1, around(0.05, 0.001)),
    )
    shown = sensitivity(card, definition, PASSPORTS)
    assert shown.methods == ()
    # P(N(0.02, 0.02·√2) < 0) = Φ(−1/√2) = 0.2398.
    assert shown.perspectives[0].changes == pytest.approx(0.2398, abs=0.01)
    assert totals(shown.perspective_kinds)["errors errors"] == pytest.approx(1, abs=0.02)


def test_errors_that_are_one_widen_the_outcome_as_by_their_sum() -> None:
    definition = definition_of(SUPPORT)
    card = card_of(
        definition,
        cli=history(0.6, around(0.7, 0.02)),
        nps=history(0.3, around(0.4, 0.02)),
        cci=history(0.2, 0.1),
    )
    alike = ErrorCorrelation(("cli", "nps"), np.ones((2, 2)))
    shown = sensitivity(card, definition, PASSPORTS, "customer_support", weight_share=0.0, correlation=alike)
    deviation = (1.2 + 1.0) * 0.02 / 3
    low, high = shown.printed.by_all
    assert (high - low) / 2 == pytest.approx(NORMAL_95 * deviation, rel=0.02)
    assert shown.correlated
    assert all(factor.kind == "weight" for factor in shown.printed.single)


def test_the_same_seed_gives_the_same_answer() -> None:
    assert found() == found()


@pytest.mark.parametrize("share", [-0.1, 1.0, 2.0])
def test_a_share_of_weights_that_cannot_be_is_refused(share: float) -> None:
    with pytest.raises(SensitivityError, match="from 0 to below 1, such as 25%"):
        found(share=share)


def test_what_is_unknown_or_undefined_is_told_with_what_can_be_asked() -> None:
    with pytest.raises(SensitivityError, match="no composite 'suport'; there are: integral, customer_support"):
        found("suport")
    definition = definition_of(THREE)
    card = card_of(definition, cli=history(0.3, 0.5), nps=history(0.3, 0.5), open_rate=history(0.1, None))
    with pytest.raises(SensitivityError, match=r"integral of 2026-Q3 is undefined.*--of: customer_support, marketing"):
        sensitivity(card, definition, PASSPORTS)
    assert sensitivity(card, definition, PASSPORTS, "marketing").printed.value == 0.5
