"""All figures that a scorecard asks for in a period, read once: cards with other weights, targets or values are made of the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from septima.metrics import Metric, Passport, Period
from septima.metrics.definition import Tables
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.schema import Text
from septima.scorecard.definition import DefinitionError, KpiDefinition, ScorecardDefinition
from septima.scorecard.history import (
    KpiHistory,
    Parameters,
    Record,
    latest_record,
    read_histories,
    read_members,
)
from septima.scorecard.targets import (
    PlannedTarget,
    figures_named,
    periods_needed,
    read_plans,
    read_target_formula,
    stepped,
)

Members = Mapping[tuple[str, Period], Mapping[str, float | None]]


@dataclass(frozen=True)
class Readings:
    """What a card of a definition is made of.

    `periods` are those of the trend, the card's own last, and `reach` those before them too that targets look back to.
    `histories` are over the reach, by id of the KPI or of a metric that a target's formula names; `members` the figures of
    KPIs by member in the periods that formulas of members take; `latest` is the day of the newest record behind the card.
    """

    periods: tuple[Period, ...]
    reach: tuple[Period, ...]
    passports: Mapping[str, Passport]
    histories: Mapping[str, KpiHistory]
    members: Members
    planned: tuple[PlannedTarget, ...]
    latest: date | None


def read_figures(
    definition: ScorecardDefinition,
    metrics: Mapping[str, Metric],
    tables: Tables,
    period: Period,
    parameters: Parameters,
    *,
    calendar: Calendar = DEFAULT_CALENDAR,
    currency: str | None = None,
    record: Record | None = None,
) -> Readings:
    """Read what the card of `period` needs; see `assembly.build` for what is given, and for its errors."""
    periods = tuple(period.shift(step) for step in range(1 - definition.trend, 1))
    passports = _passports(definition, metrics)
    rules = [rule for kpi in definition.kpis for rule in (kpi.target_rule, *kpi.member_targets.values())]
    earlier = tuple(periods[0].shift(-step) for step in range(periods_needed(rules, periods), 0, -1))
    on_card = {kpi.id for kpi in definition.kpis}
    looked_at = [KpiDefinition(name, name, weight=0.0) for name in figures_named(rules) if name not in on_card]
    reach = (*earlier, *periods)
    kpis = (*definition.kpis, *looked_at)
    histories = read_histories(kpis, metrics, tables, reach, parameters, calendar, currency, record)
    members: dict[tuple[str, Period], Mapping[str, float | None]] = {}
    for kpi in definition.kpis:
        for at in _member_periods(kpi, period) if kpi.by is not None else ():
            found = read_members([kpi], kpi.by or "", metrics, tables, at, parameters, calendar, currency, record)
            members[kpi.id, at] = {member: one.figure.value for member, one in found[kpi.id].items()}
    plans = sorted({rule.plan for rule in rules if rule.plan is not None})
    used = [metrics[kpi.metric] for kpi in definition.kpis]
    return Readings(
        periods,
        reach,
        passports,
        histories,
        members,
        read_plans(tables, plans, sorted(on_card)),
        latest_record(used, tables, calendar, record),
    )


def _member_periods(kpi: KpiDefinition, period: Period) -> list[Period]:
    """The periods whose figures by member the formulas of the KPI's members take."""
    formulas = [rule.formula for rule in kpi.member_targets.values() if rule.formula is not None]
    taken = (figure for formula in formulas for figure in read_target_formula(formula).figures.values())
    return list(dict.fromkeys(stepped(period, step) for name, step in taken if name == kpi.id))


def _passports(definition: ScorecardDefinition, metrics: Mapping[str, Metric]) -> dict[str, Passport]:
    for kpi in definition.kpis:
        if kpi.metric not in metrics:
            raise DefinitionError(
                Text(
                    f"KPI {kpi.id!r} names the metric {kpi.metric!r}, which there is not; there are: {', '.join(metrics)}",
                    f"показатель «{kpi.id}» называет метрику «{kpi.metric}», а\u00a0такой нет; есть: "
                    f"{', '.join(metrics)}",
                )
            )
    return {kpi.metric: metrics[kpi.metric].passport for kpi in definition.kpis}
