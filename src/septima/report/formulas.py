"""Formulas as printed, and with the numbers of a period put in."""

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from septima.report.number_forms import plain
from septima.schema import Language

_SUBSCRIPT = re.compile(r"\b([A-Za-zΑ-Ωα-ω])_(\w+)\b")
_PLACES = 3


def typeset(formula: str) -> Markup:
    """The formula with `C_prev` and the like as subscripts; names of columns such as gross_margin stay."""
    return Markup(_SUBSCRIPT.sub(r"<var>\1</var><sub>\2</sub>", str(escape(formula))))  # noqa: S704 - escaped just before


def with_numbers(terms: Sequence[tuple[float, float | None]], result: float | None, language: Language) -> str:
    """Σ A·x / n of pairs of weight and value: `(1·0,714 + 0,8·(−0,05)) / 2 = 0,337`.

    An undefined value, and a result that it leaves undefined, is written as —.
    """
    inside = " + ".join(f"{weight_text(weight, language)}·{_bracketed(value, language)}" for weight, value in terms)
    return f"({inside}) / {len(terms)} = {plain(result, _PLACES, language)}"


def weight_text(weight: float, language: Language) -> str:
    """A weight with as many places as it was given, four at most."""
    places = next((places for places in range(4) if round(weight, places) == round(weight, 4)), 4)
    return plain(weight, places, language)


def _bracketed(value: float | None, language: Language) -> str:
    text = plain(value, _PLACES, language)
    return f"({text})" if value is not None and value < 0 else text
