"""Whom a change is due to: exact Shapley values of the parts that were replaced between two states.

Each part (a value, a weight, a scale) is a player who comes over from the earlier to the later state; what it brings is
averaged over all orders in which the players can come (Shapley, 1953; for decompositions of changes Shorrocks, Journal of
Economic Inequality, 2013). Contributions add up to the change to the last bit that floating numbers allow.

Players stand in groups (the value, weight and scale of one KPI; the KPIs of one perspective). A group comes as a whole to
those outside it, and is split within (Owen, 1977; for several levels Winter, 1989), so that the contributions of a group's
members add up to the group's. That makes exact sums cheap: between groups a sum needs nothing and a product one integral of
a polynomial, which Gauss and Legendre's rule gives exactly, for any number of groups.

Arrays hold a number per draw along their last axis.
"""

from math import factorial

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

MOST_PLAYERS = 20
"""Players of one game by its 2ⁿ coalitions: past it neither memory nor time is reasonable."""


def shapley(coalitions: FloatArray) -> FloatArray:
    """The Shapley value of each of n players from what every coalition is worth.

    `coalitions` is 2ⁿ × …: the worth of the coalition of the players whose bits its number has. The answer is n × …;
    it adds up to the last less the first. ValueError where the number is no power of 2, or n is over `MOST_PLAYERS`.
    """
    count = len(coalitions).bit_length() - 1
    if len(coalitions) != 1 << count or count < 1:
        raise ValueError(f"a game has 2ⁿ coalitions, n ≥ 1, not {len(coalitions)}")
    if count > MOST_PLAYERS:
        raise ValueError(
            f"a game of {count} players has too many coalitions; join players until there are {MOST_PLAYERS}"
        )
    numbers = np.arange(len(coalitions))
    sizes = sum((numbers >> player) & 1 for player in range(count))
    chances = np.array([factorial(size) * factorial(count - size - 1) / factorial(count) for size in range(count)])
    found = np.empty((count, *coalitions.shape[1:]))
    for player in range(count):
        without = numbers[(numbers >> player) & 1 == 0]
        brought = coalitions[without | (1 << player)] - coalitions[without]
        found[player] = np.tensordot(chances[np.asarray(sizes)[without]], brought, axes=1)
    return found


def of_product(
    first: tuple[FloatArray, FloatArray], second: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """The contributions of two factors, each given before and now, to the change of their product.

    Of the first its change times the mean of the second, and the other way round (Shapley, 1953, n = 2).
    """
    by_first = (first[1] - first[0]) * (second[0] + second[1]) / 2
    by_second = (second[1] - second[0]) * (first[0] + first[1]) / 2
    return by_first, by_second


def cofactors(before: FloatArray, now: FloatArray) -> FloatArray:
    """What a step of each factor of a product is worth: the mean of the other factors' product over all orders.

    `before` and `now` are factors × …, above 0. In a random order the others are over with the same chance t, any t being
    as likely (the multilinear extension; Owen, Management Science, 1972), so this is ∫₀¹ Π_{j≠i} ((1−t)·before_j + t·now_j) dt:
    a polynomial of degree n − 1, which ⌈n/2⌉ nodes of Gauss and Legendre integrate exactly. The contribution of factor i to
    the product's change is (now_i − before_i) times it.
    """
    nodes, masses = np.polynomial.legendre.leggauss((len(before) + 1) // 2)
    found = np.zeros(np.broadcast_shapes(before.shape, now.shape))
    for node, mass in zip((nodes + 1) / 2, masses / 2, strict=True):
        between = before + node * (now - before)
        found += mass * between.prod(axis=0) / between
    return found


def terms(values: FloatArray, shares: FloatArray, *, geometric: bool, power: float | FloatArray = 1.0) -> FloatArray:
    """The eight worths of each input's term by the coalitions of its value (1), its weight (2) and its scale (4).

    `values` are scale × value × inputs × … (before and now along each of the first two axes), `shares` 2 × inputs: weights
    that add up to 1. The term is share × value or, `geometric`, value to the share, all to `power`. The answer is
    8 × inputs × ….
    """
    trailing = (slice(None), *(None,) * (values.ndim - 3))
    found = np.empty((8, *values.shape[2:]))
    for coalition in range(8):
        value, weight, scale = coalition & 1, coalition >> 1 & 1, coalition >> 2 & 1
        share, worth = shares[weight][trailing], values[scale, value]
        found[coalition] = worth ** (share * power) if geometric else worth * share
    return found


def of_mean(values: FloatArray, shares: FloatArray, *, geometric: bool, power: float | FloatArray = 1.0) -> FloatArray:
    """The contributions of each input's value, weight and scale to the change of a weighted mean (to `power`).

    Arguments as of `terms`; of a geometric mean all values are above 0. The answer is 3 × inputs × …; an input comes as a
    whole to the others and is split between its three within.
    """
    found = terms(values, shares, geometric=geometric, power=power)
    split = shapley(found)
    return split * cofactors(found[0], found[7]) if geometric else split
