"""Why a card changed: its composites by KPIs, and the KPIs that moved them most by slices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from septima.metrics import Metric, Period
from septima.metrics.definition import Tables
from septima.metrics.period import DEFAULT_CALENDAR, Calendar
from septima.schema.wording import hinted
from septima.scorecard.card import KpiCard, Scorecard
from septima.scorecard.change import Change, ChangeError, explain_change
from septima.scorecard.definition import OWN, KpiDefinition, ScorecardDefinition
from septima.scorecard.nodes import near
from septima.scorecard.simulation import INTEGRAL
from septima.scorecard.slice_cells import read_cells
from septima.scorecard.slice_change import SliceChange, not_split, slice_change, told_dimension

MOST_TELLING = 3
"""Of how many KPIs slices are shown where none is named."""


@dataclass(frozen=True)
class Why:
    """The change of a card, and of some KPIs by slices; `shown` are the ids of the composites that were asked for."""

    change: Change
    slices: tuple[SliceChange, ...]
    shown: tuple[str, ...]
    names: Mapping[str, KpiCard]


def explain_why(
    card: Scorecard,
    definition: ScorecardDefinition,
    metrics: Mapping[str, Metric],
    tables: Tables,
    *,
    parameters: Mapping[str, Mapping[str, Any]],
    calendar: Calendar = DEFAULT_CALENDAR,
    earlier: Scorecard | None = None,
    of: str = "",
    by: str | None = None,
    most: int = MOST_TELLING,
) -> Why:
    """Why `card` differs from the period before, or from an `earlier` card.

    `of` is "" (CKPIint, with the `most` KPIs that moved it most by slices), a perspective, or "perspective/kpi"; `by` names the
    dimension of the slices. Other arguments are those that the card was built with. ChangeError where the path leads
    nowhere or the KPI cannot be sliced so.
    """
    passports = {name: metric.passport for name, metric in metrics.items()}
    change = explain_change(card, definition, passports, earlier=earlier, calendar=calendar)
    names = {kpi.id: kpi for perspective in card.perspectives for kpi in perspective.kpis}
    names |= {kpi.id: kpi for kpi in card.own}
    shown, kpis = _asked(card, change, of, most)
    kinds = {kpi.id: kpi for kpi in definition.kpis}
    wanted = [(kinds[kpi], told_dimension(metrics[kinds[kpi].metric].dimensions, kinds[kpi].by, by)) for kpi in kpis]
    if by is not None and wanted and not any(dimension for _, dimension in wanted):
        known = sorted({name for kpi, _ in wanted for name in metrics[kpi.metric].dimensions})
        raise ChangeError(
            hinted(
                f"none of these KPIs can be sliced by {by!r}",
                f"ни\u00a0у\u00a0одного из\u00a0этих показателей нет среза «{by}»",
                near(by, known),
            )
        )
    sliced = [(kpi, dimension) for kpi, dimension in wanted if dimension is not None]
    slices = _slices(card, earlier, sliced, names, metrics, tables, parameters, calendar)
    return Why(change, tuple(slices), shown, names)


def _asked(card: Scorecard, change: Change, of: str, most: int) -> tuple[tuple[str, ...], list[str]]:
    """The composites and the KPIs that a path asks for."""
    steps = [step for step in of.strip("/").split("/") if step]
    perspectives = {one.composite.id: [kpi.id for kpi in one.kpis] for one in card.perspectives}
    own = [kpi.id for kpi in card.own]
    if not steps:
        brought = {
            driver.id: abs(driver.total.value or 0.0) for _, drivers in change.of(INTEGRAL).below for driver in drivers
        }
        return (INTEGRAL, *perspectives), sorted(brought, key=lambda key: -brought[key])[:most]
    paths = [
        *perspectives,
        *(f"{key}/{kpi}" for key, kpis in perspectives.items() for kpi in kpis),
        *(f"{OWN}/{kpi}" for kpi in own),
    ]
    path = "/".join(steps)
    if path not in paths:
        # A bare KPI id is what a person would type.
        path = next((place for place in paths if place.endswith(f"/{path}")), path)
    if path not in paths:
        raise ChangeError(hinted(f"there is no {of!r} on the card", f"в\u00a0карте нет «{of}»", near(path, paths)))
    first, *rest = path.split("/")
    if not rest:
        return (first,), perspectives[first]
    return () if first == OWN else (first,), rest


def _slices(
    card: Scorecard,
    earlier: Scorecard | None,
    wanted: Sequence[tuple[KpiDefinition, str]],
    names: Mapping[str, KpiCard],
    metrics: Mapping[str, Metric],
    tables: Tables,
    parameters: Mapping[str, Mapping[str, Any]],
    calendar: Calendar,
) -> list[SliceChange]:
    last = calendar.parse(card.period)
    first = last.shift(-1) if earlier is None else calendar.parse(earlier.period)
    if first.grain != last.grain or first.start >= last.start:
        return []  # between two computations of one period, or periods of two lengths, no slice came over
    cells = read_cells(wanted, metrics, tables, first, last, parameters, calendar, card.currency)
    before = names if earlier is None else _by_id(earlier)
    found: list[SliceChange] = []
    for kpi, dimension in wanted:
        old = before.get(kpi.id)
        previous = None if old is None else old.previous if earlier is None else old.figure.value
        ends = previous, names[kpi.id].figure.value
        known = cells.get((kpi.id, dimension))
        if known is None:
            found.append(not_split(kpi.id, dimension, ends))
        else:
            found.append(slice_change(ends, known, -1 - _steps(first, last)))
    return found


def _by_id(card: Scorecard) -> dict[str, KpiCard]:
    return {kpi.id: kpi for kpi in (*(kpi for one in card.perspectives for kpi in one.kpis), *card.own)}


def _steps(first: Period, last: Period) -> int:
    count = 0
    while first.start < last.start:
        first, count = first.shift(1), count + 1
    return count
