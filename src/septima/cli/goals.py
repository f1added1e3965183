"""The command `goals`: how far the goals have come by the card of a period."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from septima.cli.options import (
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

goal_commands = typer.Typer(rich_markup_mode=None)


@goal_commands.command()
def goals(
    directory: Directory,
    *,
    period: Annotated[
        str | None, typer.Option("--period", metavar="PERIOD", help="Where the goals stand at the end of this period.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Write a commented file of goals to begin with.")] = False,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Show the goals: how far each has come, which are behind, and what rests on what."""
    from septima.chapters.goals import goals_answer
    from septima.cli.starter_files import write_starter
    from septima.cli.studies import answer_study
    from septima.scorecard.goals.reading import FILE
    from septima.scorecard.goals.starter import starter_goals

    workspace = open_workspace(directory, engine)
    words = language_of(language, workspace)
    if new:
        text = starter_goals(workspace.definition, datetime.now(UTC).date())
        write_starter(workspace.directory / FILE, text, f"septima goals {directory} --period PERIOD", form)
        return
    if period is None:
        raise SeptimaError("write --period, the one at whose end the goals are looked at, such as 2026-Q3; or --new")
    answer = goals_answer(workspace, workspace.scorecard(period), words)
    answer_study(workspace, answer.study, answer.found, words, form, report)
