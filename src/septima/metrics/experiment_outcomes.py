"""What the customers of an experiment did before and after they were put into an arm, as sums by arm.

The engine joins, sums by customer and adds the sums and products up; one row per arm leaves it, whatever the number
of customers. Who did nothing adds nothing to any sum, so only those who did are grouped, and all are only counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from septima.metrics.definition import Expression, MetricError, Request, Rows
from septima.metrics.sources import days, is_sold
from septima.models.incrementality import Moments
from septima.schema import Text

OUTCOMES: Mapping[str, Text] = {
    "revenue": Text("Revenue", "Выручка"),
    "orders": Text("Orders", "Заказы"),
    "buyers": Text("Buyers", "Покупатели"),
    "visits": Text("Visits", "Визиты"),
    "visitors": Text("Visitors", "Посетители"),
}
"""Outcomes per customer by name: money, numbers, and the shares of customers who bought or came at all."""

VISITS = ("visit", "store_visit")
_OF_ORDERS = ("revenue", "orders", "buyers")
_OF_VISITS = ("visits", "visitors")
_SUMS = ("y", "yy", "x", "xx", "xy")
LONGEST_DAYS = 3_650


@dataclass(frozen=True)
class Window:
    """Days after the assignment whose outcome counts, and days before it that are the covariate; 0 is no covariate."""

    days: int = 30
    before_days: int = 90

    def __post_init__(self) -> None:
        if not 1 <= self.days <= LONGEST_DAYS:
            raise MetricError(
                Text(
                    f"an experiment is judged by 1 to {LONGEST_DAYS} days, not {self.days}",
                    f"об\u00a0эксперименте судят по\u00a0срокам от\u00a01 до\u00a0{LONGEST_DAYS} дней, а\u00a0указано "
                    f"{self.days}",
                )
            )
        if not 0 <= self.before_days <= LONGEST_DAYS:
            raise MetricError(
                Text(
                    f"the days before an experiment are 0 to {LONGEST_DAYS}, not {self.before_days}",
                    f"дней до\u00a0эксперимента\u00a0— от\u00a00 до\u00a0{LONGEST_DAYS}, а\u00a0указано "
                    f"{self.before_days}",
                )
            )


@dataclass(frozen=True)
class ArmSums:
    """Sums by arm of one experiment.

    `frame` has one row per arm, sorted: `arm`, `customers`, `unfinished` (whose window the data do not reach the end
    of), `unusable` (with an order of unknown amount after the assignment), and by outcome `revenue_y`, `revenue_yy`, …
    with y after the assignment and x before it. `known_until` is how far the data go; `mixed_currencies` says that
    there is money which does not add up.
    """

    frame: pd.DataFrame
    window: Window
    known_until: datetime | None
    mixed_currencies: bool = False

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms."""
        return tuple(self.frame["arm"])

    def moments(self, outcome: str, arm: str) -> Moments:
        """Sums of one outcome in one arm, as arrays without dimensions; of revenue over customers with known amounts."""
        row: Any = self.frame.set_index("arm").loc[arm]
        n = row["customers"] - (row["unusable"] if outcome == "revenue" else 0.0)
        parts = {name: np.asarray(row[f"{outcome}_{name}"], np.float64) for name in _SUMS}
        return Moments(np.asarray(n, np.float64), **parts)


def assigned_customers(request: Request, experiment: str) -> Rows:
    """Who was put into which arm when: customer_id, arm, assigned_at."""
    rows = request.rows("assignments")
    return rows.filter(rows["experiment_id"] == experiment).select("customer_id", "arm", "assigned_at")


def arm_sums(request: Request, assigned: Rows, window: Window) -> ArmSums:
    """The sums of all OUTCOMES by arm of `assigned` (customer_id, arm, assigned_at; a customer once).

    Orders that were cancelled or returned are left out; one at the very moment of the assignment comes after it.
    """
    orders = request.rows("orders")
    whole: Any = orders.aggregate(
        newest=orders["ordered_at"].max(), lowest=orders["currency"].min(), highest=orders["currency"].max()
    ).to_pandas()
    known_until = moment_of(whole["newest"].iloc[0])
    after = ibis.literal(days(window.days))
    latest = ibis.null("timestamp") if known_until is None else ibis.literal(known_until)
    counts: Any = (
        assigned.group_by("arm")
        .aggregate(
            customers=assigned.count(),
            unfinished=assigned.count(where=(assigned["assigned_at"] + after > latest).fill_null(True)),
            first=assigned["assigned_at"].min(),
            last=assigned["assigned_at"].max(),
        )
        .to_pandas()
        .sort_values("arm", ignore_index=True)
    )
    if counts.empty:
        return ArmSums(_empty_frame(), window, known_until)
    first, last = moment_of(counts["first"].min()), moment_of(counts["last"].max())
    if first is None or last is None:
        raise MetricError(
            Text(
                "an assignment has no moment; load `assigned_at` of every assignment",
                "у\u00a0распределения нет момента времени; загрузите `assigned_at` каждого распределения",
            )
        )
    frame: Any = counts.drop(columns=["first", "last"])
    bounds = (first - timedelta(days=window.before_days), last + timedelta(days=window.days))
    # Engines carry a number through joins and groups sooner than a text.
    numbered = assigned.mutate(arm=_number_of(assigned["arm"], list(frame["arm"])))
    alike = _adds_up(whole, request.currency)
    parts = (
        _order_sums(orders, numbered, window, bounds, with_currencies=not alike),
        _visit_sums(request, numbered, window, bounds),
    )
    for part in parts:
        frame = frame.join(part.to_pandas().set_index("arm"))
    mixed = not alike and not _adds_up(frame, request.currency)
    frame = frame.drop(columns=["lowest", "highest"], errors="ignore")
    numbers = [name for name in frame.columns if name != "arm"]
    frame[numbers] = frame[numbers].astype("float64").fillna(0.0)
    return ArmSums(frame, window, known_until, mixed)


