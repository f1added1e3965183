"""Studies of models on the terminal and in files."""

from pathlib import Path
from typing import TYPE_CHECKING

from septima.cli.output import Format, console, notices, print_json, print_rows, say
from septima.report import FORMATS
from septima.report import Format as ReportFormat
from septima.report.studies.study import Measure, Section, Study, text_of
from septima.schema import Language, SeptimaError
from septima.schema.spoken import spoken

if TYPE_CHECKING:
    from septima.workspace import Workspace


def report_format(path: Path) -> ReportFormat:
    """The format of a report that the name of its file asks for."""
    ending = path.suffix.lower().removeprefix(".")
    for known in FORMATS:
        if known == ending:
            return known
    raise SeptimaError(f"{path}: a report is written as {', '.join(FORMATS)}; name a file that ends in one of them")


def write_file(path: Path, content: bytes) -> Path:
    """Write a report, with the folders that its path names; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def write_study(workspace: "Workspace", study: Study, language: Language, path: Path | None) -> None:
    """Write the page of a study where a file is named, in the format that its name says, and say so."""
    if path is None:
        return
    from septima.chapters.documents import studies_report

    write_file(path, studies_report(workspace, (study,), report_format(path), language))
    notices.print(str(path), soft_wrap=True)


def answer_study(
    workspace: "Workspace", study: Study, found: object, language: Language, form: Format, path: Path | None
) -> None:
    """Answer with a study in the form asked for, as JSON by what was `found`, and write its page where a file is named."""
    if form is Format.json:
        print_json(spoken(found, language))
    else:
        print_study(study)
    write_study(workspace, study, language, path)


def print_study(study: Study) -> None:
    """Print what a study says, drawings apart; of several methods the assumptions are left to the page."""
    console.print(": ".join(part for part in (study.title, study.subtitle) if part), style="bold", soft_wrap=True)
    if study.measures:
        say(" · ".join(_measured(measure) for measure in study.measures))
    for section in study.sections:
        _print_section(section)
    if len(study.assumptions) == 1:
        (only,) = study.assumptions
        for statement in only.statements:
            say(f"· {statement}")
        if only.source:
            say(only.source)


def _measured(measure: Measure) -> str:
    interval = measure.interval.text if measure.interval else ""
    return f"{measure.name} {measure.number.text}" + (f" ({interval})" if interval else "")


def _print_section(section: Section) -> None:
    console.print(f"\n{section.title}" if section.title else "", style="bold")
    for said in section.lead:
        say(said)
    for table in section.tables:
        print_rows(
            table.title,
            table.columns,
            [[text_of(cell) for cell in row] for row in table.rows],
            numeric=table.numeric,
            strong=table.strong,
        )
        for note in table.notes:
            say(note)
    for said in section.remarks:
        say(said)
    for term, said in section.terms:
        say(f"{term}: {said}")
