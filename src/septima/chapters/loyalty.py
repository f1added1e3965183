"""What loyalty is worth."""

from septima.chapters.answer import Answer, study_or_why
from septima.metrics.loyalty_economics import LoyaltyEconomics, Rule, loyalty_economics_of
from septima.report.studies.loyalty import TITLE, loyalty_study
from septima.report.studies.study import Study
from septima.schema import Language
from septima.workspace import Workspace


def loyalty_answer(
    workspace: Workspace,
    language: Language,
    *,
    rule: Rule = "nps",
    least: float | None = None,
    days: int = 180,
    retention_factor: float = 1.05,
    retention_points: float = 0.0,
    loyalty_change: float = 0.02,
    period_days: int = 365,
    discount_rate: float = 0.10,
) -> Answer[LoyaltyEconomics]:
    """What loyalty is worth; options and errors as of `metrics.loyalty_economics.loyalty_economics_of`."""
    found = loyalty_economics_of(
        workspace.request(),
        rule=rule,
        least=least,
        days=days,
        retention_factor=retention_factor,
        retention_points=retention_points,
        loyalty_change=loyalty_change,
        period_days=period_days,
        discount_rate=discount_rate,
    )
    return Answer(found, loyalty_study(found, language))


def loyalty_chapter(workspace: Workspace, language: Language) -> Study:
    """The study of what loyalty is worth, or why there is none."""
    return study_or_why(TITLE.in_language(language), lambda: loyalty_answer(workspace, language).study, language)
