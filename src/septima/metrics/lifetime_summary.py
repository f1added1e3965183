"""Purchase histories for lifetime value, summed up in the engine: only groups with counts leave it.

One occasion is one customer on one day of the company’s clocks, as in the literature. A day whose known amounts add up to
less than zero is a return and no occasion; its amount lowers what the customer brought. Orders that were cancelled or
returned, and those of unknown customers, are left out.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from septima.lake.engine import write_parquet
from septima.metrics.definition import CUSTOMER_DIMENSIONS, Expression, FloatArray, MetricError, Request, Rows
from septima.metrics.ordinals import first_day
from septima.metrics.sources import is_sold
from septima.schema import Text

COHORT = "cohort"
DIMENSIONS = (*CUSTOMER_DIMENSIONS, COHORT)
BUCKETS = 16
"""Random parts of the customers by a hash of their ids, for the jackknife."""

Business = Literal["auto", "contractual", "non_contractual"]

_EPOCH = date(1970, 1, 1)
_YEAR = 365.25
_MOST_FLOWS = 12
_WINDOWS = 4  # of activity, over which churn and ARPU are averaged
# Days from the first purchase to the last and from the last to now are grouped finely near 0, where the models
# look closely, and coarsely far out; groups carry their means, so that what is lost is of second order.
_FINE = 500
_RECENCY_BINS, _RECENCY_UNIT = 40, 10.0
_SILENCE_BINS, _SILENCE_UNIT = 40, 5.0
_AMOUNT_BINS = 40  # of ln(amount), to the unit
_HEX = "0123456789abcdef"


@dataclass(frozen=True)
class LifetimeSettings:
    """What lifetime value is asked for.

    Value is the margin of the next `horizon_days`, discounted by `discount` a year. `margin` is its share of revenue
    (measured from costs where None). A customer is active who bought in the last `active_days`, which also are the
    period of renewals. `by` is a dimension of `DIMENSIONS`; `as_of` the last day that is looked at (that of the newest
    order where None).
    """

    horizon_days: int = 365
    discount: float = 0.1
    margin: float | None = None
    active_days: int = 90
    by: str | None = None
    business: Business = "auto"
    as_of: date | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.horizon_days <= 36_500:
            raise MetricError(
                Text(
                    f"the horizon must be from 1 day to 100 years, not {self.horizon_days} days",
                    f"горизонт\u00a0— от\u00a01 дня до\u00a0100 лет, а\u00a0указано {self.horizon_days} дней",
                )
            )
        if not 0 <= self.discount <= 10:
            raise MetricError(
                Text(
                    f"the discount is a share a year, such as 0.1, not {self.discount}",
                    f"ставка дисконтирования\u00a0— доля в\u00a0год, например 0,1, а\u00a0указано {self.discount}",
                )
            )
        if self.margin is not None and not 0 < self.margin <= 1:
            raise MetricError(
                Text(
                    f"the margin is a share of revenue above 0 and at most 1, such as 0.3, not {self.margin}",
                    "маржа\u00a0— доля выручки больше 0 и\u00a0не\u00a0больше 1, например 0,3, а\u00a0указано "
                    f"{self.margin}",
                )
            )
        if self.active_days < 1:
            raise MetricError(
                Text(
                    f"the active days must be 1 or more, not {self.active_days}",
                    f"дней активности должно быть не\u00a0меньше 1, а\u00a0указано {self.active_days}",
                )
            )
        if self.by is not None and self.by not in DIMENSIONS:
            raise MetricError(
                Text(
                    f"lifetime value cannot be sliced by {self.by!r}; it can be by: {', '.join(DIMENSIONS)}",
                    f"для пожизненной ценности нет среза «{self.by}»; можно взять: {', '.join(DIMENSIONS)}",
                )
            )


@dataclass(frozen=True)
class Schedule:
    """The horizon cut into periods: days from now at which each begins, and one more for the end of the last.

    `shares` is the length of each in whole periods (the last may be cut short), `factors` what money in its middle
    is worth today.
    """

    edges: FloatArray
    shares: FloatArray
    factors: FloatArray

    @property
    def mean_factor(self) -> float:
        """What a steady flow over the horizon is worth today, relative to its sum."""
        return float(self.shares @ self.factors / self.shares.sum())


def schedule(settings: LifetimeSettings) -> Schedule:
    """The horizon in periods of `active_days`."""
    edges = np.arange(0, settings.horizon_days, settings.active_days, dtype=np.float64)
    return _scheduled(np.append(edges, settings.horizon_days), settings.active_days, settings.discount)


def flow_schedule(settings: LifetimeSettings) -> Schedule:
    """The horizon in equal periods, no shorter than `active_days` and no more than a dozen."""
    number = max(min(settings.horizon_days // settings.active_days, _MOST_FLOWS), 1)
    edges = np.round(np.linspace(0, settings.horizon_days, number + 1))
    return _scheduled(edges, settings.horizon_days / number, settings.discount)


def _scheduled(edges: FloatArray, period: float, discount: float) -> Schedule:
    middles = (edges[1:] + edges[:-1]) / 2
    return Schedule(edges, np.diff(edges) / period, (1 + discount) ** (-middles / _YEAR))


@dataclass(frozen=True)
class Span:
    """First and last day of the orders that are looked at, as days since 1970, and records that could not be used."""

    first: int
    last: int
    orders: int
    without_customer: int
    without_amount: int
    currencies: int
    margin: float | None

    @property
    def days(self) -> int:
        """Days from the first to the last."""
        return self.last - self.first


def span(request: Request, as_of: date | None) -> Span | None:
    """What there is to look at; None where there are no orders."""
    orders = request.rows("orders")
    if as_of is not None:
        orders = orders.filter(orders["ordered_at"] < request.moment(as_of + timedelta(days=1)))
    sold = orders.filter(is_sold(orders))
    at = sold["ordered_at"]
    both = sold["revenue"].notnull() & sold["cost"].notnull()
    currency = sold["currency"]
    foreign: Expression = (
        currency.min() != currency.max() if request.currency is None else (currency != request.currency).any()
    )
    found = sold.aggregate(
        first=_day(request, at.min()),
        last=_day(request, at.max()),
        orders=sold.count(),
        without_customer=sold["customer_id"].isnull().sum(),
        without_amount=sold["revenue"].isnull().sum(),
        currencies=foreign.fill_null(False).cast("int64"),
        revenue=sold["revenue"].cast("float64").sum(where=both),
        cost=sold["cost"].cast("float64").sum(where=both),
    ).to_pyarrow()
    row: dict[str, Any] = found.to_pylist()[0]
    if not row["orders"]:
        return None
    revenue, cost = row.pop("revenue"), row.pop("cost")
    last = row["last"] if as_of is None else (as_of - _EPOCH).days
    counts = {name: int(value or 0) for name, value in row.items()}
    margin = (revenue - cost) / revenue if revenue and revenue > 0 else None
    return Span(**{**counts, "last": last}, margin=margin)


def before_registration(request: Request, until: int) -> int:
    """How many orders up to the day `until` are older than their customer’s registration."""
    orders, customers = _sold(request, until), request.rows("customers").select("customer_id", "created_at")
    orders = orders.inner_join(customers, "customer_id")
    return int(orders.filter(orders["ordered_at"] < orders["created_at"]).count().to_pyarrow().as_py())


def _sold(request: Request, until: int) -> Rows:
    """Orders up to the day `until` of known customers that were neither cancelled nor returned."""
    orders = request.rows("orders")
    end = request.moment(_EPOCH + timedelta(days=until + 1))
    return orders.filter(is_sold(orders), orders["customer_id"].notnull(), orders["ordered_at"] < end)


def _day(request: Request, at: Expression) -> Expression:
    return request.day(at).epoch_days().cast("int64")


def customer_days(request: Request, until: int) -> Rows:
    """One row per known customer and day up to `until`: `amount` (0 where unknown), whether it is `known`, an `occasion`."""
    orders = _sold(request, until)
    days = orders.group_by("customer_id", day=request.day(orders["ordered_at"])).aggregate(
        amount=orders["revenue"].cast("float64").sum()
    )
    known = days["amount"].notnull()
    amount = days["amount"].fill_null(0.0)
    return days.mutate(day=days["day"].epoch_days().cast("int64"), amount=amount, known=known, occasion=amount >= 0)


def customer_summary(request: Request, settings: LifetimeSettings, until: int, *, outcome: bool = False) -> Rows:
    """One row per customer with a purchase up to the day `until`.

    `frequency`, `recency`, `silence` (days since the last purchase) and `age` in days; `value` is the mean amount of
    repeat purchases (null where unknown), `spent` the net amount to date, `trailing` that of the last horizon. With
    `outcome` also what came in the horizon after `until`: `came` (net amount) and `came_occasions`. `member` is of the
    dimension asked for.
    """
    horizon = settings.horizon_days
    days = customer_days(request, until + horizon if outcome else until)
    past = days["day"] <= until
    bought = past & days["occasion"]
    # Aggregates skip what is null, which is cheaper than a condition of their own.
    days = days.mutate(
        bought_day=bought.ifelse(days["day"], None),
        bought_amount=bought.ifelse(days["amount"], None),
        bought_known=bought.ifelse(days["known"].cast("int64"), None),
        past_amount=past.ifelse(days["amount"], None),
        late_amount=(past & (days["day"] > until - horizon)).ifelse(days["amount"], None),
    )
    rows = days.group_by("customer_id").aggregate(
        first=days["bought_day"].min(),
        last=days["bought_day"].max(),
        occasions=days["bought_day"].count(),
        first_amount=days["bought_amount"].argmin(days["bought_day"]),
        first_known=days["bought_known"].argmin(days["bought_day"]),
        amounts=days["bought_known"].sum(),
        gross=days["bought_amount"].sum(),
        spent=days["past_amount"].sum(),
        trailing=days["late_amount"].sum(),
        trailing_occasions=days["occasion"].sum(where=past & (days["day"] > until - horizon)),
        **_outcome(days, until) if outcome else {},
        **_activity(days, settings, until),
    )
    rows = rows.filter(rows["first"].notnull())
    repeat_known = rows["amounts"] - rows["first_known"]
    repeat = rows["gross"] - rows["first_amount"]
    usable = (repeat_known > 0) & (repeat > 0)
    rows = rows.mutate(
        frequency=rows["occasions"].cast("int64") - 1,
        recency=rows["last"] - rows["first"],
        silence=until - rows["last"],
        age=until - rows["first"],
        value=usable.ifelse(repeat / repeat_known.nullif(0).cast("float64"), None),
    )
    return _with_member(request, settings.by, rows)


def _outcome(days: Rows, until: int) -> dict[str, Expression]:
    later = days["day"] > until
    return {
        "came": days["amount"].sum(where=later).fill_null(0.0),
        "came_occasions": days["occasion"].sum(where=later).fill_null(0).cast("int64"),
    }


def _activity(days: Rows, settings: LifetimeSettings, until: int) -> dict[str, Expression]:
    """Whether the customer bought in each of the last windows, and the money of each and of the horizon’s periods."""
    width, edges = settings.active_days, flow_schedule(settings).edges
    start = until - settings.horizon_days
    made: dict[str, Expression] = {}
    for number in range(_WINDOWS + 1):
        end = until - number * width
        inside = (days["day"] > end - width) & (days["day"] <= end)
        made[f"bought_{number}"] = (days["occasion"] & inside).any().fill_null(False)
        made[f"money_{number}"] = days["amount"].sum(where=inside).fill_null(0.0)
    for number, (begin, end) in enumerate(pairwise(edges.tolist())):
        inside = (days["day"] > start + int(begin)) & (days["day"] <= start + int(end))
        made[f"flow_{number}"] = days["amount"].sum(where=inside).fill_null(0.0)
    return made


def _with_member(request: Request, by: str | None, rows: Rows) -> Rows:
    if by is None:
        return rows.mutate(member=ibis.literal(""))
    if by == COHORT:
        return rows.mutate(member=first_day("day", rows["first"]).cast("string").substr(0, 7))
    attributes = request.rows("customers").select("customer_id", member=by)
    return rows.left_join(attributes, "customer_id").drop("customer_id_right")


@dataclass(frozen=True)
class Customers:
    """Customers, or groups of like ones with `counts`, as arrays of one length; `member` are places in `members`.

    Days for `recency`, `silence` and `age`; money for `value` (NaN where no repeat purchase has a known amount),
    `spent` and `trailing`.
    """

    members: tuple[str | None, ...]
    member: npt.NDArray[np.intp]
    frequency: FloatArray
    recency: FloatArray
    age: FloatArray
    silence: FloatArray
    value: FloatArray
    spent: FloatArray
    trailing: FloatArray
    counts: FloatArray

    def __len__(self) -> int:
        return len(self.frequency)

    @property
    def number(self) -> float:
        """How many customers there are."""
        return float(self.counts.sum())

    def means(self, values: FloatArray) -> FloatArray:
        """Mean over the customers of each member."""
        size = len(self.members)
        total = _tally(self.member, self.counts * values, minlength=size)
        return total / np.maximum(self.sizes, 1)

    @property
    def sizes(self) -> FloatArray:
        """Customers of each member."""
        return _tally(self.member, self.counts, minlength=len(self.members))

    def pick(self, chosen: npt.NDArray[Any] | slice) -> "Customers":
        """Some of the rows."""
        names = ("member", "frequency", "recency", "age", "silence", "value", "spent", "trailing", "counts")
        return replace(self, **{name: getattr(self, name)[chosen] for name in names})


@dataclass(frozen=True)
class Spending:
    """Repeat buyers in groups of like frequency and mean amount, for the model of spend; `member` as of Customers.

    `gross` is the money of all purchases, the first ones too, before refunds.
    """

    member: npt.NDArray[np.intp]
    frequency: FloatArray
    value: FloatArray
    counts: FloatArray
    gross: float


def _tally(places: npt.NDArray[np.intp], weights: FloatArray, minlength: int = 0) -> FloatArray:
    return np.bincount(places, weights=weights, minlength=minlength).astype(np.float64)


def _bins(longest: int, number: int, unit: float, *edges: int) -> npt.NDArray[np.int64]:
    """A bin for each number of days from 0 to `longest`, of about equal width in log(unit + days); `edges` begin bins."""
    days = np.arange(longest + 1)
    if longest <= number:
        return days
    cut = np.floor(np.log1p(days / unit) / np.log1p(longest / unit) * number).astype(np.int64)
    for edge in edges:
        cut = cut + (days >= edge)
    return np.unique(cut, return_inverse=True)[1]


def grouped_customers(
    request: Request, settings: LifetimeSettings, found: Span, until: int, *, fine: bool
) -> tuple[Customers, Spending]:
    """The customers in groups, and their spending, from one query.

    With `fine` days stay apart; else they fall into bins, narrow where little time has passed. Groups carry means.
    """
    longest = until - found.first
    rows = customer_summary(request, settings, until)
    rows = rows.filter(rows["age"] >= 0)
    recency_bin, silence_bin = rows["recency"], rows["silence"]
    if not fine:
        active = settings.active_days
        tables = {
            "recency": _bins(longest, _RECENCY_BINS, _RECENCY_UNIT),
            "silence": _bins(longest, _SILENCE_BINS, _SILENCE_UNIT, active),
        }
        for name, bins in tables.items():
            known = ibis.memtable(pa.table({f"{name}_day": np.arange(len(bins)), f"{name}_bin": bins.astype(np.int64)}))
            rows = rows.inner_join(known, rows[name] == known[f"{name}_day"])
        recency_bin, silence_bin = rows["recency_bin"], rows["silence_bin"]
    amount_bin = (rows["value"].ln() * _AMOUNT_BINS).floor().cast("int64")
    groups = rows.group_by(
        "member", "frequency", recency_bin=recency_bin, silence_bin=silence_bin, amount_bin=amount_bin
    ).aggregate(
        customers=rows.count(),
        recency=rows["recency"].sum(),
        silence=rows["silence"].sum(),
        value=rows["value"].sum(),
        spent=rows["spent"].sum(),
        gross=rows["gross"].sum(),
        trailing=rows["trailing"].fill_null(0.0).sum(),
    )
    return _from_groups(groups.to_pyarrow())


def _from_groups(table: pa.Table) -> tuple[Customers, Spending]:
    members, member = _members(table.column("member"))
    columns = {
        name: table.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
        for name in table.column_names
        if name != "member"
    }
    customers = columns["customers"]
    valued = np.isfinite(columns["amount_bin"])
    bought = _spending(member, columns, valued)
    key, first = _joint(member, columns["frequency"], columns["recency_bin"], columns["silence_bin"])
    sums = {
        name: _tally(key, np.nan_to_num(columns[name]))
        for name in ("customers", "recency", "silence", "spent", "trailing", "value")
    }
    with_value = _tally(key, np.where(valued, customers, 0.0))
    n = sums["customers"]
    recency, silence = sums["recency"] / n, sums["silence"] / n
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(with_value > 0, sums["value"] / with_value, np.nan)
    grouped = Customers(
        members,
        member[first],
        columns["frequency"][first],
        recency,
        recency + silence,
        silence,
        value,
        sums["spent"] / n,
        sums["trailing"] / n,
        n,
    )
    return grouped, bought


def _spending(member: npt.NDArray[np.intp], columns: dict[str, FloatArray], valued: npt.NDArray[np.bool_]) -> Spending:
    """The groups that have amounts, whatever their days."""
    frequency, bins, customers, value = (
        columns[name][valued] for name in ("frequency", "amount_bin", "customers", "value")
    )
    key, first = _joint(member[valued], frequency, bins - bins.min(initial=0))
    n = _tally(key, customers)
    return Spending(
        member[valued][first], frequency[first], _tally(key, value) / n, n, float(np.nansum(columns["gross"]))
    )


def _joint(*columns: npt.NDArray[Any]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The place of each row among the distinct ones of whole numbers from 0 on, and the first row of each of these."""
    key = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        most = int(column.max(initial=0)) + 1
        if len(key) and int(key.max()) * most > 2**60:
            _, key = np.unique(key, return_inverse=True)
        key = key * most + column.astype(np.int64)
    _, first, places = np.unique(key, return_index=True, return_inverse=True)
    return places, first


