"""The way down from CKPIint to a perspective, to a KPI, to the rows behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal

import ibis.expr.types as ir
import numpy as np

from septima.metrics import Metric, Passport, catalogue, compute, rows_behind
from septima.metrics.definition import Cells, Estimate, Tables
from septima.metrics.period import DEFAULT_CALENDAR, Calendar, Period
from septima.models.shapley_change import of_product
from septima.schema import SeptimaError, Text
from septima.scorecard.card import CompositeCard, KpiCard, PerspectiveCard, Scorecard
from septima.scorecard.composite import weights_average_one
from septima.scorecard.definition import OWN, KpiDefinition, ScorecardDefinition
from septima.scorecard.history import Parameters, parameters_of

Kind = Literal["integral", "perspective", "kpi"]


class ExplainError(SeptimaError):
    """A path that leads nowhere on the card; the message names where one can go."""


@dataclass(frozen=True)
class Contribution:
    """What one input brings to a composite, and to its change against the previous period.

    `contribution` is weight × value / n; all add up to the composite. `change_by_value` and
    `change_by_weight` add up to the change of the contribution, and over all inputs to the change of
    the composite. None where the input is undefined in either period.
    """

    id: str
    name: Text
    weight: float
    value: float | None
    contribution: float | None
    previous_value: float | None = None
    change_by_value: float | None = None
    change_by_weight: float | None = None


@dataclass(frozen=True)
class Rows:
    """The first rows that a figure was made from, as the canonical tables give them."""

    source: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    more: bool


@dataclass(frozen=True)
class MeasureValue:
    """An aggregate that the formula works on, in the card's period and in the one before."""

    name: str
    value: float | None
    previous: float | None


@dataclass(frozen=True)
class Explanation:
    """One step of the way down.

    `path` is "" (CKPIint), "perspective" or "perspective/kpi"; `below` are the paths that lead
    further. Of a composite there are `composite` and `contributions` (none where its weights do not
    average 1); of a KPI `kpi`, its metric's `passport`, the `measures` and the `rows` behind the figure.
    """

    path: str
    kind: Kind
    name: Text
    period: str
    previous_period: str
    below: tuple[str, ...] = ()
    composite: CompositeCard | None = None
    contributions: tuple[Contribution, ...] = ()
    kpi: KpiCard | None = None
    passport: Passport | None = None
    measures: tuple[MeasureValue, ...] = ()
    rows: tuple[Rows, ...] = ()


def explain(
    scorecard: Scorecard,
    path: str = "",
    *,
    definition: ScorecardDefinition,
    tables: Tables,
    parameters: Parameters | None = None,
    metrics: Mapping[str, Metric] | None = None,
    calendar: Calendar = DEFAULT_CALENDAR,
    limit: int = 100,
) -> Explanation:
    """Explain the part of a card that `path` names: "", "customer_support" or "customer_support/nps" ("own/…").

    `definition`, `tables`, `parameters`, `metrics` and `calendar` are those that the card was built with;
    `limit` is the most rows that are given. Raises ExplainError where the path leads nowhere.
    """
    steps = [step for step in path.strip("/").split("/") if step]
    if not steps:
        return _integral(scorecard)
    if len(steps) > 2:
        raise ExplainError(
            Text(
                f"{path!r} goes too deep; write a perspective, or perspective/kpi",
                f"«{path}» ведёт слишком глубоко; пишите перспективу или перспектива/показатель",
            )
        )
    perspectives = {perspective.composite.id: perspective for perspective in scorecard.perspectives}
    if steps[0] not in (*perspectives, OWN) or (steps == [OWN]):
        raise ExplainError(
            Text(
                f"there is no {path!r} on the card; {_near(path, _paths(scorecard)).en}",
                f"в\u00a0карте нет «{path}»; {_near(path, _paths(scorecard)).ru}",
            )
        )
    if len(steps) == 1:
        return _perspective(scorecard, perspectives[steps[0]])
    cards = scorecard.own if steps[0] == OWN else perspectives[steps[0]].kpis
    card = next((card for card in cards if card.id == steps[1]), None)
    kpi = next((kpi for kpi in definition.kpis if kpi.id == steps[1]), None)
    if card is None or kpi is None:
        raise ExplainError(
            Text(
                f"there is no {path!r} on the card; {_near(path, _paths(scorecard)).en}",
                f"в\u00a0карте нет «{path}»; {_near(path, _paths(scorecard)).ru}",
            )
        )
    metric = (catalogue() if metrics is None else metrics)[kpi.metric]
    return _kpi(
        scorecard,
        "/".join(steps),
        card,
        kpi=kpi,
        metric=metric,
        tables=tables,
        parameters=parameters or {},
        calendar=calendar,
        limit=limit,
    )


