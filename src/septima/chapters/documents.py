"""Studies of a workspace as a document of their own."""

from collections.abc import Sequence
from datetime import UTC, datetime

from septima.report import Format, render_studies
from septima.report.studies.study import Study, StudyReport
from septima.schema import Language
from septima.workspace import Workspace


def studies_report(workspace: Workspace, studies: Sequence[Study], form: Format, language: Language) -> bytes:
    """The page or workbook of these studies as the bytes of one file; ReportError as of `report.render`."""
    document = StudyReport(
        workspace.settings.organisation,
        language,
        datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        workspace.lake.version,
        tuple(studies),
    )
    return render_studies(document, format=form)
