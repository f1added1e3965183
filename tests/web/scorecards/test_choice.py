"""What an address asks for."""

from datetime import date

import pytest

from septima.metrics.period import Calendar, PeriodError
from septima.web.scorecards.choice import Choice, neighbour, of_grain, offered, read_choice

PLAIN = Calendar()
FROM_APRIL = Calendar(fiscal_year_start=4)


def test_an_address_that_names_no_period_asks_for_the_newest_quarter_that_is_over() -> None:
    assert read_choice({}, PLAIN, date(2026, 11, 28)).period.id == "2026-Q3"
    assert read_choice({}, FROM_APRIL, date(2026, 11, 28)).period.id == "FY2027-Q2"


def test_a_choice_is_wholly_in_its_query() -> None:
    choice = read_choice({"period": "2026-Q3", "by": "region", "of": "Урал"}, PLAIN)
    assert read_choice(choice.query, PLAIN) == choice
    assert read_choice({"period": "2026", "by": "region"}, PLAIN).query == {"period": "2026"}


def test_choices_of_different_slices_are_kept_apart() -> None:
    period = PLAIN.parse("2026-Q3")
    keys = {Choice(period).key, Choice(period, "region", "a").key, Choice(period, "region", "b").key}
    assert len({*keys, Choice(period, "regiona", "").key}) >= 3
    assert Choice(period, "ab", "c").key != Choice(period, "a", "bc").key


@pytest.mark.parametrize("period", ["2026-Q9", "0001", "9999-12", "x"])
def test_a_period_that_there_is_not_is_refused(period: str) -> None:
    with pytest.raises(PeriodError):
        read_choice({"period": period}, PLAIN)


def test_the_calendar_ends_without_an_error() -> None:
    assert neighbour(PLAIN.parse("0001"), -1) is None
    assert neighbour(PLAIN.parse("2026-Q1"), -1) == PLAIN.parse("2025-Q4")


def test_another_grain_holds_the_end_of_the_period() -> None:
    assert of_grain(PLAIN.parse("2026-Q3"), PLAIN, "month").id == "2026-09"
    assert of_grain(PLAIN.parse("2026-Q3"), PLAIN, "year").id == "2026"
    assert of_grain(FROM_APRIL.parse("2026-03"), FROM_APRIL, "year").id == "FY2026"


def test_the_picker_offers_the_running_period_and_the_chosen_one() -> None:
    ids = [one.id for one in offered(PLAIN.parse("2019-Q2"), PLAIN, date(2026, 11, 28))]
    assert ids[0] == "2026-Q4"
    assert ids[-1] == "2019-Q2"
    assert ids == sorted(ids, reverse=True)
