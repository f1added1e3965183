"""The command `processes`: the process model as IDEF0 sheets with live figures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from septima.cli.output import Format, notices, print_json, say
from septima.schema import Language

if TYPE_CHECKING:
    from septima.scorecard.processes.measured import MeasuredProcesses
    from septima.workspace import Workspace

process_commands = typer.Typer(rich_markup_mode=None)


@process_commands.command()
def processes(
    directory: Directory,
    *,
    period: Annotated[
        str | None, typer.Option("--period", metavar="PERIOD", help="Show the figures of this period in the boxes.")
    ] = None,
    node: Annotated[
        str | None, typer.Option("--node", metavar="NODE", help="Only this sheet, such as A-0, A0 or A4.")
    ] = None,
    svg: Annotated[
        Path | None,
        typer.Option("--svg", metavar="FOLDER", help="Also write each sheet as an SVG file into the folder."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Check the model and say what was found.")] = False,
    new: Annotated[bool, typer.Option("--new", help="Write a commented model to begin with.")] = False,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Show the process model by IDEF0: what passes between functions, and the figures that measure each."""
    from septima.chapters.processes import processes_answer
    from septima.cli.starter_files import write_starter
    from septima.cli.studies import answer_study
    from septima.scorecard.processes import FILE, starter_processes

    workspace = open_workspace(directory, engine)
    words = language_of(language, workspace)
    if new:
        write_starter(workspace.directory / FILE, starter_processes(), f"septima processes {directory} --check", form)
        return
    if check:
        _check(workspace, form)
        return
    answer = processes_answer(workspace, period, words, node=node)
    answer_study(workspace, answer.study, answer.found, words, form, report)
    if svg is not None:
        _write_sheets(answer.found, svg, words, node)


def _check(workspace: "Workspace", form: Format) -> None:
    """Print mistakes and advice; mistakes end the command with code 1."""
    from septima.scorecard.definition import DefinitionError
    from septima.scorecard.processes import FILE, advice_of, read_processes, told

    path = workspace.directory / FILE
    mistakes: list[str] = []
    advice: list[str] = []
    counted = ""
    try:
        model = read_processes(path, workspace.definition, workspace.catalogue)
    except DefinitionError as error:
        mistakes = str(error).splitlines()
    else:
        advice = [told(model.file, problem).en for problem in advice_of(model)]
        counted = f"Sheets: {len(model.sheets)}, boxes: {len(model.boxes)}, flows: {len(model.flows)}, no mistakes."
    if form is Format.json:
        print_json({"file": str(path), "mistakes": mistakes, "advice": advice})
    else:
        for line in (*mistakes, *advice):
            say(line)
        say(counted or f"Mistakes: {len(mistakes)}.")
    if mistakes:
        raise typer.Exit(1)


def _write_sheets(found: "MeasuredProcesses", folder: Path, language: Language, node: str | None) -> None:
    from septima.report.idef0.ports import plans_of
    from septima.report.studies.processes import sheet_of

    folder.mkdir(parents=True, exist_ok=True)
    plans = plans_of(found.model)
    for plan in plans:
        if node is None or plan.sheet.node == node:
            path = folder / f"{plan.sheet.node}.svg"
            path.write_text(sheet_of(found, plan, len(plans), language), encoding="utf-8")
            notices.print(str(path), soft_wrap=True)