def _members(column: pa.ChunkedArray) -> tuple[tuple[str | None, ...], npt.NDArray[np.intp]]:
    """The distinct members in order, an unknown one last, and the place of each row’s among them."""
    encoded: Any = column.combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    places = encoded.indices.fill_null(len(names)).to_numpy(zero_copy_only=False).astype(np.intp)
    order = sorted(range(len(names)), key=lambda place: names[place])
    rank = np.empty(len(names) + 1, np.intp)
    rank[order] = np.arange(len(names))
    rank[len(names)] = len(names)
    unknown = bool((places == len(names)).any())
    return (*(names[place] for place in order), *((None,) if unknown else ())), rank[places]


def customer_batches(
    request: Request,
    settings: LifetimeSettings,
    until: int,
    members: tuple[str | None, ...],
    *,
    outcome: bool = False,
    size: int = 50_000,
) -> Iterator[tuple[pa.RecordBatch, Customers]]:
    """Single customers, batch by batch, with the record batch that they come from (`customer_id`, `came` …)."""
    rows = customer_summary(request, settings, until, outcome=outcome)
    columns = ["customer_id", "member", "frequency", "recency", "silence", "age", "value", "spent", "trailing"]
    rows = rows.select(*columns, *(("came", "came_occasions") if outcome else ()))
    with tempfile.TemporaryDirectory(prefix="septima-") as folder:
        path = Path(folder) / "customers.parquet"
        write_parquet(rows, path)
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(size):
                yield batch, _customers_of(batch, members, columns[2:])


