"""The command `forecast`: what the figures of a card will be in the next periods."""

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
)
from septima.cli.output import Format
from septima.schema import Language

if TYPE_CHECKING:
    from septima.report.studies.study import Study
    from septima.scorecard.card import Scorecard
    from septima.workspace import Workspace

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
    from septima.cli.studies import answer_study
    from septima.report.studies.forecast import forecast_study

    workspace = open_workspace(directory, engine)
    words = language_of(language, workspace)
    found = workspace.forecast(workspace.scorecard(period), ahead=ahead)
    study = forecast_study(found, words)
    answer_study(workspace, study, found, words, form, report)


def forecast_chapter(workspace: "Workspace", card: "Scorecard", language: Language) -> "Study | None":
    """The chapter of a card's report; None where the card has too short a past."""
    from septima.report.studies.forecast import forecast_study

    found = workspace.forecast(card)
    return forecast_study(found, language) if any(kpi.ahead for kpi in found.kpis) else None
