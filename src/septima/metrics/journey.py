"""Customers' actual paths through the stages of a journey, found in the engine by windows over each customer's time line.

Rows of canonical tables become events of a stage by rules; of events that follow one another within a stage the first
counts. A **step** leads from one stage of a customer's path to the next. Measures after van der Aalst, Process Mining,
2016, chapter 8 (conformance checking), told by transitions: whether a step is one that the journey intends.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np

from septima.metrics.answers import on_scale
from septima.metrics.definition import Expression, Request, Rows
from septima.metrics.estimated import NOTHING, Estimated, estimated
from septima.metrics.sources import days_between, within_bounds
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import TABLES

EVENT_TABLES: Mapping[str, str] = {
    "touches": "at",
    "orders": "ordered_at",
    "deliveries": "delivered_at",
    "calls": "at",
    "complaints": "opened_at",
    "deals": "opened_at",
    "answers": "at",
}
"""Tables whose rows are events of customers, and the moment of each."""

FEELINGS = ("outrage", "displeasure", "satisfaction", "joy", "delight")
"""The five feelings of the methodology, as graded from 1 to 5."""


@dataclass(frozen=True)
class EventRule:
    """Which rows of a table are events: those that have one of the values in each named column; without columns all."""

    table: str
    where: Mapping[str, tuple[str | bool, ...]]


@dataclass(frozen=True)
class FeelingRule:
    """Which answers, graded from 1 to 5, tell what customers feel at a stage."""

    instrument: str
    question: str
    where: Mapping[str, tuple[str | bool, ...]]


@dataclass(frozen=True)
class StageMeasure:
    """Of one stage: customers who reached it, as a share of all, and those whose path ended there, as a share of them."""

    reached: int
    share: Estimated
    ended: int
    drop_out: Estimated


@dataclass(frozen=True)
class Transition:
    """Steps from one stage to another: how many, of how many customers, which share of the steps from there, days between.

    `source` and `target` are places of stages, from 0; `days` is a median.
    """

    source: int
    target: int
    intended: bool
    steps: int
    customers: int
    share: Estimated
    days: Estimated


@dataclass(frozen=True)
class JourneyMeasures:
    """The paths of a period.

    `conformance` is the share of customers with a step, of whom every step is intended; `fitness` the share of steps
    that are intended. `missing_share` is that of events of nobody known.
    """

    customers: int
    walkers: int
    steps: int
    conformance: Estimated
    fitness: Estimated
    stages: tuple[StageMeasure, ...]
    transitions: tuple[Transition, ...]
    missing_share: float | None


@dataclass(frozen=True)
class Felt:
    """What customers felt: the mean of grades from 1 (outrage) to 5 (delight), with its interval, and how many answered."""

    mean: Estimated
    n: int


def events(request: Request, stages: Sequence[Sequence[EventRule]]) -> Rows:
    """Events of all stages within the bounds of the request: customer_id, at, stage (from 0), source and id.

    A row that the rules of several stages take is an event of the first of them.
    """
    found: list[Rows] = []
    for place, table in enumerate(EVENT_TABLES):
        rules = [(stage, rule) for stage, its in enumerate(stages) for rule in its if rule.table == table]
        if not rules:
            continue
        rows = within_bounds(request, request.rows(table), EVENT_TABLES[table])
        stage = ibis.cases(*((_matches(rows, rule.where), ibis.literal(number, "int64")) for number, rule in rules))
        found.append(
            rows.select(
                "customer_id",
                at=rows[EVENT_TABLES[table]].cast("timestamp"),
                stage=stage,
                source=ibis.literal(place, "int64"),
                id=rows[TABLES[table].key[0]],
            )
        )
    first, *others = found
    rows: Rows = ibis.union(first, *others) if others else first
    return rows.filter(rows["stage"].notnull())


def steps(rows: Rows) -> Rows:
    """The path of each customer: of `events` those that begin a stay in a stage, with `next_stage` and `next_at` or null.

    Events of one moment follow one another by table and id.
    """
    rows = rows.filter(rows["customer_id"].notnull())
    line = ibis.window(group_by="customer_id", order_by=["at", "source", "id"])
    rows = rows.mutate(before=rows["stage"].lag().over(line))
    rows = rows.filter((rows["before"] != rows["stage"]).fill_null(True))
    return rows.mutate(next_stage=rows["stage"].lead().over(line), next_at=rows["at"].lead().over(line))


def by_transition(path: Rows, count: int) -> Rows:
    """One row per pair of stages, as `code` = source × count + target: steps `made`, customers who are `movers`, the middle of the days between them and its bounds.

    The interval of the median is by order statistics (Conover, Practical Nonparametric Statistics, 1999, section 3.2).
    """
    rows = path.filter(path["next_stage"].notnull())
    rows = rows.select(
        "customer_id",
        code=rows["stage"] * count + rows["next_stage"],
        days=days_between(rows["at"], rows["next_at"]),
    )
    rows = rows.mutate(
        rank=ibis.row_number().over(group_by="code", order_by=["days", "customer_id"]) + 1,
        n=rows["days"].count().over(group_by="code"),
    )
    spread = intervals.Z * rows["n"].cast("float64").sqrt() / 2
    middle = rows["n"].cast("float64") / 2

    def at(position: Expression) -> Expression:
        return rows["days"].max(where=rows["rank"] == position.cast("int64"))

    return rows.group_by("code").aggregate(
        made=rows.count(),
        movers=rows["customer_id"].nunique(),
        below=at(((rows["n"] - 1).cast("float64") / 2).floor() + 1),
        above=at(((rows["n"] - 1).cast("float64") / 2).ceil() + 1),
        lower=at((middle - spread).ceil()),
        upper=at((middle + spread).ceil()),
    )


def by_customers(path: Rows, count: int, intended: Collection[tuple[int, int]]) -> Rows:
    """One row for all customers: how many, with a step, with intended steps only; sums of steps; by stage reached and ended."""
    codes = [source * count + target for source, target in intended]
    is_step = path["next_stage"].notnull()
    right = (path["stage"] * count + path["next_stage"]).isin(codes).fill_null(False)
    each = path.group_by("customer_id").aggregate(
        steps=is_step.cast("int64").sum(),
        right=(is_step & right).cast("int64").sum(),
        last=path["stage"].max(where=~is_step),
        **{f"at_{stage}": (path["stage"] == stage).cast("int64").max() for stage in range(count)},
    )
    walks = each["steps"] > 0
    return each.aggregate(
        customers=each.count(),
        walkers=walks.cast("int64").sum(),
        conforming=(walks & (each["steps"] == each["right"])).cast("int64").sum(),
        steps=each["steps"].sum(),
        right=each["right"].sum(),
        steps_squares=(each["steps"] * each["steps"]).sum(),
        right_squares=(each["right"] * each["right"]).sum(),
        products=(each["steps"] * each["right"]).sum(),
        **{f"reached_{stage}": each[f"at_{stage}"].sum() for stage in range(count)},
        **{f"ended_{stage}": (each["last"] == stage).cast("int64").sum() for stage in range(count)},
    )


def measure_journey(
    request: Request, stages: Sequence[Sequence[EventRule]], intended: Collection[tuple[int, int]]
) -> JourneyMeasures:
    """Measure the paths of the request's period: `stages` are the rules of each, `intended` pairs of places of stages.

    Shares have the interval of Wilson, 1927; the share of steps, which customers make several of, that of a ratio of
    sums over customers (Cochran, 1977, chapter 6).
    """
    if not any(stages):
        return _measures(len(stages), {}, [], intended, None)
    found, count = events(request, stages), len(stages)
    known = found.aggregate(all=found.count(), known=found["customer_id"].count())
    path = steps(found)
    whole = by_customers(path, count, intended).cross_join(known).mutate(one=1)
    pairs = by_transition(path, count).mutate(one=1)
    # Asked at once, the engine finds the path once; where nobody made a step the customers are left.
    rows = whole.left_join(pairs, "one").order_by("code").to_pandas().to_dict("records")
    summed, made = rows[0], [row for row in rows if row["code"] == row["code"] and row["code"] is not None]
    missing = None if not summed["all"] else 1 - summed["known"] / summed["all"]
    return _measures(count, summed, made, intended, missing)


def felt(request: Request, rules: Mapping[int, FeelingRule]) -> dict[int, Felt]:
    """The mean grade of each rule's answers in the request's period, by the rule's number; grades off 1–5 do not count."""
    rows = within_bounds(request, request.rows("answers"), "at")
    rows = rows.filter(on_scale(rows, 1, 5))
    sums: dict[str, Expression] = {}
    for number, rule in rules.items():
        mine = (
            (rows["instrument"] == rule.instrument) & (rows["question"] == rule.question) & _matches(rows, rule.where)
        )
        sums[f"n_{number}"] = rows.count(where=mine)
        sums[f"sum_{number}"] = rows["score"].sum(where=mine)
        sums[f"squares_{number}"] = (rows["score"] * rows["score"]).sum(where=mine)
    if not sums:
        return {}
    summed = rows.aggregate(**sums).to_pandas().to_dict("records")[0]
    return {number: _felt(summed, number) for number in rules}


