"""Which alert rules hold of a card."""

from septima.chapters.answer import Answer
from septima.report.studies.alerts import alerts_study
from septima.report.studies.study import Study
from septima.schema import Language
from septima.scorecard.alerts.definition import FILE, CheckReport
from septima.scorecard.card import Scorecard
from septima.workspace import Workspace


def alerts_answer(workspace: Workspace, card: Scorecard, language: Language) -> Answer[CheckReport]:
    """The rules that hold of a card; nothing is sent. DefinitionError where `alerts.yaml` is absent or wrong."""
    found = workspace.check(card)
    return Answer(found, alerts_study(found, language))


def alerts_chapter(workspace: Workspace, card: Scorecard, language: Language) -> Study | None:
    """The chapter of a card's report; None where the workspace has no alert rules, DefinitionError where they are wrong."""
    if not (workspace.directory / FILE).exists():
        return None
    return alerts_answer(workspace, card, language).study