def _customers_of(batch: pa.RecordBatch, members: tuple[str | None, ...], columns: Sequence[str]) -> Customers:
    places = {name: place for place, name in enumerate(members)}
    numbers = {name: batch.column(name).to_numpy(zero_copy_only=False).astype(np.float64) for name in columns}
    encoded: Any = batch.column("member").dictionary_encode()
    own = np.array([places.get(name, -1) for name in [*encoded.dictionary.to_pylist(), None]], np.intp)
    member = own[encoded.indices.fill_null(len(own) - 1).to_numpy(zero_copy_only=False)]
    trailing = np.nan_to_num(numbers.pop("trailing"))
    return Customers(members, member, trailing=trailing, counts=np.ones(len(member)), **numbers)


@dataclass(frozen=True)
class Sums:
    """What the simple methods need, added up by member and jackknife part.

    Arrays begin with (replicate, member): replicate 0 is everybody, the others leave one part out each. `ended` and
    `going_on` (…, periods) count customers by the number of whole periods of `active_days` that they stayed: lost
    after so many renewals, or still active. `present` are those whose age is so many periods.
    """

    customers: FloatArray
    occasions: FloatArray
    spent: FloatArray
    gross: FloatArray
    trailing: FloatArray
    trailing_occasions: FloatArray
    exposure: FloatArray
    life: FloatArray
    bought: FloatArray
    kept: FloatArray
    money: FloatArray
    existing: FloatArray
    flows: FloatArray
    ended: FloatArray
    going_on: FloatArray
    present: FloatArray

    @property
    def windows(self) -> int:
        """How many of the last windows of activity there are."""
        return self.bought.shape[-1] - 1


