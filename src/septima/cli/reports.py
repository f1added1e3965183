"""Writing reports to files: the scorecard of a period, and what the models found."""

from pathlib import Path
from typing import TYPE_CHECKING

from septima.cli.output import progress
from septima.cli.studies import report_format, write_file
from septima.report import FORMATS
from septima.schema import Language, SeptimaError

if TYPE_CHECKING:
    from septima.workspace import Workspace


def write_report(workspace: "Workspace", period: str, form: str, language: Language, output: Path | None) -> Path:
    """Write the scorecard of `period` in the form asked for; returns the path of the file.

    SeptimaError where the form is unknown, ReportError where what draws reports is not installed.
    """
    from septima.chapters.card import card_form, card_report

    known = card_form(form)
    card = workspace.scorecard(period)
    path = output or workspace.directory / "reports" / f"scorecard-{card.period}-{language}.{form}"
    return write_file(path, card_report(workspace, card, known, language))


def write_models(workspace: "Workspace", form: str, language: Language, output: Path | None) -> Path:
    """Write what every model finds in the company's data, each with its usual settings; returns the path of the file.

    Of a model that cannot be figured the page says why. SeptimaError where the form is unknown.
    """
    from septima.chapters.models import model_report

    if form not in FORMATS:
        raise SeptimaError(
            f"there are no pages of models in the form {form!r}; write --format with one of: {', '.join(FORMATS)}"
        )
    path = output or workspace.directory / "reports" / f"models-{language}.{form}"
    known = report_format(path)
    with progress(workspace.settings.language) as step:
        content = model_report(workspace, known, language, progress=step)
    return write_file(path, content)
