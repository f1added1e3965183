"""How the sampling errors of KPIs correlate that rest on the same customers, by random groups (Wolter, 2007, ch. 2).

Customers are put into groups by a salted hash of their ids, all KPIs are computed within each group, and their correlation
over the groups, shrunk by what chance makes of so few (Schäfer & Strimmer, 2005), is that of their errors. A group stands
in the place of one of the customer's attributes, so that the figures of all groups come from one query for each source.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from septima.metrics import Metric, Period, compute
from septima.metrics.definition import CUSTOMER_DIMENSIONS, Tables
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.models.correlated import shrunk_correlation
from septima.schema import SeptimaError, Text
from septima.scorecard.definition import KpiDefinition
from septima.scorecard.history import Parameters, parameters_of
from septima.scorecard.simulate import ErrorCorrelation

FloatArray = npt.NDArray[np.float64]

LEAST_GROUPS = 10
SALT = "shared-customers"
_DIGITS = "0123456789abcdef"
_PARTS = 8
_EIGHTHS = {digit: str(place * _PARTS // len(_DIGITS)) for place, digit in enumerate(_DIGITS)}
"""The part of a group's customers by the next digit of the hash."""
GROUPS = len(_DIGITS) * _PARTS
"""Wolter speaks of tens of groups for one variance; correlations of many pairs need more, lest shrinkage leaves nothing."""


class SharedCustomersError(SeptimaError):
    """Errors whose correlation cannot be measured; the message says what it would need."""


@dataclass(frozen=True)
class SharedCustomers:
    """The correlation of errors that was found in a period, in `groups` of customers.

    `pairs` are ids of KPIs with their correlation before and after shrinking by `shrinkage`, the strongest first.
    `apart` are KPIs that are taken as independent, by id: they rest on no customers, or have no figure in most groups.
    """

    period: str
    groups: int
    correlation: ErrorCorrelation
    shrinkage: float
    pairs: tuple[tuple[str, str, float, float], ...]
    apart: tuple[str, ...]
    names: Mapping[str, Text]


def shared_customers(
    kpis: Sequence[KpiDefinition],
    metrics: Mapping[str, Metric],
    tables: Tables,
    period: Period,
    parameters: Parameters,
    *,
    calendar: Calendar = DEFAULT_CALENDAR,
    currency: str | None = None,
    salt: str = SALT,
) -> SharedCustomers:
    """Measure how the errors of KPIs in a period correlate; what is given is as for `history.read_histories`.

    SharedCustomersError where no two KPIs rest on customers who can be put into groups.
    """
    columns: dict[str, FloatArray] = {}
    for call in _calls(kpis, metrics, parameters):
        columns |= _by_group(call, metrics, _grouped(tables, call.dimension, salt), period, calendar, currency)
    most = GROUPS - GROUPS // 4
    usable = {key: column for key, column in columns.items() if np.isfinite(column).sum() >= most}
    rows = np.column_stack(list(usable.values())) if usable else np.empty((0, 0))
    whole = rows[np.isfinite(rows).all(axis=1)] if usable else rows
    moving = [key for place, key in enumerate(usable) if len(whole) and np.ptp(whole[:, place]) > 0]
    if len(moving) < 2 or len(whole) < LEAST_GROUPS:
        raise SharedCustomersError(
            Text(
                f"{period.id}: no two KPIs have figures in {LEAST_GROUPS} groups of customers or more; load customers, whose ids "
                "the other tables name, or go without --shared-customers",
                f"{period.id}: ни\u00a0у\u00a0каких двух показателей нет значений хотя\u00a0бы в\u00a0{LEAST_GROUPS} "
                "группах клиентов; загрузите клиентов, id которых есть в\u00a0других таблицах, или обойдитесь без "
                "--shared-customers",
            )
        )
    shrunk = shrunk_correlation(whole[:, [list(usable).index(key) for key in moving]])
    pairs = [
        (one, other, float(shrunk.observed[i, j]), float(shrunk.matrix[i, j]))
        for i, one in enumerate(moving)
        for j, other in enumerate(moving)
        if i < j
    ]
    return SharedCustomers(
        period.id,
        len(whole),
        ErrorCorrelation(tuple(moving), shrunk.matrix),
        shrunk.shrinkage,
        tuple(sorted(pairs, key=lambda pair: -abs(pair[3]))),
        tuple(kpi.id for kpi in kpis if kpi.id not in moving),
        {kpi.id: kpi.name or metrics[kpi.metric].passport.name for kpi in kpis},
    )


def _free_dimension(kpi: KpiDefinition, metric: Metric) -> str | None:
    """An attribute of the customer that the KPI is not already held to and that no source has of its own."""
    for name in CUSTOMER_DIMENSIONS:
        own = any(name in source.dimensions or not source.of_customers for source in metric.sources)
        if name in metric.dimensions and name not in kpi.where and not own:
            return name
    return None


def _grouped(tables: Tables, dimension: str, salt: str) -> Tables:
    """The tables with the customer's group in the place of an attribute."""

    def table(name: str) -> ir.Table:
        rows: Any = tables(name)
        if name != "customers":
            return rows
        digest = (ibis.literal(f"{salt}:") + rows["customer_id"]).hexdigest("md5")
        part = digest.substr(1, 1).cases(*_EIGHTHS.items(), else_="0")
        return rows.mutate(**{dimension: digest.left(1) + part})

    return table


@dataclass
class _Call:
    """KPIs whose figures by group one call of `compute` gives."""

    dimension: str
    by: tuple[str, ...]
    parameters: dict[str, Mapping[str, Any]]
    kpis: list[KpiDefinition]


def _calls(kpis: Sequence[KpiDefinition], metrics: Mapping[str, Metric], parameters: Parameters) -> list[_Call]:
    calls: list[_Call] = []
    for kpi in kpis:
        dimension = _free_dimension(kpi, metrics[kpi.metric])
        if dimension is None:
            continue
        by, own = (*sorted(kpi.where), dimension), parameters_of(kpi, parameters)
        fitting = (call for call in calls if call.by == by and call.parameters.get(kpi.metric, own) == own)
        call = next(fitting, None)
        if call is None:
            call = _Call(dimension, by, {}, [])
            calls.append(call)
        call.parameters[kpi.metric] = own
        call.kpis.append(kpi)
    return calls


def _by_group(
    call: _Call,
    metrics: Mapping[str, Metric],
    tables: Tables,
    period: Period,
    calendar: Calendar,
    currency: str | None,
) -> dict[str, FloatArray]:
    """The KPIs' values in every group of customers, NaN where there is none."""
    results = compute(
        [metrics[name] for name in call.parameters],
        tables,
        grain=period.grain,
        by=call.by,
        start=period.start,
        end=period.end,
        parameters=call.parameters,
        calendar=calendar,
        currency=currency,
    )
    groups = [first + second for first in _DIGITS for second in map(str, range(_PARTS))]
    found: dict[str, FloatArray] = {}
    for kpi in call.kpis:
        frame: Any = results[kpi.metric].frame
        for name, member in kpi.where.items():
            frame = frame.loc[frame[name].isna() if member is None else frame[name] == member]
        found[kpi.id] = frame.set_index(call.dimension)["value"].reindex(groups).to_numpy(dtype=np.float64)
    return found
