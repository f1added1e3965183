"""Where a road map stands on a day: what is done, overdue and next, and when it will end at this pace.

Every milestone counts alike. Planned value is how many should be done, earned value how many are, and their ratio the
schedule performance index, SPI: below 1 the roll-out is behind. At this pace it takes its planned time divided by the
SPI (PMI, The Standard for Earned Value Management, 2019). The index returns to 1 as the last milestones are done, however
late they are, so near the end the days of delay say more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Literal

from septima.schema import Text, line_of
from septima.schema.wording import placed
from septima.scorecard.definition import DefinitionError
from septima.scorecard.rollout.definition import Milestone, Phase, RolloutDefinition

State = Literal["done", "done_late", "overdue", "planned"]


@dataclass(frozen=True)
class Recorded:
    """A milestone of the table: days planned and done (None: not yet), and its department."""

    planned: date
    done: date | None
    department: str | None


@dataclass(frozen=True)
class MilestoneState:
    """A milestone on the day: `late` are the days by which it was or is late, `waits_for` what must be done before and is not.

    `too_early` tells that it was done before one that it comes after.
    """

    id: str
    name: Text
    phase: str
    department: str | None
    planned: date
    done: date | None
    state: State
    late: int
    waits_for: tuple[str, ...]
    too_early: bool


@dataclass(frozen=True)
class PhaseState:
    """A phase on the day: its planned days, the day by which all of it was done, and counts of its milestones."""

    id: str
    name: Text
    start: date
    end: date
    done: date | None
    milestones: int
    completed: int
    overdue: int
    waits_for: tuple[str, ...]


@dataclass(frozen=True)
class Schedule:
    """The road map on a day: `planned_value` of `total` milestones should be done and `earned_value` are.

    `spi` is None where nothing should be done yet. `forecast` is the day of the end at this pace, None where nothing is done;
    where all is done it is the day on which that was so.
    """

    today: date
    phases: tuple[PhaseState, ...]
    milestones: tuple[MilestoneState, ...]
    start: date
    end: date
    planned_value: int
    earned_value: int
    spi: float | None
    forecast: date | None

    @property
    def total(self) -> int:
        """The number of milestones."""
        return len(self.milestones)

    @property
    def overdue(self) -> tuple[MilestoneState, ...]:
        """What should be done and is not, the longest first."""
        found = (one for one in self.milestones if one.state == "overdue")
        return tuple(sorted(found, key=lambda one: (-one.late, one.id)))

    @property
    def next(self) -> tuple[MilestoneState, ...]:
        """What is still to come, the soonest first."""
        found = (one for one in self.milestones if one.state == "planned")
        return tuple(sorted(found, key=lambda one: (one.planned, one.id)))


def schedule_of(definition: RolloutDefinition, table: Mapping[str, Recorded], *, today: date, over: date) -> Schedule:
    """The road map on `today`; `over` is the last day that has passed (today itself, where it is over).

    What was done later than `today` is not done yet. `table` are the milestones of the data by id. DefinitionError, with file and
    line, where a milestone is in neither file nor table, or in both.
    """
    days = {one.id: _days(definition, one, table) for one in definition.milestones}
    known = {
        name: Recorded(
            days_of.planned, None if days_of.done is None or days_of.done > today else days_of.done, days_of.department
        )
        for name, days_of in days.items()
    }
    milestones = tuple(
        _milestone(one, phase.id, known, over) for phase in definition.phases for one in phase.milestones
    )
    phases = _phases(definition.phases, milestones, over)
    start, end = min(one.start for one in phases), max(one.end for one in phases)
    planned = sum(one.planned <= over for one in milestones)
    earned = sum(one.done is not None for one in milestones)
    spi = earned / planned if planned else None
    return Schedule(
        today, phases, milestones, start, end, planned, earned, spi, _forecast(milestones, (start, end), spi, today)
    )


def _days(definition: RolloutDefinition, milestone: Milestone, table: Mapping[str, Recorded]) -> Recorded:
    file, line = definition.file, milestone.line
    place = Text(file, file) if line is None else line_of(file, line)
    if milestone.planned is None:
        if milestone.id not in table:
            hint = _near(milestone.id, table)
            said = Text(
                f"milestone {milestone.id!r} is not in the table `milestones`{hint.en} `planned`",
                f"вехи «{milestone.id}» нет в\u00a0таблице `milestones`{hint.ru} `planned`",
            )
            raise DefinitionError(placed(place, said))
        return table[milestone.id]
    if milestone.id in table:
        said = Text(
            f"milestone {milestone.id!r} is in the table `milestones`; leave `planned` and `done` to the table",
            f"веха «{milestone.id}» есть в\u00a0таблице `milestones`; оставьте `planned` и\u00a0`done` таблице",
        )
        raise DefinitionError(placed(place, said))
    return Recorded(milestone.planned, milestone.done, milestone.department)


def _near(name: str, table: Mapping[str, Recorded]) -> Text:
    """What may have been meant; a table of thousands is not listed."""
    if not table:
        return Text(", for the table is empty; give it", ": таблица пуста; укажите")
    close = get_close_matches(name, table, n=3, cutoff=0.6)
    if close:
        meant = " или\u00a0".join(f"«{one}»" for one in close)
        return Text(
            f"; did you mean {' or '.join(map(repr, close))}? If not, mend the id, or give it",
            f"; возможно, имелось в\u00a0виду {meant}? Если нет, исправьте id или укажите",
        )
    some = ", ".join(sorted(table)[:3])
    return Text(
        f", which has {len(table)}, such as {some}; mend the id, or give it",
        f", а\u00a0всего их там {len(table)}, например {some}; исправьте id или укажите",
    )


def _milestone(milestone: Milestone, phase: str, known: Mapping[str, Recorded], over: date) -> MilestoneState:
    days = known[milestone.id]
    before = [(name, known[name].done) for name in milestone.after]
    state: State
    if days.done is not None:
        late = max((days.done - days.planned).days, 0)
        state = "done_late" if late else "done"
    elif days.planned <= over:
        # It is not done on the morning after `over`, and late by that much.
        state, late = "overdue", (over - days.planned).days + 1
    else:
        state, late = "planned", 0
    return MilestoneState(
        id=milestone.id,
        name=milestone.name,
        phase=phase,
        department=days.department,
        planned=days.planned,
        done=days.done,
        state=state,
        late=late,
        waits_for=tuple(name for name, done in before if done is None) if days.done is None else (),
        too_early=days.done is not None and any(done is None or done > days.done for _, done in before),
    )


def _phases(phases: Sequence[Phase], milestones: Sequence[MilestoneState], over: date) -> tuple[PhaseState, ...]:
    """The phases; one without milestones is done when its planned end is over."""
    found: list[PhaseState] = []
    completed: dict[str, bool] = {}
    for phase in phases:
        mine = [one for one in milestones if one.phase == phase.id]
        planned = [one.planned for one in mine]
        done = [one.done for one in mine if one.done is not None]
        end = max(planned) if phase.end is None else phase.end
        whole = len(done) == len(mine) if mine else end <= over
        completed[phase.id] = whole
        found.append(
            PhaseState(
                id=phase.id,
                name=phase.name,
                start=min(planned) if phase.start is None else phase.start,
                end=end,
                done=max(done, default=end) if whole else None,
                milestones=len(mine),
                completed=len(done),
                overdue=sum(one.state == "overdue" for one in mine),
                waits_for=phase.after,
            )
        )
    return tuple(
        replace(one, waits_for=tuple(name for name in one.waits_for if not completed[name]) if one.done is None else ())
        for one in found
    )


def _forecast(
    milestones: Sequence[MilestoneState], planned: tuple[date, date], spi: float | None, today: date
) -> date | None:
    done = [one.done for one in milestones if one.done is not None]
    if milestones and len(done) == len(milestones):
        return max(done)
    if not spi:
        return None
    start, end = planned
    return max(start + timedelta(days=round((end - start).days / spi)), today)
