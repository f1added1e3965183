"""Compute metrics: one query per source, then every estimate on the small frame that it gives."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from septima.metrics.conversion import converted
from septima.metrics.definition import (
    COMPANY_CURRENCY,
    CUSTOMER_DIMENSIONS,
    Cells,
    History,
    Measure,
    Metric,
    MetricError,
    Parameters,
    Request,
    Rows,
    Source,
    Tables,
)
from septima.metrics.period import DEFAULT_CALENDAR, GRAINS, Calendar, Grain
from septima.schema import Text

CELL_LIMIT = 5_000_000
_HISTORIES: tuple[History, ...] = ("period", "previous", "all")
_STEPS: dict[Grain, tuple[Literal["D", "M"], int]] = {
    "day": ("D", 1),
    "week": ("D", 7),
    "month": ("M", 1),
    "quarter": ("M", 3),
    "year": ("M", 12),
}
_SHORTEST_DAYS: dict[Grain, int] = {"day": 1, "week": 7, "month": 28, "quarter": 90, "year": 365}


@dataclass(frozen=True)
class MetricResult:
    """The figures of a metric.

    `frame` has `period` (the first day of the period), the slices named in `by` (strings, None where
    unknown), `value`, `n`, `lower`, `upper`, `missing_share`, `note` (a key of NOTES or None) and
    `complete` (false for a period that is not over where the company is), sorted by slice and then
    period; the periods of a slice have no gaps. All time without an end is always complete. `recorded` has
    `period`, the slices and the metric's `within` keys of those that there are records of.
    """

    metric: Metric
    grain: Grain
    by: tuple[str, ...]
    frame: pd.DataFrame = field(repr=False)
    calendar: Calendar = DEFAULT_CALENDAR
    recorded: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)

    def to_pandas(self) -> pd.DataFrame:
        """A copy of the figures that the caller may change."""
        return self.frame.copy()


def compute(
    metrics: Sequence[Metric],
    tables: Tables,
    *,
    grain: Grain,
    by: Sequence[str] = (),
    start: date | None = None,
    end: date | None = None,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
    calendar: Calendar = DEFAULT_CALENDAR,
    currency: str | None = None,
    now: datetime | None = None,
    members: Mapping[str, pd.DataFrame] | None = None,
    through: date | None = None,
) -> dict[str, MetricResult]:
    """Figures of `metrics` by period and slice; metrics that share a source share its query.

    `start` and `end` (the day after the last) are widened to whole periods; left open, they reach as
    far as each metric's records do. `parameters` are given by metric id. Periods are those of the
    company's `calendar`; where `currency` is named, money is converted into it by the table `rates`.
    `now` (the present moment where left out; UTC where it names no zone) tells which periods are over.
    `members` are slices (and `within` keys) by metric id that are shown though there be no record of them;
    an open end reaches at least `through` that day.
    MetricError where a slice, a bound or a parameter does not fit.
    """
    keys = tuple(dict.fromkeys(by))
    start, end = _whole_periods(grain, start, end, calendar)
    settings = _settings(metrics, parameters or {})
    for metric in metrics:
        _check_slices(metric, keys)

    queries: dict[Any, _Query] = {}
    parts: dict[str, list[tuple[_Query, dict[str, str]]]] = {metric.id: [] for metric in metrics}
    for metric in metrics:
        for source in metric.sources:
            own = {name: settings[metric.id][name] for name in source.parameters}
            key = (source, repr(sorted(own.items())), metric.within)
            query = queries.setdefault(key, _Query(source, own, metric.within))
            query.widen(metric.history)
            columns = {
                query.add(measure, settings[metric.id]): name
                for name, measure in metric.measures.items()
                if measure.source == source
            }
            parts[metric.id].append((query, columns))

    request = replace(request_of(tables, calendar, currency), grain=grain, by=keys, start=start, end=end)
    frames = {key: query.run(request) for key, query in queries.items()}
    by_query = {id(query): frames[key] for key, query in queries.items()}
    return {
        metric.id: _result(
            metric,
            [(by_query[id(query)], columns) for query, columns in parts[metric.id]],
            request,
            settings[metric.id],
            calendar.today(now),
            (members or {}).get(metric.id),
            through,
        )
        for metric in metrics
    }


def rows_behind(
    metric: Metric,
    tables: Tables,
    *,
    start: date,
    end: date,
    where: Mapping[str, str | None] | None = None,
    limit: int = 100,
    parameters: Mapping[str, Any] | None = None,
    calendar: Calendar = DEFAULT_CALENDAR,
    currency: str | None = None,
) -> ir.Table | dict[str, ir.Table]:
    """The rows from which a figure was made: those from `start` until `end` (not in it), oldest first.

    `where` names slices and their members (None is the unknown one); `calendar` and `currency` are as for
    `compute`. One table, or one by source where the metric has several.
    """
    slices = dict(where or {})
    _check_slices(metric, tuple(slices))
    settings = _settings([metric], {metric.id: parameters or {}})[metric.id]
    request = replace(request_of(tables, calendar, currency), by=tuple(slices), start=start, end=end)
    found: dict[str, ir.Table] = {}
    for source in metric.sources:
        own = {name: settings[name] for name in source.parameters}
        rows = _rows(source, replace(request, parameters=own), "period")
        for name, member in slices.items():
            rows = rows.filter(rows[name].isnull() if member is None else rows[name].cast("string") == member)
        found[source.name] = rows.order_by("at").limit(limit)
    return found if len(found) > 1 else next(iter(found.values()))


def request_of(tables: Tables, calendar: Calendar, currency: str | None) -> Request:
    """A request for everything; its money in `currency`, where one is named."""
    money = tables if currency is None else converted(tables, currency, calendar)
    return Request(money, "all", (), {}, calendar=calendar, currency=currency, unconverted=tables)


class _Query:
    """The measures that one source is asked for, each once."""

    def __init__(self, source: Source, parameters: Parameters, within: tuple[str, ...]) -> None:
        self.source = source
        self.parameters = parameters
        self.within = within
        self.history: History = "period"
        self._measures: dict[Any, tuple[str, Measure, Parameters]] = {}

    def widen(self, history: History) -> None:
        """Reach back as far as `history` does, if not further already."""
        if _HISTORIES.index(history) > _HISTORIES.index(self.history):
            self.history = history

    def add(self, measure: Measure, parameters: Parameters) -> str:
        """The name of the column that will hold `measure`."""
        key = (measure, repr(sorted(parameters.items())))
        return self._measures.setdefault(key, (f"m{len(self._measures)}", measure, parameters))[0]

    def run(self, request: Request) -> pd.DataFrame:
        """One row per period × slice × `within` key that has records; columns `period`, keys and measures."""
        request = replace(request, by=_slices(request.by, self.within), parameters=self.parameters)
        rows = _rows(self.source, request, self.history)
        if self.source.ranked is not None:
            rows = _with_ranks(rows, self.source.ranked, request)
        keys: dict[str, Any] = {"period": request.period(rows["at"])}
        keys |= {name: rows[name].cast("string") for name in request.by}
        measures: dict[str, Any] = {
            name: measure.aggregate(rows, {**parameters, COMPANY_CURRENCY: request.currency}).cast("float64")
            for name, measure, parameters in self._measures.values()
        }
        if request.grain == "all" and request.start is None:
            measures["first"] = request.day(rows["at"].min())
        frame = rows.aggregate(**measures, by=[value.name(name) for name, value in keys.items()]).to_pandas()
        if "first" in measures:
            frame["period"] = frame.pop("first").min()
        frame["period"] = pd.to_datetime(frame["period"]).astype("datetime64[us]")
        frame = _with_none(frame, request.by)
        return frame.astype({name: "float64" for name, *_ in self._measures.values()})


def _rows(source: Source, request: Request, history: History) -> Rows:
    """The rows of a source within the request's bounds, with the attributes of the customer that it is sliced by."""
    rows: Rows = source.build(request)
    rows = rows.filter(rows["at"].notnull())
    if request.end is not None:
        rows = rows.filter(rows["at"] < request.moment(request.end))
    first = _first_day(request, history)
    if first is not None:
        rows = rows.filter(rows["at"] >= request.moment(first))
    attributes = [name for name in request.by if name in CUSTOMER_DIMENSIONS and name not in source.dimensions]
    if attributes:
        customers = request.tables("customers").select("customer_id", *attributes)
        rows = rows.drop(*(name for name in attributes if name in rows.columns)).left_join(customers, "customer_id")
        rows = rows.drop("customer_id_right")
    return rows


