"""Keep the history of figures: compute what the data changed, and write what came out differently.

Figures are compared with those in force and only differing ones are written, so that a late record re-opens its
period as a new snapshot and the old one stays readable. What has to be computed again is told by the differences of
the tables since the last computation (`lake.changes`), never by a clock.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from septima.lake.changes import Changes, Reach
from septima.lake.figures import FIGURE_COLUMNS, Computation, newest_computations, newest_figures, write_rows
from septima.lake.sql import DEFAULT_MEMORY, connect
from septima.lake.store import Lake, Writing, arrow_schema
from septima.lake.tables import COMPUTATIONS, FIGURES
from septima.metrics.compute import MetricResult, compute
from septima.metrics.definition import Source, Tables
from septima.metrics.period import Grain
from septima.metrics.series import Series, slices_text
from septima.schema import TABLES, SeptimaError, Text

Progress = Callable[[Text, int, int | None], None]
PLANNED = ("promised_at", "planned_at", "due_at")
"""Times that may lie ahead of what the data know."""

_STEP = Text("Computing figures", "Вычисление показателей")
_VALUES = ("value", "n", "lower", "upper", "missing_share")
# The engine adds numbers up in any order, so that their last digits differ from run to run.
_RELATIVE, _ABSOLUTE = 1e-9, 1e-12


@dataclass(frozen=True)
class SeriesUpdate:
    """What became of one series: `since` is the first period computed anew, None where all were.

    `new` figures were not there, `changed` ones are another snapshot, `gone` ones are no more. A series that nothing
    changed is not `computed`.
    """

    metric: str
    definition: str
    grain: Grain
    by: tuple[str, ...]
    parameters: Mapping[str, Any]
    computed: bool
    since: date | None = None
    new: int = 0
    changed: int = 0
    gone: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Failure:
    """A series that could not be computed, and why; the others were."""

    metric: str
    grain: Grain
    by: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class Update:
    """What one run did over the data of `data_version`; `version` is the lake's afterwards."""

    series: tuple[SeriesUpdate, ...]
    failures: tuple[Failure, ...]
    data_version: int
    version: int
    seconds: float


@dataclass(frozen=True)
class _Plan:
    """A series that is to be computed from `since` on, or whole; `base` is its last computation."""

    series: Series
    since: date | None
    base: Computation | None
    reads: Mapping[str, int | None]
    lent: tuple[str, ...]


@dataclass(frozen=True)
class _Computed:
    plan: _Plan
    figures: pd.DataFrame
    members: Mapping[tuple[object, ...], date]
    keys: tuple[str, ...]


