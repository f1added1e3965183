"""What leaves the engine for attribution: counted steps, counted sets of channels and sums by rule, never a path."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd

from septima.metrics.attribution_paths import (
    KINDS,
    in_place,
    is_open,
    is_refund,
    on_paths,
    purchases_within,
    rule_part,
    shown,
    touches_within,
)
from septima.metrics.definition import Expression, MetricError, Request, Rows
from septima.metrics.sources import all_known, is_sold, within_bounds
from septima.models.attribution.chain import START, Transitions
from septima.models.attribution.replicates import GROUPS
from septima.models.attribution.shapley import Coalitions, paths_of_masks
from septima.models.attribution.words import Rule
from septima.models.intervals import FloatArray
from septima.schema import Text

By = Literal["channel", "campaign", "chain"]
COLUMNS: dict[By, str] = {"channel": "channel", "campaign": "campaign_id", "chain": "chain_id"}
NONE, OTHER = "(none)", "(other)"
LABELS = {NONE: Text("not stated", "не\u00a0указано"), OTHER: Text("all others", "все остальные")}
DIRECT = ("direct", "web")
MOST_MEMBERS = 50
LONGEST_WINDOW = 365
# Steps that there could be, by members and groups, up to which orders are compared.
_MOST_STEPS = 20_000_000


@dataclass(frozen=True)
class Scope:
    """Which touches make paths, and whose they are.

    `by` names what is credited; `kinds` the touches that count; `window_days` how long before a purchase. `direct` are
    channels that the rule «last non-direct» passes over; by campaign and chain those are touches of none. The part of
    a touch by time decay halves in `half_life_days`. Members past the `most` with the most touches are gathered, but for
    those in `keep`.
    """

    by: By = "channel"
    window_days: int = 30
    kinds: tuple[str, ...] = KINDS
    direct: tuple[str, ...] = DIRECT
    half_life_days: float = 7.0
    most: int = MOST_MEMBERS
    keep: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.by not in COLUMNS:
            raise MetricError(
                Text(
                    f"credit is given by {', '.join(COLUMNS)}, not by {self.by!r}",
                    f"заслуга распределяется по\u00a0{', '.join(COLUMNS)}, а\u00a0не\u00a0по\u00a0«{self.by}»",
                )
            )
        if not 1 <= self.window_days <= LONGEST_WINDOW:
            raise MetricError(
                Text(
                    f"the look-back window is 1 to {LONGEST_WINDOW} days, not {self.window_days}",
                    f"окно обратного просмотра\u00a0— от\u00a01 до\u00a0{LONGEST_WINDOW} дней, а\u00a0указано "
                    f"{self.window_days}",
                )
            )
        if not self.half_life_days > 0:
            raise MetricError(
                Text(
                    f"the half-life must be above 0 days, not {self.half_life_days}",
                    f"период полураспада должен быть больше 0 дней, а\u00a0указано {self.half_life_days}",
                )
            )
        if not 1 <= self.most <= MOST_MEMBERS:
            raise MetricError(
                Text(
                    f"1 to {MOST_MEMBERS} members can be told apart, not {self.most}",
                    f"различить можно от\u00a01 до\u00a0{MOST_MEMBERS} участников, а\u00a0указано {self.most}",
                )
            )
        if not self.kinds:
            raise MetricError(
                Text(
                    "no kind of touch counts; name one, such as visit",
                    "не\u00a0учитывается ни\u00a0один вид касаний; назовите хотя\u00a0бы один, например visit",
                )
            )


@dataclass(frozen=True)
class Totals:
    """All sold orders of what is asked for, whether a touch came before them or not.

    `purchases` are different customers and moments, and orders of unknown customers; `revenue` is the sum of known
    amounts, refunds among them. `unusable` orders lack a customer or an amount. `known_until` is how far the data go, None without orders.
    """

    orders: int
    purchases: int
    revenue: Decimal
    unknown_customers: int
    unknown_amounts: int
    unusable: int
    refunds: int
    refunded: Decimal
    mixed_currencies: bool
    known_until: datetime | None


@dataclass(frozen=True)
class Members:
    """What is credited: `names` in the order of their codes; `frame` has `name`, `touches`, `online` and `offline`.

    `gathered` is the number of members that make up the last name, OTHER.
    """

    names: tuple[str, ...]
    frame: pd.DataFrame
    gathered: int


@dataclass(frozen=True)
class PathSums:
    """Sums over all paths, kept apart by groups of customers.

    `conversions` and `value` are credits by rule (members, groups); `value` in all is exact. `open` paths have no
    outcome yet and are in nothing else.
    """

    conversions: dict[Rule, FloatArray]
    value: dict[Rule, FloatArray]
    transitions: Transitions | None
    converted: int
    nulls: int
    open: int
    revenue: Decimal


def totals(request: Request) -> Totals:
    """One query over the orders."""
    newest = request.before_end(request.rows("orders"), "ordered_at")
    until = newest["ordered_at"].max().name("newest").as_table().to_pyarrow()["newest"][0].as_py()
    orders = within_bounds(request, request.rows("orders"), "ordered_at")
    orders = orders.filter(is_sold(orders))
    refund, known = is_refund(orders), orders["customer_id"].notnull()
    moments = orders.filter(known & ~refund).select("customer_id", "ordered_at").distinct()
    found = orders.aggregate(
        orders=orders.count(),
        unknown_customers=orders.count(where=~known & ~refund),
        unknown_amounts=orders.count(where=orders["revenue"].isnull()),
        unusable=orders.count(where=~all_known(orders, "customer_id", "revenue")),
        refunds=orders.count(where=refund),
        revenue=orders["revenue"].sum(),
        refunded=orders["revenue"].sum(where=refund),
        lowest=orders["currency"].min(),
        highest=orders["currency"].max(),
    ).to_pyarrow()
    row: dict[str, Any] = found.to_pylist()[0]
    company = request.currency
    sides = {row["lowest"], row["highest"]} - {None}
    mixed = len(sides) > 1 if company is None else bool(sides - {company})
    return Totals(
        orders=row["orders"],
        purchases=int(moments.count().to_pyarrow().as_py()) + row["unknown_customers"],
        revenue=Decimal(row["revenue"] or 0),
        unknown_customers=row["unknown_customers"],
        unknown_amounts=row["unknown_amounts"],
        unusable=row["unusable"],
        refunds=row["refunds"],
        refunded=Decimal(row["refunded"] or 0),
        mixed_currencies=mixed,
        known_until=until,
    )


def members(request: Request, scope: Scope) -> Members:
    """Who is credited: the members with the most touches, and the rest in one."""
    touches = touches_within(request, scope.window_days, scope.kinds)
    name = touches[COLUMNS[scope.by]].fill_null(NONE)
    counted = touches.group_by(name=name).aggregate(
        touches=touches.count(),
        online=touches.count(where=touches["online"].fill_null(False)),
        offline=touches.count(where=(~touches["online"]).fill_null(False)),
    )
    frame: Any = counted.to_pandas()
    frame["kept"] = frame["name"].isin(scope.keep)
    frame = frame.sort_values(["kept", "touches", "name"], ascending=[False, False, True]).drop(columns="kept")
    most = frame.head(scope.most).sort_values("name", ignore_index=True)
    rest = frame.iloc[scope.most :]
    if len(rest):
        numbers = ["touches", "online", "offline"]
        most.loc[len(most)] = {"name": OTHER, **rest[numbers].sum().to_dict()}
    return Members(tuple(most["name"]), most, len(rest))


def path_sums(
    request: Request, scope: Scope, of: Members, known_until: datetime, rules: Sequence[Rule], order: int
) -> PathSums:
    """One query: each member after each history of `order` members (0: whatever came before), counted and credited."""
    rows = in_place(_paths(request, scope, of), order=order)
    rows = rows.mutate(undecided=is_open(rows, scope.window_days, known_until))
    direct = rows["code"].isin(_direct(scope, of))
    together = ibis.window(group_by=["customer_id", "path"])
    spent = {"spent": rows["revenue"].cast("float64").max().over(together)} if rules else {}
    parts = {f"by_{rule}": rule_part(rows, rule, scope.half_life_days, direct) for rule in rules}
    rows = rows.mutate(**parts, **spent)
    converted = rows["converted"]
    ends = rows["position"] == rows["length"] - 1
    history = [f"back_{back}" for back in range(order, 0, -1)]
    sums = {
        "steps": rows.count(where=~rows["undecided"]),
        "conversions": rows.count(where=ends & converted),
        "nulls": rows.count(where=ends & ~converted & ~rows["undecided"]),
        "open": rows.count(where=ends & rows["undecided"]),
        "revenue": rows["revenue"].sum(),
    }
    for rule in rules:
        part = rows[f"by_{rule}"]
        sums[f"by_{rule}"] = part.sum(where=converted)
        sums[f"{rule}_value"] = (part * rows["spent"]).sum(where=converted)
    table = rows.group_by(group=_group(rows), **{name: rows[name] for name in (*history, "code")}).aggregate(**sums)
    found = table.to_pyarrow()
    frame: Any = found.drop_columns(["revenue"]).to_pandas()
    frame["money"] = found["revenue"].cast("float64").to_pandas().fillna(0.0)
    group = _group_places(frame["group"])
    code = frame["code"].to_numpy(np.int64)
    credits_of = {
        name: _spread(frame[name].fillna(0.0).to_numpy(np.float64), code, group, len(of.names))
        for rule in rules
        for name in (f"by_{rule}", f"{rule}_value")
    }
    return PathSums(
        conversions={rule: credits_of[f"by_{rule}"] for rule in rules},
        value={rule: credits_of[f"{rule}_value"] for rule in rules},
        transitions=_transitions(frame, history, code, group, of.names) if order else None,
        converted=int(frame["conversions"].sum()),
        nulls=int(frame["nulls"].sum()),
        open=int(frame["open"].sum()),
        revenue=_exact_sum(found["revenue"]),
    )


def coalition_sums(request: Request, scope: Scope, of: Members, known_until: datetime) -> tuple[Coalitions, PathSums]:
    """One query: paths counted by the set of members that they meet; and the sums over all of them, without rules."""
    rows = _paths(request, scope, of)
    # Each member of a path once, as a power of two, so that their sum is the set.
    met = rows.group_by("customer_id", "path", "code").aggregate(
        converted=rows["converted"].max(),
        purchased_later=rows["purchased_later"].max(),
        revenue=rows["revenue"].max(),
        last_at=rows["at"].max(),
    )
    met = met.mutate(bit=(ibis.literal(2.0) ** met["code"].cast("float64")).cast("int64"))
    paths = met.group_by("customer_id", "path").aggregate(
        mask=met["bit"].sum(),
        converted=met["converted"].max(),
        purchased_later=met["purchased_later"].max(),
        revenue=met["revenue"].max(),
        last_at=met["last_at"].max(),
    )
    paths = paths.mutate(undecided=is_open(paths, scope.window_days, known_until))
    found = (
        paths.group_by("mask", group=_group(paths))
        .aggregate(
            conversions=paths.count(where=paths["converted"]),
            nulls=paths.count(where=~paths["converted"] & ~paths["undecided"]),
            open=paths.count(where=paths["undecided"]),
            revenue=paths["revenue"].sum(),
        )
        .to_pyarrow()
    )
    frame: Any = found.drop_columns(["revenue"]).to_pandas()
    money = found["revenue"].cast("float64").to_pandas().fillna(0.0).to_numpy(np.float64)
    group = _group_places(frame["group"])
    masks, place = np.unique(frame["mask"].to_numpy(np.int64), return_inverse=True)
    counts = [
        _spread(amounts, place, group, len(masks))
        for amounts in (frame["conversions"].to_numpy(np.float64), frame["nulls"].to_numpy(np.float64), money)
    ]
    coalitions = Coalitions(paths_of_masks(of.names, masks), *counts)
    sums = PathSums(
        {}, {}, None, int(frame["conversions"].sum()), int(frame["nulls"].sum()), int(frame["open"].sum()),
        _exact_sum(found["revenue"]),
    )  # fmt: skip
    return coalitions, sums


def highest_order(of: Members, most: int) -> int:
    """The longest memory up to `most` at which all steps that there could be are few enough to be counted."""
    size = len(of.names)
    allowed = [order for order in range(1, most + 1) if (size + 1) ** order * size * GROUPS <= _MOST_STEPS]
    return max(allowed, default=1)


def _paths(request: Request, scope: Scope, of: Members) -> Rows:
    touches = touches_within(request, scope.window_days, scope.kinds)
    name = touches[COLUMNS[scope.by]].fill_null(NONE)
    known = [(name == member, place) for place, member in enumerate(of.names) if member != OTHER]
    rest = len(of.names) - 1
    code: Expression = ibis.cases(*known, else_=rest) if known else ibis.literal(rest)
    touches = touches.mutate(code=code.cast("int8"))
    rows = on_paths(touches, purchases_within(request, scope.window_days), scope.window_days, {"code": "int8"})
    return shown(request, rows)


def _direct(scope: Scope, of: Members) -> list[int]:
    passed = scope.direct if scope.by == "channel" else (NONE,)
    return [place for place, name in enumerate(of.names) if name in passed]


def _group(rows: Rows) -> Expression:
    """One of GROUPS marks by customer, alike on all engines: the first digit of a digest."""
    return rows["customer_id"].hexdigest("md5").left(1)


def _group_places(marks: Any) -> npt.NDArray[np.int64]:
    return np.array([int(mark, 16) for mark in marks], dtype=np.int64)


def _spread(amounts: FloatArray, row: npt.NDArray[np.int64], group: npt.NDArray[np.int64], rows: int) -> FloatArray:
    """Sums (rows, groups) of amounts that each belong to a row and a group."""
    cells = np.bincount(row * GROUPS + group, weights=amounts, minlength=rows * GROUPS).astype(np.float64)
    return cells.reshape(rows, GROUPS)


def _exact_sum(column: Any) -> Decimal:
    return sum((amount for amount in column.to_pylist() if amount is not None), Decimal(0))


def _transitions(
    frame: Any, history: list[str], code: npt.NDArray[np.int64], group: npt.NDArray[np.int64], names: tuple[str, ...]
) -> Transitions:
    before = frame[history].fillna(START).to_numpy(np.int32)
    to = code.astype(np.int32)
    final = np.concatenate([before[:, 1:], to[:, None]], axis=1)
    steps, conversions, nulls, money = (
        _in_columns(frame[name].to_numpy(np.float64), group) for name in ("steps", "conversions", "nulls", "money")
    )
    everything = Transitions(
        names,
        np.concatenate([before, final, final]),
        np.concatenate([to, np.full_like(to, len(names)), np.full_like(to, len(names) + 1)]),
        np.concatenate([steps, conversions, nulls]),
        np.concatenate([np.zeros_like(money), money, np.zeros_like(money)]),
    )
    return everything.of_order(len(history))


def _in_columns(amounts: FloatArray, group: npt.NDArray[np.int64]) -> FloatArray:
    """Each amount (rows,) in the column of its group (rows, groups)."""
    spread = np.zeros((len(amounts), GROUPS))
    spread[np.arange(len(amounts)), group] = amounts
    return spread
