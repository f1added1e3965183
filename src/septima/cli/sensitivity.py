"""The command `sensitivity`: what an index of a period depends on."""

from typing import TYPE_CHECKING, Annotated

import typer

from septima.cli.options import (
    Directory,
    EngineOption,
    FormatOption,
    LanguageOption,
    PeriodOption,
    ReportOption,
    language_of,
    open_workspace,
    share_of,
)
from septima.cli.output import Format
from septima.schema import Language

if TYPE_CHECKING:
    from septima.report.studies.study import Study
    from septima.scorecard.card import Figure, Scorecard
    from septima.workspace import Workspace

sensitivity_commands = typer.Typer(rich_markup_mode=None)


@sensitivity_commands.command()
def sensitivity(
    directory: Directory,
    *,
    period: PeriodOption,
    of: Annotated[
        str, typer.Option("--of", metavar="ID", help="A perspective, such as customer_support; CKPIint where left out.")
    ] = "integral",
    weights: Annotated[
        str, typer.Option("--weights", metavar="SHARE", help="How far each weight may vary, such as 25%.")
    ] = "25%",
    with_shared_customers: Annotated[
        bool,
        typer.Option(
            "--shared-customers", help="Measure how errors correlate of KPIs that rest on the same customers."
        ),
    ] = False,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Show what an index depends on: weights, normalisation, aggregation, sampling errors; and how firm its places are."""
    from septima.cli.studies import answer_study
    from septima.report.studies.sensitivity import sensitivity_study

    workspace = open_workspace(directory, engine)
    words, share = language_of(language, workspace), share_of(weights, "--weights")
    card = workspace.scorecard(period)
    shared = workspace.shared_customers(period) if with_shared_customers else None
    correlation = None if shared is None else shared.correlation
    found = workspace.sensitivity(card, of, weight_share=share, correlation=correlation)
    intervals: tuple[Figure, Figure] | None = None
    if shared is not None:
        correlated = workspace.scorecard(period, correlation=shared.correlation)
        intervals = _printed(card, of), _printed(correlated, of)
    study = sensitivity_study(found, words, shared=shared, intervals=intervals)
    answer_study(
        workspace,
        study,
        {"sensitivity": found, "shared_customers": shared, "intervals": intervals},
        words,
        form,
        report,
    )


def sensitivity_chapter(workspace: "Workspace", card: "Scorecard", language: Language) -> "Study | None":
    """The chapter of a card's report; None where CKPIint is undefined."""
    from septima.report.studies.sensitivity import sensitivity_study

    if card.integral.printed.value is None:
        return None
    return sensitivity_study(workspace.sensitivity(card), language)


def _printed(card: "Scorecard", of: str) -> "Figure":
    """The printed form of a composite of the card."""
    composites = {one.composite.id: one.composite for one in card.perspectives} | {card.integral.id: card.integral}
    return composites[of].printed
