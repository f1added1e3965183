"""What commands share: their options, the workspace and language they ask for, and what people write as numbers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from septima.cli.output import Format, FrameFormat
from septima.schema import LANGUAGES, Language, SeptimaError

if TYPE_CHECKING:
    from septima.workspace import Workspace

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the workspace.")]
FormatOption = Annotated[Format, typer.Option("--format", help="table for people, json for programs.")]
FrameFormatOption = Annotated[FrameFormat, typer.Option("--format", help="table for people, csv or json for programs.")]
LanguageOption = Annotated[
    str | None, typer.Option("--lang", metavar="en|ru", help="The workspace's own where left out.")
]
EngineOption = Annotated[str | None, typer.Option("--engine", metavar="ENGINE", help="duckdb, local[n], spark://… or sc://…; goes before septima.yaml.")]  # fmt: skip
PeriodOption = Annotated[
    str,
    typer.Option(
        "--period", metavar="PERIOD", help="2026, 2026-Q3, 2026-07, 2026-W31 or 2026-07-15; FY2026, FY2026-Q3."
    ),
]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder of the source files; that of the mapping where left out.")]  # fmt: skip


def _named_report(path: Path | None) -> Path | None:
    """The file, where its name says a format: told before anything long is computed."""
    from septima.cli.studies import report_format

    if path is not None:
        report_format(path)
    return path


ReportOption = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        callback=_named_report,
        help="Also write a page with drawings: .html, .pdf or .xlsx.",
    ),
]


def open_workspace(directory: Path, engine: str | None = None) -> "Workspace":
    """The workspace in the folder."""
    from septima.workspace import Workspace

    return Workspace.open(directory, engine=engine)


def spoken_language(given: str) -> Language:
    """The language that was asked for; SeptimaError names those there are."""
    if given not in LANGUAGES:
        raise SeptimaError(f"language {given!r} is not spoken here; write --lang with one of: {', '.join(LANGUAGES)}")
    return given


def language_of(given: str | None, workspace: "Workspace") -> Language:
    """The language that was asked for, or the workspace's own."""
    return workspace.settings.language if given is None else spoken_language(given)


def share_of(given: str, option: str) -> float:
    """The share that a person wrote as `5%`, `5 %`, `5,5%` or `0.05`; SeptimaError names the forms."""
    text = given.strip().replace(",", ".").replace("\u00a0", "")
    try:
        return float(text.removesuffix("%").strip()) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise SeptimaError(f"{option} {given!r} is no share; write it as 5% or 0.05") from None
