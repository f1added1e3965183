"""Expressions of the company's own metrics: a small, closed part of SQL over the columns of one table.

An expression is parsed, checked and written anew in Ibis; its text never reaches an engine. Every part has a
kind, and what does not fit is told with the part that is wrong. Numbers are computed as floating-point ones, a
division by zero is null, and conditions are three-valued as in SQL: what depends on an unknown value is unknown.
So both engines give the same.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any, Literal, cast

import ibis
from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.expressions.core import Expr

from septima.metrics.definition import Expression, MetricError, Parameters, Request, Rows
from septima.metrics.sources import days_between
from septima.schema import SeptimaError, Text
from septima.schema.wording import hinted, near

Kind = Literal["text", "number", "boolean", "timestamp", "date", "null"]
Build = Callable[["Scope"], Expression]

LONGEST = 4_000
DEEPEST = 80

_IBIS_TYPES: dict[Kind, str] = {
    "text": "string",
    "number": "float64",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "date": "date",
}
_SHOWN_KINDS: dict[Kind, Text] = {
    "text": Text("a text", "текст"),
    "number": Text("a number", "число"),
    "boolean": Text("a condition", "условие"),
    "timestamp": Text("a moment", "момент времени"),
    "date": Text("a day", "день"),
    "null": Text("null", "null"),
}
_SYNTAX = (
    "+ - * / %, = <> < <= > >=, and, or, not, in, between, is null, is true, like, case, coalesce, nullif, lower, upper, "
    "trim, length, abs, round, floor, ceil, greatest, least, year, month, day, hour, weekday, days_between, hours_between, "
    "date '2026-01-31', timestamp '2026-01-31 10:00'"
)
_KNOWN = Text(f"known are {_SYNTAX} and :parameters", f"известны {_SYNTAX} и\u00a0:параметры")
_DAYS_OR_HOURS = Text(
    "write days_between(earlier, later) or hours_between(earlier, later)",
    "пишите days_between(раньше, позже) или hours_between(раньше, позже)",
)
_WEEKDAY = Text(
    "write weekday(column): 1 is Monday, 7 Sunday",
    "пишите weekday(столбец): 1\u00a0— понедельник, 7\u00a0— воскресенье",
)
_WRITTEN_MOMENT = Text(
    "write date '2026-01-31' or timestamp '2026-01-31 10:00'",
    "пишите date '2026-01-31' или timestamp '2026-01-31 10:00'",
)
_REMEDIES: dict[type[Expr], Text] = {
    exp.DateDiff: _DAYS_OR_HOURS,
    exp.Interval: Text(
        "compare days_between(earlier, later) with a number of days",
        "сравнивайте days_between(раньше, позже) с\u00a0числом дней",
    ),
    exp.ILike: Text("write lower(column) like 'pattern'", "пишите lower(столбец) like 'образец'"),
    exp.Count: Text("the metric's `kind` says what is counted", "что считать, говорит `kind` метрики"),
    exp.Sum: Text(
        "write `kind: sum`; an expression speaks of one row",
        "пишите `kind: sum`; выражение относится к\u00a0одной строке",
    ),
    exp.Avg: Text(
        "write `kind: mean`; an expression speaks of one row",
        "пишите `kind: mean`; выражение относится к\u00a0одной строке",
    ),
    exp.CurrentDate: Text(
        "an expression must give the same whenever it is computed",
        "выражение должно давать одно и\u00a0то\u00a0же, когда бы его ни\u00a0вычислили",
    ),
    exp.DayOfWeek: _WEEKDAY,
    exp.DayOfWeekIso: _WEEKDAY,
    exp.Block: Text("give one expression, without `;`", "оставьте одно выражение, без `;`"),
}


class ExpressionError(SeptimaError):
    """The expression is not understood or does not fit the table; the message says which part."""


@dataclass(frozen=True)
class Field:
    """A column that expressions may name: its kind, the values it is bound to, and whether it is money or personal."""

    kind: Kind
    choices: tuple[str, ...] = ()
    money: bool = False
    personal: bool = False


@dataclass(frozen=True)
class Scope:
    """What an expression is computed over."""

    rows: Rows
    parameters: Parameters
    request: Request


@dataclass(frozen=True)
class OwnExpression:
    """A checked expression: its text and kind, the columns and parameters it reads, and how it is built.

    `column` is its name where the expression is a column and nothing else. `conditions` are those that the
    expression joins by `and`, in one spelling.
    """

    text: str
    kind: Kind
    columns: tuple[str, ...]
    parameters: tuple[str, ...]
    build: Build = field(repr=False, compare=False)
    column: str | None = None
    conditions: frozenset[str] = frozenset()


def read_expression(
    text: str, fields: Mapping[str, Field], parameters: Mapping[str, object], wanted: Collection[Kind]
) -> OwnExpression:
    """Check `text` over the columns `fields` and parameters given with their defaults.

    ExpressionError names the part that is not allowed, not known, or not of a kind in `wanted`.
    """
    tree = parse_tree(text)
    reader = _Reader(fields, parameters)
    part = reader.read(tree)
    if part.kind not in wanted:
        raise ExpressionError(
            Text(
                f"{_short(text)!r} is {_SHOWN_KINDS[part.kind].en}; {_alternatives(wanted).en} is wanted here",
                f"«{_short(text)}»\u00a0— это {_SHOWN_KINDS[part.kind].ru}, а\u00a0здесь нужно: "
                f"{_alternatives(wanted).ru}",
            )
        )
    return OwnExpression(
        " ".join(text.split()),
        part.kind,
        tuple(reader.columns),
        tuple(reader.parameters),
        part.build,
        part.column,
        frozenset(shown(condition) for condition in _joined_by_and(tree)),
    )


def joined(one: OwnExpression | None, other: OwnExpression | None) -> OwnExpression | None:
    """Both conditions at once; None is no condition."""
    if one is None or other is None:
        return one or other
    return OwnExpression(
        f"{_in_brackets(one.text)} and {_in_brackets(other.text)}",
        "boolean",
        tuple(dict.fromkeys((*one.columns, *other.columns))),
        tuple(dict.fromkeys((*one.parameters, *other.parameters))),
        lambda scope: one.build(scope) & other.build(scope),
        conditions=one.conditions | other.conditions,
    )


def _in_brackets(condition: str) -> str:
    """A condition that may stand beside `and`."""
    return f"({condition})" if " or " in condition.lower() else condition


def parse_tree(text: str) -> Expr:
    """The tree of an expression; ExpressionError where it is none, or is too long or deep to be read."""
    if len(text) > LONGEST:
        raise ExpressionError(
            Text(
                f"the expression has {len(text):,} characters; at most {LONGEST:,} are read",
                f"в\u00a0выражении {len(text)} символов, а\u00a0читается не\u00a0больше {LONGEST}; сократите его",
            )
        )
    if "\0" in text:
        raise ExpressionError(
            Text("the expression holds a zero byte", "в\u00a0выражении есть нулевой байт; уберите его")
        )
    try:
        tree = parse_one(text, read="duckdb", into=exp.Condition)
    except SqlglotError as error:
        detail = " ".join(
            _without_colours(str(error)).split(". Line", maxsplit=1)[0].split(" into <", maxsplit=1)[0].split()
        )
        raise ExpressionError(
            Text(
                f"{_short(text)!r} is not understood: {_short(detail)}",
                f"выражение «{_short(text)}» не\u00a0разобрать: {_short(detail)}",
            )
        ) from None
    except (RecursionError, ValueError, TypeError, AttributeError, LookupError):
        raise ExpressionError(
            Text(
                f"{_short(text)!r} is not understood",
                f"выражение «{_short(text)}» не\u00a0разобрать; проверьте скобки и\u00a0кавычки",
            )
        ) from None
    _check_depth(tree)
    return tree


def shown(node: Expr) -> str:
    """A part as it is written."""
    return node.sql(comments=False)


def kind_of_value(value: object) -> Kind | None:
    """The kind that a parameter's value has; None where a parameter cannot be such."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number" if math.isfinite(value) else None
    if isinstance(value, str):
        return "text"
    return "date" if isinstance(value, date) and not isinstance(value, datetime) else None


