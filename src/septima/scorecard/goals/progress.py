"""How far goals have come: KPIs from baseline to target, rolled up by weights, beside the time that has passed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt

from septima.schema import Text
from septima.scorecard.card import UNDEFINED, Direction, Figure, KpiCard, Scorecard, State
from septima.scorecard.goals.definition import Goal, GoalKpi, GoalTree, Initiative
from septima.scorecard.simulate import draw, generator, summarise

FloatArray = npt.NDArray[np.float64]

Status = Literal[
    "done", "reached", "on_track", "likely", "unlikely", "behind", "overdue", "waiting", "not_begun", "unknown"
]
"""`likely` and `unlikely`: the figure is on this side of where it ought to be, while its interval reaches over to the other."""
_DRAWS = 4000
_SEED = 7
_EVERYWHERE = (-np.inf, np.inf)


@dataclass(frozen=True)
class KpiProgress:
    """A KPI of a goal: `progress` is 0 at the baseline and 1 at the target, and may lie outside; None where undefined."""

    kpi: str
    name: Text
    unit: str
    direction: Direction
    figure: Figure
    baseline: float | None
    target: float | None
    progress: Figure
    state: State
    weight: float
    leading: bool
    note: Text | None = None


@dataclass(frozen=True)
class InitiativeProgress:
    """An initiative and where it stands."""

    initiative: Initiative
    status: Status


@dataclass(frozen=True)
class GoalProgress:
    """A goal and how far it has come.

    `progress` is the weighted mean of its KPIs and of the goals below it, each held within 0 and 1, so that what is
    overfulfilled hides nothing; `expected` is the share of its time that has passed. `depth` is 0 for a strategic goal.
    """

    goal: Goal
    depth: int
    progress: Figure
    expected: float | None
    status: Status
    kpis: tuple[KpiProgress, ...]
    initiatives: tuple[InitiativeProgress, ...]
    below: tuple["GoalProgress", ...]

    def walk(self) -> "list[GoalProgress]":
        """This goal and all below it, a parent before its children."""
        return [self, *(inner for one in self.below for inner in one.walk())]


@dataclass(frozen=True)
class GoalReport:
    """All goals of a company by the card of one period; `remarks` say what is amiss with the tree itself."""

    organisation: str
    period_label: Text
    currency: str | None
    as_of: date
    rows: tuple[tuple[str, Text], ...]
    goals: tuple[GoalProgress, ...]
    remarks: tuple[Text, ...]

    def walk(self) -> list[GoalProgress]:
        """Every goal, a parent before its children."""
        return [inner for goal in self.goals for inner in goal.walk()]


def measure_goals(tree: GoalTree, card: Scorecard) -> GoalReport:
    """Where the goals stand at the end of the card's period, or on the day it was computed if that came before.

    Intervals of progress come from those of the KPIs by simulation, as those of composites do.
    """
    kpis = {kpi.id: kpi for part in card.perspectives for kpi in part.kpis} | {kpi.id: kpi for kpi in card.own}
    as_of = min(card.end - timedelta(days=1), card.computed_at.date())
    alone = _measured(tree, kpis, as_of, {})
    # A goal that waits for others is judged after them, wherever it stands in the tree.
    found = _measured(tree, kpis, as_of, {one.goal.id: one.status for goal in alone for one in goal.walk()})
    names = {part.composite.id: part.composite.name for part in card.perspectives}
    return GoalReport(
        card.organisation,
        card.period_label,
        card.currency,
        as_of,
        tuple((row, names[row]) for row in tree.rows if row in names),
        found,
        tuple(_remarks(tree, card)),
    )


def _measured(
    tree: GoalTree, kpis: Mapping[str, KpiCard], as_of: date, statuses: Mapping[str, Status]
) -> tuple[GoalProgress, ...]:
    measuring = _Measuring(kpis, as_of, statuses)
    return tuple(measuring.goal(goal, 0)[0] for goal in tree.goals)


@dataclass(frozen=True)
class _Measuring:
    kpis: Mapping[str, KpiCard]
    as_of: date
    statuses: Mapping[str, Status]

    def goal(self, goal: Goal, depth: int) -> tuple[GoalProgress, FloatArray | None]:
        """A goal and the draws of its progress, None where it has none."""
        measured = [(self.kpi(kpi), kpi.weight) for kpi in goal.kpis]
        below = [self.goal(inner, depth + 1) for inner in goal.goals]
        parts = [(draws, weight) for (_, draws), weight in measured if draws is not None]
        parts += [(draws, inner.goal.weight) for inner, draws in below if draws is not None]
        values = [
            (_held(kpi.progress.value), weight) for (kpi, _), weight in measured if kpi.progress.value is not None
        ]
        values += [(one.progress.value, one.goal.weight) for one, _ in below if one.progress.value is not None]
        draws, progress = None, UNDEFINED
        # A part that is undefined leaves the whole undefined: what is not known is not counted as nothing.
        if parts and len(parts) == len(measured) + len(below):
            weights = np.array([weight for _, weight in parts])
            draws = np.asarray(weights @ np.stack([drawn for drawn, _ in parts]) / weights.sum(), dtype=np.float64)
            value = sum(value * weight for value, weight in values) / sum(weight for _, weight in values)
            progress = summarise(value, draws)
        expected = _passed(goal, self.as_of)
        return (
            GoalProgress(
                goal,
                depth,
                progress,
                expected,
                self.status(goal, progress, expected),
                tuple(kpi for (kpi, _), _ in measured),
                tuple(InitiativeProgress(one, _status_of_work(one, self.as_of)) for one in goal.initiatives),
                tuple(one for one, _ in below),
            ),
            draws,
        )

    def kpi(self, kpi: GoalKpi) -> tuple[KpiProgress, FloatArray | None]:
        card = self.kpis[kpi.kpi]
        target = card.target if kpi.target is None else kpi.target
        baseline, note = kpi.baseline, None
        if kpi.since is not None:
            baseline = next((point.figure.value for point in card.trend if point.label == kpi.since), None)
            note = None if baseline is not None else _no_baseline(kpi.since)
        if target is None:
            note = _no_target()
        elif baseline is not None and baseline == target:
            note = _no_way()
        progress, draws = UNDEFINED, None
        if card.figure.value is None:
            note = next(iter(card.statements), None)
        elif note is None and baseline is not None and target is not None:
            raw = draw(card.figure, _EVERYWHERE, generator(_SEED, "goal", card.id), _DRAWS)
            value = float(_share(np.array([card.figure.value]), baseline, target, card.direction)[0])
            shares = _share(raw, baseline, target, card.direction)
            progress, draws = summarise(value, shares), np.clip(shares, 0.0, 1.0)
        return (
            KpiProgress(
                card.id,
                card.name,
                card.unit,
                card.direction,
                card.figure,
                baseline,
                target,
                progress,
                card.state,
                kpi.weight,
                kpi.leading,
                note,
            ),
            draws,
        )

    def status(self, goal: Goal, progress: Figure, expected: float | None) -> Status:  # noqa: PLR0911 - one for each status
        if goal.done is not None and goal.done <= self.as_of:
            return "done"
        if goal.start is not None and goal.start > self.as_of:
            return "not_begun"
        least, most = progress.lower, progress.upper
        if progress.value is not None and (progress.value if least is None else least) >= 1:
            return "reached"
        if goal.due is not None and goal.due < self.as_of:
            return "overdue"
        if any(self.statuses.get(other) not in ("done", "reached") for other in goal.after):
            return "waiting"
        if progress.value is None or expected is None:
            return "unknown"
        if (progress.value if least is None else least) >= expected:
            return "on_track"
        if (progress.value if most is None else most) < expected:
            return "behind"
        return "likely" if progress.value >= expected else "unlikely"


def _share(values: FloatArray, baseline: float, target: float, direction: Direction) -> FloatArray:
    """The part of the way from baseline to target that is behind, by distances where the target is best."""
    if direction == "target":
        return 1 - np.abs(values - target) / abs(baseline - target)
    return (values - baseline) / (target - baseline)


def _held(value: float | None) -> float:
    return min(max(value or 0.0, 0.0), 1.0)


def _passed(goal: Goal, as_of: date) -> float | None:
    if goal.start is None or goal.due is None:
        return None
    whole = (goal.due - goal.start).days + 1
    return min(max(((as_of - goal.start).days + 1) / whole, 0.0), 1.0)


def _status_of_work(initiative: Initiative, as_of: date) -> Status:
    if initiative.done is not None and initiative.done <= as_of:
        return "done"
    if initiative.due is not None and initiative.due < as_of:
        return "overdue"
    if initiative.start is not None and initiative.start > as_of:
        return "not_begun"
    return "unknown" if initiative.share is None else "on_track"


def _remarks(tree: GoalTree, card: Scorecard) -> list[Text]:
    goals = [goal for goal, _, _ in tree.walk()]
    named = {kpi.kpi for goal in goals for kpi in goal.kpis}
    orphans = [kpi.name for part in card.perspectives for kpi in part.kpis if kpi.id not in named]
    leaves = [goal.name for goal in goals if not goal.kpis and not goal.goals]
    unowned = [goal.name for goal in goals if goal.owner is None]
    undated = [goal.name for goal in goals if goal.due is None]
    lagging = [goal.name for goal in tree.goals if not any(kpi.leading for one in _family(goal) for kpi in one.kpis)]
    said = (
        (leaves, "Goals without a KPI, of which nobody can tell whether they come nearer", "Цели без показателя: нельзя сказать, приближаются ли они"),
        (unowned, "Goals that nobody owns", "Цели без ответственного"),
        (undated, "Goals without a day by which they are due", "Цели без срока"),
        (orphans, "KPIs of the card that serve no goal", "Показатели карты, которые не служат ни одной цели"),
        (lagging, "Strategic goals without a leading KPI, so that a miss shows only afterwards", "Стратегические цели без опережающего показателя: промах виден лишь потом"),
    )  # fmt: skip
    return [
        Text(
            f"{english}: {', '.join(name.en for name in names)}.",
            f"{russian}: {', '.join(name.ru for name in names)}.",
        )
        for names, english, russian in said
        if names
    ]


def _family(goal: Goal) -> Sequence[Goal]:
    return [goal, *(inner for one in goal.goals for inner in _family(one))]


def _no_baseline(since: str) -> Text:
    return Text(
        f"The figure of {since}, which is the baseline, is not among the periods of the card; lengthen `trend` or give a number.",
        f"Значения за\u00a0{since}, от\u00a0которого идёт отсчёт, нет среди периодов карты; увеличьте `trend` или задайте число.",
    )


def _no_target() -> Text:
    return Text("The KPI has no target in this period.", "В\u00a0этом периоде у\u00a0показателя нет цели.")


def _no_way() -> Text:
    return Text("Baseline and target are equal: there is no way to go.", "Исходное значение равно цели: идти некуда.")
