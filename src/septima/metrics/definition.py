"""What a metric is: a passport, measures over sources, and an estimate.

A **source** turns canonical tables into rows that carry a moment `at`. A **measure** is one
aggregate over such rows. The engine computes all measures that share a source in one query by
period and slice; the **estimate** then works on that small frame: value, n, interval and missing
share for every cell. Nothing here knows which engine runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd

from septima.metrics.period import DEFAULT_CALENDAR, Calendar, Grain
from septima.schema import SeptimaError, Text

FloatArray = npt.NDArray[np.float64]
Notes = npt.NDArray[np.object_]
Tables = Callable[[str], ir.Table]
# Columns have no operators in the types that Ibis publishes, so expressions over rows go unchecked.
Rows = Any
Expression = Any
Parameters = Mapping[str, Any]
History = Literal["period", "previous", "all"]
Unit = Literal[
    "share", "index", "ratio", "currency", "currency_per_day", "seconds", "hours", "days", "months", "count", "per_1000",
    "score_1_5", "score_0_10", "score_0_100",
]  # fmt: skip

_TRUNCATION: dict[str, Literal["W", "M", "Q", "Y"]] = {"week": "W", "month": "M", "quarter": "Q", "year": "Y"}
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_FISCAL = {"quarter": 3, "year": 12}
_ALL_TIME = date(1, 1, 1)

COMPANY_CURRENCY = "company_currency"
"""Name under which an aggregate finds, among its parameters, the currency that money was converted into, or None."""

CUSTOMER_DIMENSIONS = ("segment", "region", "acquisition_channel")

NOTES: dict[str, Text] = {
    "no_data": Text("There are no records for this period.", "За этот период нет записей."),
    "none_usable": Text(
        "There are records for this period, but none of them holds what is needed.",
        "Записи за этот период есть, но ни\u00a0в\u00a0одной нет того, что нужно.",
    ),
    "too_few": Text(
        "Too few records for a dependable figure.", "Слишком мало записей, чтобы показателю можно было доверять."
    ),
    "no_previous_period": Text(
        "There is no earlier period to compare with.", "Нет предыдущего периода, с которым можно сравнить."
    ),
    "nobody_active_before": Text(
        "No customer was active at the period’s start, so there is nothing to take a share of.",
        "На\u00a0начало периода не\u00a0было ни\u00a0одного активного клиента, поэтому долю считать не\u00a0от\u00a0чего.",
    ),
    "no_variation": Text(
        "All values of one side are alike, so there is nothing to set against each other.",
        "Все значения с\u00a0одной стороны одинаковы, поэтому сопоставлять нечего.",
    ),
    "previous_is_zero": Text(
        "The previous period had none, so the relative change is undefined.",
        "В предыдущем периоде их не было, поэтому относительное изменение не определено.",
    ),
    "no_control": Text(
        "There is no control group, so the effect cannot be told from chance.",
        "Нет контрольной группы, поэтому эффект нельзя отличить от случайности.",
    ),
    "control_group": Text(
        "This is the control group with which the others are compared.",
        "Это контрольная группа, с\u00a0которой сравнивают остальные.",
    ),
    "sample_ratio_mismatch": Text(
        "The sizes of the groups do not fit the planned shares (p\u00a0<\u00a00.001), so the assignment is broken "
        "and the effect must not be trusted.",
        "Размеры групп не\u00a0соответствуют запланированным долям (p\u00a0<\u00a00,001): распределение нарушено, "
        "и\u00a0эффекту нельзя доверять.",
    ),
    "no_rate": Text(
        "Amounts in a currency without an exchange rate for their day are left out; load rates or set the company’s "
        "currency.",
        "Суммы в\u00a0валюте, для которой нет курса на\u00a0их день, не\u00a0учтены; загрузите курсы или укажите валюту компании.",
    ),
    "no_cost": Text(
        "No cost is recorded for this period.", "За\u00a0этот период не\u00a0записано ни\u00a0одной суммы расходов."
    ),
    "no_revenue_account": Text(
        "The ledger has no revenue for this period; name its account in the parameter `revenue_account`.",
        "В\u00a0учёте нет выручки за\u00a0этот период; укажите её счёт в\u00a0параметре `revenue_account`.",
    ),
    "mixed_indices": Text(
        "Several indices are averaged as if they were one; slice by question.",
        "Усреднены разные индексы; смотрите показатель по\u00a0вопросам (срез question) отдельно.",
    ),
    "mixed_currencies": Text(
        "Several currencies are added up as if they were one; slice by currency.",
        "Сложены суммы в\u00a0разных валютах; смотрите показатель по\u00a0валютам отдельно.",
    ),
}


class MetricError(SeptimaError):
    """A metric, a slice, a period or a parameter that cannot be computed as asked."""


@dataclass(frozen=True)
class Request:
    """What a source is asked for: the canonical tables, the cut of time and slices, parameters.

    `start` is the first day that is shown and `end` the day after the last; None leaves it open. Days
    and years are those of the company's `calendar`; money is in `currency` where one is named, and
    `unconverted` are then the tables as they were loaded.
    """

    tables: Tables
    grain: Grain
    by: tuple[str, ...]
    parameters: Parameters
    start: date | None = None
    end: date | None = None
    calendar: Calendar = DEFAULT_CALENDAR
    currency: str | None = None
    unconverted: Tables | None = None

    def rows(self, name: str) -> Rows:
        """The canonical table called `name`, its money in the company's currency where one is named."""
        return self.tables(name)

    def loaded(self, name: str) -> Rows:
        """The canonical table called `name` as it was loaded, its money in the currencies of the rows."""
        return (self.unconverted or self.tables)(name)

    def period(self, at: Expression) -> Expression:
        """The first day of the period that each moment falls in.

        The grain `all` knows one period from `start` on and, a day earlier, all that went before.
        """
        if self.grain == "day":
            return self.day(at)
        if self.grain in _TRUNCATION:
            return self._start(self.calendar.offsets.local_of(at))
        shown = self.start or _ALL_TIME
        if self.start is None:
            return ibis.literal(shown)
        return ibis.ifelse(at < self.moment(shown), ibis.literal(shown - timedelta(days=1)), ibis.literal(shown))

    def _start(self, local: Expression) -> Expression:
        # A fiscal year is a calendar year once it is moved back by the months that it starts late.
        late = (self.calendar.fiscal_year_start - 1) % _FISCAL.get(self.grain, 1)
        if not late:
            return local.truncate(_TRUNCATION[self.grain]).date()
        moved = local.truncate("M") - ibis.interval(months=late)
        return (moved.truncate(_TRUNCATION[self.grain]) + ibis.interval(months=late)).date()

    def day(self, at: Expression) -> Expression:
        """The day that it is where the company is, at each moment."""
        return self.calendar.offsets.local_of(at).date()

    def moment(self, day: date) -> Expression:
        """The moment at which `day` begins where the company is, as a naive UTC timestamp of the engine."""
        return ibis.literal(self.calendar.moment(day))

    def beginning(self, days: Expression) -> Expression:
        """The moment at which each day of a date column begins, as a naive UTC timestamp."""
        return self.calendar.offsets.utc_of(days.cast("timestamp"))

    def before_end(self, rows: Rows, at: str) -> Rows:
        """The rows that happened before the end of what is asked for."""
        return rows if self.end is None else rows.filter(rows[at] < self.moment(self.end))


