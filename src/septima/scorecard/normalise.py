"""From a metric's own unit to the printed form and to 0–100.

Five ways to 0–100 (OECD/JRC Handbook on Constructing Composite Indicators, 2008, step 5):

- **target**: the share of the target that is reached, in percent;
- **min_max**: 0 at `worst`, 100 at `best`, straight between;
- **z_score**: 50 + 10·z, where z compares with the KPI's own earlier periods;
- **piecewise**: 0 at `bad`, 50 at `watch`, 100 at `good`, straight between;
- **utility**: a curve through points (value, score) that people judged (Keeney & Raiffa, Decisions with Multiple Objectives,
  1976, ch. 4), straight between them or smooth without overshoot (Fritsch & Butland, 1984).

All honour the direction (which the points of a curve say themselves) and stay within 0–100. Undefined values (NaN) stay undefined.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from septima.scorecard.card import Direction

Normalisation = Literal["target", "min_max", "z_score", "piecewise", "utility"]
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)

Shape = Literal["straight", "smooth"]
SHAPES: tuple[Shape, ...] = get_args(Shape)

Entry = Literal["value", "complement", "achievement"]
"""How a KPI enters the printed composite: as it is, as 1 − value, or as the achievement of its target."""
ENTRIES: tuple[Entry, ...] = get_args(Entry)

ACHIEVEMENT_LIMIT = 2.0
"""Where less is better, target / value grows without bound as the value nears 0; it is cut here."""

HISTORY_LEAST = 3
"""A z-score needs at least this many earlier periods."""

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Thresholds:
    """The values at which a KPI is bad, to be watched, and good; distances from the target where that is best."""

    bad: float
    watch: float
    good: float


@dataclass(frozen=True)
class Utility:
    """Points (value, score of 0–100) with ascending values, two at least, and the shape of the curve between them.

    Before the first and after the last point the score is that point's.
    """

    points: tuple[tuple[float, float], ...]
    shape: Shape = "straight"

    @property
    def turns(self) -> bool:
        """Whether the curve goes up and down again, as where neither too little nor too much is best."""
        steps = np.diff([score for _, score in self.points])
        return bool((steps > 0).any() and (steps < 0).any())


@dataclass(frozen=True)
class Rule:
    """How a KPI is brought to 0–100, with what that needs."""

    method: Normalisation
    direction: Direction
    target: float | None = None
    worst: float | None = None
    best: float | None = None
    thresholds: Thresholds | None = None
    utility: Utility | None = None


_NEEDS: dict[tuple[Normalisation, bool], tuple[str, ...]] = {
    ("target", False): ("target",),
    ("target", True): ("target",),
    ("min_max", False): ("worst", "best"),
    ("min_max", True): ("target", "worst"),
    ("z_score", False): (),
    ("z_score", True): ("target",),
    ("piecewise", False): ("thresholds",),
    ("piecewise", True): ("target", "thresholds"),
    ("utility", False): ("utility",),
    ("utility", True): ("utility",),
}
"""What a rule needs, by method and whether the target is best."""


def missing_for(rule: Rule) -> tuple[str, ...]:
    """Names of what the rule needs and has not, such as `target`; empty where it is complete."""
    return tuple(name for name in _NEEDS[rule.method, rule.direction == "target"] if getattr(rule, name) is None)


def normalise(values: FloatArray, rule: Rule, history: FloatArray | None = None) -> FloatArray:
    """Bring values of any shape to 0–100 by `rule`; NaN where undefined.

    `history` holds the values of the earlier periods, which only the z-score uses; with fewer than
    `HISTORY_LEAST` of them, or with all of them equal, the z-score is undefined. Raises ValueError
    where the rule lacks something, see `missing_for`.
    """
    missing = missing_for(rule)
    if missing:
        raise ValueError(f"normalisation {rule.method!r} needs {', '.join(missing)}")
    return score(values, rule, history)


def score(values: FloatArray, rule: Rule, history: FloatArray | None = None) -> FloatArray:
    """As `normalise`, of a rule that is known to lack nothing."""
    if rule.method == "z_score":
        return _z_score(values, rule, np.empty(0) if history is None else history)
    if rule.method == "target":
        return np.clip(100 * achievement(values, rule.direction, _given(rule.target)), 0, 100)
    if rule.method == "utility" and rule.utility is not None:
        return _scores(values, rule.utility)
    knots, scores = _knots(rule)
    distance = np.abs(values - rule.target) if rule.direction == "target" and rule.target is not None else values
    order = np.argsort(knots)
    scaled = np.interp(distance, knots[order], scores[order])
    return np.where(np.isnan(values), np.nan, scaled)


def turns(rule: Rule) -> bool:
    """Whether the score goes up and down again as the value rises, so that bounds do not become bounds."""
    if rule.method == "utility":
        return rule.utility is not None and rule.utility.turns
    return rule.direction == "target"


def achievement(values: FloatArray, direction: Direction, target: float) -> FloatArray:
    """The share of the target reached; 1 is the target itself.

    More is better: value / target. Less is better: target / value, at most `ACHIEVEMENT_LIMIT`, which
    a value of 0 or below gets. Target is best: 1 − |value − target| / |target|. The target must be
    above 0 (other than 0 where the target is best).
    """
    if target == 0 or (target < 0 and direction != "target"):
        raise ValueError(f"achievement needs a target above 0, not {target}")
    if direction == "more":
        return values / target
    if direction == "target":
        return 1 - np.abs(values - target) / abs(target)
    least = target / ACHIEVEMENT_LIMIT
    return np.where(np.isnan(values), np.nan, target / np.maximum(values, least))


def enter(values: FloatArray, entry: Entry, direction: Direction, target: float | None) -> FloatArray:
    """What enters the printed composite for values of a KPI."""
    if entry == "value":
        return values
    if entry == "complement":
        return 1 - values
    return achievement(values, direction, _given(target))


def _z_score(values: FloatArray, rule: Rule, history: FloatArray) -> FloatArray:
    known = history[~np.isnan(history)]
    if rule.direction == "target":
        # Nearness to the target is what is compared, so that both sides of it count alike.
        values, known = -np.abs(values - _given(rule.target)), -np.abs(known - _given(rule.target))
    if known.size < HISTORY_LEAST:
        return np.full(values.shape, np.nan)
    deviation = float(known.std(ddof=1))
    # Equal values can differ in the last bit; such a spread is no yardstick.
    if deviation <= 1e-12 * max(1.0, float(np.abs(known).max())):
        return np.full(values.shape, np.nan)
    sign = -1.0 if rule.direction == "less" else 1.0
    return np.clip(50 + 10 * sign * (values - known.mean()) / deviation, 0, 100)


def _scores(values: FloatArray, utility: Utility) -> FloatArray:
    knots, scores = (np.array(column) for column in zip(*utility.points, strict=True))
    if utility.shape == "straight":
        return np.where(np.isnan(values), np.nan, np.interp(values, knots, scores))
    within = np.clip(values, knots[0], knots[-1])
    return np.clip(np.asarray(_smooth(utility)(within), np.float64), 0, 100)


@lru_cache(maxsize=1024)
def _smooth(utility: Utility) -> PchipInterpolator:
    knots, scores = zip(*utility.points, strict=True)
    return PchipInterpolator(knots, scores)


def _knots(rule: Rule) -> tuple[FloatArray, FloatArray]:
    thresholds = rule.thresholds
    if rule.method == "piecewise" and thresholds is not None:
        return np.array([thresholds.bad, thresholds.watch, thresholds.good]), np.array([0.0, 50.0, 100.0])
    if rule.direction == "target":
        return np.array([0.0, abs(_given(rule.worst) - _given(rule.target))]), np.array([100.0, 0.0])
    return np.array([_given(rule.worst), _given(rule.best)]), np.array([0.0, 100.0])


def _given(number: float | None) -> float:
    if number is None:
        raise ValueError("a number that the rule needs is absent")
    return number