@dataclass(frozen=True)
class _Run:
    """What holds for all series of one run."""

    lake: Lake
    tables: Tables
    version: int
    author: str
    now: datetime
    changes: Changes
    newest: Mapping[str, date]
    advance: Callable[[int], None] = field(repr=False)
    _reads: dict[object, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict[object, Any], repr=False)

    def reads_of(self, series: Series) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The tables that a series is made from, and those of them that lend attributes; alike for every grain."""
        known = (series.definition, series.settings, series.by)
        if known not in self._reads:
            self._reads[known] = series.tables, series.attributes
        return self._reads[known]

    def through(self, series: Series) -> date | None:
        """The first day of the last period that the data as a whole know of."""
        if not self.newest:
            return None
        day = min(max(self.newest.values()), series.calendar.today(self.now))
        return series.calendar.period_of(day, series.grain).start


def update(
    lake: Lake,
    tables: Tables,
    series: Sequence[Series],
    *,
    version: int,
    author: str,
    full: bool = False,
    now: datetime | None = None,
    memory: str = DEFAULT_MEMORY,
    progress: Progress | None = None,
) -> Update:
    """Bring the histories of `series` up to the data of a version of the lake, which `tables` are of.

    Only periods that a change of the data reaches are computed, all of them where `full` is asked for, where the
    series is new or where the change cannot be placed in time. A metric that fails is told of in `failures`.
    """
    begun = time.monotonic()
    wanted = list({one.id: one for one in series}.values())
    done: dict[str, SeriesUpdate] = {}
    failures: dict[str, Failure] = {}
    passed = 0

    def advance(series: int) -> None:
        nonlocal passed
        passed = min(passed + series, len(wanted))
        if progress is not None:
            progress(_STEP, passed, len(wanted))

    with lake.staging() as folder, connect(folder, memory) as connection:
        changes = Changes(lake, connection, lake.commit(version).tables)
        run = _Run(lake, tables, version, author, now or datetime.now(UTC), changes, _newest(changes, wanted), advance)
        waiting = wanted
        while waiting:
            plans = _plans(run, waiting, failures, full=full)
            planned = {plan.series.id for plan in plans}
            for one in waiting:
                if one.id not in planned and one.id not in failures:
                    done[one.id] = _update(one, computed=False)
            advance(len(waiting) - len(plans))
            computed = _compute_all(run, plans, failures)
            waiting = _write(run, computed, done)
    kept = tuple(done[one.id] for one in wanted if one.id in done)
    failed = tuple(failures[one.id] for one in wanted if one.id in failures)
    return Update(kept, failed, version, lake.version, time.monotonic() - begun)


def _newest(changes: Changes, series: Sequence[Series]) -> dict[str, date]:
    """The day of the newest record of every table whose time is of what happened."""
    if not series:
        return {}
    calendar, found = series[0].calendar, dict[str, date]()
    for name, declared in TABLES.items():
        if declared.time in (None, *PLANNED):
            continue
        newest = changes.newest(name)
        if newest is not None:
            found[name] = calendar.local(newest).date() if isinstance(newest, datetime) else newest
    return found


def _plans(run: _Run, waiting: Sequence[Series], failures: dict[str, Failure], *, full: bool) -> list[_Plan]:
    last = newest_computations(run.lake)
    found: list[_Plan] = []
    for one in waiting:
        try:
            plan = _plan(run, one, last.get(one.id), full=full)
        except Exception as error:  # noqa: BLE001 - a metric that cannot be asked what it reads must not lose the others
            failures[one.id] = _failure(one, error)
            continue
        if plan is not None:
            found.append(plan)
    return found


def _plan(run: _Run, series: Series, base: Computation | None, *, full: bool) -> _Plan | None:
    """From where a series is to be computed; None where it need not be."""
    if base is None or full:
        if base is not None and base["data_version"] > run.version:
            return None
        tables, attributes = run.reads_of(series)
        return _Plan(series, None, base, {name: run.changes.now.get(name) for name in tables}, attributes)
    if base["data_version"] > run.version:
        return None
    read = json.loads(base["tables"])
    before: dict[str, int | None] = read["versions"]
    lent = tuple(read["lent"])
    reads = {name: run.changes.now.get(name) for name in before}
    starts: list[date] = []
    if run.changes.changed(before):
        reach = run.changes.reach(before, lent)
        first = _first_period(series, reach)
        if first is None and not reach.nothing:
            return _Plan(series, None, base, reads, lent)
        # Files that were written anew with the same rows change nothing but the versions to be noted.
        starts.append(first or base["last"] or date.min)
    calendar = series.calendar
    through = run.through(series)
    if through is not None and base["last"] is not None and through > base["last"]:
        starts.append(calendar.period_of(base["last"], series.grain).end)
    running = base["running"]
    if running is not None and running < calendar.period_of(calendar.today(run.now), series.grain).start:
        starts.append(running)
    if not starts:
        return None
    since = min(starts)
    whole = base["first"] is None or since <= base["first"]
    return _Plan(series, None if whole else since, base, reads, lent)


def _first_period(series: Series, reach: Reach) -> date | None:
    """The first day of the first period that a change reaches; None where that is without bound."""
    settles = series.settles_days
    if reach.everything or settles is None:
        return None
    try:
        back = timedelta(days=settles)
        days = [series.calendar.local(reach.moment - back).date()] if reach.moment else []
        days += [reach.day - back] if reach.day else []
        return series.calendar.period_of(min(days), series.grain).start if days else None
    except (OverflowError, SeptimaError):
        return None  # before the calendar begins


def _compute_all(run: _Run, plans: Sequence[_Plan], failures: dict[str, Failure]) -> list[_Computed]:
    """Compute the plans, those that share rows in one call; those whose slices came or went once more, whole."""
    found: list[_Computed] = []
    whole: list[_Plan] = []
    for call in _calls(plans):
        for computed in _compute(run, call, failures):
            if computed.plan.since is None or _same_members(computed):
                found.append(computed)
            else:
                whole.append(replace(computed.plan, since=None))
        run.advance(len(call))
    for call in _calls(whole):
        found += _compute(run, call, failures)
    return found


def _calls(plans: Sequence[_Plan]) -> list[list[_Plan]]:
    """Plans that one call of `compute` answers: of one grain, slices and start, and joined by common sources.

    A call takes one set of parameters by metric.
    """
    groups: dict[object, list[_Plan]] = {}
    seen: dict[object, int] = {}
    for plan in plans:
        series = plan.series
        kind = (series.grain, series.by, plan.since, series.calendar, series.currency)
        variant = seen[kind, series.metric.id] = seen.get((kind, series.metric.id), -1) + 1
        groups.setdefault((kind, variant), []).append(plan)
    return [call for group in groups.values() for call in _joined(group)]


def _joined(plans: Sequence[_Plan]) -> list[list[_Plan]]:
    """The plans, those together that have a source in common, directly or through others."""
    calls: list[tuple[set[Source], list[_Plan]]] = []
    for plan in plans:
        sources, members = set(plan.series.metric.sources), [plan]
        apart: list[tuple[set[Source], list[_Plan]]] = []
        for known, others in calls:
            if known & sources:
                sources |= known
                members = [*others, *members]
            else:
                apart.append((known, others))
        calls = [*apart, (sources, members)]
    return [members for _, members in calls]


def _compute(run: _Run, call: Sequence[_Plan], failures: dict[str, Failure]) -> list[_Computed]:
    """Compute the plans of one call; where it fails each by itself, to tell which of them does."""
    first = call[0]
    series = first.series
    try:
        results = compute(
            [plan.series.metric for plan in call],
            run.tables,
            grain=series.grain,
            by=series.by,
            start=first.since,
            parameters={plan.series.metric.id: plan.series.given for plan in call},
            calendar=series.calendar,
            currency=series.currency,
            now=run.now,
            members={plan.series.metric.id: _known_members(plan) for plan in call if plan.since is not None},
            through=run.through(series),
        )
    except Exception as error:  # noqa: BLE001 - whatever an engine raises, it must not lose the other metrics
        if len(call) > 1:
            return [computed for plan in call for computed in _compute(run, [plan], failures)]
        failures[series.id] = _failure(series, error)
        return []
    return [_computed(plan, results[plan.series.metric.id]) for plan in call]


def _computed(plan: _Plan, result: MetricResult) -> _Computed:
    series = plan.series
    frame: Any = result.frame
    recorded: Any = result.recorded
    keys = tuple(name for name in recorded.columns if name != "period")
    if plan.since is not None:
        recorded = recorded[recorded["period"] >= pd.Timestamp(plan.since)]
    figures = pd.DataFrame(
        {
            "series": series.id,
            "period": frame["period"].to_numpy(),
            "slices": _slices(frame, series.by),
            **{name: frame[name].to_numpy(np.float64) for name in _VALUES},
            "note": frame["note"].to_numpy(object),
            "complete": frame["complete"].to_numpy(bool),
        }
    )
    places = pd.MultiIndex.from_arrays([recorded["period"].to_numpy(), _slices(recorded, series.by)])
    figures["recorded"] = pd.MultiIndex.from_arrays([figures["period"], figures["slices"]]).isin(places)
    members = _stored_members(plan)
    members = {member: first for member, first in members.items() if plan.since is not None and first < plan.since}
    if keys and len(recorded):
        firsts = recorded.groupby(list(keys), dropna=False, sort=False)["period"].min()
        for member, first in zip(_tuples(firsts.index), firsts, strict=True):
            members.setdefault(member, first.date())
    return _Computed(plan, figures, members, keys)


def _tuples(index: pd.Index) -> list[tuple[object, ...]]:
    rows = [value if isinstance(value, tuple) else (value,) for value in index]
    return [tuple(None if pd.isna(member) else member for member in row) for row in rows]  # type: ignore[arg-type]


def _slices(frame: pd.DataFrame, by: Sequence[str]) -> list[str]:
    if not by:
        return ["{}"] * len(frame)
    columns = [frame[name].astype(object).where(frame[name].notna(), None) for name in by]
    return [slices_text(by, members) for members in zip(*columns, strict=True)]


def _stored_members(plan: _Plan) -> dict[tuple[object, ...], date]:
    """The slices that the last computation knew, and the first period of each."""
    if plan.base is None:
        return {}
    stored = json.loads(plan.base["members"])
    return {tuple(member): date.fromisoformat(first) for *member, first in stored["members"]}


def _known_members(plan: _Plan) -> pd.DataFrame:
    """The same as a frame of slices for `compute`."""
    if plan.base is None:
        return pd.DataFrame()
    stored = json.loads(plan.base["members"])
    return pd.DataFrame([member[:-1] for member in stored["members"]], columns=stored["keys"], dtype=object)


def _same_members(computed: _Computed) -> bool:
    """Whether the slices are those of the last computation: every slice has a figure for every period."""
    return computed.members.keys() == _stored_members(computed.plan).keys()


def _write(run: _Run, computed: Sequence[_Computed], done: dict[str, SeriesUpdate]) -> list[Series]:
    """Publish what differs from the figures in force; the series that another run changed meanwhile are to be redone."""
    if not computed:
        return []
    again: list[Series] = []
    with run.lake.write("compute") as writing:
        last = newest_computations(run.lake)
        current: list[_Computed] = []
        for one in computed:
            series, base, newest = one.plan.series, one.plan.base, last.get(one.plan.series.id)
            if newest == base:
                current.append(one)
            elif newest is not None and newest["data_version"] >= run.version:
                done[series.id] = _update(series, computed=False)  # another run did the same meanwhile
            else:
                again.append(series)
        if current:
            _write_current(run, writing, current, done)
    return again


def _write_current(run: _Run, writing: Writing, computed: Sequence[_Computed], done: dict[str, SeriesUpdate]) -> None:
    at = datetime.now(UTC).replace(tzinfo=None)
    compared = _compare(computed, newest_figures(run.lake, [one.plan.series.id for one in computed]).to_pandas())
    counts: Any = compared.groupby(["series", "outcome"], observed=False).size().unstack(fill_value=0)
    told: Any = compared[compared["outcome"] != "unchanged"]
    by_id = {one.plan.series.id: one.plan.series for one in computed}
    rows = told.assign(
        metric=[by_id[key].metric.id for key in told["series"]],
        definition=[by_id[key].definition for key in told["series"]],
        settings=[by_id[key].settings for key in told["series"]],
        grain=[by_id[key].grain for key in told["series"]],
        recorded=told["recorded"].fillna(False).astype(bool),
        gone=(told["outcome"] == "gone").to_numpy(bool),
        data_version=run.version,
        computed_at=at,
        author=run.author,
    ).drop(columns="outcome")
    write_rows(writing, FIGURES, pa.Table.from_pandas(rows, preserve_index=False))
    computations: list[Computation] = []
    for one in computed:
        series, plan = one.plan.series, one.plan
        own = {
            name: int(counts[name].get(series.id, 0))
            for name in ("new", "changed", "gone", "unchanged")
            if name in counts
        }
        done[series.id] = _update(series, computed=True, since=plan.since, **own)
        changed = sum(count for name, count in own.items() if name != "unchanged")
        computations.append(_computation(run, one, at, changed))
    table = pa.Table.from_pylist([dict(row) for row in computations], schema=arrow_schema(COMPUTATIONS))
    write_rows(writing, COMPUTATIONS, table)
    writing.details.update({"data_version": run.version, "author": run.author, "figures": len(rows)})


def _compare(computed: Sequence[_Computed], stored: Any) -> pd.DataFrame:
    """New and stored figures side by side: the new ones, and the stored ones that are `gone`, each with its `outcome`."""
    fresh: Any = pd.concat([one.figures for one in computed], ignore_index=True)
    fresh["period"] = pd.to_datetime(fresh["period"]).astype("datetime64[us]")
    stored["period"] = pd.to_datetime(stored["period"]).astype("datetime64[us]")
    since = {one.plan.series.id: np.datetime64(one.plan.since or date.min, "us") for one in computed}
    stored = stored[stored["period"] >= [since[key] for key in stored["series"]]] if len(stored) else stored
    keys = ["series", "period", "slices"]
    both: Any = fresh.merge(stored, on=keys, how="outer", suffixes=("", "_old"), indicator="side")
    same = both["side"] == "both"
    for name in _VALUES:
        same &= np.isclose(
            both[name].astype(float), both[f"{name}_old"].astype(float), rtol=_RELATIVE, atol=_ABSOLUTE, equal_nan=True
        )
    for name in ("note", "complete", "recorded"):
        one, other = both[name].astype(object), both[f"{name}_old"].astype(object)
        same &= (one == other) | (one.isna() & other.isna())
    both["outcome"] = np.select(
        [both["side"] == "left_only", both["side"] == "right_only", same], ["new", "gone", "unchanged"], "changed"
    )
    return both[[*FIGURE_COLUMNS, "outcome"]]


def _computation(run: _Run, one: _Computed, at: datetime, changed: int) -> Computation:
    plan, series, figures = one.plan, one.plan.series, one.figures
    periods: Any = figures["period"]
    running = periods[~figures["complete"]]
    recorded = periods[figures["recorded"]]
    # Before `since` all is as it was; a period that runs still was not over then.
    earlier = plan.base if plan.since is not None else None
    still = (
        earlier["running"] if earlier and earlier["running"] and earlier["running"] < (plan.since or date.min) else None
    )
    primary = {entry.split(".")[0] for entry in series.metric.passport.primary_data}
    return Computation(
        series=series.id,
        metric=series.metric.id,
        definition=series.definition,
        settings=series.settings,
        grain=series.grain,
        by=json.dumps({"by": series.by}, ensure_ascii=False),
        data_version=run.version,
        tables=json.dumps({"versions": plan.reads, "lent": plan.lent}),
        members=json.dumps(
            {
                "keys": one.keys,
                "members": [[*member, first.isoformat()] for member, first in one.members.items()],
            },
            ensure_ascii=False,
        ),
        since=plan.since,
        first=earlier["first"] if earlier else _day(recorded.min()),
        last=_day(periods.max()) if len(periods) else (_before(series, plan.since) if earlier else None),
        running=still or _day(running.min()),
        newest=max((run.newest[name] for name in primary if name in run.newest), default=None),
        figures=len(figures),
        changed=changed,
        computed_at=at,
        author=run.author,
    )


def _before(series: Series, day: date | None) -> date | None:
    return None if day is None else series.calendar.period_of(day - timedelta(days=1), series.grain).start


def _day(stamp: Any) -> date | None:
    return None if pd.isna(stamp) else stamp.date()


def _update(series: Series, *, computed: bool, since: date | None = None, **counts: int) -> SeriesUpdate:
    return SeriesUpdate(
        series.metric.id, series.definition, series.grain, series.by, series.given, computed, since, **counts
    )


def _failure(series: Series, error: Exception) -> Failure:
    lines = str(error).strip().splitlines()
    return Failure(series.metric.id, series.grain, series.by, lines[0] if lines else type(error).__name__)
