"""What is wrong in a metric file is told all at once, each with file, line and remedy."""

import textwrap
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.metrics.custom import OwnMetricsError, own_files, own_metrics, starter
from septima.schema import Text

from ...both_languages import check_both, check_statement

GOOD = """\
metrics:
  - id: long_waits
    version: 2
    name: {en: Long waits, ru: Долгие ожидания}
    description: Calls that waited long.
    use: Plan shifts by it.
    unit: count
    direction: less
    perspective: customer_support
    group: support
    owner: Head of calls
    minimum_sample: 5
    source: our handbook, 2025
    kind: count
    table: calls
    filter: waited_s > :least
    parameters: {least: 60}
    by: [department]
    bounds: [0, null]
"""


def read(text: str, **options: object):
    return own_metrics([("metrics/own.yaml", textwrap.dedent(text))], **options)


def mistakes(text: str, **options: object) -> tuple[str, ...]:
    with pytest.raises(OwnMetricsError) as error:
        read(text, **options)
    check_both(error.value)
    said = tuple(check_statement(mistake).en for mistake in error.value.mistakes)
    assert all(mistake in str(error.value) for mistake in said)
    return said


def test_everything_in_the_file_is_read() -> None:
    passport = read(GOOD)["long_waits"].passport
    assert (passport.name, passport.description.ru) == (
        Text("Long waits", "Долгие ожидания"),
        "Calls that waited long.",
    )
    assert (passport.version, passport.unit, passport.direction) == (2, "count", "less")
    assert (passport.perspective, passport.group, passport.minimum_sample) == ("customer_support", "support", 5)
    assert (passport.owner_role.en, passport.use.en) == ("Head of calls", "Plan shifts by it.")
    assert (passport.formula_source, passport.bounds) == ("our handbook, 2025", (0, None))
    assert passport.formula == "n(calls where waited_s > :least)"
    assert passport.primary_data == ("calls.at", "calls.waited_s")
    assert passport.parameters == {"least": 60}


def test_the_fingerprint_changes_with_the_content_alone() -> None:
    first = read(GOOD)["long_waits"].passport
    assert first.definition == f"long_waits v2 · {first.fingerprint}"
    commented = GOOD.replace("    kind: count\n", "    # a comment\n    kind:   count\n")
    assert read(commented)["long_waits"].passport.fingerprint == first.fingerprint
    assert read(GOOD.replace("least: 60", "least: 61"))["long_waits"].passport.fingerprint != first.fingerprint


