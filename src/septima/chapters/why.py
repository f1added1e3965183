"""What a card's change is made of, from CKPIint down to slices."""

from septima.chapters.answer import Answer
from septima.report.studies.study import Study
from septima.report.studies.why import why_study
from septima.schema import Language
from septima.scorecard.card import Scorecard
from septima.scorecard.why import Why
from septima.workspace import Workspace


def why_answer(
    workspace: Workspace,
    card: Scorecard,
    language: Language,
    *,
    earlier: Scorecard | None = None,
    of: str = "",
    by: str | None = None,
) -> Answer[Why]:
    """Why a card changed since the period before, or an `earlier` card; ChangeError as of `Workspace.why`.

    `of` is a perspective or `perspective/kpi`, CKPIint where left out; `by` is the dimension that KPIs are sliced by.
    """
    found = workspace.why(card, earlier=earlier, of=of, by=by)
    return Answer(found, why_study(found, language, workspace.settings.currency))


def why_chapter(workspace: Workspace, card: Scorecard, language: Language) -> Study | None:
    """The chapter of a card's report; None where there is no change to explain."""
    answer = why_answer(workspace, card, language)
    return answer.study if any(one.drivers for one in answer.found.change.composites) else None
