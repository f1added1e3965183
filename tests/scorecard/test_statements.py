"""Numbers, dates and sentences in the forms of both languages."""

from datetime import date

import pytest

from septima.schema import Text
from septima.scorecard import statements as say


@pytest.mark.parametrize(
    ("value", "unit", "english", "russian"),
    [
        (0.1234, "share", "12.3%", "12,3\u00a0%"),
        (-0.05, "index", "\u22120.05", "\u22120,05"),
        (1234567.8, "currency", "€1,234,568", "1\u00a0234\u00a0568\u00a0€"),
        (11.296, "currency", "€11.30", "11,30\u00a0€"),
        (-1500, "currency", "\u2212€1,500", "\u22121\u00a0500\u00a0€"),
        (1200, "currency_per_day", "€1,200 a day", "1\u00a0200\u00a0€ в\u00a0день"),
        (1, "days", "1\u00a0day", "1\u00a0день"),
        (2, "days", "2\u00a0days", "2\u00a0дня"),
        (5.5, "hours", "5.5\u00a0hours", "5,5\u00a0часа"),
        (12345, "count", "12,345", "12\u00a0345"),
        (17.25, "per_1000", "17.2", "17,2"),
        (4.126, "score_1_5", "4.13", "4,13"),
    ],
)
def test_an_amount_is_written_with_its_unit(value: float, unit: str, english: str, russian: str) -> None:
    assert say.amount(value, unit, "EUR") == Text(english, russian)


def test_without_a_currency_money_is_a_plain_number() -> None:
    assert say.amount(1500, "currency", None) == Text("1,500", "1\u00a0500")


def test_a_share_changes_by_percentage_points() -> None:
    said = say.changed(0.021, "share", None, Text("May 2026", "май 2026 года"), distinct=True)
    assert said.en.replace("\u00a0", " ") == "Up by 2.1 percentage points against May 2026: more than chance explains."
    assert said.ru.replace("\u00a0", " ") == (
        "Рост на 2,1 п. п. к предыдущему периоду (май 2026 года): это больше, чем можно объяснить случайностью."
    )


def test_no_change_is_called_so() -> None:
    assert say.changed(0.0, "index", None, Text("May", "май"), distinct=False).en.startswith("No change against May")


def test_a_russian_date_ends_without_an_abbreviation() -> None:
    assert say.day(date(2026, 9, 30)) == Text("September\u00a030,\u00a02026", "30\u00a0сентября\u00a02026\u00a0года")


def test_weights_are_named_with_file_and_line_in_both_languages() -> None:
    said = say.wrong_weights(Text("CKPIint", "CKPIint"), {"a": 1.2, "b": 1.0}, "scorecard.yaml", 4)
    # 2·1.2/2.2 = 1.0909, 2·1/2.2 = 0.9091.
    assert "write in scorecard.yaml (from line 4): a: 1.0909, b: 0.9091." in said.en
    assert "запишите в\u00a0scorecard.yaml (со\u00a0строки 4): a: 1.0909, b: 0.9091." in said.ru
    assert "запишите в\u00a0определении: a:" in say.wrong_weights(Text("A", "A"), {"a": 1.2, "b": 1.0}, None, None).ru


def test_a_crowded_perspective_is_told() -> None:
    assert "Sales has 12 KPIs" in say.crowded(Text("Sales", "Продажи"), 12).en