def _first_day(request: Request, history: History) -> date | None:
    """The day from which on records matter for figures that look back as far as `history`; None is without bound."""
    if request.start is None or history == "all":
        return None
    if history == "previous" and request.grain != "all":
        return request.calendar.period_of(request.start, request.grain).shift(-1).start
    return request.start


def _with_ranks(rows: Rows, column: str, request: Request) -> Rows:
    """Rows with the rank of a column's known values within their period × slice, and the number of such values."""
    alike: list[Any] = [request.period(rows["at"]), *(rows[name] for name in request.by), rows[column].isnull()]
    within = ibis.window(group_by=alike, order_by=rows[column])
    return rows.mutate(
        rank=ibis.row_number().over(within) + 1, ranked=rows[column].count().over(ibis.window(group_by=alike))
    )


def _result(
    metric: Metric,
    parts: list[tuple[pd.DataFrame, dict[str, str]]],
    request: Request,
    parameters: Parameters,
    today: date,
    members: pd.DataFrame | None,
    through: date | None,
) -> MetricResult:
    cells, recorded = _cells(metric, parts, request, members, through)
    estimate = metric.estimate(cells, parameters)
    keys = ["period", *request.by]
    figures: Any = cells.frame[keys].drop_duplicates(ignore_index=True)
    n = estimate.n
    note = np.full(n.shape, None, dtype=object) if estimate.note is None else estimate.note
    if request.currency is not None:
        note = np.where(note == "mixed_currencies", "no_rate", note)
    silent = pd.isna(note)
    empty = np.where(estimate.missing_share == 1, "none_usable", "no_data")
    few = silent & (n > 0) & (n < metric.passport.minimum_sample)
    note = np.where(few, "too_few", np.where(silent & ~(n > 0), empty, note))
    for name in ("value", "n", "lower", "upper", "missing_share"):
        figures[name] = getattr(estimate, name)
    figures["note"] = pd.Series(note, index=figures.index, dtype=object)
    figures["complete"] = _complete(figures["period"], request, today)
    if request.start is not None:
        figures = figures[figures["period"] >= pd.Timestamp(request.start)].reset_index(drop=True)
    return MetricResult(metric, request.grain, request.by, figures, request.calendar, recorded)