def sums(request: Request, settings: LifetimeSettings, until: int, members: tuple[str | None, ...]) -> Sums:
    """Add up the customers of each member and jackknife part, in one query."""
    rows, period = customer_summary(request, settings, until), settings.active_days
    existing = rows["first"] <= until - settings.horizon_days
    flows = range(len(flow_schedule(settings).edges) - 1)
    windows = range(_WINDOWS + 1)
    keys = {
        "member": rows["member"],
        "part": rows["customer_id"].hexdigest("md5").substr(0, 1),
        "stayed": rows["recency"] // period,
        "tenure": rows["age"] // period,
        "active": rows["silence"] < period,
    }
    table = (
        rows.group_by(**keys)
        .aggregate(
            customers=rows.count(),
            occasions=rows["occasions"].sum(),
            spent=rows["spent"].sum(),
            gross=rows["gross"].sum(),
            trailing=rows["trailing"].sum(),
            trailing_occasions=rows["trailing_occasions"].sum(),
            exposure=_shorter(rows["age"] + 1, settings.horizon_days).sum(),
            life=rows["recency"].sum(),
            existing=existing.sum(),
            **{f"bought_{k}": rows[f"bought_{k}"].sum() for k in windows},
            **{f"kept_{k}": (rows[f"bought_{k}"] & rows[f"bought_{k + 1}"]).sum() for k in windows[:-1]},
            **{f"money_{k}": rows[f"money_{k}"].sum() for k in windows},
            **{f"flow_{k}": rows[f"flow_{k}"].sum(where=existing) for k in flows},
        )
        .to_pyarrow()
    )
    return _from_sums(table, members, len(windows), len(flows))


