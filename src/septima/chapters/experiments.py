"""What can be found by an experiment, putting customers into its arms, whether it was run as planned, and what it brought."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from septima.chapters.answer import Answer, study_or_why
from septima.lake.load import Progress
from septima.metrics.experiment_analysis import Analysis, Correction, analyse
from septima.metrics.experiment_assignment import Assigned, Eligible, arm_counts, assign
from septima.metrics.experiment_check import Check, check
from septima.metrics.experiment_design import (
    CONTROL,
    CONTROL_SHARE,
    GLOBAL_CONTROL,
    Design,
    ExperimentError,
    HeldOut,
    read_design,
    write_design,
)
from septima.metrics.experiment_outcomes import Window
from septima.metrics.experiment_plan import Plan, plan
from septima.models.incrementality import EXPECTED_CUSTOMERS, POWER
from septima.report.studies.experiment import PLAN_TITLE, TITLE, check_study, experiment_study, plan_study
from septima.report.studies.study import Study
from septima.schema import Language, Text
from septima.workspace import Workspace

T = TypeVar("T")
_EFFECT = 0.05


@dataclass(frozen=True)
class Experiment:
    """An experiment as it was run: its control arm, the campaigns that are its treatment, and the days that count.

    Planned `shares` by arm that are left out are those of the design that was kept.
    """

    name: str
    control: str = CONTROL
    shares: Mapping[str, float] | None = None
    campaigns: Sequence[str] = ()
    window: Window = Window()  # noqa: RUF009 - a frozen value


def plan_answer(
    workspace: Workspace,
    language: Language,
    *,
    effect: float | None = None,
    control_share: float = CONTROL_SHARE,
    arms: int = 1,
    power: float = POWER,
    before_days: int = 90,
    eligible: Eligible = Eligible(),  # noqa: B008 - a frozen value
) -> Answer[Plan]:
    """The plan of an experiment from the company's own past; options and errors as of `metrics.experiment_plan.plan`."""
    found = plan(
        workspace.request(),
        effect=effect,
        control_share=control_share,
        arms=arms,
        power=power,
        before_days=before_days,
        eligible=eligible,
    )
    return Answer(found, plan_study(found, language))


def design_of(
    workspace: Workspace, experiment: str, arms: Mapping[str, float], by: Sequence[str] = (), salt: str | None = None
) -> Design:
    """The design by which customers are put into an experiment; the name of the experiment is the salt of a new one.

    Where a design is kept under its name it must be the same, for nobody is moved: ExperimentError where it is another, or
    where customers are assigned by one that is not kept.
    """
    kept, held = read_design(workspace.directory, experiment), read_design(workspace.directory, GLOBAL_CONTROL)
    away = None if held is None or experiment == GLOBAL_CONTROL else HeldOut(held.salt, held.arms[CONTROL])
    salt = salt or (experiment if kept is None else kept.salt)
    design = Design(experiment, salt, arms, tuple(dict.fromkeys(by)), away)
    if kept is None:
        if arm_counts(workspace.request(), experiment):
            raise ExperimentError(
                Text(
                    f"customers are in {experiment!r} already, by a design that is not kept here, so newcomers cannot be "
                    "added by it; begin an experiment of another name",
                    f"в\u00a0«{experiment}» уже есть клиенты, но\u00a0план их\u00a0групп здесь не\u00a0сохранён, и\u00a0добавить "
                    "новых по\u00a0нему нельзя; начните эксперимент с\u00a0другим названием",
                )
            )
        return design
    if (_rounded(kept), kept.by, kept.salt) != (_rounded(design), design.by, design.salt):
        english = ", ".join(f"{arm} {100 * share:.3g}%" for arm, share in kept.ordered)
        russian = ", ".join(f"{arm}\u00a0{100 * share:.3g}\u00a0%".replace(".", ",") for arm, share in kept.ordered)
        raise ExperimentError(
            Text(
                f"customers of {experiment!r} are assigned already by another design ({english}); ask for that one to add "
                "newcomers, or begin an experiment of another name",
                f"клиенты «{experiment}» уже распределены по\u00a0другому плану ({russian}); чтобы добавить новых, укажите "
                "его\u00a0же, или начните эксперимент с\u00a0другим названием",
            )
        )
    return kept


def put_into_arms(
    workspace: Workspace, design: Design, eligible: Eligible, *, at: datetime, progress: Progress | None = None
) -> Assigned:
    """Put customers into the arms of an experiment for good; those who are to stand in the global control group first.

    The design is kept before anybody is assigned by it, and taken back where nobody could be. Errors as of
    `metrics.experiment_assignment.assign`.
    """
    put = partial(assign, workspace.lake, at=at, progress=progress, memory=workspace.settings.memory)
    held = read_design(workspace.directory, GLOBAL_CONTROL)
    if held is not None and design.experiment != GLOBAL_CONTROL:
        put(workspace.request(), held)  # so that newcomers stand in it before any campaign reaches them
    kept = read_design(workspace.directory, design.experiment) is not None
    path = write_design(workspace.directory, design)
    try:
        return put(workspace.request(), design, eligible=eligible)
    except BaseException:
        # What failed or was stopped behind the assignment itself leaves customers who are in it, by this design.
        if not kept and not arm_counts(workspace.request(), design.experiment):
            path.unlink()
        raise


def check_answer(workspace: Workspace, experiment: Experiment, language: Language) -> Answer[Check]:
    """Whether an experiment was run as planned; errors as of `metrics.experiment_check.check`."""
    found = _found(workspace, experiment, check)
    return Answer(found, check_study(found, language))


def experiment_answer(
    workspace: Workspace,
    experiment: Experiment,
    language: Language,
    *,
    correction: Correction = "holm",
    expected_customers: float = EXPECTED_CUSTOMERS,
) -> Answer[Analysis]:
    """What an experiment brought; options and errors as of `metrics.experiment_analysis.analyse`."""
    asked = partial(analyse, correction=correction, expected_customers=expected_customers)
    found = _found(workspace, experiment, asked)
    return Answer(found, experiment_study(found, language))


def plan_chapter(workspace: Workspace, language: Language) -> Study:
    """The plan of an experiment that is to find an effect of 5 %, or why there is none."""
    return study_or_why(
        PLAN_TITLE.in_language(language), lambda: plan_answer(workspace, language, effect=_EFFECT).study, language
    )


def experiment_chapter(workspace: Workspace, experiment: str, language: Language) -> Study:
    """The study of what an experiment brought, or why there is none."""
    return study_or_why(
        TITLE.in_language(language).format(experiment),
        lambda: experiment_answer(workspace, Experiment(experiment), language).study,
        language,
    )


def _found(workspace: Workspace, experiment: Experiment, find: Callable[..., T]) -> T:
    """What is found of an experiment, by the shares that were given or those of the design that was kept."""
    kept = read_design(workspace.directory, experiment.name) if experiment.shares is None else None
    return find(
        workspace.request(),
        experiment.name,
        control=experiment.control,
        shares=experiment.shares if kept is None else kept.shares,
        campaigns=experiment.campaigns,
        window=experiment.window,
        unresolved=workspace.tables(resolved=False),
    )


def _rounded(design: Design) -> dict[str, float]:
    """The shares as they are compared: written as per cent and read again they differ by what a number cannot hold."""
    return {arm: round(share, 9) for arm, share in design.arms.items()}
