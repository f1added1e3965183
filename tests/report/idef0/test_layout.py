"""A sheet laid out: nothing overlaps that must not, whatever the model; checked on the geometry, not on how it came about."""

from itertools import combinations, pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from septima.report.idef0.layout import Layout, Rect, lay_out

from .models import names_of, random_sheet

Segment = tuple[float, float, float, float]
EDGE = 1e-6


def laid_out(seed: int, count: int) -> Layout:
    plan = random_sheet(seed, count)
    return lay_out(plan, names_of(plan), lambda place, width: 40.0 + 13.0 * (place % 3) + 1000.0 / width)


def segments(layout: Layout) -> list[tuple[int, Segment]]:
    return [
        (path.way.arrow, (x, y, next_x, next_y))
        for path in layout.paths
        for (x, y), (next_x, next_y) in pairwise(path.points)
    ]


def inside(segment: Segment, box: Rect) -> bool:
    """Whether a level or upright line goes through the inside of a box."""
    x, y, next_x, next_y = segment
    low_x, high_x, low_y, high_y = min(x, next_x), max(x, next_x), min(y, next_y), max(y, next_y)
    return low_x < box.right - EDGE and high_x > box.x + EDGE and low_y < box.bottom - EDGE and high_y > box.y + EDGE


def on_one_another(one: Segment, other: Segment) -> bool:
    """Whether two level or two upright lines share more than a point."""
    for across, level in ((0, 1), (1, 0)):
        if one[level] == one[level + 2] and other[level] == other[level + 2] and abs(one[level] - other[level]) < EDGE:
            low = max(min(one[across], one[across + 2]), min(other[across], other[across + 2]))
            high = min(max(one[across], one[across + 2]), max(other[across], other[across + 2]))
            if high - low > EDGE:
                return True
    return False


@settings(max_examples=120)
@given(st.integers(0, 10**6), st.integers(2, 7))
def test_a_random_sheet_is_drawn_right(seed: int, count: int) -> None:
    layout = laid_out(seed, count)
    for one, other in combinations(layout.boxes, 2):
        assert not one.meets(other)
        assert one.right < other.x
        assert one.bottom < other.y
    drawn = segments(layout)
    for _, segment in drawn:
        assert segment[0] == segment[2] or segment[1] == segment[3]
        assert not any(inside(segment, box) for box in layout.boxes)
    for (arrow, one), (other_arrow, other) in combinations(drawn, 2):
        assert arrow == other_arrow or not on_one_another(one, other)
    for label, other in combinations(layout.labels, 2):
        assert not label.place.meets(other.place)
    for label in layout.labels:
        assert not any(label.place.meets(box) for box in layout.boxes)
    frame = layout.frame
    for x, y in (spot for path in layout.paths for spot in path.points):
        assert -EDGE <= x <= frame.right + EDGE
        assert -EDGE <= y <= frame.bottom + EDGE
    for place in (*layout.boxes, *(label.place for label in layout.labels)):
        assert place.x >= 0
        assert place.y >= 0
        assert place.right <= frame.right
        assert place.bottom <= frame.bottom


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 7))
def test_every_arrow_joins_the_sides_that_its_ends_say(seed: int, count: int) -> None:
    layout = laid_out(seed, count)
    frame = layout.frame
    for path in layout.paths:
        way, arrow = path.way, layout.plan.arrows[path.way.arrow]
        (x, y), (end_x, end_y) = path.points[0], path.points[-1]
        if way.source is not None:
            box = layout.boxes[way.source.box]
            assert x == box.right
            assert box.y < y < box.bottom
        elif way.from_frame:
            assert x == 0 or y in (0, frame.bottom)
        if way.target is not None:
            box = layout.boxes[way.target.box]
            side = {"input": end_x == box.x, "control": end_y == box.y, "mechanism": end_y == box.bottom}
            assert side[way.target.role]
            within = box.y < end_y < box.bottom if way.target.role == "input" else box.x < end_x < box.right
            assert within
        if way.to_frame:
            assert end_x == frame.right
        if way.source is None and not way.from_frame:
            # A branch of what comes from the frame begins on a line of the same arrow.
            others = [one for number, one in segments(layout) if number == way.arrow]
            assert sum(on_line((x, y), one) for one in others) > 1
        if not way.head:
            assert arrow.leaves
            trunk = [one for number, one in segments(layout) if number == way.arrow and one[2] == frame.right]
            assert any(on_line((end_x, end_y), one) for one in trunk)


def on_line(spot: tuple[float, float], line: Segment) -> bool:
    x, y = spot
    low_x, high_x = sorted((line[0], line[2]))
    low_y, high_y = sorted((line[1], line[3]))
    return low_x - EDGE <= x <= high_x + EDGE and low_y - EDGE <= y <= high_y + EDGE


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 7))
def test_every_end_of_every_arrow_is_drawn(seed: int, count: int) -> None:
    layout = laid_out(seed, count)
    for number, arrow in enumerate(layout.plan.arrows):
        ways = [path.way for path in layout.paths if path.way.arrow == number]
        assert {way.target for way in ways if way.target} == set(arrow.targets)
        assert {way.source for way in ways if way.source} == set(arrow.sources)
        assert any(way.to_frame for way in ways) == arrow.leaves
        assert any(way.from_frame for way in ways) == arrow.enters


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(2, 7))
def test_arrows_stand_along_a_box_in_the_order_of_their_codes(seed: int, count: int) -> None:
    layout = laid_out(seed, count)
    for (box, side), order in layout.plan.along.items():
        ends = [
            path.points[-1] if side != "right" else path.points[0]
            for number in order
            for path in layout.paths
            if path.way.arrow == number
            and (end := path.way.source if side == "right" else path.way.target) is not None
            and end.box == box
            and {"input": "left", "control": "top", "output": "right", "mechanism": "bottom"}[end.role] == side
        ]
        along = [spot[0] if side in ("top", "bottom") else spot[1] for spot in ends]
        assert along == sorted(along)


def test_feedback_of_control_goes_up_and_over_and_of_input_down_and_under() -> None:
    from septima.report.idef0.ports import plan_of
    from septima.schema import Text
    from septima.scorecard.processes import Box, Sheet

    first = Box(
        "A1", Text("a", "a"), {"input": ("back",), "control": ("rule", "lesson"), "output": ("on",), "mechanism": ()}
    )
    second = Box(
        "A2", Text("b", "b"), {"input": ("on",), "control": ("rule",), "output": ("back", "lesson"), "mechanism": ()}
    )
    whole = Box(
        "A0", Text("w", "w"), {"input": (), "control": ("rule",), "output": (), "mechanism": ()}, boxes=(first, second)
    )
    plan = plan_of(Sheet("A0", whole.name, whole.boxes, whole, 2), {("rule", "control"): "C1"})
    layout = lay_out(plan, [arrow.flow for arrow in plan.arrows], lambda *_: 60.0)
    upper, lower = layout.boxes
    by_flow = {plan.arrows[path.way.arrow].flow: path.points for path in layout.paths if path.way.source}
    assert min(y for _, y in by_flow["lesson"]) < upper.y
    assert max(y for _, y in by_flow["back"]) > lower.bottom
    assert by_flow["on"][0][1] < by_flow["on"][-1][1]


def test_a_single_box_has_its_arrows_on_four_sides() -> None:
    layout = laid_out(1, 1)
    (box,) = layout.boxes
    assert box.width == pytest.approx(250)