def _complete(starts: Any, request: Request, today: date) -> Any:
    """Whether the period that begins on each day is over."""
    if request.grain != "all":
        return starts < pd.Timestamp(request.calendar.period_of(today, request.grain).start)
    over = request.end is None or request.end <= today
    return (starts < pd.Timestamp(request.start or date.min)) | over


def _cells(
    metric: Metric,
    parts: list[tuple[pd.DataFrame, dict[str, str]]],
    request: Request,
    known: pd.DataFrame | None,
    through: date | None,
) -> tuple[Cells, pd.DataFrame]:
    """Every period × slice of the metric, with zeros where a source has no rows; and the keys of those with rows."""
    slices = list(_slices(request.by, metric.within))
    within = tuple(slices[len(request.by) :])
    keys = ["period", *slices]
    frames: list[Any] = [frame[[*keys, *columns]] for frame, columns in parts]
    if request.grain == "all" and request.start is None:
        # Each source knows its own first day; the metric has the first of them all.
        first = min((frame["period"].min() for frame in frames if len(frame)), default=pd.NaT)
        frames = [frame.assign(period=first) for frame in frames]
    data, *others = (frame.rename(columns=columns) for frame, (_, columns) in zip(frames, parts, strict=True))
    for other in others:
        data = _with_none(data.merge(other, on=keys, how="outer"), slices)
    needed = _first_day(request, metric.history)
    if needed is not None:
        # Another metric of the same source may have asked for earlier records.
        data = data[data["period"] >= pd.Timestamp(needed)]

    starts = _period_starts(metric, data["period"], request, through)
    members = data[slices].drop_duplicates()
    if known is not None and len(known):
        members = _with_none(pd.concat([members, known[slices]]).drop_duplicates(ignore_index=True), slices)
    if not request.by and members.empty:
        members = pd.DataFrame({name: [None] for name in within}, index=[0], dtype=object)
    if len(members) * len(starts) > CELL_LIMIT:
        raise MetricError(
            Text(
                f"metric {metric.id!r} by {request.grain} would have {len(members)} slices × {len(starts)} periods, "
                f"more than {CELL_LIMIT:,} figures; take a coarser grain, fewer slices, or bound it by start and end",
                f"у\u00a0метрики «{metric.id}» с\u00a0шагом «{request.grain}» получилось\u00a0бы {len(members)} "
                f"срезов × {len(starts)} периодов, больше {CELL_LIMIT} значений; возьмите шаг крупнее или меньше "
                "срезов либо ограничьте начало и\u00a0конец",
            )
        )
    grid = members.merge(pd.DataFrame({"period": starts}), how="cross")
    frame = grid.merge(data, on=keys, how="left")
    frame[list(metric.measures)] = frame[list(metric.measures)].fillna(0.0)
    frame = _with_none(frame, slices).sort_values(
        [*request.by, "period", *within], na_position="last", ignore_index=True
    )
    return Cells(frame, request.by, within, request.grain, request.end, request.calendar), data[keys]


