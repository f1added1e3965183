"""How dates, numbers and truth are written, as SQL that reads them.

Each function takes SQL of a text (trimmed, never blank) and gives SQL of the value, NULL where the
text can't be read in that form; nothing here fails on a value.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from septima.lake.sql import text_literal

TIMES = (
    "", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S", "T%H:%M:%S", "T%H:%M:%S.%f",
)  # fmt: skip
TRUE = ("true", "yes", "y", "t", "1", "1.0", "on", "да", "истина", "д")
FALSE = ("false", "no", "n", "f", "0", "0.0", "off", "нет", "ложь", "н")

_EARLIEST, _LATEST = "TIMESTAMP '1000-01-01'", "TIMESTAMP '9999-12-31 23:59:59.999999'"
_OWN_OFFSET = r":\d\d(\.\d+)? ?([zZ]|UTC|[+-]\d\d(:?\d\d)?)$"
_ISO = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d\d(:\d\d([.,]\d+)?)? ?([zZ]|UTC|[+-]\d\d(:?\d\d)?)?)?"
_WIDTHS = {"%Y": 4, "%y": 2, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2}
_CURRENCY = r"[€$£₽¥₴₸₹]|руб\.?|р\.|RUB|USD|EUR|GBP"
_IN_BRACKETS, _MINUS = r"^\((.*)\)$", r"-\1"  # (12.50) is how accountants write -12.50
_BLANKS = "\u00a0\u202f\u2009\u2007\t"


@dataclass(frozen=True)
class NumberForm:
    """Separators of a number. Blanks and apostrophes may part thousands in any form."""

    decimal: str = "."
    thousands: str | None = None

    @property
    def pattern(self) -> str:
        """A regular expression for a number, without currency signs, in this form."""
        group = re.escape(self.thousands) if self.thousands else ""
        point = re.escape(self.decimal)
        return rf"[+-]? ?(\d{{1,3}}([ '’{group}]\d{{3}})+|\d+)?({point}\d*)?([eE][+-]?\d+)?"


def moment(value: str, forms: tuple[str, ...], timezone: str) -> str:
    """SQL of the moment, a naive TIMESTAMP in UTC, of a text in local time or with its own offset."""
    return _bounded(_coalesce([_utc(value, form, timezone) for form in forms]))


def day(value: str, forms: tuple[str, ...], timezone: str) -> str:
    """SQL of the calendar day, a DATE, in the timezone where the text was written."""
    local = _coalesce([_local(value, form, timezone) for form in forms])
    return f"CAST({_bounded(local)} AS DATE)"


def to_utc(local: str, timezone: str) -> str:
    """SQL of a naive local TIMESTAMP as naive UTC."""
    if timezone == "UTC":
        return local
    return f"timezone('UTC', timezone({text_literal(timezone)}, {local}))"


def to_local(utc: str, timezone: str) -> str:
    """SQL of a naive UTC TIMESTAMP as naive local time."""
    if timezone == "UTC":
        return utc
    return f"timezone({text_literal(timezone)}, timezone('UTC', {utc}))"


def _bounded(moment_sql: str) -> str:
    # The cast to a timestamp knows "infinity" and the year 16; a business does not.
    return f"CASE WHEN {moment_sql} BETWEEN {_EARLIEST} AND {_LATEST} THEN {moment_sql} END"


def _coalesce(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"


def _utc(value: str, form: str, timezone: str) -> str:
    if form == "iso":
        return _iso(value, lambda local: to_utc(local, timezone), lambda utc: utc)
    read = _strptime_or_epoch(value, form)
    return read if _absolute(form) else to_utc(read, timezone)


def _local(value: str, form: str, timezone: str) -> str:
    if form == "iso":
        return _iso(value, lambda local: local, lambda utc: to_local(utc, timezone))
    read = _strptime_or_epoch(value, form)
    return to_local(read, timezone) if _absolute(form) else read


def _iso(value: str, from_local: Callable[[str], str], from_utc: Callable[[str], str]) -> str:
    """SQL of an ISO text; the functions bring a local moment and one in UTC to what is wanted."""
    # The cast to TIMESTAMP is quick but drops an offset, which a text of these lengths can't have.
    plain = f"length({value}) = 10 OR (length({value}) = 19 AND {value}[17] = ':')"
    quick = from_local(f"CASE WHEN {plain} THEN TRY_CAST({value} AS TIMESTAMP) END")
    has_offset = f"regexp_matches({value}, {text_literal(_OWN_OFFSET)})"
    absolute = from_utc(f"timezone('UTC', TRY_CAST({value} AS TIMESTAMPTZ))")
    slow = f"CASE WHEN {has_offset} THEN {absolute} ELSE {from_local(f'TRY_CAST({value} AS TIMESTAMP)')} END"
    # The cast also knows words (epoch, today) and names of zones; only digits and marks make a date here.
    return f"coalesce({quick}, CASE WHEN regexp_full_match({value}, {text_literal(_ISO)}) THEN {slow} END)"


def _absolute(form: str) -> bool:
    """Whether a text in this form says itself which moment it is."""
    return form in ("unix", "unix_ms") or "%z" in form or "%Z" in form


def _strptime_or_epoch(value: str, form: str) -> str:
    if form == "excel":
        days = f"TRY_CAST({value} AS DOUBLE)"
        seconds = f"to_microseconds(CAST(round({days} * 86400) AS BIGINT) * 1000000)"
        return f"CASE WHEN {days} BETWEEN 1 AND 2958465 THEN TIMESTAMP '1899-12-30' + {seconds} END"
    if form in ("unix", "unix_ms"):
        scale, largest = (1_000_000, 253402300799) if form == "unix" else (1_000, 253402300799999)
        number = f"TRY_CAST({value} AS DECIMAL(20, 6))"
        return f"CASE WHEN {number} BETWEEN 0 AND {largest} THEN make_timestamp(CAST({number} * {scale} AS BIGINT)) END"
    # Besides its form strptime knows the word "epoch".
    read = f"CASE WHEN lower({value}) <> 'epoch' THEN try_strptime({value}, {text_literal(form)}) END"
    if "%z" in form or "%Z" in form:
        read = f"timezone('UTC', {read})"
    width = _fixed_width(form)
    # Without separators strptime would take 1997101 for the 1st of October.
    return read if width is None else f"CASE WHEN length({value}) = {width} THEN {read} END"


def _fixed_width(form: str) -> int | None:
    """Length of texts in a form made of directives alone, None for any other form."""
    directives = re.findall(r"%[A-Za-z]", form)
    if "".join(directives) != form or any(part not in _WIDTHS for part in directives):
        return None
    return sum(_WIDTHS[part] for part in directives)


def number_text(value: str, form: NumberForm) -> str:
    """SQL of a number's text in the plain form, 1234.5; empty or NULL where it is no number in this form."""
    # Written without naming a part twice: DuckDB computes a part that stands twice for every row,
    # even where this whole is needed for few.
    spaced = f"translate({value}, {text_literal(_BLANKS + '−')}, {text_literal(' ' * len(_BLANKS) + '-')})"
    bare = f"trim(regexp_replace({spaced}, {text_literal(_CURRENCY)}, '', 'g'))"
    signed = f"regexp_replace({bare}, {text_literal(_IN_BRACKETS)}, {text_literal(_MINUS)})"
    number = f"regexp_extract({signed}, {text_literal(f'^{form.pattern}$')})"
    separators = "[ '’" + (re.escape(form.thousands) if form.thousands else "") + "]"
    return f"replace(regexp_replace({number}, {text_literal(separators)}, '', 'g'), {text_literal(form.decimal)}, '.')"


