"""The command `why`: what a card's change is made of, from CKPIint down to slices."""

from pathlib import Path
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

if TYPE_CHECKING:
    from septima.scorecard.card import Scorecard
    from septima.workspace import Workspace

why_commands = typer.Typer(rich_markup_mode=None)


@why_commands.command()
def why(
    directory: Directory,
    *,
    period: PeriodOption,
    of: Annotated[
        str, typer.Option("--of", metavar="PATH", help="A perspective, or perspective/kpi; CKPIint where left out.")
    ] = "",
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="PERIOD|FILE",
            help="An earlier period, or a stored snapshot; the period before where left out.",
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="DIMENSION", help="Slice KPIs by this, such as channel.")
    ] = None,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Explain a change: what each KPI's value, weight and target brought, and which slices are behind it."""
    from septima.chapters.why import why_answer
    from septima.cli.studies import answer_study
    from septima.report.studies.why import sentences

    workspace = open_workspace(directory, engine)
    words = language_of(language, workspace)
    earlier = None if against is None else _earlier(workspace, against)
    answer = why_answer(workspace, workspace.scorecard(period), words, earlier=earlier, of=of, by=by)
    found = answer.found
    record = {
        "period": found.change.period,
        "before": found.change.before,
        "composites": [found.change.of(name, shape) for shape in ("printed", "normalised") for name in found.shown],
        "slices": found.slices,
        "notes": found.change.notes,
        "sentences": sentences(found, words, workspace.settings.currency),
    }
    answer_study(workspace, answer.study, record, words, form, report)


def _earlier(workspace: "Workspace", given: str) -> "Scorecard":
    """The card that a person named by a snapshot's file or by a period."""
    from septima.scorecard.snapshot import read_snapshot

    path = Path(given)
    return read_snapshot(path) if path.suffix == ".json" or path.is_file() else workspace.scorecard(given)
