"""What a page of a metric is asked for, all of it in its address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, cast, get_args
from urllib.parse import urlencode

from django.http import QueryDict

from septima.metrics import Grain, Metric
from septima.metrics.period import Calendar

Look = Literal["time", "cohorts", "funnel", "flow"]
LOOKS: tuple[Look, ...] = get_args(Look)
GRAINS: tuple[Grain, ...] = ("day", "week", "month", "quarter", "year")
SHOWN_PERIODS: Mapping[str, int] = {"day": 60, "week": 52, "month": 24, "quarter": 12, "year": 10}
"""How many periods are shown where a person names no first day."""
MOST_SLICES = 2


@dataclass(frozen=True)
class Ask:
    """A metric by grain and slices, from the first day to the last (None is open), and how it is looked at."""

    metric: str
    grain: Grain = "month"
    by: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    look: Look = "time"

    @property
    def of_figures(self) -> "Ask":
        """What figures the look needs: a triangle those by cohort and age, whenever; a funnel those by stage."""
        match self.look:
            case "time":
                return self
            case "cohorts":
                return Ask(self.metric, "all", ("cohort", "age"), look=self.look)
            case "funnel":
                return replace(self, by=("stage",))
            case "flow":
                return replace(self, by=("from_department", "to_department"))

    @property
    def query(self) -> str:
        """The query of the address by which another person sees the same."""
        pairs: list[tuple[str, str]] = [("grain", self.grain)]
        pairs += [("by", name) for name in self.by]
        pairs += [(name, day.isoformat()) for name, day in (("from", self.start), ("to", self.end)) if day is not None]
        if self.look != "time":
            pairs.append(("look", self.look))
        return urlencode(pairs)

    def bounds(self, calendar: Calendar) -> tuple[date | None, date | None]:
        """First and last day that are shown; without a first day, as many periods as fit well."""
        if self.start is not None or self.grain == "all":
            return self.start, self.end
        newest = calendar.period_of(self.end or calendar.today(), self.grain)
        return newest.shift(1 - SHOWN_PERIODS[self.grain]).start, self.end


def asked(metric: Metric, query: QueryDict) -> Ask:
    """What an address asks for; what it holds that is no day, grain or dimension of the metric is passed over."""
    grain = query.get("grain", "month")
    by = [name for name in dict.fromkeys(query.getlist("by")) if name in metric.dimensions]
    start, end = _day(query.get("from", "")), _day(query.get("to", ""))
    if start is not None and end is not None and end < start:
        start, end = end, start
    look = query.get("look", "time")
    return Ask(
        metric.id,
        grain if grain in GRAINS else "month",
        tuple(by[:MOST_SLICES]),
        start,
        end,
        cast("Look", look) if look in looks_of(metric) else "time",
    )


def looks_of(metric: Metric) -> Sequence[Look]:
    """How a metric can be looked at, by the dimensions that it has."""
    found: list[Look] = ["time"]
    if {"cohort", "age"} <= set(metric.dimensions):
        found.append("cohorts")
    if metric.id == "stage_conversion":
        found.append("funnel")
    if {"from_department", "to_department"} <= set(metric.dimensions):
        found.append("flow")
    return found


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2200 else None