def contributions(
    values: Mapping[str, float | None],
    weights: Mapping[str, float],
    previous_values: Mapping[str, float | None],
    previous_weights: Mapping[str, float],
    names: Mapping[str, Text],
) -> tuple[Contribution, ...]:
    """Split a composite, and its change between two periods, exactly over its inputs.

    The change is split by exact Shapley contributions, see `models.shapley_change.of_product`: by value Δx·(a₀ + a₁)/2
    and by weight Δa·(x₀ + x₁)/2, where a = A / n. An input that stands in one period only has the weight 0 in the other.
    """
    now = {key: weight / len(weights) for key, weight in weights.items()}
    before = {key: weight / len(previous_weights) for key, weight in previous_weights.items()}
    found: list[Contribution] = []
    for key in dict.fromkeys((*weights, *previous_weights)):
        value = values.get(key) if key in now else previous_values.get(key)
        previous = previous_values.get(key) if key in before else values.get(key)
        share, share_before = now.get(key, 0.0), before.get(key, 0.0)
        by_value = by_weight = None
        if value is not None and previous is not None:
            pairs = (np.array([previous]), np.array([value])), (np.array([share_before]), np.array([share]))
            by_value, by_weight = (float(part[0]) for part in of_product(*pairs))
        found.append(
            Contribution(
                id=key,
                name=names[key],
                weight=weights.get(key, 0.0),
                value=value,
                contribution=None if value is None else share * value,
                previous_value=previous,
                change_by_value=by_value,
                change_by_weight=by_weight,
            )
        )
    return tuple(found)


def _integral(scorecard: Scorecard) -> Explanation:
    composites = [perspective.composite for perspective in scorecard.perspectives]
    weights = {composite.id: composite.weight for composite in composites}
    return Explanation(
        path="",
        kind="integral",
        name=scorecard.integral.name,
        period=scorecard.period,
        previous_period=_previous(scorecard),
        below=(*weights, *(f"{OWN}/{kpi.id}" for kpi in scorecard.own)),
        composite=scorecard.integral,
        contributions=_split(
            {composite.id: composite.printed.value for composite in composites},
            weights,
            {composite.id: _before(composite) for composite in composites},
            {composite.id: composite.name for composite in composites},
        ),
    )


def _perspective(scorecard: Scorecard, perspective: PerspectiveCard) -> Explanation:
    composite, kpis = perspective.composite, perspective.kpis
    weights = {kpi.id: kpi.weight for kpi in kpis}
    return Explanation(
        path=composite.id,
        kind="perspective",
        name=composite.name,
        period=scorecard.period,
        previous_period=_previous(scorecard),
        below=tuple(f"{composite.id}/{kpi.id}" for kpi in kpis),
        composite=composite,
        contributions=_split(
            {kpi.id: kpi.scaled.value for kpi in kpis},
            weights,
            {kpi.id: kpi.scaled_previous for kpi in kpis},
            {kpi.id: kpi.name for kpi in kpis},
        ),
    )


def _split(
    values: Mapping[str, float | None],
    weights: Mapping[str, float],
    previous: Mapping[str, float | None],
    names: Mapping[str, Text],
) -> tuple[Contribution, ...]:
    return contributions(values, weights, previous, weights, names) if weights_average_one(weights) else ()


