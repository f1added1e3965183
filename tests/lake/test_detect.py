"""The form of dates and numbers is told from the values, or asked for where nobody can tell."""

import duckdb
import pytest

from septima.lake.detect import date_forms, number_form
from septima.lake.forms import NumberForm
from septima.lake.sql import LoadError
from septima.schema import Text

PLACE = Text("a.csv, column 'price'", "a.csv, столбец «price»")


def forms_of(values: list[str], *, excel: bool = False) -> tuple[str, ...]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE TABLE sample AS SELECT unnest(CAST(? AS VARCHAR[])) AS s0", [values])
    return date_forms(connection, "SELECT s0 FROM sample", "s0", PLACE, excel=excel)


@pytest.mark.parametrize(
    ("values", "first"),
    [
        (["2024-01-02", "2024-01-03T10:00:00Z"], "iso"),
        (["01.02.2024", "03.04.2024"], "%d.%m.%Y"),
        (["01.02.2024 10:20", "03.04.2024 11:30"], "%d.%m.%Y %H:%M"),
        (["01.02.2024, 10:20:30"], "%d.%m.%Y, %H:%M:%S"),
        (["01/02/2024", "25/02/2024"], "%d/%m/%Y"),
        (["01/02/2024", "02/25/2024"], "%m/%d/%Y"),
        (["2/26/2018 19:58", "5/8/2018 20:17"], "%m/%d/%Y %H:%M"),
        (["31-12-99", "01-13-00", "30-11-98"], "%d-%m-%y"),
        (["19970101", "19971231"], "%Y%m%d"),
        (["5 Jan 2024", "17 Mar 2024"], "%d %b %Y"),
        ([], "iso"),
        (["never"], "iso"),
    ],
)
def test_dates(values: list[str], first: str) -> None:
    assert forms_of(values)[0] == first


def test_two_forms_in_one_column_are_both_taken() -> None:
    forms = forms_of(["2024-01-02", "2024-05-17", "25.02.2024"])
    assert {"iso", "%d.%m.%Y"} <= set(forms)


def test_a_month_13_does_not_make_a_second_form_of_the_same_parts() -> None:
    assert not any(form.startswith("%m") for form in forms_of(["31-12-1999", "30-11-1998", "01-13-2000"]))


def test_dates_that_can_be_read_two_ways_are_asked_for() -> None:
    with pytest.raises(LoadError, match=r"a\.csv, column 'price': dates such as '01/02/2024'.*dates: \""):
        forms_of(["01/02/2024", "03/04/2024"])
    with pytest.raises(LoadError, match="no value decides"):
        forms_of(["20-10-16", "25-10-17", "11-03-17"])


def test_serial_days_are_dates_only_in_a_spreadsheet() -> None:
    assert forms_of(["45292", "45293.5"], excel=True) == ("excel",)
    assert forms_of(["45292", "45293.5"]) == ("iso",)


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["1", "25", "-3"], NumberForm(".", None)),
        (["1.5", "1000.25"], NumberForm(".", None)),
        (["1,5", "10,25"], NumberForm(",", None)),
        (["1 234,50", "7,00"], NumberForm(",", None)),
        (["1,234.50", "7.00"], NumberForm(".", ",")),
        (["1.234,50", "7,00"], NumberForm(",", ".")),
        (["$1,234.50", "€7.00"], NumberForm(".", ",")),
        (["1.234", "2.500"], NumberForm(".", None)),
        (["1,234,567"], NumberForm(".", ",")),
        (["abc"], NumberForm(".", None)),
    ],
)
def test_numbers(values: list[str], form: NumberForm) -> None:
    assert number_form(values, PLACE) == form


def test_numbers_that_can_be_read_two_ways_are_asked_for() -> None:
    with pytest.raises(LoadError, match=r"column 'price': numbers such as '1,234'.*decimal"):
        number_form(["1,234", "5"], PLACE)
