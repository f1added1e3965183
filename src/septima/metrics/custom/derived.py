"""Metrics that are computed from the values of others, with the intervals carried along."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from septima.metrics.custom.building import passport
from septima.metrics.custom.definition import OwnMetric
from septima.metrics.custom.formula import Formula, Sloped
from septima.metrics.definition import (
    COMPANY_CURRENCY,
    Cells,
    Estimate,
    FloatArray,
    History,
    Measure,
    Metric,
    Notes,
    Parameters,
    Request,
    Rows,
    Source,
)

_HISTORIES: tuple[History, ...] = ("period", "previous", "all")


def build_derived(metric: OwnMetric, parts: Mapping[str, Metric], settings: Mapping[str, Mapping[str, Any]]) -> Metric:
    """A metric over `parts`, the metrics that its formula names.

    Parameters of a part are called `part.parameter`; their defaults are those of `settings` (the workspace's, by
    metric id) or else of the part's passport. All parts have to keep the same columns apart (`within`).
    """
    formula = metric.formula
    if formula is None:
        raise TypeError(f"metric {metric.id!r} has no formula")
    parameters: dict[str, Any] = {}
    measures: dict[str, Measure] = {}
    for name, part in parts.items():
        own = {**part.passport.parameters, **settings.get(name, {})}
        parameters |= {f"{name}.{key}": own[key] for key in part.passport.parameters}
        renamed = _Renamed(name)
        measures |= {f"{name}.{key}": renamed.measure(measure) for key, measure in part.measures.items()}
    parameters |= metric.parameters
    first = next(iter(parts.values()))
    described = passport(metric)
    return Metric(
        replace(
            described,
            parameters=parameters,
            primary_data=tuple(dict.fromkeys(name for part in parts.values() for name in part.passport.primary_data)),
            fingerprint=metric.fingerprint,
        ),
        measures,
        _estimate(formula, parts),
        history=_HISTORIES[max(_HISTORIES.index(part.history) for part in parts.values())],
        within=first.within,
    )


class _Renamed:
    """Sources and measures of a part that find its parameters under the part's name."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._sources: dict[Source, Source] = {}

    def measure(self, measure: Measure) -> Measure:
        def aggregate(rows: Rows, parameters: Parameters) -> Any:
            return measure.aggregate(rows, _own(parameters, self._part))

        return Measure(self._source(measure.source), aggregate)

    def _source(self, source: Source) -> Source:
        if not source.parameters:
            return source
        if source not in self._sources:

            def build(request: Request) -> Any:
                return source.build(replace(request, parameters=_own(request.parameters, self._part)))

            names = tuple(f"{self._part}.{name}" for name in source.parameters)
            self._sources[source] = replace(source, build=build, parameters=names)
        return self._sources[source]


def _own(parameters: Parameters, part: str) -> dict[str, Any]:
    """The parameters of a part by their own names, and the company's currency."""
    own = {name.removeprefix(f"{part}."): value for name, value in parameters.items() if name.startswith(f"{part}.")}
    return own | {name: parameters[name] for name in (COMPANY_CURRENCY,) if name in parameters}


def _estimate(formula: Formula, parts: Mapping[str, Metric]) -> Callable[[Cells, Parameters], Estimate]:
    def estimate(cells: Cells, parameters: Parameters) -> Estimate:
        found = {
            name: part.estimate(_cells_of(cells, name, part), _own(parameters, name)) for name, part in parts.items()
        }
        sloped = formula.compute({name: one.value for name, one in found.items()}, parameters)
        lower, upper = _bounds(sloped, found)
        every = list(found.values())
        return Estimate(
            sloped.value,
            _reduced(np.fmin, [one.n for one in every]),
            lower,
            upper,
            _reduced(np.fmax, [one.missing_share for one in every]),
            _notes(every),
        )

    return estimate


def _cells_of(cells: Cells, name: str, part: Metric) -> Cells:
    """The cells as the part itself would get them."""
    keys = ["period", *cells.keys, *cells.within]
    columns = {f"{name}.{measure}": measure for measure in part.measures}
    frame: Any = cells.frame[[*dict.fromkeys(keys), *columns]]
    return replace(cells, frame=frame.rename(columns=columns))


def _bounds(sloped: Sloped, parts: Mapping[str, Estimate]) -> tuple[FloatArray, FloatArray]:
    """Distances of the parts' bounds, times the slopes, by square-and-add (Zou & Donner, 2008)."""
    below, above = np.zeros_like(sloped.value), np.zeros_like(sloped.value)
    for name, slope in sloped.slopes.items():
        part = parts[name]
        down, up = part.value - part.lower, part.upper - part.value
        flat = slope == 0
        below += np.where(flat, 0.0, (slope * np.where(slope > 0, down, up)) ** 2)
        above += np.where(flat, 0.0, (slope * np.where(slope > 0, up, down)) ** 2)
    return sloped.value - np.sqrt(below), sloped.value + np.sqrt(above)


def _reduced(operation: np.ufunc, arrays: list[FloatArray]) -> FloatArray:
    return np.asarray(operation.reduce(np.stack(arrays)), dtype=np.float64)


def _notes(parts: list[Estimate]) -> Notes:
    """The first note that one of the parts has."""
    notes = np.full(parts[0].value.shape, None, dtype=object)
    for part in parts:
        if part.note is not None:
            notes = np.where(pd.isna(notes), part.note, notes)
    return notes
