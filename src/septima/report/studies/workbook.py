"""Studies as a workbook: a sheet for each, whose numbers are unrounded and whose intervals have two columns."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from xlsxwriter.worksheet import Worksheet

from septima.report.palette import QUIET
from septima.report.sheets import PLAIN, STRONG, Forms, Properties, lay_out, new_book, number_format, sheet_names
from septima.report.studies.study import Cell, Interval, Number, Section, Study, StudyReport, Table
from septima.report.studies.view import study_facts
from septima.report.words import words_in
from septima.schema import Language

_WIDTHS = (46, *([17] * 14))


def study_workbook(report: StudyReport) -> bytes:
    """The bytes of an XLSX file."""
    content, words = io.BytesIO(), words_in(report.language)
    book = new_book(content)
    book.set_properties(
        {
            "title": words["studies_title"],
            "author": report.organisation,
            "company": report.organisation,
            "created": report.computed_at,
        }
    )
    book.set_size(2400, 1500)
    forms = Forms(book)
    names = sheet_names([*(study.title for study in report.studies), words["sheet_notes"]])
    for name, study in zip(names, report.studies, strict=False):
        write_study(forms, book.add_worksheet(name), study, report.language)
    _notes(forms, book.add_worksheet(names[-1]), report)
    book.close()
    return content.getvalue()


def write_study(forms: Forms, sheet: Worksheet, study: Study, language: Language) -> None:
    """Write one study on its sheet."""
    _Sheet(forms, sheet, words_in(language)).write(study)


@dataclass(frozen=True)
class _Sheet:
    """A sheet being written: its formats and the words of its language."""

    forms: Forms
    sheet: Worksheet
    words: dict[str, str]

    def write(self, study: Study) -> None:
        lay_out(self.sheet, _WIDTHS)
        self._say(0, study.title, bold=True, font_size=16, valign="vcenter")
        self._say(1, study.subtitle, font_color=QUIET)
        self._say(2, study.question)
        row = 4
        for measure in study.measures:
            self._say(row, measure.name, font_color=QUIET)
            self._cell(row, 1, measure.number, STRONG)
            if measure.interval is not None:
                self._cell(row, 2, measure.interval, PLAIN)
            row += 1
        for section in study.sections:
            row = self._section(row + 1, section)
        if study.assumptions:
            row += 1
            self._say(row, self.words["assumptions"], bold=True, font_size=12)
        for assumption in study.assumptions:
            for part in (*assumption.statements, assumption.formula, assumption.source):
                if part:
                    row += 1
                    self._say(row, assumption.method, font_color=QUIET)
                    self.sheet.write_string(row, 1, part, self.forms.form())
        self.sheet.freeze_panes(1, 1)

    def _section(self, row: int, section: Section) -> int:
        """Write the section from this row on; returns the row after it."""
        if section.title:
            self._say(row, section.title, bold=True, font_size=12)
            row += 1
        for said in section.lead:
            self._say(row, said)
            row += 1
        for table in section.tables:
            row = self._table(row, table)
        for said in section.remarks:
            self._say(row, said)
            row += 1
        for term, said in section.terms:
            self._say(row, term, font_color=QUIET)
            self.sheet.write_string(row, 1, said, self.forms.form())
            row += 1
        return row

    def _table(self, row: int, table: Table) -> int:
        if table.title:
            self._say(row, table.title, bold=True)
            row += 1
        intervals = {
            place
            for place in range(len(table.columns))
            if any(isinstance(cells[place], Interval) for cells in table.rows)
        }
        numeric = table.numeric
        heads = [
            (name, place in numeric)
            for place, column in enumerate(table.columns)
            for name in ((self.words["lower"], self.words["upper"]) if place in intervals else (column,))
        ]
        for column, (name, number) in enumerate(heads):
            side = "right" if number else "left"
            form = self.forms.form(font_color=QUIET, bottom=1, text_wrap=True, align=side, valign="bottom")
            self.sheet.write_string(row, column, name, form)
        for place, cells in enumerate(table.rows):
            row += 1
            properties = STRONG if place in table.strong else PLAIN
            for column, cell in _columns(cells, intervals):
                self._cell(row, column, cell, properties)
        for note in table.notes:
            row += 1
            self._say(row, note, font_color=QUIET)
        return row + 2

    def _cell(self, row: int, column: int, cell: Cell, properties: Properties) -> None:
        if isinstance(cell, str):
            self.sheet.write_string(row, column, cell, self.forms.form(properties))
        elif isinstance(cell, Number):
            form = number_format(cell.style, signed=cell.signed)
            self.forms.write_number(self.sheet, (row, column), cell.value, form, properties)
        else:
            form = number_format(cell.style)
            for offset, bound in enumerate((cell.figure.lower, cell.figure.upper)):
                self.forms.write_number(self.sheet, (row, column + offset), bound, form, properties)

    def _say(self, row: int, text: str, **properties: str | int | bool) -> None:
        self.sheet.write_string(row, 0, text, self.forms.form(properties))


def _columns(cells: tuple[Cell, ...], intervals: set[int]) -> Iterator[tuple[int, Cell]]:
    """Each cell with the column it stands in: an interval takes two."""
    column = 0
    for place, cell in enumerate(cells):
        yield column, cell
        column += 2 if place in intervals else 1


def _notes(forms: Forms, sheet: Worksheet, report: StudyReport) -> None:
    words = words_in(report.language)
    lay_out(sheet, (34, 110))
    sheet.write_string(0, 0, words["notes"], forms.form(bold=True, font_size=16, valign="vcenter"))
    for row, (term, value) in enumerate(study_facts(report), start=2):
        sheet.write_string(row, 0, term, forms.form(font_color=QUIET))
        sheet.write_string(row, 1, value, forms.form(text_wrap=True))
    for row, key in enumerate(("interval_note", "undefined_note"), start=6):
        sheet.write_string(row, 1, words[key], forms.form(text_wrap=True))
