"""The colours of pages and charts: ink, one accent, and four states told by shape as well.

After Okabe and Ito (Color Universal Design, 2008), darkened until text in them has a contrast of
4.5 : 1 or better on white (WCAG 2.2).
"""

from septima.scorecard.card import State

INK = "#1c2126"
QUIET = "#5a636b"
HAIRLINE = "#d9dde1"
TRACK = "#edf0f2"
PAPER = "#ffffff"
ACCENT = "#005f99"
ACCENT_MIDDLE = "#8dbbd8"
ACCENT_LIGHT = "#d3e5f1"

STATE_COLOURS: dict[State, str] = {"good": "#00694f", "watch": "#9a6200", "bad": "#b33c00", "unknown": QUIET}
STATE_MARKS: dict[State, str] = {"good": "●", "watch": "▲", "bad": "◆", "unknown": "○"}
