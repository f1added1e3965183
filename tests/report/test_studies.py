"""Studies: the same numbers on the terminal, the page and in the workbook, and nothing in them that is taken for code."""

import io
import re
from collections.abc import Iterator
from datetime import date, datetime
from types import ModuleType

import openpyxl
import pytest
from numpy import array
from pypdfium2 import PdfDocument

from septima.metrics.estimated import NOTHING, Estimated
from septima.metrics.experiment_analysis import Analysis, Effect
from septima.metrics.experiment_check import ArmSize, Balance, Check, Finding
from septima.metrics.experiment_months import MonthEffect
from septima.metrics.experiment_outcomes import Window
from septima.metrics.lifetime import (
    Backtest,
    BacktestResult,
    LifetimeReport,
    LifetimeSettings,
    MemberValue,
    MethodResult,
)
from septima.metrics.lifetime_summary import Regularity
from septima.metrics.lifetime_words import METHOD_BY_KEY
from septima.models.lifetime.calibration import Accuracy, FrequencyCalibration
from septima.models.lifetime.fitting import LikelihoodRatio
from septima.models.lifetime.gamma_gamma import Independence
from septima.report import ReportError, render_studies, study_fragment
from septima.report.number_forms import NumberStyle
from septima.report.points import Dot
from septima.report.studies import attribution, experiment, lifetime, loyalty
from septima.report.studies.study import (
    Assumption,
    Dots,
    Interval,
    Measure,
    Number,
    Pairs,
    Section,
    Study,
    StudyReport,
    Table,
    percent,
    relative,
    text_of,
)
from septima.schema import Language, Text
from septima.scorecard.card import Figure
from tests.report.conftest import Page

EVIL = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://example.com")'
ROUBLES = NumberStyle("currency", "en", "RUB", 1, 0)
NOW = datetime(2026, 11, 25, 12, 30)  # noqa: DTZ001 - times of reports are naive UTC


def study(**parts: object) -> Study:
    table = Table(
        "What came",
        ("who", "value", "95 % interval", "share"),
        (
            (
                EVIL,
                Number(1234.5678, ROUBLES),
                Interval(Figure(1234.5678, 1200.25, 1269.75), ROUBLES),
                percent(0.125, "en"),
            ),
            (FORMULA, Number(None, ROUBLES), Interval(Figure(None), ROUBLES), percent(None, "en")),
        ),
        strong=(0,),
        notes=("A note.",),
    )
    drawings = (
        Dots("Values", (Dot(EVIL, Figure(3.0, 2.0, 4.0), "3"), Dot("b", Figure(2.0), "2")), "₽", "It says three."),
        Pairs("Counts", ("0", "1"), (9.0, 4.0), (8.0, 5.0), ("seen", "expected"), "purchases", "customers", "Nine."),
    )
    section = Section("A section", ("First.",), drawings, (table,), ("A remark.",), (("a term", "its words"),))
    whole: dict[str, object] = {
        "title": "A study",
        "subtitle": "of a year",
        "question": "What is it?",
        "measures": (Measure("Value", Number(10.0, ROUBLES), Interval(Figure(10, 8, 12), ROUBLES)),),
        "sections": (section,),
        "assumptions": (Assumption("a way", ("All are alike.",), "x = y", "Somebody, 1999"),),
    }
    return Study(**{**whole, **parts})  # type: ignore[arg-type]


def document(*studies: Study, language: Language = "en") -> StudyReport:
    return StudyReport("ООО «Север»", language, NOW, 7, studies)


def test_the_page_says_all_parts_and_takes_nothing_for_markup() -> None:
    html = render_studies(document(study()), format="html").decode()
    page = Page(html)
    text = page.text
    for words in (
        "What is it?",
        "First.",
        "₽1,235",
        "₽1,200–1,270",
        "12.5%",
        "A note.",
        "A remark.",
        "its words",
        "All are alike.",
    ):
        assert words in text
    assert EVIL in text
    assert "<script" not in html
    assert [picture["aria-label"] for picture in page.all("svg")] == ["It says three.", "Nine."]
    assert all((link["href"] or "").startswith("#") for link in page.all("a"))


