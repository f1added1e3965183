"""The elements of drawings that are laid out by hand: the picture as a whole, its text and the heads of its arrows."""

import math
from collections.abc import Iterable, Sequence
from html import escape

Spot = tuple[float, float]

_HEAD = 6.5
_WING = 2.6
BROAD = 480
"""Pixels past which a picture is too broad for a phone and is looked at there piece by piece, at its full size."""


def picture_class(width: float) -> str:
    """The class of the SVG element of a picture this wide."""
    return "picture broad" if width > BROAD else "picture"


def picture(width: float, height: float, parts: Iterable[str], says: str) -> str:
    """The SVG element of these parts; `says` is what it shows in words, for those who do not see it."""
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return (
        f'<svg class="{picture_class(width)}" xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="Septima Sans, sans-serif">'
        f"<title>{escape(says, quote=True)}</title>{''.join(parts)}</svg>"
    )


def text(spot: Spot, words: str, size: float, colour: str, *, anchor: str = "start", bold: bool = False) -> str:
    """A line of text whose baseline begins, or by `anchor` has its middle or end, at the spot."""
    placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{spot[0]:.1f}" y="{spot[1]:.1f}" font-size="{size:g}" fill="{colour}"{placed}{weight}>'
        f"{escape(words)}</text>"
    )


def box(spot: Spot, width: float, height: float, *, fill: str, stroke: str = "none", corner: float = 0.0) -> str:
    """A rectangle from its upper left corner."""
    return (
        f'<rect x="{spot[0]:.1f}" y="{spot[1]:.1f}" width="{width:.1f}" height="{height:.1f}" '
        f'rx="{corner:g}" fill="{fill}" stroke="{stroke}"/>'
    )


def line(path: str, colour: str, *, width: float = 1.0, dashes: str = "") -> str:
    """A line along a path of SVG."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashed}/>'


def head(tip: Spot, before: Spot, colour: str) -> str:
    """The head of an arrow that comes to `tip` from the side of `before`."""
    angle = math.atan2(tip[1] - before[1], tip[0] - before[0])
    base = tip[0] - _HEAD * math.cos(angle), tip[1] - _HEAD * math.sin(angle)
    across = _WING * math.sin(angle), _WING * math.cos(angle)
    corners = (tip, (base[0] - across[0], base[1] + across[1]), (base[0] + across[0], base[1] - across[1]))
    return f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in corners)}" fill="{colour}"/>'


def towards(one: Spot, other: Spot, distance: float) -> Spot:
    """The point at a distance from `one` on the straight line to `other`, or `other` where it is nearer."""
    length = math.dist(one, other)
    if length == 0:
        return one
    share = min(1.0, distance / length)
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def rounded(spots: Sequence[Spot], corner: float, *, short: float = 0.0) -> str:
    """A path of SVG through these spots with round corners, which ends `short` of the last: room for the head of an arrow."""
    commands = [f"M{spots[0][0]:.1f} {spots[0][1]:.1f}"]
    for before, turn, after in zip(spots, spots[1:], spots[2:], strict=False):
        radius = min(corner, math.dist(before, turn) / 2, math.dist(turn, after) / 2)
        start, stop = towards(turn, before, radius), towards(turn, after, radius)
        commands.append(f"L{start[0]:.1f} {start[1]:.1f}Q{turn[0]:.1f} {turn[1]:.1f} {stop[0]:.1f} {stop[1]:.1f}")
    end = towards(spots[-1], spots[-2], short)
    commands.append(f"L{end[0]:.1f} {end[1]:.1f}")
    return "".join(commands)
