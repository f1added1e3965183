"""Whatever form a value is written in, the same value is read back."""

# ruff: noqa: DTZ001, S608 - the lake keeps times as naive UTC; SQL is made of what the code under test wrote

import datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.lake import forms
from septima.lake.forms import NumberForm

CONNECTION = duckdb.connect()
CONNECTION.execute("SET TimeZone = 'UTC'")

MOMENTS = st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(2068, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)
MONEY = st.decimals(Decimal("-99999999999999.9999"), Decimal("99999999999999.9999"), places=4)


def read(sql: str, value: str) -> object:
    row = CONNECTION.execute(f"SELECT {sql} FROM (SELECT CAST(? AS VARCHAR) AS v)", [value]).fetchone()
    assert row is not None
    return row[0]


@settings(max_examples=60, deadline=None)
@given(MOMENTS, st.sampled_from(["%d.%m.%Y %H:%M:%S", "%m/%d/%y %I:%M:%S %p", "%Y%m%d%H%M%S", "%d-%b-%Y %H:%M:%S"]))
def test_moments_in_a_given_form(moment: datetime.datetime, form: str) -> None:
    assert read(forms.moment("v", (form,), "UTC"), moment.strftime(form)) == moment


@settings(max_examples=60, deadline=None)
@given(MOMENTS, st.integers(-14 * 60, 14 * 60), st.sampled_from(["T", " "]))
def test_iso_moments_with_their_own_offset(moment: datetime.datetime, minutes: int, separator: str) -> None:
    zone = datetime.timezone(datetime.timedelta(minutes=minutes))
    written = moment.replace(tzinfo=datetime.UTC).astimezone(zone).isoformat(sep=separator)
    assert read(forms.moment("v", ("iso",), "Europe/Moscow"), written) == moment


@settings(max_examples=40, deadline=None)
@given(MOMENTS)
def test_epoch_seconds_milliseconds_and_serial_days(moment: datetime.datetime) -> None:
    seconds = int((moment - datetime.datetime(1970, 1, 1)).total_seconds())
    assert read(forms.moment("v", ("unix",), "UTC"), str(seconds)) == moment
    assert read(forms.moment("v", ("unix_ms",), "UTC"), str(seconds * 1000)) == moment
    serial = (moment - datetime.datetime(1899, 12, 30)) / datetime.timedelta(days=1)
    assert read(forms.moment("v", ("excel",), "UTC"), repr(serial)) == moment


def test_local_time_becomes_utc_and_a_day_stays_the_local_day() -> None:
    # Moscow was UTC+3 in January 2024; the evening of the 1st in UTC is the night of the 2nd there.
    assert read(forms.moment("v", ("iso",), "Europe/Moscow"), "2024-01-02 01:30") == datetime.datetime(
        2024, 1, 1, 22, 30
    )
    assert read(forms.day("v", ("iso",), "Europe/Moscow"), "2024-01-01T22:30:00Z") == datetime.date(2024, 1, 2)
    assert read(forms.day("v", ("%d.%m.%Y",), "Europe/Moscow"), "02.01.2024") == datetime.date(2024, 1, 2)


@pytest.mark.parametrize(
    "value",
    [
        "infinity",
        "epoch",
        "today",
        "2024-02-30",
        "2024-13-01",
        "0016-01-01",
        "2024-01-01 (BC)",
        "24",
        "2024-01-01 10:00 Mars/Base",
        "x",
    ],
)
def test_what_is_no_date_is_not_read(value: str) -> None:
    assert read(forms.moment("v", ("iso", "%d.%m.%Y"), "UTC"), value) is None


def test_a_year_of_two_digits_is_not_the_year_16_and_a_short_text_no_compact_date() -> None:
    assert read(forms.moment("v", ("%d-%m-%Y",), "UTC"), "20-10-16") is None
    assert read(forms.moment("v", ("%Y%m%d",), "UTC"), "1997101") is None


def grouped(digits: str, separator: str) -> str:
    head = len(digits) % 3 or 3
    return separator.join([digits[:head], *(digits[i : i + 3] for i in range(head, len(digits), 3))])


@settings(max_examples=120, deadline=None)
@given(
    MONEY,
    st.sampled_from(
        [(".", None), (",", None), (".", ","), (",", "."), (",", " "), (",", "\u00a0"), (".", "\u202f"), (".", "'")]
    ),
    st.sampled_from(["", "{} ₽", "€{}", "$ {}", "{} руб."]),
)
def test_numbers_in_every_form(number: Decimal, separators: tuple[str, str | None], currency: str) -> None:
    point, group = separators
    whole, _, part = f"{abs(number):.4f}".partition(".")
    written = ("-" if number < 0 else "") + (grouped(whole, group) if group else whole) + point + part
    written = currency.format(written) if currency else written
    form = NumberForm(point, group if group in (",", ".") else None)
    assert read(forms.decimal("v", form), written) == number


def test_brackets_and_a_true_minus_are_negative() -> None:
    assert read(forms.decimal("v", NumberForm()), "(1 250.50)") == Decimal("-1250.5000")
    assert read(forms.decimal("v", NumberForm()), "−3") == Decimal("-3.0000")


@pytest.mark.parametrize(
    "value", ["1.2.3", "1,2", "12 34", "1_000", "nan", "inf", "0x10", "--1", "five", "1e400", "100000000000000"]
)
def test_what_is_no_number_is_not_read(value: str) -> None:
    assert read(forms.decimal("v", NumberForm()), value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Да", True), ("no", False), ("1", True), ("0", False), ("TRUE", True), ("2", None), ("maybe", None)],
)
def test_booleans(value: str, expected: bool | None) -> None:
    assert read(forms.boolean("v"), value) is expected
