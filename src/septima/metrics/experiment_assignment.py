"""Putting customers into the arms of an experiment: by chance, for good, and the same on every engine.

Chance is a salted hash of the customer's id, so that nobody can choose an arm and nothing need be drawn again. A
customer once assigned is never moved; a later run adds those who came since.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow.parquet as pq

from septima.lake.engine import write_parquet
from septima.lake.load import Progress, load
from septima.lake.mapping import parse_mapping
from septima.lake.sql import DEFAULT_MEMORY
from septima.lake.store import Lake
from septima.metrics.definition import Expression, Request, Rows
from septima.metrics.experiment_design import CONTROL, DIGITS, Design, ExperimentError, hexadecimal
from septima.schema import Text

# Places of a stratum are spread over the arms by Fibonacci hashing (Knuth, 1973, vol. 3, sec. 6.4): multiples of
# 2³¹/φ modulo 2³¹ fall evenly, whatever the number of places taken so far.
_RING = 2**31
_STEP = 1_327_217_885
_MOST_STRATA = 10_000
_FILE = "assignments.parquet"
_MAPPING = f"""source: experiments
files:
  - file: {_FILE}
    tables:
      assignments:
        columns: {{experiment_id: experiment_id, customer_id: customer_id, arm: arm, assigned_at: assigned_at}}
        keep: first
