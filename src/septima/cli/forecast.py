"""The command `forecast`: what the figures of a card will be in the next periods."""

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
)
from septima.cli.output import Format

forecast_commands = typer.Typer(rich_markup_mode=None)


@forecast_commands.command()
def forecast(
    directory: Directory,
    *,
    period: PeriodOption,
    ahead: Annotated[int, typer.Option("--ahead", min=1, max=12, help="How many periods ahead.")] = 2,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Forecast every KPI and index of a card, with intervals and the chance to reach its target."""
    from septima.chapters.forecast import forecast_answer
    from septima.cli.studies import answer_study

    workspace = open_workspace(directory, engine)
    words = language_of(language, workspace)
    answer = forecast_answer(workspace, workspace.scorecard(period), words, ahead=ahead)
    answer_study(workspace, answer.study, answer.found, words, form, report)
