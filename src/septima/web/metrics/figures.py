"""Figures of a metric for a page: those recorded, else computed, and kept either way."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from septima.metrics import Metric
from septima.metrics.recorded import Recorded, RecordError
from septima.schema import Text
from septima.web.accounts.models import Organisation
from septima.web.common.workspaces import definitions_digest, keep, kept, look_up
from septima.web.metrics.asking import Ask
from septima.workspace import Workspace


@dataclass(frozen=True)
class Figures:
    """Figures as rows of a `MetricResult`, in its order; `recorded` says whence they come, `behind` that data have changed."""

    rows: tuple[Mapping[str, Any], ...]
    by: tuple[str, ...]
    recorded: bool
    behind: bool
    data_version: int


def figures_at_once(organisation: Organisation, workspace: Workspace, ask: Ask) -> Figures | None:
    """The figures that are kept or recorded; None where the data would have to be read.

    MetricError or PeriodError where there can be none.
    """
    key = figures_key(organisation, workspace, ask)
    found = cast("Figures | None", look_up(key))
    if found is not None:
        return found
    try:
        found = _recorded(workspace, ask)
    except RecordError:
        return None
    keep(key, found)
    return found


def figures(organisation: Organisation, workspace: Workspace, ask: Ask, *, anew: bool = False) -> Figures:
    """The same, computed from the data where none are kept or recorded, or where they are asked for `anew`."""
    key = figures_key(organisation, workspace, ask)
    if anew:
        found = _computed(workspace, ask)
        keep(key, found)
        return found
    return figures_at_once(organisation, workspace, ask) or kept(key, lambda: _computed(workspace, ask))


def figures_key(organisation: Organisation, workspace: Workspace, ask: Ask) -> str:
    """The key by which figures are kept: it changes with the data, the definitions and what is asked for."""
    bounds = ask.bounds(workspace.settings.calendar)
    words = repr((ask.metric, ask.grain, ask.by, bounds))
    digest = hashlib.sha256(f"{words}\0{definitions_digest(workspace)}".encode()).hexdigest()[:32]
    return f"metric-{organisation.pk}-{digest}-{workspace.lake.version}"


def behind_tables(metric: Metric, workspace: Workspace) -> bool:
    """Whether the data of a metric have changed since its figures were recorded."""
    return not Recorded(workspace.lake, workspace.lake.version).newest(metric)[0]


def _recorded(workspace: Workspace, ask: Ask) -> Figures:
    if ask.grain == "all":
        raise RecordError(
            Text(
                "figures of all time at once are not recorded",
                "значения сразу за\u00a0всё время не\u00a0записываются; выберите день, неделю, месяц, квартал или год",
            )
        )
    start, end = ask.bounds(workspace.settings.calendar)
    calendar = workspace.settings.calendar
    result = workspace.figures(
        ask.metric,
        grain=ask.grain,
        by=ask.by,
        start=None if start is None else calendar.period_of(start, ask.grain).start,
        end=None if end is None else calendar.period_of(end, ask.grain).end,
    )
    return Figures(
        _rows(result.frame), result.by, True, behind_tables(result.metric, workspace), workspace.lake.version
    )


def _computed(workspace: Workspace, ask: Ask) -> Figures:
    start, end = ask.bounds(workspace.settings.calendar)
    result = workspace.metric(
        ask.metric,
        grain=ask.grain,
        by=ask.by,
        start=start,
        end=None if end is None else workspace.settings.calendar.period_of(end, "day").end,
    )
    return Figures(_rows(result.frame), result.by, False, False, workspace.lake.version)


def _rows(frame: Any) -> tuple[Mapping[str, Any], ...]:
    names: Sequence[str] = [str(name) for name in frame.columns]
    columns = [_column(frame[name]) for name in frame.columns]
    return tuple(dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))


def _column(column: Any) -> list[Any]:
    """The values of a column as Python's own, days as dates and what is missing as None."""
    if column.dtype.kind == "M":
        return [value.date() for value in column]
    values = column.astype(object)
    return list(values.where(column.notna(), None))
