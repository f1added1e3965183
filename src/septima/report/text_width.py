"""How wide text of the report's font is, so that drawings can be laid out without the libraries that draw.

Advances are those of «Septima Sans» Regular, in hundredths of the font size; a test compares them with the font.
"""

from functools import lru_cache

ELLIPSIS = "…"
_ADVANCES: dict[int, str] = {
    24: " '\u00a0′",
    25: "ijії",
    27: ",.l‘’",
    28: "!",
    29: ":;",
    30: "‹›",
    31: "|¦",
    32: "[]f",
    33: "·",
    34: "(){}",
    35: "t",
    37: "r",
    38: "/\\",
    40: "-IªºІЇ•",
    42: '"″',
    44: "г",
    46: "z",
    47: "°т”",
    48: "?“„",
    49: "svѕ",
    50: "LcyГзсуў",
    51: "Jx«»хэє",
    52: "ь",
    53: "agkаѓ",
    54: "чя",
    55: "eекёр",
    56: "F_oбвло",
    57: "ThnuТпђћ",
    58: "ESZbdpqЁЕ",
    59: "YЗийнъ–",
    60: "$+0123456789<=>^`~±×÷УЎдц−√≈≠≤≥▲◆○●",
    61: "PVXРХ₸",
    62: "CСҡ€₽",
    63: "KЄЬЭ₴",
    64: "ARАБЧЯ",
    65: "BВ",
    66: "К",
    67: "D",
    68: "UЛ",
    69: "&П",
    70: "Gм",
    71: "#HNOQИЙНО",
    72: "ы",
    73: "ДЦ",
    74: "Ъ",
    75: "ф",
    77: "wжЖ",
    78: "юҗ—",
    80: "ш…",
    81: "MМ",
    82: "щ←↑→↓",
    84: "Ф",
    87: "m",
    88: "Ы",
    89: "@W",
    93: "%",
    96: "ШЮ",
    99: "Щ",
    103: "№",
}
_BY_SIGN = {sign: advance for advance, signs in _ADVANCES.items() for sign in signs}
_OTHER = 70
_VOWELS = "aeiouyаеёиоуыэюя"
_BOLD = 1.06
"""Semibold letters are wider by no more than this, taken over a word."""


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a line of text in the unit of `size`, the font size; of unknown signs a wide one."""
    advance = sum(_BY_SIGN.get(sign, _OTHER) for sign in text)
    return advance * size / 100 * (_BOLD if bold else 1)


@lru_cache(maxsize=4096)
def wrapped(text: str, width: float, size: float, *, bold: bool = False, most: int | None = None) -> tuple[str, ...]:
    """The text in lines no wider than `width`; words that are wider are parted, what passes `most` lines ends in an ellipsis.

    Non-breaking spaces hold words together where both fit into one line.
    """
    lines: list[str] = []
    line = ""
    for word in _pieces(text, width, size, bold=bold):
        joined = f"{line} {word}" if line else word
        if line and text_width(joined, size, bold=bold) > width:
            lines.append(line)
            line = word
        else:
            line = joined
    if line:
        lines.append(line)
    if most is None or len(lines) <= most:
        return tuple(lines)
    last = f"{lines[most - 1]} {lines[most]}"
    return (*lines[: most - 1], shortened(last, width, size, bold=bold))


def shortened(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """The text, its end replaced by an ellipsis where it is wider than `width`."""
    if text_width(text, size, bold=bold) <= width:
        return text
    while text and text_width(text + ELLIPSIS, size, bold=bold) > width:
        text = text[:-1]
    return text.rstrip(" ,.;:(\u00a0") + ELLIPSIS


def _pieces(text: str, width: float, size: float, *, bold: bool) -> list[str]:
    """The words of a text, each no wider than a line; what a non-breaking space ties is one word where it fits."""
    found: list[str] = []
    for tied in text.split(" "):
        words = [tied] if text_width(tied, size, bold=bold) <= width else tied.split("\u00a0")
        for word in words:
            rest = word
            while text_width(rest, size, bold=bold) > width and len(rest) > 1:
                end = _cut(rest, width, size, bold=bold)
                found.append(rest[:end] + "-")
                rest = rest[end:]
            if rest:
                found.append(rest)
    return found


def _cut(word: str, width: float, size: float, *, bold: bool) -> int:
    """Where to part a word that is too wide: before a consonant with its vowel where there is such a place, else anywhere."""
    fits = [end for end in range(1, len(word)) if text_width(word[:end] + "-", size, bold=bold) <= width] or [1]
    good = [
        end
        for end in fits
        if end > 2
        and end + 1 < len(word)
        and word[end].lower() not in _VOWELS + "ьъй"
        and word[end + 1].lower() in _VOWELS
        and any(sign.lower() in _VOWELS for sign in word[:end])
    ]
    return max(good or fits)
