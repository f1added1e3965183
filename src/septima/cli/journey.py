"""The command `journey`: the customer journey map of a period beside the paths that customers took."""

from typing import Annotated

import typer

from septima.cli.options import (  # fmt: skip
    Directory,
    EngineOption,
    FormatOption,
    LanguageOption,
    ReportOption,
    language_of,
    open_workspace,
)
from septima.cli.output import Format
from septima.schema import SeptimaError

journey_commands = typer.Typer(rich_markup_mode=None)


@journey_commands.command()
def journey(
    directory: Directory,
    *,
    period: Annotated[
        str | None, typer.Option("--period", metavar="PERIOD", help="The period whose figures and paths are shown.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Write a commented journey to begin with.")] = False,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Show the customer journey: stages, touchpoints with live figures, feelings, and actual paths beside the intended."""
    from septima.chapters.journey import journey_answer
    from septima.cli.starter_files import write_starter
    from septima.cli.studies import answer_study
    from septima.scorecard.journey import FILE, starter_journey

    workspace = open_workspace(directory, engine)
    words = language_of(language, workspace)
    if new:
        write_starter(
            workspace.directory / FILE, starter_journey(), f"septima journey {directory} --period PERIOD", form
        )
        return
    if period is None:
        raise SeptimaError("name the period whose paths are to be measured with --period, such as 2026-Q3")
    answer = journey_answer(workspace, period, words)
    answer_study(workspace, answer.study, answer.found, words, form, report)