@dataclass(frozen=True)
class Source:
    """Rows that measures aggregate.

    `build` returns a table with a timestamp column `at`, the source's own `dimensions` and what the
    measures need. Where the rows have a `customer_id`, `of_customers` lets them be sliced by the
    attributes of the customer too. `parameters` names those that change the rows. `ranked` names a
    column whose known values are ranked within each period × slice, for quantiles: the rows get
    `rank`, from 1, and `ranked`, the number of known values beside it. `settles_days` is how long
    after a period's end records that come later may still change its rows (a message is opened days
    after it was delivered); None is without end. A record that changes counts from its own earliest moment.
    """

    name: str
    build: Callable[[Request], ir.Table] = field(repr=False)
    dimensions: tuple[str, ...]
    of_customers: bool = False
    parameters: tuple[str, ...] = ()
    ranked: str | None = None
    settles_days: int | None = 0

    @property
    def all_dimensions(self) -> tuple[str, ...]:
        """The source's own dimensions and, of customers, the customer's."""
        shared = tuple(name for name in CUSTOMER_DIMENSIONS if name not in self.dimensions)
        return self.dimensions + shared if self.of_customers else self.dimensions


@dataclass(frozen=True)
class Measure:
    """One aggregate over the rows of a source, as a number; it is given the parameters and COMPANY_CURRENCY."""

    source: Source
    aggregate: Callable[[Rows, Parameters], ir.Value] = field(repr=False)


