"""The one door of reports: a card or studies in, the bytes of a file out."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Literal, get_args

from septima.report.studies.study import Study, StudyReport
from septima.schema import LANGUAGES, Language, SeptimaError, Text
from septima.scorecard.card import Scorecard

Format = Literal["html", "pdf", "xlsx"]
FORMATS: tuple[Format, ...] = get_args(Format)


class ReportError(SeptimaError):
    """A report that cannot be made as asked; the message says what can."""


def render(
    scorecard: Scorecard,
    *,
    format: Format,  # noqa: A002 - the word that callers type
    language: Language,
    chapters: Sequence[Study] = (),
) -> bytes:
    """The report on a scorecard as the bytes of one file; `chapters` stand after its perspectives.

    `html` is one self-contained page, `pdf` the same page set on A4, `xlsx` a workbook with real
    numbers. Raises ReportError where the format or the language is none of `FORMATS`,
    `LANGUAGES`, or a library of the extra `report` is absent.
    """

    def sheets() -> bytes:
        from septima.report.workbook import workbook  # noqa: PLC0415

        return workbook(scorecard, language, chapters)

    def page() -> str:
        from septima.report.page import html_page  # noqa: PLC0415

        return html_page(scorecard, language, tuple(chapters))

    return _written(page, sheets, format, language)


def render_studies(report: StudyReport, *, format: Format) -> bytes:  # noqa: A002 - as above
    """The pages of models as the bytes of one file, in the formats of `render`; raises what that does."""

    def sheets() -> bytes:
        from septima.report.studies.workbook import study_workbook  # noqa: PLC0415

        return study_workbook(report)

    def page() -> str:
        from septima.report.page import study_page  # noqa: PLC0415

        return study_page(report)

    return _written(page, sheets, format, report.language)


def study_fragment(studies: Sequence[Study], language: Language) -> str:
    """Studies as a piece of HTML for a page that brings its own head and style: a section for each, drawings inside.

    Anchors are `study-1`, `study-2`, … in their order, headings begin at `h2`, and `#main` is what a section leads back to.
    Raises ReportError where the language is none of `LANGUAGES`, or a library of the extra `report` is absent.
    """
    with _drawing(language):
        from septima.report.page import study_sections  # noqa: PLC0415

        return study_sections(studies, language)


def scorecard_picture(scorecard: Scorecard, language: Language, *, scale: int = 2) -> bytes:
    """The first page of the report as PNG, `scale` × 72 dots per inch."""
    from septima.report.document import first_page_picture  # noqa: PLC0415

    return first_page_picture(render(scorecard, format="pdf", language=language), scale)


def _written(page: Callable[[], str], sheets: Callable[[], bytes], form: Format, language: Language) -> bytes:
    if form not in FORMATS:
        there = ", ".join(FORMATS)
        raise ReportError(
            Text(
                f"there is no report format {form!r}; use one of {there}",
                f"нет формата отчёта «{form}»; возможны: {there}",
            )
        )
    with _drawing(language):
        if form == "xlsx":
            return sheets()
        html = page()
        if form == "html":
            return html.encode()
        from septima.report.document import pdf_document  # noqa: PLC0415

        return pdf_document(html)


@contextmanager
def _drawing(language: Language) -> Generator[None]:
    """Within it the language is one that reports are in, and a library that is absent is told with its remedy.

    Each format brings its own heavy library, so it is loaded when that format is asked for.
    """
    if language not in LANGUAGES:
        there = ", ".join(LANGUAGES)
        raise ReportError(
            Text(
                f"there is no report in the language {language!r}; use one of {there}",
                f"на\u00a0языке «{language}» отчётов нет; возможны: {there}",
            )
        )
    try:
        yield
    except ModuleNotFoundError as error:
        raise ReportError(
            Text(
                f"reports need {error.name}, which is not installed: pip install 'septima[report]'",
                f"для отчётов нужна библиотека {error.name}, а\u00a0она не\u00a0установлена: pip install 'septima[report]'",
            )
        ) from error
