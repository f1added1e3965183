"""Incremental revenue of an experiment by calendar month, and its growth: for groups that are held out for long."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import numpy as np
import pandas as pd

from septima.metrics.definition import FloatArray, Request, Rows
from septima.metrics.estimated import known
from septima.metrics.experiment_outcomes import assigned_customers, moment_of
from septima.metrics.sources import is_sold
from septima.models import intervals
from septima.models.intervals import divide
from septima.models.uplift import welch, welch_degrees


@dataclass(frozen=True)
class MonthEffect:
    """What one arm brought in one calendar month beyond the control.

    Customers are those assigned before the month's end. `total` is the difference of mean revenue × treated customers,
    `growth` the total less that of the month before, whose interval knows that both months have the same customers.
    None where it cannot be told. `missing_share` of the month's orders have no amount.
    """

    arm: str
    month: date
    complete: bool
    control_customers: int
    treated_customers: int
    total: float | None
    lower: float | None
    upper: float | None
    growth: float | None
    growth_lower: float | None
    growth_upper: float | None
    missing_share: float


@dataclass(frozen=True)
class _Months:
    """Sums of one arm by month, arrays along the months.

    `n` customers, `y` and `yy` of their revenue, `yz` of its products with the month before, `common` of the revenue
    of those who were there the month before as well.
    """

    n: FloatArray
    y: FloatArray
    yy: FloatArray
    yz: FloatArray
    common: FloatArray

    @property
    def mean(self) -> FloatArray:
        return divide(self.y, self.n)

    @property
    def spread(self) -> FloatArray:
        """Variance of the mean."""
        return divide(intervals.variance(self.y, self.yy, self.n), self.n)

    @property
    def shared(self) -> FloatArray:
        """Covariance of the mean with that of the month before: that of their common customers / n."""
        before = _earlier(self.n)
        products = self.yz - divide(self.common * _earlier(self.y), before)
        return divide(divide(np.where(before > 1, products, np.nan), before - 1), self.n)


def month_effects(request: Request, experiment: str, control: str) -> tuple[MonthEffect, ...]:
    """The incremental revenue of each arm by month from the first assignment to the newest order, oldest first."""
    assigned = assigned_customers(request, experiment)
    orders = request.rows("orders")
    month = _monthly(request)
    newest = moment_of(orders["ordered_at"].max().name("newest").as_table().to_pandas()["newest"].iloc[0])
    if newest is None:
        return ()
    counts = assigned.group_by("arm", month=month(assigned["assigned_at"])).aggregate(n=assigned.count()).to_pandas()
    sums = _sums(orders, assigned, month).to_pandas()
    starts = pd.date_range(pd.to_datetime(counts["month"]).min(), request.calendar.local(newest), freq="MS")
    arms = {str(arm): _months(counts, sums, arm, starts) for arm in sorted(counts["arm"].unique())}
    unknown: Any = sums.groupby(pd.to_datetime(sums["month"]))[["unknown", "orders"]].sum()
    unknown = unknown.reindex(starts, fill_value=0.0)
    missing = np.nan_to_num(divide(unknown["unknown"].to_numpy(), unknown["orders"].to_numpy()))
    base = arms.pop(control)
    return tuple(effect for arm, part in arms.items() for effect in _effects(arm, base, part, starts, missing))


def _monthly(request: Request) -> Any:
    local_of = request.calendar.offsets.local_of
    return lambda moment: local_of(moment).truncate("M").date()


def _sums(orders: Rows, assigned: Rows, month: Any) -> Rows:
    """By arm and month: revenue, its squares, and its products with the same customer's revenue of the month before."""
    sold = orders.filter(is_sold(orders))
    sold = sold.select("customer_id", at=sold["ordered_at"], amount=sold["revenue"].cast("float64"))
    rows = sold.inner_join(assigned, "customer_id")
    rows = rows.filter(rows["at"] >= rows["assigned_at"])
    rows = rows.mutate(month=month(rows["at"]))
    person = rows.group_by("customer_id", "month").aggregate(
        arm=rows["arm"].max(),
        since=rows["assigned_at"].max(),
        y=rows["amount"].sum().fill_null(0.0),
        orders=rows.count(),
        unknown=rows.count(where=rows["amount"].isnull()),
    )
    person = person.mutate(since=month(person["since"]))
    own = ibis.window(group_by="customer_id", order_by="month")
    person = person.mutate(last=person["month"].lag().over(own), z=person["y"].lag().over(own))
    follows = (person["last"].cast("timestamp") + ibis.interval(months=1)).date() == person["month"]
    person = person.mutate(z=follows.fill_null(False).ifelse(person["z"], 0.0))
    return person.group_by("arm", "month").aggregate(
        y=person["y"].sum(),
        yy=(person["y"] * person["y"]).sum(),
        yz=(person["y"] * person["z"]).sum(),
        common=person["y"].sum(where=person["since"] < person["month"]),
        orders=person["orders"].sum(),
        unknown=person["unknown"].sum(),
    )


def _months(counts: pd.DataFrame, sums: pd.DataFrame, arm: str, starts: pd.DatetimeIndex) -> _Months:
    def along(frame: Any, column: str) -> FloatArray:
        own = frame[frame["arm"] == arm]
        series: Any = pd.Series(own[column].to_numpy(), index=pd.to_datetime(own["month"]))
        return series.astype("float64").fillna(0.0).reindex(starts, fill_value=0.0).to_numpy()

    return _Months(along(counts, "n").cumsum(), *(along(sums, name) for name in ("y", "yy", "yz", "common")))


def _effects(
    arm: str, base: _Months, part: _Months, starts: pd.DatetimeIndex, missing: FloatArray
) -> list[MonthEffect]:
    total = part.n * (part.mean - base.mean)
    spreads = [part.n**2 * one.spread for one in (part, base)]
    lower, upper = welch(total, spreads[0] + spreads[1], _degrees([part, base], spreads))
    before = _earlier(part.n)
    growth = total - _earlier(total)
    changes = [
        spread + _earlier(spread) - 2 * part.n * before * one.shared
        for one, spread in zip((part, base), spreads, strict=True)
    ]
    growth_lower, growth_upper = welch(growth, changes[0] + changes[1], _degrees([part, base], changes))
    return [
        MonthEffect(
            arm,
            start.date(),
            place < len(starts) - 1,
            int(base.n[place]),
            int(part.n[place]),
            known(total[place]),
            known(lower[place]),
            known(upper[place]),
            known(growth[place]),
            known(growth_lower[place]),
            known(growth_upper[place]),
            float(missing[place]),
        )
        for place, start in enumerate(starts)
    ]


def _degrees(arms: list[_Months], spreads: list[FloatArray]) -> FloatArray:
    weighted = sum(divide(spread**2, arm.n - 1) for arm, spread in zip(arms, spreads, strict=True))
    return welch_degrees(spreads[0] + spreads[1], np.asarray(weighted, np.float64))


def _earlier(values: FloatArray) -> FloatArray:
    return np.concatenate(([np.nan], values[:-1]))