@dataclass(frozen=True)
class _Part:
    """A read part. `moment` builds a day as the moment at which it begins."""

    kind: Kind
    build: Build
    column: str | None = None
    moment: Build | None = None


class _Reader:
    """Reads parts and remembers the columns and parameters that they name, each once."""

    def __init__(self, fields: Mapping[str, Field], parameters: Mapping[str, object]) -> None:
        self.columns: dict[str, None] = {}
        self.parameters: dict[str, None] = {}
        self._fields = fields
        self._given = parameters

    def read(self, node: object) -> _Part:
        if not isinstance(node, Expr):
            raise ExpressionError(
                Text(
                    "a part is missing: each operator and function needs its values",
                    "части выражения не\u00a0хватает: каждому оператору и\u00a0каждой функции нужны значения",
                )
            )
        found = _READERS.get(type(node))
        if found is None:
            remedy = _REMEDIES.get(type(node), _KNOWN)
            raise _refusal(node, f" is not allowed; {remedy.en}", f" здесь нельзя; {remedy.ru}")
        read, arguments = found
        for name, value in node.args.items():
            if name not in arguments and value not in (None, False, []):
                raise _refusal(
                    node, f": this form is not allowed; {_KNOWN.en}", f": такая форма не\u00a0допускается; {_KNOWN.ru}"
                )
        return read(self, node)

    def of_kind(self, node: Expr, wanted: Kind) -> Build:
        part = self.read(node)
        return _as(part, wanted, node)

    def column(self, node: Expr) -> _Part:
        name = node.name
        if node.args.get("table") is not None or not isinstance(node.this, exp.Identifier):
            raise _refusal(node, ": write the column's name alone", ": пишите только имя столбца")
        declared = self._fields.get(name)
        if declared is None:
            raise ExpressionError(
                hinted(f"there is no column {name!r}", f"нет столбца «{name}»", near(name, self._fields))
            )
        self.columns[name] = None
        if declared.kind == "number":
            return _Part("number", lambda scope: scope.rows[name].cast("float64"), name)
        moment: Build | None = None
        if declared.kind == "date":
            moment = lambda scope: scope.request.beginning(scope.rows[name])  # noqa: E731 - it is the value of a field
        return _Part(declared.kind, lambda scope: scope.rows[name], name, moment)

    def parameter(self, node: Expr) -> _Part:
        name = node.this if isinstance(node.this, str) else ""
        if name not in self._given:
            raise ExpressionError(
                Text(
                    f"there is no parameter :{name}; {near(name, self._given).en}; add it under `parameters`",
                    f"нет параметра :{name}; {near(name, self._given).ru}; добавьте его в\u00a0`parameters`",
                )
            )
        kind = kind_of_value(self._given[name])
        if kind is None:
            raise ExpressionError(
                Text(
                    f"the parameter :{name} is neither a number, a text, true or false, nor a day",
                    f"параметр :{name}\u00a0— не\u00a0число, не\u00a0текст, не\u00a0true или false и\u00a0не\u00a0день",
                )
            )
        self.parameters[name] = None

        def given(scope: Scope) -> Any:
            value = scope.parameters[name]
            if kind_of_value(value) != kind:
                raise MetricError(
                    Text(
                        f"parameter {name!r} must be {_SHOWN_KINDS[kind].en}, not {value!r}",
                        f"в\u00a0параметре «{name}» стоит «{value}», а\u00a0нужно: {_SHOWN_KINDS[kind].ru}",
                    )
                )
            return value

        moment: Build | None = None
        if kind == "date":
            moment = lambda scope: scope.request.moment(given(scope))  # noqa: E731 - it is the value of a field
        return _Part(kind, lambda scope: _literal(given(scope), kind), moment=moment)

    def literal(self, node: Expr) -> _Part:
        if node.args.get("is_string"):
            value = str(node.this)
            return _Part("text", lambda _: _literal(value, "text"))
        try:
            number = float(node.this)
        except (TypeError, ValueError):
            raise _refusal(node, " is not a number", "\u00a0— не\u00a0число") from None
        if not math.isfinite(number):
            raise _refusal(node, " is too large a number", "\u00a0— слишком большое число")
        return _Part("number", lambda _: _literal(number, "number"))

    def truth(self, node: Expr) -> _Part:
        value = bool(node.this)
        return _Part("boolean", lambda _: ibis.literal(value))

    def moment_literal(self, node: Expr) -> _Part:
        """`date '2026-01-31'` and `timestamp '2026-01-31 10:00'` are parsed as casts of a text."""
        to, content = node.args.get("to"), node.this
        if not (isinstance(content, exp.Literal) and content.is_string) or not isinstance(to, exp.DataType):
            raise _refusal(
                node, f": values are not cast; {_KNOWN.en}", f": значения не\u00a0преобразуются; {_KNOWN.ru}"
            )
        try:
            if to.this == exp.DType.DATE:
                day = date.fromisoformat(content.this)
                return _Part("date", lambda _: ibis.literal(day), moment=lambda scope: scope.request.moment(day))
            if to.this in (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ):
                moment = datetime.fromisoformat(content.this)
                if moment.tzinfo is None:
                    return _Part("timestamp", lambda scope: ibis.literal(scope.request.calendar.offsets.to_utc(moment)))
        except ValueError:
            pass
        raise _refusal(
            node,
            f" is no day or moment; {_WRITTEN_MOMENT.en}",
            f"\u00a0— не\u00a0день и\u00a0не\u00a0момент времени; {_WRITTEN_MOMENT.ru}",
        )

    def nothing(self, _: Expr) -> _Part:
        return _Part("null", lambda _: ibis.null())

    def paren(self, node: Expr) -> _Part:
        return self.read(node.this)

    def negative(self, node: Expr) -> _Part:
        inner = self.of_kind(node.this, "number")
        return _Part("number", lambda scope: -inner(scope))

    def arithmetic(self, node: Expr) -> _Part:
        left, right = (self.of_kind(side, "number") for side in (node.this, node.args["expression"]))
        operation = _ARITHMETIC[type(node)]
        return _Part("number", lambda scope: operation(left(scope), right(scope)))

    def comparison(self, node: Expr) -> _Part:
        (left, right), kind = self.alike(node, node.this, node.args["expression"])
        operation = _COMPARISONS[type(node)]
        if kind == "boolean" and not isinstance(node, exp.EQ | exp.NEQ):
            raise _refusal(
                node, ": conditions have no order", ": условия нельзя сравнивать на\u00a0больше и\u00a0меньше"
            )
        return _Part("boolean", lambda scope: operation(left(scope), right(scope)))

    def alike(self, node: Expr, *sides: Expr) -> tuple[list[Build], Kind]:
        """The sides of a comparison as values of one kind."""
        parts = [self.read(side) for side in sides]
        if any(part.kind == "null" for part in parts):
            raise _refusal(
                node,
                " is never true; write `is null` or `is not null`",
                " никогда не\u00a0выполняется; пишите `is null` или `is not null`",
            )
        kinds = {part.kind for part in parts}
        kind: Kind = "timestamp" if kinds == {"timestamp", "date"} else parts[0].kind
        if kinds & {"timestamp", "date"} and "text" in kinds:
            raise _refusal(
                node,
                f" compares a moment with a text; {_WRITTEN_MOMENT.en}",
                f": момент времени сравнивается с\u00a0текстом; {_WRITTEN_MOMENT.ru}",
            )
        if len(kinds) > 1 and kinds != {"timestamp", "date"}:
            raise ExpressionError(_different(node, [part.kind for part in parts[:2]]))
        self._check_choices(parts, sides)
        values = [_as(part, kind, side) for part, side in zip(parts, sides, strict=True)]
        return [_apart(value) for value in values] if kind == "boolean" else values, kind

    def _check_choices(self, parts: Sequence[_Part], sides: Sequence[Expr]) -> None:
        """A column that is bound to certain values is never equal to another one: that is a slip of the pen."""
        columns = [part.column for part in parts if part.column is not None]
        choices = next((self._fields[name].choices for name in columns), ())
        for side in sides:
            if choices and isinstance(side, exp.Literal) and side.is_string and side.this not in choices:
                raise ExpressionError(
                    hinted(
                        f"the column is never {side.this!r}",
                        f"в\u00a0столбце не\u00a0бывает значения «{side.this}»",
                        near(side.this, choices),
                    )
                )

    def both(self, node: Expr) -> _Part:
        left, right = (self.of_kind(side, "boolean") for side in (node.this, node.args["expression"]))
        if isinstance(node, exp.And):
            return _Part("boolean", lambda scope: left(scope) & right(scope))
        return _Part("boolean", lambda scope: left(scope) | right(scope))

    def opposite(self, node: Expr) -> _Part:
        inner = self.of_kind(node.this, "boolean")
        return _Part("boolean", lambda scope: ~inner(scope))

    def state(self, node: Expr) -> _Part:
        asked = node.args["expression"]
        if isinstance(asked, exp.Null):
            inner = self.read(node.this)
            if inner.kind == "null":
                raise _refusal(node, " says nothing", " ничего не\u00a0проверяет; назовите столбец")
            if inner.kind == "boolean":
                return _Part("boolean", lambda scope: apart(inner.build(scope)).isnull())
            return _Part("boolean", lambda scope: inner.build(scope).isnull())
        if isinstance(asked, exp.Boolean):
            condition, value = self.of_kind(node.this, "boolean"), bool(asked.this)
            return _Part(
                "boolean",
                lambda scope: (condition(scope) if value else ~condition(scope)).fill_null(False),
            )
        raise _refusal(
            node,
            ": only is null, is true and is false are understood",
            ": допустимы только is null, is true и\u00a0is false",
        )

    def within(self, node: Expr) -> _Part:
        if not node.expressions:
            raise _refusal(node, ": `in` needs a list of values", ": для `in` нужен список значений")
        (subject, *members), _ = self.alike(node, node.this, *node.expressions)
        return _Part("boolean", lambda scope: subject(scope).isin([member(scope) for member in members]))

    def between(self, node: Expr) -> _Part:
        (subject, low, high), _ = self.alike(node, node.this, node.args["low"], node.args["high"])
        return _Part("boolean", lambda scope: (subject(scope) >= low(scope)) & (subject(scope) <= high(scope)))

    def like(self, node: Expr) -> _Part:
        return self._like(node, None)

    def escaped_like(self, node: Expr) -> _Part:
        escape = node.args["expression"]
        if type(node.this) is not exp.Like or not (isinstance(escape, exp.Literal) and len(str(escape.this)) == 1):
            raise _refusal(
                node,
                ": `escape` follows a `like` and is one character",
                ": `escape` пишется после `like` и\u00a0состоит из\u00a0одного символа",
            )
        if any(value for name, value in node.this.args.items() if name not in _READERS[exp.Like][1]):
            raise _refusal(node, ": this form is not allowed", ": такая форма не\u00a0допускается")
        return self._like(node.this, str(escape.this))

    def _like(self, node: Expr, escape: str | None) -> _Part:
        pattern = node.args["expression"]
        if not (isinstance(pattern, exp.Literal) and pattern.is_string):
            raise _refusal(
                node,
                ": the pattern must be a text in single quotes",
                ": образец должен быть текстом в\u00a0одинарных кавычках",
            )
        subject, form = self.of_kind(node.this, "text"), _pattern(str(pattern.this), escape)
        if node.args.get("negate"):
            return _Part("boolean", lambda scope: ~subject(scope).re_search(form))
        return _Part("boolean", lambda scope: subject(scope).re_search(form))

    def case(self, node: Expr) -> _Part:
        branches = cast("list[Expr]", node.args["ifs"])
        subject: Expr | None = node.args.get("this")
        default: Expr | None = node.args.get("default")
        conditions = [
            self.of_kind(branch.this, "boolean") if subject is None else self._equal(branch, subject, branch.this)
            for branch in branches
        ]
        results = [branch.args["true"] for branch in branches] + ([] if default is None else [default])
        values, kind = self.common(node, results)
        absent = _as(_Part("null", lambda _: ibis.null()), kind, node)

        def build(scope: Scope) -> Expression:
            pairs = [(condition(scope), value(scope)) for condition, value in zip(conditions, values, strict=False)]
            return ibis.cases(*pairs, else_=(values[-1] if default is not None else absent)(scope))

        return _Part(kind, build)

    def _equal(self, node: Expr, left: Expr, right: Expr) -> Build:
        (one, other), _ = self.alike(node, left, right)
        return lambda scope: one(scope) == other(scope)

    def common(self, node: Expr, nodes: Sequence[Expr]) -> tuple[list[Build], Kind]:
        """Values of which one is given, as one kind."""
        parts = [self.read(one) for one in nodes]
        kinds: set[Kind] = {part.kind for part in parts if part.kind != "null"}
        if not kinds:
            raise _refusal(node, " is always null", " всегда null; укажите хотя бы\u00a0одно значение")
        kind: Kind = "timestamp" if kinds == {"timestamp", "date"} else next(iter(kinds))
        if len(kinds) > 1 and kinds != {"timestamp", "date"}:
            raise _refusal(
                node,
                f" gives {' or '.join(sorted(_SHOWN_KINDS[one].en for one in kinds))}; let it give one kind",
                f" даёт значения разного вида: {', '.join(sorted(_SHOWN_KINDS[one].ru for one in kinds))}; нужен один "
                "вид",
            )
        return [_as(part, kind, one) for part, one in zip(parts, nodes, strict=True)], kind

    def one_of(self, node: Expr) -> _Part:
        values, kind = self.common(node, [node.this, *node.expressions])
        choose = _CHOICES[type(node)]
        if kind == "boolean" and not isinstance(node, exp.Coalesce):
            raise _refusal(
                node, ": conditions have no order", ": условия нельзя сравнивать на\u00a0больше и\u00a0меньше"
            )
        return _Part(kind, lambda scope: choose(*(value(scope) for value in values)))

    def nullif(self, node: Expr) -> _Part:
        (value, other), kind = self.alike(node, node.this, node.args["expression"])
        return _Part(kind, lambda scope: value(scope).nullif(other(scope)))

    def text_function(self, node: Expr) -> _Part:
        inner, change = self.of_kind(node.this, "text"), _TEXT_FUNCTIONS[type(node)]
        return _Part("text", lambda scope: change(inner(scope)))

    def length(self, node: Expr) -> _Part:
        inner = self.of_kind(node.this, "text")
        return _Part("number", lambda scope: inner(scope).length().cast("float64"))

    def number_function(self, node: Expr) -> _Part:
        inner, change = self.of_kind(node.this, "number"), _NUMBER_FUNCTIONS[type(node)]
        return _Part("number", lambda scope: change(inner(scope)))

    def rounded(self, node: Expr) -> _Part:
        inner, digits = self.of_kind(node.this, "number"), node.args.get("decimals")
        if digits is not None and not (isinstance(digits, exp.Literal) and str(digits.this) in _DIGITS):
            raise _refusal(
                node,
                f": the number of digits is one of {', '.join(_DIGITS)}",
                f": число знаков\u00a0— одно из\u00a0{', '.join(_DIGITS)}",
            )
        places = 0 if digits is None else int(digits.this)
        return _Part("number", lambda scope: _round(inner(scope), places))

    def part_of_date(self, node: Expr) -> _Part:
        return self._date_part(node, node.this, _DATE_PARTS[type(node)])

    def named(self, node: Expr) -> _Part:
        name, arguments = str(node.this).lower(), node.expressions
        if name == "weekday" and len(arguments) == 1:
            return self._date_part(node, arguments[0], lambda at: at.day_of_week.index() + 1)
        if name in _SPANS and len(arguments) == 2:
            earlier, later = (self._moment(node, argument) for argument in arguments)
            units = _SPANS[name]
            return _Part("number", lambda scope: days_between(earlier(scope), later(scope)) * _literal(units, "number"))
        raise _refusal(node, f" is not allowed; {_KNOWN.en}", f" здесь нельзя; {_KNOWN.ru}")

    def _moment(self, node: Expr, argument: Expr) -> Build:
        part = self.read(argument)
        if part.kind not in ("timestamp", "date"):
            raise _refusal(
                node,
                f": {shown(argument)} is {_SHOWN_KINDS[part.kind].en}, not a moment or a day",
                f": {shown(argument)}\u00a0— это {_SHOWN_KINDS[part.kind].ru}, а\u00a0нужен момент времени или день",
            )
        return _as(part, "timestamp", argument)

    def _date_part(self, node: Expr, argument: Expr, take: Callable[[Any], Expression]) -> _Part:
        part = self.read(argument)
        if part.kind == "date" and not isinstance(node, exp.Hour):
            return _Part("number", lambda scope: take(part.build(scope)).cast("float64"))
        if part.kind != "timestamp":
            raise _refusal(
                node,
                f": {shown(argument)} is {_SHOWN_KINDS[part.kind].en}, not a moment",
                f": {shown(argument)}\u00a0— это {_SHOWN_KINDS[part.kind].ru}, а\u00a0нужен момент времени",
            )
        return _Part("number", lambda scope: take(_local(scope, part.build(scope))).cast("float64"))