def _with_none(frame: Any, names: Sequence[str]) -> Any:
    """The frame with None, and no other kind of missing value, for unknown members of slices."""
    columns = {name: frame[name].astype(object) for name in names}
    return frame.assign(**{name: column.where(column.notna(), None) for name, column in columns.items()})


def _slices(by: tuple[str, ...], within: tuple[str, ...]) -> tuple[str, ...]:
    """The slices and, after them, the `within` keys that are not slices already."""
    return tuple(dict.fromkeys((*by, *within)))


def _period_starts(metric: Metric, observed: "pd.Series", request: Request, through: date | None) -> pd.DatetimeIndex:
    found = [stamp.date() for stamp in (observed.min(), observed.max()) if not pd.isna(stamp)]
    if through is not None and request.grain != "all":
        found = [found[0] if found else through, max([through, *found])]
    if request.grain == "all":
        days = {request.start} if request.start else set(found)
        if request.start and metric.history == "all":
            days.add(request.start - timedelta(days=1))
        return _days(sorted(day for day in days if day))
    first = request.start or (found[0] if found else None)
    last = request.end - timedelta(days=1) if request.end else (found[-1] if found else None)
    if first is None or last is None or first > last:
        return _days([])
    if metric.history == "all" and found:
        first = min(first, found[0])
    if request.start and metric.history == "previous":
        first = request.calendar.period_of(first, request.grain).shift(-1).start
    if (last - first).days // _SHORTEST_DAYS[request.grain] > CELL_LIMIT:
        raise MetricError(
            Text(
                f"metric {metric.id!r} by {request.grain} would run from {first} to {last}; "
                "bound it by start and end, or mend the dates in the data",
                f"метрика «{metric.id}» с\u00a0шагом «{request.grain}» охватила\u00a0бы время с\u00a0{first} "
                f"по\u00a0{last}; ограничьте начало и\u00a0конец или исправьте даты в\u00a0данных",
            )
        )
    unit, step = _STEPS[request.grain]
    # NumPy steps through the calendar up to its very end, where sources put dates that mean «never».
    starts = np.arange(np.datetime64(first, unit), np.datetime64(last, unit) + 1, step)
    return pd.DatetimeIndex(starts.astype("datetime64[us]"))