def decimal(value: str, form: NumberForm, type_: str = "DECIMAL(18, 4)") -> str:
    """SQL of a decimal; NULL too where it has more digits than the type."""
    cleaned = f"TRY_CAST({number_text(value, form)} AS {type_})"
    return f"coalesce({_quick(value, type_)}, {cleaned})" if form.decimal == "." else cleaned


def double(value: str, form: NumberForm) -> str:
    """SQL of a floating-point number, never infinite."""
    cleaned = f"TRY_CAST({number_text(value, form)} AS DOUBLE)"
    read = f"coalesce({_quick(value, 'DOUBLE')}, {cleaned})" if form.decimal == "." else cleaned
    return f"CASE WHEN isfinite({read}) THEN {read} END"


def _quick(value: str, type_: str) -> str:
    # Most values are plain, and the cast reads those at once. It also reads 1_000, which is none here.
    return f"CASE WHEN NOT contains({value}, '_') THEN TRY_CAST({value} AS {type_}) END"


def boolean(value: str) -> str:
    """SQL of true or false: true/false, yes/no, да/нет, 1/0."""
    lowered = f"lower({value})"
    return f"CASE WHEN {lowered} IN {_group(TRUE)} THEN true WHEN {lowered} IN {_group(FALSE)} THEN false END"


def _group(values: tuple[str, ...]) -> str:
    return f"({', '.join(map(text_literal, values))})"
