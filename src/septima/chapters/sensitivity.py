"""What an index of a card depends on."""

from dataclasses import dataclass

from septima.chapters.answer import Answer
from septima.report.studies.sensitivity import sensitivity_study
from septima.report.studies.study import Study
from septima.schema import Language
from septima.scorecard.card import Figure, Scorecard
from septima.scorecard.sensitivity import WEIGHT_SHARE, Sensitivity
from septima.scorecard.shared_customers import SharedCustomers
from septima.scorecard.simulation import INTEGRAL
from septima.workspace import Workspace


@dataclass(frozen=True)
class Dependence:
    """What an index depends on.

    Where `shared_customers` were looked at, `intervals` are the index as printed with errors taken as independent and as
    correlated.
    """

    sensitivity: Sensitivity
    shared_customers: SharedCustomers | None = None
    intervals: tuple[Figure, Figure] | None = None


def sensitivity_answer(
    workspace: Workspace,
    card: Scorecard,
    language: Language,
    *,
    of: str = INTEGRAL,
    weight_share: float = WEIGHT_SHARE,
    with_shared_customers: bool = False,
) -> Answer[Dependence]:
    """What CKPIint or the perspective `of` a card depends on, where each weight may vary by a share of itself.

    With shared customers it is measured how errors of KPIs correlate that rest on the same ones. SensitivityError where the index
    is undefined, SharedCustomersError where no KPIs share customers.
    """
    shared = workspace.shared_customers(card.period) if with_shared_customers else None
    correlation = None if shared is None else shared.correlation
    found = workspace.sensitivity(card, of, weight_share=weight_share, correlation=correlation)
    intervals: tuple[Figure, Figure] | None = None
    if shared is not None:
        correlated = workspace.scorecard(card.period, correlation=correlation)
        intervals = _printed(card, of), _printed(correlated, of)
    study = sensitivity_study(found, language, shared=shared, intervals=intervals)
    return Answer(Dependence(found, shared, intervals), study)


def sensitivity_chapter(workspace: Workspace, card: Scorecard, language: Language) -> Study | None:
    """The chapter of a card's report; None where CKPIint is undefined."""
    if card.integral.printed.value is None:
        return None
    return sensitivity_answer(workspace, card, language).study


def _printed(card: Scorecard, of: str) -> Figure:
    """The printed form of a composite of the card."""
    composites = {one.composite.id: one.composite for one in card.perspectives} | {card.integral.id: card.integral}
    return composites[of].printed
