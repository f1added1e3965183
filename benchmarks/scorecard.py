"""A scorecard assembled from figures that are known, intervals and all.

Prints a Markdown table. Seven perspectives share the KPIs; their figures over the periods and the intervals are made up and
lie around each KPI's target. Seconds are from the figures to the finished card, after the imports.
"""

import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measure import Told, asked, heading, medians, tell

KPIS, PERIODS, DRAWS = 300, 36, 10_000
MOST_SECONDS, MOST_MEMORY = 3.0, 500


def report(runs: int) -> None:
    """Print the table, line by line."""
    print(heading("KPIs", "periods", "draws", "aggregation", "s", "processor, s", "memory, MB"))
    for kpis in (KPIS // 10, KPIS):
        for aggregation in ("arithmetic", "geometric"):
            found: list[Told] = [asked(sys.executable, "scorecard", aggregation, Path(str(kpis))) for _ in range(runs)]
            told = medians(found)
            print(
                f"| {kpis} | {PERIODS} | {DRAWS:,} | {aggregation} | {told['seconds']:.2f} | {told['processor']:.2f} "
                f"| {told['memory']:,.0f} |",
                flush=True,
            )
    print(f"\nThe bound: {KPIS} KPIs in under {MOST_SECONDS:g} s and {MOST_MEMORY} MB.")


def _assembled(aggregation: str, kpis: Path) -> dict[str, float]:
    from septima.metrics import Period, catalogue, parse_period
    from septima.scorecard.assembly import assemble
    from septima.scorecard.card import Figure
    from septima.scorecard.composite import AGGREGATIONS
    from septima.scorecard.definition import (
        PERSPECTIVES,
        KpiDefinition,
        PerspectiveDefinition,
        ScorecardDefinition,
    )
    from septima.scorecard.history import KpiHistory, Observation

    random = np.random.default_rng(11)
    passport = catalogue()["on_time_delivery"].passport
    last = parse_period("2026-09")
    periods: list[Period] = [last.shift(step) for step in range(1 - PERIODS, 1)]
    names = list(PERSPECTIVES)
    made: dict[str, list[KpiDefinition]] = {name: [] for name in names}
    histories: dict[str, KpiHistory] = {}
    for number in range(int(kpis.name)):
        kpi = KpiDefinition(f"kpi_{number}", passport.id, target=0.9, owner="owner")
        made[names[number % len(names)]].append(kpi)
        values = np.clip(random.normal(0.85, 0.05, PERIODS), 0.2, 0.97)
        figures = [Figure(value, value - 0.02, value + 0.015) for value in values.tolist()]
        histories[kpi.id] = KpiHistory(tuple(Observation(figure, 900.0, 0.0, None) for figure in figures))
    definition = ScorecardDefinition(
        tuple(PerspectiveDefinition(name, PERSPECTIVES[name], tuple(made[name])) for name in names), trend=PERIODS
    )
    definition = replace(definition, aggregation=next(one for one in AGGREGATIONS if one == aggregation))
    begun, spent = time.perf_counter(), time.process_time()
    card = assemble(
        definition,
        {passport.id: passport},
        histories,
        periods,
        organisation="Benchmark",
        data_version=1,
        currency=None,
        parameters={},
        now=datetime(2026, 10, 2, tzinfo=UTC),
        seed=7,
        draws=DRAWS,
    )
    seconds, processor = time.perf_counter() - begun, time.process_time() - spent
    if card.integral.printed.lower is None:
        sys.exit("the card has no interval")
    return {"seconds": seconds, "processor": processor}


_MODES = {name: partial(_assembled, name) for name in ("arithmetic", "geometric")}

if __name__ == "__main__":
    tell(_MODES)
