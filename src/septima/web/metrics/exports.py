"""Figures of a metric as files: CSV, XLSX, PNG and PDF."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from septima.chapters.documents import studies_report
from septima.metrics import Grain, Metric
from septima.metrics.definition import NOTES
from septima.report.number_forms import NumberStyle
from septima.report.pictures import png
from septima.report.sheets import Forms, lay_out, new_book, number_format, sheet_names
from septima.report.studies.study import Cell as StudyCell
from septima.report.studies.study import Fan, Interval, Measure, Number, Section, Study, Table, bare
from septima.report.words import WORDS
from septima.schema import Language, Text
from septima.scorecard.dimensions import dimension_name
from septima.web.metrics.figures import Figures
from septima.web.metrics.models import Annotation
from septima.web.metrics.outlook import Outlook
from septima.web.metrics.page import Reader, Row, figure_of, passport_lines, points_of, target_label, whole_chart
from septima.workspace import Workspace

_HEADER_ROW = 3
_NUMBERS = ("value", "lower", "upper", "n", "missing_share")


@dataclass(frozen=True)
class _Written:
    """A number as a spreadsheet of the language reads it; no text, so a minus before it begins no formula."""

    value: float
    language: Language

    def __str__(self) -> str:
        written = f"{self.value:.10g}"
        return written.replace(".", ",") if self.language == "ru" else written


def heads(found: Figures, reader: Reader) -> list[str]:
    """Names of the columns of an export."""
    named = [dimension_name(name).in_language(reader.language) for name in found.by]
    words = ("value", "lower", "upper", "sample", "missing")
    return [
        WORDS["period"].in_language(reader.language),
        *named,
        *(WORDS[key].in_language(reader.language) for key in words),
        reader.say("Remark", "Замечание"),
        reader.say("Period is over", "Период завершён"),
    ]


def table_rows(found: Figures, reader: Reader) -> Iterator[Sequence[object]]:
    """All figures, unrounded; a decimal comma in Russian, as a spreadsheet there reads it."""
    for row in found.rows:
        numbers = [_written(row[name], reader) for name in _NUMBERS]
        yield [
            row["period"].isoformat(),
            *(row[name] for name in found.by),
            *numbers,
            _note(row, reader),
            _over(row, reader),
        ]


def workbook(metric: Metric, found: Figures, reader: Reader, organisation: str) -> bytes:
    """A workbook of real numbers, with the passport on a sheet of its own."""
    content = io.BytesIO()
    book = new_book(content)
    forms = Forms(book)
    style = reader.style(metric.passport, found.rows)
    first, second = sheet_names([metric.id, WORDS["passport"].in_language(reader.language)])
    sheet = book.add_worksheet(first)
    lay_out(sheet, [14, *(20 for _ in found.by), 14, 14, 14, 10, 14, 46, 12])
    sheet.write_string(0, 0, metric.passport.name.in_language(reader.language), forms.form(bold=True, font_size=16))
    sheet.write_string(1, 0, organisation, forms.form())
    for column, name in enumerate(heads(found, reader)):
        sheet.write_string(_HEADER_ROW, column, name, forms.form(bold=True, bottom=1, text_wrap=True))
    dated = forms.form(num_format="dd.mm.yyyy" if reader.language == "ru" else "yyyy-mm-dd", align="left")
    shapes = {"n": "#,##0", "missing_share": "0.0%"}
    for line, row in enumerate(found.rows, start=_HEADER_ROW + 1):
        sheet.write_datetime(line, 0, datetime.combine(row["period"], time(), UTC).replace(tzinfo=None), dated)
        for column, name in enumerate(found.by, start=1):
            sheet.write_string(line, column, "" if row[name] is None else str(row[name]), forms.form())
        place = 1 + len(found.by)
        for column, name in enumerate(_NUMBERS, start=place):
            forms.write_number(sheet, (line, column), row[name], shapes.get(name, number_format(style)))
        sheet.write_string(line, place + 5, _note(row, reader), forms.form(text_wrap=True))
        sheet.write_string(line, place + 6, _over(row, reader), forms.form())
    sheet.freeze_panes(_HEADER_ROW + 1, 1)
    about = book.add_worksheet(second)
    lay_out(about, (34, 110))
    for line, (term, said) in enumerate(_plain_passport(metric, reader.language)):
        about.write_string(line, 0, term, forms.form())
        about.write_string(line, 1, said, forms.form(text_wrap=True))
    book.close()
    return content.getvalue()


def picture(
    metric: Metric,
    found: Figures,
    grain: Grain,
    marks: Sequence[Annotation],
    reader: Reader,
    outlook: Outlook | None = None,
) -> bytes | None:
    """The chart over time as PNG; None where no period has a figure."""
    rows = [row for row in found.rows if row["complete"]]
    if found.by or not any(row["value"] is not None for row in rows):
        return None
    style = reader.style(metric.passport, rows)
    return png(whole_chart(style, rows, grain, marks, reader, outlook), reader.language)


def document(
    metric: Metric, found: Figures, grain: Grain, reader: Reader, workspace: Workspace, outlook: Outlook | None = None
) -> bytes:
    """The metric as a PDF: its newest figure, its course, the table of its values and its passport."""
    return studies_report(workspace, [metric_study(metric, found, grain, reader, outlook)], "pdf", reader.language)


def metric_study(metric: Metric, found: Figures, grain: Grain, reader: Reader, outlook: Outlook | None = None) -> Study:
    """The metric over time as a study."""
    passport, language = metric.passport, reader.language
    rows = [row for row in found.rows if row["complete"]]
    style = reader.style(passport, rows)
    name = passport.name.in_language(language)
    newest = rows[-1] if rows else None
    measures: list[Measure] = []
    drawings: tuple[Fan, ...] = ()
    if newest is not None and not found.by:
        number = Number(newest["value"], style)
        measures.append(Measure(reader.period(newest["period"], grain), number, Interval(figure_of(newest), style)))
        points = tuple(points_of(rows, style))
        ahead = () if outlook is None else tuple(outlook.points_ahead(style))
        target = None if outlook is None else outlook.target(rows)
        shown, label = None, ""
        if target is not None:
            shown, label = style.shown(target), target_label(target, style, reader)
            measures.append(Measure(WORDS["target"].in_language(language), Number(target, style)))
        drawings = (Fan(name, points, ahead, shown, label, style.axis_unit, grain, f"{name}: {number.text}."),)
    columns = (WORDS["period"].in_language(language), *(dimension_name(one).in_language(language) for one in found.by))
    table = Table("", (*columns, *(WORDS[key].in_language(language) for key in ("value", "interval", "sample"))), tuple(
        _study_row(row, found.by, grain, style, reader) for row in reversed(rows[-60:])
    ))  # fmt: skip
    return Study(
        name,
        "" if newest is None else reader.period(newest["period"], grain),
        passport.description.in_language(language),
        tuple(measures),
        (
            Section("", drawings=drawings, tables=(table,) if rows else ()),
            Section(WORDS["passport"].in_language(language), terms=_plain_passport(metric, language)),
        ),
        (),
    )


def _plain_passport(metric: Metric, language: Language) -> tuple[tuple[str, str], ...]:
    """The passport without the signs that a page sets names apart by."""
    return tuple((term, said.replace("`", "")) for term, said in passport_lines(metric, {}, language))


def _study_row(row: Row, by: Sequence[str], grain: Grain, style: NumberStyle, reader: Reader) -> tuple[StudyCell, ...]:
    n = bare(row["n"], 0, reader.language)
    members = tuple(str(row[name] or WORDS["not_given"].in_language(reader.language)) for name in by)
    return (
        reader.period(row["period"], grain), *members, Number(row["value"], style), Interval(figure_of(row), style), n
    )  # fmt: skip


def _written(value: float | None, reader: Reader) -> object:
    return "" if value is None else _Written(value, reader.language)


def _note(row: Row, reader: Reader) -> str:
    return NOTES[row["note"]].in_language(reader.language) if row["note"] in NOTES else ""


def _over(row: Row, reader: Reader) -> str:
    return (
        Text("yes", "да").in_language(reader.language)
        if row["complete"]
        else Text("no", "нет").in_language(reader.language)
    )