def test_anchors_are_safe_whatever_an_experiment_is_called() -> None:
    html = render_studies(document(study(title='a" onload="x'), study(title="b c")), format="html").decode()
    page = Page(html)
    assert {"#study-1", "#study-2", "#notes"} <= {link["href"] for link in page.all("a")}
    assert not [tag for tag in page.all("section") if "onload" in tag]


def test_a_fragment_holds_the_sections_of_the_page_and_nothing_around_them() -> None:
    studies = (study(), study(title="Another"))
    fragment = study_fragment(studies, "en")
    assert fragment.strip().startswith("<section")
    assert fragment.strip().endswith("</section>")
    assert not re.search(r"<(html|head|style|script|link)\b", fragment)
    whole = Page(render_studies(document(*studies), format="html").decode())
    assert Page(fragment).all("section") == [one for one in whole.all("section") if one["id"] != "notes"]
    assert [picture["aria-label"] for picture in Page(fragment).all("svg")] == ["It says three.", "Nine."] * 2
    assert EVIL in Page(fragment).text


def test_a_fragment_in_an_unknown_language_is_refused() -> None:
    with pytest.raises(ReportError, match="en, ru"):
        study_fragment((study(),), "de")  # type: ignore[arg-type]


def test_the_workbook_holds_the_numbers_unrounded_and_no_formula() -> None:
    book = openpyxl.load_workbook(io.BytesIO(render_studies(document(study()), format="xlsx")))
    assert book.sheetnames == ["A study", "About"]
    rows = [list(row) for row in book["A study"].iter_rows()]
    (heads,) = (row for row in rows if row[0].value == "who")
    assert [cell.value for cell in heads[:5]] == ["who", "value", "Lower bound", "Upper bound", "share"]
    (first,) = (row for row in rows if row[0].value == EVIL)
    assert [cell.value for cell in first[1:5]] == [1234.5678, 1200.25, 1269.75, 0.125]
    assert first[4].number_format == "#,##0.0%"
    assert first[1].font.bold
    (second,) = (row for row in rows if row[0].value == FORMULA)
    assert second[0].data_type == "s"
    assert [cell.value for cell in second[1:5]] == ["—"] * 4


def test_the_pdf_holds_what_the_page_says() -> None:
    pdf = render_studies(document(study(), language="ru"), format="pdf")
    assert pdf.startswith(b"%PDF")
    document_read = PdfDocument(pdf)
    words = " ".join(page.get_textpage().get_text_bounded() for page in document_read)
    assert "Карта показателей CRM" in words
    assert "All are alike." in words


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ReportError, match="html, pdf, xlsx"):
        render_studies(document(study()), format="docx")  # type: ignore[arg-type]


def test_a_relative_change_is_told_in_per_cent_and_not_in_points() -> None:
    number, interval = relative(Estimated(0.43, 0.19, 0.79), "en")
    assert (number.text, interval.text) == ("+43%", "19–79%")
    assert relative(Estimated(-0.2, -0.3, -0.1), "ru")[0].text == "−20\u00a0%"
    assert relative(NOTHING, "en")[0].text == "—"


def effect(arm: str, relative_effect: Estimated, total: Estimated, p: float | None) -> Effect:
    return Effect(
        "revenue", Text("Revenue", "Выручка"), arm, 100, 900, 10.0, 12.0, Estimated(2.0, 1.0, 3.0), relative_effect, total,
        Estimated(2.0, 0.5, 3.5), p, p, 0.25, 0.0, None,
    )  # fmt: skip


