"""Formulas over the values of other metrics, such as `revenue / active_customers`, with their slopes.

A value carries its derivative by each metric (forward accumulation; Wengert, 1964), by which the intervals of the
parts become that of the whole.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlglot import exp
from sqlglot.expressions.core import Expr

from septima.metrics.custom.expressions import ExpressionError, kind_of_value, parse_tree, shown
from septima.metrics.definition import FloatArray, MetricError, Parameters
from septima.models.intervals import divide
from septima.schema import Text
from septima.schema.wording import near

_KNOWN = Text(
    "metrics by id, numbers, :parameters, + - * /, parentheses, abs, greatest and least",
    "метрики по\u00a0id, числа, :параметры, + - * /, скобки, abs, greatest и\u00a0least",
)


@dataclass(frozen=True)
class Sloped:
    """A value in every cell and its derivatives by metric."""

    value: FloatArray
    slopes: Mapping[str, FloatArray]


@dataclass(frozen=True)
class Formula:
    """A checked formula: its text, the metrics and parameters that it names, and how it is computed."""

    text: str
    metrics: tuple[str, ...]
    parameters: tuple[str, ...]
    compute: Callable[[Mapping[str, FloatArray], Parameters], Sloped] = field(repr=False, compare=False)


_Step = Callable[[Mapping[str, FloatArray], Parameters], Sloped]


def read_formula(text: str, parameters: Mapping[str, object]) -> Formula:
    """Check a formula; ExpressionError names the part that is not allowed. Whether the metrics exist is not asked."""
    reader = _Reader(parameters)
    compute = reader.read(parse_tree(text))
    if not reader.metrics:
        raise ExpressionError(
            Text(
                f"{text!r} names no metric; write for example revenue / active_customers",
                f"в\u00a0«{text}» не\u00a0названа ни\u00a0одна метрика; пишите, например, revenue / active_customers",
            )
        )
    return Formula(text, tuple(reader.metrics), tuple(reader.parameters), compute)


class _Reader:
    def __init__(self, parameters: Mapping[str, object]) -> None:
        self.metrics: dict[str, None] = {}
        self.parameters: dict[str, None] = {}
        self._given = parameters

    def read(self, node: object) -> _Step:  # noqa: PLR0911 - one answer for each sort of part
        if not isinstance(node, Expr):
            raise ExpressionError(
                Text(
                    "a part of the formula is missing: each operator and function needs its values",
                    "части формулы не\u00a0хватает: каждому оператору и\u00a0каждой функции нужны значения",
                )
            )
        if isinstance(node, exp.Paren):
            return self.read(node.this)
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier) and not node.args.get("table"):
            name = node.name
            self.metrics[name] = None
            return lambda values, _: Sloped(values[name], {name: np.ones_like(values[name])})
        if isinstance(node, exp.Literal) and not node.args.get("is_string"):
            return self._number(node)
        if isinstance(node, exp.Placeholder):
            return self._parameter(node)
        if isinstance(node, exp.Neg | exp.Abs):
            inner, change = self.read(node.this), _negative if isinstance(node, exp.Neg) else _absolute
            return lambda values, parameters: change(inner(values, parameters))
        if type(node) in _OPERATIONS:
            operation = _OPERATIONS[type(node)]
            left, right = self.read(node.this), self.read(node.args.get("expression"))
            return lambda values, parameters: operation(left(values, parameters), right(values, parameters))
        if isinstance(node, exp.Greatest | exp.Least):
            steps = [self.read(part) for part in (node.this, *node.expressions)]
            sign = 1.0 if isinstance(node, exp.Greatest) else -1.0
            return lambda values, parameters: _extreme([step(values, parameters) for step in steps], sign)
        raise ExpressionError(
            Text(
                f"«{shown(node)}» is not allowed in a formula; known are {_KNOWN.en}",
                f"«{shown(node)}» в\u00a0формуле нельзя; известны {_KNOWN.ru}",
            )
        )

    def _number(self, node: Expr) -> _Step:
        try:
            number = float(node.this)
        except (TypeError, ValueError):
            raise ExpressionError(
                Text(f"«{shown(node)}» is not a number", f"«{shown(node)}»\u00a0— не\u00a0число")
            ) from None
        if not np.isfinite(number):
            raise ExpressionError(
                Text(f"«{shown(node)}» is too large a number", f"«{shown(node)}»\u00a0— слишком большое число")
            )
        return lambda values, _: _constant(number, values)

    def _parameter(self, node: Expr) -> _Step:
        name = node.this if isinstance(node.this, str) else ""
        if name not in self._given:
            raise ExpressionError(
                Text(
                    f"there is no parameter :{name}; {near(name, self._given).en}; add it under `parameters`",
                    f"нет параметра :{name}; {near(name, self._given).ru}; добавьте его в\u00a0`parameters`",
                )
            )
        if kind_of_value(self._given[name]) != "number":
            raise ExpressionError(
                Text(
                    f"the parameter :{name} is not a number",
                    f"параметр :{name}\u00a0— не\u00a0число; укажите число в\u00a0`parameters`",
                )
            )
        self.parameters[name] = None

        def given(values: Mapping[str, FloatArray], parameters: Parameters) -> Sloped:
            value: Any = parameters[name]
            if kind_of_value(value) != "number":
                raise MetricError(
                    Text(
                        f"parameter {name!r} must be a number, not {value!r}",
                        f"в\u00a0параметре «{name}» стоит «{value}», а\u00a0нужно число",
                    )
                )
            return _constant(float(value), values)

        return given


def _constant(number: float, values: Mapping[str, FloatArray]) -> Sloped:
    return Sloped(np.full_like(next(iter(values.values())), number), {})


def _combined(left: Sloped, right: Sloped, by_left: FloatArray, by_right: FloatArray) -> dict[str, FloatArray]:
    """The chain rule: slopes of a function of two values, of which the derivatives by either are given."""
    slopes: dict[str, FloatArray] = {}
    for part, factor in ((left, by_left), (right, by_right)):
        for name, slope in part.slopes.items():
            slopes[name] = slopes.get(name, 0.0) + factor * slope
    return slopes


def _sum(left: Sloped, right: Sloped) -> Sloped:
    one = np.ones_like(left.value)
    return Sloped(left.value + right.value, _combined(left, right, one, one))


def _difference(left: Sloped, right: Sloped) -> Sloped:
    return _sum(left, _negative(right))


def _product(left: Sloped, right: Sloped) -> Sloped:
    return Sloped(left.value * right.value, _combined(left, right, right.value, left.value))


def _quotient(left: Sloped, right: Sloped) -> Sloped:
    value = divide(left.value, right.value)
    slopes = _combined(left, right, divide(np.ones_like(left.value), right.value), -divide(value, right.value))
    return Sloped(value, slopes)


def _negative(inner: Sloped) -> Sloped:
    return Sloped(-inner.value, {name: -slope for name, slope in inner.slopes.items()})


def _absolute(inner: Sloped) -> Sloped:
    sign = np.sign(inner.value)
    return Sloped(np.abs(inner.value), {name: sign * slope for name, slope in inner.slopes.items()})


def _extreme(parts: list[Sloped], sign: float) -> Sloped:
    """The greatest (sign 1) or the least (sign −1) of several values; undefined where one of them is."""
    values = np.stack([part.value for part in parts])
    chosen = np.argmax(np.where(np.isnan(values), -np.inf, sign * values), axis=0)
    value = np.where(np.isnan(values).any(axis=0), np.nan, np.take_along_axis(values, chosen[None], axis=0)[0])
    slopes: dict[str, FloatArray] = {}
    for place, part in enumerate(parts):
        for name, slope in part.slopes.items():
            slopes[name] = slopes.get(name, 0.0) + np.where(chosen == place, slope, 0.0)
    return Sloped(value, slopes)


_OPERATIONS: dict[type[Expr], Callable[[Sloped, Sloped], Sloped]] = {
    exp.Add: _sum,
    exp.Sub: _difference,
    exp.Mul: _product,
    exp.Div: _quotient,
}
