"""Expressions mean the same on both engines, and nothing outside the closed language gets through."""

from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.metrics.custom.expressions import ExpressionError, Field, Scope, read_expression
from septima.metrics.custom.formula import read_formula
from septima.metrics.definition import Request

from ...both_languages import check_both

FIELDS = {
    "x": Field("number"),
    "y": Field("number"),
    "s": Field("text"),
    "state": Field("text", ("won", "lost")),
    "b": Field("boolean"),
    "at": Field("timestamp"),
    "day": Field("date"),
}
PARAMETERS = {"least": 2, "word": "ab", "since": date(2026, 1, 5)}
ANY = ("text", "number", "boolean", "timestamp", "date")

TABLE = pa.table(
    {
        "x": pa.array([7.0, -2.5, 2.675, None], pa.float64()),
        "y": pa.array([2.0, 0.0, -3.0, 1.0], pa.float64()),
        "s": ["Ab%c", " a\\b ", "it's\n", None],
        "state": ["won", "lost", None, "won"],
        "b": [True, False, None, True],
        "at": pa.array([datetime.fromisoformat(t) for t in ("2026-01-04 23:30:00", "2026-01-05", "1969-12-31 12:00:00")] + [None], pa.timestamp("us")),
        "day": pa.array([date(2026, 1, 4), date(2026, 1, 5), None, date(2024, 2, 29)], pa.date32()),
    }
)  # fmt: skip

# Each with what it gives in the four rows, worked out by hand.
CASES: list[tuple[str, list[Any]]] = [
    ("x / y", [3.5, None, -2.675 / 3, None]),
    ("7 / 2", [3.5, 3.5, 3.5, 3.5]),
    ("1 / 3 * x", [7 / 3, -2.5 / 3, 2.675 / 3, None]),
    ("x % y", [1, None, 2.675, None]),
    ("x % -2", [1, -0.5, 0.675, None]),
    ("-(x - 1) * 2", [-12, 7, -3.35, None]),
    ("abs(x)", [7, 2.5, 2.675, None]),
    ("round(x)", [7, -3, 3, None]),
    ("round(x, 1)", [7, -2.5, 2.7, None]),
    ("floor(x)", [7, -3, 2, None]),
    ("ceil(x)", [7, -2, 3, None]),
    ("floor(x * 1e300)", [7e300, -2.5e300, 2.675e300, None]),
    ("greatest(x, y)", [7, 0, 2.675, None]),
    ("least(x, 0)", [0, -2.5, 0, None]),
    ("coalesce(x, y, 9)", [7, -2.5, 2.675, 1]),
    ("nullif(x, 7)", [None, -2.5, 2.675, None]),
    ("x > :least", [True, False, True, None]),
    ("x >= 7 or b", [True, False, None, True]),
    ("x >= 7 and b", [True, False, False, None]),
    ("not b", [False, True, None, False]),
    ("b is true", [True, False, False, True]),
    ("b is false", [False, True, False, False]),
    ("b is not true", [False, True, True, False]),
    ("(not b) is null", [False, False, True, False]),
    ("(s not like 'A%') is null", [False, False, False, True]),
    ("(not b) = b", [False, False, None, False]),
    ("not (not b or b is null)", [True, False, False, True]),
    ("-(-x)", [7, -2.5, 2.675, None]),
    ("1 - -x", [8, -1.5, 3.675, None]),
    ("(x in (7, 8)) is null", [False, False, False, True]),
    ("(x > 1 and b) is not null", [True, True, False, False]),
    ("b = false", [False, True, None, False]),
    ("x is null", [False, False, False, True]),
    ("x is not null and y <> 0", [True, False, True, False]),
    ("x in (7, 2.675)", [True, False, True, None]),
    ("x not in (7, 8)", [False, True, True, None]),
    ("x between -3 and 3", [False, True, True, None]),
    ("x not between -3 and 3", [True, False, False, None]),
    ("s = 'Ab%c'", [True, False, False, None]),
    ("s = 'ab%c'", [False, False, False, None]),
    ("s < 'B'", [True, True, False, None]),
    ("s like 'Ab%'", [True, False, False, None]),
    ("s like 'ab%'", [False, False, False, None]),
    ("s not like 'Ab%'", [False, True, True, None]),
    ("not s like 'Ab%'", [False, True, True, None]),
    ("s like '%!%c' escape '!'", [True, False, False, None]),
    ("s like '_a\\b_'", [False, True, False, None]),
    ("s like 'it''s_'", [False, False, True, None]),
    ("s like '%.%'", [False, False, False, None]),
    ("lower(s) like :word or lower(s) = 'ab%c'", None),
    ("lower(s)", ["ab%c", " a\\b ", "it's\n", None]),
    ("upper(trim(s))", ["AB%C", "A\\B", "IT'S", None]),
    ("length(s)", [4, 5, 5, None]),
    ("case when x > 5 then 'big' when b then 'yes' end", ["big", None, None, "yes"]),
    ("case state when 'won' then 1 else 0 end", [1, 0, 0, 1]),
    ("case when b then null else x end", [None, -2.5, 2.675, None]),
    ("state = 'won'", [True, False, None, True]),
    ("year(at)", [2026, 2026, 1969, None]),
    ("month(day)", [1, 1, None, 2]),
    ("day(day)", [4, 5, None, 29]),
    ("hour(at)", [23, 0, 12, None]),
    ("weekday(at)", [7, 1, 3, None]),
    ("weekday(day)", [7, 1, None, 4]),
    ("at >= date '2026-01-05'", [False, True, False, None]),
    ("at >= :since", [False, True, False, None]),
    ("day = :since", [False, True, None, False]),
    ("at > timestamp '2026-01-04 23:00'", [True, True, False, None]),
    ("at > day", [True, False, None, None]),
    ("days_between(day, at)", [23.5 / 24, 0, None, None]),
    ("hours_between(at, date '2026-01-05')", [0.5, 0, (20458 + 0.5) * 24, None]),
]  # fmt: skip
CASES = [(text, values) for text, values in CASES if values is not None]


