"""Attribution by the Shapley value (1953) of a game whose players are channels."""

from dataclasses import dataclass
from decimal import Decimal
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from septima.models.attribution.building import Shares, attribution, from_groups, shares_of
from septima.models.attribution.paths import Codes, Integers, Paths, read_paths, write_state
from septima.models.attribution.reading import Frame, counted, money, needed
from septima.models.attribution.replicates import into_groups
from septima.models.attribution.results import Attribution, ShapleyGame
from septima.models.attribution.rules import credited
from septima.models.attribution.words import NO_RATE, WORTH_ASSUMPTIONS, WORTHS, AttributionError, Worth
from septima.models.intervals import FloatArray, divide
from septima.schema.text import Text

MOST_EXACT = 15
"""Players up to which every coalition is looked at."""

PERMUTATIONS = 1_000
_FOR_INTERVALS = 200
# Sums of so many powers of two are exact in floating point.
_MOST_BITS = 52


@dataclass(frozen=True)
class Coalitions:
    """Paths counted by the set of channels that they meet.

    `members` has each set as a path of different channels; `conversions`, `nulls` and `value` (coalitions, groups) are
    those of the paths that meet just these.
    """

    members: Paths
    conversions: FloatArray
    nulls: FloatArray
    value: FloatArray


def shapley(coalitions: pd.DataFrame, *, worth: Worth = "conversions", seed: int = 0) -> Attribution:
    """Attribution from a table of paths counted by the set of channels that they meet.

    Columns: `channels`, the names written as a path (`a > b`) or given as a list; `conversions`, a whole number; and,
    where known, `nulls` (paths that came to nothing) and `value` (the money of the conversions). Of the worth
    «conversions» a coalition has the conversions of all paths that need no channel outside it, of «rate» their
    conversion rate. The value is exact up to 15 channels, and of «conversions» for any number; above, «rate» is
    sampled over permutations in pairs (Mitchell et al., 2022) with `seed`, and its standard errors are given.
    """
    needed(coalitions, ("channels", "conversions"))
    table: Frame = coalitions
    texts = [names if isinstance(names, str) else write_state(list(names)) for names in table["channels"]]
    conversions = counted(coalitions, "conversions")
    nulls = counted(coalitions, "nulls") if "nulls" in coalitions else np.zeros(len(coalitions))
    amounts, total = money(coalitions, "value") if "value" in coalitions else (np.zeros(len(coalitions)), None)
    grouped = into_groups(conversions, seed)
    share = np.where(conversions[:, None] > 0, grouped / np.maximum(conversions[:, None], 1), 0.0)
    found = coalitions_of(read_paths(texts), grouped, into_groups(nulls, seed + 1), amounts[:, None] * share)
    return from_coalitions(found, total, worth=worth, seed=seed)


def coalitions_of(paths: Paths, conversions: FloatArray, nulls: FloatArray, value: FloatArray) -> Coalitions:
    """The sets of channels that paths meet, each path with what it brought (paths, groups)."""
    channels = max(len(paths.channels), 1)
    met = np.unique(paths.path * channels + paths.codes)
    path = met // channels
    lengths = np.bincount(path, minlength=len(paths.lengths)).astype(np.int64)
    return Coalitions(Paths(paths.channels, (met % channels).astype(np.int32), lengths), conversions, nulls, value)


