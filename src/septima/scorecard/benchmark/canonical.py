"""JSON in the one form that a signature can be made of (RFC 8785, JSON Canonicalization Scheme).

Keys in the order of their UTF-16 code units, no white space, UTF-8, numbers in the shortest form that reads back the
same, written as ECMAScript writes them.
"""

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

_PLAIN_FROM, _PLAIN_UNTIL = -6, 21
_LARGEST_WHOLE = 2**53


def canonical(value: object) -> bytes:
    """The canonical bytes of a value made of dict, list, str, int, float, bool and None.

    ValueError where a number is not finite or a whole number is larger than a double holds; TypeError at any other value.
    """
    return _written(value).encode()


def parse(content: bytes) -> object:
    """The value that bytes of JSON hold; ValueError where they are not UTF-8 or not JSON."""
    return json.loads(content.decode("utf-8"), parse_constant=_refuse, parse_int=_whole)


def _whole(digits: str) -> float:
    """A whole number; as a double where it is past those that a double tells apart, for JSON has no others."""
    number = float(digits)
    return int(digits) if abs(number) <= _LARGEST_WHOLE else number


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _written(value: object) -> str:
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value)
        keys = sorted(items, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{_written(key)}:{_written(items[key])}" for key in keys) + "}"
    if isinstance(value, Sequence):
        return "[" + ",".join(map(_written, cast("Sequence[object]", value))) + "]"
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _number(value: float) -> str:
    """A number as ECMAScript writes it (ECMA-262, Number::toString)."""
    if isinstance(value, int):
        if abs(value) > _LARGEST_WHOLE:
            raise ValueError(f"{value} is larger than a number of JSON can be")
        return str(value)
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number of JSON")
    if not value:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    figures = "".join(map(str, digits))
    point = len(figures) + int(exponent)
    return ("-" if sign else "") + _placed(figures, point)


def _placed(figures: str, point: int) -> str:
    """The digits with the decimal point after `point` of them, as a plain number or with an exponent."""
    if not _PLAIN_FROM < point <= _PLAIN_UNTIL:
        fraction = f".{figures[1:]}" if len(figures) > 1 else ""
        return f"{figures[0]}{fraction}e{point - 1:+d}"
    if point <= 0:
        return f"0.{'0' * -point}{figures}"
    if point >= len(figures):
        return figures + "0" * (point - len(figures))
    return f"{figures[:point]}.{figures[point:]}"
