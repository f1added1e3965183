"""Grains and the periods that they cut time into."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from septima.schema import SeptimaError, Text

Grain = Literal["day", "week", "month", "quarter", "year", "all"]
GRAINS: tuple[Grain, ...] = get_args(Grain)

_FORMS = {
    "year": re.compile(r"(?P<year>\d{4})"),
    "quarter": re.compile(r"(?P<year>\d{4})-?[Qq](?P<quarter>[1-4])"),
    "month": re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})"),
    "week": re.compile(r"(?P<year>\d{4})-?[Ww](?P<week>\d{2})"),
    "day": re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"),
}
_MONTHS = Text(
    "January February March April May June July August September October November December",
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
)
_MONTHS_GENITIVE = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip


class PeriodError(SeptimaError):
    """A period that cannot be read."""


@dataclass(frozen=True, order=True)
class Period:
    """A stretch of days, `start` in it and `end` (the day after the last) not."""

    start: date
    end: date
    grain: Grain

    @property
    def id(self) -> str:
        """The period as a person types it: 2026, 2026-Q3, 2026-07, 2026-W31 or 2026-07-15."""
        start = self.start
        if self.grain == "year":
            return f"{start.year:04d}"
        if self.grain == "quarter":
            return f"{start.year:04d}-Q{(start.month + 2) // 3}"
        if self.grain == "month":
            return f"{start.year:04d}-{start.month:02d}"
        if self.grain == "week":
            year, week, _ = start.isocalendar()
            return f"{year:04d}-W{week:02d}"
        return start.isoformat()

    @property
    def label(self) -> Text:
        """The period in words."""
        start = self.start
        month = start.month - 1
        if self.grain == "year":
            return Text(str(start.year), f"{start.year}\u00a0год")
        if self.grain == "quarter":
            quarter = (start.month + 2) // 3
            return Text(f"Q{quarter}\u00a0{start.year}", f"{quarter}-й\u00a0квартал {start.year}\u00a0года")
        if self.grain == "month":
            english, russian = _MONTHS.en.split()[month], _MONTHS.ru.split()[month]
            return Text(f"{english}\u00a0{start.year}", f"{russian} {start.year}\u00a0года")
        if self.grain == "week":
            year, week, _ = start.isocalendar()
            return Text(f"week\u00a0{week} of\u00a0{year}", f"{week}-я\u00a0неделя {year}\u00a0года")
        return Text(
            f"{start.day}\u00a0{_MONTHS.en.split()[month]} {start.year}",
            f"{start.day}\u00a0{_MONTHS_GENITIVE[month]} {start.year}\u00a0года",
        )

    def shift(self, steps: int) -> "Period":
        """The period `steps` further on (back where negative) of the same grain."""
        period = self
        for _ in range(abs(steps)):
            day = period.end if steps > 0 else period.start - timedelta(days=1)
            period = period_of(day, self.grain)
        return period


def period_of(day: date, grain: Grain) -> Period:
    """The period of `grain` that `day` falls in; PeriodError where it reaches past the calendar."""
    if isinstance(day, datetime):
        day = day.date()
    if grain not in _FORMS:
        raise PeriodError(f"grain {grain!r} has no single periods; use one of day, week, month, quarter, year")
    try:
        return _period_of(day, grain)
    except (ValueError, OverflowError) as error:
        raise PeriodError(f"the {grain} of {day} reaches past the calendar’s years 1 to 9999") from error


def _period_of(day: date, grain: Grain) -> Period:
    if grain == "day":
        return Period(day, day + timedelta(days=1), grain)
    if grain == "week":
        start = day - timedelta(days=day.weekday())
        return Period(start, start + timedelta(days=7), grain)
    months = {"month": 1, "quarter": 3, "year": 12}
    length = months[grain]
    first = (day.month - 1) // length * length + 1
    start = date(day.year, first, 1)
    year, month = divmod(day.year * 12 + first - 1 + length, 12)
    return Period(start, date(year, month + 1, 1), grain)


def parse_period(text: str) -> Period:
    """Read 2026, 2026-Q3, 2026-07, 2026-W31 or 2026-07-15; PeriodError says which forms there are."""
    for grain, form in _FORMS.items():
        found = form.fullmatch(text.strip())
        if not found:
            continue
        parts = {name: int(value) for name, value in found.groupdict().items()}
        try:
            if grain == "week":
                day = date.fromisocalendar(parts["year"], parts["week"], 1)
            else:
                month = parts.get("month", 3 * parts.get("quarter", 1) - 2)
                day = date(parts["year"], month, parts.get("day", 1))
        except ValueError as error:
            raise PeriodError(f"there is no period {text!r}: {error}") from error
        return period_of(day, grain)  # type: ignore[arg-type]
    raise PeriodError(f"cannot read the period {text!r}; write it as 2026, 2026-Q3, 2026-07, 2026-W31 or 2026-07-15")


def periods_between(first: Period, last: Period) -> list[Period]:
    """All periods from `first` to `last`, both in."""
    periods = [first]
    while periods[-1].start < last.start:
        periods.append(periods[-1].shift(1))
    return periods
