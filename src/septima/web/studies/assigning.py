"""Putting customers into the arms of an experiment: what would be done, and doing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from septima.metrics.experiment_assignment import Assigned, Eligible, arm_counts, assign, assigned_arms
from septima.metrics.experiment_design import (
    CONTROL,
    GLOBAL_CONTROL,
    Design,
    ExperimentError,
    HeldOut,
    read_design,
    write_design,
)
from septima.web.studies.forms import listed
from septima.workspace import Workspace


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
    design, eligible = design_of(workspace, options), _eligible(options)
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


def carry_out(workspace: Workspace, options: Mapping[str, Any]) -> Assigned:
    """Put the customers into their arms for good; the design is kept first, and taken back where nobody could be assigned."""
    design = design_of(workspace, options)
    now = datetime.now(UTC).replace(tzinfo=None)
    memory = workspace.settings.memory
    held = read_design(workspace.directory, GLOBAL_CONTROL)
    if held is not None and design.experiment != GLOBAL_CONTROL:
        # So that newcomers stand in it before any campaign reaches them.
        assign(workspace.lake, workspace.request(), held, at=now, memory=memory)
    kept = read_design(workspace.directory, design.experiment) is not None
    path = write_design(workspace.directory, design)
    try:
        return assign(workspace.lake, workspace.request(), design, at=now, eligible=_eligible(options), memory=memory)
    except BaseException:
        if not kept:
            path.unlink()
        raise


def design_of(workspace: Workspace, options: Mapping[str, Any]) -> Design:
    """The design that was asked for; where one is kept under its name it must be the same, for nobody is moved."""
    experiment = str(options["experiment"])
    names = listed(options["arms"])
    if CONTROL in names:
        raise ExperimentError(f"{CONTROL!r} is the control group; call the treated groups otherwise")
    control: float = options["control"] / 100
    even = (1 - control) / max(1, len(names))
    held = read_design(workspace.directory, GLOBAL_CONTROL)
    away = None if held is None or experiment == GLOBAL_CONTROL else HeldOut(held.salt, held.arms[CONTROL])
    arms: dict[str, float] = {CONTROL: control, **dict.fromkeys(names, even)}
    design = Design(experiment, experiment, arms, tuple(options["by"]), away)
    kept = read_design(workspace.directory, experiment)
    if kept is None:
        if arm_counts(workspace.request(), experiment):
            raise ExperimentError(
                f"customers are in {experiment!r} already, by a design that is not kept here, so newcomers cannot be added by "
                "it; begin an experiment of another name"
            )
        return design
    if (_rounded(kept), kept.by) != (_rounded(design), design.by):
        told = ", ".join(f"{arm} {100 * share:.3g} %" for arm, share in kept.ordered)
        raise ExperimentError(
            f"customers of {experiment!r} are assigned already by another design ({told}); ask for that one to add newcomers, "
            "or begin an experiment of another name"
        )
    return kept


def _eligible(options: Mapping[str, Any]) -> Eligible:
    return Eligible(listed(options["segments"]), bool(options["consent"]))


def _rounded(design: Design) -> dict[str, float]:
    return {arm: round(share, 9) for arm, share in design.arms.items()}
