"""The axioms of the Shapley value, games solved by hand and sampled values against exact ones."""

from decimal import Decimal
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from septima.models.attribution import AttributionError, shapley
from septima.models.attribution.shapley import shapley_values, subset_sums


def game(random: np.random.Generator, players: int) -> np.ndarray:
    worth = random.normal(size=(1 << players, 1))
    worth[0] = 0
    return worth


def test_three_players_by_hand() -> None:
    # Alone a is worth 6, b 12, c 42; a and b 18, a and c 48, b and c 72; all 96 (the airport of three runways, turned).
    worth = np.array([0, 6, 12, 18, 42, 48, 72, 96], float)[:, None]
    a = (6 + 6 + (18 - 12) + (96 - 72) + (48 - 42) + (96 - 72)) / 6
    b = ((18 - 6) + (96 - 48) + 12 + 12 + (96 - 48) + (72 - 42)) / 6
    assert shapley_values(worth)[:, 0] == pytest.approx([a, b, 96 - a - b])


@pytest.mark.parametrize("players", [1, 2, 4, 6])
def test_value_is_the_mean_over_all_orders_of_joining(players: int) -> None:
    worth = game(np.random.default_rng(players), players)
    joined = np.zeros(players)
    orders = list(permutations(range(players)))
    for order in orders:
        mask = 0
        for player in order:
            joined[player] += worth[mask | 1 << player, 0] - worth[mask, 0]
            mask |= 1 << player
    assert shapley_values(worth)[:, 0] == pytest.approx(joined / len(orders))


def test_efficiency_symmetry_null_player_and_additivity() -> None:
    random = np.random.default_rng(3)
    worth = game(random, 5)
    assert shapley_values(worth).sum() == pytest.approx(worth[-1, 0])
    masks = np.arange(32)
    swapped = (masks & ~0b11) | ((masks & 1) << 1) | ((masks >> 1) & 1)
    alike = (worth + worth[swapped]) / 2  # players 0 and 1 may change places
    assert shapley_values(alike)[0, 0] == pytest.approx(shapley_values(alike)[1, 0])
    without = worth[masks & ~0b100]  # player 2 adds nothing to anybody
    assert shapley_values(without)[2, 0] == pytest.approx(0)
    other = game(random, 5)
    assert shapley_values(worth + other) == pytest.approx(shapley_values(worth) + shapley_values(other))


def test_sums_over_subsets_by_hand() -> None:
    # Alone 1 and 2 paths, both together 4, no channel 8.
    sums = subset_sums(np.array([1, 2, 3, 0]), np.array([[1.0], [2.0], [4.0], [8.0]]), 2)
    assert sums[:, 0].tolist() == [8, 9, 10, 15]


def test_conversions_of_a_coalition_are_shared_equally() -> None:
    # 10 came by a alone, 6 by a and b, 9 by all three: a 10 + 3 + 3, b 3 + 3, c 3.
    coalitions = pd.DataFrame(
        {"channels": ["a", ["b", "a"], "a > b > c"], "conversions": [10, 6, 9], "value": ["10.00", "6.00", "100.00"]}
    )
    found = shapley(coalitions)
    assert found.conversions is not None
    assert found.value is not None
    assert found.conversions.amounts == (Decimal(16), Decimal(6), Decimal(3))
    # 13 + 100/3, 3 + 100/3, 100/3; the ten-thousandth that is left goes to the first of equals.
    assert found.value.amounts == (Decimal("46.3334"), Decimal("36.3333"), Decimal("33.3333"))
    assert found.shapley is not None
    assert found.shapley.exact


def test_equal_shares_are_the_shapley_value_of_the_game() -> None:
    random = np.random.default_rng(8)
    masks = np.arange(1, 64)
    conversions = random.integers(0, 50, 63)
    names = [[letter for place, letter in enumerate("abcdef") if mask >> place & 1] for mask in masks]
    found = shapley(pd.DataFrame({"channels": names, "conversions": conversions}))
    exact = shapley_values(subset_sums(masks, conversions[:, None].astype(float), 6))[:, 0]
    assert found.conversions is not None
    assert found.conversions.shares == pytest.approx(exact / conversions.sum())


