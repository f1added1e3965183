"""Pages, PDF and workbooks made from a finished scorecard."""

from septima.report.render import FORMATS, Format, ReportError, render, scorecard_picture

__all__ = ["FORMATS", "Format", "ReportError", "render", "scorecard_picture"]