def _local(scope: Scope, moment: Expression) -> Expression:
    """A moment as the clock of the company shows it."""
    return scope.request.calendar.offsets.local_of(moment)


def _as(part: _Part, wanted: Kind, node: Expr) -> Build:
    if part.kind == wanted:
        return part.build
    if part.kind == "null":
        return lambda _: ibis.null(_IBIS_TYPES[wanted])
    if wanted == "timestamp" and part.moment is not None:
        return part.moment
    hint = Text("", "")
    if part.kind == "boolean" and wanted == "number":
        case = f"case when {shown(node)} then 1 else 0 end"
        hint = Text(f"; write {case}", f"; пишите {case}")
    if part.kind in ("timestamp", "date") and wanted == "number":
        hint = _DAYS_OR_HOURS.after("; ")
    if wanted == "boolean" and part.column is not None:
        compared = f"{part.column} {'= ' + repr('web') if part.kind == 'text' else 'is not null'}"
        hint = Text(f"; compare it, as in {compared}", f"; сравните его: {compared}")
    raise _refusal(
        node,
        f" is {_SHOWN_KINDS[part.kind].en}, not {_SHOWN_KINDS[wanted].en}{hint.en}",
        f"\u00a0— это {_SHOWN_KINDS[part.kind].ru}, а\u00a0нужно: {_SHOWN_KINDS[wanted].ru}{hint.ru}",
    )


