"""What an address asks for: a period of the workspace's calendar and, where one is named, a slice of the company."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from septima.metrics import Period
from septima.metrics.period import Calendar, Grain, PeriodError
from septima.schema import Text

GRAINS: tuple[Grain, ...] = ("year", "quarter", "month")
"""The grains that the picker offers; an address may name a week or a day too."""

PERIODS_OFFERED = 12

YEARS = range(1900, 2200)
"""The years that an address may name: a card looks back from them, and the calendar has an end."""


@dataclass(frozen=True)
class Choice:
    """A period and a slice; of the whole company `dimension` and `member` are empty."""

    period: Period
    dimension: str = ""
    member: str = ""

    @property
    def key(self) -> str:
        """By what things that are made of the choice are kept."""
        if not self.dimension:
            return self.period.id
        named = f"{self.dimension}\0{self.member}".encode()
        return f"{self.period.id}-{hashlib.sha256(named).hexdigest()[:16]}"

    @property
    def query(self) -> dict[str, str]:
        """The choice as the parameters of an address."""
        asked = {"period": self.period.id}
        return {**asked, "by": self.dimension, "of": self.member} if self.dimension else asked


def read_choice(given: Mapping[str, str], calendar: Calendar, today: date | None = None) -> Choice:
    """What an address asks for; the newest quarter that is over where it names no period. PeriodError where it cannot be read."""
    text = given.get("period", "")
    if text:
        period = calendar.parse(text)
        if period.start.year not in YEARS:
            raise PeriodError(
                Text(
                    f"{text!r} is no period of a company; write one from {YEARS[0]} to {YEARS[-1]}",
                    f"«{text}»\u00a0— не\u00a0период компании; укажите период с\u00a0{YEARS[0]} по\u00a0{YEARS[-1]} год",
                )
            )
    else:
        period = calendar.period_of(today or calendar.today(datetime.now(UTC)), "quarter").shift(-1)
    dimension, member = given.get("by", ""), given.get("of", "")
    return Choice(period, dimension, member) if dimension and member else Choice(period)


def neighbour(period: Period, steps: int) -> Period | None:
    """The period so many further on; None where the calendar ends."""
    try:
        return period.shift(steps)
    except (PeriodError, OverflowError):
        return None


def of_grain(period: Period, calendar: Calendar, grain: Grain) -> Period:
    """The period of another grain that holds the end of this one."""
    return calendar.period_of(date.fromordinal(period.end.toordinal() - 1), grain)


def offered(period: Period, calendar: Calendar, today: date) -> list[Period]:
    """The periods of a picker, newest first: those up to the running one, and as many before it as are offered."""
    running = calendar.period_of(today, period.grain)
    found = [running]
    while len(found) < PERIODS_OFFERED and (earlier := neighbour(found[-1], -1)) is not None:
        found.append(earlier)
    if period not in found:
        found = sorted([*found, period], reverse=True)
    return found
