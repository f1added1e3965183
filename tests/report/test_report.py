"""The report as a person gets it: HTML, PDF and workbook."""

import dataclasses
import io
import re
import sys

import openpyxl
import pytest
from pypdfium2 import PdfDocument

from septima.report import ReportError, palette, render
from septima.report.document import first_page_picture
from septima.report.sheets import sheet_names
from septima.schema import Text
from septima.scorecard.card import PerspectiveCard
from tests.report.conftest import Page


def words_of(document: PdfDocument, page: int) -> str:
    return " ".join(document[page].get_textpage().get_text_bounded().replace("\u00a0", " ").split())


def test_the_page_asks_no_host_for_anything_and_runs_no_script(russian_html):
    page = Page(russian_html)
    addresses = [
        value or ""
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster")
    ]
    assert addresses
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert all(found.startswith(("data:", "#")) for found in re.findall(r"url\([\"']?([^)\"']+)", russian_html))
    assert "http:" not in russian_html
    assert "https:" not in russian_html
    assert "@import" not in russian_html
    assert not page.all("script")


def test_the_page_can_be_read_without_seeing_it(russian_html):
    page = Page(russian_html)
    assert page.all("html")[0]["lang"] == "ru"
    assert len(page.all("main")) == len(page.all("h1")) == 1
    assert page.all("nav")
    assert page.all("a")[0] == {"class": "skip", "href": "#main"}
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(header.get("scope") in ("col", "row", "rowgroup") for header in page.all("th"))
    pictures = page.all("svg")
    assert len(pictures) > 40
    for picture in pictures:
        assert picture["role"] == "img"
        assert (picture["aria-label"] or "").endswith(".")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    anchors = {link["href"] for link in page.all("a")}
    assert {anchor for anchor in anchors if anchor and anchor[1:] not in ids} == set()


def test_each_state_has_its_own_shape_and_word(russian_html):
    for state, sign in palette.STATE_MARKS.items():
        assert f'<span class="mark {state}"><span aria-hidden="true">{sign}</span>' in russian_html
    assert len(set(palette.STATE_MARKS.values())) == 4


@pytest.mark.parametrize("colour", [palette.INK, palette.QUIET, palette.ACCENT, *palette.STATE_COLOURS.values()])
def test_text_colours_have_the_contrast_that_wcag_asks(colour):
    def luminance(code: str) -> float:
        parts = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    assert (1 + 0.05) / (luminance(colour) + 0.05) >= 4.5


def test_names_from_outside_stay_text(hostile_card):
    html = render(hostile_card, format="html", language="en").decode()
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_an_undefined_figure_is_a_dash_with_the_reason_beside_it(russian_html):
    rows = re.findall(r'<tr role="row" class="kpi">.*?</tr>', russian_html, re.DOTALL)
    row = next(row for row in rows if "вовремя прошедшие обучение" in row)
    assert ">—</td>" in row
    assert "За этот период нет записей" in row


def test_the_first_page_of_the_pdf_holds_the_whole_table(russian_pdf, card):
    first = words_of(russian_pdf, 0)
    assert "CKPI" in first
    assert "0,541…0,612" in first
    assert "Жалоб на 1000 заказов" in first  # the last row
    assert "вертикальная черта — цель" in first  # the key below it
    assert words_of(russian_pdf, 1).startswith("Поддержка клиентов")
    assert f"{card.organisation} 3-й квартал 2026 года" in words_of(russian_pdf, 1)


@pytest.mark.slow
def test_a_card_of_32_kpis_still_fits_the_first_page(card):
    extended = tuple(
        PerspectiveCard(
            part.composite,
            (*part.kpis, *(dataclasses.replace(kpi, id=f"{kpi.id}-again") for kpi in part.kpis)),
        )
        for part in card.perspectives
    )
    document = PdfDocument(render(dataclasses.replace(card, perspectives=extended), format="pdf", language="ru"))
    assert "вертикальная черта — цель" in words_of(document, 0)
    document.close()


def test_the_pdf_has_a_page_for_each_perspective_numbers_and_bookmarks(russian_pdf, card):
    count = len(russian_pdf)
    assert count >= 1 + len(card.perspectives) + 2
    texts = [words_of(russian_pdf, page) for page in range(count)]
    assert all(f"{number} из {count}" in text for number, text in enumerate(texts, start=1))
    bookmarks = [mark.get_title() for mark in russian_pdf.get_toc()]
    for perspective in card.perspectives:
        assert perspective.composite.name.ru in bookmarks
        assert sum(text.startswith(f"{perspective.composite.name.ru} ") for text in texts[1:]) == 1
    width, height = russian_pdf[0].get_size()
    assert (round(width), round(height)) == (595, 842)  # A4 in points
    assert russian_pdf.get_metadata_value("Title").startswith("Карта показателей CRM")
    assert russian_pdf.get_metadata_value("Author") == card.organisation


