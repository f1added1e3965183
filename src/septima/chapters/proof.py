"""What is closed for good, and who changed which definition."""

from septima.report.studies.proof import proof_study
from septima.report.studies.study import Study
from septima.schema import Language
from septima.scorecard.audit import read_log
from septima.scorecard.card import Scorecard
from septima.scorecard.closing import revisions
from septima.workspace import Workspace


def proof_chapter(workspace: Workspace, card: Scorecard, language: Language) -> Study | None:
    """The chapter of a card's report; None where no period is closed and no change noted.

    ClosingError or AuditError where what was kept cannot be read.
    """
    closed, entries = revisions(workspace.directory), read_log(workspace.directory)
    if not closed and not any(entry.changes for entry in entries):
        return None
    return proof_study(card, closed, entries, language)
