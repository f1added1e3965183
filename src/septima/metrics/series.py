"""A series of figures: one metric under one set of settings, by one grain and one set of slices."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.common.exceptions import IbisError

from septima.lake.resolved import unresolved_tables
from septima.lake.store import arrow_schema
from septima.lake.tables import LAKE_TABLES, MERGES
from septima.metrics.compute import request_of
from septima.metrics.definition import CUSTOMER_DIMENSIONS, Metric, Request
from septima.metrics.period import DEFAULT_CALENDAR, Calendar, Grain
from septima.schema import TABLES


@dataclass(frozen=True)
class Series:
    """What the figures of one history have in common.

    `by` are the dimensions of its slices in the order of their names; `given` the parameters that do not come from
    the passport. Periods are those of `calendar`, and money is in `currency` where one is named.
    """

    metric: Metric
    grain: Grain
    by: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])
    calendar: Calendar = DEFAULT_CALENDAR
    currency: str | None = None

    @property
    def definition(self) -> str:
        """The metric and its version; of one that is not Septima's own with a fingerprint of what it is made of."""
        return self.metric.passport.definition

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """All parameters: those given, and those of the passport behind them."""
        return {**self.metric.passport.parameters, **self.given}

    @cached_property
    def settings(self) -> str:
        """Parameters, time zone, fiscal year and currency as canonical JSON."""
        return _json(
            {
                "parameters": self.parameters,
                "time_zone": self.calendar.time_zone,
                "fiscal_year_start": self.calendar.fiscal_year_start,
                "currency": self.currency,
            }
        )

    @cached_property
    def id(self) -> str:
        """Sixteen hexadecimal digits that tell this series from all others."""
        content = _json([self.metric.id, self.definition, self.settings, self.grain, self.by])
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @property
    def attributes(self) -> tuple[str, ...]:
        """Tables that only lend columns to slice by, to the rows of others."""
        own = self._read_by_sources
        sliced = any(
            name in CUSTOMER_DIMENSIONS and name not in source.dimensions
            for source in self.metric.sources
            for name in self.by
        )
        return ("customers",) if sliced and "customers" not in own else ()

    @property
    def tables(self) -> tuple[str, ...]:
        """Every table of the lake that its figures are made from, the merges of customers among them."""
        found = {*self._read_by_sources, *self.attributes}
        if any("customer_id" in LAKE_TABLES[name].column_names for name in found):
            found.add(MERGES.name)
        return tuple(sorted(found))

    @property
    def settles_days(self) -> int | None:
        """How long after a period's end later records may still change it; None is without end.

        A source says so for the parameters of the passport; one that is raised makes it that much longer.
        """
        longest = 0
        for source in self.metric.sources:
            if source.settles_days is None:
                return None
            raised = [
                self.parameters[name] - self.metric.passport.parameters[name]
                for name in source.parameters
                if name.endswith("days") and isinstance(self.parameters[name], int | float)
            ]
            longest = max(longest, source.settles_days + int(sum(max(0, -int(-days // 1)) for days in raised)))
        return longest

    @cached_property
    def _read_by_sources(self) -> frozenset[str]:
        """Found by building the sources over tables that hold nothing and note who asks for them."""
        asked: set[str] = set()

        def table(name: str) -> ir.Table:
            asked.add(name)
            return _unbound(name)

        request = self._request(table)
        for source in self.metric.sources:
            own = {name: self.parameters[name] for name in source.parameters}
            try:
                source.build(replace(request, parameters=own))
            except IbisError:
                # A query in the words of an engine needs its tables: it may read any.
                return frozenset(TABLES)
        if self.currency is not None and any("currency" in LAKE_TABLES[name].column_names for name in asked):
            # Rates by the day of the row, which lines of orders have from their order.
            asked |= {"rates", "orders"} if "order_items" in asked else {"rates"}
        return frozenset(asked)

    def _request(self, table: Any) -> Request:
        by = (*self.by, *(name for name in self.metric.within if name not in self.by))
        # Whether there are rates cannot be asked of tables that hold nothing, so nothing is converted here.
        request = request_of(unresolved_tables(table), self.calendar, None)
        return replace(request, grain=self.grain, by=by, currency=self.currency)


def series_of(
    metric: Metric,
    grain: Grain,
    by: Sequence[str] = (),
    given: Mapping[str, Any] | None = None,
    calendar: Calendar = DEFAULT_CALENDAR,
    currency: str | None = None,
) -> Series:
    """The series of a metric; the order in which slices are named makes no difference."""
    return Series(metric, grain, tuple(sorted(set(by))), dict(given or {}), calendar, currency)


def slices_text(by: Sequence[str], members: Sequence[object]) -> str:
    """Members of slices as the canonical JSON object that the lake keeps."""
    return _json(dict(zip(by, members, strict=True)))


def _unbound(name: str) -> ir.Table:
    return ibis.table(ibis.Schema.from_pyarrow(arrow_schema(LAKE_TABLES[name])), name=name)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