def from_coalitions(
    coalitions: Coalitions, value: Decimal | None, *, worth: Worth = "conversions", seed: int = 0
) -> Attribution:
    """Attribution from counted sets of channels, whose conversions are worth `value` in all (None: unknown)."""
    if worth not in WORTHS:
        raise AttributionError(
            Text(
                f"there is no worth {worth!r} of a coalition; use one of: {', '.join(WORTHS)}",
                f"нет стоимости группы каналов «{worth}»; выберите из\u00a0следующих: {', '.join(WORTHS)}",
            )
        )
    members = coalitions.members
    met = members.lengths > 0
    players = len(members.channels)
    converted = coalitions.conversions[met].sum()
    statements: list[Text] = []
    if worth == "conversions":
        game = ShapleyGame(worth, players, True, 0, np.zeros(players))
        found = _dividends(coalitions)
    elif not coalitions.nulls[met].sum() > 0:
        game = ShapleyGame(worth, players, True, 0, np.zeros(players))
        found = (np.full(players, np.nan), None), (np.full(players, np.nan), None)
        statements.append(NO_RATE)
    else:
        found, game = _rates(coalitions, seed)
    (shares, value_shares), replicates = found
    if value is None or not value > 0:
        value_shares = None
    return attribution(
        "shapley",
        members.channels,
        (Decimal(round(converted)), value),
        (shares, value_shares),
        replicates,
        assumptions=[WORTH_ASSUMPTIONS[worth]],
        statements=statements,
        shapley=game,
    )


def _dividends(coalitions: Coalitions) -> tuple[Shares, Shares]:
    """Every coalition's own conversions are its dividend, shared equally by its members (Harsanyi, 1959)."""
    members = coalitions.members
    equal = 1.0 / members.length
    conversions, value = (
        from_groups(shares_of, credited(members, equal, amounts))
        for amounts in (coalitions.conversions, coalitions.value)
    )
    return (conversions[0], value[0]), (conversions[1], value[1])


def _rates(coalitions: Coalitions, seed: int) -> tuple[tuple[Shares, Shares], ShapleyGame]:
    """The game of conversion rates: exact by all coalitions, or sampled by permutations."""
    members = coalitions.members
    players, groups = len(members.channels), coalitions.conversions.shape[1]
    paths = coalitions.conversions + coalitions.nulls
    amounts = np.concatenate(
        [_with_left_out(part) for part in (coalitions.conversions, coalitions.value, paths)], axis=1
    )
    members, amounts = _distinct(members, amounts)
    present = np.flatnonzero(paths.sum(axis=0) > 0) + 1
    if players <= MOST_EXACT:
        values = _exact(members, amounts)
        errors, permutations = np.zeros(players), 0
    else:
        pairs = _sampled(members, amounts[:, _whole(groups)], PERMUTATIONS, seed)
        few = _sampled(members, amounts, _FOR_INTERVALS, seed).mean(axis=0)
        values = pairs.mean(axis=0)
        spread = pairs.std(axis=0, ddof=1)[:, 0] / np.sqrt(len(pairs))
        errors, permutations = spread / abs(values[:, 0].sum()), 2 * len(pairs)
        # Replicates are those of the same few permutations, set where the better estimate is.
        moved = few - few[:, _whole_of_two(groups)].repeat(1 + groups, axis=1)
        values = values.repeat(1 + groups, axis=1) + moved
    conversions, value = (shares_of(part) for part in np.split(values, 2, axis=1))
    found = (conversions[:, 0], value[:, 0]), (conversions[:, present], value[:, present])
    return found, ShapleyGame("rate", players, players <= MOST_EXACT, permutations, errors)


def _with_left_out(grouped: FloatArray) -> FloatArray:
    """Sums of all groups, and of all but each (rows, 1 + groups)."""
    whole = grouped.sum(axis=1, keepdims=True)
    return np.concatenate([whole, whole - grouped], axis=1)


def _distinct(members: Paths, amounts: FloatArray) -> tuple[Paths, FloatArray]:
    """Each set of channels once, with the sums of amounts (coalitions, columns); the empty one is left out."""
    met = members.lengths > 0
    members, amounts = Paths(members.channels, members.codes, members.lengths[met]), amounts[met]
    if len(members.channels) > _MOST_BITS:
        return members, amounts
    masks, place = np.unique(_masks(members), return_inverse=True)
    gather: Any = sparse.csr_array(
        (np.ones(len(place)), (place, np.arange(len(place)))), shape=(len(masks), len(place))
    )
    return paths_of_masks(members.channels, masks), gather @ amounts


