"""Every way to 0–100, in every direction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.scorecard.normalise import (
    NORMALISATIONS,
    Rule,
    Thresholds,
    Utility,
    achievement,
    enter,
    missing_for,
    normalise,
    turns,
)


def scores(rule: Rule, values: list[float], history: list[float] | None = None) -> list[float]:
    past = None if history is None else np.array(history)
    return normalise(np.array(values), rule, past).tolist()


def test_by_target_more_is_better() -> None:
    assert scores(Rule("target", "more", target=0.4), [0.2, 0.4, 0.8, -0.1]) == pytest.approx([50, 100, 100, 0])


def test_by_target_less_is_better() -> None:
    assert scores(Rule("target", "less", target=20), [40, 20, 10, 0]) == pytest.approx([50, 100, 100, 100])


def test_by_target_nearest_is_best() -> None:
    rule = Rule("target", "target", target=10)
    assert scores(rule, [10, 8, 12, 30]) == pytest.approx([100, 80, 80, 0])


def test_min_max_in_each_direction() -> None:
    assert scores(Rule("min_max", "more", worst=-1, best=1), [-1, 0, 0.4, 1, 3]) == pytest.approx([0, 50, 70, 100, 100])
    assert scores(Rule("min_max", "less", worst=0.2, best=0), [0.2, 0.05, 0, 0.5]) == pytest.approx([0, 75, 100, 0])
    nearest = Rule("min_max", "target", target=10, worst=15)
    assert scores(nearest, [10, 9, 11, 4, 15]) == pytest.approx([100, 80, 80, 0, 0])


def test_piecewise_in_each_direction() -> None:
    rising = Rule("piecewise", "more", thresholds=Thresholds(0, 30, 50))
    assert scores(rising, [-5, 0, 15, 30, 40, 50, 90]) == pytest.approx([0, 0, 25, 50, 75, 100, 100])
    falling = Rule("piecewise", "less", thresholds=Thresholds(10, 4, 2))
    assert scores(falling, [12, 10, 7, 4, 3, 1]) == pytest.approx([0, 0, 25, 50, 75, 100])
    distance = Rule("piecewise", "target", target=100, thresholds=Thresholds(20, 10, 0))
    assert scores(distance, [100, 95, 110, 115, 80]) == pytest.approx([100, 75, 50, 25, 0])


def test_z_score_compares_with_earlier_periods() -> None:
    # Mean 4, sample deviation 2.
    past = [2.0, 4.0, 6.0]
    assert scores(Rule("z_score", "more"), [4, 6, 0, 100], past) == pytest.approx([50, 60, 30, 100])
    assert scores(Rule("z_score", "less"), [4, 6], past) == pytest.approx([50, 40])


def test_z_score_by_nearness_to_a_target() -> None:
    # Distances of the past: 1, 2, 3; mean 2, deviation 1; the value is 0 away.
    assert scores(Rule("z_score", "target", target=10), [10], [9, 12, 13]) == pytest.approx([70])


@pytest.mark.parametrize("past", [[], [1.0, 2.0], [3.0, 3.0, 3.0, 3.0], [0.1 + 0.2, 0.3, 0.3]])
def test_z_score_without_a_yardstick_is_undefined(past: list[float]) -> None:
    assert np.isnan(scores(Rule("z_score", "more"), [4], past)).all()


RULES = st.builds(
    Rule,
    st.sampled_from(NORMALISATIONS),
    st.sampled_from(["more", "less", "target"]),
    target=st.floats(0.01, 1e6),
    worst=st.just(-3.0),
    best=st.just(7.0),
    thresholds=st.just(Thresholds(1, 2, 3)),
    utility=st.sampled_from([Utility(((-2, 0), (1, 80), (9, 20))), Utility(((0, 100), (1, 40), (5, 0)), "smooth")]),
)


@given(RULES, st.lists(st.floats(-1e9, 1e9), min_size=1), st.lists(st.floats(-1e6, 1e6), max_size=8))
def test_a_normalised_value_is_within_0_and_100_or_undefined(
    rule: Rule, values: list[float], history: list[float]
) -> None:
    found = normalise(np.array(values), rule, np.array(history))
    assert found.shape == (len(values),)
    defined = found[~np.isnan(found)]
    assert ((defined >= 0) & (defined <= 100)).all()
    assert rule.method == "z_score" or defined.size == len(values)


@given(RULES)
def test_an_undefined_value_stays_undefined(rule: Rule) -> None:
    assert np.isnan(normalise(np.array([np.nan]), rule, np.array([1.0, 2.0, 4.0]))).all()


def test_achievement_is_the_share_of_the_target_reached() -> None:
    values = np.array([50.0, 100.0, 150.0])
    assert achievement(values, "more", 100).tolist() == pytest.approx([0.5, 1, 1.5])
    assert achievement(values, "less", 100).tolist() == pytest.approx([2, 1, 2 / 3])
    assert achievement(values, "target", 100).tolist() == pytest.approx([0.5, 1, 0.5])


def test_achievement_of_less_is_cut_at_twice_the_target() -> None:
    assert achievement(np.array([10.0, 0.0, -3.0]), "less", 100).tolist() == [2, 2, 2]


@pytest.mark.parametrize(("direction", "target"), [("more", 0), ("more", -1), ("less", 0), ("target", 0)])
def test_achievement_of_a_target_without_a_scale_is_refused(direction: str, target: float) -> None:
    with pytest.raises(ValueError, match="target above 0"):
        achievement(np.array([1.0]), direction, target)  # type: ignore[arg-type]


def test_what_enters_the_composite() -> None:
    values = np.array([0.05])
    assert enter(values, "value", "more", None).tolist() == [0.05]
    assert enter(values, "complement", "less", None).tolist() == [0.95]
    assert enter(values, "achievement", "less", 0.04).tolist() == pytest.approx([0.8])


def test_a_rule_knows_what_it_lacks() -> None:
    assert missing_for(Rule("target", "more")) == ("target",)
    assert missing_for(Rule("min_max", "more", worst=0)) == ("best",)
    assert missing_for(Rule("min_max", "target")) == ("target", "worst")
    assert missing_for(Rule("piecewise", "less")) == ("thresholds",)
    assert missing_for(Rule("z_score", "less")) == ()
    with pytest.raises(ValueError, match="needs best"):
        normalise(np.array([1.0]), Rule("min_max", "more", worst=0))


def test_a_curve_of_utility_goes_straight_through_its_points() -> None:
    rule = Rule("utility", "more", utility=Utility(((0.5, 0), (0.8, 70), (1.0, 100))))
    assert scores(rule, [0.2, 0.5, 0.65, 0.8, 0.9, 1.0, 1.4]) == pytest.approx([0, 0, 35, 70, 85, 100, 100])
    hill = Rule("utility", "target", utility=Utility(((0, 0), (10, 100), (14, 20))))
    assert scores(hill, [5, 10, 12, 20]) == pytest.approx([50, 100, 60, 20])


def test_a_smooth_curve_has_the_slopes_of_fritsch_and_butland() -> None:
    # Through (0, 0), (1, 20), (3, 100) the slopes of the pieces are 20 and 40; the slope at the middle is their weighted harmonic
    # mean, with weights 2·2 + 1 and 2 + 2·1: (5 + 4) / (5/20 + 4/40).
    middle = (5 + 4) / (5 / 20 + 4 / 40)
    # At the ends: the three-point formula, ((2·h0 + h1)·d0 − h0·d1) / (h0 + h1).
    first, last = ((2 + 2) * 20 - 40) / 3, ((4 + 1) * 40 - 2 * 20) / 3

    def hermite(t: float, width: float, y0: float, y1: float, m0: float, m1: float) -> float:
        return (
            (2 * t**3 - 3 * t**2 + 1) * y0
            + (t**3 - 2 * t**2 + t) * width * m0
            + (-2 * t**3 + 3 * t**2) * y1
            + (t**3 - t**2) * width * m1
        )

    rule = Rule("utility", "more", utility=Utility(((0, 0), (1, 20), (3, 100)), "smooth"))
    expected = [hermite(0.5, 1, 0, 20, first, middle), hermite(0.25, 2, 20, 100, middle, last), 0, 20, 100, 0, 100]
    assert scores(rule, [0.5, 1.5, 0, 1, 3, -5, 9]) == pytest.approx(expected)


@given(
    st.lists(st.floats(-100, 100), min_size=2, max_size=6, unique_by=lambda value: round(value, 2)),
    st.lists(st.floats(0, 100), min_size=6, max_size=6),
    st.floats(-200, 200),
)
def test_a_smooth_curve_never_overshoots_the_points_beside_it(
    values: list[float], given_scores: list[float], at: float
) -> None:
    points = tuple(zip(sorted(values), given_scores, strict=False))
    (found,) = scores(Rule("utility", "more", utility=Utility(points, "smooth")), [at])
    left = max((point for point in points if point[0] <= at), default=points[0])
    right = min((point for point in points if point[0] >= at), default=points[-1])
    assert min(left[1], right[1]) - 1e-6 <= found <= max(left[1], right[1]) + 1e-6


def test_a_curve_that_goes_up_and_down_turns() -> None:
    assert turns(Rule("utility", "more", utility=Utility(((0, 0), (1, 100), (2, 0)))))
    assert not turns(Rule("utility", "less", utility=Utility(((0, 100), (1, 40), (2, 40)))))
    assert turns(Rule("min_max", "target", target=1, worst=2))
    assert missing_for(Rule("utility", "target")) == ("utility",)
