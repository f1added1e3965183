"""Variance-based indices against closed forms."""

import numpy as np
import pytest
from numpy.typing import NDArray

from septima.models.sobol import indices_by_group

FloatArray = NDArray[np.float64]


def ishigami(inputs: FloatArray) -> FloatArray:
    x = np.pi * (2 * inputs - 1)
    return (np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0]))[None]


def test_the_function_of_ishigami_and_homma_has_its_closed_form_indices() -> None:
    # V1 = (1 + b·π⁴/5)²/2, V2 = a²/8, V13 = b²·π⁸·8/225 with a = 7, b = 0.1 (Ishigami & Homma, 1990).
    one, two, joint = 0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 7**2 / 8, 0.01 * np.pi**8 * 8 / 225
    whole = one + two + joint
    (found,) = indices_by_group(ishigami, 3, [[0], [1], [2]], samples=2**14)
    assert found.first == pytest.approx([one / whole, two / whole, 0.0], abs=0.01)
    assert found.total == pytest.approx([(one + joint) / whole, two / whole, joint / whole], abs=0.01)
    assert found.variance == pytest.approx(whole, rel=0.01)
    for value, lower, upper in zip(found.total, found.total_lower, found.total_upper, strict=True):
        assert lower < value < upper


def test_a_group_has_what_its_inputs_do_together() -> None:
    (found,) = indices_by_group(ishigami, 3, [[0, 2], [1]], samples=2**13)
    # Inputs 1 and 3 interact with each other alone, so as a group they have no interaction left.
    assert found.first == pytest.approx(found.total, abs=0.02)
    assert found.first.sum() == pytest.approx(1, abs=0.02)


def test_an_additive_model_has_the_shares_of_its_variances() -> None:
    scale = np.array([1.0, 2.0, 3.0, 0.0])
    (found,) = indices_by_group(lambda inputs: (scale @ inputs)[None], 4, [[0], [1], [2], [3]], samples=2**12)
    expected = scale**2 / (scale**2).sum()  # the variance of a·U is a²/12
    assert found.first == pytest.approx(expected, abs=0.01)
    assert found.total == pytest.approx(expected, abs=0.01)


def test_each_output_has_its_own_indices_and_a_constant_one_has_none() -> None:
    found = indices_by_group(
        lambda inputs: np.stack([inputs[0], inputs[1], np.ones(inputs.shape[1])]), 2, [[0], [1]], samples=256
    )
    assert found[0].total == pytest.approx([1, 0], abs=0.02)
    assert found[1].total == pytest.approx([0, 1], abs=0.02)
    assert found[2].total.tolist() == [0, 0]
    assert found[2].variance == 0


def test_the_same_seed_gives_the_same_indices() -> None:
    once, again = (indices_by_group(ishigami, 3, [[0], [1], [2]], samples=256, seed=5)[0] for _ in range(2))
    assert once.total.tolist() == again.total.tolist()
    assert once.first_lower.tolist() == again.first_lower.tolist()


def test_an_outcome_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        indices_by_group(lambda inputs: np.full((1, inputs.shape[1]), np.inf), 1, [[0]], samples=64)


def test_one_group_alone_has_the_whole_variance_and_no_group_has_none() -> None:
    (found,) = indices_by_group(lambda inputs: inputs.sum(axis=0)[None], 2, [[0, 1]], samples=512)
    assert found.first == pytest.approx([1], abs=0.05)
    assert found.total == pytest.approx([1], abs=0.05)
    (nothing,) = indices_by_group(lambda inputs: inputs[:1], 1, [], samples=64)
    assert nothing.first.tolist() == []