def test_the_pdf_shows_the_pictures_of_the_page(russian_html, russian_pdf):
    labels = re.findall(r"<text[^>]*>([^<]+)</text>", russian_html)
    shown = "".join("".join(words_of(russian_pdf, page).split()) for page in range(len(russian_pdf)))
    assert len(labels) > 100
    assert {label for label in labels if "".join(label.split()) not in shown} == set()


def test_the_workbook_holds_the_numbers_of_the_card(card):
    book = openpyxl.load_workbook(io.BytesIO(render(card, format="xlsx", language="ru")))
    assert book.sheetnames == ["Карта", "Поддержка клиентов", "Маркетинг", "Продажи", "Управление", "Операции", "Персонал",
                               "Финансы", "Собственные показатели компании", "Паспорта", "О карте"]  # fmt: skip
    rows = {row[0].value: row for row in book["Карта"].iter_rows(min_row=7)}
    kpis = [*(kpi for part in card.perspectives for kpi in part.kpis), *card.own]
    for kpi in kpis:
        figures = [cell.value for cell in rows[kpi.name.ru][2:8]]
        expected = (kpi.figure.value, kpi.figure.lower, kpi.figure.upper, kpi.target, kpi.change, kpi.n)
        assert figures == ["—" if number is None else pytest.approx(number, rel=1e-12) for number in expected]
    assert rows["Выручка"][2].number_format == '#,##0"\u00a0₽"'
    assert rows["Доля открытых писем (OR)"][2].number_format == "#,##0.00%"
    assert rows["CKPIint"][2].value == 0.581
    assert book["Карта"].freeze_panes == "B7"
    history = [row for row in book["Продажи"].iter_rows(values_only=True) if row[0] == "Выручка"][1:]
    assert [row[2] for row in history] == pytest.approx(
        [point.figure.value for point in card.perspectives[2].kpis[0].trend]
    )


def test_no_text_of_the_workbook_becomes_a_formula(hostile_card):
    book = openpyxl.load_workbook(io.BytesIO(render(hostile_card, format="xlsx", language="en")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    values = {cell.value for cell in cells}
    assert hostile_card.organisation in values
    assert "=HYPERLINK(1)" in values
    assert "+cmd|' /C calc'!A0" in values


def test_sheet_names_are_cut_cleaned_and_made_unique():
    assert sheet_names(["a/b:c", "A/B:C", "", "x" * 40, "x" * 40]) == [
        "a b c", "A B C (2)", "-", "x" * 31, "x" * 27 + " (2)",
    ]  # fmt: skip


def test_the_same_card_gives_the_same_page(card, russian_html):
    from septima.report.page import html_page

    assert html_page.__wrapped__(card, "ru") == russian_html


def test_the_first_page_is_also_a_picture(russian_pdf):
    written = io.BytesIO()
    russian_pdf.save(written)
    assert first_page_picture(written.getvalue(), 1).startswith(b"\x89PNG")


def test_an_unknown_format_or_language_is_refused_with_the_choice(card):
    with pytest.raises(ReportError, match="html, pdf, xlsx"):
        render(card, format="docx", language="ru")  # type: ignore[arg-type]
    with pytest.raises(ReportError, match="en, ru"):
        render(card, format="html", language="de")  # type: ignore[arg-type]


def test_an_absent_library_is_named_with_the_remedy(card, monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    for module in ("workbook", "sheets"):
        monkeypatch.delitem(sys.modules, f"septima.report.{module}", raising=False)
    with pytest.raises(ReportError, match=r"reports need xlsxwriter.*septima\[report\]"):
        render(card, format="xlsx", language="ru")


def test_a_card_of_bare_bones_is_a_report_too(card):
    bare = dataclasses.replace(
        card,
        currency=None,
        complete=False,
        own=(),
        statements=(),
        perspectives=(PerspectiveCard(dataclasses.replace(card.perspectives[5].composite, statements=()), ()),),
        integral=dataclasses.replace(card.integral, trend=(), statements=(), change=None),
    )
    html = render(bare, format="html", language="en").decode()
    assert "The period is not over yet" in html
    assert "The figure is undefined." in html
    assert render(bare, format="xlsx", language="en").startswith(b"PK")


@pytest.mark.slow
def test_names_of_any_length_break_rather_than_run_off(card):
    long = "Показатель" * 12
    first = card.perspectives[0]
    kpi = dataclasses.replace(first.kpis[0], name=Text(long, long))
    changed = dataclasses.replace(
        card, perspectives=(PerspectiveCard(first.composite, (kpi, *first.kpis[1:])), *card.perspectives[1:])
    )
    document = PdfDocument(render(changed, format="pdf", language="ru"))
    assert "вертикальная черта — цель" in words_of(document, 0)
    document.close()