def _apart(condition: Build) -> Build:
    return lambda scope: apart(condition(scope))


def _literal(value: Any, kind: Kind) -> Expression:
    if kind == "number":
        # Engines read 0.1 as a decimal and compute with a few digits; out of a text comes the nearest double.
        return ibis.literal(repr(float(value))).cast("float64")
    return ibis.literal(value)


def apart(condition: Any) -> Expression:
    """A condition that may be compared or asked whether it is null.

    Ibis writes `not x` and `x in (…)` without brackets: (not x) is null would be read as not (x is null), and
    (x in (…)) is null not at all by Spark.
    """
    return ibis.cases((condition, ibis.literal(True)), (~condition, ibis.literal(False)), else_=ibis.null("boolean"))


def _floor(number: Any) -> Expression:
    """The greatest whole number that is not above; engines' own answer with an integer, which large numbers overflow."""
    rest = number % _literal(1, "number")
    whole = number - rest
    return ibis.ifelse(rest < _literal(0, "number"), whole - _literal(1, "number"), whole)


def _of_known(choose: Callable[..., Expression], values: Sequence[Any]) -> Expression:
    """The choice among values that are all known; engines leave out unknown ones, so that an absent delivery would be none late."""
    absent: Any = reduce(or_, (value.isnull() for value in values))
    return ibis.cases((absent, ibis.null(values[0].type())), else_=choose(*values))


