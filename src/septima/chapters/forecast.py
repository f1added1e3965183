"""What the figures of a card will be in the next periods."""

from septima.chapters.answer import Answer
from septima.report.studies.forecast import forecast_study
from septima.report.studies.study import Study
from septima.schema import Language
from septima.scorecard.card import Scorecard
from septima.scorecard.forecast import AHEAD, ForecastReport
from septima.workspace import Workspace


def forecast_answer(
    workspace: Workspace, card: Scorecard, language: Language, *, ahead: int = AHEAD
) -> Answer[ForecastReport]:
    """What is expected of every KPI and index in the next `ahead` periods, see `Workspace.forecast`."""
    found = workspace.forecast(card, ahead=ahead)
    return Answer(found, forecast_study(found, language))


def forecast_chapter(workspace: Workspace, card: Scorecard, language: Language) -> Study | None:
    """The chapter of a card's report; None where the card has too short a past."""
    answer = forecast_answer(workspace, card, language)
    return answer.study if any(kpi.ahead for kpi in answer.found.kpis) else None
