"""Numbers as the rules of each language ask, written by hand."""

from datetime import date, datetime

import pytest

from septima.report.number_forms import (
    Digits,
    count,
    day,
    decimals_for,
    moment,
    number_style,
    period_name,
    plain,
    share_of_missing,
)
from septima.scorecard.card import Figure

N = "\u00a0"


@pytest.mark.parametrize(
    ("unit", "figure", "currency", "value", "interval"),
    [
        ("index", Figure(0.42, 0.38, 0.46), None, "0,42", "0,38…0,46"),
        ("index", Figure(-0.05, -0.17, 0.06), None, "−0,05", "−0,17…0,06"),
        ("share", Figure(0.423, 0.398, 0.448), None, f"42,3{N}%", f"39,8…44,8{N}%"),
        ("share", Figure(0.63, 0.59, 0.67), None, f"63{N}%", f"59…67{N}%"),
        ("currency", Figure(48_312_400, 47_100_000, 49_520_000), "RUB", f"48,3{N}млн{N}₽", f"47,1…49,5{N}млн{N}₽"),
        ("currency", Figure(12_345, 12_000, 12_690), "RUB", f"12{N}345{N}₽", f"12{N}000…12{N}690{N}₽"),
        ("currency", Figure(-1_234.6), "USD", f"−1{N}235{N}$", ""),
        ("currency", Figure(2_500_000_000), None, f"2,5{N}млрд", ""),
        ("currency_per_day", Figure(1_500_000), "RUB", f"1,5{N}млн{N}₽ в{N}день", ""),
        ("days", Figure(1), None, f"1,0{N}дня", ""),
        ("hours", Figure(21.04, 20.5, 21.5), None, f"21,0{N}часа", f"20,5…21,5{N}часа"),
        ("count", Figure(12_345), None, f"12{N}345", ""),
        ("score_1_5", Figure(4.321, 4.2, 4.44), None, "4,32", "4,20…4,44"),
        ("per_1000", Figure(14.9, 13.3, 16.6), None, "14,9", "13,3…16,6"),
        ("share", Figure(None), None, "—", ""),
        ("share", Figure(float("nan")), None, "—", ""),
    ],
)
def test_russian_numbers_have_a_comma_hard_spaces_and_a_real_minus(unit, figure, currency, value, interval):
    style = number_style(unit, figure, "ru", currency=currency)
    assert style.value(figure.value) == value
    assert style.interval(figure) == interval


@pytest.mark.parametrize(
    ("unit", "figure", "currency", "value", "interval"),
    [
        ("index", Figure(0.42, 0.38, 0.46), None, "0.42", "0.38–0.46"),
        ("index", Figure(-0.05, -0.17, 0.06), None, "−0.05", f"−0.17{N}to{N}0.06"),
        ("share", Figure(0.423, 0.398, 0.448), None, "42.3%", "39.8–44.8%"),
        ("currency", Figure(48_312_400, 47_100_000, 49_520_000), "USD", "$48.3M", "$47.1–49.5M"),
        ("currency", Figure(-100, -2_000, 1_800), "USD", "−$100", f"−$2,000{N}to{N}$1,800"),
        ("currency", Figure(2_300_000), "CHF", f"CHF{N}2.3M", ""),
        ("days", Figure(3.2, 2.4, 4.0), None, f"3.2{N}days", f"2.4–4.0{N}days"),
        ("count", Figure(12_345), None, "12,345", ""),
    ],
)
def test_english_numbers_never_show_a_dash_beside_a_minus(unit, figure, currency, value, interval):
    style = number_style(unit, figure, "en", currency=currency)
    assert style.value(figure.value) == value
    assert style.interval(figure) == interval


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1 день"), (2, "2 дня"), (5, "5 дней"), (11, "11 дней"), (21, "21 день"), (1.5, "1,5 дня"), (104, "104 дня")],
)
def test_days_take_the_russian_plural_of_the_number_that_is_written(number, words):
    assert number_style("days", Figure(3), "ru").given(number) == words.replace(" ", N)


@pytest.mark.parametrize(
    ("half_width", "places"),
    # The rule of the Particle Data Group: 0.0354 keeps two digits, 0.0356 one, 0.0951 rounds up to 0.10.
    [(0.0354, 3), (0.0356, 2), (0.0949, 2), (0.0951, 2), (0.1, 2), (0.96, 1), (0.5, 1), (2.0, 1), (5.0, 0), (40.0, 0)],
)
def test_digits_follow_the_half_width_of_the_interval(half_width, places):
    digits = Digits(usual=1, fewest=0, most=6)
    expected = places
    assert decimals_for(half_width, digits) == expected


def test_digits_without_an_interval_are_those_of_the_unit():
    assert decimals_for(0, Digits(usual=1, fewest=0, most=3)) == 1
    assert decimals_for(float("inf"), Digits(usual=1, fewest=0, most=3)) == 1


@pytest.mark.parametrize(
    ("unit", "change", "russian", "english"),
    [
        ("share", 0.012, f"+1,2{N}п.{N}п.", f"+1.2{N}pp"),
        ("share", -0.012, f"−1,2{N}п.{N}п.", f"−1.2{N}pp"),
        ("share", -0.0000001, f"0,0{N}п.{N}п.", f"0.0{N}pp"),
        ("index", 0.031, "+0,03", "+0.03"),
        ("index", None, "—", "—"),
    ],
)
def test_changes_carry_a_sign_and_shares_change_by_points(unit, change, russian, english):
    assert number_style(unit, Figure(0.5), "ru").change(change) == russian
    assert number_style(unit, Figure(0.5), "en").change(change) == english


def test_a_target_is_written_as_exactly_as_it_was_given():
    style = number_style("share", Figure(0.4, 0.35, 0.45), "ru")
    assert [style.given(target) for target in (0.4, 0.455, None)] == [f"40{N}%", f"45,5{N}%", "—"]


def test_a_trace_of_missing_records_does_not_read_as_none():
    assert share_of_missing(0.0004, "ru") == f"<{N}0,1{N}%"
    assert share_of_missing(0, "ru") == f"0{N}%"
    assert share_of_missing(0.031, "en") == "3.1%"
    assert share_of_missing(None, "en") == "—"


def test_plain_numbers_round_half_up_and_lose_the_sign_of_zero():
    assert plain(0.125, 2, "en") == "0.13"
    assert plain(-0.001, 2, "en") == "0.00"
    assert count(1_234_567, "ru") == f"1{N}234{N}567"


def test_dates_and_periods_are_in_words():
    assert day(date(2026, 7, 1), "ru") == f"1{N}июля{N}2026{N}г."
    assert moment(datetime(2026, 10, 2, 9, 30), "ru") == f"2{N}октября{N}2026{N}г.,{N}09:30{N}UTC"  # noqa: DTZ001
    assert period_name(date(2026, 7, 1), 92, "x", "ru") == f"3-й{N}кв.{N}2026"
    assert period_name(date(2026, 7, 1), 31, "x", "ru") == f"июль{N}2026"
    assert period_name(date(2026, 7, 1), 92, "x", "en") == f"Q3{N}2026"
    assert period_name(date(2026, 1, 1), 365, "x", "en") == "2026"
    assert period_name(date(2026, 7, 27), 7, "2026-W31", "ru") == "2026-W31"


def test_the_axis_is_named_by_what_its_numbers_count():
    assert number_style("currency", Figure(2e6), "ru", currency="RUB").axis_unit == f"млн{N}₽"
    assert number_style("share", Figure(0.5), "ru").axis_unit == "%"
    assert number_style("days", Figure(2), "ru").axis_unit == "дней"