def evaluated(texts: list[str], rows: Any) -> list[list[Any]]:
    request = Request(lambda _: rows, "all", (), PARAMETERS)
    built = {
        f"e{place}": read_expression(text, FIELDS, PARAMETERS, ANY).build(Scope(rows, PARAMETERS, request))
        for place, text in enumerate(texts)
    }
    frame = rows.mutate(**built).order_by(ibis.asc("n")).select(*built).to_pyarrow()
    return [frame[name].to_pylist() for name in built]


def numbered() -> pa.Table:
    return TABLE.append_column("n", pa.array(range(4)))


def assert_values(found: list[list[Any]]) -> None:
    for (text, expected), values in zip(CASES, found, strict=True):
        for value, wanted in zip(values, expected, strict=True):
            same = value == pytest.approx(wanted) if isinstance(wanted, int | float) else value == wanted
            assert same, f"{text}: {values}, not {expected}"


def test_values() -> None:
    backend = ibis.duckdb.connect()
    backend.con.register("t", numbered())
    assert_values(evaluated([text for text, _ in CASES], backend.table("t")))


@pytest.mark.spark
def test_spark_gives_the_same_values(spark_session: Any, tmp_path: Path) -> None:
    pq.write_table(numbered(), tmp_path / "t.parquet")
    spark_session.read.parquet(str(tmp_path / "t.parquet")).createOrReplaceTempView("own_expressions")
    assert_values(evaluated([text for text, _ in CASES], ibis.pyspark.connect(spark_session).table("own_expressions")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("z > 1", "there is no column 'z'; there are: x, y, s"),
        ("stat = 'won'", "did you mean 'state'"),
        ("state = 'wn'", "the column is never 'wn'; did you mean 'won'"),
        ("x > :leest", "there is no parameter :leest; did you mean 'least'"),
        ("x = 'a'", "«x = 'a'» compares a number with a text"),
        ("x + s", "«s» is a text, not a number"),
        ("x + b", "write case when b then 1 else 0 end"),
        ("x and b", "«x» is a number, not a condition; compare it, as in x is not null"),
        ("s and b", "compare it, as in s = 'web'"),
        ("x = null", "write `is null`"),
        ("at > '2026-01-05'", "write date '2026-01-31'"),
        ("year(s)", "s is a text, not a moment"),
        ("hour(day)", "day is a day, not a moment"),
        ("date '2026-02-30' < at", "is no day or moment"),
        ("case when b then 1 else 'a' end = 1", "gives a number or a text"),
        ("b > true", "conditions have no order"),
        ("s like s", "the pattern must be a text in single quotes"),
        ("sum(x) > 1", "write `kind: sum`"),
        ("date_diff('day', at, day) > 1", "write days_between"),
        ("s ilike 'a'", "write lower"),
        ("x > 1; x > 2", "give one expression"),
        ("x >", "is not understood"),
        ("", "is not understood"),
        ("coalesce(null, null) > 1", "is always null"),
        ("at + interval 7 days > day", "«at» is a moment, not a number; write days_between"),
    ],
)
def test_mistakes_are_told(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as error:
        read_expression(text, FIELDS, PARAMETERS, ("boolean",))
    assert message in check_both(error.value).en


@pytest.mark.parametrize(
    "text",
    [
        "read_text('/etc/passwd') = s",
        "x in (select x from orders)",
        "exists (select 1)",
        "(select 1) = x",
        "getenv('HOME') = s",
        "current_setting('x') = s",
        "s = current_user",
        "now() > at",
        "x::int > 1",
        "cast(s as double) > 1",
        "try_cast(s as double) > 1",
        "t.x > 1",
        "x[1] > 1",
        "s -> 'a' = s",
        "s ~ 'a'",
        "x between symmetric 3 and -3",
        "count(*) > 1",
        "row_number() over () > 1",
        "*",
        "s || 'a' = s",
        "$x > 1",
        "? > 1",
        "x > 1 as y",
        "drop table orders",
        "s = 'a' collate nocase",
        "x ** 2 > 1",
        "x // 2 > 1",
        "columns('.*') > 1",
        "s glob 'a'",
        "x = any(y)",
    ],
)
def test_what_is_not_on_the_list_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        read_expression(text, FIELDS, PARAMETERS, ANY)


def test_texts_cannot_break_out_of_their_quotes() -> None:
    backend = ibis.duckdb.connect()
    backend.con.register("t", numbered())
    assert evaluated(["s = 'a'') or true --'"], backend.table("t")) == [[False, False, False, None]]


@pytest.mark.parametrize(
    "text", ["(" * 3000 + "x" + ")" * 3000, "+".join(["x"] * 1500), "not " * 900 + "b", "x" * 5000]
)
def test_too_long_and_too_deep_ones_are_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        read_expression(text, FIELDS, PARAMETERS, ANY)


WORDS = (
    "x y s b at day :least :word + - * / % ( ) , and or not in between is null like escape case when then else end "
    "coalesce nullif lower trim length abs round floor year hour weekday days_between date timestamp 'a' '%' 1 2.5 = <> < "
    "> true select from where ; :: [ ] { } -> over interval cast set drop table union with pragma copy attach"
)
TEXTS = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(WORDS.split()), max_size=12).map(" ".join))
UNBOUND = ibis.table({"x": "float64", "y": "float64", "s": "string", "state": "string", "b": "boolean", "at": "timestamp", "day": "date"}, name="t")  # fmt: skip


@given(TEXTS)
def test_random_text_is_read_or_refused_and_what_is_read_can_be_written(text: str) -> None:
    try:
        expression = read_expression(text, FIELDS, PARAMETERS, ANY)
    except ExpressionError:
        return
    built = expression.build(Scope(UNBOUND, PARAMETERS, Request(lambda _: UNBOUND, "all", (), PARAMETERS)))
    assert "SELECT" in ibis.to_sql(UNBOUND.select(r=built), dialect="duckdb")


@given(TEXTS)
def test_random_formulas_are_read_or_refused(text: str) -> None:
    with suppress(ExpressionError):
        assert read_formula(text, PARAMETERS).metrics
