"""Contributions that add up, and the way down to the rows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.schema import Text
from septima.scorecard import ckpi, rescale
from septima.scorecard.explanation import contributions

ids = st.sampled_from("abcdefg")
inputs = st.dictionaries(ids, st.tuples(st.floats(-100, 100), st.floats(0.1, 5)), min_size=1, max_size=7)
NAMES = {key: Text(key, key) for key in "abcdefg"}


def test_contributions_by_hand() -> None:
    # Before: (1·0.5 + 1·0.2) / 2 = 0.35; after: (1.5·0.6 + 0.5·0.2) / 2 = 0.5.
    a, b = contributions({"a": 0.6, "b": 0.2}, {"a": 1.5, "b": 0.5}, {"a": 0.5, "b": 0.2}, {"a": 1.0, "b": 1.0}, NAMES)
    assert (a.contribution, b.contribution) == (pytest.approx(0.45), pytest.approx(0.05))
    # a: value 0.1·(0.75 + 0.5)/2 = 0.0625, weight 0.25·(0.6 + 0.5)/2 = 0.1375; b: weight −0.25·0.2 = −0.05.
    assert (a.change_by_value, a.change_by_weight) == (pytest.approx(0.0625), pytest.approx(0.1375))
    assert (b.change_by_value, b.change_by_weight) == (0, pytest.approx(-0.05))


@given(inputs, inputs)
def test_contributions_add_up_to_the_composite_and_its_change(
    now: dict[str, tuple[float, float]], before: dict[str, tuple[float, float]]
) -> None:
    values, weights = {k: v for k, (v, _) in now.items()}, rescale({k: w for k, (_, w) in now.items()})
    past, past_weights = {k: v for k, (v, _) in before.items()}, rescale({k: w for k, (_, w) in before.items()})
    found = contributions(values, weights, past, past_weights, NAMES)
    assert {part.id for part in found} == now.keys() | before.keys()
    total = sum(part.contribution or 0.0 for part in found)
    assert total == pytest.approx(ckpi(values, weights), abs=1e-9)
    change = sum((part.change_by_value or 0.0) + (part.change_by_weight or 0.0) for part in found)
    assert change == pytest.approx(ckpi(values, weights) - ckpi(past, past_weights), abs=1e-9)


def test_an_undefined_input_has_no_contribution_and_no_change() -> None:
    a, b = contributions({"a": None, "b": 1.0}, {"a": 1, "b": 1}, {"a": 2.0, "b": None}, {"a": 1, "b": 1}, NAMES)
    assert (a.contribution, a.change_by_value, a.change_by_weight) == (None, None, None)
    assert (b.contribution, b.change_by_value, b.change_by_weight) == (0.5, None, None)
