"""Expressions of a mapping, such as `price * quantity`: a small, closed part of SQL.

An expression is parsed, never passed on: what is not on the list of allowed parts is refused, and
what is allowed is written anew with every name and literal quoted. Arithmetic and comparison with
numbers read their columns as numbers, in the decimal form of the file; all else reads them as text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.expressions.core import Expr

from septima.lake import expression_words as words
from septima.lake.sql import text_literal
from septima.schema import SeptimaError

Kind = Literal["text", "number", "boolean", "null"]

_ARITHMETIC: dict[type[Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_COMPARISONS: dict[type[Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}


class ExpressionError(SeptimaError):
    """The expression is not understood; the message says which part."""


@dataclass(frozen=True)
class Expression:
    """A checked expression: its text, the source columns it reads and those read as numbers."""

    text: str
    kind: Kind
    columns: tuple[str, ...]
    numbers: tuple[str, ...]
    tree: Expr

    def sql(self, as_text: Callable[[str], str], as_number: Callable[[str], str]) -> str:
        """The expression in SQL; the two functions give the SQL of a source column as text and as a number."""
        return _Writer(as_text, as_number).write(self.tree, self.kind)


def parse(text: str) -> Expression:
    """Check an expression; ExpressionError names the part that is not allowed."""
    try:
        tree = parse_one(text, read="duckdb")
    except SqlglotError as error:
        detail = str(error).split(". Line", maxsplit=1)[0]
        raise ExpressionError(words.not_understood(text, detail)) from None
    texts: list[str] = []
    numbers: list[str] = []

    def note_text(name: str) -> str:
        texts.append(name)
        return "t"

    def note_number(name: str) -> str:
        numbers.append(name)
        return "n"

    kind = _kind(tree)
    try:
        _Writer(note_text, note_number).write(tree, kind)
    except ExpressionError as error:
        raise ExpressionError(error.after(words.within(text))) from None
    return Expression(text, kind, tuple(dict.fromkeys([*texts, *numbers])), tuple(dict.fromkeys(numbers)), tree)


def _kind(node: Expr) -> Kind:  # noqa: PLR0911 - one answer for each sort of part
    """What a part gives; a bare column is text until something asks for a number."""
    if isinstance(node, exp.Paren):
        return _kind(node.this)
    if isinstance(node, exp.Literal):
        return "text" if node.is_string else "number"
    if isinstance(node, exp.Null):
        return "null"
    if isinstance(node, exp.Neg | exp.Round | exp.Abs | exp.Floor | exp.Ceil | exp.Length) or type(node) in _ARITHMETIC:
        return "number"
    if type(node) in _COMPARISONS or isinstance(
        node, exp.And | exp.Or | exp.Not | exp.In | exp.Between | exp.Is | exp.Like | exp.ILike | exp.Boolean
    ):
        return "boolean"
    if isinstance(node, exp.Case):
        branches = [branch.args["true"] for branch in node.args["ifs"]]
        return _common([*branches, *([node.args["default"]] if node.args.get("default") else [])])
    if isinstance(node, exp.Coalesce | exp.Greatest | exp.Least):
        return _common([node.this, *node.expressions])
    if isinstance(node, exp.Nullif):
        return _common([node.this, node.expression])
    return "text"


def _common(nodes: Sequence[Expr]) -> Kind:
    kinds = {_kind(node) for node in nodes} - {"null"}
    if kinds == {"number"} or (
        "number" in kinds and all(_kind(node) == "number" or isinstance(node, exp.Column) for node in nodes)
    ):
        return "number"
    return "boolean" if kinds == {"boolean"} else "text"


@dataclass(frozen=True)
class _Writer:
    as_text: Callable[[str], str]
    as_number: Callable[[str], str]

    def write(self, node: Expr, wanted: Kind) -> str:
        """SQL of a part, of the wanted kind."""
        kind = _kind(node)
        if isinstance(node, exp.Column):
            return self._column(node, wanted)
        if wanted == "boolean" and kind != "boolean":
            raise ExpressionError(words.no_condition(_shown(node)))
        if wanted == "number" and kind in ("text", "boolean"):
            raise ExpressionError(words.no_number(_shown(node)))
        sql = self._part(node, kind)
        return f"CAST({sql} AS VARCHAR)" if wanted == "text" and kind in ("number", "boolean") else sql

    def _column(self, node: exp.Column, wanted: Kind) -> str:
        if node.table:
            raise ExpressionError(words.dotted_name(_shown(node)))
        if wanted == "boolean":
            raise ExpressionError(words.lone_column(_shown(node), node.name))
        return self.as_number(node.name) if wanted == "number" else self.as_text(node.name)

    def _part(self, node: Expr, kind: Kind) -> str:  # noqa: PLR0911 - one form for each sort of part
        if isinstance(node, exp.Paren):
            return f"({self.write(node.this, kind)})"
        if isinstance(node, exp.Literal):
            return text_literal(node.this) if node.is_string else _number_literal(node)
        if isinstance(node, exp.Null):
            return "NULL"
        if isinstance(node, exp.Boolean):
            return "true" if node.this else "false"
        if isinstance(node, exp.Neg):
            return f"(- {self.write(node.this, 'number')})"
        if type(node) in _ARITHMETIC:
            return (
                f"({self.write(node.this, 'number')} {_ARITHMETIC[type(node)]} {self.write(node.expression, 'number')})"
            )
        if kind == "boolean":
            return self._condition(node)
        return self._function(node, kind)

    def _condition(self, node: Expr) -> str:  # noqa: PLR0911 - one form for each sort of condition
        if type(node) in _COMPARISONS:
            side = _compared(node.this, node.expression)
            return f"({self.write(node.this, side)} {_COMPARISONS[type(node)]} {self.write(node.expression, side)})"
        if isinstance(node, exp.And | exp.Or):
            word = "AND" if isinstance(node, exp.And) else "OR"
            return f"({self.write(node.this, 'boolean')} {word} {self.write(node.expression, 'boolean')})"
        if isinstance(node, exp.Not):
            return f"(NOT {self.write(node.this, 'boolean')})"
        if isinstance(node, exp.Is):
            if not isinstance(node.expression, exp.Null):
                raise ExpressionError(words.other_is(_shown(node)))
            return f"({self.write(node.this, _own(node.this))} IS NULL)"
        if isinstance(node, exp.In):
            if not node.expressions:
                raise ExpressionError(words.in_of_nothing(_shown(node)))
            side = _compared(node.this, *node.expressions)
            return (
                f"({self.write(node.this, side)} IN ({', '.join(self.write(item, side) for item in node.expressions)}))"
            )
        if isinstance(node, exp.Between):
            if node.args.get("symmetric"):
                raise ExpressionError(words.symmetric(_shown(node)))
            low, high = node.args["low"], node.args["high"]
            side = _compared(node.this, low, high)
            return f"({self.write(node.this, side)} BETWEEN {self.write(low, side)} AND {self.write(high, side)})"
        if isinstance(node, exp.Like | exp.ILike):
            word = "LIKE" if isinstance(node, exp.Like) else "ILIKE"
            word = f"NOT {word}" if node.args.get("negate") else word
            return f"({self.write(node.this, 'text')} {word} {self.write(node.expression, 'text')})"
        return self._function(node, "boolean")

    def _function(self, node: Expr, kind: Kind) -> str:
        if isinstance(node, exp.Case):
            return self._case(node, kind)
        for sort, write in _FUNCTIONS.items():
            if isinstance(node, sort):
                return write(self, node, kind)
        raise ExpressionError(words.not_allowed(_shown(node)))

    def _case(self, node: exp.Case, kind: Kind) -> str:
        subject: Expr | None = node.args.get("this")
        parts: list[str] = []
        for branch in node.args["ifs"]:
            condition = branch.this if subject is None else exp.EQ(this=subject.copy(), expression=branch.this.copy())
            parts.append(f"WHEN {self.write(condition, 'boolean')} THEN {self.write(branch.args['true'], kind)}")
        default: Expr | None = node.args.get("default")
        if default is not None:
            parts.append(f"ELSE {self.write(default, kind)}")
        return f"(CASE {' '.join(parts)} END)"

    def call(self, name: str, kind: Kind, *nodes: Expr | None) -> str:
        return f"{name}({', '.join(self.write(node, kind) for node in nodes if node is not None)})"


def _many(name: str) -> Callable[[_Writer, Expr, Kind], str]:
    def write(writer: _Writer, node: Expr, kind: Kind) -> str:
        items = node.expressions if node.args.get("this") is None else [node.this, *node.expressions]
        return writer.call(name, kind, *items)

    return write


def _text(name: str, *parts: str) -> Callable[[_Writer, Expr, Kind], str]:
    def write(writer: _Writer, node: Expr, _: Kind) -> str:
        return writer.call(name, "text", node.this, *(node.args.get(part) for part in parts))

    return write


def _number(name: str, *parts: str) -> Callable[[_Writer, Expr, Kind], str]:
    def write(writer: _Writer, node: Expr, _: Kind) -> str:
        return writer.call(name, "number", node.this, *(node.args.get(part) for part in parts))

    return write


def _substring(writer: _Writer, node: Expr, _: Kind) -> str:
    places = [node.args[part] for part in ("start", "length") if node.args.get(part) is not None]
    numbers = "".join(f", TRY_CAST({writer.write(place, 'number')} AS BIGINT)" for place in places)
    return f"substring({writer.write(node.this, 'text')}{numbers})"


def _split_part(writer: _Writer, node: Expr, _: Kind) -> str:
    text, separator = writer.write(node.this, "text"), writer.write(node.args["delimiter"], "text")
    return f"split_part({text}, {separator}, TRY_CAST({writer.write(node.args['part_index'], 'number')} AS BIGINT))"


def _round(writer: _Writer, node: Expr, _: Kind) -> str:
    digits = node.args.get("decimals")
    places = "" if digits is None else f", TRY_CAST({writer.write(digits, 'number')} AS INTEGER)"
    return f"round({writer.write(node.this, 'number')}{places})"


def _regexp_extract(writer: _Writer, node: Expr, _: Kind) -> str:
    pattern, group = node.args["expression"], node.args.get("group")
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        raise ExpressionError(words.no_pattern(_shown(node)))
    number = "0" if group is None else _number_literal(group)
    return f"regexp_extract({writer.write(node.this, 'text')}, {text_literal(pattern.this)}, CAST({number} AS INTEGER))"


def _concat(writer: _Writer, node: Expr, _: Kind) -> str:
    return writer.call("concat", "text", *node.expressions)


def _pipes(writer: _Writer, node: Expr, _: Kind) -> str:
    return f"({writer.write(node.this, 'text')} || {writer.write(node.args['expression'], 'text')})"


def _nullif(writer: _Writer, node: Expr, kind: Kind) -> str:
    return writer.call("nullif", kind, node.this, node.args["expression"])


def _length(writer: _Writer, node: Expr, _: Kind) -> str:
    return f"CAST(length({writer.write(node.this, 'text')}) AS DOUBLE)"


_FUNCTIONS: dict[type[Expr], Callable[[_Writer, Expr, Kind], str]] = {
    exp.Coalesce: _many("coalesce"),
    exp.Greatest: _many("greatest"),
    exp.Least: _many("least"),
    exp.Nullif: _nullif,
    exp.Concat: _concat,
    exp.DPipe: _pipes,
    exp.Lower: _text("lower"),
    exp.Upper: _text("upper"),
    exp.Trim: _text("trim", "expression"),
    exp.Substring: _substring,
    exp.Replace: _text("replace", "expression", "replacement"),
    exp.SplitPart: _split_part,
    exp.RegexpExtract: _regexp_extract,
    exp.Length: _length,
    exp.Round: _round,
    exp.Abs: _number("abs"),
    exp.Floor: _number("floor"),
    exp.Ceil: _number("ceil"),
}


def _compared(*sides: Expr) -> Kind:
    return "number" if any(_kind(side) == "number" for side in sides) else "text"


def _own(node: Expr) -> Kind:
    kind = _kind(node)
    return "text" if kind == "null" else kind


def _number_literal(node: Expr) -> str:
    try:
        number = float(node.this)
    except (TypeError, ValueError):
        raise ExpressionError(words.no_number(_shown(node))) from None
    return f"CAST({number!r} AS DOUBLE)"


def _shown(node: Expr) -> str:
    return node.sql(dialect="duckdb")
