"""A figure with its interval, as pages and commands take it."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Estimated:
    """A figure with its 95 % interval; None where there is none to give."""

    value: float | None
    lower: float | None
    upper: float | None


NOTHING = Estimated(None, None, None)


def estimated(value: Any, bounds: tuple[Any, Any]) -> Estimated:
    """The figure of an array without dimensions and its bounds; what is not finite is None."""
    return Estimated(known(value), known(bounds[0]), known(bounds[1]))


def known(value: Any) -> float | None:
    """A finite number, or None."""
    number = float(value)
    return number if np.isfinite(number) else None
