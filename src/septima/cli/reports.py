"""Writing a report to a file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from septima.schema import Language, SeptimaError

if TYPE_CHECKING:
    from septima.workspace import Workspace

_FORMS = ("html", "pdf", "xlsx", "json")


def write_report(workspace: "Workspace", period: str, form: str, language: Language, output: Path | None) -> Path:
    """Write the scorecard of `period` in the form asked for; returns the path of the file.

    SeptimaError where the form is unknown, ReportError where what draws reports is not installed.
    """
    if form not in _FORMS:
        raise SeptimaError(f"there is no report form {form!r}; write --format with one of: {', '.join(_FORMS)}")
    card = workspace.scorecard(period)
    if form == "json":
        from septima.scorecard.snapshot import to_json

        content = json.dumps(to_json(card), ensure_ascii=False, indent=2).encode()
    else:
        from septima.report import FORMATS, render

        content = render(card, format=next(known for known in FORMATS if known == form), language=language)
    path = output or workspace.directory / "reports" / f"scorecard-{card.period}-{language}.{form}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
