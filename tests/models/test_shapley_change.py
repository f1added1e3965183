"""Exact contributions against brute force over permutations, closed forms and the axioms."""

from collections.abc import Callable, Sequence
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.models.shapley_change import cofactors, of_mean, of_product, shapley, terms

Worth = Callable[[frozenset[int]], float]


def _brute(worth: Worth, players: int) -> list[float]:
    """The mean of what each player brings over all orders, by going through them."""
    found = [0.0] * players
    orders = list(permutations(range(players)))
    for order in orders:
        here: frozenset[int] = frozenset()
        for player in order:
            found[player] += worth(here | {player}) - worth(here)
            here = here | {player}
    return [one / len(orders) for one in found]


def _coalitions(worth: Worth, players: int) -> np.ndarray:
    return np.array([worth(frozenset(p for p in range(players) if number >> p & 1)) for number in range(1 << players)])


def test_the_glove_game_of_shapley() -> None:
    # One has a left glove, two have a right one; a pair is worth 1: 2/3, 1/6, 1/6 (a textbook example).
    found = shapley(_coalitions(lambda s: float(0 in s and len(s) > 1), 3))
    assert found == pytest.approx([2 / 3, 1 / 6, 1 / 6])


@given(st.lists(st.floats(-10, 10), min_size=16, max_size=16))
def test_any_game_of_four_is_what_all_orders_give(worths: list[float]) -> None:
    found = shapley(np.array(worths))
    brute = _brute(lambda s: worths[sum(1 << p for p in s)], 4)
    assert found == pytest.approx(brute, abs=1e-9)
    assert found.sum() == pytest.approx(worths[-1] - worths[0], abs=1e-9)


def test_a_dummy_brings_nothing_and_equals_bring_the_same() -> None:
    found = shapley(_coalitions(lambda s: float(len(s & {0, 1}) ** 2), 3))
    assert found == pytest.approx([2, 2, 0])


def test_a_game_without_a_power_of_two_or_with_too_many_players_is_refused() -> None:
    with pytest.raises(ValueError, match="2ⁿ"):
        shapley(np.zeros(6))
    with pytest.raises(ValueError, match="join players"):
        shapley(np.zeros(1 << 21))


def test_two_factors_split_evenly() -> None:
    # 2·3 = 6 becomes 4·5 = 20: by the first 2·(3 + 5)/2 = 8, by the second 2·(2 + 4)/2 = 6.
    first, second = of_product((np.array(2.0), np.array(4.0)), (np.array(3.0), np.array(5.0)))
    assert (first, second) == (8, 6)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.floats(0.2, 5), st.floats(0.2, 5)), min_size=1, max_size=6))
def test_steps_of_factors_are_what_all_orders_give(pairs: list[tuple[float, float]]) -> None:
    before, now = (np.array(side) for side in zip(*pairs, strict=True))
    brute = _brute(lambda s: float(np.prod([pair[p in s] for p, pair in enumerate(pairs)])), len(pairs))
    found = (now - before) * cofactors(before, now)
    assert found == pytest.approx(brute, rel=1e-9, abs=1e-9)


def test_three_hundred_factors_still_add_up() -> None:
    random = np.random.default_rng(3)
    before, now = random.uniform(0.98, 1.02, (2, 300))
    found = (now - before) * cofactors(before, now)
    assert found.sum() == pytest.approx(now.prod() - before.prod(), abs=1e-12)


def _values(inputs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    shares = random.dirichlet(np.ones(inputs), 2)
    return random.uniform(1, 100, (2, 2, inputs)), shares


def _worth(values: np.ndarray, shares: np.ndarray, over: Sequence[int], *, geometric: bool) -> float:
    """A mean with each input's value, weight and scale from the period that the bits of `over` say."""
    total = 1.0 if geometric else 0.0
    for place, bits in enumerate(over):
        value, share = values[bits >> 2 & 1, bits & 1, place], shares[bits >> 1 & 1, place]
        total = total * value**share if geometric else total + value * share
    return total


@pytest.mark.parametrize("geometric", [False, True])
def test_a_mean_by_levels_is_what_orders_of_whole_inputs_give(geometric: bool) -> None:
    values, shares = _values(3, 5)
    found = of_mean(values, shares, geometric=geometric)
    expected = np.zeros((3, 3))
    outer, inner = list(permutations(range(3))), list(permutations(range(3)))
    # An input's three players stand next to each other in every order (Owen, 1977): its place, then theirs.
    for order in outer:
        for own in inner:
            over = [0, 0, 0]
            for place in order:
                for player in own:
                    before = _worth(values, shares, over, geometric=geometric)
                    over[place] |= 1 << player
                    expected[player, place] += _worth(values, shares, over, geometric=geometric) - before
    assert found == pytest.approx(expected / (len(outer) * len(inner)), rel=1e-9)
    assert found.sum() == pytest.approx(
        _worth(values, shares, [7] * 3, geometric=geometric) - _worth(values, shares, [0] * 3, geometric=geometric)
    )


def test_terms_stand_by_the_bits_of_their_coalition() -> None:
    values = np.array([[[1.0], [2.0]], [[10.0], [20.0]]])  # scale × value
    found = terms(values, np.array([[0.5], [1.0]]), geometric=False)[:, 0]
    assert list(found) == [0.5, 1, 1, 2, 5, 10, 10, 20]
