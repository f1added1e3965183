"""The command `sensitivity`: what an index of a period depends on."""

from typing import Annotated

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
    from septima.chapters.sensitivity import sensitivity_answer
    from septima.cli.studies import answer_study

    workspace = open_workspace(directory, engine)
    words, share = language_of(language, workspace), share_of(weights, "--weights")
    answer = sensitivity_answer(
        workspace,
        workspace.scorecard(period),
        words,
        of=of,
        weight_share=share,
        with_shared_customers=with_shared_customers,
    )
    answer_study(workspace, answer.study, answer.found, words, form, report)
