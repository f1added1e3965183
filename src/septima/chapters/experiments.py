"""What can be found by an experiment, whether one was run as planned, and what it brought."""

from collections.abc import Mapping, Sequence

from septima.chapters.answer import Answer, study_or_why
from septima.metrics.experiment_analysis import Analysis, Correction, analyse
from septima.metrics.experiment_assignment import Eligible
from septima.metrics.experiment_check import Check, check
from septima.metrics.experiment_design import CONTROL, CONTROL_SHARE, read_design
from septima.metrics.experiment_outcomes import Window
from septima.metrics.experiment_plan import Plan, plan
from septima.models.incrementality import EXPECTED_CUSTOMERS, POWER
from septima.report.studies.experiment import PLAN_TITLE, TITLE, check_study, experiment_study, plan_study
from septima.report.studies.study import Study
from septima.schema import Language
from septima.workspace import Workspace

_EFFECT = 0.05


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


def check_answer(
    workspace: Workspace,
    experiment: str,
    language: Language,
    *,
    control: str = CONTROL,
    shares: Mapping[str, float] | None = None,
    campaigns: Sequence[str] = (),
    window: Window = Window(),  # noqa: B008 - a frozen value
) -> Answer[Check]:
    """Whether an experiment was run as planned; options and errors as of `metrics.experiment_check.check`.

    Planned shares that are left out are those of the design that was kept.
    """
    found = check(
        workspace.request(),
        experiment,
        control=control,
        shares=_planned(workspace, experiment, shares),
        campaigns=campaigns,
        window=window,
        unresolved=workspace.tables(resolved=False),
    )
    return Answer(found, check_study(found, language))


def experiment_answer(
    workspace: Workspace,
    experiment: str,
    language: Language,
    *,
    control: str = CONTROL,
    shares: Mapping[str, float] | None = None,
    campaigns: Sequence[str] = (),
    window: Window = Window(),  # noqa: B008 - a frozen value
    correction: Correction = "holm",
    expected_customers: float = EXPECTED_CUSTOMERS,
) -> Answer[Analysis]:
    """What an experiment brought; options and errors as of `metrics.experiment_analysis.analyse`, shares as of `check_answer`."""
    found = analyse(
        workspace.request(),
        experiment,
        control=control,
        shares=_planned(workspace, experiment, shares),
        campaigns=campaigns,
        window=window,
        correction=correction,
        expected_customers=expected_customers,
        unresolved=workspace.tables(resolved=False),
    )
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
        lambda: experiment_answer(workspace, experiment, language).study,
        language,
    )


def _planned(workspace: Workspace, experiment: str, shares: Mapping[str, float] | None) -> Mapping[str, float] | None:
    """The planned shares by arm: those given, or those of the design that was kept."""
    if shares is not None:
        return shares
    kept = read_design(workspace.directory, experiment)
    return None if kept is None else kept.shares
