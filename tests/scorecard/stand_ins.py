"""Metrics and histories that tests of the card make up, so that every number can be followed by hand."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from septima.metrics import Metric, Passport, Period, parse_period
from septima.metrics.definition import Cells, Estimate, Measure, Parameters, Source
from septima.schema import Text
from septima.scorecard.assembly import assemble
from septima.scorecard.card import Figure, Scorecard
from septima.scorecard.definition import ScorecardDefinition
from septima.scorecard.history import KpiHistory, Observation
from septima.scorecard.reading import parse_definition
from septima.scorecard.targets import KpiTargets

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
Q3 = parse_period("2026-Q3")


def _never(*_: Any) -> Any:
    raise AssertionError("a stand-in is not to be computed")


def _estimate(cells: Cells, parameters: Parameters) -> Estimate:
    return _never(cells, parameters)


def metric(
    identifier: str,
    unit: str = "index",
    direction: str = "more",
    *,
    dimensions: tuple[str, ...] = ("channel", "region"),
    parameters: Parameters | None = None,
    minimum_sample: int = 30,
) -> Metric:
    passport = Passport(
        id=identifier,
        version=1,
        name=Text(identifier.upper(), identifier.upper()),
        description=Text("Described.", "Описано."),
        use=Text("Used.", "Применяется."),
        unit=unit,  # type: ignore[arg-type]
        direction=direction,  # type: ignore[arg-type]
        method=Text("Computed.", "Вычислено."),
        formula="a / b",
        formula_source="Author, 2000",
        interval=Text("Interval", "Интервал"),
        primary_data=("orders.ordered_at",),
        perspective="customer_support",
        group="loyalty",
        owner_role=Text("Owner", "Ответственный"),
        minimum_sample=minimum_sample,
        parameters=parameters or {},
    )
    return Metric(passport, {"a": Measure(Source("rows", _never, dimensions), _never)}, _estimate)


METRICS = {
    made.id: made
    for made in (
        metric("cli"),
        metric("nps"),
        metric("cci"),
        metric("open_rate", "share"),
        metric("churn_rate", "share", "less", parameters={"active_days": 90}),
        metric("revenue", "currency"),
        metric("complaints", "per_1000", "less"),
        metric("stock", "days", "target"),
    )
}


def definition_of(text: str) -> ScorecardDefinition:
    return parse_definition(text, metrics=METRICS)


def periods(count: int, last: Period = Q3) -> list[Period]:
    return [last.shift(step) for step in range(1 - count, 1)]


def history(*values: float | Figure | None, n: float = 1000, note: str | None = None, **of_history: Any) -> KpiHistory:
    """A history of values, oldest first; `n` and `note` are of the last."""
    observations = [
        Observation(value if isinstance(value, Figure) else Figure(value), 1000.0, 0.0, None if value else "no_data")
        for value in values
    ]
    last = observations[-1]
    observations[-1] = Observation(last.figure, n, 0.0, note)
    return KpiHistory(tuple(observations), **of_history)


def card_of(
    definition: ScorecardDefinition,
    now: datetime = NOW,
    targets: Mapping[str, KpiTargets] | None = None,
    **histories: KpiHistory,
) -> Scorecard:
    count = len(next(iter(histories.values())).observations)
    return assemble(
        definition,
        {name: made.passport for name, made in METRICS.items()},
        histories,
        periods(count),
        organisation="Ромашка",
        data_version=3,
        currency="RUB",
        parameters={},
        targets=targets,
        now=now,
        seed=7,
        draws=4000,
    )
