"""How a figure stands: good, to be watched or bad, by its thresholds or its target."""

from septima.scorecard.card import Direction, State
from septima.scorecard.normalise import Rule, Thresholds


def state_of(value: float | None, rule: Rule, band: float) -> State:
    """By the thresholds of the rule, or by its target: behind that by no more than `band` of it is to be watched."""
    if value is None:
        return "unknown"
    sign = -1.0 if rule.direction in ("less", "target") else 1.0
    if rule.direction == "target":
        if rule.target is None:
            return "unknown"
        value = abs(value - rule.target)
        limits = rule.thresholds or _near_target(abs(rule.target) * band)
    elif rule.thresholds is not None:
        limits = rule.thresholds
    elif rule.target is not None:
        watch = rule.target - sign * abs(rule.target) * band
        limits = Thresholds(bad=watch, watch=watch, good=rule.target)
    else:
        return "unknown"
    if sign * value >= sign * limits.good:
        return "good"
    return "watch" if sign * value >= sign * limits.watch else "bad"


def _near_target(band: float) -> Thresholds:
    return Thresholds(bad=2 * band, watch=2 * band, good=band)


def state_against(value: float | None, target: float | None, direction: Direction, band: float) -> State:
    """How a figure stands against a target alone, unknown where either is absent."""
    return state_of(value, Rule("target", direction, target), band)
