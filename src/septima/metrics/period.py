"""Grains and the periods that they cut time into, by the calendar of a company."""

import difflib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, cast, get_args
from zoneinfo import available_timezones

from septima.metrics.zones import Offsets, offsets
from septima.schema import SeptimaError, Text

Grain = Literal["day", "week", "month", "quarter", "year", "all"]
GRAINS: tuple[Grain, ...] = get_args(Grain)

_FORMS = {
    "year": re.compile(r"(?P<fiscal>[Ff][Yy])?(?P<year>\d{4})"),
    "quarter": re.compile(r"(?P<fiscal>[Ff][Yy])?(?P<year>\d{4})-?[Qq](?P<quarter>[1-4])"),
    "month": re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})"),
    "week": re.compile(r"(?P<year>\d{4})-?[Ww](?P<week>\d{2})"),
    "day": re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"),
}
_LENGTHS = {"month": 1, "quarter": 3, "year": 12}
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
    """A stretch of days, `start` in it and `end` (the day after the last) not.

    `fiscal_year_start` is the month in which the year begins of which a quarter or a year is a part.
    """

    start: date
    end: date
    grain: Grain
    fiscal_year_start: int = 1

    @property
    def id(self) -> str:
        """The period as a person types it: 2026, 2026-Q3, 2026-07, 2026-W31 or 2026-07-15; FY2026, FY2026-Q3.

        A fiscal year that does not begin in January is called after the calendar year in which it ends.
        """
        start = self.start
        fiscal = "FY" if self.fiscal_year_start > 1 else ""
        if self.grain == "year":
            return f"{fiscal}{self._year:04d}"
        if self.grain == "quarter":
            return f"{fiscal}{self._year:04d}-Q{self._quarter}"
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
        if self.fiscal_year_start > 1 and self.grain in ("quarter", "year"):
            return self._fiscal_label
        if self.grain == "year":
            return Text(str(start.year), f"{start.year}\u00a0год")
        if self.grain == "quarter":
            quarter = self._quarter
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

    @property
    def span(self) -> Text:
        """From which month to which the period reaches, in words."""
        last = self.end - timedelta(days=1)
        first_year = "" if self.start.year == last.year else f"\u00a0{self.start.year}"
        english = [_MONTHS.en.split()[day.month - 1] for day in (self.start, last)]
        russian = [_MONTHS.ru.split()[day.month - 1] for day in (self.start, last)]
        return Text(
            f"{english[0]}{first_year}\u00a0– {english[1]}\u00a0{last.year}",
            f"{russian[0]}{first_year}\u00a0– {russian[1]}\u00a0{last.year}",
        )

    @property
    def _fiscal_label(self) -> Text:
        year, span = self._year, self.span
        if self.grain == "year":
            return Text(f"FY{year} ({span.en})", f"{year}\u00a0финансовый год ({span.ru})")
        return Text(
            f"Q{self._quarter}\u00a0FY{year} ({span.en})",
            f"{self._quarter}-й\u00a0квартал {year}\u00a0финансового года ({span.ru})",
        )

    @property
    def _year(self) -> int:
        """The calendar year in which the (fiscal) year of the period's start ends."""
        later = self.fiscal_year_start > 1 and self.start.month >= self.fiscal_year_start
        return self.start.year + later

    @property
    def _quarter(self) -> int:
        return (self.start.month - self.fiscal_year_start) % 12 // 3 + 1

    def shift(self, steps: int) -> "Period":
        """The period `steps` further on (back where negative) of the same grain."""
        calendar = Calendar(fiscal_year_start=self.fiscal_year_start)
        period = self
        for _ in range(abs(steps)):
            day = period.end if steps > 0 else period.start - timedelta(days=1)
            period = calendar.period_of(day, self.grain)
        return period


