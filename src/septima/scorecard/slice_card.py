"""The card of one slice of the company: a region, a channel, a segment.

Every KPI whose metric knows the dimension is computed within the slice. The others have no figure there: none is filled in from
the whole company, so composites that need them are undefined, and the card says which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from septima.metrics import Metric, Period
from septima.metrics.definition import Tables
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.schema import TABLES, SeptimaError, Text
from septima.scorecard.assembly import card_of
from septima.scorecard.card import KpiCard, Scorecard
from septima.scorecard.definition import KpiDefinition, ScorecardDefinition, TargetRule
from septima.scorecard.dimensions import dimension_name
from septima.scorecard.history import KpiHistory, Observation, Parameters, Record
from septima.scorecard.readings import read_figures
from septima.scorecard.targets import figures_named

_SUMS = ("currency", "currency_per_day", "count")
"""Units of sums: a part is not to reach what the whole is asked for."""

MOST_MEMBERS = 60


class SliceError(SeptimaError):
    """A slice that there is not; the message names those there are."""


@dataclass(frozen=True)
class Slicing:
    """A dimension that many KPIs of the card share, with its members in a period."""

    dimension: str
    name: Text
    members: tuple[str, ...]
    kpis: int


def shared_dimensions(definition: ScorecardDefinition, metrics: Mapping[str, Metric]) -> dict[str, int]:
    """The dimensions by which a card can be cut, with the number of KPIs that know each, the most shared first.

    They are those of two KPIs or more that at least half as many KPIs know as know the most shared one.
    """
    counted: dict[str, int] = {}
    for kpi in definition.kpis:
        for dimension in metrics[kpi.metric].dimensions:
            counted[dimension] = counted.get(dimension, 0) + 1
    most = max(counted.values(), default=0)
    shared = {name: number for name, number in counted.items() if number >= 2 and 2 * number >= most}
    return dict(sorted(shared.items(), key=lambda item: (-item[1], item[0])))


def slicings(definition: ScorecardDefinition, metrics: Mapping[str, Metric], tables: Tables) -> tuple[Slicing, ...]:
    """The slices that a card can be computed for, their members as the tables behind its KPIs name them.

    Of more than `MOST_MEMBERS` members those with most records are given.
    """
    found: list[Slicing] = []
    for dimension, number in shared_dimensions(definition, metrics).items():
        counts: dict[str, int] = {}
        for name in _tables_with(definition, metrics, dimension):
            table = tables(name)
            known = table.filter(table[dimension].notnull())
            # Members are called by their text, as metrics call them: `true`, not `True`.
            counted = known.group_by(member=known[dimension].cast("string")).agg(records=known.count())
            for row in counted.to_pyarrow().to_pylist():
                counts[row["member"]] = counts.get(row["member"], 0) + int(row["records"])
        largest = sorted(counts, key=lambda member: (-counts[member], member))[:MOST_MEMBERS]
        if largest:
            found.append(Slicing(dimension, dimension_name(dimension), tuple(sorted(largest)), number))
    return tuple(found)


def sliced_definition(
    definition: ScorecardDefinition, metrics: Mapping[str, Metric], dimension: str, member: str
) -> ScorecardDefinition:
    """The definition with every KPI that knows the dimension restricted to the member; the others are as they were.

    A KPI keeps its target where it is a rate, takes the member's own where it has one, and as a sum has none but by formula.
    """
    on_card = {kpi.id for kpi in definition.kpis}

    def sliced(kpi: KpiDefinition) -> KpiDefinition:
        if not _can_be_sliced(kpi, metrics, dimension, member):
            return kpi
        rule = kpi.target_rule
        if kpi.by == dimension and member in kpi.member_targets:
            rule = kpi.member_targets[member]
        elif metrics[kpi.metric].passport.unit in _SUMS:
            by_own_figures = rule.formula is not None and set(figures_named([rule])) <= on_card
            rule = TargetRule(formula=rule.formula) if by_own_figures else TargetRule()
        return replace(
            kpi,
            where={**kpi.where, dimension: member},
            by=None if kpi.by == dimension else kpi.by,
            target=None,
            targets=None if rule == TargetRule() else rule,
            member_targets={},
        )

    return replace(
        definition,
        perspectives=tuple(
            replace(perspective, kpis=tuple(sliced(kpi) for kpi in perspective.kpis))
            for perspective in definition.perspectives
        ),
        own=tuple(sliced(kpi) for kpi in definition.own),
    )


def slice_card(
    definition: ScorecardDefinition,
    metrics: Mapping[str, Metric],
    tables: Tables,
    period: Period,
    dimension: str,
    member: str,
    *,
    organisation: str,
    data_version: int,
    currency: str | None = None,
    parameters: Parameters | None = None,
    calendar: Calendar = DEFAULT_CALENDAR,
    record: Record | None = None,
    now: datetime | None = None,
) -> Scorecard:
    """The card of a period within one member of a dimension; arguments otherwise as of `assembly.build`.

    SliceError where no KPI of the card knows the dimension.
    """
    known = {kpi.id for kpi in definition.kpis if _can_be_sliced(kpi, metrics, dimension, member)}
    if not known:
        shared = ", ".join(shared_dimensions(definition, metrics))
        raise SliceError(
            Text(
                f"no KPI of the card can be split by {dimension!r}; dimensions that they share: {shared or 'none'}",
                f"ни\u00a0один показатель карты не\u00a0делится по\u00a0«{dimension}»; общие измерения: "
                f"{shared or 'нет ни одного'}",
            )
        )
    sliced = sliced_definition(definition, metrics, dimension, member)
    given = parameters or {}
    readings = read_figures(sliced, metrics, tables, period, given, calendar=calendar, currency=currency, record=record)
    nothing = KpiHistory((Observation(note=None),) * len(readings.reach))
    histories = {
        name: history if name in known or name not in {kpi.id for kpi in definition.kpis} else nothing
        for name, history in readings.histories.items()
    }
    card = card_of(
        replace(readings, histories=histories),
        sliced,
        organisation=organisation,
        data_version=data_version,
        currency=currency,
        parameters=given,
        calendar=calendar,
        now=now or datetime.now(UTC),
    )
    others = {kpi.id: kpi.where[dimension] or "—" for kpi in definition.kpis if dimension in kpi.where}
    return _said_of(card, known, dimension, others)


def _tables_with(definition: ScorecardDefinition, metrics: Mapping[str, Metric], dimension: str) -> list[str]:
    """The tables behind KPIs that know a dimension, as far as they have a column of its name; customers too."""
    behind = {
        source.split(".")[0]
        for kpi in definition.kpis
        if dimension in metrics[kpi.metric].dimensions
        for source in (*metrics[kpi.metric].passport.primary_data, "customers")
    }
    return sorted(name for name in behind & set(TABLES) if any(one.name == dimension for one in TABLES[name].columns))


def _can_be_sliced(kpi: KpiDefinition, metrics: Mapping[str, Metric], dimension: str, member: str) -> bool:
    return dimension in metrics[kpi.metric].dimensions and kpi.where.get(dimension, member) == member


def _of_another(name: Text, member: str) -> Text:
    return Text(
        f"This KPI is of {name.en} {member} alone, so it has no figure in this slice.",
        f"Этот показатель\u00a0— только по\u00a0измерению «{name.ru}»: {member}, поэтому в\u00a0этом срезе значения нет.",
    )


def _said_of(card: Scorecard, known: set[str], dimension: str, others: Mapping[str, str]) -> Scorecard:
    """The card with a reason on every KPI that has no figure in the slice; `others` are of another member by definition."""
    name = dimension_name(dimension)
    why = Text(
        f"The data behind this KPI are not split by {name.en}, so it has no figure in this slice.",
        f"Данные этого показателя не\u00a0делятся по\u00a0измерению «{name.ru}», поэтому в\u00a0этом срезе значения нет.",
    )

    def said(kpi: KpiCard) -> KpiCard:
        if kpi.id in known:
            return kpi
        own = others.get(kpi.id)
        return replace(kpi, statements=(why if own is None else _of_another(name, own),))

    return replace(
        card,
        perspectives=tuple(replace(one, kpis=tuple(said(kpi) for kpi in one.kpis)) for one in card.perspectives),
        own=tuple(said(kpi) for kpi in card.own),
    )
