"""From sums by group of paths to figures with their intervals."""

from collections.abc import Callable, Sequence
from decimal import Decimal

import numpy as np

from septima.models.attribution.replicates import delete_a_group
from septima.models.attribution.results import Attribution, Credit, MarkovChain, ShapleyGame
from septima.models.attribution.rounding import hand_out
from septima.models.attribution.words import (
    ASSUMPTIONS,
    NAMES,
    NO_CONVERSIONS,
    NO_TOUCHES,
    NO_VALUE,
    ONE_CHANNEL,
    SOURCES,
    Method,
)
from septima.models.intervals import FloatArray, divide
from septima.schema.text import Text

Shares = tuple[FloatArray, FloatArray | None]


def shares_of(amounts: FloatArray) -> FloatArray:
    """Shares of the channels (channels, …) in their sum; NaN where there is none."""
    return divide(amounts, amounts.sum(axis=0, keepdims=True))


def attribution(
    method: Method,
    channels: Sequence[str],
    totals: tuple[Decimal, Decimal | None],
    shares: Shares,
    replicates: Shares,
    *,
    assumptions: Sequence[Text] = (),
    statements: Sequence[Text] = (),
    markov: MarkovChain | None = None,
    shapley: ShapleyGame | None = None,
) -> Attribution:
    """Hand out totals of conversions and value by `shares` (channels,), with bounds from `replicates` (channels, groups)."""
    conversions = _credit(totals[0], shares[0], replicates[0])
    value = None
    if totals[1] is not None and shares[1] is not None and replicates[1] is not None and conversions is not None:
        value = _credit(totals[1], shares[1], replicates[1])
    notes = list(statements)
    if totals[0] <= 0:
        notes = [NO_CONVERSIONS]
    elif not channels:
        notes = [NO_TOUCHES]
    elif conversions is not None and np.count_nonzero(conversions.shares) == 1:
        notes.append(ONE_CHANNEL)
    if conversions is not None and totals[1] is not None and value is None:
        notes.append(NO_VALUE)
    return Attribution(
        method,
        NAMES[method],
        tuple(channels),
        conversions,
        value,
        SOURCES[method],
        (*ASSUMPTIONS[method], *assumptions),
        tuple(notes),
        markov,
        shapley,
    )


def without_figures(method: Method, channels: Sequence[str], why: Text) -> Attribution:
    """No figure, and why."""
    return Attribution(method, NAMES[method], tuple(channels), None, None, SOURCES[method], ASSUMPTIONS[method], (why,))


def _credit(total: Decimal, shares: FloatArray, replicates: FloatArray) -> Credit | None:
    if total <= 0 or not len(shares) or not np.isfinite(shares).all():
        return None
    usable = np.isfinite(replicates).all(axis=0)
    lower, upper = delete_a_group(shares, replicates[:, usable])
    return Credit(total, hand_out(total, shares), shares, lower, upper)


def from_credits(
    method: Method,
    channels: Sequence[str],
    totals: tuple[Decimal, Decimal | None],
    conversions: FloatArray,
    value: FloatArray,
) -> Attribution:
    """Hand out totals in proportion to what a rule credits the channels with (channels, groups)."""
    by_conversions, by_value = (from_groups(shares_of, given) for given in (conversions, value))
    valued = totals[1] is not None and totals[1] > 0
    return attribution(
        method,
        channels,
        totals,
        (by_conversions[0], by_value[0] if valued else None),
        (by_conversions[1], by_value[1] if valued else None),
    )


def from_groups(share: Callable[[FloatArray], FloatArray], grouped: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shares from all groups (rows, groups) together, and (channels, groups) from all but each that holds anything."""
    whole = grouped.sum(axis=1)
    present = np.flatnonzero(np.abs(grouped).sum(axis=0) > 0)
    rest = [share(whole - grouped[:, group]) for group in present]
    estimate = share(whole)
    return estimate, np.stack(rest, axis=1) if rest else np.zeros((len(estimate), 0))
