"""Expressions compute what SQL would, and nothing outside the list of allowed parts gets through."""

import duckdb
import pytest

from septima.lake.expressions import ExpressionError, parse

ROW = {"price": "12.50", "quantity": "3", "name": "Анна ", "code": "A-17-x", "blank": None}


def evaluate(text: str) -> object:
    def as_text(name: str) -> str:
        value = ROW[name]
        return "CAST(NULL AS VARCHAR)" if value is None else f"'{value}'"

    expression = parse(text)
    row = duckdb.execute(
        f"SELECT {expression.sql(as_text, lambda name: f'CAST({as_text(name)} AS DOUBLE)')}"
    ).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("price * quantity", 37.5),
        ("-(price + 2.5) / 3", -5.0),
        ("price % 5", 2.5),
        ("round(price / quantity, 2)", 4.17),
        ("abs(1 - price)", 11.5),
        ("floor(price) + ceil(price)", 25.0),
        ("greatest(price, 5)", 12.5),
        ("upper(trim(name)) || '!'", "АННА!"),
        ("concat(code, '/', quantity)", "A-17-x/3"),
        ("split_part(code, '-', 2)", "17"),
        ("substring(code, 3, 2)", "17"),
        ("replace(code, '-', '')", "A17x"),
        ("regexp_extract(code, '([0-9]+)', 1)", "17"),
        ("coalesce(blank, 'none')", "none"),
        ("nullif(code, 'A-17-x')", None),
        ("case when price > 10 then 'dear' else 'cheap' end", "dear"),
        ("case code when 'A-17-x' then 1 else 0 end", 1.0),
        ("price between 12 and 13 and not quantity = 4", True),
        ("code in ('B', 'A-17-x') or blank is not null", True),
        ("code like 'A-%'", True),
        ("code not like 'A-%'", False),
        ("code not ilike 'b%'", True),
        ("length(code) >= 6", True),
        ("quantity = '3'", True),
    ],
)
def test_values(text: str, value: object) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "read_text('/etc/passwd')",
        "(SELECT 1)",
        "price; DROP TABLE x",
        "price::INTEGER",
        "current_setting('temp_directory')",
        "getenv('HOME')",
        "x.y",
        "price LIMIT 1",
        "CURRENT_DATE",
        "count(*)",
        "name + 'a'",
        "price in (SELECT 1)",
        "price between symmetric 3 and 1",
        "regexp_extract(name, code)",
        "$1",
        "*",
        "",
    ],
)
def test_what_is_not_on_the_list_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_names_and_texts_can_not_break_out_of_their_quotes() -> None:
    expression = parse("concat('it''s', \"odd\"\" name\")")
    assert expression.columns == ('odd" name',)
    written = expression.sql(lambda _: "'c'", lambda _: "1")
    assert duckdb.execute(f"SELECT {written}").fetchall() == [("it'sc",)]