def _round(number: Any, places: int) -> Expression:
    """Rounded half away from zero, computed alike everywhere: engines differ in how they round a binary fraction."""
    scale = _literal(10.0**places, "number")
    size = _floor(number.abs() * scale + _literal(0.5, "number")) / scale
    return ibis.ifelse(number < _literal(0, "number"), -size, size)


def _pattern(like: str, escape: str | None) -> str:
    """A `like` pattern as a regular expression that RE2 and Java read alike."""
    parts: list[str] = []
    characters = iter(like)
    for character in characters:
        if character == escape:
            following = next(characters, None)
            if following is None:
                raise ExpressionError(
                    Text(
                        f"the pattern {like!r} ends with its escape character",
                        f"образец «{like}» заканчивается символом `escape`; уберите его или допишите символ после него",
                    )
                )
            parts.append(f"\\x{{{ord(following):X}}}")
        elif character in "%_":
            parts.append("(?s:.*)" if character == "%" else "(?s:.)")
        elif 0xD800 <= ord(character) <= 0xDFFF:
            raise ExpressionError(
                Text(f"the pattern {like!r} is no text", f"образец «{like}»\u00a0— не\u00a0текст; наберите его заново")
            )
        else:
            parts.append(f"\\x{{{ord(character):X}}}")
    return rf"\A{''.join(parts)}\z"


