"""From a company's own metric, as its file describes it, to a metric like any other."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import estimates
from septima.metrics.custom import words
from septima.metrics.custom.cumulative import accumulated
from septima.metrics.custom.definition import OwnMetric, OwnRows
from septima.metrics.custom.expressions import Scope, apart
from septima.metrics.definition import (
    Cells,
    Estimate,
    FloatArray,
    Measure,
    Metric,
    Parameters,
    Passport,
    Request,
    Rows,
    Source,
)
from septima.metrics.sources import (
    LONGEST_SILENCE,
    amount_measures,
    count_true,
    quantile_measures,
    ratio_measures,
    records,
    several_currencies,
)
from septima.models import intervals
from septima.models.intervals import divide

# Columns that are computed beside those of the table; no table has columns of such names.
USABLE, HIT, VALUE, TOP, BOTTOM, NEXT = (
    f"own_{name}" for name in ("usable", "hit", "value", "numerator", "denominator", "next")
)
_PER_1000 = 1000.0

_Estimate = Callable[[Cells, Parameters], Estimate]


def build(metric: OwnMetric) -> Metric:
    """The metric of a description of any kind but derived."""
    measures, estimate = _KINDS[metric.kind](metric)
    if metric.unit == "per_1000" and metric.kind == "ratio":
        estimate = _scaled(estimate, _PER_1000)
    if metric.cumulative is not None:
        estimate = accumulated(estimate, metric.cumulative)
    return Metric(passport(metric), measures, estimate, history="period" if metric.cumulative is None else "all")


def passport(metric: OwnMetric) -> Passport:
    """The passport that a description gives."""
    subset = _is_subset(metric)
    bounds = metric.bounds
    if bounds is None and metric.unit == "share" and metric.kind == "ratio" and not subset:
        # A ratio of two sums may be called a share and yet pass 1, as spend does revenue.
        bounds = (None, None)
    parts = [part for part in (metric.rows, metric.against) if part is not None]
    data = [column for part in parts for column in part.columns]
    data += [
        f"{part.table.name}.customer_id" for part in parts if metric.kind == "conversion" and part.table.data is None
    ]
    data += [f"{part.table.name}.currency" for part in parts if part.of_money and part.table.data is None]
    return Passport(
        id=metric.id,
        version=metric.version,
        name=metric.name,
        description=metric.description,
        use=metric.use,
        unit=metric.unit,
        direction=metric.direction,
        method=words.method(metric),
        formula=words.formula(metric),
        formula_source=metric.formula_source,
        interval=words.interval(metric, subset=subset),
        primary_data=tuple(dict.fromkeys(data)),
        perspective=metric.perspective,
        group=metric.group,
        owner_role=metric.owner,
        minimum_sample=metric.minimum_sample,
        parameters=dict(metric.parameters),
        bounds=bounds,
        fingerprint=metric.fingerprint,
    )


def _is_subset(metric: OwnMetric) -> bool:
    """Whether a ratio counts, in its numerator, part of the rows that its denominator counts."""
    top, bottom = metric.against, metric.rows
    if metric.kind != "ratio" or top is None or bottom is None or top.value is not None or bottom.value is not None:
        return False
    of_top, of_bottom = (
        frozenset[str]() if part.condition is None else part.condition.conditions for part in (top, bottom)
    )
    return words.same_rows(top, bottom) and of_bottom <= of_top


def _source(metric: OwnMetric, rows: OwnRows, part: Callable[[Request], Rows], name: str | None = None) -> Source:
    """A source of the metric's rows; what it computes depends on the parameters that its expressions name."""
    asked = dict.fromkeys(rows.parameters)
    if metric.against is not None:
        asked |= dict.fromkeys(metric.against.parameters)
    settles = int(np.ceil(metric.within_days)) + LONGEST_SILENCE if metric.kind == "conversion" else 0
    every = (rows, metric.against) if metric.against is not None else (rows,)
    return Source(
        f"{metric.id}.{name}" if name else metric.id,
        lambda request: cast("ir.Table", part(request)),
        metric.by,
        of_customers=rows.table.of_customers,
        parameters=tuple(asked),
        ranked=VALUE if metric.kind == "quantile" else None,
        settles_days=settles if all(one.table.settled for one in every) else None,
    )


def _at(rows: OwnRows, scope: Scope) -> Any:
    moment = rows.at.build(scope)
    return scope.request.beginning(moment) if rows.at.kind == "date" else moment


def _condition(rows: OwnRows, scope: Scope) -> Any:
    return ibis.literal(True) if rows.condition is None else rows.condition.build(scope)


def _value(rows: OwnRows, scope: Scope) -> Any:
    """What is computed of a row: a column as it is, so that sums of money stay exact; 1 where rows are counted."""
    if rows.value is None:
        return ibis.literal(1, "int64")
    return scope.rows[rows.value.column] if rows.value.column is not None else rows.value.build(scope)


