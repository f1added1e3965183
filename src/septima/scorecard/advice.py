"""What a reader of the card should look at besides its figures: KPIs that say the same, that nobody owns, or that are gamed."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri

from septima.models.intervals import correlation_interval
from septima.schema import Text
from septima.scorecard import statements as say
from septima.scorecard.card import CompositeCard, KpiCard, Scorecard
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
    periods = pd.DataFrame({kpi.id: [point.figure.value for point in kpi.trend] for kpi in kpis}, dtype="float64")
    known = periods.notna().to_numpy(np.int64)
    both, correlations = known.T @ known, periods.corr(min_periods=FEWEST_PERIODS).to_numpy(np.float64)
    quantile = float(ndtri(1 - 0.025 / max(math.comb(len(kpis), 2), 1)))
    found: list[tuple[float, tuple[float, float], int, KpiCard, KpiCard]] = []
    for first, second in np.argwhere(np.triu(np.abs(correlations), 1) > ALIKE).tolist():
        one, other = kpis[first], kpis[second]
        if other.id == guards.get(one.id) or one.id == guards.get(other.id):
            continue  # a guard is there because it ought to move along
        correlation, n = float(correlations[first, second]), int(both[first, second])
        exact = abs(correlation) >= 1 - 1e-12
        bounds = (correlation, correlation) if exact else correlation_interval(correlation, n, quantile)
        lower, upper = (float(bound) for bound in bounds)
        if min(abs(lower), abs(upper)) > SURELY and lower * upper > 0:
            found.append((correlation, (lower, upper), n, one, other))
    found.sort(key=lambda pair: -abs(pair[0]))
    return [
        say.alike(one.name, other.name, correlation, interval, n)
        for correlation, interval, n, one, other in found[:PAIRS_NAMED]
    ]


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
        if kpi.change_distinct and guarding.change_distinct and improved(kpi) is True and improved(guarding) is False:
            found.append(say.gamed(kpi.name, guarding.name))
    return found


def improved(part: KpiCard | CompositeCard) -> bool | None:
    """Whether the change was for the better; None where that cannot be told, or nothing changed."""
    if not part.change:
        return None
    if isinstance(part, CompositeCard):
        return part.change > 0
    if part.direction != "target":
        return (part.change > 0) == (part.direction == "more")
    value, previous = part.figure.value, part.previous
    if part.target is None or value is None or previous is None:
        return None
    nearer = abs(previous - part.target) - abs(value - part.target)
    return nearer > 0 if nearer else None