def _days(days: list[date]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(np.array(days, dtype="datetime64[us]"))


def _whole_periods(
    grain: Grain, start: date | None, end: date | None, calendar: Calendar
) -> tuple[date | None, date | None]:
    if grain not in GRAINS:
        raise MetricError(
            Text(
                f"there is no grain {grain!r}; use one of {', '.join(GRAINS)}",
                f"нет шага «{grain}»; выберите из\u00a0следующих: {', '.join(GRAINS)}",
            )
        )
    if start is not None and end is not None and start >= end:
        raise MetricError(
            Text(
                f"the start {start} is not before the end {end}; the end is the day after the last one",
                f"начало {start} не\u00a0раньше конца {end}; конец\u00a0— это день после последнего",
            )
        )
    if grain == "all":
        return start, end
    return (
        calendar.period_of(start, grain).start if start else None,
        calendar.period_of(end - timedelta(days=1), grain).end if end else None,
    )


def _check_slices(metric: Metric, by: tuple[str, ...]) -> None:
    for name in by:
        if name not in metric.dimensions:
            known = ", ".join(metric.dimensions)
            raise MetricError(
                Text(
                    f"metric {metric.id!r} cannot be sliced by {name!r}; it can be by: {known or 'nothing'}",
                    f"у\u00a0метрики «{metric.id}» нет среза «{name}»; можно взять: {known or 'ни одного'}",
                )
            )


def _settings(metrics: Sequence[Metric], given: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The parameters of each metric: those of its passport, with the given ones in their place."""
    settings: dict[str, dict[str, Any]] = {}
    for metric in metrics:
        own = given.get(metric.id, {})
        for name, value in own.items():
            if name not in metric.passport.parameters:
                near = difflib.get_close_matches(name, metric.passport.parameters, n=1) or metric.passport.parameters
                known = ", ".join(near)
                raise MetricError(
                    Text(
                        f"metric {metric.id!r} has no parameter {name!r}; it has: {known or 'none'}",
                        f"у\u00a0метрики «{metric.id}» нет параметра «{name}»; есть: {known or 'ни одного'}",
                    )
                )
            _check_number(metric.id, name, value, metric.passport.parameters[name])
        settings[metric.id] = {**metric.passport.parameters, **own}
    return settings


def _check_number(metric: str, name: str, value: object, default: object) -> None:
    """A parameter whose default is a number takes a positive number only, of that kind."""
    if isinstance(default, bool) or not isinstance(default, int | float):
        return
    if isinstance(value, bool) or not isinstance(value, type(default) if isinstance(default, int) else int | float):
        kind = Text("a whole number", "целое число") if isinstance(default, int) else Text("a number", "число")
        raise MetricError(
            Text(
                f"parameter {name!r} of metric {metric!r} must be {kind.en}, not {value!r}",
                f"в\u00a0параметре «{name}» метрики «{metric}» стоит «{value}», а\u00a0нужно {kind.ru}",
            )
        )
    if value <= 0:
        raise MetricError(
            Text(
                f"parameter {name!r} of metric {metric!r} must be above zero, not {value!r}",
                f"параметр «{name}» метрики «{metric}» должен быть больше нуля, а\u00a0указано «{value}»",
            )
        )


__all__ = ["MetricError", "MetricResult", "compute", "rows_behind"]