def test_the_fingerprint_of_a_derived_metric_changes_with_that_of_its_part() -> None:
    text = (
        GOOD
        + "  - {id: half, name: Half, description: Half, unit: count, direction: less, perspective: sales, kind: derived, formula: long_waits / 2}\n"
    )
    first, other = read(text), read(text.replace("least: 60", "least: 61"))
    assert first["half"].passport.fingerprint != other["half"].passport.fingerprint


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: count", "kind: counts", "line 14: `kind` is 'counts'; did you mean 'count'?"),
        ("    kind: count\n", "", "line 2: a metric needs a `kind`"),
        ("    unit: count\n", "    unit: days\n", "line 7: a metric of kind 'count' is of unit 'count'; remove `unit`"),
        ("direction: less", "direction: fewer", "line 8: `direction` is 'fewer'"),
        ("    direction: less\n", "", "line 2: metric 'long_waits' needs `direction`, one of: more, less, target"),
        ("perspective: customer_support", "perspective: support", "line 9: `perspective` is 'support'"),
        ("group: support", "group: suport", "line 10: `group` is 'suport'; did you mean 'support'"),
        ("minimum_sample: 5", "minimum_sample: 0", "line 12: `minimum_sample` is 0; give a whole number from 1 on"),
        ("version: 2", "version: two", "line 3: `version` is 'two'; give a whole number"),
        ("id: long_waits", "id: revenue", "line 2: the catalogue has a metric 'revenue' already"),
        ("id: long_waits", "id: Long waits", "line 2: `id` is 'Long waits'; use small Latin letters"),
        ("    name: {en: Long waits, ru: Долгие ожидания}\n", "", "line 2: metric 'long_waits' needs a `name`"),
        ("ru: Долгие", "de: Долгие", "line 4: `name` must be a text, or one text per language"),
        ("table: calls", "table: call", "line 15: there is no table 'call'; did you mean 'calls'?"),
        ("table: calls", "table: products", "line 15: 'products' has no moment of its own; give `at`"),
        ("filter: waited_s", "filter: waited", "line 16: `filter` over 'calls': there is no column 'waited'; did you mean 'waited_s'"),
        ("waited_s > :least", "waited_s + :least", "line 16: `filter` over 'calls': 'waited_s + :least' is a number; a condition is wanted here"),
        ("{least: 60}", "{most: 60}", "line 16: `filter` over 'calls': there is no parameter :least"),
        ("{least: 60}", "{least: [60]}", "line 17: the parameter 'least' is [60]; give a number"),
        ("by: [department]", "by: [departement]", "line 18: table 'calls' has no column 'departement'; did you mean 'department'"),
        ("by: [department]", "by: [waited_s]", "line 18: column 'waited_s' is of kind number"),
        ("by: [department]", "q: 0.9", "line 18: `q` has no meaning for kind 'count'"),
        ("by: [department]", "bye: [department]", "line 18: unknown key 'bye'; did you mean 'by'"),
        ("by: [department]", "distinct: customer", "line 18: table 'calls' has no column 'customer'; did you mean 'customer_id'"),
        ("by: [department]", "cumulative: monthly", "line 18: `cumulative` is 'monthly'; write true, or {over: year}"),
        ("bounds: [0, null]", "bounds: [2, 1]", "line 19: `bounds` is [2, 1]"),
        ("table: calls", "sql: select 1", "line 15: `sql` is switched off; an administrator may write `allow_sql: true`"),
        ("metrics:\n", "metric:\n", "line 1: unknown key 'metric'; did you mean 'metrics'"),
        ("    kind: count", "   kind: count", "cannot be read as YAML"),
    ],
)  # fmt: skip
def test_mistakes_name_the_line_and_the_remedy(old: str, new: str, message: str) -> None:
    assert old in GOOD
    found = mistakes(GOOD.replace(old, new))
    assert any(mistake.startswith("metrics/own.yaml") and message in mistake for mistake in found), found


def metric(body: str) -> str:
    words = "name: A, description: A, direction: more, perspective: sales"
    return f"metrics:\n  - {{id: own, {words}, {body}}}\n"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("kind: sum, unit: currency, table: orders, column: status", "'status' is a text; a number is wanted here"),
        ("kind: sum, unit: currency, table: orders", "needs either `column` or `expression`"),
        ("kind: mean, unit: currency, table: orders, column: revenu", "table 'orders' has no column 'revenu'"),
        ("kind: mean, unit: currency, table: orders, column: revenue, expression: cost", "needs either"),
        ("kind: quantile, unit: currency, table: orders, column: revenue, q: 90", "`q` is 90; give a share"),
        ("kind: ratio, unit: share, table: orders, numerator: {}", "needs a `denominator`"),
        ("kind: ratio, unit: share, numerator: {}, denominator: {table: orders}", "`table` is not named"),
        ("kind: ratio, unit: share, filter: x, numerator: {table: calls}, denominator: {table: orders}", "`filter` speaks of a `table`"),
        ("kind: ratio, unit: share, table: orders, numerator: {where: x}, denominator: {}", "unknown key 'where'"),
        ("kind: ratio, unit: ratio, table: calls, by: [channel], numerator: {}, denominator: {table: orders}", "table 'calls' has no column 'channel'"),
        ("kind: conversion, base: {table: touches}, target: {table: orders}", "needs `within`, such as 7 days"),
        ("kind: conversion, base: {table: touches}, target: {table: orders}, within: a week", "`within` is 'a week'"),
        ("kind: conversion, base: {table: touches}, within: 7 days", "needs `target`"),
        ("kind: conversion, base: {table: spend}, target: {table: orders}, within: 7 days", "table 'spend' has no customer_id"),
        ("kind: count, table: customers, by: [email]", "column 'email' identifies a person"),
        ("kind: derived, unit: ratio", "needs a `formula`"),
        ("kind: derived, unit: ratio, formula: revenu / 2", "`formula` names 'revenu', which is no metric; did you mean 'revenue'"),
        ("kind: derived, unit: ratio, formula: 1 + 2", "names no metric"),
        ("kind: derived, unit: ratio, formula: revenue ^ 2", "is not allowed in a formula"),
        ("kind: derived, unit: ratio, formula: revenue, parameters: {churn_rate.active_days: 3}", "there is no parameter 'churn_rate.active_days' of a part"),
        ("kind: derived, unit: ratio, formula: revenue, table: orders", "`table` has no meaning for kind 'derived', which has formula"),
        ("kind: derived, unit: ratio, formula: own / 2", "derived from one another in a circle: own → own"),
        ("kind: derived, unit: index, formula: revenue / incremental_revenue", "and joins with no other metric"),
    ],
)  # fmt: skip
def test_mistakes_of_each_kind(body: str, message: str) -> None:
    (mistake,) = mistakes(metric(body))
    assert mistake.startswith("metrics/own.yaml, line 2: ")
    assert message in mistake


