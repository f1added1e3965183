"""The report as a workbook: real numbers with formats, a sheet for the card and one per perspective.

Every text is written as a string, never as a formula, whatever sign it begins with.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from xlsxwriter.utility import quote_sheetname, xl_range_abs
from xlsxwriter.worksheet import Worksheet

from septima.report.number_forms import NumberStyle, number_style
from septima.report.palette import ACCENT, QUIET, STATE_COLOURS, STATE_MARKS
from septima.report.sheets import PLAIN, STRONG, Forms, Properties, lay_out, new_book, number_format, sheet_names
from septima.report.studies.study import Study
from septima.report.studies.workbook import write_study
from septima.report.summary import composite_style, summary
from septima.report.view import facts
from septima.report.words import DIRECTIONS, STATES, UNITS, WORDS, known
from septima.schema import Language, Text
from septima.scorecard.card import CompositeCard, Figure, KpiCard, Scorecard, TrendPoint

HEADER_ROW = 5

_CARD_COLUMNS = ("name", "state", "value", "lower", "upper", "target", "change", "n", "weight", "normalised")
_CARD_WIDTHS = (46, 20, 15, 15, 15, 14, 14, 11, 8, 9, 22, 90)
_PASSPORT_COLUMNS = ("name", "metric", "unit", "direction", "what", "how", "printed_formula", "source", "primary_data",
                     "sample", "missing", "minimum_sample", "definition")  # fmt: skip
_PASSPORT_WIDTHS = (40, 24, 18, 14, 50, 50, 36, 50, 36, 12, 12, 12, 20)


def workbook(scorecard: Scorecard, language: Language, chapters: Sequence[Study] = ()) -> bytes:
    """The bytes of an XLSX file that holds the card's numbers unrounded, and a sheet for each chapter."""
    content = io.BytesIO()
    book = new_book(content)
    title = WORDS["title"].in_language(language)
    book.set_properties(
        {
            "title": f"{title}. {scorecard.period_label.in_language(language)}",
            "author": scorecard.organisation,
            "company": scorecard.organisation,
            "created": scorecard.computed_at,
        }
    )
    book.set_size(2400, 1500)
    writer = _Writer(Forms(book), scorecard, language, tuple(chapters))
    writer.write()
    book.close()
    return content.getvalue()