def paths_of_masks(channels: tuple[str, ...], masks: Integers) -> Paths:
    """Sets of channels, each given by the sum of 2 to the place of its members, as paths of different channels."""
    holds = (masks[:, None] >> np.arange(len(channels))) & 1 == 1
    return Paths(channels, np.nonzero(holds)[1].astype(np.int32), holds.sum(axis=1).astype(np.int64))


def _whole(groups: int) -> list[int]:
    """Columns of conversions, value and paths of all groups together."""
    return [part * (1 + groups) for part in range(3)]


def _whole_of_two(groups: int) -> list[int]:
    return [part * (1 + groups) for part in range(2)]


def _rate(amounts: FloatArray) -> FloatArray:
    """Conversions and value per path, from columns of conversions, of value and of paths; 0 where there are no paths."""
    conversions, value, paths = np.split(amounts, 3, axis=-1)
    return np.nan_to_num(np.concatenate([divide(conversions, paths), divide(value, paths)], axis=-1))


def _exact(members: Paths, amounts: FloatArray) -> FloatArray:
    """Shapley values (channels, columns) over all coalitions, from amounts (coalitions, columns) of their own paths."""
    players = len(members.channels)
    worth = _rate(subset_sums(_masks(members), amounts, players))
    return shapley_values(worth)


def _masks(members: Paths) -> Integers:
    """Each coalition as the sum of 2 to the place of its members."""
    return np.bincount(
        members.path, weights=np.exp2(members.codes.astype(np.float64)), minlength=len(members.lengths)
    ).astype(np.int64)


def subset_sums(masks: Integers, amounts: FloatArray, players: int) -> FloatArray:
    """For each of 2^players coalitions the amounts (…, columns) of all that are within it (the zeta transform; Yates, 1937)."""
    sums = np.zeros((1 << players, amounts.shape[1]))
    np.add.at(sums, masks, amounts)
    for player in range(players):
        halves = sums.reshape(-1, 2, 1 << player, amounts.shape[1])
        halves[:, 1] += halves[:, 0]
    return sums


def shapley_values(worth: FloatArray) -> FloatArray:
    """Shapley values (players, columns) of games given by the worth (2^players, columns) of every coalition.

    Coalitions are numbered by their members: player i belongs to those whose bit i is set.
    """
    players = len(worth).bit_length() - 1
    size = np.array([int(mask).bit_count() for mask in range(len(worth))])
    chance = np.array([factorial(n) * factorial(players - n - 1) / factorial(players) for n in range(players)])
    values = np.zeros((players, worth.shape[1]))
    for player in range(players):
        without = np.flatnonzero((np.arange(len(worth)) >> player) & 1 == 0)
        values[player] = chance[size[without]] @ (worth[without | (1 << player)] - worth[without])
    return values


def _sampled(members: Paths, amounts: FloatArray, permutations: int, seed: int) -> FloatArray:
    """Marginal worths (pairs, channels, columns), each the mean of a permutation and of its reverse."""
    players, chance = len(members.channels), np.random.default_rng(seed)
    starts = np.cumsum(members.lengths) - members.lengths
    found = np.zeros((permutations // 2, players, amounts.shape[1] // 3 * 2))
    for pair in range(permutations // 2):
        order = chance.permutation(players)
        for turn in (order, order[::-1]):
            found[pair] += _marginal(members.codes, starts, amounts, turn) / 2
    return found


def _marginal(codes: Codes, starts: Integers, amounts: FloatArray, order: npt.NDArray[np.int64]) -> FloatArray:
    """What each channel adds (channels, columns) where channels join in this order."""
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    complete = np.maximum.reduceat(place[codes], starts)
    join: Any = sparse.csr_array(
        (np.ones(len(complete)), (complete, np.arange(len(complete)))), shape=(len(order), len(complete))
    )
    worth = _rate(np.cumsum(join @ amounts, axis=0))
    return np.diff(worth, axis=0, prepend=0.0)[place]