def _joined_by_and(node: Expr) -> list[Expr]:
    if isinstance(node, exp.Paren):
        return _joined_by_and(node.this)
    if isinstance(node, exp.And):
        return [*_joined_by_and(node.this), *_joined_by_and(node.args["expression"])]
    return [node]


def _check_depth(tree: Expr) -> None:
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise ExpressionError(
                Text(
                    f"the expression is nested more than {DEEPEST} deep; split it or use `in` and `case`",
                    f"вложенность выражения больше {DEEPEST}; разбейте его или возьмите `in` и\u00a0`case`",
                )
            )
        level = [child for node in level for child in node.iter_expressions()]


def _part_of(node: Expr) -> str:
    return f"«{_short(shown(node))}»"


def _refusal(node: Expr, en: str, ru: str) -> ExpressionError:
    """The error that names a part of the expression and says, after its name, what is wrong with it."""
    return ExpressionError(Text(f"{_part_of(node)}{en}", f"{_part_of(node)}{ru}"))


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"


def _alternatives(kinds: Collection[Kind]) -> Text:
    named = [_SHOWN_KINDS[kind] for kind in kinds]
    return Text(" or ".join(one.en for one in named), " или\u00a0".join(one.ru for one in named))


def _different(node: Expr, kinds: Sequence[Kind]) -> Text:
    """That values of several kinds are compared, of which `kinds` are the first two."""
    one, other = (_SHOWN_KINDS[kind] for kind in kinds)
    if one == other:
        return Text(
            f"{_part_of(node)} compares values of different kinds",
            f"{_part_of(node)}: сравниваются значения разного вида; приведите их к\u00a0одному",
        )
    return Text(
        f"{_part_of(node)} compares {one.en} with {other.en}",
        f"{_part_of(node)}: сравниваются разные виды значений: {one.ru} и\u00a0{other.ru}; приведите их к\u00a0одному",
    )