@dataclass(frozen=True)
class _Writer:
    """A workbook being written: its formats, the card, the language and what stands after the perspectives."""

    forms: Forms
    card: Scorecard
    language: Language
    chapters: tuple[Study, ...]

    def write(self) -> None:
        names = sheet_names(
            [
                self.say("sheet_card"),
                *(perspective.composite.name.in_language(self.language) for perspective in self.card.perspectives),
                *([self.say("own")] if self.card.own else []),
                *(study.title for study in self.chapters),
                self.say("sheet_passports"),
                self.say("sheet_notes"),
            ]
        )
        sheets = [self.forms.book.add_worksheet(name) for name in names]
        trends: dict[str, str] = {}
        groups = [(perspective.composite, perspective.kpis) for perspective in self.card.perspectives]
        own: list[tuple[CompositeCard | None, tuple[KpiCard, ...]]] = [(None, self.card.own)] if self.card.own else []
        parts = [*groups, *own]
        for (composite, kpis), sheet in zip(parts, sheets[1:], strict=False):
            trends |= self._group_sheet(sheet, composite, kpis)
        for study, sheet in zip(self.chapters, sheets[1 + len(parts) : -2], strict=True):
            write_study(self.forms, sheet, study, self.language)
        self._card_sheet(sheets[0], trends)
        self._passport_sheet(sheets[-2])
        self._notes_sheet(sheets[-1])
        sheets[0].activate()

    def say(self, key: str) -> str:
        return WORDS[key].in_language(self.language)

    def _card_sheet(self, sheet: Worksheet, trends: Mapping[str, str]) -> None:
        self._head(sheet, self.card.organisation, _CARD_WIDTHS)
        sheet.write_string(
            2, 0, " ".join(summary(self.card, self.language)), self.forms.form(font_color=QUIET, valign="vcenter")
        )
        self._header(
            sheet, HEADER_ROW, [*(self.say(key) for key in _CARD_COLUMNS), self.say("course"), self.say("remarks")]
        )
        row = HEADER_ROW + 1
        self._composite_row(sheet, row, self.card.integral, trends)
        row += 1
        for perspective in self.card.perspectives:
            self._composite_row(sheet, row, perspective.composite, trends)
            for kpi in perspective.kpis:
                row += 1
                self._kpi_row(sheet, row, kpi, trends)
            row += 1
        if self.card.own:
            sheet.write_string(row, 0, self.say("own"), self.forms.form(STRONG))
            for kpi in self.card.own:
                row += 1
                self._kpi_row(sheet, row, kpi, trends)
        sheet.freeze_panes(HEADER_ROW + 1, 1)
        sheet.repeat_rows(HEADER_ROW)

    def _group_sheet(
        self, sheet: Worksheet, composite: CompositeCard | None, kpis: Sequence[KpiCard]
    ) -> dict[str, str]:
        """A perspective: its table as on the card, then the history and the slices; returns where each history stands."""
        name = composite.name.in_language(self.language) if composite else self.say("own")
        self._head(sheet, name, _CARD_WIDTHS)
        self._header(
            sheet, HEADER_ROW, [*(self.say(key) for key in _CARD_COLUMNS), self.say("course"), self.say("remarks")]
        )
        first = HEADER_ROW + 1
        row = first + len(kpis) + (1 if composite else 0) + 1
        trends, row = self._trends(sheet, row, composite, kpis)
        self._slices(sheet, row, kpis)
        place = first
        if composite:
            sheet.write_string(2, 0, composite.formula, self.forms.form(font_color=QUIET))
            self._composite_row(sheet, place, composite, trends)
            place += 1
        for number, kpi in enumerate(kpis):
            self._kpi_row(sheet, place + number, kpi, trends)
        sheet.freeze_panes(HEADER_ROW + 1, 1)
        return trends

    def _composite_row(self, sheet: Worksheet, row: int, composite: CompositeCard, trends: Mapping[str, str]) -> None:
        style = composite_style(composite, self.language)
        sheet.write_string(row, 0, composite.name.in_language(self.language), self.forms.form(STRONG))
        self._state(sheet, row, composite.state, STRONG)
        figures = (composite.printed.value, composite.printed.lower, composite.printed.upper)
        for column, value in enumerate(figures, start=2):
            self.forms.write_number(sheet, (row, column), value, number_format(style), STRONG)
        sheet.write_blank(row, 5, None, self.forms.form(STRONG))
        self.forms.write_number(sheet, (row, 6), composite.change, number_format(style, signed=True), STRONG)
        sheet.write_blank(row, 7, None, self.forms.form(STRONG))
        self.forms.write_number(sheet, (row, 8), composite.weight, "0.####", STRONG)
        self.forms.write_number(sheet, (row, 9), composite.normalised.value, "0", STRONG)
        self._course(sheet, row, trends.get(composite.id), STRONG)
        self._remarks(sheet, row, composite.statements, STRONG)

    def _kpi_row(self, sheet: Worksheet, row: int, kpi: KpiCard, trends: Mapping[str, str]) -> None:
        style = self._style(kpi)
        form = number_format(style)
        sheet.write_string(row, 0, kpi.name.in_language(self.language), self.forms.form(indent=1, text_wrap=True))
        self._state(sheet, row, kpi.state, PLAIN)
        for column, value in enumerate((kpi.figure.value, kpi.figure.lower, kpi.figure.upper, kpi.target), start=2):
            self.forms.write_number(sheet, (row, column), value, form)
        self.forms.write_number(sheet, (row, 6), kpi.change, number_format(style, signed=True))
        self.forms.write_number(sheet, (row, 7), kpi.n, "#,##0")
        self.forms.write_number(sheet, (row, 8), kpi.weight, "0.####")
        self.forms.write_number(sheet, (row, 9), kpi.normalised.value, "0")
        self._course(sheet, row, trends.get(f"kpi-{kpi.id}"), PLAIN)
        self._remarks(sheet, row, kpi.statements, PLAIN)

    def _trends(
        self, sheet: Worksheet, row: int, composite: CompositeCard | None, kpis: Sequence[KpiCard]
    ) -> tuple[dict[str, str], int]:
        places: dict[str, str] = {}
        keys = ("name", "period", "value", "lower", "upper", "target")
        self._header(sheet, row, [self.say(key) for key in keys])
        row += 1
        histories: list[tuple[str, str, tuple[TrendPoint, ...], NumberStyle]] = []
        if composite:
            style = composite_style(composite, self.language)
            histories.append((composite.id, composite.name.in_language(self.language), composite.trend, style))
        histories += [
            (f"kpi-{kpi.id}", kpi.name.in_language(self.language), kpi.trend, self._style(kpi)) for kpi in kpis
        ]
        for key, name, history, style in histories:
            for number, point in enumerate(history):
                sheet.write_string(row + number, 0, name, self.forms.form())
                self._date(sheet, row + number, 1, point.period)
                self._figure(sheet, (row + number, 2), point.figure, style)
                self.forms.write_number(sheet, (row + number, 5), point.target, number_format(style))
            if history:
                where = xl_range_abs(row, 2, row + len(history) - 1, 2)
                places[key] = quote_sheetname(str(sheet.get_name())) + "!" + where
            row += len(history)
        return places, row + 1

    def _slices(self, sheet: Worksheet, row: int, kpis: Sequence[KpiCard]) -> None:
        if not any(kpi.slices for kpi in kpis):
            return
        self._header(
            sheet, row, [self.say(key) for key in ("name", "member", "value", "lower", "upper", "n", "target")]
        )
        for kpi in kpis:
            style = self._style(kpi)
            for part in kpi.slices:
                row += 1
                sheet.write_string(row, 0, kpi.name.in_language(self.language), self.forms.form())
                sheet.write_string(row, 1, part.member or self.say("not_given"), self.forms.form())
                self._figure(sheet, (row, 2), part.figure, style)
                self.forms.write_number(sheet, (row, 5), part.n, "#,##0")
                self.forms.write_number(sheet, (row, 6), part.target, number_format(style))

    def _passport_sheet(self, sheet: Worksheet) -> None:
        self._head(sheet, self.say("sheet_passports"), _PASSPORT_WIDTHS)
        self._header(sheet, HEADER_ROW, [self.say(key) for key in _PASSPORT_COLUMNS])
        kpis = [*(kpi for perspective in self.card.perspectives for kpi in perspective.kpis), *self.card.own]
        for row, kpi in enumerate(kpis, start=HEADER_ROW + 1):
            texts = (
                kpi.name.in_language(self.language),
                kpi.metric,
                known(UNITS, kpi.unit, self.language),
                DIRECTIONS[kpi.direction].in_language(self.language),
                kpi.description.in_language(self.language),
                kpi.method.in_language(self.language),
                kpi.formula,
                kpi.formula_source,
                ", ".join(kpi.primary_data),
            )
            for column, text in enumerate(texts):
                sheet.write_string(row, column, text, self.forms.form(text_wrap=True))
            self.forms.write_number(sheet, (row, 9), kpi.n, "#,##0")
            self.forms.write_number(sheet, (row, 10), kpi.missing_share, "0.0%")
            self.forms.write_number(sheet, (row, 11), kpi.minimum_sample, "#,##0")
            sheet.write_string(row, 12, kpi.definition, self.forms.form(text_wrap=True))
        sheet.freeze_panes(HEADER_ROW + 1, 1)

    def _notes_sheet(self, sheet: Worksheet) -> None:
        self._head(sheet, self.say("notes"), (34, 110))
        row = 3
        for term, value in facts(self.card, self.language):
            sheet.write_string(row, 0, term, self.forms.form(font_color=QUIET))
            sheet.write_string(row, 1, value, self.forms.form(text_wrap=True))
            row += 1
        said = [text.in_language(self.language) for text in (*self.card.integral.statements, *self.card.statements)]
        incomplete = [] if self.card.complete else [self.say("incomplete")]
        method = [self.say(key) for key in ("interval_note", "undefined_note")]
        if self.card.method:
            method.insert(0, self.card.method.in_language(self.language))
        for text in (*incomplete, *said, *method):
            row += 1
            sheet.write_string(row, 1, text, self.forms.form(text_wrap=True))

    def _head(self, sheet: Worksheet, title: str, widths: Sequence[int]) -> None:
        lay_out(sheet, widths)
        sheet.write_string(0, 0, title, self.forms.form(bold=True, font_size=16, valign="vcenter"))
        kind = f"{self.say('title')}, {self.card.period_label.in_language(self.language)}"
        sheet.write_string(1, 0, kind, self.forms.form(font_color=QUIET))

    def _header(self, sheet: Worksheet, row: int, names: Sequence[str]) -> None:
        numbers = {self.say(key) for key in ("value", "lower", "upper", "target", "change", "n", "weight", "normalised",
                                             "sample", "missing", "minimum_sample")}  # fmt: skip
        for column, name in enumerate(names):
            side = "right" if name in numbers else "left"
            form = self.forms.form(font_color=QUIET, bottom=1, text_wrap=True, align=side, valign="bottom")
            sheet.write_string(row, column, name, form)

    def _state(self, sheet: Worksheet, row: int, state: str, properties: Properties) -> None:
        for known_state, words in STATES.items():
            if known_state == state:
                text = f"{STATE_MARKS[known_state]} {words.in_language(self.language)}"
                form = self.forms.form(properties, font_color=STATE_COLOURS[known_state])
                sheet.write_string(row, 1, text, form)

    def _figure(self, sheet: Worksheet, cell: tuple[int, int], figure: Figure, style: NumberStyle) -> None:
        row, column = cell
        for offset, value in enumerate((figure.value, figure.lower, figure.upper)):
            self.forms.write_number(sheet, (row, column + offset), value, number_format(style))

    def _date(self, sheet: Worksheet, row: int, column: int, day: date) -> None:
        form = "dd.mm.yyyy" if self.language == "ru" else "yyyy-mm-dd"
        moment = datetime.combine(day, time(), UTC).replace(tzinfo=None)
        sheet.write_datetime(row, column, moment, self.forms.form(num_format=form, align="left"))

    def _course(self, sheet: Worksheet, row: int, where: str | None, properties: Properties) -> None:
        sheet.write_blank(row, 10, None, self.forms.form(properties))
        if where:
            sheet.add_sparkline(
                row,
                10,
                {"range": where, "series_color": ACCENT, "last_point": True, "last_color": ACCENT, "weight": 1.25},
            )

    def _remarks(self, sheet: Worksheet, row: int, statements: Sequence[Text], properties: Properties) -> None:
        said = " ".join(text.in_language(self.language) for text in statements)
        form = self.forms.form(properties, bold=False, text_wrap=True)
        if said:
            sheet.write_string(row, 11, said, form)
        else:
            sheet.write_blank(row, 11, None, form)

    def _style(self, kpi: KpiCard) -> NumberStyle:
        return number_style(
            kpi.unit, kpi.figure, self.language, currency=self.card.currency, others=(kpi.target, kpi.previous)
        )
