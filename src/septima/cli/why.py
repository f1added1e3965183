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
from septima.cli.output import Format, print_json, spoken
from septima.schema import Language

if TYPE_CHECKING:
    from septima.report.studies.study import Study
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
    from septima.cli.studies import print_study, write_study
    from septima.report.studies.why import sentences, why_study

    workspace = open_workspace(directory, engine)
    words = language_of(language, workspace)
    earlier = None if against is None else _earlier(workspace, against)
    found = workspace.why(workspace.scorecard(period), earlier=earlier, of=of, by=by)
    study = why_study(found, words, workspace.settings.currency)
    if form is Format.json:
        answer = {
            "period": found.change.period,
            "before": found.change.before,
            "composites": [found.change.of(name, form) for form in ("printed", "normalised") for name in found.shown],
            "slices": found.slices,
            "notes": found.change.notes,
            "sentences": sentences(found, words, workspace.settings.currency),
        }
        print_json(spoken(answer, words))
    else:
        print_study(study)
    write_study(workspace, study, words, report)


def why_chapter(workspace: "Workspace", card: "Scorecard", language: Language) -> "Study | None":
    """The chapter of a card's report; None where there is no change to explain."""
    from septima.report.studies.why import why_study

    found = workspace.why(card)
    if not any(one.drivers for one in found.change.composites):
        return None
    return why_study(found, language, workspace.settings.currency)


def _earlier(workspace: "Workspace", given: str) -> "Scorecard":
    """The card that a person named by a snapshot's file or by a period."""
    from septima.scorecard.snapshot import read_snapshot

    path = Path(given)
    return read_snapshot(path) if path.suffix == ".json" or path.is_file() else workspace.scorecard(given)