def _without_colours(text: str) -> str:
    return text.replace("\x1b[4m", "").replace("\x1b[0m", "")


def _ratio(left: Any, right: Any) -> Expression:
    return left / right.nullif(_literal(0, "number"))


def _rest(left: Any, right: Any) -> Expression:
    return left % right.nullif(_literal(0, "number"))


_ARITHMETIC: dict[type[Expr], Callable[[Any, Any], Expression]] = {
    exp.Add: lambda left, right: left + right,
    exp.Sub: lambda left, right: left - right,
    exp.Mul: lambda left, right: left * right,
    exp.Div: _ratio,
    exp.Mod: _rest,
}
_COMPARISONS: dict[type[Expr], Callable[[Any, Any], Expression]] = {
    exp.EQ: lambda left, right: left == right,
    exp.NEQ: lambda left, right: left != right,
    exp.GT: lambda left, right: left > right,
    exp.GTE: lambda left, right: left >= right,
    exp.LT: lambda left, right: left < right,
    exp.LTE: lambda left, right: left <= right,
}
_CHOICES: dict[type[Expr], Callable[..., Expression]] = {
    exp.Coalesce: ibis.coalesce,
    exp.Greatest: lambda *values: _of_known(ibis.greatest, values),
    exp.Least: lambda *values: _of_known(ibis.least, values),
}
_TEXT_FUNCTIONS: dict[type[Expr], Callable[[Any], Expression]] = {
    exp.Lower: lambda text: text.lower(),
    exp.Upper: lambda text: text.upper(),
    exp.Trim: lambda text: text.strip(),
}
_NUMBER_FUNCTIONS: dict[type[Expr], Callable[[Any], Expression]] = {
    exp.Abs: lambda number: number.abs(),
    exp.Floor: _floor,
    exp.Ceil: lambda number: -_floor(-number),
}
_DATE_PARTS: dict[type[Expr], Callable[[Any], Expression]] = {
    exp.Year: lambda at: at.year(),
    exp.Month: lambda at: at.month(),
    exp.Day: lambda at: at.day(),
    exp.Hour: lambda at: at.hour(),
}
_SPANS = {"days_between": 1.0, "hours_between": 24.0}
_DIGITS = tuple(str(digits) for digits in range(7))

