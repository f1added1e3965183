"""The layout of a sheet: tracks in channels, then places in units of the drawing, then labels that cover nothing.

Every arrow gets a track of its own in each channel that it goes along, unless the stretches of two do not meet, so that
no two arrows lie on one another. Every label gets a band of its own, so that none covers a box or another label.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from septima.report.idef0.ports import Plan, Side
from septima.report.idef0.routes import PORTS, Line, Way, ways_of
from septima.report.text_width import text_width, wrapped

WIDTH = 800.0
"""What a sheet is wide where its boxes leave it so."""

LABEL_SIZE = 9.5
LINE = 11.0
_TRACK = 7.0
_EDGE = 8.0
_PORT = 11.0
_CORNER = 9.0
_BOX_WIDTHS = (64.0, 172.0)
_ONLY_BOX = 250.0
_LEAST_HEIGHT, _ONLY_HEIGHT = 52.0, 130.0
_ZONE_TEXT = 92.0
_INNER_TEXT = 84.0
_LEVEL_TEXT = 150.0
_GAP = 2.0


@dataclass(frozen=True)
class Rect:
    """A rectangle: its upper left corner, width and height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return self.y + self.height

    def meets(self, other: "Rect") -> bool:
        """Whether the two share more than an edge."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


@dataclass(frozen=True)
class Label:
    """The words of an arrow, in lines, and where they stand; `code` is the ICOM code before them."""

    arrow: int
    lines: tuple[str, ...]
    place: Rect
    code: str | None = None


@dataclass(frozen=True)
class Path:
    """A branch of an arrow as points of level and upright lines."""

    way: Way
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Layout:
    """A sheet laid out within `frame`, whose upper left corner is the origin."""

    plan: Plan
    frame: Rect
    boxes: tuple[Rect, ...]
    paths: tuple[Path, ...]
    labels: tuple[Label, ...]


Heights = Callable[[int, float], float]
"""The height that the words of a box take, by its place on the sheet and its width."""

Zone = str


@dataclass
class _Work:
    """What is known of a sheet while it is laid out."""

    plan: Plan
    ways: tuple[Way, ...]
    words: Mapping[int, tuple[str, ...]]
    zone: Mapping[int, Zone]
    tracks: dict[Line, dict[int, int]] = field(default_factory=dict[Line, "dict[int, int]"])
    x: dict[tuple[Line, int], float] = field(default_factory=dict[tuple[Line, int], float])
    y: dict[tuple[Line, int], float] = field(default_factory=dict[tuple[Line, int], float])

    @property
    def count(self) -> int:
        return len(self.plan.sheet.boxes)

    def height_of(self, arrow: int) -> float:
        return LINE * len(self.words[arrow])

    def width_of(self, arrow: int) -> float:
        return max(text_width(line, LABEL_SIZE) for line in self.words[arrow]) + 2 * _GAP


def lay_out(plan: Plan, names: Sequence[str], heights: Heights) -> Layout:
    """Lay out a sheet whose arrows are labelled with `names`; the same plan gives the same layout."""
    ways = ways_of(plan)
    zone = {number: _zone(plan, number, ways) for number in range(len(plan.arrows))}
    limits = {"left": _ZONE_TEXT, "right": _ZONE_TEXT, "top": _ZONE_TEXT, "bottom": _ZONE_TEXT, "row": _INNER_TEXT}
    words = {
        number: wrapped(_coded(plan, number, name), limits.get(zone[number], _LEVEL_TEXT), LABEL_SIZE)
        for number, name in enumerate(names)
    }
    work = _Work(plan, ways, words, zone)
    _assign_tracks(work)
    widths, right = _columns(work)
    boxes, height = _rows(work, widths, heights, right)
    paths = tuple(
        Path(way, tuple((work.x[across, way.arrow], work.y[level, way.arrow]) for across, level in way.points))
        for way in ways
    )
    frame = Rect(0.0, 0.0, right, height)
    labels = tuple(_label(work, number, paths, boxes, frame) for number in range(len(plan.arrows)))
    return Layout(plan, frame, boxes, paths, labels)


def code_of(plan: Plan, number: int) -> str | None:
    """The ICOM code by the end of an arrow at the frame."""
    arrow = plan.arrows[number]
    return arrow.entry_code or arrow.exit_code


def _coded(plan: Plan, number: int, name: str) -> str:
    code = code_of(plan, number)
    return name if code is None else f"{code}\u00a0{name}"


def _zone(plan: Plan, number: int, ways: Iterable[Way]) -> Zone:
    """Where an arrow's label stands: by the frame, in the row that it leaves its box by, or in the channel it goes back along."""
    entry = plan.entries.get(number)
    if entry is not None:
        return entry.side
    arrow = plan.arrows[number]
    if arrow.leaves:
        return "right"
    first = arrow.sources[0].box
    if any(target.box > first for target in arrow.targets):
        return "row"
    levels = [line[1] for way in ways if way.arrow == number for _, line in way.points if line[0] == "level"]
    return f"level {levels[0]}"


