"""Make the report's font from IBM Plex Sans: `python build.py FOLDER_WITH_WOFF2`.

Keeps Latin, Cyrillic and the signs that reports use, adds the marks of the four states, drops
hinting, and renames the family, as the OFL asks of a changed font whose name is reserved.
"""

import sys
from pathlib import Path

from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

FAMILY = "Septima Sans"
SIGNS = "₽€£¥₸₴–—‘’‚“”„†•…‰′″‹›⁄₁₂₃⁰¹⁴⁵⁶⁷⁸⁹№™←↑→↓∆∑−√∞≈≠≤≥αβΔΣΠρλμσ\u2009\u202f"
RANGES = ((0x20, 0x7E), (0xA0, 0x17F), (0x218, 0x21B), (0x400, 0x45F), (0x490, 0x4BB))
CONTOURS = {
    "●": [[(x, y) for x, y in ((60, 350), (60, 593), (300, 593), (543, 593), (543, 350), (543, 107), (300, 107), (60, 107))]],
    "▲": [[(40, 107), (300, 593), (560, 107)]],
    "◆": [[(300, 40), (30, 350), (300, 660), (570, 350)]],
    "○": [
        [(60, 350), (60, 593), (300, 593), (543, 593), (543, 350), (543, 107), (300, 107), (60, 107)],
        [(140, 350), (140, 187), (300, 187), (463, 187), (463, 350), (463, 513), (300, 513), (140, 513)],
    ],
}  # fmt: skip


def _add_marks(font: TTFont) -> None:
    for mark, contours in CONTOURS.items():
        pen = TTGlyphPen(None)
        for points in contours:
            pen.moveTo(points[0])
            if len(points) == 8:
                for corner, end in zip(points[1::2], (*points[2::2], points[0]), strict=True):
                    pen.qCurveTo(corner, end)
            else:
                for point in points[1:]:
                    pen.lineTo(point)
            pen.closePath()
        name = f"uni{ord(mark):04X}"
        font.setGlyphOrder([*font.getGlyphOrder(), name])
        font["glyf"][name] = pen.glyph()
        font["hmtx"][name] = (600, 30)
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap[ord(mark)] = name


def _rename(font: TTFont, weight: str) -> None:
    compact = FAMILY.replace(" ", "")
    for record in list(font["name"].names):
        if record.nameID not in (0, 13, 14):
            font["name"].removeNames(nameID=record.nameID)
    names = {1: FAMILY if weight == "Regular" else f"{FAMILY} {weight}", 2: "Regular", 3: f"{compact}-{weight}", 4: f"{FAMILY} {weight}", 6: f"{compact}-{weight}", 16: FAMILY, 17: weight}  # fmt: skip
    for identifier, value in names.items():
        font["name"].setName(value, identifier, 3, 1, 0x409)
        font["name"].setName(value, identifier, 1, 0, 0)


def build(folder: Path, target: Path) -> None:
    """Write SeptimaSans-Regular and -SemiBold as TTF (for charts) and WOFF2 (for pages) to `target`."""
    for weight in ("Regular", "SemiBold"):
        font = TTFont(folder / f"IBMPlexSans-{weight}.woff2")
        options = Options(
            hinting=False, layout_features=["ccmp", "locl", "mark", "kern", "sups", "ordn"], name_IDs=["*"]
        )
        options.drop_tables += ["DSIG", "meta"]
        wanted = {ord(sign) for sign in SIGNS}.union(*(range(first, last + 1) for first, last in RANGES))
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=wanted)
        subsetter.subset(font)
        _add_marks(font)
        _rename(font, weight)
        font["post"].formatType = 3.0  # type: ignore[attr-defined]  # no glyph names: smaller
        for flavor, suffix in ((None, "ttf"), ("woff2", "woff2")):
            font.flavor = flavor
            font.save(target / f"SeptimaSans-{weight}.{suffix}")


if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(__file__).parent)
