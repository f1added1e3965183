"""Functions of counts, evaluated once for each number that occurs."""

from collections.abc import Callable

import numpy as np

from septima.models.intervals import FloatArray


def by_count(function: Callable[[FloatArray], FloatArray], shift: FloatArray, counts: FloatArray) -> FloatArray:
    """`function(shift + counts)`; where `shift` is one number, from a table over 0 … the greatest count.

    Purchases are few and customers many: a table of the special function is far shorter than their array.
    """
    most = int(counts.max(initial=0))
    if np.ndim(shift) or most >= len(counts):
        return function(shift + counts)
    return function(shift + np.arange(most + 1.0))[counts.astype(np.intp)]