def test_rate_by_hand() -> None:
    # a converts 2 of 10, b 3 of 5, both 5 of 10; a or b alone or together: 10 of 25.
    coalitions = pd.DataFrame({"channels": ["a", "b", "a > b"], "conversions": [2, 3, 5], "nulls": [8, 2, 5]})
    found = shapley(coalitions, worth="rate")
    a = (0.2 + (0.4 - 0.6)) / 2
    b = (0.6 + (0.4 - 0.2)) / 2
    assert a + b == pytest.approx(0.4)
    assert found.conversions is not None
    assert found.conversions.shares == pytest.approx([a / 0.4, b / 0.4])
    assert sum(found.conversions.amounts) == 10
    assert found.conversions.amounts == (Decimal(0), Decimal(10))


def test_a_channel_that_only_lowers_the_rate_has_a_part_below_zero() -> None:
    coalitions = pd.DataFrame({"channels": ["a", "a > b"], "conversions": [8, 1], "nulls": [2, 9]})
    found = shapley(coalitions, worth="rate")
    # Alone b meets no path and is worth 0; with a it lowers 0.8 to 9/20.
    b = (0 + 9 / 20 - 0.8) / 2
    assert found.conversions is not None
    assert found.conversions.shares[1] == pytest.approx(b / (9 / 20))
    assert sum(found.conversions.amounts) == 9


def sampled_game() -> pd.DataFrame:
    """Sixteen channels, so that a rate is sampled; the last of them takes no part in any path but its own."""
    random = np.random.default_rng(4)
    names = [f"c{number:02d}" for number in range(16)]
    sets = [list(random.choice(names, random.integers(1, 4), replace=False)) for _ in range(150)] + [[n] for n in names]
    conversions = random.integers(1, 40, len(sets))
    return pd.DataFrame({"channels": sets, "conversions": conversions, "nulls": random.integers(20, 200, len(sets))})


def test_sampled_values_are_within_their_error_of_the_exact_ones() -> None:
    table = sampled_game()
    found = shapley(table, worth="rate", seed=2)
    masks = np.array([sum(1 << int(name[1:]) for name in names) for names in table["channels"]])
    counts = np.stack([table["conversions"], table["conversions"] + table["nulls"]], axis=1).astype(float)
    sums = subset_sums(masks, counts, 16)
    exact = shapley_values(np.divide(sums[:, :1], sums[:, 1:], out=np.zeros((1 << 16, 1)), where=sums[:, 1:] > 0))
    assert found.shapley is not None
    assert found.conversions is not None
    assert (found.shapley.exact, found.shapley.players) == (False, 16)
    off = (found.conversions.shares - exact[:, 0] / exact.sum()) / found.shapley.standard_errors
    assert np.abs(off).max() < 4  # of 16 normal ones
    assert np.sqrt((off**2).mean()) < 1.6  # χ² of 16 degrees, its 99.9 % point
    assert sum(found.conversions.amounts) == int(table["conversions"].sum())


def test_sampling_is_repeated_by_its_seed() -> None:
    one, same, other = (shapley(sampled_game(), worth="rate", seed=seed).conversions for seed in (1, 1, 2))
    assert one is not None
    assert same is not None
    assert other is not None
    assert one.amounts == same.amounts
    assert one.amounts != other.amounts


def test_rate_needs_paths_that_came_to_nothing() -> None:
    found = shapley(pd.DataFrame({"channels": ["a", "b"], "conversions": [2, 3]}), worth="rate")
    assert found.conversions is None
    assert [statement.en[:50] for statement in found.statements] == [
        "There is no path that came to nothing, so the conve"[:50]
    ]


def test_tables_that_make_no_game_are_refused() -> None:
    with pytest.raises(AttributionError, match="no column 'conversions'"):
        shapley(pd.DataFrame({"channels": ["a"]}))
    with pytest.raises(AttributionError, match="no worth 'fame' of a coalition; use one of: conversions, rate"):
        shapley(pd.DataFrame({"channels": ["a"], "conversions": [1]}), worth="fame")  # pyright: ignore[reportArgumentType]
