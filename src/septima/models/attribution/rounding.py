"""Handing out a whole number of the smallest units so that nothing is lost."""

from decimal import Decimal

import numpy as np

from septima.models.intervals import FloatArray

PLACES = 4
"""Decimal places of what is handed out: those of money in the lake."""


def units(amount: Decimal) -> int:
    """An amount in its smallest units; what lies beyond them is rounded half to even."""
    return int(amount.quantize(Decimal(1).scaleb(-PLACES)).scaleb(PLACES))


def hand_out(total: Decimal, shares: FloatArray) -> tuple[Decimal, ...]:
    """Parts of `total` by `shares` (channels,) that sum to it exactly, in ten-thousandths, by largest remainders.

    Each part is rounded down, and what is left goes one unit each to the largest fractions (Hamilton; Balinski &
    Young, 1982); of equal ones the first.
    """
    whole = units(total)
    exact = shares * float(whole)
    base = [int(part) for part in np.floor(exact)]
    each, left = divmod(whole - sum(base), len(base))
    order = np.argsort(-(exact - np.floor(exact)), kind="stable")
    extra = np.zeros(len(base), dtype=np.int64)
    extra[order[:left]] = 1
    return tuple(Decimal(part + each + int(more)).scaleb(-PLACES) for part, more in zip(base, extra, strict=True))
