"""Weights that a group takes from the figures of the card's periods, by principal component or by entropy.

They become known when the card is assembled. The method is part of the definition and its version; the weights found, and
from how many periods, are said on the card. Where the periods allow no weights the composite is undefined.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

import numpy as np
import numpy.typing as npt

from septima.models.weighting import component_weights, entropy_weights, varying
from septima.schema import Text
from septima.scorecard import statements as say
from septima.scorecard.composite import Aggregation, aggregate, rescale, weights_average_one
from septima.scorecard.definition import PerspectiveDefinition, ScorecardDefinition
from septima.scorecard.inputs import Input
from septima.scorecard.simulation import INTEGRAL, Group
from septima.scorecard.weighting import DATA_METHODS, Weighting

FloatArray = npt.NDArray[np.float64]

LEAST_PERIODS = 8
"""Periods with all figures of the group: from fewer, correlations and entropies say little."""


@dataclass(frozen=True)
class Settled:
    """A definition whose weights are all numbers, its groups by id, and what is to be said of weights that were found."""

    definition: ScorecardDefinition
    groups: Mapping[str, Group]
    notes: Mapping[str, Text]


def settle(definition: ScorecardDefinition, inputs: Mapping[str, Input]) -> Settled:
    """Find the weights of all groups that take them from the periods of `inputs` on 0–100, and say how."""
    groups: dict[str, Group] = {}
    notes: dict[str, Text] = {}
    perspectives: list[PerspectiveDefinition] = []
    for perspective in definition.perspectives:
        group = Group(perspective.weights, weights_average_one(perspective.weights))
        if _from_data(perspective.weighting, len(perspective.kpis)):
            called = Text(f"CKPI “{perspective.name.en}”", f"CKPI «{perspective.name.ru}»")
            parts = {kpi.id: inputs[kpi.id].normalised_values for kpi in perspective.kpis}
            names = {kpi.id: inputs[kpi.id].name for kpi in perspective.kpis}
            group, notes[perspective.id] = _group(called, parts, names, perspective.weights, perspective.weighting)
        groups[perspective.id] = group
        kpis = tuple(replace(kpi, weight=group.weights[kpi.id]) for kpi in perspective.kpis)
        perspectives.append(replace(perspective, kpis=kpis))
    whole = Group(definition.weights, weights_average_one(definition.weights))
    if _from_data(definition.weighting, len(perspectives)):
        scores = {one.id: _composites(one, groups[one.id], inputs, definition.aggregation) for one in perspectives}
        names = {one.id: one.name for one in perspectives}
        called = Text("CKPIint", "CKPIint")
        whole, notes[INTEGRAL] = _group(called, scores, names, definition.weights, definition.weighting)
    groups[INTEGRAL] = whole
    settled = tuple(replace(perspective, weight=whole.weights[perspective.id]) for perspective in perspectives)
    return Settled(replace(definition, perspectives=settled), groups, notes)


def _from_data(weighting: Weighting | None, parts: int) -> TypeGuard[Weighting]:
    """Whether weights are to be found; of one input there is nothing to be found."""
    return weighting is not None and weighting.method in DATA_METHODS and parts > 1


def _group(
    called: Text,
    parts: Mapping[str, FloatArray],
    names: Mapping[str, Text],
    given: Mapping[str, float],
    weighting: Weighting,
) -> tuple[Group, Text]:
    weights, note = _found(called, parts, names, weighting)
    return (Group(given, usable=False) if weights is None else Group(weights, usable=True)), note


def _found(
    called: Text, parts: Mapping[str, FloatArray], names: Mapping[str, Text], weighting: Weighting
) -> tuple[Mapping[str, float] | None, Text]:
    """Weights, None where the periods allow none, and what is to be said of them."""
    values = np.column_stack(list(parts.values()))
    whole = values[np.isfinite(values).all(axis=1)]
    if len(whole) < LEAST_PERIODS:
        return None, say.weights_lack_periods(called, len(whole), LEAST_PERIODS)
    ids, varies = list(parts), varying(whole)
    still = [names[name] for name, moves in zip(ids, varies, strict=True) if not moves]
    if not varies.any() or (still and weighting.method == "principal_component"):
        return None, say.weights_lack_variation(called, still)
    if weighting.method == "entropy":
        weights = _rounded(ids, entropy_weights(whole))
        return weights, say.weighted_by_entropy(called, names, weights, len(whole), still)
    component = component_weights(whole)
    weights = _rounded(ids, component.weights)
    against = [names[name] for name, loading in zip(ids, component.loadings, strict=True) if loading < 0]
    return weights, say.weighted_by_component(called, names, weights, len(whole), component.explained, against)


def _rounded(ids: Sequence[str], weights: FloatArray) -> dict[str, float]:
    return rescale(dict(zip(ids, map(float, weights), strict=True)))


def _composites(
    perspective: PerspectiveDefinition, group: Group, inputs: Mapping[str, Input], aggregation: Aggregation
) -> FloatArray:
    """The composite on 0–100 of every period, NaN where undefined."""
    ids = [kpi.id for kpi in perspective.kpis]
    rows = np.column_stack([inputs[name].normalised_values for name in ids])
    found = np.full(len(rows), np.nan)
    for place in np.flatnonzero(np.isfinite(rows).all(axis=1)) if group.usable else ():
        found[place] = aggregate(dict(zip(ids, map(float, rows[place]), strict=True)), group.weights, aggregation)
    return found
