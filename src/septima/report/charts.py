"""Every chart of the product as an Altair chart: bullet, sparkline, trend, dots with intervals and pairs of numbers.

Numbers come as they are to be read off an axis (42.3 of per cent, 12.4 of millions). A picture for
print, page or notebook is made of the same chart, see `pictures`.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Literal

import altair as alt

from septima.report.palette import (
    ACCENT,
    ACCENT_LIGHT,
    ACCENT_MIDDLE,
    HAIRLINE,
    INK,
    PAPER,
    QUIET,
    STATE_COLOURS,
    TRACK,
)
from septima.report.points import Cell, Dot, Event, Point, Rung, Step, Track
from septima.scorecard.card import Figure

Picture = alt.LayerChart
FONT = "Septima Sans"

BULLET_WIDTH = 100
BULLET_MARGIN = 25
TREND_WIDTH = 366
TREND_HEIGHT = 104
SLICE_WIDTH = 190
SLICE_STEP = 16
NAMES_WIDTH = 160
PAIRS_WIDTH = 262
PAIRS_HEIGHT = 130

Row = Mapping[str, float | str | None]

_DIRECTIONS: tuple[tuple[str, Literal["good", "bad"]], ...] = (("up", "good"), ("down", "bad"))


def bullet(
    figure: Figure, *, target: float | None = None, domain: tuple[float, float], label: str = ""
) -> alt.LayerChart:
    """A bar of the value, its interval as a line over it, the target as an upright stroke (after Few, 2006).

    `domain` are the ends of the pale track. `label` stands to the right of bar and interval.
    """
    low, high = domain
    base = min(max(0.0, low), high)

    def clip(value: float) -> float:
        return min(max(value, low), high)  # what lies off the track ends at its edge

    value = figure.value if figure.value is not None else base
    row: dict[str, float | str | None] = {
        "low": low,
        "high": high,
        "base": base,
        "value": clip(value),
        "lower": None if figure.lower is None else clip(figure.lower),
        "upper": None if figure.upper is None else clip(figure.upper),
        "target": None if target is None else clip(target),
        "end": clip(max(value, figure.upper if figure.upper is not None else value)),
        "label": label,
    }
    chart = alt.Chart(_data([row]))
    scale = alt.Scale(domain=[low, high], nice=False, zero=False)

    def along(name: str) -> alt.X:
        return alt.X(name, type="quantitative", scale=scale, axis=None)

    layers = [chart.mark_bar(height=13, color=TRACK).encode(x=along("low"), x2=alt.X2("high:Q"))]
    if figure.value is not None:
        layers.append(chart.mark_bar(height=7, color=ACCENT_MIDDLE).encode(x=along("base"), x2=alt.X2("value:Q")))
    if low < 0 < high:
        layers.append(chart.mark_tick(size=13, thickness=1, color=QUIET).encode(x=along("base")))
    if row["lower"] is not None and row["upper"] is not None:
        layers.append(chart.mark_rule(strokeWidth=1.6, color=ACCENT).encode(x=along("lower"), x2=alt.X2("upper:Q")))
    if figure.value is not None:
        layers.append(chart.mark_point(size=17, color=ACCENT, filled=True, opacity=1).encode(x=along("value")))
    if target is not None:
        layers.append(chart.mark_tick(size=15, thickness=2.4, color=INK).encode(x=along("target")))
    if label:
        text = chart.mark_text(align="left", dx=5, fontSize=10.5, color=INK)
        layers.append(text.encode(x=along("end"), text=alt.Text("label:N")))
    padding = {"left": 1, "right": BULLET_MARGIN, "top": 1, "bottom": 1}
    return _finished(alt.LayerChart(layer=layers), width=BULLET_WIDTH, height=16, padding=padding, autosize="none")


def sparkline(points: Sequence[Point]) -> alt.LayerChart:
    """The course of a figure without axes, with the band of its interval and a dot at the last period."""
    rows = _point_rows(points)
    chart = alt.Chart(_data(rows))
    x = alt.X("period:T", scale=alt.Scale(type="utc", padding=3), axis=None)

    def up(name: str) -> alt.Y:
        return alt.Y(name, type="quantitative", scale=alt.Scale(zero=False, nice=False), axis=None)

    last = [row for row in rows[-1:] if row["value"] is not None]
    layers = [
        chart.mark_area(color=ACCENT_LIGHT, opacity=1).encode(x=x, y=up("lower"), y2=alt.Y2("upper:Q")),
        chart.mark_line(color=ACCENT, strokeWidth=1.3).encode(x=x, y=up("value")),
    ]
    if last:
        dot = alt.Chart(_data(last)).mark_point(size=18, filled=True, opacity=1, color=ACCENT)
        layers.append(dot.encode(x=x, y=up("value")))
    return _finished(alt.LayerChart(layer=layers), width=64, height=16, padding=2, autosize="none")


def trend(
    points: Sequence[Point],
    *,
    ahead: Sequence[Point] = (),
    target: float | None = None,
    unit: str = "",
    target_label: str = "",
    tick_format: str = "",
    events: Sequence[Event] = (),
    reach: Sequence[float | None] = (),
    width: int = TREND_WIDTH,
    height: int = TREND_HEIGHT,
) -> alt.LayerChart:
    """The course of a figure: line, band of the 95 % interval, target as a dashed line, of steps where the points' targets differ.

    `unit` stands over the axis, `target_label` at the target's line. `tick_format` (of d3) writes the
    period within its year below the axis, above the year; where empty, the year alone. What is expected `ahead` goes on
    from the last point as a dashed line within a paler band. `events` are marked behind the line, and their numbers stand
    over it. The axis holds the numbers of `reach` too, so that several trends have the same.
    """
    rows, expected = _point_rows(points), _point_rows(ahead)
    chart = alt.Chart(_data(rows))
    # The last of all is the end of what is expected, and the ticks are counted back from it.
    x = _along_time(_ticks([*rows, *expected], max(2, width // 52)), tick_format)
    targets = [row["target"] for row in rows if row["target"] is not None]
    numbers = [row[name] for row in [*rows, *expected] for name in ("value", "lower", "upper")]
    domain = _nice_domain([*numbers, *targets, *reach], target)

    up = _upward(domain)
    band, dashes = _expected(rows[-1:], expected, x, up)
    layers: list[alt.Chart] = [
        *_events(events, x),
        *band,
        chart.mark_area(color=ACCENT_LIGHT, opacity=1).encode(x=x, y=up("lower"), y2=alt.Y2("upper:Q")),
        chart.mark_line(color=ACCENT, strokeWidth=1.8).encode(x=x, y=up("value")),
        chart.mark_point(color=ACCENT, filled=True, size=16, opacity=1).encode(x=x, y=up("value")),
        *dashes,
    ]
    moving = len(set(targets)) > 1
    if moving:
        steps = chart.mark_line(color=INK, strokeWidth=1, strokeDash=[4, 3], interpolate="step")
        layers.append(steps.encode(x=x, y=up("target")))
    if target is not None:
        at = alt.Chart(_data([{"target": target, "label": target_label}]))
        if not moving:
            layers.append(at.mark_rule(color=INK, strokeWidth=1, strokeDash=[4, 3]).encode(y=up("target")))
        side = "right" if moving else _emptier_side(rows, target)
        beside = alt.value(width if side == "right" else 0)
        # The first, in the colour of the paper, keeps band and line off the letters.
        halo = at.mark_text(
            align=side,
            baseline="bottom",
            dy=-3,
            fontSize=11,
            color=PAPER,
            stroke=PAPER,
            strokeWidth=3.5,
            strokeJoin="round",
        )
        note = at.mark_text(align=side, baseline="bottom", dy=-3, fontSize=11, color=INK)
        layers += [text.encode(x=beside, y=up("target"), text=alt.Text("label:N")) for text in (halo, note)]
    last = [row for row in rows[-1:] if row["value"] is not None]
    if last:
        dot = alt.Chart(_data(last)).mark_point(size=46, filled=True, opacity=1, color=ACCENT, stroke=PAPER)
        layers.append(dot.encode(x=x, y=up("value")))
    title = _unit_title(unit, "bounds")
    return _finished(alt.LayerChart(layer=layers), width=width, height=height, padding=2, title=title)


def _expected(
    last: Sequence[dict[str, float | None]],
    expected: Sequence[dict[str, float | None]],
    x: alt.X,
    up: Callable[[str], alt.Y],
) -> tuple[list[alt.Chart], list[alt.Chart]]:
    """The band of what is expected, which begins at the last known value, and its dashed line with open dots."""
    if not expected:
        return [], []
    known = [{**row, "lower": row["value"], "upper": row["value"]} for row in last if row["value"] is not None]
    joined = alt.Chart(_data([*known, *expected]))
    dots = alt.Chart(_data(expected)).mark_point(color=ACCENT, filled=False, size=30, opacity=1)
    band = joined.mark_area(color=TRACK, opacity=1).encode(x=x, y=up("lower"), y2=alt.Y2("upper:Q"))
    line = joined.mark_line(color=ACCENT, strokeWidth=1.6, strokeDash=[4, 3]).encode(x=x, y=up("value"))
    return [band], [line, dots.encode(x=x, y=up("value"))]


def _events(events: Sequence[Event], x: alt.X) -> list[alt.Chart]:
    """Stretches of days as pale bands and single days as upright lines, each with its number at the top."""
    rows: list[Row] = [
        {"period": _milliseconds(event.start), "until": _milliseconds(event.end), "label": event.label}
        for event in events
    ]
    stretches = [row for row in rows if row["period"] != row["until"]]
    layers: list[alt.Chart] = []
    if stretches:
        layers.append(alt.Chart(_data(stretches)).mark_rect(color=TRACK, opacity=1).encode(x=x, x2=alt.X2("until:T")))
    if rows:
        at = alt.Chart(_data(rows))
        layers.append(at.mark_rule(color=QUIET, strokeWidth=1, strokeDash=[1, 3]).encode(x=x))
        number = at.mark_text(align="left", baseline="top", dx=3, fontSize=11, color=INK)
        layers.append(number.encode(x=x, y=alt.value(0), text=alt.Text("label:N")))
    return layers


def grid(
    cells: Sequence[Cell],
    *,
    columns: Sequence[str],
    lines: Sequence[str],
    axis_title: str = "",
    step: int = 34,
    names_width: int = NAMES_WIDTH,
) -> alt.LayerChart:
    """Lines × columns, each cell the darker the greater its value (four shades), with the value in words: a cohort triangle, a flow."""
    known = [cell.value for cell in cells if cell.value is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    darkest = low + 0.75 * (high - low)
    rows: list[Row] = [
        {"line": cell.line, "column": cell.column, "value": cell.value, "label": cell.label}
        for cell in cells
        if cell.value is not None
    ]
    chart = alt.Chart(_data(rows))
    x = alt.X(
        "column:N",
        sort=list(columns),
        axis=alt.Axis(
            title=axis_title or None,
            titleFontWeight="normal",
            orient="top",
            labelAngle=0,
            ticks=False,
            domain=False,
            grid=False,
        ),
    )
    y = alt.Y(
        "line:N",
        sort=list(lines),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, grid=False, labelLimit=names_width),
    )
    # Four colours of the palette and none between them, so that a page can put those of its theme in their place.
    shades = [TRACK, ACCENT_LIGHT, ACCENT_MIDDLE, ACCENT]
    scale = alt.Scale(type="quantize", domain=[low, high if high > low else low + 1], range=shades)
    colour = alt.Color("value:Q", scale=scale, legend=None)
    ink = alt.condition(alt.datum.value >= darkest, alt.value(PAPER), alt.value(INK))
    layers = [
        chart.mark_rect(stroke=PAPER, strokeWidth=1).encode(x=x, y=y, color=colour),
        chart.mark_text(fontSize=10).encode(x=x, y=y, text=alt.Text("label:N"), color=ink),
    ]
    return _finished(
        alt.LayerChart(layer=layers), width=step * max(1, len(columns)), height=18 * max(1, len(lines)), padding=2
    )


def bars(
    names: Sequence[str], numbers: Sequence[float], labels: Sequence[str], *, width: int = 300, names_width: int = 200
) -> alt.LayerChart:
    """A number for each of some ordered names as a bar with its words beside it, one under another: a funnel."""
    rows: list[Row] = [
        {"line": line, "number": number, "label": label}
        for line, (number, label) in enumerate(zip(numbers, labels, strict=True))
    ]
    chart = alt.Chart(_data(rows))
    y = _named_lines(names, [], names_width, ruled=False)
    x = alt.X("number:Q", axis=None, scale=alt.Scale(domain=[0, max([*numbers, 0]) or 1], nice=False))
    layers = [
        chart.mark_bar(height=14, color=ACCENT_MIDDLE).encode(x=x, y=y),
        chart.mark_text(align="left", dx=6, fontSize=11, color=INK).encode(x=x, y=y, text=alt.Text("label:N")),
    ]
    return _finished(alt.LayerChart(layer=layers), width=width, height=22 * max(1, len(rows)), padding=2)


def explored(chart: alt.LayerChart, names: Mapping[str, str], period_format: str) -> dict[str, object]:
    """The chart for a page that explores it: its specification with tips on its marks and an axis of time that can be moved.

    `names` are what the columns period, value, lower and upper are called in the tip; `period_format` is that of d3.
    """
    specification = chart.to_dict(validate=False)
    tips = [{"field": "period", "type": "temporal", "title": names["period"], "format": period_format}]
    tips += [
        {"field": name, "type": "quantitative", "title": names[name], "format": ",.3~f"}
        for name in ("value", "lower", "upper")
    ]
    # Ticks that were chosen for the whole course would be lost as soon as it is moved.
    axis = {"format": period_format, "grid": False, "labelOverlap": True, "tickCount": 8}
    for layer in specification["layer"]:
        y = layer["encoding"].get("y", {})
        if "axis" in layer["encoding"].get("x", {}):
            layer["encoding"]["x"]["axis"] = axis
        mark = layer["mark"]
        if mark["type"] == "point" and y.get("field") == "value":
            layer["encoding"]["tooltip"] = tips
            mark["size"] = max(mark.get("size", 0), 30)
        if mark["type"] == "line" and y.get("field") == "value" and "strokeDash" not in mark:
            layer["params"] = [{"name": "moved", "select": {"type": "interval", "encodings": ["x"]}, "bind": "scales"}]
    specification["width"] = "container"
    specification["autosize"] = {"type": "fit-x", "contains": "padding"}
    return specification


def slices(
    dots: Sequence[Dot],
    *,
    whole: float | None,
    unit: str = "",
    width: int = SLICE_WIDTH,
    names_width: int = NAMES_WIDTH,
) -> alt.LayerChart:
    """Members of a dimension one under another: a dot with its interval, and `whole` as an upright line.

    A member's own target is an upright stroke. `names_width` is the most that a name to the left takes before it is cut
    short.
    """
    rows = [{"member": dot.member, "label": dot.label, **_bounds(dot.figure), "target": dot.target} for dot in dots]
    numbers = [value for row in rows for value in (row["value"], row["lower"], row["upper"], row["target"])]
    domain = _nice_domain(numbers, whole)
    chart = alt.Chart(_data(rows))
    names = [dot.member for dot in dots]
    y = alt.Y(
        "member:N",
        title=None,
        sort=names,
        axis=alt.Axis(domain=False, ticks=False, labelLimit=names_width, minExtent=84, grid=True),
    )

    def along(name: str) -> alt.X:
        axis = alt.Axis(tickCount=3, format=_tick_digits(domain, 3), grid=False)
        return alt.X(name, type="quantitative", title=None, scale=alt.Scale(domain=list(domain), nice=True), axis=axis)

    layers: list[alt.Chart] = []
    if whole is not None:
        at = alt.Chart(_data([{"whole": whole}]))
        layers.append(at.mark_rule(color=QUIET, strokeWidth=1, strokeDash=[2, 2]).encode(x=along("whole")))
    layers += [
        chart.mark_rule(color=ACCENT_MIDDLE, strokeWidth=3).encode(x=along("lower"), x2=alt.X2("upper:Q"), y=y),
        chart.mark_point(color=ACCENT, filled=True, size=42, opacity=1).encode(x=along("value"), y=y),
        chart.mark_text(align="left", fontSize=11, color=INK).encode(
            x=alt.value(width + 8), y=y, text=alt.Text("label:N")
        ),
    ]
    if any(dot.target is not None for dot in dots):
        layers.append(chart.mark_tick(size=12, thickness=2.4, color=INK).encode(x=along("target"), y=y))
    title = _unit_title(unit, "group")
    return _finished(alt.LayerChart(layer=layers), width=width, height=SLICE_STEP * len(rows), padding=2, title=title)


def pairs(
    names: Sequence[str],
    bars: Sequence[float],
    dots: Sequence[float],
    *,
    unit: str = "",
    axis_title: str = "",
    width: int = PAIRS_WIDTH,
    height: int = PAIRS_HEIGHT,
) -> alt.LayerChart:
    """Two numbers for each of some ordered names: bars, and dots over them."""
    rows = [{"name": name, "bar": bar, "dot": dot} for name, bar, dot in zip(names, bars, dots, strict=True)]
    chart = alt.Chart(_data(rows))
    domain = _nice_domain([*bars, *dots], 0.0)
    low, high = min(domain[0], 0.0) if min([*bars, *dots], default=0.0) < 0 else 0.0, domain[1]
    x = alt.X(
        "name:N",
        sort=list(names),
        axis=alt.Axis(title=axis_title or None, titleFontWeight="normal", labelAngle=0, grid=False, ticks=False),
    )

    up = _upward((low, high))
    layers = [
        chart.mark_bar(color=ACCENT_MIDDLE).encode(x=x, y=up("bar")),
        chart.mark_point(color=INK, filled=True, size=40, opacity=1).encode(x=x, y=up("dot")),
    ]
    title = _unit_title(unit, "bounds")
    return _finished(alt.LayerChart(layer=layers), width=width, height=height, padding=2, title=title)


def ladder(
    rungs: Sequence[Rung], *, count: int, axis_title: str, width: int = 300, names_width: int = 260
) -> alt.LayerChart:
    """Members of a league one under another: a bar over the ranks that each may have, a mark at the rank by its figure.

    Our own mark is a diamond and its name is strong. `count` is how many ranks there are.
    """
    rows: list[Row] = [
        {
            "line": line,
            "rank": rung.rank,
            "low": rung.ranks[0] - 0.3,
            "high": rung.ranks[1] + 0.3,
            "label": rung.label,
            "own": str(rung.own),
        }
        for line, rung in enumerate(rungs)
    ]
    chart = alt.Chart(_data(rows))
    strong = [line for line, rung in enumerate(rungs) if rung.own]
    y = _named_lines([rung.member for rung in rungs], strong, names_width)
    step = max(1, math.ceil(count / 12))
    values = [1, *range(1 + step, count + 1, step)]
    scale = alt.Scale(domain=[0.5, count + 0.5], nice=False, zero=False)

    def along(name: str) -> alt.X:
        axis = alt.Axis(
            values=values,  # type: ignore[arg-type]
            format="d",
            title=axis_title,
            titleFontWeight="normal",
            grid=True,
            domain=False,
            ticks=False,
        )
        return alt.X(name, type="quantitative", scale=scale, axis=axis)

    own = alt.FieldEqualPredicate(field="own", equal="True")
    size = alt.condition(own, alt.value(100), alt.value(52))
    shape = alt.condition(own, alt.value("diamond"), alt.value("circle"))
    colour = alt.condition(own, alt.value(INK), alt.value(ACCENT))
    layers = [
        chart.mark_bar(height=7, color=ACCENT_LIGHT, cornerRadius=3).encode(x=along("low"), x2=alt.X2("high:Q"), y=y),
        chart.mark_point(filled=True, opacity=1).encode(x=along("rank"), y=y, shape=shape, color=colour, size=size),
        chart.mark_text(align="left", fontSize=11, color=INK).encode(
            x=alt.value(width + 8), y=y, text=alt.Text("label:N")
        ),
    ]
    return _finished(alt.LayerChart(layer=layers), width=width, height=SLICE_STEP * len(rows), padding=2)


def road_map(
    tracks: Sequence[Track], *, today: date, legend: str, width: int = 380, names_width: int = 230
) -> alt.LayerChart:
    """Phases as bars and milestones as marks over time: planned hollow, done filled, overdue a triangle; a line is today.

    Between planned and done, or today, runs a thin line. `legend` stands over the chart and names the marks.
    """
    rows: list[Row] = []
    for line, track in enumerate(tracks):
        planned, done = _milliseconds(track.planned), None if track.done is None else _milliseconds(track.done)
        rows.append(
            {
                "line": line,
                "start": _milliseconds(track.start),
                "planned": planned,
                "done": done,
                "until": _milliseconds(today) if track.overdue else planned if done is None else done,
                "kind": "phase" if track.phase else "overdue" if track.overdue else "milestone",
            }
        )
    y = _named_lines(
        [track.name for track in tracks], [line for line, track in enumerate(tracks) if track.phase], names_width
    )
    x_axis = alt.Axis(format="%b %Y", tickCount=6, grid=True, domain=False, labelFlush=True, labelOverlap="greedy")

    def along(name: str) -> alt.X:
        return alt.X(f"{name}:T", title=None, scale=alt.Scale(type="utc", padding=8), axis=x_axis)

    def of(*kinds: str, having: str | None = None) -> alt.Chart:
        chosen = [row for row in rows if row["kind"] in kinds and (having is None or row[having] is not None)]
        return alt.Chart(_data(chosen))

    milestones = ("milestone", "overdue")
    at = alt.Chart(_data([{"today": _milliseconds(today)}]))
    layers = [
        of("phase").mark_bar(height=9, color=ACCENT_LIGHT).encode(x=along("start"), x2=alt.X2("planned:T"), y=y),
        of("phase", having="done").mark_bar(height=3, color=ACCENT).encode(x=along("start"), x2=alt.X2("done:T"), y=y),
        of(*milestones).mark_rule(color=QUIET, strokeWidth=1).encode(x=along("planned"), x2=alt.X2("until:T"), y=y),
        of("milestone")
        .mark_point(size=42, color=QUIET, fill=PAPER, strokeWidth=1.2, opacity=1)
        .encode(x=along("planned"), y=y),
        of("milestone", having="done")
        .mark_point(size=42, color=ACCENT, filled=True, opacity=1)
        .encode(x=along("done"), y=y),
        of("overdue")
        .mark_point(size=60, color=STATE_COLOURS["bad"], filled=True, shape="triangle-up", opacity=1)
        .encode(x=along("planned"), y=y),
        at.mark_rule(color=INK, strokeWidth=1.2, strokeDash=[4, 3]).encode(x=along("today")),
    ]
    title = _unit_title(legend, "group")
    return _finished(alt.LayerChart(layer=layers), width=width, height=15 * len(rows), padding=2, title=title)


def waterfall(steps: Sequence[Step], *, unit: str = "", width: int = 330, names_width: int = 250) -> alt.LayerChart:
    """From one level to another by what each driver brought: floating bars under one another, levels as upright strokes.

    A rise is to the right and dark green, a fall to the left and dark orange; its label has the sign. Faint ones are pale: no
    more than chance. The axis need not begin at 0, since levels are strokes and no bars.
    """
    ends = [number for step in steps for number in (step.start, step.end)]
    room = 0.16 * ((max(ends) - min(ends)) or 1.0)
    scale = alt.Scale(domain=[min(ends) - room, max(ends) + room], nice=False, zero=False)
    rows: list[Row] = [
        {
            "line": line,
            "start": step.start,
            "end": step.end,
            "right": max(step.start, step.end),
            "label": step.label,
            "kind": "whole" if step.whole else "up" if step.end >= step.start else "down",
            "opacity": 0.45 if step.faint else 1.0,
        }
        for line, step in enumerate(steps)
    ]
    y = _named_lines([step.name for step in steps], [at for at, step in enumerate(steps) if step.whole], names_width)

    def along(name: str) -> alt.X:
        axis = alt.Axis(tickCount=5, grid=True, domain=False, ticks=False)
        return alt.X(name, type="quantitative", title=None, scale=scale, axis=axis)

    def of(kind: str) -> alt.Chart:
        return alt.Chart(_data([row for row in rows if row["kind"] == kind]))

    opacity = alt.Opacity("opacity:Q", scale=None, legend=None)
    layers = [
        of(kind)
        .mark_bar(height=9, color=STATE_COLOURS[state])
        .encode(x=along("start"), x2=alt.X2("end:Q"), y=y, opacity=opacity)
        for kind, state in _DIRECTIONS
    ]
    layers.append(of("whole").mark_tick(size=13, thickness=3, color=INK).encode(x=along("end"), y=y))
    text = alt.Chart(_data(rows)).mark_text(align="left", dx=6, fontSize=11, color=INK)
    layers.append(text.encode(x=along("right"), y=y, text=alt.Text("label:N")))
    title = _unit_title(unit, "group")
    return _finished(alt.LayerChart(layer=layers), width=width, height=SLICE_STEP * len(rows), padding=2, title=title)


def _named_lines(names: Sequence[str], strong: Sequence[int], most: int, *, ruled: bool = True) -> alt.Y:
    """Lines one under another with their names to the left, `strong` ones in ink; equal names stay apart."""
    test = f"indexof({json.dumps(list(strong))}, datum.value) >= 0"
    axis = alt.Axis(
        labelExpr=f"{json.dumps(list(names))}[datum.value]",
        labelLimit=most,
        minExtent=84,
        domain=False,
        ticks=False,
        grid=ruled,
        labelColor={"condition": {"test": test, "value": INK}, "value": QUIET},  # type: ignore[arg-type]
        labelFontWeight={"condition": {"test": test, "value": 600}, "value": "normal"},  # type: ignore[arg-type]
    )
    return alt.Y("line:O", title=None, sort=list(range(len(names))), axis=axis)


def bullet_domain(figure: Figure, target: float | None, unit: str) -> tuple[float, float]:
    """The ends of a bullet's track: the unit's own scale where it has one, else from 0 past all that is drawn."""
    if unit == "score_1_5":
        return 1.0, 5.0
    if unit == "score_0_100":
        return 0.0, 100.0
    numbers = [number for number in (figure.value, figure.lower, figure.upper, target) if number is not None]
    low, high = min([0.0, *numbers]), max([0.0, *numbers])
    room = 0.12 * (high - low) or 1.0
    return (low - room if low < 0 else 0.0), high + room


def _finished(
    chart: alt.LayerChart,
    *,
    width: int,
    height: int,
    padding: int | Mapping[str, int],
    title: alt.TitleParams | None = None,
    autosize: Literal["pad", "none"] = "pad",
) -> alt.LayerChart:
    sized = chart.properties(width=width, height=height, background="transparent", padding=padding, autosize=autosize)
    if title is not None:
        sized = sized.properties(title=title)
    axis = {
        "labelFont": FONT,
        "labelFontSize": 11,
        "labelColor": QUIET,
        "titleFont": FONT,
        "titleFontSize": 11,
        "titleColor": QUIET,
        "labelPadding": 4,
        "gridColor": HAIRLINE,
        "gridWidth": 0.6,
        "domainColor": QUIET,
        "domainWidth": 0.6,
        "tickColor": QUIET,
        "tickWidth": 0.6,
        "tickSize": 4,
    }
    # Marks carry no words of their own for screen readers: the picture as a whole has a sentence.
    return sized.configure(font=FONT, aria=False, axis=axis, view={"stroke": None}, text={"font": FONT})  # type: ignore[arg-type]


def _unit_title(unit: str, frame: Literal["bounds", "group"]) -> alt.TitleParams:
    """What stands over the axis; a blank keeps the place of a unit that there is not."""
    return alt.TitleParams(
        unit or " ", anchor="start", frame=frame, fontSize=11, fontWeight="normal", color=QUIET, offset=4
    )


def _along_time(ticks: Sequence[float], tick_format: str) -> alt.X:
    """The axis of periods, named at the ticks."""
    axis = alt.Axis(values=ticks, labelExpr=_tick_label(tick_format), grid=False, labelFlush=False)  # type: ignore[arg-type]
    return alt.X("period:T", title=None, scale=alt.Scale(type="utc", padding=8), axis=axis)


def _upward(domain: tuple[float, float]) -> Callable[[str], alt.Y]:
    """The axis of values within `domain`, for the column that is named."""
    axis = alt.Axis(tickCount=4, format=_tick_digits(domain, 4), domain=False, ticks=False, minExtent=34)
    scale = alt.Scale(domain=list(domain), nice=True)
    return lambda name: alt.Y(name, type="quantitative", title=None, scale=scale, axis=axis)


def _data(rows: Sequence[Row]) -> alt.Data:
    return alt.Data(values=[dict(row) for row in rows])  # type: ignore[arg-type]


def _bounds(figure: Figure) -> dict[str, float | None]:
    return {name: _finite(getattr(figure, name)) for name in ("value", "lower", "upper")}


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _point_rows(points: Sequence[Point]) -> list[dict[str, float | None]]:
    return [
        {"period": _milliseconds(point.period), **_bounds(point.figure), "target": point.target} for point in points
    ]


def _milliseconds(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp() * 1000


def _ticks(rows: Sequence[Row], most: int = 7) -> list[float]:
    """Periods that are named below the axis: every so many, counted back from the last."""
    step = max(1, math.ceil(len(rows) / most))
    periods = [float(row["period"] or 0) for row in rows]
    return sorted(periods[::-1][::step])


def _tick_label(tick_format: str) -> str:
    year = "utcFormat(datum.value, '%Y')"
    return f"[utcFormat(datum.value, {json.dumps(tick_format)}), {year}]" if tick_format else year


def _emptier_side(rows: Sequence[Row], target: float) -> Literal["left", "right"]:
    """The side of a trend where the line keeps farther from the target."""
    quarter = max(1, len(rows) // 4)

    def distance(part: Sequence[Row]) -> float:
        return min((abs(float(row["value"]) - target) for row in part if row["value"] is not None), default=math.inf)

    return "left" if distance(rows[:quarter]) > distance(rows[-quarter:]) else "right"


def _nice_domain(numbers: Sequence[float | str | None], extra: float | None) -> tuple[float, float]:
    known = [float(number) for number in [*numbers, extra] if number is not None]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    room = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    return low - room, high + room


def _tick_digits(domain: tuple[float, float], ticks: int) -> str:
    """A d3 format with as many decimals as the step between ticks needs, so that all labels have the same."""
    step = (domain[1] - domain[0]) / ticks
    return f",.{max(0, -math.floor(math.log10(step)))}f"
