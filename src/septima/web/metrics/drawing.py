"""Charts of a metric as pieces of a page, each drawn once."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import altair as alt
from django.utils.safestring import SafeString, mark_safe

from septima.report.charts import trend
from septima.report.pictures import svg
from septima.report.points import Event, Point
from septima.report.words import TICKS
from septima.schema import Language
from septima.web.common.workspaces import kept

LAPTOP = (840, 250)
PHONE = (316, 190)
SMALL = (252, 110)
"""Width and height of a trend over the page, on a phone, and of one of several beside each other."""


@dataclass(frozen=True)
class Picture:
    """A chart with what stands over it; `phone` is the same for narrow screens, None where one fits both."""

    title: str
    wide: SafeString
    phone: SafeString | None = None


def course_chart(
    points: Sequence[Point],
    *,
    unit: str,
    grain: str,
    language: Language,
    size: tuple[int, int] = LAPTOP,
    ahead: Sequence[Point] = (),
    target: float | None = None,
    target_label: str = "",
    events: Sequence[Event] = (),
    reach: Sequence[float | None] = (),
) -> alt.LayerChart:
    """The course of a metric, in the numbers of its axis, with its target, what is expected and what people marked on it."""
    tick = TICKS["day" if grain == "week" else grain].in_language(language) if grain != "year" else ""
    width, height = size
    return trend(
        points,
        ahead=ahead,
        target=target,
        target_label=target_label,
        unit=unit,
        tick_format=tick,
        events=events,
        reach=reach,
        width=width,
        height=height,
    )


def drawn(chart: alt.LayerChart, language: Language, description: str) -> SafeString:
    """The chart as SVG, kept by what it is made of."""
    specification = chart.to_json(indent=None, validate=False)
    content = "\0".join((language, description, alt.__version__, specification))
    key = "drawing-" + hashlib.sha256(content.encode()).hexdigest()[:40]
    return mark_safe(kept(key, lambda: svg(chart, language, description)))  # noqa: S308 - our own drawing


def both(title: str, make: Callable[[tuple[int, int]], alt.LayerChart], language: Language, words: str) -> Picture:
    """A chart in the sizes of laptop and phone."""
    return Picture(title, drawn(make(LAPTOP), language, words), drawn(make(PHONE), language, words))
