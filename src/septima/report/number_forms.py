"""Numbers as a reader of English or Russian expects them, no more precise than their interval.

Digits follow the rule of the Particle Data Group (Review of Particle Physics, 2022, section 5.3):
of the half-width of the interval two digits are kept where they read 10…35, one where they read
36…94, and 95…99 round up. Signs, groups, currencies and plural forms come from the CLDR by Babel.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, get_currency_symbol
from babel.units import format_unit

from septima.schema import Language, Text
from septima.scorecard.card import Figure

MINUS = "\u2212"
UNDEFINED_SIGN = "\u2014"
NBSP = "\u00a0"

_NARROW_SYMBOLS = {
    "RUB": "₽",
    "KZT": "₸",
    "UAH": "₴",
}  # CLDR has them, Babel gives only the wide form outside the country
_NUMBER_PATTERN = re.compile(r"[#,0.]+")
_POINTS = Text(f"{NBSP}pp", f"{NBSP}п.{NBSP}п.")
_PER_DAY = Text(f" a{NBSP}day", f" в{NBSP}день")  # an ordinary space: narrow cells may break the line there


@dataclass(frozen=True)
class Digits:
    """Decimal places of a unit: as a rule, and the fewest and the most that an interval may ask for."""

    usual: int
    fewest: int
    most: int


_DIGITS = {
    "share": Digits(1, 0, 2),
    "index": Digits(2, 2, 3),
    "currency": Digits(0, 0, 2),
    "currency_per_day": Digits(0, 0, 2),
    "seconds": Digits(0, 0, 1),
    "hours": Digits(1, 0, 2),
    "days": Digits(1, 0, 2),
    "months": Digits(1, 0, 2),
    "count": Digits(0, 0, 0),
    "per_1000": Digits(1, 0, 2),
    "score_1_5": Digits(2, 2, 3),
    "score_0_10": Digits(2, 2, 3),
    "score_0_100": Digits(0, 0, 1),
}
TIME_UNITS = ("seconds", "hours", "days", "months")
_OTHER_DIGITS = Digits(2, 0, 3)
_SCALED_DIGITS = Digits(1, 1, 3)
_SCALES = (10**12, 10**9, 10**6)


def is_number(value: float | None) -> bool:
    """Whether there is a finite number to show."""
    return value is not None and math.isfinite(value)


def decimals_for(half_width: float, digits: Digits) -> int:
    """Decimal places that a figure with this half-width of its interval deserves."""
    if not math.isfinite(half_width) or half_width <= 0:
        return digits.usual
    exponent = math.floor(math.log10(half_width))
    leading = half_width / 10**exponent
    places = 1 - exponent if leading < 3.55 else -exponent
    if leading >= 9.5:
        places = -exponent
    return min(max(places, digits.fewest), digits.most)


def plain(value: float | None, decimals: int, language: Language, *, signed: bool = False) -> str:
    """A bare number: `1 234,5` or `1,234.5`; a real minus; with `signed` also a plus; — where undefined."""
    if value is None or not math.isfinite(value):
        return UNDEFINED_SIGN
    rounded = _rounded(value, decimals)
    return _sign(rounded, signed=signed) + _digits(abs(rounded), language)


@dataclass(frozen=True)
class NumberStyle:
    """How all numbers of one KPI are written, so that they can be compared at a glance.

    `scale` is what amounts are divided by (10⁶ for «млн»), `decimals` the places after that.
    """

    unit: str
    language: Language
    currency: str | None
    scale: float
    decimals: int

    def value(self, value: float | None) -> str:
        """The value with its unit, or — where undefined."""
        return self._with_unit(value, self.decimals)

    def given(self, value: float | None) -> str:
        """A number that a person set, such as a target: as many places as it needs to be exact."""
        if value is None or not math.isfinite(value):
            return UNDEFINED_SIGN
        digits = self._possible_digits()
        exact = _rounded(self.shown(value), digits.most)
        needed = -int(exact.normalize().as_tuple().exponent)
        return self._with_unit(value, max(needed, digits.fewest if self.scale == 1 else 0))

    def interval(self, figure: Figure) -> str:
        """`0,42…0,48` in Russian, `0.42–0.48` in English (`−0.05 to 0.12` where a sign could be taken for a dash)."""
        lower, upper = figure.lower, figure.upper
        if lower is None or upper is None or not (math.isfinite(lower) and math.isfinite(upper)):
            return ""
        low, high = _rounded(self.shown(lower), self.decimals), _rounded(self.shown(upper), self.decimals)
        prefix, suffix = self._affixes(abs(high))
        dash = "–" if low >= 0 and high >= 0 else f"{NBSP}to{NBSP}"
        between = "…" if self.language == "ru" else dash
        first = _sign(low, signed=False) + prefix + _digits(abs(low), self.language)
        again = prefix if low < 0 else ""
        second = _sign(high, signed=False) + again + _digits(abs(high), self.language)
        return first + between + second + suffix

    def change(self, value: float | None) -> str:
        """A difference with its sign; of shares in percentage points."""
        if value is None or not math.isfinite(value):
            return UNDEFINED_SIGN
        if self.unit == "share":
            return plain(self.shown(value), self.decimals, self.language, signed=True) + _POINTS.in_language(
                self.language
            )
        return self._with_unit(value, self.decimals, signed=True)

    def shown(self, value: float) -> float:
        """The value as drawn on an axis: per cent of shares, millions of large amounts."""
        return value * 100 if self.unit == "share" else value / self.scale

    @property
    def axis_unit(self) -> str:
        """What stands over an axis: `%`, `млн ₽`, `дней`; empty for bare numbers."""
        if self.unit == "share":
            return "%"
        prefix, suffix = self._affixes(Decimal(5))  # five takes the form that Russian uses with most numbers
        return f"{prefix}{suffix}".strip()

    def _with_unit(self, value: float | None, decimals: int, *, signed: bool = False) -> str:
        if value is None or not math.isfinite(value):
            return UNDEFINED_SIGN
        rounded = _rounded(self.shown(value), decimals)
        prefix, suffix = self._affixes(abs(rounded))
        return _sign(rounded, signed=signed) + prefix + _digits(abs(rounded), self.language) + suffix

    def _possible_digits(self) -> Digits:
        return _SCALED_DIGITS if self.scale > 1 else _DIGITS.get(self.unit, _OTHER_DIGITS)

    def _affixes(self, number: Decimal) -> tuple[str, str]:
        """What stands before and after this number."""
        locale = Locale(self.language)
        if self.unit == "share":
            return _around_number(locale.percent_formats[None].pattern)
        if self.unit in ("currency", "currency_per_day"):
            prefix, suffix = self._currency_affixes(locale, self.scale)
            return prefix, suffix + (_PER_DAY.in_language(self.language) if self.unit == "currency_per_day" else "")
        if self.unit in TIME_UNITS:
            digits = _digits(number, self.language)
            words = format_unit(number, f"duration-{self.unit[:-1]}", "long", format=_pattern(number), locale=locale)
            before, _, after = words.partition(digits)
            return before, after.replace(" ", NBSP)
        return "", ""

    @property
    def currency_affixes(self) -> tuple[str, str]:
        """The sign of the currency before or after a number that is not scaled."""
        return self._currency_affixes(Locale(self.language), 1)

    def _currency_affixes(self, locale: Locale, scale: float) -> tuple[str, str]:
        if scale > 1:
            formats = locale.compact_currency_formats if self.currency else locale.compact_decimal_formats
            pattern = formats["short"]["other"][str(int(scale))].pattern
        else:
            pattern = locale.currency_formats["standard"].pattern if self.currency else "0"
        prefix, suffix = _around_number(pattern.replace("'", ""))
        if not self.currency:
            return prefix, suffix
        symbol = _NARROW_SYMBOLS.get(self.currency) or get_currency_symbol(self.currency, locale)
        spaced = symbol + NBSP if symbol[-1:].isalpha() else symbol
        return prefix.replace("¤", spaced), suffix.replace("¤", symbol)


def number_style(
    unit: str, figure: Figure, language: Language, *, currency: str | None = None, others: Iterable[float | None] = ()
) -> NumberStyle:
    """The style of a KPI from its figure; `others` are numbers to be written beside it, such as the target."""
    scale = 1
    if unit in ("currency", "currency_per_day"):
        sizes = [
            abs(v) for v in (figure.value, figure.lower, figure.upper, *others) if v is not None and math.isfinite(v)
        ]
        scale = next((scale for scale in _SCALES if max(sizes, default=0) >= scale), 1)
    digits = _SCALED_DIGITS if scale > 1 else _DIGITS.get(unit, _OTHER_DIGITS)
    half_width = 0.0
    if figure.lower is not None and figure.upper is not None:
        half_width = (figure.upper - figure.lower) / 2 * (100 if unit == "share" else 1) / scale
    return NumberStyle(unit, language, currency, scale, decimals_for(half_width, digits))


def share_of_missing(value: float | None, language: Language) -> str:
    """A share of records that could not be used; a trace of them never reads as none."""
    if value is None or not math.isfinite(value):
        return UNDEFINED_SIGN
    style = NumberStyle("share", language, None, 1, 0 if value in (0, 1) else 1)
    if 0 < value < 0.001:
        return f"<{NBSP}{style.value(0.001)}"
    return style.value(value)


def count(value: float | None, language: Language) -> str:
    """A whole number in groups of three, or — where there is none."""
    return plain(value, 0, language)


def day(value: date, language: Language) -> str:
    """`15 июля 2026 г.` or `July 15, 2026`."""
    return _tied(format_date(value, "long", locale=language))


def moment(value: datetime, language: Language) -> str:
    """Day and minute, in UTC."""
    form = "d MMMM y 'г'., HH:mm" if language == "ru" else "MMMM d, y, HH:mm"
    return _tied(format_datetime(value, form, locale=language)) + f"{NBSP}UTC"


def period_name(start: date, days: int, fallback: str, language: Language) -> str:
    """A period of a trend in words: the grain is told from its length; `fallback` where it is none of ours.

    Of a fiscal year and its quarters `fallback`, the period's id, is the name.
    """
    if fallback.startswith("FY"):
        return fallback
    if days in range(365, 367):
        return format_date(start, "y", locale=language)
    forms = {range(89, 93): "QQQ y", range(28, 32): "LLLL y"}
    for lengths, form in forms.items():
        if days in lengths:
            return _tied(format_date(start, form, locale=language))
    if days == 1:
        return day(start, language)
    return fallback


def _tied(text: str) -> str:
    return text.replace(" ", NBSP).replace("\u202f", NBSP)


def _rounded(value: float, decimals: int) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _sign(number: Decimal, *, signed: bool) -> str:
    if number < 0:
        return MINUS
    return "+" if signed and number > 0 else ""


def _pattern(number: Decimal) -> str:
    places = max(0, -int(number.as_tuple().exponent))
    return "#,##0" + ("." + "0" * places if places else "")


def _digits(number: Decimal, language: Language) -> str:
    return format_decimal(number, format=_pattern(number), locale=language)


def _around_number(pattern: str) -> tuple[str, str]:
    before, after = _NUMBER_PATTERN.split(pattern.partition(";")[0], maxsplit=1)
    return before, after
