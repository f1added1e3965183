"""The customer journey map of a period beside the paths that customers took."""

from septima.chapters.answer import Answer
from septima.report.studies.journey import journey_study
from septima.report.studies.study import Study
from septima.schema import Language
from septima.scorecard.card import Scorecard
from septima.scorecard.journey import FILE, JourneyMap
from septima.workspace import Workspace


def journey_answer(workspace: Workspace, period: str | Scorecard, language: Language) -> Answer[JourneyMap]:
    """The journey in a period, or in that of a card, whose figures it takes; DefinitionError where `journey.yaml` is absent or wrong."""
    if isinstance(period, Scorecard):
        found = workspace.journey(period.period, card=period)
    else:
        found = workspace.journey(period)
    return Answer(found, journey_study(found, language))


def journey_chapter(workspace: Workspace, card: Scorecard, language: Language) -> Study | None:
    """The chapter of a card's report; None where the workspace has no journey, DefinitionError where it is wrong."""
    if not (workspace.directory / FILE).exists():
        return None
    return journey_answer(workspace, card, language).study
