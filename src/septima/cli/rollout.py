"""The command `rollout`: the road map of the CRM roll-out and how well it succeeds."""

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

rollout_commands = typer.Typer(rich_markup_mode=None)


@rollout_commands.command()
def rollout(
    directory: Directory,
    *,
    period: Annotated[
        str | None,
        typer.Option("--period", metavar="PERIOD", help="Where the roll-out stands at the end of this period."),
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Write a commented road map to begin with.")] = False,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Show the CRM roll-out: success, milestones overdue and next, phases, departments, and the end at this pace."""
    from septima.chapters.rollout import rollout_answer
    from septima.cli.starter_files import write_starter
    from septima.cli.studies import answer_study
    from septima.scorecard.rollout.reading import FILE, starter_rollout

    workspace = open_workspace(directory, engine)
    words = language_of(language, workspace)
    if new:
        write_starter(
            workspace.directory / FILE, starter_rollout(), f"septima rollout {directory} --period PERIOD", form
        )
        return
    if period is None:
        raise SeptimaError("write --period, the one at whose end the roll-out is looked at, such as 2026-Q3; or --new")
    answer = rollout_answer(workspace, period, words)
    answer_study(workspace, answer.study, answer.found, words, form, report)
