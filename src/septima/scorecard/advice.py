"""What a reader of the card should look at besides its figures: KPIs that say the same, that nobody owns, or that are gamed."""

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
from scipy.special import ndtri

from septima.schema import Text
from septima.scorecard import statements as say
from septima.scorecard.card import KpiCard, Scorecard
from septima.scorecard.definition import ScorecardDefinition

ALIKE = 0.9
"""The correlation past which two KPIs are taken to say the same."""
SURELY = 0.5
"""What the correlation must lie past for sure: of many pairs some are alike by chance."""
FEWEST_PERIODS = 8
PAIRS_NAMED = 3


def advise(card: Scorecard, definition: ScorecardDefinition) -> tuple[Text, ...]:
    """Statements on the choice of KPIs, none where there is nothing to say."""
    kpis = [kpi for perspective in card.perspectives for kpi in perspective.kpis]
    guards = {kpi.id: kpi.guard for kpi in definition.kpis if kpi.guard is not None}
    return (*_gamed([*kpis, *card.own], guards), *_alike(kpis, guards), *_unowned([*kpis, *card.own]))


def _alike(kpis: Sequence[KpiCard], guards: dict[str, str]) -> list[Text]:
    """The pairs that moved together most (Pearson over the card's periods).

    The interval (Fisher, 1915) is of 95 % for all pairs at once (Bonferroni), since so many are looked at.
    """
    found: list[tuple[float, tuple[float, float], int, KpiCard, KpiCard]] = []
    pairs = list(combinations(kpis, 2))
    for one, other in pairs:
        if other.id == guards.get(one.id) or one.id == guards.get(other.id):
            continue  # a guard is there because it ought to move along
        both = [
            (first.figure.value, second.figure.value)
            for first, second in zip(one.trend, other.trend, strict=True)
            if first.figure.value is not None and second.figure.value is not None
        ]
        if len(both) < FEWEST_PERIODS:
            continue
        values = np.array(both, np.float64).T
        if any(len(set(series.tolist())) == 1 for series in values):
            continue  # what never moves goes along with nothing
        correlation = float(np.asarray(np.corrcoef(values))[0, 1])
        interval = _interval(correlation, len(both), len(pairs))
        if abs(correlation) > ALIKE and min(map(abs, interval)) > SURELY and interval[0] * interval[1] > 0:
            found.append((correlation, interval, len(both), one, other))
    found.sort(key=lambda pair: -abs(pair[0]))
    return [
        say.alike(one.name, other.name, correlation, interval, periods)
        for correlation, interval, periods, one, other in found[:PAIRS_NAMED]
    ]


def _interval(correlation: float, n: int, pairs: int) -> tuple[float, float]:
    if abs(correlation) >= 1 - 1e-12:
        return correlation, correlation
    centre, half = math.atanh(correlation), float(ndtri(1 - 0.025 / pairs)) / math.sqrt(n - 3)
    return math.tanh(centre - half), math.tanh(centre + half)


def _unowned(kpis: Sequence[KpiCard]) -> list[Text]:
    """KPIs without an owner, where others have one: a card that names nobody has not begun to."""
    without = [kpi.name for kpi in kpis if kpi.owner is None]
    return [say.unowned(without)] if without and len(without) < len(kpis) else []


def _gamed(kpis: Sequence[KpiCard], guards: dict[str, str]) -> list[Text]:
    """KPIs that improved while their guard got worse, both beyond chance (Goodhart, 1975)."""
    by_id = {kpi.id: kpi for kpi in kpis}
    found: list[Text] = []
    for name, guard in guards.items():
        kpi, guarding = by_id[name], by_id[guard]
        if kpi.change_distinct and guarding.change_distinct and _improved(kpi) is True and _improved(guarding) is False:
            found.append(say.gamed(kpi.name, guarding.name))
    return found


def _improved(kpi: KpiCard) -> bool | None:
    """Whether the change was for the better; None where that cannot be told."""
    value, previous = kpi.figure.value, kpi.previous
    if value is None or previous is None or value == previous:
        return None
    if kpi.direction == "target":
        if kpi.target is None:
            return None
        return abs(value - kpi.target) < abs(previous - kpi.target)
    return (value > previous) == (kpi.direction == "more")