def _number_of(arm: Expression, arms: list[Any]) -> Expression:
    """The place of the arm among `arms`."""
    return ibis.cases(*((arm == name, ibis.literal(place, "int64")) for place, name in enumerate(arms)))


def _adds_up(frame: Any, company: str | None) -> bool:
    """Whether money adds up: all in one currency between `lowest` and `highest`, or in the company's where one is named."""
    found = {name for side in ("lowest", "highest") for name in frame[side].dropna()}
    return len(found) <= 1 if company is None else not found - {company}


def _order_sums(
    orders: Rows, assigned: Rows, window: Window, bounds: tuple[datetime, datetime], *, with_currencies: bool
) -> ir.Table:
    """Sums of the outcomes of orders; which currencies there are only where it has to be looked at."""
    sold = orders.filter(is_sold(orders))
    sold = sold.select(
        "customer_id", at=sold["ordered_at"], amount=sold["revenue"].cast("float64"), currency=sold["currency"]
    )
    rows = _around(sold, assigned, window, bounds)
    after = rows["after"]
    sides = {"lowest": rows["currency"].min(where=after), "highest": rows["currency"].max(where=after)}
    person = rows.group_by("customer_id").aggregate(
        arm=rows["arm"].max(),
        revenue_y=rows["amount"].sum(where=after).fill_null(0.0),
        revenue_x=rows["amount"].sum(where=~after).fill_null(0.0),
        orders_y=rows.count(where=after).cast("float64"),
        orders_x=rows.count(where=~after).cast("float64"),
        unknown=rows.count(where=after & rows["amount"].isnull()),
        **(sides if with_currencies else {}),
    )
    usable = person["unknown"] == 0
    values = {
        "revenue": [usable.ifelse(person[name], 0.0) for name in ("revenue_y", "revenue_x")],
        "orders": [person["orders_y"], person["orders_x"]],
        "buyers": [_any(person["orders_y"]), _any(person["orders_x"])],
    }
    ends = {"lowest": person["lowest"].min(), "highest": person["highest"].max()} if with_currencies else {}
    return person.group_by("arm").aggregate(unusable=person.count(where=~usable), **ends, **_sums(values))


def _visit_sums(request: Request, assigned: Rows, window: Window, bounds: tuple[datetime, datetime]) -> ir.Table:
    touches = request.rows("touches")
    visits = touches.filter(touches["kind"].isin(VISITS)).select("customer_id", "at")
    rows = _around(visits, assigned, window, bounds)
    person = rows.group_by("customer_id").aggregate(
        arm=rows["arm"].max(),
        visits_y=rows.count(where=rows["after"]).cast("float64"),
        visits_x=rows.count(where=~rows["after"]).cast("float64"),
    )
    values = {
        "visits": [person["visits_y"], person["visits_x"]],
        "visitors": [_any(person["visits_y"]), _any(person["visits_x"])],
    }
    return person.group_by("arm").aggregate(**_sums(values))


def _around(events: Rows, assigned: Rows, window: Window, bounds: tuple[datetime, datetime]) -> Rows:
    """Events of assigned customers in their windows, with the arm and whether they came `after` the assignment.

    `bounds` hold all windows; the engine can leave out what lies beyond before it joins.
    """
    low, high = (ibis.literal(bound) for bound in bounds)
    events = events.filter((events["at"] >= low) & (events["at"] < high))
    rows = events.inner_join(assigned, "customer_id")
    begins = rows["assigned_at"]
    near = rows["at"] < begins + ibis.literal(days(window.days))
    if window.before_days:
        near &= rows["at"] >= begins - ibis.literal(days(window.before_days))
    else:
        near &= rows["at"] >= begins
    rows = rows.filter(near)
    return rows.mutate(after=rows["at"] >= rows["assigned_at"])


def _any(number: Expression) -> Expression:
    return (number > 0).cast("float64")


def _sums(values: Mapping[str, list[Expression]]) -> dict[str, Expression]:
    sums: dict[str, Expression] = {}
    for name, (y, x) in values.items():
        parts = {"y": y, "yy": y * y, "x": x, "xx": x * x, "xy": x * y}
        sums |= {f"{name}_{part}": expression.sum() for part, expression in parts.items()}
    return sums


def moment_of(value: Any) -> datetime | None:
    """A moment of a frame as Python's own, None where there is none."""
    return None if value is None or pd.isna(value) else cast(pd.Timestamp, pd.Timestamp(value)).to_pydatetime()


def _empty_frame() -> pd.DataFrame:
    sums = [f"{name}_{part}" for name in OUTCOMES for part in _SUMS]
    return pd.DataFrame(columns=["arm", "customers", "unfinished", "unusable", *sums])