def _felt(summed: Mapping[Any, Any], number: int) -> Felt:
    n = float(summed[f"n_{number}"])
    if not n:
        return Felt(NOTHING, 0)
    total, squares, count = (
        np.asarray(float(value)) for value in (summed[f"sum_{number}"], summed[f"squares_{number}"], n)
    )
    lower, upper = intervals.mean_t(total, squares, count)
    return Felt(estimated(total / count, (np.clip(lower, 1, 5), np.clip(upper, 1, 5))), int(n))


def _matches(rows: Rows, where: Mapping[str, tuple[str | bool, ...]]) -> Expression:
    found: Expression = ibis.literal(True)
    for name, values in where.items():
        found = found & rows[name].isin(values).fill_null(False)
    return found


def _measures(
    count: int,
    summed: Mapping[Any, Any],
    pairs: Sequence[Mapping[Any, Any]],
    intended: Collection[tuple[int, int]],
    missing: float | None,
) -> JourneyMeasures:
    def number(name: str) -> float:
        found = _number(summed.get(name))
        return 0.0 if np.isnan(found) else found

    customers, walkers, whole = number("customers"), number("walkers"), number("steps")
    sums = [np.asarray(number(name)) for name in ("right", "steps", "right_squares", "steps_squares", "products")]
    right, made, *products = sums
    fitness = intervals.ratio_delta(right, made, products[0], products[1], products[2], np.asarray(walkers))
    stages = [
        StageMeasure(
            int(number(f"reached_{stage}")),
            _share(number(f"reached_{stage}"), customers),
            int(number(f"ended_{stage}")),
            _share(number(f"ended_{stage}"), number(f"reached_{stage}")),
        )
        for stage in range(count)
    ]
    leaving: dict[int, float] = {}
    for pair in pairs:
        source = int(pair["code"]) // count
        leaving[source] = leaving.get(source, 0.0) + float(pair["made"])
    return JourneyMeasures(
        int(customers),
        int(walkers),
        int(whole),
        _share(number("conforming"), walkers),
        estimated(divide(right, made), (np.clip(fitness[0], 0, 1), np.clip(fitness[1], 0, 1))),
        tuple(stages),
        tuple(_transition(pair, count, intended, leaving) for pair in pairs),
        missing,
    )


def _share(part: float, whole: float) -> Estimated:
    top, bottom = np.asarray(part), np.asarray(whole)
    return estimated(divide(top, bottom), intervals.wilson(top, bottom))


def _transition(
    pair: Mapping[Any, Any], count: int, intended: Collection[tuple[int, int]], leaving: Mapping[int, float]
) -> Transition:
    source, target = divmod(int(pair["code"]), count)
    middle = (float(pair["below"]) + float(pair["above"])) / 2
    return Transition(
        source,
        target,
        (source, target) in intended,
        int(pair["made"]),
        int(pair["movers"]),
        _share(float(pair["made"]), leaving[source]),
        estimated(middle, (_number(pair["lower"]), _number(pair["upper"]))),
    )


def _number(value: Any) -> float:
    """A number of a frame, NaN where there is none."""
    return float("nan") if value is None else float(value)