@dataclass(frozen=True)
class Calendar:
    """How a company counts its days and years.

    Its days begin and end by the clocks of `time_zone` (an IANA name), and its year begins in the month
    `fiscal_year_start` (1 to 12). PeriodError where there is no such zone or month.
    """

    time_zone: str = "UTC"
    fiscal_year_start: int = 1

    def __post_init__(self) -> None:
        # Looking up all names reads many files, which the default need not wait for.
        if self.time_zone != "UTC" and self.time_zone not in available_timezones():
            raise PeriodError(
                Text(
                    f"there is no time zone {self.time_zone!r}; {_near_zones(str(self.time_zone)).en}",
                    f"нет часового пояса «{self.time_zone}»; {_near_zones(str(self.time_zone)).ru}",
                )
            )
        if self.fiscal_year_start not in range(1, 13):
            raise PeriodError(
                Text(
                    f"the fiscal year cannot start in month {self.fiscal_year_start!r}; write 1 to 12",
                    f"финансовый год не\u00a0может начинаться с\u00a0месяца «{self.fiscal_year_start}»; укажите число "
                    "от\u00a01 до\u00a012",
                )
            )

    @property
    def offsets(self) -> Offsets:
        """How far the company's clocks stand from UTC, and when that changes."""
        return offsets(self.time_zone)

    def local(self, moment: datetime) -> datetime:
        """What the company's clock shows at a moment (of UTC, where it names no zone), without a zone."""
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        return self.offsets.to_local(moment)

    def moment(self, day: date) -> datetime:
        """The moment of UTC, without a zone, at which `day` begins where the company is."""
        return self.offsets.to_utc(datetime.combine(day, time()))

    def today(self, now: datetime | None = None) -> date:
        """The day that it is where the company is, at `now` (the present moment where left out)."""
        return self.local(now or datetime.now(UTC)).date()

    def period_of(self, day: date, grain: Grain) -> Period:
        """The period of `grain` that `day` falls in; PeriodError where it reaches past the calendar's years."""
        if isinstance(day, datetime):
            day = day.date()
        if grain not in _FORMS:
            raise PeriodError(
                Text(
                    f"grain {grain!r} has no single periods; use one of day, week, month, quarter, year",
                    f"у\u00a0шага «{grain}» нет отдельных периодов; возьмите day, week, month, quarter или year",
                )
            )
        try:
            return _period_of(day, grain, self.fiscal_year_start)
        except (ValueError, OverflowError) as error:
            raise PeriodError(
                Text(
                    f"the {grain} of {day} reaches past the calendar’s years 1 to 9999",
                    f"период «{grain}», в\u00a0котором день {day}, выходит за\u00a0годы календаря, от\u00a01 "
                    "до\u00a09999; возьмите другой день",
                )
            ) from error

    def parse(self, text: str) -> Period:
        """Read 2026, 2026-Q3, 2026-07, 2026-W31 or 2026-07-15; FY2026 or FY2026-Q3 of a fiscal year.

        PeriodError says which forms there are, and refuses a plain year or quarter where the fiscal year
        does not begin in January, for it could mean either.
        """
        for grain, form in _FORMS.items():
            found = form.fullmatch(text.strip())
            if not found:
                continue
            parts = {name: int(value) for name, value in found.groupdict().items() if value and name != "fiscal"}
            try:
                day = self._day(cast(Grain, grain), parts)
            except ValueError as error:
                raise PeriodError(
                    Text(
                        f"there is no period {text!r}: {error}",
                        f"нет периода «{text}»: такого года, квартала, месяца, недели или дня в\u00a0календаре нет",
                    )
                ) from error
            period = self.period_of(day, cast(Grain, grain))
            if grain in _LENGTHS and period.fiscal_year_start > 1 and not found["fiscal"]:
                raise PeriodError(self._either(text.strip(), period, parts))
            return period
        year = "FY2026, FY2026-Q3" if self.fiscal_year_start > 1 else "2026, 2026-Q3"
        raise PeriodError(
            Text(
                f"cannot read the period {text!r}; write it as {year}, 2026-07, 2026-W31 or 2026-07-15",
                f"период «{text}» не\u00a0прочитать; пишите {year}, 2026-07, 2026-W31 или 2026-07-15",
            )
        )

    def _day(self, grain: Grain, parts: dict[str, int]) -> date:
        """A day of the period that a person wrote."""
        if grain == "week":
            return date.fromisocalendar(parts["year"], parts["week"], 1)
        if grain in ("year", "quarter"):
            first = self.fiscal_year_start
            earlier = 0 if first == 1 else 1
            month = (parts["year"] - earlier) * 12 + first - 1 + 3 * (parts.get("quarter", 1) - 1)
            return date(month // 12, month % 12 + 1, 1)
        return date(parts["year"], parts["month"], parts.get("day", 1))

    def _either(self, text: str, period: Period, parts: dict[str, int]) -> Text:
        """What to write for `text`, which reads as the fiscal `period` or as one of calendar years."""
        last = date(parts["year"], 3 * parts.get("quarter", 4), 1)
        ways = dict.fromkeys((period, self.period_of(last, period.grain)))
        begins, begins_ru = (names.split()[self.fiscal_year_start - 1] for names in (_MONTHS.en, _MONTHS.ru))
        forms = " or ".join(f"{way.id} ({way.span.en})".replace("\u00a0", " ") for way in ways)
        forms_ru = " или ".join(f"{way.id} ({way.span.ru})" for way in ways)
        return Text(
            f"the fiscal year begins in {begins}, so {text!r} could mean more than one period; write {forms}",
            f"первый месяц финансового года\u00a0— {begins_ru}, поэтому «{text}» можно понять по-разному; пишите "
            f"{forms_ru}",
        )


def month_number(given: object) -> int:
    """The number of a month written as its English name or as 1 to 12; PeriodError where it is neither."""
    names = [name.lower() for name in _MONTHS.en.split()]
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= 12:
        return given
    typed = str(given).strip().lower()
    if typed in names:
        return names.index(typed) + 1
    near = difflib.get_close_matches(typed, names, 1)
    hint = Text(
        "write one such as april, or its number from 1 to 12", "пишите, например, april или номер от\u00a01 до\u00a012"
    )
    if near:
        hint = Text(f"did you mean {near[0]}?", f"возможно, имелось в\u00a0виду {near[0]}?")
    raise PeriodError(Text(f"there is no month {given!r}; {hint.en}", f"нет месяца «{given}»; {hint.ru}"))


def _near_zones(typed: str) -> Text:
    known = {name.lower(): name for name in sorted(available_timezones())}
    # A city alone is what many would write.
    near = [name for lower, name in known.items() if lower.endswith(f"/{typed.lower()}")]
    near = near or [known[name] for name in difflib.get_close_matches(typed.lower(), known, 3, 0.7)]
    if near:
        return Text(f"did you mean {' or '.join(near)}?", f"возможно, имелось в\u00a0виду {' или '.join(near)}?")
    return Text("write an IANA name such as Europe/Moscow, or UTC", "пишите имя IANA, например Europe/Moscow, или UTC")


DEFAULT_CALENDAR = Calendar()
"""Days by UTC, years from January."""


def period_of(day: date, grain: Grain) -> Period:
    """The period of `grain` that `day` falls in, by calendar years; PeriodError where it reaches past the calendar."""
    return DEFAULT_CALENDAR.period_of(day, grain)


def parse_period(text: str) -> Period:
    """Read 2026, 2026-Q3, 2026-07, 2026-W31 or 2026-07-15; PeriodError says which forms there are."""
    return DEFAULT_CALENDAR.parse(text)


def _period_of(day: date, grain: Grain, fiscal_year_start: int) -> Period:
    if grain == "day":
        return Period(day, day + timedelta(days=1), grain)
    if grain == "week":
        start = day - timedelta(days=day.weekday())
        return Period(start, start + timedelta(days=7), grain)
    length = _LENGTHS[grain]
    months = day.year * 12 + day.month - 1
    first = months - (months - fiscal_year_start + 1) % length
    (year, month), (next_year, next_month) = divmod(first, 12), divmod(first + length, 12)
    start, end = date(year, month + 1, 1), date(next_year, next_month + 1, 1)
    return Period(start, end, grain, 1 if grain == "month" else fiscal_year_start)


def periods_between(first: Period, last: Period) -> list[Period]:
    """All periods from `first` to `last`, both in."""
    periods = [first]
    while periods[-1].start < last.start:
        periods.append(periods[-1].shift(1))
    return periods
