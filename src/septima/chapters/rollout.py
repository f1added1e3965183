"""The road map of the CRM roll-out and how well it succeeds."""

from septima.chapters.answer import Answer
from septima.report.studies.rollout import rollout_study
from septima.report.studies.study import Study
from septima.schema import Language
from septima.scorecard.card import Scorecard
from septima.scorecard.rollout.measured import Rollout
from septima.scorecard.rollout.reading import FILE
from septima.workspace import Workspace


def rollout_answer(workspace: Workspace, period: str, language: Language) -> Answer[Rollout]:
    """The roll-out at the end of a period; DefinitionError where `rollout.yaml` is absent or wrong."""
    found = workspace.rollout(period)
    return Answer(found, rollout_study(found, language))


def rollout_chapter(workspace: Workspace, card: Scorecard, language: Language) -> Study | None:
    """The chapter of a card's report; None where the workspace has no road map, DefinitionError where it is wrong."""
    if not (workspace.directory / FILE).exists():
        return None
    return rollout_answer(workspace, card.period, language).study
