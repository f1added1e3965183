"""Charts hold the numbers they are given, and follow the schema of Vega-Lite."""

import re
from datetime import date

import pytest

from septima.report.charts import bars, bullet, bullet_domain, explored, grid, pairs, slices, sparkline, trend
from septima.report.pictures import png, svg
from septima.report.points import Cell, Dot, Event, Point
from septima.scorecard.card import UNDEFINED, Figure

POINTS = [
    Point(date(2026, 1, 1), Figure(1234.5, 1200, 1270)),
    Point(date(2026, 4, 1), UNDEFINED),
    Point(date(2026, 7, 1), Figure(1400.25, 1350, 1450)),
]
CHARTS = {
    "bullet": bullet(Figure(0.42, 0.38, 0.46), target=0.45, domain=(0, 0.6)),
    "bullet below zero": bullet(Figure(-0.05, -0.17, 0.06), target=0.0, domain=(-0.2, 0.2)),
    "bullet without a value": bullet(UNDEFINED, domain=(0, 1)),
    "sparkline": sparkline(POINTS),
    "trend": trend(POINTS, target=1300, unit="₽", target_label="цель", tick_format="%q кв."),
    "trend without data": trend([Point(date(2026, 1, 1), UNDEFINED)]),
    "trend with events": trend(
        POINTS, events=[Event(date(2026, 5, 3), date(2026, 5, 3), "1"), Event(date(2026, 2, 1), date(2026, 3, 1), "2")]
    ),
    "grid": grid(
        [Cell("2026-01", "1", 0.52, "52"), Cell("2026-01", "2", None, ""), Cell("2026-02", "1", 0.31, "31")],
        columns=["1", "2"],
        lines=["2026-01", "2026-02"],
    ),
    "grid of nothing": grid([], columns=[], lines=[]),
    "bars": bars(["Лид", "Сделка"], [44, 23], ["44", "23"]),
    "bars of nothing": bars([], [], []),
    "slices": slices([Dot("<script>alert(1)</script>", Figure(0.7, 0.6, 0.8), "0,70"), Dot("Юг", Figure(0.5), "0,50")], whole=0.6),
    "pairs": pairs(["0", "1", "2+"], [60, 30, 10], [58, 33, 9.5], unit="клиентов", axis_title="повторных покупок"),
    "pairs of losses": pairs(["1", "2"], [-5, 10], [3, 9]),
}  # fmt: skip


@pytest.mark.parametrize("name", CHARTS)
def test_each_chart_follows_the_schema_and_is_drawn(name):
    CHARTS[name].to_dict(validate=True)
    drawn = svg(CHARTS[name], "ru", "Одно предложение.")
    assert drawn.startswith('<svg class="picture" ')
    assert drawn.endswith("</svg>")


def test_a_bullet_is_as_long_as_its_value():
    drawn = svg(bullet(Figure(30.0), domain=(0, 100)), "en", "x")
    # The track is 100 wide, so the bar of 30 of 100 ends at 30.
    widths = [float(width) for width in re.findall(r'd="M0,[\d.]+h([\d.]+)v', drawn)]
    assert 100 in widths
    assert 30 in widths


def test_what_lies_off_the_track_ends_at_its_edge():
    assert bullet(Figure(7.0, -2.0, 9.0), domain=(1, 5)).to_dict()["layer"]
    drawn = svg(bullet(Figure(7.0, -2.0, 9.0), domain=(1, 5)), "en", "x")
    assert max(float(width) for width in re.findall(r'd="M0,[\d.]+h([\d.]+)v', drawn)) == 100


def test_numbers_and_months_on_axes_are_in_the_language_of_the_page():
    chart = trend(POINTS, target=1300, unit="₽", tick_format="%b")
    russian, english = svg(chart, "ru", "x"), svg(chart, "en", "x")
    assert "янв" in russian
    assert "Jan" in english
    assert ">1\u00a0400<" in russian
    assert ">1,400<" in english
    assert "Septima Sans" in russian


def test_an_undefined_period_is_a_gap_and_not_a_zero():
    parts = [Point(point.period, Figure(point.figure.value)) for point in POINTS]
    whole = [parts[0], Point(parts[1].period, Figure(1300.0)), parts[2]]
    lines = [re.search(r'aria-roledescription="line mark container".*?d="([^"]*)"|class="mark-line[^>]*>.*?d="([^"]*)"', svg(sparkline(points), "en", "x")) for points in (parts, whole)]  # fmt: skip
    gapped, joined = ("".join(line.groups(default="")) for line in lines if line)
    assert gapped.count("M") == 2
    assert joined.count("M") == 1


def test_a_description_cannot_break_out_of_its_attribute():
    drawn = svg(CHARTS["slices"], "en", '"><script>alert(1)</script>')
    assert "<script" not in drawn


def test_a_chart_is_also_a_png():
    assert png(CHARTS["trend"], "ru").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("figure", "target", "unit", "domain"),
    [
        (Figure(3.0), 4.0, "score_1_5", (1.0, 5.0)),
        (Figure(60.0), None, "score_0_100", (0.0, 100.0)),
        (Figure(0.5, 0.4, 0.8), 1.0, "share", (0.0, 1.12)),
        (Figure(-1.0, -2.0, 0.0), None, "index", (-2.24, 0.24)),
    ],
)
def test_the_track_reaches_past_everything_drawn_on_it(figure, target, unit, domain):
    assert bullet_domain(figure, target, unit) == pytest.approx(domain)


def test_events_stand_over_the_trend_by_number_and_a_stretch_has_a_band():
    one_day = Event(date(2026, 5, 3), date(2026, 5, 3), "1")
    stretch = Event(date(2026, 2, 1), date(2026, 3, 1), "2")
    drawn = svg(trend(POINTS, events=[one_day, stretch]), "en", "x")
    assert ">1<" in drawn
    assert ">2<" in drawn
    assert 'fill="#edf0f2"' in drawn
    assert 'fill="#edf0f2"' not in svg(trend(POINTS, events=[one_day]), "en", "x")


def test_trends_that_reach_the_same_numbers_have_the_same_axis():
    def domain(chart):
        return next(
            layer["encoding"]["y"]["scale"]["domain"] for layer in chart.to_dict()["layer"] if "y" in layer["encoding"]
        )

    first, second = POINTS[:1], POINTS[2:]
    assert domain(trend(first)) != domain(trend(second))
    reach = [1200, 1450]
    assert domain(trend(first, reach=reach)) == domain(trend(second, reach=reach))


def test_a_chart_to_explore_tells_value_and_interval_of_each_point_and_moves_along_time_only():
    names = {"period": "Период", "value": "Значение", "lower": "Нижняя", "upper": "Верхняя"}
    specification = explored(trend(POINTS), names, "%b %Y")
    tips = [layer["encoding"]["tooltip"] for layer in specification["layer"] if "tooltip" in layer["encoding"]]
    assert tips
    assert [tip["title"] for tip in tips[0]] == ["Период", "Значение", "Нижняя", "Верхняя"]
    params = [one for layer in specification["layer"] for one in layer.get("params", [])]
    assert [one["select"]["encodings"] for one in params] == [["x"]]


def test_the_darkest_cell_of_a_grid_has_the_greatest_value():
    drawn = svg(CHARTS["grid"], "en", "x")
    assert drawn.index('fill="#005f99"') < drawn.index('fill="#edf0f2"')
