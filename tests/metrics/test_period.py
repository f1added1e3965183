"""Periods as people write them."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.metrics import PeriodError, parse_period, period_of, periods_between
from septima.metrics.period import Period


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026-Q3", date(2026, 7, 1), date(2026, 10, 1)),
        ("2026q4", date(2026, 10, 1), date(2027, 1, 1)),
        ("2024-02", date(2024, 2, 1), date(2024, 3, 1)),
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 5)),
        ("2026-W53", date(2026, 12, 28), date(2027, 1, 4)),
        (" 2026-07-15 ", date(2026, 7, 15), date(2026, 7, 16)),
    ],
)
def test_what_people_write(text: str, start: date, end: date) -> None:
    period = parse_period(text)
    assert (period.start, period.end) == (start, end)


@pytest.mark.parametrize("text", ["", "July", "2026-Q5", "2026-13", "2026-02-30", "2025-W53", "26", "2026-7", "0000"])
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(PeriodError):
        parse_period(text)


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.sampled_from(["day", "week", "month", "quarter", "year"]))
def test_a_period_holds_its_day_and_is_read_back(day: date, grain: str) -> None:
    period = period_of(day, grain)  # type: ignore[arg-type]
    assert period.start <= day < period.end
    assert parse_period(period.id) == period
    assert period_of(period.end, period.grain).start == period.end
    assert period.shift(3).shift(-3) == period


def test_a_moment_falls_in_its_day() -> None:
    assert period_of(datetime.fromisoformat("2026-01-31T23:59:59"), "month").start == date(2026, 1, 1)


def test_all_time_is_no_period() -> None:
    with pytest.raises(PeriodError, match="day, week, month"):
        period_of(date(2026, 1, 1), "all")


def test_periods_between() -> None:
    found = periods_between(parse_period("2025-11"), parse_period("2026-02"))
    assert [period.id for period in found] == ["2025-11", "2025-12", "2026-01", "2026-02"]


@pytest.mark.parametrize(
    ("text", "english", "russian"),
    [
        ("2026", "2026", "2026\u00a0год"),
        ("2026-Q3", "Q3\u00a02026", "3-й\u00a0квартал 2026\u00a0года"),
        ("2026-07", "July\u00a02026", "июль 2026\u00a0года"),
        ("2026-W31", "week\u00a031 of\u00a02026", "31-я\u00a0неделя 2026\u00a0года"),
        ("2026-07-15", "15\u00a0July 2026", "15\u00a0июля 2026\u00a0года"),
    ],
)
def test_labels(text: str, english: str, russian: str) -> None:
    label = parse_period(text).label
    assert (label.en, label.ru) == (english, russian)


def test_a_period_of_all_time_has_a_day_for_its_name() -> None:
    assert Period(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=9), "all").id == "2026-01-01"


@pytest.mark.parametrize("text", ["9999", "9999-12", "9999-12-31", "9999-Q4"])
def test_the_end_of_the_calendar(text: str) -> None:
    with pytest.raises(PeriodError, match="calendar"):
        parse_period(text)
