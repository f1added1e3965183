"""Putting customers into the arms of an experiment: what would be done, and doing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from septima.chapters.experiments import design_of, put_into_arms
from septima.metrics.experiment_assignment import Eligible, arm_counts, assigned_arms
from septima.metrics.experiment_design import CONTROL, Design, ExperimentError
from septima.schema import Text
from septima.web.accounts.audit import note_event
from septima.web.accounts.models import Organisation, User
from septima.web.common.workspaces import open_workspace
from septima.web.studies.forms import listed
from septima.web.work.doing import begin
from septima.web.work.kinds import Tell
from septima.web.work.models import Work
from septima.workspace import Workspace

ASSIGN = "studies.assign"


@dataclass(frozen=True)
class Arm:
    """An arm of a preview: its planned share, customers who are in it already, and those who would come."""

    name: str
    planned: float
    there: int
    added: int


@dataclass(frozen=True)
class Preview:
    """What an assignment would do; `held_out` of those added stand in the global control group."""

    design: Design
    arms: tuple[Arm, ...]
    held_out: int

    @property
    def added(self) -> int:
        """Customers who would be put into an arm."""
        return sum(arm.added for arm in self.arms)


def preview(workspace: Workspace, options: Mapping[str, Any]) -> Preview:
    """What would be done, without writing; ExperimentError where it could not be."""
    design, eligible = asked_design(workspace, options), _eligible(options)
    request = workspace.request()
    rows = assigned_arms(request, design, eligible)
    counted: Any = rows.group_by("arm", "held_out").aggregate(customers=rows.count()).to_pandas()
    added: dict[str, int] = {}
    held_out = 0
    for arm, held, customers in zip(counted["arm"], counted["held_out"], counted["customers"], strict=True):
        added[str(arm)] = added.get(str(arm), 0) + int(customers)
        held_out += int(customers) if held else 0
    there = arm_counts(request, design.experiment)
    names = dict.fromkeys([*(name for name, _ in design.ordered), *there, *added])
    arms = tuple(Arm(one, design.shares.get(one, 0.0), there.get(one, 0), added.get(one, 0)) for one in names)
    return Preview(design, arms, held_out)


def begin_assigning(organisation: Organisation, options: Mapping[str, Any], who: User) -> Work:
    """Have customers put into the arms of an experiment; one experiment is assigned to at a time."""
    experiment = str(options["experiment"])
    key = f"{ASSIGN}-{experiment}"
    return begin(organisation, ASSIGN, key, who=who, subject=experiment, options=options)


def carry_out(work: Work, tell: Tell) -> dict[str, Any]:
    """Put the customers into their arms for good."""
    workspace = open_workspace(work.organisation)
    design = asked_design(workspace, work.options)
    now = datetime.now(UTC).replace(tzinfo=None)
    done = put_into_arms(workspace, design, _eligible(work.options), at=now, progress=tell)
    note_event(work.organisation, work.who, "experiment.assigned", design.experiment, added=done.added)
    return {"added": done.added, "arms": arm_counts(workspace.request(), design.experiment)}


def asked_design(workspace: Workspace, options: Mapping[str, Any]) -> Design:
    """The design that the form asks for; ExperimentError where nobody can be assigned by it."""
    names = listed(options["arms"])
    if CONTROL in names:
        raise ExperimentError(
            Text(
                f"{CONTROL!r} is the control group; call the treated groups otherwise",
                f"«{CONTROL}» — контрольная группа; назовите группы с\u00a0воздействием иначе",
            )
        )
    control: float = options["control"] / 100
    even = (1 - control) / max(1, len(names))
    arms: dict[str, float] = {CONTROL: control, **dict.fromkeys(names, even)}
    return design_of(workspace, str(options["experiment"]), arms, options["by"])


def _eligible(options: Mapping[str, Any]) -> Eligible:
    return Eligible(listed(options["segments"]), bool(options["consent"]))