def _kpi(
    scorecard: Scorecard,
    path: str,
    card: KpiCard,
    *,
    kpi: KpiDefinition,
    metric: Metric,
    tables: Tables,
    parameters: Parameters,
    calendar: Calendar,
    limit: int,
) -> Explanation:
    given = parameters_of(kpi, parameters)
    found = rows_behind(
        metric,
        tables,
        start=scorecard.start,
        end=scorecard.end,
        where=kpi.where,
        limit=limit + 1,
        parameters=given,
        calendar=calendar,
        currency=scorecard.currency,
    )
    by_source = found if isinstance(found, dict) else {metric.sources[0].name: found}
    return Explanation(
        path=path,
        kind="kpi",
        name=card.name,
        period=scorecard.period,
        previous_period=_previous(scorecard),
        kpi=card,
        passport=metric.passport,
        measures=_measures(metric, tables, calendar, scorecard, kpi.where, given),
        rows=tuple(_rows(source, table, limit) for source, table in by_source.items()),
    )


def _rows(source: str, table: ir.Table, limit: int) -> Rows:
    arrow = table.to_pyarrow()
    rows = [tuple(map(_cell, row.values())) for row in arrow.slice(0, limit).to_pylist()]
    return Rows(source, tuple(arrow.column_names), tuple(rows), arrow.num_rows > limit)


def _cell(value: object) -> object:
    """The value, or None for the NaN by which some engines tell that there is none."""
    return None if isinstance(value, float) and np.isnan(value) else value


def _measures(
    metric: Metric,
    tables: Tables,
    calendar: Calendar,
    scorecard: Scorecard,
    where: Mapping[str, str | None],
    parameters: Mapping[str, Any],
) -> tuple[MeasureValue, ...]:
    """The aggregates behind a figure, by metrics that show one measure each."""
    period: Period = calendar.parse(scorecard.period)
    probes = [_probe(metric, name) for name in metric.measures]
    by = tuple(sorted(where))
    results = compute(
        probes,
        tables,
        grain=period.grain,
        by=by,
        start=period.shift(-1).start,
        end=period.end,
        parameters={probe.id: parameters for probe in probes},
        calendar=calendar,
        currency=scorecard.currency,
    )
    found: list[MeasureValue] = []
    for name, probe in zip(metric.measures, probes, strict=True):
        frame = results[probe.id].frame
        for dimension, member in where.items():
            frame = frame.loc[frame[dimension].isna() if member is None else frame[dimension] == member]
        values = {stamp.date(): value for stamp, value in zip(frame["period"], frame["value"], strict=True)}
        found.append(MeasureValue(name, _number(values.get(period.start)), _number(values.get(period.shift(-1).start))))
    return tuple(found)


def _probe(metric: Metric, measure: str) -> Metric:
    def estimate(cells: Cells, _: Mapping[str, Any]) -> Estimate:
        values = cells.total_within(cells[measure])
        unknown = np.full_like(values, np.nan)
        return Estimate(values, values, unknown, unknown, unknown)

    passport = replace(metric.passport, id=f"{metric.id}:{measure}")
    return replace(metric, passport=passport, estimate=estimate)


def _before(composite: CompositeCard) -> float | None:
    return composite.trend[-2].figure.value


def _previous(scorecard: Scorecard) -> str:
    return scorecard.integral.trend[-2].label


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def _paths(scorecard: Scorecard) -> list[str]:
    paths: list[str] = []
    for perspective in scorecard.perspectives:
        paths.append(perspective.composite.id)
        paths.extend(f"{perspective.composite.id}/{kpi.id}" for kpi in perspective.kpis)
    return [*paths, *(f"{OWN}/{kpi.id}" for kpi in scorecard.own)]


def _near(path: str, known: Sequence[str]) -> Text:
    close = get_close_matches(path, known, n=3, cutoff=0.5)
    # A bare KPI id is what a person would type; its place on the card is then the hint.
    close = close or [place for place in known if place.endswith(f"/{path.strip('/')}")]
    if close:
        meant = " или\u00a0".join(f"«{one}»" for one in close)
        return Text(f"did you mean {' or '.join(map(repr, close))}?", f"возможно, имелось в\u00a0виду {meant}?")
    return Text(f"there are: {', '.join(known)}", f"есть: {', '.join(known)}")