"""


@dataclass(frozen=True)
class Eligible:
    """Who may be put into an experiment: all customers, or those of some segments, or who agreed to promotion."""

    segments: tuple[str, ...] = ()
    consent: bool = False


@dataclass(frozen=True)
class ArmCount:
    """Customers of an arm: the planned share, how many there are now, and how many of them this run added."""

    arm: str
    planned_share: float
    customers: int
    added: int


@dataclass(frozen=True)
class Assigned:
    """What a run did; `held_out` of those added are control for being in the global control group."""

    design: Design
    arms: tuple[ArmCount, ...]
    held_out: int
    version: int

    @property
    def added(self) -> int:
        """Customers whom this run put into an arm."""
        return sum(arm.added for arm in self.arms)


def assign(
    lake: Lake,
    request: Request,
    design: Design,
    *,
    at: datetime,
    eligible: Eligible = Eligible(),
    progress: Progress | None = None,
    memory: str = DEFAULT_MEMORY,
) -> Assigned:
    """Put the eligible customers who are in no arm yet into one, at the moment `at` (UTC), and load them.

    They go into `assignments` by the ordinary path, where the first assignment of a customer stays in force whatever
    comes later. ExperimentError where nobody is eligible or the strata are too many.
    """
    rows = _new_assignments(request, design, eligible)
    before = arm_counts(request, design.experiment)
    with tempfile.TemporaryDirectory(prefix="septima-") as name:
        folder = Path(name)
        added, held_out = _write(rows, design, at, folder / _FILE)
        if not added and not before:
            raise ExperimentError(
                Text(
                    f"nobody can be assigned to {design.experiment!r}: no customer is eligible; load `customers`, or ask for "
                    "other segments",
                    f"распределить в\u00a0«{design.experiment}» некого: ни\u00a0один клиент не\u00a0подходит; "
                    "загрузите `customers` или возьмите другие сегменты",
                )
            )
        if added:
            mapping = parse_mapping(_MAPPING, folder / f"{design.experiment}.yaml")
            load(lake, mapping, data=folder, progress=progress, memory=memory)
    arms = dict.fromkeys([*(arm for arm, _ in design.ordered), *before, *added])
    counts = tuple(
        ArmCount(arm, design.shares.get(arm, 0.0), before.get(arm, 0) + added.get(arm, 0), added.get(arm, 0))
        for arm in arms
    )
    return Assigned(design, counts, held_out, lake.version)


def assigned_arms(request: Request, design: Design, eligible: Eligible = Eligible()) -> ir.Table:
    """What `assign` would write: customer_id, arm, held_out."""
    return _new_assignments(request, design, eligible)


def eligible_customers(request: Request, eligible: Eligible) -> Rows:
    """The rows of `customers` who may be put into an experiment."""
    customers = request.rows("customers")
    customers = customers.filter(customers["customer_id"].notnull())
    if eligible.segments:
        customers = customers.filter(customers["segment"].isin(eligible.segments).fill_null(False))
    if eligible.consent:
        customers = customers.filter(customers["consent"].fill_null(False))
    return customers


def _new_assignments(request: Request, design: Design, eligible: Eligible) -> ir.Table:
    customers = eligible_customers(request, eligible)
    assignments = request.rows("assignments")
    there = assignments.filter(assignments["experiment_id"] == design.experiment).select("customer_id").distinct()
    rows = customers.select("customer_id", stratum=_stratum(customers, design.by))
    held = design.held_out
    out: Expression = ibis.literal(False)
    if held is not None:
        out = _digest(held.salt, rows["customer_id"]) < hexadecimal(held.share)
    rows = rows.mutate(held_out=out, digest=_digest(design.salt, rows["customer_id"]))
    fresh = rows.anti_join(there, "customer_id")
    if design.by:
        fresh = _placed(fresh, rows.semi_join(there, "customer_id"), design)
    else:
        fresh = fresh.mutate(own=_by_bounds(fresh["digest"], design.thresholds))
    return fresh.select("customer_id", "held_out", arm=fresh["held_out"].ifelse(CONTROL, fresh["own"]))


def _digest(salt: str, customer: Expression) -> Expression:
    return (ibis.literal(f"{salt}:") + customer).hexdigest("sha256").left(DIGITS)


def _by_bounds(value: Expression, bounds: tuple[tuple[str, Any], ...]) -> Expression:
    """The first arm below whose bound the value lies; the last one where there is none."""
    *bounded, (last, _) = bounds
    return ibis.cases(*((value < bound, arm) for arm, bound in bounded), else_=last)


def _stratum(customers: Rows, by: tuple[str, ...]) -> Expression:
    """The combination of attributes as one text; unknown ones are a stratum of their own."""
    parts = [customers[name].fill_null("") for name in by]
    text: Expression = ibis.literal("")
    for part in parts:
        text = text + "\n" + part
    return text


def _placed(fresh: Rows, there: Rows, design: Design) -> Rows:
    """The rows with their `own` arm, by place: those of a stratum stand in a row by digest, after those there already.

    The shares then hold within each stratum to about a customer, however few come at a time; every customer has the
    same chance of each arm, since the row begins at a place that the salt draws for the stratum.
    """
    there = there.filter(~there["held_out"])
    counted = there.group_by("stratum").aggregate(taken=there.count())
    strata: Any = fresh.select("stratum").distinct().left_join(counted, "stratum").select("stratum", "taken")
    found = strata.limit(_MOST_STRATA + 1).to_pandas()
    if len(found) > _MOST_STRATA:
        raise ExperimentError(
            Text(
                f"{', '.join(design.by)} make over {_MOST_STRATA:,} strata; stratify by fewer attributes",
                f"{', '.join(design.by)} вместе дают больше {_MOST_STRATA} страт; делите на\u00a0страты "
                "по\u00a0меньшему числу признаков",
            )
        )
    if found.empty:
        return fresh.mutate(own=ibis.literal(CONTROL))
    first = [
        int(taken) + int(hashlib.sha256(f"{design.salt}:{stratum}".encode()).hexdigest()[:8], 16)
        for stratum, taken in zip(found["stratum"], found["taken"].fillna(0), strict=True)
    ]
    begins = ibis.memtable(pd.DataFrame({"stratum": found["stratum"].astype(object), "begins": first}))
    row = ibis.window(group_by=["stratum", "held_out"], order_by=["digest", "customer_id"])
    rows = fresh.mutate(number=ibis.row_number().over(row)).inner_join(begins, "stratum")
    place = ((rows["number"] + rows["begins"]) % _RING * _STEP) % _RING
    bounds: list[tuple[str, int]] = []
    reached = 0.0
    for arm, share in design.ordered:
        reached += share
        bounds.append((arm, round(reached * _RING)))
    return rows.mutate(own=_by_bounds(place, tuple(bounds)))


def _write(rows: Any, design: Design, at: datetime, path: Path) -> tuple[dict[str, int], int]:
    """Write the rows to a Parquet file; how many there are in each arm, and how many held out."""
    write_parquet(rows.mutate(experiment_id=ibis.literal(design.experiment), assigned_at=ibis.literal(at)), path)
    added: dict[str, int] = {}
    held_out = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=["arm", "held_out"]):
            for entry in batch.column("arm").value_counts().to_pylist():
                added[entry["values"]] = added.get(entry["values"], 0) + entry["counts"]
            held_out += batch.column("held_out").true_count
    return added, held_out


def experiment_names(request: Request) -> tuple[str, ...]:
    """The experiments that customers were assigned to, the newest first."""
    rows = request.rows("assignments")
    first = rows.group_by("experiment_id").aggregate(first=rows["assigned_at"].min())
    named: Any = first.order_by(ibis.desc("first"), "experiment_id").select("experiment_id").to_pandas()
    return tuple(str(name) for name in named["experiment_id"] if name is not None)


def arm_counts(request: Request, experiment: str) -> Mapping[str, int]:
    """Customers of each arm as they are now."""
    rows = request.rows("assignments")
    rows = rows.filter(rows["experiment_id"] == experiment)
    frame = rows.group_by("arm").aggregate(customers=rows.count()).order_by("arm").to_pandas()
    return {str(arm): int(number) for arm, number in zip(frame["arm"], frame["customers"], strict=True)}