def test_a_circle_is_shown() -> None:
    words = "name: A, description: A, direction: more, perspective: sales, unit: ratio, kind: derived"
    text = "metrics:\n" + "".join(
        f"  - {{id: {id_}, {words}, formula: {formula}}}\n"
        for id_, formula in (("one", "two + revenue"), ("two", "three * 2"), ("three", "1 - one"))
    )
    (mistake,) = mistakes(text)
    assert (
        mistake
        == "metrics/own.yaml, line 4: the metrics are derived from one another in a circle: one → two → three → one"
    )


def test_two_metrics_alike_and_all_mistakes_of_all_files_at_once() -> None:
    other = GOOD.replace("    kind: count\n", "    kind: counted\n")
    with pytest.raises(OwnMetricsError) as error:
        own_metrics([("metrics/a.yaml", GOOD), ("metrics/b.yaml", other), ("metrics/c.yaml", "- 1")])
    assert tuple(mistake.en for mistake in error.value.mistakes) == (
        "metrics/b.yaml, line 2: the id 'long_waits' is already taken in metrics/a.yaml, line 2; choose another id",
        "metrics/b.yaml, line 14: `kind` is 'counted'; did you mean 'count'?",
        "metrics/c.yaml, line 1: the file must have the key `metrics:` with a list of metrics below it",
    )
    assert str(error.value).startswith("3 mistakes in the company's own metrics: (1) metrics/b.yaml, line 2: ")


def test_a_metric_that_is_wrong_is_not_reported_again_where_another_names_it() -> None:
    text = GOOD.replace("table: calls", "table: call") + (
        "  - {id: half, name: Half, description: Half, unit: count, direction: less, perspective: sales, kind: derived, formula: long_waits / 2}\n"
    )
    assert len(mistakes(text)) == 1


def test_the_starter_can_be_used_as_it_is() -> None:
    metric = read(starter("resolved_calls"))["resolved_calls"]
    assert metric.passport.interval.en.startswith("Wilson")
    with pytest.raises(ValueError, match="cannot be an id"):
        starter("../x")


def test_files_are_found_in_the_order_of_their_names(tmp_path) -> None:
    (tmp_path / "metrics").mkdir()
    assert own_files(tmp_path / "nowhere") == ()
    for name in ("b.yaml", "a.yml", "notes.txt"):
        (tmp_path / "metrics" / name).write_text("x", encoding="utf-8")
    assert own_files(tmp_path / "metrics") == (("metrics/a.yml", "x"), ("metrics/b.yaml", "x"))
    (tmp_path / "metrics" / "c.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(OwnMetricsError, match=r"metrics/c\.yaml: cannot be read as UTF-8"):
        own_files(tmp_path / "metrics")


LINES = GOOD.splitlines()
VALUES = st.sampled_from(
    ["", "1", "[]", "{}", "null", "true", "x", "[1, {}]", "2026-01-01", "{en: 1}", "'", "- a", "&a", "*a", "!!int x"]
)


@settings(max_examples=150)
@given(st.integers(1, len(LINES) - 1), VALUES, st.text(max_size=5))
def test_whatever_stands_in_a_line_is_read_or_told(line: int, value: str, more: str) -> None:
    key = LINES[line].partition(":")[0]
    text = "\n".join([*LINES[:line], f"{key}: {value}{more}", *LINES[line + 1 :]])
    with suppress(OwnMetricsError):
        assert set(read(text)) <= {"long_waits", value + more, (value + more).strip()}