def _assign_tracks(work: _Work) -> None:
    """Give each arrow a track in each channel: arrows whose stretches meet get different ones."""
    stretches: dict[Line, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for way in work.ways:
        for (across, level), (next_across, next_level) in pairwise(way.points):
            if across == next_across and across[0] == "upright":
                stretches[across][way.arrow] += [_row_rank(level), _row_rank(next_level)]
            if level == next_level and level[0] == "level":
                stretches[level][way.arrow] += [_column_rank(across, work), _column_rank(next_across, work)]
    for channel, found in stretches.items():
        spans = {number: (min(ranks), max(ranks)) for number, ranks in found.items()}
        for number in spans:
            if work.zone[number] == f"level {channel[1]}" and channel[0] == "level":
                spans[number] = (-1, 2 * work.count + 2)
        order = sorted(spans, key=lambda number: (_order(work, channel, number), number))
        tracks: dict[int, int] = {}
        for number in order:
            low, high = spans[number]
            met = [tracks[other] for other in tracks if spans[other][0] <= high and low <= spans[other][1]]
            tracks[number] = max(met, default=-1) + 1
        work.tracks[channel] = tracks


def _row_rank(line: Line) -> int:
    name, place = line
    if name == "level":
        return 2 * place
    return 2 * place + 1


def _column_rank(line: Line, work: _Work) -> int:
    name, place = line
    if name == "upright":
        return 2 * place
    if name in ("top_port", "bottom_port", "box_left", "box_right"):
        return 2 * place + 1
    return -1 if name == "frame_left" else 2 * work.count + 1


def _order(work: _Work, channel: Line, number: int) -> tuple[float, float]:
    """A place across the channel that lets arrows turn into it and out of it without crossing, as far as can be told."""
    kind, place = channel
    if kind == "upright":
        return _order_upright(work, place, number)
    return _order_level(work, place, number)


def _order_upright(work: _Work, place: int, number: int) -> tuple[float, float]:
    along = work.plan.along
    leaving = along.get((place - 1, "right"), ())
    entering = along.get((place, "left"), ())
    mine = [way for way in work.ways if way.arrow == number]
    if number in leaving and any(
        way.points[0][0] == ("box_right", place - 1) and way.points[1][0] == ("upright", place) for way in mine
    ):
        up = any(way.points[2][1][0] == "level" and way.points[2][1][1] < place for way in mine if len(way.points) > 2)
        port = leaving.index(number)
        return 0, port if up else -port
    if number in entering:
        sources = [source.box for source in work.plan.arrows[number].sources]
        above = (bool(sources) and min(sources) < place) or number in work.plan.entries
        port = entering.index(number)
        return 2, -port if above else port
    return 1, 0


def _order_level(work: _Work, place: int, number: int) -> tuple[float, float]:
    """Ways that turn up into the row above stand over those that turn down into the row beneath."""
    controls = work.plan.along.get((place, "top"), ())
    mechanisms = work.plan.along.get((place - 1, "bottom"), ())
    if number in controls:
        return 2, controls.index(number)
    if number in mechanisms:
        return 0, -mechanisms.index(number)
    return 1, 0


def _columns(work: _Work) -> tuple[list[tuple[float, float]], float]:
    """Place all upright lines; gives left side and width of each box, and the right side of the frame."""
    count, along = work.count, work.plan.along
    left, right = _zone_width(work, "left"), _zone_width(work, "right")
    channels = [
        2 * _EDGE + _TRACK * max(0, _tracks(work, ("upright", place)) - 1)
        if 0 < place < count or _tracks(work, ("upright", place))
        else 4.0
        for place in range(count + 1)
    ]
    needed = max(
        2 * _CORNER + _PORT * max(0, len(along.get((place, side), ())) - 1)
        for place in range(count)
        for side in ("top", "bottom")
    )
    least, most = _BOX_WIDTHS if count > 1 else (_ONLY_BOX, _ONLY_BOX)
    room = (WIDTH - left - right - sum(channels)) / count
    width = max(needed, least, min(most, room))
    spare = max(0.0, WIDTH - left - right - sum(channels) - width * count)
    wider = spare / (count + 1)
    boxes: list[tuple[float, float]] = []
    x = left
    for place in range(count + 1):
        channel = ("upright", place)
        last = _tracks(work, channel) - 1
        for number, track in work.tracks.get(channel, {}).items():
            work.x[channel, number] = x + wider / 2 + _EDGE + _TRACK * track if last >= 0 else x
        x += channels[place] + wider
        if place < count:
            boxes.append((x, width))
            _spread(work, place, x, width)
            x += width
    whole = x + right
    for number in range(len(work.plan.arrows)):
        work.x[("frame_left", 0), number] = 0.0
        work.x[("frame_right", 0), number] = whole
        for place, (start, wide) in enumerate(boxes):
            work.x[("box_left", place), number] = start
            work.x[("box_right", place), number] = start + wide
    return boxes, whole


def _zone_width(work: _Work, side: Side) -> float:
    """What labels by the left or right side of the frame need beside the columns that are free in their rows."""
    least = 14.0
    beside = 2 * _EDGE + _BOX_WIDTHS[0] if work.count > 1 else 0.0
    for number, zone in work.zone.items():
        if zone == side:
            arrow, entry = work.plan.arrows[number], work.plan.entries.get(number)
            box = entry.first.box if entry is not None else arrow.sources[0].box
            nearest = box == (0 if side == "left" else work.count - 1)
            least = max(least, work.width_of(number) + 12.0 - (0.0 if nearest else beside))
    return least


def _spread(work: _Work, place: int, x: float, width: float) -> None:
    """Place the ports of a box's upper and lower side."""
    sides: tuple[Side, Side] = ("top", "bottom")
    for side in sides:
        meeting = work.plan.along.get((place, side), ())
        for turn, number in enumerate(meeting):
            share = (turn + 1) / (len(meeting) + 1)
            inner = width - 2 * _CORNER
            at = x + width * share if len(meeting) < 3 else x + _CORNER + inner * turn / (len(meeting) - 1)
            work.x[(PORTS[side], place), number] = at


def _tracks(work: _Work, channel: Line) -> int:
    return max(work.tracks.get(channel, {}).values(), default=-1) + 1


def _rows(
    work: _Work, widths: Sequence[tuple[float, float]], heights: Heights, right: float
) -> tuple[tuple[Rect, ...], float]:
    """Place all level lines; gives the boxes and the height of the sheet."""
    count = work.count
    y = _zone_height(work, "top", right)
    boxes: list[Rect] = []
    for place in range(count + 1):
        y = _level_channel(work, place, y)
        if place == count:
            break
        start, width = widths[place]
        bands: dict[Side, list[float]] = {"left": _bands(work, place, "left"), "right": _bands(work, place, "right")}
        needed = max(sum(found) + 12.0 for found in bands.values())
        height = max(heights(place, width), needed, _LEAST_HEIGHT if count > 1 else _ONLY_HEIGHT)
        for side, found in bands.items():
            meeting = work.plan.along.get((place, side), ())
            spare = (height - sum(found)) / (len(found) + 1)
            at = y
            for number, band in zip(meeting, found, strict=True):
                at += band + spare
                work.y[(PORTS[side], place), number] = at
        boxes.append(Rect(start, y, width, height))
        y += height
    whole = y + _zone_height(work, "bottom", right)
    for number in range(len(work.plan.arrows)):
        work.y[("frame_top", 0), number] = 0.0
        work.y[("frame_bottom", 0), number] = whole
        for place, box in enumerate(boxes):
            work.y[("box_top", place), number] = box.y
            work.y[("box_bottom", place), number] = box.bottom
    return tuple(boxes), whole


def _bands(work: _Work, place: int, side: Side) -> list[float]:
    """What each arrow along a side of a box takes of its row: room for its label, where it stands there, above its line."""
    found: list[float] = []
    for number in work.plan.along.get((place, side), ()):
        arrow, entry = work.plan.arrows[number], work.plan.entries.get(number)
        if side == "left":
            labelled = entry is not None and entry.side == "left" and entry.first.box == place
        else:
            labelled = work.zone[number] in ("right", "row") and arrow.sources[0].box == place
        found.append(work.height_of(number) + 4.0 if labelled else 8.0)
    return found


def _level_channel(work: _Work, place: int, y: float) -> float:
    """Place the tracks of a level channel that begins at y; gives where it ends."""
    channel: Line = ("level", place)
    by_track: dict[int, list[int]] = defaultdict(list)
    for number, track in work.tracks.get(channel, {}).items():
        by_track[track].append(number)
    y += _EDGE - 2
    for track in sorted(by_track):
        labelled = [number for number in by_track[track] if work.zone[number] == f"level {place}"]
        y += max([_TRACK, *(work.height_of(number) + 3.0 for number in labelled)])
        for number in by_track[track]:
            work.y[channel, number] = y
    return y + _EDGE


def _zone_height(work: _Work, side: Side, right: float) -> float:
    levels = _levels(work, side, right)
    height = sum(_level_heights(work, levels))
    return height + 10.0 if levels else 12.0


def _levels(work: _Work, side: Side, right: float) -> dict[int, int]:
    """The level of each label by the upper or lower side of the frame: labels that would meet stand on different ones."""
    stretches = {number: _beside(work, number, right) for number, zone in work.zone.items() if zone == side}
    levels: dict[int, int] = {}
    for number in sorted(stretches, key=lambda one: -stretches[one][0]):
        low, high = stretches[number]
        met = {
            levels[other] for other in levels if stretches[other][0] < high + _GAP and low < stretches[other][1] + _GAP
        }
        levels[number] = next(level for level in range(len(levels) + 1) if level not in met)
    return levels


def _level_heights(work: _Work, levels: Mapping[int, int]) -> list[float]:
    count = max(levels.values(), default=-1) + 1
    return [max(work.height_of(number) + 3.0 for number in levels if levels[number] == level) for level in range(count)]


def _beside(work: _Work, number: int, right: float) -> tuple[float, float]:
    """The stretch of a label beside the upright line of an arrow: to its right where there is room, else to its left."""
    entry = work.plan.entries[number]
    port: Line = ("top_port" if entry.side == "top" else "bottom_port", entry.first.box)
    at, width = work.x[port, number], work.width_of(number)
    if at + _GAP + width <= right - _GAP:
        return at + _GAP, at + _GAP + width
    return at - _GAP - width, at - _GAP


def _label(work: _Work, number: int, paths: Sequence[Path], boxes: Sequence[Rect], frame: Rect) -> Label:
    zone = work.zone[number]
    width, height = work.width_of(number), work.height_of(number)
    arrow, entry = work.plan.arrows[number], work.plan.entries.get(number)
    if zone in ("top", "bottom"):
        levels = _levels(work, "top" if zone == "top" else "bottom", frame.width)
        heights = _level_heights(work, levels)
        before = sum(heights[: levels[number]]) + 4.0
        y = before if zone == "top" else frame.height - before - height
        place = Rect(_beside(work, number, frame.width)[0], y, width, height)
    elif zone == "left" and entry is not None:
        at = work.y[("left_port", entry.first.box), number]
        place = Rect(4.0, at - height - 1.5, width, height)
    elif zone in ("right", "row"):
        source = arrow.sources[0].box
        top = work.y[("right_port", source), number] - height - 1.5
        if zone == "right":
            x = frame.width - width - 4.0
        else:
            x = _clearest(work, number, paths, boxes[source].right, frame.width, top)
        place = Rect(x, top, width, height)
    else:
        channel: Line = ("level", int(zone.removeprefix("level ")))
        at = work.y[channel, number]
        ends = [
            x
            for path in paths
            if path.way.arrow == number
            for (_, level), (x, _) in zip(path.way.points, path.points, strict=True)
            if level == channel
        ]
        middle = (min(ends) + max(ends)) / 2
        place = Rect(min(max(4.0, middle - width / 2), frame.width - width - 4.0), at - height - 1.0, width, height)
    return Label(number, work.words[number], place, code_of(work.plan, number))


def _clearest(work: _Work, number: int, paths: Sequence[Path], start: float, end: float, top: float) -> float:
    """Where along its line the label of an arrow covers fewest other lines, the nearest to the box among equals."""
    width, height = work.width_of(number), work.height_of(number)
    crossing: list[float] = []
    for path in paths:
        for (x, y), (next_x, next_y) in pairwise(path.points):
            if x == next_x and min(y, next_y) < top + height and max(y, next_y) > top:
                crossing.append(x)
    reach = max(
        (
            x
            for path in paths
            if path.way.arrow == number
            for x, y in path.points
            if abs(y - (top + height + 1.5)) < 1e-6
        ),
        default=end,
    )
    best, fewest = start + 2.0, float("inf")
    x = start + 2.0
    while x + width <= end - 4.0:
        covered = sum(x - 1 < line < x + width + 1 for line in crossing)
        beyond = max(0.0, x + width - reach) / 20
        cost = covered + beyond
        if cost < fewest - 1e-9:
            best, fewest = x, cost
        x += 3.0
    return best