def _shorter(one: Expression, other: int) -> Expression:
    return ibis.least(one, other)


def _from_sums(table: pa.Table, members: tuple[str | None, ...], windows: int, flows: int) -> Sums:
    places = {name: place for place, name in enumerate(members)}
    member = np.array([places[name] for name in table.column("member").to_pylist()], np.intp)
    part = np.array([_HEX.index(name) for name in table.column("part").to_pylist()], np.intp)
    cell = member * BUCKETS + part
    size = len(members) * BUCKETS

    def numbers(name: str) -> FloatArray:
        return np.nan_to_num(table.column(name).to_numpy(zero_copy_only=False).astype(np.float64))

    def added(name: str) -> FloatArray:
        return _replicates(_tally(cell, numbers(name), minlength=size).reshape(len(members), BUCKETS))

    def along(name: str, number: int) -> FloatArray:
        return np.stack([added(f"{name}_{k}") for k in range(number)], axis=-1)

    stayed, tenure = (numbers(name).astype(np.intp) for name in ("stayed", "tenure"))
    active, customers = numbers("active") > 0, numbers("customers")
    longest = int(tenure.max(initial=0)) + 2

    def counted(period: npt.NDArray[np.intp], which: npt.NDArray[np.bool_]) -> FloatArray:
        counts = _tally(cell * longest + period, np.where(which, customers, 0.0), minlength=size * longest)
        return _replicates(counts.reshape(len(members), BUCKETS, longest))

    return Sums(
        **{
            name: added(name)
            for name in (
                "customers",
                "occasions",
                "spent",
                "gross",
                "trailing",
                "trailing_occasions",
                "exposure",
                "life",
                "existing",
            )
        },
        bought=along("bought", windows),
        kept=along("kept", windows - 1),
        money=along("money", windows),
        flows=along("flow", flows),
        # Who stayed for j whole periods and fell silent left at renewal j + 1.
        ended=counted(stayed + 1, ~active),
        going_on=counted(tenure, active),
        present=counted(tenure, np.ones(len(active), bool)),
    )


