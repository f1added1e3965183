"""A KPI as composites take it: its figures through the periods, and what each is worth in the printed form and on 0–100."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from septima.metrics import Passport
from septima.schema import Text
from septima.scorecard.card import UNDEFINED, Figure
from septima.scorecard.definition import KpiDefinition, ScorecardDefinition
from septima.scorecard.history import KpiHistory
from septima.scorecard.normalise import Entry, Normalisation, Rule, enter, missing_for, score, turns
from septima.scorecard.simulate import bounds_of
from septima.scorecard.targets import KpiTargets

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Input:
    """A KPI through the periods, oldest first: `rules` by period, `bounds` of what its metric can be."""

    kpi: KpiDefinition
    name: Text
    entry: Entry
    rules: tuple[Rule, ...]
    figures: tuple[Figure, ...]
    bounds: tuple[float, float]

    @cached_property
    def values(self) -> FloatArray:
        """The figures without their intervals, NaN where undefined."""
        return np.array([np.nan if figure.value is None else figure.value for figure in self.figures], dtype=np.float64)

    def printed(self, values: FloatArray, place: int) -> FloatArray:
        """What enters the printed composite of the period at `place` for such values of the KPI."""
        rule = self.rules[place]
        if self.entry == "achievement" and not usable(rule):
            return np.full(values.shape, np.nan)
        return enter(values, self.entry, rule.direction, rule.target)

    def normalised(self, values: FloatArray, place: int, method: Normalisation | None = None) -> FloatArray:
        """What such values are worth on 0–100 in the period at `place`, by the KPI's own rule or by another method."""
        rule = self.rules[place] if method is None else replace(self.rules[place], method=method)
        if not _complete(rule):
            return np.full(values.shape, np.nan)
        return score(values, rule, self.values[:place])

    def printed_turns(self, place: int) -> bool:
        """Whether the printed form goes up and down again, so that an interval's image is not that of its bounds."""
        return self.entry == "achievement" and self.rules[place].direction == "target"

    def normalised_turns(self, place: int) -> bool:
        """As `printed_turns`, of the form on 0–100."""
        return turns(self.rules[place])

    @cached_property
    def normalised_values(self) -> FloatArray:
        """The value of every period on 0–100, NaN where undefined."""
        return np.array(
            [self.normalised(self.values[place : place + 1], place)[0] for place in range(len(self.figures))],
            dtype=np.float64,
        )


def inputs_of(
    definition: ScorecardDefinition,
    passports: Mapping[str, Passport],
    histories: Mapping[str, KpiHistory],
    targets: Mapping[str, KpiTargets],
) -> dict[str, Input]:
    """All KPIs of the definition by id; see `assembly.assemble` for what is given."""
    own = {kpi.id for kpi in definition.own}
    return {
        kpi.id: _input(kpi, definition, passports[kpi.metric], histories[kpi.id], targets[kpi.id], own=kpi.id in own)
        for kpi in definition.kpis
    }


@lru_cache(maxsize=4096)
def _complete(rule: Rule) -> bool:
    return not missing_for(rule) and (rule.method != "target" or usable(rule))


def usable(rule: Rule) -> bool:
    """Whether the achievement of the target has a meaning."""
    return rule.target is not None and (rule.target > 0 or (rule.direction == "target" and rule.target != 0))


def image(value: float | None, bounds: Sequence[float]) -> Figure:
    """A figure from a value and what the bounds of its interval became, in any order."""
    if value is None or not np.isfinite(value):
        return UNDEFINED
    return Figure(value, float(min(bounds)), float(max(bounds))) if len(bounds) else Figure(value)


def _input(
    kpi: KpiDefinition,
    definition: ScorecardDefinition,
    passport: Passport,
    history: KpiHistory,
    targets: KpiTargets,
    *,
    own: bool,
) -> Input:
    rule = kpi.rule(passport.direction, definition.normalisation)
    entry = kpi.enters_as(passport.unit, passport.direction)
    if own and entry == "achievement" and not any(targets.values):
        entry = "value"
    # One rule for all periods of one target, so that what is known of it is looked up and not found again.
    rules = {target: replace(rule, target=target) for target in set(targets.values)}
    return Input(
        kpi,
        kpi.name or passport.name,
        entry,
        tuple(rules[target] for target in targets.values),
        tuple(observation.figure for observation in history.observations),
        bounds_of(passport),
    )
