"""Pages, PDF and workbooks made from a finished scorecard, and from what models found."""

from septima.report.render import (
    FORMATS,
    Format,
    ReportError,
    render,
    render_studies,
    scorecard_picture,
    study_fragment,
)

__all__ = ["FORMATS", "Format", "ReportError", "render", "render_studies", "scorecard_picture", "study_fragment"]