def _replicates(by_part: FloatArray) -> FloatArray:
    """(members, parts, …) to (1 + parts, members, …): the whole, and the whole without each part."""
    whole = by_part.sum(axis=1)
    return np.concatenate([whole[None], whole[None] - np.moveaxis(by_part, 1, 0)])


def age_curve(
    request: Request, settings: LifetimeSettings, until: int, members: tuple[str | None, ...], found: Sums
) -> FloatArray:
    """Net amount after the first day per customer by period of age (replicates, members, periods seen whole).

    NaN where fewer than ten customers reached the end of the period.
    """
    period = settings.active_days
    who = customer_summary(request, settings, until).select("customer_id", "member", "first", "age")
    days = customer_days(request, until).join(who, "customer_id")
    number = (days["day"] - days["first"]) // period
    days = days.mutate(number=number).filter(days["day"] > days["first"], (number + 1) * period <= days["age"] + 1)
    table = (
        days.group_by("member", "number", part=days["customer_id"].hexdigest("md5").substr(0, 1))
        .aggregate(amount=days["amount"].sum())
        .to_pyarrow()
    )
    longest = found.present.shape[-1]
    places = {name: place for place, name in enumerate(members)}
    member = np.array([places[name] for name in table.column("member").to_pylist()], np.intp)
    part = np.array([_HEX.index(name) for name in table.column("part").to_pylist()], np.intp)
    index = (member * BUCKETS + part) * longest + table.column("number").to_numpy(zero_copy_only=False).astype(np.intp)
    amounts = table.column("amount").to_numpy(zero_copy_only=False).astype(np.float64)
    size = len(members) * BUCKETS * longest
    total = _replicates(_tally(index, amounts, minlength=size).reshape(len(members), BUCKETS, longest))
    # Of an age of A whole periods (and a day) periods 0 … A − 1 were seen whole.
    seen = np.flip(np.cumsum(np.flip(found.present, axis=-1), axis=-1), axis=-1)
    reached = np.concatenate([seen[..., 1:], np.zeros((*seen.shape[:-1], 1))], axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(reached >= 10, total / reached, np.nan)


@dataclass(frozen=True)
class Regularity:
    """How regular the gaps between purchases are: the shape k of gamma-distributed gaps, with its interval of 95 %.

    k is 1 where purchases come at random, and grows without bound as they come like clockwork (Wheat & Morrison, 1990).
    `pairs` of successive gaps tell it.
    """

    k: float
    lower: float
    upper: float
    pairs: float


def regularity(request: Request, until: int) -> Regularity:
    """Estimate the regularity from the share of each gap in its sum with the one before, over all customers."""
    days = customer_days(request, until)
    days = days.filter(days["occasion"]).select("customer_id", "day")
    window = ibis.window(group_by=days["customer_id"], order_by=days["day"])
    gaps = days.mutate(gap=days["day"] - days["day"].lag().over(window))
    window = ibis.window(group_by=gaps["customer_id"], order_by=gaps["day"])
    gaps = gaps.mutate(before=gaps["gap"].lag().over(window))
    gaps = gaps.filter(gaps["before"].notnull())
    off = gaps["gap"].cast("float64") / (gaps["gap"] + gaps["before"]).cast("float64") - 0.5
    gaps = gaps.mutate(square=off * off)
    row = gaps.aggregate(
        pairs=gaps.count(), squares=gaps["square"].sum(), fourths=(gaps["square"] * gaps["square"]).sum()
    ).to_pyarrow().to_pylist()[0]  # fmt: skip
    pairs = float(row["pairs"])
    if pairs < 30 or not row["squares"]:
        return Regularity(np.nan if pairs < 30 else np.inf, np.nan, np.nan, pairs)
    variance = row["squares"] / pairs
    half = 1.96 * np.sqrt(max(row["fourths"] / pairs - variance**2, 0) / pairs)

    def shape(v: float) -> float:
        return (1 - 4 * v) / (8 * v) if v > 0 else np.inf

    return Regularity(shape(variance), shape(variance + half), shape(variance - half), pairs)


def acquisition_cost(request: Request, until: int, newcomers: float) -> float | None:
    """Marketing money up to the day `until` per customer who came; None where no cost is recorded."""
    end = request.moment(_EPOCH + timedelta(days=until + 1))
    spend, touches = request.rows("spend"), request.rows("touches")
    paid = spend.filter(spend["date"] <= _EPOCH + timedelta(days=until)).aggregate(
        amount=spend["amount"].cast("float64").sum()
    )
    sent = touches.filter(touches["at"] < end).aggregate(amount=touches["cost"].cast("float64").sum())
    amounts = [table.to_pyarrow().column("amount")[0].as_py() for table in (paid, sent)]
    total = sum(amount or 0.0 for amount in amounts)
    return total / newcomers if total > 0 and newcomers else None