def analysis(*effects: Effect, level: str = "fine") -> Analysis:
    finding = Finding("sizes", level, Text("As planned.", "Как задумано."))  # type: ignore[arg-type]
    balance = tuple(
        Balance(name, Text(name, name), "treated", 1.0, 1.1, 0.02, -0.05, 0.09, False) for name in ("orders", "visits")
    )
    check = Check(
        "spring",
        "control",
        (ArmSize("control", 100, 0.1, 0.1), ArmSize("treated", 900, 0.9, 0.9)),
        0.8,
        balance,
        (finding,),
    )
    months = tuple(
        MonthEffect("treated", date(2026, month, 1), month < 4, 100, 900, 10.0 * month, 5.0, 50.0, 1.0, -1.0, 3.0, 0.0)
        for month in (2, 3, 4)
    )
    return Analysis(
        "spring", "control", Window(30, 90), date(2026, 4, 20), check, effects, months if effects else (), (finding,),
        Text("Holm.", "Холм."), (Text("Chance decided.", "Решил случай."),), 1000.0, "RUB",
    )  # fmt: skip


def test_an_experiment_shows_its_revenue_its_check_and_its_months() -> None:
    found = analysis(effect("treated", Estimated(0.2, 0.1, 0.3), Estimated(1800.0, 900.0, 2700.0), 0.0001))
    told = experiment.experiment_study(found, "en")
    assert [(measure.name, measure.number.text) for measure in told.measures] == [
        ("Incremental revenue: treated", "₽1,800"),
        ("Customers treated: treated", "900"),
        ("Customers in the control group", "100"),
    ]
    check, effects, months = told.sections
    assert check.lead == ("✓ As planned.",)
    row = [text_of(cell) for cell in effects.tables[0].rows[0]]
    assert row == [
        "Revenue", "treated", "₽10", "₽12", "+₽2.0", "₽1.0–3.0", "₽0.5–3.5", "+20%", "10–30%", "<\u00a00.001",
    ]  # fmt: skip
    assert [text_of(line[0]) for line in months.tables[0].rows] == ["2026-02", "2026-03", "2026-04 ◐"]
    assert len(months.drawings) == 1
    assert told.assumptions[0].statements == ("Chance decided.",)


def test_no_figure_stands_where_the_check_forbids_it() -> None:
    told = experiment.experiment_study(analysis(level="broken"), "ru")
    assert told.measures == ()
    assert [section.title for section in told.sections] == ["Проведён\u00a0ли он как задумано?"]
    assert "✗ Как задумано." in told.sections[0].lead
    assert told.assumptions == ()


def test_an_effect_without_an_interval_does_not_stand_out() -> None:
    found = analysis(effect("treated", NOTHING, Estimated(0.0, None, None), None))
    assert experiment.experiment_study(found, "en").measures == ()


def lifetime_report(*, backtest: Backtest | None) -> LifetimeReport:
    def result(key: str, value: float, **more: object) -> MethodResult:
        rows = (MemberValue(None, True, 400, value, value - 5, value + 5, 400 * value, float("nan"), 90.0),)
        return MethodResult(METHOD_BY_KEY[key], rows, key != "churn", **more)  # type: ignore[arg-type]

    model = result(
        "bg_nbd",
        120.0,
        parameters={"r": (0.243, 0.012), "dropout_a[premium]": (0.5, float("nan"))},
        log_likelihood=-9582.43,
        segments=LikelihoodRatio(12.3, 2, 0.002),
        calibration=FrequencyCalibration(
            array([0.0, 1.0, 2.0]), array([200.0, 120.0, 80.0]), array([195.0, 125.0, 80.0])
        ),
    )
    failed = MethodResult(METHOD_BY_KEY["pareto_nbd"], (), True, statement=Text("It did not converge.", "Не сошлось."))
    return LifetimeReport(
        LifetimeSettings(365), "RUB", date(2024, 1, 1), date(2026, 1, 1), 400, 200, 30, 0.4, True, 1.0, None,
        Regularity(1.1, 1.0, 1.2, 500.0), False, Text("Not contractual.", "Не по договору."), Independence(0.05, 0.01, 0.09, 200.0), 0.0,
        (result("churn", 80.0), model, failed), backtest, (),
    )  # fmt: skip


