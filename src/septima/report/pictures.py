"""Charts as SVG and PNG, drawn without a browser and without a network, in the report's own font."""

import hashlib
import json
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Literal

import altair as alt
import vl_convert

from septima.report.schemes import picture_class
from septima.schema import Language

FONTS = Path(__file__).parent / "fonts"

_NUMBERS: dict[Language, dict[str, object]] = {
    "ru": {
        "decimal": ",",
        "thousands": "\u00a0",
        "grouping": [3],
        "currency": ["", "\u00a0₽"],
        "percent": "\u00a0%",
        "minus": "−",
    },
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["$", ""], "percent": "%", "minus": "−"},
}
_TIMES: dict[Language, Literal["ru-RU", "en-GB"]] = {"ru": "ru-RU", "en": "en-GB"}


def svg(chart: alt.LayerChart, language: Language, description: str) -> str:
    """The chart as an SVG element to stand in a page; `description` is the sentence that it says.

    The same chart gives the same text each time; ids differ between pictures of one page.
    """
    # Tests check every chart against the schema of Vega-Lite; doing so again costs more than drawing.
    drawn = _drawn(chart.to_json(indent=None, validate=False), language)
    name = "picture-" + hashlib.sha256((drawn + description).encode()).hexdigest()[:12]
    drawn = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', drawn)
    drawn = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", drawn)
    # The whole is one picture with one description; roles of its parts, of which nothing is said, would hide that.
    drawn = re.sub(r' (?:role="graphics-[^"]*"|aria-[a-z]+="[^"]*")', "", drawn)
    words = escape(description, quote=True)
    opening = re.match(r"<svg[^>]*?(width=\"[^\"]+\") (height=\"[^\"]+\") (viewBox=\"[^\"]+\")>", drawn)
    if opening is None:
        raise RuntimeError(f"the chart engine changed the head of its SVG: {drawn[:120]}")
    size = " ".join(opening.groups())
    width = float(opening.group(1).split('"')[1])
    head = f'<svg class="{picture_class(width)}" {size} role="img" aria-label="{words}"><title>{words}</title>'
    return head + drawn[opening.end() :]


def png(chart: alt.LayerChart, language: Language, scale: float = 2) -> bytes:
    """The chart as a PNG on white, `scale` pixels to one of its own."""
    _register_fonts()
    on_white = chart.properties(background="white").to_json(indent=None)
    return vl_convert.vegalite_to_png(
        on_white,
        scale=scale,
        allowed_base_urls=[],
        format_locale=_NUMBERS[language],
        time_format_locale=_TIMES[language],
    )


def _drawn(specification: str, language: Language) -> str:
    _register_fonts()
    return vl_convert.vegalite_to_svg(
        json.loads(specification),
        allowed_base_urls=[],
        format_locale=_NUMBERS[language],
        time_format_locale=_TIMES[language],
    )


@lru_cache(maxsize=1)
def _register_fonts() -> None:
    vl_convert.register_font_directory(str(FONTS))