@dataclass(frozen=True)
class Passport:
    """What a figure describes, how it is computed, from which data and what it is good for.

    `bounds` are the least and the greatest value there can be (None is no bound), where the unit does not tell.
    `fingerprint` changes with any change of a definition that stands outside the program; None is one within.
    """

    id: str
    version: int
    name: Text
    description: Text
    use: Text
    unit: Unit
    direction: Literal["more", "less", "target"]
    method: Text
    formula: str
    formula_source: str
    interval: Text
    primary_data: tuple[str, ...]
    perspective: str
    group: str
    owner_role: Text
    minimum_sample: int
    parameters: Parameters = field(default_factory=dict[str, Any])
    bounds: tuple[float | None, float | None] | None = None
    fingerprint: str | None = None

    @property
    def definition(self) -> str:
        """What was computed: id, version and, of a definition outside the program, its fingerprint."""
        return f"{self.id} v{self.version}" + (f" · {self.fingerprint}" if self.fingerprint else "")


@dataclass(frozen=True)
class Estimate:
    """Figures of all cells, as arrays of one length. NaN is undefined; `note` says why.

    `lower` and `upper` bound the 95 % interval; `missing_share` is the share of records that could
    not be used.
    """

    value: FloatArray
    n: FloatArray
    lower: FloatArray
    upper: FloatArray
    missing_share: FloatArray
    note: Notes | None = None


@dataclass(frozen=True)
class Cells:
    """Measured aggregates of a metric, one row per period × slice (× `within` key), sorted by slice then period.

    `previous` and `cumulative` run along the periods of one slice, which are complete: a period
    without rows stands there with zeros.
    """

    frame: pd.DataFrame
    keys: tuple[str, ...]
    within: tuple[str, ...] = ()
    grain: Grain = "all"
    end: date | None = None
    calendar: Calendar = DEFAULT_CALENDAR

    def __getitem__(self, measure: str) -> FloatArray:
        return self.frame[measure].to_numpy(dtype=np.float64)

    def previous(self, measure: str) -> FloatArray:
        """The measure one period earlier in the same slice; NaN in a slice's first period."""
        return self._along_slice(measure).shift(1).to_numpy(dtype=np.float64)

    def cumulative(self, measure: str) -> FloatArray:
        """The sum of the measure from the slice's first period to each one."""
        return self._along_slice(measure).cumsum().to_numpy(dtype=np.float64)

    def total_within(self, values: FloatArray) -> FloatArray:
        """Sum `values` over the `within` keys: one number per period × slice."""
        keys = [self.frame[key] for key in ("period", *self.keys)]
        summed: Any = pd.Series(values, index=self.frame.index).groupby(keys, dropna=False, sort=False).sum(min_count=1)
        return summed.to_numpy(dtype=np.float64)

    def whole(self, measure: str, over: str) -> FloatArray:
        """The measure of each cell's period × slice without the dimension `over`, for shares of a whole.

        Where the figures are not sliced by `over` the cell is the whole.
        """
        if over not in self.keys:
            return self[measure]
        keys = [self.frame[key] for key in ("period", *self.keys, *self.within) if key != over]
        column: Any = self.frame[measure].astype("float64")
        return column.groupby(keys, dropna=False, sort=False).transform("sum").to_numpy(dtype=np.float64)

    def period_ends(self) -> npt.NDArray[np.datetime64]:
        """The day after each cell's period, as datetime64[D]; NaT for the grain `all` without an end."""
        starts = self.frame["period"].to_numpy().astype("datetime64[D]")
        if self.grain in _DAYS:
            return starts + _DAYS[self.grain]
        if self.grain in _MONTHS:
            month = starts.astype("datetime64[M]")
            return (month + _MONTHS[self.grain]).astype("datetime64[D]") + (starts - month.astype("datetime64[D]"))
        end = np.datetime64("NaT" if self.end is None else self.end, "D")
        # What went before the start stands a day before it.
        return np.where(starts == starts.max(), end, starts + 1) if len(starts) else starts

    def _along_slice(self, measure: str) -> Any:
        column = self.frame[measure].astype("float64")
        keys = (*self.keys, *self.within)
        return column.groupby([self.frame[key] for key in keys], dropna=False, sort=False) if keys else column


@dataclass(frozen=True)
class Metric:
    """A passport with the way to its figures.

    `history` says which earlier periods the estimate looks at: none, the previous one, or all.
    `within` names columns by which measures are kept apart until the estimate joins them, `uncut` dimensions of
    the sources that the metric cannot be sliced by.
    """

    passport: Passport
    measures: Mapping[str, Measure]
    estimate: Callable[[Cells, Parameters], Estimate] = field(repr=False)
    history: History = "period"
    within: tuple[str, ...] = ()
    uncut: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The metric's name for programs."""
        return self.passport.id

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources that the measures need, each once."""
        return tuple(dict.fromkeys(measure.source for measure in self.measures.values()))

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What the metric can be sliced by: the dimensions that all its sources have, but for those it leaves uncut."""
        first, *others = (source.all_dimensions for source in self.sources)
        return tuple(name for name in first if name not in self.uncut and all(name in names for names in others))
