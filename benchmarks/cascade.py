"""Why a card changed and who answers for it, over figures that are known: 300 KPIs and 2,000 people.

Prints a Markdown table. Figures, intervals, targets and shares are made up; every KPI has facts of all departments and people.
The explanation is of both forms with 1,000 draws; the cascade shares every KPI out to every person and makes the cards of all
departments, teams and people. Seconds are from the figures to the finished results, after the imports.
"""

import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measure import Told, asked, heading, medians, tell

KPIS, PEOPLE, DEPARTMENTS, TEAM = 300, 2_000, 20, 10
MOST_SECONDS = 2.0


def report(runs: int) -> None:
    """Print the table, line by line."""
    print(
        heading("KPIs", "people", "aggregation", "explanation, s", "cascade, s", "cards of 100 people, s", "memory, MB")
    )
    for kpis in (KPIS // 10, KPIS):
        for aggregation in ("arithmetic", "geometric"):
            found: list[Told] = [asked(sys.executable, "cascade", aggregation, Path(str(kpis))) for _ in range(runs)]
            told = medians(found)
            print(
                f"| {kpis} | {PEOPLE:,} | {aggregation} | {told['explanation']:.2f} | {told['cascade']:.2f} "
                f"| {told['cards']:.2f} | {told['memory']:,.0f} |",
                flush=True,
            )
    print(f"\nThe bound: explanation and cascade of {KPIS} KPIs and {PEOPLE:,} people in under {MOST_SECONDS:g} s.")


def _shared_out(aggregation: str, kpis: Path) -> dict[str, float]:
    from datetime import UTC, datetime

    from septima.metrics import catalogue, parse_period
    from septima.schema import Text
    from septima.scorecard.assembly import assemble
    from septima.scorecard.card import Figure
    from septima.scorecard.cascade.definition import CascadeDefinition, DepartmentDefinition, Employee, KpiShares
    from septima.scorecard.cascade.facts import Fact, Facts
    from septima.scorecard.cascade.responsibility import share_out
    from septima.scorecard.cascade.result import make_cascade
    from septima.scorecard.change import explain_change
    from septima.scorecard.composite import AGGREGATIONS
    from septima.scorecard.definition import PERSPECTIVES, KpiDefinition, PerspectiveDefinition, ScorecardDefinition
    from septima.scorecard.history import KpiHistory, Observation

    random = np.random.default_rng(11)
    passport = catalogue()["on_time_delivery"].passport
    last, names = parse_period("2026-Q3"), list(PERSPECTIVES)
    made: dict[str, list[KpiDefinition]] = {name: [] for name in names}
    histories: dict[str, KpiHistory] = {}
    for number in range(int(kpis.name)):
        kpi = KpiDefinition(f"kpi_{number}", passport.id, target=0.9)
        made[names[number % len(names)]].append(kpi)
        values = np.clip(random.normal(0.85, 0.05, 8), 0.2, 0.97).tolist()
        figures = [Observation(Figure(value, value - 0.02, value + 0.02), 1000, 0, None) for value in values]
        histories[kpi.id] = KpiHistory(tuple(figures))
    definition = ScorecardDefinition(
        tuple(PerspectiveDefinition(name, PERSPECTIVES[name], tuple(made[name])) for name in names),
        aggregation=next(one for one in AGGREGATIONS if one == aggregation),
    )
    passports = {passport.id: passport}
    card = assemble(
        definition,
        passports,
        histories,
        [last.shift(step) for step in range(-7, 1)],
        organisation="",
        data_version=1,
        currency=None,
        parameters={},
        now=datetime(2026, 11, 1, tzinfo=UTC),
        seed=7,
        draws=1000,
    )
    departments = [f"d{number}" for number in range(DEPARTMENTS)]
    staff = [
        Employee(f"e{n}", None, departments[n % DEPARTMENTS], None, f"m{n % DEPARTMENTS}-{n // (DEPARTMENTS * TEAM)}")
        for n in range(PEOPLE)
    ]
    shares = dict.fromkeys(departments, 1 / DEPARTMENTS)
    cascade = CascadeDefinition(
        tuple(DepartmentDefinition(name, Text(name, name), teams_by="manager") for name in departments),
        tuple(KpiShares(kpi.id, shares) for kpi in definition.kpis),
    )
    fact = Fact(Figure(0.8, 0.7, 0.9), 100)
    ids = [kpi.id for kpi in definition.kpis]
    facts = Facts(
        {(kpi, name): fact for kpi in ids for name in departments},
        {},
        {(kpi, one.id): fact for kpi in ids for one in staff},
    )
    begin = time.perf_counter()
    change = explain_change(card, definition, passports)
    explained = time.perf_counter()
    found = make_cascade(card, change, cascade, share_out(cascade, staff, ids), facts, 0.1)
    reconciled = found.responsibility.unreconciled()
    members = (*found.departments(), *found.teams())
    shared = time.perf_counter()
    people = [found.person(one.id) for one in staff[:100]]
    shown = time.perf_counter()
    if reconciled > 1e-9 or not members or not people:
        sys.exit(f"shares do not add up: {reconciled}")
    return {"explanation": explained - begin, "cascade": shared - explained, "cards": shown - shared}


_MODES = {name: partial(_shared_out, name) for name in ("arithmetic", "geometric")}

if __name__ == "__main__":
    tell(_MODES)
