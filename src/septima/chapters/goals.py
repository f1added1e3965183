"""How far the goals have come by a card."""

from septima.chapters.answer import Answer
from septima.report.studies.goals import goals_study
from septima.report.studies.study import Study
from septima.schema import Language
from septima.scorecard.card import Scorecard
from septima.scorecard.goals.progress import GoalReport
from septima.scorecard.goals.reading import FILE
from septima.workspace import Workspace


def goals_answer(workspace: Workspace, card: Scorecard, language: Language) -> Answer[GoalReport]:
    """The goals by a card; DefinitionError where `goals.yaml` is absent or wrong."""
    found = workspace.goals(card)
    return Answer(found, goals_study(found, language))


def goals_chapter(workspace: Workspace, card: Scorecard, language: Language) -> Study | None:
    """The chapter of a card's report; None where the workspace has no goals, DefinitionError where they are wrong."""
    if not (workspace.directory / FILE).exists():
        return None
    return goals_answer(workspace, card, language).study