_BINARY = ("this", "expression")
_READERS: dict[type[Expr], tuple[Callable[[_Reader, Expr], _Part], tuple[str, ...]]] = {
    exp.Column: (_Reader.column, ("this", "table", "db", "catalog")),
    exp.Placeholder: (_Reader.parameter, ("this",)),
    exp.Literal: (_Reader.literal, ("this", "is_string")),
    exp.Boolean: (_Reader.truth, ("this",)),
    exp.Null: (_Reader.nothing, ()),
    exp.Cast: (_Reader.moment_literal, ("this", "to")),
    exp.Paren: (_Reader.paren, ("this",)),
    exp.Neg: (_Reader.negative, ("this",)),
    **dict.fromkeys(_ARITHMETIC, (_Reader.arithmetic, (*_BINARY, "typed", "safe"))),
    **dict.fromkeys(_COMPARISONS, (_Reader.comparison, _BINARY)),
    exp.And: (_Reader.both, _BINARY),
    exp.Or: (_Reader.both, _BINARY),
    exp.Not: (_Reader.opposite, ("this",)),
    exp.Is: (_Reader.state, _BINARY),
    exp.In: (_Reader.within, ("this", "expressions")),
    exp.Between: (_Reader.between, ("this", "low", "high")),
    exp.Like: (_Reader.like, (*_BINARY, "negate")),
    exp.Escape: (_Reader.escaped_like, _BINARY),
    exp.Case: (_Reader.case, ("this", "ifs", "default")),
    **dict.fromkeys(_CHOICES, (_Reader.one_of, ("this", "expressions", "ignore_nulls"))),
    exp.Nullif: (_Reader.nullif, _BINARY),
    **dict.fromkeys(_TEXT_FUNCTIONS, (_Reader.text_function, ("this",))),
    exp.Length: (_Reader.length, ("this",)),
    **dict.fromkeys(_NUMBER_FUNCTIONS, (_Reader.number_function, ("this",))),
    exp.Round: (_Reader.rounded, ("this", "decimals")),
    **dict.fromkeys(_DATE_PARTS, (_Reader.part_of_date, ("this",))),
    exp.Anonymous: (_Reader.named, ("this", "expressions")),
}