def _selected(rows: OwnRows) -> Callable[[Request], Rows]:
    """Rows for which the condition is not false; `own_usable` ones have it true and the value known."""

    def selected(request: Request) -> Rows:
        table = rows.table.rows(request)
        scope = Scope(table, request.parameters, request)
        condition, value = _condition(rows, scope), _value(rows, scope)
        usable = condition.fill_null(False) & value.notnull()
        if rows.distinct is not None:
            usable = usable & table[rows.distinct].notnull()
        found = table.mutate(
            at=_at(rows, scope),
            own_kept=condition.fill_null(True),
            **{USABLE: usable, VALUE: usable.ifelse(value, None)},
        )
        return found.filter(found["own_kept"]).drop("own_kept")

    return selected


def _rows_of(metric: OwnMetric) -> OwnRows:
    if metric.rows is None:
        raise TypeError(f"metric {metric.id!r} has no rows")
    return metric.rows


def _against_of(metric: OwnMetric) -> OwnRows:
    if metric.against is None:
        raise TypeError(f"metric {metric.id!r} has nothing to compare with")
    return metric.against


def _no_currencies(source: Source) -> Measure:
    return Measure(source, lambda rows, _: rows.count(where=ibis.literal(False)))


def _with_currencies(measures: dict[str, Measure], source: Source, rows: OwnRows) -> dict[str, Measure]:
    """The measures with a note on several currencies where what is computed is money."""
    return {**measures, "currencies": several_currencies(source) if rows.of_money else _no_currencies(source)}


def _count(metric: OwnMetric) -> tuple[dict[str, Measure], _Estimate]:
    rows = _rows_of(metric)
    source = _source(metric, rows, _selected(rows))
    count = count_true(source, USABLE)
    distinct = rows.distinct
    if distinct is not None:
        count = Measure(source, lambda found, _: found[distinct].nunique(where=found[USABLE]))

    def estimate(cells: Cells, _: Parameters) -> Estimate:
        n = cells["usable"]
        # Where no condition could be checked the number is unknown, not zero.
        value = np.where((n == 0) & (cells["records"] > 0), np.nan, cells["count"])
        lower, upper = intervals.poisson(value)
        return Estimate(value, n, lower, upper, estimates.missing(n, cells["records"]))

    return {"count": count, "usable": count_true(source, USABLE), "records": records(source)}, estimate


def _amount(metric: OwnMetric) -> tuple[dict[str, Measure], _Estimate]:
    rows = _rows_of(metric)
    source = _source(metric, rows, _selected(rows))
    estimate = estimates.amount if metric.kind == "sum" else estimates.mean("amount", "squares", "known", "records")
    return _with_currencies(_amounts(source), source, rows), estimate


def _amounts(source: Source) -> dict[str, Measure]:
    measures = amount_measures(source, VALUE)
    del measures["currencies"]
    return measures


def _quantile(metric: OwnMetric) -> tuple[dict[str, Measure], _Estimate]:
    rows = _rows_of(metric)
    source = _source(metric, rows, _selected(rows))
    measures = quantile_measures(source, metric.quantile)
    return _with_currencies(measures, source, rows), estimates.quantile(metric.quantile)


def _ratio(metric: OwnMetric) -> tuple[dict[str, Measure], _Estimate]:
    if _is_subset(metric):
        return _share(metric)
    if words.same_rows(_rows_of(metric), _against_of(metric)):
        return _ratio_of_sums(metric)
    return _ratio_of_tables(metric)


def _share(metric: OwnMetric) -> tuple[dict[str, Measure], _Estimate]:
    bottom, top = _rows_of(metric), _against_of(metric)

    def rows(request: Request) -> Rows:
        table = _selected(bottom)(request)
        hit = _condition(top, Scope(table, request.parameters, request))
        usable = table[USABLE] & apart(hit).notnull()
        return table.mutate(**{USABLE: usable, HIT: usable & hit.fill_null(False)})

    source = _source(metric, bottom, rows)
    return _share_measures(source), estimates.share("hits", "usable", "records")


def _share_measures(source: Source) -> dict[str, Measure]:
    return {"hits": count_true(source, HIT), "usable": count_true(source, USABLE), "records": records(source)}


def _ratio_of_sums(metric: OwnMetric) -> tuple[dict[str, Measure], _Estimate]:
    """Sums over the same rows: each row brings something to either, or zero where its condition is false."""
    bottom, top = _rows_of(metric), _against_of(metric)

    def rows(request: Request) -> Rows:
        table = bottom.table.rows(request)
        scope = Scope(table, request.parameters, request)
        columns: dict[str, Any] = {"at": _at(bottom, scope)}
        kept: Any = ibis.literal(False)
        for name, part in ((TOP, top), (BOTTOM, bottom)):
            condition, value = _condition(part, scope), _value(part, scope)
            kept = kept | condition.fill_null(True)
            columns[name] = ibis.cases((condition, value), (~condition, 0), else_=ibis.null("float64"))
        found = table.mutate(**columns, own_kept=kept)
        return found.filter(found["own_kept"]).drop("own_kept")

    source = _source(metric, bottom, rows)
    measures = ratio_measures(source, lambda found: found[TOP], lambda found: found[BOTTOM])
    return _with_currencies(measures, source, bottom if bottom.of_money else top), estimates.ratio