def backtest_of_two() -> Backtest:
    def one(key: str, rank: int | None, bias: float) -> BacktestResult:
        tenths = array([float(place) for place in range(1, 11)])
        accuracy = Accuracy(400.0, bias, 12.0, 5.5, 0.7, tenths * (1 + bias), tenths) if rank else None
        return BacktestResult(
            METHOD_BY_KEY[key], accuracy, rank, None if rank else Text("It did not converge.", "Не сошлось.")
        )

    return Backtest(
        date(2025, 1, 1), 365, 400, (one("churn", 2, -0.3), one("bg_nbd", 1, 0.1), one("pareto_nbd", None, 0.0))
    )


def test_the_best_of_the_backtest_stands_out_and_a_method_without_a_figure_says_why() -> None:
    told = lifetime.lifetime_study(lifetime_report(backtest=backtest_of_two()), "en")
    assert (told.measures[0].name, told.measures[0].number.text) == (
        "Value of a customer: BG/NBD × Gamma-Gamma",
        "₽120",
    )
    methods, _, backtest, models = told.sections
    table = methods.tables[0]
    assert [[text_of(cell) for cell in row] for row in table.rows] == [
        ["ARPU ÷ churn", "400", "₽80", "₽75–85", "—", "₽90", "○"],
        ["BG/NBD × Gamma-Gamma", "400", "₽120", "₽115–125", "—", "₽90", ""],
        ["Pareto/NBD × Gamma-Gamma", "", "—", "", "", "", "a)"],
    ]
    assert table.notes == ("○ The method is made for the other kind of business.", "a) It did not converge.")
    assert [text_of(cell) for cell in backtest.tables[0].rows[0]][:3] == ["1", "BG/NBD × Gamma-Gamma", "+10.0%"]
    assert [text_of(cell) for cell in backtest.tables[0].rows[-1]] == [
        "—", "Pareto/NBD × Gamma-Gamma", "", "", "", "", "It did not converge.",
    ]  # fmt: skip
    assert [drawing.title for drawing in backtest.drawings] == ["BG/NBD × Gamma-Gamma", "ARPU ÷ churn"]
    assert [[text_of(cell) for cell in row] for row in models.tables[0].rows] == [
        ["BG/NBD × Gamma-Gamma", "r", "0.2430", "0.0120"],
        ["", "dropout, a: premium", "0.5000", ""],
    ]
    assert any("−9,582.4" in said for said in models.remarks)
    assert any("χ² = 12.3, degrees of freedom 2, p = 0.002" in said for said in models.remarks)
    assert any("may be trusted" in said for said in models.remarks)
    (drawing,) = models.drawings
    assert isinstance(drawing, Pairs)
    assert (drawing.names, drawing.first, drawing.second) == (("0", "1", "2+"), (200, 120, 80), (195, 125, 80))


def test_without_a_backtest_no_method_stands_out() -> None:
    told = lifetime.lifetime_study(lifetime_report(backtest=None), "ru")
    assert told.measures[0].name == "Клиентов"
    assert [section.title for section in told.sections] == ["", "Почему они различаются", "Подогнанные модели"]


def test_every_method_tells_what_it_takes_for_granted_and_its_source() -> None:
    for language in ("en", "ru"):
        told = lifetime.lifetime_study(lifetime_report(backtest=None), language)
        assert len(told.assumptions) == 3
        for assumption in told.assumptions:
            assert all(assumption.statements)
            assert assumption.formula
            assert re.search(r"\b(19|20)\d\d\b", assumption.source)


def texts(module: ModuleType) -> Iterator[tuple[str, Text]]:
    for name, value in vars(module).items():
        if isinstance(value, Text):
            yield name, value
        elif isinstance(value, dict):
            yield from ((f"{name}.{key}", text) for key, text in value.items() if isinstance(text, Text))


WORDS = [
    pytest.param(text, id=f"{module.__name__}.{name}")
    for module in (attribution, experiment, lifetime, loyalty)
    for name, text in texts(module)
]


@pytest.mark.parametrize("text", WORDS)
def test_every_word_is_in_both_languages_with_the_same_parts(text: Text) -> None:
    assert text.en.strip()
    assert text.ru.strip()
    assert text.en.count("{") == text.ru.count("{")
    assert not re.search("[А-Яа-яЁё]", text.en)
    assert text.ru == "p" or re.search("[А-Яа-яЁё]", text.ru)
