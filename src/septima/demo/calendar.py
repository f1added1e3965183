"""Time in the simulated company: twelve quarters and the season that speeds purchases up and down."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from septima.demo.arrays import Floats, Integers
from septima.demo.model import Model
from septima.schema import SeptimaError, Text

QUARTERS = 12
SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
WEEK = 7 * DAY
_MOSCOW_AHEAD_HOURS = 3


class DemoError(SeptimaError):
    """A simulation that cannot be made, or a folder that holds none."""


@dataclass(frozen=True)
class Calendar:
    """Three years of twelve quarters.

    All moments are microseconds since 1970, UTC. `edges` holds the thirteen bounds of the quarters.
    `hours` are the bounds of all hours, `operational` the operational weeks passed by each: time
    that runs faster when people buy more, as long as calendar time over the three years as a whole.
    """

    edges: Integers
    hours: Integers
    operational: Floats

    @property
    def start(self) -> int:
        """The first moment."""
        return int(self.edges[0])

    @property
    def end(self) -> int:
        """The moment after the last."""
        return int(self.edges[-1])

    @property
    def labels(self) -> tuple[str, ...]:
        """The quarters as people write them: 2026-Q3."""
        days = [datetime.fromtimestamp(edge / SECOND, UTC) for edge in self.edges[:-1]]
        return tuple(f"{day.year}-Q{(day.month + 2) // 3}" for day in days)

    def quarter_of(self, at: Integers | Floats) -> Integers:
        """The number 0 … 11 of the quarter of each moment; the nearest one outside the three years."""
        return np.clip(np.searchsorted(self.edges, at, side="right") - 1, 0, QUARTERS - 1).astype(np.int64)

    def weeks_at(self, at: Integers | Floats) -> Floats:
        """Operational weeks from the start to each moment."""
        return np.interp(at, self.hours, self.operational)

    def moment_of(self, weeks: Floats) -> Integers:
        """The moment at which so many operational weeks have passed."""
        return np.minimum(np.interp(weeks, self.operational, self.hours).astype(np.int64), self.end - 1)


def last_day_of_quarter(end: date) -> bool:
    """Whether a quarter ends with this day."""
    return (end + timedelta(days=1)).day == 1 and end.month % 3 == 0


def make_calendar(model: Model, end: date) -> Calendar:
    """The calendar of the three years that end with the day `end`, the last of a quarter."""
    if not last_day_of_quarter(end):
        raise DemoError(
            Text(
                f"the simulation must end with a quarter, and {end} is no quarter's last day; give 2026-09-30",
                f"симуляция должна кончаться вместе с\u00a0кварталом, а\u00a0{end}\u00a0— не\u00a0последний день квартала; укажите 2026-09-30",
            )
        )
    after = end + timedelta(days=1)
    firsts = [_months_before(after, 3 * (QUARTERS - index)) for index in range(QUARTERS + 1)]
    edges = np.array([_micros(first) for first in firsts], dtype=np.int64)
    hours = np.arange(edges[0], edges[-1] + 1, HOUR, dtype=np.int64)
    local = (hours[:-1] + _MOSCOW_AHEAD_HOURS * HOUR).astype("datetime64[us]")
    months = local.astype("datetime64[M]").astype(np.int64) % 12
    weekdays = (local.astype("datetime64[D]").astype(np.int64) + 3) % 7
    of_day = (local - local.astype("datetime64[D]")).astype(np.int64) // HOUR
    pace = (
        np.array(model.month_pace)[months] * np.array(model.weekday_pace)[weekdays] * np.array(model.hour_pace)[of_day]
    )
    passed = np.concatenate(([0.0], np.cumsum(pace)))
    return Calendar(edges, hours, passed / passed[-1] * (edges[-1] - edges[0]) / WEEK)


def _months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def _micros(day: date) -> int:
    return int(np.datetime64(day, "us").astype(np.int64))
