"""What every workbook is written with: cells that hold real numbers, their formats, and names that a sheet may have.

Every text is written as a string, never as a formula, whatever sign it begins with.
"""

import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from septima.report.number_forms import UNDEFINED_SIGN, NumberStyle
from septima.report.palette import HAIRLINE, INK
from septima.schema import Text

Properties = Mapping[str, str | int | bool]


PLAIN: Properties = {}
STRONG: Properties = {"bold": True, "top": 1, "top_color": HAIRLINE}
SHEET_NAME_LENGTH = 31

_UNIT_SUFFIXES = {
    "seconds": Text("s", "с"),
    "hours": Text("h", "ч"),
    "days": Text("d", "дн."),
    "months": Text("mo", "мес."),
}


def new_book(content: io.BytesIO) -> xlsxwriter.Workbook:
    """An empty workbook, held in memory, that takes no text for a formula, an address or a number."""
    return xlsxwriter.Workbook(
        content,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )


@dataclass(frozen=True)
class Forms:
    """The formats of the cells of a workbook, each made once for each set of properties."""

    book: xlsxwriter.Workbook
    made: dict[str, Format] = field(default_factory=dict[str, Format])

    def form(self, base: Properties = PLAIN, **more: str | int | bool) -> Format:
        """A cell's format."""
        everything = {"font_name": "Calibri", "font_size": 10, "font_color": INK, "valign": "top", **base, **more}
        key = repr(sorted(everything.items()))
        if key not in self.made:
            self.made[key] = self.book.add_format(everything)
        return self.made[key]

    def write_number(
        self, sheet: Worksheet, cell: tuple[int, int], value: float | None, form: str, properties: Properties = PLAIN
    ) -> None:
        """Write a number, or — where there is none."""
        shape = self.form(properties, align="right", num_format=form)
        if value is None or not math.isfinite(value):
            sheet.write_string(*cell, UNDEFINED_SIGN, shape)
        else:
            sheet.write_number(*cell, value, shape)


def lay_out(sheet: Worksheet, widths: Iterable[float]) -> None:
    """Widths of the columns, and the page it is printed on: A4 on its side, as wide as the sheet."""
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&R&P / &N")
    sheet.set_row(0, 24)


def sheet_names(names: Iterable[str]) -> list[str]:
    """Names that a spreadsheet takes: without []:*?/\\, of 31 characters at most, none twice."""
    given: list[str] = []
    for name in names:
        clean = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", name).strip(" '")[:SHEET_NAME_LENGTH].strip(" '") or "-"
        unique, number = clean, 2
        while unique.casefold() in {other.casefold() for other in given}:
            ending = f" ({number})"
            unique, number = clean[: SHEET_NAME_LENGTH - len(ending)] + ending, number + 1
        given.append(unique)
    return given


def number_format(style: NumberStyle, *, signed: bool = False) -> str:
    """The format of a cell that holds a number of this style, in the notation of Excel."""
    decimals = style.decimals if style.scale == 1 else 0
    number = "#,##0" + ("." + "0" * decimals if decimals else "")
    if style.unit == "share":
        number += "%"
    elif style.unit in ("currency", "currency_per_day"):
        before, after = (_quoted(text) for text in style.currency_affixes)
        number = before + number + after
    elif style.unit in _UNIT_SUFFIXES:
        number += _quoted("\u00a0" + _UNIT_SUFFIXES[style.unit].in_language(style.language))
    return f"+{number};-{number};{number}" if signed else number


def _quoted(text: str) -> str:
    """Text that stands in a number format as it is."""
    return '"' + text.replace('"', "") + '"' if text else ""
