"""Time zones as steps of the offset from UTC, and as expressions that any engine computes alike.

An engine's own time zone functions depend on its build and on its session. Here the steps come from the
IANA database once, and an expression over them is arithmetic: which stretch a moment falls in, and how far
the clocks stand from UTC there.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import ibis

# Columns have no operators in the types that Ibis publishes, so expressions go unchecked.
Expression = Any

# Every change of the clocks makes each query longer, and hardly any record of a customer lies outside these years.
_FIRST, _LAST = datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2040-01-01")
_CHAIN = 12
_STEP = timedelta(days=4)  # no zone has changed its clocks twice within a week
# Sources put such moments for «never»; shifted, they would leave the calendar.
_EARLIEST, _LATEST = datetime.fromisoformat("0001-01-03"), datetime.fromisoformat("9999-12-30")


@dataclass(frozen=True)
class Offsets:
    """Seconds to be added to UTC: `seconds[i]` from `moments[i - 1]` (in UTC) until `moments[i]`.

    `local` are the same moments as the local clock shows them. Where it is put back, an hour occurs
    twice and means the earlier one; where it is put forward, the hour that is left out means the moment
    of the change or later.
    """

    moments: tuple[datetime, ...]
    seconds: tuple[int, ...]

    @property
    def local(self) -> tuple[datetime, ...]:
        """The moments at which the offset changes, by the local clock."""
        pairs = zip(self.moments, self.seconds, self.seconds[1:], strict=False)
        return tuple(moment + timedelta(seconds=max(before, after)) for moment, before, after in pairs)

    def to_local(self, moment: datetime) -> datetime:
        """What the local clock shows at a moment of UTC, both without a zone."""
        return moment + timedelta(seconds=self.seconds[bisect_right(self.moments, moment)])

    def to_utc(self, local: datetime) -> datetime:
        """The moment of UTC at which the local clock shows `local`, both without a zone."""
        return local - timedelta(seconds=self.seconds[bisect_right(self.local, local)])

    def local_of(self, moment: Expression) -> Expression:
        """The expression of `to_local`."""
        return moment + _shift(moment, self.moments, self.seconds) if any(self.seconds) else moment

    def utc_of(self, local: Expression) -> Expression:
        """The expression of `to_utc`."""
        return local - _shift(local, self.local, self.seconds) if any(self.seconds) else local


@cache
def offsets(time_zone: str) -> Offsets:
    """The offsets of an IANA time zone from 1990 to 2040; outside, those of the nearer end hold."""
    zone = ZoneInfo(time_zone)

    def seconds_at(moment: datetime) -> int:
        offset = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()
        return round(offset.total_seconds())

    moments: list[datetime] = []
    seconds = [seconds_at(_FIRST)]
    day = _FIRST
    while day < _LAST:
        after = day + _STEP
        if seconds_at(after) != seconds[-1]:
            early, late = day, after
            while late - early > timedelta(seconds=1):
                middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
                early, late = (middle, late) if seconds_at(middle) == seconds[-1] else (early, middle)
            moments.append(late)
            seconds.append(seconds_at(late))
        day = after
    if not any(seconds):
        return Offsets((), (0,))
    return Offsets((_EARLIEST, *moments, _LATEST), (0, *seconds, 0))


def _shift(at: Expression, moments: Sequence[datetime], seconds: Sequence[int]) -> Expression:
    return _seconds(at, moments, seconds).as_interval("s")


def _seconds(at: Expression, moments: Sequence[datetime], seconds: Sequence[int]) -> Expression:
    """A balanced tree of comparisons, which engines walk fast, with short chains for leaves, which compile fast."""
    if not moments:
        return _number(seconds[0])
    if len(moments) <= _CHAIN:
        steps = [(at < _moment(moment), _number(before)) for moment, before in zip(moments, seconds, strict=False)]
        return ibis.cases(*steps, else_=_number(seconds[-1]))
    middle = len(moments) // 2
    return ibis.ifelse(
        at < _moment(moments[middle]),
        _seconds(at, moments[:middle], seconds[: middle + 1]),
        _seconds(at, moments[middle + 1 :], seconds[middle + 1 :]),
    )


@cache
def _moment(moment: datetime) -> Expression:
    return ibis.literal(moment.isoformat(sep=" ")).cast("timestamp")  # one word of SQL, where a timestamp is eight


@cache
def _number(seconds: int) -> Expression:
    return ibis.literal(seconds, "int64")