def _ratio_of_tables(metric: OwnMetric) -> tuple[dict[str, Measure], _Estimate]:
    bottom, top = _rows_of(metric), _against_of(metric)
    measures: dict[str, Measure] = {}
    for name, part in (("numerator", top), ("denominator", bottom)):
        source = _source(metric, part, _selected(part), name)
        own = _with_currencies(_amounts(source), source, part)
        measures |= {f"{name}_{measure}": value for measure, value in own.items()}
    counts = bottom.value is None and top.value is None

    def estimate(cells: Cells, _: Parameters) -> Estimate:
        over, under = _sum_of(cells, "numerator"), _sum_of(cells, "denominator")
        value = divide(over, under)
        if counts:
            lower, upper = intervals.poisson_ratio(over, under)
        else:
            # Amounts that come at random: the variance of their sum is estimated by the sum of their squares.
            lower, upper = intervals.fieller(over, under, cells["numerator_squares"], cells["denominator_squares"])
        undefined = np.isnan(value)
        known = cells["numerator_known"] + cells["denominator_known"]
        found = cells["numerator_records"] + cells["denominator_records"]
        mixed = (cells["numerator_currencies"] > 0) | (cells["denominator_currencies"] > 0)
        return Estimate(
            value,
            cells["denominator_known"],
            np.where(undefined, np.nan, lower),
            np.where(undefined, np.nan, upper),
            estimates.missing(known, found),
            estimates.when(mixed, "mixed_currencies"),
        )

    return measures, estimate


def _sum_of(cells: Cells, part: str) -> FloatArray:
    """A sum, unknown where there are records and none of them could be used."""
    unknown = (cells[f"{part}_known"] == 0) & (cells[f"{part}_records"] > 0)
    return np.where(unknown, np.nan, cells[f"{part}_amount"])


def _conversion(metric: OwnMetric) -> tuple[dict[str, Measure], _Estimate]:
    """Rows that the same customer followed by another within a stretch of time.

    One pass over both kinds of events in the order of time finds for each the next one, so that no customer's
    events are joined each with each. A row never follows itself: in one table what follows is strictly later.
    """
    base, target = _rows_of(metric), _against_of(metric)
    strictly = base.table.name == target.table.name

    def rows(request: Request) -> Rows:
        events = request.before_end(_selected(base)(request), "at")
        events = events.mutate(own_order=ibis.literal(int(not strictly), "int8"), own_base=ibis.literal(True))
        of_target = target.table.rows(request)
        scope = Scope(of_target, request.parameters, request)
        known_until = of_target.aggregate(until=_at(target, scope).max())["until"].as_scalar()
        followed = _selected(target)(request)
        followed = followed.filter(followed[USABLE] & followed["customer_id"].notnull() & followed["at"].notnull())
        types = events.schema()
        instead: dict[str, Any] = {name: ibis.null(type_) for name, type_ in types.items()}
        instead |= {name: followed[name].cast(types[name]) for name in ("customer_id", "at")}
        instead["own_base"] = ibis.literal(False)
        instead["own_order"] = ibis.literal(int(strictly), "int8")
        known = events.filter(events["customer_id"].notnull() & events["at"].notnull())
        nobody = events.filter(events["customer_id"].isnull())
        both = known.union(followed.select(**instead))
        moment = (~both["own_base"]).ifelse(both["at"], None)
        # From the latest event back: all that were seen before an event come after it, and the last of them is next.
        later = ibis.window(group_by="customer_id", order_by=[ibis.desc("at"), "own_order"], rows=(None, 0))
        both = both.mutate(**{NEXT: moment.min().over(later)})
        found = both.filter(both["own_base"]).union(nobody.mutate(**{NEXT: ibis.null(both.schema()[NEXT])}))
        limit = found["at"] + ibis.interval(seconds=round(metric.within_days * 86_400))
        over = (limit <= known_until).fill_null(False)
        usable = found[USABLE] & found["customer_id"].notnull() & over
        hit = usable & (found[NEXT] <= limit).fill_null(False)
        return found.mutate(**{USABLE: usable, HIT: hit}).drop("own_order", "own_base")

    source = _source(metric, base, rows)
    return _share_measures(source), estimates.share("hits", "usable", "records")


def _scaled(estimate: _Estimate, factor: float) -> _Estimate:
    def scaled(cells: Cells, parameters: Parameters) -> Estimate:
        found = estimate(cells, parameters)
        return replace(found, value=found.value * factor, lower=found.lower * factor, upper=found.upper * factor)

    return scaled


_KINDS: Mapping[str, Callable[[OwnMetric], tuple[dict[str, Measure], _Estimate]]] = {
    "count": _count,
    "sum": _amount,
    "mean": _amount,
    "quantile": _quantile,
    "ratio": _ratio,
    "conversion": _conversion,
}
